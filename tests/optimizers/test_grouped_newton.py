"""Grouped Newton, plain and safeguarded: the step, its limits, what can happen in it."""

import itertools
import math

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import _compile, functions, summary
from refimpl.optimizers.grouped_newton import Slice, grouped_newton
from refimpl.optimizers.grouped_newton_safeguarded import grouped_newton_safeguarded
from tests.optimizers.grouped_steps import BOTH, begin, cube, given_slice, quartic, slice_of, walk

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=15 if _compile.JIT else 4)


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
