"""All third derivatives of a layered network against the definition: any unit, any groups."""

import functools
import itertools

import numpy as np
import pytest

from refimpl import partitions, summary
from refimpl.errors import NotFiniteError, RangeError
from refimpl.network import ACTIVATIONS, LOSSES, Batch, Network, one_hot
from refimpl.summary.layered import assign, summarize
from refimpl.summary.layered_tensor import third_tensor

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps
KINDS = list(itertools.product(ACTIVATIONS, LOSSES))


def problem(activation="tanh", loss="cross_entropy", widths=(3, 5, 4, 4), seed=0):
    rng = np.random.default_rng(seed)
    network = Network(widths, activation, loss)
    labels = rng.integers(0, widths[-1], 7)
    targets = one_hot(labels, widths[-1]) if loss == "mse" else labels
    theta = network.initial(rng) + 0.1 * rng.standard_normal(network.size)
    batch = Batch(rng.standard_normal((7, widths[0])), targets)
    return network, batch, theta, rng.standard_normal(network.size), rng


def defined(network, batch, theta, u, groups):
    loss = functools.partial(network.value, batch=batch)
    return summary.summarize(loss, theta, u, groups, full=True)


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_is_the_definition(activation, loss):
    """A group a tensor, and groups that are parts of several tensors of several layers."""
    network, batch, theta, u, rng = problem(activation, loss)
    mixed = np.array_split(rng.permutation(network.size), 4)
    for groups in (partitions.by_tensor(network.shapes), mixed):
        expected = defined(network, batch, theta, u, groups)
        found = summarize(network, batch, theta, u, groups, full=True)
        size = np.abs(expected.tensor).max()
        # Polarisation adds six coefficients, some 27 times as large.
        np.testing.assert_allclose(found.tensor, expected.tensor, rtol=0, atol=200 * EPS * size)
        np.testing.assert_allclose(
            np.einsum("iii->i", found.tensor), found.third, rtol=0, atol=50 * EPS * size
        )
        for order in itertools.permutations(range(3)):
            np.testing.assert_array_equal(found.tensor, found.tensor.transpose(order))
    # Negative control: without the mixed terms of the adjoint there would be a diagonal alone.
    assert np.abs(expected.tensor[0, 0, 1]) > 1e-6 * size


def test_it_says_what_curvature_becomes():
    """Along a group the Hessian changes by the tensor: a difference quotient of summaries."""
    network, batch, theta, u, _ = problem(seed=3)
    groups, h = partitions.by_tensor(network.shapes), 1e-4
    found = summarize(network, batch, theta, u, groups, full=True)
    for s, index in enumerate(groups):
        moved = np.zeros(network.size)
        moved[index] = h * u[index]
        ahead, behind = (
            summarize(network, batch, theta + sign * moved, u, groups, 2).hessian
            for sign in (1, -1)
        )
        quotient = (ahead - behind) / (2.0 * h)
        size = np.abs(quotient).max()
        # The error of a central difference is of order h^2, that of its rounding eps/h.
        np.testing.assert_allclose(found.tensor[s], quotient, rtol=0, atol=3e-6 * size)


def test_groups_in_any_unit():
    """Parts of 2^-400 have a tensor whose entries are scaled by powers of two, and nothing else."""
    network, batch, theta, u, _ = problem()
    groups = partitions.by_tensor(network.shapes)
    powers = np.array([-400, 3, 0, 17, -90, 5])
    scaled = u.copy()
    for power, index in zip(powers, groups, strict=True):
        scaled[index] = np.ldexp(u[index], power)
    one, other = (
        summarize(network, batch, theta, direction, groups, full=True).tensor
        for direction in (u, scaled)
    )
    exponents = powers[:, None, None] + powers[:, None] + powers
    np.testing.assert_array_equal(other, np.ldexp(one, exponents))


def test_without_direction():
    network, batch, theta, u, _ = problem()
    groups = partitions.by_tensor(network.shapes)
    u[groups[2]] = 0.0
    found = summarize(network, batch, theta, u, groups, full=True).tensor
    np.testing.assert_array_equal(found[2], 0.0)
    expected = defined(network, batch, theta, u, groups).tensor
    np.testing.assert_allclose(found, expected, rtol=0, atol=200 * EPS * np.abs(expected).max())


def test_wrong_input():
    network, batch, theta, u, _ = problem()
    groups = assign(network, partitions.by_tensor(network.shapes))
    with pytest.raises(RangeError, match="the full tensor needs order 3"):
        summarize(network, batch, theta, u, groups, order=2, full=True)
    with pytest.raises(NotFiniteError, match="not finite"):
        third_tensor(network, batch, np.full(network.size, np.inf), u, groups)
