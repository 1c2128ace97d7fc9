"""Newton's step against LAPACK's solver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.repulsion import newton, row_sum_bound, saddle_free
from tests.repulsion.test_saddle_free import problem
from tests.rounding import EPS

pytestmark = pytest.mark.numerics


@settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 15)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_newton_solves(seed, d):
    """A backward error of a few ``d eps |H|`` moves ``H^{-1} g`` by the condition."""
    H, g = problem(seed, d)
    expected = -np.linalg.solve(H, g)
    error = 16 * d * EPS * np.linalg.cond(H) * np.linalg.norm(expected)
    np.testing.assert_allclose(newton(H, g), expected, rtol=0, atol=error)


@pytest.mark.parametrize("step", [newton, saddle_free, row_sum_bound])
def test_a_huge_gradient_over_a_curvature_above_one(step):
    """The quotient is a float, and not cut, though the gradient is nearly none any more."""
    g = np.array([1.7e308, -1.7e308, 3.0])
    H = np.diag([1e10, 8.0, 2.0])
    np.testing.assert_allclose(step(H, g)[:2], [-1.7e298, 2.125e307], rtol=4 * EPS)


@pytest.mark.parametrize("step", [newton, saddle_free])
def test_sums_over_a_huge_gradient_are_floats(step):
    """Along (1, 1) the gradient is longer than any float; the step is not."""
    H = np.array([[6.0, 4.0], [4.0, 6.0]])
    # Curvatures 10 along (1, 1) and 2 along (1, -1), where the gradient is 0.
    expected = np.full(2, -1.7e307)
    np.testing.assert_allclose(step(H, np.full(2, 1.7e308)), expected, rtol=16 * EPS)
