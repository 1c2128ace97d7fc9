"""Piece 4 in lanes: the saddle-free step."""

from typing import NamedTuple

import numpy as np

from .._compile.border import overwriting
from ..linear_algebra.symmetric_eigen import EPS
from . import LANES
from .symmetric_eigen import eigh


class RepulsionScratch(NamedTuple):
    """Scratch of `saddle_free`."""

    E: np.ndarray  # (D, D, LANES)
    values: np.ndarray  # (D, LANES)
    along: np.ndarray  # (LANES,)
    rounding: np.ndarray  # (LANES,)


def scratch(D):
    """Scratch for this dimension."""
    E, values = np.zeros((D, D, LANES)), np.zeros((D, LANES))
    return RepulsionScratch(E, values, np.zeros(LANES), np.zeros(LANES))


@overwriting
def saddle_free(H, g, div, cut, step, w, eigen, flaw):
    """Overwrite `step` with that of `refimpl.repulsion.saddle_free`.

    Parameters
    ----------
    H : ndarray of shape (D, D, LANES)
        The upper half of a symmetric matrix. Overwritten.
    g : ndarray of shape (D, LANES)
    div, cut : float
    step : ndarray of shape (D, LANES)
    w : RepulsionScratch
        Overwritten.
    eigen : refimpl.lanes.symmetric_eigen.EigenScratch
        Overwritten.
    flaw : ndarray of shape (LANES,)
        Becomes NaN where an entry of `H` or `g` is not finite, and stays as it is elsewhere.
    """
    D = g.shape[0]
    for i in range(D):
        for lane in range(LANES):
            flaw[lane] += 0.0 * g[i, lane]
        for j in range(i, D):
            for lane in range(LANES):
                flaw[lane] += 0.0 * H[i, j, lane]
    eigh(H, w.values, w.E, eigen)
    for lane in range(LANES):
        largest = max(abs(w.values[0, lane]), abs(w.values[D - 1, lane]))
        w.rounding[lane] = D * EPS * largest
    for k in range(D):
        for lane in range(LANES):
            step[k, lane] = 0.0
    for i in range(D):
        for lane in range(LANES):
            w.along[lane] = 0.0
        for k in range(D):
            for lane in range(LANES):
                w.along[lane] += w.E[k, i, lane] * g[k, lane]
        for lane in range(LANES):
            size = abs(w.values[i, lane])
            curvature = max(div * (size if size > w.rounding[lane] else 0.0), cut)
            moves = curvature != 0.0
            w.along[lane] = (w.along[lane] if moves else 0.0) / (curvature if moves else 1.0)
        for k in range(D):
            for lane in range(LANES):
                step[k, lane] -= w.along[lane] * w.E[k, i, lane]
