"""Grouped Newton by hand: slices with given derivatives, single steps, paths of them."""

import numpy as np
import pytest

from refimpl import optimizers, summary
from refimpl.optimizers.grouped_newton import Slice, grouped_newton
from refimpl.optimizers.grouped_newton_safeguarded import grouped_newton_safeguarded
from refimpl.summary import Summary

BOTH = pytest.mark.parametrize(
    "method", [grouped_newton, grouped_newton_safeguarded], ids=lambda method: method.name
)


def slice_of(loss):
    """A slice as in a training loop: without the judgement of noise, none being near these."""
    return Slice(lambda *place: summary.summarize(loss, *place), loss)


def given_slice(gradient, hessian, third, value=None):
    """A slice with these derivatives at any position; one parameter a group."""
    given = [np.array(part, dtype=float) for part in (gradient, hessian, third)]

    def summarize(theta, u, groups):
        return Summary(0.0, given[0] * u, given[1] * np.outer(u, u), given[2] * u**3, None)

    return Slice(summarize, value)


def begin(method, theta, **hyperparameters):
    parameters = optimizers.bind(method, hyperparameters)
    theta = np.asarray(theta, dtype=float)
    return method.start(theta, np.empty((0, theta.size)), parameters), parameters


def walk(method, loss, gradient, theta, steps, **hyperparameters):
    """Positions and states of a run by hand."""
    theta = np.array(theta, dtype=float)
    state, parameters = begin(method, theta, **hyperparameters)
    path, states = [theta], []
    for _ in range(steps):
        theta, state = method.step(state, theta, gradient(theta), slice_of(loss), parameters)
        path.append(theta)
        states.append(state)
    return np.array(path), states


def quartic(x):
    return np.sum(0.25 * x**4)


def cube(x):
    return x**3
