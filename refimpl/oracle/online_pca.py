"""Piece 2: orthonormal rows and turned bases, from the Cholesky factor of the Gram matrix."""

import mpmath
import numpy as np
from mpmath import mpf

from .arrays import array, eye, largest, length, matrix, zeros
from .regression import EPS, MarginError

# Rows are squared in the Gram matrix: this many digits more than the result shall have.
GUARD = 80
# A vector so much longer than the rows that the plain sum would lose their digits.
FAR = 2**10
# How far what is left of a row must be from what counts as rounding.
APART = mpf(3) / 2


def dependent(share, rows):
    """Whether so little of a row is left that it is rounding of binary64.

    Raises
    ------
    MarginError
        If that is decided by less than a factor.
    """
    bound = 4 * rows * EPS
    if bound / APART < share < bound * APART and share != bound:
        raise MarginError("what is left of a row is too near to rounding")
    return share <= bound


def orthonormalize(W, old=()):
    """``L^{-1} W`` with ``L L^T = W W^T``, `L` lower triangular and positive on its diagonal.

    A row that depends on those before it is replaced by the row of `old` that sticks out most.
    """
    with mpmath.workdps(mpmath.mp.dps + GUARD):
        W = W / np.array([[largest(row) or mpf(1)] for row in W], dtype=object)
        try:
            L = array(mpmath.cholesky(matrix(W @ W.T)))
        except ValueError:
            return {"result": _completed(W, old)}
        shares = [L[i, i] / length(W[i]) for i in range(len(W))]
        if any(dependent(share, len(W)) for share in shares):
            return {"result": _completed(W, old)}
        V = zeros(*W.shape)
        for i in range(W.shape[0]):
            V[i] = (W[i] - L[i, :i] @ V[:i]) / L[i, i] if i else W[i] / L[i, i]
        return {"result": V}


def _completed(W, old):
    """Rows that depend on earlier ones replaced, at last by the axis that these cover least."""
    V = zeros(*W.shape)
    for i in range(W.shape[0]):
        row = _rest(W[i], V[:i])
        if dependent(length(row) / (length(W[i]) or mpf(1)), len(W)):
            row = _rest(_replacement(V[:i], old, W.shape[1]), V[:i])
        V[i] = row / length(row)
    return V


def _replacement(V, old, D):
    """The old row that sticks out most of the span of `V`, the first of equals."""
    shares = [length(_rest(row, V)) for row in old]
    if len(old) and max(shares) > mpf(10) ** -(GUARD // 2):
        return old[shares.index(max(shares))]
    return _least_covered(V, D)


def _least_covered(V, D):
    covered = [sum((v[k] ** 2 for v in V), mpf(0)) for k in range(D)]
    return eye(D)[covered.index(min(covered))]


def _rest(row, V):
    for _ in range(2):
        for v in V:
            row = row - (v @ row) * v
    return row


def orthonormalize_formula(W, old=()):
    """Modified Gram-Schmidt in row order, twice."""
    d, D = W.shape
    V = W.copy()
    for i in range(d):
        row = _straightened(V[i], V[:i], d)
        V[i] = _straightened(_replacement(V[:i], old, D), V[:i], d) if row is None else row
    return {"result": V}


def _straightened(row, V, rows):
    size = length(row)
    if size == 0:
        return None
    row = row / size
    for _ in range(2):
        row = _once(row, V)
    share = length(row)
    # What is left of a row that depends on the others is rounding.
    rounding = max((len(V) + 1) * mpf(2) ** (1 - mpmath.mp.prec), rows * EPS)
    return row / share if share > 4 * rounding else None


def _once(row, V):
    for v in V:
        row = row - (v @ row) * v
    return row


def oja(V, x, gamma):
    """Oja's rule."""
    return orthonormalize(V + gamma * np.outer(V @ x, x), V)


def oja_formula(V, x, gamma):
    """The same with Gram-Schmidt."""
    return orthonormalize_formula(V + gamma * np.outer(V @ x, x), V)


def inject(V, x, turn):
    """The same vector added to every row."""
    return orthonormalize(_sums(V, turn * x), V)


def _sums(V, x):
    """A vector added to every row; where next to nothing is left of both, nothing is."""
    W = V + x
    for i in range(len(W)):
        if dependent(length(W[i]) / ((length(V[i]) + length(x)) or mpf(1)), len(W)):
            W[i] = 0 * W[i]
    return W


def inject_formula(V, x, turn):
    """The same with Gram-Schmidt; of a long vector, by rows that it has been taken from."""
    if len(V) > 1 and largest(turn * x) > FAR:
        return orthonormalize_formula(_eliminated(V, turn * length(x), x / length(x)), V)
    return orthonormalize_formula(_sums(V, turn * x), V)


def _eliminated(V, lean, n):
    """The rows of the sum but for multiples of those before them, none a small rest of large ones.

    From row `j` so much of row `i` is taken that hardly any of the vector is left in it.
    """
    W, b = V.copy(), [lean] * len(V)
    for i in range(len(W)):
        denominator = 1 + b[i] ** 2
        for j in range(i + 1, len(W)):
            W[j] = W[j] - b[i] * b[j] / denominator * W[i]
            b[j] = b[j] / denominator
        W[i] = W[i] + b[i] * n
    return W


def transport(V_old, V_new, C):
    """Each entry as a sum over pairs of old axes, with the inner products of new and old ones."""
    d = C.shape[0]
    result = zeros(d, d)
    for i in range(d):
        for j in range(d):
            for a in range(d):
                for b in range(d):
                    left, right = V_new[i] @ V_old[a], V_new[j] @ V_old[b]
                    result[i, j] += left * C[a, b] * right
    return {"result": result}


def transport_formula(V_old, V_new, C):
    """``P C P^T``."""
    P = V_new @ V_old.T
    return {"result": P @ C @ P.T}
