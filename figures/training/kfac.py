"""K-FAC for the networks of the book: a Kronecker product for the Fisher matrix of each layer.

Written from the paper [martens2015]: gradients are drawn from the model's own predictions, one a
record; factors fade; damping is split between them by their traces. A rate and a momentum take the
place of its rescaled steps, a fixed damping that of its adaptive one.
"""

import numpy as np

from refimpl import partitions
from refimpl.network.activations import ACTIVATIONS
from refimpl.network.losses import LOSSES
from refimpl.runs.experiments.training import gradient_products


class KFAC:
    """``W -= alpha A^{-1} dW G^{-1}`` with momentum; ``A = <a a^T>``, ``G = <d d^T>``."""

    def __init__(self, network, rng, alpha, damping, decay=0.95, momentum=0.9, period=10):
        self.network, self.rng, self.alpha, self.damping = network, rng, alpha, damping
        self.decay, self.momentum, self.period, self.count = decay, momentum, period, 0
        self.factors, self.inverses = {}, {}
        self.velocity = np.zeros(network.size)

    def step(self, theta, batch):
        """The next position, and the cost in gradients of this minibatch."""
        gradient, network = self.network.gradient(theta, batch), self.network
        keep = min(self.decay, 1.0 - 1.0 / (self.count + 1.0))
        for layer, pair in self.drawn(theta, batch):
            both = zip(self.factors.get(layer, pair), pair, strict=True)
            self.factors[layer] = [keep * a + (1.0 - keep) * b for a, b in both]
        if self.count < 3 or self.count % self.period == 0:
            self.inverses = {layer: self.inverted(*pair) for layer, pair in self.factors.items()}
        self.count += 1
        parts = partitions.tensors(gradient, network.shapes)
        for layer, (A, G) in self.inverses.items():
            W, b = parts[f"W{layer}"], parts[f"b{layer}"]
            both = A @ np.vstack([W, b]) @ G
            W[...], b[...] = both[:-1], both[-1]
        self.velocity = self.momentum * self.velocity + gradient
        return theta - self.alpha * self.velocity, self.cost(len(batch.inputs))

    def drawn(self, theta, batch):
        """Layer, and the factors of one minibatch, with targets drawn from the model."""
        network, n = self.network, len(batch.inputs)
        parts, a = partitions.tensors(theta, network.shapes), [batch.inputs]
        activation = ACTIVATIONS[network.activation]
        for layer in network.layers:
            z = a[-1] @ parts[f"W{layer}"] + parts[f"b{layer}"]
            a.append(activation.value(z))
        if network.loss == "mse":
            # A Gaussian whose negative logarithm is the squared error, but for a constant.
            targets = z + np.sqrt(0.5 * z.shape[1]) * self.rng.standard_normal(z.shape)
        else:
            targets = np.argmax(z + self.rng.gumbel(size=z.shape), axis=1)
        d = LOSSES[network.loss].slope(z, targets)
        for layer in reversed(network.layers):
            inputs = np.hstack([a[layer - 1], np.ones((n, 1))])
            yield layer, (inputs.T @ inputs / n, d.T @ d / n)
            d = d @ parts[f"W{layer}"].T
            if layer > 1:
                d = d * activation.slope(a[layer - 1])

    def inverted(self, A, G):
        """Inverses with the damping split so that both factors are damped alike."""
        pi = np.sqrt(np.trace(A) / len(A) / max(np.trace(G) / len(G), 1e-300))
        root = np.sqrt(self.damping)
        return (
            np.linalg.inv(A + pi * root * np.eye(len(A))),
            np.linalg.inv(G + root / pi * np.eye(len(G))),
        )

    def cost(self, n):
        """The gradient, the drawn adjoint by its values, the factors, inverses and products."""
        total = 0.0
        for layer in self.network.layers:
            rows, m = self.network.widths[layer - 1] + 1, self.network.widths[layer]
            total += (layer > 1) * (rows - 1) * m + rows**2 + m**2
            total += (rows**3 + m**3) / (self.period * n) + (rows**2 * m + rows * m**2) / n
        return 1.0 + total / gradient_products(self.network)
