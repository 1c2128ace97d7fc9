"""The four pieces as boxes, and what flows between them in one step."""

from typing import NamedTuple

import numpy as np
from matplotlib.patches import FancyBboxPatch

from .. import style


class Boxes(NamedTuple):
    """The diagram: what stands where, and which arrow carries what."""

    boxes: tuple  # (name, place (x, y), lines of text, colour)
    arrows: tuple  # (from, to, words)


def compute():
    """The boxes of one step, in the order in which they act.

    Returns
    -------
    Boxes
    """
    boxes = (
        ("gradient", (0.0, 4.0), ("noisy gradient $g$", "at the position $\\theta$"), style.GREY),
        ("pca", (1.0, 4.0), ("online PCA", "rows $V$ turn toward $g$"), style.BLUE),
        ("line", (1.0, 3.0), ("regression", "fading line of $g$ on $\\theta$"), style.RED),
        ("qr", (1.0, 2.0), ("one QR step", "$H$ nearly diagonal"), style.AMBER),
        ("repulsion", (1.0, 1.0), ("repulsion", "step by modulus"), "#7466d6"),
        ("momentum", (0.0, 1.0), ("momentum $m$", "mean of gradients"), style.GREY),
        ("outside", (0.0, 0.0), ("plain descent", "along $m - V^T V m$"), style.GREY),
        ("position", (1.0, 0.0), ("new position $\\theta$", "sum of both steps"), style.GREY),
    )
    arrows = (
        ("gradient", "pca", ""),
        ("gradient", "momentum", ""),
        ("pca", "line", "$V$"),
        ("line", "qr", "$H$"),
        ("qr", "repulsion", "$V, H$"),
        ("momentum", "repulsion", "$V m$"),
        ("momentum", "outside", ""),
        ("repulsion", "position", "$V^T s$"),
        ("outside", "position", ""),
    )
    return Boxes(boxes, arrows)


# In inches: two columns, so that a telephone shows the words in a size that can be read.
WIDE, HIGH, HALF = 2.3, 0.95, (0.88, 0.27)
BORDER = 0.04


@style.use()
def draw(data):
    """Boxes with two lines of text each, and arrows between their edges."""
    left, low = (-half - BORDER for half in HALF)
    right, high = WIDE - left, 4 * HIGH - low
    figure, axes = style.subplots(1, 1, width=right - left, height=high - low)
    place = {name: (WIDE * x, HIGH * y) for name, (x, y), _, _ in data.boxes}
    for name, _, (title, said), color in data.boxes:
        x, y = place[name]
        axes.add_patch(frame(x, y, color))
        axes.text(x, y + 0.1, title, ha="center", va="center", color=color, weight="bold", size=10)
        axes.text(x, y - 0.1, said, ha="center", va="center", size=9.5)
    for begin, end, words in data.arrows:
        tail, head = edges(place[begin], place[end])
        axes.annotate("", head, tail, arrowprops={"arrowstyle": "->", "color": style.GREY})
        middle = (0.5 * (tail[0] + head[0]), 0.5 * (tail[1] + head[1]))
        sideways = abs(tail[1] - head[1]) < 1e-9
        axes.text(
            middle[0] + (0.0 if sideways else 0.1),
            middle[1] + (0.13 if sideways else 0.0),
            words,
            ha="center" if sideways else "left",
            va="center",
            size=9.5,
        )
    axes.set(xlim=(left, right), ylim=(low, high))
    axes.set_axis_off()
    return figure


def frame(x, y, color):
    """A rounded frame around a place."""
    return FancyBboxPatch(
        (x - HALF[0], y - HALF[1]),
        2 * HALF[0],
        2 * HALF[1],
        boxstyle="round,pad=0.0,rounding_size=0.08",
        facecolor="none",
        edgecolor=color,
        linewidth=1.4,
    )


def edges(begin, end):
    """Where an arrow leaves one box and enters another, in its row or in its column."""
    along = 0 if abs(begin[1] - end[1]) < 1e-9 else 1
    away = np.zeros(2)
    away[along] = np.sign(end[along] - begin[along]) * (HALF[along] + BORDER)
    return tuple(begin + away), tuple(end - away)


def alt(data):
    """What the picture shows, in words."""
    title = {name: text[0] for name, _, text, _ in data.boxes}
    flows = "; ".join(
        f"from {title[begin]} to {title[end]}" + (f" goes {words}" if words else "")
        for begin, end, words in data.arrows
    )
    return (
        "A block diagram of one step. "
        + "; ".join(": ".join(text) for _, _, text, _ in data.boxes)
        + f". Arrows: {flows}."
    ).replace("$", "")
