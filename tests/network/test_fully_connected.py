"""The network against mpmath, differences in extended precision, and Taylor coefficients."""

import functools
import itertools

import mpmath as mp
import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from hypothesis import settings

from refimpl import partitions
from refimpl.errors import DtypeError, RangeError, ShapeError, UnknownNameError
from refimpl.network import (
    ACTIVATIONS,
    LOSSES,
    Batch,
    Data,
    Model,
    Network,
    minibatches,
    one_hot,
    split,
)
from refimpl.taylor import expand

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps
KINDS = list(itertools.product(ACTIVATIONS, LOSSES))
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=30)


def problem(activation, loss, seed=0, widths=(3, 6, 5, 4), records=7):
    rng = np.random.default_rng(seed)
    network = Network(widths, activation, loss)
    labels = rng.integers(0, widths[-1], records)
    inputs = rng.standard_normal((records, widths[0]))
    batch = Batch(inputs, one_hot(labels, widths[-1]) if loss == "mse" else labels)
    theta = network.initial(rng)
    # Biases too, so that nothing is tested at zero only.
    return network, batch, theta + 0.1 * rng.standard_normal(theta.size)


EXACT = {
    "tanh": mp.tanh,
    "relu": lambda x: x if x > 0 else 0 * x,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
}


def by_hand(network, batch, theta):
    """The loss, one number after another, in thirty digits."""
    parts = {k: v.tolist() for k, v in partitions.tensors(theta, network.shapes).items()}
    losses = []
    for x, y in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        a = [mp.mpf(one) for one in x]
        for layer in network.layers:
            W, b = parts[f"W{layer}"], parts[f"b{layer}"]
            z = [
                sum(one * row[j] for one, row in zip(a, W, strict=True)) + b[j]
                for j in range(len(b))
            ]
            a = [EXACT[network.activation](one) for one in z]
        if network.loss == "mse":
            losses.append(sum((p - q) ** 2 for p, q in zip(z, y, strict=True)) / len(z))
        else:
            losses.append(mp.log(sum(mp.exp(one) for one in z)) - z[y])
    return float(sum(losses) / len(losses))


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_value_by_hand(activation, loss):
    network, batch, theta = problem(activation, loss)
    with mp.workdps(30):
        expected = by_hand(network, batch, theta)
    # Some ten roundings a layer.
    assert network.value(theta, batch) == pytest.approx(expected, rel=32 * EPS)
    assert network.evaluate(theta, batch).value == network.value(theta, batch)


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_gradient_by_differences(activation, loss):
    """Central differences of fourth order with 64 bits: h^4 and 5e-20 / h are both below 1e-13."""
    if np.finfo(np.longdouble).eps > 1e-18:
        pytest.skip("no extended precision on this machine")
    network, batch, theta = problem(activation, loss)
    found = network.gradient(theta, batch)
    theta, h = theta.astype(np.longdouble), np.longdouble(1e-4)
    for i in range(network.size):
        values = []
        for k in (-2, -1, 1, 2):
            moved = theta.copy()
            moved[i] += k * h
            values.append(network.value(moved, batch))
        slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
        assert found[i] == pytest.approx(float(slope), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_gradient_by_taylor_polynomials(activation, loss):
    network, batch, theta = problem(activation, loss, seed=1)
    found = network.gradient(theta, batch)
    value = functools.partial(network.value, batch=batch)
    slopes = [expand(value, theta, unit, 1)[1] for unit in np.eye(network.size)]
    # Sums over records and units of numbers of the size of the largest entry.
    np.testing.assert_allclose(found, slopes, rtol=0, atol=32 * EPS * np.abs(slopes).max())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_of_activations(name):
    """Against mpmath, to relative accuracy also far out, where the value of tanh rounds to 1."""
    z = np.concatenate([np.linspace(-30.0, 30.0, 25)[1:-1] + 0.013, [1e-9, -1e-9, 300.0, -300.0]])
    activation = ACTIVATIONS[name]
    a = activation.value(z)
    found = activation.derivatives(z, a)
    with mp.workdps(400):
        for k, rows in enumerate((a, *found)):
            for x, row in zip(z.tolist(), rows, strict=True):
                exact = mp.diff(EXACT[name], mp.mpf(x), k, h=mp.mpf(10) ** -90)
                # The function's own sensitivity is |z|, and the third derivative of tanh and
                # softplus passes through zero near the origin.
                near = 1.0 if k == 3 and abs(x) < 3.0 else 0.0
                assert abs(row - float(exact)) <= 8 * EPS * ((1.0 + abs(x)) * abs(exact) + near)
    # Backpropagation has it from the value alone, where rounding to 1 counts.
    np.testing.assert_allclose(activation.slope(a), found[0], rtol=0, atol=4 * EPS)


@pytest.mark.parametrize("name", LOSSES)
def test_derivatives_of_losses(name):
    """Weights and centred tangents against Taylor coefficients of each record's loss."""
    rng = np.random.default_rng(0)
    loss = LOSSES[name]
    z, c = 2.0 * rng.standard_normal((2, 6, 4))
    targets = rng.integers(0, 4, 6) if name == "cross_entropy" else rng.standard_normal((6, 4))
    slope, weights = loss.slope(z, targets), loss.weights(z)
    centred = c[None].copy()
    if loss.centre:
        loss.centre(centred, 0.3 * weights[0])  # their scale must not matter
    for r in range(6):
        one = slice(r, r + 1)
        expected = expand(lambda x, one=one: loss.value(x, targets[one]), z[one], c[one], 3)
        d = centred[0, r]
        found = [slope[r] @ c[r], weights[0][r] @ d**2 / 2, weights[1][r] @ d**3 / 6]
        np.testing.assert_allclose(found, expected[1:], rtol=0, atol=64 * EPS * 16)


def test_extreme_outputs():
    """Huge scores neither overflow nor lose the loss of a record that fits well."""
    network = Network((1, 2))
    theta = np.array([800.0, -800.0, 0.0, 0.0])
    batch = Batch(np.array([[1.0], [-1.0], [0.5]]), np.array([0, 0, 1]))
    assert network.value(theta, batch) == pytest.approx((0.0 + 1600.0 + 800.0) / 3)
    assert np.isfinite(network.gradient(theta, batch)).all()
    far = Network((1, 1, 1), "softplus", "mse")
    assert far.outputs(
        np.array([1e3, 0.0, 1.0, 0.0]), np.array([[1.0], [-1.0]])
    ).ravel().tolist() == [
        1e3,
        0.0,
    ]


def test_overflow_makes_no_warning():
    for activation, loss in KINDS:
        network, batch, theta = problem(activation, loss)
        found = network.evaluate(1e200 * theta, batch)
        assert not found.value < 1e100
        network.accuracy(1e200 * theta, batch)


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_binary32_stays(activation, loss):
    """All arithmetic in binary32, and right in it."""
    network, batch, theta = problem(activation, loss)
    narrow = theta.astype(np.float32)
    found = network.evaluate(narrow, batch)
    assert found.gradient.dtype == network.outputs(narrow, batch.inputs).dtype == np.float32
    assert network.initial(np.random.default_rng(0), np.float32).dtype == np.float32
    wide = network.gradient(narrow.astype(np.float64), batch)
    error = np.abs(found.gradient - wide).max() / np.abs(wide).max()
    # Negative control: arithmetic in binary64 would round the result alone.
    assert 2.0**-25 < error < 32 * 2.0**-24


def test_parameters_are_named_views():
    network = Network((2, 3, 1))
    theta = np.arange(float(network.size))
    parts = partitions.tensors(theta, network.shapes)
    assert list(parts) == ["W1", "b1", "W2", "b2"]
    assert [part.shape for part in parts.values()] == [(2, 3), (3,), (3, 1), (1,)]
    parts["b2"][0] = -1.0
    assert theta[-1] == -1.0
    assert network.size == theta.size == sum(map(np.size, parts.values()))


@pytest.mark.parametrize(("activation", "variance"), [("tanh", 2 / 500), ("relu", 2 / 300)])
def test_initial_variance(activation, variance):
    """Of 60 000 normal weights: chi-square at a level of 1e-6 on each side."""
    network = Network((300, 200), activation)
    parts = partitions.tensors(network.initial(np.random.default_rng(0)), network.shapes)
    assert not parts["b1"].any()
    low, high = scipy.stats.chi2.ppf([1e-6, 1.0 - 1e-6], 60_000)
    squares = np.sum(parts["W1"] ** 2)
    assert low < squares / variance < high
    # Negative control: the other rule is far outside.
    other = 2 / 500 + 2 / 300 - variance
    assert not low < squares / other < high


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_initial_size_is_kept(activation):
    """The mean square of a ReLU layer's output is twice that of its input, half of which passes.

    So it is 2 behind any number of layers, on average over the weights. Its logarithm has a spread
    of about sqrt(8 * 5 / 200) = 0.45 from eight layers, so it lies by 0.1 lower on average; by
    another 0.5 it scatters with a probability below 1e-8 over 30 networks.
    """
    rng = np.random.default_rng(0)
    logs = []
    for _ in range(30):
        network = Network((200,) * 9, "relu", "mse")
        # Negative control: with the weights for tanh each layer halves it.
        theta = Network(network.widths, activation, "mse").initial(rng)
        logs.append(np.log(np.mean(network.outputs(theta, rng.standard_normal((50, 200))) ** 2)))
    assert (abs(np.mean(logs) - np.log(2.0)) < 0.6) == (activation == "relu")


def test_accuracy():
    network = Network((2, 3, 3), "relu")
    rng = np.random.default_rng(0)
    theta, inputs = network.initial(rng), rng.standard_normal((40, 2))
    best = np.argmax(scipy.special.softmax(network.outputs(theta, inputs), axis=1), axis=1)
    wrong = np.where(np.arange(40) < 10, (best + 1) % 3, best)
    assert network.accuracy(theta, Batch(inputs, best)) == 1.0
    assert network.accuracy(theta, Batch(inputs, wrong)) == 0.75
    assert network.accuracy(theta, Batch(inputs, one_hot(wrong, 3))) == 0.75


# ------------------------------------------------------------------------------------ wrong input


BATCH = Batch(np.zeros((4, 2)), np.array([0, 1, 2, 0]))
NETWORK = Network((2, 3, 3))
THETA = np.zeros(NETWORK.size)
WRONG = {
    "two widths or more": (RangeError, lambda: Network((2,))),
    "at least 1": (RangeError, lambda: Network((2, 0, 1))),
    "did you mean 'tanh'": (UnknownNameError, lambda: Network((2, 1), "tan")),
    "did you mean 'mse'": (UnknownNameError, lambda: Network((2, 1), "tanh", "msee")),
    "theta of shape (21,)": (ShapeError, lambda: NETWORK.gradient(np.zeros(20), BATCH)),
    "inputs of shape (n, 2)": (
        ShapeError,
        lambda: NETWORK.value(THETA, Batch(np.zeros((4, 3)), BATCH.targets)),
    ),
    "labels of shape (4,)": (
        ShapeError,
        lambda: NETWORK.evaluate(THETA, Batch(BATCH.inputs, np.array([0, 1]))),
    ),
    "whole numbers": (
        DtypeError,
        lambda: NETWORK.value(THETA, Batch(BATCH.inputs, np.zeros(4))),
    ),
    "labels from 0 to 2, got 0 to 3": (
        RangeError,
        lambda: NETWORK.value(THETA, Batch(BATCH.inputs, np.array([0, 1, 3, 0]))),
    ),
    "by one_hot": (ShapeError, lambda: Network((2, 3), loss="mse").value(np.zeros(9), BATCH)),
    "targets that are real": (
        DtypeError,
        lambda: Network((2, 1), loss="mse").value(
            np.zeros(3), Batch(np.zeros((1, 2)), np.array([[1j]]))
        ),
    ),
    "labels from 0 to 1": (RangeError, lambda: one_hot([0, 2], 2)),
    "leaves one side empty": (RangeError, lambda: split(BATCH, np.random.default_rng(0), 0.01)),
    "share of nan": (RangeError, lambda: split(BATCH, np.random.default_rng(0), np.nan)),
    "4 targets for 4 inputs": (
        ShapeError,
        lambda: split(Batch(BATCH.inputs, np.zeros(3)), np.random.default_rng(0)),
    ),
    "minibatches of 1 to 4": (
        RangeError,
        lambda: Model(NETWORK, Data(BATCH, BATCH)).noisy_gradient(5, np.random.default_rng(0)),
    ),
    "got 0": (RangeError, lambda: minibatches(4, 0, np.random.default_rng(0))),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_input(message):
    error, call = WRONG[message]
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_small_terms_of_the_cross_entropy():
    """A record that is certain: its loss and slope are tiny, and not 0."""
    from refimpl.network.losses import LOSSES

    z, labels = np.array([[0.0, -40.0], [-40.0, 0.0]]), np.array([0, 1])
    tiny = np.exp(-40.0)
    loss = LOSSES["cross_entropy"]
    assert loss.value(z, labels) == pytest.approx(tiny, rel=1e-14)
    np.testing.assert_allclose(loss.slope(z, labels), tiny * np.array([[-1, 1], [1, -1]]))
