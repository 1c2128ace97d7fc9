"""Stochastic gradient descent: a step of fixed length against every noisy gradient."""

from typing import NamedTuple

from .._compile import compiled
from .method import Method


class Parameters(NamedTuple):
    """`alpha`: learning rate, in theta-units / gradient-units."""

    alpha: float = 0.001


class State(NamedTuple):
    """Nothing is remembered but the number of steps."""

    count: int


@compiled
def start(theta, directions, parameters):
    """The state before the first step."""
    return State(count=0)


@compiled
def step(state, theta, gradient, parameters):
    """``theta -= alpha g``."""
    return theta - parameters.alpha * gradient, State(count=state.count + 1)


sgd = Method(
    "sgd", Parameters, start, step, "Robbins and Monro 1951", "stochastic gradient descent"
)
