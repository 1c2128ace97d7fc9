"""Project `saddles`: steps that leave a saddle.

A few hours. You need chapter "Saddle repulsion" of the book. Write the five functions below, and
look how far you are by

    refimpl check-project saddles saddles.py

All arrays are NumPy's float64: `H` is symmetric, of shape (d, d), `g` has the shape (d,).
"""

import numpy as np


def newton(H, g):
    """The step of Newton's method, to be added to the position.

    A direction along which the curvature is 0 gets no step: below d times np.finfo(float).eps times
    the largest modulus of an eigenvalue it counts as 0.
    """
    raise NotImplementedError("newton is not written yet")


def saddle_free(H, g, div, cut):
    """Against the gradient along each eigenvector, with the modulus of its curvature.

    Over `div` times the modulus, or `cut` where that is larger; where both are 0 there is no step.
    What counts as 0 is as in `newton`.
    """
    raise NotImplementedError("saddle_free is not written yet")


def row_sum_bound(H, g, div, cut):
    """Against the gradient in each coordinate, by a bound on the curvature without eigenvalues."""
    raise NotImplementedError("row_sum_bound is not written yet")


def start(theta, directions, div, cut):
    """The state of your walk before its first step: anything you like, None among them."""
    raise NotImplementedError("start is not written yet")


def step(state, theta, gradient, hessian, div, cut):
    """One step by `saddle_free` with the exact Hessian: the next position and the next state."""
    raise NotImplementedError("step is not written yet")


if __name__ == "__main__":
    H, g = np.diag([1.0, -0.5]), np.array([0.2, 0.01])
    # Newton's step ends on the saddle; the other two go away from it along the second axis.
    for take in (newton(H, g), saddle_free(H, g, 1.0, 0.0), row_sum_bound(H, g, 1.0, 0.0)):
        print(take)
