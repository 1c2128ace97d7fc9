"""Whether a cubic model is bounded below along the directions that its cubic term does not see."""

from typing import NamedTuple

import numpy as np

from .._compile import compiled
from .._compile.border import public
from ..linear_algebra.symmetric_eigen import eigh
from .rounding import ROUNDING, moduli_dot, moduli_form
from .units import Model


class Bounded(NamedTuple):
    """Whether the model is bounded below, and its Hessian with all free directions held."""

    bounded: bool
    held: np.ndarray  # (S, S)


@public
def hold(model: Model):
    """Find the free directions among the groups with ``d_s = 0``, and hold them.

    With `Z` the set of these groups, the model is bounded below exactly if ``H_ZZ`` is positive
    semidefinite and every `v` in its kernel has ``g_Z . v = 0`` and ``H_sZ v = 0`` for all other
    groups `s`: then nothing depends on the component along `v`. It is made 0 by ``w w^T``, added to
    the Hessian, with ``w_s = H_ss v_s``: a curvature that changes no minimum. In this sense the
    component is measured in the groups' own curvatures, and does not depend on their units.

    Zero means zero to rounding, relative to the sums of moduli that a number was formed from.

    Parameters
    ----------
    model : Model
        In natural units.

    Returns
    -------
    Bounded
    """
    H, g, d, _ = model
    held = H.copy()
    unbounded = Bounded(False, held)
    Z = np.flatnonzero(d == 0.0)
    m = Z.size
    for s in Z:
        if H[s, s] < 0.0:
            return unbounded
        if H[s, s] == 0.0:
            if g[s] != 0.0:
                return unbounded
            for t in range(g.size):
                if H[s, t] != 0.0:
                    return unbounded
            held[s, s] = 1.0
    # Correlations: every curvature 1, whatever the units.
    C = np.eye(m)
    for a in range(m):
        for b in range(a):
            scale = np.sqrt(held[Z[a], Z[a]] * held[Z[b], Z[b]])
            if abs(held[Z[a], Z[b]]) > 2.0 * scale:
                return unbounded
            C[a, b] = C[b, a] = held[Z[a], Z[b]] / scale
    values, E = eigh(C)
    rounding = ROUNDING * m
    free = 0
    for i in range(m):
        noise = rounding * moduli_form(E[:, i], C, E[:, i])
        if values[i] < -noise:
            return unbounded
        if values[i] <= noise:
            free += 1
    if free == 0:
        return Bounded(True, held)

    own = np.empty(m)
    for a in range(m):
        own[a] = held[Z[a], Z[a]]
    w = np.empty(m)
    for s in range(-1, g.size):
        # The gradient first, then the rows of the Hessian for the other groups.
        if s < 0 or d[s] > 0.0:
            for a in range(m):
                entry = g[Z[a]] if s < 0 else H[s, Z[a]]
                w[a] = entry / np.sqrt(own[a])
            if not _vanishes(w, C, values, E, free):
                return unbounded
    for i in range(free):
        for a in range(m):
            for b in range(m):
                held[Z[a], Z[b]] += np.sqrt(own[a] * own[b]) * E[a, i] * E[b, i]
    return Bounded(True, held)


@compiled
def _vanishes(w, C, values, E, free):
    """Whether `w` is orthogonal to the first `free` eigenvectors of `C`, to rounding.

    A relative change of `C` by `x` turns an eigenvector `e` of eigenvalue 0 so that ``w.e`` changes
    by up to ``x |u|^T |C| |e|``, where `u` solves ``C u = w``.
    """
    m = w.size
    along = np.zeros(m)
    for i in range(m):
        for a in range(m):
            along[i] += E[a, i] * w[a]
    u = np.zeros(m)
    for i in range(free, m):
        for a in range(m):
            u[a] += E[a, i] * (along[i] / values[i])
    for i in range(free):
        noise = moduli_dot(E[:, i], w) + moduli_form(u, C, E[:, i])
        if abs(along[i]) > ROUNDING * m * noise:
            return False
    return True
