"""A streamed stepper beside the readable step, one step at a time; no tests.

The closed loop is chaotic, so that after some steps no two right programs agree. Here every step of
the readable method begins at the state the stepper has reached: what differs is one step's own.
"""

import itertools

import numpy as np
import pytest

from refimpl import optimizers, regression
from refimpl.optimizers import streamed
from refimpl.optimizers.dsogr import DSOGRState
from refimpl.optimizers.ogr import OGRState
from refimpl.optimizers.streamed.small import WORN
from tests.rounding import CHANGE, EPS, shaken

# Of gradients that a move is taken back for. Rounding is a share of the longest gradient, and the
# other parts of a step must not drown in it: far less than the default.
JUMP = 3.0


def parts(theta, state):
    """Everything a state holds, as a list of arrays; of a subspace's line nobody reads the means.

    Nor does it read the variances of single coordinates where these have no scales of their own.
    A stepper knows ``V g`` and ``V m`` to roundings of the mean gradient, which may be far longer
    than both after a jump: the last move, and the gradient along it, are taken as shares of that.
    """
    if isinstance(state, OGRState):
        move, mean = state.move, state.mean_gradient
        longer = np.abs(mean).max() / (np.abs(state.momentum).max() or 1.0)
        state = state._replace(
            variance_theta=np.sum(state.variance_theta),
            variance_gradient=np.sum(state.variance_gradient),
            move=np.append(move, longer * np.abs(move).max()),
            descent=np.array([state.descent, np.linalg.norm(mean) * np.linalg.norm(move)]),
        )
    if isinstance(state, DSOGRState):
        state = state.line.mean_theta, state.line.mean_gradient, *state
    if isinstance(state, regression.State):
        state = regression.centred(state)
    if isinstance(state, tuple):
        found = [np.asarray(theta)] if theta is not None else []
        for part in state:
            found += parts(None, part)
        return found
    return [np.asarray(state, dtype=float)]


def difference(found, expected):
    """For each part the largest difference, as a share of its largest entry (of 1 for zeros)."""
    return np.array(
        [
            np.abs(a - b).max(initial=0.0) / (np.abs(b).max(initial=0.0) or 1.0)
            for a, b in zip(found, expected, strict=True)
        ]
    )


def shaken_state(state, rng):
    """Every array of a state with real numbers changed by some `CHANGE`; numbers stay.

    So do the scales of coordinates that have none: they are 1 without a rounding.
    """
    if isinstance(state, tuple):
        changed = type(state)(*(shaken_state(part, rng) for part in state))
        return changed._replace(scales=state.scales) if isinstance(state, OGRState) else changed
    return shaken(state, rng) if np.ndim(state) else state


def replay(stepper, gradient, steps, every=10):
    """Yield after each step the differences and, after every tenth, the sensitivity, else None."""
    method, rng = optimizers.get(stepper.method.name), np.random.default_rng(5)
    for k in range(steps):
        theta, state = stepper.theta.astype(np.float64), stepper.state
        g = gradient(theta)
        expected = parts(*method.step(state, theta, g, stepper.parameters))
        sensitivity = None
        if k % every == 0:
            given = shaken_state(state, rng), shaken(theta, rng), shaken(g, rng)
            near = parts(*method.step(*given, stepper.parameters))
            sensitivity = difference(near, expected) / CHANGE
        stepper.step(g.astype(stepper.dtype))
        yield difference(parts(stepper.theta, stepper.state), expected), sensitivity


def assert_replays(stepper, gradient, steps, roundings, most, every=10):
    """Each step is the readable one, up to so many roundings where counted, else to `most`.

    Roundings count as often as the turns since the rows were measured may have multiplied them.
    """
    eps, worn = np.finfo(stepper.dtype).eps, 0.0
    for error, sensitivity in replay(stepper, gradient, steps, every):
        before, worn = worn, stepper._small.numbers[WORN]
        assert error.max() <= most
        if sensitivity is not None:
            bound = roundings * eps * np.exp(max(before, worn))
            assert np.all(error <= bound * (sensitivity + 1.0))


def noisy_quadratic(D, seed=1, noise=0.1):
    """The gradient of a quadratic with twenty stiff directions, under white noise."""
    rng = np.random.default_rng(seed)
    curvature = np.concatenate([np.linspace(1.0, 30.0, 20), np.full(D, 0.1)])[:D]
    return lambda theta: curvature * theta + noise * rng.standard_normal(D)


def with_jumps(stepper, gradient, at):
    """The gradient, but in the steps `at` more than `JUMP` times any before, up the last move."""
    count = itertools.count()

    def jumping(theta):
        g = gradient(theta)
        if next(count) in at:
            state = stepper.state
            g += (JUMP + 2.0) * state.largest * state.unit * state.move / np.linalg.norm(state.move)
        return g

    return jumping


def at_random(method, D, d, dtype=np.float64, seed=0, **hyperparameters):
    """A stepper at a random start; of `ogr` the one without scales, which alone is streamed."""
    if method == "ogr":
        hyperparameters["scaled"] = False
    x0 = np.random.default_rng(seed).standard_normal(D)
    return streamed.start(x0, method, dtype=dtype, dimension=d, **hyperparameters)


def assert_noticed(method, wrong, afterwards, bounds):
    """Negative control: what a stepper keeps is made wrong before each step, or after it."""
    stepper, gradient = at_random(method, 260, 3), noisy_quadratic(260)
    for _ in range(5):
        stepper.step(gradient(stepper.theta))
    right = stepper._advance

    def advance(g):
        if not afterwards:
            wrong(stepper)
        done = right(g)
        if afterwards:
            wrong(stepper)
        return done

    stepper._advance = advance
    with pytest.raises(AssertionError):
        assert_replays(stepper, gradient, 21, *bounds)


__all__ = [
    "EPS",
    "JUMP",
    "assert_noticed",
    "assert_replays",
    "at_random",
    "noisy_quadratic",
    "parts",
    "replay",
    "with_jumps",
]
