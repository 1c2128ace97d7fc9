"""Damping that falls: geometrically, or on a plateau of the loss."""

import numpy as np
import pytest

from refimpl.optimizers import bind, damping
from refimpl.optimizers.grouped_newton import grouped_newton
from tests.optimizers.grouped_steps import begin, given_slice

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps


def test_geometric_decay():
    """Equal factors, from `damping` at the first moving step to `decay_to`, and no further."""
    parameters = bind(grouped_newton, {"damping": 0.8, "decay_steps": 4, "decay_to": 0.05})
    shares = np.array([damping.share(count, None, parameters) for count in range(8)])
    np.testing.assert_allclose(shares[:5], 0.8 * 0.5 ** np.arange(5), rtol=8 * EPS)
    np.testing.assert_array_equal(shares[4:], shares[4])
    # Negative control: a straight line has the same ends.
    assert shares[2] < 0.6 * np.mean([0.8, 0.05])


def test_the_decay_begins_after_the_warm_up():
    theta, given_ = np.zeros(1), {"window": 2, "warmup": 2, "decay_steps": 2, "decay_to": 0.25}
    along = given_slice([1.0], [[1.0]], [0.0])
    state, parameters = begin(grouped_newton, theta, groups=1, **given_)
    moved = []
    for _ in range(6):
        end, state = grouped_newton.step(state, theta, np.ones(1), along, parameters)
        moved.append(-end[0])
    np.testing.assert_allclose(moved, [0.0, 0.0, 1.0, 0.5, 0.25, 0.25], rtol=8 * EPS)


def watched(losses, **options):
    """The factor after each loss."""
    parameters = bind(grouped_newton, {"plateau": 2, **options})
    plateau, factors = damping.start(parameters), []
    for loss in losses:
        plateau = damping.watched(plateau, loss, parameters)
        factors.append(plateau.factor)
    return factors


def test_plateau_by_hand():
    """Means 8, 7, 7.6 and 5 of two losses each, a fall of a tenth of the best so far wanted."""
    losses = [9.0, 7.0, 6.0, 8.0, 7.2, 8.0, 5.0, 5.0]
    assert watched(losses, plateau_fall=0.1, plateau_factor=0.5) == [
        *(1.0, 1.0, 1.0, 1.0),
        *(1.0, 0.5, 0.5, 0.5),
    ]
    # A fall of a fifth: 7 and 7.6 are not low enough, 5 is.
    assert watched(losses, plateau_fall=0.2, plateau_factor=0.5)[-1] == 0.25
    # Negative control: single losses would have told of a plateau at once.
    assert watched(losses, plateau=1, plateau_fall=0.1, plateau_factor=0.5)[3] == 0.5


def test_a_negative_loss_has_plateaus_too():
    assert watched([-1.0, -1.0, -1.05, -1.05], plateau_fall=0.1)[-1] == 0.9
    assert watched([-1.0, -1.0, -1.2, -1.2], plateau_fall=0.1)[-1] == 1.0


def shares(steps, **options):
    """Lengths of steps of the method at a loss that never falls, whose full step has length 1."""
    theta, moved = np.zeros(1), []
    state, parameters = begin(grouped_newton, theta, groups=1, **options)
    flat = given_slice([1.0], [[1.0]], [0.0])
    along = flat._replace(summarize=lambda *place: flat.summarize(*place)._replace(value=3.0))
    for _ in range(steps):
        end, state = grouped_newton.step(state, theta, np.ones(1), along, parameters)
        moved.append(-end[0])
    return moved


def test_a_plateau_shortens_steps_of_the_method():
    """Losses come with the summaries; a loss that does not fall halves the steps at each look."""
    moved = shares(7, plateau=2, plateau_factor=0.5, damping=0.8)
    np.testing.assert_allclose(moved, [0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2], rtol=8 * EPS)
    assert damping.start(grouped_newton.parameters()) is None


def test_no_plateau_is_looked_for_in_the_warm_up():
    """Where nothing moves no loss can fall."""
    moved = shares(8, window=2, warmup=5, plateau=1, plateau_factor=0.5)
    np.testing.assert_allclose(moved, [0.0] * 5 + [1.0, 0.5, 0.25], rtol=8 * EPS)


def test_a_long_warm_up_before_a_steep_fall():
    """The fall is counted from the first step that moves, and never backward."""
    theta, given_ = np.zeros(1), {"window": 2, "warmup": 200, "decay_steps": 1, "decay_to": 1e-3}
    state, parameters = begin(grouped_newton, theta, groups=1, **given_)
    along = given_slice([1.0], [[1.0]], [0.0])
    for _ in range(3):
        end, state = grouped_newton.step(state, theta, np.ones(1), along, parameters)
    np.testing.assert_array_equal(end, 0.0)
