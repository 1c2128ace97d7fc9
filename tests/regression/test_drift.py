"""What a weighted mean makes of a number that drifts, and of noise: exactly, none is drawn."""

import numpy as np
import pytest

from refimpl.regression import weighted_mean

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps


def end(seen, beta):
    """The mean after all of these."""
    weight, mean = 0.0, np.zeros(1)
    for x in seen:
        weight, _, _, mean = weighted_mean(weight, mean, np.array([x]), beta)
    return mean[0]


def weights(beta, n):
    """Weights of the last observations in the mean, the newest first: answers to single ones."""
    impulses = np.eye(n)
    return np.array([end(row, beta) for row in impulses])[::-1]


@pytest.mark.parametrize("beta", [0.15, 0.4, 0.9])
def test_lag_and_variance(beta):
    """The mean of ``0, 1, 2, ...`` is (1-beta)/beta late; squared weights sum to beta/(2-beta)."""
    n = int(np.ceil(40.0 / beta))
    lag = (n - 1) - end(np.arange(n), beta)
    assert lag == pytest.approx((1.0 - beta) / beta, rel=1e-10)
    w = weights(beta, n)
    assert w.sum() == pytest.approx(1.0, rel=1e-12)
    assert np.sum(w**2) == pytest.approx(beta / (2.0 - beta), rel=1e-10)
    # Negative control: a lag of 1/beta is a step too much.
    assert abs(lag - 1.0 / beta) > 0.9


@pytest.mark.parametrize("ratio", [0.05, 0.7])
def test_no_other_weight_is_better(ratio):
    """The root of ``r^2 (1-b)(2-b)^2 = b^3`` has the least squared lag and variance."""
    roots = np.roots(
        np.polysub(ratio**2 * np.poly1d([1.0, -5.0, 8.0, -4.0]).coeffs * -1.0, [1.0, 0.0, 0.0, 0.0])
    )
    (best,) = [r.real for r in roots if abs(r.imag) < 1e-12 and 0.0 < r.real < 1.0]

    def error(beta):
        w = weights(beta, 200)
        return (ratio * (w @ np.arange(200))) ** 2 + np.sum(w**2)

    assert all(error(best) < error(best * factor) for factor in (0.9, 1.08))
