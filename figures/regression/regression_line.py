"""The regression line following a parabola that rests, drifts and jumps."""

import html
from pathlib import Path
from typing import NamedTuple

import numpy as np

from refimpl import regression

from .. import player, style

PHASES = ("at rest", "drifting", "just jumped", "after the jump")


class Following(NamedTuple):
    """A moving parabola, noisy gradients of it, and the line fitted at each step."""

    theta: np.ndarray  # (steps,), positions
    gradient: np.ndarray  # (steps,), noisy gradients
    true_curvature: np.ndarray  # (steps,)
    true_extremum: np.ndarray  # (steps,)
    beta: np.ndarray  # (betas,)
    curvature: np.ndarray  # (betas, steps), of the fitted line
    curvature_error: np.ndarray  # (betas, steps)
    extremum: np.ndarray  # (betas, steps); NaN before there is a line
    extremum_error: np.ndarray  # (betas, steps)
    mean_theta: np.ndarray  # (betas, steps), a point of the line
    mean_gradient: np.ndarray  # (betas, steps)
    spread: np.ndarray  # (betas, steps), C_thetatheta
    frames: tuple  # a step for each of PHASES


def parabola(steps):
    """Curvature and extremum over time: a third at rest, a third of drift, then a jump.

    After the jump the valley is a hill.
    """
    third = steps // 3
    drift = np.clip((np.arange(steps) - third) / third, 0.0, 1.0)
    curvature, extremum = 1.0 + drift, -1.0 + 2.0 * drift
    curvature[2 * third :], extremum[2 * third :] = -1.0, 0.0
    return curvature, extremum


def compute(seed=0, steps=120, betas=(0.05, 0.2, 0.5), noise=0.5):
    """Fit the line at every step of a wandering position, for several `beta`.

    Positions form an autoregression with mean 0 and variance 1, apart from the noise.

    Parameters
    ----------
    seed : int
        Of positions and noise.
    steps : int
        A multiple of 3, at least 12.
    betas : sequence of float
    noise : float
        Standard deviation of the noise on the gradients.

    Returns
    -------
    Following
    """
    rng = np.random.default_rng(seed)
    memory = 0.6
    curvature, extremum = parabola(steps)
    theta = np.empty(steps)
    x = rng.standard_normal()
    for t in range(steps):
        theta[t] = x
        x = memory * x + np.sqrt(1.0 - memory**2) * rng.standard_normal()
    gradient = curvature * (theta - extremum) + noise * rng.standard_normal(steps)

    rows = {name: np.empty((len(betas), steps)) for name in Following._fields[5:12]}
    for k, beta in enumerate(betas):
        state = regression.start_diagonal(1)
        for t in range(steps):
            state = regression.update(state, theta[t : t + 1], gradient[t : t + 1], beta)
            line = regression.slope(state)._asdict()
            line["mean_theta"] = state.mean_theta
            line["mean_gradient"] = state.mean_gradient
            line["spread"] = state.C_thetatheta
            for name, row in rows.items():
                row[k, t] = line[name][0]
    third = steps // 3
    return Following(
        theta=theta,
        gradient=gradient,
        true_curvature=curvature,
        true_extremum=extremum,
        beta=np.array(betas, dtype=float),
        **rows,
        frames=(third - 1, 2 * third - 1, 2 * third + 2, steps - 1),
    )


def _limits(data):
    """Half width and half height of a panel."""
    return 1.05 * np.abs(data.theta).max(), 0.9 * np.abs(data.gradient).max()


@style.use()
def draw(data):
    """A row for each `beta`, a column for each phase of the parabola."""
    figure, axes = style.subplots(
        len(data.beta),
        len(data.frames),
        height=1.55 * len(data.beta) + 0.75,
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    points, truth, fitted = style.GREY, style.BLUE, style.RED
    width, tall = _limits(data)
    x = np.array([-width, width])
    for k, row in enumerate(axes):
        for t, ax in zip(data.frames, row, strict=True):
            fade = (1.0 - data.beta[k]) ** np.arange(t, -1, -1)
            ax.axhline(0.0, color=style.GREY, linewidth=0.8)
            seen = fade > 0.02
            ax.scatter(
                data.theta[: t + 1][seen],
                data.gradient[: t + 1][seen],
                17,
                color=points,
                alpha=np.maximum(fade[seen], 0.15),
                linewidths=0,
            )
            ax.plot(
                x,
                data.true_curvature[t] * (x - data.true_extremum[t]),
                color=truth,
                linestyle="--",
                linewidth=1.4,
                label="true gradient",
            )
            line = data.mean_gradient[k, t] + data.curvature[k, t] * (x - data.mean_theta[k, t])
            ax.plot(x, line, color=fitted, label="regression line")
            ax.plot(data.extremum[k, t], 0.0, color=fitted, marker="o", linestyle="none")
            ax.set(xlim=(-width, width), ylim=(-tall, tall))
        row[0].set_ylabel(rf"$\beta = {data.beta[k]:g}$")
    for phase, t, top, low in zip(PHASES, data.frames, axes[0], axes[-1], strict=True):
        top.set_title(f"{phase}\n(step {t + 1})", fontsize=9.5)
        low.set_xlabel(r"position $\theta$")
    axes[0, 0].scatter([], [], 17, color=points, linewidths=0, label="noisy gradients, fading")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    k = len(data.beta) - 1
    jumped = data.frames[2]
    return (
        f"A grid of panels: rows for beta {', '.join(f'{b:g}' for b in data.beta)}, columns for "
        f"the phases {', '.join(PHASES)}. Each shows noisy gradients over positions, old ones "
        "fading, the true gradient line dashed and the regression line. All follow the parabola at "
        "rest. In the drift the smallest beta lags behind. Right after the jump, from a valley to "
        f"a hill, the true slope is {data.true_curvature[jumped]:g}; the line for beta "
        f"{data.beta[0]:g} still has slope {data.curvature[0, jumped]:.1f}, that for beta "
        f"{data.beta[k]:g} already {data.curvature[k, jumped]:.1f}, at the price of more jitter."
    )


def alt_interactive(data):
    """What the interactive version shows, in words."""
    return (
        f"A plot to play through {data.theta.size} steps: noisy gradients over positions, old ones "
        "fading, the true gradient line dashed, the regression line with its standard error and "
        "its zero crossing; below, the estimated curvature over time against the true one, which "
        "rests, drifts and jumps."
    )


def interactive(data):
    """The figure with a slider for the step and one for `beta`, as a piece of HTML.

    The page fits the lines itself. Needs no server and no other file. Without scripts the static
    figure stands in its place. Any number of them can be on a page: nothing in it has an id.

    Parameters
    ----------
    data : Following

    Returns
    -------
    str
    """
    width, tall = _limits(data)
    shown = ("theta", "gradient", "true_curvature", "true_extremum")
    content = {name: getattr(data, name).tolist() for name in shown}
    content |= {
        "width": float(f"{width:.4g}"),
        "tall": float(f"{tall:.4g}"),
        "high": float(f"{1.8 * np.abs(data.true_curvature).max():.4g}"),
    }
    return player.framed(
        Path(__file__).with_suffix(".html"),
        "following-line",
        content,
        least=1,
        last=data.theta.size,
        shown=data.frames[1] + 1,
        accent=style.RED,
        alt=html.escape(alt_interactive(data)),
        beta=f"{data.beta[len(data.beta) // 2]:g}",
        fitted=style.RED,
        static=player.still(draw, alt, data),
        tall="470",
        truth=style.BLUE,
        wide="720",
    )
