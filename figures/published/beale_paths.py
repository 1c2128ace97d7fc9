"""Fifteen descents on Beale's function by three methods, side by side."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions

from .. import style
from .figure1 import LABELS, METHODS, NOISE, PROGRAM, STEPS

X_RANGE, Y_RANGE = (-2.4, 4.4), (-2.7, 2.7)


class Paths(NamedTuple):
    """Paths of each method from each start, and the function under them."""

    methods: tuple
    path: list  # for each method, for each start: (steps made + 1, 2)
    final: np.ndarray  # (methods, starts), final values; inf for a diverged run
    x: np.ndarray
    y: np.ndarray
    value: np.ndarray  # (y, x)


def compute(seed=0):
    """The runs of Figure 1 of [D] under one seed, with their paths.

    One noise stream runs through all starts of a method, as in `refimpl.lattice`.

    Parameters
    ----------
    seed : int

    Returns
    -------
    Paths
    """
    paths, final = [], np.empty((len(METHODS), len(PROGRAM)))
    for m, (method, hyperparameters) in enumerate(METHODS.items()):
        rng = np.random.default_rng(seed)
        runs = [
            refimpl.minimize(
                functions.beale,
                start,
                method=method,
                steps=STEPS,
                noise=NOISE,
                seed=rng,
                **hyperparameters,
            )
            for start in PROGRAM
        ]
        paths.append([run.path for run in runs])
        final[m] = [run.fun for run in runs]
    x, y = np.linspace(*X_RANGE, 221), np.linspace(*Y_RANGE, 175)
    # The text of the value reads x[0] and x[1] alone: they may be whole grids.
    value = functions.beale.value.text(np.stack(np.meshgrid(x, y)), functions.beale.data)
    return Paths(tuple(METHODS), paths, final, x, y, value)


@style.use()
def draw(data):
    """A panel for each method over logarithmically spaced contours."""
    figure, axes = style.subplots(
        1, len(data.methods), width=9.0, height=2.85, sharey=True, squeeze=False
    )
    minimum, saddle = functions.beale.minima[0], functions.beale.saddles[0]
    for method, paths, final, ax in zip(data.methods, data.path, data.final, axes[0], strict=True):
        color = style.look(method).color
        ax.contour(
            data.x,
            data.y,
            data.value,
            levels=10.0 ** np.arange(-2.0, 4.6, 0.5),
            colors=style.GREY,
            linewidths=0.6,
            alpha=0.55,
        )
        for path in paths:
            ax.plot(*path.T, color=color, linewidth=1.0, alpha=0.85)
            ax.plot(*path[0], color=color, marker="o", markersize=3, fillstyle="none")
            ax.plot(*path[-1], color=color, marker="o", markersize=4.5, linestyle="none")
        ax.plot(*saddle, color=style.GREY, marker="x", markersize=8, markeredgewidth=2, zorder=5)
        ax.plot(
            *minimum,
            color=style.GREY,
            marker="*",
            markersize=15,
            markeredgewidth=1.6,
            fillstyle="none",
            zorder=5,
        )
        ax.set(xlim=X_RANGE, ylim=Y_RANGE, xlabel="x", aspect="equal")
        ax.grid(False)
        ax.set_title(f"{LABELS[method]}: mean {_mean(final)}", color=color, fontsize=12)
    axes[0, 0].set_ylabel("y")
    axes[0, 0].annotate("saddle", saddle, (7, 6), textcoords="offset points")
    axes[0, 0].annotate("minimum", minimum, (0, 10), textcoords="offset points", ha="center")
    return figure


def _mean(final):
    diverged = int(np.sum(np.isinf(final)))
    return f"infinite ({diverged} diverged)" if diverged else f"{final.mean():.3g}"


def alt(data):
    """What the picture shows, in words."""
    means = ", ".join(
        f"{_mean(final)} for {LABELS[m]}" for m, final in zip(data.methods, data.final, strict=True)
    )
    near = np.sum(data.final < 0.1, axis=1)
    counts = ", ".join(
        f"{count} by {LABELS[m]}" for m, count in zip(data.methods, near, strict=True)
    )
    return (
        f"Three panels of contours of Beale's function with {data.final.shape[1]} descents of "
        f"{STEPS} noisy steps each, by momentum, Adam and fOGR, from starts around the saddle at "
        f"(0, 1) toward the minimum at (3, 0.5). Mean final values: {means}. Below 0.1 end: "
        f"{counts}. Long steps leave the window and return."
    )


def save(path, seed=0):
    """Write the picture, as the README shows it, to `path` (svg, png or pdf), and return the path.

    Raises
    ------
    figures.FolderError
        If it cannot be written there.
    """
    from .. import write

    return write(draw(compute(seed)), path)
