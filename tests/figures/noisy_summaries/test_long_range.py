"""Interactions between tensors: correlations without units, and what is between layers."""

import numpy as np
import pytest

from figures.noisy_summaries import long_range
from refimpl import partitions
from refimpl.network import Batch, Network
from refimpl.summary import layered

pytestmark = pytest.mark.numerics


def test_correlations_have_no_units():
    """Scaling a group's direction changes nothing; a dead group has zeros."""
    rng = np.random.default_rng(0)
    A = rng.standard_normal((4, 4))
    H, scale = A + A.T, np.array([1e-3, 1.0, 50.0, 1e6])
    one, other = long_range.correlated(H), long_range.correlated(scale[:, None] * H * scale)
    np.testing.assert_allclose(other, one, rtol=1e-12)
    np.testing.assert_allclose(np.abs(np.diag(one)), 1.0, rtol=1e-12)
    H[2] = H[:, 2] = 0.0
    assert not long_range.correlated(H)[2].any()


def test_share_outside():
    """By hand: two layers of two tensors, one pair across with correlation 1/2."""
    C = np.eye(4)
    C[0, 3] = C[3, 0] = 0.5
    layers = np.array([1, 1, 2, 2])
    assert long_range.outside(C, layers) == pytest.approx(0.5 / 4.5)
    C[0, 1] = C[1, 0] = 0.7
    assert long_range.outside(C, layers) == pytest.approx(0.5 / (4.5 + 0.98))


def test_a_look_is_the_summary_of_all_records():
    rng = np.random.default_rng(1)
    network = Network((3, 4, 2))
    records = Batch(rng.standard_normal((20, 3)), rng.integers(0, 2, 20))
    theta = network.initial(rng)
    tensors = partitions.by_tensor(network.shapes)
    look = long_range.looked(network, records, theta, layered.assign(network, tensors))
    u = network.gradient(theta, records)
    moved = theta.copy()
    for rate, index in zip(look.rates, tensors, strict=True):
        moved[index] -= rate * u[index]
    assert look.after == pytest.approx(network.value(moved, records))
    assert look.before == pytest.approx(network.value(theta, records))
    # Layers apart: the minimum of the model whose matrix is block diagonal.
    assert not np.allclose(look.alone, look.rates, rtol=0.05)


def test_words_and_numbers():
    data = long_range.compute(tasks=("autoencoder",), moments=(0, 3), seeds=range(2))
    found = long_range.summarized(data, "autoencoder")
    assert set(found) == {0, 3}
    middle, low, high = found[3]["share outside the layers"]
    assert 0.0 < low <= middle <= high < 1.0
    assert "autoencoder" in long_range.alt(data)
    assert len(long_range.draw(data).axes) == 4
