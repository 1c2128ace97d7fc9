"""Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi rotations.

Why not LAPACK alone: where coordinates come in units that are far apart, the small eigenvalues of a
covariance keep their digits under Jacobi's rotations, as they do not in a tridiagonal matrix, whose
rounding is that of the largest. A direction counts down to 1e-12 of the largest variance; at 1e-10
a plain fit in three such coordinates keeps ten digits here, and five by LAPACK. Besides, units that
are powers of two change no bit, however large, and a small matrix takes an eighth of the time.
Tests hold it to this, beside `numpy.linalg.eigh`. Larger matrices than 8 go to LAPACK, which is
faster there.
"""

import math

import numpy as np

from .._compile import compiled
from .._compile.border import overwriting, public
from ..errors import NotFiniteError, ShapeError
from .finite import all_finite

# Above this size LAPACK is faster; below it, the cost of the call dominates.
JACOBI_LIMIT = 8
# Convergence is quadratic at the end: matrices of this size need five to eight sweeps.
SWEEPS = 50
EPS = np.finfo(np.float64).eps
# Off-diagonal entries this small, in a matrix of unit scale, are below its rounding.
NEGLIGIBLE = 0.125 * EPS
LARGEST = 0.5 * np.finfo(np.float64).max
SQUARE = "symmetric_eigen: matrices must be (d, d)"


@overwriting
def rotate(A, E, p, q):
    """Overwrite `A` and `E` with one Jacobi rotation, which makes ``A[p, q]`` zero."""
    n = A.shape[0]
    difference = A[q, q] - A[p, p]
    # The smaller root of t^2 + 2 t (difference / 2 A_pq) - 1: a rotation by at most 45 degrees.
    twice = 2.0 * A[p, q]
    radius = np.sqrt(difference * difference + twice * twice)
    t = twice / (difference + radius) if difference >= 0.0 else twice / (difference - radius)
    c = 1.0 / np.sqrt(1.0 + t * t)
    s = t * c
    shift = t * A[p, q]
    A[p, p] -= shift
    A[q, q] += shift
    A[p, q] = A[q, p] = 0.0
    for k in range(n):
        if k != p and k != q:
            a, b = A[k, p], A[k, q]
            A[k, p] = A[p, k] = c * a - s * b
            A[k, q] = A[q, k] = s * a + c * b
    for k in range(n):
        a, b = E[k, p], E[k, q]
        E[k, p] = c * a - s * b
        E[k, q] = s * a + c * b


@overwriting
def sort_columns(values, E):
    """Overwrite both, so that `values` ascends and the columns of `E` follow it."""
    d = values.size
    for i in range(d - 1):
        least = i
        for j in range(i + 1, d):
            if values[j] < values[least]:
                least = j
        if least != i:
            values[i], values[least] = values[least], values[i]
            for k in range(d):
                E[k, i], E[k, least] = E[k, least], E[k, i]


@compiled
def _check(A):
    if A.ndim == 2:
        if A.shape[0] != A.shape[1]:
            raise ShapeError(SQUARE)
        if not all_finite(A):
            raise NotFiniteError("symmetric_eigen: entries must be finite; found NaN or infinity")
    else:
        raise ShapeError(SQUARE)


@public
def eigh(A: np.ndarray):
    """Eigenvalues in ascending order and orthonormal eigenvectors of a symmetric matrix.

    Rotations [golub2013]_ that each make one off-diagonal entry zero, sweep after sweep. Of a
    positive definite matrix whose axes have units far apart, eigenvalues down to 1e-11 of the
    largest keep their digits. Sizes above 8 go to LAPACK, where they do not.

    Parameters
    ----------
    A : ndarray of shape (d, d)
        Symmetric, which is not checked, since the pieces that call this have checked it; finite.

    Returns
    -------
    values : ndarray of shape (d,)
        Ascending, in the units of `A`.
    vectors : ndarray of shape (d, d)
        Column ``i`` belongs to ``values[i]``.

    Raises
    ------
    ShapeError, NotFiniteError
        If `A` is not square; for NaN or infinite entries.

    Examples
    --------
    >>> import numpy as np
    >>> values, vectors = eigh(np.array([[0.0, 2.0], [2.0, 0.0]]))
    >>> values
    array([-2.,  2.])
    """
    _check(A)
    d = A.shape[0]
    if d > JACOBI_LIMIT:
        values, vectors = np.linalg.eigh(1.0 * A)
        return values, np.ascontiguousarray(vectors)

    # A float too where compiled code hands over whole numbers.
    A = 1.0 * A
    E = np.eye(d)
    scale = 0.0
    for i in range(d):
        for j in range(d):
            scale = max(scale, abs(A[i, j]))
    if scale > 0.0:
        # Scale of order 1, so that squares neither overflow nor vanish; a power of two is exact.
        scale = math.ldexp(1.0, min(max(math.frexp(scale)[1], -1021), 1023))
        for i in range(d):
            for j in range(d):
                A[i, j] /= scale
        for _ in range(SWEEPS):
            off = 0.0
            for p in range(d):
                for q in range(p + 1, d):
                    off = max(off, abs(A[p, q]))
                    if abs(A[p, q]) > NEGLIGIBLE:
                        rotate(A, E, p, q)
            if off <= NEGLIGIBLE:
                break
    values = np.empty(d)
    for i in range(d):
        values[i] = scale * A[i, i]
    sort_columns(values, E)
    return values, E


@public
def congruence(E: np.ndarray, A: np.ndarray):
    """``E^T A E`` for a symmetric `A`, symmetric to the last bit.

    Raises
    ------
    ShapeError, NotFiniteError
        For shapes other than (d, d), entries that are NaN, infinite, or so large that the sums may
        overflow.

    Examples
    --------
    >>> import numpy as np
    >>> congruence(np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag(np.array([1.0, 2.0])))
    array([[2., 0.],
           [0., 1.]])
    """
    _check(E)
    _check(A)
    d = A.shape[0]
    if E.shape != A.shape:
        raise ShapeError(SQUARE)
    longest, largest = 1.0, 0.0
    for i in range(d):
        for j in range(d):
            longest, largest = max(longest, abs(E[i, j])), max(largest, abs(A[i, j]))
    if largest > 0.0 and largest > LARGEST / d / d / longest / longest:
        raise NotFiniteError("symmetric_eigen: entries so large that a congruence may overflow")
    result = np.empty((d, d))
    if d > JACOBI_LIMIT:
        product = np.ascontiguousarray(E.T) @ A @ np.ascontiguousarray(E)
        for i in range(d):
            for j in range(d):
                result[i, j] = 0.5 * (product[i, j] + product[j, i])
        return result
    AE = np.zeros((d, d))
    for i in range(d):
        for k in range(d):
            for j in range(d):
                AE[i, j] += A[i, k] * E[k, j]
    for i in range(d):
        for j in range(i + 1):
            total = 0.0
            for k in range(d):
                total += E[k, i] * AE[k, j]
            result[i, j] = result[j, i] = total
    return result
