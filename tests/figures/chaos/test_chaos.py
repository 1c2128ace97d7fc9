"""The figures of chaos: a fair comparison, and two correct programs that part."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.chaos import chaos, fair_comparison
from refimpl import functions
from tests.figures.figure_settings import SMALL
from tests.figures.saying import assert_pictured_with_its_words

pytestmark = [pytest.mark.numerics, pytest.mark.once]


@pytest.fixture(scope="module")
def data():
    """The data of both figures, with small settings, computed once."""
    return {
        "fair_comparison": fair_comparison.compute(**SMALL["fair_comparison"]),
        "chaos": chaos.compute(**SMALL["chaos"]),
    }


@pytest.mark.slow
def test_they_draw_and_say_what_they_show(data):
    assert_pictured_with_its_words(fair_comparison, data["fair_comparison"])
    assert_pictured_with_its_words(chaos, data["chaos"])


@pytest.mark.slow
def test_the_same_settings_give_the_same_numbers(data):
    """Words carry the figure's numbers: what is random in them comes from seeds alone."""
    again = fair_comparison.compute(**SMALL["fair_comparison"])
    np.testing.assert_array_equal(again.excess, data["fair_comparison"].excess)
    assert chaos.alt(chaos.compute(**SMALL["chaos"])) == chaos.alt(data["chaos"])


# ---------------------------------------------------------------------------------- comparison


def test_performance_profile_of_a_table_by_hand():
    excess = [[1.0, 2.0, np.inf, 0.0], [10.0, 1.0, np.inf, 1e-12], [3.0, np.inf, np.inf, 1.0]]
    found = fair_comparison.performance_profile(excess, [1.0, 2.0, 5.0, 10.0])
    # The third run, in which all diverge, counts for nobody; in the fourth, 0 is 1e-12.
    expected = [[0.5, 0.75, 0.75, 0.75], [0.5, 0.5, 0.5, 0.75], [0.0, 0.0, 0.25, 0.25]]
    np.testing.assert_allclose(found, expected)


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
