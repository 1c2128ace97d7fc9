"""Arrays of multiple-precision numbers: NumPy's arrays of objects, with mpmath's numbers in them.

All operations round to mpmath's working precision, so that the same text runs at 100 digits and at
24 bits.
"""

import mpmath
import numpy as np
from mpmath import mpf


def exact(value):
    """Floats and arrays of floats as numbers of the working precision; all else as it is."""
    if isinstance(value, dict):
        return {key: exact(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(exact(entry) for entry in value)
    if isinstance(value, np.ndarray):
        result = np.empty(value.shape, dtype=object)
        for index, entry in np.ndenumerate(value):
            result[index] = mpf(float(entry))
        return result
    if isinstance(value, float):
        return mpf(value)
    return value


def zeros(*shape):
    """An array of zeros."""
    return np.full(shape, mpf(0), dtype=object)


def eye(n):
    """The identity."""
    result = zeros(n, n)
    for i in range(n):
        result[i, i] = mpf(1)
    return result


def largest(A):
    """The largest modulus; 0 of nothing."""
    return max((abs(entry) for entry in np.ravel(A)), default=mpf(0))


def matrix(A):
    """For mpmath's own routines."""
    return mpmath.matrix(A.tolist())


def array(M):
    """From mpmath's own routines."""
    return np.array(M.tolist(), dtype=object)


def eigh(A):
    """Eigenvalues, ascending, and eigenvectors in columns, by mpmath's ``eigsy``."""
    values, vectors = mpmath.eigsy(matrix(A))
    return np.array(list(values), dtype=object), array(vectors)


def solve(A, B):
    """The solution of a regular system, for a vector or the columns of a matrix."""
    if B.ndim == 1:
        return array(mpmath.lu_solve(matrix(A), matrix(B.reshape(-1, 1))))[:, 0]
    return np.stack([solve(A, B[:, j]) for j in range(B.shape[1])], axis=1)


def function_of(A, f):
    """``E f(diag(e)) E^T`` for a symmetric ``A = E diag(e) E^T``; `f` maps all eigenvalues."""
    values, E = eigh(A)
    return (E * np.array(f(values), dtype=object)) @ E.T


def root(A):
    """The positive semidefinite square root of a covariance."""
    return function_of(A, lambda e: [mpmath.sqrt(max(x, mpf(0))) for x in e])


def length(x):
    """Euclidean length."""
    return mpmath.sqrt(sum((entry * entry for entry in x), mpf(0)))
