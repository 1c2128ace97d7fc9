"""The fast route against the readable definition: all networks, all partitions, and its noise.

Long: one route, held to the same networks and partitions throughout.
"""

import functools
import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import layered_summary, partitions, summary
from refimpl.errors import (
    DtypeError,
    NotFiniteError,
    PartitionError,
    RangeError,
    ShapeError,
)
from refimpl.network import ACTIVATIONS, LOSSES, Batch, Network, one_hot
from refimpl.summary import NOISE_FACTOR, definition, without_noise
from refimpl.summary.layered import assign, summarize, summarize_with_noise
from tests.network.products import count_weights

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps
KINDS = list(itertools.product(ACTIVATIONS, LOSSES))
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=40)


class Problem:
    """A network with random data at a random place."""

    def __init__(
        self, activation="tanh", loss="cross_entropy", widths=(3, 5, 4, 4), records=7, seed=0
    ):
        rng = np.random.default_rng(seed)
        self.network = Network(widths, activation, loss)
        labels = rng.integers(0, widths[-1], records)
        inputs = rng.standard_normal((records, widths[0]))
        self.batch = Batch(inputs, one_hot(labels, widths[-1]) if loss == "mse" else labels)
        self.theta = self.network.initial(rng)
        self.theta += 0.1 * rng.standard_normal(self.theta.size)
        self.u = self.network.gradient(self.theta, self.batch)
        self.groups = partitions.by_tensor(self.network.shapes)
        self.rng = rng

    @property
    def place(self):
        return self.network, self.batch, self.theta, self.u, self.groups

    def defined(self, order=3):
        """The summary by the readable definition."""
        loss = functools.partial(self.network.value, batch=self.batch)
        return summary.summarize(loss, self.theta, self.u, self.groups, order)


class Shaken(definition._Slices):
    """The definition with every number and every result off by a random share of at most eps."""

    def __init__(self, rng, *place):
        super().__init__(*place)
        self.rng = rng

    def push(self, multiples, order, rng=None):
        return super().push(multiples, order, self.rng)


def rounded(problem, expected, runs=6):
    """What rounding does to value and derivatives of the definition, root mean squares.

    Sizes of the results do not tell: they cancel, between records, between outputs, between
    the terms of a single product. The package judges its third derivatives alike.
    """
    loss = functools.partial(problem.network.value, batch=problem.batch)
    squares = [np.zeros(np.shape(part)) for part in expected[:4]]
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        slices = Shaken(rng, loss, problem.theta, problem.u, problem.groups)
        diagonal = slices.diagonal(3)
        hessian = slices.tensor(2, diagonal, depth=2)
        found = float(slices.value), -diagonal[1], hessian, -6.0 * diagonal[3]
        for square, part, right in zip(squares, found, expected[:4], strict=True):
            square += (part - right) ** 2 / runs
    return [np.sqrt(square) for square in squares]


def agree(problem, found, third_noise, expected=None):
    """Equal up to what rounding does to either, `NOISE_FACTOR` times its root mean square.

    To that of the definition the third derivative's own noise is added, which also counts what
    the fast route alone has to cancel. Where no term is there, both are exactly 0.
    """
    expected = expected or problem.defined()
    bounds = rounded(problem, expected)
    bounds[3] += third_noise
    for a, b, bound in zip(found[:4], expected[:4], bounds, strict=True):
        assert (np.abs(a - b) <= NOISE_FACTOR * bound).all()
    np.testing.assert_array_equal(found.hessian, found.hessian.T)
    assert found.tensor is None


PARTITIONS = {
    "by tensor": partitions.by_tensor,
    "whole": partitions.whole,
    "weights and biases": partitions.weights_and_biases,
    "two blocks": lambda shapes: partitions.blocks(shapes, 2),
    "every other index": lambda shapes: [
        np.arange(k, sum(map(len, partitions.by_tensor(shapes))), 2) for k in range(2)
    ],
}


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_is_the_definition(activation, loss, partition):
    problem = Problem(activation, loss)
    problem.groups = PARTITIONS[partition](problem.network.shapes)
    for u in (problem.u, problem.rng.standard_normal(problem.u.size)):
        problem.u = u
        found = summarize_with_noise(*problem.place)
        agree(problem, found.summary, found.third_noise)


@EXAMPLES
@given(st.data())
def test_any_partition_of_any_network(data):
    """Groups of single entries of any tensors, some without a direction."""
    widths = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=5))
    activation, loss = data.draw(st.sampled_from(KINDS))
    # The cross-entropy of a single score is 0, and its definition rounds.
    widths[-1] += loss == "cross_entropy"
    problem = Problem(activation, loss, tuple(widths), seed=data.draw(st.integers(0, 2**32)))
    D, rng = problem.network.size, problem.rng
    problem.u = rng.standard_normal(D)
    owner = rng.integers(0, data.draw(st.integers(1, 5)), D)
    problem.groups = [np.flatnonzero(owner == s) for s in np.unique(owner)]
    for group in problem.groups:
        if data.draw(st.booleans()):
            problem.u[group] = 0.0
    found = summarize_with_noise(*problem.place)
    agree(problem, found.summary, found.third_noise)
    for s, group in enumerate(problem.groups):
        if not problem.u[group].any():
            assert found.summary.gradient[s] == found.summary.third[s] == 0.0
            assert not found.summary.hessian[s].any()


def test_deep_network():
    """Groups of very different scale: each entry of the Hessian to its own digits."""
    problem = Problem("tanh", "mse", (2, *[3] * 7, 1), records=4, seed=1)
    problem.theta *= 0.2
    problem.u = problem.network.gradient(problem.theta, problem.batch)
    found, expected = summarize_with_noise(*problem.place), problem.defined()
    # Otherwise this would test nothing.
    assert np.ptp(np.log10(np.abs(expected.gradient))) > 6
    root = np.sqrt(np.abs(np.diag(expected.hessian)))
    size = np.maximum(np.outer(root, root), np.abs(expected.hessian))
    assert (np.abs(found.summary.hessian - expected.hessian) < 500 * EPS * size).all()
    np.testing.assert_allclose(found.summary.gradient, expected.gradient, rtol=200 * EPS)
    assert (np.abs(found.summary.third - expected.third) <= 64 * found.third_noise).all()


def test_saturated_network():
    """Far out, where tanh rounds to 1, all derivatives still have their digits."""
    problem = Problem("tanh", "mse", (2, 4, 3), seed=2)
    problem.theta[problem.groups[1]] = [25.0, -28.0, 26.0, 22.0]
    problem.u = problem.rng.standard_normal(problem.u.size)
    found, expected = summarize_with_noise(*problem.place), problem.defined()
    outputs = problem.network.outputs(problem.theta, problem.batch.inputs)
    # The same sum of four terms for each record, in an order that is the kernel's business.
    np.testing.assert_allclose(
        outputs, outputs[[0] * 7], rtol=0, atol=8 * EPS * np.abs(outputs).max()
    )
    # An error of z, some eps z, is a relative one of the slopes.
    close = {"rtol": 30 * 64 * EPS, "atol": 0.0}
    assert 0.0 < np.abs(expected.third[:2]).max() < 1e-16
    np.testing.assert_allclose(found.summary.third[:2], expected.third[:2], **close)
    np.testing.assert_allclose(found.summary.gradient[:2], expected.gradient[:2], **close)
    assert (without_noise(found.summary.third, found.third_noise)[:2] != 0.0).all()


def test_orders():
    problem = Problem()
    third, second, first = (summarize(*problem.place, order) for order in (3, 2, 1))
    assert first.hessian is first.third is second.third is third.tensor is None
    assert first.value == second.value == third.value
    for found in (first, second):
        np.testing.assert_array_equal(found.gradient, third.gradient)
    # Sums of the same terms, whose buffers have other shapes.
    bound = NOISE_FACTOR * rounded(problem, problem.defined())[2]
    assert (np.abs(second.hessian - third.hessian) <= bound).all()


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_chunks_of_the_batch(activation, loss, monkeypatch):
    """Three records at a time, of seven."""
    problem = Problem(activation, loss)
    whole = summarize_with_noise(*problem.place)
    rows = 2 if ACTIVATIONS[activation].bends else 1
    monkeypatch.setattr(layered_summary, "CHUNK", 3 * 6 * rows * 5)
    found = summarize_with_noise(*problem.place)
    agree(problem, found.summary, whole.third_noise, whole.summary)
    np.testing.assert_allclose(found.third_noise, whole.third_noise, rtol=64 * EPS)
    monkeypatch.setattr(layered_summary, "CHUNK", 1)
    agree(problem, summarize(*problem.place), whole.third_noise, whole.summary)


def test_batch_is_a_mean():
    """The summary of all records is the mean of those of its parts; the noise adds up too."""
    problem = Problem(records=6)
    whole = summarize_with_noise(*problem.place)
    parts = [
        summarize_with_noise(
            problem.network, problem.batch.take(slice(k, k + 2)), *problem.place[2:]
        )
        for k in (0, 2, 4)
    ]
    mean = summary.Summary(
        *(np.mean([part.summary[k] for part in parts], axis=0) for k in range(4)), None
    )
    noise = np.mean([part.third_noise for part in parts], axis=0)
    agree(problem, whole.summary, noise, mean)
    np.testing.assert_allclose(noise, whole.third_noise, rtol=64 * EPS)


def test_assignment():
    """Looked at once, the groups give the very same summary."""
    problem = Problem()
    for partition in PARTITIONS.values():
        problem.groups = partition(problem.network.shapes)
        assigned = assign(problem.network, problem.groups)
        found = summarize(*problem.place[:-1], assigned)
        for a, b in zip(found[:4], summarize(*problem.place)[:4], strict=True):
            np.testing.assert_array_equal(a, b)


def test_order_of_groups():
    problem = Problem()
    plain = summarize(*problem.place)
    problem.groups = [group[::-1] for group in problem.groups[::-1]]
    turned = summarize(*problem.place)
    np.testing.assert_array_equal(turned.gradient[::-1], plain.gradient)
    np.testing.assert_array_equal(turned.hessian[::-1, ::-1], plain.hessian)
    np.testing.assert_array_equal(turned.third[::-1], plain.third)


@EXAMPLES
@given(st.lists(st.integers(-90, 90), min_size=6, max_size=6), st.booleans())
def test_groups_scaled(powers, narrow):
    """A power of two in the direction changes the exponents alone, however small the cubes are."""
    problem = Problem()
    dtype = np.float32 if narrow else np.float64
    problem.theta, u = problem.theta.astype(dtype), problem.u.astype(dtype)
    if narrow:
        # The direction itself must be a number, of full precision.
        powers = [power // 2 for power in powers]
    problem.u = u
    plain = summarize_with_noise(*problem.place)
    problem.u = u.copy()
    for group, power in zip(problem.groups, powers, strict=True):
        problem.u[group] = np.ldexp(u[group], power)
    scaled = summarize_with_noise(*problem.place)
    unit = 2.0 ** np.array(powers)
    np.testing.assert_array_equal(scaled.summary.gradient, unit * plain.summary.gradient)
    np.testing.assert_array_equal(
        scaled.summary.hessian, np.outer(unit, unit) * plain.summary.hessian
    )
    np.testing.assert_array_equal(scaled.summary.third, unit**3 * plain.summary.third)
    np.testing.assert_array_equal(scaled.third_noise, unit**3 * plain.third_noise)


def test_without_direction():
    problem = Problem()
    problem.u = np.zeros(problem.u.size)
    found = summarize_with_noise(*problem.place)
    assert found.summary.value == problem.network.value(problem.theta, problem.batch)
    assert not any(np.any(field) for field in found.summary[1:])
    assert not found.third_noise.any()
    for order in (1, 2):
        assert not summarize(*problem.place, order).gradient.any()
    # Groups that begin late.
    problem.u[problem.groups[3]] = 1.0
    found = summarize_with_noise(*problem.place)
    agree(problem, found.summary, found.third_noise)


# ---------------------------------------------------------------------------------------- binary32


@pytest.mark.parametrize(("activation", "loss"), KINDS)
def test_binary32(activation, loss):
    """Arithmetic in binary32, right to its rounding; the noise is a bound of its error."""
    problem = Problem(activation, loss, (6, 20, 20, 8), records=30)
    problem.theta, problem.u = (x.astype(np.float32) for x in (problem.theta, problem.u))
    found = summarize_with_noise(*problem.place)
    narrow = found.summary
    problem.theta, problem.u = (x.astype(np.float64) for x in (problem.theta, problem.u))
    wide = summarize(*problem.place)
    eps = 2.0**-23
    assert narrow.value == pytest.approx(wide.value, rel=32 * eps)
    for a, b in zip(narrow[1:3], wide[1:3], strict=True):
        error = np.abs(a - b).max() / np.abs(b).max()
        # Negative control: sums in binary64 of binary32 numbers would be closer.
        assert eps / 64 < error < 64 * eps
    assert (np.abs(narrow.third - wide.third) <= 8 * found.third_noise).all()
    if wide.third.any():
        assert np.abs(narrow.third - wide.third).max() > 1e-4 * found.third_noise.max()


def test_binary32_takes_half_the_memory():
    problem = Problem(widths=(50,) * 5, records=64)
    assigned = assign(problem.network, problem.groups)
    peaks = []
    for dtype in (np.float32, np.float64):
        theta, u = problem.theta.astype(dtype), problem.u.astype(dtype)
        batch = Batch(problem.batch.inputs.astype(dtype), problem.batch.targets)
        tracemalloc.start()
        summarize(problem.network, batch, theta, u, assigned)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert 0.45 < peaks[0] / peaks[1] < 0.6


# ------------------------------------------------------------------------------------------- noise


def judged(problem):
    found = summarize_with_noise(*problem.place)
    return found.summary.third, found.third_noise


def test_linear_last_layer_has_no_third_derivative():
    """With squared errors, exactly; the layers before have one."""
    problem = Problem("tanh", "mse")
    third, noise = judged(problem)
    assert not third[-2:].any()
    assert not noise[-2:].any()
    kept = without_noise(third, noise)
    np.testing.assert_array_equal(kept, third)
    assert third[:-2].all()


def test_relu_has_no_third_derivative():
    """With squared errors, as long as no group has weights in two layers."""
    problem = Problem("relu", "mse")
    third, noise = judged(problem)
    assert not third.any()
    assert not noise.any()
    problem.groups = partitions.blocks(problem.network.shapes, 3)
    assert not judged(problem)[0].any()
    problem.groups = partitions.whole(problem.network.shapes)
    assert judged(problem)[0].all()


def test_honest_small_values_stay():
    """Twelve layers: third derivatives near 1e-27 agree to twelve digits, and stay."""
    problem = Problem("tanh", "mse", (3, *[4] * 12, 2))
    problem.theta *= 0.25
    problem.u = problem.network.gradient(problem.theta, problem.batch)
    third, noise = judged(problem)
    np.testing.assert_array_equal(without_noise(third, noise), third)
    expected = problem.defined().third
    small = (np.abs(expected) < 1e-25) & (expected != 0.0)
    assert np.abs(expected[small]).min() < 1e-27
    np.testing.assert_allclose(third[small], expected[small], rtol=1e-12)


def test_cancelled_values_are_noise():
    """A common shift of all scores changes nothing; third derivatives along it only round.

    Not to zero, as a rule: a test for exact zeros would miss most.
    """
    nonzero = 0
    for seed in range(60):
        problem = Problem("tanh", "cross_entropy", (3, 5, 7), seed=seed)
        problem.u = np.zeros(problem.u.size)
        # The same for all scores, up to rounding: the last layer's bias, and its weights.
        problem.u[problem.groups[-1]] = problem.rng.standard_normal()
        column = problem.rng.standard_normal((5, 1))
        problem.u[problem.groups[-2]] = np.broadcast_to(column, (5, 7)).ravel()
        third, noise = judged(problem)
        nonzero += np.count_nonzero(third)
        assert not without_noise(third, noise).any()
        # Negative control: some way off the shift there is an honest one.
        problem.u[problem.groups[-1][0]] *= 1.01
        assert without_noise(*judged(problem))[-1] != 0.0
    assert nonzero > 30


def test_noise_by_hand():
    """Of ``(w1 w2 w3 - y)^2``, whose terms are all positive, at (1, 2, 3) and y = -1.

    With z = 6, its slope 11 and second derivative 12: ``12 (z - y)`` of weights with inputs, and
    ``6 * 11 * 12`` at the output, which counts ``1 + |z|`` times.
    """
    network = Network((1, 1, 1, 1), "relu", "mse")
    theta = np.array([1.0, 0.0, 2.0, 0.0, 3.0, 0.0])
    batch = Batch(np.array([[1.0]]), np.array([[-1.0]]))
    found = summarize_with_noise(network, batch, theta, (theta > 0.0), [[0, 2, 4], [1, 3, 5]])
    assert found.summary.third.tolist() == [84.0 + 792.0, 0.0]
    assert found.third_noise.tolist() == [(84.0 + 792.0 * 7.0) * EPS, 0.0]


def test_noise_against_the_monte_carlo_one():
    """Not far below the noise that perturbing every operation shows, nor far above."""
    ratios = []
    for (activation, loss), seed in itertools.product(KINDS, range(3)):
        problem = Problem(activation, loss, seed=seed)
        third, noise = judged(problem)
        loss = functools.partial(problem.network.value, batch=problem.batch)
        other = summary.third_noise(
            loss, problem.theta, problem.u, problem.groups, third, np.random.default_rng(seed)
        )
        assert ((other == 0.0) == (noise == 0.0)).all()
        ratios.extend(noise[noise > 0.0] / other[noise > 0.0])
    # Twice what is seen would still be judged as noise.
    assert min(ratios) > 2.0 / NOISE_FACTOR
    assert max(ratios) < 100.0


# -------------------------------------------------------------------------------------------- cost


def large(activation="tanh", width=128, depth=8, records=64):
    return Problem(activation, "cross_entropy", (width,) * (depth + 1), records)


@pytest.mark.slow
def test_memory():
    """At most 4 S times the activations; in fact it is a fraction of that."""
    peaks = []
    for records in (64, 200, 2000):
        problem = large(records=records)
        assigned = assign(problem.network, problem.groups)
        tracemalloc.start()
        summarize(*problem.place[:-1], assigned)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        activations = 8 * 128 * records * 8
        assert peaks[-1] < 4 * 16 * activations
    # Beyond one chunk a larger batch takes no more.
    assert peaks[2] < 1.1 * peaks[1]


def test_price_in_gradients(monkeypatch):
    """Eight layers and 16 groups: 142 products of the batch with weights to 23.

    Times are the business of a benchmark; this is what they come from.
    """
    work = 0

    def add(left, right):
        nonlocal work
        work += left.size * right.shape[1]

    problem = large(width=16, records=10)
    assigned = assign(problem.network, problem.groups)
    count_weights(monkeypatch, add)
    problem.network.gradient(problem.theta, problem.batch)
    gradient, work = work, 0
    summarize(*problem.place[:-1], assigned)
    assert gradient == 23 * 10 * 16 * 16
    assert work == 142 * 10 * 16 * 16


# ------------------------------------------------------------------------------------ wrong input


NETWORK = Network((2, 3, 2))
GOOD = {
    "network": NETWORK,
    "batch": Batch(np.ones((3, 2)), np.array([0, 1, 1])),
    "theta": np.full(17, 0.1),
    "direction": np.ones(17),
    "groups": partitions.by_tensor(NETWORK.shapes),
}
WRONG = {
    "theta of shape (17,)": (ShapeError, {"theta": np.zeros(16)}),
    "direction of shape (17,)": (ShapeError, {"direction": np.zeros((17, 1))}),
    "theta to be finite": (NotFiniteError, {"theta": np.full(17, np.nan)}),
    "direction to be finite": (NotFiniteError, {"direction": np.full(17, np.inf)}),
    "finite in float32": (
        NotFiniteError,
        {"theta": np.zeros(17, np.float32), "direction": np.full(17, 1e300)},
    ),
    "theta of real numbers": (DtypeError, {"theta": np.full(17, 1j)}),
    "direction of real numbers": (DtypeError, {"direction": np.full(17, None)}),
    "order 1, 2 or 3, got 4": (RangeError, {"order": 4}),
    "in no group": (PartitionError, {"groups": [np.arange(16)]}),
    "inputs of shape (n, 2)": (ShapeError, {"batch": Batch(np.ones((3, 3)), np.zeros(3, int))}),
    "labels of shape (3,)": (ShapeError, {"batch": Batch(np.ones((3, 2)), np.zeros(2, int))}),
    "the value of the loss is not finite": (NotFiniteError, {"theta": np.full(17, 1e308)}),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_input(message):
    error, changed = WRONG[message]
    with pytest.raises(error) as caught:
        summarize(**(GOOD | changed))
    assert message in str(caught.value)


def test_whole_numbers_are_numbers():
    found = summarize(**(GOOD | {"direction": np.ones(17, dtype=int)}))
    for a, b in zip(found[:4], summarize(**GOOD)[:4], strict=True):
        np.testing.assert_array_equal(a, b)
