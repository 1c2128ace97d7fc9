"""How the cost grows: exponents over three decades, fitted to the medians."""

import statistics

import numpy as np

import refimpl
from refimpl import functions
from refimpl.optimizers import streamed

from .row import Row, spent


def exponent(name, cost, sizes, turns, reach=""):
    """The slope of the logarithms, and the least and largest of those between neighbours."""
    times = [statistics.median(cost(size) for _ in range(turns)) for size in sizes]
    x, y = np.log(sizes), np.log(times)
    slope = np.polyfit(x, y, 1)[0]
    between = np.diff(y) / np.diff(x)
    return Row(f"exponent of the cost in {name}", slope, between.min(), between.max(), turns, reach)


def streamed_step(D, d):
    """Seconds of a step, its gradient made outside the clock."""
    stepper = streamed.start(np.ones(D), "online_sfn", dimension=d)
    gradient = np.linspace(1.0, 2.0, D)
    for _ in range(2):
        stepper.step(gradient)
    repetitions = max(2, 2_000_000 // D // d)
    return spent(lambda: [stepper.step(gradient) for _ in range(repetitions)]) / repetitions


def lattice(runs):
    """Seconds of so many runs."""
    given = {"starts": np.ones((runs, 3)), "steps": 100, "noise": 0.1, "seeds": [0]}
    return spent(lambda: refimpl.lattice(functions.beale3, "sogr", **given))


def rows(quick):
    """In dimensions, directions and runs."""
    turns, most = (3, 10**5) if quick else (5, 10**6)
    lattice(10)
    D = np.unique(np.geomspace(most / 1000, most, 7).astype(int))
    yield exponent("D, online_sfn, d = 2", lambda n: streamed_step(n, 2), D, turns, "1.0")
    d = [2, 4, 8, 16] if quick else [2, 4, 8, 16, 32, 64]
    yield exponent("d, online_sfn", lambda n: streamed_step(most, n), d, turns, "1.0")
    runs = [10, 100, 1_000] if quick else [10, 100, 1_000, 10_000]
    yield exponent("runs of a lattice, sogr", lattice, runs, turns, "1.0")
