"""Matrices at a scale at which no square overflows or vanishes: by a length, by a power of two."""

import math

import numpy as np

from .._compile.border import overwriting, public
from .gram_schmidt import HUGE


@public
def by_longest_row(V):
    """`V` divided by the length of its longest row, and that length; a zero matrix counts as 1."""
    U = np.empty(V.shape)
    U[:] = V
    size = np.max(np.abs(U))
    if size == 0.0:
        return U, 1.0
    U /= size
    length = np.sqrt(np.max(np.sum(U * U, axis=1)))
    return U / length, min(size, HUGE) * length


@public
def exponent_of(size):
    """The exponent of two above a size that is not negative; 0 for 0.

    Division by that power changes no digit, where a length would.
    """
    return math.frexp(size)[1]


@overwriting
def unscaled(A, exponent):
    """Overwrite a matrix by itself times a power of two, and return it."""
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            A[i, j] = math.ldexp(A[i, j], exponent)
    return A


@public
def quotient(a: float, b: float, longest: float):
    """``a / b``, cut at `longest` in modulus; on the way nothing overflows.

    Parameters
    ----------
    a, b : float
        `b` is not 0.
    longest : float
        Above 0, finite.

    Examples
    --------
    >>> quotient(1.6e308, 4.0, 8e307), quotient(3.0, -1e-308, 8e307)
    (4e+307, -8e+307)
    """
    # Divided by what is above 1 before it is cut, by what is below 1 after.
    small = min(abs(b), 1.0)
    part = min(max(a / max(abs(b), 1.0), -longest * small), longest * small) / small
    return part if b > 0.0 else -part
