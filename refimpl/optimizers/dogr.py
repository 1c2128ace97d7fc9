"""dOGR: one line for each coordinate, then the saddle-free step along each.

Provenance: [D] [duda2019]_, Figure 4; follows its program in start, means and step. It departs in
`refimpl.optimizers.diagonal.quotient`: where a coordinate has not moved, or `cut` is 0 and so is
the curvature, there is no step instead of a division by 0.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from . import diagonal
from .method import Method


class DOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient.

    `div`, `cut`: of the step; `prior`: start of the variances, ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.6
    gamma: float = 0.7
    div: float = 1.4
    cut: float = 5.0
    prior: tuple = (1.0, 0.0)


class DOGRState(NamedTuple):
    line: regression.State  # of diagonals, (D,)
    momentum: np.ndarray  # (D,), in gradient-units


@public
def start(theta, directions, parameters):
    """The start of [D]'s programs: all means 0, the prior variances."""
    line = regression.start_diagonal(theta.size, parameters.prior)
    return DOGRState(line, np.zeros(theta.size))


@public
def step(state, theta, gradient, parameters):
    """``theta -= m / max(div |lambda|, cut)`` with ``lambda = C_gtheta / C_thetatheta``."""
    beta, gamma, div, cut, _ = parameters
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    u = diagonal.divided(momentum, diagonal.fitted(line), div, cut)
    return theta - u, DOGRState(line, momentum)


dogr = Method(
    "dogr",
    DOGRParameters,
    start,
    step,
    "[D], Figure 4",
    "a line for each coordinate",
)
