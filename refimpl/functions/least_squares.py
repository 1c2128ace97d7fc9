"""Linear least squares as a mean over records: the finite sum of which a minibatch sees a part."""

import numpy as np

from .._compile.border import from_python
from ..errors import NotFiniteError, ShapeError
from .function import Function


def value(x, data):
    """``1/2 mean_r (a_r . x - b_r)^2``; a record is ``(a_r, b_r)``, ``D + 1`` numbers."""
    D = x.size
    total, count = 0.0, data.size // (D + 1)
    for first in range(0, data.size, D + 1):
        residual = -data[first + D]
        for j in range(D):
            residual += data[first + j] * x[j]
        total += 0.5 * residual * residual
    return total / count


def gradient(x, data):
    D = x.size
    g, count = np.zeros(D), data.size // (D + 1)
    for first in range(0, data.size, D + 1):
        residual = -data[first + D]
        for j in range(D):
            residual += data[first + j] * x[j]
        for j in range(D):
            g[j] += residual * data[first + j]
    return g / count


def hessian(x, data):
    D = x.size
    H, count = np.zeros((D, D)), data.size // (D + 1)
    for first in range(0, data.size, D + 1):
        for i in range(D):
            for j in range(D):
                H[i, j] += data[first + i] * data[first + j]
    return H / count


@from_python
def least_squares(features: np.ndarray, targets: np.ndarray):
    """Mean squared residual of a linear model, ``1/2 mean_r (a_r . x - b_r)^2``.

    Parameters
    ----------
    features : array_like of shape (n, D)
        Rows ``a_r``.
    targets : array_like of shape (n,)
        The ``b_r``.

    Returns
    -------
    Function
        With `records`, so that `refimpl.noise.minibatch` applies. The minimum listed is the one of
        least norm if the features do not determine it.

    Raises
    ------
    ShapeError, NotFiniteError

    Examples
    --------
    >>> f = least_squares([[1.0], [1.0]], [0.0, 2.0])
    >>> f.minima, f.value([0.0])
    (array([[1.]]), 1.0)
    """
    if features.ndim != 2 or 0 in features.shape or targets.shape != features.shape[:1]:
        raise ShapeError(
            "least_squares: expected features of shape (n, D) and targets of shape (n,), "
            f"got {features.shape} and {targets.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(targets).all()):
        raise NotFiniteError("least_squares: expected finite data, found NaN or infinity")
    D = features.shape[1]
    minimum = np.linalg.lstsq(features, targets, rcond=None)[0]
    residual = features @ minimum - targets
    return Function(
        name="least_squares",
        dimension=D,
        value=value,
        gradient=gradient,
        hessian=hessian,
        minima=[minimum],
        saddles=[],
        minimum_value=0.5 * float(np.mean(residual**2)),
        domain=(-3.0, 3.0),
        source="a mean over records, for minibatches",
        data=np.column_stack([features, targets]),
        record=D + 1,
    )
