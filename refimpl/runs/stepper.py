"""A loop of one's own: hand in gradients, get positions; what was learned can be kept on disk."""

import contextlib

import numpy as np

from .. import _compile, optimizers
from .._numbers import real
from ..errors import GradientError, UnsupportedOperationError
from ..outcomes import LONGEST
from . import checkpoint
from .execute import first_directions
from .problem import as_position, asks_for_summaries, own_slice
from .streaming import streaming, streams

# Of those that ask for summaries, the one that asks for nothing else.
GROUPED = "grouped_newton"
# As many are taken to be meant, where it is asked whether compiling pays.
STEPS = 1_000


class stepper:
    """An optimizer for a loop of one's own, such as one around a data loader.

    It runs the readable text of the method as plain Python, so that nothing waits for a compiler.
    From 100 000 dimensions on, `ogr`, `online_sfn`, `sogr`, `csogr`, `dsogr` and `cdsogr` make
    streamed steps, as in `refimpl.minimize`.

    Parameters
    ----------
    method : str
        A name of `refimpl.methods`, of a method that needs gradients alone, or
        `grouped_newton` with a `summary`.
    x0 : array_like of shape (D,)
        Start, in theta-units.
    seed : int or numpy.random.Generator, optional
        Of the first directions, for methods that draw some; None draws fresh entropy.
    summary : callable, optional
        Of your own, as for `refimpl.minimize`; `grouped_newton` needs one.
    **hyperparameters
        Of the method, by name.

    Attributes
    ----------
    x : ndarray of shape (D,)
        Position; a new array after each step.
    state : NamedTuple
        What the method has learned; no step writes into its arrays.
    steps : int
        Number of steps made.

    Raises
    ------
    UnknownNameError, RangeError, ShapeError, NotFiniteError, DtypeError
        For wrong input, before any work.
    UnsupportedOperationError
        For a method that needs more than gradients.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer = stepper("ogr", [3.0, -2.0])
    >>> for _ in range(60):
    ...     x = optimizer.step(np.array([2.0, 20.0]) * optimizer.x)
    >>> bool(np.abs(x).max() < 1e-3)
    True
    """

    def __init__(self, method, x0, *, seed=None, summary=None, **hyperparameters):
        self.method = optimizers.get(method)
        self._curvature = ()
        if summary is not None:
            asks_for_summaries(self.method)
            self._curvature = (own_slice(summary),)
        alone = not self.method.curvature or (self._curvature and self.method.name == GROUPED)
        if self.method.solver or not alone:
            raise UnsupportedOperationError(
                f"stepper: {self.method.name} needs more than gradients"
                + (
                    "; give summary"
                    if self.method.name == GROUPED
                    else "; run it by refimpl.minimize"
                )
            )
        self.parameters = optimizers.bind(self.method, hyperparameters)
        self.x = as_position(x0).copy()
        if self.method.check is not None:
            self.method.check(self.parameters, self.x.size)
        self.steps = 0
        directions = first_directions(self.method, self.parameters, seed, self.x.size)
        many = streams(self.method, self.parameters, self.x.size, STEPS)
        text = streaming(self.method) if many else self.method
        self._state = _compile.readable(text.start)(self.x, directions, self.parameters)
        self._step = _compile.readable(text.step)
        # A streamed step overwrites its state: what interrupts it waits until all of it is there.
        self._whole = _compile.sheltered.signals_deferred if many else contextlib.nullcontext

    @property
    def state(self):
        return getattr(self._state, "state", self._state)

    def step(self, gradient):
        """Make one step with the noisy gradient at `x`; returns the new `x`.

        Raises
        ------
        GradientError, DtypeError
            For another shape than that of `x`, NaN or infinity, a gradient or a step beyond 1e150;
            position and state stay what they were. Only a streamed step that leads nowhere has
            overwritten its state: go on from the last file. Ctrl-C comes between two steps.
        EvaluationError, RangeError
            For a summary of one's own that breaks its contract, or lacks a plateau's loss.
        """
        g = real(gradient, "a gradient")
        if g.shape != self.x.shape:
            self._refuse(f"expected a gradient of shape {self.x.shape}, got {g.shape}")
        if not np.isfinite(g).all():
            self._refuse("expected a finite gradient, got NaN or infinity")
        if np.abs(g).max() > LONGEST:
            self._refuse(f"expected a gradient of at most {LONGEST:g}, got {np.abs(g).max():g}")
        with self._whole():
            with np.errstate(all="ignore"):
                # A copy, since a method of one's own may write into it.
                given = self.x.copy(), g, *self._curvature, self.parameters
                x, state = self._step(self._state, *given)
            if not np.abs(x).max() <= LONGEST:
                self._refuse("expected a gradient of a function bounded below: x has diverged")
            self.x, self._state, self.steps = x, state, self.steps + 1
        return x

    def _refuse(self, what):
        raise GradientError(f"step {self.steps}: {what}", self.steps, self.x[None].copy())

    def save(self, path):
        """Write all of it to a file, or leave there what was; a NumPy archive (`.npz`) of any name.

        Raises
        ------
        OSError
        """
        header = {"method": self.method.name, "steps": self.steps}
        header["parameters"] = self.parameters._asdict()
        checkpoint.write(path, header, self.x, self._state)

    @classmethod
    def load(cls, path, method=None, dimension=None, summary=None):
        """The stepper of a file that `save` wrote, to go on to the last bit.

        Parameters
        ----------
        path : path_like
        method : str, optional
            The method that is expected.
        dimension : int, optional
            The number of coordinates that is expected.
        summary : callable, optional
            That of the stepper, which no file can keep.

        Raises
        ------
        CheckpointError
            For a file that is damaged, of another version, or not what is expected.
        OSError
        """
        header, x, found = checkpoint.read(path, method=method, dimension=dimension)
        # The directions of the start are overwritten by what is kept.
        new = cls(header["method"], x, seed=0, summary=summary, **header["parameters"])
        new._state, new.steps = checkpoint.filled(new._state, found, path), header["steps"]
        return new
