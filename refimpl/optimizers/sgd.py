"""Stochastic gradient descent: a step of fixed length against every noisy gradient.

Provenance: [robbins1951]_; a rival in Figure 7 of [D] [duda2019]_. No program is followed, and
nothing departs from the formula.
"""

from typing import NamedTuple

from .._compile.border import public
from .method import Method


class SGDParameters(NamedTuple):
    """`alpha`: learning rate, in theta-units / gradient-units."""

    alpha: float = 0.001


class SGDState(NamedTuple):
    """Nothing is remembered but the number of steps."""

    count: int


@public
def start(theta, directions, parameters):
    """The state before the first step."""
    return SGDState(count=0)


@public
def step(state, theta, gradient, parameters):
    """``theta -= alpha g``."""
    return theta - parameters.alpha * gradient, SGDState(count=state.count + 1)


sgd = Method(
    "sgd", SGDParameters, start, step, "Robbins and Monro 1951", "stochastic gradient descent"
)
