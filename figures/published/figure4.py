"""Figure 4 of [D]: sorted final values of nine methods, ours over many seeds beside its one."""

from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from .. import style
from . import published

NAME = "Figure 4"
# Two methods of one name, one and two directions: the second has its own dashes.
SECOND = style.BROKEN
DECILES = np.linspace(0.0, 1.0, 11)
# Room below the smallest value drawn and above the largest, as a factor.
ROOM = 1.6
# Nothing smaller or larger is drawn to scale.
WITHIN = (1e-8, 1e7)


MARK = {
    "color": style.GREY,
    "linestyle": "none",
    "marker": "D",
    "markerfacecolor": "none",
    "markeredgewidth": 1.3,
    "markersize": 5,
}


class Sorted(NamedTuple):
    """Records of `figures.published.published`, of one lattice of starts."""

    name: str
    records: list


def compute(path=published.RESULTS):
    """Read what many seeds gave.

    Parameters
    ----------
    path : path, optional
        The file of `python -m figures.regenerate published`.

    Returns
    -------
    Sorted

    Raises
    ------
    StateError
        If the file is not there or is another.
    """
    return Sorted(NAME, published.of(NAME, published.read(path)))


@style.use()
def draw(data):
    """A panel for each method: median and deciles over seeds, the published deciles as marks."""
    return panels(data, columns=3)


def panels(data, columns):
    """Small multiples of sorted curves; the other methods' medians stay behind as thin lines.

    Parameters
    ----------
    data : Sorted
    columns : int
    """
    rows = -(-len(data.records) // columns)
    figure, axes = style.subplots(
        rows, columns, height=1.85 * rows + 0.6, sharex=True, sharey=True, squeeze=False
    )
    ends = limits(data.records)
    marked = False
    for ax, one in zip(axes.flat, data.records, strict=False):
        for other in data.records:
            if other is not one:
                ax.plot(other["shares"], np.clip(other["middle"], *ends), color=style.GREY, lw=0.6)
        curve(ax, one, ends)
        deciles = published.entry(one).deciles
        if deciles is not None:
            marked = True
            ax.plot(
                DECILES, np.clip(10.0 ** np.array(deciles), *ends), clip_on=False, zorder=6, **MARK
            )
        ax.set(yscale="log", ylim=ends, xlim=(0.0, 1.0))
        ax.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
        ax.set_title(one["label"], loc="left", fontsize=9.5)
        if one["diverged"]:
            share = one["diverged"] / (one["seeds"] * one["starts"])
            ax.text(
                0.04,
                0.96,
                f"{100 * share:.2g} % diverged",
                transform=ax.transAxes,
                va="top",
                fontsize="small",
            )
    for ax in axes.flat[len(data.records) :]:
        ax.set_axis_off()
    for column in range(columns):
        last = [ax for ax in axes[:, column] if ax.axison][-1]
        last.set_xlabel("share of starts")
        last.xaxis.set_tick_params(labelbottom=True)
    for row in axes:
        row[0].set_ylabel("final value")
    handles = [
        Line2D([], [], color=style.GREY, linewidth=1.7, label="median over seeds"),
        Patch(color=style.GREY, alpha=0.3, linewidth=0, label="deciles 10 to 90 %"),
        Line2D([], [], color=style.GREY, linewidth=0.6, label="the other methods"),
    ]
    if marked:
        handles.append(Line2D([], [], label="published", **MARK))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
    return figure


def curve(ax, one, ends, label=None, marker=None):
    """Median and band of one record, in its method's look."""
    look = style.look(one["method"])
    color, dashes = look.color, SECOND if one["hyperparameters"].get("dimension") == 2 else "-"
    ax.plot(
        one["shares"],
        np.clip(one["middle"], *ends),
        color=color,
        linestyle=dashes,
        marker=marker,
        markevery=len(one["shares"]) // 8,
        label=label,
        zorder=4,
    )
    low, high = (np.clip(one[name], *ends) for name in ("low", "high"))
    ax.fill_between(one["shares"], low, high, color=color, alpha=0.25, linewidth=0)


def limits(records):
    """Ends of the logarithmic axis: everything `WITHIN`, published marks included."""
    values = np.concatenate(
        [one[name] for one in records for name in ("low", "high")]
        + [10.0 ** np.array(published.entry(one).deciles or ()) for one in records]
    )
    values = values[(values >= WITHIN[0]) & (values <= WITHIN[1])]
    return values.min() / ROOM, values.max() * ROOM


def alt(data):
    """What the picture shows, in words."""
    words = [
        f"{len(data.records)} panels, one for each method: sorted final values of "
        f"{data.records[0]['starts']} starts on a logarithmic axis, median and deciles over "
        f"{data.records[0]['seeds']} seeds."
    ]
    for one in data.records:
        words.append(f"{one['label']}: {spoken(one)}.")
    return " ".join(words)


def spoken(one):
    """Median curve and band of a record in words, and the published median where there is one."""
    middle = len(one["middle"]) // 2
    said = (
        f"half of the starts below {one['middle'][middle]:.2g}, between {one['low'][middle]:.2g} "
        f"and {one['high'][middle]:.2g} in eight seeds of ten"
    )
    deciles = published.entry(one).deciles
    if deciles is not None:
        said += f", published {10.0 ** deciles[5]:.2g}"
    if one["diverged"]:
        said += f"; {one['diverged']} of {one['seeds'] * one['starts']} runs diverged"
    return said
