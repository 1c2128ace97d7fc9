"""Piece 3: the QR step, its factor from the Cholesky factor of ``H^T H``."""

import numpy as np
from mpmath import mpf

from .arrays import eye, largest, length, zeros
from .online_pca import orthonormalize


def symmetrised(H):
    """The mean of a matrix and its transpose; what they differ by is noise."""
    return (H + H.T) / 2


def _step(H, shifted):
    # H^T H = R^T R: the columns of Q are the orthonormalised columns of H.
    Q = orthonormalize(shifted.T)["result"].T
    return {"rotation": Q, "rotated": Q.T @ H @ Q}


def qr_step(H):
    """``H = Q R`` with a positive diagonal of `R`; ``Q^T H Q``."""
    H = symmetrised(H)
    return _step(H, H)


def shifted_qr_step(H):
    """The same with the factor of ``H`` plus its largest row sum of moduli."""
    H = symmetrised(H)
    return _step(H, H + _shift(H) * eye(H.shape[0]))


def _shift(H):
    return max(sum((abs(x) for x in row), mpf(0)) for row in H)


def factors(A):
    """`Q` and `R` by Householder's reflections, the diagonal of `R` not negative."""
    d = A.shape[0]
    R, Q = A.copy(), eye(d)
    for k in range(d - 1):
        v = zeros(d)
        v[k:] = R[k:, k]
        size = length(v)
        if size == 0:
            continue
        v[k] = v[k] + size if v[k] >= 0 else v[k] - size
        v = v / largest(v)
        square = v @ v
        R = R - np.outer(v, 2 * (v @ R) / square)
        Q = Q - np.outer(2 * (Q @ v) / square, v)
    for k in range(d):
        if R[k, k] < 0:
            R[k] = -R[k]
            Q[:, k] = -Q[:, k]
    return Q, R


def qr_step_formula(H):
    """``R Q`` of ``H = Q R``."""
    return product(symmetrised(H))


def shifted_qr_step_formula(H):
    """``R Q`` of the shifted matrix, the shift subtracted again."""
    return shifted_product(symmetrised(H))


def product(H):
    """The same of a matrix that is symmetric but for rounding, as it is."""
    Q, R = factors(H)
    return {"rotation": Q, "rotated": R @ Q}


def shifted_product(H):
    """The shifted step of a matrix that is symmetric but for rounding, as it is."""
    mu = _shift(H)
    identity = eye(H.shape[0])
    Q, R = factors(H + mu * identity)
    return {"rotation": Q, "rotated": R @ Q - mu * identity}
