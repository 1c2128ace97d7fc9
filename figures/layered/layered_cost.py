"""What the summary of a network costs, in gradients of the same network."""

import functools
import statistics
import time
from typing import NamedTuple

import numpy as np

from refimpl import layered_summary, partitions, summary
from refimpl.network import Batch, Network

from .. import style

DEPTH = 8
RECORDS = 128


class Problem(NamedTuple):
    """A network, some records, a place and the gradient there."""

    network: Network
    batch: Batch
    theta: np.ndarray
    direction: np.ndarray


def problem(width, records=RECORDS, depth=DEPTH, seed=0):
    """A tanh network of layers of one width, for as many classes, with random records."""
    rng = np.random.default_rng(seed)
    network = Network((width,) * (depth + 1))
    theta = network.initial(rng)
    batch = Batch(rng.standard_normal((records, width)), rng.integers(0, width, records))
    return Problem(network, batch, theta, network.gradient(theta, batch))


class Cost(NamedTuple):
    """Times in units of one gradient."""

    groups: np.ndarray  # (n,), blocks of the 2 * depth tensors
    fast: np.ndarray  # (n,), of the summary by layers
    products: np.ndarray  # (n,), matrix products that it takes over those of a gradient
    defined_groups: np.ndarray  # (m,)
    defined: np.ndarray  # (m,), of the summary by its definition
    width: np.ndarray  # (w,)
    by_width: np.ndarray  # (w,), of the summary by layers, one group for each tensor
    agreement: float  # of the two summaries, in the largest entry of each field
    at_width: int  # of the left panel


def products(network, groups):
    """Products of the batch with a matrix of weights: of the summary, over those of a gradient."""
    layers, begun, count, seen = list(network.layers), 0, 0, set()
    for layer in layers:
        # Both tangents of the groups that have begun; forward and adjoint pass; the direction
        # times the inputs, and the adjoint times the direction.
        owners = set(groups.shares[f"W{layer}"])
        count += 2 * begun + 2 + len(owners)
        if begun:
            count += len(owners) + len(owners & seen)
        seen |= owners | set(groups.shares[f"b{layer}"])
        begun = len(seen)
    return (count - 1) / (3 * len(layers) - 1)


def seconds(function):
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def in_gradients(gradient, call, repeats):
    """Median over some turns: a call's time over the mean of a gradient's before it and after."""
    gradient()
    turns = [(seconds(gradient), seconds(call), seconds(gradient)) for _ in range(repeats)]
    return statistics.median(2.0 * taken / (before + after) for before, taken, after in turns)


def compute(
    counts=(1, 2, 4, 8, 12, 16),
    defined_counts=(1, 2, 4, 8, 16),
    widths=(16, 32, 64, 128, 256),
    width=128,
    repeats=11,
    seed=0,
):
    """Time the summary by layers, by its definition, and the gradient, in turns.

    Parameters
    ----------
    counts, defined_counts : sequence of int
        Numbers of groups: blocks of the 16 tensors of eight layers.
    widths : sequence of int
        Of networks with one group for each tensor.
    width : int
        Of the network whose groups are varied.
    repeats : int
        Medians of so many turns; the definition is timed once.
    seed : int
        Of weights and records.

    Returns
    -------
    Cost
    """
    place = problem(width, seed=seed)
    network, batch, theta, _ = place
    gradient = functools.partial(network.gradient, theta, batch)
    loss = functools.partial(network.value, batch=batch)

    def fast(place, groups):
        return functools.partial(layered_summary.summarize, *place, groups)

    def assigned(network, count=None):
        shapes = network.shapes
        return layered_summary.assign(network, partitions.blocks(shapes, count or len(shapes)))

    costs = [in_gradients(gradient, fast(place, assigned(network, n)), repeats) for n in counts]
    defined, off = [], []
    for n in defined_counts:
        found = []

        def define(n=n, found=found):
            groups = partitions.blocks(network.shapes, n)
            found.append(summary.summarize(loss, theta, place.direction, groups))

        defined.append(in_gradients(gradient, define, 1))
        ours = fast(place, assigned(network, n))()
        for a, b in zip(ours[:4], found[0][:4], strict=True):
            off.append(np.max(np.abs(a - b)) / np.max(np.abs(b)))
    by_width = []
    for m in widths:
        other = problem(m, seed=seed)
        gradient = functools.partial(other.network.gradient, other.theta, other.batch)
        by_width.append(in_gradients(gradient, fast(other, assigned(other.network)), repeats))
    return Cost(
        groups=np.array(counts),
        fast=np.array(costs),
        products=np.array([products(network, assigned(network, n)) for n in counts]),
        defined_groups=np.array(defined_counts),
        defined=np.array(defined),
        width=np.array(widths),
        by_width=np.array(by_width),
        agreement=float(max(off)),
        at_width=width,
    )


@style.use()
def draw(data):
    """Left the cost over the number of groups, right over the width."""
    figure, (left, right) = style.subplots(1, 2, height=3.6)
    left.plot(
        data.defined_groups,
        data.defined,
        color=style.RED,
        marker="s",
        linestyle="--",
        label="by definition",
    )
    left.plot(data.groups, data.fast, color=style.BLUE, marker="o", label="by layers")
    left.plot(
        data.groups, data.products, color=style.GREY, linestyle=":", label="matrix products alone"
    )
    left.set(
        xscale="log",
        yscale="log",
        xlabel="groups",
        ylabel="cost / one gradient",
        title=f"{DEPTH} layers of width {data.at_width}",
    )
    left.set_xticks(data.groups, [str(n) for n in data.groups])
    left.minorticks_off()
    left.legend()
    right.plot(data.width, data.by_width, color=style.BLUE, marker="o")
    right.axhline(data.products[-1], color=style.GREY, linestyle=":")
    right.set(
        xscale="log",
        xlabel="width",
        title=f"{2 * DEPTH} groups, one for each tensor",
        ylim=(0.0, 1.15 * max(data.by_width.max(), data.products[-1])),
    )
    right.set_xticks(data.width, [str(n) for n in data.width])
    right.minorticks_off()
    return figure


def alt(data):
    """What the picture shows, in words."""
    return (
        f"Two panels on tanh networks of {DEPTH} layers and {RECORDS} records. Left, the cost of "
        "the summary of order 3 in gradients of the same network, over the number of groups on "
        f"logarithmic axes, at width {data.at_width}: by layers it is {data.fast[0]:.1f} for "
        f"{data.groups[0]} and {data.fast[-1]:.1f} for {data.groups[-1]}, near the dotted line of "
        f"the matrix products alone, {data.products[-1]:.1f} at its end; by the definition "
        f"{data.defined[0]:.0f} and {data.defined[-1]:.0f}. Both give the same numbers within "
        f"{data.agreement:.1g} of the largest. Right, the cost by layers over the width with one "
        f"group for each of the {2 * DEPTH} tensors: {data.by_width[0]:.1f} gradients at width "
        f"{data.width[0]} and {data.by_width[-1]:.1f} at width {data.width[-1]}."
    )
