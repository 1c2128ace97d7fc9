"""The factors of a definite matrix against LAPACK."""

import numpy as np
import pytest

from refimpl.linear_algebra.ldl import factor, solve
from tests.linear_algebra.bases import EPS

pytestmark = pytest.mark.numerics


@pytest.mark.parametrize("n", [1, 3, 8])
def test_factors(n):
    """Against LAPACK's Cholesky factor and solver."""
    A = np.random.default_rng(n).standard_normal((n, n))
    M = A @ A.T + 0.1 * np.eye(n)
    found = factor(M, 0.0)
    assert found.definite
    C = np.linalg.cholesky(M)
    bound = 10 * n * EPS * np.linalg.cond(M)
    np.testing.assert_allclose(found.L * np.sqrt(found.pivots), C, atol=bound * abs(C).max())
    x = np.arange(1.0, n + 1.0)
    want = np.linalg.solve(M, x)
    np.testing.assert_allclose(solve(found, x), want, atol=bound * abs(want).max())
    assert not factor(M - (np.linalg.eigvalsh(M)[0] + 0.01) * np.eye(n), 0.0).definite
