"""What is minimized: a function of the laboratory, or the user's own, as the driver needs it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .. import _compile, functions
from ..errors import (
    EvaluationError,
    GradientError,
    MissingDerivativeError,
    NotFiniteError,
    ShapeError,
)
from ..functions.function import GRADIENT, NO_DATA, VALUE, Function


class Problem(NamedTuple):
    """Value and gradient of ``(x, data)``.

    `compiled` tells that they can be called by address, so that the driver runs compiled; otherwise
    they are the user's Python functions and the driver runs as plain Python.
    """

    value: Callable
    gradient: Callable
    data: np.ndarray
    compiled: bool


def _is_compiled(f):
    return _compile.JIT and hasattr(f, "py_func")


def _own(f, signature):
    """A user's compiled ``f(x)`` as a compiled ``f(x, data)`` with an address."""

    def with_data(x, data):
        return f(x)

    return _compile.with_signature(with_data, signature)


def _in_python(fun, jac, args):
    """The user's Python functions, checked at each call."""

    def value(x, data):
        try:
            return float(fun(x.copy(), *args))
        except OverflowError:
            return np.inf
        except StopIteration:
            raise
        except Exception as error:
            raise EvaluationError(f"the function raised {type(error).__name__}: {error}") from error

    def gradient(x, data):
        try:
            g = jac(x.copy(), *args)
        except Exception as error:
            raise EvaluationError(f"the gradient raised {type(error).__name__}: {error}") from error
        try:
            g = np.array(g, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise GradientError(f"expected a gradient of {x.size} numbers, got {g!r}") from error
        if g.shape != x.shape:
            raise GradientError(f"expected a gradient of shape {x.shape}, got {g.shape}")
        return g

    return Problem(value, gradient, NO_DATA, compiled=False)


def as_problem(fun, jac=None, args=()):
    """The problem behind `fun` and `jac`, whatever form they have.

    Parameters
    ----------
    fun : Function, str or callable
        Of the laboratory, by object or name; or ``fun(x, *args) -> float``, plain Python or
        compiled by numba.
    jac : callable or True, optional
        ``jac(x, *args) -> array (D,)``; True: `fun` returns value and gradient together. Not needed
        with a function of the laboratory.

    Raises
    ------
    MissingDerivativeError, UnknownNameError
    """
    if isinstance(fun, str):
        fun = functions.get(fun)
    if isinstance(fun, Function) and jac is None:
        return Problem(fun.value.kernel, fun.gradient.kernel, fun.data, compiled=_compile.JIT)
    if not callable(fun):
        raise TypeError(f"expected a function of the laboratory or a callable, got {fun!r}")
    if jac is True:
        both = fun
        return _in_python(lambda x, *a: both(x, *a)[0], lambda x, *a: both(x, *a)[1], args)
    if not callable(jac):
        raise MissingDerivativeError(
            "the methods learn from gradients: give jac, a function x -> array of shape (D,), "
            "or jac=True if fun returns (value, gradient)"
        )
    if _is_compiled(fun) and _is_compiled(jac) and not args:
        return Problem(_own(fun, VALUE), _own(jac, GRADIENT), NO_DATA, compiled=True)
    return _in_python(fun, jac, args)


def as_position(x0, dimension=None):
    """A start as a float64 array of shape (D,), checked.

    Raises
    ------
    ShapeError, NotFiniteError
    """
    x0 = np.array(x0, dtype=np.float64)
    if x0.ndim != 1 or x0.size == 0:
        raise ShapeError(f"expected a start of shape (D,) with D >= 1, got {x0.shape}")
    if dimension is not None and x0.size != dimension:
        raise ShapeError(f"expected a start of shape ({dimension},), got {x0.shape}")
    if not np.isfinite(x0).all():
        raise NotFiniteError(f"expected a finite start, got {x0}")
    return x0
