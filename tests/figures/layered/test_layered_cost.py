"""The figure on the price of a summary: its count of products by another route, its words."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.layered import layered_cost
from refimpl import layered_summary, partitions
from refimpl.network import Network
from refimpl.summary.layered import assign
from tests.figures.saying import assert_drawn_and_said
from tests.network.products import count_weights

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps


@pytest.fixture(scope="module")
def data():
    return layered_cost.compute(
        counts=(1, 2, 16), defined_counts=(1, 2), widths=(4, 8), width=8, repeats=1
    )


def test_drawn_and_said(data):
    said = assert_drawn_and_said(layered_cost, data, axes=2)
    assert f"{data.products[-1]:.1f} at its end" in said


def test_what_is_timed_is_right(data):
    """Both ways agree to rounding, which ten layers of sums make some hundred times eps."""
    assert 0.0 < data.agreement < 1000 * EPS
    for times in (data.fast, data.defined, data.by_width):
        assert (times > 0.0).all()


def test_products_of_one_group_for_each_tensor():
    """Two tangents for each tensor of the layers before; four passes of one product a layer."""
    for depth in (1, 2, 3, 8):
        network = Network((5,) * (depth + 1))
        groups = assign(network, partitions.by_tensor(network.shapes))
        expected = 2 * sum(2 * before for before in range(depth)) + 4 * depth - 2
        assert layered_cost.products(network, groups) == pytest.approx(expected / (3 * depth - 1))


@pytest.mark.parametrize("partition", [partitions.whole, partitions.weights_and_biases])
def test_products_of_other_partitions(partition, monkeypatch):
    """Counted as they happen: matrices that see all records, tangents being several each."""
    place = layered_cost.problem(6, records=5, depth=3)
    groups = assign(place.network, partition(place.network.shapes))
    count = 0

    def add(left, right):
        nonlocal count
        if right.shape == (6, 6):
            count += left.shape[0] / 5

    count_weights(monkeypatch, add)
    layered_summary.summarize(place.network, place.batch, place.theta, place.direction, groups)
    assert layered_cost.products(place.network, groups) == pytest.approx(count / 8)
