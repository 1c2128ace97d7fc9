"""pOGR: fOGR as [P] stabilises it, with a ridge, the current gradient and a bounded step.

Provenance: [P] [przybysz2025]_, its stabilised program; follows it with the ridge on the covariance
of the positions only, ``C_gtheta = I`` at the start, the current gradient and the bounded step. It
departs in how that step's length is computed, at the scale of its largest entry.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..repulsion import saddle_free
from .method import Method

RIDGE = 1e-12  # on the covariance of the positions, in squared theta-units
LONGEST = 1.0  # step, in theta-units


class POGRParameters(NamedTuple):
    """`beta`: weight of the newest pair; `alpha`: share of the step, before it is bounded.

    `prior`: start of the variances, ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.3
    alpha: float = 2.0 / 3.0
    prior: tuple = (1.0, 0.0)


class POGRState(NamedTuple):
    line: regression.State


@public
def start(theta, directions, parameters):
    """All means 0, the prior variances, and curvature 1 until it is known: ``C_gtheta = I``."""
    line = regression.start(theta.size, parameters.prior)
    for i in range(theta.size):
        line.C_gtheta[i, i] = 1.0
    return POGRState(line)


@public
def step(state, theta, gradient, parameters):
    """``theta -= alpha |H|^{-1} g`` with the current gradient, shortened to `LONGEST`."""
    beta, alpha, _ = parameters
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    H = regression.symmetric_hessian(line, RIDGE)
    step = alpha * saddle_free(H, gradient, 1.0, 0.0)
    size = np.max(np.abs(step))
    if size > 0.0:
        # At the scale of its largest entry no square overflows or vanishes.
        length = size * np.sqrt(np.sum((step / size) ** 2))
        step *= min(1.0, LONGEST / length)
    return theta + step, POGRState(line)


pogr = Method(
    "pogr",
    POGRParameters,
    start,
    step,
    "[P]",
    "fOGR without momentum, the step bounded",
)
