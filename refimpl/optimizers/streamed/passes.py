"""The passes over the tiles, the only loops over all D coordinates: everything else is (d, d).

*Pass 1*, `project`: with `x` the gradient, or its distance from its mean, ``p = V x`` and the dot
products of `x` with what is kept in the full space. *Pass 2*, `overwrite`, tile by tile::

    w = V^T e + s x        V += uh w^T        theta += V^T f - alpha m    (f along the new V)

with the means and the momentum `m` in the same pass. *At intervals* `measure`: the Gram matrix
``V V^T``, and the projections that are otherwise carried along. *Where digits cancel* `residual`:
what is left of `x` outside the rows, by taking it away and not by a difference of squares.

Sums run over the 128 columns of a tile in the precision of the tiles, in any order, and over the
tiles in binary64. Nothing is allocated but a few tiles.
"""

from typing import NamedTuple

import numpy as np

from ..._compile import compiled, reassociated
from .tiles import WIDTH


class Vectors(NamedTuple):
    """What is kept in the full space, in whole tiles; overwritten by each step."""

    theta: np.ndarray
    mean_theta: np.ndarray
    mean_gradient: np.ndarray  # in units of the stepper's `unit`, as the momentum
    momentum: np.ndarray


class Seen(NamedTuple):
    """What pass 1 finds; binary64, overwritten."""

    p: np.ndarray  # (d,), V x
    dots: np.ndarray  # (8,), by the names below


# x x, x off_theta, x mean_gradient, x momentum, off_theta off_theta
XX, XT, XG, XM, TT = 0, 1, 2, 3, 4
# Where `x` is the distance from the mean: mean_gradient^2, momentum^2, mean_gradient momentum.
GG, MM, GM = 5, 6, 7


class Orders(NamedTuple):
    """What pass 2 is told; binary64, overwritten."""

    uh: np.ndarray  # (d,)
    e: np.ndarray  # (d,)
    f: np.ndarray  # (d,), along the new rows
    numbers: np.ndarray  # (4,): s, alpha, gain of the means, weight of the newest gradient


@compiled
def tile_of(vectors, at):
    """One tile of each vector."""
    end = at + WIDTH
    return (
        vectors.theta[at:end],
        vectors.mean_theta[at:end],
        vectors.mean_gradient[at:end],
        vectors.momentum[at:end],
    )


@compiled
def apart(x, mean, gain, off):
    """``regression.apart`` on one tile, in place; exact, so not in a text whose sums may turn."""
    for k in range(WIDTH):
        distance = x[k] - mean[k]
        moved = mean[k] + gain * distance
        off[k] = distance if moved != mean[k] else x.dtype.type(0)


@reassociated
def scaled(gradient, at, scale, x):
    """One tile of the gradient in the stepper's units, filled up with zeros."""
    part = gradient[at : at + WIDTH]
    if part.size == WIDTH:
        for k in range(WIDTH):
            x[k] = scale * part[k]
    else:
        x[:] = x.dtype.type(0)
        for k in range(part.size):
            x[k] = scale * part[k]


@reassociated
def dot(a, b):
    """The dot product of two rows of a tile."""
    total = a.dtype.type(0)
    for k in range(WIDTH):
        total += a[k] * b[k]
    return total


@reassociated
def add_products(tile, x, off, slow, m, seen):
    """Add to `seen` the products of one tile."""
    dots = seen.dots
    dots[XX] += dot(x, x)
    dots[XT] += dot(x, off)
    dots[XG] += dot(x, slow)
    dots[XM] += dot(x, m)
    dots[TT] += dot(off, off)
    add_along(tile, x, seen.p)


@reassociated
def add_along(tile, x, p):
    """Add to `p` the projection of one tile of a vector."""
    for i in range(p.size):
        p[i] += dot(tile[i], x)


@reassociated
def project(tiles, gradient, vectors, scale, gain, centred, seen):
    """Pass 1: overwrite `seen`; `centred` says that `x` is the distance from the mean."""
    number = tiles.dtype.type
    scale, gain = number(scale), number(gain)
    x, off = np.empty(WIDTH, tiles.dtype), np.empty(WIDTH, tiles.dtype)
    dots = seen.dots
    seen.p[:] = 0.0
    dots[:] = 0.0
    for b in range(tiles.shape[0]):
        at = WIDTH * b
        theta, mean, slow, m = tile_of(vectors, at)
        scaled(gradient, at, scale, x)
        if centred:
            apart(x, slow, gain, x)
            dots[GG] += dot(slow, slow)
            dots[MM] += dot(m, m)
            dots[GM] += dot(slow, m)
        apart(theta, mean, gain, off)
        add_products(tiles[b], x, off, slow, m, seen)


@reassociated
def residual(tiles, gradient, vectors, scale, gain, centred, p, along):
    """The square of ``x - V^T p``, and its projection ``along``, which is overwritten."""
    number = tiles.dtype.type
    d = tiles.shape[1]
    scale, gain = number(scale), number(gain)
    x = np.empty(WIDTH, tiles.dtype)
    along[:] = 0.0
    square = 0.0
    for b in range(tiles.shape[0]):
        at = WIDTH * b
        scaled(gradient, at, scale, x)
        if centred:
            apart(x, vectors.mean_gradient[at : at + WIDTH], gain, x)
        tile = tiles[b]
        for i in range(d):
            row, c = tile[i], number(p[i])
            for k in range(WIDTH):
                x[k] -= c * row[k]
        square += dot(x, x)
        for i in range(d):
            along[i] += dot(tile[i], x)
    return square


@reassociated
def overwrite(tiles, gradient, vectors, scale, centred, turns, orders):
    """Pass 2, with `orders`; where nothing `turns`, the rows are read and left alone."""
    number = tiles.dtype.type
    scale, s, gain = number(scale), number(orders.numbers[0]), number(orders.numbers[2])
    g = np.empty(WIDTH, tiles.dtype)
    w, t = np.empty(WIDTH, tiles.dtype), np.empty(WIDTH, tiles.dtype)
    for b in range(tiles.shape[0]):
        at = WIDTH * b
        parts = tile_of(vectors, at)
        scaled(gradient, at, scale, g)
        if centred:
            apart(g, parts[2], gain, w)
            for k in range(WIDTH):
                w[k] *= s
        else:
            for k in range(WIDTH):
                w[k] = s * g[k]
        t[:] = number(0)
        overwrite_tile(tiles[b], parts, g, w, t, turns, orders)


@reassociated
def overwrite_tile(tile, parts, g, w, t, turns, orders):
    """Pass 2 on one tile and these parts of the vectors; `w` is ``s x``, `t` a move to begin with.

    Both are overwritten.
    """
    number = tile.dtype.type
    d = tile.shape[0]
    theta, mean, slow, m = parts
    alpha = number(orders.numbers[1])
    gain, gamma = number(orders.numbers[2]), number(orders.numbers[3])
    uf = 0.0
    for i in range(d):
        uf += orders.uh[i] * orders.f[i]
    uf = number(uf)
    for i in range(d):
        row, ei, fi = tile[i], number(orders.e[i]), number(orders.f[i])
        for k in range(WIDTH):
            w[k] += ei * row[k]
            t[k] += fi * row[k]
    if turns:
        for i in range(d):
            row, ui = tile[i], number(orders.uh[i])
            for k in range(WIDTH):
                row[k] += ui * w[k]
    for k in range(WIDTH):
        mean[k] += gain * (theta[k] - mean[k])
    for k in range(WIDTH):
        slow[k] += gain * (g[k] - slow[k])
    for k in range(WIDTH):
        m[k] += gamma * (g[k] - m[k])
        theta[k] += t[k] + uf * w[k] - alpha * m[k]


@reassociated
def measure(tiles, vectors, gram, along):
    """Overwrite the Gram matrix, and the rows of `along`: V off_theta, V mean_gradient, V m."""
    d = tiles.shape[1]
    off = np.empty(WIDTH, tiles.dtype)
    gram[:] = 0.0
    along[:] = 0.0
    for b in range(tiles.shape[0]):
        at = WIDTH * b
        tile = tiles[b]
        theta, mean, slow, m = tile_of(vectors, at)
        for k in range(WIDTH):
            off[k] = theta[k] - mean[k]
        for i in range(d):
            row = tile[i]
            along[0, i] += dot(row, off)
            along[1, i] += dot(row, slow)
            along[2, i] += dot(row, m)
            for j in range(i + 1):
                gram[i, j] += dot(row, tile[j])
    for i in range(d):
        for j in range(i):
            gram[j, i] = gram[i, j]


@compiled
def straightened(tiles, T):
    """Overwrite the rows by ``T V``, tile by tile."""
    T = T.astype(tiles.dtype)
    for b in range(tiles.shape[0]):
        tiles[b] = T @ tiles[b]
