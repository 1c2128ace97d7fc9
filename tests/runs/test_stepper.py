"""A loop of one's own: the run of `minimize`, to be kept and taken up again."""

import os
import signal

import numpy as np
import pytest

import refimpl
from refimpl import functions, optimizers, stepper
from refimpl.errors import (
    CheckpointError,
    DtypeError,
    GradientError,
    NotFiniteError,
    RangeError,
    ShapeError,
    UnknownNameError,
    UnsupportedOperationError,
)

pytestmark = pytest.mark.numerics

F = functions.rosenbrock(3)
X0 = np.array([-1.2, 1.0, 0.5])
OF_GRADIENTS = [
    name
    for name, method in optimizers.METHODS.items()
    if not method.curvature and not method.solver
]


def walk(optimizer, noise):
    for z in noise:
        optimizer.step(F.gradient(optimizer.x) + z)
    return optimizer.x


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_is_the_run_of_minimize(name):
    """With the user's plain functions both run the same text: equal to the bit."""
    noise = 0.01 * np.random.default_rng(1).standard_normal((40, 3))
    run = refimpl.minimize(F.value, X0, jac=F.gradient, method=name, steps=40, noise=noise, seed=3)
    optimizer = stepper(name, X0, seed=3)
    for z, x in zip(noise, run.path[1:], strict=False):
        np.testing.assert_array_equal(optimizer.step(F.gradient(optimizer.x) + z), x)
    assert optimizer.steps == run.nit


@pytest.mark.parametrize("name", OF_GRADIENTS)
def test_goes_on_to_the_last_bit(name, tmp_path):
    noise = 0.01 * np.random.default_rng(2).standard_normal((40, 3))
    optimizer = stepper(name, X0, seed=3)
    walk(optimizer, noise[:15])
    optimizer.save(tmp_path / "kept")
    resumed = stepper.load(tmp_path / "kept", method=name, dimension=3)
    np.testing.assert_array_equal(walk(resumed, noise[15:]), walk(optimizer, noise[15:]))
    assert resumed.steps == optimizer.steps == 40
    assert resumed.parameters == optimizer.parameters
    assert os.listdir(tmp_path) == ["kept"]


def test_hyperparameters_are_kept(tmp_path):
    optimizer = stepper("sogr", X0, dimension=2, prior=(0.5, 0.25), seed=1)
    optimizer.save(tmp_path / "kept")
    assert stepper.load(tmp_path / "kept").parameters == optimizer.parameters
    # Negative control: the defaults are others.
    assert stepper("sogr", X0, dimension=2).parameters != optimizer.parameters


@pytest.mark.parametrize(
    ("gradient", "error", "message"),
    [
        ([1.0, 2.0], GradientError, r"step 2: expected a gradient of shape \(3,\), got \(2,\)"),
        ([1.0, np.nan, 0.0], GradientError, "step 2: expected a finite gradient"),
        ([1.0, np.inf, 0.0], GradientError, "step 2: expected a finite gradient"),
        ([1.0, 1e160, 0.0], GradientError, r"step 2: expected a gradient of at most 1e\+150"),
        ([1.0, 2j, 0.0], DtypeError, "gradient"),
        (["a", "b", "c"], DtypeError, "gradient"),
    ],
)
def test_a_bad_gradient_changes_nothing(gradient, error, message):
    optimizer = stepper("ogr", X0)
    walk(optimizer, np.zeros((2, 3)))
    x, state = optimizer.x.copy(), optimizer.state
    with pytest.raises(error, match=message) as caught:
        optimizer.step(gradient)
    np.testing.assert_array_equal(optimizer.x, x)
    assert optimizer.state is state
    if error is GradientError:
        assert caught.value.step == 2
        np.testing.assert_array_equal(caught.value.path, x[None])


def test_a_step_to_nowhere_is_not_made():
    optimizer = stepper("sgd", X0, alpha=1e300)
    with pytest.raises(GradientError, match="x has diverged"):
        optimizer.step([1e10, 0.0, 0.0])
    np.testing.assert_array_equal(optimizer.x, X0)


@pytest.mark.parametrize("kind", [np.float32, np.int64, ">f8"])
def test_other_numbers(kind):
    optimizer, other = stepper("ogr", [1, 2, 3]), stepper("ogr", [1.0, 2.0, 3.0])
    gradient = np.array([3, -1, 2])
    np.testing.assert_array_equal(optimizer.step(gradient.astype(kind)), other.step(gradient))
    np.testing.assert_array_equal(other.step(np.repeat(gradient, 2)[::2]), optimizer.step(gradient))


def test_what_is_handed_in_is_not_written_into():
    x0 = X0.copy()
    optimizer = stepper("ogr", x0)
    before = optimizer.x
    kept, gradient = before.copy(), np.ones(3)
    optimizer.step(gradient)
    x0[:] = 7.0
    np.testing.assert_array_equal(before, kept)
    np.testing.assert_array_equal(gradient, np.ones(3))


@pytest.mark.parametrize(
    ("arguments", "given", "error", "message"),
    [
        (("ogre", X0), {}, UnknownNameError, "did you mean 'ogr'"),
        (("newton", X0), {}, UnsupportedOperationError, "newton needs more than gradients"),
        (("bfgs", X0), {}, UnsupportedOperationError, "bfgs needs more than gradients"),
        (("ogr", [[1.0]]), {}, ShapeError, "start of shape"),
        (("ogr", [np.nan]), {}, NotFiniteError, "finite start"),
        (("ogr", X0), {"beta": 2.0}, RangeError, "expected beta in"),
        (("ogr", X0), {"alpha": 2.0}, UnknownNameError, "hyperparameter of ogr"),
        (("sogr", X0), {"dimension": 5}, RangeError, "expected dimension <= 3"),
        (("sogr", X0), {"seed": -1}, RangeError, "expected a seed"),
    ],
)
def test_wrong_input_is_named_before_any_work(arguments, given, error, message):
    with pytest.raises(error, match=message):
        stepper(*arguments, **given)


# Many dimensions.

MANY = {
    "ogr": {"scaled": False},
    "online_sfn": {},
    "sogr": {"dimension": 3},
    "csogr": {"dimension": 3},
    "dsogr": {"dimension": 3},
    "cdsogr": {"dimension": 3},
}


@pytest.fixture
def always(monkeypatch):
    """Streamed from the smallest dimension on that suits."""
    monkeypatch.setattr("refimpl.runs.streaming.WORTH_STREAMING", 1)


@pytest.mark.compiled
def test_the_default_method_is_streamed_as_it_is(always, monkeypatch):
    """Where so many coordinates share one scale that it is, with no word from the caller."""
    monkeypatch.setattr("refimpl.optimizers.streamed.stepper.MANY", 5_000)
    curvature = np.linspace(1.0, 3.0, 5_000)

    def value(x):
        return 0.5 * float(curvature @ (x * x))

    given = {"jac": lambda x: curvature * x, "steps": 5}
    told = refimpl.minimize(value, np.ones(5_000), scaled=False, **given)
    np.testing.assert_array_equal(refimpl.minimize(value, np.ones(5_000), **given).x, told.x)


@pytest.mark.compiled
@pytest.mark.parametrize(
    "name",
    [n if n == "ogr" else pytest.param(n, marks=pytest.mark.slow) for n in MANY],
)
def test_streamed_steps_are_those_of_minimize(name, always, tmp_path):
    """To the bit, and over a file; the tests of streamed steps meet the readable ones."""
    D, rng = 5_000, np.random.default_rng(4)
    curvature, noise = np.linspace(1.0, 3.0, D), 0.01 * rng.standard_normal((12, D))
    run = refimpl.minimize(
        lambda x: 0.5 * float(curvature @ (x * x)),
        np.ones(D),
        jac=lambda x: curvature * x,
        method=name,
        steps=12,
        noise=noise,
        seed=3,
        **MANY[name],
    )
    optimizer = stepper(name, np.ones(D), seed=3, **MANY[name])
    for k, z in enumerate(noise):
        if k in (0, 1, 7):
            optimizer.save(tmp_path / "kept")
            optimizer = stepper.load(tmp_path / "kept", method=name, dimension=D)
        optimizer.step(curvature * optimizer.x + z)
        np.testing.assert_array_equal(optimizer.x, run.path[k + 1])
    assert (
        optimizer.state._fields
        == optimizers.METHODS[name]
        .start(X0, np.eye(2, 3), optimizers.METHODS[name].parameters()._replace(dimension=2))
        ._fields
    )


@pytest.mark.compiled
def test_an_interrupt_waits_until_a_streamed_step_is_whole(always, monkeypatch):
    given = {"dimension": 2, "scaled": False}
    optimizer, again = (stepper("ogr", np.ones(5_000), **given) for _ in range(2))
    for one in (optimizer, again):
        one.step(one.x)
    advance = optimizer._state._advance

    def interrupted(g):
        signal.raise_signal(signal.SIGINT)
        return advance(g)

    monkeypatch.setattr(optimizer._state, "_advance", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            optimizer.step(optimizer.x)
    finally:
        signal.signal(signal.SIGINT, before)
        monkeypatch.undo()
    again.step(again.x)
    assert optimizer.steps == again.steps == 2
    for one in (optimizer, again):
        one.step(one.x)
    np.testing.assert_array_equal(optimizer.x, again.x)


@pytest.mark.compiled
def test_streamed_files_of_another_size_are_refused(always, tmp_path):
    optimizer = stepper("ogr", np.ones(5_000), dimension=2, scaled=False)
    optimizer.save(tmp_path / "kept")
    changed_to = {"tiles": np.zeros((2, 2, 64))}
    with np.load(tmp_path / "kept") as archive:
        found = {name: archive[name] for name in archive.files} | changed_to
    with (tmp_path / "kept").open("wb") as file:
        np.savez(file, **found)
    with pytest.raises(CheckpointError, match="expected the arrays of this method, dimension"):
        stepper.load(tmp_path / "kept")


@pytest.mark.compiled
def test_what_pays():
    """By the work alone, of a method that is streamed: `ogr` is without scales of coordinates."""
    from refimpl.runs.streaming import streams

    ogr = optimizers.METHODS["ogr"]
    given = ogr.parameters()
    assert streams(ogr, given, 100_000, 1_000)
    assert not streams(ogr, given, 99_999, 2_000)
    assert streams(ogr, ogr.parameters(scaled=False), 99_999, 2_000)
    assert not streams(ogr, given, 100_000, 999)
    assert not streams(ogr, given._replace(dimension=1_001), 100_000, 1_000)
    assert not streams(optimizers.METHODS["adam"], (), 100_000, 1_000)
