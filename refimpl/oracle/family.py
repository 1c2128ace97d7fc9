"""Whole steps of the family of [D], each composed of the parts that it is given."""

import mpmath
import numpy as np
from mpmath import mpf

from . import regression
from .arrays import eye, length, zeros


def named(prefix, fields):
    """The fields of a nested state, with dots."""
    return {f"{prefix}.{name}": value for name, value in fields.items()}


def outside(V, x):
    """What the subspace misses."""
    return x - (V @ x) @ V


def fogr(parts, p, start, directions, stream):
    """Regression of all gradients on all positions."""
    statistics = parts.statistics(start.size, p["beta"], p["prior"])
    mean = parts.mean(p["gamma"])
    for pair in stream:
        line, m = statistics(pair["theta"], pair["gradient"]), mean(pair["gradient"])
        H = parts.lyapunov(line["C_thetatheta"], line["C_gtheta"])
        theta = pair["theta"] + parts.saddle_free(H, m, p["div"], p["cut"])
        yield named("line", line) | {"momentum": m, "theta": theta}


def roots_lyapunov(parts, line):
    """The "c" assumption."""
    C = line["C_thetatheta"]
    return parts.lyapunov(C, regression.root(C) @ regression.root(line["C_gg"]))


def cfogr(parts, p, start, directions, stream):
    """The same, perfectly correlated."""
    statistics = parts.statistics(start.size, p["beta"], p["prior"])
    mean = parts.mean(p["gamma"])
    for pair in stream:
        line, m = statistics(pair["theta"], pair["gradient"]), mean(pair["gradient"])
        step = parts.saddle_free(roots_lyapunov(parts, line), m, mpf(1), p["cut"])
        yield named("line", line) | {"momentum": m, "theta": pair["theta"] + p["eta"] * step}


def pogr(parts, p, start, directions, stream):
    """Regression with a ridge, the current gradient and a bounded step."""
    prior = (p["prior"][0], mpf(1), p["prior"][1])
    statistics = parts.statistics(start.size, p["beta"], prior)
    for pair in stream:
        line = statistics(pair["theta"], pair["gradient"])
        C = line["C_thetatheta"] + mpf(1e-12) * eye(start.size)
        H = parts.lyapunov(C, line["C_gtheta"])
        step = p["alpha"] * parts.saddle_free(H, pair["gradient"], mpf(1), mpf(0))
        size = length(step)
        step = step / size if size > 1 else step
        yield named("line", line) | {"theta": pair["theta"] + step}


def quotients(m, curvature, div, cut):
    """``m_i / max(div |lambda_i|, cut)``; 0 where that is nothing."""
    bounds = [max(div * abs(x), cut) for x in curvature]
    return np.array([a / b if b else mpf(0) for a, b in zip(m, bounds, strict=True)], dtype=object)


def fitted(line):
    """The slope of each coordinate."""
    return line["C_gtheta"] / line["C_thetatheta"]


def spreads(line):
    """The quotient of spreads of each coordinate."""
    pairs = zip(line["C_gg"], line["C_thetatheta"], strict=True)
    return np.array([mpmath.sqrt(a / b) for a, b in pairs], dtype=object)


def dogr(parts, p, start, directions, stream):
    """A line for each coordinate."""
    statistics = parts.statistics(start.size, p["beta"], p["prior"], diagonal=True)
    mean = parts.mean(p["gamma"])
    for pair in stream:
        line, m = statistics(pair["theta"], pair["gradient"]), mean(pair["gradient"])
        theta = pair["theta"] - quotients(m, fitted(line), p["div"], p["cut"])
        yield named("line", line) | {"momentum": m, "theta": theta}


def cdogr(parts, p, start, directions, stream):
    """The same, perfectly correlated."""
    statistics = parts.statistics(start.size, p["beta"], p["prior"], diagonal=True)
    mean = parts.mean(p["gamma"])
    for pair in stream:
        line, m = statistics(pair["theta"], pair["gradient"]), mean(pair["gradient"])
        u = np.minimum(quotients(m, spreads(line), p["div"], p["cut"]), p["max_alpha"])
        yield named("line", line) | {"momentum": m, "theta": pair["theta"] - p["eta"] * u}


def follower(parts, p, directions):
    """The subspace of [D]'s programs: raw injection, no transport, products of the new means."""
    carried = parts.carried(len(directions), p["prior"], True)
    V = directions

    def follow(gradient, off_theta, off_gradient):
        nonlocal V
        V = parts.inject(V, gradient, p["turn"])
        carried.add(V @ off_theta, V @ off_gradient, p["beta"])
        return V, carried.state()

    return follow


def sogr(parts, p, start, directions, stream):
    """A symmetric fit in a subspace, descent outside."""

    def step(V, line, m):
        inside = parts.lyapunov(line["C_thetatheta"], line["C_gtheta"])
        inside = parts.saddle_free(inside, V @ m, p["div"], p["cut"]) @ V
        return inside - p["alpha"] * outside(V, m)

    return _in_subspace(parts, p, start, directions, stream, step)


def csogr(parts, p, start, directions, stream):
    """The same, perfectly correlated and nothing outside."""

    def step(V, line, m):
        H = roots_lyapunov(parts, line)
        return p["eta"] * (parts.saddle_free(H, V @ m, mpf(1), p["cut"]) @ V)

    return _in_subspace(parts, p, start, directions, stream, step)


def _in_subspace(parts, p, start, directions, stream, step):
    means = parts.mean(p["beta"]), parts.mean(p["beta"])
    mean, follow = parts.mean(p["gamma"]), follower(parts, p, directions)
    before = zeros(start.size), zeros(start.size)
    for pair in stream:
        theta, gradient = pair["theta"], pair["gradient"]
        m = mean(gradient)
        V, line = follow(gradient, theta - before[0], gradient - before[1])
        before = means[0](theta), means[1](gradient)
        fields = {"mean_theta": before[0], "mean_gradient": before[1], "momentum": m, "model.V": V}
        yield fields | named("model.line", line) | {"theta": theta + step(V, line, m)}


def dsogr(parts, p, start, directions, stream):
    """Lines for each coordinate, corrected in a subspace."""

    def step(line, V, inner, m):
        u = quotients(m, fitted(line), p["div"], p["cut"])
        H = parts.lyapunov(inner["C_thetatheta"], inner["C_gtheta"])
        return u, parts.saddle_free(H, V @ m, p["div"], p["cut"])

    return _both(parts, p, start, directions, stream, step)


def cdsogr(parts, p, start, directions, stream):
    """The same, perfectly correlated."""

    def step(line, V, inner, m):
        u = p["eta"] * np.minimum(quotients(m, spreads(line), mpf(1), mpf(0)), p["max_alpha"])
        H = roots_lyapunov(parts, inner)
        return u, p["eta"] * parts.saddle_free(H, V @ m, mpf(1), p["cut"])

    return _both(parts, p, start, directions, stream, step)


def _both(parts, p, start, directions, stream, step):
    statistics = parts.statistics(start.size, p["beta"], p["prior"], diagonal=True)
    mean, follow = parts.mean(p["gamma"]), follower(parts, p, directions)
    before = zeros(start.size), zeros(start.size)
    for pair in stream:
        theta, gradient = pair["theta"], pair["gradient"]
        line, m = statistics(theta, gradient), mean(gradient)
        V, inner = follow(gradient, theta - before[0], gradient - before[1])
        before = line["mean_theta"], line["mean_gradient"]
        u, inside = step(line, V, inner, m)
        new = theta - u + p["w"] * ((V @ u + inside) @ V)
        fields = named("line", line) | {"momentum": m, "model.V": V}
        yield fields | named("model.line", inner) | {"theta": new}


def online_sfn(parts, p, start, directions, stream):
    """The four pieces in one step, along axes that carry their statistics."""
    V = parts.orthonormalize(directions)
    carried = parts.carried(len(directions), p["prior"], False)
    means, mean = (parts.mean(p["beta"]), parts.mean(p["beta"])), parts.mean(p["gamma"])
    before = zeros(start.size), zeros(start.size)
    for pair in stream:
        theta, gradient = pair["theta"], pair["gradient"]
        off = theta - before[0], gradient - before[1]
        before, m = (means[0](theta), means[1](gradient)), mean(gradient)
        new = parts.inject(V, gradient / length(gradient), p["turn"])
        if p["transport"]:
            carried.turn(new @ V.T)
        carried.add(new @ off[0], new @ off[1], p["beta"])
        line = carried.state()
        H = parts.lyapunov(line["C_thetatheta"], line["C_gtheta"])
        step = (parts.shifted_qr_step if p["shifted"] else parts.qr_step)(H)
        Q, H = step["rotation"], step["rotated"]
        V = Q.T @ new
        carried.turn(Q.T)
        inside = parts.row_sum_bound if p["row_sums"] else parts.saddle_free
        inside = inside(H, V @ m, p["div"], p["cut"]) @ V
        fields = {"mean_theta": before[0], "mean_gradient": before[1], "momentum": m}
        # The statistics come first: from them is the rotation that then turns them and the basis.
        fields |= named("model.line", carried.state(centred=True)) | {"model.V": V}
        yield fields | {"theta": theta - p["alpha"] * outside(V, m) + inside}
