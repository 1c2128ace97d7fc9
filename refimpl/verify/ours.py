"""This package as one more implementation under test.

``refimpl.verify.ours:binary64`` answers every operation and every replay. So does
``refimpl.verify.ours:binary32``. Without the compiler (``NUMBA_DISABLE_JIT=1``) its pieces, the
same text, compute in binary32 throughout, by `refimpl.verify.single`; but for Taylor polynomials,
which have binary32 at their doors only. Compiled, every array that is handed over is rounded to
binary32 and the pieces themselves compute in binary64, as a program does that stores single
precision: to the compiler each literal and each ``np.zeros`` of the text is binary64, so that a
piece given binary32 would widen it at once, or not compile.
"""

import importlib
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import scipy.special

from .. import __version__, _compile, summary, taylor
from . import python_side, single

MODULES = (
    *("regression", "online_pca", "qr_step", "repulsion", "cubic", "optimizers"),
    "optimizers.grouped_newton",
)
OURS = SimpleNamespace(
    **{
        name.rpartition(".")[2]: importlib.import_module(f"{single.PACKAGE}.{name}")
        for name in MODULES
    }
)


def pieces(modules):
    """The callables of these modules, under the names of the operations."""
    online_pca, qr_step, repulsion = modules.online_pca, modules.qr_step, modules.repulsion
    regression = modules.regression

    def with_state(piece):
        def call(state, **arguments):
            return piece(regression.State(**state), **arguments)

        return call

    return {
        "regression.start": regression.start,
        "regression.start_diagonal": regression.start_diagonal,
        "regression.update": with_state(regression.update),
        "regression.update_new_mean": with_state(regression.update_new_mean),
        "regression.slope": with_state(regression.slope),
        "regression.hessian": with_state(regression.hessian),
        "regression.symmetric_hessian": with_state(regression.symmetric_hessian),
        "regression.correlated_hessian": with_state(regression.correlated_hessian),
        "online_pca.oja": online_pca.oja,
        "online_pca.inject": online_pca.inject,
        "online_pca.orthonormalize": online_pca.orthonormalize,
        "online_pca.transport": online_pca.transport,
        "qr_step.qr_step": qr_step.qr_step,
        "qr_step.shifted_qr_step": qr_step.shifted_qr_step,
        "repulsion.newton": repulsion.newton,
        "repulsion.saddle_free": repulsion.saddle_free,
        "repulsion.row_sum_bound": repulsion.row_sum_bound,
        "cubic.minimize_cubic": modules.cubic.minimize_cubic,
    }


def summarize(function, data, theta, direction, groups, order, full):
    """The summary of a function of the laboratory, without the fields that were not asked for.

    Examples
    --------
    >>> found = summarize("rosenbrock", {}, np.ones(2), np.ones(2), [[0], [1]], 2, False)
    >>> list(found), found["gradient"]
    (['value', 'gradient', 'hessian'], array([0., 0.]))
    """
    made = python_side.laboratory()[function](theta.size, **data)
    text = _compile.readable(made.value.text)
    found = summary.summarize(
        lambda x: text(x, made.data), theta, direction, groups, order, full
    )._asdict()
    return {name: value for name, value in found.items() if value is not None}


def expand(function, x, direction, order):
    """Taylor coefficients of one of `ELEMENTARY` along a line.

    Examples
    --------
    >>> expand("exp", np.zeros(1), np.ones(1), 2)
    array([[1. ],
           [1. ],
           [0.5]])
    """
    return taylor.expand(ELEMENTARY[function], x, direction, order)


def _reversed(function):
    return lambda x: function(x, x[::-1])


def _square_of_matrix(x):
    A = x.reshape(2, 2)
    return (A @ A).ravel()


ELEMENTARY = {
    "product": _reversed(np.multiply),
    "quotient": _reversed(np.divide),
    "logaddexp": _reversed(np.logaddexp),
    "square_of_matrix": _square_of_matrix,
    "absolute": np.abs,
    "square": np.square,
    "cube": lambda x: x**3,
    "fifth": lambda x: x**5,
    "reciprocal": np.reciprocal,
    "inverse_square": lambda x: x**-2,
    "three_halves": lambda x: x**1.5,
    "self": lambda x: x**x,
    "half_power": lambda x: x**0.5,
    "cube_by_hand": lambda x: x * x * x,
    "relu": taylor.relu,
    "larger": _reversed(np.maximum),
    "where_positive": lambda x: np.where(x > 0.0, x * x, -x),
    "logistic": taylor.logistic,
    "softplus": taylor.softplus,
    "erf": scipy.special.erf,
} | {
    name: getattr(np, name)
    for name in (
        *("sqrt", "exp", "expm1", "exp2", "log", "log1p", "log2", "log10"),
        *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan"),
    )
}
PIECES = pieces(OURS) | {"summary.summarize": summarize, "taylor.expand": expand}


def replayed(method, number=float):
    """``(start, step)`` of a method, its hyperparameters as keyword arguments.

    A method that wants the product ``v -> H v`` gets that with the matrix of the stream. Floats
    among the hyperparameters are handed on as `number`.

    Examples
    --------
    >>> start, step = replayed(OURS.optimizers.METHODS["momentum"])
    >>> state = start(np.zeros(1), np.empty(0), alpha=0.1, gamma=0.5)
    >>> theta, state = step(state, np.ones(1), np.ones(1), alpha=0.1, gamma=0.5)
    >>> theta.round(12)
    array([0.95])
    """

    def bound(params):
        return handed(OURS.optimizers.bind(method, params), number=number)

    def start(theta, directions, **params):
        first = directions if directions.ndim == 2 else np.empty((0, theta.size), theta.dtype)
        return method.start(theta, first, bound(params))

    def step(state, theta, gradient, **params):
        return method.step(state, theta, gradient, bound(params))

    def step_with_hessian(state, theta, gradient, hessian, **params):
        curvature = hessian if method.curvature == "hessian" else lambda v: hessian @ v
        return method.step(state, theta, gradient, curvature, bound(params))

    return start, step_with_hessian if method.curvature else step


class WithoutGroups(NamedTuple):
    """A state of grouped Newton that is numbers and a word alone; groups are hyperparameters."""

    first: NamedTuple
    outcome: str
    rates: np.ndarray
    count: int


class Safeguarded(NamedTuple):
    """The same of the safeguarded method."""

    full: dict
    share: float


def as_fields(state):
    """A state of grouped Newton, and of what its options keep, as numbers and a word by name.

    Averages are those of summaries along the direction as it is. What an option that is off would
    keep is left out.
    """
    if hasattr(state, "full"):
        return Safeguarded(as_fields(state.full), state.share)
    outcome = state.outcome.replace(" ", "-")
    found = WithoutGroups(state.first, outcome, state.rates, state.count)._asdict()
    if state.averages is not None:
        found["averages"] = _as_it_is(state.averages)
    return found if state.plateau is None else found | {"plateau": state.plateau}


def _as_it_is(averages):
    """Averages by name, in the units of the direction."""
    exponents = np.where(averages.exponents < -(2**62), 0, averages.exponents)
    S = exponents.size
    gradient, hessian, third = np.split(averages.rows, [S, S + S * S], axis=1)
    return {
        "seen": averages.seen,
        "weight": averages.weight,
        "gradient": np.ldexp(gradient, exponents),
        "hessian": np.ldexp(hessian.reshape(-1, S, S), exponents[:, None] + exponents),
        "third": np.ldexp(third, 3 * exponents),
        "d_weight": averages.d_weight,
        "d": np.ldexp(averages.d, exponents),
    }


def _in_units(fields, template):
    """The averages of these fields, in the units of the direction."""
    rows = len(fields["gradient"])
    parts = [fields[name].reshape(rows, -1) for name in ("gradient", "hessian", "third")]
    known = np.any(parts[0] != 0.0, axis=0) | np.any(fields["hessian"] != 0.0, axis=(0, 1))
    return template._replace(
        **{name: fields[name] for name in ("weight", "d_weight", "d")},
        seen=int(fields["seen"]),
        rows=np.concatenate(parts, axis=1),
        exponents=np.where(known, 0, template.exponents),
    )


def from_fields(state, template):
    """The state of these fields."""
    if hasattr(state, "full"):
        full = from_fields(state.full, template.full)
        return template._replace(full=full, share=state.share)
    rest = {name: state[name] for name in ("first", "rates", "count")}
    template = template._replace(outcome=state["outcome"].replace("-", " "), **rest)
    if "averages" in state:
        template = template._replace(averages=_in_units(state["averages"], template.averages))
    return template._replace(plateau=state["plateau"]) if "plateau" in state else template


def sliced(method, module, number=float):
    """``(start, step)`` of a method that asks for summaries, as `replayed` gives those of others.

    The module is that of grouped Newton, which scales the parts of its direction by powers of two;
    what is handed out along the direction as it is, is scaled likewise, and loses no digit.
    """
    begin, _ = replayed(method, number)

    def start(theta, directions, **params):
        return as_fields(begin(theta, directions, **params))

    def step(state, theta, gradient, summary, value=None, **params):
        template = begin(theta, np.empty(0, theta.dtype), **params)
        state = from_fields(state, template)
        full = getattr(state, "full", state)
        parameters = handed(OURS.optimizers.bind(method, params), number=number)
        direction, _ = module.along(full.first, gradient, parameters)

        def summarized(theta, scaled, groups):
            found = summary(direction, [group.tolist() for group in groups])
            powers = [_power(scaled[group], direction[group]) for group in groups]
            return scaled_summary(found, np.array(powers))

        theta, state = method.step(
            state, theta, gradient, module.Slice(summarized, value), parameters
        )
        return theta, as_fields(state)

    return start, step


def _power(scaled, part):
    """The power of two by which a part of the direction has been scaled."""
    sizes = [np.frexp(np.abs(x).max())[1] for x in (scaled, part)]
    return int(sizes[0]) - int(sizes[1])


def scaled_summary(found, powers):
    """Derivatives along parts of a direction that are scaled by powers of two.

    Examples
    --------
    >>> found = {"gradient": np.ones(1), "hessian": np.ones((1, 1)), "third": np.ones(1)}
    >>> scaled_summary(found, np.array([1])).third
    array([8.])
    """
    g, H, third = (found[name] for name in ("gradient", "hessian", "third"))
    H = np.ldexp(H, powers[:, None] + powers)
    # Only a damping that watches the loss asks for its value.
    value = found.get("value", 0.0)
    return summary.Summary(value, np.ldexp(g, powers), H, np.ldexp(third, 3 * powers), None)


def replayable(method):
    """Whether a stream of gradients, Hessians and summaries is all that the method asks for.

    One that SciPy runs has no step of its own; the safeguarded one follows the loss itself.
    """
    return not method.solver and method.name != "grouped_newton_safeguarded"


def _implementation(modules, dtype, number=float, adapt=lambda call: call, door=lambda call: call):
    def method_of(method):
        if method.curvature == "slice":
            return tuple(map(adapt, sliced(method, modules.grouped_newton, number)))
        return tuple(map(adapt, replayed(method, number)))

    methods = [method for method in modules.optimizers.METHODS.values() if not method.solver]
    return {
        "name": "refimpl",
        "version": __version__,
        "dtype": dtype,
        "methods": {method.name: method_of(method) for method in methods},
        **{name: adapt(piece) for name, piece in pieces(modules).items()},
        # Of every precision the same: Taylor polynomials are NumPy's own arrays of binary64.
        "summary.summarize": door(summarize),
        "taylor.expand": door(expand),
    }


def binary64():
    """The pieces as they are."""
    return _implementation(OURS, "binary64")


def handed(value, dtype=None, number=float):
    """A copy of an argument or result: its arrays stored as `dtype`, its floats as `number`.

    Examples
    --------
    >>> handed({"mean_theta": np.array([0.1]), "weight": 1.0}, np.float32)
    {'mean_theta': array([0.1], dtype=float32), 'weight': 1.0}
    """
    if hasattr(value, "_fields"):
        return type(value)(*(handed(part, dtype, number) for part in value))
    if isinstance(value, dict):
        return {name: handed(part, dtype, number) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(handed(part, dtype, number) for part in value)
    if type(value) is float:
        return number(value)
    if dtype is not None and isinstance(value, np.ndarray) and value.dtype.kind == "f":
        # What binary32 cannot hold is infinite there, and said by the verdict.
        with np.errstate(over="ignore"):
            return value.astype(dtype)
    return value


def stored(call):
    """A callable that takes and gives binary32 and computes in binary64.

    Numbers by themselves stay: a program that computes in binary64 keeps them in its registers.
    """

    def narrow(*positional, **named):
        positional = handed(positional, np.float64)
        return handed(call(*positional, **handed(named, np.float64)), np.float32)

    return narrow


def computed(call):
    """A callable whose arguments are all binary32; what it then computes is its own affair."""

    def narrow(*positional, **named):
        positional = handed(positional, np.float32, np.float32)
        return call(*positional, **handed(named, np.float32, np.float32))

    return narrow


def binary32():
    """The same pieces in binary32; compiled, with binary32 at their doors only."""
    if _compile.JIT:
        return _implementation(OURS, "binary32", adapt=stored, door=stored)
    return _implementation(single.modules(*MODULES), "binary32", np.float32, computed, stored)
