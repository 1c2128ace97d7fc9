"""Numbers that come from Python: real ones, as float64."""

import reprlib

import numpy as np

from .errors import DtypeError, UnsupportedOperationError

FLOAT = np.dtype(np.float64)


def as_real(numbers, expected):
    """Numbers as a float64 array in C order that can be written; the given one if it is that.

    The one rule for all that comes from Python: bool, whole numbers and floats of every size and
    byte order are real numbers, and so are lists of them. Complex numbers, strings and objects are
    not. `expected` begins the message.

    Raises
    ------
    DtypeError
        For what is no array of real numbers.

    Examples
    --------
    >>> as_real([1, 2], "expected a start of real numbers")
    array([1., 2.])
    """
    # Most arrays are what they should be.
    if type(numbers) is np.ndarray and numbers.dtype is FLOAT and numbers.flags.carray:
        return numbers
    try:
        array = np.asarray(numbers)
    except UnsupportedOperationError:
        raise
    except (TypeError, ValueError):
        raise DtypeError(f"{expected}, got {reprlib.repr(numbers)}") from None
    if array.dtype.kind not in "biuf":
        got = f"an array of dtype {array.dtype}" if array is numbers else reprlib.repr(numbers)
        raise DtypeError(f"{expected}, got {got}")
    # What float64 cannot hold is infinite, and said where finite numbers are needed.
    with np.errstate(over="ignore", under="ignore"):
        return np.require(array, np.float64, "CAWE")


def real(numbers, what):
    """A new float64 array of what was given; `what` it is for, in words.

    Raises
    ------
    DtypeError
        As `as_real`.

    Examples
    --------
    >>> real([1, 2], "a start")
    array([1., 2.])
    """
    return as_real(numbers, f"expected {what} of real numbers").copy()
