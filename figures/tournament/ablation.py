"""The robust default with one ingredient taken out at a time."""

from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from .. import style
from . import rivals, tally

WIDE = 4.0  # decades that are drawn to scale


class Ablation(NamedTuple):
    """Decimal logarithms of the geometric means, relative to the whole method."""

    rows: tuple
    variants: tuple  # the dearest first, by the mean over the rows
    ratio: np.ndarray  # (variants, rows), above 0 where the variant is worse
    steps: np.ndarray  # (rows,)
    diverged: np.ndarray  # (variants,), runs


def arrange(records):
    """The records of the ablation, relative to the first rival."""
    shown = tally.table(records)
    whole = shown.rivals.index(tally.OURS)
    ratio = (shown.mean - shown.mean[:, [whole]]).T
    order = [k for k in np.argsort(-ratio.mean(axis=1), kind="stable") if k != whole]
    return Ablation(
        shown.rows,
        tuple(shown.rivals[k] for k in order),
        ratio[order],
        shown.steps,
        shown.diverged.sum(axis=0)[order],
    )


def compute(records=None):
    """The ratios of the kept records, or of others.

    Parameters
    ----------
    records : list of dict, optional
        Of `refimpl.runs.experiments.tournament`, the whole method among the rivals.

    Returns
    -------
    Ablation

    Raises
    ------
    StateError
        If the file of the ablation is missing.
    """
    return arrange(rivals.read("ablation") if records is None else records)


@style.use()
def draw(data):
    """A line for each variant, a mark for each row of the experiment; a bar at the mean."""
    figure, ax = style.subplots(height=0.36 * len(data.variants) + 1.3)
    budgets = sorted(set(data.steps))
    looks = ((style.AMBER, "o", -0.14), (style.BLUE, "s", 0.14))
    for k, ratio in enumerate(data.ratio):
        for budget, (color, marker, lift) in zip(budgets, looks, strict=False):
            shown = np.clip(ratio[data.steps == budget], -WIDE, WIDE)
            ax.plot(
                shown,
                np.full(shown.size, k + lift),
                color=color,
                marker=marker,
                linestyle="none",
                alpha=0.75,
                markeredgewidth=0,
            )
        mean = ratio.mean()
        ax.plot([mean, mean], [k - 0.36, k + 0.36], color=style.GREY, linewidth=2.4)
    ax.axvline(0.0, color=style.GREY, linewidth=0.8)
    ax.set(
        yticks=range(len(data.variants)),
        yticklabels=data.variants,
        xlabel="decades above the whole method (right is worse)",
    )
    ax.invert_yaxis()
    handles = [
        Line2D([], [], color=color, marker=marker, linestyle="none", label=f"{budget} steps")
        for budget, (color, marker, _) in zip(budgets, looks, strict=False)
    ]
    handles.append(Line2D([], [], color=style.GREY, linewidth=2.4, label="mean"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    said = "; ".join(
        f"{name} {ratio.mean():+.2f}, from {ratio.min():+.2f} to {ratio.max():+.2f}"
        for name, ratio in zip(data.variants, data.ratio, strict=True)
    )
    return (
        "Dots for the robust default with one ingredient changed: decades by which the geometric "
        f"mean of the excess changes, on {len(data.rows)} rows. Mean and range, the most costly "
        f"change first: {said}."
    )
