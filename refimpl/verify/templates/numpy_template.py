"""A template in Python with NumPy: copy it, put your functions in, and run

refimpl verify numpy_template:factory

Whatever is not in the dictionary of `factory` is skipped; an exception counts as an error, which
is the right answer to wrong input.
"""

import numpy as np

LARGEST = np.finfo(np.float64).max / 2.0


def demand(condition, message):
    if not condition:
        raise ValueError(message)


def row_sum_bound(H, g, div=1.0, cut=0.0):
    """The step ``-g_i / max(div sum_j |H_ij|, cut)``; none where that is 0."""
    demand(0.0 < div < np.inf and 0.0 <= cut < np.inf, "div or cut out of range")
    demand(H.shape == (g.size, g.size), "H and g do not fit")
    demand(np.isfinite(H).all() and np.isfinite(g).all(), "H or g is not finite")
    demand(np.abs(H - H.T).max() <= 1e-6 * np.abs(H).max(), "H is not symmetric")
    bound = np.maximum(div * np.abs(H).sum(axis=1), cut)
    demand(np.isfinite(bound).all(), "a row sum overflows")
    with np.errstate(over="ignore"):
        step = np.divide(-g, bound, out=np.zeros_like(g), where=bound > 0.0)
    # What no float can hold is cut to half the largest one.
    return np.clip(step, -LARGEST, LARGEST)


def update(state, theta, gradient, beta):
    """Weighted means and covariances with one more observation."""
    demand(0.0 < beta <= 1.0, "beta out of range")
    demand(theta.shape == gradient.shape == state["mean_theta"].shape, "shapes do not fit")
    demand(np.abs([theta, gradient]).max() <= 1e153, "not finite, or its square is not")
    demand(state["scale"] == 1.0, "a state of update_new_mean")
    weight = state["weight"] + beta * (1.0 - state["weight"])
    gain = beta / weight
    # Both differences are taken from the old means.
    d_theta = theta - state["mean_theta"]
    d_g = gradient - state["mean_gradient"]
    product = np.multiply if state["C_gg"].ndim == 1 else np.outer

    def blend(C, a, b):
        return (1.0 - gain) * (C + gain * product(a, b))

    return {
        "weight": weight,
        "beta": beta,
        "scale": 1.0,
        "mean_theta": state["mean_theta"] + gain * d_theta,
        "mean_gradient": state["mean_gradient"] + gain * d_g,
        "C_thetatheta": blend(state["C_thetatheta"], d_theta, d_theta),
        "C_gtheta": blend(state["C_gtheta"], d_g, d_theta),
        "C_gg": blend(state["C_gg"], d_g, d_g),
    }


def start_momentum(theta, directions, alpha, gamma):
    return {"momentum": np.zeros_like(theta)}


def step_momentum(state, theta, gradient, alpha, gamma):
    momentum = state["momentum"] + gamma * (gradient - state["momentum"])
    return theta - alpha * momentum, {"momentum": momentum}


def factory():
    return {
        "name": "NumPy template",
        "version": "1",
        "dtype": "binary64",
        "repulsion.row_sum_bound": row_sum_bound,
        "regression.update": update,
        "methods": {"momentum": (start_momentum, step_momentum)},
    }
