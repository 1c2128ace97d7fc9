"""The function of Styblinski and Tang, a sum of equal tilted double wells, in any dimension."""

import numpy as np

from .._compile.border import from_python
from ..errors import ShapeError
from . import separable
from .function import Function

# The roots of 2 t^3 - 16 t + 5/2: the deeper well, the top between the wells, the other well.
DEEP, TOP, SHALLOW = -2.903534027771177, 0.1567312567803401, 2.746802770990837
DEPTH = -39.16616570377141


def value(x, data):
    """``sum_i (x_i^4 - 16 x_i^2 + 5 x_i) / 2``."""
    total = 0.0
    for t in x:
        total += 0.5 * t * (t * (t * t - 16.0) + 5.0)
    return total


def gradient(x, data):
    return x * (2.0 * x * x - 16.0) + 2.5


def hessian(x, data):
    return np.diag(6.0 * x * x - 16.0)


@from_python
def styblinski_tang(n: int = 2):
    """The function of Styblinski and Tang in `n` variables.

    Parameters
    ----------
    n : int, optional
        At least 1.

    Returns
    -------
    Function
        It has ``2^n`` local minima and ``3^n - 2^n - 1`` saddles; up to ``n = 8`` all saddles are
        listed, above it the one with its first coordinate on the top and all others at the global
        minimum.

    Raises
    ------
    ShapeError
        If `n` is below 1.

    Examples
    --------
    >>> styblinski_tang(3).minima.round(3)
    array([[-2.904, -2.904, -2.904]])
    """
    if n < 1:
        raise ShapeError(f"styblinski_tang: expected at least 1 dimension, got {n}")
    if 3**n * n <= separable.LISTED:
        saddles = separable.saddles([(DEEP, SHALLOW)] * n, [(TOP,)] * n)
    else:
        saddles = np.full((1, n), DEEP)
        saddles[0, 0] = TOP
    return Function(
        name="styblinski_tang" if n == 2 else f"styblinski_tang({n})",
        dimension=n,
        value=value,
        gradient=gradient,
        hessian=hessian,
        minima=np.full((1, n), DEEP),
        saddles=saddles,
        minimum_value=n * DEPTH,
        domain=(-5.0, 5.0),
        source="Styblinski and Tang 1990",
        note="Coordinates at 2.746803 in place of -2.903534 give the local minima; "
        "all coordinates at 0.156731 the maximum.",
    )
