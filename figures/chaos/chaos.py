"""Two correct programs that differ in the order of one summation, under the same noise."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl.functions import Function, beale, booth
from refimpl.runs.lattice import lattice_points

from .. import style
from ..published.figure1 import METHODS, NOISE

APART = 1e-3
WITHOUT_CUT = METHODS["fogr"] | {"cut": 0.0}


def beale_gradient(x, data):
    """Beale's gradient, its terms added from the last to the first."""
    u, v = x[0], x[1]
    a, b, c = u * v - u + 1.5, u * v * v - u + 2.25, u * v * v * v - u + 2.625
    g = np.empty(2)
    g[0] = 2.0 * (c * (v * v * v - 1.0) + b * (v * v - 1.0) + a * (v - 1.0))
    g[1] = 2.0 * u * (3.0 * v * v * c + 2.0 * v * b + a)
    return g


def booth_gradient(x, data):
    """Booth's gradient, with the constants taken off before the sum and not after it."""
    a, b = (x[0] - 7.0) + 2.0 * x[1], (2.0 * x[0] - 5.0) + x[1]
    g = np.empty(2)
    g[0] = 4.0 * b + 2.0 * a
    g[1] = 2.0 * b + 4.0 * a
    return g


def _twin(function, gradient):
    """The same function with another text of its gradient."""
    return Function(
        name=function.name,
        dimension=function.dimension,
        value=function.value.text,
        gradient=gradient,
        hessian=function.hessian.text,
        minima=function.minima,
        saddles=function.saddles,
        minimum_value=function.minimum_value,
        domain=function.domain,
        source="the same, summed in another order",
    )


# Function, its second program, method, hyperparameters, colour, dashes.
beale_twin, booth_twin = _twin(beale, beale_gradient), _twin(booth, booth_gradient)
CASES = {
    "Beale, fOGR without cut": (beale, beale_twin, "fogr", WITHOUT_CUT, style.RED, "-"),
    "Booth, fOGR without cut": (booth, booth_twin, "fogr", WITHOUT_CUT, style.AMBER, style.LONG),
    "Beale, fOGR with cut 10": (beale, beale_twin, "fogr", METHODS["fogr"], style.BLUE, "-"),
    "Booth, momentum": (booth, booth_twin, "momentum", METHODS["momentum"], style.GREY, style.LONG),
}


class Pairs(NamedTuple):
    """Distances between two programs' positions, for each case and start."""

    cases: tuple
    distance: np.ndarray  # (cases, starts, steps + 1)
    parted: np.ndarray  # (cases, starts), first step with a distance above `APART`; -1 if none
    start: np.ndarray  # (2,), of the pair drawn: the first case's start that parts in the middle
    paths: np.ndarray  # (2, steps + 1, 2), by the one program and by the other


def two_runs(one, other, method, start, steps, noise, seed, hyperparameters):
    """Paths of the two programs from one start under the same noise, shape (2, steps + 1, D).

    A run that diverged stays where it ended.
    """
    settings = {"method": method, "steps": steps, "noise": noise, "seed": seed} | hyperparameters
    paths = [refimpl.minimize(function, start, **settings).path for function in (one, other)]
    return np.array([np.pad(p, ((0, steps + 1 - len(p)), (0, 0)), mode="edge") for p in paths])


def first_above(distance, apart=APART):
    """First index along the last axis with more than `apart`, -1 if there is none."""
    above = distance > apart
    return np.where(above.any(axis=-1), above.argmax(axis=-1), -1)


def compute(radius=4, steps=300, seed=0):
    """Both programs from each start of a lattice, for each of the cases.

    Parameters
    ----------
    radius : int
        The starts are the integers from ``-radius`` to ``radius`` in both coordinates.
    steps : int
    seed : int
        Together with the number of the start it makes the noise.

    Returns
    -------
    Pairs
    """
    starts = lattice_points(radius, 2)
    paths = np.array(
        [
            [
                two_runs(one, other, method, start, steps, NOISE, (seed, i), hyperparameters)
                for i, start in enumerate(starts)
            ]
            for one, other, method, hyperparameters, _, _ in CASES.values()
        ]
    )
    distance = np.linalg.norm(paths[:, :, 0] - paths[:, :, 1], axis=-1)
    parted = first_above(distance)
    order = np.argsort(np.where(parted[0] < 0, steps + 1, parted[0]), kind="stable")
    middle = order[max(np.sum(parted[0] >= 0) - 1, 0) // 2]
    return Pairs(tuple(CASES), distance, parted, starts[middle], paths[0, middle])


@style.use()
def draw(data):
    """Above two trajectories side by side, below the distances and when they part."""
    figure, axes = style.subplots(2, 2, width=9.0, height=6.6)
    steps = data.distance.shape[2] - 1
    part = int(first_above(np.linalg.norm(data.paths[0] - data.paths[1], axis=-1)))
    part = part if part >= 0 else steps
    window = np.array([[-6.0, 6.0], [-4.0, 4.0]])
    x, y = (np.linspace(*side, 161) for side in window)
    value = beale.value.text(np.stack(np.meshgrid(x, y)), beale.data)
    words = "terms added from the first", "terms added from the last"
    for ax, path, title in zip(axes[0], data.paths, words, strict=True):
        ax.contour(
            x,
            y,
            value,
            10.0 ** np.arange(-2.0, 6.0),
            colors=style.GREY,
            linewidths=0.6,
            alpha=0.55,
        )
        common, after = path[: part + 1], path[part:]
        ax.plot(*common.T, color=style.BLUE, lw=0.9, label=f"steps 0 to {part}")
        ax.plot(*after.T, color=style.RED, lw=0.9, ls=style.LONG, label=f"steps {part} to {steps}")
        ax.plot(*path[-1], color=style.RED, marker="o", ms=7, label="end")
        ax.plot(*beale.minima[0], color=style.AMBER, marker="*", ms=11, ls="none")
        ax.set(xlim=window[0], ylim=window[1], title=title)
        ax.grid(False)
    axes[0, 0].legend(loc="lower left")
    left, right = axes[1]
    t = np.arange(steps + 1)
    for case, distance in zip(data.cases, data.distance, strict=True):
        color, dashes = CASES[case][4:]
        # Equal positions have distance 0; the axis begins below the last digit of 1.
        low, middle, high = np.maximum(np.quantile(distance, (0.1, 0.5, 0.9), axis=0), 1e-17)
        left.plot(t, middle, color=color, ls=dashes, label=case)
        left.fill_between(t, low, high, color=color, alpha=0.15, lw=0)
    left.axhline(APART, color=style.GREY, lw=0.9)
    left.set(yscale="log", xlabel="step", ylabel="distance", ylim=(1e-17, 1e4), xlim=(0, steps))
    left.set_title("distance: median and deciles")
    bins = np.arange(0, steps + 1, max(steps // 20, 1))
    for case, parted, hatch in zip(data.cases, data.parted, ("", "////", "", ""), strict=True):
        color = CASES[case][4]
        right.hist(
            parted[parted >= 0],
            bins,
            histtype="stepfilled",
            facecolor="none" if hatch else color,
            edgecolor=color,
            alpha=0.8 if hatch else 0.45,
            hatch=hatch,
            label=f"{case}: {np.sum(parted >= 0)} of {parted.size}",
        )
    right.set(xlabel="step", ylabel="runs", xlim=(0, steps))
    right.set_title(f"step at which a distance of {APART:g} is passed")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    right.legend(loc="upper left", fontsize=7.5)
    right.set_ylim(0, 1.45 * right.get_ylim()[1])
    return figure


def alt(data):
    """What the picture shows, in words."""
    steps = data.distance.shape[2] - 1
    parts = []
    for case, distance, parted in zip(data.cases, data.distance, data.parted, strict=True):
        n = np.sum(parted >= 0)
        parts.append(
            f"{case}: {n} of {parted.size} pairs part"
            + (f", the median one at step {np.median(parted[parted >= 0]):.0f}" if n else "")
            + f"; the median distance at the end is {np.median(distance[:, -1]):.1g}"
        )
    return (
        "Four panels. Above: trajectories of two programs that add the terms of Beale's gradient "
        f"in opposite order, from the start ({data.start[0]:g}, {data.start[1]:g}) under the same "
        f"noise; they coincide at first and end in different places. Below: distances over {steps} "
        f"steps on a logarithmic axis, and histograms of the step at which {APART:g} is passed. "
        f"{'. '.join(parts)}."
    )
