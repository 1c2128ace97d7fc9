"""A method whose steps are streamed, as the driver takes it: its state is the stepper."""

import numpy as np

from .. import _compile
from ..optimizers import streamed
from .announce import announced

# Steps times dimensions from which on compiling the passes costs less than it saves.
WORTH_STREAMING = 100_000_000


def streams(method, parameters, D, steps):
    """Whether so many steps are streamed; as plain Python their loops would be slow."""
    d, scaled = getattr(parameters, "dimension", 1), getattr(parameters, "scaled", False)
    if not _compile.JIT or steps * D < WORTH_STREAMING:
        return False
    return streamed.suits(method, D, d, scaled)


def streaming(method):
    """The method with its streamed steps, for a driver in plain Python."""

    def begun(theta, directions, parameters):
        given = {"directions": directions} if method.directions else {}
        return streamed.start(theta, method.name, dtype=np.float64, **given, **parameters._asdict())

    def start(theta, directions, parameters):
        with announced(f"{method.name} in many dimensions", streamed.passes.measure):
            # A small one, which compiles what the large one needs. It is below the size from which
            # on coordinates share one scale.
            d = parameters.dimension
            one = parameters._replace(scaled=False) if hasattr(parameters, "scaled") else parameters
            begun(np.ones(d), np.eye(d), one).step(np.ones(d))
        return begun(theta, directions, parameters)

    def step(state, theta, gradient, parameters):
        # A copy: the next step overwrites the stepper's own.
        return state.step(gradient).copy(), state

    return method._replace(start=start, step=step)
