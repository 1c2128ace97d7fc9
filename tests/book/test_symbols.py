"""Every symbol of a labelled equation has its row in the notation table."""

from pathlib import Path

import pytest

pytest.importorskip("docutils")

import notation
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


def test_every_row_is_shown_by_a_page():
    first = symbols.first_pages(BOOK)
    assert [group for group, pages in first.items() if not all(pages)] == []
    # A letter that means something else before is looked for from there on only.
    rows = {group: symbols.rows(BOOK)[group] for group in first}
    order = symbols.contents.names(BOOK)
    for group, pages in first.items():
        for row, page in zip(rows[group], pages, strict=True):
            assert order.index(page) >= order.index(row.get("since", order[0]))


def test_the_first_page_is_looked_up_in_reading_order(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: b\nchapters:\n  - file: a\n  - file: c\n")
    (tmp_path / "b.md").write_text("```python\ny = '$z$'\n```\n\nOf $x_{\\mathrm{zero}}$.\n")
    (tmp_path / "a.md").write_text("And $y$.\n\n$$\nz = \\alpha x\n$$ (eq-z)\n")
    (tmp_path / "c.md").write_text("Another $x$, and $\\alpha$.\n")
    (tmp_path / "notation.yml").write_text(
        "one:\n  - {symbol: 'x, y'}\n  - {symbol: z}\n  - {symbol: x, since: c}\n"
        "  - {symbol: '\\alpha x'}\n  - {symbol: q}\n"
    )
    assert symbols.first_pages(tmp_path) == {"one": ["b", "a", "c", "a", ""]}


def test_symbols_with_several_rows_are_listed(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: b\nchapters:\n  - file: a\n")
    (tmp_path / "b.md").write_text("$x$, $M(r)$ and $y_1$\n")
    (tmp_path / "a.md").write_text("$x$ and $y$\n")
    (tmp_path / "notation.yml").write_text(
        "one:\n  - {symbol: 'x, y'}\n  - {symbol: M(r)}\ntwo:\n  - {symbol: x, since: a}\n"
        "  - {symbol: y_1}\n"
    )
    assert notation.changing(tmp_path) == {"x": ["b", "a"]}
    assert notation.changing(BOOK)["\\kappa"] == ["robust_default", "cubic", "verify"]
