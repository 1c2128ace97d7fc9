"""A network with its data: minimized, learnt, and its noisy gradients."""

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats

import refimpl
from refimpl.network import (
    Model,
    Network,
    digits,
)
from tests.rounding import EPS

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def test_model_is_minimized(moons):
    """To a loss and an accuracy that no straight line reaches."""
    rng = np.random.default_rng(1)
    straight = Model(Network((2, 2)), moons)
    linear = scipy.optimize.minimize(straight.value, np.zeros(6), jac=straight.gradient)
    assert linear.fun > 0.3
    assert straight.accuracy(linear.x, "train") < 0.9
    model = Model(Network((2, 10, 2)), moons)
    start = model.network.initial(rng)
    for method, setting in (("adam", {"alpha": 0.03}), ("momentum", {"alpha": 1.0})):
        result = refimpl.minimize(
            model.value,
            start,
            jac=model.noisy_gradient(30, rng),
            method=method,
            steps=300,
            progress=False,
            **setting,
        )
        assert result.values[-1] < 0.2
        assert model.accuracy(result.x) > 0.93
        assert model.accuracy(result.x, "train") > 0.93


def test_digits_are_learnt():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    model = Model(Network((64, 30, 10), "relu"), digits(rng))
    start = model.network.initial(rng)
    result = refimpl.minimize(
        lambda theta: 0.0,  # the loss at each step is not needed here
        start,
        jac=model.noisy_gradient(64, rng),
        method="adam",
        alpha=0.01,
        steps=150,
        progress=False,
    )
    # Chance is a tenth.
    assert model.accuracy(start) < 0.3
    assert model.accuracy(result.x) > 0.93


def test_gradients_of_batches(moons):
    """The mean over an epoch of equal minibatches is the gradient; indices and records agree."""
    model = Model(Network((2, 4, 2), "softplus"), moons)
    theta = model.network.initial(np.random.default_rng(0))
    noisy = model.noisy_gradient(25, np.random.default_rng(0))
    mean = np.mean([noisy(theta) for _ in range(6)], axis=0)
    np.testing.assert_allclose(mean, model.gradient(theta), rtol=0, atol=64 * EPS)
    index = np.array([3, 1, 4])
    np.testing.assert_array_equal(
        model.gradient(theta, index), model.gradient(theta, moons.train.take(index))
    )
