"""A basis of two directions following noisy gradients in space, whose plane is switched."""

import html
from pathlib import Path
from typing import NamedTuple

import numpy as np

from refimpl import online_pca

from .. import player, style

RULES = ("Oja", "injection")
LOOKS = ("fogr", "adam")
AZIMUTH, ELEVATION = 0.6, 0.45  # of the view, radians


class Turning(NamedTuple):
    """Frames of the two rules and the gradients they followed."""

    gradient: np.ndarray  # (steps, 3)
    truth: np.ndarray  # (steps + 1, 2, 3), the plane of the noiseless gradients
    frame: np.ndarray  # (rules, steps + 1, 2, 3), rows of V
    angle: np.ndarray  # (rules, steps + 1), between the planes, in degrees
    gamma: float
    turn: float
    noise: float


def compute(seed=1, steps=40, gamma=0.4, turn=0.3, noise=0.08):
    """Follow gradients in a plane that is tilted by 75 degrees at half time.

    Parameters
    ----------
    seed : int
    steps : int
    gamma, turn : float
        Of `oja` and `inject`.
    noise : float
        Standard deviation on each coordinate; the gradients in the plane have spread 1.

    Returns
    -------
    Turning
    """
    rng = np.random.default_rng(seed)
    tilt = np.radians(75.0)
    first = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    second = np.array([[1.0, 0.0, 0.0], [0.0, np.cos(tilt), np.sin(tilt)]])
    truth = np.array([first if t <= steps // 2 else second for t in range(steps + 1)])
    start = online_pca.orthonormalize(np.array([[0.3, 0.2, 1.0], [-0.2, 1.0, 0.2]]))
    frame = np.empty((2, steps + 1, 2, 3))
    frame[:, 0] = start
    gradient = np.empty((steps, 3))
    for t in range(steps):
        g = rng.standard_normal(2) @ truth[t + 1] + noise * rng.standard_normal(3)
        gradient[t] = g
        frame[0, t + 1] = online_pca.oja(frame[0, t], g, gamma)
        frame[1, t + 1] = online_pca.inject(frame[1, t], g, turn)
    angle = np.array(
        [
            [
                np.degrees(online_pca.principal_angles(V, U)[0])
                for V, U in zip(rows, truth, strict=True)
            ]
            for rows in frame
        ]
    )
    return Turning(gradient, truth, frame, angle, gamma, turn, noise)


def project(points):
    """Points in space, shape (..., 3), as seen on the page, shape (..., 2)."""
    a, e = AZIMUTH, ELEVATION
    right = np.array([np.cos(a), np.sin(a), 0.0])
    up = np.array([-np.sin(e) * -np.sin(a), -np.sin(e) * np.cos(a), np.cos(e)])
    return np.asarray(points) @ np.array([right, up]).T


def circle(rows, n=33):
    """The unit circle in the plane of two orthonormal rows, as seen on the page."""
    turn = np.linspace(0.0, 2.0 * np.pi, n)
    return project(np.cos(turn)[:, None] * rows[0] + np.sin(turn)[:, None] * rows[1])


def _stages(data):
    last = data.gradient.shape[0]
    return (0, last // 4, last // 2, last // 2 + 2, last)


@style.use()
def draw(data):
    """A row for each rule, numbered stages from the first step to the last."""
    stages = _stages(data)
    figure, axes = style.subplots(2, len(stages), height=3.7)
    player.entitle(axes[0], stages)
    for k, (rule, name) in enumerate(zip(RULES, LOOKS, strict=True)):
        color = style.look(name).color
        for t, ax in zip(stages, axes[k], strict=True):
            ax.plot(*circle(data.truth[t]).T, color=style.GREY, linestyle="--", linewidth=1.2)
            ax.plot(*circle(data.frame[k, t]).T, color=color, linewidth=1.2, alpha=0.8)
            for row in project(data.frame[k, t]):
                ax.annotate(
                    "",
                    row,
                    (0.0, 0.0),
                    arrowprops={"arrowstyle": "->", "color": color, "linewidth": 2},
                )
            for g in project(data.gradient[max(0, t - 5) : t]):
                ax.plot(*g, color=style.GREY, marker=".", markersize=4)
            ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xticks=[], yticks=[])
            ax.set_axis_off()
            ax.text(0.0, -1.45, f"{data.angle[k, t]:.0f}°", ha="center", va="bottom")
        axes[k, 0].text(-1.5, 0.0, rule, rotation=90, va="center", ha="right", color=color)
    return figure


def alt(data):
    """What the picture shows, in words."""
    stages = _stages(data)
    listed = player.listed(RULES, stages, lambda k, t: f"{data.angle[k, t]:.0f}")
    return (
        f"Two rows of {len(stages)} stages, at steps {', '.join(map(str, stages))}: the circle in "
        "the true plane dashed, the circle in the tracked plane with its two axes as arrows, the "
        "last noisy gradients as dots. After half time the plane is another. Angles between the "
        f"planes in degrees: {listed}."
    )


def alt_interactive(data):
    """What the interactive version shows, in words."""
    return (
        "Two views of space side by side, Oja and injection, to play through "
        f"{data.gradient.shape[0]} steps: two arrows that span the tracked plane, its circle, the "
        "dashed circle of the true plane, and the newest noisy gradient as a dot with a line. The "
        "true plane is switched at half time."
    )


def interactive(data):
    """The two frames, step by step, as a piece of HTML; it follows the gradients itself."""
    steps = data.gradient.shape[0]
    content = {
        "gradient": data.gradient.tolist(),
        "start": data.frame[0, 0].tolist(),
        "truth": [data.truth[0].tolist(), data.truth[-1].tolist()],
        "switched": steps // 2,
        "view": project(np.eye(3)).tolist(),
        "colors": [style.look(name).color for name in LOOKS],
        "grey": style.GREY,
    }
    return player.framed(
        Path(__file__).with_suffix(".html"),
        "turning-frame",
        content,
        last=steps,
        accent=style.RED,
        alt=html.escape(alt_interactive(data)),
        gamma=f"{data.gamma:g}",
        static=player.still(draw, alt, data),
        tall="376",
        turn=f"{data.turn:g}",
        wide="720",
    )
