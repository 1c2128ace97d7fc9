"""The figures of the laboratory: gallery, noise models, fair comparison, chaos."""

import numpy as np
import pytest
import scipy.stats

pytest.importorskip("matplotlib")

import refimpl
from figures.chaos import chaos, fair_comparison
from figures.laboratory import gallery, noise_models
from refimpl import functions, noise
from refimpl.functions.least_squares import least_squares
from tests.figures.figure_settings import SMALL
from tests.figures.saying import assert_pictured_with_its_words

pytestmark = [pytest.mark.numerics, pytest.mark.once]

MODULES = {
    m.__name__.rpartition(".")[2]: m for m in (gallery, noise_models, fair_comparison, chaos)
}


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
    if name == "fair_comparison":
        again = fair_comparison.compute(**SMALL[name])
        np.testing.assert_array_equal(again.excess, data[name].excess)
    else:
        assert MODULES[name].alt(MODULES[name].compute(**SMALL[name])) == MODULES[name].alt(
            data[name]
        )


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


# ---------------------------------------------------------------------------------- comparison


def test_performance_profile_of_a_table_by_hand():
    excess = [[1.0, 2.0, np.inf, 0.0], [10.0, 1.0, np.inf, 1e-12], [3.0, np.inf, np.inf, 1.0]]
    found = fair_comparison.performance_profile(excess, [1.0, 2.0, 5.0, 10.0])
    # The third run, in which all diverge, counts for nobody; in the fourth, 0 is 1e-12.
    expected = [[0.5, 0.75, 0.75, 0.75], [0.5, 0.5, 0.5, 0.75], [0.0, 0.0, 0.25, 0.25]]
    np.testing.assert_allclose(found, expected)


def test_the_best_of_the_trials_is_chosen(data):
    result = data["fair_comparison"]
    key, values = fair_comparison.TRIALS["adam"]
    scores = [
        fair_comparison.score(fair_comparison.run("beale", "adam", range(1000, 1001), **{key: v}))
        for v in values
    ]
    assert result.chosen["beale"]["adam"] == values[int(np.argmin(scores))]
    assert result.chosen["beale"]["bfgs"] is None


def test_a_score_counts_the_diverged_and_the_exact():
    assert fair_comparison.score(np.array([[1.0, 100.0]])) == 1.0
    assert fair_comparison.score(np.array([[np.inf, 0.0]])) == -3.0


def test_newton_ends_at_saddles_and_the_saddle_free_step_does_not(data):
    """The bars count the starts of the lattice; only Newton's are not all minima."""
    ends = dict(zip(fair_comparison.ENDING, data["fair_comparison"].ends, strict=True))
    assert all(row.sum() == 9 for row in ends.values())
    assert ends["newton"][1] + ends["newton"][2] > 0
    assert ends["sfn"].tolist() == ends["bfgs"].tolist() == [9, 0, 0, 0]
    gradient = functions.himmelblau.gradient(fair_comparison.MAXIMUM)
    # Terms of order 50, each rounded a few times.
    np.testing.assert_allclose(gradient, 0.0, atol=1e-13)


# --------------------------------------------------------------------------------------- chaos


@pytest.mark.parametrize("pair", [(chaos.beale, chaos.beale_twin), (chaos.booth, chaos.booth_twin)])
def test_both_programs_are_correct_and_differ_in_the_last_digits(pair):
    """They agree to the rounding of their terms, and are not bitwise the same."""
    one, other = pair
    points = np.random.default_rng(0).uniform(-4.5, 4.5, (300, 2))
    a = np.array([one.gradient(x) for x in points])
    b = np.array([other.gradient(x) for x in points])
    # Some ten roundings of terms up to 2 |u| 3 v^2 (|u v^3| + ...) < 3e5 at the corners.
    bound = 10 * np.finfo(np.float64).eps * 6 * 4.5**3 * (4.5**4 + 4.5 + 2.625)
    np.testing.assert_allclose(a, b, rtol=0, atol=bound)
    assert np.any(a != b)


def test_first_above():
    distance = [[0.0, 1e-4, 2e-3, 0.0], [0.0, 0.0, 0.0, 1e-3]]
    np.testing.assert_array_equal(chaos.first_above(np.array(distance)), [2, -1])


def test_they_part_without_the_cut_and_never_with_linear_steps():
    """Momentum on a quadratic is linear and contracts: rounding stays rounding."""
    pairs = chaos.compute(radius=2, steps=300)
    parted = dict(zip(pairs.cases, pairs.parted, strict=True))
    assert np.mean(parted["Beale, fOGR without cut"] >= 0) > 0.5
    assert np.all(parted["Booth, momentum"] == -1)
    # Positions of order 10 and a sum of some tens of roundings that fade.
    assert pairs.distance[pairs.cases.index("Booth, momentum")].max() < 1e-12
    # All begin together, and nothing parts at once.
    assert np.all(pairs.distance[:, :, 0] == 0.0)
    assert pairs.distance[:, :, 1].max() < 1e-9


def test_the_pair_drawn_is_one_of_those_that_part(data):
    pairs = chaos.compute(radius=1, steps=200)
    apart = np.linalg.norm(pairs.paths[0] - pairs.paths[1], axis=-1)
    assert int(chaos.first_above(apart)) in pairs.parted[0]
    np.testing.assert_array_equal(pairs.paths[0, 0], pairs.start)


def test_a_diverged_run_stays_where_it_ended():
    """Momentum of rate 1 leaves for infinity on Beale's walls: both paths keep their length."""
    paths = chaos.two_runs(
        chaos.beale, chaos.beale_twin, "momentum", [4.0, 4.0], 20, 0.0, 0, {"alpha": 1.0}
    )
    assert paths.shape == (2, 21, 2)
    assert np.array_equal(paths[0, -1], paths[0, -2])
    assert np.linalg.norm(paths[0, -1]) > 1e8
