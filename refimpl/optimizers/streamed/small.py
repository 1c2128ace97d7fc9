"""What a streamed stepper keeps beside its vectors: (d, d) arrays and numbers, made once.

They are binary64 in both precisions; a step reads them as the readable state's tuples, which it
hands to the pieces, and overwrites them when all has gone well.
"""

from typing import NamedTuple

import numpy as np

from ... import regression
from ..._compile import compiled


class Small(NamedTuple):
    """Overwritten by each step."""

    frame: np.ndarray  # (d, d), the logical basis is frame V
    off_theta: np.ndarray  # (d,), V (theta - <theta>)
    slow: np.ndarray  # (d,), V <g>, in units
    m: np.ndarray  # (d,), V m, in units
    again: np.ndarray  # (d,), scratch of a second projection
    C_thetatheta: np.ndarray  # (d, d), along the logical basis
    C_gtheta: np.ndarray
    C_gg: np.ndarray
    H: np.ndarray  # (d, d), the line fitted to these, which `ogr` alone keeps
    of_line: np.ndarray  # (3,): weight, beta, scale
    numbers: np.ndarray  # (11,), by the names below


# Unit of the gradients, the wear of the rows since they were measured, and what is `ogr`'s own.
UNIT, WORN, SPREAD, ENERGY, COUNT, OPENING = 0, 1, 2, 3, 4, 5
DESCENT, MISSED, MET, SURPRISES, LARGEST = 6, 7, 8, 9, 10


def start(line):
    """Room for the statistics of a start; nothing seen yet, unit 1."""
    d = line.mean_theta.size
    vectors = [np.zeros(d) for _ in range(4)]
    covariances = [C.copy() for C in (line.C_thetatheta, line.C_gtheta, line.C_gg)]
    of_line = np.array([line.weight, line.beta, line.scale], dtype=float)
    numbers = np.zeros(11)
    numbers[UNIT] = 1.0
    return Small(np.eye(d), *vectors, *covariances, np.zeros((d, d)), of_line, numbers)


@compiled
def kept_along(small, moved):
    """Copies of what is carried along the rows; where nothing has `moved`, no distance is left."""
    off_theta = small.off_theta.copy()
    if not moved:
        off_theta[:] = 0.0
    return off_theta, small.slow.copy(), small.m.copy()


@compiled
def line_of(small):
    """The statistics as the pieces take them, with copies of the matrices; means at the origin."""
    d = small.m.size
    weight, beta, scale = small.of_line
    return regression.State(
        weight=weight,
        beta=beta,
        scale=scale,
        mean_theta=np.zeros(d),
        mean_gradient=np.zeros(d),
        C_thetatheta=small.C_thetatheta.copy(),
        C_gtheta=small.C_gtheta.copy(),
        C_gg=small.C_gg.copy(),
    )


@compiled
def put_line(small, line):
    """Overwrite the statistics."""
    small.of_line[0] = line.weight
    small.of_line[1] = line.beta
    small.of_line[2] = line.scale
    small.C_thetatheta[:] = line.C_thetatheta
    small.C_gtheta[:] = line.C_gtheta
    small.C_gg[:] = line.C_gg
