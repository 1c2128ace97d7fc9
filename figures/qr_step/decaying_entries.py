"""A matrix under repeated QR steps, plain and shifted, as it becomes diagonal."""

import html
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from .. import player, style
from .qr_step import STEPS, start

FAINT = 1e-4  # entries below this share of the largest eigenvalue are not seen


class Decaying(NamedTuple):
    """The matrices of each step."""

    spectrum: np.ndarray  # (d,)
    H: np.ndarray  # (2, steps + 1, d, d): plain, shifted
    off: np.ndarray  # (2, steps + 1), root of the sum of squares off the diagonal


def compute(seed=4, spectrum=(3.0, -2.9, 2.0, 1.0, -1.0, 0.5, 0.2), steps=40):
    """Take QR steps from one matrix; its pair 3, -2.9 is slow plain, its pair 1, -1 never parts.

    Parameters
    ----------
    seed : int
    spectrum : sequence of float
    steps : int

    Returns
    -------
    Decaying
    """
    first = start(spectrum, seed)
    H = np.empty((2, steps + 1, *first.shape))
    for k, step in enumerate(STEPS.values()):
        H[k, 0] = first
        for t in range(steps):
            H[k, t + 1] = step(H[k, t]).rotated
    diagonal = np.einsum("...ii->...i", H)
    off = np.sqrt(np.maximum(np.sum(H**2, axis=(2, 3)) - np.sum(diagonal**2, axis=2), 0.0))
    return Decaying(np.array(spectrum, dtype=float), H, off)


def shade(H, largest):
    """Opacity of the entries: the logarithm of their moduli, from `FAINT` to the largest."""
    size = np.maximum(np.abs(H) / largest, FAINT)
    return np.clip(1.0 - np.log(size) / np.log(FAINT), 0.0, 1.0)


def _stages(data):
    last = data.H.shape[1] - 1
    return (0, 2, 5, last // 2, last)


@style.use()
def draw(data):
    """A row for the plain and one for the shifted step, numbered stages; signs by colour."""
    stages = _stages(data)
    figure, axes = style.subplots(2, len(stages), height=3.7)
    player.entitle(axes[0], stages)
    largest = np.abs(data.spectrum).max()
    d = data.spectrum.size
    for k, rule in enumerate(STEPS):
        for t, ax in zip(stages, axes[k], strict=True):
            opacity = shade(data.H[k, t], largest)
            for i in range(d):
                for j in range(d):
                    color = style.look("fogr" if data.H[k, t, i, j] > 0 else "adam").color
                    ax.add_patch(
                        Rectangle(
                            (j + 0.04, d - 1 - i + 0.04),
                            0.92,
                            0.92,
                            color=color,
                            alpha=opacity[i, j],
                            linewidth=0,
                        )
                    )
            ax.set(xlim=(0, d), ylim=(0, d), aspect="equal", xticks=[], yticks=[])
            ax.set_xlabel(f"off: {data.off[k, t]:.2g}")
        axes[k, 0].set_ylabel(rule)
    return figure


def alt(data):
    """What the picture shows, in words."""
    stages = _stages(data)
    listed = player.listed(STEPS, stages, lambda k, t: f"{data.off[k, t]:.2g}")
    return (
        f"Two rows of {len(stages)} stages of a symmetric matrix with eigenvalues "
        f"{', '.join(f'{v:g}' for v in data.spectrum)}, at QR steps "
        f"{', '.join(map(str, stages))}; the stronger a square the larger the entry, on a "
        "logarithmic scale, positive ones red, negative ones blue. Plain: the entries of the pairs "
        "3, -2.9 and 1, -1 stay. Shifted: only entries between neighbouring positive eigenvalues "
        f"are left. Size of all that is off the diagonal: {listed}."
    )


def alt_interactive(data):
    """What the interactive version shows, in words."""
    return (
        f"Two matrices of squares side by side, to play through {data.H.shape[1] - 1} QR steps, "
        "plain and shifted: the stronger a square the larger the entry, on a logarithmic scale, "
        "positive ones red, negative ones blue. The diagonals stay, most other squares fade."
    )


def interactive(data):
    """The two matrices, step by step, as a piece of HTML; it takes the steps itself."""
    content = {
        "start": data.H[0, 0].tolist(),
        "largest": float(np.abs(data.spectrum).max()),
        "faint": FAINT,
        "colors": [style.look(name).color for name in ("fogr", "adam")],
    }
    return player.framed(
        Path(__file__).with_suffix(".html"),
        "decaying-entries",
        content,
        last=data.H.shape[1] - 1,
        accent=style.RED,
        alt=html.escape(alt_interactive(data)),
        static=player.still(draw, alt, data),
        tall="352",
        wide="720",
    )
