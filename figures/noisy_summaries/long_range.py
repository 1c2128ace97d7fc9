"""How tensors of deep networks act on each other: summaries by tensor, through a training run.

Entries are shown scaled, ``H_st / sqrt(|H_ss H_tt|)``, which no unit of a group changes: they are
correlations where `H` is positive definite.
"""

from typing import NamedTuple

import numpy as np

from refimpl import partitions
from refimpl.cubic import minimize_cubic
from refimpl.network import minibatches
from refimpl.optimizers import bind
from refimpl.optimizers.adam import adam
from refimpl.summary import layered, without_noise

from .. import style
from ..training import contest


class Look(NamedTuple):
    """What a summary of all training records says at one moment."""

    correlations: np.ndarray  # (S, S)
    inverse: np.ndarray  # (S, S), those of the inverse
    outside: float  # share of the squares of correlations between different layers
    rates: np.ndarray  # (S,), along the gradient
    alone: np.ndarray  # (S,), without interactions between layers
    before: float  # the loss
    after: float  # after the full step by the rates
    after_alone: float


class LongRange(NamedTuple):
    """Looks of several seeds."""

    moments: tuple  # steps of Adam
    names: dict  # task -> names of the tensors
    looks: dict  # task -> list over seeds of lists over moments


def correlated(H):
    """Entries over the root of the product of their diagonal entries; 0 where one of those is."""
    size = np.sqrt(np.abs(np.diag(H)))
    scale = np.where(size > 0.0, size, np.inf)
    return H / scale[:, None] / scale


def outside(correlations, layers):
    """Share of the sum of squares that is between different layers: off the block diagonal."""
    squares = np.nan_to_num(correlations) ** 2
    across = layers[:, None] != layers
    return float(squares[across].sum() / squares.sum())


def layers_of(names):
    """The layer of each tensor, from names such as ``W3``."""
    return np.array([int(name[1:]) for name in names])


def looked(network, records, theta, groups):
    """A `Look` at this place."""
    before, u = network.evaluate(theta, records)
    found, noise = layered.summarize_with_noise(network, records, theta, u, groups)
    H, g, d = found.hessian, found.gradient, np.cbrt(np.abs(without_noise(found.third, noise)))
    rates = minimize_cubic(H, g, d, 1.0).rates
    layers = layers_of(network.shapes)
    alone = minimize_cubic(np.where(layers[:, None] == layers, H, 0.0), g, d, 1.0).rates
    correlations = correlated(H)

    def ended(chosen):
        moved = theta.copy()
        for rate, index in zip(chosen, partitions.by_tensor(network.shapes), strict=True):
            moved[index] -= rate * u[index]
        return network.value(moved, records)

    return Look(
        correlations,
        correlated(np.linalg.pinv(correlations)),
        outside(correlations, layers),
        rates,
        alone,
        before,
        ended(rates),
        ended(alone),
    )


def compute(tasks=tuple(contest.TASKS), moments=(0, 20, 200), seeds=range(11), batch=64):
    """Train by Adam and look at some moments.

    Parameters
    ----------
    tasks : sequence of str
        Names of `contest.TASKS`.
    moments : sequence of int
        Steps made.
    seeds : sequence of int
    batch : int
        Records of a minibatch of the training; a look is at all training records.

    Returns
    -------
    LongRange
    """
    names, looks = {}, {}
    parameters = bind(adam, {"alpha": 3e-3, "beta1": 0.9, "beta2": 0.999})
    for task in tasks:
        looks[task] = []
        for seed in seeds:
            model, rng = contest.model(task, seed), np.random.default_rng([seed, 1])
            network, records = model.network, model.data.train
            names[task] = tuple(network.shapes)
            groups = layered.assign(network, partitions.by_tensor(network.shapes))
            of_start, of_batches = rng.spawn(2)
            theta = network.initial(of_start)
            batches = minibatches(len(records.inputs), batch, of_batches)
            state, found = adam.start(theta, np.empty((0, theta.size)), parameters), []
            for step in range(moments[-1] + 1):
                if step in moments:
                    found.append(looked(network, records, theta, groups))
                g = network.gradient(theta, records.take(next(batches)))
                theta, state = adam.step(state, theta, g, parameters)
            looks[task].append(found)
    return LongRange(tuple(moments), names, looks)


def summarized(data, task):
    """Median and range over the seeds of each moment, by name: plain numbers."""
    layers, found = layers_of(data.names[task]), {}
    across = layers[:, None] != layers
    for k, moment in enumerate(data.moments):
        looks = [one[k] for one in data.looks[task]]
        values = {
            "share outside the layers": [one.outside for one in looks],
            "entry between layers": [
                np.sqrt(np.mean(one.correlations[across] ** 2)) for one in looks
            ],
            "negative on the diagonal": [
                int(np.sum(np.diag(one.correlations) < 0.0)) for one in looks
            ],
            "negative rates": [np.mean(one.rates < 0.0) for one in looks],
            "loss, full step / before": [one.after / one.before for one in looks],
            "loss, layers apart / before": [one.after_alone / one.before for one in looks],
        }
        found[moment] = {
            name: (float(np.median(v)), float(min(v)), float(max(v))) for name, v in values.items()
        }
    return found


@style.use()
def draw(data):
    """A row for each task: correlations at the first and last moment, the inverse, and rates."""
    tasks = list(data.looks)
    figure, axes = style.subplots(len(tasks), 4, height=2.3 * len(tasks), squeeze=False)
    for row, task in zip(axes, tasks, strict=True):
        first, last = data.looks[task][0][0], data.looks[task][0][-1]
        shown = (
            (first.correlations, "at the start"),
            (last.correlations, f"after {data.moments[-1]} steps"),
            (last.inverse, "its inverse"),
        )
        for ax, (matrix, title) in zip(row, shown, strict=False):
            # Squares and no image: a figure has no second file in it.
            # Edges of their own colour, or the background shows between them.
            ax.pcolormesh(
                matrix, cmap="RdBu", vmin=-1.0, vmax=1.0, edgecolors="face", linewidth=0.3
            )
            ax.set(xticks=[], yticks=[], title=title, aspect="equal")
            ax.invert_yaxis()
        row[0].set_ylabel(task)
        rates = [[np.abs(look.rates) for look in one] for one in data.looks[task]]
        rates = np.median(rates, axis=0)
        layers = np.arange(1, rates.shape[1] // 2 + 1)
        for k, dashes in ((0, style.SPARSE), (-1, "-")):
            for part, color, name in ((0, style.BLUE, "weights"), (1, style.AMBER, "biases")):
                label = name if k == -1 else None
                row[3].plot(layers, rates[k, part::2], color=color, linestyle=dashes, label=label)
        row[3].set(yscale="log", title="rates by layer", xticks=layers[1::2])
        row[3].legend()
    return figure


def alt(data):
    """What the picture shows, in words."""
    said = [
        "Matrices of scaled second derivatives between the tensors of deep networks, in order of "
        "the layers, at the start of a training run and at its end, and the inverse at the end, "
        "blue positive, red negative; beside them the medians of the moduli of the learning rates "
        "by layer, dotted at the start, solid at the end."
    ]
    for task in data.looks:
        found = summarized(data, task)
        parts = [
            f"{values['share outside the layers'][0]:.0%} after {moment} steps"
            for moment, values in found.items()
        ]
        said.append(
            f"{task}: of the squares of the entries, those between different layers are "
            f"{', '.join(parts)} (medians)."
        )
    return " ".join(said)
