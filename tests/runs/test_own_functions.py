"""Functions of one's own, plain and compiled: what they write into, return, and cost."""

import json
import os
import subprocess
import sys
import tracemalloc

import numba
import numpy as np
import pytest
import scipy.optimize

import refimpl
from refimpl import _compile, functions, optimizers
from refimpl.errors import GradientError, RangeError
from refimpl.runs import execute
from refimpl.runs.problem import as_problem
from tests.runs.bowls import H, bowl, bowl_gradient

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps


def of_numbers(x):
    x -= 1.0
    return np.sum(x * x)


def of_numbers_gradient(x):
    x -= 1.0
    x *= 2.0
    return x


@pytest.mark.compiled
@pytest.mark.parametrize("method", ["sgd", "fogr", "bfgs"])
def test_compiled_function_that_writes_into_its_argument(method):
    """As the same function in plain Python, which gets a copy: alone, and in a lattice."""
    given = {"method": method, "steps": 8}
    start = np.array([3.0, 4.0])
    plain = refimpl.minimize(of_numbers, start, jac=of_numbers_gradient, **given)
    own = numba.njit(of_numbers), numba.njit(of_numbers_gradient)
    found = refimpl.minimize(own[0], start, jac=own[1], **given)
    np.testing.assert_array_equal(found.path, plain.path)
    np.testing.assert_array_equal(found.jac, plain.jac)
    np.testing.assert_array_equal(start, [3.0, 4.0])
    given |= {"starts": np.linspace(1.0, 3.0, 40).reshape(20, 2), "seeds": 0}
    np.testing.assert_array_equal(
        refimpl.lattice(own[0], jac=own[1], **given),
        refimpl.lattice(of_numbers, jac=of_numbers_gradient, **given),
    )


@pytest.mark.parametrize("kind", ["hess", "hessp"])
def test_curvature_that_writes_into_its_arguments(kind):
    def rude(x, *v):
        found = H @ v[0] if v else H.copy()
        for array in (x, *v):
            array[:] = 1e9
        return found

    kind = {kind: rude}
    given = {"jac": bowl_gradient, "method": "krylov_sfn", "steps": 3}
    result = refimpl.minimize(bowl, [1.0, 2.0], **kind, **given)
    expected = refimpl.minimize(bowl, [1.0, 2.0], hess=lambda x: H, **given)
    np.testing.assert_array_equal(result.path, expected.path)


def test_callback_that_writes_into_what_it_sees():
    def rude(intermediate_result):
        intermediate_result.x[:] = 1e9
        for array in intermediate_result.state.line:
            if isinstance(array, np.ndarray):
                array[:] = 1e9

    expected = refimpl.minimize(functions.beale, [1.0, 0.5], method="fogr", steps=5)
    result = refimpl.minimize(functions.beale, [1.0, 0.5], method="fogr", steps=5, callback=rude)
    np.testing.assert_array_equal(result.path, expected.path)


def test_value_and_gradient_of_one_call():
    """As many calls as are told, and both from the same draw of a function with its own noise."""
    seen, random = [], np.random.default_rng(0)

    def both(x):
        z = random.standard_normal(2)
        seen.append(z)
        return bowl(x) + z[0], bowl_gradient(x) + z

    result = refimpl.minimize(both, [1.0, 2.0], jac=True, steps=10, noise=0.1, seed=0)
    assert (len(seen), result.nfev, result.njev) == (11, 11, 11)
    assert result.fun == bowl(result.x) + seen[-1][0]
    np.testing.assert_array_equal(result.jac, bowl_gradient(result.x) + seen[-1])


def test_a_position_that_stays_is_asked_for_again():
    calls = []
    refimpl.minimize(
        lambda x: calls.append(1) or (bowl(x), bowl_gradient(x)),
        [1.0, 2.0],
        jac=True,
        method="sgd",
        alpha=0.0,
        steps=4,
    )
    assert len(calls) == 5


@pytest.mark.compiled
def test_compiled_functions_are_wrapped_once():
    """What the driver calls is kept with the user's functions: nothing is compiled again."""
    fun, jac = numba.njit(lambda x: x @ x), numba.njit(lambda x: 2.0 * x)
    first, second = as_problem(fun, jac), as_problem(fun, jac)
    assert first.value is second.value
    assert first.gradient is second.gradient


@pytest.mark.compiled
def test_what_cannot_be_wrapped_is_tried_once(monkeypatch):
    tries, compile_one = [], _compile.with_signature
    monkeypatch.setattr(
        _compile, "with_signature", lambda *given: tries.append(1) or compile_one(*given)
    )
    fun, jac = numba.njit(lambda x: x * x), numba.njit(lambda x: 2.0 * x)
    for _ in range(3):
        assert not as_problem(fun, jac).compiled
    assert len(tries) == 2


@pytest.mark.parametrize("wrap", [lambda f: f, numba.njit], ids=["plain", "compiled"])
@pytest.mark.parametrize(
    ("value", "gradient"),
    [
        (lambda x: [x[0] ** 2], lambda x: 2.0 * x[0]),
        (lambda x: x**2, lambda x: 2.0 * x),
        (lambda x: np.array([[x[0] ** 2]]), lambda x: 2.0 * x),
    ],
)
def test_numbers_in_the_shapes_that_scipy_takes(wrap, value, gradient):
    """An array or list of one for the value; a number for the gradient in one dimension."""
    result = refimpl.minimize(
        wrap(value), [1.0], jac=wrap(gradient), method="sgd", alpha=0.25, steps=3
    )
    np.testing.assert_array_equal(result.path[:, 0], [1.0, 0.5, 0.25, 0.125])
    theirs = scipy.optimize.minimize(value, [1.0], jac=gradient, method="BFGS")
    assert theirs.success


@pytest.mark.parametrize("given", [{"hess": lambda x: 2.0}, {"hessp": lambda x, v: 2.0 * v[0]}])
def test_curvature_in_one_dimension_may_be_a_number(given):
    result = refimpl.minimize(
        lambda x: x[0] ** 2, [1.0], jac=lambda x: 2.0 * x, method="krylov_sfn", steps=1, **given
    )
    np.testing.assert_array_equal(result.x, [0.0])


def test_memory_of_a_run_without_noise():
    """The path and a few vectors; there was noise for every step, twice."""
    D, steps = 20_000, 50
    given = {"jac": lambda x: 2.0 * x, "method": "sgd", "steps": steps}
    refimpl.minimize(lambda x: float(x @ x), np.ones(2), **given)
    tracemalloc.start()
    try:
        refimpl.minimize(lambda x: float(x @ x), np.ones(D), **given)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * (steps + 1) * D * 8


def test_memory_of_a_run_with_noise_and_no_path():
    """A block of noise and a few vectors; the noise of all steps was drawn before the first."""
    D, steps = 20_000, 50
    given = {"jac": lambda x: 2.0 * x, "method": "sgd", "steps": steps, "noise": 0.1, "seed": 0}
    refimpl.minimize(lambda x: float(x @ x), np.ones(2), **given)
    tracemalloc.start()
    try:
        run = refimpl.minimize(lambda x: float(x @ x), np.ones(D), keep_path=False, **given)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert run.path.shape == (1, D)
    assert peak < 0.4 * (steps + 1) * D * 8


@pytest.mark.parametrize(
    "method", [pytest.param("online_sfn", marks=pytest.mark.slow), "fogr", "bfgs"]
)
@pytest.mark.parametrize("how", ["laboratory", "own"])
def test_without_its_path_a_run_is_the_same(method, how, monkeypatch):
    """Noise a few steps at a time, from the seed, is that of all at once, from a generator."""
    monkeypatch.setattr(execute, "NUMBERS_AT_ONCE", 100)
    f = functions.rosenbrock(6)
    given = {"method": method, "steps": 90, "noise": 0.01}
    fun = f if how == "laboratory" else f.value
    if how == "own":
        given["jac"] = f.gradient
    whole = refimpl.minimize(fun, np.full(6, 0.5), seed=np.random.default_rng(3), **given)
    some = refimpl.minimize(fun, np.full(6, 0.5), seed=3, **given)
    last = refimpl.minimize(fun, np.full(6, 0.5), seed=3, keep_path=False, **given)
    np.testing.assert_array_equal(some.path, whole.path)
    np.testing.assert_array_equal(last.path, whole.path[-1:])
    np.testing.assert_array_equal(last.values, whole.values)
    assert (last.nit, last.status) == (whole.nit, whole.status)


def test_the_path_of_an_error_without_path():
    def gradient(x):
        return np.full(2, np.nan) if x[0] < 0.9 else 2.0 * x

    with pytest.raises(GradientError) as caught:
        refimpl.minimize(
            lambda x: x @ x,
            [1.0, 1.0],
            jac=gradient,
            steps=50,
            method="sgd",
            alpha=0.1,
            keep_path=False,
        )
    assert caught.value.step > 0
    assert caught.value.path.shape == (1, 2)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"steps": 10**12}, "the path of 1000000000000 steps in 2 dimensions needs 16000000000016"),
        ({"steps": 10**13, "keep_path": False}, "the values of 10000000000000 steps"),
    ],
)
def test_more_than_memory_holds_is_said_before_any_work(given, what):
    def fun(x):
        raise AssertionError

    with pytest.raises(RangeError, match=f"{what}.* bytes, which do not fit into memory; take"):
        refimpl.minimize(fun, [1.0, 1.0], jac=fun, method="sgd", **given)


def test_a_switch_is_true_or_false():
    with pytest.raises(RangeError, match="expected keep_path as True or False, got 1"):
        refimpl.minimize(functions.beale, [1.0, 1.0], steps=3, keep_path=1)


# Waiting for no compiler.

FIRST = """
import refimpl
result = refimpl.minimize(
    lambda x: (x[0] - 1) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
    [-1.2, 1.0],
    jac=lambda x: [2 * (x[0] - 1) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)],
    steps=200,
    noise=0.01,
    seed=0,
)
print(result.x.tolist())
"""


@pytest.mark.compiled
def test_the_first_answer_waits_for_no_compiler(tmp_path):
    """The README's example in a process of its own: nothing is compiled, so nothing is kept."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    answers = [
        subprocess.run(
            [sys.executable, "-c", FIRST],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert list(tmp_path.rglob("*.nbi")) == []
    np.testing.assert_allclose(json.loads(answers[0]), [1.0, 1.0], atol=0.01)


def plain(x):
    return float(x @ x)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("steps", "D", "text"), [(90_000, 1, True), (91_000, 1, False), (9_000, 100, True)]
)
def test_the_rule_goes_by_the_work_alone(steps, D, text):
    """``steps (1 + D / 10)`` below 100 000, whatever is compiled already."""
    method, problem = optimizers.get("adam"), as_problem(plain, lambda x: 2.0 * x)
    for _ in range(2):
        chosen = execute.as_text(method, problem, steps, D)
        assert (chosen is not method) == text
        assert hasattr(chosen.step, "py_func") != text
        chosen.step(chosen.start(np.ones(D), np.zeros((0, D)), method.parameters()),
                    np.ones(D), np.ones(D), method.parameters())  # fmt: skip
    compiled = functions.beale
    assert execute.as_text(method, as_problem(compiled), 1, 2) is method


OWN = [name for name, m in optimizers.METHODS.items() if not (m.curvature or m.solver)]


# Their compilation takes seconds each.
LARGE = ("cfogr", "sogr", "csogr", "dsogr", "cdsogr", "pogr", "online_sfn", "soap")


@pytest.mark.compiled
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if n in LARGE else ()) for n in OWN]
)
def test_text_and_compiled_steps_agree(name, monkeypatch):
    """To the rounding of a few steps on a bowl, whose growth is that of its condition, 3.

    Each step sums some tens of terms.
    """
    given = {"jac": bowl_gradient, "method": name, "steps": 5, "noise": 0.1, "seed": 1}
    if optimizers.get(name).directions:
        given["dimension"] = 1
    found = refimpl.minimize(bowl, [1.0, 2.0], **given)
    monkeypatch.setattr(execute, "WORTH_COMPILING", 0)
    expected = refimpl.minimize(bowl, [1.0, 2.0], **given)
    np.testing.assert_allclose(found.path, expected.path, rtol=0, atol=3.0**5 * 100 * EPS * 3.0)


def test_lattice_of_plain_functions_is_text_too():
    """Each run of a lattice is the run by itself."""
    starts = np.array([[1.0, 2.0], [-1.0, 0.5]])
    given = {"method": "fogr", "steps": 4, "jac": bowl_gradient}
    final = refimpl.lattice(bowl, starts=starts, seeds=[0], **given)
    alone = [refimpl.minimize(bowl, x0, **given).fun for x0 in starts]
    np.testing.assert_array_equal(final[0], alone)
