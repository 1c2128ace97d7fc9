"""Grouped Newton, plain and safeguarded: the step, its limits, its symmetries, runs with it."""

import itertools
import json
import math

import numba
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import _compile, cli, functions, layered_summary, optimizers, partitions, summary
from refimpl.errors import (
    EvaluationError,
    PartitionError,
    RangeError,
    UnknownNameError,
    UnsupportedOperationError,
)
from refimpl.network import Batch, Network
from refimpl.optimizers.grouped_newton import Slice, grouped_newton, partition
from refimpl.optimizers.grouped_newton_safeguarded import grouped_newton_safeguarded
from refimpl.runs import cells
from refimpl.summary import Summary
from refimpl.taylor import expand

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=15 if _compile.JIT else 4)
BOTH = pytest.mark.parametrize(
    "method", [grouped_newton, grouped_newton_safeguarded], ids=lambda method: method.name
)


def slice_of(loss):
    """A slice as in a training loop: without the judgement of noise, none being near these."""
    return Slice(lambda *place: summary.summarize(loss, *place), loss)


def given_slice(gradient, hessian, third, value=None):
    """A slice with these derivatives at any position; one parameter a group."""
    given = [np.array(part, dtype=float) for part in (gradient, hessian, third)]

    def summarize(theta, u, groups):
        return Summary(0.0, given[0] * u, given[1] * np.outer(u, u), given[2] * u**3, None)

    return Slice(summarize, value)


def begin(method, theta, **hyperparameters):
    parameters = optimizers.bind(method, hyperparameters)
    theta = np.asarray(theta, dtype=float)
    return method.start(theta, np.empty((0, theta.size)), parameters), parameters


def walk(method, loss, gradient, theta, steps, **hyperparameters):
    """Positions and states of a run by hand."""
    theta = np.array(theta, dtype=float)
    state, parameters = begin(method, theta, **hyperparameters)
    path, states = [theta], []
    for _ in range(steps):
        theta, state = method.step(state, theta, gradient(theta), slice_of(loss), parameters)
        path.append(theta)
        states.append(state)
    return np.array(path), states


def quartic(x):
    return np.sum(0.25 * x**4)


def cube(x):
    return x**3


# First steps, written out.


@BOTH
def test_quartic_by_hand(method):
    """``L = x^4/4``: derivatives along x^3 are x^6, 3 x^8 and 6 x^10, and x shrinks by a factor.

    ``eta = 2 x^6 / (3 x^8 + sqrt(9 x^16 + 12 x^16))``, so that it is ``1 - 2/(3 + sqrt 21)``.
    """
    path, states = walk(method, quartic, cube, [2.0], 5)
    expected = 2.0 * (1.0 - 2.0 / (3.0 + math.sqrt(21.0))) ** np.arange(6)
    # Each step rounds some ten times, and its rate a few times more.
    np.testing.assert_allclose(path[:, 0], expected, rtol=200 * EPS)
    state = states[0] if method is grouped_newton else states[0].full
    assert state.outcome == "regular"
    np.testing.assert_allclose(state.rates, [0.5 / (3.0 + math.sqrt(21.0))], rtol=20 * EPS)


def coupled(x):
    return x[0] ** 4 + x[0] * x[1] * x[2] + x[1] ** 2 + np.exp(x[2])


def coupled_gradient(x):
    a, b, c = x
    return np.array([4 * a**3 + b * c, 2 * b + a * c, np.exp(c) + a * b])


def coupled_derivatives(x, u):
    """Hessian along the parts ``(u0, u1)`` and ``u2``, and the third derivatives, by hand."""
    a, b, c = x
    H = np.array([[12 * a**2, c, b], [c, 2.0, a], [b, a, np.exp(c)]])
    parts = np.array([[u[0], u[1], 0.0], [0.0, 0.0, u[2]]])
    third = np.array([24 * a * u[0] ** 3, np.exp(c) * u[2] ** 3])
    return parts @ H @ parts.T, third


def test_two_groups_by_the_model():
    """The minimum of the cubic model over both rates, found by SciPy from many starts."""
    x, strength = np.array([0.7, -0.4, 0.3]), 2.0
    u = coupled_gradient(x)
    H, third = coupled_derivatives(x, u)
    g = np.array([u[:2] @ u[:2], u[2] ** 2])
    d = np.abs(third) ** (1 / 3)

    def model(eta):
        return -g @ eta + eta @ H @ eta / 2 + strength / 6 * np.linalg.norm(d * eta) ** 3

    starts = itertools.product([-1.0, 0.1, 1.0], repeat=2)
    options = {"xatol": 1e-10, "fatol": 1e-16, "maxfev": 2000}
    found = [
        scipy.optimize.minimize(model, start, method="Nelder-Mead", options=options)
        for start in starts
    ]
    eta = min(found, key=lambda result: result.fun).x
    path, states = walk(
        grouped_newton, coupled, coupled_gradient, x, 1, groups=[[0, 1], [2]], strength=strength
    )
    # A simplex finds a minimum to the root of eps.
    np.testing.assert_allclose(states[0].rates, eta, rtol=1e-6)
    np.testing.assert_allclose(path[1], x - states[0].rates[[0, 0, 1]] * u, rtol=4 * EPS)


@pytest.mark.parametrize("direction", ["momentum", "adam"])
def test_directions_by_their_definitions(direction):
    """The closed form for one group, along averages written as sums."""
    gamma, beta1, beta2, eps = 0.3, 0.7, 0.8, 1e-3
    x, seen = np.array([1.5, -1.0]), []
    given = {"gamma": gamma, "beta1": beta1, "beta2": beta2, "eps": eps}
    path, _ = walk(grouped_newton, quartic, cube, x, 4, groups=1, direction=direction, **given)
    for t in range(4):
        seen.append(x**3)
        age = np.arange(t, -1.0, -1.0)[:, None]
        if direction == "momentum":
            u = np.sum(gamma * (1 - gamma) ** age * seen, axis=0)
        else:
            mean = np.sum((1 - beta1) * beta1**age * seen, axis=0) / (1 - beta1 ** (t + 1))
            square = np.sum((1 - beta2) * beta2**age * np.square(seen), axis=0)
            u = mean / (eps + np.sqrt(square / (1 - beta2 ** (t + 1))))
        g, H, T = u @ x**3, u**2 @ (3 * x**2), u**3 @ (6 * x)
        x = x - 2 * g / (H + math.sqrt(H**2 + 2 * abs(T * g))) * u
        # The loss is flat near 0 and the sums are short: errors stay at some ten roundings a step.
        np.testing.assert_allclose(path[t + 1], x, rtol=1e3 * EPS)


# Limits.


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 4), st.sampled_from(["gradient", "adam"]))
def test_one_group_a_coordinate_on_a_quadratic_is_newton(seed, D, direction):
    """There is no third derivative, and the directions span everything."""
    rng = np.random.default_rng(seed)
    function = functions.quadratic(10.0 ** rng.uniform(0, 1, D), functions.random_rotation(rng, D))
    theta = rng.uniform(0.5, 2.0, D) * rng.choice([-1.0, 1.0], D)
    found = refimpl.minimize(
        function, theta, method="grouped_newton", steps=1, groups=D, direction=direction
    )
    g = function.gradient(theta)
    # Curvature between directions as different in size as the coordinates of the gradient.
    tolerance = 1e3 * EPS * (np.abs(g).max() / np.abs(g).min()) ** 2
    np.testing.assert_allclose(found.x, 0.0, atol=tolerance * np.linalg.norm(theta))


def test_small_strength_is_newton():
    """Without a weight on third derivatives the step is Newton's; the difference is of order 1."""
    function, theta = functions.rosenbrock(), np.array([1.2, 1.4])
    newton = refimpl.minimize(function, theta, method="newton", steps=1).x
    off = []
    for strength in (1e-3, 1e-6, 1e-9):
        options = {"groups": 2, "strength": strength}
        end = refimpl.minimize(function, theta, method="grouped_newton", steps=1, **options).x
        off.append(np.linalg.norm(end - newton) / np.linalg.norm(newton - theta))
    assert off[0] < 0.1
    np.testing.assert_allclose(np.array(off[:-1]) / off[1:], 1e3, rtol=0.1)


def test_great_strength():
    """The cubic term alone against the slope: rates like the root of its inverse."""
    ends = [
        walk(grouped_newton, quartic, cube, [2.0], 1, strength=s)[0][1, 0] for s in (1e12, 4e12)
    ]
    # H adds a share of 1e-6 to the root.
    assert (2.0 - ends[0]) / (2.0 - ends[1]) == pytest.approx(2.0, rel=1e-5)


# Symmetries: one scalar a group times an orthogonal map within it, translations, scale of the loss.

GROUPS = ((0, 2), (1, 3, 4))
MIX = np.random.default_rng(3).standard_normal((4, 5)) / 2.0


def bowl(theta):
    return np.sum(theta**4) / 4 + np.sum(np.exp(MIX @ theta)) + theta[0] * theta[1]


def bowl_gradient(theta):
    swapped = np.array([theta[1], theta[0], 0.0, 0.0, 0.0])
    return theta**3 + np.exp(MIX @ theta) @ MIX + swapped


def mapped(A, b, start, scale=1.0, steps=3, method=grouped_newton, **options):
    """A run in coordinates `phi` with ``theta = A phi + b``, seen as positions `theta`."""
    path, _ = walk(
        method,
        lambda phi: scale * bowl(A @ phi + b),
        lambda phi: scale * A.T @ bowl_gradient(A @ phi + b),
        np.linalg.solve(A, start - b),
        steps,
        groups=GROUPS,
        **options,
    )
    return path @ A.T + b


def within(blocks):
    """A map that acts within each group."""
    A = np.zeros((5, 5))
    for index, block in zip(GROUPS, blocks, strict=True):
        A[np.ix_(index, index)] = block
    return A


START = np.array([0.5, -0.8, 1.1, 0.3, -0.6])
# Three steps through systems of condition below 1e3, of some hundred roundings each.
SYMMETRIC = 1e-9


@EXAMPLES
@given(st.integers(0, 2**32), st.sampled_from(["gradient", "momentum"]))
def test_true_group_of_symmetries(seed, direction):
    rng = np.random.default_rng(seed)
    scales = 10.0 ** rng.uniform(-3, 3, 2)
    A = within([a * functions.random_rotation(rng, n) for a, n in zip(scales, (2, 3), strict=True)])
    options = {"direction": direction}
    expected = mapped(np.eye(5), np.zeros(5), START, **options)
    assert np.linalg.norm(expected[-1] - START) > 0.1
    moved = mapped(A, rng.standard_normal(5), START, 10.0 ** rng.uniform(-9, 9), **options)
    np.testing.assert_allclose(moved, expected, rtol=0, atol=SYMMETRIC)


@EXAMPLES
@given(st.integers(-100, 100), st.tuples(st.integers(-40, 40), st.integers(-40, 40)))
def test_powers_of_two_change_no_digit(loss, groups):
    """Even where the cube of a gradient would be no float; of the loss those with a cube root."""
    A = within([math.ldexp(1.0, n) * np.eye(k) for n, k in zip(groups, (2, 3), strict=True)])
    expected = mapped(np.eye(5), np.zeros(5), START)
    scaled = mapped(A, np.zeros(5), START, 8.0**loss)
    np.testing.assert_array_equal(scaled, expected)


@pytest.mark.parametrize("case", ["stretched", "adam turned"])
def test_no_symmetry_beyond_them(case):
    """A general linear map within a group, or a rotation of Adam's direction, changes the path."""
    options = {"direction": "adam" if case == "adam turned" else "gradient"}
    turn = functions.random_rotation(np.random.default_rng(0), 2)
    block = turn if case == "adam turned" else np.diag([1.0, 2.0])
    expected = mapped(np.eye(5), np.zeros(5), START, **options)
    other = mapped(within([block, np.eye(3)]), np.zeros(5), START, **options)
    assert np.linalg.norm(other[1] - expected[1]) > 1e-3


def test_a_scale_for_each_group_is_a_symmetry_for_adam_too():
    """Its directions have no scale; with `eps` 0 the scale of the loss goes too."""
    options = {"direction": "adam", "eps": 0.0}
    expected = mapped(np.eye(5), np.zeros(5), START, **options)
    scaled = mapped(within([0.1 * np.eye(2), 30.0 * np.eye(3)]), np.ones(5), START, 1e4, **options)
    np.testing.assert_allclose(scaled, expected, rtol=0, atol=SYMMETRIC)


# What can happen in a step.


def test_leaves_a_saddle():
    """To a well, whichever; the safeguard lets no step jump out of it."""
    rotation = functions.random_rotation(np.random.default_rng(0), 2)
    saddle = functions.bounded_saddle([-1.0, 2.0], rotation=rotation)
    found = refimpl.minimize(
        saddle, [1e-3, 2e-3], method="grouped_newton_safeguarded", steps=40, groups=2
    )
    assert found.fun == pytest.approx(saddle.minimum_value, rel=1e-12)


@BOTH
def test_hard_case_is_left_along_the_direction(method):
    """The direction has a part in which there is no slope, but negative curvature.

    The example of `minimize_cubic`: slopes (2, 0), curvatures 1 and -1, third derivatives 1.
    """

    def value(theta):
        return 2.0 * theta[0] + theta[0] ** 2 / 2 - theta[1] ** 2 / 2

    curvature = given_slice([2.0, 0.0], np.diag([1.0, -1.0]), [1.0, 1.0], value)
    state, parameters = begin(method, np.zeros(2), groups=2, direction="momentum")
    end, state = method.step(state, np.zeros(2), np.array([3.0, 5.0]), curvature, parameters)
    plain = state if method is grouped_newton else state.full
    assert plain.outcome == "hard"
    np.testing.assert_allclose(end, [-1.0, -math.sqrt(3.0)], rtol=16 * EPS)


@BOTH
def test_no_step_where_the_model_is_unbounded(method):
    theta = np.array([0.5, 1.0])
    saddle = functions.quadratic([-1.0, 1.0])
    state, parameters = begin(method, theta, groups=2)
    given_ = slice_of(lambda x: 0.5 * (x[1] ** 2 - x[0] ** 2))
    end, state = method.step(state, theta, saddle.gradient(theta), given_, parameters)
    plain = state if method is grouped_newton else state.full
    assert plain.outcome == "unbounded"
    np.testing.assert_array_equal(plain.rates, 0.0)
    np.testing.assert_array_equal(end, theta)
    assert end is not theta
    assert getattr(state, "evaluations", 0) == 0


@BOTH
def test_groups_without_direction(method):
    """Rate 0, the others as if it were not there; and without any direction no summary at all."""
    path, states = walk(method, quartic, cube, [2.0, 0.0], 1, groups=2)
    plain = states[0] if method is grouped_newton else states[0].full
    assert path[1, 1] == 0.0
    assert plain.rates[1] == 0.0
    np.testing.assert_array_equal(path[:, :1], walk(method, quartic, cube, [2.0], 1)[0])

    state, parameters = begin(method, np.zeros(2), groups=2)
    end, state = method.step(state, np.zeros(2), np.zeros(2), Slice(None, None), parameters)
    plain = state if method is grouped_newton else state.full
    assert plain.outcome == "no direction"
    np.testing.assert_array_equal(end, np.zeros(2))


def test_period():
    """A summary every third step, its rates in use between."""
    seen = []

    def summarize(*place):
        seen.append(place[0])
        return summary.summarize(quartic, *place)

    theta = np.array([2.0])
    state, parameters = begin(grouped_newton, theta, period=3)
    path, rates = [theta], []
    for _ in range(7):
        given_ = theta, theta**3, Slice(summarize, None), parameters
        theta, state = grouped_newton.step(state, *given_)
        path.append(theta)
        rates.append(state.rates[0])
    np.testing.assert_array_equal(seen, [path[0], path[3], path[6]])
    # The closed form of the quartic: eta = 2 x^-2 / (3 + sqrt 21).
    old = np.repeat([path[0], path[3], path[6]], 3)[:7]
    np.testing.assert_allclose(rates, 2.0 / old**2 / (3.0 + math.sqrt(21.0)), rtol=20 * EPS)
    np.testing.assert_allclose(path[2], path[1] - rates[0] * path[1] ** 3, rtol=2 * EPS)


def test_smoothing_is_a_running_mean():
    """Rates of 0 do not enter it: where a group had no direction it begins anew."""
    theta = np.zeros(2)
    state, parameters = begin(grouped_newton, theta, groups=2, smoothing=0.75)
    used = []
    for g, h in (([1.0, 1.0], 1.0), ([1.0, 1.0], 2.0), ([1.0, 0.0], 4.0), ([1.0, 1.0], 8.0)):
        # Without coupling and third derivatives, the rate is one over the curvature.
        curvature = given_slice(g, h * np.eye(2), [0.0, 0.0])
        theta, state = grouped_newton.step(state, theta, np.array(g), curvature, parameters)
        used.append(state.rates)
    means = [1.0, 0.75 * 1.0 + 0.25 / 2.0]
    means.append(0.75 * means[-1] + 0.25 / 4.0)
    means.append(0.75 * means[-1] + 0.25 / 8.0)
    np.testing.assert_allclose(np.array(used)[:, 0], means, rtol=8 * EPS)
    np.testing.assert_allclose(np.array(used)[:, 1], [*means[:2], 0.0, 1.0 / 8.0], rtol=8 * EPS)


def test_damping_and_clip():
    """A negative rate comes from coupling: ``[[2, 2], [2, 4]] eta = (4, 2)`` gives (3, -1)."""
    curvature = given_slice([4.0, 2.0], [[2.0, 2.0], [2.0, 4.0]], [0.0, 0.0])
    ends = {}
    for name, options in {"": {}, "damping": {"damping": 0.25}, "clip": {"clip": True}}.items():
        state, parameters = begin(grouped_newton, np.zeros(2), groups=2, **options)
        ends[name], _ = grouped_newton.step(state, np.zeros(2), np.ones(2), curvature, parameters)
    np.testing.assert_allclose(ends[""], [-3.0, 1.0], rtol=16 * EPS)
    np.testing.assert_array_equal(ends["damping"], 0.25 * ends[""])
    np.testing.assert_array_equal(ends["clip"], [ends[""][0], 0.0])


def well(x):
    """``x - log x``, not defined below 0, where Newton's step leads from above 2."""
    return x[0] - np.log(x[0])


def well_gradient(x):
    return 1.0 - 1.0 / x


@BOTH
def test_nan_on_the_slice(method):
    """The plain step ends where the loss is not defined; the other one stays where it is."""
    with np.errstate(invalid="ignore"):
        found = refimpl.minimize(
            well, [3.0], jac=well_gradient, method=method.name, steps=20, strength=1e-6
        )
    assert found.diverged == (method is grouped_newton)
    if not found.diverged:
        assert found.fun == pytest.approx(1.0, rel=4 * EPS)


SPIKY = (functions.beale, functions.goldstein_price, functions.himmelblau, functions.rosenbrock(4))


@EXAMPLES
@given(st.integers(0, 2**32), st.sampled_from(SPIKY), st.sampled_from(["gradient", "momentum"]))
def test_safeguarded_never_raises_the_loss(seed, function, direction):
    """Fast or slow, with rates that are old and averaged, from anywhere in the domain."""
    rng = np.random.default_rng(seed)
    found = refimpl.minimize(
        function,
        rng.uniform(*function.domain, function.dimension),
        method="grouped_newton_safeguarded",
        steps=12,
        groups=int(rng.integers(1, function.dimension + 1)),
        strength=10.0 ** rng.uniform(-3, 1),
        period=int(rng.integers(1, 4)),
        smoothing=rng.uniform(0.0, 0.9),
        direction=direction,
    )
    assert (np.diff(found.values) <= 0.0).all()
    assert not found.diverged


def test_plain_raises_the_loss():
    """Negative control, from a start of Figure 1: coupled groups, and no test of a step."""
    options = {"method": "grouped_newton", "steps": 20, "groups": 2}
    found = refimpl.minimize(functions.beale, [-2.0, 1.0], **options)
    assert found.diverged
    assert found.values[2] > 4.0 * found.values[1]


def test_safeguard_leaves_good_steps_alone():
    options = {"steps": 15, "groups": 2}
    plain, safe = (
        refimpl.minimize("rosenbrock", [-1.2, 1.0], method=method, **options)
        for method in ("grouped_newton", "grouped_newton_safeguarded")
    )
    assert (np.diff(plain.values) < 0.0).all()
    np.testing.assert_array_equal(plain.path, safe.path)


def test_shares_are_halved():
    """A step of 8 on ``|x|`` from 1: ends at -7, -3 and -1 are no lower, 0 is."""
    theta = np.ones(1)
    curvature = given_slice([1.0], [[0.125]], [0.0], lambda x: float(np.abs(x[0])))
    state, parameters = begin(grouped_newton_safeguarded, theta, groups=1)
    end, state = grouped_newton_safeguarded.step(state, theta, np.ones(1), curvature, parameters)
    # The value before, and four shares.
    assert (state.share, state.evaluations, end[0]) == (0.125, 5, 0.0)


def test_no_share_is_low_enough():
    """Higher everywhere, infinite or not a number: no step, and the state says so."""
    theta = np.zeros(1)
    for other in (1.0, np.inf, np.nan):
        curvature = given_slice(
            [1.0], [[1.0]], [0.0], lambda x, other=other: other if x[0] else 0.0
        )
        state, parameters = begin(grouped_newton_safeguarded, theta, groups=1)
        given_ = theta, np.ones(1), curvature, parameters
        end, state = grouped_newton_safeguarded.step(state, *given_)
        assert (state.share, end[0], state.full.outcome) == (0.0, 0.0, "quadratic")


@BOTH
def test_step_is_pure(method):
    theta, gradient = np.array([1.0, -2.0]), np.array([0.3, 0.7])
    state, parameters = begin(method, theta, groups=2, direction="adam", smoothing=0.5)
    given_ = gradient, slice_of(quartic), parameters
    _, state = method.step(state, theta, *given_)
    kept = repr(state)
    ends = [method.step(state, theta, *given_) for _ in range(2)]
    np.testing.assert_array_equal(ends[0][0], ends[1][0])
    assert repr(ends[0][1]) == repr(ends[1][1])
    assert repr(state) == kept
    np.testing.assert_array_equal(theta, [1.0, -2.0])
    np.testing.assert_array_equal(gradient, [0.3, 0.7])


# Functions, as text that takes polynomials.

RNG = np.random.default_rng(11)
MORE = {
    "rosenbrock(5)": functions.rosenbrock(5),
    "rotated": functions.bounded_saddle([1.0, -2.0, 3.0], 2.0, functions.random_rotation(RNG, 3)),
    "least_squares": functions.least_squares(RNG.standard_normal((6, 2)), RNG.standard_normal(6)),
    "logistic": functions.logistic_regression(RNG.standard_normal((6, 2)), [0, 1, 0, 1, 1, 0], 0.1),
}


@pytest.mark.parametrize("name", [*functions.all(), *MORE])
def test_laboratory_on_polynomials(name):
    """Every function's own text: value, slope and curvature along a line, and at the origin."""
    function = (functions.all() | MORE)[name]
    text = _compile.readable(function.value.text)
    rng = np.random.default_rng(1)
    for x in (rng.standard_normal(function.dimension), np.zeros(function.dimension)):
        u = rng.standard_normal(function.dimension)
        found = expand(lambda x: text(x, function.data), x, u, 2)
        g, H = function.gradient(x), function.hessian(x)
        assert found[0] == pytest.approx(function.value(x), rel=1e-13, abs=1e-13)
        # Some ten terms, that cancel in part; those of Goldstein and Price are a thousand times
        # their sum.
        sizes = np.abs(u) @ np.abs(g), np.abs(u) @ np.abs(H) @ np.abs(u)
        assert found[1] == pytest.approx(u @ g, rel=0, abs=1e5 * EPS * (1.0 + sizes[0]))
        assert 2.0 * found[2] == pytest.approx(u @ H @ u, rel=0, abs=1e5 * EPS * (1.0 + sizes[1]))


@_compile.compiled
def power(x, n):
    return x if n == 1 else x * power(x, n - 1)


@_compile.compiled
def of_powers(x):
    return power(x[0], 3) + power(x[1], 2)


def test_readable():
    """Compiled functions, what they call, themselves included, and what a closure holds."""
    inner = of_powers

    def outer(x):
        return 2.0 * inner(x) + sum(power(y, 2) for y in x)

    for function in (outer, _compile.readable(outer)):
        assert function(np.array([2.0, 3.0])) == 2.0 * (8.0 + 9.0) + 4.0 + 9.0
    found = expand(_compile.readable(outer), [2.0, 3.0], [1.0, 0.0], 3)
    # 2 (2 + t)^3 + (2 + t)^2 and constants.
    np.testing.assert_array_equal(found, [47.0, 28.0, 13.0, 2.0])
    assert _compile.readable(np.sin) is np.sin


# Runs.


@BOTH
def test_noise_of_the_gradient_is_that_of_the_slope(method):
    """Directions and slopes are noisy, curvature is exact: Newton's step for the noisy gradient."""
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    noise = np.array([[0.3, -0.2]])
    theta = np.array([1.0, -2.0])
    found = refimpl.minimize(
        lambda x: 0.5 * x @ H @ x,
        theta,
        jac=lambda x: H @ x,
        method=method.name,
        steps=1,
        noise=noise,
        groups=2,
    )
    expected = theta - np.linalg.solve(H, H @ theta + noise[0])
    np.testing.assert_allclose(found.x, expected, rtol=0, atol=1e3 * EPS)


def test_rounding_is_no_third_derivative():
    """Along a common shift the first part is flat, but only its sum cancels, not its terms."""

    def loss(x):
        return np.log(np.sum(np.exp(x))) - np.mean(x) + 0.5 * np.sum(x) ** 2

    def gradient(x):
        return np.exp(x) / np.sum(np.exp(x)) - 1.0 / x.size + np.sum(x)

    start, seen = np.full(7, 0.3), []
    third = summary.summarize(loss, start, gradient(start), [range(7)]).third
    # The second derivatives are 49 times the square of a gradient of 2.1.
    assert 0.0 < abs(third[0]) < 1e-12
    refimpl.minimize(
        loss,
        start,
        jac=gradient,
        method="grouped_newton",
        steps=1,
        groups=1,
        callback=lambda intermediate_result: seen.append(intermediate_result.state.outcome),
    )
    assert seen == ["quadratic"]


def rosenbrock(x, weight=100.0):
    return weight * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def rosenbrock_gradient(x, weight=100.0):
    bend = weight * (x[1] - x[0] ** 2)
    return np.array([-4.0 * x[0] * bend - 2.0 * (1.0 - x[0]), 2.0 * bend])


@BOTH
def test_own_functions(method):
    """Plain or compiled, in a run or a lattice: the laboratory's path."""
    start, options = [-1.2, 1.0], {"method": method.name, "steps": 4}
    expected = refimpl.minimize("rosenbrock", start, **options).path
    runs = [
        refimpl.minimize(rosenbrock, start, jac=rosenbrock_gradient, **options),
        refimpl.minimize(
            numba.njit(rosenbrock), start, jac=numba.njit(rosenbrock_gradient), **options
        ),
    ]
    for found in runs:
        # Other orders of operations, through four steps in a valley of condition 2500.
        np.testing.assert_allclose(found.path, expected, rtol=1e-9)
    final = refimpl.lattice(
        rosenbrock, method.name, starts=[start], steps=4, seeds=[0], jac=rosenbrock_gradient
    )
    assert final[0, 0] == pytest.approx(rosenbrock(expected[-1]), rel=1e-9)


@BOTH
def test_arguments_are_handed_on(method):
    start, options = [-1.2, 1.0], {"method": method.name, "steps": 3}
    found = refimpl.minimize(rosenbrock, start, jac=rosenbrock_gradient, args=(2.0,), **options)
    expected = refimpl.minimize(
        lambda x: rosenbrock(x, 2.0), start, jac=lambda x: rosenbrock_gradient(x, 2.0), **options
    )
    np.testing.assert_array_equal(found.path, expected.path)


def test_value_and_gradient_together():
    """Both are run on polynomials, so both have to be able to."""
    options = {"jac": True, "method": "grouped_newton", "steps": 1}
    found = refimpl.minimize(lambda x: (x @ x, 2.0 * x), [3.0, -2.0], **options)
    np.testing.assert_allclose(found.x, 0.0, atol=16 * EPS)
    with pytest.raises(UnsupportedOperationError, match="give jac as a function of its own"):
        refimpl.minimize(lambda x: (x @ x, np.array([2.0 * x[0]])), [3.0], **options)


def test_what_cannot_be_run_on_polynomials():
    def writes(x):
        y = np.zeros(2)
        y[0] = x[0]
        return y @ y

    def by_float(x):
        return math.exp(x[0])

    def unknown(x):
        return np.sum(np.linalg.inv(np.diag(x)))

    start, options = [1.0, 2.0], {"jac": lambda x: x, "method": "grouped_newton", "steps": 1}
    for fun, word in ((writes, "array"), (by_float, "float"), (unknown, "inv")):
        with pytest.raises(UnsupportedOperationError, match=f"runs fun on Taylor .*{word}"):
            refimpl.minimize(fun, start, **options)


def test_what_has_no_derivatives():
    """With the step and the path: a run that cannot go on."""

    def hidden_kink(x):
        return 0.5 * x[0] ** 2 + 0.0 * np.sqrt(x[0] ** 2)

    # The first step ends at 0, where momentum has a direction still.
    options = {"jac": lambda x: x, "method": "grouped_newton", "direction": "momentum", "steps": 3}
    with pytest.raises(
        EvaluationError, match=r"step 1: derivatives of fun: .*not finite"
    ) as caught:
        refimpl.minimize(hidden_kink, [1.0], **options)
    assert caught.value.step == 1
    np.testing.assert_array_equal(caught.value.path, [[1.0], [0.0]])


def test_a_training_loop():
    """A slice for each minibatch; the partition as a list of arrays, looked at once."""
    rng = np.random.default_rng(5)
    inputs = rng.standard_normal((40, 3))
    targets = np.tanh(inputs @ [1.0, -2.0, 0.5])

    def of(batch):
        def loss(theta):
            return np.mean((np.tanh(inputs[batch] @ theta) - targets[batch]) ** 2)

        def gradient(theta):
            z = np.tanh(inputs[batch] @ theta)
            return 2 * np.mean(
                ((z - targets[batch]) * (1 - z * z))[:, None] * inputs[batch], axis=0
            )

        return slice_of(loss), gradient

    parameters = grouped_newton.parameters(groups=[np.array([0, 2]), np.array([1])])
    theta = np.zeros(3)
    state = grouped_newton.start(theta, np.empty((0, 3)), parameters)
    for _ in range(30):
        along, gradient = of(rng.integers(0, 40, 10))
        theta, state = grouped_newton.step(state, theta, gradient(theta), along, parameters)
    # Without noise in the targets, all minibatches have the same minimum.
    np.testing.assert_allclose(theta, [1.0, -2.0, 0.5], atol=1e-6)


@BOTH
def test_the_fast_route_of_a_network(method):
    """The layered summary in place of the definition: the same steps on minibatches."""
    rng = np.random.default_rng(2)
    network = Network((3, 4, 4, 2))
    inputs, labels = rng.standard_normal((24, 3)), rng.integers(0, 2, 24)
    groups = partitions.by_tensor(network.shapes)
    assignment = layered_summary.assign(network, groups)
    parameters = method.parameters(groups=groups)

    def fast(batch):
        def summarize(theta, direction, groups):
            given = network, batch, theta, direction, assignment
            found, noise = layered_summary.summarize_with_noise(*given)
            return found._replace(third=summary.without_noise(found.third, noise))

        return Slice(summarize, lambda theta: network.value(theta, batch))

    def by_definition(batch):
        return slice_of(lambda theta: network.value(theta, batch))

    ends = []
    for route in (fast, by_definition):
        theta = network.initial(np.random.default_rng(3))
        state = method.start(theta, np.empty((0, theta.size)), parameters)
        for k in range(2):
            batch = Batch(inputs[12 * k : 12 * k + 12], labels[12 * k : 12 * k + 12])
            g = network.gradient(theta, batch)
            theta, state = method.step(state, theta, g, route(batch), parameters)
        ends.append(theta)
    assert np.linalg.norm(ends[0] - network.initial(np.random.default_rng(3))) > 0.1
    # Two steps through coupled systems of six groups, the second of condition 200.
    np.testing.assert_allclose(ends[0], ends[1], rtol=0, atol=1e-9)


# Hyperparameters.


def test_partitions():
    assert [list(index) for index in partition(2, 5)] == [[0, 1, 2], [3, 4]]
    assert [list(index) for index in partition(9, 2)] == [[0], [1]]
    bound = optimizers.bind(grouped_newton, {"groups": [np.array([2, 0]), [1]]})
    assert bound.groups == ((2, 0), (1,))
    assert optimizers.bind(grouped_newton, {"groups": np.array([[0, 1], [2, 3]])}).groups == (
        (0, 1),
        (2, 3),
    )


@pytest.mark.parametrize(
    ("given_", "error", "words"),
    [
        ({"groups": 0}, RangeError, r"groups in \[1, inf\)"),
        ({"groups": 1.5}, RangeError, "a number of blocks or lists of indices"),
        ({"groups": [[0.5], [1]]}, RangeError, "lists of indices"),
        ({"groups": "ab"}, RangeError, "lists of indices"),
        ({"groups": [[0]]}, PartitionError, "1 of 2 indices are in no group"),
        ({"groups": [[0, 1], [1]]}, PartitionError, "index 1 is in group 0 and in group 1"),
        ({"groups": [[0, 1], [2]]}, PartitionError, "index 2 in group 1 is outside 0 to 1"),
        ({"strength": 0.0}, RangeError, "strength"),
        ({"damping": 0.0}, RangeError, "damping"),
        ({"damping": 1.5}, RangeError, "damping"),
        ({"period": 0}, RangeError, "period"),
        ({"smoothing": 1.0}, RangeError, "smoothing"),
        ({"clip": 1}, RangeError, "True or False"),
        ({"direction": "gradients"}, UnknownNameError, "did you mean 'gradient'"),
    ],
)
def test_wrong_hyperparameters(given_, error, words):
    """Before any work: the function is never called."""
    options = {"method": "grouped_newton", "steps": 1} | given_
    with pytest.raises(error, match=words):
        refimpl.minimize(pytest.fail, [1.0, 2.0], jac=pytest.fail, **options)
    del options["method"]
    with pytest.raises(error, match=words):
        refimpl.lattice("beale", "grouped_newton", radius=1, seeds=[0], **options)
    with pytest.raises(error, match=words):
        scipy.optimize.minimize(
            pytest.fail,
            [1.0, 2.0],
            jac=pytest.fail,
            method=refimpl.scipy_method("grouped_newton", **given_),
        )


def test_listing():
    found = {name: refimpl.methods()[name] for name in refimpl.methods() if "grouped" in name}
    assert set(found) == {"grouped_newton", "grouped_newton_safeguarded"}
    for entry in found.values():
        assert "[W]" in entry["source"]
        assert "fun" in entry["needs"]
        assert entry["defaults"] == grouped_newton.defaults
    defaults = grouped_newton.defaults
    assert (defaults["strength"], defaults["damping"], defaults["clip"]) == (1.0, 1.0, False)
    first = {name: refimpl.methods()[name]["defaults"] for name in ("momentum", "adam")}
    assert defaults["gamma"] == first["momentum"]["gamma"]
    assert [defaults[k] for k in ("beta1", "beta2", "eps")] == [
        first["adam"][k] for k in ("beta1", "beta2", "eps")
    ]


def test_command_line(capsys):
    arguments = ["run", "beale3", "--method", "grouped_newton", "--start", "1", "1", "1"]
    given_ = ["--groups", "0,2/1", "--direction", "adam", "--clip", "true", "--steps", "2"]
    assert cli.main([*arguments, *given_, "--json"]) == 0
    expected = refimpl.minimize(
        "beale3",
        [1, 1, 1],
        method="grouped_newton",
        steps=2,
        groups=[[0, 2], [1]],
        direction="adam",
        clip=True,
    )
    np.testing.assert_array_equal(json.loads(capsys.readouterr().out)["path"], expected.path)
    assert cli.main([*arguments, "--groups", "0/1"]) == 2
    assert "1 of 3 indices are in no group" in capsys.readouterr().err


def test_cells():
    """A partition has a place in the name of a kept result, and crosses to another process."""
    cell = cells.Cell(
        functions.beale,
        "grouped_newton",
        [[1.0, 1.0]],
        steps=2,
        hyperparameters={"groups": [np.array([0]), np.array([1])]},
    )
    checked = cells.checked(cell)
    assert dict(checked.hyperparameters)["groups"] == ((0,), (1,))
    names = {
        cells.digest(cells.checked(cell._replace(hyperparameters={"groups": groups})))
        for groups in (2, 1, [[0], [1]], [[1], [0]])
    }
    assert len(names) == 4
    found = cells.compute([cell], jobs=1)[0]
    assert found == refimpl.lattice("beale", cell.method, starts=cell.starts, steps=2, seeds=[0])
