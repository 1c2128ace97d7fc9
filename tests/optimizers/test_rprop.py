"""Rprop: what a coordinate does after each pattern of signs, and what it does not see."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.optimizers import bind
from refimpl.optimizers.rprop import rprop
from tests.optimizers.paths import GRADIENTS, descend, run
from tests.rounding import EPS

pytestmark = pytest.mark.numerics

STREAM = np.random.default_rng(7).standard_normal((60, 4))
STREAM[np.random.default_rng(8).random(STREAM.shape) < 0.1] = 0.0
# Of one coordinate: a gradient, and what is then the factor of its step length, and its way.
BY_HAND = (
    (3.0, 1, -1),  # the first: no sign before
    (2.0, 1.25, -1),
    (-1.0, 0.5, 0),  # a change: shorter, and no step
    (-5.0, 1, 1),  # nothing to compare with
    (-1.0, 1.25, 1),
    (0.0, 1, 0),  # no sign at all, which is no change
    (4.0, 1, -1),
    (4.0, 1.25, -1),
)


def test_signs_by_hand():
    """In fractions of powers of two."""
    size, theta, expected = Fraction(1, 8), Fraction(0), [0.0]
    for _, factor, way in BY_HAND:
        size *= Fraction(factor)
        theta += way * size
        expected.append(float(theta))
    gradients = [[g] for g, _, _ in BY_HAND]
    path = run("rprop", [0.0], gradients, first=0.125, eta_plus=1.25)
    np.testing.assert_array_equal(path[:, 0], expected)


def alone(gradients, eta_minus, eta_plus, first, smallest, largest):
    """One coordinate by the table of its signs, with the products of gradients as they are."""
    theta, size, before, path = 0.0, first, 0.0, [0.0]
    for g in gradients:
        if before * g > 0:
            size = min(size * eta_plus, largest)
        elif before * g < 0:
            size, g = max(size * eta_minus, smallest), 0.0
        theta -= {True: size, False: -size}[g > 0] if g else 0.0
        before = g
        path.append(theta)
    return path


@pytest.mark.parametrize("bounds", [(1e-6, 50.0), (0.05, 0.2)])
def test_is_the_table_of_signs(bounds):
    """Bit for bit: both make the same products and sums of the same numbers."""
    given = {"eta_minus": 0.5, "eta_plus": 1.2, "first": 0.1}
    given |= dict(zip(("smallest", "largest"), bounds, strict=True))
    path = run("rprop", np.zeros(4), STREAM, **given)
    for i in range(4):
        np.testing.assert_array_equal(path[:, i], alone(STREAM[:, i], **given))


@given(st.lists(st.integers(-900, 900), min_size=4, max_size=4))
@settings(max_examples=20, deadline=None)
def test_gradients_count_by_their_signs(powers):
    """Each coordinate of the gradient times a power of two, and so the loss: the same bits."""
    scaled = np.ldexp(STREAM, powers)
    np.testing.assert_array_equal(
        run("rprop", np.ones(4), scaled), run("rprop", np.ones(4), STREAM)
    )


@given(st.lists(st.integers(-60, 60), min_size=3, max_size=3))
@settings(max_examples=20, deadline=None)
def test_coordinates_with_units_of_their_own(powers):
    """Where positions and step lengths have their units, so has the path: the same bits."""
    units = np.ldexp(1.0, powers)
    curvatures, target = np.array([1.0, 30.0, 0.2]), np.array([1.0, -2.0, 0.5])
    parameters = bind(rprop, {"smallest": 0.0, "largest": np.inf})

    def path(units):
        theta = 3.0 * units
        state = rprop.start(theta, np.empty((0, 3)), parameters)
        state = state._replace(size=state.size * units)
        for _ in range(80):
            # Of a sum of squares in the other units.
            gradient = curvatures * (theta / units - target) / units
            theta, state = rprop.step(state, theta, gradient, parameters)
            yield theta / units

    np.testing.assert_array_equal(list(path(units)), list(path(np.ones(3))))


def test_without_memory_it_is_the_sign():
    """A constant length: of `adam` without memory, but for the coordinates that wait."""
    fixed = {"first": 0.25, "smallest": 0.25, "largest": 0.25}
    steps = np.diff(run("rprop", np.zeros(3), np.abs(GRADIENTS), **fixed), axis=0)
    adam = {"alpha": 0.25, "beta1": 0.0, "beta2": 0.0, "eps": 0.0}
    expected = np.diff(run("adam", np.zeros(3), np.abs(GRADIENTS), **adam), axis=0)
    np.testing.assert_allclose(steps, expected, atol=12 * 4 * EPS)


def test_separable_scales_are_no_trouble():
    """Curvatures from 1 to 1e8: as far down in each coordinate, to its smallest step.

    From 3, below which no step is longer than the way so far, to steps of at most 1e-6 / 0.5: the
    last one before a change, and the distance after it is not longer.
    """
    curvatures = 10.0 ** np.arange(0, 9, 2)
    path = descend("rprop", np.full(5, 3.0), lambda x: curvatures * x, 300)
    assert np.abs(path[-1]).max() <= 2.0 * 1e-6
    np.testing.assert_array_equal(path, path[:, :1] * np.ones(5))
