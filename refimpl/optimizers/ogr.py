"""ogr, the robust default: lines in turning axes, step lengths from spreads, one setting.

No constant has the units of the function, so that ``c f`` is minimized exactly as ``f``. Chapter "A
robust default" of the book.

Provenance: this book, chapter "A robust default"; its pieces are those of [D] [duda2019]_, but no
figure and no program of its author has the method. It departs from them in `start` and `step`:
means from the first point on, exact recursions, a scale for each coordinate, lengths from spreads,
moves that are taken back, and no constant with a unit.
"""

import math
from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..linear_algebra.gram_schmidt import direction
from ..linear_algebra.symmetric_eigen import EPS, congruence
from ..online_pca import outside
from ..qr_step import rotate_basis, shifted_qr_step
from . import subspace
from .coordinate_scales import MANY, carried, coordinate_scales
from .method import Method

# Gradients so much longer than the first are cut: their squares must stay finite.
FAR = 1e100
# Moves are cut at this, for the same reason.
FARTHEST = 1e150
# Gradients after which it is asked what the line foresees of them: two make a line.
FORESEEN = 2.0
# Gradients after which the answer counts.
JUDGED = 4.0


class OGRParameters(NamedTuple):
    """One setting for all functions; every number but `first` is without unit.

    `beta`, `beta_late`, `settle`: weight of the newest pair at the start, its limit, and the number
    of steps after which it is halfway; `patience`: number of surprising gradients after which the
    weight is half of that; `gamma`: weight of the newest gradient in the momentum; `reach`: longest
    step, in spreads of the positions; `jump`: how many times larger than any usual gradient before
    one must be for the move toward it to be taken back; `first`: length of the first step, in units
    of the larger of 1 and the root mean square of the start; `ridge`: share of the spread that is
    taken as seen in every direction, as long as the line foresees nothing; `dimension`: of the
    subspace, at most all; `scaled`: whether coordinates have scales of their own, in less than
    100 000 dimensions; `turning`: whether the axes follow the eigenvectors.
    """

    beta: float = 0.6
    beta_late: float = 0.25
    settle: float = 30.0
    patience: float = 50.0
    gamma: float = 0.5
    reach: float = 2.0
    jump: float = 1000.0
    first: float = 1.0
    ridge: float = 0.003
    dimension: int = 15
    scaled: bool = True
    turning: bool = True


class OGRState(NamedTuple):
    """Gradients are kept in units of the first one, so that no square overflows or vanishes.

    Statistics along the rows of `V` are those of ``theta / scales`` and ``scales * gradient``.
    """

    model: subspace.Subspace  # V (d, D) and the statistics along its rows
    H: np.ndarray  # (d, d), the line fitted to these
    scales: np.ndarray  # (D,), of geometric mean 1
    mean_theta: np.ndarray  # (D,)
    mean_gradient: np.ndarray  # (D,)
    variance_theta: np.ndarray  # (D,), weighted variance of each coordinate
    variance_gradient: np.ndarray  # (D,)
    momentum: np.ndarray  # (D,)
    move: np.ndarray  # (D,), the last one
    descent: float  # the gradient before it, along it
    missed: float  # weighted mean square of what the line did not foresee of a gradient
    met: float  # the same of all that it might have foreseen
    surprises: float  # sum of what was not foreseen, a gradient counting at most 1
    largest: float  # root mean square of the gradients, where it was largest
    count: float  # observations
    unit: float  # of all gradients here, a power of two, in gradient-units
    opening: float  # length of the first step, in theta-units


@public
def start(theta, directions, parameters):
    """Nothing seen yet; the axes are the first coordinates."""
    D = theta.size
    d = min(parameters.dimension, D)
    size = np.max(np.abs(theta))
    scale = max(size, 1.0)
    zeros = np.zeros(D)
    opening = parameters.first * max(scale * np.sqrt(np.mean((theta / scale) ** 2)), 1.0)
    return OGRState(
        model=subspace.Subspace(np.eye(d, D), regression.start(d, None)),
        H=np.zeros((d, d)),
        scales=np.ones(D),
        mean_theta=zeros,
        mean_gradient=zeros,
        variance_theta=zeros,
        variance_gradient=zeros,
        momentum=zeros,
        move=zeros,
        descent=0.0,
        missed=0.0,
        met=0.0,
        surprises=0.0,
        largest=0.0,
        count=0.0,
        unit=1.0,
        opening=opening,
    )


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
    return math.sqrt(2.0 * beta * (2.0 - gamma) / gamma * (1.0 - both) / (1.0 + both))  # eq-neutral


@public
def in_units(gradient, unit):
    """The gradient divided by the unit, and cut at `FAR`."""
    return np.minimum(np.maximum(gradient, -FAR * unit), FAR * unit) / unit


@public
def ratio(a, b):
    """``sqrt(a / b)``; 0 where `b` is not above 0."""
    return np.sqrt(max(a, 0.0) / b) if b > 0.0 else 0.0


@public
def stays(state, g, jump):
    """Share of the last move that stays: 1, or less where it led up and the gradient has jumped.

    Along the move the loss fell by `descent` at its start and rises by `ascent` at its end; between
    the two, a line is 0 at ``-descent / (ascent - descent)``. At most half of the move stays.

    Notes
    -----
    Book: {eq}`eq-ogr-taken-back`.
    """
    ascent, descent = g @ state.move, state.descent
    if not (ascent > 0.0 and np.sqrt(g @ g) > jump * state.largest):
        return 1.0
    return min(-descent / (ascent - descent), 0.5) if descent < 0.0 else 0.0  # eq-ogr-taken-back


@public
def unforeseen(state):
    """Share of the gradients' mean square that the line did not foresee; 1 as long as it is new.

    Notes
    -----
    Book: {eq}`eq-ogr-miss`.
    """
    if state.count <= JUDGED or state.met <= 0.0:
        return 1.0
    return min(1.0, state.missed / state.met)  # eq-ogr-miss


@public
def memory(state, parameters):
    """Weight of the newest pair.

    Notes
    -----
    Book: {eq}`eq-ogr-memory`.
    """
    beta, beta_late, settle, patience, _, _, _, _, _, _, _, _ = parameters
    beta = beta_late + (beta - beta_late) / (1.0 + state.count / settle)
    return beta / (1.0 + state.surprises / patience)  # eq-ogr-memory


@public
def spreads(variance_theta, variance_gradient, mean_gradient, opening):
    """Variances of positions and gradients, summed over all coordinates.

    Neither falls below what rounding can tell apart: they are the seeds of longer steps, and a
    gradient that never changes must not stop the run.
    """
    floor = EPS * EPS
    return (
        max(np.sum(variance_theta), floor * opening * opening),
        max(np.sum(variance_gradient), floor * (mean_gradient @ mean_gradient)),
    )


@public
def observed(state, theta, g, unit, back, parameters):
    """The state after one more pair: the statistics, in the new scales and of all coordinates.

    Where the move is taken back no axis is renewed and the momentum stays: the pair tells how steep
    it is there, not where to go.
    """
    begun = state.count > 0.0
    model, H, old = state.model, state.H, state.scales
    if not begun:
        model = subspace.Subspace(model.V, regression.start(model.V.shape[0], None))
    beta = memory(state, parameters)
    weight = model.line.weight
    gain = beta / (weight + beta * (1.0 - weight))
    off_theta = regression.apart(theta, state.mean_theta, gain)
    off_gradient = regression.apart(g, state.mean_gradient, gain)
    mean_gradient = state.mean_gradient + gain * off_gradient
    variance_theta = (1.0 - gain) * (state.variance_theta + gain * off_theta * off_theta)
    variance_gradient = (1.0 - gain) * (
        state.variance_gradient + gain * off_gradient * off_gradient
    )

    missed, met = state.missed, state.met
    if state.count >= FORESEEN:
        came = model.V @ (old * off_gradient)
        miss = came - H @ (model.V @ (off_theta / old))
        missed += beta * (miss @ miss - missed)
        met += beta * (came @ came - met)

    scales = old
    if begun:
        if parameters.scaled and theta.size < MANY:
            size = regression.effective_size(model.line)
            scales = coordinate_scales(variance_theta, variance_gradient, size)
            model = carried(model, old / scales)
        if not back:
            model = subspace.renewed(model, off_theta / scales, scales * off_gradient)
    V, line = model.V, regression.centred(model.line)
    line = regression.update(line, V @ (off_theta / scales), V @ (scales * off_gradient), beta)

    _, energy = spreads(variance_theta, variance_gradient, mean_gradient, state.opening)
    usual = mean_gradient @ mean_gradient + energy
    surprises = state.surprises
    if begun and usual > 0.0:
        surprises += unforeseen(state) * min(1.0, (g @ g) / usual)
    count = state.count + 1.0 if begun or np.max(np.abs(g)) > 0.0 else 0.0
    momentum = state.momentum
    if not back:
        momentum = momentum + (parameters.gamma if begun else 1.0) * (g - momentum)
    return OGRState(
        model=subspace.Subspace(V, line),
        H=H,
        scales=scales,
        mean_theta=state.mean_theta + gain * off_theta,
        mean_gradient=mean_gradient,
        variance_theta=variance_theta,
        variance_gradient=variance_gradient,
        momentum=momentum,
        move=state.move,
        descent=state.descent,
        missed=missed,
        met=met,
        surprises=surprises,
        largest=max(state.largest, np.sqrt(usual)),
        count=count,
        unit=unit,
        opening=state.opening,
    )


@public
def rest(line, D, spread, energy):
    """Spread and energy outside the subspace; where nothing is outside, those of all directions."""
    d = line.mean_theta.size
    left, left_energy = spread - np.trace(line.C_thetatheta), energy - np.trace(line.C_gg)
    # A difference of sums of `d` terms that were carried through all the scales remembered: where
    # nothing is outside, some hundred roundings of each are left of them.
    rounding = 1024.0 * d * EPS
    if d < D and left > rounding * spread and left_energy > rounding * energy:
        return left, left_energy
    return spread, energy


@public
def keeping(beta, gamma):
    """Length, in spreads of the positions, of steps that keep this spread under pure noise.

    Notes
    -----
    Book: {eq}`eq-ogr-keeping`.

    Examples
    --------
    >>> keeping(0.5, 1.0) == 1.5**0.5
    True
    """
    r = 1.0 - beta
    both = r * (1.0 - gamma)
    if r <= 0.0:
        return np.inf
    return math.sqrt((1.0 - both) * (1.0 - r * r) / ((1.0 + both) * r))  # eq-ogr-keeping


@public
def farthest(spread, energy, steady, beta, parameters):
    """The longest step: what keeps the spread under noise, and more only with agreement.

    Agreement is the share of the mean in the mean square of the gradients, less the share that it
    has in noise.

    Notes
    -----
    Book: {eq}`eq-ogr-agreement`, {eq}`eq-ogr-bound`.
    """
    gamma, reach = parameters.gamma, parameters.reach
    if reach == np.inf:
        return np.inf
    share = steady / (steady + energy) if steady > 0.0 else 0.0
    agreement = max(share - beta / (2.0 - beta), 0.0)  # eq-ogr-agreement
    return np.sqrt(spread) * max(min(reach, keeping(beta, gamma)), reach * agreement)


@public
def step(state, theta, gradient, parameters):
    """``theta -= a neutral(V^T diag(s) V (a m) + s_out outside)``, cut at `farthest`; `a` scales.

    In the coordinates of the scales, ``s_i = sqrt(C_thetatheta / C_gg)`` along axis ``i``, and
    `s_out` the same ratio of all that is outside the subspace. Each is at most ``1 / |lambda|``,
    the slope of the line fitted along that axis, by the Cauchy-Schwarz inequality, and the shorter
    the less the line explains.

    Notes
    -----
    Book: {eq}`eq-ogr-scale`, {eq}`eq-ogr-step`.
    """
    unit = state.unit
    if state.count == 0.0:
        unit = 2.0 ** min(max(math.frexp(np.max(np.abs(gradient)))[1], -1000), 1000)
    g = in_units(gradient, unit)
    kept = stays(state, g, parameters.jump)
    state = observed(state, theta, g, unit, kept < 1.0, parameters)
    V, line, H, a, m = state.model.V, state.model.line, state.H, state.scales, state.momentum
    if state.count <= 1.0:
        move = -state.opening * direction(m)[0]
    else:
        mean, opening = state.mean_gradient, state.opening
        variances = state.variance_theta / (a * a), state.variance_gradient * (a * a)
        spread, energy = spreads(variances[0], variances[1], a * mean, opening)
        beyond, beyond_energy = rest(line, theta.size, spread, energy)
        seen = parameters.ridge * math.sqrt(unforeseen(state)) * spread
        slope = ratio(beyond_energy, beyond)
        known, H = subspace.with_prior(line, seen, slope), regression.symmetric_hessian(line, 0.0)
        if parameters.turning:
            rotation = shifted_qr_step(regression.symmetric_hessian(known, 0.0))[0]
            V, line = rotate_basis(rotation, V), subspace.rotated(line, rotation)
            known, H = subspace.with_prior(line, seen, slope), congruence(rotation, H)

        along, elsewhere = V @ (a * m), ratio(beyond, beyond_energy) * outside(V, a * m)
        for i in range(along.size):
            along[i] *= ratio(known.C_thetatheta[i, i], known.C_gg[i, i])
        move = -neutral(line.beta, parameters.gamma) * a * (along @ V + elsewhere)
        move = np.minimum(np.maximum(move, -FARTHEST), FARTHEST)
        spread, energy = spreads(state.variance_theta, state.variance_gradient, mean, opening)
        length = np.sqrt(move @ move)
        longest = farthest(spread, energy, mean @ mean, line.beta, parameters)
        if length > longest:
            move *= longest / length
        if kept < 1.0:
            move = (kept - 1.0) * state.move
    return theta + move, OGRState(
        subspace.Subspace(V, line),
        H,
        a,
        state.mean_theta,
        state.mean_gradient,
        state.variance_theta,
        state.variance_gradient,
        m,
        move,
        g @ move,
        state.missed,
        state.met,
        state.surprises,
        state.largest,
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
    "the robust default: scaled and turning axes, step lengths from spreads, no tuning",
)
