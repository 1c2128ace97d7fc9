"""ogr, the robust default: lines in turning axes, step lengths from spreads, one setting.

No constant has the units of the function, so that ``c f`` is minimized exactly as ``f``. Chapter "A
robust default" of the book.

Provenance: this book, chapter "A robust default"; its pieces are those of [D] [duda2019]_, but no
figure and no program of its author has the method. It departs from them in `start` and `step`:
means from the first point on, exact recursions, lengths from spreads, and no constant with a unit.
"""

import math
from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..linear_algebra.gram_schmidt import direction
from ..linear_algebra.symmetric_eigen import EPS
from ..online_pca import outside
from ..qr_step import rotate_basis, shifted_qr_step
from ..repulsion import row_sum_bound
from . import subspace
from .method import Method

# Gradients so much longer than the first are cut: their squares must stay finite.
FAR = 1e100
# Moves are cut at this, for the same reason.
FARTHEST = 1e150


class OGRParameters(NamedTuple):
    """One setting for all functions; every number but `first` is without unit.

    `beta`, `beta_late`, `settle`: weight of the newest pair at the start, its limit, and the number
    of steps after which it is halfway; `gamma`: weight of the newest gradient in the momentum;
    `eta`: step relative to the one that keeps the spread of the positions under pure noise;
    `reach`: longest step, in spreads of the positions; `fade`: number of gradients after which a
    step that they do not agree on may be half as long; `first`: length of the first step, in units
    of the larger of 1 and the root mean square of the start; `ridge`: share of the spread that is
    taken as seen in every direction; `dimension`: of the subspace, at most all; `turning`: whether
    the axes follow the eigenvectors; `row_sums`: curvature from the row sums of `H` in place of the
    spreads. The last two are there for the ablation.
    """

    beta: float = 0.6
    beta_late: float = 0.25
    settle: float = 30.0
    gamma: float = 0.5
    eta: float = 0.9
    reach: float = 2.0
    fade: float = 300.0
    first: float = 0.5
    ridge: float = 0.003
    dimension: int = 15
    turning: bool = True
    row_sums: bool = False


class OGRState(NamedTuple):
    """Gradients are kept in units of the first one, so that no square overflows or vanishes."""

    model: subspace.Subspace  # V (d, D) and the statistics along its rows
    mean_theta: np.ndarray  # (D,)
    mean_gradient: np.ndarray  # (D,)
    momentum: np.ndarray  # (D,)
    spread: float  # weighted variance of the positions, summed over all D directions
    energy: float  # the same of the gradients
    count: float  # observations
    unit: float  # of all gradients here, a power of two, in gradient-units
    opening: float  # length of the first step, in theta-units


@public
def start(theta, directions, parameters):
    """Nothing seen yet; the axes are the first coordinates."""
    D = theta.size
    model = subspace.Subspace(
        np.eye(min(parameters.dimension, D), D),
        regression.start(min(parameters.dimension, D), None),
    )
    zeros = np.zeros(D)
    size = np.max(np.abs(theta))
    scale = max(size, 1.0)
    opening = parameters.first * max(scale * np.sqrt(np.mean((theta / scale) ** 2)), 1.0)
    return OGRState(model, zeros, zeros, zeros, 0.0, 0.0, 0.0, 1.0, opening)


@public
def neutral(beta, gamma):
    """Step, in units of ``m sqrt(C_thetatheta / C_gg)``, that keeps the spread under pure noise.

    With gradients that are white noise, the momentum is an autoregression with coefficient
    ``1 - gamma``, and the distance of the position from its mean one with ``1 - beta``, driven by
    it: the variances of both are geometric series.

    Notes
    -----
    Book: {eq}`eq-neutral`.

    Examples
    --------
    >>> neutral(0.5, 1.0)
    1.0
    """
    both = (1.0 - beta) * (1.0 - gamma)
    return math.sqrt(2.0 * beta * (2.0 - gamma) / gamma * (1.0 - both) / (1.0 + both))


@public
def in_units(gradient, unit):
    """The gradient divided by the unit, and cut at `FAR`."""
    return np.minimum(np.maximum(gradient, -FAR * unit), FAR * unit) / unit


@public
def ratio(a, b):
    """``sqrt(a / b)``; 0 where `b` is not above 0."""
    return np.sqrt(max(a, 0.0) / b) if b > 0.0 else 0.0


@public
def observed(state, theta, gradient, parameters):
    """The state after one more pair: statistics along the stiffest directions seen, and of all."""
    beta, beta_late, settle, gamma, _, _, _, _, _, _, _, _ = parameters
    model, unit, begun = state.model, state.unit, state.count > 0.0
    if not begun:
        unit = 2.0 ** min(max(math.frexp(np.max(np.abs(gradient)))[1], -1000), 1000)
        model = subspace.Subspace(model.V, regression.start(model.V.shape[0], None))
    g = in_units(gradient, unit)
    beta = beta_late + (beta - beta_late) / (1.0 + state.count / settle)
    weight = model.line.weight
    gain = beta / (weight + beta * (1.0 - weight))
    off_theta = regression.apart(theta, state.mean_theta, gain)
    off_gradient = regression.apart(g, state.mean_gradient, gain)
    if begun:
        model = subspace.renewed(model, off_theta, off_gradient)
    V, line = model.V, regression.centred(model.line)
    line = regression.update(line, V @ off_theta, V @ off_gradient, beta)
    spread = (1.0 - gain) * (state.spread + gain * (off_theta @ off_theta))
    mean_gradient = state.mean_gradient + gain * off_gradient
    energy = (1.0 - gain) * (state.energy + gain * (off_gradient @ off_gradient))
    return OGRState(
        model=subspace.Subspace(V, line),
        mean_theta=state.mean_theta + gain * off_theta,
        mean_gradient=mean_gradient,
        momentum=state.momentum + (gamma if begun else 1.0) * (g - state.momentum),
        # Neither falls below what rounding can tell apart: they are the seeds of longer steps, and
        # a gradient that never changes must not stop the run.
        spread=max(spread, (EPS * state.opening) ** 2),
        energy=max(energy, EPS * EPS * (mean_gradient @ mean_gradient)),
        count=state.count + 1.0 if begun or np.max(np.abs(g)) > 0.0 else 0.0,
        unit=unit,
        opening=state.opening,
    )


@public
def rest(state):
    """Spread and energy outside the subspace; where nothing is outside, those of all directions."""
    V, line = state.model.V, state.model.line
    d, D = V.shape
    spread = state.spread - np.trace(line.C_thetatheta)
    energy = state.energy - np.trace(line.C_gg)
    # A difference of sums of `d` terms, none of which is known better than this.
    rounding = 4.0 * d * EPS
    if d < D and spread > rounding * state.spread and energy > rounding * state.energy:
        return spread, energy
    return state.spread, state.energy


@public
def farthest(state, reach, fade):
    """The longest step: `reach` spreads, and beyond a length that fades only with agreement.

    That length is the first step's, halved after `fade` gradients. Farther only a gradient that
    stays the same may carry: `agreement` is the share of its mean in the mean square. Without it
    the squares of the steps have a finite sum, so pure noise does not run away.

    Notes
    -----
    Book: {eq}`eq-ogr-bound`.
    """
    steady = state.mean_gradient @ state.mean_gradient
    agreement = steady / (steady + state.energy) if steady > 0.0 else 0.0
    size = np.sqrt(state.spread)
    without = state.opening / (1.0 + state.count / fade)
    return reach * max(min(size, without), agreement * size)


@public
def step(state, theta, gradient, parameters):
    """``theta -= eta a (V^T diag(s) V m + s_out (m - V^T V m))``, cut at `farthest`; `a` `neutral`.

    ``s_i = sqrt(C_thetatheta / C_gg)`` along axis ``i``, and `s_out` the same ratio of all that is
    outside the subspace. Each is at most ``1 / |lambda|``, the slope of the line fitted along that
    axis, by the Cauchy-Schwarz inequality, and the shorter the less the line explains.

    Notes
    -----
    Book: {eq}`eq-ogr-scale`, {eq}`eq-ogr-step`.
    """
    _, _, _, gamma, eta, reach, fade, _, ridge, _, turning, row_sums = parameters
    state = observed(state, theta, gradient, parameters)
    V, line, momentum = state.model.V, state.model.line, state.momentum
    if state.count <= 1.0:
        return theta - state.opening * direction(momentum)[0], state

    spread, energy = rest(state)
    seen, slope = ridge * state.spread, ratio(energy, spread)
    known = subspace.with_prior(line, seen, slope)
    H = regression.symmetric_hessian(known, 0.0)
    if turning:
        rotation, H = shifted_qr_step(H)
        V, line = rotate_basis(rotation, V), subspace.rotated(line, rotation)
        known = subspace.with_prior(line, seen, slope)

    share = eta * neutral(line.beta, gamma)
    along, elsewhere = V @ momentum, ratio(spread, energy) * outside(V, momentum)
    if row_sums:
        move = row_sum_bound(H, along) @ V - share * elsewhere
    else:
        for i in range(along.size):
            along[i] *= ratio(known.C_thetatheta[i, i], known.C_gg[i, i])
        move = -share * (along @ V + elsewhere)
    move = np.minimum(np.maximum(move, -FARTHEST), FARTHEST)
    length, longest = np.sqrt(move @ move), farthest(state, reach, fade)
    if length > longest:
        move *= longest / length
    return theta + move, OGRState(
        subspace.Subspace(V, line),
        state.mean_theta,
        state.mean_gradient,
        momentum,
        state.spread,
        state.energy,
        state.count,
        state.unit,
        state.opening,
    )


ogr = Method(
    "ogr",
    OGRParameters,
    start,
    step,
    "this project, after [D]",
    "the robust default: turning axes, step lengths from spreads, no tuning",
)
