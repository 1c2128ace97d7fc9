"""The losses of the chapters, by other routes: difference quotients, and the package's network."""

import numpy as np
import pytest

from figures.summary import examples
from refimpl.network import Batch, Network

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def test_gradient_by_differences():
    h = 1e-5
    slopes = [
        (examples.loss(examples.START + h * e) - examples.loss(examples.START - h * e)) / (2 * h)
        for e in np.eye(2)
    ]
    # The truncation is of order h^2, the rounding of order 1e-16 / h.
    assert np.allclose(examples.gradient(examples.loss, examples.START), slopes, atol=1e-9)


def test_deep_network_is_the_network_of_the_package():
    value, place, groups = examples.deep_network(seed=3, depth=2, size=0.5)
    generator = np.random.default_rng(3)
    generator.standard_normal(place.size)
    records = Batch(generator.standard_normal((4, 2)), generator.standard_normal((4, 1)))
    network = Network((2, 3, 3, 1), activation="tanh", loss="mse")
    assert [len(group) for group in groups] == [6, 3, 9, 3, 3, 1]
    # The same sums in another order.
    assert np.isclose(value(place), network.value(place, records), rtol=1e-14)


def test_problems_are_drawn_anew_for_each_seed():
    network = Network((4, 6, 6, 2), activation="relu", loss="mse")
    one, other = examples.random_problem(network, 1), examples.random_problem(network, 2)
    assert one[0].targets.shape == (20, 2)
    assert one[1].shape == (network.size,)
    assert not np.any(one[0].inputs == other[0].inputs)
