"""fOGR in lanes: all means and covariances of all lanes, and one step of all of them."""

from typing import NamedTuple

import numpy as np

from .._compile.border import overwriting
from . import LANES, regression, repulsion, symmetric_eigen


class FOGRLanes(NamedTuple):
    """As `refimpl.optimizers.fogr.FOGRState` in every lane, and the scratch of a step."""

    line: regression.RegressionLanes
    momentum: np.ndarray  # (D, LANES), in gradient-units
    fresh: np.ndarray  # (LANES,), whether the lane has not made a step since its start
    H: np.ndarray  # (D, D, LANES), scratch
    shift: np.ndarray  # (D, LANES), scratch
    regression: regression.RegressionScratch
    repulsion: repulsion.RepulsionScratch
    eigen: symmetric_eigen.EigenScratch


def allocate(D):
    """State of all lanes, to be filled lane by lane with `start`."""
    line, sums = regression.allocate(D)
    return FOGRLanes(
        line,
        np.zeros((D, LANES)),
        np.ones(LANES, dtype=np.bool_),
        np.zeros((D, D, LANES)),
        np.zeros((D, LANES)),
        sums,
        repulsion.scratch(D),
        symmetric_eigen.scratch(),
    )


@overwriting
def start(state, lane):
    """Put one lane to the start of the method."""
    state.fresh[lane] = True
    for i in range(state.momentum.shape[0]):
        state.momentum[i, lane] = 0.0


@overwriting
def step(state, theta, gradient, parameters, flaw):
    """Overwrite `state` and `theta` (D, LANES) with those after one step in every lane."""
    beta, gamma, div, cut, prior = parameters
    m = state.momentum
    # Not at the start, where the prior is not at hand.
    for lane in range(LANES):
        if state.fresh[lane]:
            regression.start(state.line, lane, prior[0])
            state.fresh[lane] = False
    regression.update_new_mean(state.line, theta, gradient, beta, flaw)
    for i in range(m.shape[0]):
        for lane in range(LANES):
            m[i, lane] += gamma * (gradient[i, lane] - m[i, lane])
    regression.symmetric_hessian(state.line, beta, state.H, state.regression, state.eigen, flaw)
    repulsion.saddle_free(state.H, m, div, cut, state.shift, state.repulsion, state.eigen, flaw)
    for i in range(m.shape[0]):
        for lane in range(LANES):
            theta[i, lane] += state.shift[i, lane]
