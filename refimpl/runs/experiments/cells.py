"""Experiments of many lattices: cells, each computed once, kept, and taken up where one stopped.

A long experiment is a list of `Cell`, and `compute` its results. With a cache folder each cell is a
file, written as soon as it is finished: whatever ends the program, the next one continues there.
"""

import contextlib
import functools
import hashlib
import json
import operator
import os
import uuid
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy

from ... import _compile, optimizers
from ..._numbers import real
from ..._outside import as_path, bar
from ...errors import NotFiniteError, RangeError, ShapeError, StateError
from ...functions.function import Function
from ...noise import as_noise
from ..lattice import lattice, positive
from ..minimize import minimize

# Sources that only order cells or read results: no value depends on them, and a long experiment
# should survive a mended table.
READERS = (
    "__main__.py",
    "cli.py",
    "runs/experiments/statistics.py",
    "runs/experiments/tournament.py",
)
# A step in plain Python costs about as much as so many compiled ones; it only orders the work.
PLAIN_PYTHON = 100


class Cell(NamedTuple):
    """One lattice of an experiment, all that determines its result.

    Attributes
    ----------
    function : refimpl.functions.Function
        Of the laboratory; one of your own can be computed, but not be cached.
    method : str
        A name of `refimpl.methods`.
    starts : array_like of shape (n, D)
    steps : int
    noise : float, noise model or array_like of shape (steps, D)
        As for `refimpl.lattice`.
    seeds : iterable of int
    restart_noise, carry_state : bool
    hyperparameters : dict or tuple of pairs
    threshold : float, optional
        With it the result is not final values but, for a single start, the number of steps until
        the value first lies below the threshold; see `escape_steps`.

    Examples
    --------
    >>> from refimpl import functions
    >>> cell = Cell(functions.beale, "adam", [[-2.0, 1.0]], steps=50, noise=0.1, seeds=range(3),
    ...             hyperparameters={"alpha": 0.3})
    >>> compute([cell])[0].shape
    (3, 1)
    """

    function: Function
    method: str
    starts: np.ndarray
    steps: int
    noise: float = 0.0
    seeds: tuple = (0,)
    restart_noise: bool = False
    carry_state: bool = False
    hyperparameters: dict | tuple = ()
    threshold: float | None = None

    @property
    def label(self):
        """The cell in one line, for messages."""
        function = getattr(self.function, "name", self.function)
        given = ", ".join(f"{name}={number}" for name, number in dict(self.hyperparameters).items())
        return f"cell {function}, {self.method}({given}), noise {self.noise}, {self.steps} steps"


@contextlib.contextmanager
def _named(cell):
    """Put the cell's label before the message of an error."""
    try:
        yield
    except Exception as error:
        if error.args and isinstance(error.args[0], str):
            error.args = (f"{cell.label}: {error.args[0]}", *error.args[1:])
        else:
            error.add_note(cell.label)
        raise


def checked(cell):
    """The cell with every field in its plain form, all hyperparameters bound.

    Raises
    ------
    UnknownNameError, RangeError, ShapeError, NotFiniteError, TypeError
        With the cell's label.
    """
    with _named(cell):
        if not isinstance(cell.function, Function):
            raise TypeError(f"expected a function of the laboratory, got {cell.function!r}")
        if not isinstance(cell.method, str):
            # One of your own may be called by this name and be another.
            raise TypeError(f"expected the name of a method, got {cell.method!r}")
        method = optimizers.get(cell.method)
        parameters = optimizers.bind(method, dict(cell.hyperparameters))
        starts = real(cell.starts, "starts")
        D = cell.function.dimension
        if starts.ndim != 2 or starts.shape[0] == 0 or starts.shape[1] != D:
            raise ShapeError(f"expected starts of shape (n, {D}), got {starts.shape}")
        if not np.isfinite(starts).all():
            raise NotFiniteError("expected finite starts, found NaN or infinity")
        seeds = tuple(map(operator.index, cell.seeds))
        if not seeds:
            raise ShapeError("expected at least one seed, got none")
        if min(seeds) < 0:
            raise RangeError(f"expected seeds >= 0, got {min(seeds)}")
        if cell.threshold is not None and len(starts) != 1:
            raise ShapeError(f"expected one start with a threshold, got {len(starts)}")
        return cell._replace(
            method=method.name,
            starts=starts,
            steps=positive("steps", cell.steps),
            noise=as_noise(cell.noise),
            seeds=seeds,
            restart_noise=bool(cell.restart_noise),
            carry_state=bool(cell.carry_state),
            hyperparameters=tuple(parameters._asdict().items()),
            threshold=None if cell.threshold is None else float(cell.threshold),
        )


def final_values(cell):
    """`refimpl.lattice` of the cell, in one thread.

    Returns
    -------
    ndarray of shape (seeds, starts)
        `inf` for a run that diverged.
    """
    return lattice(
        cell.function,
        cell.method,
        starts=cell.starts,
        steps=cell.steps,
        noise=cell.noise,
        seeds=cell.seeds,
        restart_noise=cell.restart_noise,
        carry_state=cell.carry_state,
        progress=False,
        **dict(cell.hyperparameters),
    )


def steps_below(cell):
    """Number of steps until the value first lies below the cell's threshold, seed by seed.

    Returns
    -------
    ndarray of shape (seeds, 1)
        `inf` where the run ends before.
    """
    found = np.full((len(cell.seeds), 1), np.inf)
    for s, seed in enumerate(cell.seeds):
        result = minimize(
            cell.function,
            cell.starts[0],
            method=cell.method,
            steps=cell.steps,
            noise=cell.noise,
            seed=seed,
            progress=False,
            **dict(cell.hyperparameters),
        )
        below = np.flatnonzero(result.values < cell.threshold)
        if below.size:
            found[s, 0] = below[0]
    return found


def escape_steps(
    function,
    start,
    method,
    threshold,
    *,
    steps,
    noise=0.0,
    seeds,
    cache=None,
    jobs=None,
    progress=None,
    **hyperparameters,
):
    """How long a method lingers: steps until the value first lies below a threshold.

    Parameters
    ----------
    function : refimpl.functions.Function
    start : array_like of shape (D,)
    method : str
    threshold : float
        For the value without noise.
    steps : int
        The budget.
    noise, seeds, **hyperparameters
        As for `refimpl.lattice`.
    cache, jobs, progress
        As for `compute`; to share the work of many such calls, give `compute` a `Cell` for each,
        with its `threshold`.

    Returns
    -------
    ndarray of shape (seeds,)
        0 where the start lies below, `inf` where the run does not come below within the budget.

    Examples
    --------
    >>> from refimpl import functions
    >>> saddle = functions.bounded_saddle([-1.0, 1.0])
    >>> escape_steps(saddle, [0.01, 0.0], "sgd", -0.1, steps=100, seeds=[0], alpha=0.1)
    array([42.])
    """
    cell = Cell(
        function,
        method,
        [start],
        steps,
        noise,
        seeds,
        hyperparameters=hyperparameters,
        threshold=threshold,
    )
    (found,) = compute([cell], cache=cache, jobs=jobs, progress=progress)
    return found[:, 0]


@functools.cache
def source_stamp():
    """Digest of every source of the package that a result can depend on."""
    digest = hashlib.sha256()
    for path in sorted(_compile.PACKAGE.rglob("*.py")):
        name = path.relative_to(_compile.PACKAGE).as_posix()
        if name not in READERS:
            text = path.read_bytes()
            digest.update(f"{name} {len(text)} ".encode() + text)
    return digest.hexdigest()


def _text(derivative):
    """Name of a text whose source is in the stamp.

    Raises
    ------
    TypeError
        For a function of one's own, whose texts may call anything.
    """
    text = derivative.text
    inside = _compile.PACKAGE in Path(os.path.abspath(text.__code__.co_filename)).parents
    if not inside or text.__closure__:
        raise TypeError(
            "only functions of the laboratory can be cached, since what one of your own depends on "
            "is not known here; compute it with cache=None"
        )
    return f"{text.__module__}.{text.__qualname__}"


def digest(cell):
    """Name of a checked cell in the cache: sha256 of all that determines its result.

    Sources, compiled or not, SciPy's version (of its solvers), function and data, method and all
    its hyperparameters, starts, steps, noise, seeds, flags.
    """
    function = cell.function
    with _named(cell):
        texts = [_text(f) for f in (function.value, function.gradient, function.hessian)]
        if type(cell.noise).__module__ != as_noise.__module__:
            raise TypeError(
                f"only noise models of refimpl.noise can be cached, got {cell.noise!r}; "
                "compute it with cache=None"
            )
    noise = [np.asarray(number, dtype=np.float64) for number in cell.noise]
    arrays = [function.data, cell.starts, *noise]
    facts = [
        source_stamp(),
        _compile.JIT,
        scipy.__version__,
        function.name,
        texts,
        function.record,
        cell.method,
        cell.hyperparameters,
        cell.steps,
        type(cell.noise).__name__,
        cell.seeds,
        cell.restart_noise,
        cell.carry_state,
        cell.threshold,
        [array.shape for array in arrays],
    ]
    found = hashlib.sha256(json.dumps(facts).encode())
    for array in arrays:
        found.update(array.tobytes())
    return found.hexdigest()


def _load(path, shape):
    """The array of a finished cell, None if there is no such file or it cannot be read."""
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return values if values.shape == shape and values.dtype == np.float64 else None


def _save(path, values):
    """Write the array at once or not at all: readers and other writers never see a part."""
    part = path.with_suffix(f".{uuid.uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            np.save(file, values, allow_pickle=False)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _shape(cell):
    return len(cell.seeds), len(cell.starts)


def _path(folder, name):
    return folder / f"{name}.npy"


def _finish(k, cell, folder, name):
    """What a worker does: compute the cell, write it down, return it with its number."""
    with _named(cell):
        if folder is not None and digest(cell) != name:
            raise StateError(
                "this worker has other sources or another SciPy than the process that asked; "
                "start both again with the same"
            )
        values = final_values(cell) if cell.threshold is None else steps_below(cell)
        if folder is not None:
            _save(_path(folder, name), values)
    return k, values


def _work(cell):
    """Roughly how long a cell takes, to begin with the large ones."""
    method = optimizers.get(cell.method)
    plain = method.curvature or method.solver or not _compile.JIT
    steps = len(cell.seeds) * cell.starts.size * cell.steps
    return steps * PLAIN_PYTHON if plain else steps


def _joblib():
    try:
        import joblib
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "experiments of many cells need joblib: pip install joblib, or conda install joblib"
        ) from None
    return joblib


def compute(cells, *, cache=None, jobs=None, progress=None):
    """Results of all cells, in their order, each computed at most once.

    Parameters
    ----------
    cells : iterable of Cell
    cache : path, optional
        Folder of finished cells, made if it is not there; several programs may share it. A file
        that cannot be read is computed again; a changed source or hyperparameter is another cell.
        Old files are never removed: delete the folder when it has grown too large.
    jobs : int, optional
        As `joblib.Parallel`: None is 1 or what `joblib.parallel_config` says, -1 all processors.
        The workers are processes, or whatever backend is set by `joblib.parallel_config`, a dask
        cluster for example (its workers must then see the folder).
    progress : bool, optional
        Progress bar on standard error; by default on a terminal, for work of more than two seconds.

    Returns
    -------
    list of ndarray of shape (seeds, starts)

    Raises
    ------
    UnknownNameError, RangeError, ShapeError, NotFiniteError, TypeError
        For a wrong cell, before any work, with its label.
    RunError
        Or another error of a run, with its cell's label; finished cells stay in the cache.
    """
    joblib = _joblib()
    cells = [checked(cell) for cell in cells]
    folder, names = None, [None] * len(cells)
    results = dict.fromkeys(range(len(cells)))
    if cache is not None:
        # Absolute, since a worker may stand elsewhere.
        folder = as_path(cache).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        names = [digest(cell) for cell in cells]
    with bar(total=len(cells), unit="cell", desc="cells", delay=2, progress=progress) as shown:
        if folder is not None:
            for k, cell in enumerate(cells):
                results[k] = _load(_path(folder, names[k]), _shape(cell))
        left = [k for k, values in results.items() if values is None]
        shown.update(len(cells) - len(left))
        left.sort(key=lambda k: _work(cells[k]), reverse=True)
        backend, _ = joblib.parallel.get_active_backend(prefer="processes")
        unordered = getattr(backend, "supports_return_generator", False)
        parallel = joblib.Parallel(
            n_jobs=jobs,
            prefer="processes",
            return_as="generator_unordered" if unordered else "list",
            # Mapped into memory, large data would reach compiled code as arrays it cannot take.
            max_nbytes=None,
        )
        tasks = (joblib.delayed(_finish)(k, cells[k], folder, names[k]) for k in left)
        for k, values in parallel(tasks) if left else ():
            results[k] = values
            shown.update()
    return list(results.values())
