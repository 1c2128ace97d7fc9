"""Whole steps of three methods from elsewhere, each composed of the parts that it is given."""

import numpy as np
from mpmath import mpf

from .arrays import eye, length, solve, zeros


def rprop(parts, p, start, directions, stream):
    """Step lengths by the products of two gradients, one coordinate after the other."""
    sizes, before = [p["first"]] * start.size, [mpf(0)] * start.size
    for pair in stream:
        theta = pair["theta"].copy()
        for i, g in enumerate(pair["gradient"]):
            if g * before[i] > 0:
                sizes[i] = sizes[i] * p["eta_plus"]
            elif g * before[i] < 0:
                # It counts as 0: no step now, and no sign to compare the next one with.
                sizes[i], g = sizes[i] * p["eta_minus"], mpf(0)
            sizes[i] = min(max(sizes[i], p["smallest"]), p["largest"])
            before[i] = g
            if g > 0:
                theta[i] = theta[i] - sizes[i]
            elif g < 0:
                theta[i] = theta[i] + sizes[i]
        signs = np.array([mpf((g > 0) - (g < 0)) for g in before], dtype=object)
        yield {"size": np.array(sizes, dtype=object), "sign": signs, "theta": theta}


def secant(H, s, y, slack):
    """Where the sum of the change and the penalty is stationary, by a linear system.

    With ``v`` for ``(H+ y - s) / (2 slack)`` it says ``H+ + v s^T + s v^T = H``; times `y` that is
    a system for `v` alone.
    """
    A = (2 * slack + s @ y) * eye(s.size) + np.outer(s, y)
    v = solve(A, H @ y - s)
    return H - np.outer(v, s) - np.outer(s, v)


def secant_formula(H, s, y, slack):
    """The paper's closed form."""
    gamma, omega = 1 / (s @ y + slack), 1 / (s @ y + 2 * slack)
    E = eye(s.size) - omega * np.outer(s, y)
    last = gamma / omega + (gamma - omega) * (y @ H @ y)
    return E @ H @ E.T + omega * last * np.outer(s, s)


def sp_bfgs(parts, p, start, directions, stream):
    """Secants under a penalty, and steps that are shortened."""
    H, old = eye(start.size), None
    for pair in stream:
        theta, gradient = pair["theta"], pair["gradient"]
        if old is not None:
            s, y = theta - old[0], gradient - old[1]
            # Where nothing moved the update, by products of `s`, is none.
            slack = p["eps_g"] / (length(s) or mpf(1))
            if length(s) and s @ y > -slack:
                H = parts.secant(H, s, y, slack)
        old = theta, gradient
        step = p["alpha"] * (H @ gradient)
        step = step * min(1, p["longest"] / (length(step) or mpf(1)))
        fields = {"inverse": H, "old_theta": theta, "old_gradient": gradient}
        yield fields | {"theta": theta - step}


def soap(parts, p, start, directions, stream):
    """The mean in the coordinates; each axis with a place of its own among the squares."""
    D = start.size
    moment, first, second = (parts.mean(1 - p[b]) for b in ("beta2", "beta1", "beta2"))
    powers = parts.power(p["beta1"]), parts.power(p["beta2"])
    V, place, mean, v = eye(D), list(range(D)), zeros(D), zeros(D)
    decay1 = decay2 = mpf(1)
    for t, pair in enumerate(stream):
        g, theta = pair["gradient"], pair["theta"]
        if t:
            x, at_home = V @ g, zeros(D)
            at_home[place] = x * x
            mean, v = first(g), second(at_home)
            decay1, decay2 = powers[0](t), powers[1](t)
            root = np.array([(x / (1 - decay2)) ** mpf("0.5") for x in v[place]], dtype=object)
            theta = theta - p["alpha"] * (V @ mean / ((p["eps"] + root) * (1 - decay1))) @ V
        M = moment(np.outer(g, g))
        if t % p["period"] == 0:
            energies = [axis @ M @ axis for axis in V]
            order = sorted(range(D), key=lambda i: -energies[i])
            place, old = [place[i] for i in order], V[order]
            V = parts.orthonormalize(old @ M, old)
        fields = {"moment": M, "V": V, "adam.mean": V @ mean, "adam.square": v[place]}
        fields |= {"adam.decay1": decay1, "adam.decay2": decay2, "count": mpf(t + 1)}
        yield fields | {"theta": theta}
