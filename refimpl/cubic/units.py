"""Units for a cubic model, one for each group, in which its numbers are of order 1.

They are powers of two and go with the problem: whoever rescales the loss, the direction or a group
by a power of two gets the same numbers here, to the last bit.
"""

import math
from typing import NamedTuple

import numpy as np

from .._compile import compiled
from .._compile.border import public

LARGEST = np.finfo(np.float64).max
LARGEST_EXPONENT = np.finfo(np.float64).maxexp
# Stands for the exponent of 0.
NOTHING = -(2**30)


class Units(NamedTuple):
    """Exponents of two: a rate is ``2**rates[s]`` units, and so on."""

    rates: np.ndarray  # (S,), integers
    radius: int
    model: int  # of the value of the model


class Model(NamedTuple):
    """A cubic model ``-g.x + x^T H x / 2 + (strength / 6) |D x|^3``."""

    hessian: np.ndarray  # (S, S), symmetric
    gradient: np.ndarray  # (S,)
    d: np.ndarray  # (S,), not negative
    strength: float


@public
def exponent(x: float):
    """The integer `e` with ``2**(e-1) <= |x| < 2**e``."""
    return math.frexp(x)[1] if x != 0.0 else NOTHING


@public
def shifted(x: float, e):
    """``x * 2**e``, cut to the largest float."""
    if x == 0.0:
        return 0.0
    if math.frexp(x)[1] + e > LARGEST_EXPONENT:
        return math.copysign(LARGEST, x)
    return math.ldexp(x, int(max(e, -3000)))


@compiled
def _curvature_exponent(model):
    """Exponent of the largest curvature ``(strength / 2) r`` that some group or pair asks for.

    The cubic term adds ``(strength / 2) r d_s^2`` to the diagonal of `H`. A group by itself needs
    about ``|H_ss| / d_s^2`` of it against negative curvature, and its gradient brings about the
    root of ``strength |g_s| / d_s``, less where `H_ss` holds it back; a pair needs as much as makes
    its determinant positive.
    """
    H, g, d, strength = model
    largest = NOTHING
    for s in range(g.size):
        if d[s] > 0.0:
            e, h = exponent(d[s]), exponent(H[s, s])
            if H[s, s] < 0.0:
                largest = max(largest, h - 2 * e)
            if g[s] != 0.0:
                square = exponent(strength) + exponent(g[s]) - e
                held = square - (h - 2 * e) if H[s, s] > 0.0 else square // 2
                largest = max(largest, min(square // 2, held))
        for t in range(s):
            if H[s, t] != 0.0:
                largest = max(largest, _of_pair(H, d, s, t))
    return largest


@compiled
def _of_pair(H, d, s, t):
    off = exponent(H[s, t])
    positive = H[s, s] > 0.0 and H[t, t] > 0.0
    if positive and 2 * off <= exponent(H[s, s]) + exponent(H[t, t]):
        return NOTHING
    found = -NOTHING
    if d[s] > 0.0 and d[t] > 0.0:
        found = off - exponent(d[s]) - exponent(d[t])
    if d[s] > 0.0 and H[t, t] > 0.0:
        found = min(found, 2 * off - exponent(H[t, t]) - 2 * exponent(d[s]))
    if d[t] > 0.0 and H[s, s] > 0.0:
        found = min(found, 2 * off - exponent(H[s, s]) - 2 * exponent(d[t]))
    return found if found < -NOTHING else NOTHING


@public
def natural_units(model: Model):
    """Units in which curvatures of order 1 balance, and `strength` is of order 1.

    Parameters
    ----------
    model : Model

    Returns
    -------
    Units
    """
    H, g, d, strength = model
    S = g.size
    q = _curvature_exponent(model)
    if q == NOTHING:
        # Only forces through groups without a cubic term are left, if any.
        for s in range(S):
            if d[s] > 0.0 and H[s, s] > 0.0:
                q = max(q, exponent(H[s, s]) - 2 * exponent(d[s]))
    if q == NOTHING:
        q = 0
    radius = q - exponent(strength)
    value = 2 * radius + q
    rates = np.zeros(S, dtype=np.int64)
    for s in range(S):
        largest = exponent(H[s, s])
        if d[s] > 0.0:
            largest = max(largest, q + 2 * exponent(d[s]))
        if largest > NOTHING:
            rates[s] = (value - largest) // 2
    return Units(rates, radius, value)


@public
def in_units(model: Model, units):
    """The model in other units; only exponents change."""
    H, g, d, strength = model
    S = g.size
    hessian = np.empty((S, S))
    gradient, cubic = np.empty(S), np.empty(S)
    for s in range(S):
        gradient[s] = shifted(g[s], units.rates[s] - units.model)
        cubic[s] = shifted(d[s], units.rates[s] - units.radius)
        for t in range(S):
            hessian[s, t] = shifted(H[s, t], units.rates[s] + units.rates[t] - units.model)
    return Model(hessian, gradient, cubic, shifted(strength, 3 * units.radius - units.model))
