"""dsOGR: lines for each coordinate, corrected in a few directions by a symmetric fit.

Provenance: [D] [duda2019]_, Figure 4; follows its program, dOGR and sOGR in one step weighted by
`w`. No departure is known, yet the two published draws lie at the low edge of the distribution of
runs, as the book's chapter on the published results shows.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..repulsion import saddle_free
from . import diagonal, subspace
from .method import Method


class DSOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `turn`: [D]'s Gamma, of `inject`.

    `div`, `cut`: of both steps; `w`: weight of the subspace's step in the subspace, the rest being
    that of the coordinates' step; `dimension`: of the subspace; `prior`: start of the variances,
    ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.6
    gamma: float = 0.7
    turn: float = 0.1
    div: float = 1.5
    cut: float = 6.0
    w: float = 0.3
    dimension: int = 1
    prior: tuple = (1.0, 0.0)


class DSOGRState(NamedTuple):
    line: regression.State  # of diagonals, (D,)
    model: subspace.Subspace
    momentum: np.ndarray  # (D,), in gradient-units


@public
def start(theta, directions, parameters):
    """The start of [D]'s programs: all means 0, the directions as drawn."""
    line = regression.start_diagonal(theta.size, parameters.prior)
    model = subspace.start(directions, parameters.prior)
    return DSOGRState(line, model, np.zeros(theta.size))


@public
def step(state, theta, gradient, parameters):
    """``theta -= u - w (V^T V u - V^T |H|^{-1} V m)`` with `u` the step of dOGR."""
    beta, gamma, turn, div, cut, w, _, _ = parameters
    off_theta = regression.apart(theta, state.line.mean_theta, beta)
    off_gradient = regression.apart(gradient, state.line.mean_gradient, beta)
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    model = subspace.follow(state.model, gradient, turn, off_theta, off_gradient, beta)
    V, H = model.V, regression.symmetric_hessian(model.line, 0.0)
    u = diagonal.divided(momentum, diagonal.fitted(line), div, cut)
    correction = (V @ u + saddle_free(H, V @ momentum, div, cut)) @ V
    return theta - u + w * correction, DSOGRState(line, model, momentum)


dsogr = Method(
    "dsogr",
    DSOGRParameters,
    start,
    step,
    "[D], Figure 4",
    "a line for each coordinate, and a subspace",
    directions=True,
)
