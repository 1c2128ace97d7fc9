"""Options of grouped Newton besides averages and damping: each seen to do what its page says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import _compile, functions
from refimpl.errors import RangeError, UnknownNameError
from refimpl.optimizers.grouped_newton import grouped_newton, plain
from tests.optimizers.grouped_steps import BOTH, begin, given_slice

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=20 if _compile.JIT else 8)


def one_step(g, H, third=None, gradient=None, method=grouped_newton, **options):
    """The end of a step from 0 and the state, by the derivatives along a direction of ones."""
    third = np.zeros(len(g)) if third is None else third
    along = given_slice(g, H, third, lambda x: 0.0)
    theta = np.zeros(len(g))
    state, parameters = begin(method, theta, groups=len(g), **options)
    gradient = np.ones(len(g)) if gradient is None else np.array(gradient)
    end, state = method.step(state, theta, gradient, along, parameters)
    return end, getattr(state, "full", state)


@EXAMPLES
@given(st.integers(0, 2**32), st.floats(0.0, 3.0))
def test_the_plain_model_is_a_linear_system(seed, ridge):
    """Of any sign: a saddle of the model is where the step goes."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((3, 3))
    H, g = A + A.T, rng.standard_normal(3)
    end, state = one_step(g, H, [1.0, 2.0, 3.0], model="plain", ridge=ridge)
    expected = np.linalg.solve(H + ridge * np.eye(3), g)
    condition = np.linalg.cond(H + ridge * np.eye(3))
    size = np.abs(expected).max()
    np.testing.assert_allclose(state.rates, expected, rtol=0, atol=50 * EPS * condition * size)
    assert state.outcome == "plain"
    np.testing.assert_allclose(end, -state.rates)


def test_the_plain_model_does_not_minimise():
    """Against the cubic one, where there is negative curvature."""
    case = [1.0, 1.0], np.diag([2.0, -1.0]), [1.0, 1.0]
    _, saddle = one_step(*case, model="plain")
    _, minimum = one_step(*case)
    np.testing.assert_allclose(saddle.rates, [0.5, -1.0], rtol=8 * EPS)
    assert minimum.rates[1] > 0.0


def test_a_ridge_has_a_unit():
    """A loss a thousand times as large has other rates; the cubic term's strength has none."""
    rates = {}
    for unit in (1.0, 1024.0):
        case = [unit, unit], unit * np.diag([2.0, 1.0]), [unit, unit]
        rates[unit] = [
            one_step(*case, **options)[1].rates
            for options in ({"model": "plain", "ridge": 1.0}, {"model": "plain"}, {})
        ]
    ridge, none, cubic = zip(rates[1.0], rates[1024.0], strict=True)
    assert np.abs(ridge[0] / ridge[1] - 1.0).max() > 0.3
    np.testing.assert_allclose(*none, rtol=8 * EPS)
    np.testing.assert_allclose(*cubic, rtol=8 * EPS)


@BOTH
def test_a_singular_plain_model_makes_no_step(method):
    """By a row of zeros, and to rounding, in any unit; a ridge cures it."""
    for H in ([[1.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [2.0, 4.0]], [[1e-40, 1e-20], [1e-20, 1.0]]):
        end, state = one_step([1.0, 1.0], np.array(H), method=method, model="plain")
        assert state.outcome == "singular"
        np.testing.assert_array_equal(end, 0.0)
        _, state = one_step([1.0, 1.0], np.array(H), method=method, model="plain", ridge=0.5)
        assert state.outcome == "plain"


def test_units_of_groups_are_no_singularity():
    H = np.array([[1e-200, 0.5e-100], [0.5e-100, 1.0]])
    rates, outcome = plain(H, np.array([1e-100, 1.0]), np.zeros(2))
    assert outcome == "plain"
    np.testing.assert_allclose(rates, [2.0 / 3.0 * 1e100, 2.0 / 3.0], rtol=16 * EPS)


def test_a_ridge_beyond_all_floats():
    """A direction so short that the ridge, in its unit, is larger than any float."""
    _, state = one_step([1.0, 1.0], np.eye(2), gradient=[1e-160, 1.0], model="plain", ridge=1.0)
    assert state.outcome in ("plain", "singular")
    assert np.isfinite(state.rates).all()


def test_diagonal():
    """No group sees another; with it a coupled pair overshoots."""
    case = [1.0, 1.0], [[1.0, 0.9], [0.9, 1.0]]
    np.testing.assert_allclose(one_step(*case)[1].rates, 1.0 / 1.9, rtol=16 * EPS)
    np.testing.assert_allclose(one_step(*case, diagonal=True)[1].rates, 1.0, rtol=4 * EPS)


def test_rates_before_clipping_are_kept():
    """Rates 3 and -1, then 1 and 1: what the running mean of the second holds, and the step."""
    theta, ends, means = np.zeros(2), {}, {}
    first = given_slice([4.0, 2.0], [[2.0, 2.0], [2.0, 4.0]], [0.0, 0.0])
    second = given_slice([1.0, 1.0], np.eye(2), [0.0, 0.0])
    for keep in (False, True):
        options = {"clip": True, "keep_negative": keep, "smoothing": 0.5}
        state, parameters = begin(grouped_newton, theta, groups=2, **options)
        end, state = grouped_newton.step(state, theta, np.ones(2), first, parameters)
        ends[keep] = end
        _, state = grouped_newton.step(state, theta, np.ones(2), second, parameters)
        means[keep] = state.rates
    # In the step itself a negative rate is 0 in both.
    np.testing.assert_allclose(ends[False], [-3.0, 0.0], rtol=16 * EPS)
    np.testing.assert_array_equal(ends[False], ends[True])
    # A 0 starts the mean anew; -1 does not.
    np.testing.assert_allclose(means[False], [2.0, 1.0], rtol=16 * EPS)
    np.testing.assert_allclose(means[True], [2.0, 0.0], atol=16 * EPS)


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"beta": 0.5, "window": 2}, "two averages of one thing"),
        ({"warmup": 1}, "warmup needs an average"),
        ({"ridge": 0.5}, "in place of the cubic term"),
        ({"model": "plain", "beta_d": 0.5}, "the plain model has none"),
        ({"keep_negative": True}, "set clip too"),
        ({"keep_negative": True, "clip": True}, "of the running mean"),
        ({"strength": 2.0, "model": "plain"}, "of the cubic term too"),
        ({"plateau_fall": 0.5}, "need plateau above 0"),
        ({"plateau_factor": 0.5}, "need plateau above 0"),
        ({"plateau": 2, "beta": 0.5, "warmup": 1}, "expected plateau <= 1"),
        ({"decay_to": 0.5}, "decay_to needs decay_steps"),
        ({"decay_steps": 2}, "decay_to must lie below damping"),
        ({"decay_steps": 2, "decay_to": 0.5, "plateau": 1}, "two rules of one damping"),
        ({"window": 5}, "expected window <= 4, got 5: the run has 4 steps and 4 summaries"),
        ({"window": 3, "period": 2}, "expected window <= 2"),
        ({"window": 4, "period": 2, "warmup": 2}, "expected window <= 3"),
        ({"beta": 0.5, "warmup": 4}, "expected warmup <= 3"),
        ({"plateau": 3}, "expected plateau <= 2"),
        ({"beta": 0.0}, "beta"),
        ({"beta_d": 1.5}, "beta_d"),
        ({"window": 0}, "window"),
        ({"plateau_fall": 1.0}, "plateau_fall"),
        ({"plateau_factor": 1.0}, "plateau_factor"),
        ({"ridge": -1.0, "model": "plain"}, "ridge"),
        ({"decay_to": 0.0, "decay_steps": 1}, "decay_to"),
    ],
)
def test_options_that_do_not_fit(given_, words):
    """Named before any work, by every way to run; the function is never called."""
    for method in ("grouped_newton", "grouped_newton_safeguarded"):
        options = {"method": method, "steps": 4} | given_
        with pytest.raises(RangeError, match=words):
            refimpl.minimize(pytest.fail, [1.0, 2.0], jac=pytest.fail, **options)
    del options["method"]
    with pytest.raises(RangeError, match=words):
        refimpl.lattice("beale", "grouped_newton", radius=1, seeds=[0], **options)


def test_other_models_are_unknown():
    with pytest.raises(UnknownNameError, match="did you mean 'cubic'"):
        refimpl.minimize("beale", [1.0, 1.0], method="grouped_newton", steps=1, model="cubical")


def test_options_off_change_no_bit():
    """At values that switch them off, each named: the path of before."""
    start, options = [1.2, 1.4], {"method": "grouped_newton", "groups": 2, "steps": 5}
    plain_path = refimpl.minimize(functions.rosenbrock(), start, **options).path
    off = {"beta": 1.0, "beta_d": 0.0, "window": 1, "warmup": 0, "model": "cubic", "plateau": 0}
    off |= {"ridge": 0.0, "diagonal": False, "keep_negative": False, "decay_steps": 0}
    named = refimpl.minimize(functions.rosenbrock(), start, **options, **off).path
    np.testing.assert_array_equal(named, plain_path)
    # Negative control: each of them on.
    for on in ({"beta": 0.5}, {"window": 2}, {"model": "plain"}, {"diagonal": True}):
        other = refimpl.minimize(functions.rosenbrock(), start, **options, **on).path
        assert not np.array_equal(other, plain_path)
