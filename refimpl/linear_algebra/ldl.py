"""The factors ``L diag(pivots) L^T`` of a small positive definite matrix.

LAPACK's factors, with roots on their diagonal, pass every certified case of the cubic model too.
But where a row and column are scaled by an odd power of two their digits change, and units would no
longer be nothing but units; and here a matrix that is not definite is an answer, not an exception.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import public


class Factor(NamedTuple):
    """Factors of a symmetric matrix; filled only as far as it is positive definite."""

    L: np.ndarray  # (n, n), lower triangular with ones on the diagonal
    pivots: np.ndarray  # (n,), in the units of the matrix
    definite: bool


@public
def factor(M: np.ndarray, rounding: float):
    """Factors without a square root, so that a row and column may be in any unit.

    Scaling a row and its column by a power of two scales the factors and changes no digit.

    Parameters
    ----------
    M : ndarray of shape (n, n)
        Symmetric, finite; not checked.
    rounding : float
        A pivot at most this share of its diagonal entry is taken for 0; not negative.

    Returns
    -------
    Factor
        `definite` is False if a pivot is not positive; then the factors are of no use.

    Examples
    --------
    >>> import numpy as np
    >>> found = factor(np.array([[4.0, 2.0], [2.0, 3.0]]), 0.0)
    >>> found.definite, found.pivots
    (True, array([4., 2.]))
    """
    n = M.shape[0]
    L = np.zeros((n, n))
    pivots = np.zeros(n)
    root = np.zeros(n)
    for i in range(n):
        if not M[i, i] > 0.0:
            return Factor(L, pivots, False)
        root[i] = np.sqrt(M[i, i])
        for j in range(i):
            # Indefinite already; left in, such an entry could overflow below.
            if abs(M[i, j]) > root[i] * root[j]:
                return Factor(L, pivots, False)
    for i in range(n):
        pivot = M[i, i]
        for j in range(i):
            entry = M[i, j]
            for k in range(j):
                entry -= L[i, k] * pivots[k] * L[j, k]
            L[i, j] = entry / pivots[j]
            pivot -= L[i, j] * pivots[j] * L[i, j]
        if not pivot > rounding * M[i, i]:
            return Factor(L, pivots, False)
        L[i, i] = 1.0
        pivots[i] = pivot
    return Factor(L, pivots, True)


@public
def solve(factors: Factor, x: np.ndarray):
    """The solution `y` of ``M y = x`` from the factors of a positive definite `M`.

    Examples
    --------
    >>> import numpy as np
    >>> solve(factor(np.array([[4.0, 2.0], [2.0, 3.0]]), 0.0), np.array([2.0, 3.0]))
    array([0., 1.])
    """
    L = factors.L
    n = x.size
    y = x.copy()
    for i in range(n):
        for k in range(i):
            y[i] -= L[i, k] * y[k]
    for i in range(n):
        y[i] /= factors.pivots[i]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            y[i] -= L[k, i] * y[k]
    return y
