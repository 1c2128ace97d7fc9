"""The summary against 60 digits, tensors by hand, and its own invariances; the noise of zeros.

Long: one definition, held to the same networks and tensors throughout.
"""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import partitions, summary
from refimpl.errors import (
    DtypeError,
    NotFiniteError,
    PartitionError,
    RangeError,
    ShapeError,
    UnsupportedOperationError,
)
from refimpl.summary import definition, summarize, tensor, third_noise, without_noise
from refimpl.taylor import expand, logsumexp, relu

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=30)
SEEDS = st.integers(0, 2**32)


# -------------------------------------------------------------------------------------- networks


class Network:
    """A fully connected network with its data; runs on arrays, polynomials and mpmath alike."""

    def __init__(self, seed, widths, size=0.5, batch=5, activation=np.tanh):
        rng = np.random.default_rng(seed)
        pairs = list(itertools.pairwise(widths))
        self.layers = range(len(pairs))
        self.shapes = {}
        for k, (n, m) in enumerate(pairs):
            self.shapes |= {f"W{k}": (n, m), f"b{k}": (m,)}
        self.groups = partitions.by_tensor(self.shapes)
        self.theta = size * rng.standard_normal(sum(len(group) for group in self.groups))
        self.X = rng.standard_normal((batch, widths[0]))
        self.Y = rng.standard_normal((batch, widths[-1]))
        self.labels = rng.integers(0, widths[-1], batch)
        self.activation = activation

    def scores(self, theta, activation=None):
        parts = partitions.tensors(theta, self.shapes)
        h = self.X
        for k in self.layers:
            h = h @ parts[f"W{k}"] + parts[f"b{k}"]
            if k != self.layers[-1]:
                h = (activation or self.activation)(h)
        return h

    def mse(self, theta):
        return np.mean((self.scores(theta) - self.Y) ** 2)

    def cross_entropy(self, theta):
        z = self.scores(theta)
        return np.mean(logsumexp(z, axis=1) - z[np.arange(len(z)), self.labels])

    def gradient(self, loss):
        unit = np.eye(self.theta.size)
        return np.array([expand(loss, self.theta, e, 1)[1] for e in unit])

    def exact(self, kind, direction, *axes):
        """The derivative of the slice along groups `axes`, by differences of 60 digits and more."""
        tanh = np.vectorize(mp.tanh, otypes=[object])
        exp = np.vectorize(mp.exp, otypes=[object])
        owner = np.empty(self.theta.size, dtype=int)
        for s, group in enumerate(self.groups):
            owner[group] = s
        used = tuple(dict.fromkeys(axes))
        theta, u = (np.array([mp.mpf(x) for x in v]) for v in (self.theta, direction))

        def phi(*eta):
            rates = np.full(len(self.groups), mp.mpf(0))
            rates[list(used)] = eta
            z = self.scores(theta - rates[owner] * u, tanh)
            if kind == "mse":
                return np.sum((z - self.Y) ** 2) / z.size
            right = np.sum(z[np.arange(len(z)), self.labels])
            return (sum(mp.log(total) for total in np.sum(exp(z), axis=1)) - right) / len(z)

        counts = tuple(axes.count(s) for s in used)
        sign = (-1) ** len(axes)
        with mp.workdps(60):
            if len(used) == 1:
                return float(sign * mp.diff(phi, 0, counts[0]))
            return float(sign * mp.diff(phi, (0,) * len(used), counts))


def natural(found):
    """The size that Hessian entries may have: products of roots of the diagonal."""
    root = np.sqrt(np.abs(np.diag(found.hessian)))
    return np.outer(root, root)


@pytest.mark.parametrize("kind", ["mse", "cross_entropy"])
def test_network_against_sixty_digits(kind):
    """Everything of a small network with a batch, along its gradient."""
    network = Network(0, (2, 3, 2), size=0.7)
    loss = getattr(network, kind)
    u = network.gradient(loss)
    found = summarize(loss, network.theta, u, network.groups, full=True)
    S = range(len(network.groups))
    assert found.value == pytest.approx(float(loss(network.theta)), rel=4 * EPS)
    gradient = [network.exact(kind, u, s) for s in S]
    hessian = np.array([[network.exact(kind, u, s, t) for t in S] for s in S])
    # Some hundred roundings of sums over batch, width and order.
    np.testing.assert_allclose(found.gradient, gradient, rtol=500 * EPS)
    assert np.max(np.abs(found.hessian - hessian) / natural(found)) < 500 * EPS
    size = np.cbrt(np.abs(found.third)).max()
    np.testing.assert_allclose(
        found.third, [network.exact(kind, u, s, s, s) for s in S], rtol=0, atol=500 * EPS * size**3
    )
    for axes in itertools.combinations_with_replacement(S, 3):
        exact = network.exact(kind, u, *axes)
        for permuted in itertools.permutations(axes):
            assert abs(found.tensor[permuted] - exact) < 2000 * EPS * np.abs(found.tensor).max()


def test_deep_network_against_sixty_digits():
    """Groups of very different scale: each entry of the Hessian to its own digits."""
    network = Network(1, (2, *[3] * 7, 1), size=0.15, batch=4)
    u = network.gradient(network.mse)
    found = summarize(network.mse, network.theta, u, network.groups)
    # Otherwise this would test nothing.
    assert np.ptp(np.log10(np.abs(found.gradient))) > 6
    pairs = [(0, 1), (0, 9), (2, 14), (0, 15), (7, 12), (13, 14), (4, 5)]
    exact = {pair: network.exact("mse", u, *pair) for pair in pairs}

    def errors(hessian):
        return max(abs(hessian[p] - exact[p]) / natural(found)[p] for p in pairs)

    assert errors(found.hessian) < 1e-12
    for s in (0, 5, 12):
        assert found.third[s] == pytest.approx(network.exact("mse", u, s, s, s), rel=500 * EPS)

    # Negative control: without the scaling of the groups the same differences lose digits, by up
    # to the root of the ratio of two diagonal entries. How many is a matter of rounding in each
    # pair, so it takes the worst of all.
    class Unscaled(definition._Slices):
        def scales(self, diagonal):
            return np.ones(self.shape)

    slices = Unscaled(network.mse, network.theta, u, network.groups)
    lost = np.abs(slices.tensor(2, slices.diagonal(2), 2) - found.hessian) / natural(found)
    assert lost.max() > 1e-9


# ------------------------------------------------------------------------------ tensors by hand


def cubic(seed, D=6):
    """A cubic with random symmetric tensors, and the parts of a random direction."""
    rng = np.random.default_rng(seed)
    g, H, C = rng.standard_normal(D), rng.standard_normal((D, D)), rng.standard_normal((D,) * 3)
    H = H + H.T
    C = sum(np.transpose(C, p) for p in itertools.permutations(range(3)))
    theta, u = rng.standard_normal((2, D))
    order = rng.permutation(D)
    groups = np.split(order, np.sort(rng.choice(np.arange(1, D), 2, replace=False)))
    U = np.zeros((3, D))
    for s, group in enumerate(groups):
        U[s, group] = u[group]
    return g, H, C, theta, u, groups, U


@EXAMPLES
@given(SEEDS)
def test_cubic(seed):
    """Contractions of the tensors with the parts of the direction."""
    g, H, C, theta, u, groups, U = cubic(seed)

    def loss(x):
        return g @ x + x @ H @ x / 2 + np.einsum("i,i", np.einsum("ijk,j,k->i", C, theta, theta), x)

    def full(x):
        return g @ x + x @ (H @ x) / 2 + x @ ((C @ x) @ x) / 6

    found = summarize(full, theta, u, groups, full=True)
    gradient = g + H @ theta + C @ theta @ theta / 2
    size = np.abs(U).max() * 6
    # Sums of up to 6^3 terms of the size of the entries.
    scale = 64 * EPS * np.array([np.abs(x).max() for x in (gradient, H, C)]) * 30
    np.testing.assert_allclose(found.gradient, U @ gradient, rtol=0, atol=scale[0] * size)
    np.testing.assert_allclose(
        found.hessian, U @ (H + C @ theta) @ U.T, rtol=0, atol=(scale[1] + scale[2]) * size**2
    )
    exact = np.einsum("ijk,si,tj,rk->str", C, U, U, U)
    np.testing.assert_allclose(found.tensor, exact, rtol=0, atol=scale[2] * size**3)
    np.testing.assert_allclose(
        found.third, exact[range(3), range(3), range(3)], rtol=0, atol=scale[2] * size**3
    )
    # A quadratic has no third derivative, not even a rounding of one.
    quadratic = summarize(loss, theta, u, groups, full=True)
    assert not quadratic.third.any()
    assert np.abs(quadratic.tensor).max() <= 64 * EPS * np.abs(quadratic.hessian).max()


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6])
def test_any_order(order):
    """Of exp(a theta) and (a theta)^5, whose tensors are outer products."""
    rng = np.random.default_rng(order)
    theta, u, a = rng.standard_normal((3, 5))
    theta *= 0.3
    groups = [[4, 0], [1], [2, 3]]
    projections = np.array([a[group] @ u[group] for group in groups])
    outer = 1.0
    for _ in range(order):
        outer = np.multiply.outer(outer, projections)
    x = a @ theta
    for function, derivative in (
        (np.exp, math.exp(x)),
        (lambda y: y**5, math.perm(5, order) * x ** (5 - order) if order <= 5 else 0.0),
    ):
        found = tensor(lambda theta, f=function: f(theta @ a), theta, u, groups, order)
        assert found.shape == (3,) * order
        size = np.sum(np.abs(projections)) ** order * max(abs(derivative), 1.0)
        # Signed sums of up to 2^order coefficients along up to `order` times each part.
        np.testing.assert_allclose(
            found, derivative * outer, rtol=0, atol=2**order * 16 * EPS * size
        )


def test_agreement_of_the_routes():
    """Second and third order by `tensor` are those of `summarize`; lower orders are the same."""
    network = Network(3, (2, 3, 2))
    u = network.gradient(network.mse)
    place = network.mse, network.theta, u, network.groups
    found = summarize(*place, full=True)
    S = len(network.groups)
    np.testing.assert_array_equal(tensor(*place, 1), found.gradient)
    # The pushes are scaled otherwise, so they round otherwise: some hundred eps of values near 1.
    np.testing.assert_allclose(tensor(*place, 2), found.hessian, rtol=0, atol=1e-13)
    np.testing.assert_allclose(tensor(*place, 3), found.tensor, rtol=0, atol=1e-13)
    np.testing.assert_array_equal(found.tensor[range(S), range(S), range(S)], found.third)
    assert summarize(*place).tensor is None
    first, second = summarize(*place, order=1), summarize(*place, order=2)
    assert first.hessian is first.third is second.third is second.tensor is None
    np.testing.assert_array_equal(first.gradient, found.gradient)
    np.testing.assert_allclose(np.diag(second.hessian), np.diag(found.hessian), rtol=8 * EPS)
    for index in itertools.permutations(range(3)):
        np.testing.assert_array_equal(np.transpose(found.tensor, index), found.tensor)


# ------------------------------------------------------------------------------------- invariance


@EXAMPLES
@given(SEEDS, st.integers(-60, 60))
def test_scale_of_the_loss(seed, power):
    """Powers of two change the exponents alone."""
    *_, C, theta, u, groups, _ = cubic(seed)
    factor = 2.0**power

    def loss(x):
        return np.tanh(x @ ((C @ x) @ x) / 50)

    plain = summarize(loss, theta, u, groups, full=True)
    scaled = summarize(lambda x: factor * loss(x), theta, u, groups, full=True)
    for a, b in zip(plain, scaled, strict=True):
        np.testing.assert_array_equal(factor * a, b)


@EXAMPLES
@given(SEEDS, st.lists(st.integers(-20, 20), min_size=3, max_size=3))
def test_groups_scaled(seed, powers):
    """New units in a group: the same summary if the direction follows the parameters, and powers
    of the units if it follows the gradient."""
    *_, C, theta, u, groups, _ = cubic(seed)

    def loss(x):
        return np.tanh(x @ ((C @ x) @ x) / 50)

    unit, per_group = np.ones(6), 2.0 ** np.array(powers)
    for group, one in zip(groups, per_group, strict=True):
        unit[group] = one
    plain = summarize(loss, theta, u, groups, full=True)
    moved = summarize(lambda x: loss(x / unit), theta * unit, u * unit, groups, full=True)
    for a, b in zip(plain, moved, strict=True):
        np.testing.assert_array_equal(a, b)
    dual = summarize(lambda x: loss(x / unit), theta * unit, u / unit, groups, full=True)
    back = per_group**2
    # The scaling that balances the groups sees other sizes, and rounds to whole powers of two; what
    # it does not balance, up to two decades here, costs as many digits.
    close = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_array_equal(dual.gradient * back, plain.gradient)
    np.testing.assert_allclose(dual.hessian * np.multiply.outer(back, back), plain.hessian, **close)
    np.testing.assert_array_equal(dual.third * back**3, plain.third)


def test_order_of_groups_and_indices():
    network = Network(5, (2, 3, 1))
    u = network.gradient(network.mse)
    plain = summarize(network.mse, network.theta, u, network.groups)
    turned = [group[::-1] for group in network.groups[::-1]]
    other = summarize(network.mse, network.theta, u, turned)
    np.testing.assert_array_equal(other.gradient[::-1], plain.gradient)
    np.testing.assert_allclose(other.hessian[::-1, ::-1], plain.hessian, rtol=1e-12)
    np.testing.assert_array_equal(other.third[::-1], plain.third)


def test_group_without_direction():
    """Exactly zero, and nothing else changes."""
    network = Network(6, (2, 3, 2))
    u = network.gradient(network.cross_entropy)
    u[network.groups[1]] = 0.0
    place = network.cross_entropy, network.theta, u, network.groups
    found = summarize(*place, full=True)
    assert found.gradient[1] == found.third[1] == 0.0
    assert not found.hessian[1].any()
    assert not found.hessian[:, 1].any()
    assert not found.tensor[1].any()
    assert found.gradient[[0, 2, 3]].all()
    joined = [np.concatenate(network.groups[:2]), *network.groups[2:]]
    without = summarize(*place[:3], joined)
    np.testing.assert_array_equal(found.gradient[[0, 2, 3]], without.gradient)
    np.testing.assert_allclose(found.hessian[np.ix_([0, 2, 3], [0, 2, 3])], without.hessian)
    none = summarize(network.mse, network.theta, 0.0 * u, network.groups, full=True)
    assert none.value == network.mse(network.theta)
    assert not any(np.any(field) for field in none[1:])
    noise = third_noise(*place, found.third, np.random.default_rng(0))
    assert noise[1] == 0.0
    assert noise[0] > 0.0


# ------------------------------------------------------------------------------------------ noise


def judged(loss, theta, u, groups, seed):
    third = summarize(loss, theta, u, groups).third
    noise = third_noise(loss, theta, u, groups, third, np.random.default_rng(seed))
    return third, noise, without_noise(third, noise)


def test_linear_last_layer_has_no_third_derivative():
    """With squared errors, exactly; the layers before have one."""
    network = Network(0, (3, 4, 4, 2))
    u = network.gradient(network.mse)
    third, noise, kept = judged(network.mse, network.theta, u, network.groups, 0)
    assert not third[-2:].any()
    assert not noise[-2:].any()
    np.testing.assert_array_equal(kept, third)
    assert third[:-2].all()
    assert noise[:-2].all()


def test_relu_has_no_third_derivative():
    network = Network(0, (3, 4, 4, 2), activation=relu)
    u = network.gradient(network.mse)
    third, noise, _ = judged(network.mse, network.theta, u, network.groups, 0)
    assert not third.any()
    assert not noise.any()


def test_honest_small_values_stay():
    """Twelve layers: third derivatives near 1e-27 are right to thirteen digits, and stay."""
    network = Network(0, (3, *[4] * 12, 2), size=0.12)
    u = network.gradient(network.mse)
    third, noise, kept = judged(network.mse, network.theta, u, network.groups, 0)
    np.testing.assert_array_equal(kept, third)
    small = [s for s in range(len(third)) if 0.0 < abs(third[s]) < 1e-25]
    assert min(abs(third[small])) < 1e-27
    for s in small[::4]:
        exact = network.exact("mse", u, s, s, s)
        assert third[s] == pytest.approx(exact, rel=1e-13)
    # The noise is that of numbers of this size, not of the loss.
    assert (noise[small] < 1e-12 * np.abs(third[small])).all()


def cancelling(seed):
    """Losses whose third derivative is zero only because its terms cancel."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    theta, size = rng.standard_normal(n), 10.0 ** rng.uniform(-6, 2)
    weights = rng.standard_normal((n, 3))
    common = rng.standard_normal() * np.ones(n)
    phase = rng.uniform(0, 6) + 2.0 * np.pi * np.arange(7) / 7.0

    def shift(x):
        # Not by logsumexp, in which nothing cancels.
        return size * (np.log(np.sum(np.exp(x))) + np.sum(x * x))

    def circle(x):
        # Differences only: an equal shift of all turns nothing.
        return size * np.sum(np.cos(x[0] - x[1] + phase)) + np.sum(np.tanh(x[1:] - x[:-1]))

    def twice(x):
        return np.sum(np.exp(x @ weights)) - np.sum(np.exp(x @ weights[:, ::-1]))

    return [shift, circle, twice][seed % 3], theta, common


def test_cancelled_values_are_noise():
    """All of 300 zeros by cancellation are seen, though rounding left many of them nonzero.

    At less than 1e-5 for each, a false alarm among them has a probability below 0.003.
    """
    nonzero = 0
    for seed in range(300):
        loss, theta, u = cancelling(seed)
        third, noise, kept = judged(loss, theta, u, [range(len(theta))], seed)
        assert not kept.any(), (seed, third, noise)
        nonzero += bool(third[0])
    # Negative control: a test for exact zeros would miss these.
    assert nonzero > 100


def test_partly_cancelled_values_stay():
    """Along nearly equal shifts the third cumulant is small and honest."""
    rng = np.random.default_rng(2)
    theta, v = rng.standard_normal((2, 5))
    for off in (1e-1, 1e-2, 1e-3, 1e-4):
        u = 1.0 + off * v
        third, noise, kept = judged(logsumexp, theta, u, [range(5)], 0)
        assert kept == third
        p = np.exp(theta) / np.exp(theta).sum()
        # The cumulant of the deviations, which cancels nothing.
        exact = off**3 * p @ (v - p @ v) ** 3
        assert abs(third[0] - exact) < summary.NOISE_FACTOR * noise[0]


def test_noise_of_another_route():
    """A third derivative by another program brings its own rounding, which counts."""
    network = Network(0, (3, 4, 2))
    u = network.gradient(network.mse)
    place = network.mse, network.theta, u, network.groups
    third = summarize(*place).third
    other = third + 1e-18
    noise = third_noise(*place, other, np.random.default_rng(0))
    np.testing.assert_array_equal(without_noise(other, noise)[-2:], 0.0)
    assert without_noise(other, noise)[:2].all()


def test_level_of_the_noise_test():
    """Probability that rounding alone passes, if it is Gaussian: below 1e-5."""
    runs, factor = summary.RUNS, summary.NOISE_FACTOR

    def passes(a):
        # All runs together within |a| / factor of the value: a noncentral chi-square.
        inside = scipy.stats.ncx2.cdf(runs * a * a / factor**2, runs, runs * a * a)
        return scipy.stats.norm.pdf(a) * inside

    assert 2.0 * scipy.integrate.quad(passes, 1e-6, 8.0)[0] < 1e-5


def test_noise_is_the_error():
    """The reference is of the size of the true error, over networks and groups.

    True errors are by another rounding of the same sums, so they scatter about it; a reference
    that is ten times too small or a thousand times too large would fail.
    """
    ratios = []
    for seed in range(6):
        network = Network(seed, (2, 3, 2), size=0.8)
        u = network.gradient(network.cross_entropy)
        place = network.cross_entropy, network.theta, u, network.groups
        third, noise, _ = judged(*place, seed)
        exact = [network.exact("cross_entropy", u, s, s, s) for s in range(len(third))]
        ratios.extend(np.abs(third - exact) / noise)
    assert np.max(ratios) < 10.0
    assert np.median(ratios) > 1e-3


# ---------------------------------------------------------------------------------- wrong input


def square(x):
    return np.sum(x * x)


GOOD = {"theta": [1.0, 2.0], "direction": [1.0, 1.0], "groups": [[0], [1]]}
WRONG = {
    "theta to be a flat array": (ShapeError, {"theta": [[1.0, 2.0]]}),
    "same shape": (ShapeError, {"direction": [1.0]}),
    "same shape (D,)": (ShapeError, {"theta": [], "direction": [], "groups": []}),
    "direction to be finite": (NotFiniteError, {"direction": [1.0, np.nan]}),
    "theta to be finite": (NotFiniteError, {"theta": [np.inf, 1.0]}),
    "theta: expected real": (DtypeError, {"theta": [1j, 1.0]}),
    "direction: expected real": (DtypeError, {"direction": [None, 1.0]}),
    "group 1 is empty": (PartitionError, {"groups": [[0, 1], []]}),
    "in no group": (PartitionError, {"groups": [[0]]}),
    "loss of shape ()": (ShapeError, {"loss": lambda x: x}),
    "got (1,)": (ShapeError, {"loss": lambda x: x[:1]}),
    "real numbers": (DtypeError, {"loss": lambda x: None}),
    "not finite": (NotFiniteError, {"loss": lambda x: np.nan}),
    "log: the value": (NotFiniteError, {"loss": lambda x: np.sum(np.log(x - 1.0))}),
    "sqrt: the coefficient of t^1": (NotFiniteError, {"loss": lambda x: np.sqrt(x[0] - 1.0)}),
    "no rule for numpy.median": (UnsupportedOperationError, {"loss": lambda x: np.median(x)}),
    "order 1, 2 or 3": (RangeError, {"order": 4}),
    "needs order 3": (RangeError, {"order": 2, "full": True}),
}


@pytest.mark.parametrize("message", WRONG)
def test_wrong_input(message):
    error, changed = WRONG[message]
    with pytest.raises(error) as caught:
        summarize(**({"loss": square} | GOOD | changed))
    assert message in str(caught.value)


def test_wrong_input_elsewhere():
    place = square, *GOOD.values()
    for order in (0, -1, 1.0, None):
        with pytest.raises(RangeError, match="whole order"):
            tensor(*place, order)
    with pytest.raises(RangeError, match="at least one run"):
        third_noise(*place, np.zeros(2), np.random.default_rng(0), runs=0)
    with pytest.raises(ShapeError, match="third of shape"):
        third_noise(*place, np.zeros(3), np.random.default_rng(0))
    with pytest.raises(NotFiniteError, match="third to be finite"):
        third_noise(*place, [np.nan, 0.0], np.random.default_rng(0))
    with pytest.raises(NotFiniteError, match="noise to be finite"):
        without_noise([1.0], [np.nan])


def test_loss_that_is_flat_or_plain():
    """A number without a polynomial is a constant; whole numbers are numbers."""
    found = summarize(lambda x: 3, [1, 2], [1, 1], [[0], [1]], full=True)
    assert found.value == 3.0
    assert not any(np.any(field) for field in found[1:])
    found = summarize(square, [1, 2], np.array([1, 1], dtype=np.int8), [[1, 0]])
    assert (found.gradient, found.hessian, found.third) == (6.0, 4.0, 0.0)
