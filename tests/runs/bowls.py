"""A bowl in two dimensions, its gradient, and both with their calls counted; no tests."""

import numpy as np

H = np.array([[2.0, 0.5], [0.5, 1.0]])


def bowl(x):
    return 0.5 * x @ H @ x


def bowl_gradient(x):
    return H @ x


def counted():
    """Calls by name, and the bowl and its gradient that count them."""
    calls = {"fun": 0, "jac": 0}

    def fun(x):
        calls["fun"] += 1
        return bowl(x)

    def jac(x):
        calls["jac"] += 1
        return bowl_gradient(x)

    return calls, fun, jac
