"""Piece 4, saddle repulsion: the Newton step with the signs of curvature respected.

Chapter "Saddle repulsion" of the book; saddle-free Newton of [SFN], with `div` and `cut` of [D].
"""

import numpy as np

from ._compile import compiled
from ._finite import all_finite
from .errors import NotFiniteError, RangeError, ShapeError
from .symmetric_eigen import EPS, eigh


@compiled
def _check(H, g, div, cut):
    if H.ndim != 2 or H.shape[0] != H.shape[1] or g.shape != (H.shape[0],):
        raise ShapeError("repulsion: H must be (d, d) and g (d,)")
    if not (all_finite(H) and all_finite(g)):
        raise NotFiniteError("repulsion: H and g must be finite; found NaN or infinity")
    if not (0.0 < div < np.inf):
        raise RangeError("repulsion: div must be finite and above 0")
    if not (0.0 <= cut < np.inf):
        raise RangeError("repulsion: cut must be finite and not negative")


@compiled
def saddle_free(H, g, div=1.0, cut=0.0):
    """The saddle-free step ``-|H|^{-1} g``: eigenvalues enter by modulus.

    In the eigenbasis of `H` the step is ``-g_i / max(div |lambda_i|, cut)``: Newton's where the
    curvature is positive, away from the extremum where it is negative.

    Parameters
    ----------
    H : ndarray of shape (d, d)
        Symmetric curvature, in gradient-units / theta-units; the lower half is not read.
    g : ndarray of shape (d,)
        Gradient (or momentum), in gradient-units.
    div : float, optional
        Trust in the model: the step is divided by it; above 0, usually at least 1.
    cut : float, optional
        Smallest curvature to divide by, in the units of `H`; bounds the step by ``|g| / cut``.

    Returns
    -------
    ndarray of shape (d,)
        The step to add to the position, in theta-units. A direction of curvature 0 (below rounding:
        ``d eps max |lambda|``) gets no step if `cut` is 0.

    Raises
    ------
    ShapeError, NotFiniteError, RangeError
        For shapes that do not fit, NaN or infinite entries, `div` not above 0, `cut` below 0.

    Notes
    -----
    Book: {eq}`eq-saddle-free`. Always a descent direction: ``g^T |H|^{-1} g >= 0``.

    Examples
    --------
    >>> import numpy as np
    >>> saddle_free(np.diag(np.array([2.0, -4.0])), np.array([1.0, 1.0]))
    array([-0.5 , -0.25])
    """
    _check(H, g, div, cut)
    values, E = eigh(H)
    d = values.size
    largest = max(abs(values[0]), abs(values[d - 1]))
    step = np.zeros(d)
    for i in range(d):
        size = abs(values[i])
        # An eigenvalue 0 comes out of rounding as anything up to this.
        if size <= d * EPS * largest:
            size = 0.0
        bound = max(div * size, cut)
        if bound > 0.0:
            along = 0.0
            for k in range(d):
                along += E[k, i] * g[k]
            for k in range(d):
                step[k] -= along / bound * E[k, i]
    return step
