"""One gradient changes one direction of the span: the turn of the basis, in (d, d) arithmetic.

The basis is kept as ``frame V`` with physical rows `V` and an orthogonal `frame`. With the gradient
`x`, ``p = V x`` and `rho` the length of what is left of it outside, all a step looks at lies in the
space of the rows of `V` and that remainder: there the basis is ``[frame, 0]`` and the gradient
``[p, rho]``, and the readable pieces do what they do in the full space, ties and collapse included.

What they return is brought into ``V + uh w^T`` and a new `frame`. For the injection of ``lean x``
into every row, in the coordinates of `V`, with ``uh = frame^T 1 / sqrt(d)``, ``l = lean sqrt(d)``::

    N = hypot(1 + l uh.p, l rho)      c = (1 + l uh.p) / N      s = l / N
    e = (c - 1) uh - s p              w = V^T e + s x

and with ``[A, b]`` the piece's rows, ``frame_new = A + ((c - 1) A uh + s rho b) uh^T``. If `x` lies
inside the span, ``rho = 0`` (always for ``d = D``), `V` stays and ``frame_new = A``: also where a
row collapses against the gradient and the piece puts another in its place.
"""

import math

import numpy as np

from ..._compile import compiled
from ...linear_algebra.gram_schmidt import orthonormalize
from ...linear_algebra.symmetric_eigen import EPS
from ...online_pca import inject
from .passes import XG, XM, XT, XX, residual
from .small import WORN

# Below this share of the square, a difference of squares has lost too many digits.
CANCELS = 1e-3


@compiled
def outside(tiles, gradient, vectors, scale, gain, centred, whole, seen, again):
    """Length of `x` outside the rows; projects twice where digits cancel, 0 where nothing is left.

    `again` is room for a second projection, `whole` says that the rows span everything.
    """
    p, square = seen.p, seen.dots[XX]
    rest = square - p @ p
    if whole or square == 0.0:
        return 0.0
    if rest < CANCELS * square:
        rest = residual(tiles, gradient, vectors, scale, gain, centred, p, again)
        rest -= again @ again
        p += again
    rounding = 4.0 * p.size * np.finfo(tiles.dtype).eps
    if rest <= rounding * rounding * square:
        return 0.0
    return math.sqrt(rest)


@compiled
def extended(frame, columns):
    """``[frame, 0 ...]`` with so many columns."""
    E = np.zeros((frame.shape[0], columns))
    E[:, : frame.shape[0]] = frame
    return E


@compiled
def with_rest(p, rho):
    """``[p, rho]``."""
    x = np.empty(p.size + 1)
    x[: p.size] = p
    x[p.size] = rho
    return x


@compiled
def injected(E, x, turn, orders):
    """The rows ``inject(E, x, turn)``, the new `frame`, and whether `V` turns, with its `orders`.

    `x` is ``[p, rho]``; `s` is meant for it.
    """
    d = E.shape[0]
    rows = inject(E, x, turn)
    p, rho = x[:d], x[d]
    uh, e = orders.uh, orders.e
    for i in range(d):
        uh[i] = np.sum(E[:, i])
    # Of length sqrt(d), as E has orthonormal rows.
    uh /= np.sqrt(uh @ uh)
    lean = turn * np.sqrt(1.0 * d)
    before, aside = 1.0 + lean * (uh @ p), lean * rho
    N = np.hypot(before, aside)
    A = rows[:, :d].copy()
    if aside == 0.0 or 4.0 * d * EPS * (1.0 + abs(before)) >= N:
        still(orders)
        return rows, orthonormalize(A), False
    c, s = before / N, lean / N
    sigma = aside / N
    # c - 1 without cancellation.
    less = -sigma * sigma / (1.0 + c) if c > 0.0 else c - 1.0
    e[:] = less * uh - s * p
    orders.numbers[0] = s
    column = less * (A @ uh) + sigma * rows[:, d]
    for i in range(d):
        for j in range(d):
            A[i, j] += column[i] * uh[j]
    return rows, A, True


@compiled
def still(orders):
    """Orders for a `V` that stays as it is."""
    orders.uh[:] = 0.0
    orders.e[:] = 0.0
    orders.numbers[0] = 0.0


@compiled
def carry(q, xv, orders):
    """Overwrite ``q = V v`` by ``(V + uh w^T) v``, with ``x v`` given."""
    along = orders.e @ q + orders.numbers[0] * xv
    for i in range(q.size):
        q[i] += orders.uh[i] * along


@compiled
def carry_all(small, dots, off_theta, slow, m, p, orders):
    """Overwrite all that is known along the rows, `p` being that of `x`, when they turn."""
    small.numbers[WORN] += wear(p, orders)
    carry(off_theta, dots[XT], orders)
    carry(slow, dots[XG], orders)
    carry(m, dots[XM], orders)
    carry(p, dots[XX], orders)


@compiled
def wear(p, orders):
    """Logarithm of how much a turn may multiply what the rows are off from orthonormal.

    The new direction takes ``s V^T p`` away from `x`: what the rows are off comes in that often.
    """
    return math.log(max(orders.numbers[0] * np.sqrt(p @ p), 1.0))
