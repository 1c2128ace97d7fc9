"""The driver of runs in lockstep; it leaves behind exactly what `refimpl.runs.sweep` would."""

import functools

import numpy as np

from .._compile import loading, ours, with_signature
from .._compile.border import public
from ..linear_algebra.finite import all_finite
from ..linear_algebra.symmetric_eigen import JACOBI_LIMIT
from ..outcomes import BALL, DIVERGED, DONE, LONGEST, NOT_BEGUN
from . import LANES

# A lane without a run.
FREE = -1
# With fewer runs, so many lanes would stay free that one run after another is as fast.
FEWEST = LANES // 4


@public
def length(x):
    """Euclidean length; squares in the order of `numpy.sum`, and nothing allocated."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
    return np.sqrt(total)


def sweep(
    value,
    gradient,
    perturb,
    start,
    step,
    state,
    starts,
    noise,
    picks,
    parameters,
    data,
    records,
    final,
    done,
    outcome,
    stop,
):
    """Overwrites `final`, `done` and `outcome`; whether all runs came to an end without an error.

    A lane whose run is over takes the next one, in the order of the readable driver. Where a run
    would end in an error, everything ends: the readable driver tells which error, and in which run.
    `stop` ends everything too, and counts as no error.
    """
    n, steps = noise.shape[1:3]
    D = starts.shape[1]
    still = np.zeros(D)
    runs = noise.shape[0] * n
    run = np.full(LANES, FREE)
    limit = np.zeros(LANES)
    flaw = np.zeros(LANES)
    x = np.zeros((LANES, D))
    # The same positions as `step` wants them.
    theta = np.zeros((D, LANES))
    noisy = np.zeros((D, LANES))
    following = 0
    while not stop[0]:
        busy = 0
        for lane in range(LANES):
            # Until the lane has a gradient for its next step, or no run is left.
            waiting = True
            while waiting:
                if run[lane] == FREE:
                    start(state, lane)
                    if following == runs:
                        # A free lane stays at the origin, where nothing overflows or vanishes.
                        theta[:, lane] = 0.0
                        noisy[:, lane] = 0.0
                        break
                    run[lane] = following
                    following += 1
                    s, i = run[lane] // n, run[lane] % n
                    for k in range(D):
                        x[lane, k] = starts[i, k]
                    limit[lane] = min(BALL * max(1.0, length(x[lane])), LONGEST)
                    done[s, i] = 0
                    inside = length(x[lane]) <= limit[lane]
                    final[s, i] = value(x[lane], data) if inside else np.inf
                    outcome[s, i] = DONE if np.isfinite(final[s, i]) else DIVERGED
                s, i = run[lane] // n, run[lane] % n
                t = done[s, i]
                if outcome[s, i] == DONE and t < steps:
                    seen = data if picks.shape[3] == 0 else records[picks[s, i, t]].ravel()
                    g = gradient(x[lane], seen)
                    if g.size != D or not all_finite(g):
                        return False
                    g = perturb(g, noise[s, i, t] if noise.shape[3] > 0 else still)
                    if g.size != D:
                        return False
                    if length(g) <= LONGEST:
                        for k in range(D):
                            theta[k, lane] = x[lane, k]
                            noisy[k, lane] = g[k]
                        busy += 1
                        waiting = False
                    else:
                        outcome[s, i] = DIVERGED
                if waiting:
                    if outcome[s, i] == DIVERGED:
                        final[s, i] = np.inf
                    run[lane] = FREE
        if busy == 0:
            return True
        step(state, theta, noisy, parameters, flaw)
        for lane in range(LANES):
            if run[lane] != FREE:
                if flaw[lane] != 0.0:
                    return False
                s, i = run[lane] // n, run[lane] % n
                for k in range(D):
                    x[lane, k] = theta[k, lane]
                done[s, i] += 1
                inside = length(x[lane]) <= limit[lane]
                final[s, i] = value(x[lane], data) if inside else np.inf
                if not np.isfinite(final[s, i]):
                    outcome[s, i] = DIVERGED
    return True


@functools.cache
@loading()
def kernel(method):
    """`sweep` compiled for one method, every function of the laboratory and of the user."""
    import numba
    from numba import types

    FLOATS, POSITIONS = types.float64[::1], types.float64[:, ::1]
    S, P = numba.typeof(method.lanes.allocate(1)), numba.typeof(method.parameters())
    address = types.FunctionType
    method.lanes.start.compile((S, types.int64))
    method.lanes.step.compile((S, POSITIONS, POSITIONS, P, FLOATS))
    grid = types.float64[:, :, :, ::1]
    signature = types.boolean(
        address(types.float64(FLOATS, FLOATS)),
        address(FLOATS(FLOATS, FLOATS)),
        address(FLOATS(FLOATS, FLOATS)),
        address(types.void(S, types.int64)),
        address(types.void(S, POSITIONS, POSITIONS, P, FLOATS)),
        S,
        POSITIONS,
        grid,
        types.int64[:, :, :, ::1],
        P,
        FLOATS,
        POSITIONS,
        POSITIONS,
        types.int64[:, ::1],
        types.int64[:, ::1],
        types.boolean[::1],
    )
    # As in the readable driver, only what every process can import.
    cache = ours(method.lanes.step)
    return with_signature(sweep, signature, cache)


def suits(method, runs, D):
    """Whether so many runs of the method in so many dimensions are worth it, and possible."""
    return method.lanes is not None and runs >= FEWEST and D <= JACOBI_LIMIT


def in_lanes(problem, method, parameters, starts, drawn, runs):
    """Fill `final`, `done` and `outcome` of `runs`; whether that could be done.

    It cannot where they do not suit, and where a run would end in an error.
    """
    D = starts.shape[1]
    if not suits(method, runs.final.size, D):
        return False
    try:
        whole = kernel(method)(
            problem.value,
            problem.gradient,
            drawn.perturb.kernel,
            method.lanes.start,
            method.lanes.step,
            method.lanes.allocate(D),
            starts,
            drawn.noise,
            drawn.picks,
            parameters,
            problem.data,
            problem.records,
            runs.final,
            runs.done,
            runs.outcome,
            runs.stop,
        )
    except Exception:
        # Of the user's compiled function; the readable driver finds the first run that meets it.
        whole = False
    if not whole:
        runs.done[:], runs.outcome[:] = NOT_BEGUN, DONE
    # It was the present value so far.
    runs.final[(runs.outcome == DONE) & (runs.done < drawn.noise.shape[2])] = np.nan
    return whole
