"""The step of `online_sfn` between the passes, in the coordinates of the rows, from its pieces.

Carried along ``V``: the distance of the position from its mean, ``V (theta - <theta>)``, the mean
gradient ``V <g>``, and the momentum ``V m``. Under the turn each changes by ``uh (w v)``; then ::

    V m                <- (1 - gamma) V m + gamma V g
    V <g>              <- V <g> + beta V (g - <g>)
    V (theta - <theta>) <- (1 - beta) V (theta - <theta>) + frame^T inside

so that no pass of their own is needed, and what rounding leaves in them fades as they do. The step
itself, ``-alpha (m - V^T V m) + V^T frame^T inside``, is ``V^T f - alpha m`` in pass 2, with
``f = frame^T inside + alpha V m``.
"""

from ... import regression
from ..._compile import compiled
from ...qr_step import qr_step, rotate_basis, shifted_qr_step
from ...repulsion import row_sum_bound, saddle_free
from .. import subspace
from .follow import finish, follow
from .passes import overwrite, project
from .small import line_of, put_line


@compiled
def advance(tiles, gradient, vectors, seen, orders, small, D, usual, parameters):
    """One step; False, and nothing done, where the squares need another unit."""
    beta, gamma, turn, div, cut, alpha, _, _, shifted, transport, row_sums = parameters
    unit = small.numbers[0]
    project(tiles, gradient, vectors, 1.0 / unit, beta, False, seen)
    if not (usual[0] <= seen.dots[0] <= usual[1]):
        return False
    found = follow(tiles, gradient, vectors, seen, orders, small, D, beta, turn, True)
    line, frame = line_of(small), found.frame
    if transport:
        line = subspace.transported(line, found.before, found.rows)
    line = regression.centred(line)
    line = regression.update(line, frame @ found.off_theta, unit * (frame @ found.off_slow), beta)
    H = regression.symmetric_hessian(line, 0.0)
    rotation, H = shifted_qr_step(H) if shifted else qr_step(H)
    frame, line = rotate_basis(rotation, frame), subspace.rotated(line, rotation)
    momentum = found.m + gamma * (found.p - found.m)
    if row_sums:
        inside = row_sum_bound(H, unit * (frame @ momentum), div, cut)
    else:
        inside = saddle_free(H, unit * (frame @ momentum), div, cut)
    back = inside @ frame
    finish(orders, small, found, frame, back, momentum, alpha * unit, beta, gamma)
    overwrite(tiles, gradient, vectors, 1.0 / unit, False, found.turns, orders)
    put_line(small, line)
    return True
