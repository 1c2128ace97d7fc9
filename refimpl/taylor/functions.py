"""Functions that networks need and NumPy lacks, of arrays and of Taylor polynomials alike."""

import numpy as np
import scipy.special
from numpy.lib.array_utils import normalize_axis_tuple

from .._numbers import as_real
from ..errors import RangeError, ShapeError
from .array import Taylor, check_finite, finish, make, operands, real_array, trim

# More coefficients than any memory holds are a mistake.
HIGHEST_ORDER = 2**31 - 1


def _numbers(x, name):
    """A polynomial and an array of real numbers as they are; of all else, an array of float64."""
    if isinstance(x, Taylor | float | np.floating) or (
        isinstance(x, np.ndarray) and x.dtype.kind in "biuf"
    ):
        return x
    return as_real(x, f"{name}: expected x of real numbers, or a Taylor polynomial")


def relu(x):
    """``max(x, 0)``; at 0 it is flat, so all its derivatives there are 0.

    Examples
    --------
    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return np.maximum(_numbers(x, "relu"), 0.0)


def logistic(x):
    """``1 / (1 + e^{-x})``, accurate far out on both sides.

    Examples
    --------
    >>> logistic(np.array([0.0, -800.0]))
    array([0.5, 0. ])
    """
    return scipy.special.expit(_numbers(x, "logistic"))


def softplus(x):
    """``log(1 + e^x)``, which never overflows.

    Examples
    --------
    >>> softplus(np.array([-800.0, 800.0]))
    array([  0., 800.])
    """
    # NaN is its own answer, without a warning, as it is of the others.
    with np.errstate(invalid="ignore"):
        return np.logaddexp(0.0, _numbers(x, "softplus"))


def logsumexp(x, axis=None, keepdims=False):
    """``log(sum(exp(x)))`` along one axis, several or all, which never overflows.

    The loss of a classifier with scores `z` and labels `y` is the mean of
    ``logsumexp(z, axis=1) - z[np.arange(len(y)), y]``.

    Examples
    --------
    >>> logsumexp(np.array([1000.0, 1000.0])).round(3)
    np.float64(1000.693)
    """
    x = _numbers(x, "logsumexp")
    if not isinstance(x, Taylor):
        if np.size(x) == 0:
            # The logarithm of an empty sum, which SciPy does not have for every shape.
            return np.sum(x, axis=axis, keepdims=keepdims) - np.inf
        return scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)
    (rows,), order, rng = operands("logsumexp", x)
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    kept = tuple(n for k, n in enumerate(x.shape) if k not in axes)
    last = np.moveaxis(rows, [k + 1 for k in axes], range(-len(axes), 0))
    last = last.reshape(len(rows), *kept, -1)
    # The largest, as a polynomial, plus log1p of the sum of the others relative to it: beside its 1
    # small terms would be lost.
    index = np.argmax(last[0], axis=-1)[..., None]
    top = np.take_along_axis(last, index[None], axis=-1)
    others = np.exp(make(last - top, order, rng))._rows.copy()
    np.put_along_axis(others, np.broadcast_to(index, (len(others), *index.shape)), 0.0, axis=-1)
    total = others.sum(axis=-1)
    small = np.log1p(make(total, order, rng))._rows
    result = np.zeros((max(len(top), len(small)), *kept))
    result[: len(small)] = small
    result[: len(top)] += top[..., 0]
    if keepdims:
        result = np.expand_dims(result, [k + 1 for k in sorted(axes)])
    return finish("logsumexp", result, order, rng)


def line(x, direction, order):
    """The line ``x + t direction`` as a polynomial of a given order.

    Parameters
    ----------
    x, direction : array_like
        Real numbers of shapes that broadcast.
    order : int
        At least 0.

    Raises
    ------
    RangeError, DtypeError, NotFiniteError
        For an order below 0, entries that are not real, or not finite.

    Examples
    --------
    >>> np.exp(line(0.0, 1.0, 3)).coefficients.round(4)
    array([1.    , 1.    , 0.5   , 0.1667])
    """
    whole = isinstance(order, int | np.integer) and not isinstance(order, bool)
    if not whole or not 0 <= order <= HIGHEST_ORDER:
        raise RangeError(f"taylor: expected a whole order from 0 to {HIGHEST_ORDER}, got {order!r}")
    x, direction = real_array(x, "taylor"), real_array(direction, "taylor")
    check_finite("taylor", x[None])
    check_finite("taylor", direction[None])
    try:
        rows = np.stack(np.broadcast_arrays(x, direction))[: order + 1]
    except ValueError:
        raise ShapeError(
            f"taylor: expected x and direction of shapes that broadcast, got {x.shape} and "
            f"{direction.shape}"
        ) from None
    return make(trim(rows), int(order), None)


def expand(function, x, direction=1.0, order=1):
    """Taylor coefficients of ``function(x + t direction)`` at ``t = 0``.

    Parameters
    ----------
    function : callable
        Ordinary Python on arrays. Its derivatives along the line are ``k!`` times row `k`.
    x, direction, order
        As in `line`.

    Returns
    -------
    ndarray of shape (order + 1, *shape)

    Raises
    ------
    UnsupportedOperationError
        For an operation in `function` that has no rule.
    RangeError, DtypeError, NotFiniteError
        As in `line`, and where a coefficient on the way is not finite.

    Notes
    -----
    Book: {eq}`eq-taylor-line`.

    Examples
    --------
    >>> expand(lambda x: x[0] * np.exp(x[1]), [2.0, 0.0], [0.0, 1.0], order=3).round(4)
    array([2.    , 2.    , 1.    , 0.3333])
    """
    return coefficients(function(line(x, direction, order)), order)


def coefficients(result, order):
    """Rows of what a function returned, which may be plain where it is constant."""
    if isinstance(result, Taylor):
        return result.coefficients[: order + 1]
    first = real_array(result, "taylor")
    check_finite("taylor", first[None])
    full = np.zeros((order + 1, *first.shape))
    full[0] = first
    return full
