"""Phase portraits around a saddle: gradient descent, Newton, saddle-free, row-sum bound."""

from typing import NamedTuple

import numpy as np

from refimpl import functions, repulsion

from .. import style

RULES = ("gradient descent", "Newton", "saddle-free", "row-sum bound")
COLORS = (
    style.look("momentum").color,
    style.look("adam").color,
    style.look("sfn").color,
    "#c75d48",
)
REACH = 2.0  # half width of the window


TURN = 0.5  # of the axes, radians
FRAME = {
    "spectrum": (-1.0, 2.0),
    "rotation": ((np.cos(TURN), np.sin(TURN)), (-np.sin(TURN), np.cos(TURN))),
}


def landscape():
    """The bounded saddle with curvatures -1 and 2, its axes turned."""
    return functions.bounded_saddle(**FRAME)


def levels(function):
    """Heights of its contours, ascending."""
    return [*(function.minimum_value * np.array([0.8, 0.4])), 0.0, *np.geomspace(0.1, 30.0, 8)]


def step(rule, function, x, div=1.0, cut=0.0, alpha=0.15):
    """The step of a rule at a position, with the exact gradient and Hessian."""
    g = function.gradient(x)
    if rule == "gradient descent":
        return -alpha * g
    H = function.hessian(x)
    if rule == "Newton":
        return repulsion.newton(H, g)
    if rule == "saddle-free":
        return repulsion.saddle_free(H, g, div, cut)
    return repulsion.row_sum_bound(H, g, div, cut)


def path(rule, function, x, steps, **settings):
    """Positions from a start on, shape (steps + 1, 2)."""
    positions = [np.array(x, dtype=float)]
    for _ in range(steps):
        x = positions[-1]
        # Newton may leave for good where the curvature vanishes; the picture ends long before.
        positions.append(x + step(rule, function, x, **settings) if np.abs(x).max() < 50.0 else x)
    return np.array(positions)


class Portraits(NamedTuple):
    """Fields of steps and paths of each rule over the contours of a function."""

    x: np.ndarray  # (n,), coordinates of the contours, the same in both directions
    value: np.ndarray  # (n, n), row by second coordinate
    minima: np.ndarray
    nodes: np.ndarray  # (m, 2)
    steps: np.ndarray  # (rules, m, 2), at the nodes
    starts: np.ndarray  # (p, 2)
    paths: np.ndarray  # (rules, p, steps + 1, 2)
    near_saddle: np.ndarray  # (rules,), paths that end within 0.05 of the saddle
    near_minimum: np.ndarray  # (rules,), paths that end within 0.05 of a minimum
    settings: dict


def compute(steps=30, div=1.5, cut=0.5, alpha=0.15, nodes=11, n=121):
    """Steps on a lattice and paths from a ring of starts, for the four rules.

    Parameters
    ----------
    steps : int
    div, cut : float
        Of the saddle-free step and the row-sum bound.
    alpha : float
        Learning rate of gradient descent.
    nodes, n : int
        Of the lattice of steps, and of the grid for the contours, in each direction.

    Returns
    -------
    Portraits
    """
    function = landscape()
    x = np.linspace(-REACH, REACH, n)
    value = np.array([[function.value((u, v)) for u in x] for v in x])
    line = np.linspace(-0.92 * REACH, 0.92 * REACH, nodes)
    lattice = np.array([(u, v) for v in line for u in line])
    turn = 2.0 * np.pi * (np.arange(14) + 0.5) / 14
    starts = 1.7 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    settings = {"div": div, "cut": cut, "alpha": alpha}
    field = [[step(rule, function, at, **settings) for at in lattice] for rule in RULES]
    paths = np.array(
        [[path(rule, function, at, steps, **settings) for at in starts] for rule in RULES]
    )
    ends = paths[:, :, -1]
    to_minimum = np.linalg.norm(ends[:, :, None] - function.minima, axis=-1).min(axis=-1)
    return Portraits(
        x=x,
        value=value,
        minima=function.minima,
        nodes=lattice,
        steps=np.array(field),
        starts=starts,
        paths=paths,
        near_saddle=np.sum(np.linalg.norm(ends, axis=-1) < 0.05, axis=1),
        near_minimum=np.sum(to_minimum < 0.05, axis=1),
        settings=settings,
    )


@style.use()
def draw(data):
    """A panel for each rule: arrows toward its steps, paths from the ring."""
    figure, axes = style.subplots(2, 2, width=7.2, height=7.4, sharex=True, sharey=True)
    for k, (rule, color, ax) in enumerate(zip(RULES, COLORS, axes.flat, strict=True)):
        ax.contour(
            data.x,
            data.x,
            data.value,
            levels=levels(landscape()),
            colors=style.GREY,
            linewidths=0.6,
            linestyles="solid",
            alpha=0.5,
        )
        size = np.linalg.norm(data.steps[k], axis=1, keepdims=True)
        # Direction by the arrow, length only up to the distance of the nodes.
        arrows = data.steps[k] * np.minimum(1.0, 0.3 / np.maximum(size, 1e-12))
        ax.quiver(
            *data.nodes.T,
            *arrows.T,
            angles="xy",
            scale_units="xy",
            scale=1.0,
            color=style.GREY,
            width=0.004,
            alpha=0.9,
        )
        for positions in data.paths[k]:
            ax.plot(*positions.T, color=color, linewidth=1.2, marker=".", markersize=4)
            ax.plot(*positions[0], color=color, marker="o", markersize=4, fillstyle="none")
        ax.plot(0.0, 0.0, color=style.GREY, marker="x", markersize=9, markeredgewidth=2.2)
        ax.plot(
            *data.minima.T,
            color=style.GREY,
            linestyle="none",
            marker="*",
            markersize=14,
            markeredgewidth=1.5,
            fillstyle="none",
        )
        ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
        ax.grid(False)
        ax.set_title(rule, color=color, fontsize=12)
    return figure


def alt(data):
    """What the picture shows, in words."""
    n = len(data.starts)
    ends = "; ".join(
        f"{rule}: {minimum} at a minimum, {saddle} at the saddle"
        for rule, minimum, saddle in zip(RULES, data.near_minimum, data.near_saddle, strict=True)
    )
    return (
        "Four panels over the contours of a function with a saddle at the origin and two minima "
        "beside it: arrows toward the next position on a lattice, and paths of "
        f"{data.paths.shape[2] - 1} steps from {n} starts on a ring. Where the paths end: {ends}. "
        "The arrows of Newton point to the saddle from all around it; those of the other three "
        "turn away from it along its falling direction."
    )
