"""The figure of a slice and its model: its numbers by another route, its drawing, its words."""

import numpy as np
import pytest
import scipy.optimize

pytest.importorskip("matplotlib")

from figures.cubic import loss_slice
from figures.summary import examples
from tests.figures.saying import assert_drawn_and_said

pytestmark = [pytest.mark.numerics, pytest.mark.once]


@pytest.fixture(scope="module")
def data():
    return loss_slice.compute(m=41)


def test_drawn_and_said(data):
    assert_drawn_and_said(loss_slice, data, axes=2)


def by_hand(theta):
    """Loss and gradient of the two weights."""
    a, b = theta
    z = np.tanh(a * examples.X)
    off = b * z - examples.Y
    return np.mean(off**2), 2.0 * np.array(
        [np.mean(off * b * (1.0 - z * z) * examples.X), np.mean(off * z)]
    )


def test_grids(data):
    """The loss where the gradient by hand leads; the model agrees to third order at the cross."""
    theta = np.array([1.0, 0.5])
    start, u = by_hand(theta)
    assert data.start == pytest.approx(start, rel=1e-14)
    for i, j in ((0, 0), (3, 30), (40, 17)):
        there = by_hand(theta - np.array([data.x[j], data.y[i]]) * u)[0]
        assert data.value[i, j] == pytest.approx(there, rel=1e-13)
    near = np.hypot(*np.meshgrid(data.x, data.y)) < 0.3
    off = np.abs(data.model - data.value)[near].max()
    assert near.sum() >= 3
    assert off < 0.02 * data.start


def test_rates(data):
    """Each is the minimum that it claims to be, by SciPy on the loss or on the grid."""
    theta = np.array([1.0, 0.5])
    u = by_hand(theta)[1]
    for name, rates in data.rates.items():
        assert data.ends[name] == pytest.approx(by_hand(theta - rates * u)[0], rel=1e-12)
    single = data.rates["best single rate"]
    best = scipy.optimize.minimize(lambda r: by_hand(theta - r * u)[0], [0.5]).fun
    assert single[0] == single[1]
    assert data.ends["best single rate"] == pytest.approx(best, rel=1e-6)
    i, j = np.unravel_index(np.argmin(data.model), data.model.shape)
    step = [data.x[1] - data.x[0], data.y[1] - data.y[0]]
    assert (np.abs(data.rates["cubic"] - [data.x[j], data.y[i]]) <= step).all()
