"""Cells that fail, cells of one's own, steps to escape, and functions on their way to workers."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import refimpl
from refimpl import functions, optimizers
from refimpl.errors import (
    GradientError,
    NotFiniteError,
    RangeError,
    ShapeError,
    UnknownNameError,
)
from refimpl.functions import Function
from refimpl.noise import minibatch, student
from refimpl.runs.experiments import cells
from refimpl.runs.experiments.cells import Cell, compute, escape_steps
from tests.runs.experiments.test_cells import BEALE, BEFORE_COMPILING, ROOT, files, names_of, some

# Errors.


pytestmark = [pytest.mark.numerics, pytest.mark.within]


def nowhere(x, data):
    return np.array([np.nan, 0.0])


def flat(x, data):
    return 1.0


def curved(x, data):
    return np.eye(2)


OWN = Function(
    name="nowhere",
    dimension=2,
    value=flat,
    gradient=nowhere,
    hessian=curved,
    minima=[[0.0, 0.0]],
    saddles=[],
    minimum_value=1.0,
    domain=(-1.0, 1.0),
    source="this test",
)


@pytest.mark.parametrize(
    "jobs", [None, pytest.param(2, marks=[pytest.mark.once, pytest.mark.slow])]
)
def test_error_names_the_cell(jobs):
    """From a worker of another process too, with the step and the path."""
    wanted = [*some(2), BEALE._replace(function=OWN, hyperparameters={"alpha": 0.25})]
    with pytest.raises(GradientError, match=r"cell nowhere, momentum\(alpha=0.25") as caught:
        compute(wanted, jobs=jobs)
    assert caught.value.step == 0
    np.testing.assert_array_equal(caught.value.path, [[-2.0, 1.0]])


def test_error_loses_no_finished_cell(tmp_path, monkeypatch):
    """Cells of one size are begun in their order: those before the error are kept."""
    plain = cells.final_values

    def failing(cell):
        if cell.seeds == (2, 3):
            raise ValueError("failed")
        return plain(cell)

    monkeypatch.setattr(cells, "final_values", failing)
    with pytest.raises(ValueError, match=r"cell beale.*failed"):
        compute(some(4), cache=tmp_path)
    assert sorted(files(tmp_path)) == sorted(names_of(some(2)))


def test_function_of_ones_own_is_not_cached(tmp_path):
    """What it calls is not in the stamp, so that a kept result might be of yesterday's text."""
    with pytest.raises(TypeError, match=r"cell nowhere.*cache=None"):
        compute([BEALE._replace(function=OWN)], cache=tmp_path)

    class Mine(type(student(0.1, 3.0))):
        pass

    with pytest.raises(TypeError, match=r"refimpl\.noise"):
        compute([BEALE._replace(noise=Mine(0.1, 3.0))], cache=tmp_path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"function": "beale"}, TypeError, "function of the laboratory"),
        ({"method": "momentun"}, UnknownNameError, "momentum"),
        ({"method": optimizers.momentum}, TypeError, "name of a method"),
        ({"hyperparameters": {"alphas": 1.0}}, UnknownNameError, "alpha"),
        ({"hyperparameters": {"alpha": -1.0}}, RangeError, "alpha"),
        ({"starts": [1.0, 2.0]}, ShapeError, r"\(n, 2\)"),
        ({"starts": [[1.0, 2.0, 3.0]]}, ShapeError, r"\(n, 2\)"),
        ({"starts": np.empty((0, 2))}, ShapeError, r"\(n, 2\)"),
        ({"starts": [[1.0, np.inf]]}, NotFiniteError, "starts"),
        ({"steps": 0}, RangeError, "steps"),
        ({"noise": -1.0}, RangeError, "deviation"),
        ({"seeds": ()}, ShapeError, "seed"),
        ({"seeds": (-1,)}, RangeError, "seeds >= 0"),
        ({"seeds": (0.5,)}, TypeError, "integer"),
        ({"threshold": 1.0}, ShapeError, "one start"),
    ],
)
def test_wrong_cell_is_refused_before_any_work(tmp_path, change, error, message):
    with pytest.raises(error, match=rf"(?s)cell .*{message}"):
        compute([BEALE, BEALE._replace(**change)], cache=tmp_path)
    assert not files(tmp_path, "*")


def test_minibatch_cell(tmp_path):
    """A noise model that draws records."""
    features = np.random.default_rng(0).normal(size=(6, 2))
    function = functions.least_squares(features, np.ones(6))
    cell = BEALE._replace(function=function, noise=minibatch(2))
    expected = refimpl.lattice(
        function, "momentum", starts=cell.starts, steps=8, noise=minibatch(2), seeds=range(3)
    )
    for _ in range(2):
        np.testing.assert_array_equal(compute([cell], cache=tmp_path)[0], expected)


# Steps to escape.

SADDLE = functions.bounded_saddle([-1.0, 4.0])


@pytest.mark.parametrize("method", ["sgd", "fogr", "newton"])
def test_escape_steps(method, tmp_path):
    """Counted along the path of each run, from the function itself."""
    given = {"alpha": 0.1} if method == "sgd" else {}
    start, threshold, steps = [1e-2, 0.5], -0.2, 60
    found = escape_steps(
        SADDLE, start, method, threshold, steps=steps, noise=0.02, seeds=range(5), cache=tmp_path,
        **given,
    )  # fmt: skip
    for seed, count in enumerate(found):
        result = refimpl.minimize(
            SADDLE, start, method=method, steps=steps, noise=0.02, seed=seed, **given
        )
        below = [k for k, x in enumerate(result.path) if SADDLE(x) < threshold]
        assert count == (below[0] if below else np.inf)
    assert found.shape == (5,)
    assert len(files(tmp_path)) == 1


def test_escape_without_noise():
    """On the ridge it never escapes; below the threshold at once; off the ridge, exponentially.

    Steps of SGD multiply the distance y by 1 + alpha (1 - y^2), at most 1.1 and, up to the
    threshold's y of about 0.34, at least 1.088.
    """
    given = {"steps": 200, "seeds": [0], "alpha": 0.1}
    assert escape_steps(SADDLE, [0.0, 0.5], "sgd", -0.05, **given) == [np.inf]
    assert escape_steps(SADDLE, [0.9, 0.0], "sgd", -0.05, **given) == [0.0]
    (count,) = escape_steps(SADDLE, [1e-6, 0.0], "sgd", -0.05, **given)
    # Where y^2 / 2 - y^4 / 4 = 0.05.
    growth = np.sqrt(1.0 - np.sqrt(0.8)) / 1e-6
    assert np.log(growth) / np.log(1.1) <= count <= np.log(growth) / np.log(1.088) + 1.0


def test_diverged_run_escapes_nowhere():
    """Its last value is infinite."""
    found = escape_steps(SADDLE, [0.1, 0.5], "sgd", -0.2, steps=50, seeds=[0], alpha=1e3)
    assert found == [np.inf]


def test_same_noise_as_the_lattice(tmp_path):
    """The values that are counted are those of the runs whose ends `lattice` reports."""
    cell = Cell(SADDLE, "sgd", [[1e-2, 0.5]], 60, 0.02, range(5), hyperparameters={"alpha": 0.1})
    (final,) = compute([cell])
    # With the final value of a seed as threshold, the run is not below it at the end.
    for seed in range(5):
        at, above = (
            compute([cell._replace(seeds=[seed], threshold=threshold)])[0][0, 0]
            for threshold in (final[seed, 0], np.nextafter(final[seed, 0], np.inf))
        )
        assert at != 60.0
        assert above <= 60.0


# Functions on their way to another process.


def test_pickled_function_is_the_same_function():
    for function in functions.all().values():
        x = np.linspace(0.5, 1.0, function.dimension)
        before = function.gradient(x)
        copy = pickle.loads(pickle.dumps(function))
        np.testing.assert_array_equal(copy.gradient(x), before)
        assert copy.value(x) == function.value(x)
        np.testing.assert_array_equal(copy.hessian(x), function.hessian(x))
        np.testing.assert_array_equal(copy.minima, function.minima)
        assert copy.value.text is function.value.text
        assert copy.value.__doc__ == function.value.__doc__


@pytest.mark.once
def test_compiled_code_is_in_no_pickle():
    """The same bytes before the first use and after; another process compiles for itself."""
    run = subprocess.run(
        [sys.executable, "-c", BEFORE_COMPILING],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert pickle.loads(run.stdout).value([3.0, 0.5]) == 0.0
