"""Booth's function: a quadratic with eigenvalues 2 and 18, its minimum off the origin."""

import numpy as np

from .function import Function


def value(x, data):
    """``(u + 2 v - 7)^2 + (2 u + v - 5)^2`` at ``x = (u, v)``."""
    a, b = x[0] + 2.0 * x[1] - 7.0, 2.0 * x[0] + x[1] - 5.0
    return a * a + b * b


def gradient(x, data):
    a, b = x[0] + 2.0 * x[1] - 7.0, 2.0 * x[0] + x[1] - 5.0
    g = np.empty(2)
    g[0] = 2.0 * a + 4.0 * b
    g[1] = 4.0 * a + 2.0 * b
    return g


def hessian(x, data):
    H = np.empty((2, 2))
    H[0, 0] = H[1, 1] = 10.0
    H[0, 1] = H[1, 0] = 8.0
    return H


booth = Function(
    name="booth",
    dimension=2,
    value=value,
    gradient=gradient,
    hessian=hessian,
    minima=[(1.0, 3.0)],
    saddles=[],
    minimum_value=0.0,
    domain=(-10.0, 10.0),
    source="Booth, as in Jamil and Yang 2013",
)
