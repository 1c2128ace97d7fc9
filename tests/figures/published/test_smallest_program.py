"""The smallest program of [D], which uses no random number."""

import numpy as np
import pytest

from tests.optimizers.test_family import smallest_program as scalar_program

pytest.importorskip("matplotlib")

from figures import style
from figures.published import smallest_program

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(float).eps


@pytest.fixture(scope="module")
def program():
    return smallest_program.compute(runs=20)


def test_stable_values_are_those_of_another_program():
    """In scalar Python, where every operation rounds in its own way.

    A stable value moved by at most a thousandth under one rounding of each start; a program that
    rounds everywhere may move it some ten times as far. Negative control: the others do not agree.
    """
    data = smallest_program.compute()
    off = np.abs(np.log(data.final) - np.log(scalar_program(lambda: 0.0)))
    assert data.stable.sum() >= 20
    assert off[data.stable].max() < 10 * smallest_program.STABLE
    assert off[~data.stable].max() > 0.1


def test_bounds_are_over_all_runs(program):
    everything = [program.final, *program.perturbed]
    np.testing.assert_array_equal(program.low, np.min(everything, axis=0))
    np.testing.assert_array_equal(program.high, np.max(everything, axis=0))
    np.testing.assert_array_equal(program.stable, program.high - program.low <= 1e-3 * program.low)


def test_the_first_runs_are_stable(program):
    """They begin in the same state but for rounding, before anything chaotic has happened."""
    assert program.stable[:10].all()
    assert program.final.shape == (49,)
    assert program.starts[1].tolist() == [-3.0, -2.0]


def test_a_nudge_is_one_rounding_unit():
    starts = smallest_program.STARTS
    moved = smallest_program.nudged(starts, np.random.default_rng(0)) - starts
    # Of a float in [1, 2), and twice that in [2, 4).
    unit = np.where(np.abs(starts) < 2.0, EPS, 2.0 * EPS)
    np.testing.assert_array_equal(np.abs(moved), unit)


def test_every_value_is_drawn_with_its_bar(program):
    figure = smallest_program.draw(program)
    (ax,) = figure.axes
    drawn = np.concatenate([line.get_ydata() for line in ax.lines])
    np.testing.assert_array_equal(np.sort(drawn), np.sort(program.final))
    bars = np.concatenate([[s[:, 1] for s in c.get_segments()] for c in ax.collections])
    np.testing.assert_allclose(np.sort(bars[:, 0]), np.sort(program.low))
    words = smallest_program.alt(program)
    assert f"{program.stable.sum()} are stable" in words
    style.render(figure)


def test_words_when_everything_is_stable():
    one = np.ones(3)
    data = smallest_program.Program(np.zeros((3, 2)), one, one[None], one, one, one > 0)
    assert smallest_program.alt(data).endswith("3 are stable.")
    style.render(smallest_program.draw(data))
