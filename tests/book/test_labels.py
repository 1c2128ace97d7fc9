"""Labels in the sources are those of the book; from a label to everything of it by the stem alone.

The walk: the tie under an equation names a function; the stem of its file names the tests, in the
folder of the same room; the page's stem names the folder of figures; the family of reference cases
has the piece's stem, and names in its head the labels that its operations compute.
"""

import re
from pathlib import Path

import pytest
import ties

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
LABELS = {
    path.relative_to(ROOT).as_posix(): re.findall(
        r"# (eq-[a-z0-9-]+)$", path.read_text("utf-8"), re.M
    )
    for path in sorted((ROOT / "refimpl").rglob("*.py"))
}
KNOWN = {equation.label for equation in ties.labelled_equations(ROOT / "book")}
# Long, but without an equation of the book: bookkeeping, reports, data.
WITHOUT = ("oracle", "runs", "verify", "vectors")


def test_every_label_in_a_source_is_one_of_the_book():
    found = {label for labels in LABELS.values() for label in labels}
    assert len(found) > 20
    assert found - KNOWN == set()


@pytest.mark.parametrize("name", LABELS)
def test_a_long_source_carries_labels(name):
    lines = len((ROOT / name).read_text("utf-8").splitlines())
    if lines > 400 and Path(name).parts[1] not in WITHOUT:
        assert LABELS[name]


def test_a_label_stands_in_what_its_tie_names():
    """The function that a tie names, or one in the same file, carries the label."""
    modules = {
        path.removesuffix(".py").replace("/", "."): set(found) for path, found in LABELS.items()
    }
    for tie in ties.ties(ROOT / "book"):
        carrying = {name for name, found in modules.items() if tie.label in found}
        homes = {function.rpartition(".")[0] for function in tie.functions}
        rooms = {home.rpartition(".")[0] for home in homes} - {"refimpl"}
        assert (
            not carrying or carrying & homes or {m.rpartition(".")[0] for m in carrying} & rooms
        ), tie


def home(function):
    """The source of a function by its dotted name, inside the package, and without the ending."""
    parts = function.split(".")
    sizes = range(len(parts) - 1, 1, -1)
    return next(
        Path(*parts[1:k]) for k in sizes if Path(ROOT, *parts[:k]).with_suffix(".py").is_file()
    )


def is_of(test, source):
    """Whether a test is found from a source by the stem: in its file's name, folder or brackets.

    The methods that one table defines are tested in one file, where the brackets name the method.
    """
    path, _, name = test.removeprefix("tests/").partition("::")
    path = Path(path)
    if path.parent == source:
        return True
    stems = re.fullmatch(rf"test_{source.name}(_.*)?", path.stem) or re.search(
        rf"\[.*\b{source.name}\b.*\]", name
    )
    return path.parent == source.parent and bool(stems)


@pytest.mark.parametrize("tie", ties.ties(ROOT / "book"), ids=lambda tie: tie.label)
def test_a_label_leads_to_all_of_it(tie):
    sources = [home(name) for name in tie.functions]
    assert any(is_of(test, source) for test in tie.tests for source in sources)
    assert list(Path(ROOT, "figures", tie.page).glob("*.py"))


def test_another_stem_is_no_way():
    """Negative controls: a longer word, another folder, and a name in the brackets' stead."""
    for test in (
        "tests/optimizers/test_ogre.py::test_step",
        "tests/runs/test_ogr.py::test_step",
        "tests/optimizers/test_family.py::test_ogr[dogr]",
    ):
        assert not is_of(test, Path("optimizers/ogr"))
    assert is_of("tests/optimizers/test_ogr_runs.py::test_step", Path("optimizers/ogr"))
    assert is_of("tests/regression/test_lines.py::test_slope", Path("regression"))
