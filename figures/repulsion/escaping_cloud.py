"""A cloud of starts at a saddle, under noise: gradient descent, Newton, saddle-free."""

import html
from pathlib import Path
from typing import NamedTuple

import numpy as np

from refimpl import functions, repulsion

from .. import player, style

RULES = ("gradient descent", "Newton", "saddle-free")
NAMES = ("momentum", "adam", "sfn")
SPECTRUM, STRENGTH = (-0.5, 1.0), 0.5  # of the bounded saddle
# Half widths of the window, the second coordinate twenty times stretched: what is across the way to
# the minima stays as small as the noise.
X, Y = 1.6, 0.08


class Cloud(NamedTuple):
    """Positions of all runs at every step."""

    minima: np.ndarray
    positions: np.ndarray  # (rules, steps + 1, runs, 2)
    arrived: np.ndarray  # (rules, steps + 1), share of the runs within 0.15 of a minimum
    alpha: float
    div: float
    cut: float
    noise: float
    spread: float
    seed: int


def compute(seed=0, runs=60, steps=60, spread=0.02, noise=0.02, alpha=0.2, div=1.5, cut=0.2):
    """Start all runs at the saddle of the bounded saddle with curvatures -0.5 and 1.

    The Hessian is exact; the gradient carries noise.

    Parameters
    ----------
    seed : int
    runs, steps : int
    spread : float
        Standard deviation of the starts.
    noise : float
        Standard deviation on each coordinate of the gradients.
    alpha : float
        Learning rate of gradient descent.
    div, cut : float
        Of the saddle-free step.

    Returns
    -------
    Cloud
    """
    function = functions.bounded_saddle(SPECTRUM, c=STRENGTH)
    rng = np.random.default_rng(seed)
    start = spread * rng.standard_normal((runs, 2))
    # All rules meet the same noise.
    disturbance = noise * rng.standard_normal((steps, runs, 2))
    positions = np.empty((len(RULES), steps + 1, runs, 2))
    positions[:, 0] = start
    for k, rule in enumerate(RULES):
        for t in range(steps):
            for r in range(runs):
                x = positions[k, t, r]
                g = function.gradient(x) + disturbance[t, r]
                if rule == "gradient descent":
                    move = -alpha * g
                elif rule == "Newton":
                    move = repulsion.newton(function.hessian(x), g)
                else:
                    move = repulsion.saddle_free(function.hessian(x), g, div, cut)
                positions[k, t + 1, r] = x + move
    distance = np.linalg.norm(positions[..., None, :] - function.minima, axis=-1).min(axis=-1)
    arrived = np.mean(distance < 0.15, axis=2)
    return Cloud(function.minima, positions, arrived, alpha, div, cut, noise, spread, seed)


def _stages(data):
    last = data.positions.shape[1] - 1
    return (0, 5, 15, last)


@style.use()
def draw(data):
    """A row for each rule, numbered stages from the first step to the last."""
    stages = _stages(data)
    figure, axes = style.subplots(len(RULES), len(stages), height=3.3, sharex=True, sharey=True)
    player.entitle(axes[0], stages)
    for k, (rule, name) in enumerate(zip(RULES, NAMES, strict=True)):
        for t, ax in zip(stages, axes[k], strict=True):
            ax.plot(0.0, 0.0, color=style.GREY, marker="x", markersize=8, markeredgewidth=1.5)
            ax.plot(*data.minima.T, color=style.GREY, marker="+", markersize=10, linestyle="none")
            ax.plot(
                *data.positions[k, t].T,
                color=style.look(name).color,
                marker="o",
                markersize=3,
                linestyle="none",
                alpha=0.7,
            )
            ax.set(xlim=(-X, X), ylim=(-Y, Y), xticks=[], yticks=[])
            ax.set_xlabel(f"{100 * data.arrived[k, t]:.0f} % arrived", labelpad=1)
        axes[k, 0].set_ylabel(rule.replace(" ", "\n"), color=style.look(name).color)
    return figure


def alt(data):
    """What the picture shows, in words."""
    stages = _stages(data)
    listed = player.listed(RULES, stages, lambda k, t: f"{100 * data.arrived[k, t]:.0f}")
    return (
        f"Three rows of {len(stages)} stages, at steps {', '.join(map(str, stages))}: "
        f"{data.positions.shape[2]} runs that start at a saddle between two minima, under noise of "
        f"{data.noise:g} on the gradient. The cloud of gradient descent spreads slowly to both "
        "sides, Newton's stays around the saddle, the saddle-free one is at the minima after a few "
        f"steps. Per cent that have arrived: {listed}."
    )


def alt_interactive(data):
    """What the interactive version shows, in words."""
    return (
        f"Three panels, one below the other, to play through {data.positions.shape[1] - 1} steps: "
        f"clouds of {data.positions.shape[2]} dots that start at a saddle, a cross, between two "
        "minima, plus signs. Gradient descent spreads slowly to both sides, Newton stays around "
        "the saddle, the saddle-free step is at the minima after a few steps."
    )


def interactive(data):
    """The three clouds, step by step, as a piece of HTML; it draws and walks them itself."""
    content = {
        "spectrum": SPECTRUM,
        "c": STRENGTH,
        "minima": data.minima.tolist(),
        "names": RULES,
        "colors": [style.look(name).color for name in NAMES],
        "wide": X,
        "tall": Y,
    }
    content |= {name: getattr(data, name) for name in ("seed", "spread", "noise", "alpha")}
    return player.framed(
        Path(__file__).with_suffix(".html"),
        "escaping-cloud",
        content | {"runs": data.positions.shape[2]},
        last=data.positions.shape[1] - 1,
        accent=style.look(NAMES[2]).color,
        alt=html.escape(alt_interactive(data)),
        cut=f"{data.cut:g}",
        div=f"{data.div:g}",
        static=player.still(draw, alt, data),
        tall="482",
        wide="720",
    )
