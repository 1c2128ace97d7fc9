"""Our methods under `scipy.optimize.minimize`."""

import functools
import multiprocessing
import pickle

import numpy as np
import pytest
from scipy.optimize import OptimizeResult, minimize

import refimpl
from refimpl.errors import MissingDerivativeError, RangeError, UnknownNameError
from refimpl.optimizers import METHODS

pytestmark = pytest.mark.numerics

OWN = sorted(name for name, method in METHODS.items() if not method.solver)
H = np.array([[2.0, 0.5], [0.5, 1.0]])


def value(x, shift=0.0):
    return 0.5 * (x - shift) @ H @ (x - shift)


def gradient(x, shift=0.0):
    return H @ (x - shift)


def hessian(x, shift=0.0):
    return H


def hessp(x, v, shift=0.0):
    return H @ v


@pytest.mark.parametrize("name", OWN)
def test_equals_our_own_minimize(name):
    ours = refimpl.minimize(
        value, [3.0, -2.0], method=name, steps=40, noise=0.1, seed=5, jac=gradient, hess=hessian
    )
    theirs = minimize(
        value,
        [3.0, -2.0],
        jac=gradient,
        hess=hessian if METHODS[name].curvature else None,
        method=refimpl.scipy_method(name),
        options={"maxiter": 40, "noise": 0.1, "seed": 5},
    )
    np.testing.assert_array_equal(ours.path, theirs.path)
    assert isinstance(theirs, OptimizeResult)
    for field in ("x", "fun", "jac", "nit", "nfev", "njev", "success", "status", "message"):
        assert field in theirs


def test_arguments_are_handed_on():
    result = minimize(
        value,
        [3.0, -2.0],
        args=(1.0,),
        jac=gradient,
        hessp=hessp,
        method=refimpl.scipy_method("krylov_sfn"),
        options={"maxiter": 3},
    )
    # A quadratic in two dimensions, a Krylov space of two: one exact step, rounding of H (cond 3).
    np.testing.assert_allclose(result.x, [1.0, 1.0], rtol=1e-14)


def test_value_and_gradient_together():
    result = minimize(
        lambda x: (value(x), gradient(x)),
        [3.0, -2.0],
        jac=True,
        method=refimpl.scipy_method("fogr"),
        options={"maxiter": 5},
    )
    expected = refimpl.minimize(value, [3.0, -2.0], jac=gradient, method="fogr", steps=5)
    np.testing.assert_array_equal(result.path, expected.path)


def test_callback_sees_every_step_and_stops():
    seen = []

    def look(x):
        seen.append(x)
        if len(seen) == 7:
            raise StopIteration

    result = minimize(
        value, [3.0, -2.0], jac=gradient, method=refimpl.scipy_method("fogr"), callback=look
    )
    assert result.nit == 7
    assert "callback" in result.message
    np.testing.assert_array_equal(result.path[1:], seen)


def test_callback_with_intermediate_result():
    seen = []
    minimize(
        value,
        [3.0, -2.0],
        jac=gradient,
        method=refimpl.scipy_method("fogr"),
        callback=lambda intermediate_result: seen.append(intermediate_result),
        options={"maxiter": 4},
    )
    assert [look.nit for look in seen] == [1, 2, 3, 4]
    assert seen[-1].state.momentum.shape == (2,)


@pytest.mark.parametrize("given", [{"tol": 1e-3}, {"options": {"gtol": 1e-3}}])
def test_tolerance_stops_the_run(given):
    result = minimize(
        value, [3.0, -2.0], jac=gradient, method=refimpl.scipy_method("sfn"), hess=hessian, **given
    )
    assert result.success
    assert np.max(np.abs(result.jac)) <= 1e-3
    assert result.nit < 400


def test_tolerance_not_reached_is_said():
    result = minimize(
        value,
        [3.0, -2.0],
        jac=gradient,
        method=refimpl.scipy_method("sgd", alpha=1e-6),
        tol=1e-8,
        options={"maxiter": 5},
    )
    assert not result.success
    assert "gtol" in result.message


def test_maxiter_defaults_to_two_hundred_a_variable():
    result = minimize(value, [3.0, -2.0], jac=gradient, method=refimpl.scipy_method("sgd"))
    assert result.nit == 400


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bounds": [(0, 1), (0, 1)]}, "bounds"),
        ({"constraints": {"type": "eq", "fun": lambda x: x[0]}}, "constraints"),
        ({"options": {"maxitr": 3}}, "maxitr"),
        ({"options": {"maxiter": 0}}, "maxiter"),
        ({"tol": -1.0}, "gtol"),
    ],
)
def test_what_is_refused(given, words):
    with pytest.raises(RangeError, match=words):
        minimize(value, [3.0, -2.0], jac=gradient, method=refimpl.scipy_method("fogr"), **given)


def test_wrong_names_raise_at_once():
    with pytest.raises(UnknownNameError, match="fogr"):
        refimpl.scipy_method("fgr")
    with pytest.raises(RangeError, match="beta"):
        refimpl.scipy_method("fogr", beta=0.0)


def test_missing_derivatives_are_named():
    with pytest.raises(MissingDerivativeError, match="jac"):
        minimize(value, [3.0, -2.0], method=refimpl.scipy_method("fogr"))
    with pytest.raises(MissingDerivativeError, match="hess"):
        minimize(value, [3.0, -2.0], jac=gradient, method=refimpl.scipy_method("newton"))


def test_callbacks_are_called_as_by_scipy():
    """By the names of their parameters, with the value at the position."""
    seen = {}

    def plain(xk, intermediate_result=None):
        seen.setdefault("plain", []).append((xk.copy(), intermediate_result))

    def told(*, intermediate_result):
        seen.setdefault("told", []).append((intermediate_result.x, intermediate_result.fun))

    for method in ("BFGS", refimpl.scipy_method("fogr"), refimpl.scipy_method("bfgs")):
        seen.clear()
        for callback in (plain, told):
            minimize(
                value,
                [3.0, -2.0],
                jac=gradient,
                method=method,
                callback=callback,
                options={"maxiter": 3},
            )
        assert len(seen["plain"]) == len(seen["told"]) == 3
        assert all(result is None for _, result in seen["plain"])
        for x, fun in seen["told"]:
            assert fun == value(x)


def test_value_told_is_of_the_last_position_too():
    seen = []
    result = minimize(
        value,
        [3.0, -2.0],
        jac=gradient,
        method=refimpl.scipy_method("fogr"),
        callback=lambda intermediate_result: seen.append(intermediate_result.fun),
        options={"maxiter": 4, "noise": 0.1, "seed": 0},
    )
    np.testing.assert_array_equal(seen, result.values[1:])


@pytest.mark.parametrize("name", METHODS)
def test_pickling(name):
    """By name: the other process has the method."""
    method = pickle.loads(pickle.dumps(refimpl.scipy_method(name)))
    assert method.args[0] is METHODS[name]
    assert pickle.loads(pickle.dumps(METHODS[name])) is METHODS[name]


def run_from(start, method):
    return minimize(value, start, jac=gradient, method=method, options={"maxiter": 3}).x


def test_processes_share_a_method():
    method = refimpl.scipy_method("sgd", alpha=0.1)
    starts = [[3.0, -2.0], [1.0, 1.0]]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.map(functools.partial(run_from, method=method), starts)
    np.testing.assert_array_equal(found, [run_from(start, method) for start in starts])
