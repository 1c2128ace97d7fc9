"""A summary of one's own for `minimize` and the stepper: what it is asked, what it may answer."""

import numpy as np
import pytest

import refimpl
from refimpl import functions, summary
from refimpl.errors import (
    DtypeError,
    EvaluationError,
    PartitionError,
    RangeError,
    UnsupportedOperationError,
)
from refimpl.summary import Summary

pytestmark = pytest.mark.numerics

ROSENBROCK = functions.rosenbrock()
OPTIONS = {"method": "grouped_newton", "groups": 2}


def loss(x):
    return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def own(x, direction, groups):
    """By the definition, as a user's own program might have it."""
    return summary.summarize(loss, x, direction, groups)


def opaque(x):
    """A loss that no Taylor polynomial can pass."""
    return float(ROSENBROCK.value(np.asarray(x, dtype=float)))


def test_the_same_path_as_by_the_derived_summary():
    start, jac = [-1.2, 1.0], ROSENBROCK.gradient
    expected = refimpl.minimize(loss, start, jac=jac, steps=6, **OPTIONS)
    found = refimpl.minimize(opaque, start, jac=jac, steps=6, summary=own, **OPTIONS)
    np.testing.assert_allclose(found.path, expected.path, rtol=1e-11)
    # Negative control: without it the run cannot be made.
    with pytest.raises(UnsupportedOperationError, match="Taylor polynomials"):
        refimpl.minimize(opaque, start, jac=jac, steps=6, **OPTIONS)


def test_its_slopes_are_its_own():
    """The noise of the gradient is in the direction and in no slope of the summary."""
    asked = []

    def noted(x, direction, groups):
        asked.append((direction, own(x, direction, groups).gradient))
        return own(x, direction, groups)

    start = np.array([1.0, 1.5])
    found = refimpl.minimize(
        ROSENBROCK, start, steps=1, noise=0.5, seed=3, summary=noted, **OPTIONS
    )
    derived = refimpl.minimize(ROSENBROCK, start, steps=1, noise=0.5, seed=3, **OPTIONS)
    ((direction, slopes),) = asked
    exact = ROSENBROCK.gradient(start)
    np.testing.assert_allclose(slopes, direction * exact, rtol=1e-12)
    assert np.abs(found.x - derived.x).max() > 1e-4


def test_the_stepper_makes_the_same_steps_and_goes_on_from_a_file(tmp_path):
    options = {"groups": 2, "direction": "adam", "window": 2, "plateau": 1, "smoothing": 0.25}
    whole = refimpl.minimize(
        ROSENBROCK, [-1.2, 1.0], method="grouped_newton", steps=7, summary=own, **options
    )
    optimizer = refimpl.stepper("grouped_newton", [-1.2, 1.0], summary=own, **options)
    for k in range(7):
        if k == 3:
            optimizer.save(tmp_path / "half")
            optimizer = refimpl.stepper.load(tmp_path / "half", summary=own)
        optimizer.step(ROSENBROCK.gradient(optimizer.x))
    np.testing.assert_array_equal(optimizer.x, whole.x)
    assert optimizer.state.outcome == "regular"


def answer(**parts):
    """A summary that says so, whatever it is asked."""
    given = {"value": 1.0, "gradient": np.ones(2), "hessian": np.eye(2), "third": np.zeros(2)}
    return lambda x, direction, groups: Summary(tensor=None, **given | parts)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (answer(gradient=np.ones(3)), EvaluationError, r"gradient of a summary finite, \(2,\)"),
        (answer(hessian=np.ones(2)), EvaluationError, r"got shape \(2,\)"),
        (answer(third=np.array([1.0, np.nan])), EvaluationError, "got NaN or infinity"),
        (answer(third=None), EvaluationError, r"return third \(2,\), got none"),
        (answer(hessian=[[1.0, 2.0], [0.0, 1.0]]), EvaluationError, "symmetric"),
        (answer(value=np.nan), EvaluationError, "value of a summary finite, got NaN"),
        (answer(gradient="ab"), DtypeError, "gradient of a summary"),
        (lambda x, direction, groups: 1 / 0, EvaluationError, "summary raised ZeroDivision"),
        (3.0, TypeError, "summary as a callable"),
    ],
)
def test_what_it_may_not_answer(given, error, words):
    with pytest.raises(error, match=words):
        refimpl.minimize(ROSENBROCK, [0.5, 1.0], steps=1, summary=given, **OPTIONS)


def test_a_watched_loss_must_be_there():
    given = answer(value=None)
    options = OPTIONS | {"steps": 2, "plateau": 1}
    with pytest.raises(RangeError, match="plateau needs the value of the loss"):
        refimpl.minimize(ROSENBROCK, [0.5, 1.0], summary=given, **options)
    refimpl.minimize(ROSENBROCK, [0.5, 1.0], summary=given, steps=2, **OPTIONS)


def test_who_takes_one():
    with pytest.raises(UnsupportedOperationError, match="ogr asks for no summary"):
        refimpl.minimize(ROSENBROCK, [0.5, 1.0], steps=1, summary=own)
    with pytest.raises(UnsupportedOperationError, match="adam asks for no summary"):
        refimpl.stepper("adam", [0.5, 1.0], summary=own)
    with pytest.raises(UnsupportedOperationError, match="give summary"):
        refimpl.stepper("grouped_newton", [0.5, 1.0])
    with pytest.raises(UnsupportedOperationError, match="run it by"):
        refimpl.stepper("grouped_newton_safeguarded", [0.5, 1.0], summary=own)
    with pytest.raises(PartitionError):
        refimpl.stepper("grouped_newton", [0.5, 1.0], summary=own, groups=[[0]])


def test_what_it_is_given_is_its_own():
    """Position, direction and groups may be written into."""

    def careless(x, direction, groups):
        found = own(x, direction, groups)
        x[:], direction[:], groups[0][:] = 0.0, 0.0, 1
        return found

    paths = [
        refimpl.minimize(ROSENBROCK, [-1.2, 1.0], steps=4, summary=summary, **OPTIONS).path
        for summary in (own, careless)
    ]
    np.testing.assert_array_equal(*paths)
