"""The phase plane of repulsion, to be explored: start anywhere, choose rule, div and cut."""

import html
from pathlib import Path
from typing import NamedTuple

import numpy as np
from contourpy import contour_generator

from .. import player, style
from .repulsion import COLORS, FRAME, REACH, RULES, landscape, levels, path

DIVS = (1.0, 1.5, 4.0)
CUTS = (0.0, 0.5, 2.0)
GESTURES = (
    "A click or tap on the plane puts the start there; with the plane chosen by the tabulator key "
    "the arrow keys move it by a twentieth, and the space bar plays and pauses."
)
SHOWN = ((1.0, 0.0), (1.5, 0.5), (4.0, 2.0))  # div and cut of the static figure's columns


class PhasePlane(NamedTuple):
    """Paths from every node of a lattice, for every rule and setting."""

    line: np.ndarray  # (n,), coordinates of the nodes, the same in both directions
    settings: tuple  # (rule, div, cut) of each combination; div and cut None where not used
    paths: tuple  # for each combination, for each node (rows by second coordinate): (k, 2)
    minima: np.ndarray
    contours: tuple  # lines, each (k, 2)
    alpha: float
    steps: int


def shortened(positions, tolerance=0.004):
    """A path without the tail in which it no longer moves visibly."""
    moved = np.abs(np.diff(positions, axis=0)).max(axis=1) > tolerance
    last = np.flatnonzero(moved)
    return positions[: (last[-1] + 2) if last.size else 1]


def compute(nodes=13, steps=14, alpha=0.15, n=65):
    """Paths of all rules and settings from the nodes of a lattice.

    Parameters
    ----------
    nodes : int
        In each direction; odd, so that the saddle is one of them.
    steps : int
        At most, of each path.
    alpha : float
        Learning rate of gradient descent.
    n : int
        Of the grid for the contours, in each direction.

    Returns
    -------
    PhasePlane
    """
    function = landscape()
    line = np.linspace(-0.9 * REACH, 0.9 * REACH, nodes)
    both = [(div, cut) for div in DIVS for cut in CUTS]
    settings = [(RULES[0], None, None), (RULES[1], None, None)]
    settings += [(rule, div, cut) for rule in RULES[2:] for div, cut in both]
    lattice = np.array([(u, v) for v in line for u in line])
    half = lattice.shape[0] // 2
    paths = []
    for rule, div, cut in settings:
        given = {"alpha": alpha} if div is None else {"div": div, "cut": cut}
        first = [shortened(path(rule, function, x, steps, **given)) for x in lattice[: half + 1]]
        # The function is even: the other half of the plane is the mirror image in the origin.
        paths.append((*first, *(-positions for positions in first[-2::-1])))
    x = np.linspace(-REACH, REACH, n)
    value = np.array([[function.value((u, v)) for u in x] for v in x])
    lines = contour_generator(x, x, value)
    contours = tuple(part for level in levels(function) for part in lines.lines(level))
    return PhasePlane(line, tuple(settings), tuple(paths), function.minima, contours, alpha, steps)


@style.use()
def draw(data):
    """Saddle-free above, row-sum bound below; three settings of div and cut."""
    figure, axes = style.subplots(2, len(SHOWN), height=5.2, sharex=True, sharey=True)
    n = data.line.size
    # Every third node of every third row.
    nodes = [i + n * j for j in range(0, n, 3) for i in range(0, n, 3)]
    for row, rule, color in zip(axes, RULES[2:], COLORS[2:], strict=True):
        for ax, (div, cut) in zip(row, SHOWN, strict=True):
            for part in data.contours:
                ax.plot(*part.T, color=style.GREY, linewidth=0.5, alpha=0.5)
            paths = data.paths[data.settings.index((rule, div, cut))]
            for node in nodes:
                ax.plot(*paths[node].T, color=color, linewidth=1.1, marker=".", markersize=3)
                ax.plot(*paths[node][0], color=color, marker="o", markersize=4, fillstyle="none")
            ax.plot(0.0, 0.0, color=style.GREY, marker="x", markersize=8, markeredgewidth=2)
            ax.plot(*data.minima.T, color=style.GREY, marker="+", markersize=11, linestyle="none")
            ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
            ax.grid(False)
            ax.set_title(f"div {div:g}, cut {cut:g}")
        row[0].set_ylabel(rule, color=color)
    return figure


def alt(data):
    """What the picture shows, in words."""
    return (
        "Six panels over the contours of a function with a saddle at the origin and two minima "
        f"beside it, paths of at most {max(len(p) for p in data.paths[0]) - 1} steps from a "
        "lattice of starts; above the saddle-free step, below the row-sum bound; columns: div 1 "
        "without cut, div 1.5 with cut 0.5, div 4 with cut 2. All paths leave the saddle and bend "
        "to the minima; the larger div and cut, the shorter the steps, until the paths of both "
        "rules look like those of gradient descent."
    )


def alt_interactive(data):
    """What the interactive version shows, in words."""
    return (
        "A plane with the contours of a function that has a saddle at the origin and two minima "
        "beside it, arrows toward the next position on a lattice, and the path from a chosen "
        "start, to be played step by step. Rule, div, cut and start can be chosen; a click puts "
        "the start there, arrow keys move it."
    )


def interactive(data):
    """The phase plane with a choice of rule, div, cut and start, as a piece of HTML.

    The page takes the steps itself. Needs no server and no other file, and any number of them can
    be on a page.

    Parameters
    ----------
    data : PhasePlane

    Returns
    -------
    str
    """
    content = {
        **FRAME,
        "reach": REACH,
        "alpha": data.alpha,
        "rules": [
            {"name": rule, "color": color, "free": k < 2}
            for k, (rule, color) in enumerate(zip(RULES, COLORS, strict=True))
        ],
        "minima": data.minima.tolist(),
        "levels": [float(level) for level in levels(landscape())],
        "grey": style.GREY,
    }
    return player.framed(
        Path(__file__).with_suffix(".html"),
        "phase-plane",
        content,
        last=data.steps,
        accent=style.GREY,
        alt=html.escape(alt_interactive(data)),
        cut="0.5",
        div="1.5",
        first="-0.9",
        gestures=GESTURES,
        high=f"{REACH:g}",
        low=f"{-REACH:g}",
        rules="".join(f"<option>{rule}</option>" for rule in RULES),
        second="1.2",
        static=player.still(draw, alt, data),
        tall="512",
        wide="560",
    )
