"""The function of Goldstein and Price, whose values span more than five decades.

It is printed as a long product in `u` and `v`. Its first factor depends on ``s = u + v`` alone and
its second on ``t = 2 u - 3 v`` alone, and both are positive: the stationary points are those of the
one factor crossed with those of the other, nine in all, and they are decimal fractions.
"""

import numpy as np

from .._compile.border import public
from .function import Function


@public
def first_factor(s):
    """``A(s)`` with its first and second derivative; minima at -1 and 2, a maximum at 1."""
    A = 1.0 + (s + 1.0) * (s + 1.0) * (3.0 * s * s - 14.0 * s + 19.0)
    slope = 12.0 * (s + 1.0) * (s - 1.0) * (s - 2.0)
    return A, slope, 12.0 * (3.0 * s * s - 4.0 * s - 1.0)


@public
def second_factor(t):
    """``B(t)`` with its first and second derivative; minima at 0 and 3, a maximum at 1."""
    B = 30.0 + t * t * (3.0 * t * t - 16.0 * t + 18.0)
    slope = 12.0 * t * (t - 1.0) * (t - 3.0)
    return B, slope, 12.0 * (3.0 * t * t - 8.0 * t + 3.0)


def value(x, data):
    """``A(u + v) B(2 u - 3 v)`` at ``x = (u, v)``."""
    A, _, _ = first_factor(x[0] + x[1])
    B, _, _ = second_factor(2.0 * x[0] - 3.0 * x[1])
    return A * B


def gradient(x, data):
    A, A1, _ = first_factor(x[0] + x[1])
    B, B1, _ = second_factor(2.0 * x[0] - 3.0 * x[1])
    g = np.empty(2)
    g[0] = A1 * B + 2.0 * A * B1
    g[1] = A1 * B - 3.0 * A * B1
    return g


def hessian(x, data):
    A, A1, A2 = first_factor(x[0] + x[1])
    B, B1, B2 = second_factor(2.0 * x[0] - 3.0 * x[1])
    ss, st, tt = A2 * B, A1 * B1, A * B2
    H = np.empty((2, 2))
    H[0, 0] = ss + 4.0 * st + 4.0 * tt
    H[0, 1] = H[1, 0] = ss - st - 6.0 * tt
    H[1, 1] = ss - 6.0 * st + 9.0 * tt
    return H


goldstein_price = Function(
    name="goldstein_price",
    dimension=2,
    value=value,
    gradient=gradient,
    hessian=hessian,
    minima=[(0.0, -1.0)],
    saddles=[(0.6, 0.4), (1.2, -0.2), (-0.4, -0.6), (1.4, 0.6)],
    minimum_value=3.0,
    domain=(-2.0, 2.0),
    source="Goldstein and Price 1971",
    note="Local minima at (-0.6, -0.4), (1.8, 0.2) and (1.2, 0.8) with values 30, 84 and 840; "
    "a local maximum at (0.8, 0.2).",
)
