"""The equations of the chapter on the robust default, each by another route."""

import itertools
import math

import numpy as np
import pytest
import scipy.linalg
import scipy.special

from refimpl import regression
from refimpl.optimizers.ogr import OGRParameters, neutral, ratio, start, step
from refimpl.qr_step import shifted_qr_step

pytestmark = pytest.mark.numerics

GAMMAS = (0.2, 0.5, 1.0)


def batch(thetas, gradients, betas):
    """Weighted covariances of all pairs, by their definition, for weights that change."""
    kept = np.append(np.cumprod(1.0 - np.array(betas[:0:-1]))[::-1], 1.0)
    weight = np.array(betas) * kept
    weight /= weight.sum()
    theta, gradient = np.array(thetas), np.array(gradients)
    off, off_g = theta - weight @ theta, gradient - weight @ gradient
    w = weight[:, None]
    return off.T @ (w * off), off_g.T @ (w * off), off_g.T @ (w * off_g), weight @ gradient


def test_scale_holds_the_standard_error():
    """``C_gg / C_thetatheta = lambda^2 + (n_eff - 2) se^2``, with both from a batch fit."""
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(30)
    g = -2.0 * theta + rng.standard_normal(30)
    beta, state = 0.25, regression.start(1)
    for a, b in zip(theta, g, strict=True):
        state = regression.update(state, np.array([a]), np.array([b]), beta)
    weight = beta * (1.0 - beta) ** np.arange(29, -1, -1)
    weight /= weight.sum()
    n_eff = 1.0 / np.sum(weight**2)
    slope, offset = np.polyfit(theta, g, 1, w=np.sqrt(weight))
    residual = np.sum(weight * (g - offset - slope * theta) ** 2)
    variance = np.sum(weight * (theta - weight @ theta) ** 2)
    error2 = residual / ((n_eff - 2.0) * variance)
    s = ratio(state.C_thetatheta[0, 0], state.C_gg[0, 0])
    # Batch and recursion differ by some roundings of well-conditioned sums.
    assert 1.0 / s**2 == pytest.approx(slope**2 + (n_eff - 2.0) * error2, rel=1e-12)
    assert s <= 1.0 / abs(slope)


@pytest.mark.parametrize(("beta", "gamma"), list(itertools.product((0.1, 0.25, 0.6, 1.0), GAMMAS)))
def test_neutral_step_keeps_the_spread(beta, gamma):
    """The stationary covariance of momentum and position under white noise, from SciPy.

    Negative control: nine tenths of the step do not keep it.
    """
    r, rho = 1.0 - beta, 1.0 - gamma

    def quotient(a):
        A = np.array([[rho, 0.0], [-a * rho, r]])
        b = np.array([gamma, -a * gamma])
        variance = scipy.linalg.solve_discrete_lyapunov(A, np.outer(b, b))[1, 1]
        return variance / (2.0 / (2.0 - beta))

    a = neutral(beta, gamma)
    assert quotient(a) == pytest.approx(1.0, rel=1e-9)
    assert quotient(0.9 * a) == pytest.approx(0.81, rel=1e-9)


@pytest.mark.parametrize("turning", [True, False])
def test_step_is_its_definition(turning):
    """Eight steps in three dimensions, all statistics as batches, the fit by SciPy."""
    p = OGRParameters(turning=turning)
    rng = np.random.default_rng(2)
    theta, V, m = np.array([3.0, -1.0, 2.0]), np.eye(3), np.zeros(3)
    opening = 0.5 * math.sqrt(14.0 / 3.0)
    state = start(theta, np.empty((0, 3)), p)
    thetas, gradients, betas, bounded = [], [], [], set()
    ours = theta
    for t in range(8):
        g = np.array([1.0, 3.0, 8.0]) * theta + 0.5 * rng.standard_normal(3)
        ours, state = step(state, ours, g, p)
        betas.append(p.beta_late + (p.beta - p.beta_late) / (1.0 + t / p.settle))
        thetas.append(theta)
        gradients.append(g)
        m = g if t == 0 else m + p.gamma * (g - m)
        if t == 0:
            theta = theta - opening * g / np.linalg.norm(g)
        else:
            C, B, G, mean_g = batch(thetas, gradients, betas)
            spread, energy = np.trace(C), np.trace(G)
            prior, slope = p.ridge * spread * np.eye(3), math.sqrt(energy / spread)
            C, B, G = C + prior, B + slope * prior, G + slope**2 * prior
            H = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
            if turning:
                V = shifted_qr_step(V @ H @ V.T)[0].T @ V
            s = np.sqrt(np.diag(V @ C @ V.T) / np.diag(V @ G @ V.T))
            move = p.eta * neutral(betas[-1], p.gamma) * V.T @ (s * (V @ m))
            agreement = mean_g @ mean_g / (mean_g @ mean_g + energy)
            S = math.sqrt(spread)
            without = opening / (1.0 + (t + 1.0) / p.fade)
            longest = p.reach * max(min(S, without), agreement * S)
            length = np.linalg.norm(move)
            bounded.add(length > longest)
            theta = theta - min(1.0, longest / length) * move
        # The fit of few pairs is ill-conditioned by the ridge, some thousand times.
        np.testing.assert_allclose(ours, theta, rtol=1e-9, atol=1e-9)
    assert False in bounded


@pytest.mark.parametrize("c", [2.0**60, 2.0**-60])
def test_units_of_the_function_change_no_bit(c):
    """Negative control: with a factor that rounds, some bit does change."""

    def path(c):
        theta, state = np.array([1.0, 2.0]), None
        state = start(theta, np.empty((0, 2)), OGRParameters())
        rng, found = np.random.default_rng(3), []
        for _ in range(20):
            g = theta * np.array([1.0, 5.0]) + rng.standard_normal(2)
            theta, state = step(state, theta, c * g, OGRParameters())
            found.append(theta)
        return np.array(found)

    np.testing.assert_array_equal(path(c), path(1.0))
    other = path(1.1)
    assert not np.array_equal(other, path(1.0))
    np.testing.assert_allclose(other[:10], path(1.0)[:10], rtol=1e-9)
