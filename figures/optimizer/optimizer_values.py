"""The optimizer of the four pieces beside its rivals: sorted values, and values over the steps."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions

from .. import style
from ..chaos.fair_comparison import score
from . import inside_a_run
from .options import middle

STEPS, NOISE, RADIUS = 50, 0.1, 3
# On 3-D Beale: what is given by hand, and the one hyperparameter that is chosen among the values.
# The values reach so far that the best of them is not the first or the last.
BEALE = {
    "momentum": ("momentum", {}, "alpha", (0.0001, 0.0002, 0.0003, 0.0005, 0.001)),
    "Adam": ("adam", {}, "alpha", (0.2, 0.4, 0.8, 1.5, 3.0)),
    "fOGR": ("fogr", {}, "cut", (1.0, 3.0, 10.0, 30.0, 100.0)),
    "four pieces, d = 2": ("online_sfn", {"dimension": 2}, "cut", (1.0, 3.0, 10.0, 30.0, 100.0)),
    "four pieces, d = 3": ("online_sfn", {"dimension": 3}, "cut", (1.0, 3.0, 10.0, 30.0, 100.0)),
}
SADDLE = {
    "momentum": ("momentum", {}, "alpha", (0.1, 0.2, 0.3, 0.4, 0.5)),
    "Adam": ("adam", {}, "alpha", (0.003, 0.01, 0.03, 0.1, 0.3)),
    "fOGR": ("fogr", {}, "cut", (0.1, 0.3, 1.0, 3.0, 10.0)),
    "four pieces, d = 4": (
        "online_sfn",
        {"dimension": 4, "alpha": 0.03},
        "cut",
        (0.01, 0.03, 0.1, 0.3, 1.0),
    ),
}


class Compared(NamedTuple):
    """Final values on 3-D Beale, and excess over the steps on a saddle in many dimensions."""

    chosen: tuple  # two dictionaries, label -> value of the hyperparameter chosen
    final: dict  # label -> (seeds, starts), inf where a run diverged
    excess: dict  # label -> (seeds, steps + 1), inf after a divergence


def beale(case, value, radius, seeds):
    """Final values of one method with one value of its hyperparameter."""
    method, given, name, _ = case
    return refimpl.lattice(
        functions.beale3,
        method,
        radius=radius,
        steps=STEPS,
        noise=NOISE,
        seeds=seeds,
        progress=False,
        **given,
        **{name: value},
    )


def saddle(case, value, seeds, steps=inside_a_run.STEPS):
    """Excess at every step of one method with one value of its hyperparameter."""
    method, given, name, _ = case
    function, start, _ = inside_a_run.saddle()
    found = np.full((len(seeds), steps + 1), np.inf)
    for s, seed in enumerate(seeds):
        values = refimpl.minimize(
            function,
            start,
            method=method,
            steps=steps,
            noise=inside_a_run.NOISE,
            seed=seed,
            **given,
            **{name: value},
        ).values
        found[s, : values.size] = values - function.minimum_value
    return found


def tuned(cases, measure):
    """The value of best `score` for each case."""
    return {
        label: min(case[3], key=lambda value, case=case: score(measure(case, value)))
        for label, case in cases.items()
    }


def compute(seeds=10, saddle_seeds=20, tuning=(1, 10), radius=RADIUS, steps=inside_a_run.STEPS):
    """Tune every method on other seeds, then run it.

    Parameters
    ----------
    seeds, saddle_seeds : int
        How many, on 3-D Beale and from the saddle: 0, 1, ...
    tuning : (int, int)
        How many in tuning, for the one and for the other: 1000, 1001, ...
    radius : int
        Of the lattice of starts on 3-D Beale.
    steps : int
        Of the runs from the saddle.

    Returns
    -------
    Compared
    """
    on_beale, on_saddle = (range(1000, 1000 + count) for count in tuning)
    chosen = (
        tuned(BEALE, lambda case, value: beale(case, value, radius, on_beale)),
        tuned(SADDLE, lambda case, value: saddle(case, value, on_saddle, steps)[:, -1]),
    )
    return Compared(
        chosen,
        final={
            label: beale(case, chosen[0][label], radius, range(seeds))
            for label, case in BEALE.items()
        },
        excess={
            label: saddle(case, chosen[1][label], range(saddle_seeds), steps)
            for label, case in SADDLE.items()
        },
    )


def look(label):
    """Colour, dashes and marker of a curve."""
    if label == "four pieces, d = 2":
        return style.look("online_sfn")._replace(dashes=style.SPARSE, marker="d")
    return style.look((BEALE | SADDLE)[label][0])


def low_middle_high(values):
    """Deciles 10, 50 and 90 % over the seeds; never between two infinite values."""
    return np.quantile(values, (0.1, 0.5, 0.9), axis=0, method="inverted_cdf")


@style.use()
def draw(data):
    """Left sorted values, right values over the steps: medians and deciles over the seeds."""
    figure, (left, right) = style.subplots(1, 2, width=8.0, height=4.2)
    for label, final in data.final.items():
        color, dashes, marker = look(label)
        starts = final.shape[1]
        place = (np.arange(starts) + 0.5) / starts
        low, middle, high = np.clip(low_middle_high(np.sort(final, axis=1)), 1e-6, 1e4)
        left.plot(
            place,
            middle,
            color=color,
            linestyle=dashes,
            marker=marker,
            markevery=max(1, starts // 9),
            label=f"{label} ({np.isinf(final).mean():.1%} diverged)",
        )
        left.fill_between(place, low, high, color=color, alpha=0.16, linewidth=0)
    left.set(yscale="log", xlim=(0, 1), ylim=(None, 1e4), xlabel="share of starts")
    left.set(ylabel="final value", title="3-D Beale, sorted")
    for label, excess in data.excess.items():
        color, dashes, marker = look(label)
        low, middle, high = np.clip(low_middle_high(excess), 1e-6, 1e4)
        right.plot(middle, color=color, linestyle=dashes, marker=marker, markevery=12, label=label)
        right.fill_between(np.arange(middle.size), low, high, color=color, alpha=0.16, linewidth=0)
    right.set(yscale="log", xlabel="step", ylabel="excess over the minimum")
    right.set_title(f"a saddle in {inside_a_run.D} dimensions")
    handles, labels = left.get_legend_handles_labels()
    more, names = right.get_legend_handles_labels()
    figure.legend([*handles, more[-1]], [*labels, names[-1]], loc="outside lower center", ncols=2)
    return figure


def alt(data):
    """What the picture shows, in words."""
    values = "; ".join(
        f"{label} {middle(final)} with {np.isinf(final).mean():.1%} diverged"
        for label, final in data.final.items()
    )
    ends = "; ".join(f"{label} {middle(e[:, -1])}" for label, e in data.excess.items())
    seeds, starts = next(iter(data.final.values())).shape
    runs, steps = next(iter(data.excess.values())).shape
    return (
        "Two panels, medians with deciles over seeds. Left: final values of "
        f"{starts} starts on 3-D Beale, sorted, {seeds} seeds; their medians: {values}. Right: the "
        f"excess over the minimum along {steps - 1} steps from a saddle in {inside_a_run.D} "
        f"dimensions, {runs} seeds; its median at the end: {ends}."
    )
