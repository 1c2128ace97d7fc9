"""Piece 4, saddle repulsion: the Newton step with the signs of curvature respected.

`newton` jumps to the stationary point of the local quadratic, be it a minimum or a saddle;
`saddle_free` goes the same way where the curvature is positive and the opposite way where it is
negative; `row_sum_bound` does so without a diagonalisation, in shorter steps.

Chapter "Saddle repulsion" of the book; saddle-free Newton of [SFN], with `div` and `cut` of [D].
"""

import numpy as np

from ._compile import compiled
from ._compile.border import public
from .errors import NotFiniteError, NotSymmetricError, RangeError, ShapeError
from .linear_algebra.finite import all_finite
from .linear_algebra.scaling import quotient
from .linear_algebra.symmetric_eigen import EPS, eigh

# Halves of H may differ by this share of its largest entry. Difference quotients of gradients leave
# about sqrt(eps) = 1.5e-8, single precision 1e-7; a wrong derivative shows in the first digits.
ASYMMETRY = 1e-6
LARGEST = 0.5 * np.finfo(np.float64).max
SHAPES = "repulsion: H must be (d, d) and g (d,)"


@compiled
def _check(H, g):
    d = g.size
    if d == 0 or H.shape != (d, d):
        raise ShapeError(SHAPES)
    if not (all_finite(H) and all_finite(g)):
        raise NotFiniteError("repulsion: H and g must be finite; found NaN or infinity")
    excess = 0.0
    for i in range(d):
        for j in range(i):
            excess = max(excess, abs(H[i, j] - H[j, i]))
    # The usual case, symmetric to the last bit, is over here.
    if excess > 0.0 and excess > ASYMMETRY * np.abs(H).max():
        raise NotSymmetricError(
            "repulsion: H must be symmetric; use (H + H.T) / 2 if the difference is noise"
        )


@compiled
def _check_range(div, cut):
    if not (0.0 < div < np.inf):
        raise RangeError("repulsion: div must be finite and above 0")
    if not (0.0 <= cut < np.inf):
        raise RangeError("repulsion: cut must be finite and not negative")


@compiled
def _step(H, g, div, cut, signed):
    """Minus ``g_i / lambda_i``, or its modulus, along each eigenvector; nothing at curvature 0."""
    _check(H, g)
    values, E = eigh(H)
    d = values.size
    # An eigenvalue 0 comes out of rounding as anything up to this.
    rounding = d * EPS * max(abs(values[0]), abs(values[d - 1]))
    # A power of two, with which no sum over `g` overflows.
    unit = 1.0 if np.max(np.abs(g)) < LARGEST / d else 0.5 ** np.ceil(np.log2(4.0 * d))
    step = np.zeros(d)
    for i in range(d):
        curvature = values[i] if abs(values[i]) > rounding else 0.0
        if not signed:
            curvature = max(div * min(abs(curvature), LARGEST / max(div, 1.0)), cut)
        if curvature != 0.0:
            along = 0.0
            for k in range(d):
                along += E[k, i] * (unit * g[k])
            # Beyond this the sum of `d` of them is no float any more.
            along = quotient(along, curvature, unit * (LARGEST / d)) / unit
            for k in range(d):
                step[k] -= along * E[k, i]
    return step


@public
def newton(H: np.ndarray, g: np.ndarray):
    """The Newton step ``-H^{-1} g``, which ends where the gradient of the local quadratic is 0.

    Parameters
    ----------
    H : ndarray of shape (d, d)
        Symmetric curvature, in gradient-units / theta-units.
    g : ndarray of shape (d,)
        Gradient, in gradient-units.

    Returns
    -------
    ndarray of shape (d,)
        The step to add to the position, in theta-units. A direction of curvature 0 (below rounding:
        ``d eps max |lambda|``) gets no step. A component that no float can hold is cut to half the
        largest one, divided by `d`.

    Raises
    ------
    ShapeError, NotFiniteError, NotSymmetricError
        For shapes that do not fit, NaN or infinite entries, an `H` whose halves differ by more than
        1e-6 of its largest entry.

    Notes
    -----
    Book: {eq}`eq-newton`. Not a descent direction where `H` has a negative eigenvalue: saddles and
    maxima attract.

    Examples
    --------
    >>> import numpy as np
    >>> newton(np.diag(np.array([2.0, -4.0])), np.array([1.0, 1.0]))
    array([-0.5 ,  0.25])
    """
    if H.ndim == 2 and g.ndim == 1:
        return _step(H, g, 1.0, 0.0, True)
    raise ShapeError(SHAPES)


@public
def saddle_free(H: np.ndarray, g: np.ndarray, div: float = 1.0, cut: float = 0.0):
    """The saddle-free step ``-|H|^{-1} g``: eigenvalues enter by modulus.

    In the eigenbasis of `H` the step is ``-g_i / max(div |lambda_i|, cut)``: Newton's where the
    curvature is positive, away from the extremum where it is negative.

    Parameters
    ----------
    H : ndarray of shape (d, d)
        Symmetric curvature, in gradient-units / theta-units.
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
        ``d eps max |lambda|``) gets no step if `cut` is 0. A component that no float can hold is
        cut to half the largest one, divided by `d`.

    Raises
    ------
    ShapeError, NotFiniteError, NotSymmetricError
        As in `newton`.
    RangeError
        For `div` not above 0 or `cut` below 0, or one of them not finite.

    Notes
    -----
    Book: {eq}`eq-saddle-free`. Always a descent direction: ``g^T |H|^{-1} g >= 0``.

    Examples
    --------
    >>> import numpy as np
    >>> saddle_free(np.diag(np.array([2.0, -4.0])), np.array([1.0, 1.0]))
    array([-0.5 , -0.25])
    """
    _check_range(div, cut)
    if H.ndim == 2 and g.ndim == 1:
        return _step(H, g, div, cut, False)
    raise ShapeError(SHAPES)


@public
def row_sum_bound(H: np.ndarray, g: np.ndarray, div: float = 1.0, cut: float = 0.0):
    """The step ``-g_i / max(div sum_j |H_ij|, cut)``, which needs no diagonalisation.

    With ``Delta_ii = sum_j |H_ij|`` the matrix ``Delta - H`` is diagonally dominant, so positive
    semidefinite: from ``div = 1`` on, the step lowers the quadratic model by at least half its
    linear gain, ``g^T s + s^T H s / 2 <= g^T s / 2``, for indefinite `H` too. Where `H` is diagonal
    it is the saddle-free step.

    Parameters
    ----------
    H, g, div, cut
        As in `saddle_free`.

    Returns
    -------
    ndarray of shape (d,)
        The step to add to the position, in theta-units. A coordinate whose row is 0 gets no step if
        `cut` is 0. A component that no float can hold is cut to half the largest one.

    Raises
    ------
    ShapeError, NotFiniteError, NotSymmetricError, RangeError
        As in `saddle_free`; NotFiniteError also for entries so large that a row sum may overflow.

    Notes
    -----
    Book: {eq}`eq-row-sum-bound`. Unlike the saddle-free step it depends on the axes: the nearer `H`
    is to diagonal, the longer it is.

    Examples
    --------
    >>> import numpy as np
    >>> row_sum_bound(np.array([[2.0, 2.0], [2.0, -1.0]]), np.array([1.0, 3.0]))
    array([-0.25, -1.  ])
    """
    _check_range(div, cut)
    if H.ndim == 2 and g.ndim == 1:
        _check(H, g)
        d = g.size
        if np.max(np.abs(H)) > LARGEST / d:
            raise NotFiniteError("repulsion: entries of H so large that a row sum may overflow")
        step = np.zeros(d)
        for i in range(d):
            row = 0.0
            for j in range(d):
                row += abs(H[i, j])
            # In this order no product and no quotient overflows.
            bound = max(div * min(row, LARGEST / max(div, 1.0)), cut)
            if bound > 0.0:
                step[i] = -quotient(g[i], bound, LARGEST)
        return step
    raise ShapeError(SHAPES)
