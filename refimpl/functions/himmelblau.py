"""Himmelblau's function: four equal minima, four saddles between them, one maximum."""

import numpy as np

from .function import Function


def value(x, data):
    """``(u^2 + v - 11)^2 + (u + v^2 - 7)^2`` at ``x = (u, v)``."""
    a, b = x[0] * x[0] + x[1] - 11.0, x[0] + x[1] * x[1] - 7.0
    return a * a + b * b


def gradient(x, data):
    a, b = x[0] * x[0] + x[1] - 11.0, x[0] + x[1] * x[1] - 7.0
    g = np.empty(2)
    g[0] = 4.0 * x[0] * a + 2.0 * b
    g[1] = 2.0 * a + 4.0 * x[1] * b
    return g


def hessian(x, data):
    H = np.empty((2, 2))
    H[0, 0] = 12.0 * x[0] * x[0] + 4.0 * x[1] - 42.0
    H[1, 1] = 4.0 * x[0] + 12.0 * x[1] * x[1] - 26.0
    H[0, 1] = H[1, 0] = 4.0 * (x[0] + x[1])
    return H


himmelblau = Function(
    name="himmelblau",
    dimension=2,
    value=value,
    gradient=gradient,
    hessian=hessian,
    minima=[
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    ],
    saddles=[
        (0.08667750455539636, 2.884254701174776),
        (-3.0730257507643897, -0.08135304428796751),
        (-0.12796134673068008, -1.9537149802445763),
        (3.385154183607021, 0.07385187983774928),
    ],
    minimum_value=0.0,
    domain=(-5.0, 5.0),
    source="Himmelblau 1972",
    note="The ninth stationary point, near (-0.270845, -0.923039), is a local maximum.",
)
