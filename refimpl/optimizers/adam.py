"""Adam as [D] prints it: an average gradient over the root of an average squared gradient.

Provenance: [kingma2015]_, as [D] [duda2019]_ prints it in the programs of Figures 1, 4, 5 and 7.
The result is that of the paper; `step` departs where `eps` is 0 and so is an average: no step.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import public
from .method import Method


class AdamParameters(NamedTuple):
    """`alpha`: step length, in theta-units; `beta1`, `beta2`: weights of the *old* averages."""

    alpha: float = 0.4
    beta1: float = 0.8
    beta2: float = 0.9
    eps: float = 1e-8  # in gradient-units


class AdamState(NamedTuple):
    mean: np.ndarray  # (D,), average gradient before bias correction
    square: np.ndarray  # (D,), average squared gradient before bias correction
    decay1: float  # beta1^t
    decay2: float  # beta2^t


@public
def start(theta, directions, parameters):
    """The state before the first step: averages 0."""
    return AdamState(np.zeros(theta.size), np.zeros(theta.size), 1.0, 1.0)


@public
def step(state, theta, gradient, parameters):
    """``theta -= alpha m / ((eps + sqrt(v / (1 - beta2^t))) (1 - beta1^t))``."""
    alpha, beta1, beta2, eps = parameters
    mean = beta1 * state.mean + (1.0 - beta1) * gradient
    square = beta2 * state.square + (1.0 - beta2) * gradient * gradient
    decay1, decay2 = state.decay1 * beta1, state.decay2 * beta2
    scale = (eps + np.sqrt(square / (1.0 - decay2))) * (1.0 - decay1)
    # With eps = 0 a coordinate whose gradients were all 0 has nothing to divide by: no step.
    update = np.where(scale > 0.0, mean / np.where(scale > 0.0, scale, 1.0), 0.0)
    return theta - alpha * update, AdamState(mean, square, decay1, decay2)


adam = Method(
    "adam",
    AdamParameters,
    start,
    step,
    "Kingma and Ba 2015, as in [D]",
    "steps of about alpha, by coordinate",
)
