"""Runs as one picture: their paths over the function, and the values over the steps.

Of `refimpl run --plot`, and of the playground where no script runs.
"""

from typing import NamedTuple

import numpy as np

from . import style

# A path that goes farther, in widths of the function's domain, is cut by the window.
FARTHEST = 2.0


class Run(NamedTuple):
    """What is drawn of a run."""

    method: str
    label: str
    path: np.ndarray  # (steps + 1, D)
    values: np.ndarray  # (steps + 1,)


def window(function, runs):
    """Lower and upper limits that hold the domain and the paths, up to `FARTHEST`; two (D,)."""
    low, high = function.domain
    places = np.concatenate([run.path for run in runs])
    reach = FARTHEST * (high - low)
    return (
        np.maximum(np.minimum(low, places.min(axis=0)), low - reach),
        np.minimum(np.maximum(high, places.max(axis=0)), high + reach),
    )


def over_contours(ax, function, runs, n):
    """The paths in two dimensions, over lines of equal height in equal ratios."""
    low, high = window(function, runs)
    x, y = np.linspace(low, high, n).T
    height = np.array([[function.value((u, v)) for u in x] for v in y])
    if np.isfinite(function.minimum_value):
        levels = function.minimum_value + np.ptp(height) * 10.0 ** np.arange(-7.0, 0.0)
    else:
        levels = np.quantile(height, np.linspace(0.05, 0.95, 9))
    ax.contour(x, y, height, levels=levels, colors=style.GREY, linewidths=0.6, alpha=0.55)
    for run in runs:
        color, dashes, marker = style.look(run.method)
        ax.plot(*run.path.T, color=color, linestyle=dashes, marker=marker, markersize=3)
        ax.plot(*run.path[0], color=style.GREY, marker="o", markersize=8, fillstyle="none")
    ax.plot(*function.minima.T, color=style.GREY, marker="+", markersize=10, linestyle="none")
    ax.plot(*function.saddles.T, color=style.GREY, marker="x", markersize=8, linestyle="none")
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x", ylabel="y")
    ax.grid(False)


def over_curve(ax, function, runs, n):
    """The positions in one dimension, on the curve."""
    low, high = window(function, runs)
    x = np.linspace(low[0], high[0], n)
    ax.plot(x, [function.value((u,)) for u in x], color=style.GREY, linewidth=1.0)
    for run in runs:
        color, _, marker = style.look(run.method)
        ax.plot(run.path[:, 0], run.values, color=color, marker=marker, linestyle="none")
    ax.set(xlim=(low[0], high[0]), xlabel="x", title="the function")


@style.use()
def draw(function, runs, n=61):
    """The picture: in one and two dimensions the paths, beside them the values.

    Parameters
    ----------
    function : refimpl.functions.Function
    runs : sequence of Run
    n : int, optional
        Points of the grid under the paths, in each direction.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = {1: over_curve, 2: over_contours}.get(function.dimension)
    figure, axes = style.subplots(1, 2 if shown else 1, height=3.4, squeeze=False)
    if shown:
        shown(axes[0, 0], function, runs, n)
    ax = axes[0, -1]
    bounded = np.isfinite(function.minimum_value)
    for run in runs:
        color, dashes, _ = style.look(run.method)
        # Where it is found to the last digit nothing is left; the axis ends above.
        excess = np.maximum(run.values - function.minimum_value, 1e-17) if bounded else run.values
        height = np.where(np.isfinite(excess), excess, np.nan)
        ax.plot(height, color=color, linestyle=dashes, label=run.label)
    ax.set(yscale="log" if bounded else "symlog", xlabel="step")
    ax.set_title("value above the minimum" if bounded else "value")
    ax.legend()
    return figure
