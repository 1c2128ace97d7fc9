"""One call of the driver: what it needs is drawn before, what it found wrong is raised after."""

import functools
import math
import os
from typing import NamedTuple

import numpy as np

from .. import _compile
from ..errors import (
    EvaluationError,
    GradientError,
    NotFiniteError,
    NotSymmetricError,
    RangeError,
    RunError,
    ShapeError,
    StateError,
    UnsupportedOperationError,
)
from ..functions.function import Derivative
from ..lanes import sweep as lanes
from ..lanes.sweep import in_lanes
from ..outcomes import BAD_GRADIENT, BAD_SHAPE, DIVERGED, NOT_BEGUN
from .announce import announced
from .sweep import kernel, sweep

# Their messages say already what was wrong.
OF_A_PIECE = (
    NotFiniteError,
    NotSymmetricError,
    RangeError,
    ShapeError,
    StateError,
    UnsupportedOperationError,
)
# Steps in two dimensions at which compiling a method takes as long as they do uncompiled; in many
# a step costs more, since the loops over small matrices are longer.
WORTH_COMPILING = 100_000
# [D]'s programs draw the first directions uniformly in [0, 0.001).
DIRECTIONS = 1e-3
# As many as stay in a processor's cache.
NUMBERS_AT_ONCE = 10_000


class Drawn(NamedTuple):
    """Everything random of a block of runs, and how it enters the gradient."""

    directions: np.ndarray  # (seeds, starts, d, D), first directions of the method
    noise: np.ndarray  # (seeds, starts, steps, D), or (seeds, starts, steps, 0) if there is none
    picks: np.ndarray  # (seeds, starts, steps, b), records that each step sees; b = 0 for all
    perturb: Derivative  # (gradient, noise) -> noisy gradient


class Runs(NamedTuple):
    """What a sweep over seeds and starts leaves behind."""

    final: np.ndarray  # (seeds, starts), inf for a diverged run, NaN for one that has not ended
    done: np.ndarray  # (seeds, starts), steps completed
    outcome: np.ndarray  # (seeds, starts)
    path: np.ndarray  # (steps + 1, D) of the last run, or (1, D), its last position alone
    values: np.ndarray  # (steps + 1,) of the last run
    stop: np.ndarray  # (1,), set by a thread that wants the sweep to end after the present step

    def made(self, steps):
        """Steps made, or saved by a divergence, of so many in each run."""
        return int(np.where(self.outcome == DIVERGED, steps, self.done.clip(0)).sum())


def begin(seeds, n, steps, D, keep_path=True):
    """Runs of which none has begun.

    Raises
    ------
    RangeError
        For more steps than memory holds a path of.
    """
    path = room((steps + 1 if keep_path else 1, D), f"the path of {steps} steps")
    values = room((steps + 1,), f"the values of {steps} steps")
    return Runs(
        final=np.full((seeds, n), np.nan),
        done=np.full((seeds, n), NOT_BEGUN),
        outcome=np.zeros((seeds, n), dtype=np.int64),
        path=path,
        values=values,
        stop=np.zeros(1, dtype=np.bool_),
    )


def room(shape, what, dtype=np.float64):
    """An empty array.

    Raises
    ------
    RangeError
        Where there is no memory for it; a system that hands out more than it has would end the
        process later.
    """
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    try:
        if needed > _memory():
            raise MemoryError
        return np.empty(shape, dtype)
    except (MemoryError, ValueError):
        raise RangeError(
            f"{what} in {shape[-1]} dimensions needs {needed} bytes, which do not fit into memory; "
            "take fewer steps, keep no path (keep_path=False of minimize), or go on from where a "
            "run ended"
        ) from None


@functools.cache
def _memory():
    """Bytes of memory that the machine has; infinite where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return np.inf


def draw(
    method, parameters, noise, problem, seeds, n, steps, D, restart_noise=False, stop=(False,)
):
    """Everything random, before any step; where `stop` is set meanwhile, only a part of it.

    For each seed one generator runs through all starts: first the directions of the start, if the
    method has any, then the noise of its steps. `restart_noise` starts it anew for each start.

    Returns
    -------
    Drawn

    Raises
    ------
    RangeError
        For what is no seed, for more noise than memory holds, or if the method keeps more
        directions than the problem has dimensions.
    PartitionError, ShapeError
        If the groups of a method do not part the parameters.
    NotFiniteError
        If a noise model of one's own draws NaN.
    """
    if method.check is not None:
        method.check(parameters, D, steps)
    d = kept_directions(method, parameters, D)
    records = len(problem.records)
    directions = np.empty((len(seeds), n, d, D))
    batch = noise.batch(records)
    silent = getattr(noise, "silent", False)
    what = f"the noise of {n} starts and {steps} steps, which is drawn beforehand,"
    perturbations = room((len(seeds), n, steps, 0 if silent else D), what)
    picks = room((len(seeds), n, steps, batch), what, np.int64)
    for s, seed in enumerate(seeds):
        generator = generator_of(seed)
        for i in range(n):
            if stop[0]:
                # No step will be made; the noise of a million takes seconds.
                return Drawn(directions, perturbations, picks, noise.perturb)
            if restart_noise:
                generator = generator_of(seed)
            if d:
                directions[s, i] = first_directions(method, parameters, generator, D)
            # Of noise that overflows the run diverges.
            with np.errstate(over="ignore"):
                if not silent:
                    perturbations[s, i] = noise.draw(generator, steps, D)
                elif generator is seed or (d and i < n - 1 and not restart_noise):
                    pass_over(noise, generator, steps, D)
            picks[s, i] = noise.pick(generator, steps, records)
    # The least of numbers with a NaN among them is NaN.
    if np.isnan(perturbations.min(initial=0.0)):
        raise NotFiniteError(f"expected noise without NaN, but {noise!r} drew some")
    return Drawn(directions, perturbations, picks, noise.perturb)


def kept_directions(method, parameters, D):
    """How many first directions the method takes.

    Raises
    ------
    RangeError
        For more than there are dimensions.
    """
    d = parameters.dimension if method.directions else 0
    if d > D:
        raise RangeError(
            f"{method.name}: expected dimension <= {D}, which is that of the start, got {d}"
        )
    return d


def first_directions(method, parameters, seed, D):
    """First directions of a run, (d, D), drawn; none for a method that takes none."""
    d = kept_directions(method, parameters, D)
    return generator_of(seed).uniform(0.0, DIRECTIONS, (d, D))


def draw_in_blocks(method, parameters, noise, problem, seed, steps, D):
    """As `draw` for one run, the same numbers, a few steps at a time where the model can.

    A generator of the user's own is drawn from at once: it is left at the same place however early
    the run ends.

    Yields
    ------
    Drawn
    """
    some = steps
    if getattr(noise, "stepwise", False) and not (
        noise.silent or method.solver or isinstance(seed, np.random.Generator)
    ):
        some = min(steps, max(1, NUMBERS_AT_ONCE // D))
    generator = seed if some == steps else generator_of(seed)
    if method.check is not None:
        method.check(parameters, D, steps)
        method = method._replace(check=None)
    for first in range(0, steps, some):
        block = min(some, steps - first)
        yield draw(method, parameters, noise, problem, [generator], 1, block, D)
        # They belong to the start.
        method = method._replace(directions=False)


def pass_over(noise, generator, steps, D):
    """Draw noise that is not needed, a few steps at a time, for the sake of what is drawn later."""
    some = max(1, NUMBERS_AT_ONCE // D)
    for first in range(0, steps, some):
        noise.draw(generator, min(some, steps - first), D)


def generator_of(seed):
    """`numpy.random.default_rng` of a seed.

    Raises
    ------
    RangeError
    """
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise RangeError(
            f"expected a seed, which is an integer >= 0 or a numpy.random.Generator, got {seed!r}"
        ) from None


def compiles(problem, method):
    """Whether the driver runs compiled."""
    return problem.compiled and not (method.curvature or method.solver)


def as_text(method, problem, steps, D):
    """The method as plain Python, where compiling it would cost more than it saves.

    It goes by the work alone, not by what is compiled already: the same call gives the same digits
    the first time and the hundredth.
    """
    if problem.compiled or method.solver or steps * (1.0 + D / 10.0) >= WORTH_COMPILING:
        return method
    return _text(method)


@functools.lru_cache(maxsize=64)
def _text(method):
    return method._replace(
        start=_compile.readable(method.start), step=_compile.readable(method.step)
    )


def compile_driver(method, perturb, runs, D, carry=False):
    """Compile the driver of so many runs in the calling thread, where that can be interrupted."""
    in_lanes = not carry and lanes.suits(method, runs, D)
    first = method.lanes.step if in_lanes else method.step
    with announced(f"{method.name} in lanes" if in_lanes else method.name, first):
        # A property, which compiles when it is asked for.
        _ = perturb.kernel
        (lanes.kernel if in_lanes else kernel)(method)


def execute(problem, method, parameters, starts, blocks, runs, carry=False):
    """Run the driver, compiled where the problem is. `StopIteration` ends it, nothing lost.

    `blocks` are the `Drawn` of the first steps, of those after them, and so on: one for several
    runs. Overwrites `runs`, of which none has begun, and returns them.

    Raises
    ------
    GradientError, EvaluationError
        With the step and the path so far.
    """
    if compiles(problem, method):
        if not carry and len(starts) * len(runs.final) > 1:
            (drawn,) = blocks
            if in_lanes(problem, method, parameters, starts, drawn, runs):
                return runs
        # Before the run, where an error would be taken for one of the user's function.
        kernel(method)
    try:
        # A diverging run overflows on its way out: that is its result, not a warning.
        with np.errstate(all="ignore"):
            _drive(problem, method, parameters, starts, blocks, carry, runs)
    except StopIteration:
        pass
    except RunError as error:
        located(error, runs)
        raise
    except OF_A_PIECE as error:
        located(error, runs)
        raise
    except Exception as error:
        # Plain Python functions are guarded one by one; what else raises there is the callback.
        if not problem.compiled:
            raise
        what = f"the compiled function raised {type(error).__name__}: {error}"
        raise located(EvaluationError(what), runs) from error
    worst = runs.outcome.max(initial=0)
    if worst >= BAD_SHAPE:
        step, path = reached(runs)
        if worst == BAD_GRADIENT:
            with np.errstate(all="ignore"):
                found = problem.gradient(path[-1], problem.data)
            # A function that is not always the same may be finite when it is asked again.
            seen = "NaN or infinity" if np.isfinite(found).all() else found
            what = f"a finite gradient, got {seen}"
        else:
            what = f"a gradient of shape {path[-1].shape}, got another one"
        raise GradientError(f"step {step}: expected {what} at x = {path[-1]}", step, path)
    return runs


def _drive(problem, method, parameters, starts, blocks, carry, runs):
    """Fill `runs`, by SciPy, by the compiled driver, or by the same driver as plain Python."""
    if method.solver:
        # Imported here: SciPy's optimizers take longer to load than a lattice of ours to run.
        from .baselines import execute_scipy

        (drawn,) = blocks
        execute_scipy(problem, method, starts, drawn, runs)
        return
    run, form = _compile.readable(sweep), "text"
    if method.curvature:
        method = with_curvature(method, problem)
    elif problem.compiled:
        run, form = kernel(method), "kernel"
    state, first = None, 0
    for drawn in blocks:
        if first == 0 and form == "kernel":
            # Compiled code wants to know what a state is; the driver makes its own.
            state = method.start(starts[0], drawn.directions[0, 0], parameters)
        state = run(
            problem.value,
            problem.gradient,
            getattr(drawn.perturb, form),
            method.start,
            method.step,
            state,
            first,
            starts,
            drawn.directions,
            drawn.noise,
            drawn.picks,
            parameters,
            problem.data,
            problem.records,
            carry,
            runs.path,
            runs.values,
            runs.final,
            runs.done,
            runs.outcome,
            runs.stop,
        )
        first += drawn.noise.shape[2]
        if runs.stop[0] or runs.outcome.any():
            break


def with_curvature(method, problem):
    """The method with the curvature at the present position handed to each of its steps."""

    def step(state, theta, gradient, parameters):
        if method.curvature == "slice":
            curvature = problem.slice if problem.own_summary else noisy(problem.slice, gradient)
        else:
            curvature = getattr(problem, method.curvature)(theta)
        return method.step(state, theta, gradient, curvature, parameters)

    return method._replace(step=step)


def noisy(along, gradient):
    """A slice with the first derivatives that the noisy gradient of the step has.

    The others are exact, as is the Hessian for the methods that need it.
    """

    def summarize(theta, direction, groups):
        slopes = [direction[index] @ gradient[index] for index in groups]
        return along.summarize(theta, direction, groups)._replace(gradient=np.array(slopes))

    return along._replace(summarize=summarize)


def last_gradient(problem, runs):
    """Gradient without noise where the run ended.

    Raises
    ------
    GradientError, EvaluationError
        With the step and the path.
    """
    step, path = reached(runs)
    try:
        with np.errstate(all="ignore"):
            g = np.asarray(problem.gradient(path[-1], problem.data))
    except RunError as error:
        located(error, runs)
        raise
    if not np.isfinite(g).all():
        raise GradientError(
            f"step {step}: expected a finite gradient, got {g} at x = {path[-1]}", step, path
        )
    return g


def located(error, runs):
    """The error with the step and the path of the run that was in work."""
    error.step, error.path = reached(runs)
    error.args = (f"step {error.step}: {' '.join(map(str, error.args))}",)
    return error


def reached(runs):
    """Steps completed and path of the run that was in work."""
    begun = runs.done[runs.done != NOT_BEGUN]
    if begun.size == 0:
        return 0, runs.path[:0].copy()
    step = int(begun[-1])
    # A part is copied, so that it does not keep the whole.
    return step, runs.path if step + 1 >= len(runs.path) else runs.path[: step + 1].copy()
