"""Performance profiles of the tournament: how often a method is near the best one."""

from typing import NamedTuple

import numpy as np

from refimpl.runs.experiments.tournament import EXPONENTS

from .. import style
from . import rivals, tally


class Profiles(NamedTuple):
    """Shares of runs within a factor of the best method in the same run, averaged over rows."""

    panels: tuple  # of str
    rivals: tuple
    methods: tuple  # names of `refimpl.methods`
    exponents: np.ndarray  # (k,), decimal, of the factors
    share: np.ndarray  # (panels, rivals, k); rows that a rival does not run count as 0
    rows: np.ndarray  # (panels,), their numbers


def arrange(records):
    """One panel for each noise level of the tournament, and one for the held-out functions."""
    shown = tally.table(records)
    names = shown.rivals
    apart = tally.held_out(shown.rows)
    levels = sorted(set(shown.noise[~apart]))
    panels = [(f"noise {level:g}", ~apart & (shown.noise == level)) for level in levels]
    if apart.any():
        panels.append(("held-out functions", apart))
    profile = np.zeros((len(shown.rows), len(names), EXPONENTS.size))
    for record in records:
        if record["left_out"] is None:
            r, k = shown.rows.index(record["row"]), names.index(record["rival"])
            profile[r, k] = record["profile"]
    method = {record["rival"]: record["method"] for record in records}
    return Profiles(
        tuple(name for name, _ in panels),
        names,
        tuple(method[name] for name in names),
        EXPONENTS,
        np.array([profile[chosen].mean(axis=0) for _, chosen in panels]),
        np.array([chosen.sum() for _, chosen in panels]),
    )


def compute(records=None):
    """The profiles of the kept records, or of others.

    Parameters
    ----------
    records : list of dict, optional
        Of `refimpl.runs.experiments.tournament`.

    Returns
    -------
    Profiles

    Raises
    ------
    StateError
        If the file of the tournament is missing.
    """
    return arrange(rivals.read("tournament") if records is None else records)


@style.use()
def draw(data):
    """A panel for each noise level; curves of the methods, `ogr` over the others."""
    rows = (len(data.panels) + 1) // 2
    figure, axes = style.subplots(
        rows, 2, height=2.6 * rows + 0.7, sharex=True, sharey=True, squeeze=False
    )
    for p, ax in enumerate(axes.flat):
        if p >= len(data.panels):
            ax.axis("off")
            continue
        for k, (name, method) in enumerate(zip(data.rivals, data.methods, strict=True)):
            color, dashes, marker = style.look(method)
            ours = name == tally.OURS
            ax.plot(
                10.0**data.exponents,
                data.share[p, k],
                color=color,
                linestyle=dashes,
                marker=marker,
                markevery=(k % 4, 4),
                linewidth=2.6 if ours else 1.4,
                zorder=3 if ours else 2,
                label=name,
            )
        ax.set(xscale="log", ylim=(0.0, 1.0), xlim=(1.0, 10.0 ** data.exponents[-1]))
        ax.set_title(f"{data.panels[p]}: {data.rows[p]} rows", loc="left")
    for ax in axes[-1]:
        ax.set_xlabel("factor of the best excess in the same run")
    for ax in axes[:, 0]:
        ax.set_ylabel("share of runs within it")
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=7)
    return figure


def alt(data):
    """What the picture shows, in words."""
    words = [
        "Performance profiles: share of runs whose excess is within a factor of the best method's "
        "in the same run, against that factor from 1 to a million."
    ]
    ten = int(np.argmin(np.abs(data.exponents - 1.0)))
    for name, share, rows in zip(data.panels, data.share, data.rows, strict=True):
        said = ", ".join(
            f"{rival} {one[0]:.0%} and {one[ten]:.0%}"
            for rival, one in zip(data.rivals, share, strict=True)
        )
        words.append(f"{name}, {rows} rows, best itself and within a factor of ten: {said}.")
    return " ".join(words)
