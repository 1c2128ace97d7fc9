"""Every function of the laboratory: contours, stationary points, signs of the curvature."""

from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from refimpl import functions

from .. import style

COLUMNS = 4
# Levels cut the window into parts of equal area, the lowest ones finer: values may span decades.
SHARES = (0.01, 0.03, 0.07, 0.13, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class Panel(NamedTuple):
    """One function on a plane of its domain."""

    name: str
    plane: str  # which plane, in words; empty where the function has two variables
    side: np.ndarray  # (n,), coordinates along both axes
    value: np.ndarray  # (n, n), rows along the second axis
    negative: np.ndarray  # (n, n), number of negative eigenvalues of the Hessian, in all directions
    smallest: np.ndarray  # (n, n), smallest eigenvalue
    largest: np.ndarray  # (n, n)
    minima: np.ndarray  # (k, 2), those in the plane
    saddles: np.ndarray  # (k, 2)
    saddle_values: np.ndarray  # (k,)


# Two directions that span the plane drawn, and its name. This one holds all that is listed.
PLANES = {"beale3": (np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]), "plane $x_3 = x_1$")}


def _plane(function):
    """Origin (D,), directions (2, D) and name of the plane on which a function is drawn."""
    D = function.dimension
    if function.name in PLANES:
        directions, name = PLANES[function.name]
        return np.zeros(D), directions, name
    origin = np.zeros(D)
    if D > 2 and len(function.minima):
        origin[2:] = function.minima[0, 2:]
    return origin, np.eye(2, D), "" if D == 2 else "first two coordinates"


def _within(points, origin, directions):
    """Coordinates in the plane of those points that lie in it."""
    coordinates = (points - origin) @ np.linalg.pinv(directions)
    # Points are listed to the last digits; 1e-9 is far above their rounding.
    inside = np.abs(origin + coordinates @ directions - points).max(axis=1, initial=0.0) < 1e-9
    return coordinates[inside]


def look_at(function, n):
    """One function over its domain, on a grid of `n` by `n` points, as a `Panel`."""
    origin, directions, plane = _plane(function)
    side = np.linspace(*function.domain, n)
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    x = origin + grid @ directions
    value, hessian = function.value.kernel, function.hessian.kernel
    values = np.array([value(point, function.data) for point in x])
    spectrum = np.linalg.eigvalsh([hessian(point, function.data) for point in x])
    saddles = _within(function.saddles, origin, directions)
    return Panel(
        name=function.name,
        plane=plane,
        side=side,
        value=values.reshape(n, n),
        negative=np.sum(spectrum < 0.0, axis=1).reshape(n, n),
        smallest=spectrum[:, 0].reshape(n, n),
        largest=spectrum[:, -1].reshape(n, n),
        minima=_within(function.minima, origin, directions),
        saddles=saddles,
        saddle_values=np.array([function.value(origin + s @ directions) for s in saddles]),
    )


def compute(n=85):
    """Every function of `functions.all()` of two variables or more, over its domain.

    Parameters
    ----------
    n : int
        Points along a side of the grid.

    Returns
    -------
    tuple of Panel
    """
    return tuple(look_at(function, n) for function in functions.all().values())


def _levels(panel):
    """Heights of the contours: parts of equal area, apart by more than rounding."""
    return np.unique(np.quantile(panel.value, SHARES))


def _draw_one(ax, panel):
    side, red = panel.side, style.RED
    # Where the largest eigenvalue is negative, all are.
    for eigenvalue in (panel.smallest, panel.largest):
        if eigenvalue.min() < 0.0:
            ax.contourf(
                side,
                side,
                eigenvalue,
                levels=[2.0 * eigenvalue.min(), 0.0],
                colors=[red],
                alpha=0.2,
            )
    ax.contour(
        side,
        side,
        panel.value,
        _levels(panel),
        colors=style.GREY,
        linewidths=0.7,
        linestyles="solid",
        alpha=0.75,
    )
    if panel.saddles.size:
        ax.contour(
            side,
            side,
            panel.value,
            np.unique(panel.saddle_values.round(9)),
            colors=style.BLUE,
            linewidths=1.2,
            linestyles="solid",
        )
    ax.plot(*panel.saddles.T, color=style.BLUE, marker="x", ls="none", ms=6.5, mew=1.8)
    ax.plot(*panel.minima.T, color=style.AMBER, marker="*", ls="none", ms=9.5)
    ax.set(aspect="equal", xlim=side[[0, -1]], ylim=side[[0, -1]])
    ax.set_title(panel.name, fontsize=9)
    if panel.plane:
        ax.set_xlabel(panel.plane, fontsize=8)
    ax.locator_params(nbins=4)
    ax.tick_params(labelsize=7)
    ax.grid(False)


@style.use()
def draw(data):
    """Small panels, the last one their legend."""
    rows = -(-(len(data) + 1) // COLUMNS)
    figure, axes = style.subplots(rows, COLUMNS, width=9.0, height=2.35 * rows, squeeze=False)
    axes = axes.ravel()
    for panel, ax in zip(data, axes, strict=False):
        _draw_one(ax, panel)
    for ax in axes[len(data) :]:
        ax.axis("off")
    axes[len(data)].legend(
        handles=[
            Line2D([], [], color=style.AMBER, marker="*", ls="none", ms=10, label="global minimum"),
            Line2D([], [], color=style.BLUE, marker="x", ls="none", ms=7, mew=2, label="saddle"),
            Line2D([], [], color=style.BLUE, lw=1.4, label="contour through\na saddle"),
            Patch(color=style.RED, alpha=0.2, lw=0, label="some curvature\nnegative"),
            Patch(
                facecolor=mpl.colors.to_rgba(style.RED, 0.36),
                lw=0,
                label="all curvatures\nnegative",
            ),
        ],
        loc="center",
        fontsize=8.5,
    )
    return figure


def alt(data):
    """What the picture shows, in words."""
    words = [f"Contours of {len(data)} functions, regions of negative curvature shaded."]
    for panel in data:
        share = np.mean(panel.negative > 0)
        words.append(
            f"{panel.name}: {_count(len(panel.minima), 'global minimum', 'global minima')}, "
            f"{_count(len(panel.saddles), 'saddle', 'saddles')}, "
            + (f"{share:.0%} of the window shaded." if share else "nothing shaded.")
        )
    return " ".join(words)


def _count(n, one, many):
    return f"{n or 'no'} {one if n == 1 else many}"
