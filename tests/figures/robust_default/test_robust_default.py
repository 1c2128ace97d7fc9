"""The figures of the chapter on the robust default: its equations in numbers."""

import re

import numpy as np
import pytest

from tests.figures.figure_settings import SMALL

pytest.importorskip("matplotlib")

from figures.robust_default import pure_noise, robust_scale, stall

pytestmark = [pytest.mark.numerics, pytest.mark.once]

MODULES = {"pure_noise": pure_noise, "robust_scale": robust_scale, "stall": stall}


@pytest.fixture(scope="module")
def data():
    return {name: module.compute(**SMALL[name]) for name, module in MODULES.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_drawn_and_said(name, data):
    # Rendered with the same data in tests/figures/test_figures.py.
    assert MODULES[name].draw(data[name]).axes
    said = MODULES[name].alt(data[name])
    assert len(said) > 200
    assert not re.search(r"\b(nan|inf)\b", said)


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
    """The circle of the page: less spread, larger curvatures, no escape; most of ours escape."""
    shown = stall.compute()
    recipe, ours = shown.escaped
    assert recipe == 0
    assert ours > 0.5 * shown.seeds
    assert shown.spread[0, -1] < 1e-6 * np.nanmax(shown.spread[0])
    assert shown.over[0, -1] > 1e3 * shown.over[1, -1]


def test_pure_noise_does_not_carry_it_away():
    """Steps die out; without a bound, or with a memory that does not grow, they do not.

    Nothing here has a scale but the first step, so that it measures them all.
    """
    shown = pure_noise.compute(seeds=range(5), dimensions=(1, 15, 100), steps=1000)
    assert shown.diverged.sum() == 0
    assert np.all(shown.length[:, -1] < 0.5 * shown.first)
    assert np.all(np.diff(shown.length[:, -1]) > 0.0)  # later in more dimensions
    assert shown.length[0, -1] < 1e-3 * shown.first
    assert np.all(shown.distance[:, 2] < 100.0 * shown.first)
    free = [pure_noise.walk(15, seed, 1000, reach=np.inf)[0] for seed in range(5)]
    largest = [np.linalg.norm(path, axis=1).max() for path in free]
    assert np.median(largest) > 10.0 * shown.distance[1, 2].max()
    path, _ = pure_noise.walk(100, 0, 1000, patience=np.inf)
    assert np.linalg.norm(path, axis=1).max() > 10.0 * shown.distance[2, 2].max()
