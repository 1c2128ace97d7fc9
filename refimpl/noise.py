"""The noise of the laboratory: what happens to the gradient at each step.

A model draws, before a run, what the steps will need, so that noise is data and a run can be
repeated in any language.
"""

from typing import NamedTuple

import numpy as np

from ._compile.border import from_python
from ._numbers import real
from .errors import NotFiniteError, RangeError, ShapeError
from .functions.function import GRADIENT, Derivative


def _add(gradient, z):
    return gradient + z


def _multiply(gradient, z):
    return gradient * (1.0 + z)


add = Derivative(_add, GRADIENT)
multiply = Derivative(_multiply, GRADIENT)


class Whole:
    """Mixin of the models in which every step sees the whole function."""

    __slots__ = ()
    # Whether nothing is added to the gradient, so that no noise need be kept.
    silent = False
    # Whether some steps drawn after others are what all of them are when drawn at once.
    stepwise = False

    def batch(self, records):
        """Number of records that a step sees; 0 for all."""
        return 0

    def pick(self, generator, steps, records):
        """Records of each step, shape (steps, batch)."""
        return np.empty((steps, 0), dtype=np.int64)


class Scaled(Whole):
    """Mixin of the models with a `deviation`, which may be 0."""

    __slots__ = ()
    stepwise = True

    @property
    def silent(self):
        return self.deviation == 0.0


class Gaussian(Scaled, NamedTuple("Gaussian", [("deviation", float)])):
    """Independent normal noise on each coordinate; see `gaussian`."""

    perturb = add

    def draw(self, generator, steps, D):
        """Noise of one run, shape (steps, D), in gradient-units."""
        return self.deviation * generator.standard_normal((steps, D))


class Student(Scaled, NamedTuple("Student", [("deviation", float), ("freedom", float)])):
    """Independent heavy-tailed noise on each coordinate; see `student`."""

    perturb = add

    def draw(self, generator, steps, D):
        """Noise of one run, shape (steps, D), in gradient-units."""
        scale = self.deviation * np.sqrt((self.freedom - 2.0) / self.freedom)
        return scale * generator.standard_t(self.freedom, (steps, D))


class Multiplicative(Scaled, NamedTuple("Multiplicative", [("deviation", float)])):
    """A random factor on each coordinate of the gradient; see `multiplicative`."""

    perturb = multiply

    def draw(self, generator, steps, D):
        """Relative noise of one run, shape (steps, D), without unit."""
        return self.deviation * generator.standard_normal((steps, D))


class Minibatch(NamedTuple):
    """Each step sees a part of a finite sum; see `minibatch`."""

    size: int
    perturb = add
    silent = True

    def batch(self, records):
        """Number of records that a step sees."""
        if records == 0:
            raise RangeError(
                "noise: a minibatch needs a finite sum, such as functions.least_squares; "
                "this function is none"
            )
        if self.size > records:
            raise RangeError(f"noise: expected a minibatch of at most {records}, got {self.size}")
        return self.size

    def draw(self, generator, steps, D):
        """Nothing is added to the gradient of the part."""
        return np.zeros((steps, D))

    def pick(self, generator, steps, records):
        """Records of each step, shape (steps, size), none twice within an epoch."""
        batches = records // self.size
        picks = np.empty((steps, self.size), dtype=np.int64)
        for first in range(0, steps, batches):
            epoch = generator.permutation(records)[: batches * self.size].reshape(batches, -1)
            last = min(first + batches, steps)
            picks[first:last] = epoch[: last - first]
        return picks


class Recorded(Whole, NamedTuple("Recorded", [("data", np.ndarray)])):
    """Noise given as data; the generator is not touched."""

    perturb = add

    def draw(self, generator, steps, D):
        """The data, after a check of its shape (steps, D)."""
        if self.data.shape != (steps, D):
            raise ShapeError(f"expected noise of shape ({steps}, {D}), got {self.data.shape}")
        return self.data


def _deviation(deviation):
    if not 0.0 <= deviation < np.inf:
        raise RangeError(f"noise: expected a finite deviation >= 0, got {deviation!r}")
    return float(deviation)


@from_python
def gaussian(deviation: float):
    """Independent Gaussian noise on each coordinate: mean 0, covariance ``deviation^2 I``.

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
    return Gaussian(_deviation(deviation))


@from_python
def student(deviation: float, freedom: float):
    """Heavy-tailed noise: independent Student t, scaled to mean 0 and covariance ``deviation^2 I``.

    Parameters
    ----------
    deviation : float
        Standard deviation, in gradient-units; at least 0.
    freedom : float
        Degrees of freedom, above 2: below, the variance does not exist. Near 2 rare values are
        huge, for large values the noise is Gaussian.

    Raises
    ------
    RangeError

    Examples
    --------
    >>> import numpy as np
    >>> student(0.1, 3.0).draw(np.random.default_rng(0), 1, 2).round(4)
    array([[0.0088, 0.009 ]])
    """
    if not 2.0 < freedom < np.inf:
        raise RangeError(
            f"noise: expected finite degrees of freedom above 2, got {freedom!r}; "
            "at 2 and below the variance does not exist"
        )
    return Student(_deviation(deviation), float(freedom))


@from_python
def multiplicative(deviation: float):
    """Relative noise: each coordinate of the gradient times ``1 + deviation z``, `z` normal.

    Mean 0 and covariance ``deviation^2 diag(g^2)``: no noise at a stationary point.

    Parameters
    ----------
    deviation : float
        Relative standard deviation; at least 0.

    Raises
    ------
    RangeError

    Examples
    --------
    >>> multiplicative(0.5).deviation
    0.5
    """
    return Multiplicative(_deviation(deviation))


def minibatch(size):
    """The noise of seeing a part: each step's gradient is that of `size` records of a finite sum.

    Within an epoch no record is seen twice; a new epoch begins with a new permutation when fewer
    than `size` records are left. With `n` records, whose gradients have the covariance `S` (divided
    by `n`), the noise has mean 0 and covariance ``S / size (n - size) / (n - 1)``.

    Parameters
    ----------
    size : int
        Number of records a step sees, at least 1.

    Raises
    ------
    RangeError
        If the size is below 1; when a run begins, also if it exceeds the number of records or the
        function is not a finite sum.

    Examples
    --------
    >>> import numpy as np
    >>> minibatch(2).pick(np.random.default_rng(0), 3, 6)
    array([[3, 2],
           [5, 4],
           [0, 1]])
    """
    try:
        whole = int(size)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if whole < 1 or size != whole:
        raise RangeError(f"noise: expected a minibatch of at least 1 record, got {size!r}")
    return Minibatch(whole)


def as_noise(noise):
    """A noise model from a number (Gaussian deviation), a model, or data of shape (steps, D).

    Raises
    ------
    RangeError, NotFiniteError, ShapeError, DtypeError

    Examples
    --------
    >>> as_noise(0.1)
    Gaussian(deviation=0.1)
    """
    if hasattr(noise, "draw"):
        return noise
    array = real(noise, "noise")
    if array.ndim == 0:
        return gaussian(float(array))
    if array.ndim != 2:
        raise ShapeError(f"expected noise as a number or of shape (steps, D), got {array.shape}")
    if not np.isfinite(array).all():
        raise NotFiniteError("expected finite noise; the data hold NaN or infinity")
    return Recorded(array)
