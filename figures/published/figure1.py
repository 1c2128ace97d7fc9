"""Figure 1 of [D] as what it is: one draw from a distribution over seeds."""

import itertools
from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import refimpl
from refimpl import functions

from .. import style

STEPS, NOISE = 30, 0.1
METHODS = {
    "momentum": {"alpha": 0.017, "gamma": 0.5},
    "adam": {"alpha": 0.4, "beta1": 0.8, "beta2": 0.9, "eps": 1e-8},
    "fogr": {"beta": 0.5, "gamma": 0.9, "div": 1.5, "cut": 10.0},
}
LABELS = {"momentum": "momentum", "adam": "Adam", "fogr": "fOGR"}
# Means of the 15 final values that [D] prints.
PUBLISHED = {"momentum": 1.04891, "adam": 0.473392, "fogr": 0.0179328}


def _grid(x, y):
    return np.array(list(itertools.product(x, y)), dtype=np.float64)


# [D]'s program and [D]'s caption exchange the two ranges.
LATTICES = {
    "the program's loops": _grid(range(-1, 2), range(-2, 3)),
    "the caption's lattice": _grid(range(-2, 3), range(-1, 2)),
}
PROGRAM = LATTICES["the program's loops"]
BEYOND = 1e3  # no larger mean is drawn to scale


class Draws(NamedTuple):
    """Mean of the 15 final values for each seed; `inf` where a run diverged."""

    methods: tuple
    lattices: tuple
    mean: np.ndarray  # (lattices, methods, seeds)
    published: np.ndarray  # (methods,)
    quantile: np.ndarray  # (lattices, methods), share of seeds at or below the published draw
    infinite: np.ndarray  # (lattices, methods), count of infinite means


def compute(seeds=range(1000), threads=1):
    """Every method from both lattices under every seed.

    Parameters
    ----------
    seeds : iterable of int
    threads : int

    Returns
    -------
    Draws
    """
    mean = np.array(
        [
            [
                refimpl.lattice(
                    functions.beale,
                    method,
                    starts=starts,
                    steps=STEPS,
                    noise=NOISE,
                    seeds=seeds,
                    threads=threads,
                    progress=False,
                    **hyperparameters,
                ).mean(axis=1)
                for method, hyperparameters in METHODS.items()
            ]
            for starts in LATTICES.values()
        ]
    )
    published = np.array([PUBLISHED[method] for method in METHODS])
    return Draws(
        methods=tuple(METHODS),
        lattices=tuple(LATTICES),
        mean=mean,
        published=published,
        quantile=np.mean(mean <= published[:, None], axis=2),
        infinite=np.sum(np.isinf(mean), axis=2),
    )


@style.use()
def draw(data):
    """A panel for each method: two histograms on a common logarithmic axis."""
    figure, axes = style.subplots(
        len(data.methods), 1, height=1.35 * len(data.methods) + 0.85, sharex=True, squeeze=False
    )
    finite = data.mean[np.isfinite(data.mean)]
    shown = np.concatenate([finite, data.published])
    # A few huge means would leave no room for the rest: they are counted with the infinite ones.
    low, high = shown.min() / 1.2, min(shown.max() * 1.2, BEYOND)
    bins = np.geomspace(low, high, 81)
    seeds = data.mean.shape[2]
    looks = (
        {"histtype": "stepfilled", "alpha": 0.6, "linewidth": 0},
        {"histtype": "step", "linewidth": 1.3, "linestyle": (0, (4, 1.5))},
    )
    for m, (method, ax) in enumerate(zip(data.methods, axes[:, 0], strict=True)):
        colors = style.look(method).color, style.GREY
        for mean, color, look in zip(data.mean[:, m], colors, looks, strict=True):
            counted = mean[mean <= high]
            ax.hist(counted, bins, weights=np.full(counted.size, 1 / seeds), color=color, **look)
        ax.axvline(data.published[m], color=style.GREY, linewidth=2.4)
        ax.set(xscale="log", xlim=(low, high), yticks=[])
        ax.set_title(
            f"{LABELS[method]}: published {data.published[m]:.3g}, "
            f"{_place(data.quantile[0, m], seeds)} by the program's loops, "
            f"{_place(data.quantile[1, m], seeds)} by the caption",
            loc="left",
            fontsize=9.5,
        )
        beyond = np.sum(data.mean[:, m] > high, axis=1)
        if beyond.any():
            ax.text(
                0.012,
                0.92,
                f"infinite or beyond the axis: {beyond[0]} and {beyond[1]} of {seeds} seeds",
                transform=ax.transAxes,
                va="top",
                fontsize="small",
            )
    axes[-1, 0].set_xlabel("mean of the 15 final values")
    figure.legend(
        handles=[
            Patch(color=style.GREY, alpha=0.6, linewidth=0, label=data.lattices[0]),
            Line2D(
                [], [], color=style.GREY, linewidth=1.3, dashes=(4, 1.5), label=data.lattices[1]
            ),
            Line2D([], [], color=style.GREY, linewidth=2.4, label="published draw"),
        ],
        loc="outside lower center",
        ncols=3,
    )
    return figure


def _place(quantile, seeds):
    """Where a draw lies among `seeds` others, in words."""
    if quantile == 0.0:
        return f"below all {seeds} seeds"
    if quantile == 1.0:
        return f"above all {seeds} seeds"
    return f"quantile {quantile:.3g}"


def alt(data):
    """What the picture shows, in words."""
    seeds = data.mean.shape[2]
    words = [
        f"Histograms over {seeds} seeds of the mean of the 15 final values, on a logarithmic axis, "
        "for three methods and two sets of starts, with the published mean as a vertical line."
    ]
    for m, method in enumerate(data.methods):
        places = [
            f"{_place(data.quantile[k, m], seeds)} for {lattice}, whose median is "
            f"{np.quantile(data.mean[k, m], 0.5, method='inverted_cdf'):.3g}"
            + (f" and {data.infinite[k, m]} means infinite" if data.infinite[k, m] else "")
            for k, lattice in enumerate(data.lattices)
        ]
        words.append(f"{LABELS[method]}: published {data.published[m]:.3g}, {'; '.join(places)}.")
    return " ".join(words)
