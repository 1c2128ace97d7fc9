"""The functions of the trajectories: each by its value, and by formulas of its derivatives.

The *definition* of a gradient or Hessian is mpmath's derivative of the value; the formulas, in the
order of the laboratory's operations, show how much roundoff they have by themselves.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import mpmath
import numpy as np
from mpmath import mpf

from .arrays import eye, zeros


class Function(NamedTuple):
    """A function of a position and of its own data, by keywords.

    The third derivative is that along a direction, ``(x, u) -> number``.
    """

    value: Callable
    gradient: Callable
    hessian: Callable
    third: Callable


def _residuals(u, v):
    return mpf(3) / 2 - u + u * v, mpf(9) / 4 - u + u * v**2, mpf(21) / 8 - u + u * v**3


def beale_value(x):
    """Squares of three residuals."""
    return sum(r * r for r in _residuals(*x))


def beale_gradient(x):
    """Twice the residuals times their slopes."""
    u, v = x
    a, b, c = _residuals(u, v)
    by_u = 2 * (a * (v - 1) + b * (v * v - 1) + c * (v * v * v - 1))
    return np.array([by_u, 2 * u * (a + 2 * v * b + 3 * v * v * c)], dtype=object)


def beale_hessian(x):
    """Products of slopes, and the residuals times their curvatures."""
    u, v = x
    a, b, c = _residuals(u, v)
    p, q, r = v - 1, v * v - 1, v * v * v - 1
    uu = 2 * (p * p + q * q + r * r)
    uv = 2 * (a + 2 * v * b + 3 * v * v * c) + 2 * u * (p + 2 * v * q + 3 * v * v * r)
    vv = 2 * u * (u + 2 * b + 4 * u * v * v + 6 * v * c + 9 * u * v * v * v * v)
    return np.array([[uu, uv], [uv, vv]], dtype=object)


def beale_third(x, direction):
    """Of a square of a residual: three products, two of which are one."""
    u, v = x
    p, q = direction
    total = mpf(0)
    for k, r in enumerate(_residuals(u, v), 1):
        slope, bend = k * v ** (k - 1), k * (k - 1) * v ** max(k - 2, 0)
        first = p * (v**k - 1) + u * slope * q
        second = 2 * p * slope * q + u * bend * q * q
        third = 3 * p * bend * q * q + u * k * (k - 1) * (k - 2) * q**3
        total += 2 * r * third + 6 * first * second
    return total


def rosenbrock_value(x):
    """The curved valley."""
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in itertools.pairwise(x))


def rosenbrock_gradient(x):
    """Each pair of neighbours adds to both of its entries."""
    g = zeros(x.size)
    for i in range(x.size - 1):
        bend = x[i + 1] - x[i] * x[i]
        g[i] += -400 * x[i] * bend - 2 * (1 - x[i])
        g[i + 1] += 200 * bend
    return g


def rosenbrock_hessian(x):
    """Tridiagonal."""
    H = zeros(x.size, x.size)
    for i in range(x.size - 1):
        H[i, i] += 1200 * x[i] * x[i] - 400 * x[i + 1] + 2
        H[i, i + 1] = H[i + 1, i] = -400 * x[i]
        H[i + 1, i + 1] += 200
    return H


def rosenbrock_third(x, direction):
    """Each bend has a slope and a curvature along the direction."""
    pairs = zip(itertools.pairwise(x), itertools.pairwise(direction), strict=True)
    return sum(-1200 * p * p * (q - 2 * a * p) for (a, _), (p, q) in pairs)


def quadratic_value(x, spectrum, rotation=None):
    """Half the eigenvalues times squares along the rows of the rotation."""
    y = x if rotation is None else rotation @ x
    return sum(a * b * b for a, b in zip(spectrum, y, strict=True)) / 2


def quadratic_gradient(x, spectrum, rotation=None):
    """Into the frame, times the eigenvalues, and back."""
    if rotation is None:
        return spectrum * x
    return rotation.T @ (spectrum * (rotation @ x))


def quadratic_hessian(x, spectrum, rotation=None):
    """The eigenvalues in the coordinates."""
    rotation = eye(x.size) if rotation is None else rotation
    return rotation.T @ (spectrum.reshape(-1, 1) * rotation)


def quadratic_third(x, direction, spectrum, rotation=None):
    """None."""
    return mpf(0)


def bounded_saddle_value(x, spectrum, c, rotation=None):
    """The quadratic, and walls of fourth power along the same axes."""
    y = x if rotation is None else rotation @ x
    return quadratic_value(x, spectrum, rotation) + c * sum(b**4 for b in y) / 4


def bounded_saddle_gradient(x, spectrum, c, rotation=None):
    """Into the frame, times the eigenvalues and those of the walls, and back."""
    y = x if rotation is None else rotation @ x
    g = y * (spectrum + c * y * y)
    return g if rotation is None else rotation.T @ g


def bounded_saddle_hessian(x, spectrum, c, rotation=None):
    """Eigenvalues that grow with the square of the position."""
    y = x if rotation is None else rotation @ x
    return quadratic_hessian(x, spectrum + 3 * c * y * y, rotation)


def bounded_saddle_third(x, direction, spectrum, c, rotation=None):
    """That of the walls."""
    y, w = (x, direction) if rotation is None else (rotation @ x, rotation @ direction)
    return 6 * c * sum(a * b**3 for a, b in zip(y, w, strict=True))


FORMULAS = {
    "beale": Function(beale_value, beale_gradient, beale_hessian, beale_third),
    "rosenbrock": Function(
        rosenbrock_value, rosenbrock_gradient, rosenbrock_hessian, rosenbrock_third
    ),
    "quadratic": Function(quadratic_value, quadratic_gradient, quadratic_hessian, quadratic_third),
    "bounded_saddle": Function(
        bounded_saddle_value, bounded_saddle_gradient, bounded_saddle_hessian, bounded_saddle_third
    ),
}


def _orders(D, *indices):
    return tuple(sum(i == k for i in indices) for k in range(D))


def differentiated(value):
    """The same function with the derivatives that mpmath takes of its value."""

    def derivative(x, indices, data):
        def of_numbers(*at):
            return value(np.array(at, dtype=object), **data)

        # Difference quotients lose digits, and the more the higher their order.
        with mpmath.workdps(mpmath.mp.dps + 20):
            return mpmath.diff(of_numbers, tuple(x), _orders(x.size, *indices))

    def gradient(x, **data):
        return np.array([+derivative(x, (i,), data) for i in range(x.size)], dtype=object)

    def hessian(x, **data):
        H = zeros(x.size, x.size)
        for i in range(x.size):
            for j in range(i + 1):
                H[i, j] = H[j, i] = +derivative(x, (i, j), data)
        return H

    def third(x, direction, **data):
        with mpmath.workdps(mpmath.mp.dps + 20):
            found = mpmath.diff(lambda t: value(x + t * direction, **data), 0, 3)
        return +found

    return Function(value, gradient, hessian, third)


DEFINITIONS = {name: differentiated(function.value) for name, function in FORMULAS.items()}
