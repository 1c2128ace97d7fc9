"""Project `line`: a line through noisy gradients, and an optimizer that uses it.

A few hours. You need chapter "Exponential-weight regression" of the book, up to its standard
errors. Write the four functions below, in any order, and look how far you are by

    refimpl check-project line line.py

All arrays are NumPy's float64. Here each coordinate is fitted by itself, so that everything has the
shape (D,), and a product of two arrays is a product entry by entry.
"""

import numpy as np


def update(state, theta, gradient, beta):
    """One more observation: a position and the noisy gradient there.

    `state` is a dictionary: `weight` (sum of all weights so far, 0 at first), `beta` (of the last
    update), `scale` (stays 1.0), the means `mean_theta` and `mean_gradient`, and the covariances
    `C_thetatheta`, `C_gtheta`, `C_gg`. Return a new one with the same names; its `beta` is the
    argument. The exact recursion is wanted, from the old means, and right from the first
    observation on.
    """
    raise NotImplementedError("update is not written yet")


def slope(state):
    """The line: a dictionary of `curvature`, `extremum`, `curvature_error` and `extremum_error`.

    The covariances of the state are `scale` times the weighted ones: 1 after `update`, less after
    the recursion with the new means. The extremum is where the line crosses zero. While the
    effective sample size is at most 2 nothing is known of the errors: they are infinite (np.inf). A
    coordinate with a variance of 0 has curvature 0; where the curvature is 0 the extremum is
    np.nan, and its error infinite.
    """
    raise NotImplementedError("slope is not written yet")


def start(theta, directions, beta, gamma, div, cut, prior):
    """The state of your optimizer (dOGR) before its first step: anything you like.

    `prior` is the pair of first variances, of positions and of gradients, in every coordinate;
    means and momentum begin at 0. `directions` is of no use here.
    """
    raise NotImplementedError("start is not written yet")


def step(state, theta, gradient, beta, gamma, div, cut, prior):
    """One step of dOGR: the next position and the next state.

    It uses the recursion with the *new* means, at constant gain (chapter "Exponential-weight
    regression", the two conventions), and goes against the momentum, an average with weight `gamma`
    for the newest gradient, over `div` times the modulus of the curvature, or `cut` where that is
    larger (chapter "One step of the optimizer").
    """
    raise NotImplementedError("step is not written yet")


def observe(n=20, noise=0.3, seed=0):
    """Something to try it on: positions, and noisy gradients of a parabola of curvature 2 at 1."""
    rng = np.random.default_rng(seed)
    theta = rng.standard_normal((n, 1))
    return theta, 2.0 * (theta - 1.0) + noise * rng.standard_normal((n, 1))


if __name__ == "__main__":
    nothing = {name: np.zeros(1) for name in ("mean_theta", "mean_gradient")}
    nothing |= {name: np.zeros(1) for name in ("C_thetatheta", "C_gtheta", "C_gg")}
    state = {"weight": 0.0, "beta": 0.0, "scale": 1.0} | nothing
    for x, g in zip(*observe(), strict=True):
        state = update(state, x, g, beta=0.1)
    print(slope(state))  # about 2, at about 1
