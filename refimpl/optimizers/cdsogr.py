"""cdsOGR: dsOGR with position and gradient taken as perfectly correlated.

Provenance: [D] [duda2019]_, Figure 7; follows its program, cdOGR and csOGR in one step weighted by
`w`. It departs where ``C_gg`` is 0: no step there.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..repulsion import saddle_free
from . import diagonal, subspace
from .dsogr import DSOGRState, start
from .method import Method


class CDSOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `turn`: [D]'s Gamma, of `inject`.

    `eta`: share of both steps; `w`: weight of the subspace's step in the subspace; `cut`: of
    `saddle_free` there; `max_alpha`: largest entry of the coordinates' step before `eta`, in
    theta-units; `dimension`: of the subspace; `prior`: start of the variances,
    ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.7
    gamma: float = 0.7
    turn: float = 0.1
    eta: float = 1.0
    w: float = 0.5
    cut: float = 1e-4
    max_alpha: float = np.inf
    dimension: int = 1
    prior: tuple = (0.1, 0.1)


@public
def step(state, theta, gradient, parameters):
    """``theta -= u - w (V^T V u - eta V^T |H|^{-1} V m)`` with `u` the step of cdOGR.

    That step without `cut`: where ``C_gg`` is 0, there is none.
    """
    beta, gamma, turn, eta, w, cut, max_alpha, _, _ = parameters
    off_theta = regression.apart(theta, state.line.mean_theta, beta)
    off_gradient = regression.apart(gradient, state.line.mean_gradient, beta)
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    model = subspace.follow(state.model, gradient, turn, off_theta, off_gradient, beta)
    V, H = model.V, regression.correlated_hessian(model.line)
    quotients = diagonal.divided(momentum, diagonal.correlated(line), 1.0, 0.0)
    u = eta * np.minimum(quotients, max_alpha)
    correction = (V @ u + eta * saddle_free(H, V @ momentum, 1.0, cut)) @ V
    return theta - u + w * correction, DSOGRState(line, model, momentum)


cdsogr = Method(
    "cdsogr",
    CDSOGRParameters,
    start,
    step,
    "[D], Figure 7",
    "cdOGR, and a perfectly correlated subspace",
    directions=True,
)
