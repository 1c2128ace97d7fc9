"""Grouped Newton with a safeguard: a step is shortened until the loss has fallen.

Provenance: the step of [W] [wolinski2023]_, of which no test of acceptance is part. The departure
is all of `step` here: halving until the loss has fallen enough.
"""

from collections import namedtuple
from typing import NamedTuple

import numpy as np

from .._compile.border import from_python
from .grouped_newton import (
    GroupedNewtonParameters,
    GroupedNewtonState,
    check,
    grouped_newton,
)
from .method import Method

# Share of the fall promised by the slope that has to be seen, as is usual; and shares tried, the
# last of which changes no digit of what the step itself would change.
SUFFICIENT = 1e-4
HALVINGS = 60

# The same hyperparameters, whose defaults are in one place.
GroupedNewtonSafeguardedParameters = namedtuple(
    "GroupedNewtonSafeguardedParameters",
    GroupedNewtonParameters._fields,
    defaults=GroupedNewtonParameters(),
)


class GroupedNewtonSafeguardedState(NamedTuple):
    full: GroupedNewtonState
    share: float  # of the full step that was made; 0 if the loss fell nowhere along it
    evaluations: int  # of the loss, in the last step


@from_python
def start(theta: np.ndarray, directions, parameters):
    """The state of the plain method, and no step yet."""
    full = grouped_newton.start(theta, directions, parameters)
    return GroupedNewtonSafeguardedState(full, 0.0, 0)


@from_python
def step(state, theta: np.ndarray, gradient: np.ndarray, curvature, parameters):
    """The plain step, halved until ``L(theta - eta u) <= L(theta) - 1e-4 eta u.g``."""
    end, full = grouped_newton.step(state.full, theta, gradient, curvature, parameters)
    fall = max(0.0, (theta - end) @ gradient)
    share, evaluations = accepted(curvature.value, theta, end - theta, fall)
    if share < 1.0:
        end = theta + share * (end - theta)
    return end, GroupedNewtonSafeguardedState(full, share, evaluations)


def accepted(value, theta, move, fall):
    """The largest share 1, 1/2, 1/4, ... of a move at which the value is low enough, or 0.

    With the number of evaluations that it took.
    """
    if not move.any():
        return 0.0, 0
    with np.errstate(all="ignore"):
        before = value(theta)
        for halvings in range(HALVINGS):
            share = 0.5**halvings
            # False for a NaN too.
            if value(theta + share * move) <= before - SUFFICIENT * share * fall:
                return share, halvings + 2
    return 0.0, HALVINGS + 1


grouped_newton_safeguarded = Method(
    "grouped_newton_safeguarded",
    GroupedNewtonSafeguardedParameters,
    start,
    step,
    "[W], with a line search",
    "the same, its steps shortened until the loss falls",
    curvature="slice",
    check=check,
)
