"""Piece 1 in lanes: the new-mean update and the Hessian by symmetric least squares."""

from typing import NamedTuple

import numpy as np

from .._compile.border import overwriting
from ..linear_algebra.symmetric_eigen import EPS
from ..regression import LEAST, ROUNDINGS, SMALL, UNVISITED
from . import LANES
from .congruence import into_basis, out_of_basis
from .symmetric_eigen import eigh


class RegressionLanes(NamedTuple):
    """As `refimpl.regression.State`, with what the Hessian needs, and scratch of the update."""

    mean_theta: np.ndarray  # (D, LANES)
    mean_gradient: np.ndarray  # (D, LANES)
    C_thetatheta: np.ndarray  # (D, D, LANES), the upper half is used
    C_gtheta: np.ndarray  # (D, D, LANES)
    centred_theta: np.ndarray  # (D, LANES), scratch
    centred_gradient: np.ndarray  # (D, LANES), scratch


class RegressionScratch(NamedTuple):
    """Scratch of `symmetric_hessian`."""

    C: np.ndarray  # (D, D, LANES)
    E: np.ndarray  # (D, D, LANES)
    product: np.ndarray  # (D, D, LANES)
    e: np.ndarray  # (D, LANES)
    least: np.ndarray  # (D, LANES)


def allocate(D):
    """State, to be filled lane by lane with `start`, and scratch."""
    vectors, matrices = np.zeros((6, D, LANES)), np.zeros((5, D, D, LANES))
    state = RegressionLanes(*vectors[:2], *matrices[:2], *vectors[2:4])
    return state, RegressionScratch(*matrices[2:], *vectors[4:])


@overwriting
def start(state, lane, variance):
    """Put one lane to the start with this prior variance of the positions."""
    for i in range(state.mean_theta.shape[0]):
        state.mean_theta[i, lane] = 0.0
        state.mean_gradient[i, lane] = 0.0
        for j in range(state.mean_theta.shape[0]):
            state.C_thetatheta[i, j, lane] = variance if i == j else 0.0
            state.C_gtheta[i, j, lane] = 0.0


@overwriting
def centre(mean, x, beta, centred):
    """Overwrite `mean` with the new means, and `centred` with the distance of `x` from them."""
    for i in range(mean.shape[0]):
        for lane in range(LANES):
            old = mean[i, lane]
            new = old + beta * (x[i, lane] - old)
            mean[i, lane] = new
            # As `refimpl.regression.apart` has it.
            centred[i, lane] = x[i, lane] - new if new != old else 0.0


@overwriting
def update_new_mean(state, theta, gradient, beta, flaw):
    """Overwrite the state with that of `refimpl.regression.update_new_mean`.

    Parameters
    ----------
    state : RegressionLanes
    theta, gradient : ndarray of shape (D, LANES)
    beta : float
    flaw : ndarray of shape (LANES,)
        Becomes NaN where an entry of the new state is not finite, and stays as it is elsewhere.
    """
    centre(state.mean_theta, theta, beta, state.centred_theta)
    centre(state.mean_gradient, gradient, beta, state.centred_gradient)
    keep = 1.0 - beta
    a, b = state.centred_theta, state.centred_gradient
    D = a.shape[0]
    for i in range(D):
        for j in range(i, D):
            for lane in range(LANES):
                new = keep * state.C_thetatheta[i, j, lane] + beta * (a[i, lane] * a[j, lane])
                state.C_thetatheta[i, j, lane] = new
                flaw[lane] += 0.0 * new
        for j in range(D):
            for lane in range(LANES):
                new = keep * state.C_gtheta[i, j, lane] + beta * (b[i, lane] * a[j, lane])
                state.C_gtheta[i, j, lane] = new
                flaw[lane] += 0.0 * new


@overwriting
def symmetric_hessian(state, beta, H, w, eigen, flaw):
    """Overwrite the upper half of `H` with `refimpl.regression.symmetric_hessian`.

    Parameters
    ----------
    state : RegressionLanes
    beta : float
        Of the last update.
    H : ndarray of shape (D, D, LANES)
    w : RegressionScratch
        Overwritten.
    eigen : refimpl.lanes.symmetric_eigen.EigenScratch
        Overwritten.
    flaw : ndarray of shape (LANES,)
        Becomes NaN where covariances are so small that they must be scaled, which is not done here.
    """
    B, e = state.C_gtheta, w.e
    D = H.shape[0]
    for i in range(D):
        for j in range(i, D):
            for lane in range(LANES):
                w.C[i, j, lane] = state.C_thetatheta[i, j, lane]
                H[i, j, lane] = B[i, j, lane] + B[j, i, lane]
    eigh(w.C, e, w.E, eigen)
    for lane in range(LANES):
        flaw[lane] += np.nan if LEAST < e[D - 1, lane] < SMALL else 0.0
    for i in range(D):
        for lane in range(LANES):
            w.least[i, lane] = 0.0
        for k in range(D):
            for lane in range(LANES):
                resolution = ROUNDINGS * EPS * abs(state.mean_theta[k, lane]) / beta
                part = w.E[k, i, lane] * resolution
                w.least[i, lane] += part * part
    into_basis(w.E, H, w.product, w.C)
    for i in range(D):
        for j in range(i, D):
            for lane in range(LANES):
                total = e[i, lane] + e[j, lane]
                least = w.least[i, lane] + w.least[j, lane]
                known = total > max(UNVISITED * max(e[D - 1, lane], 0.0), least, LEAST)
                w.C[i, j, lane] = w.C[i, j, lane] / total if known else 0.0
    out_of_basis(w.E, w.C, w.product, H)
