"""Training of a network on minibatches by any method, with what it costs counted in gradients.

A step sees one minibatch: its gradient, and for grouped Newton the layered summary of the loss on
the same records. Chapter "Training a small network" of the book.
"""

from typing import NamedTuple

import numpy as np

from ... import optimizers
from ...errors import NotFiniteError, RangeError, UnsupportedOperationError
from ...network.activations import ACTIVATIONS
from ...network.data import minibatches
from ...optimizers.grouped_newton import Slice, partition
from ...outcomes import farthest, length
from ...summary import layered as layered_summary
from ...summary import without_noise
from ..execute import DIRECTIONS
from ..lattice import positive


class Training(NamedTuple):
    """A run, looked at every few steps.

    After a divergence, `loss` is `inf` and `accuracy` 0.
    """

    step: np.ndarray  # (k,), steps made when looked at, from 0 to all
    equivalents: np.ndarray  # (k,), cost until then, in gradients of a minibatch
    loss: np.ndarray  # (k,), of all training records
    accuracy: np.ndarray  # (k,), share of the test records that are classified right
    rates: np.ndarray | None  # (steps, S), learning rates of grouped Newton; None for others
    theta: np.ndarray  # (D,), where the run ended
    diverged: bool


def train(model, method, *, steps, batch, rng, every=10, summary_batch=None, **hyperparameters):
    """Train a network from a random start, on minibatches.

    Start, minibatches, first directions and minibatches for summaries come from streams of their
    own, so that all methods see the same start and the same minibatches from generators of the same
    seed.

    Parameters
    ----------
    model : refimpl.network.Model
    method : str or Method
        Needs nothing beyond the gradient, or a slice of the loss, as grouped Newton.
    steps : int
    batch : int
        Records of a minibatch.
    rng : numpy.random.Generator
    every : int, optional
        Steps from one look at loss and accuracy to the next; the start and the end are looked at
        anyway.
    summary_batch : int, optional
        Records of a minibatch for the summary alone, of its own draw; by default the summary sees
        those of the gradient.
    **hyperparameters
        Of the method.

    Returns
    -------
    Training

    Raises
    ------
    UnknownNameError, RangeError, PartitionError, ShapeError
        For names and numbers that do not fit.
    UnsupportedOperationError
        For a method that needs a Hessian, or that is SciPy's; for `summary_batch` with one that
        makes no summary.

    Notes
    -----
    A run diverges when its position leaves the ball of radius ``1e8 max(1, |start|)``, or when the
    gradient or the summary is not finite.

    Examples
    --------
    >>> from refimpl.network import Model, Network, two_moons
    >>> model = Model(Network((2, 8, 2)), two_moons(np.random.default_rng(0)))
    >>> run = train(
    ...     model, "adam", steps=100, batch=32, rng=np.random.default_rng(0), alpha=0.05
    ... )
    >>> float(run.equivalents[-1]), run.diverged, bool(run.loss[-1] < 0.5 * run.loss[0])
    (100.0, False, True)
    """
    method = optimizers.get(method)
    parameters = optimizers.bind(method, hyperparameters)
    if method.step is None or method.curvature not in ("", "slice"):
        raise UnsupportedOperationError(
            f"training: {method.name} needs more than the gradients of minibatches, or makes no "
            "steps of its own; take a method that learns from gradients, or grouped Newton"
        )
    steps, every = positive("steps", steps), positive("every", every)
    network, records = model.network, model.data.train
    of_start, of_batches, of_directions, of_summaries = rng.spawn(4)
    theta = network.initial(of_start)
    batches = minibatches(len(records.inputs), batch, of_batches)
    d = parameters.dimension if method.directions else 0
    if d > theta.size:
        raise RangeError(f"training: expected dimension <= {theta.size}, got {d}")
    directions = of_directions.uniform(0.0, DIRECTIONS, (d, theta.size))
    if method.check is not None:
        method.check(parameters, theta.size, steps)
    own = None
    if summary_batch is not None:
        if not method.curvature:
            raise UnsupportedOperationError(f"training: {method.name} makes no summary")
        own = minibatches(
            len(records.inputs), positive("summary_batch", summary_batch), of_summaries
        )
    minibatch_slice = MinibatchSlice(network, parameters) if method.curvature else None
    state = method.start(theta, directions, parameters)
    far = farthest(theta)
    history, rates, spent, diverged = [], [], 0.0, False

    def look(step):
        if diverged:
            history.append((step, spent, np.inf, 0.0))
        else:
            loss, accuracy = model.value(theta), model.accuracy(theta)
            history.append((step, spent, loss if np.isfinite(loss) else np.inf, accuracy))

    look(0)
    for step in range(1, steps + 1):
        if not diverged:
            seen = records.take(next(batches))
            gradient = network.gradient(theta, seen)
            spent += 1.0
            try:
                if not np.isfinite(gradient).all():
                    raise NotFiniteError("training: the gradient is not finite")
                if minibatch_slice is None:
                    theta, state = method.step(state, theta, gradient, parameters)
                else:
                    along = minibatch_slice.of(
                        seen, None if own is None else records.take(next(own))
                    )
                    theta, state = method.step(state, theta, gradient, along, parameters)
                    spent += minibatch_slice.spent()
            except NotFiniteError:
                diverged = True
            with np.errstate(over="ignore"):
                diverged = diverged or not length(theta) <= far
        if minibatch_slice is not None:
            rates.append(getattr(state, "full", state).rates)
        if step % every == 0 or step == steps:
            look(step)
    step, equivalents, loss, accuracy = map(np.array, zip(*history, strict=True))
    found = None if minibatch_slice is None else np.array(rates)
    return Training(step, equivalents, loss, accuracy, found, theta, diverged)


class MinibatchSlice:
    """The loss on a minibatch as grouped Newton needs it, and a count of what was asked."""

    def __init__(self, network, parameters):
        self.network = network
        # The groups do not change, so they are looked at once.
        groups = partition(parameters.groups, network.size)
        self.assignment = layered_summary.assign(network, groups)
        self.costs = summary_cost(network, self.assignment), value_cost(network)
        self.cost = 0.0

    def of(self, records, own=None):
        """The slice on these records, or with the summary of others; costs in their gradients."""
        seen = records if own is None else own
        cost = self.costs[0] * len(seen.inputs) / len(records.inputs)

        def summarize(theta, direction, groups):
            self.cost += cost
            found, noise = layered_summary.summarize_with_noise(
                self.network, seen, theta, direction, self.assignment
            )
            return found._replace(third=without_noise(found.third, noise))

        def value(theta):
            self.cost += self.costs[1]
            return self.network.value(theta, records)

        return Slice(summarize, value)

    def spent(self):
        """The cost since the last question."""
        cost, self.cost = self.cost, 0.0
        return cost


def sizes(network):
    """Number of weights of each layer: what one record costs in a product with them."""
    return {layer: network.widths[layer - 1] * network.widths[layer] for layer in network.layers}


def gradient_products(network):
    """Multiplications that the matrix products of a gradient take for each record.

    Three products a layer, forward, adjoint and of both, but no adjoint of the inputs.
    """
    size = sizes(network)
    return 3 * sum(size.values()) - size[1]


def value_cost(network):
    """Cost of the loss in gradients: one product a layer.

    Examples
    --------
    >>> from refimpl.network import Network
    >>> value_cost(Network((2, 4, 2)))
    0.4
    """
    return sum(sizes(network).values()) / gradient_products(network)


def summary_cost(network, groups):
    """Cost of the layered summary of order 3 in gradients, counted and not timed.

    Counted are the multiplications in matrix products, those of the contractions to ``(S, S)``
    included, and not what is done entry by entry; so it is the same on every machine.

    Parameters
    ----------
    network : Network
    groups : layered_summary.Assignment or sequence of array_like of int
        No part of the direction is supposed to be zero.

    Returns
    -------
    float

    Examples
    --------
    >>> from refimpl import partitions
    >>> from refimpl.network import Network
    >>> network = Network((64, 32, 10))
    >>> round(summary_cost(network, partitions.by_tensor(network.shapes)), 2)
    1.39
    """
    if not isinstance(groups, layered_summary.Assignment):
        groups = layered_summary.assign(network, groups)
    bends = ACTIVATIONS[network.activation].bends
    owners = {k: set(groups.shares[f"W{k}"]) for k in network.layers}
    begun, before = {}, set()
    for layer in network.layers:
        begun[layer] = before
        before = before | owners[layer] | set(groups.shares[f"b{layer}"])
    # Second tangents are needed where an activation bends, or a group has weights in two layers.
    orders = 2 if bends or any(owners[k] & begun[k] for k in network.layers) else 1
    total, size = 0, sizes(network)
    for layer in network.layers:
        n, m = network.widths[layer - 1 : layer + 1]
        old = len(begun[layer])
        # Forward pass, adjoint pass, tangents, inputs times the direction.
        products = 1 + (layer > 1) + orders * old + len(owners[layer])
        if old:
            # The adjoint times the direction; second tangents.
            products += len(owners[layer])
            products += len(owners[layer] & begun[layer]) * (orders == 2)
            total += len(owners[layer]) * old * n
        total += products * size[layer]
        if bends or layer == network.layers[-1]:
            new = len(begun[layer] | owners[layer] | set(groups.shares[f"b{layer}"]))
            total += new * new * m
    return total / gradient_products(network)
