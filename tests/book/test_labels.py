"""Labels in the sources are those of the book; from a label to everything of it by the stem alone.

The walk: the tie under an equation names a function; the stem of its file names the tests, in the
folder of the same room; the page's stem names the folder of figures; reference cases are those of
the function's name or of the method's, or of what the tie says uses the function.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import reference_cases
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
CASES = reference_cases.cases(ROOT)
TIES = ties.ties(ROOT / "book")
SEEN = "looks at a run from outside; no step of a method needs it"
MEASURE = "judges the cases themselves"
PRICE = "counts products, for one table of the book"
DATA = "prepares data; what a method makes of them are cases"
ROUTE = "a second route to what has cases: equal to it, by its test"
# Equations that no reference case asks for, and why.
WITHOUT_CASES = {
    "eq-second-moment": SEEN,
    "eq-explained-energy": SEEN,
    "eq-principal-angles": SEEN,
    "eq-summary-tensor": SEEN,
    "eq-gram": ROUTE,
    "eq-wilkinson": ROUTE,
    "eq-layered-hessian": ROUTE,
    "eq-layered-third": ROUTE,
    "eq-layered-tensor": ROUTE,
    "eq-layered-noise": ROUTE,
    "eq-network-backpropagation": DATA,
    "eq-minibatch-noise": DATA,
    "eq-training-minibatch": DATA,
    "eq-training-gradient-price": PRICE,
    "eq-training-summary-price": PRICE,
    "eq-condition": MEASURE,
    "eq-amplification": MEASURE,
    "eq-verdict": MEASURE,
}
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
    for tie in TIES:
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


@pytest.mark.parametrize("tie", TIES, ids=lambda tie: tie.label)
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


def test_a_label_leads_to_cases_or_says_why_not():
    without = {tie.label for tie in TIES if not CASES.of_tie(tie)}
    assert without == set(WITHOUT_CASES)


@pytest.mark.slow
def test_the_cases_that_a_tie_names_use_its_functions():
    """Three cases of each, one of which is seen to enter one of the functions."""
    named = {name for tie in TIES for name in tie.cases}
    code = (
        "import json, sys\n"
        "from refimpl import vectors\n"
        "from refimpl.verify import reached\n"
        "found = {}\n"
        "for case in reached.light(vectors.cases()):\n"
        "    name = case.method or case.op\n"
        "    if name in sys.argv[1:]:\n"
        "        found.setdefault(name, []).append(case)\n"
        "some = {name: cases[:: max(1, len(cases) // 3)] for name, cases in found.items()}\n"
        "seen = reached.entered(case for cases in some.values() for case in cases)\n"
        "told = {name: sum((seen[c.id] for c in cases), []) for name, cases in some.items()}\n"
        "print(json.dumps(told))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *sorted(named)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=ROOT,
    )
    entered = json.loads(run.stdout)
    assert set(entered) == named

    def uses(name, tie):
        return not {place(function) for function in tie.functions}.isdisjoint(entered[name])

    assert [(tie.label, name) for tie in TIES for name in tie.cases if not uses(name, tie)] == []
    # Negative control: neither injects by the Gram matrix.
    (gram,) = (tie for tie in TIES if tie.label == "eq-gram")
    assert not any(uses(name, gram) for name in named)


def place(function):
    """Where a function begins, decorators included: ``file:line`` in the package."""
    source = home(function).with_suffix(".py")
    tree = ast.parse((ROOT / "refimpl" / source).read_text("utf-8"))
    name = function.rpartition(".")[2]
    (node,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return f"{source.as_posix()}:{first}"
