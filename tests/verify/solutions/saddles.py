"""Solution of project `saddles`."""

import numpy as np


def divided(H, g, made):
    values, axes = np.linalg.eigh(H)
    small = len(g) * np.finfo(float).eps * np.abs(values).max()
    by = made(np.where(np.abs(values) > small, values, 0.0))
    along = axes.T @ g
    return -axes @ np.where(by != 0, along / np.where(by != 0, by, 1.0), 0.0)


def newton(H, g):
    return divided(H, g, lambda values: values)


def saddle_free(H, g, div, cut):
    return divided(H, g, lambda values: np.maximum(div * np.abs(values), cut))


def row_sum_bound(H, g, div, cut):
    bound = np.maximum(div * np.abs(H).sum(axis=1), cut)
    return np.where(bound > 0, -g / np.where(bound > 0, bound, 1.0), 0.0)


def start(theta, directions, div, cut):
    return None


def step(state, theta, gradient, hessian, div, cut):
    return theta + saddle_free(hessian, gradient, div, cut), {"n": 0}
