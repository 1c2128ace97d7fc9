"""One run from one start, with its whole path."""

import copy
import inspect
import itertools

import numpy as np
from scipy.optimize import OptimizeResult

from .. import _compile, functions, optimizers
from .._outside import bar
from ..functions.function import Function
from ..noise import as_noise
from ..outcomes import DIVERGED, farthest, length
from .execute import (
    as_text,
    begin,
    compile_driver,
    compiles,
    draw_in_blocks,
    execute,
    last_gradient,
    reached,
)
from .interruptible import in_threads
from .lattice import positive, switch
from .problem import as_position, as_problem, with_summary
from .streaming import streaming, streams

ALL_STEPS, STOPPED, NOT_CONVERGED, CONVERGED, ENDED = 0, 2, 3, 4, 5
MESSAGES = {
    ALL_STEPS: "All steps were made.",
    DIVERGED: "The run diverged: it left the ball 1e8 max(1, |x0|), or a number grew too large.",
    STOPPED: "The callback stopped the run.",
    NOT_CONVERGED: "All steps were made; the gradient did not become as small as gtol.",
    CONVERGED: "The noisy gradient became as small as gtol.",
    ENDED: "SciPy's method ended by itself before all gradients were used.",
}


class Result(OptimizeResult):
    """SciPy's result, whose `values` are those along the path and not those of the dictionary."""

    @property
    def values(self):
        return self["values"]


def minimize(
    fun,
    x0,
    *,
    method="ogr",
    steps,
    noise=0.0,
    seed=None,
    jac=None,
    hess=None,
    hessp=None,
    summary=None,
    args=(),
    callback=None,
    keep_path=True,
    progress=None,
    **hyperparameters,
):
    """Minimize a function from its noisy gradients.

    Parameters
    ----------
    fun : Function, str or callable
        Of the laboratory, by object or name; or ``fun(x, *args) -> float`` of your own, which the
        grouped methods also run on Taylor polynomials: see `refimpl.taylor`.
    x0 : array_like of shape (D,)
        Start, in theta-units.
    method : str, optional
        A name of `refimpl.methods`; the default needs no tuning.
    steps : int
        Number of steps, at least 1; each costs one gradient.
    noise : float, noise model or array_like of shape (steps, D), optional
        Added to the gradients, in gradient-units; a number is a Gaussian standard deviation.
    seed : int or numpy.random.Generator, optional
        Of the noise; None draws fresh entropy.
    jac : callable or True, optional
        ``jac(x, *args) -> array (D,)``; True if `fun` returns value and gradient together. Not
        needed with a function of the laboratory.
    hess : callable, optional
        ``hess(x, *args) -> array (D, D)``, for the methods that need it.
    hessp : callable, optional
        ``hessp(x, v, *args) -> array (D,)``, the Hessian times `v`.
    summary : callable, optional
        ``summary(x, direction, groups)`` of your own for the grouped methods, in place of pushing
        Taylor polynomials through `fun`: an object with the attributes `gradient` (S,), `hessian`
        (S, S) and `third` (S,), such as ``refimpl.summary.Summary``: with ``u_s`` the part of this
        direction in the group `s` of indices, the loss's first, second and third derivatives along
        ``u_s``, ``u_s`` and ``u_t``, and three times ``u_s`` (along ``+u_s``, although the step
        subtracts it); 0 where the part is 0. With `plateau` also `value`, the loss. It may be of
        other records than the gradient: its slopes are taken as they are, while those of a derived
        summary are of the noisy gradient. The parts come multiplied by powers of two of their own.
        `third` that is rounding should be 0; see ``refimpl.summary.without_noise``.
    args : tuple, optional
        Further arguments of `fun`, `jac`, `hess` and `hessp`.
    callback : callable, optional
        Called after each step, as SciPy's own methods do: ``callback(x)``, or, if its only
        parameter is named `intermediate_result`, with an `OptimizeResult` of `x`, `fun`, `nit` and
        `state`; `StopIteration` ends the run.
    keep_path : bool, optional
        Whether the result has all positions, ``(nit + 1) D`` numbers, or the last one alone.
    progress : bool, optional
        Progress bar on standard error; by default on a terminal, for work of more than two seconds.
    **hyperparameters
        Of the method, by name.

    Returns
    -------
    scipy.optimize.OptimizeResult
        `x`, `fun`, `jac` (at `x`, without noise), `nit`, `nfev`, `njev`, `success`, `status`,
        `message`, `diverged`, `path` (nit + 1, D), or (1, D) without `keep_path`, and `values`
        (nit + 1,), without noise. A diverged run keeps its path up to the position that left the
        ball; its last value is `inf`.

    Raises
    ------
    UnknownNameError, RangeError, ShapeError, NotFiniteError, DtypeError, MissingDerivativeError,
    PartitionError
        For wrong input, before any work.
    GradientError, EvaluationError
        For a bad gradient or a function that raises, with the step and the path so far.
    UnsupportedOperationError
        For an operation in `fun` that the grouped methods cannot run on Taylor polynomials.
    KeyboardInterrupt
        At Ctrl-C, within a step. Once the run has begun, it has the attributes `step` and `path` of
        a `RunError`, the steps made and the path so far. So has whatever else a signal's handler
        raises, or the callback.

    Notes
    -----
    With plain Python functions the method runs as plain Python too, and waits for no compiler,
    while ``steps (1 + D / 10)`` is below 100 000. Beyond, it is compiled first, once for all
    processes, which a line on standard error says unless ``REFIMPL_QUIET`` is set in the
    environment. The rule goes by the work alone, so that a call gives the same digits whenever it
    is made; those of the two ways differ by rounding.

    In so many dimensions as ``refimpl.optimizers.streamed.suits`` says, from 5 000 on, and where
    ``steps D`` is at least 1e8, `online_sfn`, `sogr`, `csogr`, `dsogr`, `cdsogr` and `ogr` make
    streamed steps: the same up to rounding, at the price of reading their directions twice and
    writing them once. In less than 100 000 dimensions `ogr` has scales of its coordinates unless
    ``scaled=False``, and these are not streamed.

    Examples
    --------
    >>> from refimpl import functions
    >>> result = minimize(functions.beale, [-2.0, 1.0], method="fogr", steps=30, noise=0.1, seed=0)
    >>> result.path.shape, result.diverged
    ((31, 2), False)
    """
    method = optimizers.get(method)
    parameters = optimizers.bind(method, hyperparameters)
    if isinstance(fun, str):
        fun = functions.get(fun)
    x0 = as_position(x0, fun.dimension if isinstance(fun, Function) else None)
    problem = as_problem(fun, jac, args, hess, hessp)
    if summary is not None:
        problem = with_summary(problem, method, summary)
    problem.check_curvature(method)
    watch = Watch(callback, progress=progress)
    steps = positive("steps", steps)
    keep_path = switch("keep_path", keep_path)
    return solve(problem, method, parameters, x0, steps, as_noise(noise), seed, watch, keep_path)


def solve(problem, method, parameters, x0, steps, noise, seed, watch, keep_path=True):
    """The run behind `minimize`, all its arguments checked; returns its `Result`."""
    runs = begin(1, 1, steps, x0.size, keep_path)
    if streams(method, parameters, x0.size, steps):
        problem, method = problem.from_python(), streaming(method)
    method = as_text(method, problem, steps, x0.size)
    try:
        run(problem, method, parameters, x0, steps, noise, seed, watch, runs)
        return result(problem, x0, steps, watch, runs)
    except BaseException as error:
        # Ctrl-C too, and what a callback raised: the path so far is at hand.
        error.step, error.path = reached(runs)
        raise


def run(problem, method, parameters, x0, steps, noise, seed, watch, runs):
    """Fill `runs`, which may be looked at between the steps."""
    D = x0.size
    blocks = draw_in_blocks(method, parameters, noise, problem, seed, steps, D)
    # What is wrong with noise or seed is said before any work; a list would be held to the end.
    blocks = itertools.chain(iter([next(blocks)]), blocks)
    with watch.bar(steps) as shown:
        if compiles(problem, method) and not watch.needed:
            compile_driver(method, noise.perturb, 1, D)
            in_threads(
                lambda one: execute(problem, method, parameters, one, blocks, runs),
                [x0[None]],
                1,
                runs.stop,
                lambda: shown.update(runs.made(steps) - shown.n),
            )
        else:
            watched = watch.gradients(problem), watch.steps(method)
            execute(*watched, parameters, x0[None], blocks, runs)
            watch.last(runs)


def result(problem, x0, steps, watch, runs):
    """What is told of a run that came to its end."""
    nit, path = reached(runs)
    values = runs.values[: nit + 1].copy()
    diverged = bool(runs.outcome[0, 0] == DIVERGED)
    if diverged:
        values[-1] = np.inf
        derivative = np.full(x0.size, np.nan)
    else:
        derivative = last_gradient(problem, runs)
    with np.errstate(over="ignore"):
        valued = _compile.readable(length)(path[-1]) <= _compile.readable(farthest)(x0)
    status = DIVERGED if diverged else watch.status
    if status == ALL_STEPS and nit < steps:
        status = ENDED
    return Result(
        x=path[-1].copy(),
        fun=float(values[-1]),
        jac=derivative,
        nit=nit,
        nfev=nit + bool(valued),
        njev=nit + (not diverged),
        success=status not in (DIVERGED, NOT_CONVERGED),
        status=status,
        message=MESSAGES[status],
        diverged=diverged,
        path=path,
        values=values,
    )


class Watch:
    """Looks between the steps of a plain Python run, and stops it.

    The driver asks for the next gradient when a step is complete in every respect: that is the
    moment for the user's callback and for the progress bar.

    Parameters
    ----------
    callback : callable or None
    gtol : float
        Stop when no coordinate of the noisy gradient exceeds this; 0 never stops.
    progress : bool or None
    """

    def __init__(self, callback=None, gtol=0.0, progress=None):
        if callback is not None and not callable(callback):
            raise TypeError(f"expected a callback that can be called, got {callback!r}")
        self.callback = callback
        self.gtol = gtol
        self.progress = progress
        self.needed = callback is not None or gtol > 0.0
        self.wants_result = set(_names(callback)) == {"intermediate_result"}
        self.status = NOT_CONVERGED if gtol > 0.0 else ALL_STEPS
        self.begun = False
        self.count = 0
        self.state = None
        # For the callback: the last position whose value was asked for, and the value.
        self.valued = None, None
        self.progress_bar = None

    def bar(self, steps):
        """The progress bar, as a context."""
        self.progress_bar = bar(
            total=steps, unit="step", delay=2, leave=False, progress=self.progress
        )
        return self.progress_bar

    def gradients(self, problem):
        """The problem, with a look at each position whose gradient is asked for."""
        problem = problem.from_python()

        def value(x, data):
            found = problem.value(x, data)
            if self.callback is not None:
                self.valued = x.copy(), found
            return found

        def gradient(x, data):
            if self.begun:
                at, found = self.valued
                # SciPy's methods ask for gradients at places that they have no value of.
                known = self.callback is None or np.array_equal(at, x)
                self.look(x, found if known else problem.value(x, data))
            self.begun = True
            return problem.gradient(x, data)

        return problem._replace(value=value, gradient=gradient)

    def steps(self, method):
        """The method, its newest state kept at hand and small gradients noticed."""

        def step(state, theta, gradient, *rest):
            if self.gtol > 0.0 and np.max(np.abs(gradient)) <= self.gtol:
                self.status = CONVERGED
                raise StopIteration
            theta, self.state = method.step(state, theta, gradient, *rest)
            return theta, self.state

        return method._replace(step=step)

    def look(self, x, value):
        """One call of the callback; `StopIteration` goes on to the driver."""
        self.count += 1
        self.progress_bar.update()
        if self.callback is None:
            return
        try:
            if self.wants_result:
                # Copies, since a callback may keep them or write into them.
                state = getattr(self.state, "state", None) or copy.deepcopy(self.state)
                seen = OptimizeResult(x=x.copy(), fun=float(value), nit=self.count, state=state)
                self.callback(intermediate_result=seen)
            else:
                self.callback(x.copy())
        except StopIteration:
            self.status = STOPPED
            raise

    def last(self, runs):
        """The look after the last step, which no further gradient follows."""
        nit = int(runs.done[-1, -1])
        if nit > self.count:
            try:
                self.look(runs.path[min(nit, len(runs.path) - 1)], runs.values[nit])
            except StopIteration:
                pass


def _names(callback):
    """Parameter names of the callback, none if it does not tell them."""
    try:
        return inspect.signature(callback).parameters
    except (TypeError, ValueError):
        return ()
