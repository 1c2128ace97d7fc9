"""Rotated frames: functions that are simple in coordinates ``y = R x`` of their own.

The matrix travels as a flat array, row after row; an empty one stands for the unit matrix and costs
nothing.
"""

import numpy as np

from .._compile.border import from_python, public
from .._numbers import real
from ..errors import NotFiniteError, NotOrthogonalError, ShapeError
from ..linear_algebra.symmetric_eigen import congruence

# Rounding leaves products of many rotations orthogonal to about D eps, 1e-12 at D = 4000; what is
# further off was never orthogonal, and would move the listed stationary points by as much.
TOLERANCE = 1e-10


@public
def to_frame(matrix: np.ndarray, x: np.ndarray):
    """``R x``."""
    if matrix.size == 0:
        return x
    return matrix.reshape(x.size, x.size) @ x


@public
def from_frame(matrix: np.ndarray, y: np.ndarray):
    """``R^T y``."""
    if matrix.size == 0:
        return y
    return y @ matrix.reshape(y.size, y.size)


@public
def curvature_from_frame(matrix: np.ndarray, curvature: np.ndarray):
    """``R^T diag(curvature) R``, symmetric to the last bit."""
    if matrix.size == 0:
        return np.diag(curvature)
    return congruence(matrix.reshape(curvature.size, curvature.size), np.diag(curvature))


def as_frame(owner, spectrum, rotation):
    """Spectrum (D,) and flat matrix, empty without a rotation, both checked.

    Raises
    ------
    ShapeError, NotFiniteError, NotOrthogonalError
    """
    spectrum = real(spectrum, f"a spectrum of {owner}")
    if spectrum.ndim != 1 or spectrum.size == 0:
        raise ShapeError(f"{owner}: expected a spectrum of shape (D,), got {spectrum.shape}")
    if not np.isfinite(spectrum).all():
        raise NotFiniteError(f"{owner}: expected a finite spectrum, got {spectrum}")
    if rotation is None:
        return spectrum, np.empty(0)
    D = spectrum.size
    rotation = real(rotation, f"a rotation of {owner}")
    if rotation.shape != (D, D):
        raise ShapeError(
            f"{owner}: expected a rotation of shape ({D}, {D}), for the {D} numbers of the "
            f"spectrum, got {rotation.shape}"
        )
    if not np.isfinite(rotation).all():
        raise NotFiniteError(f"{owner}: expected a finite rotation, found NaN or infinity")
    # The squares of large entries overflow, and are as little 1 then.
    with np.errstate(all="ignore"):
        excess = np.abs(rotation @ rotation.T - np.eye(D)).max()
    if not excess <= TOLERANCE:
        raise NotOrthogonalError(
            f"{owner}: expected an orthogonal rotation, but R R^T differs from the unit matrix by "
            f"{excess:.3g}; numpy.linalg.qr(rotation)[0] is orthogonal"
        )
    return spectrum, rotation.ravel()


@from_python
def random_rotation(generator, D: int):
    """An orthogonal matrix drawn uniformly (Haar measure), reflections included.

    Parameters
    ----------
    generator : numpy.random.Generator
    D : int
        At least 1.

    Returns
    -------
    ndarray of shape (D, D)

    Raises
    ------
    ShapeError
        If `D` is below 1.

    Notes
    -----
    The orthogonal factor of a Gaussian matrix, which is unique, and uniform, only once the signs of
    the triangular factor's diagonal are fixed: as LAPACK returns it, its first entry is never
    positive.

    Examples
    --------
    >>> R = random_rotation(np.random.default_rng(0), 3)
    >>> (R @ R.T).round(12) + 0.0
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    if D < 1:
        raise ShapeError(f"random_rotation: expected at least 1 dimension, got {D}")
    Q, R = np.linalg.qr(generator.standard_normal((D, D)))
    return np.ascontiguousarray(Q * np.copysign(1.0, np.diag(R)))
