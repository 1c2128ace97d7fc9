"""The regression: against batch fits, in both forms, with both starts.

Long: one piece; its forms and fits are held to the same batches.
"""

import mpmath
import numba
import numpy as np
import pandas as pd
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, regression
from refimpl.errors import NotFiniteError, RangeError, ShapeError, StateError

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 12)
BETAS = st.floats(0.02, 0.98)
SEEDS = st.integers(0, 2**32)


def observe(state, thetas, gradients, beta, update=regression.update):
    for theta, gradient in zip(thetas, gradients, strict=True):
        state = update(state, theta, gradient, beta)
    return state


def pairs(seed, n, D, noise=1.0):
    """Positions, an indefinite curvature, and gradients on its line with noise."""
    rng = np.random.default_rng(seed)
    thetas = rng.standard_normal((n, D)) + rng.standard_normal(D)
    H = rng.standard_normal((D, D))
    H = H + H.T
    extremum = rng.standard_normal(D)
    return thetas, H, (thetas - extremum) @ H + noise * rng.standard_normal((n, D))


def weights(n, beta):
    """The definition: an observation k steps old weighs ``beta (1 - beta)^k``."""
    return beta * (1.0 - beta) ** np.arange(n)[::-1]


def rounding(thetas, gradients, beta):
    """Of a covariance: each step rounds its products a few times, and the past fades.

    The sum over the past is a geometric series with the value 1 / beta.
    """
    size = np.abs(np.hstack([thetas, gradients])).max()
    return 16 * EPS / beta * size**2


def batch(thetas, gradients, w):
    """Weighted means and covariances by NumPy, for weights of any sum."""
    joint = np.hstack([thetas, gradients])
    D = thetas.shape[1]
    mean = np.average(joint, axis=0, weights=w)
    C = np.atleast_2d(np.cov(joint, rowvar=False, aweights=w, ddof=0))
    return mean[:D], mean[D:], C[:D, :D], C[D:, :D], C[D:, D:]


def assert_state(state, expected, atol):
    for name, value in zip(
        ("mean_theta", "mean_gradient", "C_thetatheta", "C_gtheta", "C_gg"), expected, strict=True
    ):
        np.testing.assert_allclose(getattr(state, name), value, atol=atol, rtol=0, err_msg=name)


# The recursion against the definition.


@EXAMPLES
@given(SEEDS, st.integers(2, 40), st.integers(1, 4), BETAS)
def test_zero_bias_is_the_weighted_batch(seed, n, D, beta):
    """Means and covariances of exactly what was seen, with the weights of the definition."""
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    w = weights(n, beta)
    assert_state(state, batch(thetas, gradients, w), rounding(thetas, gradients, beta))
    np.testing.assert_allclose(state.weight, w.sum(), rtol=4 * n * EPS)


@EXAMPLES
@given(SEEDS, st.integers(1, 40), st.integers(1, 4), BETAS, st.floats(0, 3), st.floats(0, 3))
def test_prior_is_one_more_observation(seed, n, D, beta, c_theta, c_g):
    """A prior start weighs ``(1 - beta)^n`` and has mean 0, hence its share of the spread.

    Covariances of a mixture: the weighted mean of the parts' covariances, plus that of the
    products of their means' deviations.
    """
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D, (c_theta, c_g)), thetas, gradients, beta)
    old = (1.0 - beta) ** n
    w = np.concatenate([[old], weights(n, beta)])
    origin = np.zeros((1, D))
    expected = list(batch(np.vstack([origin, thetas]), np.vstack([origin, gradients]), w))
    expected[2] = expected[2] + old * c_theta * np.eye(D)
    expected[4] = expected[4] + old * c_g * np.eye(D)
    assert_state(state, expected, rounding(thetas, gradients, beta) + 16 * EPS / beta * 3)


@pytest.mark.parametrize("beta", [0.05, 0.5, 0.9])
def test_zero_bias_is_ewm_adjusted(beta):
    thetas, _, gradients = pairs(1, 60, 2)
    frame = pd.DataFrame(np.hstack([thetas, gradients]), columns=["a", "b", "c", "d"])
    ewm = frame.ewm(alpha=beta, adjust=True)
    C = ewm.cov(bias=True).loc[59].to_numpy()
    mean = ewm.mean().to_numpy()[-1]
    state = observe(regression.start(2), thetas, gradients, beta)
    expected = mean[:2], mean[2:], C[:2, :2], C[2:, :2], C[2:, 2:]
    assert_state(state, expected, 2 * rounding(thetas, gradients, beta))


@pytest.mark.parametrize("beta", [0.05, 0.5, 0.9])
def test_prior_of_zero_variance_is_ewm_of_a_series_that_begins_at_zero(beta):
    thetas, _, gradients = pairs(2, 60, 2)
    rows = np.vstack([np.zeros(4), np.hstack([thetas, gradients])])
    ewm = pd.DataFrame(rows).ewm(alpha=beta, adjust=False)
    C = ewm.cov(bias=True).loc[60].to_numpy()
    mean = ewm.mean().to_numpy()[-1]
    state = observe(regression.start(2, 0.0), thetas, gradients, beta)
    expected = mean[:2], mean[2:], C[:2, :2], C[2:, :2], C[2:, 2:]
    assert_state(state, expected, 2 * rounding(thetas, gradients, beta))


@pytest.mark.parametrize("prior", [None, 0.1, (1.0, 0.0)])
def test_diagonal_state_is_the_diagonal(prior):
    """The same operations in the same order, hence equal to the last bit."""
    thetas, _, gradients = pairs(3, 20, 3)
    full = observe(regression.start(3, prior), thetas, gradients, 0.3)
    thin = observe(regression.start_diagonal(3, prior), thetas, gradients, 0.3)
    for name in ("C_thetatheta", "C_gtheta", "C_gg"):
        np.testing.assert_array_equal(getattr(thin, name), np.diag(getattr(full, name)))
    for one, other in zip(regression.slope(thin), regression.slope(full), strict=True):
        np.testing.assert_array_equal(one, other)
    assert regression.effective_size(thin) == regression.effective_size(full)


def test_far_from_the_origin():
    """Positions around 1e8: deviations are formed before products, so eight digits remain.

    Negative control: ``<x^2> - <x>^2`` has no digit left there.
    """
    rng = np.random.default_rng(4)
    offsets = np.round(rng.standard_normal(50) * 2**10) / 2**10
    thetas = 1e8 + offsets[:, None]
    gradients = 2.0 * offsets[:, None]
    beta = 0.2
    state = observe(regression.start(1), thetas, gradients, beta)
    exact = batch(offsets[:, None], gradients, weights(50, beta))[2]
    # The mean carries eps 1e8 from each of 1 / beta remembered steps, against a deviation of 1.
    tolerance = 4 * EPS * 1e8 / beta
    np.testing.assert_allclose(state.C_thetatheta, exact, rtol=tolerance)
    np.testing.assert_allclose(regression.slope(state).curvature, 2.0, rtol=tolerance)
    np.testing.assert_allclose(regression.slope(state).extremum, 1e8, atol=tolerance)
    w = weights(50, beta) / weights(50, beta).sum()
    naive = w @ thetas**2 - (w @ thetas) ** 2
    assert abs(naive - exact).max() > 0.1


@pytest.mark.parametrize("powers", [(498, 498), (498, -498), (-498, 498), (-498, -498)])
def test_extreme_units(powers):
    """Units of 1e150 and 1e-150 as powers of two: every result is scaled exactly."""
    a, b = 2.0 ** powers[0], 2.0 ** powers[1]
    thetas, _, gradients = pairs(5, 12, 3)
    state = observe(regression.start(3), thetas, gradients, 0.2)
    scaled = observe(regression.start(3), a * thetas, b * gradients, 0.2)
    line, other = regression.slope(state), regression.slope(scaled)
    np.testing.assert_array_equal(other.curvature, line.curvature * (b / a))
    np.testing.assert_array_equal(other.curvature_error, line.curvature_error * (b / a))
    np.testing.assert_array_equal(other.extremum, line.extremum * a)
    np.testing.assert_array_equal(other.extremum_error, line.extremum_error * a)
    for fit in (
        regression.hessian,
        regression.symmetric_hessian,
        regression.correlated_hessian,
    ):
        np.testing.assert_array_equal(fit(scaled) / (b / a), fit(state))
    assert regression.unvisited(scaled) == 0


def test_states_and_inputs_are_not_changed():
    thetas, _, gradients = pairs(6, 8, 2)
    for update, start in (
        (regression.update, regression.start(2)),
        (regression.update, regression.start_diagonal(2)),
        (regression.update_new_mean, regression.start(2, 1.0)),
    ):
        state = observe(start, thetas, gradients, 0.4, update)
        before = [np.copy(x) for x in state]
        theta, gradient = thetas[0].copy(), gradients[0].copy()
        update(state, theta, gradient, 0.4)
        regression.slope(state)
        if state.C_gg.ndim == 2:
            regression.hessian(state)
            regression.symmetric_hessian(state, 0.1)
            regression.correlated_hessian(state)
        for old, new in zip(before, state, strict=True):
            np.testing.assert_array_equal(old, new)
        np.testing.assert_array_equal(theta, thetas[0])
        np.testing.assert_array_equal(gradient, gradients[0])


def test_slope_does_not_share_memory_with_the_state():
    state = observe(regression.start_diagonal(2), *pairs(7, 5, 2)[::2], 0.3)
    line = regression.slope(state)
    for result in line:
        assert not any(np.shares_memory(result, x) for x in state if isinstance(x, np.ndarray))


# The form with the new means.


@EXAMPLES
@given(SEEDS, st.integers(1, 30), st.integers(1, 3), st.floats(0.02, 0.9))
def test_new_mean_is_one_minus_beta_of_exact(seed, n, D, beta):
    """From a prior P, against the exact form from ``P / (1 - beta)``: a constant factor."""
    thetas, _, gradients = pairs(seed, n, D)
    new = observe(
        regression.start(D, (1.0, 0.5)), thetas, gradients, beta, regression.update_new_mean
    )
    prior = (1.0 / (1.0 - beta), 0.5 / (1.0 - beta))
    exact = observe(regression.start(D, prior), thetas, gradients, beta)
    atol = rounding(thetas, gradients, beta) + 16 * EPS / beta
    expected = [exact.mean_theta, exact.mean_gradient]
    expected += [(1.0 - beta) * C for C in (exact.C_thetatheta, exact.C_gtheta, exact.C_gg)]
    assert_state(new, expected, atol)
    assert new.scale == 1.0 - beta


@pytest.mark.parametrize("beta", [0.1, 0.5])
def test_new_mean_has_the_same_lines_and_errors(beta):
    """The factor is divided out before the standard errors, and cancels in every fit."""
    thetas, _, gradients = pairs(8, 30, 3)
    new = observe(
        regression.start(3, (1.0, 0.5)), thetas, gradients, beta, regression.update_new_mean
    )
    prior = (1.0 / (1.0 - beta), 0.5 / (1.0 - beta))
    exact = observe(regression.start(3, prior), thetas, gradients, beta)
    # Conditioned by the spread of these data: the smallest variance is a tenth of the largest.
    rtol = 1e3 * EPS / beta
    for one, other in zip(regression.slope(new), regression.slope(exact), strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol)
    for fit in (regression.hessian, regression.symmetric_hessian, regression.correlated_hessian):
        np.testing.assert_allclose(fit(new), fit(exact), rtol=rtol, atol=rtol)


def test_new_mean_with_the_zero_bias_gain_would_be_wrong():
    """Why it does not exist: four steps after the start a tenth of the slopes is off by 20 %.

    Of 5000 experiments, side by side as coordinates; the median is near 5 %.
    """
    n, beta = 5000, 0.1
    rng = np.random.default_rng(19)
    thetas = rng.standard_normal((4, n))
    gradients = thetas + rng.standard_normal((4, n))
    mean_theta = mean_g = C = B = np.zeros(n)
    weight = 0.0
    for x, g in zip(thetas, gradients, strict=True):
        weight += beta * (1.0 - weight)
        gain = beta / weight
        mean_theta, mean_g = mean_theta + gain * (x - mean_theta), mean_g + gain * (g - mean_g)
        C = C + gain * ((x - mean_theta) ** 2 - C)
        B = B + gain * ((x - mean_theta) * (g - mean_g) - B)
    state = observe(regression.start_diagonal(n), thetas, gradients, beta)
    exact = regression.slope(state).curvature
    off = np.abs(B / C - exact) / np.abs(exact)
    assert np.median(off) > 0.03
    assert np.quantile(off, 0.9) > 0.2


# Lines and their standard errors.


@EXAMPLES
@given(SEEDS, st.integers(8, 40), st.floats(0.02, 0.4))
def test_slope_is_the_weighted_line(seed, n, beta):
    """Line and errors by explicit weights: residuals, Kish's effective size, the textbook."""
    thetas, _, gradients = pairs(seed, n, 1)
    x, g = thetas[:, 0], gradients[:, 0]
    w = weights(n, beta)
    # polyfit squares its weights.
    curvature, intercept = np.polyfit(x, g, 1, w=np.sqrt(w))
    extremum = -intercept / curvature
    size = w.sum() ** 2 / (w**2).sum()
    variance = np.average((g - intercept - curvature * x) ** 2, weights=w)
    centre = np.average(x, weights=w)
    spread = np.average((x - centre) ** 2, weights=w)
    curvature_error = np.sqrt(variance / ((size - 2) * spread))
    extremum_error = np.sqrt(
        variance / ((size - 2) * curvature**2) * (1 + (extremum - centre) ** 2 / spread)
    )
    state = observe(regression.start(1), thetas, gradients, beta)
    np.testing.assert_allclose(regression.effective_size(state), size, rtol=100 * EPS / beta)
    # Cancellation: covariances against the spread they are left from, residuals against C_gg.
    worst = max(1.0, np.average(g**2, weights=w) / variance, (x**2).max() / spread)
    steep = max(1.0, np.sqrt(np.average(g**2, weights=w) / spread) / abs(curvature))
    rtol = 200 * EPS / beta * worst * steep
    line = regression.slope(state)
    np.testing.assert_allclose(line.curvature, [curvature], rtol=rtol)
    np.testing.assert_allclose(line.curvature_error, [curvature_error], rtol=rtol)
    np.testing.assert_allclose(line.extremum, [extremum], rtol=rtol, atol=rtol)
    np.testing.assert_allclose(line.extremum_error, [extremum_error], rtol=rtol)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0])
def test_effective_size_after_a_prior_start(beta):
    """That of the infinite past, ``1 / sum w^2``."""
    x = np.zeros(1)
    state = regression.update(regression.start(1, 1.0), x, x, beta)
    w = weights(2000, beta)
    np.testing.assert_allclose(regression.effective_size(state), 1 / (w**2).sum(), rtol=1e-12)


@pytest.mark.parametrize(("beta", "finite"), [(0.6, True), (0.6667, False), (0.9, False)])
def test_errors_are_infinite_from_two_thirds(beta, finite):
    """There ``(2 - beta) / beta <= 2``: two observations fit any line."""
    thetas, _, gradients = pairs(9, 200, 1)
    for prior in (None, (1.0, 0.0)):
        line = regression.slope(observe(regression.start(1, prior), thetas, gradients, beta))
        assert np.isfinite(line.curvature_error[0]) == finite
        assert np.isfinite(line.extremum_error[0]) == finite
        assert np.isfinite(line.curvature[0])


def open_loop(beta, n, seed):
    """The lines of n independent experiments, positions drawn independently of the noise."""
    rng = np.random.default_rng(seed)
    state = regression.start_diagonal(n)
    # After 12 / beta steps the weight of the start is e^-12.
    for _ in range(int(12 / beta)):
        x = rng.standard_normal(n)
        state = regression.update(state, x, CURVATURE * (x - EXTREMUM) + rng.normal(size=n), beta)
    return regression.slope(state)


CURVATURE, EXTREMUM = 2.0, 0.7
# Measured with 200 000 experiments for each beta, normal and uniform positions.
CURVATURE_COVERAGE, EXTREMUM_COVERAGE = (0.945, 0.986), (0.938, 0.980)


def covered(estimate, error, truth, z):
    return np.mean(np.abs(estimate - truth) <= z * error)


@pytest.mark.parametrize("beta", [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
def test_coverage_for_independent_positions(beta, size):
    """The share of ``+-1.96 se`` that holds the truth lies in the measured band.

    Allowance: 4 standard deviations of a share at the edge of the band, a false alarm in 30 000
    for each of 28 comparisons. Negative control: ``+-0.5 se`` holds too little.
    """
    n = size(40_000, 4_000)
    line = open_loop(beta, n, seed=10)
    for estimate, error, truth, (low, high) in (
        (line.curvature, line.curvature_error, CURVATURE, CURVATURE_COVERAGE),
        (line.extremum, line.extremum_error, EXTREMUM, EXTREMUM_COVERAGE),
    ):
        low = low - 4 * np.sqrt(low * (1 - low) / n)
        high = high + 4 * np.sqrt(high * (1 - high) / n)
        assert low <= covered(estimate, error, truth, 1.96) <= high
        assert not low <= covered(estimate, error, truth, 0.5) <= high


def test_coverage_in_closed_loop(size):
    """At rest, gradient descent makes its positions from the noise it is to be judged against.

    The curvature is biased upward, and the extremum is claimed with far too much confidence: 0.84
    of the intervals hold it where 0.94 do for independent positions. 5 standard deviations
    between each number and its bound.
    """
    n, beta, alpha = size(20_000, 4_000), 0.1, 0.1
    rng = np.random.default_rng(11)
    state, x = regression.start_diagonal(n), np.zeros(n)
    for t in range(200):
        g = CURVATURE * x + 0.1 * rng.standard_normal(n)
        if t >= 80:
            state = regression.update(state, x, g, beta)
        x = x - alpha * g
    line = regression.slope(state)
    assert np.mean(line.curvature > CURVATURE) > 0.75
    assert 0.80 < covered(line.extremum, line.extremum_error, 0.0, 1.96) < 0.87


# Matrix fits.


def symmetric_basis(D):
    """Orthonormal in the Frobenius product, so that least norm means least Frobenius norm."""
    basis = []
    for i in range(D):
        for j in range(i + 1):
            S = np.zeros((D, D))
            S[i, j] = S[j, i] = 1.0 if i == j else np.sqrt(0.5)
            basis.append(S)
    return basis


def least_squares(thetas, gradients, w, rcond=None):
    """Symmetric least squares as one big linear problem in the entries of `H`."""
    root = np.sqrt(w)[:, None]
    x = root * (thetas - np.average(thetas, axis=0, weights=w))
    y = root * (gradients - np.average(gradients, axis=0, weights=w))
    basis = symmetric_basis(thetas.shape[1])
    design = np.stack([(x @ S).ravel() for S in basis], axis=1)
    entries = np.linalg.lstsq(design, y.ravel(), rcond=rcond)[0]
    return sum(entry * S for entry, S in zip(entries, basis, strict=True))


def condition(state):
    e = np.linalg.eigvalsh(state.C_thetatheta)
    return e[-1] / e[0]


def fit_tolerance(state, H):
    """``B`` and ``C`` are rounded by eps a step; dividing by the smallest variance amplifies."""
    e = np.linalg.eigvalsh(state.C_thetatheta)
    size = np.linalg.norm(state.C_gtheta) / e[-1] + np.linalg.norm(H)
    return 100 * EPS / max(state.beta, 0.02) * condition(state) * size


@EXAMPLES
@given(SEEDS, st.integers(1, 5), BETAS)
def test_symmetric_hessian_is_the_batch_fit(seed, D, beta):
    n = 3 * D + 2
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    H = regression.symmetric_hessian(state)
    np.testing.assert_array_equal(H, H.T)
    expected = least_squares(thetas, gradients, weights(n, beta))
    # Beyond, the fading weights leave a direction that rounding cannot tell from unvisited.
    if condition(state) < 1e9:
        far = 1 + np.sum(state.mean_theta**2) / np.trace(state.C_thetatheta)
        np.testing.assert_allclose(H, expected, atol=far * fit_tolerance(state, H))


@EXAMPLES
@given(SEEDS, st.integers(1, 12), st.floats(0.02, 0.2))
def test_symmetric_hessian_solves_lyapunov(seed, D, beta):
    thetas, _, gradients = pairs(seed, 4 * D + 4, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    C, B = state.C_thetatheta, state.C_gtheta
    H = regression.symmetric_hessian(state)
    expected = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
    np.testing.assert_allclose(H, expected, atol=fit_tolerance(state, H))
    ridged = regression.symmetric_hessian(state, 0.1)
    expected = scipy.linalg.solve_continuous_lyapunov(C + 0.1 * np.eye(D), B + B.T)
    np.testing.assert_allclose(ridged, expected, atol=fit_tolerance(state, H))


@EXAMPLES
@given(SEEDS, st.integers(1, 4), st.floats(0.05, 0.3))
def test_symmetric_hessian_is_the_minimiser(seed, D, beta):
    """Any other symmetric matrix leaves a larger weighted residual, by exactly ``tr(E C E)``."""
    n = 4 * D + 4
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    w = weights(n, beta) / weights(n, beta).sum()
    x = thetas - np.average(thetas, axis=0, weights=w)
    y = gradients - np.average(gradients, axis=0, weights=w)

    def loss(H):
        return w @ np.sum((y - x @ H) ** 2, axis=1)

    H = regression.symmetric_hessian(state)
    E = np.random.default_rng(seed + 1).standard_normal((D, D))
    E = 0.1 * (E + E.T)
    gain = np.trace(E @ state.C_thetatheta @ E)
    assert gain > 0
    # At the minimum the error of H enters twice through |E| |C|, and the sums are rounded.
    tolerance = 4 * np.linalg.norm(E) * np.linalg.norm(state.C_thetatheta) * fit_tolerance(state, H)
    np.testing.assert_allclose(loss(H + E) - loss(H), gain, atol=tolerance + 100 * EPS * loss(H))


@EXAMPLES
@given(SEEDS, st.integers(1, 5), st.floats(0.05, 0.3))
def test_plain_hessian_is_the_batch_fit(seed, D, beta):
    """Ordinary weighted least squares, one row of `H` for each component of the gradient."""
    n = 3 * D + 3
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    root = np.sqrt(weights(n, beta))[:, None]
    design = root * np.hstack([thetas, np.ones((n, 1))])
    expected = np.linalg.lstsq(design, root * gradients, rcond=None)[0][:D].T
    H = regression.hessian(state)
    far = 1 + np.sum(state.mean_theta**2) / np.trace(state.C_thetatheta)
    np.testing.assert_allclose(H, expected, atol=far * fit_tolerance(state, H))


@EXAMPLES
@given(SEEDS, st.integers(1, 6), st.floats(0.02, 0.3))
def test_noiseless_data_give_the_curvature_back(seed, D, beta):
    """Positive, negative or mixed, by both fits, and the plain one comes out symmetric."""
    thetas, H, gradients = pairs(seed, 4 * D + 4, D, noise=0.0)
    state = observe(regression.start(D), thetas, gradients, beta)
    far = 1 + np.abs(np.hstack([thetas, gradients])).max() ** 2 / np.trace(state.C_thetatheta)
    atol = far * fit_tolerance(state, H)
    np.testing.assert_allclose(regression.symmetric_hessian(state), H, atol=atol)
    np.testing.assert_allclose(regression.hessian(state), H, atol=atol)


@EXAMPLES
@given(SEEDS, st.integers(1, 4), st.floats(0.05, 0.3))
def test_fits_turn_with_the_axes(seed, D, beta):
    """Rotated and shifted positions, rotated gradients: ``Q H Q^T``; shifted gradients: `H`."""
    thetas, _, gradients = pairs(seed, 4 * D + 4, D)
    rng = np.random.default_rng(seed + 1)
    Q = np.linalg.qr(rng.standard_normal((D, D)))[0]
    shift = rng.standard_normal((2, D))
    state = observe(regression.start(D), thetas, gradients, beta)
    turned = observe(regression.start(D), thetas @ Q.T + shift[0], gradients @ Q.T + shift[1], beta)
    far = 1 + np.abs(np.hstack([thetas, gradients])).max() ** 2 / np.trace(state.C_thetatheta)
    for fit in (regression.hessian, regression.symmetric_hessian):
        H = fit(state)
        np.testing.assert_allclose(fit(turned), Q @ H @ Q.T, atol=2 * far * fit_tolerance(state, H))


def test_ill_conditioned_covariance_in_multiple_precision():
    """Variances over ten decades, against the same equation solved with 60 digits."""
    rng = np.random.default_rng(12)
    D = 4
    Q = np.linalg.qr(rng.standard_normal((D, D)))[0]
    C = (Q * np.array([1.0, 1e-3, 1e-6, 1e-10])) @ Q.T
    C = 0.5 * (C + C.T)
    B = rng.standard_normal((D, D))
    state = regression.start(D)._replace(C_thetatheta=C, C_gtheta=B, weight=1.0, beta=0.5)
    H = regression.symmetric_hessian(state)
    with mpmath.workdps(60):
        system = mpmath.matrix(D * D)
        right = mpmath.matrix(D * D, 1)
        for i in range(D):
            for j in range(D):
                right[i * D + j] = mpmath.mpf(B[i, j]) + mpmath.mpf(B[j, i])
                for k in range(D):
                    system[i * D + j, i * D + k] += mpmath.mpf(C[k, j])
                    system[i * D + j, k * D + j] += mpmath.mpf(C[i, k])
        exact = mpmath.lu_solve(system, right)
        exact = np.array([float(x) for x in exact]).reshape(D, D)
    # eigh moves C by 10 D eps |C|, which the smallest sum of variances divides.
    smallest = 2 * np.linalg.eigvalsh(C)[0]
    atol = 20 * D * EPS * (np.linalg.norm(B) + np.linalg.norm(exact)) / smallest
    np.testing.assert_allclose(H, exact, atol=atol)
    assert atol < 1e-3 * np.linalg.norm(exact)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_correlated_hessian_where_it_is_exact(sign):
    """`H` and `C` commute and `H` is positive semidefinite; with the other sign, the sign is lost.

    Four positions along common eigenvectors make the covariance exactly diagonal in them.
    """
    angle = 0.4
    E = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    H = E @ np.diag([3.0, 0.5]) @ E.T
    corners = np.array([[2.0, 1.0], [-2.0, 1.0], [2.0, -1.0], [-2.0, -1.0]]) @ E.T
    C = corners.T @ corners / 4
    state = regression.start(2)._replace(C_thetatheta=C, C_gg=H @ C @ H, C_gtheta=sign * H @ C)
    np.testing.assert_allclose(regression.correlated_hessian(state), H, atol=100 * EPS)
    np.testing.assert_allclose(regression.symmetric_hessian(state), sign * H, atol=100 * EPS)


def test_correlated_hessian_in_one_dimension():
    """``sqrt(C_gg / C_thetatheta)``, noise included."""
    state = observe(regression.start(1), *pairs(13, 20, 1)[::2], 0.2)
    expected = np.sqrt(state.C_gg / state.C_thetatheta)
    np.testing.assert_allclose(regression.correlated_hessian(state), expected, rtol=16 * EPS)


def test_correlated_hessian_elsewhere(size):
    """Positive semidefinite `H` and `C` that do not commute, no noise: off by 24 % in the median.

    Both are ``A A^T`` with normal `A` of size 2. With 4000 pairs the median has a standard
    deviation of about 0.008; the bounds are five of them away, and far from 0.
    """
    rng = np.random.default_rng(14)
    errors = []
    for _ in range(size(4000, 1000)):
        A, R = rng.standard_normal((2, 2, 2))
        H, C = A @ A.T, R @ R.T
        state = regression.start(2)._replace(C_thetatheta=C, C_gg=H @ C @ H)
        error = regression.correlated_hessian(state) - H
        errors.append(np.linalg.norm(error) / np.linalg.norm(H))
    spread = size(0.04, 0.08)
    assert 0.24 - spread < np.median(errors) < 0.24 + spread


# Nothing to learn from.


def assert_nothing_known(line):
    np.testing.assert_array_equal(line.curvature, 0.0)
    np.testing.assert_array_equal(line.curvature_error, np.inf)
    assert np.isnan(line.extremum).all()
    np.testing.assert_array_equal(line.extremum_error, np.inf)


@pytest.mark.parametrize("prior", [None, (1.0, 0.0)])
def test_before_the_first_observation(prior):
    state = regression.start(3, prior)
    assert_nothing_known(regression.slope(state))
    np.testing.assert_array_equal(regression.hessian(state), 0.0)
    np.testing.assert_array_equal(regression.symmetric_hessian(state), 0.0)
    np.testing.assert_array_equal(regression.correlated_hessian(state), 0.0)
    assert regression.effective_size(state) == 0.0
    assert regression.unvisited(state) == (3 if prior is None else 0)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0])
def test_position_that_does_not_move(beta):
    """Gradients without a slope: 0 divided by 0 is curvature 0 that nobody vouches for."""
    rng = np.random.default_rng(15)
    thetas = np.tile([0.1, -7.3], (20, 1))
    for start in (regression.start(2), regression.start_diagonal(2)):
        state = observe(start, thetas, rng.standard_normal((20, 2)), beta)
        assert_nothing_known(regression.slope(state))
        assert regression.unvisited(state) == 2
    state = observe(regression.start(2), thetas, rng.standard_normal((20, 2)), beta)
    np.testing.assert_array_equal(regression.symmetric_hessian(state), 0.0)
    np.testing.assert_array_equal(regression.hessian(state), 0.0)
    np.testing.assert_array_equal(regression.correlated_hessian(state), 0.0)


def test_beta_of_one_remembers_one_point():
    """A point has no slope, in either form of the recursion."""
    thetas, _, gradients = pairs(16, 5, 2)
    for update, prior in (
        (regression.update, None),
        (regression.update, 1.0),
        (regression.update_new_mean, 1.0),
    ):
        state = observe(regression.start(2, prior), thetas, gradients, 1.0, update)
        np.testing.assert_array_equal(state.C_thetatheta, 0.0)
        # With beta = 1 the mean is the newest point, but for the rounding of one addition.
        np.testing.assert_allclose(state.mean_theta, thetas[-1], atol=4 * EPS * abs(thetas).max())
        assert_nothing_known(regression.slope(state))


def test_gradient_that_does_not_change():
    """A known curvature 0 of a visited coordinate: its extremum is undefined."""
    thetas = np.random.default_rng(17).standard_normal((30, 1))
    line = regression.slope(observe(regression.start(1), thetas, np.ones((30, 1)), 0.2))
    np.testing.assert_array_equal(line.curvature, 0.0)
    np.testing.assert_array_equal(line.curvature_error, 0.0)
    assert np.isnan(line.extremum).all()
    np.testing.assert_array_equal(line.extremum_error, np.inf)


@pytest.mark.parametrize("D", [2, 3, 5])
@pytest.mark.parametrize("rank", [1, 2])
def test_collinear_positions(D, rank):
    """Among all symmetric minimisers, the one of least norm: a singular value decomposition's."""
    if rank >= D:
        rank = D - 1
    rng = np.random.default_rng(D)
    n, beta = 30, 0.1
    thetas = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, D))
    gradients = rng.standard_normal((n, D))
    state = observe(regression.start(D), thetas, gradients, beta)
    assert regression.unvisited(state) == D - rank
    expected = least_squares(thetas, gradients, weights(n, beta), rcond=1e-8)
    H = regression.symmetric_hessian(state)
    e = np.linalg.eigvalsh(state.C_thetatheta)
    # As in fit_tolerance, with the smallest variance that was visited.
    amplification = e[-1] / e[D - rank]
    np.testing.assert_allclose(
        H, expected, atol=1e3 * EPS / beta * amplification * np.linalg.norm(expected)
    )
    root = np.sqrt(weights(n, beta))[:, None]
    design = root * (thetas - state.mean_theta)
    plain = np.linalg.lstsq(design, root * (gradients - state.mean_gradient), rcond=1e-8)[0].T
    np.testing.assert_allclose(
        regression.hessian(state),
        plain,
        atol=1e3 * EPS / beta * amplification * np.linalg.norm(plain),
    )


def test_ridge_closes_what_was_not_visited():
    """With a ridge nothing is undetermined: it divides where the variance is 0."""
    C, B = np.diag([2.0, 0.0]), np.array([[4.0, 0.0], [0.0, 3.0]])
    state = regression.start(2)._replace(C_thetatheta=C, C_gtheta=B)
    np.testing.assert_allclose(
        regression.symmetric_hessian(state), np.diag([2.0, 0.0]), rtol=8 * EPS
    )
    np.testing.assert_allclose(
        regression.symmetric_hessian(state, 0.5), np.diag([4.0 / 2.5, 6.0]), rtol=8 * EPS
    )


# Calls.


def test_called_alike_from_compiled_code():
    """A compiled caller gets the same bits as Python, from both kinds of state."""
    thetas, _, gradients = pairs(18, 6, 2)

    @numba.njit
    def caller(thetas, gradients):
        full = regression.start(2)
        thin = regression.start_diagonal(2, (1.0, 0.0))
        for k in range(thetas.shape[0]):
            full = regression.update(full, thetas[k], gradients[k], 0.3)
            thin = regression.update_new_mean(thin, thetas[k], gradients[k], 0.3)
        return (
            regression.slope(full).curvature,
            regression.slope(thin).extremum_error,
            regression.symmetric_hessian(full),
            regression.symmetric_hessian(full, 0.1),
            regression.hessian(full),
            regression.correlated_hessian(full),
        )

    full = observe(regression.start(2), thetas, gradients, 0.3)
    thin = observe(
        regression.start_diagonal(2, (1.0, 0.0)), thetas, gradients, 0.3, regression.update_new_mean
    )
    expected = (
        regression.slope(full).curvature,
        regression.slope(thin).extremum_error,
        regression.symmetric_hessian(full),
        regression.symmetric_hessian(full, 0.1),
        regression.hessian(full),
        regression.correlated_hessian(full),
    )
    for one, other in zip(caller(thetas, gradients), expected, strict=True):
        # Inlined into another function, a product and a sum may be contracted into one rounding.
        np.testing.assert_allclose(one, other, rtol=1e4 * EPS)


@pytest.mark.parametrize("start", [regression.start, regression.start_diagonal])
def test_start_out_of_range(start):
    with pytest.raises(ShapeError, match="D must be at least 1"):
        start(0)
    for prior in (-1.0, np.nan, np.inf, (1.0, -1.0), (np.nan, 1.0)):
        with pytest.raises(RangeError, match="prior"):
            start(2, prior)


UPDATES = pytest.mark.parametrize("update", [regression.update, regression.update_new_mean])


@UPDATES
@pytest.mark.parametrize("shapes", [(3, 2), (2, 3), ((2, 1), 2)])
def test_update_shapes(update, shapes):
    with pytest.raises(ShapeError, match="shape"):
        update(regression.start(2, 1.0), np.ones(shapes[0]), np.ones(shapes[1]), 0.5)


@UPDATES
@pytest.mark.parametrize("beta", [0.0, -0.1, 1.0 + 1e-9, np.nan, np.inf])
def test_beta_out_of_range(update, beta):
    with pytest.raises(RangeError, match="beta"):
        update(regression.start(2, 1.0), np.ones(2), np.ones(2), beta)


@UPDATES
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_update_not_finite(update, bad):
    for theta, gradient in ((np.array([1.0, bad]), np.ones(2)), (np.ones(2), np.array([bad, 1.0]))):
        with pytest.raises(NotFiniteError, match="finite"):
            update(regression.start(2, 1.0), theta, gradient, 0.5)


def test_states_that_do_not_belong():
    """Each form refuses the other's state, another beta's, and the growing gain."""
    x = np.ones(2)
    exact = regression.update(regression.start(2, 1.0), x, x, 0.5)
    new = regression.update_new_mean(regression.start(2, 1.0), x, x, 0.5)
    with pytest.raises(StateError, match="update_new_mean"):
        regression.update(new, x, x, 0.5)
    with pytest.raises(StateError, match="another beta or by"):
        regression.update_new_mean(exact, x, x, 0.5)
    with pytest.raises(StateError, match="another beta"):
        regression.update_new_mean(new, x, x, 0.4)
    with pytest.raises(StateError, match="constant gain"):
        regression.update_new_mean(regression.start(2), x, x, 0.5)


@pytest.mark.parametrize(
    "fit", [regression.hessian, regression.symmetric_hessian, regression.correlated_hessian]
)
def test_matrix_fits_of_diagonals(fit):
    with pytest.raises(StateError, match="diagonals"):
        fit(regression.start_diagonal(2))


@pytest.mark.parametrize("ridge", [-1e-9, np.nan, np.inf])
def test_ridge_out_of_range(ridge):
    with pytest.raises(RangeError, match="ridge"):
        regression.symmetric_hessian(regression.start(2), ridge)


# Rounding is no signal: stretches that are frozen, nearly frozen, far.

STARTS = [
    (start, update, prior)
    for start in (regression.start, regression.start_diagonal)
    for update, prior in ((regression.update, None), (regression.update_new_mean, (0.0, 0.0)))
]
FAR_AWAY = 1e6
# Of both the last, then each of them again and again.
SEEN = np.array([0.0, 1.0, 3.0, 2.0, 5.0])


def frozen(start, update, prior, D=1, scale=1.0, steps=300, beta=0.25):
    """Five positions about a far place with the gradient of curvature 3, the last one repeated."""
    axes = np.arange(1.0, D + 1.0)
    # A prior about the place, or the way there would be what has been seen.
    state = start(D, prior)._replace(mean_theta=np.full(D, FAR_AWAY))
    for x in (*SEEN, *np.full(steps, SEEN[-1])):
        theta = FAR_AWAY + scale * x**axes
        state = update(state, theta, 3.0 * (theta - FAR_AWAY), beta)
        yield state


@pytest.mark.parametrize(("start", "update", "prior"), STARTS)
@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-6])
def test_frozen_positions_have_the_old_line_or_none(start, update, prior, scale):
    """At each of 300 repetitions; and after the last digit of it has faded."""
    for k, state in enumerate(frozen(start, update, prior, scale=scale)):
        line = regression.slope(state)
        if line.curvature[0] == 0.0:
            assert (line.curvature_error[0], line.extremum_error[0]) == (np.inf, np.inf)
        else:
            assert line.curvature[0] == pytest.approx(3.0, rel=1e-3)
            assert line.extremum[0] == pytest.approx(FAR_AWAY, abs=1e-2 * scale)
        # While the spread is far above rounding there is a line.
        assert (line.curvature[0] == 0.0) <= (k == 0 or k > 30)
    *_, state = frozen(start, update, prior, scale=scale, steps=8000)
    assert regression.slope(state).curvature[0] == 0.0
    assert regression.unvisited(state) == 1
    assert state.C_thetatheta.max() <= 1e-9 * EPS


@pytest.mark.parametrize(
    "fit", [regression.hessian, regression.symmetric_hessian, regression.correlated_hessian]
)
@pytest.mark.parametrize("update", [regression.update, regression.update_new_mean])
def test_frozen_positions_in_matrix_fits(fit, update):
    """Two coordinates: the old curvature in the directions that are left, 0 in the others."""
    prior = (0.0, 0.0) if update is regression.update_new_mean else None
    for state in list(frozen(regression.start, update, prior, D=2))[5:]:
        H = fit(state)
        # Means and squares of numbers that are 1e6 apart from 0 keep ten digits.
        values = np.linalg.eigvalsh(0.5 * (H + H.T))
        for value in values:
            assert value == pytest.approx(3.0, rel=1e-3) or value == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("beta", [0.1, 0.25, 0.6])
def test_positions_that_differ_by_roundings_have_not_moved(beta):
    """Nearly frozen: one or two units in the last place, which the mean cannot follow."""
    rng = np.random.default_rng(0)
    state = regression.start_diagonal(1)
    for jump in rng.integers(0, 3, 200):
        theta = np.array([FAR_AWAY * (1.0 + jump * EPS)])
        state = regression.update(state, theta, rng.standard_normal(1), beta)
        assert regression.slope(state).curvature[0] == 0.0
        assert regression.slope(state).curvature_error[0] == np.inf
    # Negative control: a thousand times as far apart they have.
    for jump in rng.integers(0, 3, 200):
        theta = np.array([FAR_AWAY * (1.0 + 1000.0 * jump * EPS)])
        state = regression.update(state, theta, 3.0 * (theta - FAR_AWAY), beta)
    assert regression.slope(state).curvature[0] == pytest.approx(3.0, rel=0.05)


def test_a_direction_of_rounding_among_far_positions():
    """Along (1, 2) they move by 1e-5, across only as far as the nearest floats are away."""
    state, H = regression.start(2), np.array([[2.0, 1.0], [1.0, -1.0]])
    for t in np.random.default_rng(0).standard_normal(60):
        move = 1e-5 * t * np.array([1.0, 2.0])
        theta = FAR_AWAY + move
        state = regression.update(state, theta, H @ move, 0.3)
    assert regression.unvisited(state) == 1
    along, across = np.array([1.0, 2.0]) / 5**0.5, np.array([2.0, -1.0]) / 5**0.5
    for found in (regression.symmetric_hessian(state), regression.hessian(state)):
        assert along @ found @ along == pytest.approx(along @ H @ along, rel=1e-3)
        assert across @ found @ across == pytest.approx(0.0, abs=1e-3)


def test_constant_gradients_have_no_spread():
    """C_gg dies too, so that the curvature of the "c" assumption is 0 and not one rounding."""
    rng = np.random.default_rng(0)
    state = regression.start(1)
    for x in rng.standard_normal(3000):
        state = regression.update(state, np.array([x]), np.array([0.1]), 0.25)
    assert state.C_gg[0, 0] <= 1e-300
    assert regression.correlated_hessian(state)[0, 0] == pytest.approx(0.0, abs=1e-100)


# Squares that overflow or vanish.


@pytest.mark.parametrize("size", [1e154, 1e160, 1e300, np.finfo(np.float64).max])
def test_squares_that_overflow_are_named(size):
    for D in (1, 9):
        for update, state in (
            (regression.update, regression.start(D)),
            (regression.update_new_mean, regression.start_diagonal(D, 1.0)),
        ):
            big, one = np.full(D, size), np.ones(D)
            for theta, gradient in ((big, one), (one, -big)):
                with pytest.raises(NotFiniteError, match="squares of theta and gradient overflow"):
                    update(state, theta, gradient, 0.5)


@pytest.mark.parametrize("D", [2, 9])
@pytest.mark.parametrize("scale", [1e-156, 1e-154, 1e-140, 1e-20, 1e140, 1e152])
def test_curvature_at_every_scale_of_positions(D, scale):
    """Positions whose variances are denormal, or nearly too large; eleven digits are left."""
    rng = np.random.default_rng(0)
    state = regression.start(D)
    for _ in range(6 * D):
        theta = scale * rng.standard_normal(D)
        state = regression.update(state, theta, 2.0 * theta, 0.3 / D)
    for fit in (regression.hessian, regression.symmetric_hessian, regression.correlated_hessian):
        np.testing.assert_allclose(fit(state), 2.0 * np.eye(D), rtol=0, atol=1e-6)
    np.testing.assert_allclose(regression.slope(state).curvature, 2.0, rtol=1e-6)


@pytest.mark.parametrize("D", [2, 9])
def test_states_that_are_none(D):
    """NaN inside, and shapes that do not fit: named by every reader, never LAPACK's own error."""
    state = regression.update(regression.start(D), np.ones(D), np.ones(D), 0.5)
    holed = state._replace(C_thetatheta=np.full((D, D), np.nan))
    torn = state._replace(C_thetatheta=np.zeros((D, D + 1)))
    fits = (regression.hessian, regression.symmetric_hessian, regression.correlated_hessian)
    for fit in (*fits, regression.unvisited):
        with pytest.raises(NotFiniteError, match="covariances must be finite"):
            fit(holed)
    for fit in (*fits, regression.slope, regression.unvisited):
        with pytest.raises(ShapeError, match="its covariances"):
            fit(torn)
    for broken in (torn, state._replace(mean_gradient=np.zeros(D + 1))):
        with pytest.raises(ShapeError):
            regression.update(broken, np.ones(D), np.ones(D), 0.5)
