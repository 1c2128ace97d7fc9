"""The online saddle-free Newton method: all four pieces of the book in one step.

Provenance: [D] [duda2019]_, its abstract, which none of its programs carries out. It departs from
them in `step`: exact recursions along transported and rotated directions, a normalised gradient to
inject, a QR step, and a row-sum bound; `shifted`, `transport` and `row_sums` switch parts back.
"""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile.border import public
from ..linear_algebra.gram_schmidt import direction
from ..online_pca import inject, orthonormalize, outside
from ..qr_step import qr_step, rotate_basis, shifted_qr_step
from ..repulsion import row_sum_bound, saddle_free
from . import subspace
from .method import Method
from .sogr import SOGRState


class OnlineSFNParameters(NamedTuple):
    """`beta`, `gamma`: weights of the newest pair and gradient; `turn`: of `inject`.

    The injected gradient is normalised, so that `turn` is a number without unit. `div`, `cut`: of
    the step in the subspace; `alpha`: learning rate outside; `dimension`: of the subspace, best all
    of them where they are few; `prior`: start of the variances, ``(C_thetatheta, C_gg)``.
    `shifted`: the QR step with its shift; `transport`: carry the statistics to the turned
    directions, instead of reading them as if they were of the new ones; `row_sums`: curvature by
    `row_sum_bound`, instead of by `saddle_free` with its eigenvalues.
    """

    beta: float = 0.5
    gamma: float = 0.5
    turn: float = 0.2
    div: float = 1.0
    cut: float = 3.0
    alpha: float = 0.0003
    dimension: int = 2
    prior: tuple = (1.0, 0.0)
    shifted: bool = True
    transport: bool = True
    row_sums: bool = True


@public
def start(theta, directions, parameters):
    """All means 0, the prior variances along the drawn directions, made orthonormal."""
    model = subspace.start(orthonormalize(directions), parameters.prior)
    zeros = np.zeros(theta.size)
    return SOGRState(model, zeros, zeros, zeros)


@public
def step(state, theta, gradient, parameters):
    """One step of the exact recursions along the turned and rotated directions.

    ``theta -= alpha (m - V^T V m) + V^T Delta^{-1} V m`` with `Delta` the row sums of `H`, or its
    modulus.
    """
    beta, gamma, turn, div, cut, alpha, _, _, shifted, transport, row_sums = parameters
    off_theta = regression.apart(theta, state.mean_theta, beta)
    off_gradient = regression.apart(gradient, state.mean_gradient, beta)
    momentum = state.momentum + gamma * (gradient - state.momentum)
    V = inject(state.model.V, direction(gradient)[0], turn)
    line = regression.centred(state.model.line)
    if transport:
        line = subspace.transported(line, state.model.V, V)
    line = regression.update(line, V @ off_theta, V @ off_gradient, beta)
    H = regression.symmetric_hessian(line, 0.0)
    rotation, H = shifted_qr_step(H) if shifted else qr_step(H)
    V, line = rotate_basis(rotation, V), subspace.rotated(line, rotation)
    if row_sums:
        inside = row_sum_bound(H, V @ momentum, div, cut)
    else:
        inside = saddle_free(H, V @ momentum, div, cut)
    return theta - alpha * outside(V, momentum) + inside @ V, SOGRState(
        subspace.Subspace(V, line),
        state.mean_theta + beta * off_theta,
        state.mean_gradient + beta * off_gradient,
        momentum,
    )


online_sfn = Method(
    "online_sfn",
    OnlineSFNParameters,
    start,
    step,
    "[D], its abstract",
    "the four pieces in one step",
    directions=True,
)
