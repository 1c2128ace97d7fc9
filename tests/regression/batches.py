"""Batches of positions and gradients, and their weighted statistics by NumPy; no tests."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

from refimpl import _compile, regression

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 12)
BETAS = st.floats(0.02, 0.98)
SEEDS = st.integers(0, 2**32)
FITS = (regression.hessian, regression.symmetric_hessian, regression.correlated_hessian)
EACH_FIT = pytest.mark.parametrize("fit", FITS)
BOTH_UPDATES = pytest.mark.parametrize("update", [regression.update, regression.update_new_mean])


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
