"""Paths of a method under given gradients and on a function; no tests."""

import numpy as np

from refimpl import optimizers


def directions(method, D):
    """First directions as the driver draws them, where the method has any."""
    d = method.parameters().dimension if method.directions else 0
    return np.random.default_rng(5).uniform(0.0, 1e-3, (d, D))


def run(name, theta, gradients, order=slice(None), **hyperparameters):
    """Positions of a method that meets these gradients, whatever its positions are."""
    method = optimizers.get(name)
    parameters = optimizers.bind(method, hyperparameters)
    theta = np.array(theta, dtype=float)
    V = np.ascontiguousarray(directions(method, theta.size)[:, order])
    state = method.start(theta, V, parameters)
    path = [theta]
    for gradient in np.array(gradients, dtype=float):
        theta, state = method.step(state, theta, gradient, parameters)
        path.append(theta)
    return np.array(path)


def descend(name, theta, gradient, steps, **hyperparameters):
    """Positions of a method on a function without noise."""
    method = optimizers.get(name)
    parameters = optimizers.bind(method, hyperparameters)
    theta = np.array(theta, dtype=float)
    state = method.start(theta, np.empty((0, theta.size)), parameters)
    path = [theta]
    for _ in range(steps):
        theta, state = method.step(state, theta, gradient(theta), parameters)
        path.append(theta)
    return np.array(path)


GRADIENTS = np.random.default_rng(0).standard_normal((12, 3))
