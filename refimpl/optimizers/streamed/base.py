"""The object that makes streamed steps: its arrays are made once, and each step overwrites them.

What a step may meet besides a plain gradient is handled here, in plain Python: a gradient in
another form, squares that leave the range of the precision, rows that have drifted.
"""

import numpy as np

from ... import regression
from ..._compile import compiled
from ..._numbers import as_real
from ...errors import DtypeError, NotFiniteError, ShapeError
from .. import subspace
from . import drift, passes, small
from .kept import Kept
from .tiles import from_tiles, into_tiles, padded


@compiled
def largest(x):
    """The modulus of the largest entry; NaN where one is NaN."""
    size = 0.0
    for k in range(x.size):
        if not abs(x[k]) <= size:
            size = abs(float(x[k]))
            if size != size:
                break
    return size


class Stepper(Kept):
    """Streamed steps of one method, from one start.

    Attributes
    ----------
    theta : ndarray of shape (D,)
        The position, a view for reading; the next step overwrites it.
    state
        The readable method's state, made anew in binary64 when asked for.
    drift : float
        Largest entry of ``|V V^T - I|`` when last measured.
    corrections : int
        How often the rows were made orthonormal again.
    """

    def __init__(self, method, parameters, x0, dtype, directions):
        self.method, self.parameters, self.dtype = method, parameters, dtype
        self.drift, self.corrections = 0.0, 0
        self._D = x0.size
        readable = self._first(x0, directions if directions is not None else x0[:0])
        d = readable.model.V.shape[0]
        self._tiles = into_tiles(readable.model.V, dtype, x0.size)
        zeros = (np.zeros_like(padded(x0, dtype)) for _ in range(3))
        self._vectors = passes.Vectors(padded(x0, dtype), *zeros)
        self._seen = passes.Seen(np.zeros(d), np.zeros(8))
        self._orders = passes.Orders(np.zeros(d), np.zeros(d), np.zeros(d), np.zeros(4))
        self._small = small.start(readable.model.line)
        self._gram, self._along = np.zeros((d, d)), np.zeros((3, d))
        self._buffer = None
        self._steps = 0
        self._begin(readable)
        self._measure()
        self.theta = self._vectors.theta[: self._D]
        self.theta.flags.writeable = False

    def _first(self, x0, directions):
        """The readable start; beyond the columns of its `V` all rows are 0."""
        return self.method.start(x0, directions, self.parameters)

    def step(self, gradient):
        """One step with the gradient at `theta`; returns the new `theta`, the same view.

        Parameters
        ----------
        gradient : array_like of shape (D,)
            Read where it lies if it is an array of the stepper's dtype, in C order and writable;
            otherwise, and if it overlaps `theta`, from a copy in a buffer that is made once.

        Returns
        -------
        ndarray of shape (D,)

        Raises
        ------
        ShapeError, DtypeError, NotFiniteError
            For another shape, numbers that are not real, NaN or infinite entries, and what the
            readable step refuses. The state is that before the step.
        """
        g = self._taken(gradient)
        # Squares that overflow are seen by what they leave behind.
        with np.errstate(over="ignore", invalid="ignore"):
            usual = self._advance(g)
        if not usual:
            size = largest(g)
            if not size < np.inf:
                raise NotFiniteError(
                    "streamed: the gradient must be finite; found NaN or infinity, or more than "
                    f"{self.dtype} holds"
                )
            self._unusual(g, size)
        self._steps += 1
        if self._steps % drift.EVERY == 0 or self._small.numbers[small.WORN] > drift.WEAR:
            self.straighten()
        return self.theta

    def straighten(self):
        """Measure the drift and correct it where needed; `step` does so by itself."""
        self._measure()
        self.drift = drift.drift(self._gram)
        if self.drift > drift.ALLOWED[self.dtype]:
            T = drift.inverse_root(self._gram)
            passes.straightened(self._tiles, T)
            # The last move stays what it was: ``V^T f = (T V)^T T^{-1} f``, with ``T^{-1} = T G``.
            self._orders.f[:] = T @ (self._gram @ self._orders.f)
            self._measure()
            self.corrections += 1

    def _measure(self):
        """The Gram matrix, and anew what is carried along from step to step."""
        kept = self._small
        passes.measure(self._tiles, self._vectors, self._gram, self._along)
        kept.numbers[small.WORN] = 0.0
        kept.off_theta[:], kept.slow[:], kept.m[:] = self._along

    @property
    def state(self):
        """The readable method's state, in binary64; means at the origin, as a step begins."""
        kept, unit = self._small, self._small.numbers[0]
        V = kept.frame @ from_tiles(self._tiles, self._D)
        line = regression.centred(small.line_of(kept))
        return self._state(subspace.Subspace(V, line), *self._full(unit))

    def _full(self, unit):
        """Means and momentum, gradients times a unit."""
        _, mean_theta, mean_gradient, momentum = (
            v[: self._D].astype(np.float64) for v in self._vectors
        )
        return mean_theta, unit * mean_gradient, unit * momentum

    def _taken(self, gradient):
        """The gradient, or a copy of it that the passes can read."""
        if not isinstance(gradient, np.ndarray):
            gradient = as_real(gradient, "streamed: expected the gradient as real numbers")
        if gradient.shape != (self._D,):
            raise ShapeError(
                f"streamed: expected a gradient of shape ({self._D},), got {gradient.shape}"
            )
        if gradient.dtype == self.dtype and gradient.dtype.isnative and gradient.flags.carray:
            if gradient.base is None:
                return gradient
            if not np.may_share_memory(gradient, self._vectors.theta):
                return np.asarray(gradient)
        if gradient.dtype.kind not in "biuf":
            raise DtypeError(
                f"streamed: expected the gradient as real numbers, got dtype {gradient.dtype}"
            )
        return self._copied(gradient)

    def _copied(self, gradient):
        if self._buffer is None:
            self._buffer = np.empty(self._D, self.dtype)
        # What the precision cannot hold is infinite, and refused as such.
        with np.errstate(over="ignore", under="ignore"):
            self._buffer[:] = gradient
        return self._buffer

    def _arrays(self, g):
        return self._tiles, g, self._vectors, self._seen, self._orders, self._small, self._D
