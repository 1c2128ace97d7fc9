"""The figure of the cubic model: its numbers by another route, its drawing, its words."""

import numpy as np
import pytest
import scipy.optimize

pytest.importorskip("matplotlib")

from figures.cubic import cubic
from tests.figures.saying import assert_drawn_and_said

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps


@pytest.fixture(scope="module")
def data():
    return cubic.compute()


def test_drawn_and_said(data):
    assert_drawn_and_said(cubic, data, axes=4)


def test_secular_function(data):
    """By the matrix itself, at a few radii on both sides of the pole."""
    H = np.diag(cubic.CURVATURES)
    for k, g in enumerate(data.gradients):
        for side in range(2):
            for i in (0, 100, 399):
                r = data.r[side, i]
                eta = np.linalg.solve(H + 0.5 * data.strength * r * np.eye(2), g)
                # Next to the pole, 1e-4 away, M is known to 1e4 roundings.
                assert data.f[k, side, i] == pytest.approx(np.linalg.norm(eta) - r, rel=1e5 * EPS)


def test_roots(data):
    """Where the plotted function changes its sign, by SciPy; in the hard case nowhere."""
    assert data.outcomes == ("regular", "regular", "hard")
    a, b = cubic.CURVATURES
    for k in range(2):
        c, other = data.gradients[k]

        def f(r, c=c, other=other):
            return np.hypot(c / (a + 0.5 * r), other / (b + 0.5 * r)) - r

        root = scipy.optimize.brentq(f, data.pole * (1.0 + 1e-9), 2.0 * data.pole)
        assert data.roots[k] == pytest.approx(root, rel=1e-10)
        assert data.f[k, 1, 0] > 0.0 > data.f[k, 1, -1]
    assert np.all(data.f[2, 1] < 0.0)
    assert data.roots[2] == pytest.approx(data.pole, rel=4 * EPS)


def test_minima_and_saddle(data):
    """Both minima are as low as the best of a grid and SciPy; the saddle is stationary only."""
    H = data.axes.T @ np.diag(cubic.CURVATURES) @ data.axes
    g = data.gradients[-1] @ data.axes

    def value(eta):
        return -g @ eta + 0.5 * eta @ H @ eta + data.strength / 6.0 * np.linalg.norm(eta) ** 3

    def gradient(eta):
        return -g + H @ eta + 0.5 * data.strength * np.linalg.norm(eta) * eta

    for eta in data.minima:
        assert value(eta) == pytest.approx(data.least, rel=20 * EPS)
        np.testing.assert_allclose(gradient(eta), 0.0, atol=40 * EPS)
    assert data.value.min() >= data.least
    # The grid is 0.04 wide and the curvature at the minima at most 4.
    assert data.value.min() < data.least + 4.0 * 0.04**2
    best = scipy.optimize.minimize(value, data.minima[0] + 0.3, jac=gradient).fun
    assert best == pytest.approx(data.least, rel=1e-8)
    np.testing.assert_allclose(gradient(data.saddle), 0.0, atol=20 * EPS)
    assert value(data.saddle) > data.least + 0.1


def test_values_of_the_grid(data):
    """Row by second coordinate."""
    H = data.axes.T @ np.diag(cubic.CURVATURES) @ data.axes
    eta = np.array([data.x[3], data.x[50]])
    g = data.gradients[-1] @ data.axes
    want = -g @ eta + 0.5 * eta @ H @ eta + data.strength / 6.0 * np.linalg.norm(eta) ** 3
    assert data.value[50, 3] == pytest.approx(want, rel=20 * EPS)
