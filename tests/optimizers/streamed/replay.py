"""A streamed stepper beside the readable step, one step at a time; no tests.

The closed loop is chaotic, so that after some steps no two right programs agree. Here every step of
the readable method begins at the state the stepper has reached: what differs is one step's own.
"""

import numpy as np

from refimpl import optimizers, regression
from refimpl.optimizers import streamed
from tests.rounding import CHANGE, EPS, shaken


def parts(theta, state):
    """Everything a state holds, as a list of arrays; of statistics the next step reads no means."""
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
    """Every array of a state with real numbers changed by some `CHANGE`; numbers stay."""
    if isinstance(state, tuple):
        return type(state)(*(shaken_state(part, rng) for part in state))
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


def assert_replays(stepper, gradient, steps, roundings, most):
    """Each step is the readable one, up to so many roundings where counted, else to `most`."""
    eps = np.finfo(stepper.dtype).eps
    for error, sensitivity in replay(stepper, gradient, steps):
        assert error.max() <= most
        if sensitivity is not None:
            assert np.all(error <= roundings * eps * (sensitivity + 1.0))


def noisy_quadratic(D, seed=1, noise=0.1):
    """The gradient of a quadratic with twenty stiff directions, under white noise."""
    rng = np.random.default_rng(seed)
    curvature = np.concatenate([np.linspace(1.0, 30.0, 20), np.full(D, 0.1)])[:D]
    return lambda theta: curvature * theta + noise * rng.standard_normal(D)


def at_random(method, D, d, dtype=np.float64, seed=0, **hyperparameters):
    """A stepper at a random start."""
    x0 = np.random.default_rng(seed).standard_normal(D)
    return streamed.start(x0, method, dtype=dtype, dimension=d, **hyperparameters)


__all__ = ["EPS", "assert_replays", "at_random", "noisy_quadratic", "parts", "replay"]
