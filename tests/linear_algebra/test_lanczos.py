import numpy as np
import pytest
import scipy.sparse.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.errors import NotFiniteError, RangeError, ShapeError
from refimpl.functions import random_rotation
from refimpl.linear_algebra.lanczos import lanczos

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60)


def symmetric(rng, spectrum):
    R = random_rotation(rng, len(spectrum))
    H = R.T @ (np.asarray(spectrum)[:, None] * R)
    return 0.5 * (H + H.T), R


def product(H):
    return lambda v: H @ v


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 30))
def test_definition(seed, D, k):
    """Orthonormal rows from the start, spanning the Krylov subspace, with `T` the `H` in them."""
    rng = np.random.default_rng(seed)
    H, _ = symmetric(rng, rng.standard_normal(D))
    s = rng.standard_normal(D)
    V, T = lanczos(product(H), s, k)
    assert V.shape == (min(k, D), D)
    # Two passes leave each inner product at the rounding of a sum of D terms.
    np.testing.assert_allclose(V @ V.T, np.eye(len(V)), rtol=0, atol=8 * D * EPS)
    tolerance = 16 * D * EPS * np.linalg.norm(H, 2)
    np.testing.assert_allclose(V @ H @ V.T, T, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(T, np.triu(np.tril(T, 1), -1))
    np.testing.assert_array_equal(T, T.T)
    assert (np.diag(T, 1) > 0.0).all()
    np.testing.assert_allclose(V[0], s / np.linalg.norm(s), rtol=0, atol=4 * D * EPS)
    # H leads from each row into the span of the rows up to the next: the subspace is Krylov's.
    residual = H @ V.T - V.T @ T
    assert np.linalg.norm(residual[:, :-1]) <= tolerance * np.sqrt(D)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_span_of_powers(k):
    """The subspace of ``s, H s, ..., H^{k-1} s``, from the powers themselves."""
    rng = np.random.default_rng(k)
    H, _ = symmetric(rng, [1.0, -2.0, 3.0, -4.0, 5.0, 6.0, 0.5])
    s = rng.standard_normal(7)
    powers = np.array([np.linalg.matrix_power(H, j) @ s for j in range(k)])
    powers /= np.linalg.norm(powers, axis=1, keepdims=True)
    Q = np.linalg.qr(powers.T)[0]
    V = lanczos(product(H), s, k).basis
    # The powers are as ill-conditioned as they are: QR loses that factor.
    tolerance = 16 * EPS * np.linalg.cond(powers)
    np.testing.assert_allclose(V.T @ V, Q @ Q.T, rtol=0, atol=tolerance)


def test_ritz_values_against_arpack():
    """Extreme Ritz values agree with ARPACK's converged eigenvalues, from the same start."""
    rng = np.random.default_rng(4)
    inner = rng.uniform(-1.0, 1.0, 194)
    H, _ = symmetric(rng, np.r_[inner, -5.0, -4.0, 6.0, 7.0, 9.0, 12.0])
    s = rng.standard_normal(200)
    T = lanczos(product(H), s, 60).T
    expected = scipy.sparse.linalg.eigsh(
        H, k=6, which="LM", v0=s, tol=1e-13, return_eigenvectors=False
    )
    ritz = np.linalg.eigvalsh(T)
    largest = np.sort(ritz[np.argsort(-abs(ritz))[:6]])
    # At this gap 60 steps reduce the error of the outer values below rounding (Kaniel, Paige).
    np.testing.assert_allclose(largest, np.sort(expected), rtol=0, atol=200 * EPS * 12.0)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_ritz_values_interlace(seed, k):
    """Ritz values lie between the eigenvalues, and those of k + 1 rows enclose those of k."""
    rng = np.random.default_rng(seed)
    spectrum = np.sort(rng.standard_normal(13))
    H, _ = symmetric(rng, spectrum)
    s = rng.standard_normal(13)
    inner = np.linalg.eigvalsh(lanczos(product(H), s, k).T)
    outer = np.linalg.eigvalsh(lanczos(product(H), s, k + 1).T)
    slack = 200 * EPS * abs(spectrum).max()
    assert (outer[:-1] <= inner + slack).all()
    assert (inner <= outer[1:] + slack).all()
    assert spectrum[0] - slack <= outer[0]
    assert outer[-1] <= spectrum[-1] + slack


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_breakdown(seed, m):
    """A start of `m` eigenvectors spans an invariant subspace: `m` rows, whatever was asked for."""
    rng = np.random.default_rng(seed)
    spectrum = np.array([3.0, -2.0, 1.0, -1.5, 0.5, 5.0, 4.0, 2.5])
    H, R = symmetric(rng, spectrum)
    chosen = rng.permutation(8)[:m]
    s = rng.choice([-1.0, 1.0], m) @ R[chosen]
    V, T = lanczos(product(H), s, 8)
    # Rounding may add a row that means nothing; then T splits there.
    if len(V) > m:
        assert T[m, m - 1] < 1e-10
    np.testing.assert_allclose(
        np.linalg.eigvalsh(T[:m, :m]), np.sort(spectrum[chosen]), rtol=0, atol=1e4 * EPS * 5.0
    )
    np.testing.assert_allclose(V @ V.T, np.eye(len(V)), rtol=0, atol=100 * EPS)


def test_breakdown_is_exact_on_the_axes():
    """No rounding, no spare rows: one for each different eigenvalue that the start meets."""
    H = np.diag([2.0, 2.0, 2.0, 5.0, 5.0, -1.0])
    for s, values in (
        ([1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [2.0]),
        ([3.0, 4.0, 0.0, 0.0, 0.0, 0.0], [2.0]),
        ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [2.0, 5.0]),
        ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [-1.0, 2.0, 5.0]),
    ):
        V, T = lanczos(product(H), np.array(s), 6)
        assert V.shape == (len(values), 6)
        np.testing.assert_allclose(np.linalg.eigvalsh(T), values, rtol=0, atol=100 * EPS)


def test_zero_start():
    V, T = lanczos(product(np.eye(3)), np.zeros(3), 2)
    assert (V.shape, T.shape) == ((0, 3), (0, 0))


def test_zero_curvature():
    V, T = lanczos(lambda v: 0.0 * v, np.array([0.0, 2.0]), 2)
    np.testing.assert_array_equal(V, [[0.0, 1.0]])
    np.testing.assert_array_equal(T, [[0.0]])


def test_one_dimension():
    V, T = lanczos(lambda v: -3.0 * v, np.array([-4.0]), 10)
    np.testing.assert_array_equal(V, [[-1.0]])
    np.testing.assert_array_equal(T, [[-3.0]])


def test_repeated_eigenvalues():
    """At most one row for each different eigenvalue carries curvature."""
    rng = np.random.default_rng(8)
    H, _ = symmetric(rng, np.repeat([1.0, -3.0, 7.0], 5))
    _, T = lanczos(product(H), rng.standard_normal(15), 3)
    np.testing.assert_allclose(np.linalg.eigvalsh(T), [-3.0, 1.0, 7.0], rtol=0, atol=1e3 * EPS)


def three_term(H, start, k):
    """The bare recursion, as a negative control."""
    rows, size = [start / np.linalg.norm(start)], 0.0
    for _ in range(k - 1):
        w = H @ rows[-1] - (size * rows[-2] if len(rows) > 1 else 0.0)
        w = w - (rows[-1] @ w) * rows[-1]
        size = np.linalg.norm(w)
        rows.append(w / size)
    return np.array(rows)


def test_orthogonal_where_the_bare_recursion_is_not():
    """A converged eigenvalue ruins the three-term recursion and leaves ours alone."""
    rng = np.random.default_rng(2)
    H, _ = symmetric(rng, np.geomspace(1e-3, 1e3, 100))
    s = rng.standard_normal(100)
    bare = three_term(H, s, 80)
    V = lanczos(product(H), s, 80).basis
    assert abs(V @ V.T - np.eye(80)).max() < 100 * EPS
    assert abs(bare @ bare.T - np.eye(80)).max() > 0.1


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_only_the_direction_of_the_start_counts(scale):
    rng = np.random.default_rng(6)
    H, _ = symmetric(rng, [1.0, -2.0, 3.0])
    s = np.array([1.0, -0.5, 0.25])
    expected, found = lanczos(product(H), s, 3), lanczos(product(H), scale * s, 3)
    np.testing.assert_allclose(found.basis, expected.basis, rtol=0, atol=1e3 * EPS)
    np.testing.assert_allclose(found.T, expected.T, rtol=0, atol=1e3 * EPS)


def test_one_product_for_each_row_and_no_aliasing():
    """The callable may scribble on what it is handed, and the start stays as it was."""
    H, s, calls = np.diag([1.0, 2.0, 3.0, 4.0]), np.ones(4), []

    def scribbling(v):
        result = H @ v
        calls.append(v.copy())
        v[:] = np.nan
        return result

    V, T = lanczos(scribbling, s, 3)
    np.testing.assert_array_equal(s, np.ones(4))
    np.testing.assert_array_equal(np.array(calls), V)
    np.testing.assert_allclose(T, V @ H @ V.T, rtol=0, atol=100 * EPS)


@pytest.mark.parametrize("start", [np.ones((2, 1)), np.empty(0), 3.0])
def test_start_of_wrong_shape(start):
    with pytest.raises(ShapeError, match="start of shape"):
        lanczos(lambda v: v, start, 1)


def test_start_not_finite():
    with pytest.raises(NotFiniteError, match="finite start"):
        lanczos(lambda v: v, np.array([1.0, np.nan]), 1)


@pytest.mark.parametrize("k", [0, -1])
def test_no_rows(k):
    with pytest.raises(RangeError, match="k >= 1"):
        lanczos(lambda v: v, np.ones(2), k)


def test_bad_product():
    with pytest.raises(ShapeError, match=r"expected H v of shape \(2,\), got \(3,\)"):
        lanczos(lambda v: np.ones(3), np.ones(2), 1)
    with pytest.raises(NotFiniteError, match="finite H v"):
        lanczos(lambda v: v * np.nan, np.ones(2), 1)
