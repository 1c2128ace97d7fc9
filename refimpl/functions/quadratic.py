"""A quadratic with any spectrum, in any rotated frame: the model all curvature is measured by."""

import numpy as np

from .function import Function
from .rotation import as_frame, curvature_from_frame, from_frame, to_frame


def value(x, data):
    """``sum_i lambda_i y_i^2 / 2`` with ``y = R x``; `data` holds the ``lambda_i``, then `R`."""
    spectrum, matrix = data[: x.size], data[x.size :]
    y = to_frame(matrix, x)
    return 0.5 * np.sum(spectrum * y * y)


def gradient(x, data):
    spectrum, matrix = data[: x.size], data[x.size :]
    return from_frame(matrix, spectrum * to_frame(matrix, x))


def hessian(x, data):
    return curvature_from_frame(data[x.size :], data[: x.size])


def quadratic(spectrum=(1.0, 10.0), rotation=None):
    """The quadratic ``sum_i lambda_i y_i^2 / 2`` in the rotated frame ``y = R x``.

    Parameters
    ----------
    spectrum : array_like of shape (D,), optional
        Eigenvalues of the Hessian, of any sign.
    rotation : array_like of shape (D, D), optional
        Orthogonal; its rows are the eigenvectors. Without it the coordinates are the frame, and
        a gradient costs `D` operations in place of ``2 D^2``.

    Returns
    -------
    Function
        Its only listed stationary point is the origin: a minimum where no eigenvalue is negative, a
        saddle where both signs occur, a maximum (listed nowhere) where none is positive.

    Raises
    ------
    ShapeError, NotFiniteError, NotOrthogonalError
        For a spectrum that is no vector, a rotation that does not fit it, entries that are NaN or
        infinite, a rotation with ``R R^T`` off the unit matrix by more than 1e-10.

    Examples
    --------
    >>> saddle = quadratic([2.0, -1.0], rotation=[[0.6, 0.8], [-0.8, 0.6]])
    >>> saddle.gradient([0.6, 0.8])
    array([1.2, 1.6])
    """
    spectrum, matrix = as_frame("quadratic", spectrum, rotation)
    D = spectrum.size
    lowest, highest = spectrum.min(), spectrum.max()
    origin = np.zeros((1, D))
    note = ""
    if highest <= 0.0 and lowest < 0.0:
        note = "The origin is a maximum."
    elif lowest <= 0.0 <= highest and (spectrum == 0.0).any():
        note = "Flat along the eigenvectors of eigenvalue 0: stationary points are not isolated."
    return Function(
        name="quadratic",
        dimension=D,
        value=value,
        gradient=gradient,
        hessian=hessian,
        minima=origin if lowest >= 0.0 else [],
        saddles=origin if lowest < 0.0 < highest else [],
        minimum_value=0.0 if lowest >= 0.0 else -np.inf,
        domain=(-5.0, 5.0),
        source="the second-order model itself",
        data=np.concatenate((spectrum, matrix)),
        note=note,
    )
