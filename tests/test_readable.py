"""The plain text of compiled functions, run on what acts like numbers: Taylor polynomials."""

import numpy as np
import pytest

from refimpl import _compile, functions, optimizers
from refimpl.taylor import expand

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps

RNG = np.random.default_rng(11)
MORE = {
    "rosenbrock(5)": functions.rosenbrock(5),
    "rotated": functions.bounded_saddle([1.0, -2.0, 3.0], 2.0, functions.random_rotation(RNG, 3)),
    "least_squares": functions.least_squares(RNG.standard_normal((6, 2)), RNG.standard_normal(6)),
    "logistic": functions.logistic_regression(RNG.standard_normal((6, 2)), [0, 1, 0, 1, 1, 0], 0.1),
}


@pytest.mark.parametrize("name", [*functions.all(), *MORE])
def test_laboratory_on_polynomials(name):
    """Every function's own text: value, slope and curvature along a line, and at the origin."""
    function = (functions.all() | MORE)[name]
    text = _compile.readable(function.value.text)
    rng = np.random.default_rng(1)
    for x in (rng.standard_normal(function.dimension), np.zeros(function.dimension)):
        u = rng.standard_normal(function.dimension)
        found = expand(lambda x: text(x, function.data), x, u, 2)
        g, H = function.gradient(x), function.hessian(x)
        assert found[0] == pytest.approx(function.value(x), rel=1e-13, abs=1e-13)
        # Some ten terms, that cancel in part; those of Goldstein and Price are a thousand times
        # their sum.
        sizes = np.abs(u) @ np.abs(g), np.abs(u) @ np.abs(H) @ np.abs(u)
        assert found[1] == pytest.approx(u @ g, rel=0, abs=1e5 * EPS * (1.0 + sizes[0]))
        assert 2.0 * found[2] == pytest.approx(u @ H @ u, rel=0, abs=1e5 * EPS * (1.0 + sizes[1]))


@_compile.compiled
def power(x, n):
    return x if n == 1 else x * power(x, n - 1)


@_compile.compiled
def of_powers(x):
    return power(x[0], 3) + power(x[1], 2)


def test_readable():
    """Compiled functions, what they call, themselves included, and what a closure holds."""
    inner = of_powers

    def outer(x):
        return 2.0 * inner(x) + sum(power(y, 2) for y in x)

    for function in (outer, _compile.readable(outer)):
        assert function(np.array([2.0, 3.0])) == 2.0 * (8.0 + 9.0) + 4.0 + 9.0
    found = expand(_compile.readable(outer), [2.0, 3.0], [1.0, 0.0], 3)
    # 2 (2 + t)^3 + (2 + t)^2 and constants.
    np.testing.assert_array_equal(found, [47.0, 28.0, 13.0, 2.0])
    assert _compile.readable(np.sin) is np.sin


def test_through_a_module():
    """What a step calls through a module is text too, and what that calls."""
    text = _compile.readable(optimizers.get("sogr").step)
    assert not hasattr(text, "py_func")
    inner = text.__globals__["subspace"].follow
    assert not hasattr(inner, "py_func")
    assert not hasattr(inner.__globals__["regression"].update_new_mean, "py_func")
    # The modules themselves are as they were.
    assert hasattr(optimizers.subspace.follow, "py_func") or not _compile.JIT
    # One without compiled functions is itself.
    assert text.__globals__.get("np", np) is np
