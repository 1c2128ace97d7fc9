"""Whole steps of the methods over a stream of positions and gradients.

A method is written once, as a composition of parts, which come in the two kinds of `parts`. It is
a generator: it takes from the stream one step at a time, so that the stream may be stored or may
answer to the last position.
"""

import functools

import mpmath
import numpy as np
from mpmath import mpf

from . import grouped_newton
from .family import (
    cdogr,
    cdsogr,
    cfogr,
    csogr,
    dogr,
    dsogr,
    fogr,
    online_sfn,
    pogr,
    sogr,
)
from .neighbours import rprop, soap, sp_bfgs
from .ogr import ogr


def sgd(parts, p, start, directions, stream):
    """Gradient descent."""
    for count, pair in enumerate(stream, 1):
        yield {"count": mpf(count), "theta": pair["theta"] - p["alpha"] * pair["gradient"]}


def momentum(parts, p, start, directions, stream):
    """Descent along an average of the gradients."""
    mean = parts.mean(p["gamma"])
    for pair in stream:
        m = mean(pair["gradient"])
        yield {"momentum": m, "theta": pair["theta"] - p["alpha"] * m}


def adam(parts, p, start, directions, stream):
    """Adam as [D] prints it."""
    first, second = parts.mean(1 - p["beta1"]), parts.mean(1 - p["beta2"])
    powers = parts.power(p["beta1"]), parts.power(p["beta2"])
    for t, pair in enumerate(stream, 1):
        g = pair["gradient"]
        m, v = first(g), second(g * g)
        decay1, decay2 = powers[0](t), powers[1](t)
        root = np.array([mpmath.sqrt(x / (1 - decay2)) for x in v], dtype=object)
        scale = (p["eps"] + root) * (1 - decay1)
        if p["eps"]:
            theta = pair["theta"] - p["alpha"] * m / scale
        else:
            # A coordinate that has had no gradient yet does not move.
            moved = np.array([a / b if b else mpf(0) for a, b in zip(m, scale, strict=True)])
            theta = pair["theta"] - p["alpha"] * moved
        yield {"mean": m, "square": v, "decay1": decay1, "decay2": decay2, "theta": theta}


def newton(parts, p, start, directions, stream):
    """Newton's method with the exact Hessian."""
    for count, pair in enumerate(stream, 1):
        step = parts.newton(pair["hessian"], pair["gradient"])
        yield {"count": mpf(count), "theta": pair["theta"] + p["alpha"] * step}


def sfn(parts, p, start, directions, stream):
    """Saddle-free Newton with the exact Hessian."""
    for count, pair in enumerate(stream, 1):
        step = parts.saddle_free(pair["hessian"], pair["gradient"], p["div"], p["cut"])
        yield {"count": mpf(count), "theta": pair["theta"] + step}


def krylov_sfn(parts, p, start, directions, stream):
    """Saddle-free Newton in the span of ``g, H g, ..., H^{k-1} g``."""
    for count, pair in enumerate(stream, 1):
        H, g = pair["hessian"], pair["gradient"]
        V = parts.orthonormalize(g.reshape(1, -1))
        for _ in range(min(p["dimension"], g.size) - 1):
            # The last row alone leads out of the span.
            V = parts.orthonormalize(np.vstack([V, H @ V[-1]]))
        T = V @ H @ V.T
        T = (T + T.T) / 2
        step = parts.saddle_free(T, V @ g, p["div"], p["cut"]) @ V
        yield {"count": mpf(count), "theta": pair["theta"] + step}


METHODS = {
    method.__name__: method
    for method in (
        sgd,
        momentum,
        adam,
        newton,
        sfn,
        krylov_sfn,
        fogr,
        dogr,
        sogr,
        dsogr,
        cdogr,
        cfogr,
        csogr,
        cdsogr,
        pogr,
        online_sfn,
        ogr,
        rprop,
        sp_bfgs,
        soap,
    )
}
# Those that give grouped Newton its direction.
DIRECTIONS = {"gradient": sgd, "momentum": momentum, "adam": adam}
METHODS |= {
    method.__name__: functools.partial(method, DIRECTIONS)
    for method in (grouped_newton.grouped_newton, grouped_newton.grouped_newton_safeguarded)
}


def replay(parts, method, params, start, directions, stream):
    """All steps of a method, each with its whole state and the next position."""
    return list(METHODS[method](parts, params, start, directions, stream))
