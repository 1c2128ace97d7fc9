"""Figure 1 of [D]: 2-D Beale, noise 0.1, 30 steps, the mean of 15 final values.

A published mean is one draw with a seed that nobody knows. It lies *inside* the reproduced
distribution if its rank among the means of our seeds is neither within the lowest nor within the
highest half per cent: a draw from the same program falls outside once in a hundred times.
"""

import itertools

import numpy as np
import pytest

import refimpl
from refimpl import functions

pytestmark = [pytest.mark.numerics, pytest.mark.compiled]

SEEDS = 1000
TAIL = 0.005
# The program's loops: x over -1, 0, 1 outside, y over -2 .. 2 inside; the caption has them swapped.
PROGRAM = np.array(list(itertools.product(range(-1, 2), range(-2, 3))), dtype=float)
CAPTION = np.array(list(itertools.product(range(-2, 3), range(-1, 2))), dtype=float)
PUBLISHED = {"fogr": 0.0179328, "momentum": 1.04891, "adam": 0.473392}
SETTINGS = {
    "fogr": {"beta": 0.5, "gamma": 0.9, "div": 1.5, "cut": 10.0},
    "momentum": {"gamma": 0.5, "alpha": 0.017},
    "adam": {"alpha": 0.4, "beta1": 0.8, "beta2": 0.9, "eps": 1e-8},
}


def means(name, starts, **changes):
    """Mean of the final values for each seed; infinite where a run diverged, and so counted."""
    final = refimpl.lattice(
        functions.beale,
        name,
        starts=starts,
        steps=30,
        noise=0.1,
        seeds=range(SEEDS),
        **(SETTINGS[name] | changes),
    )
    assert final.shape == (SEEDS, 15)
    return final.mean(axis=1)


def rank(published, drawn):
    """Share of the drawn means below the published one."""
    return np.mean(drawn < published)


def inside(published, drawn):
    return TAIL < rank(published, drawn) < 1 - TAIL


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_mean_is_one_of_ours(name):
    """On the lattice of the program; negative control: half the published mean is not."""
    drawn = means(name, PROGRAM)
    assert inside(PUBLISHED[name], drawn)
    assert not inside(0.5 * PUBLISHED[name], drawn)


def test_lattice_of_the_caption_does_not_fit():
    """There fOGR's means lie elsewhere: the published one is not among them."""
    assert not inside(PUBLISHED["fogr"], means("fogr", CAPTION))


def test_larger_learning_rate_of_momentum():
    """The figure remarks that at 0.018 one start goes to infinity: under nearly every seed it does.

    At the published 0.017 a tenth of the seeds lose one.
    """
    lost = [np.mean(np.isinf(means("momentum", PROGRAM, alpha=a))) for a in (0.017, 0.018)]
    assert lost[0] < 0.2
    assert lost[1] > 0.98
