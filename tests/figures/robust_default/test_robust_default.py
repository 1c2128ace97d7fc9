"""The chapter on the robust default: its equations, its counts and its figures."""

import math
import re

import numpy as np
import pytest
import scipy.linalg
import scipy.special

from tests.figures.figure_settings import SMALL

pytest.importorskip("matplotlib")

from figures.robust_default import pure_noise, robust_scale, stall
from figures.tournament import ablation, profiles, tally
from refimpl.optimizers.ogr import OGRParameters

pytestmark = [pytest.mark.numerics, pytest.mark.once]

MODULES = {"pure_noise": pure_noise, "robust_scale": robust_scale, "stall": stall}


# -------------------------------------------------------------------------------------- counts


def test_information_by_closed_forms():
    """Equal curvatures by the digamma function; two different ones in polar coordinates."""
    for k in (1, 2, 7, 100):
        found = tally.information(np.full(k, 3.0), 2.0, 50)
        weight = 4.0 / (100.0 * 3.0)
        assert found.mean == pytest.approx(math.log10(k * weight), abs=1e-12)
        expected = math.log(2.0 * weight) + scipy.special.digamma(k / 2.0)
        # The integrand is smooth: what is left of the trapezoid rule is its cut at log t = 120.
        assert found.geometric_mean == pytest.approx(expected / math.log(10.0), abs=1e-8)
    a, b = 1.0, 25.0
    found = tally.information([1.0 / a, 1.0 / b], math.sqrt(2.0), 1)
    middle = 2.0 * math.log((math.sqrt(a) + math.sqrt(b)) / 2.0)
    expected = math.log(2.0) + scipy.special.digamma(1.0) + middle
    assert found.geometric_mean == pytest.approx(expected / math.log(10.0), abs=1e-8)


RECORDS = SMALL["profiles"]["records"]


def test_table_and_counts_by_hand():
    shown = tally.table(RECORDS)
    assert shown.rows == ("a, noise 0.1, 5 steps", "b, noise 1, 5 steps", "held out: c, noise 0.1")
    np.testing.assert_allclose(shown.column("Adam"), [-1.0, 0.0, -3.0])
    np.testing.assert_allclose(shown.column("ogr"), [-2.0, -0.5, -2.0])
    assert np.isnan(shown.column("BFGS")[1])
    np.testing.assert_allclose(tally.gain(shown, "Adam"), [1.0, 0.5, -1.0])
    assert tally.count(shown, "Adam") == (3, 2, 1)
    assert tally.count(shown, "BFGS") == (2, 1, 0)
    assert tally.count_against_all(shown) == (3, 2, 0)
    assert tally.held_out(shown.rows).tolist() == [False, False, True]
    kept = shown.part([False, True, False])
    assert kept.rows == shown.rows[1:2]
    assert kept.diverged.tolist() == [[4, 0, 0]]


# ------------------------------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def data():
    return {name: module.compute(**SMALL[name]) for name, module in MODULES.items()}


@pytest.mark.parametrize("name", MODULES)
def test_drawn_and_said(name, data):
    # Rendered with the same data in tests/figures/test_figures.py.
    assert MODULES[name].draw(data[name]).axes
    said = MODULES[name].alt(data[name])
    assert len(said) > 200
    assert not re.search(r"\b(nan|inf)\b", said)


def test_profiles_are_means_over_rows():
    """One panel a noise level, held-out rows apart, a rival that is left out within no factor."""
    shown = profiles.compute(RECORDS)
    assert shown.panels == ("noise 0.1", "noise 1", "held-out functions")
    assert shown.rows.tolist() == [1, 1, 1]
    given = {(record["row"], record["rival"]): record["profile"] for record in RECORDS}
    names = ("a, noise 0.1, 5 steps", "b, noise 1, 5 steps", "held out: c, noise 0.1")
    for p, row in enumerate(names):
        for k, rival in enumerate(shown.rivals):
            expected = given[row, rival]
            np.testing.assert_allclose(shown.share[p, k], 0.0 if expected is None else expected)
    figure = profiles.draw(shown)
    assert [ax.get_title(loc="left") for ax in figure.axes[:3]] == [
        f"{name}: 1 rows" for name in shown.panels
    ]
    assert "ogr 50% and 100%" in profiles.alt(shown)


def test_ablation_is_relative_to_the_whole():
    """The dearest change first, by the mean over the rows."""
    shown = ablation.compute([record for record in RECORDS if record["rival"] != "BFGS"])
    assert shown.variants == ("Adam",)
    np.testing.assert_allclose(shown.ratio, [[1.0, 0.5, -1.0]])
    assert shown.diverged.tolist() == [4]
    assert ablation.draw(shown).axes
    assert "Adam +0.17, from -1.00 to +1.00" in ablation.alt(shown)


def test_scale_follows_its_prediction():
    """The median of the ratio of spreads; the step from the slope scatters more at strong noise.

    The sample ratio of a memory of seven pairs has a median within a few per cent of the ratio of
    expectations, and 4000 runs add less than that: a tenth is allowed.
    """
    shown = robust_scale.compute(ratios=(0.1, 1.0, 3.0, 10.0))
    np.testing.assert_allclose(shown.spreads[1], shown.predicted, rtol=0.1)
    assert np.all(shown.spreads <= shown.slope * (1.0 + 1e-12))
    assert np.all(shown.slope[2, 2:] > 3.0 * shown.spreads[2, 2:])


def test_recipe_stalls_and_the_default_does_not():
    """The circle of the page: less spread, larger curvatures, no escape."""
    shown = stall.compute(seeds=range(3), steps=120)
    recipe, ours = shown.escaped
    assert recipe == 0
    assert ours == 3
    assert shown.spread[0, -1] < 1e-6 * np.nanmax(shown.spread[0])
    assert shown.over[0, -1] > 1e3 * shown.over[1, -1]


def test_pure_noise_does_not_carry_it_away():
    """In one dimension steps die out; in fifteen the bound makes them, and without it they grow."""
    shown = pure_noise.compute(seeds=range(5), dimensions=(1, 15), steps=1000)
    p = OGRParameters()
    assert shown.diverged.sum() == 0
    assert shown.length[0, -1] < 1e-3 * p.first
    # The bound where the window of the recent steps begins.
    begun = 1000 - pure_noise.WINDOW
    assert shown.length[1, -1] < p.reach * p.first / (1.0 + begun / p.fade)
    # The steps of the bound with their correlations, summed to where they no longer count.
    k = np.arange(20_000)
    steps = p.reach * p.first / (1.0 + k / p.fade)
    alike = sum(
        (2.0 - (lag == 0)) * (1.0 - p.gamma) ** lag * (steps[: k.size - lag] @ steps[lag:])
        for lag in range(60)
    )
    assert 0.9 * shown.farthest < math.sqrt(alike) < shown.farthest * (1.0 + 1.0 / p.fade)
    assert np.median(shown.distance[1, 2]) < 2.0 * shown.farthest
    free = [pure_noise.walk(15, seed, 1000, reach=np.inf)[0] for seed in range(5)]
    largest = [np.linalg.norm(path, axis=1).max() for path in free]
    assert np.median(largest) > 10.0 * shown.distance[1, 2].max()
