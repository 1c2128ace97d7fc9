"""Learning rates that grouped Newton gives to the tensors of a network while it is trained."""

from typing import NamedTuple

import numpy as np

from .. import style
from . import training

WINDOW = 9
DASHES = ("-", style.LONG, style.BROKEN, style.SPARSE)
COLORS = (style.BLUE, style.AMBER, style.RED, style.GREY)


class Rates(NamedTuple):
    """Rates by step, and how the run went."""

    names: tuple  # of the tensors
    panels: tuple  # directions
    rates: np.ndarray  # (panels, steps, S)
    loss: np.ndarray  # (panels,), at the end


def compute(data="digits", rows=("grouped", "grouped, Adam"), steps=120, seed=0, damping=0.3):
    """Train along two directions, with strength 1.

    Parameters
    ----------
    data : str
        A name of `training.TASKS`.
    rows : sequence of str
        Names of `training.ROWS`.
    steps, seed : int
    damping : float

    Returns
    -------
    Rates
    """
    task = training.TASKS[data]
    chosen = {"damping": damping, "strength": 1.0}
    runs = [training.run(task, training.ROWS[row], chosen, seed, steps, steps) for row in rows]
    shapes = training.model(task, seed).network.shapes
    directions = tuple(dict(training.ROWS[row].fixed).get("direction", "gradient") for row in rows)
    return Rates(
        tuple(shapes),
        directions,
        np.array([one.rates for one in runs]),
        np.array([one.loss[-1] for one in runs]),
    )


def smooth(rates):
    """Medians over windows of steps, shape (steps - WINDOW + 1, S)."""
    windows = np.lib.stride_tricks.sliding_window_view(rates, WINDOW, axis=0)
    return np.median(windows, axis=-1)


@style.use()
def draw(data):
    """A panel for each direction: points are rates, lines running medians."""
    figure, axes = style.subplots(1, len(data.panels), height=3.8, squeeze=False)
    for ax, direction, rates in zip(axes[0], data.panels, data.rates, strict=True):
        middle, step = smooth(rates), np.arange(1, len(rates) + 1)
        half = WINDOW // 2
        for s, name in enumerate(data.names):
            color = COLORS[s % len(COLORS)]
            ax.plot(step, rates[:, s], ".", color=color, markersize=2.5, alpha=0.5)
            ax.plot(
                step[half : len(step) - half],
                middle[:, s],
                color=color,
                linestyle=DASHES[s % len(DASHES)],
                label=name,
            )
        # Nine tenths of the rates are on the logarithmic part of the axis.
        small = np.quantile(np.abs(rates[rates != 0.0]), 0.1)
        ax.set_yscale("symlog", linthresh=float(10.0 ** np.floor(np.log10(small))))
        ax.axhline(0.0, color=style.GREY, linewidth=0.8)
        ax.set(xlabel="steps", title=f"along {'Adam' if direction == 'adam' else 'the gradient'}")
    axes[0, 0].set_ylabel("learning rate")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def alt(data):
    """What the picture shows, in words."""
    said = ["Learning rates of each tensor over the steps of a training run, one for each step."]
    for direction, rates in zip(data.panels, data.rates, strict=True):
        quarter = max(len(rates) // 4, 1)
        early, late = np.median(rates[:quarter], axis=0), np.median(rates[-quarter:], axis=0)
        parts = [
            f"{name} {early[s]:.2g} in the first quarter and {late[s]:.2g} in the last"
            for s, name in enumerate(data.names)
        ]
        said.append(
            f"Along {direction}, medians: {'; '.join(parts)}; "
            f"{np.mean(rates < 0.0):.0%} of all rates are negative."
        )
    return " ".join(said)
