"""The step of `ogr` between the passes, in the coordinates of the rows, from its pieces.

It is that of coordinates without scales of their own: these would need ``V diag(change) V^T`` at
each step, ``d^2 D`` operations. So of the variances of all coordinates their sums are enough.

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

The last move is ``V^T f - alpha m`` with the `f` and `alpha` of the last orders, until the next
turn: the gradient along it is ``f (V g) - alpha (g m)``. Where it is taken back, neither `V` nor
`m` changes, and the move back is the same with a share of both.
"""

import math
from collections import namedtuple

import numpy as np

from ... import regression
from ..._compile import compiled
from ...linear_algebra.symmetric_eigen import congruence
from ...qr_step import rotate_basis, shifted_qr_step
from .. import subspace
from ..ogr import FORESEEN, farthest, memory, neutral, ratio, rest, spreads, stays, unforeseen
from .passes import GG, GM, MM, TT, XG, XM, XT, XX, overwrite, project
from .small import (
    COUNT,
    DESCENT,
    ENERGY,
    LARGEST,
    MET,
    MISSED,
    OPENING,
    SPREAD,
    SURPRISES,
    UNIT,
    kept_along,
    line_of,
    put_line,
)
from .turn import carry_all, extended, outside, still

# Of the readable state what its pieces ask for; the last move as one number along itself.
Noted = namedtuple("Noted", "move descent missed met surprises largest count")


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
    """Squares of the gradient, and of its mean and the momentum after it, in units."""
    xx, xg, xm, gg = dots[XX], dots[XG], dots[XM], dots[GG]
    newest = max(xx + 2.0 * xg + gg, 0.0)
    mean = gg + gain * (2.0 * xg + gain * xx)
    keep = 1.0 - weight
    both = xm + dots[GM]
    m = keep * keep * dots[MM] + weight * (2.0 * keep * both + weight * newest)
    return newest, max(mean, 0.0), max(m, 0.0)


@compiled
def noted(numbers, count, missed, met, move):
    """What the pieces ask for, with these as they are before or after a gradient."""
    return Noted(
        move=np.full(1, move),
        descent=numbers[DESCENT],
        missed=missed,
        met=met,
        surprises=numbers[SURPRISES],
        largest=numbers[LARGEST],
        count=count,
    )


@compiled
def share_that_stays(numbers, ascent, square, jump):
    """``ogr.stays``, of the gradient along the last move and its own square."""
    size = math.sqrt(square)
    if size == 0.0:
        return 1.0
    return stays(noted(numbers, 0.0, 0.0, 0.0, ascent / size), np.full(1, size), jump)


@compiled
def advance(tiles, gradient, vectors, seen, orders, small, D, largest, most, parameters):
    """One step; False, and nothing done, where squares are beyond `most`.

    `largest` is the modulus of the gradient's largest entry, asked for before the first step only.
    """
    _, _, _, _, gamma, _, jump, _, ridge, _, _, turning = parameters
    numbers, dots = small.numbers, seen.dots
    d, count, opening = seen.p.size, numbers[COUNT], numbers[OPENING]
    whole, begun = d == D, count > 0.0
    scale = 1.0 / numbers[UNIT]
    missed, met = numbers[MISSED], numbers[MET]
    before = noted(numbers, count, missed, met, 0.0)
    beta = memory(before, parameters)
    line = line_of(small) if begun else regression.start(d, None)
    gain = beta / (line.weight + beta * (1.0 - line.weight))
    project(tiles, gradient, vectors, scale, gain, True, seen)
    if not (dots[XX] <= most):
        return False

    off_theta, slow, m = kept_along(small, dots[TT] > 0.0)
    frame, turns, H = small.frame.copy(), False, small.H.copy()
    f, alpha = orders.f.copy(), orders.numbers[1]
    square, _, _ = lengths(dots, gain, 0.0)
    ascent = f @ (slow + seen.p) - alpha * (dots[XM] + dots[GM])
    kept = share_that_stays(numbers, ascent, square, jump)
    back = kept < 1.0
    if count >= FORESEEN:
        came = frame @ seen.p
        miss = came - H @ (frame @ off_theta)
        missed += beta * (miss @ miss - missed)
        met += beta * (came @ came - met)

    still(orders)
    if begun and not back:
        rho = outside(tiles, gradient, vectors, scale, gain, True, whole, seen, small.again)
        line, turns = renewed(line, frame, seen.p, rho, off_theta, seen, orders)
    off_slow = seen.p.copy()
    if turns:
        carry_all(small, dots, off_theta, slow, m, off_slow, orders)
    line = regression.update(regression.centred(line), frame @ off_theta, frame @ off_slow, beta)
    weight = gamma if begun else 1.0
    if back:
        weight = 0.0
    _, mean_square, m_square = lengths(dots, gain, weight)
    m += weight * (slow + off_slow - m)
    of_all = (
        (1.0 - gain) * (numbers[SPREAD] + gain * dots[TT]),
        (1.0 - gain) * (numbers[ENERGY] + gain * dots[XX]),
    )
    spread, energy = spreads(
        np.full(1, of_all[0]),
        np.full(1, of_all[1]),
        np.full(1, math.sqrt(mean_square)),
        opening,
    )
    usual, surprises = mean_square + energy, numbers[SURPRISES]
    if begun and usual > 0.0:
        surprises += unforeseen(before) * min(1.0, square / usual)
    count = count + 1.0 if begun or largest > 0.0 else 0.0

    if count <= 1.0:
        alpha = opening / math.sqrt(m_square) if m_square > 0.0 else 0.0
        moved = -alpha * m
        f[:] = 0.0
    else:
        outer_spread, outer_energy = rest(line, D, spread, energy)
        unsure = unforeseen(noted(numbers, count, missed, met, 0.0))
        seen_everywhere = ridge * math.sqrt(unsure) * spread
        slope = ratio(outer_energy, outer_spread)
        known = subspace.with_prior(line, seen_everywhere, slope)
        H = regression.symmetric_hessian(line, 0.0)
        if turning:
            rotation = shifted_qr_step(regression.symmetric_hessian(known, 0.0))[0]
            frame, line = rotate_basis(rotation, frame), subspace.rotated(line, rotation)
            known = subspace.with_prior(line, seen_everywhere, slope)
            H = congruence(rotation, H)
        if back:
            f *= kept - 1.0
            alpha *= kept - 1.0
            moved = f - alpha * m
        else:
            share, inside = neutral(line.beta, gamma), frame @ m
            for i in range(d):
                inside[i] *= -share * ratio(known.C_thetatheta[i, i], known.C_gg[i, i])
            alpha = 0.0 if whole else share * ratio(outer_spread, outer_energy)
            length = math.hypot(
                math.sqrt(inside @ inside), alpha * math.sqrt(max(m_square - m @ m, 0.0))
            )
            longest = farthest(spread, energy, mean_square, line.beta, parameters)
            if length > longest:
                inside *= longest / length
                alpha *= longest / length
            moved = inside @ frame
            f = moved + alpha * m

    gradient_m = (1.0 - weight) * (dots[XM] + dots[GM]) + weight * square
    numbers[DESCENT] = f @ (slow + off_slow) - alpha * gradient_m
    orders.f[:] = f
    orders.numbers[1] = alpha
    orders.numbers[2] = gain
    orders.numbers[3] = weight
    overwrite(tiles, gradient, vectors, scale, True, turns, orders)
    small.off_theta[:] = (1.0 - gain) * off_theta + moved
    small.slow[:] = slow + gain * off_slow
    small.m[:] = m
    small.frame[:] = frame
    small.H[:] = H
    put_line(small, line)
    numbers[SPREAD], numbers[ENERGY] = of_all
    numbers[MISSED], numbers[MET] = missed, met
    numbers[SURPRISES] = surprises
    numbers[LARGEST] = max(numbers[LARGEST], math.sqrt(usual))
    numbers[COUNT] = count
    return True
