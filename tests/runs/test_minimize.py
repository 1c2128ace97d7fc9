"""One run from one start: its path, its callbacks, and how it can leave."""

import numba
import numpy as np
import pytest
from scipy.optimize import OptimizeResult

import refimpl
from refimpl import functions, optimizers
from tests.runs.bowls import bowl, bowl_gradient, counted

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps


def by_hand(function, x0, noise, method="fogr", **hyperparameters):
    """The run as a plain loop over the method's steps."""
    method = optimizers.get(method)
    parameters = optimizers.bind(method, hyperparameters)
    theta = np.array(x0, dtype=float)
    state, path = method.start(theta, np.empty((0, theta.size)), parameters), [theta]
    for z in noise:
        theta, state = method.step(state, theta, function.gradient(theta) + z, parameters)
        path.append(theta)
    return np.array(path)


def test_result():
    """Every field, from the path where it can be had from the path."""
    f = functions.beale
    result = refimpl.minimize(f, [-2.0, 1.0], method="fogr", steps=30, noise=0.1, seed=0)
    assert isinstance(result, OptimizeResult)
    assert result.path.shape == (31, 2)
    assert result.values.shape == (31,)
    np.testing.assert_array_equal(result.path[0], [-2.0, 1.0])
    np.testing.assert_array_equal(result.x, result.path[-1])
    np.testing.assert_array_equal(result.values, [f.value(x) for x in result.path])
    np.testing.assert_array_equal(result.jac, f.gradient(result.x))
    assert result.fun == result.values[-1]
    assert (result.nit, result.nfev, result.njev) == (30, 31, 31)
    assert result.success
    assert result.status == 0
    assert result.message == "All steps were made."
    assert result.diverged is False


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam", "fogr"])
def test_path_is_the_plain_loop(method):
    """One generator, one row a step, and the same bits as the steps called one after another."""
    result = refimpl.minimize(
        functions.beale, [1.0, 0.5], method=method, steps=25, noise=0.1, seed=7
    )
    generator = np.random.default_rng(7)
    noise = [0.1 * generator.standard_normal(2) for _ in range(25)]
    path = by_hand(functions.beale, [1.0, 0.5], noise, method)
    np.testing.assert_array_equal(result.path, path)


def test_noise_as_data():
    noise = np.random.default_rng(1).normal(size=(10, 2))
    result = refimpl.minimize(functions.beale, [1.0, 0.5], steps=10, noise=noise)
    np.testing.assert_array_equal(result.path, by_hand(functions.beale, [1.0, 0.5], noise, "ogr"))


def test_seeds():
    """The same seed, the same path; a generator is used and moves on; None is fresh each time."""

    def path(seed):
        return refimpl.minimize(
            functions.beale, [1.0, 0.5], steps=5, noise=0.1, seed=seed
        ).path.tolist()

    assert path(3) == path(3)
    assert path(3) == path(np.random.default_rng(3))
    assert path(3) != path(4)
    assert path(None) != path(None)
    generator = np.random.default_rng(3)
    assert path(generator) == path(3)
    assert path(generator) != path(3)


def test_global_random_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    refimpl.minimize(functions.beale, [1.0, 0.5], steps=5, noise=0.1)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_hyperparameters_reach_the_method():
    """One step of gradient descent with the learning rate that was given."""
    result = refimpl.minimize(
        bowl, [1.0, -1.0], jac=bowl_gradient, method="sgd", steps=1, alpha=0.25
    )
    np.testing.assert_array_equal(
        result.x, [1.0, -1.0] - 0.25 * bowl_gradient(np.array([1.0, -1.0]))
    )


def test_names_in_place_of_objects():
    by_name = refimpl.minimize("rosenbrock(3)", [0.0, 0.1, 0.2], method="adam", steps=5)
    by_object = refimpl.minimize(
        functions.rosenbrock(3), [0.0, 0.1, 0.2], method=optimizers.adam, steps=5
    )
    np.testing.assert_array_equal(by_name.path, by_object.path)


@numba.njit
def compiled_bowl(x):
    return 0.5 * (2.0 * x[0] * x[0] + x[0] * x[1] + x[1] * x[1])


@numba.njit
def compiled_gradient(x):
    return np.array([2.0 * x[0] + 0.5 * x[1], 0.5 * x[0] + x[1]])


def test_compiled_and_plain_functions_give_the_same_path():
    """Where the arithmetic of the function is the same, the driver adds no difference."""
    pairs = [
        (compiled_bowl, compiled_gradient),
        (
            getattr(compiled_bowl, "py_func", compiled_bowl),
            getattr(compiled_gradient, "py_func", compiled_gradient),
        ),
        (lambda x: compiled_bowl(x), compiled_gradient),
        (compiled_bowl, lambda x: compiled_gradient(x)),
    ]
    paths = [
        refimpl.minimize(fun, [1.0, -2.0], jac=jac, steps=20, noise=0.1, seed=2).path
        for fun, jac in pairs
    ]
    # Compiled, a product and a sum may be one rounding; a quadratic does not amplify it.
    for path in paths[1:]:
        np.testing.assert_allclose(path, paths[0], rtol=1e-12, atol=1e-12)


def test_gradient_in_other_clothes():
    """Lists, tuples, integers and float32 are gradients too."""
    expected = refimpl.minimize(bowl, [1.0, 2.0], jac=lambda x: 2.0 * np.ones(2), steps=3).path
    for gradient in ([2, 2], (2.0, 2.0), np.array([2, 2]), np.full(2, 2.0, dtype=np.float32)):
        result = refimpl.minimize(bowl, [1.0, 2.0], jac=lambda x, g=gradient: g, steps=3)
        np.testing.assert_array_equal(result.path, expected)


def test_value_and_gradient_together():
    """``jac=True`` as in SciPy."""
    result = refimpl.minimize(lambda x: (bowl(x), bowl_gradient(x)), [1.0, 2.0], jac=True, steps=5)
    expected = refimpl.minimize(bowl, [1.0, 2.0], jac=bowl_gradient, steps=5)
    np.testing.assert_array_equal(result.path, expected.path)
    np.testing.assert_array_equal(result.values, expected.values)


def test_further_arguments():
    result = refimpl.minimize(
        lambda x, a, b: a * bowl(x) + b,
        [1.0, 2.0],
        jac=lambda x, a, b: a * bowl_gradient(x),
        args=(3.0, 7.0),
        method="sgd",
        steps=4,
        alpha=0.1,
    )
    expected = refimpl.minimize(
        bowl, [1.0, 2.0], jac=bowl_gradient, method="sgd", steps=4, alpha=0.3
    )
    np.testing.assert_allclose(result.path, expected.path, rtol=20 * EPS)
    np.testing.assert_allclose(result.values, 3.0 * expected.values + 7.0, rtol=20 * EPS)


def test_calls_are_counted_as_they_are_made():
    calls, fun, jac = counted()
    result = refimpl.minimize(fun, [1.0, 2.0], jac=jac, steps=6)
    assert (result.nfev, result.njev) == (calls["fun"], calls["jac"]) == (7, 7)


def test_calls_of_a_diverging_run_are_counted_as_well():
    calls, fun, jac = counted()
    result = refimpl.minimize(fun, [1.0, 2.0], jac=jac, method="sgd", steps=50, alpha=1e3)
    assert result.diverged
    assert result.njev == calls["jac"] == result.nit
    assert result.nfev == calls["fun"]


def test_function_that_writes_into_its_argument():
    """It gets a copy: the run is not moved by it."""

    def rude(x):
        g = bowl_gradient(x)
        x[:] = 1e9
        return g

    result = refimpl.minimize(bowl, [1.0, 2.0], jac=rude, steps=5)
    expected = refimpl.minimize(bowl, [1.0, 2.0], jac=bowl_gradient, steps=5)
    np.testing.assert_array_equal(result.path, expected.path)


def test_start_is_not_changed():
    x0 = np.array([1.0, 2.0])
    result = refimpl.minimize(bowl, x0, jac=bowl_gradient, steps=5)
    np.testing.assert_array_equal(x0, [1.0, 2.0])
    assert not np.shares_memory(result.x, result.path)
    assert not np.shares_memory(result.path, x0)


# Callbacks.


def test_callback_sees_every_position():
    seen = []
    result = refimpl.minimize(
        functions.beale, [1.0, 0.5], steps=8, noise=0.1, seed=5, callback=seen.append
    )
    np.testing.assert_array_equal(seen, result.path[1:])
    without = refimpl.minimize(functions.beale, [1.0, 0.5], steps=8, noise=0.1, seed=5)
    # The driver runs as plain Python for the callback's sake.
    np.testing.assert_allclose(result.path, without.path, rtol=1e-10)


def test_callback_with_the_state():
    """By the parameter's name, as in SciPy; the state is the method's own."""
    seen = []

    def callback(intermediate_result):
        seen.append(intermediate_result)

    result = refimpl.minimize(
        bowl, [1.0, 2.0], jac=bowl_gradient, method="momentum", steps=4, callback=callback
    )
    assert [r.nit for r in seen] == [1, 2, 3, 4]
    np.testing.assert_array_equal([r.x for r in seen], result.path[1:])
    momentum = np.zeros(2)
    for k, r in enumerate(seen):
        momentum = momentum + 0.5 * (bowl_gradient(result.path[k]) - momentum)
        np.testing.assert_allclose(r.state.momentum, momentum, rtol=4 * EPS)


@pytest.mark.parametrize("last", [1, 5, 8])
def test_callback_stops_the_run(last):
    count = []

    def callback(x):
        count.append(x)
        if len(count) == last:
            raise StopIteration

    result = refimpl.minimize(bowl, [1.0, 2.0], jac=bowl_gradient, steps=8, callback=callback)
    assert len(count) == result.nit == last
    assert result.path.shape == (last + 1, 2)
    assert result.values.shape == (last + 1,)
    np.testing.assert_array_equal(result.jac, bowl_gradient(result.x))
    assert result.message == "The callback stopped the run."
    assert result.status != 0
    assert not result.diverged


def test_callback_cannot_move_the_run():
    def rude(x):
        x[:] = 1e9

    result = refimpl.minimize(bowl, [1.0, 2.0], jac=bowl_gradient, steps=5, callback=rude)
    expected = refimpl.minimize(bowl, [1.0, 2.0], jac=bowl_gradient, steps=5)
    np.testing.assert_allclose(result.path, expected.path, rtol=1e-12)


def test_exception_of_the_callback_is_its_own():
    def broken(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        refimpl.minimize(bowl, [1.0, 2.0], jac=bowl_gradient, steps=5, callback=broken)


# Runs that leave.


@pytest.mark.parametrize("method", ["sgd", "momentum"])
@pytest.mark.parametrize("kind", ["laboratory", "plain", "compiled"])
def test_divergence(method, kind):
    """No exception and no warning: the path up to the position that left, `inf` as last value."""
    fun, jac = {
        "laboratory": (functions.rosenbrock(2), None),
        "plain": (bowl, bowl_gradient),
        "compiled": (compiled_bowl, compiled_gradient),
    }[kind]
    result = refimpl.minimize(fun, [3.0, -2.0], jac=jac, method=method, steps=200, alpha=10.0)
    assert result.diverged is True
    assert result.success is False
    assert "diverged" in result.message
    assert result.status != 0
    assert 0 < result.nit < 200
    assert result.path.shape == (result.nit + 1, 2)
    assert result.values.shape == (result.nit + 1,)
    assert result.fun == result.values[-1] == np.inf
    assert np.isfinite(result.values[:-1]).all()
    assert np.isnan(result.jac).all()
    limit = 1e8 * np.hypot(3.0, -2.0)
    assert np.all(np.linalg.norm(result.path[:-1], axis=1) <= limit)
    assert not np.linalg.norm(result.path[-1]) <= limit


@pytest.mark.parametrize("start", [1e-3, 1.0, 100.0])
def test_ball_of_a_run(start):
    """It is left at 1e8 times ``max(1, |x0|)``: one constant step to each side of that."""
    limit = 1e8 * max(1.0, start)
    for length, diverged in ((0.99 * limit, False), (1.01 * limit + start, True)):
        result = refimpl.minimize(
            lambda x: 0.0, [start], jac=lambda x, g=length: [-g], method="sgd", alpha=1.0, steps=1
        )
        assert result.diverged is diverged


def test_value_that_overflows():
    """At the start, or on the way, as an array's infinity or as Python's `OverflowError`."""
    for fun in (lambda x: np.inf if x[0] >= 2.0 else 0.0, lambda x: 10.0 ** (200.0 * x[0])):
        result = refimpl.minimize(fun, [2.0], jac=lambda x: [1.0], steps=3)
        assert result.diverged
        assert result.nit == 0
        result = refimpl.minimize(
            fun, [0.0], jac=lambda x: [-1.0], method="sgd", alpha=1.0, steps=5
        )
        assert result.diverged
        assert result.nit == 2
        assert result.path.shape == (3, 1)
