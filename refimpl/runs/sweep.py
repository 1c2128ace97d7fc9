"""The driver: every start under every seed, in one compiled call or as plain Python.

One text serves both. Compiled, it takes functions by address, so that one machine code per method
serves every test function and is found again by the next process.
"""

import functools

import numpy as np

from .. import _compile
from ..linear_algebra.finite import all_finite
from ..outcomes import BAD_GRADIENT, BAD_SHAPE, DIVERGED, DONE, LONGEST, farthest, length


def sweep(
    value,
    gradient,
    perturb,
    start,
    step,
    state,
    first,
    starts,
    directions,
    noise,
    picks,
    parameters,
    data,
    records,
    carry,
    path,
    values,
    final,
    done,
    outcome,
    stop,
):
    """Overwrites `path`, `values`, `final`, `done`, `outcome`: runs all seeds and starts in order.

    With `first` above 0 it goes on where a call before has stopped, after so many steps, from the
    `state` that was returned there: what is random is then handed over a few steps at a time.

    Where `picks` holds numbers, each step sees only these of the `records` that make up the data;
    where `noise` holds none, nothing is added to the gradients.

    `path` (steps + 1, D), or its last position alone in (1, D), and `values` (steps + 1) keep the
    last run; `final` (seeds, starts) takes
    the final values, `inf` for a diverged run; `done` the steps completed. A bad gradient ends
    everything there, and so does `stop` after the present step, if another thread has set it.
    """
    last = path.shape[0] - 1
    still = np.zeros(starts.shape[1] if noise.shape[3] == 0 else 0)
    for s in range(noise.shape[0]):
        for i in range(starts.shape[0]):
            limit = farthest(starts[i])
            # A copy, since a method of one's own may write into it.
            theta = path[min(first, last)].copy() if first > 0 else starts[i].copy()
            if first == 0:
                if i == 0 or not carry:
                    state = start(theta, directions[s, i], parameters)
                path[0] = theta
                done[s, i] = 0
                values[0] = value(theta, data) if length(theta) <= limit else np.inf
                outcome[s, i] = DONE if np.isfinite(values[0]) else DIVERGED
            for k in range(noise.shape[2]):
                if stop[0]:
                    return state
                if outcome[s, i] != DONE:
                    break
                seen = data if picks.shape[3] == 0 else records[picks[s, i, k]].ravel()
                g = gradient(theta, seen)
                if g.shape != theta.shape:
                    outcome[s, i] = BAD_SHAPE
                    return state
                if not all_finite(g):
                    outcome[s, i] = BAD_GRADIENT
                    return state
                g = perturb(g, noise[s, i, k] if noise.shape[3] > 0 else still)
                # Written so that a NaN counts as too long.
                if not length(g) <= LONGEST:
                    outcome[s, i] = DIVERGED
                    break
                theta, state = step(state, theta, g, parameters)
                t = first + k + 1
                path[min(t, last)] = theta
                done[s, i] = t
                values[t] = value(theta, data) if length(theta) <= limit else np.inf
                if not np.isfinite(values[t]):
                    outcome[s, i] = DIVERGED
            final[s, i] = values[done[s, i]] if outcome[s, i] == DONE else np.inf
    return state


@functools.cache
@_compile.loading()
def kernel(method):
    """`sweep` compiled for one method, every function of the laboratory and of the user."""
    if not _compile.JIT:
        return sweep
    import numba
    from numba import types

    FLOATS, POSITIONS = types.float64[::1], types.float64[:, ::1]
    parameters = method.parameters()
    directions = np.zeros((1, 1))
    P = numba.typeof(parameters)
    S = numba.typeof(method.start(np.zeros(1), directions, parameters))
    address = types.FunctionType
    method.step.compile((S, FLOATS, FLOATS, P))
    grid = types.float64[:, :, :, ::1]
    signature = S(
        address(types.float64(FLOATS, FLOATS)),
        address(FLOATS(FLOATS, FLOATS)),
        address(FLOATS(FLOATS, FLOATS)),
        address(S(FLOATS, POSITIONS, P)),
        address(types.Tuple((FLOATS, S))(S, FLOATS, FLOATS, P)),
        S,
        types.int64,
        POSITIONS,
        grid,
        grid,
        types.int64[:, :, :, ::1],
        P,
        FLOATS,
        POSITIONS,
        types.boolean,
        POSITIONS,
        FLOATS,
        POSITIONS,
        types.int64[:, ::1],
        types.int64[:, ::1],
        types.boolean[::1],
    )
    # Cached, the classes of a reader's own method would be asked for by every other process.
    cache = _compile.ours(method.step)
    return _compile.with_signature(sweep, signature, cache)
