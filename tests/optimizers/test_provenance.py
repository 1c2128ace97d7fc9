"""Each method says where it comes from: paper, figure, program, and where it departs from it."""

import ast
import re
from pathlib import Path

import pytest

from refimpl import optimizers

pytestmark = [pytest.mark.numerics, pytest.mark.once]

FOLDER = Path(optimizers.__file__).parent
BIBLIOGRAPHY = FOLDER.parents[1] / "book" / "references.bib"
# What several methods share, and what a method is; no method by themselves.
SHARED = {"__init__", "averages", "coordinate_scales", "damping", "diagonal", "method", "subspace"}
SOURCES = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem not in SHARED}


@pytest.mark.parametrize("name", SOURCES)
def test_a_method_says_where_it_comes_from(name):
    words = ast.get_docstring(ast.parse(SOURCES[name].read_text("utf-8")))
    _, found, told = words.partition("Provenance: ")
    assert found
    told = " ".join(told.split())
    assert len(told) > 100, f"too short to say paper, program and departures: {told!r}"
    # A paper of the bibliography, or whose it is; the program; what is otherwise.
    known = re.findall(r"^@\w+\{(\w+),", BIBLIOGRAPHY.read_text("utf-8"), re.M)
    cited = re.findall(r"\[([a-z]+\d{4}\w*)\]_", told)
    assert set(cited) <= set(known), "a paper that is cited stands in book/references.bib"
    assert cited or "SciPy" in told, "a paper, as [author1999]_, or SciPy"
    assert re.search(r"program|grnewt|\[W\]", told), "its program, or that there is no program"
    assert re.search(r"depart|[Nn]o program|follows", told), "what departs, or what it follows"
    if "[D]" in told and "follows" in told:
        assert re.search(r"Figures? \d", told)


def test_every_method_has_a_source():
    """Of its own name, but for those of SciPy, which share one."""
    mine = {name for name, method in optimizers.METHODS.items() if not method.solver}
    assert mine == SOURCES.keys() - {"scipy_baselines"}
