"""What a method is: its hyperparameters, its start and its step."""

import operator
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import numpy as np

from ..errors import RangeError, unknown

# Name -> (smallest, is it allowed itself, largest, is it allowed itself); the words of a message.
RANGES = {
    "alpha": (0.0, True, np.inf, False),
    "beta": (0.0, False, 1.0, True),
    "beta_d": (0.0, True, 1.0, True),
    "beta_late": (0.0, False, 1.0, True),
    "beta1": (0.0, True, 1.0, False),
    "beta2": (0.0, True, 1.0, False),
    "cut": (0.0, True, np.inf, False),
    "damping": (0.0, False, 1.0, True),
    "decay_steps": (0, True, np.inf, False),
    "decay_to": (0.0, False, 1.0, True),
    "dimension": (1, True, np.inf, False),
    "div": (0.0, False, np.inf, False),
    "eps": (0.0, True, np.inf, False),
    "eps_g": (0.0, True, np.inf, False),
    "eta": (0.0, True, np.inf, False),
    "eta_minus": (0.0, False, 1.0, False),
    "eta_plus": (1.0, True, np.inf, False),
    "first": (0.0, False, np.inf, False),
    "gamma": (0.0, False, 1.0, True),
    "groups": (1, True, np.inf, False),
    "jump": (1.0, True, np.inf, True),
    "largest": (0.0, False, np.inf, True),
    "longest": (0.0, False, np.inf, True),
    "max_alpha": (0.0, True, np.inf, True),
    "patience": (0.0, False, np.inf, True),
    "period": (1, True, np.inf, False),
    "plateau": (0, True, np.inf, False),
    "plateau_factor": (0.0, False, 1.0, False),
    "plateau_fall": (0.0, True, 1.0, False),
    "prior": (0.0, True, np.inf, False),
    "reach": (0.0, False, np.inf, True),
    "ridge": (0.0, True, np.inf, False),
    "settle": (0.0, False, np.inf, True),
    "smallest": (0.0, True, np.inf, False),
    "smoothing": (0.0, True, 1.0, False),
    "strength": (0.0, False, np.inf, False),
    "turn": (0.0, True, np.inf, False),
    "w": (0.0, True, 1.0, True),
    "warmup": (0, True, np.inf, False),
    "window": (1, True, np.inf, False),
}
# Name -> the words it may be.
WORDS = {"direction": ("gradient", "momentum", "adam"), "model": ("cubic", "plain")}


class Method(NamedTuple):
    """An optimizer as its three parts and a few words.

    Attributes
    ----------
    name : str
    parameters : type
        A `NamedTuple` of the hyperparameters with their defaults. Its name, and that of a state of
        the method's own, must not be used twice: numba takes two named tuples of one name and shape
        for one type.
    start : callable
        ``start(theta, directions, parameters) -> state``, compiled.
    step : callable
        ``step(state, theta, gradient, parameters) -> (theta, state)``, compiled.
    source : str
    summary : str
        One line.
    directions : bool
        Whether the start takes first directions, `dimension` of them, drawn before the noise.
    curvature : str
        What the step needs besides the gradient: nothing, ``"hessian"`` (a matrix), ``"product"``
        (a function ``v -> H v``) or ``"slice"`` (a ``grouped_newton.Slice``, the loss along a few
        directions). It comes before the parameters:
        ``step(state, theta, gradient, curvature, parameters)``.
    solver : str
        SciPy's name of a method that is run by SciPy; `start` and `step` are then None.
    lanes : module or None
        Of `refimpl.lanes`: `allocate`, `start` and `step` of the method for runs in lockstep.
    check : callable or None
        ``check(parameters, D=None, steps=None)`` raises where hyperparameters, each in its range,
        do not fit each other, the dimension, or the number of steps, as far as these are known.
    """

    name: str
    parameters: type
    start: Callable
    step: Callable
    source: str
    summary: str
    directions: bool = False
    curvature: str = ""
    solver: str = ""
    lanes: ModuleType | None = None
    check: Callable | None = None

    def __reduce__(self):
        # By name, where every process has it: compiled functions and modules are no data.
        from . import METHODS, get

        if METHODS.get(self.name) is self:
            return get, (self.name,)
        return type(self), tuple(self)

    @property
    def defaults(self):
        """Hyperparameters and their defaults, as a dictionary."""
        return self.parameters()._asdict()


def check_range(owner, name, number):
    """Raise a `RangeError` unless the hyperparameter lies in its range."""
    # A method of one's own may have names that are not ours: they have no range.
    low, low_in, high, high_in = RANGES.get(name, (-np.inf, True, np.inf, True))
    above = number >= low if low_in else number > low
    below = number <= high if high_in else number < high
    if not (above and below):
        interval = f"{'[' if low_in else '('}{low:g}, {high:g}{']' if high_in else ')'}"
        raise RangeError(f"{owner}: expected {name} in {interval}, got {number!r}")


def _float(number):
    """A float; NumPy would cut a complex number short, with a warning."""
    if np.iscomplexobj(number):
        raise TypeError
    return float(number)


def _pair(number):
    """A pair of floats from one, or from a number that stands for both."""
    try:
        return _float(number), _float(number)
    except (TypeError, ValueError):
        first, second = number
        return _float(first), _float(second)


def _switch(value):
    """A bool, and nothing that merely counts as one."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError
    return bool(value)


def _groups(value):
    """A number of blocks, or a partition as tuples of integers, which can be kept and compared."""
    try:
        return operator.index(value)
    except TypeError:
        return tuple(tuple(map(operator.index, group)) for group in value)


# By name, else by the type of the default: how a value is read, and the words of a message. An
# integer is taken as such: 2.5 directions are an error, not two.
KINDS = {
    "groups": (_groups, "a number of blocks or lists of indices"),
    float: (_float, "a number"),
    int: (operator.index, "an integer"),
    bool: (_switch, "True or False"),
    str: (str, "a word"),
    tuple: (_pair, "a number or a pair of numbers"),
}


def bind(method, hyperparameters):
    """The method's parameter tuple with these values, checked.

    Raises
    ------
    UnknownNameError, RangeError
    """
    defaults = method.defaults
    for name, given in hyperparameters.items():
        if name not in defaults:
            raise unknown(f"hyperparameter of {method.name}", name, defaults)
        kind = type(defaults[name])
        read, what = KINDS.get(name) or KINDS[kind]
        try:
            defaults[name] = read(given)
        except (TypeError, ValueError, OverflowError):
            raise RangeError(f"{method.name}: expected {what} for {name}, got {given!r}") from None
        if kind is str:
            if defaults[name] not in WORDS.get(name, (defaults[name],)):
                raise unknown(f"{name} of {method.name}", given, WORDS[name])
        elif kind is not bool:
            # A partition is checked when the number of parameters is known.
            for number in defaults[name] if kind is tuple else (defaults[name],):
                if not isinstance(number, tuple):
                    check_range(method.name, name, number)
    parameters = method.parameters(**defaults)
    if method.check is not None:
        method.check(parameters)
    return parameters
