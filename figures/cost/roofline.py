"""What each piece of a step computes and moves, counted by hand, and how near its roof it was.

A piece can be no faster than its operations at the processor's rate, and no faster than its numbers
through the memory: the larger of both times is its roof. The counts are here; the times are those
of a kept run, ``python -m tests.benchmarks --json figures/results/benchmarks.json``.
"""

import json
from typing import NamedTuple

from refimpl._outside import as_path

from .. import kept_results, style

RESULTS = kept_results.FOLDER / "benchmarks.json"
BYTES = 8  # of a number in binary64


class Count(NamedTuple):
    """Of one piece in `D` dimensions with `d` directions: as few as its formula allows."""

    operations: float  # additions and multiplications
    numbers: float  # read from memory or written to it, once each

    @property
    def intensity(self):
        """Operations for each byte."""
        return self.operations / (BYTES * self.numbers)


# Piece -> its count as a function of D and d.
PIECES = {
    "momentum": lambda D, d: Count(5 * D, 5 * D),
    "adam": lambda D, d: Count(14 * D, 7 * D),
    "cdogr": lambda D, d: Count(31 * D, 15 * D),
    "projection": lambda D, d: Count(2 * D * d, D * (d + 1)),
    "injection": lambda D, d: Count(D * (4 * d * d + 2 * d), D * (2 * d + 1)),
    "transport": lambda D, d: Count(2 * D * d * d, 2 * D * d),
    "rotation": lambda D, d: Count(2 * D * d * d, 2 * D * d),
    "streamed": lambda D, d: Count(D * (8 * d + 20), D * (3 * d + 10)),
}
# Where its name stands, in points from its dot.
BESIDE = {
    "momentum": (-20, -14),
    "rotation": (6, -12),
    "transport": (6, 4),
    "projection": (-34, -14),
    "cdogr": (7, -5),
}
RIDGE = "operations in the time of a byte"


class Costs(NamedTuple):
    """A kept run, and what of it belongs to the pieces."""

    machine: dict
    date: str
    rows: list  # as they are printed, each a dict
    left_out: list
    ridge: float  # operations that the processor makes while a byte comes from memory
    intensity: dict  # piece -> operations for each byte
    roof: dict  # piece -> the share of the processor's rate that is possible
    reached: dict  # piece -> the share that was reached


def compute(path=RESULTS):
    """Read the kept run.

    Parameters
    ----------
    path : path, optional

    Returns
    -------
    Costs
    """
    kept = json.loads(as_path(path).read_text("utf-8"))
    measured = {row["name"]: row["ratio"] for row in kept["rows"] if row["room"] == "roofline"}
    ridge, intensity, roof, reached = measured.pop(RIDGE), {}, {}, {}
    for name, ratio in measured.items():
        piece, _, size = name.partition(" / its roof, d = ")
        d, D = (float(part) for part in size.split(", D = "))
        intensity[piece] = PIECES[piece](D, d).intensity
        roof[piece] = min(1.0, intensity[piece] / ridge)
        reached[piece] = roof[piece] / ratio
    return Costs(
        kept["machine"],
        kept["date"],
        kept["rows"],
        kept["left out"],
        ridge,
        intensity,
        roof,
        reached,
    )


@style.use()
def draw(costs):
    """Each piece under the roof.

    Parameters
    ----------
    costs : Costs

    Returns
    -------
    Figure
    """
    figure, axes = style.subplots(height=3.6)
    low, high = 0.5 * min(costs.intensity.values()), 2.0 * max(costs.intensity.values())
    high = max(high, 4.0 * costs.ridge)
    corner = [low, costs.ridge, high]
    axes.loglog(corner, [min(1.0, x / costs.ridge) for x in corner], color=style.GREY)
    axes.annotate(
        "memory", (low, low / costs.ridge), (-2, 26), textcoords="offset points", color=style.GREY
    )
    axes.annotate(
        "processor",
        (high, 1.0),
        (-4, -13),
        textcoords="offset points",
        ha="right",
        color=style.GREY,
    )
    for piece, x in costs.intensity.items():
        ours = piece == "streamed"
        color, marker = (style.RED, "*") if ours else (style.BLUE, "o")
        axes.plot([x, x], [costs.reached[piece], costs.roof[piece]], ":", color=color, lw=1.0)
        axes.plot(x, costs.reached[piece], marker, color=color, ms=9 if ours else 5)
        axes.annotate(
            piece,
            (x, costs.reached[piece]),
            BESIDE.get(piece, (6, 3)),
            textcoords="offset points",
            color=color,
        )
    axes.set_xlabel("operations for each byte")
    axes.set_ylabel("share of the processor's rate")
    return figure


def alt(costs):
    """What the picture shows, in words and numbers."""
    parts = [
        f"{piece} reaches {costs.reached[piece]:.2g} of {costs.roof[piece]:.2g}"
        for piece in sorted(costs.intensity, key=costs.intensity.get)
    ]
    return (
        "Share of the processor's rate against operations for each byte, both on logarithmic axes. "
        f"A roof rises in proportion until {costs.ridge:.2g} operations for each byte and is flat "
        f"from there on. Below it, from left to right: {'; '.join(parts)}."
    )
