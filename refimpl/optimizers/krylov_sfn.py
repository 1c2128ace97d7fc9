"""Saddle-free Newton in a Krylov subspace, from Hessian-vector products alone."""

from typing import NamedTuple

from .._compile import compiled
from ..lanczos import lanczos
from ..repulsion import saddle_free
from .method import Method


class Parameters(NamedTuple):
    """`dimension`: of the subspace; `alpha`: learning rate outside it; `div`, `cut`: inside."""

    dimension: int = 10
    alpha: float = 0.01  # in theta-units / gradient-units
    div: float = 1.0
    cut: float = 0.0


class State(NamedTuple):
    """Nothing is remembered but the number of steps."""

    count: int


@compiled
def start(theta, directions, parameters):
    """The state before the first step."""
    return State(count=0)


def step(state, theta, gradient, curvature, parameters):
    """``theta -= V^T |T|^{-1} V g + alpha (g - V^T V g)`` with `curvature` a callable ``v -> H v``.

    `V` spans ``g, H g, ..., H^{k-1} g``, with `k` at most the dimension of theta. It contains `g`:
    what is left of it outside is rounding, and `alpha` moves nothing as long as the subspace is
    grown from the very gradient that is followed. The step is plain Python, since the product is.
    """
    dimension, alpha, div, cut = parameters
    state = State(count=state.count + 1)
    V, T = lanczos(curvature, gradient, dimension)
    if V.shape[0] == 0:
        return theta.copy(), state
    inside = V @ gradient
    outside = gradient - inside @ V
    return theta + saddle_free(T, inside, div, cut) @ V - alpha * outside, state


krylov_sfn = Method(
    "krylov_sfn",
    Parameters,
    start,
    step,
    "[SFN]",
    "saddle-free Newton from products H v",
    curvature="product",
)
