"""The function of Matyas: a long valley, a quadratic with eigenvalues 1/25 and 1."""

import numpy as np

from .function import Function


def value(x, data):
    """``0.26 (u^2 + v^2) - 0.48 u v`` at ``x = (u, v)``."""
    return 0.26 * (x[0] * x[0] + x[1] * x[1]) - 0.48 * x[0] * x[1]


def gradient(x, data):
    g = np.empty(2)
    g[0] = 0.52 * x[0] - 0.48 * x[1]
    g[1] = 0.52 * x[1] - 0.48 * x[0]
    return g


def hessian(x, data):
    H = np.empty((2, 2))
    H[0, 0] = H[1, 1] = 0.52
    H[0, 1] = H[1, 0] = -0.48
    return H


matyas = Function(
    name="matyas",
    dimension=2,
    value=value,
    gradient=gradient,
    hessian=hessian,
    minima=[(0.0, 0.0)],
    saddles=[],
    minimum_value=0.0,
    domain=(-10.0, 10.0),
    source="Matyas 1965, as in Jamil and Yang 2013",
    note="The valley runs along u = v, where the curvature is 25 times smaller than across.",
)
