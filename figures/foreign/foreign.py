"""The default and its rivals on foreign problems: shares of rows below each level."""

import numpy as np

from .. import style
from .tally import JUDGED, below, compute

__all__ = ["COLORS", "alt", "compute", "draw"]

COLORS = {
    "Rprop": "#0b8ea3",
    "DoWG": "#7466d6",
    "COCOB": "#bb7102",
    "Prodigy": "#4f8f2f",
    "Adam, best of 7": "#8a5a44",
}


@style.use()
def draw(data):
    """A panel for each group that is judged: the share of rows below each level."""
    figure, axes = style.subplots(1, len(JUDGED), height=3.6, sharey=True)
    levels = np.logspace(-12, 0, 121)
    for group, ax in zip(JUDGED, axes, strict=True):
        chosen = data.of(group)
        for name, color in {**COLORS, "ogr": style.look("ogr").color}.items():
            own = data.excess[chosen, data.rivals.index(name), -1]
            share = [np.mean(own <= level) for level in levels]
            ax.plot(
                levels,
                share,
                color=color,
                linewidth=2.6 if name == "ogr" else 1.4,
                linestyle="--" if name.endswith("7") else "-",
                label=name,
            )
        ax.set(xscale="log", xlim=(1e-12, 1.0), ylim=(0.0, 1.0))
        ax.set_title(f"{group}: {chosen.sum()} rows", loc="left")
        ax.set_xlabel("excess / first excess")
    axes[0].set_ylabel("share of rows below")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return figure


def alt(data):
    """What the picture shows, in words."""
    shown = [data.rivals.index(name) for name in ("ogr", *COLORS)]
    words = ["Share of rows whose excess is below a level, against that level, three panels."]
    for group in JUDGED:
        for level, said in ((1e-1, "a tenth"), (1e-3, "a thousandth"), (1e-6, "a millionth")):
            share = below(data, level, group)
            counts = ", ".join(f"{data.rivals[k]} {share[k]:.0%}" for k in shown)
            words.append(f"{group}, below {said} of the first excess: {counts}.")
    return " ".join(words)
