"""The step of `ogr` between the passes, in the coordinates of the rows, from its pieces.

Here `x` is the distance of the gradient from its mean. Where a direction is renewed, row `i` of the
basis ``frame V`` gives way to ``(x - V^T p) / rho``: with ``uh = frame^T e_i`` of length 1 ::

    s = 1 / rho      e = -uh - p / rho      w = V^T e + s x      V += uh w^T

and `frame` stays; the QR step's rotation goes into `frame` alone. Who gives way, the readable
``subspace.renewed`` decides in the space of the rows, the remainder of `x`, and that of
``theta - <theta>`` outside both.

The step, ``V^T frame^T a - alpha (m - V^T V m)``, has the length
``hypot(|a|, alpha |m - V^T V m|)``, with ``|m - V^T V m|^2 = m m - |V m|^2``: known before the
position is overwritten, to ``alpha sqrt(eps) |m|``. What is carried along is that of `online_sfn`;
``V g`` is the sum of ``V x`` and ``V <g>``, known to some roundings of the mean gradient.
"""

import math

import numpy as np

from ... import regression
from ..._compile import compiled
from ...linear_algebra.symmetric_eigen import EPS
from ...qr_step import rotate_basis, shifted_qr_step
from ...repulsion import row_sum_bound
from .. import subspace
from ..ogr import OGRState, farthest, neutral, ratio, rest
from .passes import GG, GM, MM, TT, XG, XM, XT, XX, overwrite, project
from .small import COUNT, ENERGY, OPENING, SPREAD, kept_along, line_of, put_line
from .turn import carry_all, extended, outside, still


@compiled
def renewed(line, frame, p, rho, off_theta, seen, orders):
    """Statistics after ``subspace.renewed``, and whether a row of ``V`` is renewed, with orders.

    In the coordinates of the rows, the remainder of `x`, and that of ``theta - <theta>``.
    """
    d = p.size
    still(orders)
    if rho == 0.0:
        return line, False
    from_mean_gradient, from_mean_theta = np.zeros(d + 2), np.zeros(d + 2)
    from_mean_gradient[:d], from_mean_gradient[d] = p, rho
    beside = (seen.dots[XT] - p @ off_theta) / rho
    beyond = seen.dots[TT] - off_theta @ off_theta - beside * beside
    from_mean_theta[:d], from_mean_theta[d] = off_theta, beside
    from_mean_theta[d + 1] = math.sqrt(max(beyond, 0.0))
    before = subspace.Subspace(extended(frame, d + 2), line)
    after = subspace.renewed(before, from_mean_theta, from_mean_gradient)
    for i in range(d):
        if after.V[i, d] != 0.0:
            orders.uh[:] = frame[i]
            orders.e[:] = -orders.uh - p / rho
            orders.numbers[0] = 1.0 / rho
            return after.line, True
    return line, False


@compiled
def lengths(dots, gain, weight):
    """Squares of the mean gradient and of the momentum after this gradient, in units."""
    xx, xg, xm, gg = dots[XX], dots[XG], dots[XM], dots[GG]
    mean = gg + gain * (2.0 * xg + gain * xx)
    keep = 1.0 - weight
    newest = xx + 2.0 * xg + gg
    both = xm + dots[GM]
    return max(mean, 0.0), max(
        keep * keep * dots[MM] + weight * (2.0 * keep * both + weight * newest), 0.0
    )


@compiled
def reduced(small, line, frame, whole, mean_square, count, spread, energy):
    """The readable state in the coordinates of the rows, for the pieces that ask for its numbers.

    The basis has one column more where something is outside, and the mean gradient its length.
    """
    d = frame.shape[0]
    return OGRState(
        subspace.Subspace(extended(frame, d + 1 - int(whole)), line),
        np.zeros(1),
        np.full(1, math.sqrt(mean_square)),
        np.zeros(1),
        spread,
        energy,
        count,
        small.numbers[0],
        small.numbers[OPENING],
    )


@compiled
def advance(tiles, gradient, vectors, seen, orders, small, D, largest, most, parameters):
    """One step; False, and nothing done, where squares are beyond `most`.

    `largest` is the modulus of the gradient's largest entry, asked for before the first step only.
    """
    beta, beta_late, settle, gamma, eta, reach, fade, _, ridge, _, turning, row_sums = parameters
    d, unit, count = seen.p.size, small.numbers[0], small.numbers[COUNT]
    whole, begun = d == D, count > 0.0
    scale = 1.0 / unit
    beta = beta_late + (beta - beta_late) / (1.0 + count / settle)
    line = line_of(small) if begun else regression.start(d, None)
    gain = beta / (line.weight + beta * (1.0 - line.weight))
    project(tiles, gradient, vectors, scale, gain, True, seen)
    dots = seen.dots
    if not (dots[XX] <= most):
        return False

    off_theta, slow, m = kept_along(small, dots[TT] > 0.0)
    frame, turns = small.frame.copy(), False
    still(orders)
    if begun:
        rho = outside(tiles, gradient, vectors, scale, gain, True, whole, seen, small.again)
        line, turns = renewed(line, frame, seen.p, rho, off_theta, seen, orders)
    off_slow = seen.p.copy()
    if turns:
        carry_all(small, dots, off_theta, slow, m, off_slow, orders)
    line = regression.update(regression.centred(line), frame @ off_theta, frame @ off_slow, beta)
    weight = gamma if begun else 1.0
    mean_square, m_square = lengths(dots, gain, weight)
    m += weight * (slow + off_slow - m)
    # As in `ogr.observed`: neither falls below what rounding can tell apart.
    spread = (1.0 - gain) * (small.numbers[SPREAD] + gain * dots[TT])
    energy = (1.0 - gain) * (small.numbers[ENERGY] + gain * dots[XX])
    spread = max(spread, (EPS * small.numbers[OPENING]) ** 2)
    energy = max(energy, EPS * EPS * mean_square)
    count = count + 1.0 if begun or largest > 0.0 else 0.0

    if count <= 1.0:
        alpha = small.numbers[OPENING] / math.sqrt(m_square) if m_square > 0.0 else 0.0
        back = -alpha * m
    else:
        state = reduced(small, line, frame, whole, mean_square, count, spread, energy)
        outer_spread, outer_energy = rest(state)
        seen_everywhere = ridge * spread
        slope = ratio(outer_energy, outer_spread)
        H = regression.symmetric_hessian(subspace.with_prior(line, seen_everywhere, slope), 0.0)
        if turning:
            rotation, H = shifted_qr_step(H)
            frame = rotate_basis(rotation, frame)
            line = subspace.rotated(line, rotation)
        known = subspace.with_prior(line, seen_everywhere, slope)
        share = eta * neutral(line.beta, gamma)
        along = frame @ m
        if row_sums:
            inside = row_sum_bound(H, along)
        else:
            inside = np.empty(d)
            for i in range(d):
                own = ratio(known.C_thetatheta[i, i], known.C_gg[i, i])
                inside[i] = -share * own * along[i]
        alpha = 0.0 if whole else share * ratio(outer_spread, outer_energy)
        length = math.hypot(
            math.sqrt(inside @ inside), alpha * math.sqrt(max(m_square - m @ m, 0.0))
        )
        longest = farthest(state, reach, fade)
        if length > longest:
            inside *= longest / length
            alpha *= longest / length
        back = inside @ frame

    orders.f[:] = back + alpha * m
    orders.numbers[1] = alpha
    orders.numbers[2] = gain
    orders.numbers[3] = weight
    overwrite(tiles, gradient, vectors, scale, True, turns, orders)
    small.off_theta[:] = (1.0 - gain) * off_theta + back
    small.slow[:] = slow + gain * off_slow
    small.m[:] = m
    small.frame[:] = frame
    put_line(small, line)
    small.numbers[SPREAD] = spread
    small.numbers[ENERGY] = energy
    small.numbers[COUNT] = count
    return True
