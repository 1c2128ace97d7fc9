"""What an ensemble is there to tell: one step more or less, and a fifth more noise."""

import math

import numpy as np
import pytest

from refimpl import vectors
from refimpl.verify import compare

pytestmark = pytest.mark.numerics

ENSEMBLES = [case for case in vectors.load("trajectories").cases if case.op == vectors.ENSEMBLE]
# By how much the worst quantity is beyond the limit of the comparator.
POWER = 1.25


def number(part):
    return [number(entry) for entry in part] if isinstance(part, list) else float.fromhex(part)


def ends(case, noise, factors=1.0):
    """The answer of a program, all runs side by side, with its own noise for each run."""
    inputs, params = case.inputs, {k: float.fromhex(v) for k, v in case.params.items()}
    bend, c = np.array(number(inputs["data"]["spectrum"])), number(inputs["data"]["c"])
    theta, m, moved = np.array(number(inputs["starts"])), 0.0, 0.0
    for row in noise:
        g = theta * (bend + c * theta * theta) + factors * row
        m = g if case.method == "sgd" else m + params["gamma"] * (g - m)
        step = -params["alpha"] * m
        theta, moved = theta + step, moved + (step * step).sum(axis=1)
    value = (0.5 * bend * theta**2 + 0.25 * c * theta**4).sum(axis=1)
    found = {"value": value, "theta": theta, "moved": moved / len(noise)}
    return {name: part.tolist() for name, part in found.items()}


def worst(case, answer):
    """The largest distance of distributions, in units of what is accepted."""
    judged = compare.judge(case, answer, compare.BINARY64)
    assert [one.field for one in judged] == ["value", "theta", "moved"]
    return max(one.in_units for one in judged)


@pytest.fixture(params=ENSEMBLES, ids=lambda case: case.method)
def case(request):
    return request.param


@pytest.fixture
def noise(case):
    return np.array(number(case.inputs["noise"]))


def test_a_right_program_passes_whatever_its_rounding(case, noise):
    """Negative control: its runs are lost after some sixty steps, their distribution is not."""
    assert worst(case, ends(case, noise)) < 0.5
    other = ends(case, noise * (1.0 + 1e-14))
    assert worst(case, other) < 0.5
    near = np.abs(np.array(other["theta"]) - np.array(ends(case, noise)["theta"]))
    # They are not the same runs: nothing but the distribution can be compared.
    assert np.median(near) > 1e-3


def test_one_step_more_or_less_is_told(case, noise):
    assert worst(case, ends(case, noise[:-1])) > POWER
    assert worst(case, ends(case, np.concatenate([noise, noise[:1]]))) > POWER


def test_a_fifth_more_noise_is_told(case, noise):
    assert worst(case, ends(case, 1.2 * noise)) > POWER
    half = np.where(np.arange(len(case.inputs["starts"])) % 2, 1.2, 1.0)[:, None]
    assert worst(case, ends(case, noise, half)) > POWER


def test_the_limit_is_that_of_a_right_program(case):
    """At most one right program in a million exceeds it, by Dvoretzky, Kiefer and Wolfowitz."""
    n = len(case.inputs["starts"])
    limit = compare.distribution_limit(n)
    assert 2.0 * math.exp(-n * limit**2) == pytest.approx(compare.FALSE_ALARM)
