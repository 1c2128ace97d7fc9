"""The four pieces as boxes, and what flows between them in one step."""

from typing import NamedTuple

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
        ("gradient", (0.0, 1.0), ("noisy gradient $g$", "at the position $\\theta$"), style.GREY),
        ("pca", (1.0, 2.0), ("online PCA", "rows $V$ turn toward $g$"), style.BLUE),
        ("line", (2.0, 2.0), ("regression", "fading line of $g$ on $\\theta$"), style.RED),
        ("qr", (3.0, 2.0), ("one QR step", "$H$ nearly diagonal"), style.AMBER),
        ("repulsion", (3.0, 1.0), ("repulsion", "step by modulus"), "#7466d6"),
        ("momentum", (1.0, 0.0), ("momentum $m$", "mean of gradients"), style.GREY),
        ("outside", (2.0, 0.0), ("plain descent", "along $m - V^T V m$"), style.GREY),
        ("position", (3.0, 0.0), ("new position $\\theta$", "sum of both steps"), style.GREY),
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


WIDE, HIGH, HALF = 2.6, 1.5, (0.98, 0.36)


@style.use()
def draw(data):
    """Boxes with two lines of text each, and arrows between their edges."""
    figure, axes = style.subplots(1, 1, height=3.4)
    place = {name: (WIDE * x, HIGH * y) for name, (x, y), _, _ in data.boxes}
    for name, _, (title, said), color in data.boxes:
        x, y = place[name]
        axes.add_patch(frame(x, y, color))
        axes.text(x, y + 0.13, title, ha="center", va="center", color=color, weight="bold", size=9)
        axes.text(x, y - 0.15, said, ha="center", va="center", size=7.5)
    for begin, end, words in data.arrows:
        tail, head = edges(place[begin], place[end])
        axes.annotate("", head, tail, arrowprops={"arrowstyle": "->", "color": style.GREY})
        middle = (0.5 * (tail[0] + head[0]), 0.5 * (tail[1] + head[1]))
        sideways = abs(tail[1] - head[1]) < 1e-9
        axes.text(
            middle[0] + (0.0 if sideways else 0.12),
            middle[1] + (0.14 if sideways else 0.0),
            words,
            ha="center" if sideways else "left",
            va="center",
            size=7.5,
        )
    axes.set(xlim=(-1.2, 3 * WIDE + 1.2), ylim=(-0.6, 2 * HIGH + 0.6))
    axes.set_axis_off()
    return figure


def frame(x, y, color):
    """A rounded frame around a place."""
    return FancyBboxPatch(
        (x - HALF[0], y - HALF[1]),
        2 * HALF[0],
        2 * HALF[1],
        boxstyle="round,pad=0.02,rounding_size=0.1",
        facecolor="none",
        edgecolor=color,
        linewidth=1.4,
    )


def edges(begin, end):
    """Where an arrow leaves one box and enters another."""
    if abs(begin[1] - end[1]) < 1e-9:
        side = HALF[0] + 0.08 if end[0] > begin[0] else -HALF[0] - 0.08
        return (begin[0] + side, begin[1]), (end[0] - side, end[1])
    up = HALF[1] + 0.06 if end[1] > begin[1] else -HALF[1] - 0.06
    if abs(begin[0] - end[0]) < 1e-9:
        return (begin[0], begin[1] + up), (end[0], end[1] - up)
    return (begin[0], begin[1] + up), (end[0] - HALF[0] - 0.08, end[1])


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
