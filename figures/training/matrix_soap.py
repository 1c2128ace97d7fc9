"""SOAP for the networks of the book: Adam in the eigenbases of Shampoo's factors of each matrix.

Written from the paper [vyas2025]: the first gradient finds the bases alone; they are refreshed by
one power step and QR; squares are kept in the bases as they were. Vectors have Adam.
"""

import numpy as np

from refimpl import partitions
from refimpl.runs.experiments.training import gradient_products


class MatrixSOAP:
    """``W -= alpha Q_L (m' / sqrt(v')) Q_R^T`` with ``m' = Q_L^T m Q_R``."""

    def __init__(self, network, rng, alpha, beta1=0.95, beta2=0.95, eps=1e-8, period=10):
        self.network, self.alpha, self.beta1, self.beta2 = network, alpha, beta1, beta2
        self.eps, self.period, self.count = eps, period, 0
        self.mean, self.square = np.zeros((2, network.size))
        self.factors, self.bases = {}, {}

    def step(self, theta, batch):
        """The next position, and the cost in gradients of this minibatch."""
        g, network, first = self.network.gradient(theta, batch), self.network, self.count == 0
        grads = partitions.tensors(g, network.shapes)
        matrices = [name for name in network.shapes if name.startswith("W")]
        if first:
            for name in matrices:
                self.factors[name] = [np.zeros((n, n)) for n in network.shapes[name]]
                self.learn(name, grads[name])
                self.bases[name] = [np.linalg.eigh(C)[1][:, ::-1] for C in self.factors[name]]
            self.count = 1
            return theta, self.cost(len(batch.inputs))
        self.mean = self.beta1 * self.mean + (1.0 - self.beta1) * g
        means = partitions.tensors(self.mean, network.shapes)
        squares = partitions.tensors(self.square, network.shapes)
        move = np.empty_like(g)
        moves = partitions.tensors(move, network.shapes)
        unbias1, unbias2 = 1.0 - self.beta1**self.count, 1.0 - self.beta2**self.count
        for name, grad in grads.items():
            left, right = self.bases.get(name, (None, None))
            turned = grad if left is None else left.T @ grad @ right
            mean = means[name] if left is None else left.T @ means[name] @ right
            squares[name][...] = self.beta2 * squares[name] + (1.0 - self.beta2) * turned**2
            found = mean / unbias1 / (np.sqrt(squares[name] / unbias2) + self.eps)
            moves[name][...] = found if left is None else left @ found @ right.T
        for name in matrices:
            self.learn(name, grads[name])
            if self.count % self.period == 0:
                pairs = zip(self.factors[name], self.bases[name], strict=True)
                self.bases[name] = [np.linalg.qr(C @ Q)[0] for C, Q in pairs]
        self.count += 1
        return theta - self.alpha * move, self.cost(len(batch.inputs))

    def learn(self, name, grad):
        """Second moments of rows and columns."""
        for C, new in zip(self.factors[name], (grad @ grad.T, grad.T @ grad), strict=True):
            C *= self.beta2
            C += (1.0 - self.beta2) * new

    def cost(self, n):
        """The gradient, the turns there and back, the factors, and the refreshed bases."""
        total = 0.0
        for layer in self.network.layers:
            rows, m = self.network.widths[layer - 1 : layer + 1]
            # Three pairs of products, two factors; a product and a factorisation each period.
            total += 4.0 * (rows**2 * m + rows * m**2) + 3.0 * (rows**3 + m**3) / self.period
        return 1.0 + total / n / gradient_products(self.network)
