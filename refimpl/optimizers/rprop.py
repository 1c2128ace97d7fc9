"""Rprop: a step length for each coordinate, which grows while its gradient keeps its sign.

Provenance: [riedmiller1993]_, where nothing of a gradient but its signs decides. This is iRprop- of
[igel2003]_, which needs no value of the loss and which PyTorch's program computes as well: it
departs from the first paper where a sign has changed, which takes the last step back; here the
coordinate waits for one step.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import public
from .method import Method


class RpropParameters(NamedTuple):
    """`eta_minus`, `eta_plus`: factors of a step length where the sign changes, and where it stays.

    `first`, `smallest`, `largest`: the step lengths at the start, and bounds, in theta-units.
    """

    eta_minus: float = 0.5
    eta_plus: float = 1.2
    first: float = 0.1
    smallest: float = 1e-6
    largest: float = 50.0


class RpropState(NamedTuple):
    size: np.ndarray  # (D,), step lengths, in theta-units
    sign: np.ndarray  # (D,), of the last gradient; 0 where it had changed


@public
def start(theta, directions, parameters):
    """The state before the first step: no sign is known."""
    return RpropState(np.full(theta.size, parameters.first), np.zeros(theta.size))


@public
def step(state, theta, gradient, parameters):
    """``theta -= sign(g) size``, with `size` times `eta_plus`, `eta_minus` or 1."""
    eta_minus, eta_plus, _, smallest, largest = parameters
    # Signs first: the product of two gradients may overflow, or vanish.
    sign = np.sign(gradient)
    same = sign * state.sign
    factor = np.where(same > 0.0, eta_plus, np.where(same < 0.0, eta_minus, 1.0))
    size = np.minimum(np.maximum(factor * state.size, smallest), largest)  # eq-rprop
    sign = np.where(same < 0.0, 0.0, sign)
    return theta - sign * size, RpropState(size, sign)  # eq-rprop


rprop = Method("rprop", RpropParameters, start, step, "Riedmiller and Braun 1993", "steps by signs")
