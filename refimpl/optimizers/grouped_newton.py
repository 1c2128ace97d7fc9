"""Grouped Newton: one learning rate for each group of parameters, from derivatives of the loss.

A first-order method says where to go; the summary of the loss along the parts of that direction
says how far each group should. The rates are the minimiser of a cubic model, which sees how groups
act on each other and, by third derivatives, how far to believe the second.

Provenance: [W] [wolinski2023]_, its method with the cubic model, and its program (`GroupedNewton`,
package `grnewt`), which smooths rates by `mom_lrs` and drops negative ones by `remove_negative`:
here `smoothing` and `clip`, both off. It departs in `learning_rates`: the global minimiser is found
to rounding and certified, and third derivatives that are rounding count as 0.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._compile.border import from_python
from ..cubic import minimize_cubic
from ..summary import partitions
from .adam import adam
from .method import Method
from .momentum import momentum
from .sgd import sgd

DIRECTIONS = {"gradient": sgd, "momentum": momentum, "adam": adam}
NO_DIRECTION = "no direction"
LARGEST = np.finfo(np.float64).max


class Slice(NamedTuple):
    """The loss as the step needs it, a function of position; one for each minibatch in training.

    `summarize` is ``(theta, direction, groups) -> Summary``, to order 3 and with rounding noise of
    `third` made 0, as by `refimpl.summary.definition.without_noise`. Only the safeguarded method
    asks for the `value`, ``theta -> float``, which may be infinite or NaN.
    """

    summarize: Callable
    value: Callable


class GroupedNewtonParameters(NamedTuple):
    """`groups`: a number of blocks of consecutive parameters (where there are fewer, one for each
    parameter), or a list of index arrays that parts them.

    `strength`: of the third derivatives, the greater the shorter the steps; `damping`: share of the
    step; `period`: steps from one summary to the next. `direction`: ``"gradient"``, ``"momentum"``
    or ``"adam"``; `gamma` is of momentum, `beta1`, `beta2` and `eps` are of Adam. `smoothing`:
    weight of the old rates in a running mean; `clip`: make negative rates 0.
    """

    groups: int = 4
    strength: float = 1.0
    damping: float = 1.0
    period: int = 1
    direction: str = "gradient"
    smoothing: float = 0.0
    clip: bool = False
    gamma: float = momentum.defaults["gamma"]
    beta1: float = adam.defaults["beta1"]
    beta2: float = adam.defaults["beta2"]
    eps: float = adam.defaults["eps"]


class GroupedNewtonState(NamedTuple):
    """`outcome` is that of the last summary: of `CubicMinimum`, or ``"no direction"``.

    A rate is 0 where a group had no direction, and all are where there is no minimum.
    """

    count: int
    groups: tuple  # of index arrays
    rates: np.ndarray  # (S,), theta-units / units of the direction
    outcome: str
    first: NamedTuple  # of the first-order method


def partition(groups, D):
    """The groups as a tuple of index arrays, from the hyperparameter.

    Raises
    ------
    PartitionError, ShapeError, DtypeError

    Examples
    --------
    >>> partition(2, 3)
    (array([0, 1]), array([2]))
    """
    if isinstance(groups, int | np.integer):
        return tuple(np.array_split(np.arange(D), min(groups, D)))
    return tuple(partitions.check(groups, D))


@from_python
def start(theta: np.ndarray, directions, parameters):
    """The state before the first step: the groups, no rates."""
    groups = partition(parameters.groups, theta.size)
    method, own = first_order(parameters)
    first = method.start(theta, directions, own)
    return GroupedNewtonState(0, groups, np.zeros(len(groups)), "", first)


@from_python
def step(state, theta: np.ndarray, gradient: np.ndarray, curvature, parameters):
    """``theta_s -= damping eta_s u_s`` with `curvature` a `Slice`.

    Book: {eq}`eq-grouped-step`. Plain Python, since the slice is.
    """
    direction, first = along(state.first, gradient, parameters)
    rates, outcome = state.rates, state.outcome
    if state.count % parameters.period == 0:
        found, outcome = learning_rates(curvature, theta, direction, state.groups, parameters)
        rates = smoothed(rates, found, parameters.smoothing)
    theta = theta.copy()
    for rate, index in zip(rates, state.groups, strict=True):
        theta[index] -= parameters.damping * rate * direction[index]
    return theta, GroupedNewtonState(state.count + 1, state.groups, rates, outcome, first)


def first_order(parameters):
    """The method that gives the direction, and its hyperparameters."""
    method = DIRECTIONS[parameters.direction]
    own = set(method.defaults) - {"alpha"}
    return method, method.parameters(alpha=1.0, **{name: getattr(parameters, name) for name in own})


def along(state, gradient, parameters):
    """The direction, which is what the first-order method subtracts at learning rate 1."""
    method, own = first_order(parameters)
    end, state = method.step(state, np.zeros(gradient.size), gradient, own)
    return 0.0 - end, state


def learning_rates(curvature, theta, direction, groups, parameters):
    """Rates (S,) that minimise the cubic model, and its outcome.

    Book: {eq}`eq-summary`, {eq}`eq-cubic`. Each part of the direction is scaled by a power of two
    to a size near 1, so that no cube under- or overflows; that changes no digit of the steps.
    """
    size = np.array([np.abs(direction[index]).max() for index in groups])
    live = np.flatnonzero(size)
    rates = np.zeros(len(groups))
    if live.size == 0:
        return rates, NO_DIRECTION
    exponents = np.frexp(size)[1]
    unit = np.zeros(direction.size)
    for index, exponent in zip(groups, exponents, strict=True):
        unit[index] = np.ldexp(direction[index], -exponent)
    _, g, H, third, _ = curvature.summarize(theta, unit, groups)
    d = np.cbrt(np.abs(third[live]))
    minimum = minimize_cubic(H[np.ix_(live, live)], g[live], d, parameters.strength)
    with np.errstate(over="ignore"):
        rates[live] = np.clip(np.ldexp(minimum.rates, -exponents[live]), -LARGEST, LARGEST)
    if parameters.clip:
        rates = np.maximum(rates, 0.0)
    return rates, minimum.outcome


def smoothed(old, new, smoothing):
    """The running mean of the rates, in which a rate of 0 does not count: it stands for none."""
    both = (old != 0.0) & (new != 0.0)
    return np.where(both, smoothing * old + (1.0 - smoothing) * new, new)


grouped_newton = Method(
    "grouped_newton",
    GroupedNewtonParameters,
    start,
    step,
    "[W]",
    "a rate for each group of parameters, by second and third derivatives",
    curvature="slice",
)
