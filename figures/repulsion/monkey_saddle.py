"""The monkey saddle, where the Hessian vanishes: who leaves, and how long it takes."""

from typing import NamedTuple

import numpy as np

from refimpl import functions

from .. import style
from .repulsion import COLORS, RULES, path, step

REACH = 1.0
FAR = 0.5  # who is as far from the saddle has left


class Monkey(NamedTuple):
    """Paths from a ring around the saddle, and escape times over the distance of the start."""

    x: np.ndarray  # (n,), coordinates of the contours, the same in both directions
    value: np.ndarray  # (n, n)
    paths: np.ndarray  # (rules, starts, steps + 1, 2)
    distance: np.ndarray  # (m,), of the start, on a falling axis
    steps: np.ndarray  # (curves, m), NaN where it does not leave
    predicted: np.ndarray  # (curves, m)
    limit: int
    alpha: float
    cut: float


# The last curve is the saddle-free step with a cut.
CURVES = ("gradient descent", "Newton", "saddle-free", "saddle-free with cut")


def leave(curve, function, distance, alpha, cut, limit):
    """Steps from ``(-distance, 0)`` until it is `FAR` away; NaN if that takes over `limit`."""
    x = np.array([-distance, 0.0])
    rule = curve.removesuffix(" with cut")
    for count in range(limit):
        if np.abs(x).max() >= FAR:
            return count
        x = x + step(rule, function, x, cut=cut if curve.endswith("cut") else 0.0, alpha=alpha)
    return np.nan


DISTANCES = tuple(10.0 ** -np.arange(1.0, 5.0))


def compute(steps=25, alpha=0.1, cut=0.6, distances=DISTANCES, n=121):
    """Follow the rules from a ring, and count steps from ever nearer starts.

    On the falling axis, at distance `r`, the gradient is ``3 r^2`` and the Hessian has the moduli
    ``6 r``. Gradient descent moves by ``3 alpha r^2``, so the time is about
    ``(1/distance - 1/FAR) / (3 alpha)``; the saddle-free step by ``r/2``, a factor 3/2 a step;
    with a cut by ``3 r^2 / cut`` until ``6 r`` passes it; Newton by ``r/2`` toward the saddle.

    Parameters
    ----------
    steps : int
    alpha : float
    cut : float
        Of the saddle-free step, in the units of the Hessian.
    distances : sequence of float
    n : int
        Of the grid for the contours.

    Returns
    -------
    Monkey
    """
    function = functions.monkey_saddle
    x = np.linspace(-REACH, REACH, n)
    value = np.array([[function.value((u, v)) for u in x] for v in x])
    turn = 2.0 * np.pi * (np.arange(12) + 0.25) / 12
    ring = 0.15 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    paths = np.array(
        [[path(rule, function, at, steps, alpha=alpha) for at in ring] for rule in RULES]
    )
    distance = np.array(distances)
    limit = int(2.0 / (3.0 * alpha * distance.min()))
    counts = [
        [
            leave(curve, function, r, alpha, cut, limit if curve != "Newton" else 200)
            for r in distance
        ]
        for curve in CURVES
    ]
    # Where the modulus 6 r passes the cut, it ceases to bound the step.
    edge = cut / 6.0
    predicted = [
        (1.0 / distance - 1.0 / FAR) / (3.0 * alpha),
        np.full(distance.size, np.inf),
        np.log(FAR / distance) / np.log(1.5),
        np.maximum(0.0, 1.0 / distance - 1.0 / edge) * cut / 3.0
        + np.log(FAR / np.maximum(edge, distance)) / np.log(1.5),
    ]
    return Monkey(
        x=x,
        value=value,
        paths=paths,
        distance=distance,
        steps=np.array(counts, dtype=float),
        predicted=np.array(predicted),
        limit=limit,
        alpha=alpha,
        cut=cut,
    )


@style.use()
def draw(data):
    """Four portraits above, the escape times below."""
    figure = style.Figure(figsize=(7.2, 5.2))
    grid = figure.add_gridspec(2, 4, height_ratios=(1.0, 1.45))
    for k, (rule, color) in enumerate(zip(RULES, COLORS, strict=True)):
        ax = figure.add_subplot(grid[0, k])
        ax.contour(
            data.x,
            data.x,
            data.value,
            levels=np.linspace(-1.05, 1.05, 15),
            colors=style.GREY,
            linewidths=0.6,
            linestyles="solid",
            alpha=0.5,
        )
        for positions in data.paths[k]:
            ax.plot(*positions.T, color=color, linewidth=1.1, marker=".", markersize=3)
        ax.plot(0.0, 0.0, color=style.GREY, marker="x", markersize=8, markeredgewidth=2)
        ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=[], yticks=[])
        ax.grid(False)
        ax.set_title(rule, color=color, fontsize=10)
    ax = figure.add_subplot(grid[1, :])
    looks = ((COLORS[0], "s"), (COLORS[1], "^"), (COLORS[2], "o"), ("#0b8ea3", "D"))
    for k, (curve, (color, marker)) in enumerate(zip(CURVES, looks, strict=True)):
        if np.isnan(data.steps[k]).all():
            ax.plot([], [], color=color, label=f"{curve}: never leaves")
            continue
        ax.plot(data.distance, data.predicted[k], color=color, linewidth=1.2)
        label = f"{curve} {data.cut:g}" if curve.endswith("cut") else curve
        ax.plot(
            data.distance, data.steps[k], color=color, marker=marker, linestyle="none", label=label
        )
    ax.plot([], [], color=style.GREY, linewidth=1.2, label="predicted")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="distance of the start from the saddle",
        ylabel=f"steps until distance {FAR:g}",
    )
    ax.legend(loc="upper right", ncols=2)
    return figure


def alt(data):
    """What the picture shows, in words."""
    gradient, _, free, cut = data.steps
    return (
        "Above, four portraits of the monkey saddle with paths from a ring around it: gradient "
        "descent, the saddle-free step and the row-sum bound leave through the three valleys, "
        "Newton goes straight to the saddle. Below, steps until distance "
        f"{FAR:g} over the distance of the start, both logarithmic, with predicted lines. From "
        f"{data.distance[-1]:g}: gradient descent {gradient[-1]:.0f}, saddle-free {free[-1]:.0f}, "
        f"saddle-free with cut {data.cut:g} {cut[-1]:.0f}; from {data.distance[0]:g}: "
        f"{gradient[0]:.0f}, {free[0]:.0f}, {cut[0]:.0f}. Newton halves the distance at each step "
        "and never leaves."
    )
