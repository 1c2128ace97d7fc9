"""Eigenvalues and eigenvectors of one small symmetric matrix a lane."""

from typing import NamedTuple

import numpy as np

from .._compile.border import overwriting
from ..linear_algebra.symmetric_eigen import NEGLIGIBLE, SWEEPS
from . import LANES

# Where binary64 keeps its exponent.
MANTISSA_BITS, EXPONENT_MASK = 52, 0x7FF


class EigenScratch(NamedTuple):
    """Scratch of `eigh`; arrays of shape (LANES,)."""

    scale: np.ndarray
    tangent: np.ndarray
    cosine: np.ndarray
    sine: np.ndarray
    smallest: np.ndarray
    least: np.ndarray


def scratch():
    """Scratch for any size of matrix."""
    return EigenScratch(*(np.zeros(LANES) for _ in EigenScratch._fields))


@overwriting
def power_of_two(scale):
    """Overwrite each number with the power of two above it, as `frexp` and `ldexp` would.

    Between 2^-1021 and 2^1023, so that it and its reciprocal are both exact.
    """
    bits = scale.view(np.int64)
    for lane in range(LANES):
        exponent = (bits[lane] >> MANTISSA_BITS) & EXPONENT_MASK
        bits[lane] = min(max(exponent + 1, 2), EXPONENT_MASK - 1) << MANTISSA_BITS


@overwriting
def normalize(A, scale):
    """Bring the matrices to unit scale; `scale` takes the powers of two they are divided by."""
    d = A.shape[0]
    for lane in range(LANES):
        scale[lane] = 0.0
    for i in range(d):
        for j in range(i, d):
            for lane in range(LANES):
                scale[lane] = max(scale[lane], abs(A[i, j, lane]))
    power_of_two(scale)
    for i in range(d):
        for j in range(i, d):
            for lane in range(LANES):
                A[i, j, lane] /= scale[lane]


@overwriting
def rotate_rows(X, i, j, k, m, c, s):
    """Overwrite the entries ``(i, j)`` and ``(k, m)`` with their rotated values."""
    for lane in range(LANES):
        a, b = X[i, j, lane], X[k, m, lane]
        X[i, j, lane] = c[lane] * a - s[lane] * b
        X[k, m, lane] = s[lane] * a + c[lane] * b


@overwriting
def rotate(A, E, p, q, w):
    """One Jacobi rotation in every lane whose ``A[p, q]`` is not negligible; whether there is one.

    The other lanes turn by an angle of exactly 0.
    """
    active = 0
    for lane in range(LANES):
        active += 1 if abs(A[p, q, lane]) > NEGLIGIBLE else 0
    if active == 0:
        return False
    d = A.shape[0]
    for lane in range(LANES):
        difference = A[q, q, lane] - A[p, p, lane]
        twice = 2.0 * A[p, q, lane]
        radius = np.sqrt(difference * difference + twice * twice)
        bottom = difference + radius if difference >= 0.0 else difference - radius
        acts = abs(A[p, q, lane]) > NEGLIGIBLE
        w.tangent[lane] = (twice if acts else 0.0) / (bottom if acts else 1.0)
    for lane in range(LANES):
        w.cosine[lane] = 1.0 / np.sqrt(1.0 + w.tangent[lane] * w.tangent[lane])
        w.sine[lane] = w.tangent[lane] * w.cosine[lane]
    for lane in range(LANES):
        shift = w.tangent[lane] * A[p, q, lane]
        A[p, p, lane] -= shift
        A[q, q, lane] += shift
        A[p, q, lane] = 0.0 if w.tangent[lane] != 0.0 else A[p, q, lane]
    # Only the upper triangle is kept.
    for k in range(d):
        if k != p and k != q:
            rotate_rows(A, min(k, p), max(k, p), min(k, q), max(k, q), w.cosine, w.sine)
    for k in range(d):
        rotate_rows(E, k, p, k, q, w.cosine, w.sine)
    return True


@overwriting
def exchange_columns(values, E, i, j, least):
    """Exchange the eigenvalues `i` and `j` and their columns in the lanes where `least` is `j`."""
    for lane in range(LANES):
        a, b = values[i, lane], values[j, lane]
        values[i, lane] = b if least[lane] == j else a
        values[j, lane] = a if least[lane] == j else b
    for k in range(values.shape[0]):
        for lane in range(LANES):
            a, b = E[k, i, lane], E[k, j, lane]
            E[k, i, lane] = b if least[lane] == j else a
            E[k, j, lane] = a if least[lane] == j else b


@overwriting
def sort_columns(values, E, w):
    """Overwrite both, so that `values` ascends and the columns of `E` follow it."""
    d = values.shape[0]
    for i in range(d - 1):
        for lane in range(LANES):
            w.smallest[lane] = values[i, lane]
            w.least[lane] = i
        for j in range(i + 1, d):
            for lane in range(LANES):
                less = values[j, lane] < w.smallest[lane]
                w.smallest[lane] = values[j, lane] if less else w.smallest[lane]
                w.least[lane] = j if less else w.least[lane]
        for j in range(i + 1, d):
            exchange_columns(values, E, i, j, w.least)


@overwriting
def eigh(A, values, E, w):
    """Eigenvalues in ascending order and orthonormal eigenvectors, in every lane.

    The operations are those of `refimpl.linear_algebra.symmetric_eigen.eigh`, and so are the
    results, to the last bit (a zero may have another sign).

    Parameters
    ----------
    A : ndarray of shape (d, d, LANES)
        Finite; of the symmetric matrices the upper triangles, ``A[i, j]`` with ``i <= j``.
        Overwritten.
    values : ndarray of shape (d, LANES)
        Overwritten with the eigenvalues, in the units of `A`.
    E : ndarray of shape (d, d, LANES)
        Overwritten with the eigenvectors; column ``E[:, i, lane]`` belongs to ``values[i, lane]``.
    w : EigenScratch
        Overwritten.

    Notes
    -----
    Sweeps go on until no lane has anything left to rotate.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.zeros((2, 2, LANES))
    >>> A[0, 1] = np.arange(LANES)
    >>> values, E = np.empty((2, LANES)), np.empty((2, 2, LANES))
    >>> eigh(A, values, E, scratch())
    >>> values[:, 3]
    array([-3.,  3.])
    """
    d = A.shape[0]
    normalize(A, w.scale)
    for i in range(d):
        for j in range(d):
            for lane in range(LANES):
                E[i, j, lane] = 1.0 if i == j else 0.0
    for _ in range(SWEEPS):
        rotated = False
        for p in range(d):
            for q in range(p + 1, d):
                if rotate(A, E, p, q, w):
                    rotated = True
        if not rotated:
            break
    for i in range(d):
        for lane in range(LANES):
            values[i, lane] = w.scale[lane] * A[i, i, lane]
    sort_columns(values, E, w)
