"""Project `hessian`: a whole Hessian from noisy gradients, and the optimizer of Figure 1.

A few hours; project `line` first. You need chapter "Exponential-weight regression" of the book,
with its part on the symmetric Hessian, and "Saddle repulsion" for the last function. Write the four
functions below, and look how far you are by

    refimpl check-project hessian hessian.py

All arrays are NumPy's float64; positions and gradients have the shape (D,), covariances (D, D).
"""

import numpy as np


def update(state, theta, gradient, beta):
    """One more observation, as in project `line`, with matrices for the covariances.

    `C_gtheta` has a row for each coordinate of the gradient and a column for each of the position.
    """
    raise NotImplementedError("update is not written yet")


def symmetric_hessian(state, ridge):
    """The symmetric matrix that fits the statistics best; shape (D, D).

    `ridge` is added to the diagonal of `C_thetatheta` first. Divide where the equation is diagonal.
    Where the divisor is not above 1e-12 of the largest eigenvalue, nothing is known: 0.
    """
    raise NotImplementedError("symmetric_hessian is not written yet")


def start(theta, directions, beta, gamma, div, cut, prior):
    """The state of your optimizer (fOGR) before its first step: anything you like.

    `prior` is the pair of first variances, of positions and of gradients, in every coordinate;
    covariances of different coordinates, means and momentum begin at 0.
    """
    raise NotImplementedError("start is not written yet")


def step(state, theta, gradient, beta, gamma, div, cut, prior):
    """One step of fOGR: the next position and the next state.

    The recursion with the new means; the momentum, with weight `gamma` for the newest gradient; the
    symmetric Hessian without a ridge; and against the momentum along each of its eigenvectors, over
    `div` times the modulus of the eigenvalue, or `cut` where that is larger.
    """
    raise NotImplementedError("step is not written yet")


def observe(H, n=200, noise=0.3, seed=0):
    """Something to try it on: positions, and noisy gradients of a quadratic."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((n, len(H)))
    return theta, theta @ H.T + noise * rng.standard_normal((n, len(H)))


if __name__ == "__main__":
    H = np.array([[3.0, 1.0], [1.0, -2.0]])
    state = {"weight": 0.0, "beta": 0.0, "scale": 1.0}
    state |= {name: np.zeros(2) for name in ("mean_theta", "mean_gradient")}
    state |= {name: np.zeros((2, 2)) for name in ("C_thetatheta", "C_gtheta", "C_gg")}
    for x, g in zip(*observe(H), strict=True):
        state = update(state, x, g, beta=0.02)
    print(symmetric_hessian(state, ridge=0.0))  # about H
