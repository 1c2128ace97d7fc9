"""Gram-Schmidt against LAPACK and 80 digits, on rows of any scale and rank."""

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from refimpl.online_pca import orthonormalize
from tests.linear_algebra.bases import (
    EPS,
    EXAMPLES,
    SEEDS,
    SIZES,
    assert_orthonormal,
    by_lapack,
    exact_basis,
    rotation,
)

pytestmark = pytest.mark.numerics


@EXAMPLES
@given(SEEDS, SIZES)
def test_lower_triangle_with_positive_diagonal(seed, size):
    """``W = L V``: the first rows span the same, and each row keeps its side."""
    W = np.random.default_rng(seed).standard_normal(size)
    V = orthonormalize(W)
    assert_orthonormal(V)
    L = W @ V.T
    scale = np.linalg.norm(W, 2)
    np.testing.assert_allclose(np.triu(L, 1), 0.0, atol=8 * size[0] * EPS * scale)
    assert np.all(np.diag(L) > 0.0)
    np.testing.assert_allclose(L @ V, W, atol=8 * size[0] * EPS * scale)


@EXAMPLES
@given(SEEDS, SIZES)
def test_equals_lapack(seed, size):
    W = np.random.default_rng(seed).standard_normal(size)
    atol = 20 * size[0] * EPS * np.linalg.cond(W)
    np.testing.assert_allclose(orthonormalize(W), by_lapack(W), atol=atol)


def test_ill_conditioned_rows():
    """Rows of the Hilbert matrix, condition number 1e9: orthonormal, and the span of 80 digits.

    A single pass of modified Gram-Schmidt, the negative control, loses orthonormality by cond eps.
    """
    W = scipy.linalg.hilbert(10)[:7].copy()
    V = orthonormalize(W)
    assert_orthonormal(V)
    with mpmath.workdps(80):
        exact = exact_basis([[mpmath.mpf(a) for a in row] for row in W])
    condition = np.linalg.cond(W)
    np.testing.assert_allclose(V, exact, atol=condition * EPS)
    once = W.copy()
    for i in range(7):
        for j in range(i):
            once[i] -= (once[j] @ once[i]) * once[j]
        once[i] /= np.linalg.norm(once[i])
    assert np.abs(once @ once.T - np.eye(7)).max() > 1e-3 * condition * EPS


@pytest.mark.parametrize("power", [-1000, -500, 500, 1000])
def test_scale_of_a_row_is_free(power):
    """A power of two on any row changes no bit, though its square is no float."""
    W = np.random.default_rng(1).standard_normal((3, 5))
    scaled = W * np.array([[2.0**power], [1.0], [2.0 ** (-power)]])
    np.testing.assert_array_equal(orthonormalize(scaled), orthonormalize(W))


def test_denormal_and_largest_rows():
    smallest, largest = 5e-324, np.finfo(np.float64).max
    V = orthonormalize(np.array([[0.0, smallest, smallest], [largest, largest, -largest]]))
    assert_orthonormal(V)
    expected = np.array([[0, 1, 1], [1, 1, -1]]) / np.sqrt([[2], [3]])
    np.testing.assert_allclose(V, expected, atol=4 * EPS)


@pytest.mark.parametrize(("d", "D"), [(1, 1), (2, 2), (3, 5)])
def test_zero_matrix_gives_the_first_axes(d, D):
    np.testing.assert_array_equal(orthonormalize(np.zeros((d, D))), np.eye(d, D))


@EXAMPLES
@given(SEEDS, st.integers(2, 8), st.integers(1, 7), st.integers(0, 300))
def test_dependent_rows_are_completed(seed, d, rank, more):
    """Rows of a lower rank, in any mixture: the rows are orthonormal and span what `W` spans."""
    rank = min(rank, d - 1)
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((d, rank)) @ rng.standard_normal((rank, d + more))
    V = orthonormalize(W)
    assert_orthonormal(V)
    # The rank is reached by the first rows, as well conditioned as they are.
    condition = np.linalg.cond(W[:rank])
    np.testing.assert_allclose(
        W @ V.T @ V, W, atol=200 * d * EPS * condition * np.linalg.norm(W, 2)
    )


def test_completion_is_the_axis_covered_least():
    W = np.array([[3.0, 4.0, 0.0], [-6.0, -8.0, 0.0]])
    np.testing.assert_allclose(orthonormalize(W), [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]], atol=EPS)


@EXAMPLES
@given(SEEDS, SIZES)
def test_orthonormalization_turns_with_the_coordinates(seed, size):
    W = np.random.default_rng(seed).standard_normal(size)
    R = rotation(seed, size[1])
    atol = 40 * size[1] * EPS * np.linalg.cond(W)
    np.testing.assert_allclose(orthonormalize(W @ R), orthonormalize(W) @ R, atol=atol)
