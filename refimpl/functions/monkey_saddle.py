"""The monkey saddle: three valleys, three ridges, and no curvature where they meet."""

import numpy as np

from .function import Function


def value(x, data):
    """``u^3 - 3 u v^2`` at ``x = (u, v)``."""
    return x[0] * (x[0] * x[0] - 3.0 * x[1] * x[1])


def gradient(x, data):
    g = np.empty(2)
    g[0] = 3.0 * (x[0] * x[0] - x[1] * x[1])
    g[1] = -6.0 * x[0] * x[1]
    return g


def hessian(x, data):
    H = np.empty((2, 2))
    H[0, 0] = 6.0 * x[0]
    H[1, 1] = -6.0 * x[0]
    H[0, 1] = H[1, 0] = -6.0 * x[1]
    return H


monkey_saddle = Function(
    name="monkey_saddle",
    dimension=2,
    value=value,
    gradient=gradient,
    hessian=hessian,
    minima=[],
    saddles=[(0.0, 0.0)],
    minimum_value=-np.inf,
    domain=(-2.0, 2.0),
    source="Hilbert and Cohn-Vossen 1932",
    note="The Hessian vanishes at the saddle: what lies around it is decided by the third order.",
)
