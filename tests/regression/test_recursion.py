"""The recursions against the definition: batches, two starts, two forms, any unit."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl import regression
from tests.regression.batches import (
    BETAS,
    EPS,
    EXAMPLES,
    FITS,
    SEEDS,
    assert_state,
    batch,
    observe,
    pairs,
    rounding,
    weights,
)

pytestmark = pytest.mark.numerics


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
    for fit in FITS:
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
    for fit in FITS:
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


@pytest.mark.parametrize("prior", [0.1, 1.0])
@pytest.mark.parametrize("theta", [-3.0, 0.5, 1e6])
def test_first_slope_from_means_at_zero(theta, prior):
    """The printed formula in fractions: the prior's mean is 0, whatever the first pair is."""
    beta, g, x = Fraction(1, 4), Fraction(-7), Fraction(theta)
    spread = beta * (1 - beta) * x
    expected = spread * g / (Fraction(prior) + spread * x)
    state = regression.start(1, (prior, 0.0))
    state = regression.update_new_mean(state, np.array([theta]), np.array([-7.0]), 0.25)
    np.testing.assert_allclose(regression.slope(state).curvature, float(expected), rtol=16 * EPS)
