"""Averages of summaries: their weights, the mean slice, symmetry, units, and what they cost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, functions, summary
from refimpl.cubic import minimize_cubic
from refimpl.optimizers import averages, bind
from refimpl.optimizers.grouped_newton import grouped_newton
from refimpl.summary import Summary
from tests.optimizers.grouped_steps import BOTH, begin, given_slice, slice_of

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=20 if _compile.JIT else 8)


def summaries(seed, n, S):
    """Noisy ones, their Hessians symmetric."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, S, S))
    rows = zip(rng.standard_normal((n, S)), A + A.transpose(0, 2, 1), strict=True)
    return [Summary(0.0, g, H, rng.standard_normal(S), None) for g, H in rows]


def taken_in(seen, **options):
    """The model after each of these summaries, along parts of a direction of size 1."""
    parameters = bind(grouped_newton, options)
    S = seen[0].gradient.size
    state, models = averages.start(S, parameters), []
    for one in seen:
        state, model = averages.take_in(state, one, np.ones(S), parameters)
        models.append(model)
    return state, models


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 12), st.floats(0.05, 0.95))
def test_fading_weights_are_those_of_pandas(seed, n, beta):
    """``ewm`` with `adjust` has the zero-bias start; third derivatives keep their signs."""
    seen = summaries(seed, n, 2)
    _, models = taken_in(seen, beta=beta)
    for name, row in (("gradient", 0), ("hessian", (0, 1))):
        values = pd.Series([getattr(one, name)[row] for one in seen])
        expected = values.ewm(alpha=beta, adjust=True).mean()
        found = [getattr(model, name)[row] for model in models]
        np.testing.assert_allclose(found, expected, rtol=0, atol=100 * EPS / beta)
    third = pd.Series([one.third[1] for one in seen]).ewm(alpha=beta, adjust=True).mean()
    np.testing.assert_allclose(
        [model.d[1] ** 3 for model in models], np.abs(third), rtol=0, atol=200 * EPS / beta
    )


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(2, 5))
def test_a_window_is_a_rolling_mean(seed, n, window):
    seen = summaries(seed, n, 2)
    _, models = taken_in(seen, window=window)
    expected = pd.Series([one.hessian[0, 1] for one in seen]).rolling(window, min_periods=1).mean()
    found = [model.hessian[0, 1] for model in models]
    np.testing.assert_allclose(found, expected, rtol=0, atol=50 * EPS)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(2, 12), st.floats(0.05, 0.95))
def test_the_average_of_roots_is_not_the_root_of_the_average(seed, n, beta):
    seen = summaries(seed, n, 2)
    roots = pd.Series([np.cbrt(abs(one.third[0])) for one in seen]).ewm(alpha=beta).mean()
    _, models = taken_in(seen, beta_d=beta)
    np.testing.assert_allclose(
        [model.d[0] for model in models], roots, rtol=0, atol=100 * EPS / beta
    )
    # The others are the newest, to the bit.
    np.testing.assert_array_equal(models[-1].hessian, seen[-1].hessian)
    # Negative control: signs that cancel in one of them do not in the other.
    both = [Summary(0.0, np.ones(1), np.eye(1), np.array([s]), None) for s in (1.0, -1.0)]
    assert taken_in(both, beta=0.999)[1][-1].d[0] > 0.9
    assert taken_in(both, window=2)[1][-1].d[0] == 0.0
    assert taken_in(both, window=2, beta_d=0.5)[1][-1].d[0] == 1.0


@EXAMPLES
@given(st.integers(0, 2**32), st.sampled_from([{"beta": 0.3}, {"window": 4}]), st.integers(2, 6))
def test_averages_are_symmetric_and_certified(seed, options, S):
    """To the last bit; and the minimiser of the averaged model has its certificate."""
    state, models = taken_in(summaries(seed, 9, S), **options, beta_d=0.2)
    H = models[-1].hessian
    np.testing.assert_array_equal(H, H.T)
    rows = state.rows[:, S:-S].reshape(-1, S, S)
    np.testing.assert_array_equal(rows, rows.transpose(0, 2, 1))
    found = minimize_cubic(H, models[-1].gradient, models[-1].d, 1.0)
    assert found.outcome == "regular"
    assert found.residual < 100 * EPS
    # Negative control: half of the entries averaged with other weights would not be symmetric.
    lower = np.tril(H, -1) * (1.0 + EPS) + np.triu(H)
    assert not np.array_equal(lower, lower.T)


def test_the_mean_summary_is_that_of_the_mean_slice():
    """Derivatives of ``sum_t w_t L(theta_t - sum_s eta_s u_s,t)`` by the definition."""
    rng, beta, groups = np.random.default_rng(3), 0.4, [[0], [1, 2]]
    loss = functions.rosenbrock(3).value.text
    places, directions = rng.standard_normal((2, 4, 3))
    seen = [
        summary.summarize(lambda x: loss(x, np.empty(0)), place, u, groups)
        for place, u in zip(places, directions, strict=True)
    ]
    weights = beta * (1 - beta) ** np.arange(3, -1, -1.0)
    weights /= weights.sum()

    def mean_slice(eta):
        total = 0.0
        for w, place, u in zip(weights, places, directions, strict=True):
            moved = [place[0] - eta[0] * u[0], place[1] - eta[1] * u[1], place[2] - eta[1] * u[2]]
            total = total + w * (
                100.0 * (moved[1] - moved[0] ** 2) ** 2
                + (1.0 - moved[0]) ** 2
                + 100.0 * (moved[2] - moved[1] ** 2) ** 2
                + (1.0 - moved[1]) ** 2
            )
        return total

    expected = summary.summarize(mean_slice, np.zeros(2), -np.ones(2), [[0], [1]])
    model = taken_in(seen, beta=beta)[1][-1]
    size = np.abs(expected.hessian).max()
    np.testing.assert_allclose(model.gradient, expected.gradient, rtol=0, atol=1e-13 * size)
    np.testing.assert_allclose(model.hessian, expected.hessian, rtol=0, atol=1e-13 * size)
    np.testing.assert_allclose(model.d**3, np.abs(expected.third), rtol=1e-12)


@pytest.mark.parametrize("options", [{"beta": 0.4, "beta_d": 0.3}, {"window": 3, "beta_d": 0.3}])
def test_no_unit_of_the_loss_is_left_in_the_averages(options):
    """A loss 2^-300 times as large has the same positions, to the last bit, and rates 2^300 times
    as large: no number is lost below 1e-308, though cubes of the direction are.
    """
    ends = []
    for power in (0, -300):
        theta, unit = np.array([1.2, 1.4]), 2.0**power

        def value(x, unit=unit):
            return unit * (x[0] ** 4 + x[0] * x[1] + 3.0 * x[1] ** 4)

        def gradient(x, unit=unit):
            return unit * np.array([4 * x[0] ** 3 + x[1], x[0] + 12 * x[1] ** 3])

        state, parameters = begin(grouped_newton, theta, groups=2, **options)
        for _ in range(4):
            given_ = theta, gradient(theta), slice_of(value), parameters
            theta, state = grouped_newton.step(state, *given_)
        ends.append((theta, np.ldexp(state.rates, power)))
    np.testing.assert_array_equal(ends[0][0], ends[1][0])
    np.testing.assert_array_equal(ends[0][1], ends[1][1])
    assert ends[0][1].all()


@BOTH
def test_nothing_moves_in_the_warm_up(method):
    """A summary at each of its steps, whatever the period; then the rates of their average."""
    asked, theta = [], np.array([1.0, -2.0])
    curvatures = iter([1.0, 3.0, 5.0, 7.0, 9.0])

    def summarize(place, direction, groups):
        asked.append(place.copy())
        H = next(curvatures) * np.diag(direction**2)
        return Summary(0.0, direction * np.array([0.5, -1.0]), H, np.zeros(2), None)

    along = given_slice([0.0, 0.0], np.zeros((2, 2)), [0.0, 0.0], lambda x: x @ x)
    along = along._replace(summarize=summarize)
    state, parameters = begin(method, theta, groups=2, window=3, warmup=2, period=2)
    path = [theta]
    for _ in range(5):
        end, state = method.step(state, path[-1], np.array([0.5, -1.0]), along, parameters)
        path.append(end)
    plain = getattr(state, "full", state)
    np.testing.assert_array_equal(path[0], path[2])
    assert (path[3] != path[2]).all()
    # At steps 0, 1, 2 and 4: curvatures 1, 3, 5 and 7, of which the last three count.
    assert len(asked) == 4
    np.testing.assert_allclose(plain.rates, 1.0 / 5.0, rtol=8 * EPS)
    assert plain.averages.seen == 4


def test_an_average_begun_on_an_unbounded_model():
    """The outcome names it and nothing moves; once the mean has a minimum there is a step."""
    theta = np.zeros(1)
    state, parameters = begin(grouped_newton, theta, groups=1, window=4)
    outcomes, moved = [], []
    for curvature in (-2.0, 1.0, 4.0):
        along = given_slice([1.0], [[curvature]], [0.0])
        end, state = grouped_newton.step(state, theta, np.ones(1), along, parameters)
        outcomes.append(state.outcome)
        moved.append(end[0])
    assert outcomes == ["unbounded", "unbounded", "quadratic"]
    np.testing.assert_allclose(moved, [0.0, 0.0, -1.0], rtol=4 * EPS)


def test_a_group_that_rests_keeps_what_was_seen():
    """Without a direction its derivatives are 0, and enter the mean slice as such."""
    theta, beta = np.zeros(2), 0.5
    state, parameters = begin(grouped_newton, theta, groups=2, beta=beta)
    along = given_slice([1.0, 1.0], np.diag([2.0, 4.0]), [0.0, 0.0])
    _, state = grouped_newton.step(state, theta, np.ones(2), along, parameters)
    along = given_slice([1.0, 0.0], np.diag([2.0, 0.0]), [0.0, 0.0])
    end, state = grouped_newton.step(state, theta, np.array([1.0, 0.0]), along, parameters)
    np.testing.assert_allclose(state.rates, [0.5, 0.25], rtol=8 * EPS)
    assert end[1] == 0.0
    # Nobody at all: the averages are not touched.
    before = state.averages
    _, state = grouped_newton.step(state, theta, np.zeros(2), along, parameters)
    assert state.averages is before
    assert state.outcome == "no direction"


def test_off_is_off():
    parameters = grouped_newton.parameters()
    assert averages.start(3, parameters) is None
    assert not averages.remembers(parameters)
    found = summaries(0, 1, 2)[0]
    state, model = averages.take_in(None, found, np.ones(2), parameters)
    assert state is None
    assert model.hessian is found.hessian
