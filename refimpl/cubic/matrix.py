"""The matrix of the cubic model, its curvature with what the cubic term adds, and products."""

import numpy as np

from .._compile.border import public


@public
def bent(held, d, curvature):
    """``H + curvature D^2``."""
    M = held.copy()
    for s in range(d.size):
        M[s, s] += curvature * d[s] * d[s]  # eq-cubic-matrix
    return M


@public
def combined(Y, weights):
    """``Y weights``."""
    total = np.zeros(weights.size)
    for s in range(weights.size):
        for i in range(weights.size):
            total[s] += Y[s, i] * weights[i]
    return total
