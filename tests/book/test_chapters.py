"""Every chapter is built alike: how it opens and closes, how long it is, how wide its code."""

import re
from pathlib import Path

import pytest
import yaml

pytest.importorskip("docutils")

import reading
import reference_cases

pytestmark = pytest.mark.once

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = {path.stem: path.read_text("utf-8") for path in sorted(BOOK.glob("*.md"))}
TABLE = yaml.safe_load((BOOK / "_toc.yml").read_text("utf-8"))
# The last numbered part is for looking things up: it has questions in the place of exercises.
CHAPTERS = [
    chapter["file"]
    for part in TABLE["parts"]
    if part.get("numbered") and part["caption"] != "The reference"
    for chapter in part["chapters"]
]
COLUMNS = 76  # what a page of 1280 pixels shows of a line of code


def wide(text):
    """Lines of code of a page that are too wide to be seen whole."""
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```\s*$", text, flags=re.M | re.S)
    lines = [line for cell in cells for line in cell.splitlines()]
    return [line for line in lines if len(line) > COLUMNS and not line.startswith(":")]


def test_no_page_is_longer_than_half_an_hour():
    long = {page: reading.minutes(text) for page, text in PAGES.items()}
    assert {page: n for page, n in long.items() if n > reading.LONGEST} == {}


def test_minutes_count_what_is_read():
    words = 440 * "word "
    assert reading.minutes(f"# T\n\n{words}") == 4
    folded = f"`````{{dropdown}} More\n{words}\n`````\n"
    solution = f"````{{solution-start}} ex-a\n````\n{words}\n````{{solution-end}}\n````\n"
    assert reading.minutes(f"# T\n\n{words}\n{folded}\n{solution}") == 4
    cell = "```{code-cell} ipython3\n" + 40 * (40 * "x" + "\n") + "```\n"
    assert reading.minutes(f"# T\n\n{words}\n{cell}") == 6
    assert reading.minutes(f"# T\n\n{words}\n" + cell.replace("n3\n", "n3\n:tags: [hide]\n")) == 4
    assert reading.minutes(f"# T\n\n{words}\n" + 6 * "$$\nx\n$$\n\n") == 6


def test_code_fits_the_page():
    found = {page: wide(text) for page, text in PAGES.items()}
    assert {page: lines for page, lines in found.items() if lines} == {}
    assert wide("```{code-cell} ipython3\n" + 77 * "x" + "\n```\n")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_opens_and_closes_like_the_others(chapter):
    text = PAGES[chapter]
    opening, short, exercises, verify = (
        text.index(mark)
        for mark in ("```{opening}", "## In short\n", "## Exercises\n", "## Verify it\n")
    )
    assert opening < short < exercises < verify
    assert text.count("\n## ", 0, opening) == 0
    in_short = text[short:exercises]
    assert len(re.findall(r"^\* ", in_short, flags=re.M)) == 5
    assert re.search(r"verify-it|\{doc\}", text[verify:])
    assert len(re.findall(r"^:class: homework$", text, flags=re.M)) >= 2


def test_there_are_chapters():
    assert len(CHAPTERS) >= 18


def test_cases_are_found_by_the_function_that_computes_them():
    cases = reference_cases.cases(BOOK.parent)
    assert cases.of_function("refimpl.regression.update")[1] == "regression.update"
    assert cases.of_function("refimpl.cubic.minimize.minimize_cubic")[1] == "cubic.minimize_cubic"
    assert cases.of_function("refimpl.optimizers.fogr.step") == (cases.methods["fogr"], "fogr")
    assert cases.of_function("refimpl.regression.no_such") == (0, "")
    assert sum(cases.ops.values()) > 500
