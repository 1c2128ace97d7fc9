"""The smallest program of [D]: 49 starts, no noise, the optimizer's state carried from each on."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions
from refimpl.runs.lattice import lattice_points

from .. import style

STEPS = 50
STARTS = lattice_points(3, 2)
METHOD, SETTING = "cdogr", {"beta": 0.4, "gamma": 0.5, "eta": 0.9, "prior": (1.0, 1.0)}
# A value is stable if no perturbed run gives another by more than this share of it.
STABLE = 1e-3


class Program(NamedTuple):
    """Final values in the program's order, as it is and from perturbed starts."""

    starts: np.ndarray  # (49, 2)
    final: np.ndarray  # (49,)
    perturbed: np.ndarray  # (runs, 49)
    low: np.ndarray  # (49,), smallest of the value and its perturbed ones
    high: np.ndarray  # (49,)
    stable: np.ndarray  # (49,), bool


def compute(runs=20, seed=0):
    """The program, and again with each start's coordinates off by one rounding unit.

    Parameters
    ----------
    runs : int
        Perturbed repetitions.
    seed : int
        Of the signs of the perturbation.

    Returns
    -------
    Program
    """
    rng = np.random.default_rng(seed)
    final = run(STARTS)
    perturbed = np.array([run(nudged(STARTS, rng)) for _ in range(runs)])
    everything = np.vstack([final, perturbed])
    low, high = everything.min(axis=0), everything.max(axis=0)
    return Program(STARTS, final, perturbed, low, high, high - low <= STABLE * low)


def run(starts):
    """Final values of the program from these starts, in their order. Shape (n,)."""
    return refimpl.lattice(
        functions.beale,
        METHOD,
        starts=starts,
        steps=STEPS,
        seeds=0,
        carry_state=True,
        progress=False,
        **SETTING,
    )[0]


def nudged(starts, rng):
    """Starts with every coordinate one rounding unit up or down; of 0, as of 1."""
    unit = np.spacing(np.maximum(np.abs(starts), 1.0))
    return starts + unit * rng.choice([-1.0, 1.0], starts.shape)


@style.use()
def draw(data):
    """The sorted values, with a bar for each from the smallest to the largest perturbed value."""
    figure, ax = style.subplots(height=3.6)
    order = np.argsort(data.final)
    place = np.arange(1, order.size + 1)
    stable = data.stable[order]
    looks = ((stable, style.BLUE, "o", "stable"), (~stable, style.RED, "s", "not stable"))
    for chosen, color, marker, label in looks:
        if not chosen.any():
            continue
        rows = order[chosen]
        ax.vlines(place[chosen], data.low[rows], data.high[rows], color=color, linewidth=2.6)
        ax.plot(
            place[chosen],
            data.final[rows],
            color=color,
            marker=marker,
            linestyle="none",
            label=f"{label} ({chosen.sum()})",
        )
    ax.set(
        yscale="log",
        xlim=(0, order.size + 1),
        xlabel="place among the sorted values",
        ylabel="final value",
    )
    ax.legend(loc="lower right")
    return figure


def alt(data):
    """What the picture shows, in words."""
    fixed, loose = data.stable.sum(), np.sum(~data.stable)
    said = (
        f"{data.final.size} final values, sorted, on a logarithmic axis from "
        f"{data.final.min():.1e} to {data.final.max():.1e}, each with a bar over "
        f"{len(data.perturbed)} runs from starts off by one rounding unit. {fixed} are stable"
    )
    if not loose:
        return said + "."
    ratio = np.max(data.high / data.low)
    return f"{said}; {loose} are not, and the longest bar spans a factor of {ratio:.1e}."
