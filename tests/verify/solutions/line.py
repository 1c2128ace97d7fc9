"""Solution of project `line`, for one coordinate or all of them."""

import numpy as np


def product(a, b, like):
    return np.outer(a, b) if like.ndim == 2 else a * b


def update(state, theta, gradient, beta):
    weight = state["weight"] * (1 - beta) + beta
    share = beta / weight
    a, b = theta - state["mean_theta"], gradient - state["mean_gradient"]
    pairs = {"C_thetatheta": (a, a), "C_gtheta": (b, a), "C_gg": (b, b)}
    return {
        "weight": weight,
        "beta": beta,
        "scale": 1.0,
        "mean_theta": state["mean_theta"] + share * a,
        "mean_gradient": state["mean_gradient"] + share * b,
    } | {
        name: (1 - share) * (state[name] + share * product(x, y, state[name]))
        for name, (x, y) in pairs.items()
    }


def slope(state):
    beta, weight = state["beta"], state["weight"]
    n = (2 - beta) / beta * weight / (2 - weight) if beta else 0.0
    spread, covariance, height = (
        state[name] / state["scale"] for name in ("C_thetatheta", "C_gtheta", "C_gg")
    )
    moved = spread > 0
    spread = np.where(moved, spread, 1.0)
    curvature = np.where(moved, covariance / spread, 0.0)
    bent = curvature != 0
    divisor = np.where(bent, curvature, 1.0)
    offset = state["mean_gradient"] / divisor
    left = np.maximum(height - curvature * covariance, 0.0)
    error = np.sqrt(left / (n - 2)) if n > 2 else np.full_like(left, np.inf)
    far = error / np.abs(divisor) * np.hypot(1.0, offset / np.sqrt(spread))
    return {
        "curvature": curvature,
        "extremum": np.where(bent, state["mean_theta"] - offset, np.nan),
        "curvature_error": np.where(moved, error / np.sqrt(spread), np.inf),
        "extremum_error": np.where(bent, far, np.inf),
    }


def begin(theta, prior, shaped):
    names = ("momentum", "mean_theta", "mean_gradient")
    covariances = {"C_thetatheta": prior[0], "C_gtheta": 0.0, "C_gg": prior[1]}
    return {name: np.zeros_like(theta) for name in names} | {
        name: shaped(np.full_like(theta, variance)) for name, variance in covariances.items()
    }


def observe(state, theta, gradient, beta, gamma):
    """The recursion with the new means, and the momentum."""
    means = {
        name: state[name] + beta * (x - state[name])
        for name, x in (("mean_theta", theta), ("mean_gradient", gradient))
    }
    a, b = theta - means["mean_theta"], gradient - means["mean_gradient"]
    blended = {
        name: (1 - beta) * state[name] + beta * product(x, y, state[name])
        for name, x, y in (("C_thetatheta", a, a), ("C_gtheta", b, a), ("C_gg", b, b))
    }
    momentum = state["momentum"] + gamma * (gradient - state["momentum"])
    return means | blended | {"momentum": momentum}


def start(theta, directions, beta, gamma, div, cut, prior):
    return begin(theta, prior, np.array)


def step(state, theta, gradient, beta, gamma, div, cut, prior):
    state = observe(state, theta, gradient, beta, gamma)
    curvature = np.abs(state["C_gtheta"] / state["C_thetatheta"])
    return theta - state["momentum"] / np.maximum(div * curvature, cut), state
