"""The figures of the tournament: its counts, the bound of information, profiles and ablation."""

import math

import numpy as np
import pytest
import scipy.special

from tests.figures.figure_settings import SMALL

pytest.importorskip("matplotlib")

from figures.tournament import ablation, profiles, tally

pytestmark = [pytest.mark.numerics, pytest.mark.once]


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
