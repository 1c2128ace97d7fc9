"""Losses: the mean over a batch, on arrays and polynomials alike, and derivatives by hand.

Both losses have, for each record, a second derivative ``sum_j w_j c_j c'_j`` and a third one
``sum_j t_j c_j^3``, where `c` is a tangent of the outputs less its mean under the predicted
probabilities for the cross-entropy, the tangent itself for squared errors: a bilinear form of
weights like that of a hidden layer.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.special

from .._compile.border import from_python
from ..errors import DtypeError, RangeError, ShapeError
from ..taylor import logsumexp
from .data import as_array


class Loss(NamedTuple):
    """A loss of outputs `z` (n, m), linear in its last layer."""

    value: Callable  # (z, targets) -> mean over the records, on arrays and Taylor polynomials
    slope: Callable  # (z, targets) -> derivative of the sum over the records, (n, m)
    weights: Callable  # z -> weights of the second and of the third derivative, each (n, m)
    centre: Callable | None  # (tangents (..., n, m), weights (n, m)): overwrites them with `c`
    targets: Callable  # (targets, n, m, dtype) -> array of them, if they fit


def _mse(z, targets):
    return np.mean((z - targets) ** 2)


def _mse_slope(z, targets):
    slope = z - targets
    slope *= 2.0 / z.shape[1]
    return slope


def _mse_weights(z):
    return np.full_like(z, 2.0 / z.shape[1]), np.zeros_like(z)


def _mse_targets(targets, n, m, dtype):
    if targets.shape != (n, m):
        raise ShapeError(
            f"network: squared errors need targets of shape ({n}, {m}), got {targets.shape}; "
            "labels become such targets by one_hot"
        )
    if targets.dtype.kind not in "biuf":
        raise DtypeError(f"network: expected targets that are real numbers, got {targets.dtype}")
    return targets.astype(dtype, copy=False)


def _cross_entropy(z, labels):
    # Relative to the label's output first: of a record that is certain, small terms stay.
    return np.mean(logsumexp(z - z[np.arange(len(labels)), labels][:, None], axis=1))


def _cross_entropy_slope(z, labels):
    slope = scipy.special.softmax(z, axis=1)
    # Less the probabilities of the others, which 1 would swallow.
    own = np.arange(len(labels)), labels
    slope[own] = 0.0
    slope[own] = -slope.sum(axis=1)
    return slope


def _cross_entropy_weights(z):
    p = scipy.special.softmax(z, axis=1)
    return p, p


def _cross_entropy_centre(tangents, weights):
    # Cumulants: a common shift of the outputs changes nothing, and here nothing cancels.
    tangents -= (np.vecdot(tangents, weights) / weights.sum(axis=1))[..., None]


def _labels(labels, n, m, dtype=None):
    if labels.shape != (n,):
        raise ShapeError(f"network: expected labels of shape ({n},), got {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise DtypeError(f"network: expected labels that are whole numbers, got {labels.dtype}")
    if labels.size and not 0 <= labels.min() <= labels.max() < m:
        raise RangeError(
            f"network: expected labels from 0 to {m - 1}, got {labels.min()} to {labels.max()}"
        )
    return labels


LOSSES = {
    "mse": Loss(_mse, _mse_slope, _mse_weights, None, _mse_targets),
    "cross_entropy": Loss(
        _cross_entropy,
        _cross_entropy_slope,
        _cross_entropy_weights,
        _cross_entropy_centre,
        _labels,
    ),
}


@from_python
def one_hot(labels, classes: int):
    """Labels as rows of zeros with a one: targets of squared errors.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
    classes : int

    Returns
    -------
    ndarray of shape (n, classes)

    Raises
    ------
    DtypeError, ShapeError
        For labels that are no flat array of whole numbers.
    RangeError
        For less than one class, and labels that are none of them.

    Examples
    --------
    >>> one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = as_array(labels, "labels")
    if classes < 1:
        raise RangeError(f"network: expected at least 1 class, got {classes}")
    return np.eye(classes)[_labels(labels, labels.size, classes)]
