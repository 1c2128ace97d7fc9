"""Leaving solutions out of texts and notebooks."""

from types import SimpleNamespace

import pytest
import solutions

pytestmark = pytest.mark.once

PAGE = """\
before

```{exercise-start} A title
:label: ex-a
:class: homework
```
question a
```{exercise-end}
```

````{solution-start} ex-a
:class: dropdown
````
answer a

```{code-cell} ipython3
print("a")
```
````{solution-end}
````
between

```{exercise}
:label: ex-b
question b
```

:::{solution} ex-b
:class: dropdown homework

answer b

```
a listing
```
:::

```{exercise-start}
:label: ex-c
:class: hard
```
question c
```{exercise-end}
```

```{solution-start} ex-c
```
answer c
```{solution-end}
```
after
"""


def test_homework_is_marked_at_the_exercise_or_at_its_solution():
    assert solutions.homework(PAGE) == {"ex-a", "ex-b"}
    assert solutions.homework(PAGE.replace("homework", "homeworks")) == set()


def test_what_is_left_out_and_what_stays():
    left = solutions.Cutter({"ex-a", "ex-b"}.__contains__, "NOTE").cut(PAGE)
    for stays in ("before", "question a", "between", "question b", "question c", "answer c"):
        assert stays in left
    for goes in ("answer a", 'print("a")', "answer b", "a listing", "{solution-start} ex-a"):
        assert goes not in left
    assert left.count("NOTE") == 2
    # Of every fence that stays, both ends do.
    assert left.count("```") % 2 == 0
    assert ":::" not in left
    assert left.endswith("```{solution-end}\n```\nafter\n")


def test_nothing_left_out_is_the_text_itself():
    assert solutions.Cutter(lambda label: False, "NOTE").cut(PAGE) == PAGE


def cell(kind, source):
    return SimpleNamespace(cell_type=kind, source=source)


def test_the_cells_of_a_solution_go_with_it():
    """The parts of one solution are cells of their own, texts and code."""
    notebook = SimpleNamespace(
        cells=[
            cell("code", "first = 1"),
            cell(
                "markdown", "question\n\n````{solution-start} ex-a\n:class: dropdown\n````\nwords"
            ),
            cell("code", "answer = 2"),
            cell("markdown", "more words"),
            cell("code", "answer"),
            cell("markdown", "````{solution-end}\n````\n"),
            cell("code", "last = 3"),
        ]
    )
    found = solutions.cut_notebook(notebook, lambda label: label == "ex-a")
    assert [cell.source for cell in found.cells] == ["first = 1", "question", "last = 3"]
