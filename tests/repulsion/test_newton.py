"""Newton's step against LAPACK's solver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.repulsion import newton
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
