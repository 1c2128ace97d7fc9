"""Data sets, their split and scaling, and minibatches."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refimpl
from refimpl.network import (
    Batch,
    digits,
    minibatches,
    split,
    standardized,
    two_moons,
)
from tests.rounding import EPS

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def test_data_sets(moons):
    rng = np.random.default_rng(0)
    numbers = digits(rng, test=0.2)
    for data, n, features, classes in ((numbers, 1797, 64, 10), (moons, 200, 2, 2)):
        assert len(data.train.inputs) + len(data.test.inputs) == n
        assert data.train.inputs.shape[1] == data.test.inputs.shape[1] == features
        assert set(data.train.targets) == set(data.test.targets) == set(range(classes))
        mean, deviation = data.train.inputs.mean(axis=0), data.train.inputs.std(axis=0)
        live = deviation > 0.0
        # NumPy adds the rows of a matrix one after another.
        np.testing.assert_allclose(mean, 0.0, atol=n * EPS)
        np.testing.assert_allclose(deviation[live], 1.0, rtol=n * EPS)
        assert live.sum() > 0.9 * features
        assert not data.test.inputs[:, ~live].any()
        assert abs(data.test.inputs.mean()) < 0.5
    assert len(numbers.test.inputs) == round(0.2 * 1797)


def test_data_is_the_generators(moons):
    again = two_moons(np.random.default_rng(0), n=200)
    other = two_moons(np.random.default_rng(1), n=200)
    np.testing.assert_array_equal(again.train.inputs, moons.train.inputs)
    assert not np.array_equal(other.train.inputs, moons.train.inputs)


def test_split_and_standardize():
    rng = np.random.default_rng(0)
    inputs = np.column_stack([np.arange(20.0), np.full(20, 0.1)])
    parts = split(Batch(inputs, np.arange(20)), rng, 0.3)
    seen = np.concatenate([parts.train.targets, parts.test.targets])
    assert sorted(seen) == list(range(20))
    assert len(parts.test.targets) == 6
    for part in parts:
        np.testing.assert_array_equal(part.inputs[:, 0], part.targets)
    scaled = standardized(parts)
    mean, deviation = parts.train.targets.mean(), parts.train.targets.std()
    for part in scaled:
        np.testing.assert_allclose(part.inputs[:, 0], (part.targets - mean) / deviation)
        assert not part.inputs[:, 1].any()


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.integers(1, 30), st.data(), st.integers(0, 2**32))
def test_minibatches_of_an_epoch(records, data, seed):
    """No record twice, and as many as fit; over the epochs all of them."""
    size = data.draw(st.integers(1, records))
    batches = minibatches(records, size, np.random.default_rng(seed))
    for _ in range(3):
        epoch = np.concatenate([next(batches) for _ in range(records // size)])
        assert len(set(epoch)) == len(epoch) == records // size * size
        assert set(epoch) <= set(range(records))


def test_minibatches_are_those_of_the_noise_model():
    """The same records as `refimpl.noise.minibatch` picks from the same generator."""
    picks = refimpl.noise.minibatch(4).pick(np.random.default_rng(3), 7, 10)
    batches = minibatches(10, 4, np.random.default_rng(3))
    np.testing.assert_array_equal(picks, [next(batches) for _ in range(7)])


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    for load in (digits, two_moons):
        with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
            load(np.random.default_rng(0))
