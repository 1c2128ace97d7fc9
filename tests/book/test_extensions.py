"""What the extensions make of heads, arrows and formulas, on pieces of HTML and TeX."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pandas
import pytest

pytest.importorskip("sphinx")
pytest.importorskip("latex2mathml")
pytest.importorskip("myst_nb")

import dataframes
import dollars
import moved
import names
import nbformat
import plain_math
import provenance
import side_by_side
from docutils import nodes

pytestmark = pytest.mark.once

BOOK = Path(__file__).resolve().parents[2] / "book"


def heads(table):
    """The words of the first row of heads, None for a cell that is no head; and how many rows."""
    head = ET.fromstring(re.search(r"<thead>.*?</thead>", table, re.DOTALL)[0])
    rows = head.findall("tr")
    return [cell.text if cell.tag == "th" else None for cell in rows[0]], len(rows)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (pandas.DataFrame({"a": [1], "b": [2]}), [None, "a", "b"]),
        (pandas.DataFrame({"a": [1]}).rename_axis("row"), ["row", "a"]),
        (pandas.DataFrame({"a": [1]}).rename_axis("column", axis=1), ["column", "a"]),
        (
            pandas.DataFrame({"a": [1]}, index=pandas.MultiIndex.from_tuples([(1, 2)]))
            .rename_axis(["D", "noise"]),
            ["D", "noise", "a"],
        ),
    ],
)  # fmt: skip
def test_tables_have_one_row_of_heads_and_none_empty(frame, expected):
    table = dataframes.mended(frame.to_html())
    assert heads(table) == (expected, 1)
    # As many cells in the head as in a row, and the body as it was.
    body = re.search(r"<tbody>.*</tbody>", frame.to_html(), re.DOTALL)[0]
    assert body in table
    assert len(re.findall(r"<t[hd]", body)) == len(expected) * len(frame)


def test_two_rows_of_names_stay_two():
    """Names of both axes, neither of them empty."""
    frame = pandas.DataFrame({"a": [1]}).rename_axis("row").rename_axis("column", axis=1)
    found, rows = heads(dataframes.mended(frame.to_html()))
    assert (found, rows) == (["column", "a"], 2)


def test_arrows_are_named_after_their_page():
    before = (
        '<li><a class="reference internal" href="a.html">A &amp; b</a>'
        "<details><summary><span></span></summary><ul></ul></details></li>"
        '<li><a href="c.html">C</a></li>'
    )
    after = names.named(before)
    assert '<summary aria-label="Pages below A &amp; b">' in after
    assert after.replace(' aria-label="Pages below A &amp; b"', "") == before


def test_formulas_become_mathml():
    root = ET.fromstring(
        plain_math.mathml(r"\frac{a}{b} \le \arg\min_x \bigl\langle x \bigr\rangle", "block")
    )
    assert root.get("display") == "block"
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert {"math", "mfrac"} <= set(tags)
    words = "".join(root.itertext())
    assert "arg" in words
    assert "min" in words
    assert "\\" not in words


def test_an_unknown_command_is_noticed():
    with pytest.raises(ValueError, match="nosuchcommand"):
        plain_math.mathml(r"a + \nosuchcommand", "inline")


def test_a_space_below_a_row_is_no_delimiter():
    """The bracket of ``\\\\[2ex]`` was taken for the beginning of a formula, and the rest shown."""
    tex = r"\[\begin{cases} a & (b > 0) \\[2ex] c & (b \le 0) \end{cases}\]"
    inner = plain_math.DELIMITERS.sub("", tex)
    assert inner == tex[2:-2]
    words = "".join(ET.fromstring(plain_math.mathml(inner, "block")).itertext())
    assert "\\" not in words
    assert "ex" not in words


def test_what_is_left_of_a_command_is_noticed():
    with pytest.raises(ValueError, match="2ex"):
        plain_math.mathml(r"\begin{cases} a & (b > 0) \2ex] c \end{cases}", "block")


def test_words_stand_at_the_left_under_their_heads():
    frame = pandas.DataFrame(
        {"model": ["a line", "a full matrix"], "share": ["0.1 to 0.2", "3 of 5"], "x": [1.0, 2.5]},
        index=["u", "v"],
    )
    table = dataframes.mended(frame.to_html())
    assert re.findall(r'<(t[hd]) class="words"[^>]*>([^<]*)<', table) == [
        ("th", "model"),
        ("td", "a line"),
        ("td", "a full matrix"),
    ]


TABLE = "| word | formula |\n| --- | --- |\n| one | {} |\n"


@pytest.mark.parametrize(
    ("cell", "cut"),
    [
        ("$|a|$, $a^2$", True),
        (r"$2 \epsilon |a| / b$ of it", True),
        ("a | third", True),
        (r"$\lvert a\rvert$, $a^2$", False),
        (r"`a \| b`", False),
    ],
)
def test_a_cell_that_is_cut_at_a_bar_is_noticed(cell, cut):
    text = "A line.\n\n" + TABLE.format(cell)
    assert dollars.cut(text) == ([5] if cut else [])
    # What stands in code is no table.
    assert dollars.cut(f"```text\n{text}```\n") == []


def test_no_cell_of_the_book_is_cut():
    pages = {page.name: page.read_text("utf-8") for page in BOOK.rglob("*.md")}
    assert {name: found for name, text in pages.items() if (found := dollars.cut(text))} == {}
    assert sum(len(list(dollars.rows(text))) for text in pages.values()) > 100


@pytest.mark.parametrize(
    ("node", "seen"),
    [
        (nodes.literal("", "as $x$"), True),
        (nodes.paragraph("", "a variance of $(2"), True),
        (nodes.literal("", "$defs"), False),
        (nodes.math("", "$"), False),
        (nodes.literal_block("", "echo $HOME $"), False),
    ],
)
def test_dollar_signs_that_are_shown_are_noticed(node, seen):
    assert bool(list(dollars.shown(nodes.container("", node)))) is seen


def test_provenance_keeps_its_citations():
    """Every citation of a docstring stands in the table, but for those behind [D], [W] and [P]."""
    from refimpl.optimizers import METHODS

    found = provenance.methods(BOOK.parent, METHODS)
    assert {
        name: reason for name, words in found.items() if (reason := provenance.fault(words))
    } == {}
    assert found["sgd"].startswith("{cite:t}`robbins1951`; a rival")
    assert "which {cite:t}`dauphin2014` show to be drawn" in found["newton"]
    assert not any("duda2019" in words for words in found.values())


def test_provenance_without_its_beginning_is_noticed():
    assert provenance.fault("; a rival in Figure 7 of [D].")
    assert provenance.fault(provenance.said("Nothing is said."))
    assert not provenance.fault(provenance.said("Provenance: [west1979]_, as printed."))


def test_moved_parts_are_told_by_the_titles_of_their_pages():
    told = moved.without_scripts({"b": ["eq-one", "two"]}, {"b": ("b.html", "A & B")})
    root = ET.fromstring(told)
    assert [item.get("id") for item in root.iter("span")] == ["eq-one", "two"]
    (link,) = root.iter("a")
    assert (link.get("href"), link.text) == ("b.html", "A & B")
    assert "eq-one" not in "".join(root.itertext())


def test_a_page_that_fails_is_told_when_all_others_are_kept(monkeypatch, tmp_path):
    """And the pool ends, whatever came before."""
    kept = []
    cache = SimpleNamespace(
        cache_notebook_bundle=lambda bundle, **_: kept.append(Path(bundle.uri).stem)
    )
    monkeypatch.setattr(
        side_by_side, "CacheBundleIn", lambda page, uri, data: SimpleNamespace(uri=uri)
    )
    monkeypatch.setattr(
        side_by_side,
        "executed",
        lambda path, page, timeout: SimpleNamespace(
            err=page if page == "wrong" else None, time=0.0
        ),
    )
    monkeypatch.setattr(side_by_side, "join_streams", lambda page: None)
    pages = {"a": "right", "b": "wrong", "c": "right", "d": "right"}
    executing = side_by_side.Executing(
        [(tmp_path / f"{name}.md", page) for name, page in pages.items()], cache, timeout=1
    )
    executing.keep(str(tmp_path / "a.md"))
    assert kept == ["a"]
    executing.keep(str(tmp_path / "b.md"))
    assert kept == ["a", "c", "d"]
    # Neither a page without cells nor one that was kept is waited for.
    executing.keep(str(tmp_path / "b.md"))
    executing.keep(str(tmp_path / "e.md"))
    executing.end()
    assert kept == ["a", "c", "d"]


def test_printed_text_is_one_however_it_came():
    output = nbformat.v4.new_output
    outputs = [
        output("stream", name="stdout", text="one line"),
        output("display_data", data={"text/plain": "a picture"}),
        output("stream", name="stdout", text=" of two pieces\n"),
        output("stream", name="stderr", text="beside\n"),
    ]
    cell = nbformat.v4.new_code_cell("", outputs=outputs)
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("words"), cell])
    side_by_side.join_streams(page)
    assert [o.get("text", "picture") for o in page.cells[1].outputs] == [
        "one line of two pieces\n",
        "picture",
        "beside\n",
    ]
