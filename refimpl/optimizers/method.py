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
    "beta1": (0.0, True, 1.0, False),
    "beta2": (0.0, True, 1.0, False),
    "cut": (0.0, True, np.inf, False),
    "dimension": (1, True, np.inf, False),
    "div": (0.0, False, np.inf, False),
    "eps": (0.0, True, np.inf, False),
    "gamma": (0.0, False, 1.0, True),
}


class Method(NamedTuple):
    """An optimizer as its three parts and a few words.

    Attributes
    ----------
    name : str
    parameters : type
        A `NamedTuple` of the hyperparameters with their defaults. Its name, and that of the state,
        must be the method's own: numba takes two named tuples of one name and shape for one type.
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
        What the step needs besides the gradient: nothing, ``"hessian"`` (a matrix) or ``"product"``
        (a function ``v -> H v``). It comes before the parameters:
        ``step(state, theta, gradient, curvature, parameters)``.
    solver : str
        SciPy's name of a method that is run by SciPy; `start` and `step` are then None.
    lanes : module or None
        Of `refimpl.lanes`: `allocate`, `start` and `step` of the method for runs in lockstep.
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

    @property
    def defaults(self):
        """Hyperparameters and their defaults, as a dictionary."""
        return self.parameters()._asdict()


def check_range(owner, name, number):
    """Raise a `RangeError` unless the hyperparameter lies in its range."""
    low, low_in, high, high_in = RANGES[name]
    above = number >= low if low_in else number > low
    below = number <= high if high_in else number < high
    if not (above and below):
        interval = f"{'[' if low_in else '('}{low:g}, {high:g}{']' if high_in else ')'}"
        raise RangeError(f"{owner}: expected {name} in {interval}, got {number!r}")


def bind(method, hyperparameters):
    """The method's parameter tuple with these values, checked.

    Raises
    ------
    UnknownNameError, RangeError
    """
    defaults = method.defaults
    for name, number in hyperparameters.items():
        if name not in defaults:
            raise unknown(f"hyperparameter of {method.name}", name, defaults)
        # An integer is taken as such: 2.5 directions are an error, not two.
        integer = type(defaults[name]) is int
        try:
            defaults[name] = operator.index(number) if integer else float(number)
        except (TypeError, ValueError):
            what = "an integer" if integer else "a number"
            raise RangeError(f"{method.name}: expected {what} for {name}, got {number!r}") from None
        check_range(method.name, name, defaults[name])
    return method.parameters(**defaults)
