"""A book of one page, built by the extensions: what is handed out, to students and to teachers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ipykernel")
pytest.importorskip("sphinx_exercise")
pytest.importorskip("sphinx_book_theme")
pytest.importorskip("myst_nb")

import nbformat

from book._check import notebooks

pytestmark = [
    pytest.mark.once,
    pytest.mark.within,
]

ROOT = Path(__file__).resolve().parents[2]

PAGE = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---

# A page

```{code-cell} ipython3
print("shown", 6 * 7)
```

```{exercise-start}
:label: ex-open
```
An open question.
```{exercise-end}
```

````{solution-start} ex-open
:class: dropdown
````
The open answer.

```{code-cell} ipython3
print("open", 6 * 11)
```
````{solution-end}
````

```{exercise-start}
:label: ex-home
:class: homework
```
A question to take home.
```{exercise-end}
```

````{solution-start} ex-home
:class: dropdown
````
The secret answer.

```{code-cell} ipython3
print("secret", 6 * 13)
```
````{solution-end}
````

The end of the page.
"""
OUTPUTS = {"shown": "shown 42", "open": "open 66", "secret": "secret 78"}


def built(sources, out, teacher):
    """Built in a process of its own: the client of a kernel leaves a loop behind."""
    settings = {
        "extensions": "myst_nb,sphinx_exercise,side_by_side,downloads",
        "html_theme": "sphinx_book_theme",
        "nb_execution_mode": "cache",
        "nb_execution_cache_path": str(sources / "cache"),
        "nb_execution_raise_on_error": "1",
        "root_doc": "page",
        "teacher": teacher,
    }
    given = [part for name, value in settings.items() for part in ("-D", f"{name}={value}")]
    folders = [str(sources), str(out / "html"), "-d", str(out / "doctrees")]
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", "-C", *given, *folders],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "book" / "_ext"), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return out / "html"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The folders of the students' book and of the teacher's, and what was executed for each."""
    sources = tmp_path_factory.mktemp("sources")
    (sources / "page.md").write_text(PAGE, encoding="utf-8")
    made, executions = {}, {}
    for kind in ("student", "teacher"):
        made[kind] = built(sources, tmp_path_factory.mktemp(kind), int(kind == "teacher"))
        executions[kind] = {
            path: path.stat().st_mtime_ns for path in sources.glob("cache/executed/*/base.ipynb")
        }
    return made, executions


@pytest.fixture(scope="module")
def books(both):
    return both[0]


def printed(notebook):
    """What the cells of a notebook have printed."""
    return [
        output.text.strip()
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]


def handed_out(book, name):
    found = nbformat.read(book / "_sources" / name, nbformat.NO_CONVERT)
    nbformat.validate(found)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["student", "teacher"])
@pytest.mark.parametrize("name", ["page.ipynb", "page_without_solutions.ipynb"])
def test_every_cell_that_prints_has_its_output(books, kind, name):
    notebook = handed_out(books[kind], name)
    assert notebooks.silent_cells(notebook) == []
    expected = {
        ("student", "page.ipynb"): ["shown", "open"],
        ("teacher", "page.ipynb"): ["shown", "open", "secret"],
    }.get((kind, name), ["shown"])
    assert printed(notebook) == [OUTPUTS[word] for word in expected]
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "A question to take home." in text
    assert "The end of the page." in text
    assert ("The secret answer." in text) == ("secret" in expected)


def test_students_find_the_solutions_of_homework_nowhere(books):
    for kind, there in (("student", False), ("teacher", True)):
        files = [path for path in books[kind].rglob("*") if path.is_file()]
        secret = [
            path.name
            for path in files
            if any(word in path.read_bytes() for word in (b"secret answer", b"secret 78"))
        ]
        assert bool(secret) == there, secret
        page = (books[kind] / "page.html").read_text(encoding="utf-8")
        assert "The open answer." in page
        assert ("the teacher's edition has a solution" in page.replace("’", "'")) != there


def test_the_solutions_of_homework_were_executed_once(both):
    """The teacher's book is made from the cache that the students' has filled."""
    executions = both[1]
    assert len(executions["student"]) == 1
    assert executions["teacher"] == executions["student"]


def test_both_notebooks_are_offered(books):
    page = (books["student"] / "page.html").read_text(encoding="utf-8")
    for name in ("page.ipynb", "page_without_solutions.ipynb"):
        assert f'href="_sources/{name}"' in page


def test_a_cell_without_its_output_is_noticed(books):
    notebook = handed_out(books["teacher"], "page.ipynb")
    for cell in notebook.cells:
        if "secret" in cell.source and cell.cell_type == "code":
            cell.outputs = []
    (silent,) = notebooks.silent_cells(notebook)
    assert "secret" in silent


def test_which_cells_show_something():
    for code in ("print(1)", "for k in x:\n    print(k)", "figures.show('a')", "x = 1\nx, 2"):
        assert notebooks.shows(code), code
    for code in ("x = 1", "def f():\n    print(1)", "x.sort()", "import figures", "", "# print(1)"):
        assert not notebooks.shows(code), code
