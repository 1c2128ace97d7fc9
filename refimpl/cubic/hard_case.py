"""The hard case: a gradient that does not see the most negative curvature, and a true tie."""

import numpy as np

from .._compile.border import public
from ..linear_algebra.ldl import solve
from .matrix import bent, combined
from .rounding import ROUNDING, moduli_dot, moduli_form
from .secular import length


@public
def unseen(model, spectrum, c, bottom, free):
    """Whether the gradient has no component along the bottom eigenvectors, to rounding.

    A relative change by `x` of the matrix `M` at the pole turns an eigenvector `v` so that ``g.v``
    changes by up to ``x |u|^T |M| |v|``, where `u` solves ``M u = g`` apart from that component.
    """
    H, g, d, _ = model
    reach, factors, values, Y = spectrum
    n = g.size
    apart = np.empty(n)
    for i in range(n):
        apart[i] = -c[i] / values[i] if bottom[i] else free[i] / values[-1]
    u = solve(factors, g + d * combined(Y, apart))
    moduli = bent(np.abs(H), d, reach)
    for i in range(n):
        if bottom[i]:
            v = solve(factors, d * Y[:, i])
            noise = moduli_dot(v, g) + moduli_form(u, moduli, v)
            if abs(c[i]) > ROUNDING * n * noise:
                return False
    return True


@public
def tie(Y, bottom):
    """The unit vector of the bottom eigenspace nearest to the first axis not orthogonal to it."""
    n = bottom.size
    nearest = np.zeros(n)
    weights = np.zeros(n)
    for s in range(n):
        for i in range(n):
            weights[i] = Y[s, i] if bottom[i] else 0.0
        nearest = combined(Y, weights)
        size = length(nearest)
        if size > ROUNDING * n:
            return nearest / size
    return nearest
