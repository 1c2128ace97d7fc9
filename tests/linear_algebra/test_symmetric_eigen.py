"""Eigenvalues by LAPACK and mpmath, exact scaling, and what Jacobi keeps that LAPACK does not."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.linear_algebra.symmetric_eigen import EPS, congruence, eigh, rotate, sort_columns

pytestmark = pytest.mark.numerics

EXAMPLES = settings(deadline=None, derandomize=True, max_examples=80 if _compile.JIT else 15)


def symmetric(seed, d, spread=0.0):
    """A random symmetric matrix whose eigenvalues span `spread` decades, signs mixed."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    values = rng.choice([-1.0, 1.0], d) * 10.0 ** -rng.uniform(0.0, max(spread, 1e-3), d)
    A = (Q * values) @ Q.T
    return 0.5 * (A + A.T)


def rounding(A):
    """A backward error: each entry meets about 8 sweeps of d rotations, each costing a few eps.

    The errors of rotations are independent and add like a square root, so 10 d eps is generous in
    theory and a factor 5 above what is seen.
    """
    return 10 * A.shape[0] * EPS * np.linalg.norm(A, 2)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 12), st.floats(0.0, 12.0))
def test_decomposition(seed, d, spread):
    """Orthonormal columns, ascending values, ``A E = E diag(values)``, on both sides of size 8."""
    A = symmetric(seed, d, spread)
    values, E = eigh(A)
    assert np.all(np.diff(values) >= 0.0)
    np.testing.assert_allclose(E.T @ E, np.eye(d), atol=10 * d * EPS)
    np.testing.assert_allclose(A @ E, E * values, atol=rounding(A))


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_values_of_lapack(seed, d):
    A = symmetric(seed, d, 3.0)
    np.testing.assert_allclose(eigh(A)[0], np.linalg.eigvalsh(A), atol=rounding(A))


def test_values_in_multiple_precision():
    """The Hilbert matrix of size 6, condition number 1.5e7, against 40 digits."""
    A = np.array([[1.0 / (i + j + 1) for j in range(6)] for i in range(6)])
    with mpmath.workdps(40):
        exact = [float(x) for x in mpmath.eigsy(mpmath.matrix(A.tolist()), eigvals_only=True)]
    np.testing.assert_allclose(eigh(A)[0], np.sort(exact), rtol=0, atol=rounding(A))


@pytest.mark.parametrize("d", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("value", [0.0, 1.0, -3.0])
def test_multiple_of_the_unit_matrix(d, value):
    """Every vector is an eigenvector: no rotation is needed, and the values are exact."""
    values, E = eigh(value * np.eye(d))
    np.testing.assert_array_equal(values, value)
    np.testing.assert_allclose(E.T @ E, np.eye(d), atol=10 * d * EPS)


def test_diagonal_is_sorted():
    """No rotation, only the way to unit scale and back: two roundings."""
    values, E = eigh(np.diag(np.array([3.0, -1.0, 2.0])))
    np.testing.assert_allclose(values, [-1.0, 2.0, 3.0], rtol=EPS)
    np.testing.assert_array_equal(E, np.eye(3)[:, [1, 2, 0]])


def test_symmetric_saddle():
    """Equal moduli and opposite signs, the trap of unshifted QR, are no trap here."""
    values, E = eigh(np.array([[0.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(values, [-1.0, 1.0], rtol=4 * EPS)
    np.testing.assert_allclose(abs(E), np.sqrt(0.5), rtol=4 * EPS)


@pytest.mark.parametrize("d", [2, 5, 12])
def test_repeated_eigenvalues(d):
    """A projection: the eigenvalues 0 and 1 many times over."""
    rng = np.random.default_rng(d)
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    rank = d // 2
    A = Q[:, :rank] @ Q[:, :rank].T
    A = 0.5 * (A + A.T)
    values, E = eigh(A)
    np.testing.assert_allclose(values, [0.0] * (d - rank) + [1.0] * rank, atol=rounding(A))
    np.testing.assert_allclose(A @ E, E * values, atol=rounding(A))


@pytest.mark.parametrize("power", [-1000, -300, 300, 1000])
@pytest.mark.parametrize("d", [2, 4])
def test_powers_of_two_change_nothing_but_the_scale(d, power):
    """Scaling by a power of two is exact, and squares of entries are never formed unscaled."""
    A = symmetric(7, d)
    values, E = eigh(A)
    scaled, same = eigh(A * 2.0**power)
    np.testing.assert_array_equal(scaled, values * 2.0**power)
    np.testing.assert_array_equal(same, E)


def test_lapack_scales_by_another_number():
    """Negative control: beyond 2^485 LAPACK brings a matrix to the edge of what it can square."""
    A = symmetric(7, 4)
    for power in (-1000, 1000):
        scaled = np.linalg.eigh(A * 2.0**power)[0]
        assert np.any(scaled != np.linalg.eigh(A)[0] * 2.0**power)


def graded(rng, d, decades):
    """A well-conditioned covariance, its axes in units that span half as many decades."""
    B = rng.standard_normal((d, 3 * d))
    K, units = B @ B.T / (3 * d), 10.0 ** (-decades / 2 * rng.permutation(np.linspace(0, 1, d)))
    return K * np.outer(units, units), np.linalg.cond(K)


@pytest.mark.parametrize("d", [3, 5, 8])
def test_small_eigenvalues_keep_their_digits(d):
    """Over ten decades: to rounding times the condition in the best units.

    So Demmel and Veselic prove of Jacobi's rotations; against 60 digits. Negative control: LAPACK,
    whose error is the rounding of the largest eigenvalue, loses a million times as much.
    """
    rng, ours, lapack = np.random.default_rng(d), 0.0, 0.0
    for _ in range(10):
        A, condition = graded(rng, d, 10.0)
        A = 0.5 * (A + A.T)
        with mpmath.workdps(60):
            exact = mpmath.eigsy(mpmath.matrix(A.tolist()), eigvals_only=True)
        exact = np.sort([float(x) for x in exact])
        ours = max(ours, np.max(np.abs(eigh(A)[0] / exact - 1.0)) / condition)
        lapack = max(lapack, np.max(np.abs(np.linalg.eigh(A)[0] / exact - 1.0)) / condition)
    assert ours < 10 * d * EPS
    assert lapack > 1e4 * 10 * d * EPS


@pytest.mark.parametrize("d", [3, 10])
def test_matrix_is_not_changed(d):
    A = symmetric(1, d)
    before = A.copy()
    eigh(A)
    np.testing.assert_array_equal(A, before)


def test_rotation_makes_one_entry_zero():
    """The rotated matrix is still similar to the first by the same orthogonal factor."""
    A = symmetric(3, 4)
    rotated, E = A.copy(), np.eye(4)
    rotate(rotated, E, 1, 3)
    assert rotated[1, 3] == rotated[3, 1] == 0.0
    np.testing.assert_allclose(E.T @ A @ E, rotated, atol=rounding(A))
    np.testing.assert_array_equal(rotated, rotated.T)


def test_columns_follow_their_values():
    values, E = np.array([2.0, 3.0, 1.0]), np.arange(9.0).reshape(3, 3)
    columns = {value: E[:, i].copy() for i, value in enumerate(values)}
    sort_columns(values, E)
    np.testing.assert_array_equal(values, [1.0, 2.0, 3.0])
    for i, value in enumerate(values):
        np.testing.assert_array_equal(E[:, i], columns[value])


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_congruence(seed, d):
    """``E^T A E`` by plain products, and symmetric to the last bit."""
    rng = np.random.default_rng(seed)
    A, E = symmetric(seed, d), rng.standard_normal((d, d))
    result = congruence(E, A)
    np.testing.assert_array_equal(result, result.T)
    # Two sums of d products each, bounded by the products of absolute values.
    bound = 2 * d * EPS * np.max(abs(E.T) @ abs(A) @ abs(E))
    np.testing.assert_allclose(result, E.T @ A @ E, atol=bound)
