"""The QR step: plain, shifted and with deflation, against LAPACK and by theorems.

Long: one piece; its steps are held to the same matrices.
"""

import mpmath
import numba
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, online_pca, qr_step
from refimpl.errors import NotFiniteError, NotSymmetricError, ShapeError
from refimpl.qr_step import shifted_qr_step, wilkinson

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 12)
SEEDS = st.integers(0, 2**32)
STEPS = (qr_step.qr_step, shifted_qr_step)


def with_spectrum(seed, values):
    """A symmetric matrix of this spectrum in random axes."""
    d = len(values)
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    H = (Q * np.asarray(values)) @ Q.T
    return 0.5 * (H + H.T)


def indefinite(seed, d, decades=2.0):
    rng = np.random.default_rng(seed)
    return with_spectrum(seed + 1, rng.choice([-1.0, 1.0], d) * 10.0 ** -rng.uniform(0, decades, d))


def largest_row_sum(H):
    return np.abs(H).sum(axis=1).max()


def rounding(H):
    """Of about d^2 plane rotations and two products, each with a few eps of the norm."""
    return 20 * H.shape[0] * EPS * np.linalg.norm(H, 2)


# One step


@EXAMPLES
@given(SEEDS, st.integers(1, 12))
def test_similar_by_an_orthogonal_factor(seed, d):
    """``Q^T Q = I``, ``rotated = Q^T H Q`` to the last symmetric bit, the spectrum preserved."""
    H = indefinite(seed, d)
    for step in STEPS:
        Q, rotated = step(H)
        np.testing.assert_allclose(Q.T @ Q, np.eye(d), atol=10 * d * EPS)
        np.testing.assert_allclose(rotated, Q.T @ H @ Q, atol=rounding(H))
        np.testing.assert_array_equal(rotated, rotated.T)
        np.testing.assert_allclose(
            np.linalg.eigvalsh(rotated), np.linalg.eigvalsh(H), atol=rounding(H)
        )


@EXAMPLES
@given(SEEDS, st.integers(1, 12))
def test_factor_with_positive_diagonal(seed, d):
    """``Q^T H`` is upper triangular with a positive diagonal, and ``R Q`` is the result."""
    H = indefinite(seed, d)
    for step, mu in zip(STEPS, (0.0, largest_row_sum(H)), strict=True):
        shifted = H + mu * np.eye(d)
        Q, rotated = step(H)
        R = Q.T @ shifted
        np.testing.assert_allclose(np.tril(R, -1), 0.0, atol=rounding(shifted))
        # The shift may bring an eigenvalue to 0; then its diagonal entry is rounding.
        assert np.all(np.diag(R) >= -rounding(shifted))
        np.testing.assert_allclose(R @ Q - mu * np.eye(d), rotated, atol=rounding(shifted))


@EXAMPLES
@given(SEEDS, st.integers(1, 12))
def test_equals_lapack(seed, d):
    """The factor is unique: LAPACK's reflections give it, once their signs are set."""
    H = indefinite(seed, d)
    Q, R = np.linalg.qr(H)
    atol = rounding(H) * np.linalg.norm(np.linalg.inv(H), 2)
    signs = np.copysign(1.0, np.diag(R))
    np.testing.assert_allclose(qr_step.qr_step(H).rotation, Q * signs, atol=atol)


@EXAMPLES
@given(SEEDS, st.integers(2, 10), st.integers(0, 9))
def test_singular_matrix(seed, d, rank):
    """A factor that is orthogonal all the same."""
    values = np.zeros(d)
    values[: min(rank, d - 1)] = np.random.default_rng(seed).uniform(0.5, 2.0, min(rank, d - 1))
    H = with_spectrum(seed, values)
    for step in STEPS:
        Q, rotated = step(H)
        np.testing.assert_allclose(Q.T @ Q, np.eye(d), atol=10 * d * EPS)
        np.testing.assert_allclose(np.linalg.eigvalsh(rotated), np.sort(values), atol=rounding(H))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("d", [1, 2, 5])
def test_zero_matrix(step, d):
    """``R_ii = 0`` counts as +1: nothing turns."""
    Q, rotated = step(np.zeros((d, d)))
    np.testing.assert_array_equal(Q, np.eye(d))
    np.testing.assert_array_equal(rotated, np.zeros((d, d)))


def test_one_dimension():
    """The sign of the curvature is the rotation; 0 counts as +1. Shifted, none is negative."""
    for value, sign in ((-3.0, -1.0), (0.0, 1.0), (2.0, 1.0)):
        H = np.array([[value]])
        assert qr_step.qr_step(H).rotation == sign
        assert qr_step.qr_step(H).rotated == value
        assert shifted_qr_step(H).rotation == 1.0
        assert shifted_qr_step(H).rotated == value


def test_diagonal_matrix():
    """Nothing but the signs of axes with negative curvature; none of them when shifted."""
    H = np.diag([3.0, -2.0, 0.0, 1.0])
    np.testing.assert_array_equal(qr_step.qr_step(H).rotation, np.diag([1.0, -1.0, 1.0, 1.0]))
    np.testing.assert_array_equal(shifted_qr_step(H).rotation, np.eye(4))
    for step in STEPS:
        np.testing.assert_array_equal(step(H).rotated, H)


@pytest.mark.parametrize("power", [-1060, -600, 600, 1000])
@pytest.mark.parametrize("step", STEPS)
def test_powers_of_two_change_nothing_but_the_scale(step, power):
    """Down to denormal entries, given that these are multiples of the smallest float."""
    H = np.round(indefinite(1, 4) * 2.0**12)
    scaled = step(H * 2.0**power)
    np.testing.assert_array_equal(scaled.rotation, step(H).rotation)
    # Denormal results are rounded to multiples of the smallest float.
    np.testing.assert_allclose(scaled.rotated, step(H).rotated * 2.0**power, rtol=0, atol=5e-324)


def test_the_opposite_matrix_turns_the_opposite_way():
    H = indefinite(2, 5)
    there, back = qr_step.qr_step(H), qr_step.qr_step(-H)
    np.testing.assert_array_equal(back.rotation, -there.rotation)
    np.testing.assert_array_equal(back.rotated, -there.rotated)


@EXAMPLES
@given(SEEDS, st.integers(1, 8))
def test_continuous_where_regular(seed, d):
    """A change of H by 1e-9 turns the axes by at most ``2 sqrt(d) cond`` times as much."""
    H = indefinite(seed, d)
    E = np.random.default_rng(seed).standard_normal((d, d))
    E = 0.5e-9 * (E + E.T)
    change = qr_step.qr_step(H + E).rotation - qr_step.qr_step(H).rotation
    bound = 2.0 * np.sqrt(d) * np.linalg.norm(np.linalg.inv(H), 2)
    assert np.linalg.norm(change) <= bound * (np.linalg.norm(E) + rounding(H))


def test_continuous_where_signs_of_lapack_jump():
    """Through a zero in the corner; LAPACK's own factor, the negative control, jumps by 2."""
    before, after = (np.array([[t, 1.0], [1.0, 0.5]]) for t in (-1e-9, 1e-9))
    jump = np.linalg.qr(after)[0] - np.linalg.qr(before)[0]
    assert np.abs(jump).max() > 1.9
    ours = qr_step.qr_step(after).rotation - qr_step.qr_step(before).rotation
    assert np.abs(ours).max() < 1e-8


# Many steps


@pytest.mark.parametrize("values", [[8.0, -4.0, 1.0, -0.2], [-5.0, 3.0, 2.0, 1.0]])
def test_off_diagonal_entries_shrink_by_the_ratio(values):
    """Entry (i, j) by ``|lambda_j / lambda_i|`` a step, seen between steps 12 and 16."""
    H = with_spectrum(3, values)
    history = [H]
    for _ in range(40):
        history.append(qr_step.qr_step(history[-1]).rotated)
    np.testing.assert_allclose(np.diag(history[-1]), values, rtol=1e-4)
    before, after = history[12], history[16]
    for i in range(4):
        for j in range(i + 1, 4):
            predicted = abs(values[j] / values[i])
            seen = abs(after[i, j] / before[i, j]) ** 0.25
            # The terms left out decay like the squares of the slowest ratio, 2/3.
            assert seen == pytest.approx(predicted, rel=(2 / 3) ** 12)


@pytest.mark.parametrize("values", [[5.0, 3.0, 1.0], [1.0, 0.2, -0.9], [-0.5, -1.0, -4.0]])
def test_shifted_entries_shrink_by_the_shifted_ratio(values):
    """``(lambda_j + mu) / (lambda_i + mu)``, the order being that of the signed values."""
    H = with_spectrum(4, values)
    for _ in range(25):
        H = shifted_qr_step(H).rotated
    np.testing.assert_allclose(np.diag(H), values, atol=1e-2)
    mu = largest_row_sum(H)
    after = shifted_qr_step(H).rotated
    for i in range(3):
        for j in range(i + 1, 3):
            if abs(H[i, j]) > 1e-9:
                predicted = (values[j] + mu) / (values[i] + mu)
                # First-order perturbation: the relative error is of the size of what is left.
                left = np.abs(np.triu(H, 1)).max()
                tolerance = 20 * left + 1e-5
                assert after[i, j] / H[i, j] == pytest.approx(predicted, abs=tolerance)


def test_price_and_gain_of_the_shift():
    """The numbers of the book: 1 and -0.9 with mu = 1, and the positive pair 2 and 1."""
    seen = {}
    for values in ((1.0, -0.9), (2.0, 1.0)):
        # An off-diagonal entry so small that its square plays no part.
        c, s = np.cos(1e-6), np.sin(1e-6)
        E = np.array([[c, -s], [s, c]])
        H = (E * values) @ E.T
        H = 0.5 * (H + H.T)
        seen[values] = [step(H).rotated[0, 1] / H[0, 1] for step in STEPS]
    # Unshifted, the axis of the negative eigenvalue is flipped, and the entry with it.
    np.testing.assert_allclose(seen[1.0, -0.9], [0.9, 0.05], rtol=1e-4)
    np.testing.assert_allclose(seen[2.0, 1.0], [0.5, 0.75], rtol=1e-4)


def test_symmetric_saddle_stays_for_ever():
    """The trap: its own orthogonal factor, to the last bit. One shifted step is the remedy."""
    saddle = np.array([[0.0, 1.0], [1.0, 0.0]])
    H = saddle
    for _ in range(1000):
        Q, H = qr_step.qr_step(H)
        np.testing.assert_array_equal(Q, saddle)
        np.testing.assert_array_equal(H, saddle)
    np.testing.assert_allclose(shifted_qr_step(saddle).rotated, np.diag([1.0, -1.0]), atol=4 * EPS)


@EXAMPLES
@given(SEEDS, st.integers(2, 8), st.integers(1, 7), st.floats(1e-3, 1e3))
def test_equal_moduli_are_a_fixed_point(seed, d, negative, modulus):
    """Whatever the axes: ``H^2 = c^2 I`` makes H / c its own orthogonal factor, ``R = c I``."""
    values = np.full(d, modulus)
    values[: min(negative, d - 1)] *= -1.0
    H = with_spectrum(seed, values)
    Q, rotated = qr_step.qr_step(H)
    np.testing.assert_allclose(Q, H / modulus, atol=20 * d * EPS)
    np.testing.assert_allclose(rotated, H, atol=rounding(H))


@EXAMPLES
@given(SEEDS, st.integers(1, 7))
def test_shifted_matrix_is_positive_semidefinite(seed, d):
    """Gershgorin, for the shift that the step takes: the least eigenvalue of ``R Q + mu I``."""
    H = indefinite(seed, d)
    mu = largest_row_sum(H)
    assert np.linalg.eigvalsh(H)[0] + mu >= -rounding(H)
    # The smallest such shift can be attained: equal moduli of one sign in every row.
    ones = -np.ones((d, d))
    np.testing.assert_allclose(np.linalg.eigvalsh(ones)[0] + largest_row_sum(ones), 0, atol=1e-13)


@EXAMPLES
@given(SEEDS)
def test_order_of_the_eigenvalues(seed):
    """By modulus without a shift, by sign and size with it."""
    values = np.array([-3.0, 2.0, -1.0, 0.4])
    plain = shifted = with_spectrum(seed, values)
    for _ in range(200):
        plain = qr_step.qr_step(plain).rotated
        shifted = shifted_qr_step(shifted).rotated
    np.testing.assert_allclose(np.diag(plain), values, atol=1e-10)
    np.testing.assert_allclose(np.diag(shifted), np.sort(values)[::-1], atol=1e-10)


def test_repeated_eigenvalues():
    """Their block is diagonal as soon as it is apart from the others."""
    for values in ([3.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [4.0, 4.0, -1.0, -1.0]):
        H = with_spectrum(6, values)
        for _ in range(60):
            H = shifted_qr_step(H).rotated
        np.testing.assert_allclose(H, np.diag(values), atol=1e-10)


def test_diagonal_after_one_step_is_not_the_spectrum():
    """The trap: entries of the diagonal are averages of eigenvalues, so too small at the top."""
    short = 0
    for seed in range(50):
        H = indefinite(seed, 5)
        for step in STEPS:
            diagonal = np.diag(step(H).rotated)
            values = np.linalg.eigvalsh(H)
            assert values[0] - rounding(H) <= diagonal.min()
            assert diagonal.max() <= values[-1] + rounding(H)
            short += np.abs(diagonal).max() < 0.99 * np.abs(values).max()
    assert short > 20


def test_follows_a_hessian_that_turns_slowly():
    """Off-diagonal entries settle at ``turn * gap * ratio / (1 - ratio)`` after a step.

    Turning by `turn` adds ``turn * gap`` to the entry, and a step leaves the share `ratio` of it.
    Turned too fast, it stays large.
    """
    values, left = np.array([2.0, 1.0]), {}
    for turn in (1e-3, 0.5):
        V, worst = np.eye(2), 0.0
        for t in range(200):
            c, s = np.cos(t * turn), np.sin(t * turn)
            E = np.array([[c, -s], [s, c]])
            truth = (E * values) @ E.T
            H = V @ truth @ V.T
            Q, rotated = qr_step.qr_step(0.5 * (H + H.T))
            V = qr_step.rotate_basis(Q, V)
            if t >= 100:
                worst = max(worst, abs(rotated[0, 1]))
        left[turn] = worst
    ratio, gap = 0.5, 1.0
    assert left[1e-3] == pytest.approx(ratio * 1e-3 * gap / (1.0 - ratio), rel=1e-2)
    assert left[0.5] > 0.2


# Basis and statistics


@EXAMPLES
@given(SEEDS, st.integers(1, 10))
def test_basis_and_statistics_turn_together(seed, d):
    """``V^T C V`` and ``V^T m`` in the large space do not change, for covariances of any kind."""
    rng = np.random.default_rng(seed)
    V = np.linalg.qr(rng.standard_normal((d + 4, d)))[0].T
    C, m = rng.standard_normal((d, d)), rng.standard_normal((d, 1))
    Q, _ = qr_step.qr_step(indefinite(seed, d))
    V_new = qr_step.rotate_basis(Q, V)
    atol = 100 * d * EPS
    np.testing.assert_allclose(V_new @ V_new.T, np.eye(d), atol=atol)
    turned = qr_step.rotate_statistics(Q, C)
    np.testing.assert_allclose(V_new.T @ turned @ V_new, V.T @ C @ V, atol=atol)
    np.testing.assert_allclose(V_new.T @ qr_step.rotate_basis(Q, m), V.T @ m, atol=atol)
    turned = qr_step.rotate_statistics(Q, C + C.T)
    np.testing.assert_array_equal(turned, turned.T)


# Wilkinson's shift


@EXAMPLES
@given(SEEDS, st.integers(1, 20))
def test_tridiagonal(seed, d):
    H = indefinite(seed, d)
    T, E = qr_step.tridiagonal(H)
    np.testing.assert_array_equal(T, np.triu(np.tril(T, 1), -1))
    np.testing.assert_array_equal(T, T.T)
    np.testing.assert_allclose(E.T @ E, np.eye(d), atol=10 * d * EPS)
    np.testing.assert_allclose(E @ T @ E.T, H, atol=rounding(H))


@EXAMPLES
@given(SEEDS, st.integers(1, 20), st.floats(0.0, 10.0))
def test_wilkinson_by_lapack(seed, d, decades):
    H = indefinite(seed, d, decades)
    values, E = wilkinson(H)
    np.testing.assert_allclose(values, scipy.linalg.eigvalsh(H), atol=rounding(H))
    np.testing.assert_allclose(E.T @ E, np.eye(d), atol=20 * d * EPS)
    np.testing.assert_allclose(H @ E, E * values, atol=rounding(H))


@pytest.mark.parametrize("seed", range(6))
def test_wilkinson_with_two_clusters(seed):
    """Shifts at eigenvalues of multiplicity 7: what rounding leaves off the band must not grow."""
    values = np.where(np.arange(15) < 7, -1.0, 1.0)
    H = with_spectrum(seed, values)
    found, E = wilkinson(H)
    np.testing.assert_allclose(found, values, atol=rounding(H))
    np.testing.assert_allclose(H @ E, E * found, atol=rounding(H))


@EXAMPLES
@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_wilkinson_shift_is_the_nearer_eigenvalue(a, b, c):
    """Of ``[[a, b], [b, c]]`` the one nearer to c; where both are as near, either."""
    values = np.linalg.eigvalsh(np.array([[a, b], [b, c]]))
    mu = qr_step._wilkinson_shift(a, b, c)
    assert np.abs(values - mu).min() <= 16 * EPS * 3.0
    assert abs(mu - c) <= np.abs(values - c).min() + 32 * EPS * 3.0


def test_wilkinson_in_multiple_precision():
    """Wilkinson's own matrix W21+, whose largest eigenvalues agree to 14 digits."""
    H = np.diag(np.abs(np.arange(-10.0, 11.0))) + np.diag(np.ones(20), 1) + np.diag(np.ones(20), -1)
    with mpmath.workdps(40):
        exact = sorted(mpmath.eigsy(mpmath.matrix(H.tolist()), eigvals_only=True))
        assert 0 < exact[-1] - exact[-2] < 1e-13
    np.testing.assert_allclose(wilkinson(H)[0], [float(v) for v in exact], atol=rounding(H))


@pytest.mark.parametrize(
    "H",
    [
        np.zeros((3, 3)),
        np.eye(4),
        np.diag([1.0, -1.0, 1.0, -1.0]),
        np.fliplr(np.eye(6)).copy(),
        np.ones((5, 5)),
        np.kron(np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])),
        np.diag([0.0, 0.0, 1.0]) + 1e-200 * np.fliplr(np.eye(3)) + 1e-200 * np.eye(3)[[1, 0, 2]],
    ],
)
def test_wilkinson_where_the_plain_step_is_trapped(H):
    values, E = wilkinson(H)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(H), atol=rounding(H) + EPS)
    np.testing.assert_allclose(E * values @ E.T, H, atol=rounding(H) + EPS)


@pytest.mark.parametrize("scale", [2.0**-1060, 2.0**1000])
def test_wilkinson_at_extreme_scales(scale):
    H = np.round(indefinite(7, 4) * 2.0**12)
    values, E = wilkinson(H)
    scaled, same = wilkinson(H * scale)
    np.testing.assert_array_equal(same, E)
    np.testing.assert_allclose(scaled, values * scale, rtol=0, atol=5e-324)


# The boundary


ALL = (*STEPS, wilkinson, qr_step.tridiagonal)


@pytest.mark.parametrize("step", ALL)
def test_wrong_input(step):
    for bad in (np.ones(2), np.ones((2, 3)), np.empty((0, 0))):
        with pytest.raises(ShapeError, match="qr_step"):
            step(bad)
    for bad in (np.nan, np.inf, -np.inf):
        H = np.eye(2)
        H[1, 1] = bad
        with pytest.raises(NotFiniteError, match="finite"):
            step(H)
    with pytest.raises(NotFiniteError, match="overflow"):
        step(np.full((2, 2), 1e308))
    with pytest.raises(NotSymmetricError, match="symmetric"):
        step(np.array([[1.0, 2.0], [2.1, 1.0]]))


def test_what_rounding_does_to_symmetry_is_no_error():
    H = indefinite(8, 4)
    noisy = H + 10 * EPS * np.random.default_rng(0).standard_normal((4, 4))
    expected = qr_step.qr_step(0.5 * (noisy + noisy.T))
    np.testing.assert_allclose(qr_step.qr_step(noisy).rotated, expected.rotated, atol=4 * EPS)


def test_wrong_input_of_the_rotations():
    Q = np.eye(2)
    for rotation, other in ((Q, np.ones((3, 2))), (np.ones((2, 3)), Q), (np.ones(2), Q)):
        for rotate in (qr_step.rotate_basis, qr_step.rotate_statistics):
            with pytest.raises(ShapeError, match="rotation"):
                rotate(rotation, other)
    for rotate in (qr_step.rotate_basis, qr_step.rotate_statistics):
        with pytest.raises(NotFiniteError, match="finite"):
            rotate(Q, np.full((2, 2), np.nan))
        with pytest.raises(NotFiniteError, match="rotation must be finite"):
            rotate(np.full((2, 2), np.inf), Q)


def test_inputs_are_not_changed():
    H = indefinite(9, 4)
    before = H.copy()
    for step in ALL:
        step(H)
    np.testing.assert_array_equal(H, before)


def test_called_alike_from_compiled_code():
    @numba.njit
    def caller(H):
        return qr_step.qr_step(H).rotated, shifted_qr_step(H).rotation

    H = indefinite(10, 3)
    rotated, rotation = caller(H)
    np.testing.assert_array_equal(rotated, qr_step.qr_step(H).rotated)
    np.testing.assert_array_equal(rotation, shifted_qr_step(H).rotation)


@EXAMPLES
@given(SEEDS, st.integers(1, 8), st.integers(0, 20))
def test_injection_and_rotation_are_one_pass(seed, d, more):
    """``A V + b x^T`` with `A` and `b` of size d equals injection followed by rotation."""
    rng = np.random.default_rng(seed)
    V = online_pca.orthonormalize(rng.standard_normal((d, d + more)))
    x, turn = rng.standard_normal(d + more), 0.5
    rotation = qr_step.qr_step(indefinite(seed, d)).rotation
    expected = qr_step.rotate_basis(rotation, online_pca.inject_by_gram(V, x, turn))
    one, u = np.ones(d), V @ x
    G = np.eye(d) + turn * (np.outer(u, one) + np.outer(one, u)) + turn**2 * (x @ x)
    A = rotation.T @ np.linalg.inv(np.linalg.cholesky(G))
    # Both lose digits with the condition of the Gram matrix, about (1 + turn |x|)^2 d.
    slack = 64 * d * EPS * np.linalg.cond(G)
    np.testing.assert_allclose(A @ V + np.outer(turn * A @ one, x), expected, atol=slack)


def test_operations_of_a_factorization_by_rotations(monkeypatch):
    """Chapter "The QR step": d (d - 1) / 2 pairs of rows of R and of Q, 6 d operations a pair."""
    from refimpl import qr_step as module

    pairs = []
    monkeypatch.setattr(module, "_rotate_rows", lambda A, p, q, c, s: pairs.append(A.shape[1]))
    whole = getattr(module.orthogonal_factor, "py_func", None)
    d = 12
    H = np.random.default_rng(0).standard_normal((d, d))
    if whole is None:
        pytest.skip("no uncompiled form")
    whole(H)
    assert len(pairs) == d * (d - 1)
    assert 0.9 < 6 * sum(pairs) / (2 * 3 * d**3) < 1.0
