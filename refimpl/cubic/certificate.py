"""What is left of the conditions for a global minimiser, without units: the certificate."""

import numpy as np

from .._compile.border import public
from ..linear_algebra.symmetric_eigen import eigh
from .rounding import ROUNDING
from .secular import length


@public
def residual(model, rates):
    """The `residual` of `refimpl.cubic.minimize.minimize_cubic`, which says what it is."""
    H, _, d, strength = model
    n = d.size
    curvature = 0.5 * strength * length(d * rates)
    M = np.zeros((n, n))
    root = np.empty(n)
    for s in range(n):
        root[s] = np.sqrt(abs(H[s, s]) + curvature * d[s] * d[s])
    for s in range(n):
        for t in range(n):
            if root[s] > 0.0 and root[t] > 0.0:
                entry = H[s, t] + (curvature * d[s] * d[s] if s == t else 0.0)  # eq-cubic-matrix
                M[s, t] = entry / root[s] / root[t]
    lowest = eigh(M)[0][0]
    negative = -lowest if lowest < -ROUNDING * n else 0.0  # eq-secular-conditions
    return float(max(stationarity(model, rates), negative))


@public
def stationarity(model, rates):
    """The first part of the residual: how far ``M(r) eta`` is from `g`, group by group."""
    H, g, d, strength = model
    curvature = 0.5 * strength * length(d * rates)
    worst = 0.0
    for s in range(g.size):
        left, size = g[s], abs(g[s])
        for t in range(g.size):
            left -= H[s, t] * rates[t]  # eq-secular-conditions
            size += abs(H[s, t] * rates[t])
        cubic = curvature * d[s] * (d[s] * rates[s])
        if size + abs(cubic) > 0.0:
            worst = max(worst, abs(left - cubic) / (size + abs(cubic)))
    return worst
