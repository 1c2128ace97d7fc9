"""Rosenbrock's function, the curved valley, in any dimension."""

import numpy as np

from .._compile.border import from_python
from ..errors import ShapeError
from .function import Function


def value(x, data):
    """``sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2``."""
    total = 0.0
    for i in range(x.size - 1):
        bend = x[i + 1] - x[i] * x[i]
        total += 100.0 * bend * bend + (1.0 - x[i]) * (1.0 - x[i])
    return total


def gradient(x, data):
    g = np.zeros(x.size)
    for i in range(x.size - 1):
        bend = x[i + 1] - x[i] * x[i]
        g[i] += -400.0 * x[i] * bend - 2.0 * (1.0 - x[i])
        g[i + 1] += 200.0 * bend
    return g


def hessian(x, data):
    H = np.zeros((x.size, x.size))
    for i in range(x.size - 1):
        H[i, i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0
        H[i, i + 1] = H[i + 1, i] = -400.0 * x[i]
        H[i + 1, i + 1] += 200.0
    return H


@from_python
def rosenbrock(n: int = 2):
    """Rosenbrock's function of `n` variables.

    Parameters
    ----------
    n : int, optional
        At least 2.

    Returns
    -------
    Function

    Raises
    ------
    ShapeError
        If `n` is below 2.

    Examples
    --------
    >>> rosenbrock(3).value([1.0, 1.0, 1.0])
    0.0
    """
    if n < 2:
        raise ShapeError(f"rosenbrock: expected at least 2 dimensions, got {n}")
    return Function(
        name="rosenbrock" if n == 2 else f"rosenbrock({n})",
        dimension=n,
        value=value,
        gradient=gradient,
        hessian=hessian,
        minima=[np.ones(n)],
        saddles=[],
        minimum_value=0.0,
        domain=(-2.048, 2.048),
        source="Rosenbrock 1960",
        note="From 4 variables on there is also a local minimum near (-1, 1, ..., 1).",
    )
