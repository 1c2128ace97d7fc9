"""The optimizer of the abstract: four pieces, plain NumPy."""

import numpy as np


def orth(W):
    """Rows made orthonormal, each leaning toward what it was."""
    Q, R = np.linalg.qr(W.T)
    return (Q * np.where(np.diag(R) < 0, -1.0, 1.0)).T  # eq-orthonormalize


def start(theta, directions, prior=(1.0, 0.0)):
    """Rows V, covariances along them, two means, the momentum."""
    d, zeros = len(directions), np.zeros_like(theta)
    C = {"tt": prior[0] * np.eye(d), "gg": prior[1] * np.eye(d)}
    C["gt"] = np.zeros((d, d))
    means = {"mean_theta": zeros, "mean_gradient": zeros}
    return {"V": orth(directions), "C": C, "momentum": zeros} | means


def step(
    state,
    theta,
    g,
    beta=0.5,
    gamma=0.5,
    turn=0.2,
    div=1.0,
    cut=3.0,
    alpha=0.0003,
):
    """One noisy gradient in, one step out."""
    V, C, m = state["V"], state["C"], state["momentum"]
    off_theta = theta - state["mean_theta"]  # eq-averages
    off_g = g - state["mean_gradient"]
    m = m + gamma * (g - m)

    # Online PCA: rows lean toward the newest gradient, statistics follow.
    unit = g / (np.linalg.norm(g) or 1.0)
    old, V = V, orth(V + turn * unit)  # eq-injection
    P = V @ old.T  # eq-transport

    # Regression with fading weights, along the rows.
    x, y = V @ off_theta, V @ off_g
    for name, (a, b) in {"tt": (x, x), "gt": (y, x), "gg": (y, y)}.items():
        new = P @ C[name] @ P.T + beta * np.outer(a, b)
        C = C | {name: (1 - beta) * new}  # eq-subspace-statistics
    e, E = np.linalg.eigh(C["tt"])
    sums = e[:, None] + e
    sums[sums <= 1e-12 * e[-1]] = np.inf  # never visited: no curvature
    B = E.T @ (C["gt"] + C["gt"].T) @ E
    H = E @ (B / sums) @ E.T  # eq-lyapunov

    # One QR step: H more nearly diagonal, rows and statistics turned alike.
    shift = np.abs(H).sum(axis=1).max()
    Q = orth(H + shift * np.eye(len(H))).T  # eq-shifted-qr-step
    H, V = Q.T @ H @ Q, Q.T @ V  # eq-rotate
    C = {name: Q.T @ A @ Q for name, A in C.items()}  # eq-rotate

    # Repelled by saddles inside, descending along the momentum outside.
    bound = np.maximum(div * np.abs(H).sum(axis=1), cut)
    inside = V @ m / bound  # eq-row-sum-bound
    outside = m - V.T @ (V @ m)  # eq-outside
    theta = theta - alpha * outside - V.T @ inside  # eq-composite
    return theta, {
        "V": V,
        "C": C,
        "momentum": m,
        "mean_theta": state["mean_theta"] + beta * off_theta,
        "mean_gradient": state["mean_gradient"] + beta * off_g,
    }
