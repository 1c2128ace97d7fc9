"""fOGR on the lattice of Figure 4, against the same program as a plain NumPy loop.

Not part of the usual test run. On request::

    python tests/benchmarks/bench_lattice.py

343 starts, 50 steps, noise 0.1, one seed, one thread. The rival is what one would write first:
NumPy arrays, `scipy.linalg.solve_continuous_lyapunov`, `numpy.linalg.eigh`, one step after
another. The package runs once in lanes, as it does by itself, and once by the readable driver. All
sides are timed in turns within this run and give the same values, which is checked; the medians of
the ratios are the result, seconds are for orientation.

The second table shows what a step costs with few runs and with many: lanes that find no run are
idle.
"""

import functools
import itertools
import statistics
import time

import numpy as np
import scipy.linalg

import refimpl
from refimpl import functions
from refimpl.runs import execute

STARTS = np.array(list(itertools.product(range(-3, 4), repeat=3)), dtype=float)
STEPS, NOISE, REPETITIONS = 50, 0.1, 5
SETTING = {"beta": 0.5, "gamma": 0.6, "div": 1.5, "cut": 10.0}


def value(x):
    u, v, w = x
    return sum(
        (c - t + t * v**k) ** 2 for t in (u, w) for c, k in ((1.5, 1), (2.25, 2), (2.625, 3))
    )


def gradient(x):
    u, v, w = x
    g = np.zeros(3)
    for i, t in ((0, u), (2, w)):
        for c, k in ((1.5, 1), (2.25, 2), (2.625, 3)):
            r = c - t + t * v**k
            g[i] += 2 * r * (v**k - 1)
            g[1] += 2 * r * t * k * v ** (k - 1)
    return g


def plain(seed, starts, steps, beta, gamma, div, cut):
    """Final values of fOGR from each start, one generator through all of them."""
    generator = np.random.default_rng(seed)
    final = []
    for theta in starts:
        mean_theta, mean_g, m = np.zeros(3), np.zeros(3), np.zeros(3)
        C, B = np.eye(3), np.zeros((3, 3))
        for _ in range(steps):
            g = gradient(theta) + NOISE * generator.standard_normal(3)
            mean_theta = mean_theta + beta * (theta - mean_theta)
            mean_g = mean_g + beta * (g - mean_g)
            m = m + gamma * (g - m)
            C = C + beta * (np.outer(theta - mean_theta, theta - mean_theta) - C)
            B = B + beta * (np.outer(g - mean_g, theta - mean_theta) - B)
            H = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
            values, E = np.linalg.eigh(0.5 * (H + H.T))
            theta = theta - E @ ((E.T @ m) / np.maximum(div * np.abs(values), cut))
        final.append(value(theta))
    return np.array(final)


def compiled(seeds, starts, steps):
    return refimpl.lattice(
        functions.beale3, "fogr", starts=starts, steps=steps, noise=NOISE, seeds=seeds, **SETTING
    )


def by_the_readable_driver(seeds, starts, steps):
    """The same, each run by itself."""
    in_lanes, execute.in_lanes = execute.in_lanes, lambda *_: False
    try:
        return compiled(seeds, starts, steps)
    finally:
        execute.in_lanes = in_lanes


def timed(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def summary(name, ratios):
    print(
        f"{name:<28}{statistics.median(ratios):6.1f}   "
        f"(from {min(ratios):.1f} to {max(ratios):.1f} in {len(ratios)} turns)"
    )


def main():
    # All are warm and agree: after 8 steps chaos has not yet grown from the rounding.
    near = STARTS[np.abs(STARTS).max(axis=1) <= 1]
    with np.errstate(all="ignore"):
        expected = plain(0, near, 8, **SETTING)
    np.testing.assert_allclose(compiled([0], near, 8)[0], expected, rtol=1e-6)
    seeds = range(20)
    np.testing.assert_array_equal(
        compiled(seeds, STARTS, STEPS), by_the_readable_driver(seeds, STARTS, STEPS)
    )

    steps = len(STARTS) * STEPS
    loop, single, lanes = [], [], []
    for _ in range(REPETITIONS):
        with np.errstate(all="ignore"):
            loop.append(timed(lambda: plain(0, STARTS, STEPS, **SETTING)) / steps)
        for times, side in ((single, by_the_readable_driver), (lanes, compiled)):
            call = functools.partial(side, seeds, STARTS, STEPS)
            times.append(timed(call) / (steps * len(seeds)))
    for name, times in (("NumPy loop", loop), ("readable driver", single), ("in lanes", lanes)):
        print(f"{name:<28}{1e6 * statistics.median(times):6.2f} us a step")
    summary("NumPy loop / readable driver", [a / b for a, b in zip(loop, single, strict=True)])
    summary("NumPy loop / in lanes", [a / b for a, b in zip(loop, lanes, strict=True)])
    summary("readable driver / in lanes", [a / b for a, b in zip(single, lanes, strict=True)])

    print("\n runs   readable driver   in lanes   us a step")
    for runs in (8, 16, 64, 343, 3430):
        some = [range(max(1, runs // 343)), np.resize(STARTS, (min(runs, 343), 3)), STEPS]
        columns = []
        for side in (by_the_readable_driver, compiled):
            times = [timed(functools.partial(side, *some)) for _ in range(REPETITIONS)]
            columns.append(1e6 * statistics.median(times) / (runs * STEPS))
        print(f"{runs:5}{columns[0]:18.2f}{columns[1]:11.2f}")


if __name__ == "__main__":
    main()
