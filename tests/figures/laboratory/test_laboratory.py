"""The figures of the laboratory: gallery and noise models."""

import numpy as np
import pytest
import scipy.stats

pytest.importorskip("matplotlib")

import refimpl
from figures.laboratory import gallery, noise_models
from refimpl import functions, noise
from refimpl.functions.least_squares import least_squares
from tests.figures.figure_settings import SMALL
from tests.figures.saying import assert_pictured_with_its_words

pytestmark = [pytest.mark.numerics, pytest.mark.once]

MODULES = {"gallery": gallery, "noise_models": noise_models}


@pytest.fixture(scope="module")
def data():
    """The data of every figure, with small settings, computed once."""
    return {name: module.compute(**SMALL[name]) for name, module in MODULES.items()}


@pytest.mark.parametrize("name", MODULES)
def test_it_draws_and_says_what_it_shows(name, data):
    assert_pictured_with_its_words(MODULES[name], data[name])


@pytest.mark.parametrize("name", MODULES)
def test_the_same_settings_give_the_same_words(name, data):
    """Words carry the figure's numbers: what is random in them comes from seeds alone."""
    again = MODULES[name].compute(**SMALL[name])
    assert MODULES[name].alt(again) == MODULES[name].alt(data[name])


# ------------------------------------------------------------------------------------- gallery


def test_every_function_has_its_panel(data):
    assert [panel.name for panel in data["gallery"]] == list(functions.all())


def test_every_listed_stationary_point_is_drawn(data):
    """No point is lost on the way to the plane, in three dimensions either."""
    for panel in data["gallery"]:
        function = functions.get(panel.name)
        assert panel.minima.shape == (len(function.minima), 2)
        assert panel.saddles.shape == (len(function.saddles), 2)
        assert np.abs(np.concatenate([panel.minima, panel.saddles])).max() <= function.domain[1]
        found = [function.value(point) for point in function.saddles]
        np.testing.assert_allclose(panel.saddle_values, found, rtol=1e-12, atol=1e-12)


def test_points_outside_the_plane_are_left_out():
    panel = gallery.look_at(functions.styblinski_tang(3), 5)
    assert panel.minima.shape == (1, 2)
    # With the third coordinate in the deep well: four saddles of the plane, and its maximum.
    assert panel.saddles.shape == (5, 2)
    assert panel.plane


@pytest.mark.parametrize(
    ("name", "negative"),
    [
        # One coordinate's curvature is 6 t^2 - 16, the other's independent of it.
        ("styblinski_tang", lambda x, y: (6 * x**2 < 16) * 1 + (6 * y**2 < 16) * 1),
        ("bounded_saddle", lambda x, y: (3 * x**2 < 1) * 1),
        # Determinant and trace of the Hessian, by hand.
        ("rosenbrock", lambda x, y: (200 * (1200 * x**2 - 400 * y + 2) < (400 * x) ** 2) * 1),
        ("matyas", lambda x, y: 0 * x),
        ("monkey_saddle", lambda x, y: (x**2 + y**2 > 0) * 1),
    ],
)
def test_negative_curvature_is_where_it_was_derived(name, negative, data):
    panel = next(p for p in data["gallery"] if p.name == name)
    x, y = np.meshgrid(panel.side, panel.side)
    np.testing.assert_array_equal(panel.negative, negative(x, y))
    np.testing.assert_array_equal(panel.smallest < 0, panel.negative > 0)


def test_rows_run_along_the_second_coordinate(data):
    panel = next(p for p in data["gallery"] if p.name == "rosenbrock")
    expected = functions.rosenbrock().value([panel.side[3], panel.side[7]])
    assert panel.value[7, 3] == pytest.approx(expected, rel=1e-14)


def test_the_plane_of_beale3_shows_twice_beale(data):
    panel = next(p for p in data["gallery"] if p.name == "beale3")
    flat = next(p for p in data["gallery"] if p.name == "beale")
    np.testing.assert_allclose(panel.value, 2 * flat.value, rtol=1e-14)


# --------------------------------------------------------------------------------------- noise


def test_covariances_are_those_of_the_gradients_seen(data):
    """Each entry within 5 standard errors, of which a Gaussian has one in 2 million beyond.

    Negative control: the formula of independent draws, without the factor of the finite sum.
    """
    seen = data["noise_models"]
    names = list(seen.models)
    for name in ("gaussian", "multiplicative", "minibatch"):
        points, C = seen.gradient[names.index(name)], seen.covariance[names.index(name)]
        products = np.einsum("ni,nj->nij", points - seen.truth, points - seen.truth)
        error = products.std(axis=0) / np.sqrt(len(points))
        assert np.all(np.abs(products.mean(axis=0) - C) < 5 * error)
        if name == "minibatch":
            independent = (
                C * (noise_models.RECORDS - 1) / (noise_models.RECORDS - noise_models.BATCH)
            )
            assert np.any(np.abs(products.mean(axis=0) - independent) > 5 * error)
    # Steps around a circle: the mean of cos^2 is exactly one half.
    circle = seen.gradient[names.index("data")] - seen.truth
    np.testing.assert_allclose(circle.T @ circle / len(circle), seen.covariance[4], atol=1e-14)


def test_tails_are_those_of_the_distributions(data):
    """Shares beyond 1, 2 and 3 deviations within 5 binomial standard errors."""
    seen = data["noise_models"]
    scale = np.sqrt((noise_models.FREEDOM - 2) / noise_models.FREEDOM)
    for name, law in (
        ("gaussian", scipy.stats.norm()),
        ("student", scipy.stats.t(noise_models.FREEDOM, scale=scale)),
    ):
        k = seen.models.index(name)
        for size in (1.0, 2.0, 3.0):
            expected = 2 * law.sf(size)
            error = np.sqrt(expected * (1 - expected) / len(seen.gradient[k]))
            assert seen.beyond[k, np.searchsorted(noise_models.TAIL, size)] == pytest.approx(
                expected, abs=5 * error
            )


def test_seen_is_what_a_run_sees():
    """A step of rate 1 without memory moves by the gradient seen, under each model."""
    function = noise_models.problem()
    for model in (noise.gaussian(0.3), noise.multiplicative(0.3), noise.minibatch(5)):
        run = refimpl.minimize(
            function,
            noise_models.POINT,
            method="momentum",
            alpha=1.0,
            gamma=1.0,
            steps=1,
            noise=model,
            seed=3,
        )
        seen = noise_models.seen(function, noise_models.POINT, model, np.random.default_rng(3), 1)
        np.testing.assert_allclose(noise_models.POINT - run.x, seen[0], rtol=1e-13)


def test_a_gradient_of_a_part_is_the_mean_over_its_records():
    function = least_squares([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], [1.0, 1.0, 1.0])
    seen = noise_models.seen(function, np.zeros(2), noise.minibatch(1), np.random.default_rng(0), 3)
    # One epoch of three steps sees each record once: -b a.
    np.testing.assert_allclose(sorted(seen.tolist()), [[-1.0, -1.0], [-1.0, 0.0], [0.0, -2.0]])
