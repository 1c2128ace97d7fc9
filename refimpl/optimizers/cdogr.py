"""cdOGR: dOGR with position and gradient taken as perfectly correlated.

Provenance: [D] [duda2019]_, Figure 7, its smallest program, and with a cut Figure 4; follows them,
the bound `max_alpha` on the signed quotient included, as printed. It departs where ``C_gg`` is 0:
no step instead of a division by 0.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from . import diagonal
from .dogr import DOGRState, start
from .method import Method


class CDOGRParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `eta`: share of the step.

    `div`, `cut`: of the step, 1 and 0 in Figure 7 and in use in Figure 4; `max_alpha`: largest
    entry of the step before `eta`, in theta-units; `prior`: start of the variances,
    ``(C_thetatheta, C_gg)``, in Figure 4 with the second one 0.
    """

    beta: float = 0.4
    gamma: float = 0.5
    eta: float = 0.6
    div: float = 1.0
    cut: float = 0.0
    max_alpha: float = np.inf
    prior: tuple = (0.1, 0.1)


@public
def step(state, theta, gradient, parameters):
    """``theta -= eta min(m / max(div lambda, cut), max_alpha)``.

    Here ``lambda = sqrt(C_gg / C_thetatheta)``; where that is 0, as from a start with ``C_gg = 0``
    it may be, there is no step if `cut` is 0. As printed, `max_alpha` bounds the signed quotient:
    only steps toward smaller numbers.
    """
    beta, gamma, eta, div, cut, max_alpha, _ = parameters
    line = regression.update_new_mean(state.line, theta, gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    u = diagonal.divided(momentum, diagonal.correlated(line), div, cut)
    return theta - eta * np.minimum(u, max_alpha), DOGRState(line, momentum)


cdogr = Method(
    "cdogr",
    CDOGRParameters,
    start,
    step,
    "[D], Figures 4 and 7",
    "a line for each coordinate, perfectly correlated",
)
