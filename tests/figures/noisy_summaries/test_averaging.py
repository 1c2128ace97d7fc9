"""Bias against variance of averaged summaries: formulas against simulation and each other."""

import numpy as np
import pytest

from figures.noisy_summaries import averaging
from refimpl.optimizers import averages, bind
from refimpl.optimizers.grouped_newton import grouped_newton
from refimpl.summary import Summary

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def data():
    return averaging.compute(ratios=(0.05, 0.3), betas=(0.1, 0.3, 1.0), runs=3000, seed=1)


def test_measured_errors_are_those_of_the_formula(data):
    """Six numbers within four standard errors: a false alarm in some 3 000 drawings."""
    assert np.abs((data.measured - data.theory) / data.errors).max() < 4.0
    # Without drift there is the variance alone.
    np.testing.assert_allclose(data.still, data.betas / (2.0 - data.betas), rtol=0.12)


def test_the_measurement_would_see_a_wrong_formula(data):
    """Negative control: a lag of 1/beta steps, one too many, and no lag at all."""
    r, beta = data.ratios[:, None], data.betas
    for lag in (1.0 / beta, 0.0 * beta):
        wrong = (r * lag) ** 2 + beta / (2.0 - beta)
        assert np.abs((data.measured - wrong) / data.errors).max() > 10.0


@pytest.mark.parametrize("ratio", [1e-3, 0.02, 0.5, 10.0])
def test_best_weight_and_window(ratio):
    """Against all weights and windows of a fine grid."""
    betas = np.linspace(1e-4, 1.0, 200_001)
    errors = averaging.fading_error(ratio, betas)
    found = averaging.best_weight(ratio)
    assert abs(found - betas[errors.argmin()]) < 1e-4
    windows = np.arange(1, 400)
    best = windows[averaging.window_error(ratio, windows).argmin()]
    assert averaging.best_window(ratio) == best


def test_small_drifts():
    """``beta = (2 r)^(2/3)``, and three quarters of it as the error, of a window as well."""
    ratio = 1e-6
    beta = (2.0 * ratio) ** (2.0 / 3.0)
    assert averaging.best_weight(ratio) == pytest.approx(beta, rel=1e-3)
    assert averaging.fading_error(ratio, beta) == pytest.approx(0.75 * beta, rel=1e-3)
    window = averaging.window_error(ratio, averaging.best_window(ratio))
    assert window == pytest.approx(0.75 * beta, rel=1e-3)


def test_the_method_averages_so(data):
    """The averages of grouped Newton, fed with the same slopes, are the same numbers."""
    slopes, _, _, _ = averaging.walked(np.random.default_rng(0), 3, 30, 0.1)
    expected = averaging.faded(slopes, 0.2)
    parameters = bind(grouped_newton, {"beta": 0.2})
    state = averages.start(3, parameters)
    for row in slopes:
        found = Summary(0.0, row, np.eye(3), np.zeros(3), None)
        state, model = averages.take_in(state, found, np.ones(3), parameters)
    np.testing.assert_array_equal(model.gradient, expected)


def test_words(data):
    said = averaging.alt(data)
    assert "drift of 0.05" in said
    assert averaging.draw(data).axes
