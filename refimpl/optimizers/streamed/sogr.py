"""The step of `sogr` and `csogr` between the passes; what is carried along is that of `online_sfn`.

They inject the raw gradient, do not transport, and take the products of the new means. The first
directions stay as drawn until the first injection, which the stepper makes by the readable piece.
"""

from ... import regression
from ..._compile import compiled
from ...repulsion import saddle_free
from .follow import finish, follow
from .passes import overwrite, project
from .small import line_of, put_line


@compiled
def fitted(small, found, unit, beta, correlated):
    """The line with one more pair, and the Hessian that is read from it."""
    line, frame = regression.centred(line_of(small)), found.frame
    products = frame @ found.off_theta, unit * (frame @ found.off_slow)
    line = regression.update_new_mean(line, products[0], products[1], beta)
    if correlated:
        return line, regression.correlated_hessian(line)
    return line, regression.symmetric_hessian(line, 0.0)


@compiled
def advance(tiles, gradient, vectors, seen, orders, small, D, usual, setting):
    """One step; False, and nothing done, where the squares need another unit.

    `setting`: beta, gamma, turn, div, cut, alpha, eta, and whether the fit is the correlated one.
    """
    beta, gamma, turn, div, cut, alpha, eta, correlated = setting
    unit = small.numbers[0]
    project(tiles, gradient, vectors, 1.0 / unit, beta, False, seen)
    if not (usual[0] <= seen.dots[0] <= usual[1]):
        return False
    found = follow(tiles, gradient, vectors, seen, orders, small, D, beta, turn, False)
    line, H = fitted(small, found, unit, beta, correlated)
    momentum = found.m + gamma * (found.p - found.m)
    frame = found.frame
    back = eta * (saddle_free(H, unit * (frame @ momentum), div, cut) @ frame)
    finish(orders, small, found, frame, back, momentum, alpha * unit, beta, gamma)
    overwrite(tiles, gradient, vectors, 1.0 / unit, False, found.turns, orders)
    put_line(small, line)
    return True
