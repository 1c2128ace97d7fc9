"""One QR step per optimizer step: following a Hessian that turns slowly, and one too fast."""

from typing import NamedTuple

import numpy as np

from refimpl import qr_step

from .. import style
from .symmetric_saddle import RULES, turned

SHOWN = (0.01, 0.1, 0.5)


class Following(NamedTuple):
    """Angles between tracked axes and eigenvectors of a Hessian that turns."""

    values: tuple  # its two eigenvalues
    shown: tuple  # speeds whose course is kept, in radians a step
    angle: np.ndarray  # (shown, steps), of the plain step, in degrees
    speed: np.ndarray  # (n,)
    mean: np.ndarray  # (2, n), mean angle of the second half: plain, shifted
    predicted: np.ndarray  # (2, n), of the linearised theory: speed ratio / (1 - ratio)
    ratio: np.ndarray  # (2,)


def follow(step, values, speed, steps):
    """Angle between the first tracked axis and the first eigenvector over the steps, in degrees."""
    V = np.eye(2)
    angle = np.empty(steps)
    for t in range(steps):
        H = V @ turned(values, speed * t) @ V.T
        V = qr_step.rotate_basis(step(0.5 * (H + H.T)).rotation, V)
        truth = np.array([np.cos(speed * t), np.sin(speed * t)])
        angle[t] = np.degrees(np.arccos(min(1.0, abs(V[0] @ truth))))
    return angle


SPEEDS = tuple(np.geomspace(1e-3, 1.2, 18))


def compute(values=(2.0, 1.0), steps=200, speeds=SPEEDS):
    """Turn a Hessian of two eigenvalues at constant speed, with one QR step each time.

    Parameters
    ----------
    values : (float, float)
        Eigenvalues, the larger modulus first, both positive.
    steps : int
    speeds : sequence of float
        Radians a step.

    Returns
    -------
    Following
    """
    rules = (qr_step.qr_step, qr_step.shifted_qr_step)
    angle = np.array([follow(rules[0], values, speed, steps) for speed in SHOWN])
    mean = np.array(
        [
            [follow(step, values, speed, steps)[steps // 2 :].mean() for speed in speeds]
            for step in rules
        ]
    )
    large, small = values
    ratio = np.array([small / large, (small + large) / (2.0 * large)])
    predicted = np.degrees(np.outer(ratio / (1.0 - ratio), speeds))
    return Following(values, SHOWN, angle, np.array(speeds), mean, predicted, ratio)


@style.use()
def draw(data):
    """Left the angle over the steps for three speeds, right its mean over the speed."""
    figure, (left, right) = style.subplots(1, 2, height=3.4)
    for angle, speed, name, dashes in zip(
        data.angle,
        data.shown,
        ("fogr", "momentum", "adam"),
        ("-", (0, (5, 1.5)), (0, (1, 1.3))),
        strict=True,
    ):
        left.plot(
            np.arange(1, 61),
            angle[:60],
            color=style.look(name).color,
            linestyle=dashes,
            label=f"{speed:g} a step",
        )
    left.set(xlabel="step", ylabel="angle to the eigenvector [°]", title="plain step, three speeds")
    left.set_ylim(top=115.0)
    left.legend(loc="upper center", ncols=3, handlelength=1.6, columnspacing=0.9)
    for k, (rule, name) in enumerate(zip(RULES, ("momentum", "fogr"), strict=True)):
        look = style.look(name)
        right.plot(data.speed, data.predicted[k], color=look.color, linestyle="--", linewidth=1.2)
        right.plot(
            data.speed,
            data.mean[k],
            color=look.color,
            marker="so"[k],
            markersize=4,
            linestyle="none",
            label=rule,
        )
    right.axhline(45.0, color=style.GREY, linewidth=0.9, linestyle=(0, (2, 3)))
    right.text(data.speed[0], 48.0, "no idea: 45°", va="bottom")
    right.plot([], [], "--", color=style.GREY, linewidth=1.2, label="predicted")
    right.set(
        xscale="log",
        yscale="log",
        ylim=(0.04, 110.0),
        xlabel="turning of the Hessian [radians a step]",
        ylabel="mean angle [°]",
        title="how far behind it stays",
    )
    right.legend(loc="lower right")
    return figure


def alt(data):
    """What the picture shows, in words."""

    def at(k, speed):
        return data.mean[k, int(np.argmin(np.abs(data.speed - speed)))]

    return (
        "Two panels about a Hessian with eigenvalues "
        f"{data.values[0]:g} and {data.values[1]:g} that turns at constant speed while one QR step "
        "is taken at each of its steps. Left: the angle between the first tracked axis and the "
        f"first eigenvector; it settles at once for {data.shown[0]:g} and {data.shown[1]:g} "
        f"radians a step and swings over all angles for {data.shown[2]:g}. Right: the mean angle "
        "over the speed, both logarithmic. It follows the prediction, speed times ratio over one "
        f"minus ratio, with ratio {data.ratio[0]:.2g} for the plain and {data.ratio[1]:.2g} for "
        f"the shifted step: {at(0, 0.01):.2g} and {at(1, 0.01):.2g} degrees near speed 0.01. At "
        "high speed both reach 45 degrees, where nothing is known."
    )
