"""A saddle of any spectrum that is bounded below: how long a method lingers, and where it ends."""

import itertools

import numpy as np

from .._compile.border import from_python
from ..errors import RangeError
from . import separable
from .function import Function
from .rotation import as_frame, curvature_from_frame, from_frame, to_frame


def value(x, data):
    """``sum_i lambda_i y_i^2 / 2 + c y_i^4 / 4``, ``y = R x``; `data`: `c`, the `lambda_i`, `R`."""
    c, spectrum, matrix = data[0], data[1 : x.size + 1], data[x.size + 1 :]
    y = to_frame(matrix, x)
    square = y * y
    return np.sum(square * (0.5 * spectrum + 0.25 * c * square))


def gradient(x, data):
    c, spectrum, matrix = data[0], data[1 : x.size + 1], data[x.size + 1 :]
    y = to_frame(matrix, x)
    return from_frame(matrix, y * (spectrum + c * y * y))


def hessian(x, data):
    c, spectrum, matrix = data[0], data[1 : x.size + 1], data[x.size + 1 :]
    y = to_frame(matrix, x)
    return curvature_from_frame(matrix, spectrum + 3.0 * c * y * y)


@from_python
def bounded_saddle(spectrum=(-1.0, 1.0), c: float = 1.0, rotation=None):
    """``sum_i lambda_i y_i^2 / 2 + c sum_i y_i^4 / 4`` in the rotated frame ``y = R x``.

    The spectrum is that of the Hessian at the origin. Along each of the `k` negative eigenvalues
    the function falls to wells at ``y_i = +-sqrt(-lambda_i / c)``, where the curvature is
    ``-2 lambda_i``.

    Parameters
    ----------
    spectrum : array_like of shape (D,), optional
        Of any sign, in gradient-units / theta-units.
    c : float, optional
        Strength of the quartic walls, above 0.
    rotation : array_like of shape (D, D), optional
        Orthogonal, its rows the eigenvectors; without it the coordinates are the frame.

    Returns
    -------
    Function
        With all its ``2^k`` minima, of value ``-sum lambda_i^2 / (4 c)`` over the negative ones,
        and all its saddles, the origin first, while these are not many (``3^k D`` up to 100000);
        otherwise with one minimum, all wells on the positive side, and at most the origin.

    Raises
    ------
    ShapeError, NotFiniteError, NotOrthogonalError
        As in `quadratic`.
    RangeError
        If `c` is not above 0, or not finite; if the minimum is too deep for a float.

    Examples
    --------
    >>> function = bounded_saddle([-4.0, 1.0])
    >>> function.minima, function.minimum_value
    (array([[ 2.,  0.],
           [-2.,  0.]]), -4.0)
    """
    spectrum, matrix = as_frame("bounded_saddle", spectrum, rotation)
    if not 0.0 < c < np.inf:
        raise RangeError(f"bounded_saddle: expected c in (0, inf), got {c!r}")
    D = spectrum.size
    falling = spectrum < 0.0
    k = int(falling.sum())
    with np.errstate(over="ignore"):
        # The square alone overflows where the depth does not.
        depth = float(np.sum(spectrum[falling] * (spectrum[falling] / (4.0 * c))))
        well = np.sqrt(np.where(falling, -spectrum, 0.0) / c)
    if not np.isfinite(depth) or not np.all(np.isfinite(well)):
        raise RangeError(
            f"bounded_saddle: expected a minimum that a float can hold, got the depth {depth!r}; "
            "take a larger c or a smaller spectrum"
        )
    note = f"The curvature at the origin is negative in {k} of {D} directions."
    if 3**k * D <= separable.LISTED:
        bottoms = [(y, -y) if y > 0.0 else (0.0,) for y in well]
        minima = np.array(list(itertools.product(*bottoms)))
        # In descending number of coordinates on a top: the origin, where it is one, comes first.
        saddles = separable.saddles(bottoms, [(0.0,) if y > 0.0 else () for y in well])
        saddles = saddles[np.argsort(np.count_nonzero(saddles, axis=1), kind="stable")]
    else:
        minima = well[None]
        saddles = np.zeros((1 if k < D else 0, D))
        note += f" One of its 2^{k} minima is listed, and of its saddles at most the origin."
    if rotation is not None:
        R = matrix.reshape(D, D)
        minima, saddles = minima @ R, saddles @ R
    return Function(
        name="bounded_saddle",
        dimension=D,
        value=value,
        gradient=gradient,
        hessian=hessian,
        minima=minima,
        saddles=saddles,
        minimum_value=-depth if k else 0.0,
        domain=(-2.0 * well.max(), 2.0 * well.max()) if k else (-2.0, 2.0),
        source="made for this laboratory",
        data=np.concatenate(([c], spectrum, matrix)),
        note=note,
    )
