"""Labels in the sources are those of the book, and long sources carry them."""

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
