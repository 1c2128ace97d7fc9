"""Every symbol of a labelled equation has its row in the notation table."""

from pathlib import Path

import pytest
import symbols
import ties

pytestmark = pytest.mark.once

BOOK = Path(__file__).resolve().parents[2] / "book"


def test_every_symbol_has_its_row():
    assert symbols.unexplained(BOOK) == {}


def test_every_labelled_equation_is_looked_at():
    seen = [label for path in BOOK.glob("*.md") for label, _ in symbols.equations(path.read_text())]
    assert sorted(seen) == sorted(e.label for e in ties.labelled_equations(BOOK))


def test_a_symbol_without_a_row_is_noticed(tmp_path):
    (tmp_path / "notation.yml").write_text("one:\n  - {symbol: '\\\\lambda'}\n")
    (tmp_path / "a.md").write_text("$$\n\\lambda = \\frac{Z}{\\zeta_\\mathrm{old}}\n$$ (eq-new)\n")
    assert symbols.unexplained(tmp_path) == {"a: eq-new": ["Z", "zeta"]}
