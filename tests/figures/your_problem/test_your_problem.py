"""The figures of the page on one's own problem: numbers by another route, words, and one method."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import refimpl
from figures.your_problem import followed, your_least_squares, your_logistic
from refimpl import noise
from tests.figures.figure_settings import SMALL
from tests.figures.saying import assert_pictured_with_its_words

pytestmark = [pytest.mark.numerics, pytest.mark.once]

MODULES = {"your_least_squares": your_least_squares, "your_logistic": your_logistic}
PAGE = Path(__file__).resolve().parents[3] / "book" / "your_problem.md"


@pytest.fixture(scope="module")
def data():
    """The data of both figures, with small settings, computed once."""
    return {name: module.compute(**SMALL[name]) for name, module in MODULES.items()}


@pytest.mark.slow
def test_pictured_and_the_same_words_again(data):
    for name, module in MODULES.items():
        assert_pictured_with_its_words(module, data[name])
        again = module.compute(**SMALL[name])
        assert module.alt(again) == module.alt(data[name])


def test_the_page_and_the_pictures_follow_the_same_method():
    """One line on the page and one in `followed` name it: they must not part."""
    told = re.search(r'^METHOD = "(\w+)"$', PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert told[1] == followed.METHOD


@pytest.mark.parametrize("name", MODULES)
def test_watching_changes_nothing(name, data):
    """The path is that of a run without a look, by whole gradients and by minibatches."""
    function, watched = MODULES[name].problem(), data[name]
    steps = len(watched.sgd) - 1
    for run, model in ((watched.whole, 0.0), (watched.part, noise.minibatch(watched.batch))):
        alone = refimpl.minimize(
            function,
            np.zeros(function.dimension),
            method=followed.METHOD,
            steps=steps,
            noise=model,
            seed=0,
        )
        # The compiled driver and the watched one round alike over a few steps; then chaos.
        np.testing.assert_allclose(run.path[:6], alone.path[:6], rtol=1e-8, atol=1e-8)
        assert run.excess[0] == pytest.approx(alone.values[0] - function.minimum_value)
        assert run.curvature.shape == run.error.shape == run.truth.shape
        assert len(run.curvature) == len(run.energy) == steps


def test_the_problems_are_the_data_as_shipped():
    """Least squares by the normal equations' solver, and the loss of no model at all."""
    from sklearn.datasets import load_breast_cancer, load_diabetes

    data = load_diabetes()
    A = np.column_stack([data.data, np.ones(len(data.data))])
    residual = np.linalg.lstsq(A, data.target, rcond=None)[1][0]
    fit = your_least_squares.problem()
    assert fit.minimum_value == pytest.approx(residual / 2 / len(A), rel=1e-10)
    classify = your_logistic.problem()
    assert classify.value(np.zeros(31)) == pytest.approx(np.log(2.0), rel=1e-13)
    assert classify.records.shape == (569, 33)
    np.testing.assert_array_equal(classify.records[:, 31], load_breast_cancer().target)


def test_the_truth_is_the_curvature_along_the_axes(data):
    """Differences of the exact gradient, on a quadratic exact but for rounding."""
    function, run = your_least_squares.problem(), data["your_least_squares"].whole
    x, t = run.path[-1], len(run.truth) - 1
    assert (run.truth > 0.0).all()
    eigenvalues = np.linalg.eigvalsh(function.hessian(x))
    # Between the extreme eigenvalues by Rayleigh's quotient; sums of ten roundings.
    assert run.truth[t].max() <= eigenvalues[-1] * (1.0 + 1e-10)
    assert run.truth[t].min() >= eigenvalues[0] * (1.0 - 1e-6)
    if run.truth.shape[1] == x.size:
        assert run.truth[t].sum() == pytest.approx(eigenvalues.sum(), rel=1e-10)


def test_within_counts_axes_with_a_finite_error():
    run = followed.Followed(
        method="ogr",
        path=np.zeros((4, 2)),
        excess=np.zeros(4),
        curvature=np.array([[1.0, 5.0], [1.0, 5.0], [1.0, 5.0]]),
        error=np.array([[1.0, 1.0], [np.inf, 1.0], [np.inf, np.inf]]),
        truth=np.array([[2.5, 9.0], [0.0, 4.0], [0.0, 0.0]]),
        energy=np.zeros(3),
    )
    np.testing.assert_array_equal(followed.within(run), [0.5, 1.0, np.nan])


def test_height_is_that_of_the_second_half():
    run = followed.Followed(
        method="ogr",
        path=np.zeros((5, 2)),
        excess=np.zeros(5),
        curvature=np.array([[90.0, 1.0], [80.0, 1.0], [1.0, 6.0], [8.0, 2.0]]),
        error=np.ones((4, 2)),
        truth=np.array([[1.0, 1.0], [1.0, 1.0], [3.0, 2.0], [1.0, 2.0]]),
        energy=np.zeros(4),
    )
    assert followed.height(run) == 3.0  # of 6 / 3 and 8 / 2


@pytest.mark.parametrize("method", ["dogr", "fogr", "online_sfn"])
def test_any_method_with_a_model_can_be_followed(method):
    """Also those without a subspace: they have no energy to show, and the words say so."""
    for module in MODULES.values():
        watched = module.compute(method=method, steps=4)
        assert module.draw(watched).axes
        assert "nan" not in module.alt(watched)
