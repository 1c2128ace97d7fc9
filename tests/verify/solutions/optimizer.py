"""Solution of project `optimizer`, of the package's pieces."""

import numpy as np

from refimpl import online_pca, qr_step, regression, repulsion

COVARIANCES = ("C_thetatheta", "C_gtheta", "C_gg")


def start(theta, directions, prior, **settings):
    V = online_pca.orthonormalize(directions)
    names = ("mean_theta", "mean_gradient", "momentum")
    return {"model": {"V": V, "line": regression.start(len(V), prior)._asdict()}} | {
        name: np.zeros_like(theta) for name in names
    }


def changed(line, by):
    carried = {name: by(line[name]) for name in COVARIANCES}
    centre = {name: np.zeros_like(line[name]) for name in ("mean_theta", "mean_gradient")}
    return line | centre | carried


def step(state, theta, gradient, beta, gamma, turn, div, cut, alpha, **settings):
    off = theta - state["mean_theta"], gradient - state["mean_gradient"]
    momentum = state["momentum"] + gamma * (gradient - state["momentum"])
    old, line = state["model"]["V"], state["model"]["line"]
    V = online_pca.inject(old, gradient / np.linalg.norm(gradient), turn)
    kept = settings["transport"]
    line = changed(line, lambda C: online_pca.transport(old, V, C) if kept else C)
    line = regression.update(regression.State(**line), V @ off[0], V @ off[1], beta)
    take = qr_step.shifted_qr_step if settings["shifted"] else qr_step.qr_step
    rotation, H = take(regression.symmetric_hessian(line, 0.0))
    V = qr_step.rotate_basis(rotation, V)
    line = changed(line._asdict(), lambda C: qr_step.rotate_statistics(rotation, C))
    by = repulsion.row_sum_bound if settings["row_sums"] else repulsion.saddle_free
    inside = by(H, V @ momentum, div, cut) @ V
    return theta + inside - alpha * online_pca.outside(V, momentum), {
        "model": {"V": V, "line": line},
        "mean_theta": state["mean_theta"] + beta * off[0],
        "mean_gradient": state["mean_gradient"] + beta * off[1],
        "momentum": momentum,
    }
