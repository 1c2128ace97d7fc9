"""Logistic regression as a mean over records, with a ridge that each record carries."""

import numpy as np

from .._compile.border import from_python
from ..errors import NoMinimumError, NotFiniteError, RangeError, ShapeError
from .function import Function

# Roundings of a gradient at its zero that count as none; and Newton's steps, far more than needed.
ROUNDINGS, STEPS = 64, 200
# A linear program is solved to 1e-7; entries of the records are scaled to at most 1.
SEPARATED = 1e-6


def value(x, data):
    """``mean_r log(1 + exp(s_r a_r . x)) + ridge |x|^2 / 2``, with ``s = 1 - 2 label``.

    A record is ``(a_r, label, ridge)``, ``D + 2`` numbers.
    """
    D = x.size
    total, count = 0.0, data.size // (D + 2)
    for first in range(0, data.size, D + 2):
        z = 0.0
        for j in range(D):
            z += data[first + j] * x[j]
        t = z * (1.0 - 2.0 * data[first + D])
        # Nothing overflows, a record that fits well keeps its small loss, and unlike a sum with
        # max(t, 0) this has a derivative at 0.
        total += np.logaddexp(0.0, t)
    return total / count + 0.5 * data[D + 1] * np.sum(x * x)


def gradient(x, data):
    D = x.size
    g, count = np.zeros(D), data.size // (D + 2)
    for first in range(0, data.size, D + 2):
        z = 0.0
        for j in range(D):
            z += data[first + j] * x[j]
        sign = 1.0 - 2.0 * data[first + D]
        t = z * sign
        e = np.exp(-abs(t))
        residual = sign * (1.0 if t >= 0.0 else e) / (1.0 + e)
        for j in range(D):
            g[j] += residual * data[first + j]
    return g / count + data[D + 1] * x


def hessian(x, data):
    D = x.size
    H, count = np.zeros((D, D)), data.size // (D + 2)
    for first in range(0, data.size, D + 2):
        z = 0.0
        for j in range(D):
            z += data[first + j] * x[j]
        e = np.exp(-abs(z))
        weight = e / ((1.0 + e) * (1.0 + e))
        for i in range(D):
            for j in range(D):
                # In this order it is symmetric to the last bit.
                H[i, j] += weight * (data[first + i] * data[first + j])
    H /= count
    for i in range(D):
        H[i, i] += data[D + 1]
    return H


def _separated(towards):
    """Whether a direction lowers the loss of some record and raises that of none.

    ``towards`` are the ``s_r a_r``. Then the loss falls along it for ever; and only then, if there
    is no ridge, it has no minimum (Albert and Anderson 1984).
    """
    from scipy.optimize import linprog

    scale = np.abs(towards).max(axis=0)
    towards = towards[:, scale > 0.0] / scale[scale > 0.0]
    size = np.abs(towards).max(axis=1, initial=0.0)
    towards = towards[size > 0.0] / size[size > 0.0, None]
    if not towards.size:
        return False
    solved = linprog(
        towards.mean(axis=0), A_ub=towards, b_ub=np.zeros(len(towards)), bounds=(-1.0, 1.0)
    )
    return bool(solved.x is not None and np.min(towards @ solved.x) < -SEPARATED)


def _minimum(towards, ridge):
    """The minimum by Newton's method, to rounding.

    A step is halved until the gradient becomes shorter, which ends where no digits are left.
    """
    from scipy.special import expit

    n, D = towards.shape

    def gradient_at(x):
        p = expit(towards @ x)
        return p @ towards / n + ridge * x, p

    x = np.zeros(D)
    g, p = gradient_at(x)
    for _ in range(STEPS):
        H = (towards.T * (p * (1.0 - p))) @ towards / n + ridge * np.eye(D)
        step, share = -np.linalg.lstsq(H, g, rcond=None)[0], 1.0
        tried, found = x + step, gradient_at(x + step)
        # The gradient in a small share of the step is shorter by that share.
        while np.linalg.norm(found[0]) > (1.0 - 0.1 * share) * np.linalg.norm(g) and share > 1e-6:
            share *= 0.5
            tried, found = x + share * step, gradient_at(x + share * step)
        if share <= 1e-6:
            break
        x, (g, p) = tried, found
    terms = p @ np.linalg.norm(towards, axis=1) / n
    tolerance = ROUNDINGS * np.finfo(np.float64).eps
    if np.linalg.norm(g) > tolerance * (terms + np.linalg.norm(H, 2) * np.linalg.norm(x)):
        raise NoMinimumError(
            "logistic_regression: no minimum found to rounding; the records are all but separable "
            "or their scales differ by too much: standardise the features, or give a ridge"
        )
    return x


@from_python
def logistic_regression(features: np.ndarray, labels: np.ndarray, ridge: float = 0.0):
    """Mean logistic loss of a linear model, with a ridge.

    ``mean_r [log(1 + exp(a_r . x)) - y_r a_r . x] + ridge |x|^2 / 2`` for labels ``y_r`` of 0 and
    1: the negative log-likelihood of a record, on average. For an intercept, give a column of
    ones; the ridge holds for it too.

    Parameters
    ----------
    features : array_like of shape (n, D)
        Rows ``a_r``.
    labels : array_like of shape (n,)
        The ``y_r``, each 0 or 1.
    ridge : float, optional
        In 1 / (theta-units)^2; not negative. scikit-learn's ``C`` is ``1 / (n ridge)``.

    Returns
    -------
    Function
        With `records`, so that `refimpl.noise.minibatch` applies; each part has the whole ridge.
        The minimum is found by Newton's method, its gradient is 0 to rounding; without a ridge it
        is the one of least norm if the features do not determine it.

    Raises
    ------
    ShapeError, NotFiniteError
    RangeError
        For labels other than 0 and 1, and a ridge that is negative or not finite.
    NoMinimumError
        Without a ridge, if some hyperplane separates the labels: along its normal the loss falls
        for ever. Also where Newton's method does not reach the minimum to rounding.

    Examples
    --------
    >>> f = logistic_regression([[1.0], [1.0], [1.0], [1.0]], [0, 1, 1, 1])
    >>> f.minima.round(9)  # the logarithm of the odds, log 3
    array([[1.09861229]])
    """
    if features.ndim != 2 or 0 in features.shape or labels.shape != features.shape[:1]:
        raise ShapeError(
            "logistic_regression: expected features of shape (n, D) and labels of shape (n,), "
            f"got {features.shape} and {labels.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(labels).all()):
        raise NotFiniteError("logistic_regression: expected finite data, found NaN or infinity")
    if not np.isin(labels, (0.0, 1.0)).all():
        raise RangeError(
            f"logistic_regression: expected labels 0 and 1, got {np.unique(labels)[:5].tolist()}"
        )
    if not 0.0 <= ridge < np.inf:
        raise RangeError(f"logistic_regression: expected a finite ridge >= 0, got {ridge!r}")
    towards = (1.0 - 2.0 * labels)[:, None] * features
    if ridge == 0.0 and _separated(towards):
        raise NoMinimumError(
            "logistic_regression: a hyperplane separates the labels, so the loss falls for ever "
            "along its normal and has no minimum; give a ridge"
        )
    minimum = _minimum(towards, float(ridge))
    loss = np.logaddexp(0.0, towards @ minimum).mean()
    return Function(
        name="logistic_regression",
        dimension=features.shape[1],
        value=value,
        gradient=gradient,
        hessian=hessian,
        minima=[minimum],
        saddles=[],
        minimum_value=float(loss + 0.5 * ridge * minimum @ minimum),
        domain=(-3.0, 3.0),
        source="a mean over records, for minibatches",
        data=np.column_stack([features, labels, np.full(len(features), float(ridge))]),
        record=features.shape[1] + 2,
    )
