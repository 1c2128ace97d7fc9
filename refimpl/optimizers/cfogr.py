"""cfOGR: all gradients on all positions, taken as perfectly correlated."""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._border import public
from ..repulsion import saddle_free
from .method import Method


class CFOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `eta`: share of the step.

    `cut`: of `saddle_free`; `prior`: start of the variances, ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.7
    gamma: float = 0.7
    eta: float = 1.0
    cut: float = 5.0
    prior: tuple = (0.1, 0.1)


class CFOGRState(NamedTuple):
    line: regression.State
    momentum: np.ndarray  # (D,), in gradient-units


@public
def start(theta, directions, parameters):
    """The start of [D]'s programs: all means 0, the prior variances."""
    return CFOGRState(regression.start(theta.size, parameters.prior), np.zeros(theta.size))


@public
def step(state, theta, gradient, parameters):
    """``theta -= eta |H|^{-1} m`` with `H` of `correlated_hessian`."""
    beta, gamma, eta, cut, _ = parameters
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    H = regression.correlated_hessian(line)
    return theta + eta * saddle_free(H, momentum, 1.0, cut), CFOGRState(line, momentum)


cfogr = Method(
    "cfogr",
    CFOGRParameters,
    start,
    step,
    "[D], Figure 7",
    "full matrix, perfectly correlated",
)
