"""What counts as zero in a cubic model: never a number by itself, only next to what it came from.

A sum is zero if it is no larger than what rounding of its terms can make it; a linear form of an
eigenvector, if a matrix rounded in every entry has one for which it is zero.
"""

import numpy as np

from .._compile.border import public
from ..linear_algebra.symmetric_eigen import EPS

# What rounding of the inputs and of the decompositions leaves, in units of the sums of moduli it
# was formed from and of the number of groups.
ROUNDING = 8.0 * EPS


@public
def moduli_dot(x: np.ndarray, y: np.ndarray):
    """``|x|.|y|``, the moduli of all terms of ``x.y``."""
    total = 0.0
    for i in range(x.size):
        total += abs(x[i] * y[i])
    return total


@public
def moduli_form(x: np.ndarray, A: np.ndarray, y: np.ndarray):
    """``|x|^T |A| |y|``: what ``x^T A y`` can change by, if `A` does relatively by 1."""
    total = 0.0
    for i in range(x.size):
        for j in range(y.size):
            total += abs(x[i] * A[i, j] * y[j])
    return total
