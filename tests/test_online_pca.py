"""Online PCA: each rule by its definition, its invariances, hard and wrong input.

Long: one piece; its rules are held to the same definitions.
"""

import mpmath
import numba
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from refimpl import online_pca
from refimpl.errors import NotFiniteError, RangeError, ShapeError
from refimpl.online_pca import inject, inject_by_gram, oja, orthonormalize
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


def turned_exactly(V, x, strengths):
    """``orth(V + strengths x^T)`` with 80 digits; `strengths` takes rows of mpmath and `x`."""
    with mpmath.workdps(80):
        rows = [[mpmath.mpf(float(a)) for a in row] for row in V]
        x = [mpmath.mpf(float(a)) for a in x]
        return exact_basis(
            [
                [a + s * b for a, b in zip(row, x, strict=True)]
                for row, s in zip(rows, strengths(rows, x), strict=True)
            ]
        )


def problem(seed, d, D):
    rng = np.random.default_rng(seed)
    return by_lapack(rng.standard_normal((d, D))), rng.standard_normal(D)


# Oja and injection


@EXAMPLES
@given(SEEDS, SIZES, st.floats(0.0, 3.0))
def test_oja_by_lapack(seed, size, gamma):
    V, x = problem(seed, *size)
    W = V + gamma * np.outer(V @ x, x)
    np.testing.assert_allclose(oja(V, x, gamma), by_lapack(W), atol=40 * EPS * np.linalg.cond(W))


@EXAMPLES
@given(SEEDS, SIZES, st.floats(0.0, 3.0))
def test_injection_by_lapack(seed, size, turn):
    V, x = problem(seed, *size)
    W = V + turn * x
    atol = 40 * size[0] * EPS * np.linalg.cond(W)
    np.testing.assert_allclose(inject(V, x, turn), by_lapack(W), atol=atol)


@pytest.mark.parametrize("lean", [1e-8, 1.0, 1e2, 1e4, 1e8, 1e12, 1e20])
def test_no_digit_is_lost_to_a_long_gradient(lean):
    """Against 80 digits, at any length of the gradient.

    Negative control: LAPACK applied to the sum as floats has lost digits of `V` from 1e8 on.
    """
    for seed in range(5):
        V, x = problem(seed, 3, 6)
        x /= np.linalg.norm(x)
        exact = turned_exactly(V, lean * x, lambda rows, x: [1] * len(rows))
        np.testing.assert_allclose(inject(V, lean * x, 1.0), exact, atol=200 * EPS)
        if 1e8 <= lean <= 1e12:
            assert np.abs(by_lapack(V + lean * x) - exact).max() > 1e-2 * lean * EPS
        exact = turned_exactly(
            V, x, lambda rows, x: [mpmath.mpf(lean) * mpmath.fdot(r, x) for r in rows]
        )
        # Oja's weights V x are differences of products; their rounding counts relative to |V x|.
        cancelled = 1.0 / np.abs(V @ x).min()
        np.testing.assert_allclose(oja(V, x, lean), exact, atol=200 * EPS * cancelled)


@pytest.mark.parametrize("rule", [oja, inject])
def test_start_as_drawn(rule):
    """[D]'s start, uniform in [0, 0.001): no orthonormality is needed, and none is made first."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        V, x = 1e-3 * rng.random((2, 3)), rng.standard_normal(3)
        strengths = {
            oja: lambda rows, x: [mpmath.mpf(0.5) * mpmath.fdot(row, x) for row in rows],
            inject: lambda rows, x: [mpmath.mpf(0.5)] * len(rows),
        }[rule]
        exact = turned_exactly(V, x, strengths)
        # The rows of V, all positive, are somewhat parallel.
        atol = 100 * EPS * np.linalg.cond(V) ** 2
        np.testing.assert_allclose(rule(V, x, 0.5), exact, atol=atol)
        if rule is inject:
            first = inject(orthonormalize(V), x, 0.5)
            assert np.abs(first - exact).max() > 0.01


@pytest.mark.parametrize("rule", [oja, inject])
@pytest.mark.parametrize(("d", "D"), [(1, 1), (1, 4), (3, 5), (4, 4)])
def test_zero_gradient(rule, d, D):
    """An orthonormal basis stays, any other is orthonormalised."""
    V, _ = problem(2, d, D)
    np.testing.assert_allclose(rule(V, np.zeros(D), 0.7), V, atol=8 * EPS)
    W = np.random.default_rng(3).standard_normal((d, D))
    atol = 40 * EPS * np.linalg.cond(W)
    np.testing.assert_allclose(rule(W, np.zeros(D), 0.7), by_lapack(W), atol=atol)
    np.testing.assert_allclose(rule(V, np.ones(D), 0.0), V, atol=8 * EPS)


def test_oja_ignores_what_it_does_not_share():
    V = np.eye(2, 4)
    np.testing.assert_array_equal(oja(V, np.array([0.0, 0.0, 3.0, -1.0]), 5.0), V)


@EXAMPLES
@given(SEEDS, SIZES, st.floats(0.01, 10.0))
def test_new_rows_lie_in_the_old_span_and_the_gradient(seed, size, strength):
    """Only one direction is new: at most one principal angle is not 0."""
    V, x = problem(seed, *size)
    basis = scipy.linalg.orth(np.vstack([V, x]).T).T
    for rule in (oja, inject):
        new = rule(V, x, strength)
        assert_orthonormal(new)
        np.testing.assert_allclose(new @ basis.T @ basis, new, atol=100 * size[1] * EPS)


@EXAMPLES
@given(SEEDS, SIZES, st.floats(0.01, 10.0))
def test_rules_turn_with_the_coordinates(seed, size, strength):
    V, x = problem(seed, *size)
    R = rotation(seed, size[1])
    for rule in (oja, inject):
        # Small determinants of the map magnify rounding, as its condition number says.
        lean = V @ x if rule is oja else np.ones(size[0])
        condition = np.linalg.cond(V + strength * np.outer(lean, x))
        np.testing.assert_allclose(
            rule(V @ R, x @ R, strength),
            rule(V, x, strength) @ R,
            atol=40 * size[1] * EPS * condition**2,
        )


@pytest.mark.parametrize("power", [-500, -40, 40, 500])
def test_units_of_the_gradient(power):
    """``turn`` is in 1 / units, ``gamma`` in 1 / units^2: no bit changes with the unit."""
    V, x = problem(4, 3, 6)
    s = 2.0**power
    np.testing.assert_array_equal(inject(V, s * x, 0.3 / s), inject(V, x, 0.3))
    np.testing.assert_array_equal(oja(V, s * x, 0.3 / s / s), oja(V, x, 0.3))


@pytest.mark.parametrize("rule", [oja, inject])
@pytest.mark.parametrize("length", [5e-324, 1e-300, 1e300, np.finfo(np.float64).max])
@pytest.mark.parametrize("strength", [5e-324, 1.0, np.finfo(np.float64).max])
def test_extreme_scales_stay_orthonormal(rule, length, strength):
    V, _ = problem(5, 2, 4)
    for basis in (V, 1e-310 * V, 1e307 * V):
        assert_orthonormal(rule(basis, np.full(4, length), strength))


def test_a_long_gradient_takes_the_first_row_and_leaves_the_differences():
    """The limit: ``x``, then the differences of the rows of `V`, orthonormalised."""
    V, x = problem(6, 3, 6)
    expected = by_lapack(np.vstack([x, V[1] - V[0], V[2] - V[0]]))
    np.testing.assert_allclose(inject(V, x, 1e200), expected, atol=40 * EPS)


def test_rank_collapse_keeps_the_old_direction():
    """``V + turn x = 0``: nothing is left of the row, and the old one takes its place."""
    v = np.array([[0.6, 0.8]])
    np.testing.assert_allclose(inject(v, -v[0], 1.0), v, atol=EPS)
    # Two rows in the plane, turned onto one line: 1 + turn (u_1 + u_2) = 0.
    V = np.eye(2)
    new = inject(V, np.array([-0.25, -0.75]), 1.0)
    expected = by_lapack(np.array([[0.75, -0.75], [1.0, 0.0]]))
    np.testing.assert_allclose(new, expected, atol=4 * EPS)


@EXAMPLES
@given(SEEDS)
def test_a_row_that_cancels_leaves_no_rounding_behind(seed):
    """``V_0 + turn x = 0`` up to rounding: the result stays in the span of `V`."""
    V = orthonormalize(np.random.default_rng(seed).standard_normal((3, 6)))
    new = inject(V, -V[0], 1.0)
    np.testing.assert_allclose(new @ V.T @ V, new, atol=64 * EPS)
    np.testing.assert_allclose(new @ new.T, np.eye(3), atol=16 * EPS)


@EXAMPLES
@given(SEEDS, st.integers(1, 6), st.floats(-2.0, 2.0))
def test_full_space(seed, d, log_turn):
    """``d = D``: the basis stays a basis of everything, whatever the sign of the determinant."""
    V, x = problem(seed, d, d)
    for rule in (oja, inject):
        assert_orthonormal(rule(V, x, 10.0**log_turn))


def test_one_row():
    v, x = np.array([[0.6, 0.8]]), np.array([2.0, -1.0])
    for rule, lean in ((oja, 0.3 * 0.4), (inject, 0.3)):
        w = v[0] + lean * x
        np.testing.assert_allclose(rule(v, x, 0.3), [w / np.linalg.norm(w)], atol=4 * EPS)


# The Gram matrix that is known beforehand


@EXAMPLES
@given(SEEDS, SIZES, st.floats(0.0, 3.0))
def test_gram_route_is_the_same_map(seed, size, turn):
    V, x = problem(seed, *size)
    condition = np.linalg.cond(V + turn * x)
    np.testing.assert_allclose(
        inject_by_gram(V, x, turn), inject(V, x, turn), atol=100 * EPS * condition**2
    )


@pytest.mark.parametrize(
    ("lean", "least", "most"), [(1.0, 0.0, 1e-14), (1e2, 1e-14, 1e-10), (1e4, 1e-10, 1e-5)]
)
def test_gram_route_loses_orthonormality(lean, least, most):
    """The trap: an error of about ``(turn |x|)^2 eps``, median of 20 draws, none in `inject`."""
    errors = []
    for seed in range(20):
        V, x = problem(seed, 5, 50)
        V_new = inject_by_gram(V, x / np.linalg.norm(x), lean)
        errors.append(np.abs(V_new @ V_new.T - np.eye(5)).max())
        assert_orthonormal(inject(V, x / np.linalg.norm(x), lean))
    assert least <= np.median(errors) <= most


def test_gram_route_fails_by_name():
    """From about 1e8 on, whether a pivot is positive is a matter of rounding; at last none is."""
    V, _ = problem(0, 2, 50)
    x = (V[0] + 0.5 * V[1]) / np.sqrt(1.25)
    with pytest.raises(RangeError, match="positive definite"):
        inject_by_gram(V, x, 1e60)
    failed = 0
    for seed in range(20):
        V, x = problem(seed, 5, 50)
        try:
            inject_by_gram(V, x / np.linalg.norm(x), 1e9)
        except RangeError:
            failed += 1
    assert failed >= 10


# Transport


@EXAMPLES
@given(SEEDS, SIZES)
def test_transport_is_a_projection_in_the_large_space(seed, size):
    """``V_new^T C' V_new = Pi V_old^T C V_old Pi`` with the projector `Pi` on the new span."""
    rng = np.random.default_rng(seed)
    V_old, V_new = (by_lapack(rng.standard_normal(size)) for _ in range(2))
    C = rng.standard_normal((size[0], size[0]))
    carried = online_pca.transport(V_old, V_new, C)
    Pi = V_new.T @ V_new
    np.testing.assert_allclose(
        V_new.T @ carried @ V_new,
        Pi @ V_old.T @ C @ V_old @ Pi,
        atol=20 * size[1] * EPS * np.linalg.norm(C),
    )
    covariance = C @ C.T
    covariance = 0.5 * (covariance + covariance.T)
    carried = online_pca.transport(V_old, V_new, covariance)
    np.testing.assert_array_equal(carried, carried.T)


@EXAMPLES
@given(SEEDS, st.integers(1, 8))
def test_transport_within_a_span_equals_the_statistics_anew(seed, d):
    """Only the axes turn: the covariance of the data in the new coordinates, and back again."""
    rng = np.random.default_rng(seed)
    V_old = by_lapack(rng.standard_normal((d, d + 3)))
    V_new = rotation(seed, d) @ V_old
    data = rng.standard_normal((40, d + 3))
    old, new = ((V @ (data - data.mean(axis=0)).T) for V in (V_old, V_new))
    carried = online_pca.transport(V_old, V_new, old @ old.T / 40)
    np.testing.assert_allclose(carried, new @ new.T / 40, atol=1000 * d * EPS)
    back = online_pca.transport(V_new, V_old, carried)
    np.testing.assert_allclose(back, old @ old.T / 40, atol=1000 * d * EPS)


# The exact reference


@EXAMPLES
@given(SEEDS, st.integers(1, 6), st.floats(0.05, 1.0))
def test_second_moment_is_the_weighted_sum(seed, D, beta):
    x = np.random.default_rng(seed).standard_normal((25, D))
    moment = np.zeros((D, D))
    for row in x:
        moment = online_pca.second_moment(moment, row, beta)
    weights = beta * (1.0 - beta) ** np.arange(25)[::-1]
    np.testing.assert_allclose(moment, (weights[:, None] * x).T @ x, atol=50 * EPS * (x**2).max())


@EXAMPLES
@given(SEEDS, SIZES)
def test_leading_directions_by_singular_vectors(seed, size):
    """The right singular vectors of the data, the longest first, with a fixed sign."""
    d, D = size
    data = np.random.default_rng(seed).standard_normal((2 * D, D)) * 1.5 ** np.arange(D)
    moment = data.T @ data
    V = online_pca.leading_directions(moment, d)
    assert_orthonormal(V)
    singular = np.linalg.svd(data)[2][:d]
    values = np.linalg.eigvalsh(moment)
    gap = np.min(np.diff(values), initial=np.inf)
    overlap = np.abs(np.sum(V * singular, axis=1))
    np.testing.assert_allclose(overlap, 1.0, atol=100 * D * EPS * values[-1] / gap)
    assert np.all(V[np.arange(d), np.abs(V).argmax(axis=1)] > 0.0)


@EXAMPLES
@given(SEEDS, SIZES)
def test_explained_energy_is_the_squared_cosine(seed, size):
    V, x = problem(seed, *size)
    angle = scipy.linalg.subspace_angles(V.T, x[:, None])[0]
    np.testing.assert_allclose(online_pca.explained_energy(V, x), np.cos(angle) ** 2, atol=40 * EPS)


@pytest.mark.parametrize("length", [5e-324, 1e-200, 1e200, 1e308])
def test_explained_energy_at_any_scale(length):
    x = np.array([length, length])
    np.testing.assert_allclose(online_pca.explained_energy(np.eye(1, 2), x), 0.5, rtol=4 * EPS)


def test_explained_energy_of_nothing():
    assert online_pca.explained_energy(np.eye(1, 2), np.zeros(2)) == 0.0


@EXAMPLES
@given(SEEDS, SIZES)
def test_principal_angles_by_singular_values(seed, size):
    rng = np.random.default_rng(seed)
    V, U = (by_lapack(rng.standard_normal(size)) for _ in range(2))
    cosines = np.clip(np.linalg.svd(V @ U.T)[1], 0.0, 1.0)
    # The cosine determines small angles to the root of eps only.
    np.testing.assert_allclose(
        online_pca.principal_angles(V, U)[::-1], np.arccos(cosines), atol=4 * np.sqrt(size[1] * EPS)
    )


# Convergence


@numba.njit
def stationary(V, root, noise, gamma, rule):
    """Mean squared sine against the first axis over the second half of a run with d = 1."""
    steps = noise.shape[0]
    total = 0.0
    for t in range(steps):
        V = rule(V, root * noise[t], gamma)
        if t >= steps // 2:
            total += 1.0 - V[0, 0] ** 2
    return total / (steps - steps // 2)


@pytest.mark.parametrize("at_length", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_oja_converges_to_the_leading_direction(at_length, size):
    """Stationary error against the linearised theory, and a rule that does not converge.

    For small `gamma` the component along axis `j` is an autoregression with decay
    ``gamma (lambda_1 - lambda_j)`` and noise of variance ``gamma^2 lambda_1 lambda_j``, so the mean
    squared sine is ``gamma/2 sum_j lambda_1 lambda_j / (lambda_1 - lambda_j)``. Runs are
    independent, and their spread gives the standard error of the mean. The theory leaves out terms
    of relative order ``gamma lambda_1 = 0.01``, times a number of order 1: 5 per cent are allowed
    for them. Six standard errors more: false alarms below 1e-8.
    """
    spectrum, gamma = np.array([1.0, 0.5, 0.25, 0.1]), 0.01
    predicted = 0.5 * gamma * np.sum(spectrum[0] * spectrum[1:] / (spectrum[0] - spectrum[1:]))
    runs, steps = (size(100, 4), size(6000, 1500)) if at_length else (4, 1500)
    # Compiled, it takes seconds before its first step.
    found = stationary if at_length else getattr(stationary, "py_func", stationary)
    rng = np.random.default_rng(11)

    def measure(rule, strength):
        values = [
            found(np.eye(1, 4), np.sqrt(spectrum), rng.standard_normal((steps, 4)), strength, rule)
            for _ in range(runs)
        ]
        return np.mean(values), np.std(values, ddof=1) / np.sqrt(runs)

    mean, error = measure(oja, gamma)
    assert abs(mean - predicted) < 0.05 * predicted + 6.0 * error
    # Injection turns toward the newest gradient and not toward the subspace: five times as far off.
    mean, error = measure(inject, 0.3)
    assert mean - 6.0 * error > 5.0 * predicted


# The boundary


@pytest.mark.parametrize("rule", [oja, inject, inject_by_gram])
def test_wrong_input(rule):
    V, x = np.eye(2, 3), np.ones(3)
    for bad in (np.ones((3, 2)), np.ones((0, 3)), np.ones(3)):
        with pytest.raises(ShapeError, match="d <= D"):
            rule(bad, np.ones(bad.shape[-1]), 0.1)
    for bad in (np.ones(2), np.ones((1, 3))):
        with pytest.raises(ShapeError, match="online_pca"):
            rule(V, bad, 0.1)
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(NotFiniteError, match="gradient x"):
            rule(V, np.array([1.0, bad, 0.0]), 0.1)
        with pytest.raises(NotFiniteError, match="V must be finite"):
            rule(np.array([[1.0, bad, 0.0]]), x, 0.1)
    for bad in (-1e-9, np.nan, np.inf):
        with pytest.raises(RangeError, match="gamma and turn"):
            rule(V, x, bad)


def test_wrong_input_of_the_others():
    for bad in (np.ones((3, 2)), np.ones(3), np.empty((0, 2))):
        with pytest.raises(ShapeError, match="d <= D"):
            orthonormalize(bad)
    with pytest.raises(NotFiniteError, match="finite"):
        orthonormalize(np.array([[np.nan, 1.0]]))
    V = np.eye(2, 3)
    for U, C in ((np.eye(2, 4), np.eye(2)), (V, np.eye(3)), (np.eye(1, 3), np.eye(2))):
        with pytest.raises(ShapeError, match="transport"):
            online_pca.transport(V, U, C)
    for bad in (np.nan, np.inf, 1e301):
        with pytest.raises(NotFiniteError, match="1e300"):
            online_pca.transport(V, V, np.full((2, 2), bad))
    with pytest.raises(ShapeError, match="second_moment"):
        online_pca.second_moment(np.eye(2), np.ones(3), 0.1)
    for bad in (np.nan, 1e151):
        with pytest.raises(NotFiniteError, match="second_moment"):
            online_pca.second_moment(np.eye(2), np.array([bad, 1.0]), 0.1)
    for bad in (0.0, 1.1, np.nan):
        with pytest.raises(RangeError, match="beta"):
            online_pca.second_moment(np.eye(2), np.ones(2), bad)
    with pytest.raises(ShapeError, match="leading_directions"):
        online_pca.leading_directions(np.ones((2, 3)), 1)
    for bad in (0, 3):
        with pytest.raises(RangeError, match="1 to D"):
            online_pca.leading_directions(np.eye(2), bad)
    with pytest.raises(NotFiniteError, match="leading_directions"):
        online_pca.leading_directions(np.diag([1.0, np.nan]), 1)
    with pytest.raises(ShapeError, match="online_pca"):
        online_pca.explained_energy(V, np.ones(2))
    with pytest.raises(ShapeError, match="one length, got 3 and 4"):
        online_pca.principal_angles(V, np.eye(2, 4))
    with pytest.raises(ShapeError, match="d <= D"):
        online_pca.principal_angles(V, np.ones(3))


def test_inputs_are_not_changed():
    V, x = problem(9, 2, 4)
    before = V.copy(), x.copy()
    for rule in (oja, inject, inject_by_gram):
        rule(V, x, 0.5)
    orthonormalize(V)
    online_pca.transport(V, V, np.eye(2))
    np.testing.assert_array_equal(V, before[0])
    np.testing.assert_array_equal(x, before[1])


def test_any_layout_and_integers():
    """Transposed, reversed and strided views, and whole numbers: the same result."""
    V, x = problem(12, 2, 4)
    for view in (np.asfortranarray(V), V[::-1].copy()[::-1], np.repeat(V, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(inject(view, x, 0.5), inject(V, x, 0.5))
        np.testing.assert_array_equal(orthonormalize(view), orthonormalize(V))
        np.testing.assert_array_equal(inject_by_gram(view, x, 0.5), inject_by_gram(V, x, 0.5))
    np.testing.assert_array_equal(orthonormalize(np.array([[0, 3]])), [[0.0, 1.0]])


@pytest.mark.slow
def test_called_alike_from_compiled_code():
    @numba.njit
    def caller(V, x):
        return inject(V, x, 0.5), oja(V, x, gamma=0.5)

    V, x = problem(10, 2, 4)
    for compiled, plain in zip(caller(V, x), (inject(V, x, 0.5), oja(V, x, 0.5)), strict=True):
        np.testing.assert_array_equal(compiled, plain)


@EXAMPLES
@given(SEEDS, st.integers(1, 8), st.integers(0, 30))
def test_outside_is_the_orthogonal_part(seed, d, more):
    """By SciPy's null space: nothing along the rows, and all of what they do not span."""
    rng = np.random.default_rng(seed)
    V, x = orthonormalize(rng.standard_normal((d, d + more))), rng.standard_normal(d + more)
    beside = scipy.linalg.null_space(V)
    # Sums of d + more products of order 1.
    slack = 16 * (d + more) * EPS * np.linalg.norm(x)
    np.testing.assert_allclose(online_pca.outside(V, x), beside @ (beside.T @ x), atol=slack)


def test_outside_of_wrong_shape():
    with pytest.raises(ShapeError):
        online_pca.outside(np.eye(2, 3), np.zeros(2))
    with pytest.raises(NotFiniteError):
        online_pca.outside(np.eye(2, 3), np.array([0.0, np.nan, 0.0]))
