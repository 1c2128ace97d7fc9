"""Piece 1, exponential-weight regression: curvature is the slope of the gradient.

Near a point the gradient is a line, ``g = H (theta - p) + noise``. A `State` holds the weighted
means and covariances of all pairs ``(theta, g)`` seen so far, an observation ``k`` steps old
weighing ``beta (1 - beta)**k``; `slope`, `hessian`, `symmetric_hessian` and `correlated_hessian`
read the line off it.

Chapter "Exponential-weight regression" of the book; equations of [D] in its section on online
linear regression.

Long: one piece and one chapter, and half of the lines are docstrings. All readers share one rule of
what rounding can make of a variance (`LEAST`, `resolution`); the matrix equation in a room of its
own would have to be handed that rule, and would be no shorter.
"""

import math
from typing import NamedTuple

import numpy as np

from ._compile import compiled
from ._compile.border import Variances, public
from .errors import NotFiniteError, RangeError, ShapeError, StateError
from .linear_algebra.finite import all_finite
from .linear_algebra.symmetric_eigen import EPS, congruence, eigh

# Variances this much smaller than the largest belong to directions never visited.
UNVISITED = 1e-12
# Deviations this many roundings of their mean, times 1 / beta, may be those of positions and mean
# alone: a position is off by half of one, a mean by half of one each time it takes one in.
ROUNDINGS = 2.0
# Below, underflow has taken the digits of a variance that only fades: it counts as 0. The recursion
# rounds it by up to 1 / beta of the smallest float, so that the quotient of two is known to 1e-4
# from beta = 0.04 on.
LEAST = float(2.0**18 * np.finfo(np.float64).smallest_subnormal)
# Below, reciprocals may overflow, and products lose digits.
SMALL = 1e-250
# Squares of distances of numbers up to this are still finite.
BEYOND = 1e153
SHAPES = "regression: theta and gradient must have the shape (D,) of the state"
STATE = "regression: the means of a state must be (D,), its covariances (D, D) or (D,)"
NEEDS_MATRICES = (
    "regression: a matrix fit needs the matrices of regression.start; this state holds diagonals"
)


class State(NamedTuple):
    """Weighted means and covariances of positions and gradients.

    The covariances are matrices of shape (D, D), or vectors of shape (D,) that hold the diagonals
    alone (`start_diagonal`).
    """

    weight: float  # sum of all weights so far; 1 for a prior start
    beta: float  # weight of the newest observation in the last update
    scale: float  # stored covariance / exact covariance: 1, or 1 - beta in the new-mean form
    mean_theta: np.ndarray
    mean_gradient: np.ndarray
    C_thetatheta: np.ndarray
    C_gtheta: np.ndarray
    C_gg: np.ndarray


class WeightedMean(NamedTuple):
    """A weighted mean that has taken in one more observation."""

    weight: float  # sum of all weights so far
    gain: float  # share of the newest observation in the mean
    off: np.ndarray  # its distance from the mean before
    mean: np.ndarray


class Line(NamedTuple):
    """A fitted line for each coordinate, with its standard errors; arrays of shape (D,)."""

    curvature: np.ndarray  # slope, in gradient-units / theta-units
    extremum: np.ndarray  # where the line crosses zero, in theta-units
    curvature_error: np.ndarray
    extremum_error: np.ndarray


@compiled
def _prior(prior):
    """Weight, C_thetatheta and C_gg of the start."""
    if prior is None:
        return 0.0, 0.0, 0.0
    if isinstance(prior, tuple):
        c_theta, c_g = float(prior[0]), float(prior[1])
    else:
        c_theta, c_g = float(prior), float(prior)
    if not (0.0 <= c_theta < np.inf and 0.0 <= c_g < np.inf):
        raise RangeError("regression.start: a prior variance must be finite and not negative")
    return 1.0, c_theta, c_g


@public
def start(D: int, prior: Variances = None):
    """State before the first observation, with covariance matrices.

    Parameters
    ----------
    D : int
        Number of coordinates, at least 1.
    prior : None, float or (float, float), optional
        None: the zero-bias start. The gain is ``beta / weight``, so that the estimates are the
        weighted least-squares fit of exactly what was seen. A pair gives the variances
        ``(C_thetatheta, C_gg)`` on the diagonals at the start, a number both of them; the means
        start at 0 and the gain is constant, as in the programs of [D].

    Returns
    -------
    State

    Raises
    ------
    ShapeError
        If `D` is below 1.
    RangeError
        If a prior variance is negative or not finite.

    Notes
    -----
    Book: {eq}`eq-recursion`.

    Examples
    --------
    >>> start(2, prior=(1.0, 0.0)).C_thetatheta
    array([[1., 0.],
           [0., 1.]])
    """
    if D < 1:
        raise ShapeError("regression.start: D must be at least 1")
    weight, c_theta, c_g = _prior(prior)
    eye = np.eye(D)
    return State(
        weight=weight,
        beta=0.0,
        scale=1.0,
        mean_theta=np.zeros(D),
        mean_gradient=np.zeros(D),
        C_thetatheta=c_theta * eye,
        C_gtheta=np.zeros((D, D)),
        C_gg=c_g * eye,
    )


@public
def start_diagonal(D: int, prior: Variances = None):
    """State before the first observation, for each coordinate by itself.

    As `start`, with vectors of shape (D,) for the covariances. `update`, `update_new_mean` and
    `slope` take either state; the matrix fits need the full one.

    Examples
    --------
    >>> start_diagonal(2, prior=0.1).C_gg
    array([0.1, 0.1])
    """
    if D < 1:
        raise ShapeError("regression.start_diagonal: D must be at least 1")
    weight, c_theta, c_g = _prior(prior)
    return State(
        weight=weight,
        beta=0.0,
        scale=1.0,
        mean_theta=np.zeros(D),
        mean_gradient=np.zeros(D),
        C_thetatheta=np.full(D, c_theta),
        C_gtheta=np.zeros(D),
        C_gg=np.full(D, c_g),
    )


@compiled
def _check_state(state):
    D = state.mean_theta.size
    shape = state.C_thetatheta.shape
    for n in shape:
        if n != D or D == 0:
            raise ShapeError(STATE)
    if state.C_gtheta.shape != shape or state.C_gg.shape != shape:
        raise ShapeError(STATE)
    if state.mean_gradient.shape != state.mean_theta.shape:
        raise ShapeError(STATE)
    if not (0.0 <= state.weight <= 1.0 and 0.0 <= state.scale <= 1.0):
        raise StateError(
            "regression: expected a state with weight and scale from 0 to 1, which "
            "regression.start and the updates make"
        )


@compiled
def _check(state, theta, gradient, beta):
    mean, D = state.mean_theta, state.mean_theta.size
    if theta.shape != mean.shape or gradient.shape != mean.shape or D == 0:
        raise ShapeError(SHAPES)
    _check_state(state)
    if not (0.0 < beta <= 1.0):
        raise RangeError("regression: beta must lie in (0, 1]")
    if not (all_finite(theta) and all_finite(gradient)):
        raise NotFiniteError("regression: theta and gradient must be finite; found NaN or infinity")
    if max(np.max(np.abs(theta)), np.max(np.abs(gradient))) > BEYOND:
        raise NotFiniteError(
            "regression: squares of theta and gradient overflow beyond 1e153; give them in other "
            "units"
        )


@compiled
def _blend(keep, C, add, a, b):
    """``keep C + add a b^T``; where `C` is a vector, of the products ``a_i b_i``."""
    new = np.empty_like(C)
    if C.ndim == 1:
        for i in range(a.size):
            new[i] = keep * C[i] + add * (a[i] * b[i])
    else:
        for i in range(a.size):
            for j in range(b.size):
                new[i, j] = keep * C[i, j] + add * (a[i] * b[j])
    return new


@public
def apart(x: np.ndarray, mean: np.ndarray, gain: float):
    """Distance of `x` from a mean, ``x - mean``; 0 where it is too short to move the mean.

    A mean that takes in the same number again and again comes to rest some roundings short of it.
    What is then left is no distance, though its square would keep a variance alive for ever.

    Parameters
    ----------
    x, mean : ndarray of shape (D,)
    gain : float
        Weight of `x` in the new mean.

    Returns
    -------
    ndarray of shape (D,)

    Raises
    ------
    ShapeError
        For different shapes.

    Examples
    --------
    >>> import numpy as np
    >>> apart(np.array([1e6 + 1e-10, 1e6 + 1e-3]), np.array([1e6, 1e6]), 0.25).round(9)
    array([0.   , 0.001])
    """
    if x.shape != mean.shape:
        raise ShapeError("regression.apart: x and the mean must have the same shape")
    off = x - mean
    return np.where(mean + gain * off == mean, 0.0, off)


@public
def weighted_mean(weight: float, mean: np.ndarray, x: np.ndarray, beta: float):
    """The mean of all observations so far, one `k` steps old weighing ``beta (1 - beta)^k``.

    From the mean before ``x`` and the sum of its weights: 0 before the first observation of a
    zero-bias start, whose mean is the first observation itself; 1 after a prior.

    Parameters
    ----------
    weight : float
        Sum of the weights so far.
    mean : ndarray of shape (D,)
    x : ndarray of shape (D,)
        The newest observation.
    beta : float
        Its weight, in (0, 1]. Of all arguments only the shapes are checked; `update` checks more.

    Returns
    -------
    WeightedMean

    Raises
    ------
    ShapeError
        For different shapes.

    Notes
    -----
    Book: {eq}`eq-weight`, {eq}`eq-recursion`. Means of positions and gradients are taken by it, and
    those of summaries of a loss.

    Examples
    --------
    >>> import numpy as np
    >>> first = weighted_mean(0.0, np.zeros(1), np.array([4.0]), 0.5)
    >>> second = weighted_mean(first.weight, first.mean, np.array([1.0]), 0.5)
    >>> first.mean, second.mean, second.weight
    (array([4.]), array([2.]), 0.75)
    """
    weight = weight + beta * (1.0 - weight)  # eq-weight
    gain = beta / weight  # eq-recursion
    off = apart(x, mean, gain)
    return WeightedMean(weight, gain, off, mean + gain * off)  # eq-recursion


@public
def update(state: State, theta: np.ndarray, gradient: np.ndarray, beta: float):
    """Take in one observation by the exact recursion.

    ``delta_x = x - <x>_old``, then ``<x> += gain delta_x`` and
    ``C_xy = (1 - gain) (C_xy + gain delta_x delta_y^T)``. The gain is ``beta / weight``, which is
    `beta` itself after a prior start. Equal to the batch weighted covariances to rounding.

    Parameters
    ----------
    state : State
        From `start` or `start_diagonal`; not changed.
    theta : ndarray of shape (D,)
        Position, in theta-units.
    gradient : ndarray of shape (D,)
        Noisy gradient there, in gradient-units.
    beta : float
        Weight of the newest observation, in (0, 1].

    Returns
    -------
    State

    Raises
    ------
    ShapeError, RangeError, NotFiniteError
        For another shape than the state's, `beta` outside (0, 1], NaN or infinite entries.
    StateError
        If the state was made by `update_new_mean`.

    Notes
    -----
    Book: {eq}`eq-recursion`.

    Examples
    --------
    >>> import numpy as np
    >>> state = start(1)
    >>> for x in (0.0, 1.0, 3.0):
    ...     state = update(state, np.array([x]), np.array([2.0 * x - 4.0]), 0.5)
    >>> slope(state).curvature, slope(state).extremum
    (array([2.]), array([2.]))
    """
    if theta.ndim != 1 or gradient.ndim != 1:
        raise ShapeError(SHAPES)
    _check(state, theta, gradient, beta)
    if state.scale != 1.0:
        raise StateError(
            "regression.update: the state was made by update_new_mean, whose covariances are "
            "smaller by 1 - beta; continue with update_new_mean, or start anew"
        )
    x = weighted_mean(state.weight, state.mean_theta, theta, beta)
    g = weighted_mean(state.weight, state.mean_gradient, gradient, beta)
    keep, add = 1.0 - x.gain, (1.0 - x.gain) * x.gain  # eq-recursion
    return State(
        weight=x.weight,
        beta=float(beta),
        scale=1.0,
        mean_theta=x.mean,
        mean_gradient=g.mean,
        C_thetatheta=_blend(keep, state.C_thetatheta, add, x.off, x.off),
        C_gtheta=_blend(keep, state.C_gtheta, add, g.off, x.off),  # eq-recursion
        C_gg=_blend(keep, state.C_gg, add, g.off, g.off),  # eq-recursion
    )


@public
def update_new_mean(state: State, theta: np.ndarray, gradient: np.ndarray, beta: float):
    """Take in one observation with the *new* means in the products, as the programs of [D] do.

    ``<x> += beta (x - <x>)``, then ``C_xy += beta ((x - <x>)(y - <y>)^T - C_xy)``. The covariances
    are ``1 - beta`` times the exact ones, the slope is the same.

    Parameters, errors and result are those of `update`; the state must come from a prior start,
    since with the growing gain of the zero-bias start the ratio of the two forms is not constant.

    Raises
    ------
    StateError
        If the state comes from a zero-bias start, from `update`, or from another `beta`.

    Notes
    -----
    Book: {eq}`eq-new-mean`.

    Examples
    --------
    >>> import numpy as np
    >>> state = start(1, prior=(1.0, 0.0))
    >>> state = update_new_mean(state, np.array([2.0]), np.array([4.0]), 0.5)
    >>> state.C_thetatheta, state.C_gtheta
    (array([[1.]]), array([[1.]]))
    """
    if theta.ndim != 1 or gradient.ndim != 1:
        raise ShapeError(SHAPES)
    _check(state, theta, gradient, beta)
    if state.weight != 1.0:
        raise StateError(
            "regression.update_new_mean: this form exists at constant gain only; "
            "start with a prior, or use regression.update"
        )
    if state.beta != 0.0 and (state.beta != beta or state.scale != 1.0 - beta):
        raise StateError(
            "regression.update_new_mean: the state was made by another beta or by "
            "regression.update; keep one of them, or start anew"
        )
    delta_theta = apart(theta, state.mean_theta, beta)
    delta_g = apart(gradient, state.mean_gradient, beta)
    mean_theta = state.mean_theta + beta * delta_theta  # eq-new-mean
    mean_g = state.mean_gradient + beta * delta_g  # eq-new-mean
    centred_theta = np.where(delta_theta == 0.0, 0.0, theta - mean_theta)
    centred_g = np.where(delta_g == 0.0, 0.0, gradient - mean_g)
    keep = 1.0 - beta
    return State(
        weight=state.weight,
        beta=float(beta),
        scale=1.0 - beta,
        mean_theta=mean_theta,
        mean_gradient=mean_g,
        C_thetatheta=_blend(keep, state.C_thetatheta, beta, centred_theta, centred_theta),
        C_gtheta=_blend(keep, state.C_gtheta, beta, centred_g, centred_theta),  # eq-new-mean
        C_gg=_blend(keep, state.C_gg, beta, centred_g, centred_g),  # eq-new-mean
    )


@public
def centred(state: State):
    """The same statistics with the means as the origin: both means 0, covariances as they are.

    For coordinates that turn from step to step while their means are kept elsewhere: the next
    observation is given by its distances from the means.

    Examples
    --------
    >>> import numpy as np
    >>> state = update(start(1), np.array([2.0]), np.array([3.0]), 0.5)
    >>> centred(state).mean_theta
    array([0.])
    """
    return State(
        weight=state.weight,
        beta=state.beta,
        scale=state.scale,
        mean_theta=np.zeros(state.mean_theta.size),
        mean_gradient=np.zeros(state.mean_gradient.size),
        C_thetatheta=state.C_thetatheta,
        C_gtheta=state.C_gtheta,
        C_gg=state.C_gg,
    )


@public
def effective_size(state: State):
    """Effective number of observations, ``(sum w)^2 / sum w^2`` [kish1965]_; 0 before the first.

    ``(2 - beta) / beta`` times ``weight / (2 - weight)``, the latter being
    ``(1 - (1 - beta)^t) / (1 + (1 - beta)^t)`` after `t` steps from a zero-bias start and 1 after a
    prior start. It holds for a constant `beta`.

    Notes
    -----
    Book: {eq}`eq-effective-size`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros(1)
    >>> effective_size(update(start(1, prior=1.0), x, x, 0.5))
    3.0
    """
    if state.beta == 0.0:
        return 0.0
    # eq-effective-size
    return (2.0 - state.beta) / state.beta * state.weight / (2.0 - state.weight)


@compiled
def _diagonal(C):
    if C.ndim == 1:
        return C
    return np.diag(C).copy()


@public
def resolution(state: State):
    """Deviations of the positions below which nothing is told apart from rounding, shape (D,).

    ``2 eps |<theta>| / beta``: what the rounding of positions and means can make. A direction whose
    variance is not above its square counts as one that has not moved.

    Examples
    --------
    >>> import numpy as np
    >>> state = update(start(1), np.array([1e6]), np.array([1.0]), 0.5)
    >>> resolution(state) < 1e-9
    array([ True])
    """
    if state.beta == 0.0:
        return np.zeros(state.mean_theta.size)
    return ROUNDINGS * EPS * np.abs(state.mean_theta) / state.beta


@compiled
def _along(E, resolution):
    """Variances along the columns of `E` that rounding can make."""
    D = resolution.size
    variances = np.zeros(D)
    for i in range(D):
        for k in range(D):
            part = E[k, i] * resolution[k]
            variances[i] += part * part
    return variances


@public
def slope(state: State):
    """The line of each coordinate by itself: slope, zero crossing and their standard errors.

    Parameters
    ----------
    state : State
        With matrices or vectors; of matrices only the diagonals count.

    Returns
    -------
    Line
        Arrays of shape (D,). A coordinate that has not moved beyond its `resolution` has curvature
        0 with infinite error; where the curvature is 0 the extremum is undefined: NaN with infinite
        error. Errors are infinite while the effective size is at most 2, so always from ``beta =
        2/3``.

    Notes
    -----
    Book: {eq}`eq-slope`, {eq}`eq-standard-errors`. The errors hold for positions that do not depend
    on the noise; in closed loop, at rest, they are optimistic.

    Examples
    --------
    >>> import numpy as np
    >>> state = start_diagonal(1)
    >>> for x, g in ((0.0, -1.1), (1.0, 1.2), (2.0, 2.9), (3.0, 5.0)):
    ...     state = update(state, np.array([x]), np.array([g]), 0.1)
    >>> line = slope(state)
    >>> line.curvature.round(3), line.curvature_error.round(3)
    (array([1.996]), array([0.077]))
    """
    _check_state(state)
    n_eff = effective_size(state)
    least = resolution(state)
    variance = _diagonal(state.C_thetatheta)
    covariance = _diagonal(state.C_gtheta)
    variance_g = _diagonal(state.C_gg)
    D = variance.size
    curvature = np.zeros(D)
    extremum = np.full(D, np.nan)
    curvature_error = np.full(D, np.inf)
    extremum_error = np.full(D, np.inf)
    for i in range(D):
        # With beta = 1 in the new-mean form nothing is left of the covariances.
        if state.scale == 0.0:
            continue
        if variance[i] <= max(least[i] * least[i], LEAST):
            continue
        curvature[i] = covariance[i] / variance[i]  # eq-slope
        known = n_eff > 2.0
        if known:
            # Rounding can leave a perfect line with a residual slightly below zero.
            residual = max(0.0, variance_g[i] - curvature[i] * covariance[i]) / state.scale
            spread = variance[i] / state.scale
            # Roots first, so that a product of two scales neither overflows nor vanishes.
            height_error = np.sqrt(residual / (n_eff - 2.0))  # eq-standard-errors
            curvature_error[i] = height_error / np.sqrt(spread)  # eq-standard-errors
        if curvature[i] != 0.0:
            offset = state.mean_gradient[i] / curvature[i]
            extremum[i] = state.mean_theta[i] - offset  # eq-slope
            if known:
                lever = np.hypot(1.0, offset / np.sqrt(spread))
                extremum_error[i] = height_error / abs(curvature[i]) * lever  # eq-standard-errors
    return Line(curvature, extremum, curvature_error, extremum_error)


@compiled
def _check_finite(C):
    if not all_finite(C):
        raise NotFiniteError("regression: the covariances must be finite; found NaN or infinity")


@compiled
def _unit(C):
    """A power of two; with its square, quotients of covariances neither lose digits nor overflow.

    1 where they do not anyway.
    """
    size = np.max(np.abs(C))
    if LEAST < size < SMALL:
        return math.ldexp(1.0, -math.frexp(size)[1] // 2)
    return 1.0


@compiled
def _scaled(C, unit):
    """A covariance in a unit of length, its own where that is 1."""
    # Twice, since the square of the unit may be no float.
    return C if unit == 1.0 else C * unit * unit


@compiled
def _scaled_length(length, unit):
    return length if unit == 1.0 else np.minimum(length, 1e150 / unit) * unit


@compiled
def _lyapunov(C, B, ridge, resolution):
    """Minimum-norm symmetric solution of ``H (C + ridge I) + (C + ridge I) H = B + B^T``."""
    if C.ndim == 2:
        _check_finite(C)
        _check_finite(B)
        unit = _unit(C) if ridge == 0.0 else 1.0
        scaled, noise = _scaled(C, unit), _scaled_length(resolution, unit)
        e, E = eigh(scaled)
        least = _along(E, noise)
        right = _scaled(B, unit)
        H = congruence(E, right + right.T)  # eq-lyapunov
        D = e.size
        largest = max(e[D - 1] + ridge, 0.0)
        for i in range(D):
            for j in range(D):
                # Divide in the eigenbasis, before rotating back: the sums belong to its entries.
                total = e[i] + e[j] + 2.0 * ridge
                known = total > max(UNVISITED * largest, least[i] + least[j], LEAST)
                H[i, j] = H[i, j] / total if known else 0.0  # eq-lyapunov
        return congruence(E.T, H)  # eq-lyapunov
    raise StateError(NEEDS_MATRICES)


@compiled
def _check_ridge(ridge):
    if not 0.0 <= ridge < np.inf:
        raise RangeError("regression: the ridge must be finite and not negative")


@public
def symmetric_hessian(state: State, ridge: float = 0.0):
    """Symmetric least squares: the symmetric `H` with the smallest weighted squared residual.

    Solves ``H C + C H = B + B^T`` with ``C = C_thetatheta`` and ``B = C_gtheta`` in the eigenbasis
    of `C`: ``H~_ij = (B~ + B~^T)_ij / (e_i + e_j)``.

    Parameters
    ----------
    state : State
        With matrices.
    ridge : float, optional
        Added to the diagonal of `C`, in squared theta-units.

    Returns
    -------
    ndarray of shape (D, D)
        Symmetric. Entries with ``e_i + e_j <= 1e-12 e_max`` belong to directions never visited and
        are undetermined, and so are those within `resolution`; they are 0 in the eigenbasis, the
        solution of least norm, and `unvisited` counts them.

    Raises
    ------
    StateError
        If the state holds diagonals.
    RangeError
        If the ridge is negative or not finite.

    Notes
    -----
    Book: {eq}`eq-lyapunov`.

    Examples
    --------
    >>> import numpy as np
    >>> state, H = start(2), np.array([[2.0, 1.0], [1.0, -1.0]])
    >>> for x in np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 2.0]]):
    ...     state = update(state, x, H @ x, 0.3)
    >>> symmetric_hessian(state).round(12)
    array([[ 2.,  1.],
           [ 1., -1.]])
    """
    _check_ridge(ridge)
    _check_state(state)
    return _lyapunov(state.C_thetatheta, state.C_gtheta, float(ridge), resolution(state))


@compiled
def _plain(C, B, resolution):
    """``B C^{-1}`` on the directions that were visited, 0 on the others."""
    if C.ndim == 2:
        _check_finite(C)
        _check_finite(B)
        unit = _unit(C)
        scaled, noise = _scaled(C, unit), _scaled_length(resolution, unit)
        e, E = eigh(scaled)
        D = e.size
        least = _along(E, noise)
        inverse = np.zeros((D, D))
        for i in range(D):
            if e[i] > max(UNVISITED * e[D - 1], least[i], LEAST):
                inverse[i, i] = 1.0 / e[i]  # eq-plain-hessian
        return _scaled(B, unit) @ congruence(E.T, inverse)  # eq-plain-hessian
    raise StateError(NEEDS_MATRICES)


@public
def hessian(state: State):
    """Plain least squares, ``H = C_gtheta C_thetatheta^{-1}``; not symmetric under noise.

    Parameters
    ----------
    state : State
        With matrices.

    Returns
    -------
    ndarray of shape (D, D)
        Directions with a variance of at most 1e-12 of the largest, or within `resolution`, get
        curvature 0.

    Raises
    ------
    StateError
        If the state holds diagonals.

    Notes
    -----
    Book: {eq}`eq-plain-hessian`.

    Examples
    --------
    >>> import numpy as np
    >>> state = start(1, prior=(1.0, 0.0))
    >>> state = update(state, np.array([1.0]), np.array([3.0]), 0.5)
    >>> hessian(state)
    array([[1.]])
    """
    _check_state(state)
    return _plain(state.C_thetatheta, state.C_gtheta, resolution(state))


@compiled
def _square_root(C):
    """The positive semidefinite square root of a covariance."""
    _check_finite(C)
    e, E = eigh(C)
    D = e.size
    root = np.zeros((D, D))
    for i in range(D):
        # Rounding can leave an eigenvalue 0 slightly negative.
        root[i, i] = np.sqrt(e[i]) if e[i] > LEAST else 0.0
    return congruence(E.T, root)


@compiled
def _correlated_covariance(C_thetatheta, C_gg):
    if C_thetatheta.ndim == 2:
        return _square_root(C_thetatheta) @ _square_root(C_gg)  # eq-correlated
    raise StateError(NEEDS_MATRICES)


@public
def correlated_hessian(state: State):
    """The "c" assumption of [D]: position and gradient perfectly correlated.

    ``B = sqrt(C_thetatheta) sqrt(C_gg)`` takes the place of `C_gtheta` in the equation of
    `symmetric_hessian`; in one dimension ``|lambda| = sqrt(C_gg / C_thetatheta)``. The sign of
    curvature is lost, robustness to noise is gained. Exact where `H` commutes with `C_thetatheta`
    and is positive semidefinite.

    Parameters
    ----------
    state : State
        With matrices.

    Returns
    -------
    ndarray of shape (D, D)
        Symmetric; directions never visited as in `symmetric_hessian`.

    Raises
    ------
    StateError
        If the state holds diagonals; there the assumption is ``sqrt(C_gg / C_thetatheta)``.

    Notes
    -----
    Book: {eq}`eq-correlated`.

    Examples
    --------
    >>> import numpy as np
    >>> state = start(1)
    >>> for x in (0.0, 1.0, 3.0):
    ...     state = update(state, np.array([x]), np.array([-2.0 * x]), 0.5)
    >>> correlated_hessian(state).round(12)
    array([[2.]])
    """
    _check_state(state)
    B = _correlated_covariance(state.C_thetatheta, state.C_gg)
    return _lyapunov(state.C_thetatheta, B, 0.0, resolution(state))


@public
def unvisited(state: State):
    """Number of directions in which the positions have not moved, so that nothing is known.

    Directions with a variance of at most 1e-12 of the largest one, or within `resolution`; `D` of
    them before the first move.

    Examples
    --------
    >>> import numpy as np
    >>> state = start(2)
    >>> for x in (0.0, 1.0):
    ...     state = update(state, np.array([x, x]), np.array([x, x]), 0.5)
    >>> unvisited(state)
    1
    """
    _check_state(state)
    return _unvisited(state.C_thetatheta, resolution(state))


@compiled
def _unvisited(C, resolution):
    if C.ndim == 1:
        e, least = C, resolution * resolution
    else:
        _check_finite(C)
        e, E = eigh(C)
        least = _along(E, resolution)
    return int(np.sum(e <= np.maximum(least, max(UNVISITED * np.max(e), LEAST))))
