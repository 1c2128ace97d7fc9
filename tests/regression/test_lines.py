"""Slopes, zero crossings and their standard errors: the textbook's line, and coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl import regression
from tests.regression.batches import EPS, EXAMPLES, SEEDS, observe, pairs, weights

pytestmark = pytest.mark.numerics


def test_slope_does_not_share_memory_with_the_state():
    state = observe(regression.start_diagonal(2), *pairs(7, 5, 2)[::2], 0.3)
    line = regression.slope(state)
    for result in line:
        assert not any(np.shares_memory(result, x) for x in state if isinstance(x, np.ndarray))


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
