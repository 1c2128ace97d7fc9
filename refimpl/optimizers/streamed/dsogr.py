"""The step of `dsogr` and `cdsogr` between the passes: that of `sogr`, and a line per coordinate.

The coordinates' step `u` is no combination of what is carried along. So pass 1 makes it, tile by
tile, keeps it, and finds ``V u`` and ``x u`` too; with the turn ``V u`` changes as all else does.
The step ``w V^T (V u - |H|^{-1} V m) - u`` is ``V^T f - u`` in pass 2, which takes the lines in.

Variances of single coordinates are binary64 beside tiles of either precision, and in gradient-units
whatever the unit: squares of what binary32 holds leave its range.
"""

from typing import NamedTuple

import numpy as np

from ... import regression
from ..._compile import compiled
from ...linear_algebra.symmetric_eigen import EPS
from ...repulsion import saddle_free
from .. import diagonal
from .follow import finish, follow
from .passes import XX, add_along, add_products, apart, dot, overwrite_tile, scaled, tile_of
from .small import put_line
from .sogr import fitted
from .tiles import WIDTH, padded
from .turn import carry


class Lines(NamedTuple):
    """What is kept of the coordinates, in whole tiles; overwritten by each step."""

    C_thetatheta: np.ndarray  # binary64
    C_gtheta: np.ndarray
    C_gg: np.ndarray
    u: np.ndarray  # the coordinates' step, from pass 1 to pass 2
    along: np.ndarray  # (d,), V u
    product: np.ndarray  # (1,), x u


def start(line, d, dtype):
    """Room for the lines of a start."""
    covariances = (line.C_thetatheta, line.C_gtheta, line.C_gg)
    kept = [padded(C, np.float64) for C in covariances]
    return Lines(*kept, np.zeros(kept[0].size, dtype), np.zeros(d), np.zeros(1))


@compiled
def taken_in(lines, at, of_line, off_theta, off_gradient, unit, beta):
    """The lines of one tile with one more observation, given by its distances from the means."""
    weight, before, scale = of_line
    end = at + WIDTH
    line = regression.State(
        weight=weight,
        beta=before,
        scale=scale,
        mean_theta=np.zeros(WIDTH),
        mean_gradient=np.zeros(WIDTH),
        C_thetatheta=lines.C_thetatheta[at:end],
        C_gtheta=lines.C_gtheta[at:end],
        C_gg=lines.C_gg[at:end],
    )
    from_mean_theta, from_mean_gradient = np.empty(WIDTH), np.empty(WIDTH)
    for k in range(WIDTH):
        from_mean_theta[k] = off_theta[k]
        from_mean_gradient[k] = unit * off_gradient[k]
    return regression.update_new_mean(line, from_mean_theta, from_mean_gradient, beta)


@compiled
def resolved(line, mean, coarser):
    """The same lines with a mean by which ``regression.resolution`` is so many times coarser."""
    shown = np.empty(WIDTH)
    for k in range(WIDTH):
        shown[k] = coarser * (mean[k] + line.mean_theta[k])
    return regression.State(
        weight=line.weight,
        beta=line.beta,
        scale=line.scale,
        mean_theta=shown,
        mean_gradient=line.mean_gradient,
        C_thetatheta=line.C_thetatheta,
        C_gtheta=line.C_gtheta,
        C_gg=line.C_gg,
    )


@compiled
def project(tiles, gradient, vectors, seen, of_line, lines, unit, setting):
    """Pass 1: overwrite `seen`, and of `lines` the step and what is known along the rows."""
    beta, gamma, _, div, _, aside, eta, most, _, correlated = setting
    number = tiles.dtype.type
    scale, gain, weight = number(1.0 / unit), number(beta), number(gamma)
    coarser = np.finfo(tiles.dtype).eps / EPS
    x, off = np.empty(WIDTH, tiles.dtype), np.empty(WIDTH, tiles.dtype)
    off_gradient, momentum = np.empty(WIDTH, tiles.dtype), np.empty(WIDTH)
    seen.p[:] = 0.0
    seen.dots[:] = 0.0
    lines.along[:] = 0.0
    lines.product[:] = 0.0
    for b in range(tiles.shape[0]):
        at = WIDTH * b
        theta, mean, slow, m = tile_of(vectors, at)
        scaled(gradient, at, scale, x)
        apart(theta, mean, gain, off)
        add_products(tiles[b], x, off, slow, m, seen)
        # What is not finite, or needs another unit, is left to those who look at these products.
        if not seen.dots[XX] < np.inf:
            return
        apart(x, slow, gain, off_gradient)
        line = taken_in(lines, at, of_line, off, off_gradient, unit, beta)
        line = resolved(line, mean, coarser)
        for k in range(WIDTH):
            momentum[k] = unit * (m[k] + weight * (x[k] - m[k]))
        curvature = diagonal.correlated(line) if correlated else diagonal.fitted(line)
        quotients, u = diagonal.divided(momentum, curvature, div, aside), lines.u[at : at + WIDTH]
        for k in range(WIDTH):
            u[k] = eta * min(quotients[k], most)
        add_along(tiles[b], u, lines.along)
        lines.product[0] += dot(x, u)


@compiled
def overwrite(tiles, gradient, vectors, of_line, lines, unit, turns, orders):
    """Pass 2, with `orders`: the lines take in what pass 1 has seen, and `u` is subtracted."""
    number = tiles.dtype.type
    scale, s = number(1.0 / unit), number(orders.numbers[0])
    beta = orders.numbers[2]
    gain = number(beta)
    g = np.empty(WIDTH, tiles.dtype)
    w, t = np.empty(WIDTH, tiles.dtype), np.empty(WIDTH, tiles.dtype)
    for b in range(tiles.shape[0]):
        at = WIDTH * b
        end = at + WIDTH
        parts = tile_of(vectors, at)
        scaled(gradient, at, scale, g)
        apart(parts[0], parts[1], gain, t)
        apart(g, parts[2], gain, w)
        line = taken_in(lines, at, of_line, t, w, unit, beta)
        lines.C_thetatheta[at:end] = line.C_thetatheta
        lines.C_gtheta[at:end] = line.C_gtheta
        lines.C_gg[at:end] = line.C_gg
        for k in range(WIDTH):
            w[k] = s * g[k]
            t[k] = -lines.u[at + k]
        overwrite_tile(tiles[b], parts, g, w, t, turns, orders)


@compiled
def advance(tiles, gradient, vectors, seen, orders, small, D, lines, usual, setting):
    """One step; False, and nothing done, where the squares need another unit.

    `setting`: beta, gamma, turn, div, cut inside and of the coordinates, eta, largest entry of the
    coordinates' step before eta, w, and whether all fits are correlated ones.
    """
    beta, gamma, turn, div, cut, _, eta, _, w, correlated = setting
    unit, of_line = small.numbers[0], small.of_line
    project(tiles, gradient, vectors, seen, of_line, lines, unit, setting)
    if not (usual[0] <= seen.dots[XX] <= usual[1]):
        return False
    found = follow(tiles, gradient, vectors, seen, orders, small, D, beta, turn, False)
    if found.turns:
        carry(lines.along, lines.product[0], orders)
    line, H = fitted(small, found, unit, beta, correlated)
    momentum = found.m + gamma * (found.p - found.m)
    frame = found.frame
    inside = saddle_free(H, unit * (frame @ momentum), div, cut) @ frame
    back = w * (lines.along + eta * inside)
    finish(orders, small, found, frame, back, momentum, 0.0, beta, gamma)
    small.off_theta[:] -= lines.along
    overwrite(tiles, gradient, vectors, of_line, lines, unit, found.turns, orders)
    put_line(small, line)
    return True
