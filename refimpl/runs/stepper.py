"""A loop of one's own: hand in gradients, get positions; what was learned can be kept on disk."""

import contextlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from .. import __version__, _compile, optimizers
from .._numbers import real
from .._outside import as_path
from ..errors import CheckpointError, GradientError, StateError, UnsupportedOperationError
from ..outcomes import LONGEST
from .execute import first_directions
from .problem import as_position
from .streaming import streaming, streams

# As many are taken to be meant, where it is asked whether compiling pays.
STEPS = 1_000
# What opening a file that is no checkpoint, or half of one, raises.
UNREADABLE = (zipfile.BadZipFile, EOFError, KeyError, TypeError, ValueError)


class stepper:
    """An optimizer for a loop of one's own, such as one around a data loader.

    It runs the readable text of the method as plain Python, so that nothing waits for a compiler.
    From 100 000 dimensions on, `ogr`, `online_sfn`, `sogr` and `csogr` make streamed steps, as in
    `refimpl.minimize`.

    Parameters
    ----------
    method : str
        A name of `refimpl.methods`, of a method that needs gradients alone.
    x0 : array_like of shape (D,)
        Start, in theta-units.
    seed : int or numpy.random.Generator, optional
        Of the first directions, for methods that draw some; None draws fresh entropy.
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

    def __init__(self, method, x0, *, seed=None, **hyperparameters):
        self.method = optimizers.get(method)
        if self.method.curvature or self.method.solver:
            raise UnsupportedOperationError(
                f"stepper: {self.method.name} needs more than gradients; run it by refimpl.minimize"
            )
        self.parameters = optimizers.bind(self.method, hyperparameters)
        self.x = as_position(x0).copy()
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
            For another shape than that of `x`, NaN or infinity, or a step to where no float is;
            position and state stay what they were. Only a streamed step that leads nowhere has
            overwritten its state: go on from the last file. Ctrl-C comes between two steps.
        """
        g = real(gradient, "a gradient")
        if g.shape != self.x.shape:
            self._refuse(f"expected a gradient of shape {self.x.shape}, got {g.shape}")
        if not np.isfinite(g).all():
            self._refuse("expected a finite gradient, got NaN or infinity")
        with self._whole():
            with np.errstate(all="ignore"):
                # A copy, since a method of one's own may write into it.
                x, state = self._step(self._state, self.x.copy(), g, self.parameters)
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
        path = as_path(path)
        header = {"refimpl": __version__, "method": self.method.name, "steps": self.steps}
        header["parameters"] = self.parameters._asdict()
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                np.savez(file, _header=json.dumps(header), x=self.x, **_leaves(self._state))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path, method=None, dimension=None):
        """The stepper of a file that `save` wrote, to go on to the last bit.

        Parameters
        ----------
        path : path_like
        method : str, optional
            The method that is expected.
        dimension : int, optional
            The number of coordinates that is expected.

        Raises
        ------
        CheckpointError
            For a file that is damaged, of another version, or not what is expected.
        OSError
        """
        path = Path(as_path(path))
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                found = {name: archive[name] for name in archive.files}
            header = json.loads(str(found.pop("_header")))
            x, kept = found.pop("x"), header["refimpl"]
            name, steps, parameters = (header[key] for key in ("method", "steps", "parameters"))
        except UNREADABLE as error:
            raise CheckpointError(
                f"{path}: expected what stepper.save wrote, got a file that is damaged or is none "
                f"({type(error).__name__}: {error}); take an earlier one"
            ) from error
        for what, expected, got in (
            ("version", __version__, kept),
            ("method", method or name, name),
            ("dimension", x.size if dimension is None else dimension, x.size),
        ):
            if got != expected:
                raise CheckpointError(
                    f"{path}: expected a checkpoint of {what} {expected}, got one of {got}"
                )
        # The directions of the start are overwritten by what is kept.
        new = cls(name, x, seed=0, **parameters)
        new._state, new.steps = _filled(new._state, found, path), steps
        return new


def _leaves(state, prefix="state"):
    """Name -> array or number, of a state and of the states in it."""
    if hasattr(state, "kept"):
        return state.kept()
    if not hasattr(state, "_asdict"):
        return {prefix: state}
    parts = (_leaves(part, f"{prefix}.{name}") for name, part in state._asdict().items())
    return {name: leaf for part in parts for name, leaf in part.items()}


def _filled(template, found, path, prefix="state"):
    """A state like the template, with what was found."""
    if hasattr(template, "kept"):
        try:
            template.refill(found)
        except StateError as error:
            raise CheckpointError(f"{path}: {error}") from None
        return template
    if hasattr(template, "_asdict"):
        parts = template._asdict().items()
        return template._make(_filled(p, found, path, f"{prefix}.{name}") for name, p in parts)
    if prefix not in found or found[prefix].shape != np.shape(template):
        raise CheckpointError(
            f"{path}: expected {prefix} of shape {np.shape(template)}, got "
            f"{found[prefix].shape if prefix in found else 'none'}; the file is of another state"
        )
    kept = found[prefix]
    return kept if isinstance(template, np.ndarray) else type(template)(kept[()])
