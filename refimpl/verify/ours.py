"""This package as one more implementation under test.

``refimpl.verify.ours:binary64`` answers every operation and every replay. So does
``refimpl.verify.ours:binary32``. Without the compiler (``NUMBA_DISABLE_JIT=1``) its pieces, the
same text, compute in binary32 throughout, by `refimpl.verify.single`. Compiled, every array that is
handed over is rounded to binary32 and the pieces themselves compute in binary64, as a program does
that stores single precision: to the compiler each literal and each ``np.zeros`` of the text is
binary64, so that a piece given binary32 would widen it at once, or not compile.
"""

from types import SimpleNamespace

import numpy as np

from .. import __version__, _compile, cubic, online_pca, optimizers, qr_step, regression, repulsion
from . import single

MODULES = ("regression", "online_pca", "qr_step", "repulsion", "cubic", "optimizers")
OURS = SimpleNamespace(
    regression=regression,
    online_pca=online_pca,
    qr_step=qr_step,
    repulsion=repulsion,
    cubic=cubic,
    optimizers=optimizers,
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


PIECES = pieces(OURS)


def replayed(method, number=float):
    """``(start, step)`` of a method, its hyperparameters as keyword arguments.

    A method that wants the product ``v -> H v`` gets that with the matrix of the stream. Floats
    among the hyperparameters are handed on as `number`.

    Examples
    --------
    >>> start, step = replayed(optimizers.METHODS["momentum"])
    >>> state = start(np.zeros(1), np.empty(0), alpha=0.1, gamma=0.5)
    >>> theta, state = step(state, np.ones(1), np.ones(1), alpha=0.1, gamma=0.5)
    >>> theta.round(12)
    array([0.95])
    """

    def bound(params):
        return handed(optimizers.bind(method, params), number=number)

    def start(theta, directions, **params):
        first = directions if directions.ndim == 2 else np.empty((0, theta.size), theta.dtype)
        return method.start(theta, first, bound(params))

    def step(state, theta, gradient, **params):
        return method.step(state, theta, gradient, bound(params))

    def step_with_hessian(state, theta, gradient, hessian, **params):
        curvature = hessian if method.curvature == "hessian" else lambda v: hessian @ v
        return method.step(state, theta, gradient, curvature, bound(params))

    return start, step_with_hessian if method.curvature else step


def replayable(method):
    """Whether a stream of gradients and Hessians is all that the method asks for.

    One that SciPy runs has no step of its own; one that follows the loss along slices needs more of
    it than can be stored.
    """
    return not method.solver and method.curvature != "slice"


def _implementation(modules, dtype, number=float, adapt=lambda call: call):
    methods = [method for method in modules.optimizers.METHODS.values() if replayable(method)]
    return {
        "name": "refimpl",
        "version": __version__,
        "dtype": dtype,
        "methods": {m.name: tuple(map(adapt, replayed(m, number))) for m in methods},
        **{name: adapt(piece) for name, piece in pieces(modules).items()},
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
        return _implementation(OURS, "binary32", adapt=stored)
    return _implementation(single.modules(*MODULES), "binary32", np.float32, computed)
