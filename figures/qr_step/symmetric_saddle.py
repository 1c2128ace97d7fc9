"""The trap of the plain QR step, eigenvalues of opposite sign, its remedy and the price."""

from typing import NamedTuple

import numpy as np

from refimpl import qr_step

from .. import style

PAIRS = ((1.0, -1.0), (1.0, -0.9), (1.0, 0.9))
RULES = ("plain", "shifted")


class Trap(NamedTuple):
    """Off-diagonal entries over the steps, and the steps needed over the second eigenvalue."""

    pairs: tuple
    entry: np.ndarray  # (pairs, 2, steps + 1), |H_12|: plain, shifted
    second: np.ndarray  # (n,), the second eigenvalue, the first being 1
    factor: np.ndarray  # (2, n), measured factor of the entry a step, near the limit
    predicted: np.ndarray  # (2, n)


def turned(values, angle):
    """A symmetric matrix of two eigenvalues whose axes are turned by `angle`."""
    c, s = np.cos(angle), np.sin(angle)
    H = np.array(
        [
            [c * c * values[0] + s * s * values[1], c * s * (values[0] - values[1])],
            [0.0, s * s * values[0] + c * c * values[1]],
        ]
    )
    H[1, 0] = H[0, 1]
    return H


SECONDS = tuple(np.round(np.linspace(-1.0, 0.98, 34), 3))


def compute(steps=60, angle=0.6, seconds=SECONDS):
    """Repeat the steps on three pairs, and measure the factor near the limit for many.

    Parameters
    ----------
    steps : int
    angle : float
        Of the axes at the start.
    seconds : sequence of float
        Second eigenvalues, in [-1, 1).

    Returns
    -------
    Trap
    """
    rules = (qr_step.qr_step, qr_step.shifted_qr_step)
    entry = np.empty((len(PAIRS), 2, steps + 1))
    for p, values in enumerate(PAIRS):
        for k, step in enumerate(rules):
            H = turned(values, angle)
            for t in range(steps + 1):
                entry[p, k, t] = abs(H[0, 1])
                H = step(H).rotated
    second = np.array(seconds, dtype=float)
    factor = np.empty((2, second.size))
    for n, value in enumerate(second):
        # Axes so nearly right that the squares of what is left play no part.
        H = turned((1.0, value), 1e-5)
        for k, step in enumerate(rules):
            factor[k, n] = abs(step(H).rotated[0, 1] / H[0, 1])
    predicted = np.array([np.abs(second), (second + 1.0) / 2.0])
    return Trap(PAIRS, entry, second, factor, predicted)


@style.use()
def draw(data):
    """Left three pairs over the steps, right the factor over the second eigenvalue."""
    figure, (left, right) = style.subplots(1, 2, height=3.6)
    looks = (style.look("momentum"), style.look("fogr"))
    markers = ("o", "s", "^")
    steps = np.arange(data.entry.shape[2])
    for p, values in enumerate(data.pairs):
        for k, look in enumerate(looks):
            left.plot(
                steps,
                np.maximum(data.entry[p, k], 1e-30),
                color=look.color,
                linestyle="--" if k == 0 else "-",
                marker=markers[p],
                markevery=(2 + 2 * p, 9),
                label=f"{RULES[k]}: {values[0]:g}, {values[1]:g}".replace("-", "\N{MINUS SIGN}"),
            )
    left.set(
        yscale="log",
        ylim=(1e-15, 3.0),
        xlabel="step",
        ylabel="off-diagonal entry",
        title="three pairs of eigenvalues",
    )
    left.legend(loc="lower right", ncols=1)
    for k, look in enumerate(looks):
        right.plot(
            data.second, data.predicted[k], color=look.color, linestyle="--" if k == 0 else "-"
        )
        right.plot(
            data.second,
            data.factor[k],
            color=look.color,
            linestyle="none",
            marker="so"[k],
            markersize=4,
            label=f"{RULES[k]}, measured",
        )
    right.plot([], [], color=style.GREY, label="predicted")
    right.set(
        xlabel=r"$\lambda_2$, with $\lambda_1 = 1$",
        ylabel="factor a step",
        title="the gain and its price",
    )
    right.legend(loc="upper center")
    return figure


def alt(data):
    """What the picture shows, in words."""
    off = np.abs(data.factor - data.predicted).max()
    return (
        "Two panels. Left: the off-diagonal entry of 2 by 2 matrices over "
        f"{data.entry.shape[2] - 1} QR steps, logarithmic. For eigenvalues 1 and -1 the plain step "
        f"leaves it at {data.entry[0, 0, -1]:.2g} for ever and the shifted one removes it within "
        f"{int(np.argmax(data.entry[0, 1] < 1e-12))} steps; for 1 and -0.9 the plain entry shrinks "
        "by 0.9 a step, the shifted one by 0.05; for "
        "1 and 0.9 the shifted step is the slower of the two. Right: the factor a step over the "
        "second eigenvalue, the first being 1: plain it is the modulus, 1 at -1; shifted it rises "
        f"in a straight line from 0 at -1 to 1 at 1. Measured and predicted agree to {off:.1g}. "
        "The lines cross at -1/3: above it the shift costs, below it gains."
    )
