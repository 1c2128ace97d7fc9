"""Beale's function and the three-dimensional one that [D] builds from it."""

import numpy as np

from .._compile.border import public
from .function import Function


@public
def residuals(u, v):
    """The three terms whose squares Beale's function adds."""
    return 1.5 - u + u * v, 2.25 - u + u * v * v, 2.625 - u + u * v * v * v


@public
def slopes(u, v):
    """First derivatives by `u` and `v`."""
    a, b, c = residuals(u, v)
    by_u = 2.0 * (a * (v - 1.0) + b * (v * v - 1.0) + c * (v * v * v - 1.0))
    by_v = 2.0 * u * (a + 2.0 * v * b + 3.0 * v * v * c)
    return by_u, by_v


@public
def curvatures(u, v):
    """Second derivatives by ``u u``, ``u v`` and ``v v``."""
    a, b, c = residuals(u, v)
    p, q, r = v - 1.0, v * v - 1.0, v * v * v - 1.0
    uu = 2.0 * (p * p + q * q + r * r)
    uv = 2.0 * (a + 2.0 * v * b + 3.0 * v * v * c) + 2.0 * u * (p + 2.0 * v * q + 3.0 * v * v * r)
    vv = 2.0 * u * (u + 2.0 * b + 4.0 * u * v * v + 6.0 * v * c + 9.0 * u * v * v * v * v)
    return uu, uv, vv


def value(x, data):
    """``(3/2 - u + u v)^2 + (9/4 - u + u v^2)^2 + (21/8 - u + u v^3)^2`` at ``x = (u, v)``."""
    a, b, c = residuals(x[0], x[1])
    return a * a + b * b + c * c


def gradient(x, data):
    g = np.empty(2)
    g[0], g[1] = slopes(x[0], x[1])
    return g


def hessian(x, data):
    H = np.empty((2, 2))
    H[0, 0], H[0, 1], H[1, 1] = curvatures(x[0], x[1])
    H[1, 0] = H[0, 1]
    return H


def value3(x, data):
    """``beale(u, v) + beale(w, v)`` at ``x = (u, v, w)``."""
    a, b, c = residuals(x[0], x[1])
    d, e, f = residuals(x[2], x[1])
    return (a * a + b * b + c * c) + (d * d + e * e + f * f)


def gradient3(x, data):
    g = np.empty(3)
    g[0], first = slopes(x[0], x[1])
    g[2], second = slopes(x[2], x[1])
    g[1] = first + second
    return g


def hessian3(x, data):
    H = np.zeros((3, 3))
    H[0, 0], H[0, 1], first = curvatures(x[0], x[1])
    H[2, 2], H[2, 1], second = curvatures(x[2], x[1])
    H[1, 0], H[1, 2], H[1, 1] = H[0, 1], H[2, 1], first + second
    return H


# Root of the polynomial that is left when u is eliminated from the two slopes.
FAR_SADDLE = (0.10053793732415836, -2.644513585023125)

beale = Function(
    name="beale",
    dimension=2,
    value=value,
    gradient=gradient,
    hessian=hessian,
    minima=[(3.0, 0.5)],
    saddles=[(0.0, 1.0), FAR_SADDLE],
    minimum_value=0.0,
    domain=(-4.5, 4.5),
    source="Beale 1958; [D], Figure 1",
    note="At the saddle (0, 1) the curvatures are exactly +27.75 and -27.75.",
)

beale3 = Function(
    name="beale3",
    dimension=3,
    value=value3,
    gradient=gradient3,
    hessian=hessian3,
    minima=[(3.0, 0.5, 3.0)],
    saddles=[(0.0, 1.0, 0.0), (*FAR_SADDLE, FAR_SADDLE[0])],
    minimum_value=0.0,
    domain=(-4.5, 4.5),
    source="[D], Figures 4, 5 and 7",
    note="Every point (t, 1, -t) is stationary: the first saddle lies on a line of them.",
)
