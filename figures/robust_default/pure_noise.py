"""What the robust default does where there is nothing but noise: it walks, and comes to rest."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions, optimizers

from .. import style

DIMENSIONS = (1, 2, 15, 100)
COLORS = (style.BLUE, "#0a8f6c", style.AMBER, style.RED)
DASHES = ("-", style.LONG, style.BROKEN, style.SPARSE)
# The start is the origin, so that the root mean square of its coordinates is below 1.
FIRST = optimizers.get("ogr").defaults["first"]
WINDOW = 30  # steps that a length of steps is averaged over
SHORTEST = 1e-8  # that is drawn to scale


class Noise(NamedTuple):
    """Runs on a function that is 0 everywhere, all gradients being noise of deviation 1."""

    dimensions: tuple
    step: np.ndarray  # (k,), numbers of steps
    distance: np.ndarray  # (dimensions, 3, k): median, decile 90 % and maximum, from the start
    length: np.ndarray  # (dimensions, k), median root mean square of the last `WINDOW` steps
    diverged: np.ndarray  # (dimensions,), runs
    runs: int
    first: float  # length of the first step


def walk(D, seed, steps, **hyperparameters):
    """The path of one run, and whether it diverged."""
    nothing = functions.quadratic(np.zeros(D))
    run = refimpl.minimize(
        nothing,
        np.zeros(D),
        method="ogr",
        steps=steps,
        noise=1.0,
        seed=seed,
        progress=False,
        **hyperparameters,
    )
    return run.path, run.diverged


def compute(seeds=range(20), dimensions=DIMENSIONS, steps=3000):
    """Distances and step lengths of all runs, at numbers of steps that grow geometrically.

    Parameters
    ----------
    seeds : iterable of int
    dimensions : sequence of int
    steps : int

    Returns
    -------
    Noise
    """
    at = np.unique(np.geomspace(1, steps, 60).astype(int))
    seeds = tuple(seeds)
    distance = np.empty((len(dimensions), 3, at.size))
    length = np.empty((len(dimensions), at.size))
    diverged = np.zeros(len(dimensions), dtype=int)
    for n, D in enumerate(dimensions):
        far, moved = np.full((2, len(seeds), at.size), np.inf)
        for s, seed in enumerate(seeds):
            path, lost = walk(D, seed, steps)
            diverged[n] += lost
            square = np.sum(np.diff(path, axis=0) ** 2, axis=1)
            sums = np.concatenate(([0.0], np.cumsum(square)))
            inside = at < len(path)
            t = at[inside]
            since = np.maximum(t - WINDOW, 0)
            far[s, inside] = np.linalg.norm(path[t], axis=1)
            moved[s, inside] = np.sqrt((sums[t] - sums[since]) / (t - since))
        distance[n] = np.quantile(far, (0.5, 0.9, 1.0), axis=0, method="inverted_cdf")
        length[n] = np.quantile(moved, 0.5, axis=0, method="inverted_cdf")
    return Noise(tuple(dimensions), at, distance, length, diverged, len(seeds), FIRST)


@style.use()
def draw(data):
    """Left the distance from the start, right the length of the steps."""
    figure, axes = style.subplots(1, 2, height=3.8)
    for n, D in enumerate(data.dimensions):
        middle, _, largest = data.distance[n]
        color, dashes = COLORS[n % 4], DASHES[n % 4]
        axes[0].plot(data.step, middle, color=color, linestyle=dashes, label=f"D = {D}")
        axes[0].fill_between(data.step, middle, largest, color=color, alpha=0.13, linewidth=0)
        shown = np.maximum(data.length[n], SHORTEST)
        axes[1].plot(data.step, shown, color=color, linestyle=dashes)
    axes[0].set(
        xscale="log",
        yscale="log",
        xlabel="step",
        ylabel="distance from the start",
        title="median, and up to the largest",
    )
    axes[1].set(
        xscale="log", yscale="log", xlabel="step", title="length of the recent steps, median"
    )
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def alt(data):
    """What the picture shows, in words."""
    said = "; ".join(
        f"D = {D}: median {data.distance[n, 0, -1]:.2g}, largest {data.distance[n, 2].max():.3g}, "
        f"steps of {data.length[n, -1]:.2g}"
        for n, D in enumerate(data.dimensions)
        if not data.diverged[n]
    )
    return (
        f"Distance from the start and length of the steps, on logarithmic axes, where all "
        f"gradients are noise, over {data.step[-1]} steps and {data.runs} seeds. At the end: "
        f"{said}. Of all runs {data.diverged.sum()} diverged; the first step is "
        f"{data.first:g} long."
    )
