"""csOGR: sOGR with position and gradient taken as perfectly correlated; no step outside.

Provenance: [D] [duda2019]_, Figure 7; follows its program, which makes no step outside the
subspace. All else is sOGR's, with the correlated fit in place of the symmetric one.
"""

from typing import NamedTuple

from .. import regression
from .._compile.border import public
from ..repulsion import saddle_free
from . import subspace
from .method import Method
from .sogr import SOGRState, start


class CSOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `turn`: [D]'s Gamma, of `inject`.

    `eta`: share of the step; `cut`: of `saddle_free`; `dimension`: of the subspace; `prior`: start
    of the variances, ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.7
    gamma: float = 0.7
    turn: float = 0.1
    eta: float = 0.9
    cut: float = 10.0
    dimension: int = 1
    prior: tuple = (0.1, 0.1)


@public
def step(state, theta, gradient, parameters):
    """``theta -= eta V^T |H|^{-1} V m`` with `H` of `correlated_hessian` along the rows of `V`."""
    beta, gamma, turn, eta, cut, _, _ = parameters
    off_theta = regression.apart(theta, state.mean_theta, beta)
    off_gradient = regression.apart(gradient, state.mean_gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    model = subspace.follow(state.model, gradient, turn, off_theta, off_gradient, beta)
    V, H = model.V, regression.correlated_hessian(model.line)
    inside = saddle_free(H, V @ momentum, 1.0, cut) @ V
    return theta + eta * inside, SOGRState(
        model,
        state.mean_theta + beta * off_theta,
        state.mean_gradient + beta * off_gradient,
        momentum,
    )


csogr = Method(
    "csogr",
    CSOGRParameters,
    start,
    step,
    "[D], Figure 7",
    "perfectly correlated fit in a subspace",
    directions=True,
)
