"""Wrong input, at the boundary: what is raised, what it says, and what it keeps.

Long: a list of wrong inputs, one after the other.
"""

import pickle
import warnings

import numba
import numpy as np
import pytest

import refimpl
from refimpl import errors, functions
from refimpl.errors import (
    EvaluationError,
    GradientError,
    MissingDerivativeError,
    NotFiniteError,
    RangeError,
    RunError,
    ShapeError,
    UnknownNameError,
)

BEALE = functions.beale


def minimize(**changes):
    """A call that is right, but for what is given."""
    given = {"fun": BEALE, "x0": [1.0, 0.5], "method": "fogr", "steps": 20, "seed": 0} | changes
    return refimpl.minimize(given.pop("fun"), given.pop("x0"), **given)


def lattice(**changes):
    given = {"function": BEALE, "method": "fogr", "radius": 1, "steps": 20, "seeds": 0} | changes
    return refimpl.lattice(given.pop("function"), given.pop("method"), **given)


BOTH = pytest.mark.parametrize("call", [minimize, lattice])


# Names.


@BOTH
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("fgor", r"unknown method 'fgor'; did you mean 'fogr'"),
        ("FOGR", r"unknown method 'FOGR'"),
        ("zzzz", r"known: .*adam.*fogr.*momentum.*sgd"),
        ("", r"known: "),
    ],
)
def test_unknown_method(call, wrong, message):
    with pytest.raises(UnknownNameError, match=message):
        call(method=wrong)


@BOTH
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("beal", r"unknown function 'beal'; did you mean 'beale'"),
        ("rosenbrok", r"did you mean 'rosenbrock'"),
        ("zzzz", r"known: .*beale"),
    ],
)
def test_unknown_function(call, wrong, message):
    with pytest.raises(UnknownNameError, match=message):
        call(**{"fun" if call is minimize else "function": wrong})


@BOTH
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("betta", r"unknown hyperparameter of fogr 'betta'; did you mean 'beta'"),
        ("alpha", r"known: beta, cut, div, gamma|did you mean"),
        ("zzzz", r"known: beta, cut, div, gamma"),
    ],
)
def test_unknown_hyperparameter(call, wrong, message):
    with pytest.raises(UnknownNameError, match=message):
        call(**{wrong: 1.0})


def test_unknown_names_are_values():
    """A `KeyError` would print its message in quotes, and SciPy's users catch `ValueError`."""
    assert issubclass(UnknownNameError, ValueError)


# Numbers.


@BOTH
@pytest.mark.parametrize(
    ("method", "name", "wrong"),
    [
        ("fogr", "beta", 0.0),
        ("fogr", "beta", -0.1),
        ("fogr", "beta", 1.0 + 1e-12),
        ("fogr", "beta", np.nan),
        ("fogr", "beta", "half"),
        ("fogr", "beta", None),
        ("fogr", "gamma", 0.0),
        ("fogr", "gamma", 1.5),
        ("fogr", "div", 0.0),
        ("fogr", "div", np.inf),
        ("fogr", "cut", -1.0),
        ("fogr", "cut", np.nan),
        ("sgd", "alpha", -1e-9),
        ("sgd", "alpha", np.inf),
        ("momentum", "gamma", 0.0),
        ("adam", "beta1", 1.0),
        ("adam", "beta2", -0.1),
        ("adam", "eps", -1e-8),
    ],
)
def test_hyperparameter_out_of_range(call, method, name, wrong):
    """The message names the method, the hyperparameter and what came."""
    with pytest.raises(RangeError, match=rf"{method}: expected .*{name}.* got"):
        call(method=method, **{name: wrong})


@BOTH
def test_ends_of_the_ranges_that_belong_to_them(call):
    call(beta=1.0, gamma=1.0, cut=0.0, div=1e-3)
    call(method="adam", beta1=0.0, beta2=0.0, eps=0.0, alpha=0.0)


@BOTH
@pytest.mark.parametrize("wrong", [0, -3, 2.5, "ten", None])
def test_steps(call, wrong):
    with pytest.raises(RangeError, match="steps"):
        call(steps=wrong)


@pytest.mark.parametrize("wrong", [0, -1, 1.5])
def test_threads(wrong):
    with pytest.raises(RangeError, match="threads"):
        lattice(threads=wrong)


@BOTH
@pytest.mark.parametrize("wrong", [-0.1, np.nan, np.inf])
def test_deviation(call, wrong):
    with pytest.raises(RangeError, match="deviation"):
        call(noise=wrong)


# Positions, starts, noise data.


@pytest.mark.parametrize("wrong", [[1.0], [1.0, 2.0, 3.0], 1.0, [[1.0, 2.0]], []])
def test_start_of_another_shape(wrong):
    with pytest.raises(ShapeError, match="expected a start of shape"):
        minimize(x0=wrong)


@pytest.mark.parametrize("wrong", [[np.nan, 1.0], [np.inf, 1.0], [1.0, -np.inf]])
def test_start_not_finite(wrong):
    with pytest.raises(NotFiniteError, match="finite start"):
        minimize(x0=wrong)
    with pytest.raises(NotFiniteError, match="finite start"):
        lattice(radius=None, starts=[[1.0, 1.0], wrong])


@pytest.mark.parametrize(
    "wrong", [[1.0, 2.0], [[1.0, 2.0, 3.0]], [[[1.0, 2.0]]], np.empty((0, 2)), np.empty((3, 0))]
)
def test_starts_of_another_shape(wrong):
    with pytest.raises(ShapeError, match=r"expected starts of shape \(n, 2\)"):
        lattice(radius=None, starts=wrong)


def test_radius_or_starts():
    for both in ({"radius": None}, {"radius": 1, "starts": [[1.0, 2.0]]}):
        with pytest.raises(RangeError, match="exactly one of radius and starts"):
            lattice(**both)
    with pytest.raises(RangeError, match="radius >= 0"):
        lattice(radius=-1)
    with pytest.raises(ShapeError, match="give starts"):
        lattice(function=lambda x: 0.0, jac=lambda x: x)


def test_no_seeds():
    with pytest.raises(ShapeError, match="at least one seed"):
        lattice(seeds=[])


@BOTH
@pytest.mark.parametrize("shape", [(20, 3), (19, 2), (2, 20), (20,), (1, 20, 2)])
def test_noise_data_of_another_shape(call, shape):
    with pytest.raises(ShapeError, match="noise"):
        call(noise=np.zeros(shape))


@BOTH
def test_noise_data_not_finite(call):
    noise = np.zeros((20, 2))
    noise[3, 1] = np.nan
    with pytest.raises(NotFiniteError, match="noise"):
        call(noise=noise)


# Derivatives.


def test_gradient_that_was_not_given():
    with pytest.raises(MissingDerivativeError, match="give jac"):
        minimize(fun=lambda x: 0.0)
    with pytest.raises(MissingDerivativeError, match="give jac"):
        lattice(function=lambda x: 0.0, radius=None, starts=[[1.0, 2.0]])


def test_no_function_at_all():
    with pytest.raises(TypeError, match="function"):
        minimize(fun=3, jac=lambda x: x)
    with pytest.raises(TypeError, match="function"):
        lattice(function=3, jac=lambda x: x, radius=None, starts=[[1.0, 2.0]])


def test_nothing_is_called_before_all_is_checked():
    def never(x):
        raise AssertionError("called")

    for wrong in (
        {"steps": 0},
        {"beta": 2.0},
        {"bta": 0.5},
        {"noise": -1.0},
        {"noise": np.zeros((3, 3))},
        {"x0": [np.nan, 1.0]},
        {"method": "fgor"},
    ):
        with pytest.raises(ValueError, match=r"expected|unknown"):
            minimize(fun=never, jac=never, **wrong)


# Gradients and functions that fail on the way.

FAILS_AT = 17


def bowl(x):
    return float(x @ x)


def failing(good, bad, at=FAILS_AT):
    """A function that answers rightly `at` times, then wrongly once and rightly again."""
    calls = []

    def function(x):
        calls.append(x)
        return bad(x) if len(calls) == at + 1 else good(x)

    return function


def doubled(x):
    return 2.0 * x


def raises(x):
    raise ZeroDivisionError("no such place")


WRONG_GRADIENTS = pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda x: np.array([np.nan, 1.0]), r"finite gradient, got \[nan"),
        (lambda x: np.array([1.0, np.inf]), r"finite gradient, got \[ *1\. +inf"),
        (lambda x: np.zeros(3), r"shape \(2,\), got \(3,\)"),
        (lambda x: np.zeros((2, 1)), r"shape \(2,\), got \(2, 1\)"),
        (lambda x: 1.0, r"shape \(2,\), got \(\)"),
        (lambda x: None, "gradient"),
        (lambda x: "up", "gradient"),
    ],
)


def expected_path(steps):
    """Of gradient descent at rate 1/4 on ``x^2``: halved at each step, exactly."""
    return np.array([[1.0, 0.5]]) * 0.5 ** np.arange(steps + 1)[:, None]


@WRONG_GRADIENTS
def test_wrong_gradient_on_the_way(bad, message):
    """The step, the position and the path so far; step 0 is the start."""
    with pytest.raises(GradientError, match=rf"step {FAILS_AT}: .*{message}") as caught:
        minimize(fun=bowl, jac=failing(doubled, bad), method="sgd", alpha=0.25, steps=30)
    assert caught.value.step == FAILS_AT
    assert caught.value.path.shape == (FAILS_AT + 1, 2)
    np.testing.assert_array_equal(caught.value.path, expected_path(FAILS_AT))


@WRONG_GRADIENTS
@pytest.mark.parametrize("at", [0, 5])
def test_wrong_gradient_at_the_ends(bad, message, at):
    """At the start, and at the final position, whose gradient is part of the result."""
    with pytest.raises(GradientError, match=message) as caught:
        minimize(fun=bowl, jac=failing(doubled, bad, at), method="sgd", alpha=0.25, steps=5)
    assert caught.value.step == at
    np.testing.assert_array_equal(caught.value.path, expected_path(at))


@WRONG_GRADIENTS
def test_wrong_gradient_in_a_lattice(bad, message):
    """The path is that of the run in which it happened: the second, at its seventh step."""
    starts = [[1.0, 0.5], [1.0, 0.5]]
    with pytest.raises(GradientError, match=message) as caught:
        lattice(
            function=bowl,
            jac=failing(doubled, bad, at=10 + 7),
            method="sgd",
            alpha=0.25,
            radius=None,
            starts=starts,
            steps=10,
        )
    assert caught.value.step == 7
    np.testing.assert_array_equal(caught.value.path, expected_path(7))


@pytest.mark.parametrize("what", ["fun", "jac"])
@pytest.mark.parametrize("at", [0, 5, 20])
def test_function_that_raises(what, at):
    """Its exception is the cause; the value at the start is the first call of all."""
    given = {"fun": bowl, "jac": doubled}
    given[what] = failing(given[what], raises, at)
    with pytest.raises(EvaluationError, match="ZeroDivisionError: no such place") as caught:
        minimize(method="sgd", alpha=0.25, steps=20, **given)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert caught.value.step == at
    np.testing.assert_array_equal(caught.value.path, expected_path(at))


@pytest.mark.parametrize("at", [0, 11, 13])
def test_function_that_raises_in_a_lattice(at):
    """Eleven values a run: 0 is the first start of all, 11 that of the second run."""
    with pytest.raises(EvaluationError, match="no such place") as caught:
        lattice(
            function=failing(bowl, raises, at),
            jac=doubled,
            method="sgd",
            alpha=0.25,
            radius=None,
            starts=[[1.0, 0.5], [1.0, 0.5]],
            steps=10,
        )
    assert caught.value.step == at % 11
    np.testing.assert_array_equal(caught.value.path, expected_path(at % 11))


def test_stop_iteration_of_a_function_is_an_error_like_any_other():
    """It ends the run only when it comes from the callback."""

    def stops(x):
        raise StopIteration

    for given in (
        {"fun": failing(bowl, stops, 3), "jac": doubled},
        {"fun": bowl, "jac": failing(doubled, stops, 3)},
    ):
        with pytest.raises(EvaluationError, match="StopIteration"):
            minimize(method="sgd", steps=20, **given)
    with pytest.raises(EvaluationError, match="StopIteration"):
        lattice(
            function=failing(bowl, stops, 3),
            jac=doubled,
            method="sgd",
            radius=None,
            starts=[[1.0, 0.5]],
        )


def test_callback_is_not_called_for_the_error():
    """Seventeen steps were made, so there were seventeen looks."""
    seen = []
    with pytest.raises(GradientError) as caught:
        minimize(
            fun=bowl,
            jac=failing(doubled, lambda x: np.full(2, np.nan)),
            steps=30,
            callback=seen.append,
        )
    assert len(seen) == FAILS_AT
    np.testing.assert_array_equal(seen, caught.value.path[1:])


# The same with functions compiled by the user: they run inside the compiled driver.


@numba.njit
def compiled_bowl(x):
    return x[0] * x[0] + x[1] * x[1]


@numba.njit
def compiled_gradient(x):
    return 2.0 * x


@numba.njit
def compiled_nan(x):
    return np.where(x < 2.0**-17 * 1.5, np.nan, 2.0 * x)


@numba.njit
def compiled_inf(x):
    return np.where(x < 2.0**-17 * 1.5, np.inf, 2.0 * x)


@numba.njit
def compiled_shape(x):
    if x[0] < 2.0**-17 * 1.5:
        return np.zeros(3)
    return 2.0 * x


COMPILED = {"fun": compiled_bowl, "x0": [1.0, 1.0], "method": "sgd", "alpha": 0.25, "steps": 30}


@pytest.mark.parametrize("wrong", [compiled_nan, compiled_inf, compiled_shape])
def test_wrong_gradient_of_a_compiled_function(wrong):
    """It falls below its threshold ``1.5 2^-17`` at step 17, where the position is ``2^-17``."""
    with pytest.raises(GradientError, match=f"step {FAILS_AT}") as caught:
        minimize(jac=wrong, **COMPILED)
    assert caught.value.step == FAILS_AT
    np.testing.assert_array_equal(
        caught.value.path, np.ones((1, 2)) * 0.5 ** np.arange(FAILS_AT + 1)[:, None]
    )
    with pytest.raises(GradientError) as caught:
        lattice(
            function=compiled_bowl,
            jac=wrong,
            method="sgd",
            alpha=0.25,
            radius=None,
            starts=[[4.0, 4.0], [1.0, 1.0]],
            steps=18,
        )
    assert caught.value.step == FAILS_AT
    assert caught.value.path.shape == (FAILS_AT + 1, 2)


@numba.njit
def compiled_matrix(x):
    return np.zeros((2, 2))


@numba.njit
def compiled_reversed(x):
    return (2.0 * x)[::-1]


def test_compiled_gradient_with_another_number_of_axes():
    with pytest.raises(GradientError, match="shape"):
        minimize(jac=compiled_matrix, **COMPILED)


def test_compiled_gradient_that_is_a_view():
    """Correct, though not contiguous: the same as a copy of it."""
    result = minimize(jac=compiled_reversed, **COMPILED)
    expected = minimize(jac=compiled_gradient, **COMPILED)
    np.testing.assert_array_equal(result.path, expected.path)


@numba.njit
def compiled_value_raises(x):
    if x[0] < 2.0**-17 * 1.5:
        raise ZeroDivisionError("no such place")
    return x[0]


@numba.njit
def compiled_gradient_raises(x):
    if x[0] < 2.0**-17 * 1.5:
        raise ZeroDivisionError("no such place")
    return 2.0 * x


@pytest.mark.parametrize(
    "given",
    [
        {"fun": compiled_value_raises, "jac": compiled_gradient},
        {"fun": compiled_bowl, "jac": compiled_gradient_raises},
    ],
)
def test_compiled_function_that_raises(given):
    with pytest.raises(EvaluationError, match="no such place") as caught:
        minimize(**(COMPILED | given))
    assert caught.value.step == FAILS_AT
    assert caught.value.path.shape == (FAILS_AT + 1, 2)


# Runs that diverge are results.


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam", "fogr"])
def test_divergence_is_neither_error_nor_warning(method):
    """Off a cliff: a linear slope, and steps that grow until the ball is left, or an overflow."""
    fast = {"alpha": 1e7} if method != "fogr" else {"div": 1e-9, "cut": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = minimize(
            fun=lambda x: float(np.sum(-(x**4))),
            jac=lambda x: -4.0 * x**3,
            x0=[1.0, 2.0],
            method=method,
            steps=60,
            **fast,
        )
        final = lattice(
            function=lambda x: float(np.sum(-(x**4))),
            jac=lambda x: -4.0 * x**3,
            radius=None,
            starts=[[1.0, 2.0]],
            method=method,
            steps=60,
            **fast,
        )
    assert result.diverged is True
    assert np.isfinite(result.path[:-1]).all()
    np.testing.assert_array_equal(final, np.inf)


def test_statistics_that_overflow_are_a_divergence():
    """Value and gradient are finite, their product with the position is not: ``exp`` at 709."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = minimize(fun=lambda x: float(np.exp(x[0])), jac=np.exp, x0=[709.0])
        final = lattice(
            function=lambda x: float(np.exp(x[0])),
            jac=np.exp,
            radius=None,
            starts=[[709.0], [0.0]],
        )
    assert result.diverged is True
    assert np.isinf(final[0, 0])
    assert np.isfinite(final[0, 1])


# The exceptions themselves.


@pytest.mark.parametrize("kind", [RunError, GradientError, EvaluationError])
def test_run_errors_survive_pickling(kind):
    """So that a process pool can hand them back, with the step and the path."""
    error = kind("step 3: something", 3, np.arange(8.0).reshape(4, 2))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == "step 3: something"
    assert copy.step == 3
    np.testing.assert_array_equal(copy.path, error.path)


def test_kinds():
    """What a caller may catch by the language's own classes."""
    for kind in (ShapeError, NotFiniteError, RangeError, errors.StateError, RunError):
        assert issubclass(kind, ValueError)
    assert issubclass(GradientError, RunError)
    assert issubclass(EvaluationError, RunError)
    assert issubclass(MissingDerivativeError, TypeError)
