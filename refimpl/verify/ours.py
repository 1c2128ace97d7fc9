"""This package as one more implementation under test.

``refimpl.verify.ours:binary64`` answers every operation and every replay. So does
``refimpl.verify.ours:binary32``, with every array that is handed over rounded to binary32: the
pieces themselves compute in binary64, as a program does that stores single precision.
"""

import numpy as np

from .. import __version__, online_pca, qr_step, regression, repulsion
from ..optimizers import METHODS, bind

# Left out: methods whose curvature is a function, which no stored stream can hold.
REPLAYED = [m for m in METHODS.values() if m.curvature in ("", "hessian") and not m.solver]


def _with_state(piece):
    """A piece of the regression, its state given as a dictionary."""

    def call(state, **arguments):
        return piece(regression.State(**state), **arguments)

    return call


PIECES = {
    "regression.start": regression.start,
    "regression.start_diagonal": regression.start_diagonal,
    "regression.update": _with_state(regression.update),
    "regression.update_new_mean": _with_state(regression.update_new_mean),
    "regression.slope": _with_state(regression.slope),
    "regression.hessian": _with_state(regression.hessian),
    "regression.symmetric_hessian": _with_state(regression.symmetric_hessian),
    "regression.correlated_hessian": _with_state(regression.correlated_hessian),
    "online_pca.oja": online_pca.oja,
    "online_pca.inject": online_pca.inject,
    "online_pca.orthonormalize": online_pca.orthonormalize,
    "online_pca.transport": online_pca.transport,
    "qr_step.qr_step": qr_step.qr_step,
    "qr_step.shifted_qr_step": qr_step.shifted_qr_step,
    "repulsion.newton": repulsion.newton,
    "repulsion.saddle_free": repulsion.saddle_free,
    "repulsion.row_sum_bound": repulsion.row_sum_bound,
}


def replayed(method):
    """``(start, step)`` of a method, its hyperparameters as keyword arguments.

    Examples
    --------
    >>> start, step = replayed(METHODS["momentum"])
    >>> state = start(np.zeros(1), np.empty(0), alpha=0.1, gamma=0.5)
    >>> theta, state = step(state, np.ones(1), np.ones(1), alpha=0.1, gamma=0.5)
    >>> theta.round(12)
    array([0.95])
    """

    def start(theta, directions, **params):
        first = directions if directions.ndim == 2 else np.empty((0, theta.size))
        return method.start(theta, first, bind(method, params))

    if method.curvature:

        def step(state, theta, gradient, hessian, **params):
            return method.step(state, theta, gradient, hessian, bind(method, params))

    else:

        def step(state, theta, gradient, **params):
            return method.step(state, theta, gradient, bind(method, params))

    return start, step


def binary64():
    """The pieces as they are."""
    return {
        "name": "refimpl",
        "version": __version__,
        "dtype": "binary64",
        "methods": {method.name: replayed(method) for method in REPLAYED},
        **PIECES,
    }


def handed(value, dtype):
    """A copy of an argument or result whose arrays have been stored as `dtype`.

    Numbers by themselves stay: a program that computes in binary64 keeps them in its registers.

    Examples
    --------
    >>> handed({"mean_theta": np.array([0.1])}, np.float32)
    {'mean_theta': array([0.1], dtype=float32)}
    """
    if hasattr(value, "_fields"):
        return type(value)(*(handed(part, dtype) for part in value))
    if isinstance(value, dict):
        return {name: handed(part, dtype) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(handed(part, dtype) for part in value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        # What binary32 cannot hold is infinite there, and said by the verdict.
        with np.errstate(over="ignore"):
            return value.astype(dtype)
    return value


def stored(call):
    """A callable that takes and gives binary32 and computes in binary64."""

    def single(*positional, **named):
        positional = handed(positional, np.float64)
        return handed(call(*positional, **handed(named, np.float64)), np.float32)

    return single


def binary32():
    """The same pieces, every array that is handed over rounded to binary32."""
    whole = binary64()
    methods = {name: tuple(map(stored, pair)) for name, pair in whole["methods"].items()}
    pieces = {name: stored(piece) for name, piece in PIECES.items()}
    return whole | pieces | {"dtype": "binary32", "methods": methods}
