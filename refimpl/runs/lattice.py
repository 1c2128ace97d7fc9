"""Many starts under many seeds: the experiment of the published figures."""

import itertools
import operator

import numpy as np

from .. import functions, optimizers
from .._numbers import real
from .._outside import bar
from ..errors import NotFiniteError, RangeError, ShapeError
from ..functions.function import Function
from ..noise import as_noise
from .execute import as_text, begin, compile_driver, compiles, draw, execute, generator_of
from .interruptible import in_threads
from .problem import as_problem

# Steps handed to one compiled call: long enough that the call costs nothing, and no longer, since
# their noise is kept in memory.
STEPS_A_CALL = 200_000
# A lattice of more is a mistake: its list alone would take some ten gigabytes.
MOST_STARTS = 10**8


def lattice_points(radius, D):
    """The integer lattice ``{-radius..radius}^D`` in C order, shape ``((2 radius + 1)^D, D)``.

    Examples
    --------
    >>> lattice_points(1, 2)[:4]
    array([[-1., -1.],
           [-1.,  0.],
           [-1.,  1.],
           [ 0., -1.]])
    """
    side = range(-radius, radius + 1)
    return np.array(list(itertools.product(side, repeat=D)), dtype=np.float64)


def _seeds(seeds):
    """One seed or several, as a list."""
    try:
        return list(seeds)
    except TypeError:
        return [seeds]
    except OverflowError:
        raise RangeError(f"lattice: expected seeds that fit into a list, got {seeds!r}") from None


def _starts(function, radius, starts):
    """The starts as an array (n, D), from exactly one of the two ways to give them."""
    if (radius is None) == (starts is None):
        raise RangeError("lattice: expected exactly one of radius and starts")
    if starts is None:
        if not isinstance(function, Function):
            raise ShapeError(
                "lattice: radius needs a function of the laboratory, whose dimension is known; "
                "give starts of shape (n, D)"
            )
        radius, D = at_least(0, "radius", radius), function.dimension
        if (2 * radius + 1) ** D > MOST_STARTS:
            raise RangeError(
                f"lattice: radius {radius} in {D} dimensions makes more than {MOST_STARTS} starts; "
                "take a smaller one, or give starts"
            )
        return lattice_points(radius, D)
    starts = real(starts, "starts")
    D = getattr(function, "dimension", None)
    if starts.ndim != 2 or 0 in starts.shape or (D is not None and starts.shape[1] != D):
        raise ShapeError(f"lattice: expected starts of shape (n, {D or 'D'}), got {starts.shape}")
    if not np.isfinite(starts).all():
        raise NotFiniteError("lattice: expected finite starts, found NaN or infinity")
    return starts


def lattice(
    function,
    method,
    *,
    radius=None,
    starts=None,
    steps,
    noise=0.0,
    seeds,
    jac=None,
    hess=None,
    hessp=None,
    restart_noise=False,
    carry_state=False,
    threads=1,
    progress=None,
    **hyperparameters,
):
    """Final values of one method from many starts under many seeds.

    Parameters
    ----------
    function : Function, str or callable
        Of the laboratory, by object or name; or one of your own with its `jac`.
    method : str
        A name of `refimpl.methods`.
    radius : int, optional
        The starts are the integer lattice ``{-radius..radius}^D``, first coordinate outermost.
    starts : array_like of shape (n, D), optional
        In place of `radius`.
    steps : int
        Steps of each run, at least 1.
    noise : float, noise model or array_like of shape (steps, D), optional
        A number is the standard deviation of Gaussian noise.
    seeds : int or iterable of int
        One `numpy.random.default_rng` for each, running through all starts and steps.
    jac, hess, hessp : callable, optional
        Derivatives of a function of your own, as for `refimpl.minimize`.
    restart_noise : bool, optional
        Start the seed's generator anew for each start.
    carry_state : bool, optional
        Keep the method's state from start to start.
    threads : int, optional
        Seeds run side by side in so many threads.
    progress : bool, optional
        Progress bar on standard error; by default on a terminal, for work of more than two seconds.
    **hyperparameters
        Of the method, by name.

    Returns
    -------
    ndarray of shape (seeds, starts)
        Final values without noise; `inf` for a run that diverged.

    Raises
    ------
    UnknownNameError, RangeError, ShapeError, NotFiniteError, DtypeError, MissingDerivativeError
        For wrong input, before any work.
    GradientError, EvaluationError
        For a bad gradient or a function that raises, with the step and the path of that run.
    KeyboardInterrupt
        At Ctrl-C, within a step. Its attribute `final` is the array so far, NaN for a run that has
        not ended; so has whatever else a signal's handler raises.

    Examples
    --------
    >>> from refimpl import functions
    >>> final = lattice(functions.beale, "fogr", radius=1, steps=30, noise=0.1, seeds=range(2))
    >>> final.shape
    (2, 9)
    """
    method = optimizers.get(method)
    parameters = optimizers.bind(method, hyperparameters)
    if isinstance(function, str):
        function = functions.get(function)
    starts = _starts(function, radius, starts)
    problem = as_problem(function, jac, hess=hess, hessp=hessp)
    problem.check_curvature(method)
    noise = as_noise(noise)
    seeds = _seeds(seeds)
    steps = positive("steps", steps)
    threads = positive("threads", threads)
    restart_noise = switch("restart_noise", restart_noise)
    carry_state = switch("carry_state", carry_state)
    if not seeds:
        raise ShapeError("lattice: expected at least one seed, got none")
    for seed in seeds:
        if not (isinstance(seed, int) and seed >= 0):
            generator_of(seed)

    n, D = starts.shape
    method = as_text(method, problem, len(seeds) * n * steps, D)
    compiled = compiles(problem, method)
    chunk = max(1, STEPS_A_CALL // (n * steps)) if compiled else 1
    # Each thread has some.
    chunk = min(chunk, -(-len(seeds) // threads))
    if compiled:
        compile_driver(method, noise.perturb, chunk * n, D, carry_state)
    whole = begin(len(seeds), n, 0, D)

    def run(some):
        drawn = draw(
            *(method, parameters, noise, problem, seeds[some], n, steps, D, restart_noise),
            stop=whole.stop,
        )
        runs = begin(len(seeds[some]), n, steps, D)._replace(
            final=whole.final[some],
            done=whole.done[some],
            outcome=whole.outcome[some],
            stop=whole.stop,
        )
        execute(problem, method, parameters, starts, [drawn], runs, carry_state)

    chunks = [slice(k, k + chunk) for k in range(0, len(seeds), chunk)]
    with bar(
        total=whole.final.size * steps,
        unit="step",
        unit_scale=True,
        desc=method.name,
        delay=2,
        progress=progress,
    ) as shown:

        def look():
            shown.update(whole.made(steps) - shown.n)

        try:
            if compiled or threads > 1:
                in_threads(run, chunks, min(threads, len(chunks)), whole.stop, look)
            else:
                for some in chunks:
                    run(some)
                    look()
        except BaseException as error:
            error.final = whole.final
            raise
    return whole.final


def hidden(progress):
    """What `tqdm` takes for `disable`; nothing here needs it, but it could be imported."""
    return None if progress is None else not progress


def at_least(least, name, number):
    """An integer of at least `least`.

    Raises
    ------
    RangeError
    """
    try:
        number = operator.index(number)
    except TypeError:
        raise RangeError(f"expected {name} as an integer, got {number!r}") from None
    if number < least:
        raise RangeError(f"expected {name} >= {least}, got {number}")
    return number


def positive(name, number):
    """An integer of at least 1; as `at_least`."""
    return at_least(1, name, number)


def switch(name, value):
    """A bool, and nothing that merely counts as one.

    Raises
    ------
    RangeError
    """
    if not isinstance(value, bool | np.bool_):
        raise RangeError(f"expected {name} as True or False, got {value!r}")
    return bool(value)
