"""Grouped Newton: one learning rate for each group of parameters, from derivatives of the loss.

A first-order method says where to go; the summary of the loss along the parts of that direction
says how far each group should. The rates are the minimiser of a cubic model, which sees how groups
act on each other and, by third derivatives, how far to believe the second.

Provenance: [W] [wolinski2023]_, its method with the cubic model, and its program (`GroupedNewton`,
package `grnewt`). Of the program's options are here, all of them off: `smoothing` (`mom_lrs`),
`clip` (`remove_negative`) and `keep_negative` (`maintain_true_lrs`), `beta` (`movavg`), `beta_d`
(`mom_order3_`), `window` and `warmup` (`uniform_avg`), ``model="plain"`` with a `ridge` (the same,
without its `nesterov`) or without (`noregul`), `diagonal`, `decay_to` (`damping_schedule`) and
`plateau` (`dmp_auto`). It departs in the solver: the global minimiser is found to rounding and
certified, and third derivatives that are rounding count as 0; a warm-up makes a summary at each
step, and a plateau is told from means of losses.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._compile.border import from_python
from ..cubic import minimize_cubic
from ..errors import RangeError
from ..linear_algebra.symmetric_eigen import EPS
from ..summary import partitions
from . import averages, damping
from .adam import adam
from .method import Method
from .momentum import momentum
from .sgd import sgd

DIRECTIONS = {"gradient": sgd, "momentum": momentum, "adam": adam}
NO_DIRECTION, WARM_UP, PLAIN, SINGULAR = "no direction", "warm up", "plain", "singular"
# In which rows and columns are brought to like units; each halves what is left of the exponents.
ROUNDS = 16
LARGEST = np.finfo(np.float64).max


class Slice(NamedTuple):
    """The loss as the step needs it, a function of position; one for each minibatch in training.

    `summarize` is ``(theta, direction, groups) -> Summary``, to order 3 and with rounding noise of
    `third` made 0, as by `refimpl.summary.definition.without_noise`. It need not be of the records
    that the gradient is of. Only the safeguarded method asks for the `value`, ``theta -> float``,
    which may be infinite or NaN.
    """

    summarize: Callable
    value: Callable


class GroupedNewtonParameters(NamedTuple):
    """`groups`: a number of blocks of consecutive parameters (where there are fewer, one for each
    parameter), or a list of index arrays that parts them.

    `strength`: of the third derivatives, the greater the shorter the steps; `damping`: share of the
    step; `period`: steps from one summary to the next. `direction`: ``"gradient"``, ``"momentum"``
    or ``"adam"``; `gamma` is of momentum, `beta1`, `beta2` and `eps` are of Adam. `smoothing`:
    weight of the old rates in a running mean; `clip`: make negative rates 0; `keep_negative`: in
    the step alone, so that the running mean keeps them.

    Averages of summaries: `beta`, weight of the newest (1: no other counts), or `window`, so many
    with equal weights; `beta_d`, weight of the newest in an average of ``|T|^(1/3)`` that takes the
    place of the root of the averaged `T` (0: there is none); `warmup`, first steps in which
    summaries are averaged and nothing moves.

    `model`: ``"cubic"``, or ``"plain"`` for the solution of ``(H + ridge I) eta = g``, a minimum or
    not; `ridge` has the unit of `H`. `diagonal`: no group sees another.

    `decay_steps`: moving steps in which the damping falls geometrically to `decay_to` (0: it does
    not). `plateau`: so many summaries of moving steps have their losses averaged and compared, then
    the next as many (0: none); where the mean is not lower than the best so far by the share
    `plateau_fall` of it, the damping is multiplied by `plateau_factor`.
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
    beta: float = 1.0
    beta_d: float = 0.0
    window: int = 1
    warmup: int = 0
    model: str = "cubic"
    ridge: float = 0.0
    diagonal: bool = False
    keep_negative: bool = False
    decay_steps: int = 0
    decay_to: float = 1.0
    plateau: int = 0
    plateau_fall: float = 0.1
    plateau_factor: float = 0.9


class GroupedNewtonState(NamedTuple):
    """`outcome` is that of the last summary: of `CubicMinimum`, ``"plain"`` or ``"singular"``,
    ``"warm up"`` before the first step that moves, or ``"no direction"``.

    A rate is 0 where a group has no direction, with averages where it has had none yet, and all
    are where there is no minimum.
    """

    count: int
    groups: tuple  # of index arrays
    rates: np.ndarray  # (S,), theta-units / units of the direction
    outcome: str
    first: NamedTuple  # of the first-order method
    averages: tuple | None = None  # of summaries, where there are any
    plateau: tuple | None = None  # of losses, where it is looked for


class Chosen(NamedTuple):
    """Rates with their outcome, and what was seen on the way."""

    rates: np.ndarray  # (S,)
    outcome: str
    averages: tuple | None
    value: float | None  # the loss, if the summary has it


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


def check(parameters, D=None, steps=None):
    """Whether hyperparameters fit each other, the number of parameters and that of the steps.

    Raises
    ------
    RangeError, PartitionError, ShapeError, DtypeError
    """
    p, off = parameters, GroupedNewtonParameters()
    averaged = averages.remembers(p)
    watched = (p.plateau_fall, p.plateau_factor) != (off.plateau_fall, off.plateau_factor)
    for wrong, what in (
        (p.window > 1 and p.beta < 1.0, "window and beta are two averages of one thing; take one"),
        (p.warmup and not averaged, "warmup needs an average: a window, beta or beta_d"),
        (p.ridge and p.model == "cubic", 'ridge stands in place of the cubic term: model="plain"'),
        (p.beta_d and p.model == "plain", "beta_d is of the cubic term; the plain model has none"),
        (p.strength != off.strength and p.model == "plain", "strength is of the cubic term too"),
        (p.keep_negative and not p.clip, "keep_negative says what clip keeps: set clip too"),
        (
            p.keep_negative and not p.smoothing,
            "keep_negative is of the running mean: smoothing > 0",
        ),
        (p.decay_to != 1.0 and not p.decay_steps, "decay_to needs decay_steps above 0"),
        (p.decay_steps and p.decay_to >= p.damping, "decay_to must lie below damping"),
        (watched and not p.plateau, "plateau_fall and plateau_factor need plateau above 0"),
        (p.decay_steps and p.plateau, "decay_steps and plateau are two rules of one damping"),
    ):
        if wrong:
            raise RangeError(f"grouped_newton: {what}")
    if D is not None:
        partition(p.groups, D)
    if steps is not None:
        moving = -(-max(steps - p.warmup, 0) // p.period)
        summaries = min(p.warmup, steps) + moving
        for name, number, most in (
            ("window", p.window, summaries),
            # The first look has nothing to compare with.
            ("plateau", p.plateau, moving // 2),
            ("warmup", p.warmup, steps - 1),
        ):
            if number > most:
                raise RangeError(
                    f"grouped_newton: expected {name} <= {most}, got {number}: the run has {steps} "
                    f"steps and {summaries} summaries"
                )


@from_python
def start(theta: np.ndarray, directions, parameters):
    """The state before the first step: the groups, no rates."""
    groups = partition(parameters.groups, theta.size)
    method, own = first_order(parameters)
    first, S = method.start(theta, directions, own), len(groups)
    remembered = averages.start(S, parameters), damping.start(parameters)
    return GroupedNewtonState(0, groups, np.zeros(S), "", first, *remembered)


@from_python
def step(state, theta: np.ndarray, gradient: np.ndarray, curvature, parameters):
    """``theta_s -= damping eta_s u_s`` with `curvature` a `Slice`.

    Book: {eq}`eq-grouped-step`. Plain Python, since the slice is.
    """
    count, groups, rates, outcome, first, remembered, plateau = state
    direction, first = along(first, gradient, parameters)
    moving = count - parameters.warmup
    if moving < 0 or moving % parameters.period == 0:
        found = learning_rates(remembered, curvature, theta, direction, groups, parameters)
        outcome, remembered = found.outcome, found.averages
        if moving < 0:
            outcome = WARM_UP
        else:
            rates = smoothed(rates, found.rates, parameters.smoothing)
            if found.outcome != NO_DIRECTION:
                plateau = damping.watched(plateau, found.value, parameters)
    theta = theta.copy()
    share = damping.share(max(moving, 0), plateau, parameters)
    for rate, index in zip(positive(rates) if parameters.clip else rates, groups, strict=True):
        theta[index] -= share * rate * direction[index]
    return theta, GroupedNewtonState(count + 1, groups, rates, outcome, first, remembered, plateau)


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


def learning_rates(remembered, curvature, theta, direction, groups, parameters):
    """Rates that minimise the model of the averaged summaries, as `Chosen`.

    Book: {eq}`eq-summary`, {eq}`eq-cubic`. Each part of the direction is scaled by a power of two
    to a size near 1, with averages that of its first direction, so that cubes neither under- nor
    overflow; that changes no digit of the steps.
    """
    size = np.array([np.abs(direction[index]).max() for index in groups])
    rates = np.zeros(len(groups))
    if not size.any():
        return Chosen(rates, NO_DIRECTION, remembered, None)
    exponents = averages.units(remembered, size)
    unit = np.zeros(direction.size)
    for index, exponent in zip(groups, exponents, strict=True):
        unit[index] = np.ldexp(direction[index], -exponent)
    found = curvature.summarize(theta, unit, groups)
    remembered, model = averages.take_in(remembered, found, size, parameters)
    live = np.flatnonzero(size if remembered is None else remembered.exponents != averages.NO_UNIT)
    g, H, d = model.gradient[live], model.hessian[np.ix_(live, live)], model.d[live]
    if parameters.diagonal:
        H = np.diag(np.diag(H))
    if parameters.model == "plain":
        with np.errstate(over="ignore"):
            ridge = np.minimum(np.ldexp(parameters.ridge, -2 * exponents[live]), LARGEST)
        best, outcome = plain(H, g, ridge)
    else:
        minimum = minimize_cubic(H, g, d, parameters.strength)
        best, outcome = minimum.rates, minimum.outcome
    with np.errstate(over="ignore"):
        rates[live] = np.clip(np.ldexp(best, -exponents[live]), -LARGEST, LARGEST)
    if parameters.clip and not parameters.keep_negative:
        rates = positive(rates)
    return Chosen(rates, outcome, remembered, found.value)


def plain(H, g, ridge):
    """The stationary point of the quadratic model with a ridge, and its outcome.

    No step where the matrix, rows and columns in like units, is singular to rounding.
    """
    A = H + np.diag(ridge)
    unit = np.ones(g.size)
    for _ in range(ROUNDS):
        size = np.abs(unit[:, None] * A * unit).max(axis=1)
        if not size.all():
            return np.zeros(g.size), SINGULAR
        powers = np.round(0.5 * np.log2(size))
        unit *= np.exp2(-powers)
        if not powers.any():
            break
    scaled = unit[:, None] * A * unit
    if not 8.0 * EPS * g.size * np.linalg.cond(scaled) < 1.0:
        return np.zeros(g.size), SINGULAR
    return unit * np.linalg.solve(scaled, unit * g), PLAIN


def positive(rates):
    """Negative rates as 0."""
    return np.maximum(rates, 0.0)


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
    check=check,
)
