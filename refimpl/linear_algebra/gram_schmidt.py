"""Gram-Schmidt: orthonormal rows in row order, whatever rows are given."""

import numpy as np

from .._compile.border import overwriting, public
from ..errors import NotFiniteError, ShapeError
from .finite import all_finite
from .symmetric_eigen import EPS

# Sums of a few numbers of this size are still finite.
HUGE = 1e300
FLAT = "gram_schmidt: x must be a vector (D,)"
ROWS = "online_pca: V must be (d, D) with 1 <= d <= D, and a gradient (D,)"


@public
def check_rows(V: np.ndarray):
    """Raise unless `V` is finite and has at least one row, and no more rows than columns."""
    if V.ndim == 2:
        if not (1 <= V.shape[0] <= V.shape[1]):
            raise ShapeError(ROWS)
        if not all_finite(V):
            raise NotFiniteError("online_pca: V must be finite; found NaN or infinity")
    else:
        raise ShapeError(ROWS)


@public
def direction(x: np.ndarray):
    """Unit vector along `x` and the length of `x`; zeros and 0 if `x` is 0."""
    if not all_finite(x):
        raise NotFiniteError("gram_schmidt: x must be finite; found NaN or infinity")
    if x.ndim != 1:
        raise ShapeError(FLAT)
    size = np.max(np.abs(x)) if x.size > 0 else 0.0
    if size == 0.0:
        return np.zeros(x.size), 0.0
    # Unit scale first, so that squares neither overflow nor vanish.
    n = x / size
    length = np.sqrt(n @ n)
    return n / length, min(size, HUGE) * length


@overwriting
def straighten(W, i):
    """Overwrite row `i` by the unit vector along its part orthogonal to the rows before it.

    Returns the share of its length in that part; 0, and no unit vector, if the row depends on them.
    """
    row, length = direction(W[i])
    if length == 0.0:
        return 0.0
    # Twice is enough: what rounding leaves along the earlier rows, the second pass takes away.
    for _ in range(2):
        for j in range(i):
            row -= (W[j] @ row) * W[j]
    share = np.sqrt(row @ row)
    if share <= 4.0 * W.shape[0] * EPS:
        return 0.0
    W[i] = row / share
    return share


@overwriting
def complete(W, i, old):
    """Overwrite row `i` by the direction of `old` that sticks out most of the rows before it."""
    best, choice = 0.0, 0
    for k in range(old.shape[0]):
        W[i] = old[k]
        share = straighten(W, i)
        if share > best:
            best, choice = share, k
    if best > 0.0:
        W[i] = old[choice]
    else:
        # No old direction left: the coordinate axis that the rows before it cover least.
        W[i] = 0.0
        W[i, np.argmin(np.sum(W[:i] ** 2, axis=0))] = 1.0
    straighten(W, i)


@overwriting
def straighten_all(W, old):
    """Overwrite the rows of `W` by orthonormal ones, in row order."""
    for i in range(W.shape[0]):
        if straighten(W, i) == 0.0:
            complete(W, i, old)


@public
def orthonormalize(W: np.ndarray):
    """Orthonormal rows by modified Gram-Schmidt in row order, twice.

    The first ``i`` rows of the result span what the first ``i`` rows of `W` span, and
    ``W = L V`` with `L` lower triangular and positive on its diagonal.

    Parameters
    ----------
    W : ndarray of shape (d, D)
        Rows to orthonormalise, ``d <= D``; not changed. The scale of each row is free, from
        denormal to the largest float.

    Returns
    -------
    ndarray of shape (d, D)
        A row that depends on the rows before it (to ``4 d eps`` of its length) has no direction of
        its own: the coordinate axis that those rows cover least takes its place, the first of
        equals. So the rows are always orthonormal, those of a zero matrix being the first axes.

    Raises
    ------
    ShapeError
        If there are more rows than columns, or none.
    NotFiniteError
        For NaN or infinite entries.

    Notes
    -----
    Book: {eq}`eq-orthonormalize`.

    Examples
    --------
    >>> import numpy as np
    >>> orthonormalize(np.array([[0.0, -2.0, 0.0], [3.0, 5.0, 0.0]]))
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.]])
    """
    if W.ndim == 2:
        check_rows(W)
        V = np.empty(W.shape)
        V[:] = W
        straighten_all(V, V[:0].copy())
        return V
    raise ShapeError(ROWS)
