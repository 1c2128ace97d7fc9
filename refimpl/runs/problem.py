"""What is minimized: a function of the laboratory, or the user's own, as the driver needs it."""

import functools
import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .. import _compile
from .._compile.names import calls_itself
from .._numbers import real
from ..errors import (
    DtypeError,
    EvaluationError,
    GradientError,
    MissingDerivativeError,
    NotFiniteError,
    ShapeError,
    UnsupportedOperationError,
)
from ..functions.function import GRADIENT, NO_DATA, VALUE, Function
from ..optimizers.grouped_newton import Slice
from ..summary import Summary

# Share of the largest entry by which the halves of a user's Hessian may differ.
SYMMETRIC = 1e-6
CANNOT = (
    "the method runs fun on Taylor polynomials in place of arrays, and cannot: write it in NumPy's "
    "functions, and if it returns a gradient too, give jac as a function of its own"
)


class Problem(NamedTuple):
    """Value and gradient of ``(x, data)``.

    `compiled` tells that they can be called by address, so that the driver runs compiled; otherwise
    they are the user's Python functions and the driver runs as plain Python.
    """

    value: Callable
    gradient: Callable
    data: np.ndarray
    compiled: bool
    records: np.ndarray = np.empty((0, 1))  # (n, record) of a function that is a mean over records
    hessian: Callable | None = None  # x -> (D, D)
    product: Callable | None = None  # x -> (v -> H v)
    slice: Slice | None = None
    own_summary: bool = False  # the user's, with slopes of its own: see `own_slice`

    def check_curvature(self, method):
        """Raise a `MissingDerivativeError` if the method needs what is not there."""
        if method.curvature and getattr(self, method.curvature) is None:
            what = "hess" if method.curvature == "hessian" else "hess or hessp"
            raise MissingDerivativeError(f"{method.name} needs curvature: give {what}")

    def from_python(self):
        """The same for a driver in plain Python, what its functions raise named there too."""
        if not self.compiled:
            return self
        return self._replace(
            value=_guarded(self.value, "fun", ()),
            gradient=_guarded(self.gradient, "jac", ()),
            compiled=False,
        )


def _number(found):
    """A float of what a function returned as its value: a number, or an array of one."""
    if isinstance(found, np.complexfloating) or not np.isscalar(found):
        found = real(found, "a value").item()
    return float(found)


def _is_compiled(f):
    return _compile.JIT and hasattr(f, "py_func")


def _callable(f):
    """A user's function; its plain text, where code that numba kept of it would crash."""
    recursive = _is_compiled(f) and calls_itself(f.py_func)
    return _compile.readable(f) if recursive else f


def _own(fun, jac):
    """The problem of a user's compiled ``f(x)``; None if they return no float, or no vector."""
    kernels = _own_value(fun), _own_gradient(jac)
    return None if None in kernels else Problem(*kernels, NO_DATA, compiled=True)


# A few are kept, so that nothing is compiled twice. A weak reference would keep all of them: what
# is kept of a function calls it, and no collector sees through numba's objects.
@functools.lru_cache(maxsize=64)
def _own_value(fun):
    # A copy, since a function that writes into its argument must not move the run.
    return _kernel(lambda x, data: fun(x.copy()), VALUE)


@functools.lru_cache(maxsize=64)
def _own_gradient(jac):
    return _kernel(lambda x, data: np.ascontiguousarray(jac(x.copy())), GRADIENT)


def _kernel(text, signature):
    """`text` compiled; None if it returns something else."""
    from numba.core.errors import NumbaError

    try:
        return _compile.with_signature(text, signature)
    except NumbaError:
        return None


def _guarded(f, what, args):
    """The user's function, whose exceptions become an `EvaluationError`."""

    def call(x, *more):
        try:
            # Copies, since a function that writes into its argument must not move the run.
            return f(x.copy(), *(one.copy() for one in more), *args)
        except Exception as error:
            raise EvaluationError(f"{what} raised {type(error).__name__}: {error}") from error

    return call


def _array(found, shape, what):
    try:
        found = real(found, f"a {what}")
    except DtypeError as error:
        raise GradientError(str(error)) from None
    if found.size == 1 and found.ndim < len(shape) == sum(shape):
        # In one dimension a number stands for an array of one, as in SciPy.
        found = found.reshape(shape)
    if found.shape != shape:
        raise GradientError(f"expected a {what} of shape {shape}, got {found.shape}")
    if not np.isfinite(found).all():
        raise GradientError(f"expected a finite {what}, got {found}")
    return found


def _parts(both):
    """Value and gradient of a function that returns the two, called once for both."""
    # The last position and what was returned there; each thread has its own.
    last = threading.local()

    def part(k):
        def call(x, *args):
            at, found = getattr(last, "seen", (None, {}))
            # Each part is taken once: a run that stays where it is asks for the next draw.
            if k not in found or not np.array_equal(at, x):
                at, found = last.seen = x.copy(), dict(enumerate(both(x, *args)))
            return found.pop(k)

        return call

    return part(0), part(1)


def _in_python(fun, jac, args):
    """The user's Python functions, checked at each call."""
    guarded_jac = _guarded(jac, "jac", args)

    def value(x, data):
        try:
            return _number(fun(x.copy(), *args))
        except OverflowError:
            # Python's own floats raise where arrays give infinity: the run has diverged.
            return np.inf
        except Exception as error:
            raise EvaluationError(f"fun raised {type(error).__name__}: {error}") from error

    def gradient(x, data):
        return _array(guarded_jac(x), x.shape, "gradient")

    return Problem(value, gradient, NO_DATA, compiled=False)


def _curvature(hess, hessp, args):
    """Hessian and Hessian-vector product from what the user gave of them."""
    hessian = product = None
    if callable(hess):
        guarded = _guarded(hess, "hess", args)

        def hessian(x):
            return _array(guarded(x), (x.size, x.size), "Hessian")

        def product(x):
            return hessian(x).__matmul__

    if callable(hessp):
        guarded_product = _guarded(hessp, "hessp", args)

        def product(x):
            return lambda v: _array(guarded_product(x, v), x.shape, "Hessian-vector product")

    return {"hessian": hessian, "product": product}


def _slice(loss, value):
    """The slice of a function that is given as ordinary Python, `loss`, and to be called, `value`.

    What rounding does to third derivatives is drawn anew at each place, and always alike: the same
    place has the same summary.
    """

    def summarize(theta, direction, groups):
        # Loaded where it is needed: a gradient method should not wait for it.
        from .. import summary

        try:
            found = summary.summarize(loss, theta, direction, groups)
            given = loss, theta, direction, groups, found.third
            noise = summary.third_noise(*given, np.random.default_rng(0))
        except Exception as error:
            # NumPy wraps what an array refused, as an assignment to one of its entries.
            for cause in (error, error.__cause__):
                if isinstance(cause, UnsupportedOperationError):
                    raise UnsupportedOperationError(f"{CANNOT}: {cause}") from error
            what = f"derivatives of fun: {type(error).__name__}: {error}"
            raise EvaluationError(what) from error
        return found._replace(third=summary.without_noise(found.third, noise))

    return Slice(summarize, value)


def own_slice(summary, value=None):
    """The slice of a user's own summary, checked at each call; the contract is in `minimize`.

    Raises
    ------
    TypeError
        If it cannot be called.
    """
    if not callable(summary):
        raise TypeError(f"expected summary as a callable, got {summary!r}")

    def summarize(theta, direction, groups):
        try:
            found = summary(theta.copy(), direction.copy(), [index.copy() for index in groups])
        except Exception as error:
            raise EvaluationError(f"summary raised {type(error).__name__}: {error}") from error
        S = len(groups)
        parts = {"gradient": (S,), "hessian": (S, S), "third": (S,)}
        for name, shape in parts.items():
            if getattr(found, name, None) is None:
                raise EvaluationError(f"expected summary to return {name} {shape}, got none")
            part = real(getattr(found, name), f"{name} of a summary")
            if part.shape != shape or not np.isfinite(part).all():
                what = "NaN or infinity" if part.shape == shape else f"shape {part.shape}"
                raise EvaluationError(f"expected {name} of a summary finite, {shape}, got {what}")
            parts[name] = part
        H = parts["hessian"]
        if np.abs(H - H.T).max() > SYMMETRIC * np.abs(H).max():
            raise EvaluationError("expected hessian of a summary symmetric; use (H + H.T) / 2")
        # The halves may differ in the last bits.
        parts["hessian"] = 0.5 * (H + H.T)
        loss = getattr(found, "value", None)
        loss = None if loss is None else _number(loss)
        if loss is not None and not np.isfinite(loss):
            raise EvaluationError("expected value of a summary finite, got NaN or infinity")
        return Summary(loss, tensor=None, **parts)

    return Slice(summarize, value)


def with_summary(problem, method, summary):
    """The problem with a user's own summary.

    Raises
    ------
    UnsupportedOperationError
        For a method that asks for none.
    """
    asks_for_summaries(method)
    value = problem.from_python().value
    own = own_slice(summary, lambda x: value(x, problem.data))
    return problem._replace(slice=own, own_summary=True)


def asks_for_summaries(method):
    """Raise an `UnsupportedOperationError` unless the method is one of the grouped ones."""
    if method.curvature != "slice":
        raise UnsupportedOperationError(
            f"{method.name} asks for no summary; leave it out, or take grouped_newton"
        )


def as_problem(fun, jac=None, args=(), hess=None, hessp=None):
    """The problem behind `fun` and its derivatives, whatever form they have.

    Parameters
    ----------
    fun : Function or callable
        Of the laboratory; or ``fun(x, *args) -> float``, plain Python or compiled by numba.
    jac : callable or True, optional
        ``jac(x, *args) -> array (D,)``; True: `fun` returns value and gradient together. Not needed
        with a function of the laboratory.
    hess : callable, optional
        ``hess(x, *args) -> array (D, D)``.
    hessp : callable, optional
        ``hessp(x, v, *args) -> array (D,)``.

    Raises
    ------
    MissingDerivativeError, TypeError
    """
    # As SciPy takes them.
    args = args if isinstance(args, tuple) else (args,)
    curvature = _curvature(hess, hessp, args)
    if isinstance(fun, Function) and jac is None:
        if args:
            raise TypeError(f"{fun.name}: expected no args, which it cannot take, got {args!r}")
        if hess is None and hessp is None:
            curvature = _curvature(fun.hessian, None, ())
        problem = Problem(fun.value.kernel, fun.gradient.kernel, fun.data, compiled=_compile.JIT)
        text = _compile.readable(fun.value.text)
        along = _slice(lambda x: text(x, fun.data), lambda x: problem.value(x, fun.data))
        return problem._replace(records=fun.records, slice=along, **curvature)
    if not callable(fun):
        raise TypeError(f"expected a function of the laboratory or a callable, got {fun!r}")
    fun, jac = _callable(fun), _callable(jac)
    if jac is True:
        problem = _in_python(*_parts(fun), args)
    elif not callable(jac):
        raise MissingDerivativeError(
            "the methods learn from gradients: give jac, a function x -> array of shape (D,), "
            "or jac=True if fun returns (value, gradient)"
        )
    else:
        own = _is_compiled(fun) and _is_compiled(jac) and not args
        # Called from Python, what compiled functions return is checked.
        problem = (_own(fun, jac) if own else None) or _in_python(fun, jac, args)
    text, value = _compile.readable(fun), problem.from_python().value
    along = _slice(
        (lambda x: text(x, *args)[0]) if jac is True else (lambda x: text(x, *args)),
        lambda x: value(x, NO_DATA),
    )
    return problem._replace(slice=along, **curvature)


def as_position(x0, dimension=None):
    """A start as a float64 array of shape (D,), checked.

    Raises
    ------
    ShapeError, NotFiniteError, DtypeError
    """
    x0 = real(x0, "a start")
    if x0.ndim != 1 or x0.size == 0:
        raise ShapeError(f"expected a start of shape (D,) with D >= 1, got {x0.shape}")
    if dimension is not None and x0.size != dimension:
        raise ShapeError(f"expected a start of shape ({dimension},), got {x0.shape}")
    if not np.isfinite(x0).all():
        raise NotFiniteError(f"expected a finite start, got {x0}")
    return x0
