"""Momentum: a step against the exponential average of the noisy gradients.

Provenance: [polyak1964]_, as the exponential average that [D] [duda2019]_ compares with in
Figures 1, 4 and 5; follows its program: the average starts at 0, and that bias stays.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import public
from .method import Method


class MomentumParameters(NamedTuple):
    """`alpha`: learning rate, in theta-units / gradient-units; `gamma`: of the newest `g`."""

    alpha: float = 0.017
    gamma: float = 0.5


class MomentumState(NamedTuple):
    momentum: np.ndarray  # (D,), in gradient-units


@public
def start(theta, directions, parameters):
    """The state before the first step: momentum 0."""
    return MomentumState(momentum=np.zeros(theta.size))


@public
def step(state, theta, gradient, parameters):
    """``m += gamma (g - m); theta -= alpha m``."""
    momentum = state.momentum + parameters.gamma * (gradient - state.momentum)
    return theta - parameters.alpha * momentum, MomentumState(momentum=momentum)


momentum = Method(
    "momentum",
    MomentumParameters,
    start,
    step,
    "Polyak 1964, as in [D]",
    "gradient descent along an average",
)
