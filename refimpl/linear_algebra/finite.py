"""Finite and real: what every piece and every boundary asks of its numbers."""

import numpy as np

from .._compile import compiled
from ..errors import DtypeError


@compiled
def all_finite(x):
    """Whether no entry of the array is NaN or infinite; nothing is allocated."""
    for value in x.flat:
        # False for NaN too; unlike a difference, a comparison warns of nothing in plain Python.
        if not abs(value) < np.inf:
            return False
    return True


def real(numbers, what):
    """A new float64 array of what was given; `what` it is for, in words.

    Raises
    ------
    DtypeError
        For what is no array of numbers, and for complex ones, whose imaginary part would be lost.

    Examples
    --------
    >>> real([1, 2], "a start")
    array([1., 2.])
    """
    try:
        if not np.iscomplexobj(numbers):
            return np.array(numbers, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    raise DtypeError(f"expected {what} of real numbers, got {numbers!r}")
