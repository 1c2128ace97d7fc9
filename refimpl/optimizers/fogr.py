"""fOGR: regression of all gradients on all positions, then the saddle-free step.

Provenance: [D] [duda2019]_, Figures 1 and 4; follows its program (`SGD-OGR-Hessian-estimator`) with
the start from zero means and the prior variance, and with the new means in the products, in
`start` and `step`. It departs where a direction was never visited: there the entry of `H` is 0.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..lanes import fogr as lanes
from ..repulsion import saddle_free
from .method import Method


class FOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient.

    `div`, `cut`: of `saddle_free`; `prior`: start of the variances, ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.5
    gamma: float = 0.6
    div: float = 1.5
    cut: float = 10.0
    prior: tuple = (1.0, 0.0)


class FOGRState(NamedTuple):
    line: regression.State
    momentum: np.ndarray  # (D,), in gradient-units


@public
def start(theta, directions, parameters):
    """The start of [D]'s programs: all means 0, the prior variances."""
    return FOGRState(regression.start(theta.size, parameters.prior), np.zeros(theta.size))


@public
def step(state, theta, gradient, parameters):
    """``theta -= |H|^{-1} m`` with `H` from symmetric least squares."""
    beta, gamma, div, cut, _ = parameters
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    H = regression.symmetric_hessian(line, 0.0)
    return theta + saddle_free(H, momentum, div, cut), FOGRState(line, momentum)


fogr = Method(
    "fogr",
    FOGRParameters,
    start,
    step,
    "[D], Figures 1 and 4",
    "full matrix, symmetric least squares",
    lanes=lanes,
)
