"""Which changes of coordinates the grouped step does not see, and which it does; both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, partitions
from refimpl.cubic import minimize_cubic
from refimpl.functions import random_rotation
from refimpl.optimizers import adam
from refimpl.summary import summarize
from refimpl.taylor import expand

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=20 if _compile.JIT else 8)
SEEDS = st.integers(0, 2**32)
SHAPES = {"W1": (2, 3), "b1": (3,), "W2": (3, 1), "b2": (1,)}
GROUPS = partitions.by_tensor(SHAPES)
D = sum(map(len, GROUPS))
# The invariance holds for all values. With these the runs are tame: at strength 1, full steps
# throw this network about, and what rounding does then proves nothing.
STRENGTH, DAMPING = 1000.0, 0.5


def network(seed):
    """Loss of a small network and a place; polynomials run through it as arrays do."""
    rng = np.random.default_rng(seed)
    X, theta = rng.standard_normal((6, 2)), 0.7 * rng.standard_normal(D)
    Y = np.sin(X[:, :1] + X[:, 1:])

    def loss(theta):
        part = partitions.tensors(theta, SHAPES)
        hidden = np.tanh(X @ part["W1"] + part["b1"])
        return np.mean((hidden @ part["W2"] + part["b2"] - Y) ** 2)

    return loss, theta


def gradient(loss, theta):
    return np.array([expand(loss, theta, axis, 1)[1] for axis in np.eye(theta.size)])


def rates(loss, theta, u):
    found = summarize(loss, theta, u, GROUPS)
    # Zeros of third derivatives are exact here: the loss is quadratic in the last layer.
    solution = minimize_cubic(found.hessian, found.gradient, np.cbrt(np.abs(found.third)), STRENGTH)
    assert solution.outcome != "unbounded"
    return solution.rates


def spread(values):
    """One number for each group as one for each parameter."""
    found = np.empty(D)
    for value, group in zip(values, GROUPS, strict=True):
        found[group] = value
    return found


class Gradient:
    def __call__(self, loss, theta):
        return gradient(loss, theta)


class Momentum:
    def __init__(self):
        self.mean = 0.0

    def __call__(self, loss, theta):
        self.mean = 0.7 * self.mean + 0.3 * gradient(loss, theta)
        return self.mean


class Adam:
    """The step of the package's own Adam; without `eps`, so that the unit of the loss is no part
    of the comparison."""

    def __init__(self):
        self.state, self.parameters = None, adam.parameters(alpha=1.0, eps=0.0)

    def __call__(self, loss, theta):
        if self.state is None:
            self.state = adam.start(theta, np.zeros((0, theta.size)), self.parameters)
        new, self.state = adam.step(self.state, theta, gradient(loss, theta), self.parameters)
        return theta - new


class Newton:
    """A direction that moves as the parameters do: by no choice of coordinates."""

    def __call__(self, loss, theta):
        singles = [[i] for i in range(theta.size)]
        H = summarize(loss, theta, np.ones(theta.size), singles, order=2).hessian
        return np.linalg.solve(H, gradient(loss, theta))


def path(loss, theta, direction, steps=3):
    found = [theta]
    for _ in range(steps):
        u = direction(loss, theta)
        theta = theta - DAMPING * spread(rates(loss, theta, u)) * u
        found.append(theta)
    return np.array(found)


def block_map(blocks):
    A = np.zeros((D, D))
    for group, block in zip(GROUPS, blocks, strict=True):
        A[np.ix_(group, group)] = block
    return A


def similarities(rng):
    """A scalar times a rotation in each group, over some decades."""
    return [10.0 ** rng.uniform(-1, 1) * random_rotation(rng, len(group)) for group in GROUPS]


def elsewhere(direction, A, seed, unit=1.0, steps=3):
    """The same run in coordinates ``theta = A x + b``, and back; and what rounding may do to it."""
    loss, theta = network(seed)
    rng = np.random.default_rng(seed)
    b = rng.standard_normal(D)
    inner = path(
        lambda x: unit * loss(A @ x + b), np.linalg.solve(A, theta - b), direction(), steps
    )
    plain = path(loss, theta, direction(), steps)
    # As sensitive as the run is to its start and to one rounding of the way there and back.
    start = theta * (1.0 + 1e-7 * rng.uniform(-1, 1, D))
    amplified = np.abs(path(loss, start, direction(), steps) - plain).max() / 1e-7
    rounding = EPS * np.linalg.cond(A) * max(amplified, 1.0)
    return np.abs(inner @ A.T + b - plain).max(), rounding, np.abs(np.diff(plain, axis=0)).max()


# ------------------------------------------------------------------------------ the group itself


@EXAMPLES
@given(SEEDS, st.sampled_from([Gradient, Momentum]), st.floats(1e-3, 1e3))
def test_similarities_of_the_groups_change_nothing(seed, direction, unit):
    """Translations, scalars, rotations within groups, and the unit of the loss, at once."""
    A = block_map(similarities(np.random.default_rng(seed)))
    off, rounding, moved = elsewhere(direction, A, seed, unit=unit)
    assert off <= 1000 * rounding
    # Otherwise standing still would pass.
    assert moved > 1e-3


@EXAMPLES
@given(SEEDS)
def test_groups_of_one_size_may_change_places(seed):
    """The partition is a set: ``b1`` and ``W2``, three parameters each, exchanged."""
    rng = np.random.default_rng(seed)
    blocks = similarities(rng)
    A = np.zeros((D, D))
    for s, t in enumerate((0, 2, 1, 3)):
        A[np.ix_(GROUPS[s], GROUPS[t])] = blocks[s]
    off, rounding, _ = elsewhere(Gradient, A, seed)
    assert off <= 1000 * rounding


@EXAMPLES
@given(SEEDS, st.floats(1e-2, 1e2))
def test_rates_transform_by_the_square(seed, unit):
    """``eta / a^2`` where ``theta = a x`` in a group, and ``eta / c`` where the loss is c L."""
    loss, theta = network(seed)
    rng = np.random.default_rng(seed)
    a = 10.0 ** rng.uniform(-1, 1, len(GROUPS))
    A = block_map(
        [one * random_rotation(rng, len(group)) for one, group in zip(a, GROUPS, strict=True)]
    )
    x = np.linalg.solve(A, theta)

    def inner(x):
        return unit * loss(A @ x)

    plain = rates(loss, theta, gradient(loss, theta))
    found = rates(inner, x, gradient(inner, x))
    near = rates(loss, theta * (1.0 + 1e-7 * rng.uniform(-1, 1, D)), gradient(loss, theta))
    rounding = EPS * np.linalg.cond(A) * max(np.abs(near - plain).max() / 1e-7, 1.0)
    np.testing.assert_allclose(found * a**2 * unit, plain, rtol=1000 * EPS, atol=1000 * rounding)


# ------------------------------------------------------------------------------ the other side


@pytest.mark.parametrize("direction", [Gradient, Momentum])
@pytest.mark.parametrize("seed", range(4))
def test_other_maps_of_a_group_change_the_run(direction, seed):
    """An affine map within one group that stretches one axis by a half; one group is enough."""
    rng = np.random.default_rng(seed)
    for s in (0, 1, 2):
        blocks = [np.eye(len(group)) for group in GROUPS]
        Q = random_rotation(rng, len(GROUPS[s]))
        blocks[s] = Q @ np.diag([1.5, *[1.0] * (len(GROUPS[s]) - 1)]) @ Q.T
        off, rounding, moved = elsewhere(direction, block_map(blocks), seed)
        assert off > 1e-3 * moved
        # What the other tests allow for rounding would not have hidden it.
        assert off > 1e6 * rounding


@pytest.mark.parametrize("seed", range(4))
def test_a_rotation_across_groups_changes_the_run(seed):
    A = np.eye(D)
    i, j = GROUPS[0][0], GROUPS[2][1]
    A[np.ix_([i, j], [i, j])] = [[0.8, -0.6], [0.6, 0.8]]
    off, rounding, moved = elsewhere(Gradient, A, seed)
    assert off > max(1e-3 * moved, 1e6 * rounding)


@EXAMPLES
@given(SEEDS, st.floats(0.0, 2.0))
def test_what_a_map_costs_on_a_sphere(seed, stretch):
    """From any place on ``|theta - p|^2 / 2`` one step ends at `p`, in these coordinates.

    In others it ends where the lines along ``A_s A_s^T u_s`` come nearest, and that is off by the
    sine of the angle between it and ``u_s``: 0 for every `u` exactly if ``A_s A_s^T`` is a multiple
    of the identity.
    """
    rng = np.random.default_rng(seed)
    blocks = []
    for group in GROUPS:
        n = len(group)
        left, right = random_rotation(rng, n), random_rotation(rng, n)
        blocks.append(left @ np.diag(np.exp(stretch * rng.standard_normal(n))) @ right)
    A = block_map(blocks)
    p, theta = rng.standard_normal((2, D))

    def loss(theta):
        off = theta - p
        return 0.5 * np.sum(off * off)

    def inner(x):
        return loss(A @ x)

    x = np.linalg.solve(A, theta)
    u = gradient(inner, x)
    end = A @ (x - spread(rates(inner, x, u)) * u)
    squares = []
    for group, block in zip(GROUPS, blocks, strict=True):
        own = (theta - p)[group]
        along = block @ (block.T @ own)
        along /= np.linalg.norm(along)
        squares.append(np.sum((own - along * (along @ own)) ** 2))
    size = np.linalg.norm(theta - p) * EPS * np.linalg.cond(A) ** 2
    np.testing.assert_allclose(np.linalg.norm(end - p), np.sqrt(np.sum(squares)), atol=100 * size)
    assert stretch < 0.1 or np.sum(squares) > 1e-6


@EXAMPLES
@given(SEEDS)
def test_quadratics_tell_groups_apart(seed):
    """``sum_s w_s |theta_s|^2 / 2``: one step to 0, not so if a map mixes groups."""
    rng = np.random.default_rng(seed)
    w = spread([1.0, 2.0, 4.0, 8.0])
    theta = rng.standard_normal(D)

    def landed(A):
        def inner(x):
            off = A @ x
            return 0.5 * np.sum(w * off * off)

        x = np.linalg.solve(A, theta)
        u = gradient(inner, x)
        return np.linalg.norm(A @ (x - spread(rates(inner, x, u)) * u))

    assert landed(np.eye(D)) < 100 * EPS * np.linalg.norm(theta)
    assert landed(random_rotation(rng, D)) > 1e-3 * np.linalg.norm(theta)


# ------------------------------------------------------------------------------ other directions


@EXAMPLES
@given(SEEDS)
def test_a_direction_that_moves_with_the_parameters(seed):
    """It is the direction that limits the group: along Newton's, every map of a group is free."""
    rng = np.random.default_rng(seed)
    blocks = [np.eye(len(group)) + 0.5 * rng.uniform(-1, 1, (len(group),) * 2) for group in GROUPS]
    A = block_map(blocks)
    loss, theta = network(seed)
    b = rng.standard_normal(D)
    x = np.linalg.solve(A, theta - b)
    u = rng.standard_normal(D)
    plain = summarize(loss, theta, u, GROUPS)
    moved = summarize(lambda x: loss(A @ x + b), x, np.linalg.solve(A, u), GROUPS)
    # The lines are the same, so the summaries are; some hundred roundings, and those of the map.
    for name in ("gradient", "hessian", "third"):
        one, other = getattr(plain, name), getattr(moved, name)
        size = max(np.abs(one).max(), 1.0) * EPS * np.linalg.cond(A) ** 2
        np.testing.assert_allclose(other, one, rtol=0.0, atol=1000 * size)


@pytest.mark.parametrize("seed", range(4))
def test_newtons_direction_is_such_a_one(seed):
    rng = np.random.default_rng(seed)
    blocks = [np.eye(len(group)) + 0.3 * rng.uniform(-1, 1, (len(group),) * 2) for group in GROUPS]
    off, rounding, moved = elsewhere(Newton, block_map(blocks), seed, steps=1)
    assert off <= 1000 * rounding
    assert off < 1e-6 * moved


@pytest.mark.parametrize("seed", range(4))
def test_adam_is_not_equivariant(seed):
    """A rotation within one group changes the run; signs and units do not."""
    rng = np.random.default_rng(seed)
    blocks = [np.eye(len(group)) for group in GROUPS]
    blocks[0] = random_rotation(rng, len(GROUPS[0]))
    off, rounding, moved = elsewhere(Adam, block_map(blocks), seed)
    assert off > max(1e-3 * moved, 1e6 * rounding)
    signs = [
        10.0 ** rng.uniform(-1, 1) * np.diag(rng.choice([-1.0, 1.0], len(group)))
        for group in GROUPS
    ]
    off, rounding, _ = elsewhere(Adam, block_map(signs), seed, unit=7.0)
    assert off <= 1000 * rounding
