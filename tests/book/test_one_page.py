"""The page's one file: plain NumPy, held to the reference outputs and to the package."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import ties

import refimpl
from refimpl import _compile, functions, optimizers, vectors
from refimpl.verify import compare, runner

from .one_page_side import FILE, ON, one_page

pytestmark = [pytest.mark.numerics, pytest.mark.once]

ROOT = Path(__file__).resolve().parents[2]


def test_it_is_one_page_of_plain_numpy():
    tree = ast.parse(FILE.read_text("utf-8"))
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert [name.name for node in imported for name in node.names] == ["numpy"]
    code = [line for line in FILE.read_text("utf-8").splitlines() if line.strip()]
    assert len(code) <= 65
    # As wide as a page shows code.
    assert max(map(len, code)) <= 76
    assert not any(getattr(node, "decorator_list", ()) for node in ast.walk(tree))


def test_its_labels_are_equations_of_the_book():
    found = set(re.findall(r"# (eq-[a-z-]+)$", FILE.read_text("utf-8"), flags=re.M))
    known = {equation.label for equation in ties.labelled_equations(ROOT / "book")}
    assert len(found) >= 10
    assert found <= known


def test_its_defaults_are_those_of_the_package():
    defaults = optimizers.get("online_sfn").defaults
    names = one_page.step.__code__.co_varnames[3 : one_page.step.__code__.co_argcount]
    assert dict(zip(names, one_page.step.__defaults__, strict=True)) == {
        name: defaults[name] for name in names
    }
    assert one_page.start.__defaults__ == (defaults["prior"],)
    assert all(defaults[name] for name in ON)


def test_it_walks_where_the_package_walks():
    noise = 0.1 * np.random.default_rng(0).standard_normal((20, 3))
    directions = np.random.default_rng(1).uniform(0.0, 1e-3, (2, 3))
    method = optimizers.get("online_sfn")
    # Their texts in plain Python, which wait for no compiler.
    begin, step = map(_compile.readable, (method.start, method.step))
    slope = _compile.readable(functions.beale3.gradient)
    p = method.parameters()
    theta = other = np.array([1.0, -1.0, 2.0])
    state, ours = one_page.start(theta, directions), begin(theta, directions, p)
    for row in noise:
        theta, state = one_page.step(state, theta, slope(theta) + row)
        other, ours = step(ours, other, slope(other) + row, p)
    # Chaotic, so that roundings of 1e-16 have grown; twenty steps leave eight digits and more.
    assert np.allclose(theta, other, rtol=1e-8)
    assert np.linalg.norm(theta - [1.0, -1.0, 2.0]) > 0.1
    assert refimpl.methods()["online_sfn"]["source"].startswith("[D]")


# The options that the page does not have, by the cases that turn them off.
LEFT_OUT = {
    "optimizers-0025": {"shifted", "row_sums"},
    "optimizers-0074": {"transport"},
    "optimizers-0075": {"shifted", "row_sums"},
}


@pytest.mark.slow
def test_it_holds_the_reference_outputs():
    """Every case with the options of the page on; it says of each other one why it leaves it."""
    families = [vectors.load(name) for name in ("optimizers", "trajectories")]
    cases = [case for family in families for case in family.cases if case.method == "online_sfn"]
    command = runner.python_command("tests.book.one_page_side:factory")
    report = runner.verify(command, families, cases)
    assert report.held, report
    assert {c.id: {n for n in ON if not c.params[n]} for c in cases if c.id in LEFT_OUT} == LEFT_OUT
    left = [outcome for outcome in report.outcomes if outcome.verdict == runner.SKIPPED]
    assert {outcome.case.id for outcome in left} == LEFT_OUT.keys()
    assert {outcome.message for outcome in left} == {"the options of the page are on"}
    assert report.count(compare.PASS, compare.ACCEPTABLE) == len(cases) - len(left) == 6
