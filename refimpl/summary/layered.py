"""The summary of higher-order derivatives of a layered network, for the price of a few gradients.

`refimpl.summary` defines the summary for any loss and pushes ``S (S + 1) / 2`` lines through it.
Here the layers are used: each group has one tangent, which starts at the group's first layer; all
tangents pass a layer in one matrix product; and one adjoint pass, the same for all groups, turns
what they meet on the way into derivatives of the loss.

Chapter "Summaries of higher-order derivatives" of the book; [W].

Long: one route forward and back, whose parts share its state.
"""

from typing import NamedTuple

import numpy as np

from .._numbers import as_real
from ..errors import NotFiniteError, RangeError, ShapeError
from ..network.activations import ACTIVATIONS
from ..network.data import as_batch
from ..network.losses import LOSSES
from . import partitions
from .definition import LARGEST_POWER, Summary
from .layered_tensor import third_tensor

# Numbers in the tangents of one chunk of the batch: few enough for the cache, enough for a matrix
# product of some hundred rows.
CHUNK = 1 << 19


class Assignment(NamedTuple):
    """Which group each parameter of a network belongs to; see `assign`."""

    count: int  # S
    shares: dict  # name of a tensor -> {group: mask in the tensor's shape, or None for all of it}


class NoisySummary(NamedTuple):
    """A summary, and what rounding may do to its third derivatives."""

    summary: Summary
    third_noise: np.ndarray  # (S,), in the units of `third`


class Source(NamedTuple):
    """The part of a direction that one group has in one layer."""

    rank: int  # of the group, by the layer where it begins
    weights: np.ndarray | None  # (n, m)
    bias: np.ndarray | None  # (m,)


class Layer(NamedTuple):
    """What tangents meet in one layer, for `B` records; see ``_Route.layers``."""

    number: int
    before: np.ndarray  # (B, n), activations that enter
    adjoint: np.ndarray  # (B, m), derivative of the loss by the sums z
    second: np.ndarray  # (B, m), weights of a product of two tangents of z in the loss
    third: np.ndarray  # (B, m), of a product of three
    slopes: tuple | None  # first two derivatives of the activation; None in the last layer
    errors: np.ndarray  # (B, m), relative ones of second and third, in eps; empty if not asked for


def assign(network, groups):
    """Look once at the groups, for many summaries of one network.

    Parameters
    ----------
    network : Network
    groups : sequence of array_like of int
        Every parameter in exactly one group; see `refimpl.summary.partitions`.

    Returns
    -------
    Assignment
        To be given to `summarize` in place of the groups.

    Raises
    ------
    PartitionError, ShapeError, DtypeError
        For groups that are not a partition.

    Examples
    --------
    >>> from refimpl.network import Network
    >>> network = Network((2, 1))
    >>> assign(network, partitions.by_tensor(network.shapes)).shares
    {'W1': {0: None}, 'b1': {1: None}}
    """
    groups = partitions.check(groups, network.size)
    owner = np.empty(network.size, dtype=np.intp)
    for s, index in enumerate(groups):
        owner[index] = s
    shares = {}
    for name, part in partitions.tensors(owner, network.shapes).items():
        found = np.unique(part)
        shares[name] = {int(s): None if found.size == 1 else part == s for s in found}
    return Assignment(len(groups), shares)


def summarize(network, batch, theta, direction, groups, order=3, full=False):
    """Derivatives of a network's loss along the parts of a direction, up to a given order.

    Equal, but for rounding, to `refimpl.summary.definition.summarize` of the network's loss.

    Parameters
    ----------
    network : Network
    batch : Batch
    theta : array_like of shape (D,)
        Arithmetic is in float32 if this is, else in float64; the results are float64.
    direction : array_like of shape (D,)
        To be subtracted in a step, as a gradient is. The derivatives of a group in which it is zero
        are 0.
    groups : Assignment or sequence of array_like of int
        An assignment saves the check of the groups.
    order : int, optional
        1: gradient; 2: Hessian too; 3: the diagonal of the third derivative too.
    full : bool, optional
        With order 3, the whole tensor too, in float64: `refimpl.summary.layered_tensor`.

    Returns
    -------
    Summary

    Raises
    ------
    RangeError, ShapeError, DtypeError, PartitionError
        For another order, and for arguments that do not fit the network.
    NotFiniteError
        For parameters or a direction with NaN or infinity, and where the loss or a derivative is
        not finite.

    Notes
    -----
    Book: {eq}`eq-layered-hessian`, {eq}`eq-layered-third`. With one group for each tensor of an
    `L`-layer network there are ``2 L (L - 1)`` products of a batch with a matrix of weights, and
    ``4 L - 2`` besides; a gradient takes ``3 L - 1``.

    Examples
    --------
    >>> from refimpl.network import Batch, Network
    >>> network = Network((1, 1, 1), loss="mse")
    >>> batch = Batch(np.array([[1.0]]), np.array([[0.0]]))
    >>> theta = np.array([0.0, 0.0, 1.0, 1.0])  # the output is tanh(W1 x + b1) W2 + b2
    >>> found = summarize(network, batch, theta, np.ones(4), [[0, 1, 2], [3]])
    >>> found.value, found.gradient
    (1.0, array([4., 2.]))
    >>> found.hessian
    array([[16.,  4.],
           [ 4.,  2.]])
    >>> found.third
    array([16.,  0.])
    """
    if full and order < 3:
        raise RangeError("layered_summary: the full tensor needs order 3")
    if not isinstance(groups, Assignment):
        groups = assign(network, groups)
    found = _Route(network, batch, theta, direction, groups, order).run().summary
    if not full:
        return found
    return found._replace(tensor=third_tensor(network, batch, theta, direction, groups))


def summarize_with_noise(network, batch, theta, direction, groups):
    """The summary of order 3, and the reference by which a zero third derivative is recognised.

    The noise is `eps` of the arithmetic times the sum of the sizes of all terms that a third
    derivative was added up from: those of each record, layer and unit, times ``1 + |z|`` where
    they depend on the sums `z` of the layer. Terms that are zero by construction, as those of a
    linear last layer under squared errors, have none.

    Parameters
    ----------
    network, batch, theta, direction, groups
        As in `summarize`.

    Returns
    -------
    NoisySummary
        `refimpl.summary.definition.without_noise` makes zeros of third derivatives that are noise.

    Raises
    ------
    RangeError, ShapeError, DtypeError, PartitionError, NotFiniteError
        As `summarize`.

    Notes
    -----
    Book: {eq}`eq-layered-noise`. The rounding of a cancellation inside a tangent, before its
    product with others, is counted at the outputs alone, where a common shift of all scores
    cancels; `refimpl.summary.definition.third_noise` sees all, for a price.

    Examples
    --------
    >>> from refimpl.network import Batch, Network
    >>> from refimpl.summary import without_noise
    >>> network = Network((1, 3))  # linear, so that a common shift of the outputs changes nothing
    >>> batch = Batch(np.array([[0.3]]), np.array([2]))
    >>> theta, shift = np.array([0.1, 0.2, 0.4, 0.0, 0.0, 0.0]), np.array([0, 0, 0, 1, 1, 1])
    >>> found = summarize_with_noise(network, batch, theta, shift, [[0, 1, 2], [3, 4, 5]])
    >>> without_noise(found.summary.third, found.third_noise)
    array([0., 0.])
    """
    return _Route(network, batch, theta, direction, groups, 3, noise=True).run()


class _Route:
    """One summary on its way: where tangents start, buffers for them, and sums over the batch.

    Groups are numbered by the layers where they begin, so that the tangents that have begun are
    always the first of a buffer.
    """

    def __init__(self, network, batch, theta, direction, groups, order, noise=False):
        if order not in (1, 2, 3):
            raise RangeError(f"layered_summary: expected order 1, 2 or 3, got {order!r}")
        theta = _vector("theta", theta, network.size)
        direction = _vector("direction", direction, network.size, theta.dtype)
        if not isinstance(groups, Assignment):
            groups = assign(network, groups)
        self.network, self.order, self.noise = network, order, noise
        self.activation, self.loss = ACTIVATIONS[network.activation], LOSSES[network.loss]
        self.dtype = theta.dtype
        self.parts = partitions.tensors(theta, network.shapes)
        batch = as_batch(batch)
        self.inputs = network.checked_inputs(batch.inputs).astype(self.dtype, copy=False)
        self.targets = network.checked_targets(batch, self.dtype)
        self.begin(partitions.tensors(direction, network.shapes), groups)

    def begin(self, direction, groups):
        """Sources of each layer, and one power of two for each group."""
        self.sources, self.begun, rank = {}, {0: 0}, {}
        largest, spans = np.zeros(groups.count), False
        for layer in self.network.layers:
            found = {}
            for kind in "Wb":
                tensor = direction[f"{kind}{layer}"]
                for s, mask in groups.shares[f"{kind}{layer}"].items():
                    part = tensor if mask is None else np.where(mask, tensor, 0)
                    size = max(part.max(), -part.min())
                    if size > 0.0:
                        largest[s] = max(largest[s], size)
                        found.setdefault(s, {})[kind] = part
                        spans = spans or (kind == "W" and s in rank)
            for s in found:
                rank.setdefault(s, len(rank))
            self.begun[layer] = len(rank)
            self.sources[layer] = [
                Source(rank[s], part.get("W"), part.get("b")) for s, part in found.items()
            ]
        self.S, self.live = groups.count, list(rank)
        # Each part of the direction is made to have size 1, lest the cube of a tangent underflows.
        power = np.clip(np.frexp(largest[self.live])[1], -LARGEST_POWER, LARGEST_POWER)
        self.power, self.unit = power, np.ldexp(np.ones(power.shape, self.dtype), -power)
        # Second tangents, unless all of them are zero.
        self.orders = 2 if self.order == 3 and (self.activation.bends or spans) else 1

    def run(self):
        """The sums over the batch, in chunks of it."""
        n = len(self.live)
        self.value, self.gradient, self.hessian = 0.0, np.zeros(n), np.zeros((n, n))
        self.third, self.sizes = np.zeros((2, n))
        a_record = max(n * self.orders, 1) * max(self.network.widths)
        chunk = min(max(CHUNK // a_record, 1), len(self.inputs))
        # Tangents before and after a layer, and two products of them.
        self.buffers = [np.empty(a_record * chunk, self.dtype) for _ in range(4)]
        add_up = self.first_order if self.order == 1 else self.tangents
        with np.errstate(all="ignore"):
            for start in range(0, len(self.inputs), chunk):
                records = slice(start, start + chunk)
                add_up(self.layers(self.inputs[records], self.targets[records]))
            return self.result()

    def layers(self, inputs, targets):
        """Forward and adjoint pass over some records: what tangents meet, from the first layer."""
        share, hidden, a = 1.0 / len(self.inputs), [], inputs
        for number in self.network.layers:
            before = a
            z = before @ self.parts[f"W{number}"]
            z += self.parts[f"b{number}"]
            # Of functions that are exponential far out an error eps z is a relative error.
            errors = 1.0 + np.abs(z) if self.noise else z[:0]
            if number < self.network.layers[-1]:
                a = self.activation.value(z)
                hidden.append((before, self.activation.derivatives(z, a), errors))
        self.value += float(self.loss.value(z, targets)) * (len(z) * share)
        adjoint = share * self.loss.slope(z, targets)
        second, third = (share * weights for weights in self.loss.weights(z))
        if self.noise and self.loss.centre:
            errors[...] = errors.max(axis=1, keepdims=True)
        found = [Layer(number, before, adjoint, second, third, None, errors)]
        for before, slopes, errors in reversed(hidden):
            adjoint = adjoint @ self.parts[f"W{number}"].T
            number -= 1
            second, third = adjoint * slopes[1], adjoint * slopes[2]
            adjoint *= slopes[0]
            found.append(Layer(number, before, adjoint, second, third, slopes[:2], errors))
        return found[::-1]

    def first_order(self, layers):
        """The derivatives along the sources, each in its layer."""
        for layer in layers:
            for source in self.sources[layer.number]:
                self.start(layer, source, self.scratch(2, layer.adjoint.shape))

    def tangents(self, layers):
        """Push the tangents through all layers, adding up what they contribute."""
        before = None
        for layer in layers:
            old, new = self.begun[layer.number - 1], self.begun[layer.number]
            if new == 0:
                continue
            after = self.scratch(layer.number % 2, (new, self.orders, *layer.adjoint.shape))
            after[old:] = 0.0
            if old:
                # All tangents of all records in one matrix product.
                rows = old * self.orders * len(layer.adjoint)
                weights = self.parts[f"W{layer.number}"]
                np.matmul(before.reshape(rows, -1), weights, out=after[:old].reshape(rows, -1))
            for source in self.sources[layer.number]:
                self.enter(layer, source, before, after)
            if layer.slopes is None and self.loss.centre:
                self.centre(layer, after)
            if layer.slopes is None or self.activation.bends:
                self.contract(layer, after)
            if layer.slopes is not None:
                self.activate(layer, after)
            before = after

    def start(self, layer, source, out):
        """Write the tangent of `z` that a source makes, and add up the gradient along it."""
        if source.weights is None:
            out[...] = source.bias
        else:
            np.matmul(layer.before, source.weights, out=out)
            if source.bias is not None:
                out += source.bias
        out *= self.unit[source.rank]
        self.gradient[source.rank] += np.vdot(layer.adjoint, out)

    def enter(self, layer, source, before, after):
        """What a source adds to the tangents, and its products with those of the inputs."""
        r, old = source.rank, self.begun[layer.number - 1]
        if r >= old:
            self.start(layer, source, after[r, 0])
        else:
            out = self.scratch(2, layer.adjoint.shape)
            self.start(layer, source, out)
            after[r, 0] += out
        if source.weights is None or old == 0:
            return
        # The adjoint as the inputs would see it through the direction in place of the weights.
        seen = layer.adjoint @ source.weights.T
        seen *= self.unit[r]
        mixed = before[:, 0].reshape(old, -1) @ seen.ravel()
        self.hessian[:old, r] += mixed  # eq-layered-hessian
        self.hessian[r, :old] += mixed  # eq-layered-hessian
        if r < old and self.orders == 2:
            np.matmul(before[r, 0], source.weights, out=out)
            out *= 2.0 * self.unit[r]
            after[r, 1] += out
            seen *= before[r, 1]
            self.third[r] += 3.0 * np.sum(seen)  # eq-layered-third
            if self.noise:
                self.sizes[r] += 3.0 * np.sum(np.abs(seen))  # eq-layered-noise

    def centre(self, layer, tangents):
        """Overwrite tangents of the outputs with their distances from the mean.

        This cancels what is common to all outputs: its rounding stays, and counts as noise.
        """
        largest = np.abs(tangents).max(axis=-1) if self.noise else None
        self.loss.centre(tangents, layer.second)
        if self.noise:
            first = tangents[:, 0]
            terms = largest[:, 0] * np.vecdot(first * first, layer.second)
            if self.orders == 2:
                terms += largest[:, 0] * np.vecdot(np.abs(tangents[:, 1]), layer.second)
                terms += largest[:, 1] * np.vecdot(np.abs(first), layer.second)
            self.sizes[: len(terms)] += 3.0 * np.sum(terms, axis=1)  # eq-layered-noise

    def contract(self, layer, tangents):
        """Products of two and of three tangents with the derivatives that they meet in a layer."""
        n = len(tangents)
        first = tangents[:, 0].reshape(n, -1)
        product, square = self.scratch(2, first.shape), self.scratch(3, first.shape)
        np.multiply(first, layer.second.ravel(), out=product)
        self.hessian[:n, :n] += first @ product.T  # eq-layered-hessian
        if self.order == 3:
            if self.orders == 2:
                product *= tangents[:, 1].reshape(n, -1)
                self.add_third(layer, product, 3.0)
            np.multiply(first, first, out=square)
            np.multiply(first, layer.third.ravel(), out=product)
            product *= square
            self.add_third(layer, product, 1.0)

    def add_third(self, layer, terms, factor):
        """Add up terms of the groups that have begun, shape (n, B m), which are overwritten."""
        self.third[: len(terms)] += factor * np.sum(terms, axis=1)  # eq-layered-third
        if self.noise:
            sizes = np.abs(terms, out=terms) @ layer.errors.ravel()
            self.sizes[: len(terms)] += factor * sizes  # eq-layered-noise

    def activate(self, layer, tangents):
        """Overwrite tangents of `z` with those of the activations."""
        slope, curvature = layer.slopes
        first = tangents[:, 0]
        if self.orders == 2:
            second = tangents[:, 1]
            second *= slope
            if self.activation.bends:
                square = self.scratch(3, first.shape)
                np.multiply(first, first, out=square)
                square *= curvature
                second += square
        first *= slope

    def scratch(self, k, shape):
        """The first numbers of a buffer in a given shape."""
        return self.buffers[k][: np.prod(shape)].reshape(shape)

    def result(self):
        """The sums in the units and the order of the caller."""
        gradient, third, sizes = np.zeros((3, self.S))
        hessian = np.zeros((self.S, self.S))
        live, power = self.live, self.power
        gradient[live] = np.ldexp(self.gradient, power)
        # The two triangles are sums of the same products, rounded in another order.
        hessian[np.ix_(live, live)] = np.ldexp(
            0.5 * (self.hessian + self.hessian.T), power[:, None] + power
        )
        third[live], sizes[live] = np.ldexp([self.third, self.sizes], 3 * power)
        found = Summary(
            self.value,
            gradient,
            hessian if self.order >= 2 else None,
            third if self.order == 3 else None,
            None,
        )
        for name, values in found._asdict().items():
            if values is not None and not np.isfinite(values).all():
                raise NotFiniteError(
                    f"layered_summary: the {name} of the loss is not finite; the network overflows"
                )
        return NoisySummary(found, np.finfo(self.dtype).eps * sizes)  # eq-layered-noise


def _vector(name, values, size, dtype=None):
    """A finite array of the right shape, of a given type, or float32 if it is that, or float64."""
    single = getattr(values, "dtype", None) == np.float32
    vector = as_real(values, f"layered_summary: expected {name} of real numbers")
    if vector.shape != (size,):
        raise ShapeError(f"layered_summary: expected {name} of shape ({size},), got {vector.shape}")
    if dtype is None:
        dtype = np.float32 if single else np.float64
    with np.errstate(over="ignore"):
        vector = vector.astype(dtype, copy=False)
    if not np.isfinite(vector).all():
        raise NotFiniteError(
            f"layered_summary: expected {name} to be finite in {np.dtype(dtype)}, found NaN or "
            "infinity"
        )
    return vector
