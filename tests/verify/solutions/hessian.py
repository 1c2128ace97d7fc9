"""Solution of project `hessian`; what project `line` has written is taken from there."""

import numpy as np
from line import begin, observe, update

__all__ = ["start", "step", "symmetric_hessian", "update"]


def symmetric_hessian(state, ridge):
    values, axes = np.linalg.eigh(state["C_thetatheta"] + ridge * np.eye(len(state["mean_theta"])))
    right = axes.T @ (state["C_gtheta"] + state["C_gtheta"].T) @ axes
    sums = values[:, None] + values
    known = sums > 1e-12 * max(values[-1], 0.0)
    return axes @ np.where(known, right / np.where(known, sums, 1.0), 0.0) @ axes.T


def start(theta, directions, beta, gamma, div, cut, prior):
    return begin(theta, prior, np.diag)


def step(state, theta, gradient, beta, gamma, div, cut, prior):
    state = observe(state, theta, gradient, beta, gamma)
    values, axes = np.linalg.eigh(symmetric_hessian(state, 0.0))
    along = axes.T @ state["momentum"] / np.maximum(div * np.abs(values), cut)
    return theta - axes @ along, state
