"""Final values of many starts, sorted: how good the good runs are, and how many are bad."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions
from refimpl.errors import NotFiniteError, RangeError, ShapeError

from .. import style
from .figure1 import LABELS, METHODS, NOISE, PROGRAM, STEPS


class Sorted(NamedTuple):
    """Sorted final values of each method; `inf` for a run that diverged."""

    methods: tuple
    values: tuple  # of arrays (seeds, starts), each row ascending


def sort(final):
    """Final values by method, as `refimpl.lattice` gives them, sorted for each seed.

    Parameters
    ----------
    final : dict of str to array_like of shape (seeds, starts) or (starts,)
        Excess over the minimum: at least 0, `inf` for a diverged run.

    Returns
    -------
    Sorted

    Raises
    ------
    ShapeError, NotFiniteError, RangeError
        For an empty or higher-dimensional array, NaN, a negative value.
    """
    values = []
    for method, given in final.items():
        given = np.atleast_2d(np.asarray(given, dtype=np.float64))
        if given.ndim != 2 or given.size == 0:
            raise ShapeError(f"{method}: expected shape (seeds, starts), got {given.shape}")
        if np.isnan(given).any():
            raise NotFiniteError(f"{method}: expected final values, found NaN")
        if given.min() < 0.0:
            raise RangeError(
                f"{method}: expected values >= 0, got {given.min():g}; subtract the minimum"
            )
        values.append(np.sort(given, axis=1))
    return Sorted(tuple(final), tuple(values))


def compute(seeds=range(200)):
    """The runs of Figure 1 of [D], from the starts of its program.

    Parameters
    ----------
    seeds : iterable of int

    Returns
    -------
    Sorted
    """
    return sort(
        {
            method: refimpl.lattice(
                functions.beale,
                method,
                starts=PROGRAM,
                steps=STEPS,
                noise=NOISE,
                seeds=seeds,
                progress=False,
                **hyperparameters,
            )
            for method, hyperparameters in METHODS.items()
        }
    )


@style.use()
def draw(data, labels=LABELS, height=3.6):
    """A curve for each method: its first seed, with the deciles 10 and 90 % over all seeds.

    Diverged runs of the first seed stand as crosses along the top, their number in the legend;
    values of 0 stand at the bottom.

    Parameters
    ----------
    data : Sorted
    labels : dict, optional
        What a method is called in the legend, where that is not its name.
    height : float, optional
        In inches.
    """
    figure, ax = style.subplots(height=height)
    everything = np.concatenate([values.ravel() for values in data.values])
    positive = everything[np.isfinite(everything) & (everything > 0.0)]
    bottom, top = (positive.min() / 2, positive.max() * 2) if positive.size else (0.1, 10.0)
    row = 1.0
    for method, values in zip(data.methods, data.values, strict=True):
        color, dashes, marker = style.look(method)
        starts = values.shape[1]
        place = (np.arange(starts) + 0.5) / starts
        first = values[0]
        diverged = np.isinf(first)
        name = labels.get(method, method)
        if diverged.any():
            name += f"\n({diverged.sum()} of {starts} diverged)"
        ax.plot(
            place[~diverged],
            np.maximum(first[~diverged], bottom),
            color=color,
            linestyle=dashes,
            marker=marker,
            markevery=max(1, starts // 15),
            label=name,
        )
        if diverged.any():
            ax.plot(
                place[diverged],
                np.full(diverged.sum(), row),
                color=color,
                marker="X",
                markersize=8,
                linestyle="none",
                clip_on=False,
                transform=ax.get_xaxis_transform(),
                zorder=5,
            )
            row -= 0.035  # the next method's crosses stand below, none behind another
        if values.shape[0] > 1:
            # Between two infinite values no quantile can be interpolated: take one of them.
            low, high = np.quantile(values, (0.1, 0.9), axis=0, method="inverted_cdf")
            ax.fill_between(
                place,
                np.clip(low, bottom, top),
                np.clip(high, bottom, top),
                color=color,
                alpha=0.16,
                linewidth=0,
            )
    ax.set(
        yscale="log",
        ylim=(bottom, top),
        xlim=(0.0, 1.0),
        xlabel="share of starts",
        ylabel="final value",
    )
    figure.legend(loc="outside right upper")
    return figure


def alt(data, labels=LABELS):
    """What the picture shows, in words."""
    words = []
    for method, values in zip(data.methods, data.values, strict=True):
        first = values[0]
        diverged = int(np.isinf(first).sum())
        middle = float(np.quantile(first, 0.5, method="inverted_cdf"))
        words.append(
            f"{labels.get(method, method)} from {first[0]:.2g} by {middle:.2g} in the middle to "
            f"{first[~np.isinf(first)].max(initial=first[0]):.2g}"
            + (f" with {diverged} of {first.size} diverged" if diverged else "")
        )
    band = "; bands are the deciles 10 and 90 per cent over "
    return (
        f"Final values of {data.values[0].shape[1]} starts, sorted, on a logarithmic axis, one "
        f"curve for each method: {'; '.join(words)}"
        + (f"{band}{data.values[0].shape[0]} seeds." if data.values[0].shape[0] > 1 else ".")
    )
