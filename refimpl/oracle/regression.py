"""Piece 1: weighted means, covariances and fits, by definition and by the book's formulas.

A state stands for a population of observations with a total weight, a mean and covariances; one
more observation makes a mixture of two populations, and its statistics are weighted sums.
"""

import mpmath
import numpy as np
from mpmath import mpf

from .arrays import eigh, eye, root, solve, zeros

UNVISITED = mpf("1e-12")
# Spacing of binary64 at 1, and below which a variance is rounding whatever the others are.
EPS, LEAST = mpf(2) ** -52, mpf(2) ** -1056
# How far from a limit a number must be: those next to one are exact.
APART = mpf(3) / 2
FIELDS = (
    "weight",
    "beta",
    "scale",
    "mean_theta",
    "mean_gradient",
    "C_thetatheta",
    "C_gtheta",
    "C_gg",
)


class MarginError(ArithmeticError):
    """A case so near to a branch that its two sides cannot be told apart."""


def product(like, a, b):
    """``a b^T``, or where the covariances are vectors the products ``a_i b_i``."""
    return a * b if like.ndim == 1 else np.outer(a, b)


def start(D, prior):
    """The state before the first observation."""
    return _start(D, prior, lambda c: c * eye(D))


def start_diagonal(D, prior):
    """The same with diagonals as vectors."""
    return _start(D, prior, lambda c: c * np.diag(eye(D)))


def _start(D, prior, spread):
    c_theta, c_g = (mpf(0), mpf(0)) if prior is None else _pair(prior)
    return {
        "weight": mpf(0 if prior is None else 1),
        "beta": mpf(0),
        "scale": mpf(1),
        "mean_theta": zeros(D),
        "mean_gradient": zeros(D),
        "C_thetatheta": spread(c_theta),
        "C_gtheta": spread(mpf(0)),
        "C_gg": spread(c_g),
    }


def _pair(prior):
    return prior if isinstance(prior, tuple | list) else (prior, prior)


def update(state, theta, gradient, beta):
    """Mean and covariances of the old population and one more observation."""
    return _mixture(state, theta, gradient, beta, mpf(1))


def update_new_mean(state, theta, gradient, beta):
    """The same at weight 1, with all covariances smaller by ``1 - beta``."""
    return _mixture(state, theta, gradient, beta, 1 - beta)


def _mixture(state, theta, gradient, beta, scale):
    old = (1 - beta) * state["weight"]
    weight = old + beta
    before = {"theta": state["mean_theta"], "g": state["mean_gradient"]}
    new = {"theta": theta, "g": gradient}
    mean = {k: (old * before[k] + beta * new[k]) / weight for k in before}

    def covariance(C, a, b):
        # The old covariance carries the scale already.
        within = product(C, before[a] - mean[a], before[b] - mean[b])
        from_new = product(C, new[a] - mean[a], new[b] - mean[b])
        return (old * (C + scale * within) + beta * scale * from_new) / weight

    return {
        "weight": weight,
        "beta": beta,
        "scale": scale,
        "mean_theta": mean["theta"],
        "mean_gradient": mean["g"],
        "C_thetatheta": covariance(state["C_thetatheta"], "theta", "theta"),
        "C_gtheta": covariance(state["C_gtheta"], "g", "theta"),
        "C_gg": covariance(state["C_gg"], "g", "g"),
    }


def batch(thetas, gradients, beta, prior=None, new_mean=False, diagonal=False):
    """The state after a whole history, as weighted sums over its observations.

    An observation ``k`` steps old weighs ``beta (1 - beta)^k``; a prior is one more observation,
    of mean 0 and the prior's covariances, with all the weight that is left. A prior may be a triple
    ``(C_thetatheta, C_gtheta, C_gg)``.
    """
    t, D = len(thetas), len(thetas[0])
    shape = start_diagonal if diagonal else start
    weights = [beta * (1 - beta) ** (t - 1 - k) for k in range(t)]
    rest = mpf(0) if prior is None else (1 - beta) ** t
    total = sum(weights) + rest
    scale = 1 - beta if new_mean else mpf(1)
    mean = {
        "theta": sum(w * x for w, x in zip(weights, thetas, strict=True)) / total,
        "g": sum(w * g for w, g in zip(weights, gradients, strict=True)) / total,
    }
    data = {"theta": thetas, "g": gradients}
    empty = shape(D, None)["C_gg"]
    unit = shape(D, mpf(1))["C_gg"]

    def covariance(a, b, before):
        old = product(empty, mean[a], mean[b])
        sums = rest * (before * unit + scale * old)
        for w, x, y in zip(weights, data[a], data[b], strict=True):
            sums = sums + scale * w * product(empty, x - mean[a], y - mean[b])
        return sums / total

    if prior is None:
        prior = (mpf(0),) * 3
    elif len(_pair(prior)) == 2:
        prior = (_pair(prior)[0], mpf(0), _pair(prior)[1])
    return {
        "weight": total,
        "beta": beta,
        "scale": scale,
        "mean_theta": mean["theta"],
        "mean_gradient": mean["g"],
        "C_thetatheta": covariance("theta", "theta", prior[0]),
        "C_gtheta": covariance("g", "theta", prior[1]),
        "C_gg": covariance("g", "g", prior[2]),
    }


def update_formula(state, theta, gradient, beta):
    """The exact recursion."""
    weight = state["weight"] + beta * (1 - state["weight"])
    gain = beta / weight
    delta = theta - state["mean_theta"]
    delta_g = gradient - state["mean_gradient"]

    def covariance(C, a, b):
        return (1 - gain) * (C + gain * product(C, a, b))

    return {
        "weight": weight,
        "beta": beta,
        "scale": mpf(1),
        "mean_theta": state["mean_theta"] + gain * delta,
        "mean_gradient": state["mean_gradient"] + gain * delta_g,
        "C_thetatheta": covariance(state["C_thetatheta"], delta, delta),
        "C_gtheta": covariance(state["C_gtheta"], delta_g, delta),
        "C_gg": covariance(state["C_gg"], delta_g, delta_g),
    }


def update_new_mean_formula(state, theta, gradient, beta):
    """The recursion of [D]'s programs."""
    mean = state["mean_theta"] + beta * (theta - state["mean_theta"])
    mean_g = state["mean_gradient"] + beta * (gradient - state["mean_gradient"])

    def covariance(C, a, b):
        return C + beta * (product(C, a, b) - C)

    off, off_g = theta - mean, gradient - mean_g
    return {
        "weight": state["weight"],
        "beta": beta,
        "scale": 1 - beta,
        "mean_theta": mean,
        "mean_gradient": mean_g,
        "C_thetatheta": covariance(state["C_thetatheta"], off, off),
        "C_gtheta": covariance(state["C_gtheta"], off_g, off),
        "C_gg": covariance(state["C_gg"], off_g, off_g),
    }


def _diagonal(C):
    return C if C.ndim == 1 else np.diag(C)


def _effective_size(state):
    if state["beta"] == 0:
        return mpf(0)
    return (2 - state["beta"]) / state["beta"] * state["weight"] / (2 - state["weight"])


def slope(state):
    """The least-squares line of each coordinate, its zero and their standard errors."""
    return _lines(state, _line)


def slope_formula(state):
    """The same in the book's order."""
    return _lines(state, _line_formula)


def _lines(state, line):
    n = _effective_size(state)
    scale = state["scale"]
    rows = []
    for i in range(state["mean_theta"].size):
        a, b, c = (_diagonal(state[k])[i] for k in ("C_thetatheta", "C_gtheta", "C_gg"))
        means = state["mean_theta"][i], state["mean_gradient"][i]
        floor = max(resolution(state)[i] ** 2, LEAST)
        if floor / APART < a < floor * APART:
            raise MarginError("a variance is too near to rounding")
        if a <= floor or scale == 0:
            rows.append((mpf(0), mpf("nan"), mpf("inf"), mpf("inf")))
        else:
            rows.append(line(a, b, c, scale, n, *means))
    names = ("curvature", "extremum", "curvature_error", "extremum_error")
    return {
        name: np.array(column, dtype=object)
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }


def _line(a, b, c, scale, n, mean, mean_g):
    curvature = b / a
    extremum = mean - mean_g * a / b if b != 0 else mpf("nan")
    if n <= 2:
        return curvature, extremum, mpf("inf"), mpf("inf")
    variance = max(a * c - b * b, mpf(0)) / (a * scale)
    error = mpmath.sqrt(variance * scale / ((n - 2) * a))
    if b == 0:
        return curvature, extremum, error, mpf("inf")
    lever = 1 + (extremum - mean) ** 2 * scale / a
    return curvature, extremum, error, mpmath.sqrt(variance / (n - 2) * lever) / abs(curvature)


def _line_formula(a, b, c, scale, n, mean, mean_g):
    curvature = b / a
    extremum = mean - mean_g / curvature if curvature != 0 else mpf("nan")
    if n <= 2:
        return curvature, extremum, mpf("inf"), mpf("inf")
    spread = a / scale
    variance = max(c - curvature * b, mpf(0)) / scale
    error = mpmath.sqrt(variance / ((n - 2) * spread))
    if curvature == 0:
        return curvature, extremum, error, mpf("inf")
    lever = 1 + (extremum - mean) ** 2 / spread
    return curvature, extremum, error, mpmath.sqrt(variance / ((n - 2) * curvature**2) * lever)


def resolution(state):
    """What the rounding of binary64 leaves of a variance's root about these means."""
    if state["beta"] == 0:
        return zeros(state["mean_theta"].size)
    return np.array([2 * EPS * abs(x) / state["beta"] for x in state["mean_theta"]], dtype=object)


def visited(e, top=None, floors=None):
    """Which eigenvalues count as visited, with a factor between the two kinds.

    Those above a share of the largest, and above what rounding makes of the means.
    """
    top = max(e) if top is None else top
    least = [max(UNVISITED * top, LEAST, *(() if floors is None else (x,))) for x in floors or e]
    for value, bound in zip(e, least, strict=True):
        if top > 0 and bound / APART < value < bound * APART:
            raise MarginError("an eigenvalue is too near to the limit of visited directions")
    return [value > bound for value, bound in zip(e, least, strict=True)]


def _floors(E, least):
    """What rounding leaves of the variance along each column."""
    if least is None:
        return None
    return [sum((E[k, i] * least[k]) ** 2 for k in range(len(least))) for i in range(len(least))]


def hessian(state):
    """``C_gtheta`` times the inverse of ``C_thetatheta``, or its pseudo-inverse."""
    C, B = state["C_thetatheta"], state["C_gtheta"]
    e, E = eigh(C)
    keep = visited(e, floors=_floors(E, resolution(state)))
    if all(keep):
        return {"result": solve(C.T, B.T).T}
    return {"result": _solved_within(C, B.T, E[:, _not(keep)], max(e)).T}


def _not(keep):
    return [k for k, kept in enumerate(keep) if not kept]


def _solved_within(system, right, left_out, size):
    """Solve a symmetric system, some of whose axes do not count, for what has no part along them.

    Along these the right side is taken away, and the system is shifted, so that it is regular.
    """
    along = left_out @ left_out.T
    return solve(system + (size or mpf(1)) * along, right - along @ right)


def _pseudo_inverse(e, E, keep):
    inverse = np.array([1 / x if k else mpf(0) for x, k in zip(e, keep, strict=True)], dtype=object)
    return (E * inverse) @ E.T


def hessian_formula(state):
    """The same in the eigenbasis of the positions."""
    e, E = eigh(state["C_thetatheta"])
    floors = _floors(E, resolution(state))
    keep = [x > max(UNVISITED * e[-1], least, LEAST) for x, least in zip(e, floors, strict=True)]
    return {"result": state["C_gtheta"] @ _pseudo_inverse(e, E, keep)}


def lyapunov(C, B, least=None):
    """``H C + C H = B + B^T`` as a system in the entries of `H`; least norm where undetermined.

    `least` is the `resolution` of the state, where it is asked.
    """
    n = C.shape[0]
    right = (B + B.T).reshape(n * n)
    system = np.kron(eye(n), C) + np.kron(C, eye(n))
    top, axes = eigh(C)
    pairs = visited(*_sums(top, _floors(axes, least)))
    if all(pairs):
        return solve(system, right).reshape(n, n)
    # An axis of the system is a product of two axes of `C`.
    left_out = np.kron(axes, axes)[:, _not(pairs)]
    return _solved_within(system, right, left_out, max(top)).reshape(n, n)


def _sums(e, floors):
    """Sums of two eigenvalues, the largest one, and sums of two floors."""
    sums = None if floors is None else [a + b for a in floors for b in floors]
    return [a + b for a in e for b in e], max(e), sums


def lyapunov_formula(C, B, least=None):
    """The same in the eigenbasis of `C`, divided there before it is rotated back."""
    e, E = eigh(C)
    H = E.T @ (B + B.T) @ E
    n = len(e)
    floors = _floors(E, least) or [mpf(0)] * n
    for i in range(n):
        for j in range(n):
            total = e[i] + e[j]
            bound = max(UNVISITED * max(e[-1], mpf(0)), floors[i] + floors[j], LEAST)
            H[i, j] = H[i, j] / total if total > bound else mpf(0)
    return E @ H @ E.T


def symmetric_hessian(state, ridge):
    """The minimiser over symmetric matrices."""
    C = state["C_thetatheta"]
    C = C + ridge * eye(C.shape[0])
    return {"result": lyapunov(C, state["C_gtheta"], resolution(state))}


def symmetric_hessian_formula(state, ridge):
    """The same by the book's formula."""
    C = state["C_thetatheta"]
    C = C + ridge * eye(C.shape[0])
    return {"result": lyapunov_formula(C, state["C_gtheta"], resolution(state))}


def correlated_hessian(state):
    """The same with ``sqrt(C_thetatheta) sqrt(C_gg)`` in place of ``C_gtheta``."""
    C = state["C_thetatheta"]
    # The root of a zero that came out as rounding has half as many digits.
    with mpmath.workdps(2 * mpmath.mp.dps):
        return {"result": lyapunov(C, root(C) @ root(state["C_gg"]), resolution(state))}


def correlated_hessian_formula(state):
    """The same by the book's formula."""
    C = state["C_thetatheta"]
    return {"result": lyapunov_formula(C, root(C) @ root(state["C_gg"]), resolution(state))}
