"""The noise of the laboratory: what is added to the gradient at each step."""

from typing import NamedTuple

import numpy as np

from .errors import NotFiniteError, RangeError, ShapeError


class Gaussian(NamedTuple):
    """Independent normal noise on each coordinate; see `gaussian`."""

    deviation: float

    def draw(self, generator, steps, D):
        """Noise of one run, shape (steps, D), in gradient-units."""
        return self.deviation * generator.standard_normal((steps, D))


class Recorded(NamedTuple):
    """Noise given as data; the generator is not touched."""

    data: np.ndarray

    def draw(self, generator, steps, D):
        """The data, after a check of its shape (steps, D)."""
        if self.data.shape != (steps, D):
            raise ShapeError(f"expected noise of shape ({steps}, {D}), got {self.data.shape}")
        return self.data


def gaussian(deviation):
    """Independent Gaussian noise of mean 0 on each coordinate of each gradient.

    Parameters
    ----------
    deviation : float
        Standard deviation, in gradient-units; at least 0.

    Raises
    ------
    RangeError
        If the deviation is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> gaussian(0.1).draw(np.random.default_rng(0), 1, 2).round(4)
    array([[ 0.0126, -0.0132]])
    """
    if not 0.0 <= deviation < np.inf:
        raise RangeError(f"noise: expected a finite deviation >= 0, got {deviation!r}")
    return Gaussian(float(deviation))


def as_noise(noise):
    """A noise model from a number (Gaussian deviation), a model, or data of shape (steps, D).

    Raises
    ------
    RangeError, NotFiniteError, ShapeError
    """
    if hasattr(noise, "draw"):
        return noise
    array = np.asarray(noise, dtype=np.float64)
    if array.ndim == 0:
        return gaussian(float(array))
    if array.ndim != 2:
        raise ShapeError(f"expected noise as a number or of shape (steps, D), got {array.shape}")
    if not np.isfinite(array).all():
        raise NotFiniteError("expected finite noise; the data hold NaN or infinity")
    return Recorded(np.ascontiguousarray(array))
