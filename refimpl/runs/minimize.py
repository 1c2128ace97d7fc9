"""One run from one start, with its whole path."""

import inspect

import numpy as np
from scipy.optimize import OptimizeResult

from .. import functions, optimizers
from ..functions.function import Function
from ..noise import as_noise
from .execute import draw, execute, reached
from .lattice import positive
from .problem import as_position, as_problem
from .sweep import DIVERGED

MESSAGES = (
    "All steps were made.",
    "The run diverged: its position left the ball 1e8 max(1, |x0|), or a value overflowed.",
    "The callback stopped the run.",
)


class Result(OptimizeResult):
    """SciPy's result, whose `values` are those along the path and not those of the dictionary."""

    @property
    def values(self):
        return self["values"]


def minimize(
    fun,
    x0,
    *,
    method="fogr",
    steps,
    noise=0.0,
    seed=None,
    jac=None,
    args=(),
    callback=None,
    **hyperparameters,
):
    """Minimize a function from its noisy gradients.

    Parameters
    ----------
    fun : Function, str or callable
        Of the laboratory, by object or name; or ``fun(x, *args) -> float`` of your own.
    x0 : array_like of shape (D,)
        Start, in theta-units.
    method : str, optional
        A name of `refimpl.methods`.
    steps : int
        Number of steps, at least 1; each costs one gradient.
    noise : float, noise model or array_like of shape (steps, D), optional
        Added to the gradients, in gradient-units; a number is a Gaussian standard deviation.
    seed : int or numpy.random.Generator, optional
        Of the noise; None draws fresh entropy.
    jac : callable or True, optional
        ``jac(x, *args) -> array (D,)``; True if `fun` returns value and gradient together. Not
        needed with a function of the laboratory.
    args : tuple, optional
        Further arguments of `fun` and `jac`.
    callback : callable, optional
        ``callback(x)``, or with a parameter named `intermediate_result` an `OptimizeResult` with
        `x`, `nit` and `state`, after each step; `StopIteration` ends the run.
    **hyperparameters
        Of the method, by name.

    Returns
    -------
    scipy.optimize.OptimizeResult
        `x`, `fun`, `jac` (at `x`, without noise), `nit`, `nfev`, `njev`, `success`, `status`,
        `message`, `diverged`, `path` (nit + 1, D), `values` (nit + 1,), without noise. A diverged
        run keeps its path up to the position that left the ball; its last value is `inf`.

    Raises
    ------
    UnknownNameError, RangeError, ShapeError, NotFiniteError, MissingDerivativeError
        For wrong input, before any work.
    GradientError, EvaluationError
        For a bad gradient or a function that raises, with the step and the path so far.

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
    given = problem = as_problem(fun, jac, args)
    steps = positive("steps", steps)
    directions, perturbations = draw(parameters, as_noise(noise), [seed], 1, steps, x0.size)

    watch = Watch(callback)
    if callback is not None:
        problem, method = watch.gradients(problem), watch.states(method)
    runs = execute(problem, method, parameters, x0[None], directions, perturbations)
    if callback is not None:
        watch.last(runs)

    nit, path = reached(runs)
    values = runs.values[: nit + 1].copy()
    diverged = bool(runs.outcome[0, 0] == DIVERGED)
    if diverged:
        values[-1] = np.inf
        derivative = np.full(x0.size, np.nan)
    else:
        derivative = np.asarray(given.gradient(path[-1], given.data))
    status = 1 if diverged else 2 if watch.stopped else 0
    return Result(
        x=path[-1].copy(),
        fun=float(values[-1]),
        jac=derivative,
        nit=nit,
        nfev=nit + 1,
        njev=nit + (not diverged),
        success=not diverged,
        status=status,
        message=MESSAGES[status],
        diverged=diverged,
        path=path,
        values=values,
    )


class Watch:
    """Calls the user's callback between the steps of a plain Python run.

    The driver asks for the next gradient when a step is complete in every respect: that is the
    moment to look, and to stop.
    """

    def __init__(self, callback):
        self.callback = callback
        self.count = 0
        self.state = None
        self.stopped = False
        self.wants_result = callback is not None and "intermediate_result" in _names(callback)

    def gradients(self, problem):
        """The problem, with a look at each position whose gradient is asked for."""

        def gradient(x, data):
            if self.state is not None:
                self.look(x)
            return problem.gradient(x, data)

        return problem._replace(gradient=gradient, compiled=False)

    def states(self, method):
        """The method, its newest state kept at hand."""

        def step(state, theta, gradient, parameters):
            theta, self.state = method.step(state, theta, gradient, parameters)
            return theta, self.state

        return method._replace(step=step)

    def look(self, x):
        """One call of the callback; `StopIteration` goes on to the driver."""
        self.count += 1
        try:
            if self.wants_result:
                self.callback(
                    intermediate_result=OptimizeResult(x=x.copy(), nit=self.count, state=self.state)
                )
            else:
                self.callback(x.copy())
        except StopIteration:
            self.stopped = True
            raise

    def last(self, runs):
        """The look after the last step, which no further gradient follows."""
        nit, path = reached(runs)
        if nit > self.count:
            try:
                self.look(path[-1])
            except StopIteration:
                pass


def _names(callback):
    try:
        return inspect.signature(callback).parameters
    except (TypeError, ValueError):
        return ()
