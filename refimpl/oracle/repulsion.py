"""Piece 4: the steps away from saddles."""

import mpmath
import numpy as np
from mpmath import mpf

from .arrays import eigh, eye, function_of, largest, solve
from .regression import MarginError

# Curvature below this share of the largest is rounding: exactly 0 in the definition.
ROUNDING = mpf(2) ** -52
# How far above that an eigenvalue must be: of a diagonal matrix it is exact, of others binary64
# finds it to some multiple of its rounding.
APART, APART_TURNED = mpf(3) / 2, 100
# Half the largest float of binary64: where a step along an axis is cut.
LARGEST = (2 - mpf(2) ** -52) * mpf(2) ** 1022


def _curvatures(H, values, signed, div, cut, rounding=ROUNDING):
    top = largest(values)
    diagonal = (np.diag(np.diag(H)) == H).all()
    apart = APART if diagonal else APART_TURNED
    result = []
    for value in values:
        if abs(value) <= len(values) * rounding * top:
            value = mpf(0)
        elif abs(value) < apart * len(values) * ROUNDING * top:
            raise MarginError("an eigenvalue is too near to rounding")
        result.append(value if signed else max(div * abs(value), cut))
    return result


def _inverses(curvatures):
    return [1 / x if x != 0 else mpf(0) for x in curvatures]


def _within(step, longest):
    """Components cut to a length that a float can hold."""
    cut = [max(-longest, min(longest, x)) for x in step]
    return np.array(cut, dtype=object)


def newton(H, g):
    """The solution of ``H s = -g``; of least norm where `H` is singular."""
    return {"result": _along_axes(H, -_solved(H, g))}


def _along_axes(H, step):
    """A step whose part along each eigenvector is cut, where it needs that."""
    longest = LARGEST / len(step)
    if largest(step) < longest / 2:
        return step
    E = eigh(H)[1]
    return E @ _within(E.T @ step, longest)


def _solved(H, g):
    values = _curvatures(H, eigh(H)[0], True, 1, 0)
    if all(value != 0 for value in values):
        return solve(H, g)
    inverse = function_of(H, lambda e: _inverses(_curvatures(H, e, True, 1, 0)))
    return inverse @ g


def saddle_free(H, g, div, cut):
    """Minus the inverse of the bounded modulus of `H`, times `g`.

    Without a bound, and where `H` is regular, the modulus is `H` times its sign.
    """
    values = _curvatures(H, eigh(H)[0], True, 1, 0)
    if cut == 0 and all(value != 0 for value in values):
        return {"result": _along_axes(H, -solve(div * _sign(H) @ H, g))}
    inverse = function_of(H, lambda e: _inverses(_curvatures(H, e, False, div, cut)))
    return {"result": _along_axes(H, -(inverse @ g))}


def _sign(H):
    """The matrix with the same eigenvectors and the signs of the eigenvalues, by Newton's method.

    The limit of ``S <- (S + S^{-1}) / 2`` from a positive multiple of `H`.
    """
    with mpmath.workdps(mpmath.mp.dps + 20):
        S = H / largest(H)
        while True:
            new = (S + solve(S, eye(S.shape[0]))) / 2
            if largest(new - S) < mpf(10) ** -(mpmath.mp.dps - 15):
                return new
            S = new


def row_sum_bound(H, g, div, cut):
    """Minus each entry over its row's sum of moduli."""
    rows = [max(div * sum((abs(x) for x in row), mpf(0)), cut) for row in H]
    step = [-x / r if r != 0 else mpf(0) for x, r in zip(g, rows, strict=True)]
    return {"result": _within(step, LARGEST)}


def _eigen_step(H, g, signed, div, cut):
    values, E = eigh(H)
    # The rounding of the precision that is emulated; beyond binary64 the method knows no other.
    rounding = max(ROUNDING, mpf(2) ** (1 - mpmath.mp.prec))
    curvatures = _curvatures(H, values, signed, div, cut, rounding)
    along = (E.T @ g) * np.array(_inverses(curvatures), dtype=object)
    return {"result": -(E @ _within(along, LARGEST / len(along)))}


def newton_formula(H, g):
    """``-g_i / lambda_i`` along the eigenvectors."""
    return _eigen_step(H, g, True, 1, 0)


def saddle_free_formula(H, g, div, cut):
    """``-g_i / max(div |lambda_i|, cut)`` along the eigenvectors."""
    return _eigen_step(H, g, False, div, cut)


def row_sum_bound_formula(H, g, div, cut):
    """The definition is the formula."""
    return row_sum_bound(H, g, div, cut)
