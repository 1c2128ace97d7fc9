"""What the extensions make of heads, arrows and formulas, on pieces of HTML and TeX."""

import re
import xml.etree.ElementTree as ET

import pandas
import pytest

pytest.importorskip("sphinx")
pytest.importorskip("latex2mathml")

import dataframes
import names
import plain_math

pytestmark = pytest.mark.once


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
