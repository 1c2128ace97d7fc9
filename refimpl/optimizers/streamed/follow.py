"""The basis follows a gradient, and what is carried along it follows too: before and after a step.

Shared by the methods that inject each gradient. Nothing of the state is overwritten before the
pieces have accepted all numbers: `follow` hands out copies, `finish` puts them back.
"""

from typing import NamedTuple

import numpy as np

from ..._compile import compiled
from ...online_pca import inject
from .passes import TT
from .small import kept_along
from .turn import carry_all, extended, injected, outside, still, with_rest


class Followed(NamedTuple):
    """The turned basis, and what is known along its rows; gradients in units."""

    before: np.ndarray  # (d, d + 1), the logical basis in its coordinates of the turn
    rows: np.ndarray  # (d, d + 1), the turned one
    frame: np.ndarray  # (d, d), the turned one is frame V
    turns: bool  # whether V turns too
    p: np.ndarray  # (d,), V g
    off_theta: np.ndarray  # (d,), V (theta - <theta>)
    off_slow: np.ndarray  # (d,), V (g - <g>)
    slow: np.ndarray  # (d,), V <g>
    m: np.ndarray  # (d,), V m, before this gradient


@compiled
def follow(tiles, gradient, vectors, seen, orders, small, D, beta, turn, normalised):
    """Inject the projected gradient, as it is or `normalised`; the turn of `V` is ordered."""
    d, unit = seen.p.size, small.numbers[0]
    dots = seen.dots
    rho = outside(tiles, gradient, vectors, 1.0 / unit, beta, False, d == D, seen, small.again)
    x, before, p = with_rest(seen.p, rho), extended(small.frame, d + 1), seen.p.copy()
    length = np.sqrt(x @ x)
    # In what `x` has to be multiplied by before it is injected.
    size = unit
    if normalised:
        size = 1.0 / length if length > 0.0 else 1.0
    if length > 0.0:
        rows, frame, turns = injected(before, size * x, turn, orders)
        orders.numbers[0] *= size
    else:
        rows, turns = inject(before, x, turn), False
        frame = rows[:, :d].copy()
        still(orders)
    off_theta, slow, m = kept_along(small, dots[TT] > 0.0)
    if turns:
        carry_all(small, dots, off_theta, slow, m, p, orders)
    return Followed(before, rows, frame, turns, p, off_theta, p - slow, slow, m)


@compiled
def finish(orders, small, found, frame, back, momentum, alpha, beta, gamma):
    """Order the step ``V^T back - alpha (m - V^T V m)``, and keep what is carried along.

    `momentum` is ``V m`` with this gradient, `back` is along ``V``, `alpha` acts on `m` in units.
    """
    orders.f[:] = back + alpha * momentum
    orders.numbers[1] = alpha
    orders.numbers[2] = beta
    orders.numbers[3] = gamma
    small.off_theta[:] = (1.0 - beta) * found.off_theta + back
    small.slow[:] = found.slow + beta * found.off_slow
    small.m[:] = momentum
    small.frame[:] = frame
