"""sOGR: a symmetric fit in a few directions that follow the gradients, descent outside.

Provenance: [D] [duda2019]_, Figures 4 and 5; follows its program in the order of a step: means and
momentum, injection of the raw gradient, projections, statistics, Hessian. The directions stay as
drawn until the first injection makes them orthonormal, and nothing is transported.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..online_pca import outside
from ..repulsion import saddle_free
from . import subspace
from .method import Method


class SOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `turn`: [D]'s Gamma, of `inject`.

    `div`, `cut`: of `saddle_free` in the subspace; `alpha`: learning rate outside; `dimension`: of
    the subspace; `prior`: start of the variances, ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.6
    gamma: float = 0.7
    turn: float = 0.1
    div: float = 1.5
    cut: float = 15.0
    alpha: float = 0.001
    dimension: int = 1
    prior: tuple = (1.0, 0.0)


class SOGRState(NamedTuple):
    model: subspace.Subspace
    mean_theta: np.ndarray  # (D,)
    mean_gradient: np.ndarray  # (D,)
    momentum: np.ndarray  # (D,), in gradient-units


@public
def start(theta, directions, parameters):
    """The start of [D]'s programs: all means 0, the directions as drawn."""
    zeros = np.zeros(theta.size)
    return SOGRState(subspace.start(directions, parameters.prior), zeros, zeros, zeros)


@public
def step(state, theta, gradient, parameters):
    """``theta -= alpha (m - V^T V m) + V^T |H|^{-1} V m`` with `H` fitted along the rows of `V`."""
    beta, gamma, turn, div, cut, alpha, _, _ = parameters
    off_theta = regression.apart(theta, state.mean_theta, beta)
    off_gradient = regression.apart(gradient, state.mean_gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    model = subspace.follow(state.model, gradient, turn, off_theta, off_gradient, beta)
    V, H = model.V, regression.symmetric_hessian(model.line, 0.0)
    inside = saddle_free(H, V @ momentum, div, cut) @ V
    return theta - alpha * outside(V, momentum) + inside, SOGRState(
        model,
        state.mean_theta + beta * off_theta,
        state.mean_gradient + beta * off_gradient,
        momentum,
    )


sogr = Method(
    "sogr",
    SOGRParameters,
    start,
    step,
    "[D], Figures 4 and 5",
    "symmetric fit in a subspace",
    directions=True,
)
