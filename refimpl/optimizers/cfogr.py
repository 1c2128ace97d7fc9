"""cfOGR: all gradients on all positions, taken as perfectly correlated.

Provenance: [D] [duda2019]_, Figure 7; follows its program: the roots of both covariances take the
place of their mixed one in the equation of fOGR. Variances start at 0.1, both of them.
"""

from typing import NamedTuple

from .. import regression
from .._compile.border import public
from ..repulsion import saddle_free
from .fogr import FOGRState, start
from .method import Method


class CFOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `eta`: share of the step.

    `cut`: of `saddle_free`; `prior`: start of the variances, ``(C_thetatheta, C_gg)``.
    """

    beta: float = 0.7
    gamma: float = 0.7
    eta: float = 1.0
    cut: float = 5.0
    prior: tuple = (0.1, 0.1)


@public
def step(state, theta, gradient, parameters):
    """``theta -= eta |H|^{-1} m`` with `H` of `correlated_hessian`."""
    beta, gamma, eta, cut, _ = parameters
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    H = regression.correlated_hessian(line)
    return theta + eta * saddle_free(H, momentum, 1.0, cut), FOGRState(line, momentum)


cfogr = Method(
    "cfogr",
    CFOGRParameters,
    start,
    step,
    "[D], Figure 7",
    "full matrix, perfectly correlated",
)
