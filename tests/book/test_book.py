"""The book, read as text: every equation tied to code and test, every exercise solved."""

import re
from pathlib import Path

import pytest
import ties
import yaml

pytestmark = pytest.mark.once

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = sorted(BOOK.glob("*.md"))


def contents():
    """Names of all pages in the table of contents."""
    table = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter for part in table["parts"] for chapter in part["chapters"]]
    sections = [section for chapter in chapters for section in chapter.get("sections", ())]
    return {table["root"], *(page["file"] for page in chapters + sections)}


def test_every_page_is_in_the_table_of_contents():
    assert {page.stem for page in PAGES} == contents()


def test_every_labelled_equation_names_its_function_and_its_test():
    tied = {tie.label for tie in ties.ties(BOOK)}
    labelled = {equation.label for equation in ties.labelled_equations(BOOK)}
    assert labelled
    assert labelled == tied


def test_every_tie_leads_somewhere():
    found = ties.ties(BOOK)
    assert found
    assert [fault for tie in found for fault in ties.faults(tie, BOOK)] == []


def test_a_tie_to_nothing_is_noticed():
    """The check of the checks: a tie that leads nowhere has faults."""
    tie = ties.ties(BOOK)[0]._replace(functions=("refimpl.regression.no_such",))
    assert ties.faults(tie, BOOK)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_exercise_has_an_executed_solution(page):
    text = page.read_text(encoding="utf-8")
    exercises = re.findall(r"\{exercise-start\}\n:label: (\S+)", text)
    exercises += re.findall(r"\{exercise\}[^\n]*\n:label: (\S+)", text)
    solutions = dict(
        re.findall(r"\{solution-start\} (\S+)\n(.*?)\{solution-end\}", text, flags=re.DOTALL)
    )
    assert len(set(exercises)) == len(exercises)
    assert set(exercises) == set(solutions)
    assert all("{code-cell}" in solution for solution in solutions.values())


def test_pages_hold_no_algorithm_of_the_package():
    """Code of the package is shown by object; a page that defines a piece's name wrote it again."""
    package = {
        name
        for module in ("regression", "online_pca", "qr_step", "repulsion")
        if (path := BOOK.parent / "refimpl" / f"{module}.py").exists()
        for name in re.findall(r"^def (\w+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    written = {
        (page.stem, name)
        for page in PAGES
        for name in re.findall(r"^def (\w+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert package
    # A function of one's own has these three, and shows them.
    package -= {"value", "gradient", "hessian"}
    assert not [(page, name) for page, name in written if name in package]


def test_remote_check_catches_what_it_should(tmp_path):
    """A page that loads a script or an image from elsewhere is reported, a plain link is not."""
    import remote_check

    (tmp_path / "good.html").write_text('<a href="https://example.org">a link</a>')
    assert remote_check.main([str(tmp_path)]) == 0
    (tmp_path / "bad.html").write_text('<script src="https://example.org/x.js"></script>')
    assert remote_check.main([str(tmp_path)]) == 1


def test_copies_of_pages_are_no_pages(tmp_path):
    """Those that notebooks, editors and builds leave in the folder of the book."""
    equation = "$$\nx\n$$ (eq-{})\n"
    (tmp_path / "page.md").write_text(equation.format("here"))
    for copy in (".ipynb_checkpoints/page-checkpoint", "_build/page", ".#page", "a/.b/page"):
        path = tmp_path / f"{copy}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(equation.format("copy"))
    assert [equation.label for equation in ties.labelled_equations(tmp_path)] == ["eq-here"]
