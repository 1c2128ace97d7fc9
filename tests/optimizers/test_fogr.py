"""The basic method of [D]: by hand, against its program in SciPy, its start and its limits."""

import functools
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg

from refimpl import optimizers, regression
from tests.optimizers.paths import GRADIENTS, run
from tests.rounding import EPS, assert_agree

pytestmark = pytest.mark.numerics


def test_fogr_first_step_by_hand():
    """One dimension, exact fractions: averages from zero, new means, prior variance 1."""
    beta, gamma, div = Fraction(1, 2), Fraction(3, 4), Fraction(2)
    theta, g = Fraction(2), Fraction(8)
    mean_theta, mean_g, m = beta * theta, beta * g, gamma * g
    C = 1 + beta * ((theta - mean_theta) ** 2 - 1)
    B = beta * (g - mean_g) * (theta - mean_theta)
    assert (C, B, m) == (1, 2, 6)
    expected = theta - m / (div * abs(B / C))
    path = run("fogr", [2.0], [[8.0]], beta=0.5, gamma=0.75, div=2.0, cut=0.0)
    np.testing.assert_allclose(path[-1], [float(expected)], rtol=4 * EPS)
    assert expected == Fraction(1, 2)


def fogr_defined(p, theta, g, mean_theta, mean_g, C, B, m):
    """A step of [D]'s program in SciPy: Lyapunov's equation, then LAPACK's eigenvectors."""
    mean_theta = (1 - p.beta) * mean_theta + p.beta * theta
    mean_g = (1 - p.beta) * mean_g + p.beta * g
    m = (1 - p.gamma) * m + p.gamma * g
    C = (1 - p.beta) * C + p.beta * np.outer(theta - mean_theta, theta - mean_theta)
    B = (1 - p.beta) * B + p.beta * np.outer(g - mean_g, theta - mean_theta)
    H = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
    values, E = np.linalg.eigh(0.5 * (H + H.T))
    bounds = np.maximum(p.div * abs(values), p.cut)
    return theta - E @ ((E.T @ m) / bounds), mean_theta, mean_g, C, B, m


@pytest.mark.parametrize("D", [1, 2, 3, 5])
@pytest.mark.parametrize("cut", [0.5, 10.0])
def test_fogr_is_its_definition(D, cut):
    """Twelve noisy steps on an indefinite quadratic, each from where the method is.

    In closed loop two programs part, by up to the condition of C times the curvature over the cut
    in a single step.
    """
    rng = np.random.default_rng(D)
    H = rng.standard_normal((D, D))
    H = H + H.T
    noise = 0.1 * rng.standard_normal((12, D))
    theta = rng.standard_normal(D)
    method = optimizers.get("fogr")
    given = {"beta": 0.4, "gamma": 0.6, "div": 1.5, "cut": cut}
    parameters = optimizers.bind(method, given)
    state = method.start(theta, np.empty((0, D)), parameters)
    for z in noise:
        before = fogr_state(theta, H @ theta + z, state)
        theta, state = method.step(state, theta, before[1], parameters)
        found = fogr_state(theta, None, state)
        one = functools.partial(fogr_defined, parameters)
        # Some eight operations in turn on either side, with sums of up to five products.
        bounds = assert_agree((found[0], *found[2:]), one, before, 2 * 8 * 5)
        # Otherwise this would test little: the positions run far off.
        assert bounds[0] < 1e-9 * np.abs(theta).max()


def fogr_state(theta, g, state):
    line = state.line
    averages = line.mean_theta, line.mean_gradient, line.C_thetatheta, line.C_gtheta
    return theta, g, *averages, state.momentum


def test_fogr_starts_from_zero_means_and_unit_variance():
    """Not from the first point: on this every published value depends."""
    method = optimizers.get("fogr")
    state = method.start(np.array([5.0, -3.0]), np.empty((0, 2)), method.parameters())
    np.testing.assert_array_equal(state.line.mean_theta, 0.0)
    np.testing.assert_array_equal(state.line.mean_gradient, 0.0)
    np.testing.assert_array_equal(state.line.C_thetatheta, np.eye(2))
    np.testing.assert_array_equal(state.line.C_gtheta, 0.0)
    np.testing.assert_array_equal(state.momentum, 0.0)


def test_fogr_with_a_large_cut_is_momentum():
    """``max(div |lambda|, cut) = cut``: the curvature is learned and not used."""
    path = run("fogr", np.ones(3), GRADIENTS, cut=1e6, gamma=0.7)
    momentum = run("momentum", np.ones(3), GRADIENTS, alpha=1e-6, gamma=0.7)
    # The steps are of size 1e-6; the eigenbasis costs a few eps of them.
    np.testing.assert_allclose(path - 1.0, momentum - 1.0, atol=4 * 12 * EPS)


def test_fogr_finds_the_curvature_of_a_quadratic():
    """On a quadratic without noise the learned matrix tends to the true one, signs included.

    The start's unit variance fades by ``1 - beta`` a step, while the positions spread along the
    unstable direction.
    """
    H = np.array([[2.0, 1.0], [1.0, -3.0]])
    method = optimizers.get("fogr")
    parameters = optimizers.bind(method, {"cut": 0.0})
    theta = np.array([1.0, 0.5])
    state = method.start(theta, np.empty((0, 2)), parameters)
    rng = np.random.default_rng(1)
    for _ in range(60):
        _, state = method.step(state, theta, H @ theta, parameters)
        theta = rng.standard_normal(2)
    learned = regression.symmetric_hessian(state.line, 0.0)
    # 0.5^60 of the prior is left.
    np.testing.assert_allclose(learned, H, atol=1e-12)
