"""The losses on which the chapters of the second source try things: plain Python, small."""

import itertools

import numpy as np

from refimpl import partitions
from refimpl.network import Batch, one_hot
from refimpl.taylor import expand

X, Y = np.array([0.5, 1.0, 2.0]), np.array([0.3, 0.8, 1.0])
# Of the smallest network: the place at which its examples begin.
START = np.array([1.0, 0.5])


def loss(theta):
    """Mean squared error of the smallest network with two layers, `b tanh(a x)`."""
    return np.mean((theta[1] * np.tanh(theta[0] * X) - Y) ** 2)


def gradient(loss, theta):
    """The gradient of any loss, a coordinate at a time."""
    return np.array([expand(loss, theta, axis, 1)[1] for axis in np.eye(theta.size)])


def deep_network(seed, depth, size, width=3, records=4):
    """Loss of a tanh network with one output over its flat parameters, a place, its tensors."""
    generator = np.random.default_rng(seed)
    widths = [2, *[width] * depth, 1]
    shapes = {}
    for k, (n, m) in enumerate(itertools.pairwise(widths)):
        shapes |= {f"W{k}": (n, m), f"b{k}": (m,)}
    groups = partitions.by_tensor(shapes)
    place = size * generator.standard_normal(sum(map(len, groups)))
    inputs = generator.standard_normal((records, 2))
    targets = generator.standard_normal((records, 1))

    def value(p):
        part, h = partitions.tensors(p, shapes), inputs
        for k in range(depth + 1):
            h = h @ part[f"W{k}"] + part[f"b{k}"]
            h = np.tanh(h) if k < depth else h
        return np.mean((h - targets) ** 2)

    return value, place, groups


def random_problem(network, seed):
    """Twenty records of two classes, and weights to begin with."""
    generator = np.random.default_rng(seed)
    inputs, labels = generator.standard_normal((20, 4)), generator.integers(0, 2, 20)
    targets = labels if network.loss == "cross_entropy" else one_hot(labels, 2)
    return Batch(inputs, targets), network.initial(generator)
