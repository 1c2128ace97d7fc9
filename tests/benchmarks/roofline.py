"""Pieces of a step beside their roofs: what their operations or their numbers cost at the least.

The processor's rate is that of a product of two matrices, the memory's that of three streams over a
basis. Both are measured anew in each turn, beside the piece.
"""

import numpy as np

from figures.cost.roofline import BYTES, PIECES
from refimpl import online_pca, optimizers
from refimpl.optimizers import streamed
from refimpl.qr_step import rotate_basis

from .many_dimensions import read, read_and_write
from .row import of, spent

SIDE = 1024  # of the matrices


def calls(D, d, rng):
    """Piece -> a call of it, all on arrays of their own."""
    V = online_pca.orthonormalize(rng.standard_normal((d, D)))
    old = online_pca.orthonormalize(rng.standard_normal((d, D)))
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    x = rng.standard_normal(D)
    stepper = streamed.start(np.ones(D), "online_sfn", dimension=d)
    found = {
        "projection": lambda: V @ x,
        "injection": lambda: online_pca.inject(V, x, 0.1),
        "transport": lambda: V @ old.T,
        "rotation": lambda: rotate_basis(Q, V),
        "streamed": lambda: stepper.step(x),
    }
    return found | {name: step_of(name, x) for name in ("momentum", "adam", "cdogr")}


def step_of(name, x):
    method = optimizers.get(name)
    parameters = optimizers.bind(method, {})
    theta = np.ones(x.size)
    state = method.start(theta, np.zeros((0, x.size)), parameters)
    return lambda: method.step(state, theta, x, parameters)


def rows(quick):
    """Each piece over its roof; and how many operations go into the time of a byte."""
    turns, D, d = (3, 10**5, 10) if quick else (9, 10**6, 10)
    rng = np.random.default_rng(0)
    A, basis = rng.standard_normal((SIDE, SIDE)), np.ones(d * D)
    pieces = calls(D, d, rng)
    for call in pieces.values():
        call()
        call()
    A @ A, read(basis), read_and_write(basis, 1.0)
    ridges, ratios = [], {name: [] for name in pieces}
    for _ in range(turns):
        an_operation = spent(lambda: A @ A) / (2.0 * SIDE**3)
        streams = spent(lambda: (read(basis), read_and_write(basis, 1.0)))
        a_byte = streams / (3.0 * BYTES * basis.size)
        ridges.append(a_byte / an_operation)
        for name, call in pieces.items():
            count = PIECES[name](D, d)
            roof = max(count.operations * an_operation, count.numbers * BYTES * a_byte)
            ratios[name].append(spent(call) / roof)
    yield of("operations in the time of a byte", ridges)
    for name, found in ratios.items():
        yield of(f"{name} / its roof, d = {d}, D = {D:.0e}", found)
