"""SP-BFGS: an inverse Hessian that meets each secant only as closely as noise allows.

Provenance: the update and the penalty of [irwin2023]_, as their program has them on quadratic
functions. It departs where the loss would be asked for: no line search, but a longest step.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import public
from ..linear_algebra.gram_schmidt import direction
from ..linear_algebra.symmetric_eigen import congruence
from .method import Method

FAR = 1e30


class SPBFGSParameters(NamedTuple):
    """`alpha`: share of the step; `eps_g`: length of a gradient's noise; `longest`: of steps."""

    alpha: float = 1.0
    eps_g: float = 1.0  # 0: BFGS
    longest: float = 1.0  # in theta-units


class SPBFGSState(NamedTuple):
    inverse: np.ndarray  # (D, D), inverse Hessian, in theta-units / gradient-units
    old_theta: np.ndarray  # (D,), of the step before
    old_gradient: np.ndarray  # (D,), of the step before


@public
def start(theta, directions, parameters):
    """The state before the first step: the identity, and no step behind."""
    return SPBFGSState(np.eye(theta.size), theta.copy(), np.zeros(theta.size))


@public
def step(state, theta, gradient, parameters):
    """``theta -= alpha H g``, shortened to `longest`, with `H` after the newest secant."""
    alpha, eps_g, longest = parameters
    H, s, y = state.inverse, theta - state.old_theta, gradient - state.old_gradient
    gap, length = s @ y, np.sqrt(s @ s)
    slack = eps_g / max(length, 1.0 / FAR)  # 1 / penalty, by the paper in units of its own
    # Else it is not positive, or digits are lost, and nothing is learned.
    if np.sqrt(y @ y) * length / FAR + 1e-300 < gap + slack:
        gamma, omega = 1.0 / (gap + slack), 1.0 / (gap + 2.0 * slack)
        u = omega * y
        # The paper's g + (g - w) u H y, where g - w = slack g w, in which nothing cancels.
        weight = gamma * (1.0 + slack * (u @ (H @ u)))
        new = congruence(np.eye(s.size) - np.outer(u, s), H) + weight * np.outer(s, s)  # eq-sp-bfgs
        H = new if np.max(np.abs(new)) < FAR else H
    way, length = direction(alpha * (H @ gradient))
    return theta - min(length, longest) * way, SPBFGSState(H, theta.copy(), gradient.copy())


sp_bfgs = Method("sp_bfgs", SPBFGSParameters, start, step, "Irwin and Haber 2023", "bent secants")
