"""All third derivatives of a layered network along the parts of a direction, mixed ones included.

Third derivatives need no second tangents: by the *2n + 1 rule* first-order changes of everything
that a network computes, on the way forward and on the way back, are enough. So each group has one
tangent and one adjoint tangent, whatever it is mixed with.

Appendix "Summaries of layered networks" of the book.
"""

import itertools

import numpy as np

from ..errors import NotFiniteError
from ..network.activations import ACTIVATIONS
from ..network.data import as_batch
from ..network.losses import LOSSES
from . import partitions


def third_tensor(network, batch, theta, direction, assignment):
    """``grad^3 L [u_s, u_t, u_r]`` of a network's loss for all triples of groups.

    Equal, but for rounding, to the tensor of `refimpl.summary.definition.summarize`; in float64.

    Parameters
    ----------
    network : Network
    batch : Batch
    theta, direction : array_like of shape (D,)
        Finite; not checked, since `refimpl.summary.layered.summarize` has made the summary of the
        same arguments first.
    assignment : refimpl.summary.layered.Assignment

    Returns
    -------
    ndarray of shape (S, S, S)
        Symmetric in all axes, to the last bit.

    Raises
    ------
    NotFiniteError
        Where a derivative is not finite.

    Notes
    -----
    Book: {eq}`eq-layered-tensor`. With `S` groups there are ``2 S`` passes through the network and
    ``S^3`` sums over the units of each layer.

    Examples
    --------
    >>> from refimpl.network import Batch, Network
    >>> from refimpl.summary.layered import assign
    >>> network = Network((1, 1, 1), loss="mse")
    >>> batch = Batch(np.array([[1.0]]), np.array([[0.0]]))
    >>> theta = np.array([0.0, 0.0, 1.0, 1.0])  # the output is tanh(W1 x + b1) W2 + b2
    >>> groups = assign(network, [[0, 1, 2], [3]])
    >>> third_tensor(network, batch, theta, np.ones(4), groups)[0, 0]
    array([16.,  8.])
    """
    theta, batch, S = np.asarray(theta, dtype=np.float64), as_batch(batch), assignment.count
    parts = partitions.tensors(theta, network.shapes)
    own, exponents = _parts_of(network, direction, assignment)
    activation, loss = ACTIVATIONS[network.activation], LOSSES[network.loss]
    targets = network.checked_targets(batch, theta.dtype)
    last = network.layers[-1]
    a, slopes, dz, da = {0: network.checked_inputs(batch.inputs)}, {}, {}, {}
    da[0] = np.zeros((S, *a[0].shape))
    with np.errstate(all="ignore"):
        for k in network.layers:
            z = a[k - 1] @ parts[f"W{k}"] + parts[f"b{k}"]
            dz[k] = da[k - 1] @ parts[f"W{k}"]
            for s, (W, b) in own[k].items():
                dz[k][s] += a[k - 1] @ W + b
            if k < last:
                a[k] = activation.value(z)
                slopes[k] = activation.derivatives(z, a[k])
                da[k] = slopes[k][0] * dz[k]
        if loss.centre:
            loss.centre(dz[last], loss.weights(z)[0])
        second, third = (weights / len(z) for weights in loss.weights(z))
        adjoint, d_adjoint = loss.slope(z, targets) / len(z), second * dz[last]
        tensor = _products(third * dz[last], dz[last], dz[last]) / 6.0
        for k in reversed(network.layers):
            # The adjoint moves, the inputs move, and so do the weights between them.
            for s, (W, _) in own[k].items():
                tensor[:, :, s] += _flat(d_adjoint) @ _flat(da[k - 1] @ W).T  # eq-layered-tensor
            if k == 1:
                break
            first, bend, twist = slopes[k - 1]
            above, d_above = adjoint @ parts[f"W{k}"].T, d_adjoint @ parts[f"W{k}"].T
            for s, (W, _) in own[k].items():
                d_above[s] += adjoint @ W.T
            step = dz[k - 1]
            # eq-layered-tensor
            tensor += _products(bend * d_above / 2.0 + twist * above * step / 6.0, step, step)
            adjoint, d_adjoint = first * above, bend * above * step + first * d_above
    # Each product stands for all orders of its three groups.
    tensor = sum(tensor.transpose(order) for order in itertools.permutations(range(3)))
    with np.errstate(over="ignore"):
        tensor = np.ldexp(tensor, exponents[:, None, None] + exponents[:, None] + exponents)
    if not np.isfinite(tensor).all():
        raise NotFiniteError("layered_summary: the tensor of the loss is not finite")
    return _symmetric(tensor)


def _parts_of(network, direction, assignment):
    """Layer -> group -> its parts of weights and bias, and the groups' powers of two.

    As in the summary, each part is scaled to a size near 1, so that no product under- or overflows.
    """
    tensors = partitions.tensors(np.asarray(direction, dtype=np.float64), network.shapes)
    parts, size = {}, np.zeros(assignment.count)
    for name, shares in assignment.shares.items():
        for s, mask in shares.items():
            part = tensors[name] if mask is None else np.where(mask, tensors[name], 0.0)
            parts[name, s] = part
            size[s] = max(size[s], np.abs(part).max())
    exponents, found = np.frexp(size)[1], {layer: {} for layer in network.layers}
    for layer in network.layers:
        weights, bias = f"W{layer}", f"b{layer}"
        for s in sorted({*assignment.shares[weights], *assignment.shares[bias]}):
            found[layer][s] = tuple(
                np.ldexp(parts.get((name, s), np.zeros(network.shapes[name])), -exponents[s])
                for name in (weights, bias)
            )
    return found, exponents


def _flat(x):
    return x.reshape(len(x), -1)


def _products(x, y, z):
    """``sum_i x_si y_ti z_ri``, shape (S, S, S)."""
    x, y, z = _flat(x), _flat(y), _flat(z)
    return np.stack([(x * one) @ y.T for one in z], axis=-1)


def _symmetric(tensor):
    """The same, its six copies of an entry equal to the last bit."""
    for index in itertools.combinations_with_replacement(range(len(tensor)), 3):
        for order in set(itertools.permutations(index)):
            tensor[order] = tensor[index]
    return tensor
