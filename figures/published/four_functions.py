"""Four functions of two variables with the settings of [D]: 20 steps from 121 starts."""

from typing import NamedTuple

from .. import style
from . import published
from .figure4 import curve, limits, spoken


class Functions(NamedTuple):
    """Records of `figures.published.published`, function by function."""

    names: tuple
    records: tuple  # of lists


def compute(path=published.RESULTS):
    """Read what many seeds gave; as `figures.published.figure4.compute`."""
    records = published.read(path)
    names = tuple(published.PLANE)
    return Functions(
        names, tuple(published.of(f"four functions, {name}", records) for name in names)
    )


@style.use()
def draw(data):
    """A panel for each function, a curve with its band for each method."""
    figure, axes = style.subplots(2, 2, height=5.8, sharex=True)
    for ax, name, records in zip(axes.flat, data.names, data.records, strict=True):
        ends = limits(records)
        for one in records:
            curve(ax, one, ends, label=one["label"], marker=style.look(one["method"]).marker)
        ax.set(yscale="log", ylim=ends, xlim=(0.0, 1.0))
        ax.set_title(name, loc="left")
    for ax in axes[:, 0]:
        ax.set_ylabel("final value above the minimum")
    for ax in axes[-1]:
        ax.set_xlabel("share of starts")
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def alt(data):
    """What the picture shows, in words."""
    words = [
        f"Four panels, one for each function: sorted final values of {data.records[0][0]['starts']}"
        " starts above the minimum, on logarithmic axes, median and deciles over "
        f"{data.records[0][0]['seeds']} seeds."
    ]
    for name, records in zip(data.names, data.records, strict=True):
        said = ". ".join(f"{one['label']}: {spoken(one)}" for one in records)
        words.append(f"{name}. {said}.")
    return " ".join(words)
