"""Saddle-free Newton in a Krylov subspace, from Hessian-vector products alone.

Provenance: [dauphin2014]_, the method in a Krylov subspace. No program is followed. The subspace
begins with the gradient and is orthogonalised in full, so `step` makes none outside.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import from_python, public
from ..linear_algebra.lanczos import lanczos
from ..repulsion import saddle_free
from .method import Method


class KrylovSFNParameters(NamedTuple):
    """`dimension`: of the subspace; `div`, `cut`: of `saddle_free` in it."""

    dimension: int = 10
    div: float = 1.0
    cut: float = 0.0


class KrylovSFNState(NamedTuple):
    """Nothing is remembered but the number of steps."""

    count: int


@public
def start(theta, directions, parameters):
    """The state before the first step."""
    return KrylovSFNState(count=0)


@from_python
def step(state, theta: np.ndarray, gradient: np.ndarray, curvature, parameters):
    """``theta -= V^T |T|^{-1} V g`` with `curvature` a callable ``v -> H v``.

    `V` spans ``g, H g, ..., H^{k-1} g``, with `k` at most the dimension of theta. It contains `g`,
    so nothing of the gradient is left outside. Plain Python, since the product is.
    """
    dimension, div, cut = parameters
    state = KrylovSFNState(count=state.count + 1)
    V, T = lanczos(curvature, gradient, dimension)
    if V.shape[0] == 0:
        return theta.copy(), state
    return theta + saddle_free(T, V @ gradient, div, cut) @ V, state


krylov_sfn = Method(
    "krylov_sfn",
    KrylovSFNParameters,
    start,
    step,
    "[SFN]",
    "saddle-free Newton from products H v",
    curvature="product",
)
