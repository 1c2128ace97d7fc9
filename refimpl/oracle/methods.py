"""Whole steps of the methods over a stored stream of positions and gradients.

A method is written once, as a composition of parts; the parts come in two kinds. Those of
`definition` keep every observation and form weighted sums over all of them, those of `formula` are
the book's recursions.
"""

from types import SimpleNamespace

import mpmath
import numpy as np
from mpmath import mpf

from . import online_pca, qr_step, regression, repulsion
from .arrays import eye, length, zeros


class WeightedMean:
    """Mean of the observations so far, ``gain (1 - gain)^k`` each, and of a start at 0."""

    def __init__(self, gain):
        self.gain, self.seen = gain, []

    def __call__(self, x):
        self.seen.append(x)
        t = len(self.seen)
        return sum(self.gain * (1 - self.gain) ** (t - 1 - k) * x for k, x in enumerate(self.seen))


class RecursiveMean:
    """The same as ``m += gain (x - m)``."""

    def __init__(self, gain):
        self.gain, self.value = gain, 0

    def __call__(self, x):
        self.value = self.value + self.gain * (x - self.value)
        return self.value


class WeightedStatistics:
    """The state of a regression with a prior, in the new-mean form, from all observations."""

    def __init__(self, D, beta, prior, diagonal=False):
        self.D, self.beta, self.prior, self.diagonal = D, beta, prior, diagonal
        self.seen = {"theta": [], "gradient": []}

    def __call__(self, theta, gradient):
        beta, seen = self.beta, self.seen
        seen["theta"].append(theta)
        seen["gradient"].append(gradient)
        t = len(seen["theta"])
        w = np.array([beta * (1 - beta) ** (t - 1 - k) for k in range(t)], dtype=object)
        rest = (1 - beta) ** t
        x, g = (np.array(rows, dtype=object) for rows in seen.values())
        mean, mean_g = w @ x, w @ g
        prior = (self.prior[0], mpf(0), self.prior[1]) if len(self.prior) == 2 else self.prior
        off = {"theta": (mean, x - mean), "g": (mean_g, g - mean_g)}

        def covariance(a, b, variance):
            (mean_a, rows_a), (mean_b, rows_b) = off[a], off[b]
            if self.diagonal:
                within = w @ (rows_a * rows_b) + rest * mean_a * mean_b
                return rest * variance + (1 - beta) * within
            within = (w * rows_a.T) @ rows_b + rest * np.outer(mean_a, mean_b)
            return rest * variance * eye(self.D) + (1 - beta) * within

        return {
            "weight": sum(w) + rest,
            "beta": beta,
            "scale": 1 - beta,
            "mean_theta": mean,
            "mean_gradient": mean_g,
            "C_thetatheta": covariance("theta", "theta", prior[0]),
            "C_gtheta": covariance("g", "theta", prior[1]),
            "C_gg": covariance("g", "g", prior[2]),
        }


class RecursiveStatistics:
    """The same by the recursion."""

    def __init__(self, D, beta, prior, diagonal=False):
        shape = regression.start_diagonal if diagonal else regression.start
        self.state, self.beta = shape(D, prior[:: len(prior) - 1]), beta
        if len(prior) == 3:
            self.state["C_gtheta"] = self.state["C_gtheta"] + prior[1] * eye(D)

    def __call__(self, theta, gradient):
        self.state = regression.update_new_mean_formula(self.state, theta, gradient, self.beta)
        return self.state


class CarriedObservations:
    """Statistics along turning axes, about a mean kept elsewhere: every observation is carried.

    A prior of None is the zero-bias start. `turn` takes a matrix that maps old coordinates to new
    ones.
    """

    def __init__(self, d, prior, new_mean):
        self.d, self.new_mean = d, new_mean
        self.total = mpf(0 if prior is None else 1)
        variances = (mpf(0), mpf(0)) if prior is None else prior
        self.start = {"C_thetatheta": variances[0] * eye(d), "C_gg": variances[1] * eye(d)}
        self.start["C_gtheta"] = zeros(d, d)
        self.rest, self.observations = mpf(1), []

    def turn(self, P):
        """Everything seen so far in the new coordinates."""
        self.start = {name: P @ C @ P.T for name, C in self.start.items()}
        self.observations = [(w, P @ x, P @ g) for w, x, g in self.observations]

    def add(self, theta, gradient, beta):
        """One more observation, by its distances from the means."""
        self.beta = beta
        self.total = (1 - beta) * self.total + beta
        self.gain = beta / self.total
        # Means move by the gain, so that the rest of the distance counts.
        weight = self.gain * (1 - self.gain) * ((1 - self.gain) if self.new_mean else 1)
        keep = 1 - self.gain
        self.rest *= keep
        self.observations = [(w * keep, x, g) for w, x, g in self.observations]
        self.observations.append((weight, theta, gradient))
        self.mean = self.gain * theta, self.gain * gradient

    def state(self, centred=False):
        """The fields of the statistics; with the means at the origin after a turn."""
        w = np.array([row[0] for row in self.observations], dtype=object)
        x, g = (np.array([row[k] for row in self.observations], dtype=object) for k in (1, 2))
        nothing = zeros(self.d)
        return {
            "weight": self.total,
            "beta": self.beta,
            "scale": 1 - self.beta if self.new_mean else mpf(1),
            "mean_theta": nothing if centred else self.mean[0],
            "mean_gradient": nothing if centred else self.mean[1],
            "C_thetatheta": self.rest * self.start["C_thetatheta"] + (w * x.T) @ x,
            "C_gtheta": self.rest * self.start["C_gtheta"] + (w * g.T) @ x,
            "C_gg": self.rest * self.start["C_gg"] + (w * g.T) @ g,
        }


class CarriedStatistics:
    """The same as a recursion of covariances, ``C <- P C P^T`` where the axes turn."""

    def __init__(self, d, prior, new_mean):
        self.fields = regression.start(d, prior)
        self.step = regression.update_formula
        if new_mean:
            self.step = regression.update_new_mean_formula

    @property
    def gain(self):
        """Weight of the newest observation among all."""
        return self.fields["beta"] / self.fields["weight"]

    def turn(self, P):
        """The covariances in the new coordinates."""
        for name in ("C_thetatheta", "C_gtheta", "C_gg"):
            self.fields[name] = P @ self.fields[name] @ P.T

    def add(self, theta, gradient, beta):
        """One more observation, by its distances from the means."""
        nothing = zeros(theta.size)
        centred = self.fields | {"mean_theta": nothing, "mean_gradient": nothing}
        self.fields = self.step(centred, theta, gradient, beta)

    def state(self, centred=False):
        """The fields of the statistics; with the means at the origin after a turn."""
        if centred:
            nothing = zeros(self.fields["mean_theta"].size)
            return self.fields | {"mean_theta": nothing, "mean_gradient": nothing}
        return dict(self.fields)


class FadingSums:
    """Means and centred squares of observations with gains of their own, from all of them."""

    def __init__(self):
        self.rows = []

    def add(self, gain, *values):
        """One more observation: positions, or squares of their distances from the means before."""
        self.rows = [(w * (1 - gain), own, kept) for w, own, kept in self.rows]
        self.rows.append((gain, gain, values))

    def mean(self, k):
        """Of the values number `k`."""
        return sum(w * values[k] for w, _, values in self.rows)

    def centred(self, k):
        """Of squares of distances; what the mean has moved by counts no more."""
        return sum(w * (1 - own) * values[k] for w, own, values in self.rows)


class FadingRecursions:
    """The same by recursions."""

    def __init__(self):
        self.means, self.squares = None, None

    def add(self, gain, *values):
        """One more observation."""
        if self.means is None:
            self.means = self.squares = [0 * x for x in values]
        pairs = zip(self.squares, values, strict=True)
        self.squares = [(1 - gain) * (s + gain * x) for s, x in pairs]
        self.means = [m + gain * (x - m) for m, x in zip(self.means, values, strict=True)]

    def mean(self, k):
        """Of the values number `k`."""
        return self.means[k]

    def centred(self, k):
        """Of squares of distances."""
        return self.squares[k]


class RunningProduct:
    """A power with the exponent one larger at each call, by multiplication."""

    def __init__(self, base):
        self.base, self.value = base, mpf(1)

    def __call__(self, t):
        self.value = self.value * self.base
        return self.value


def _result(function):
    return lambda *arguments: function(*arguments)["result"]


definition = SimpleNamespace(
    mean=WeightedMean,
    statistics=WeightedStatistics,
    carried=CarriedObservations,
    fading=FadingSums,
    power=lambda base: lambda t: base**t,
    lyapunov=regression.lyapunov,
    saddle_free=_result(repulsion.saddle_free),
    newton=_result(repulsion.newton),
    row_sum_bound=_result(repulsion.row_sum_bound),
    inject=_result(online_pca.inject),
    orthonormalize=_result(online_pca.orthonormalize),
    qr_step=qr_step.qr_step,
    shifted_qr_step=qr_step.shifted_qr_step,
)
formula = SimpleNamespace(
    mean=RecursiveMean,
    statistics=RecursiveStatistics,
    carried=CarriedStatistics,
    fading=FadingRecursions,
    power=RunningProduct,
    lyapunov=regression.lyapunov_formula,
    saddle_free=_result(repulsion.saddle_free_formula),
    newton=_result(repulsion.newton_formula),
    row_sum_bound=_result(repulsion.row_sum_bound_formula),
    inject=_result(online_pca.inject_formula),
    orthonormalize=_result(online_pca.orthonormalize_formula),
    qr_step=qr_step.qr_step_formula,
    shifted_qr_step=qr_step.shifted_qr_step_formula,
)


def named(prefix, fields):
    """The fields of a nested state, with dots."""
    return {f"{prefix}.{name}": value for name, value in fields.items()}


def sgd(parts, p, start, directions, stream):
    """Gradient descent."""
    for count, pair in enumerate(stream, 1):
        yield {"count": mpf(count), "theta": pair["theta"] - p["alpha"] * pair["gradient"]}


def momentum(parts, p, start, directions, stream):
    """Descent along an average of the gradients."""
    mean = parts.mean(p["gamma"])
    for pair in stream:
        m = mean(pair["gradient"])
        yield {"momentum": m, "theta": pair["theta"] - p["alpha"] * m}


def adam(parts, p, start, directions, stream):
    """Adam as [D] prints it."""
    first, second = parts.mean(1 - p["beta1"]), parts.mean(1 - p["beta2"])
    powers = parts.power(p["beta1"]), parts.power(p["beta2"])
    for t, pair in enumerate(stream, 1):
        g = pair["gradient"]
        m, v = first(g), second(g * g)
        decay1, decay2 = powers[0](t), powers[1](t)
        root = np.array([mpmath.sqrt(x / (1 - decay2)) for x in v], dtype=object)
        scale = (p["eps"] + root) * (1 - decay1)
        theta = pair["theta"] - p["alpha"] * m / scale
        yield {"mean": m, "square": v, "decay1": decay1, "decay2": decay2, "theta": theta}


def newton(parts, p, start, directions, stream):
    """Newton's method with the exact Hessian."""
    for count, pair in enumerate(stream, 1):
        step = parts.newton(pair["hessian"], pair["gradient"])
        yield {"count": mpf(count), "theta": pair["theta"] + p["alpha"] * step}


def sfn(parts, p, start, directions, stream):
    """Saddle-free Newton with the exact Hessian."""
    for count, pair in enumerate(stream, 1):
        step = parts.saddle_free(pair["hessian"], pair["gradient"], p["div"], p["cut"])
        yield {"count": mpf(count), "theta": pair["theta"] + step}


def krylov_sfn(parts, p, start, directions, stream):
    """Saddle-free Newton in the span of ``g, H g, ..., H^{k-1} g``."""
    for count, pair in enumerate(stream, 1):
        H, g = pair["hessian"], pair["gradient"]
        V = parts.orthonormalize(g.reshape(1, -1))
        for _ in range(min(p["dimension"], g.size) - 1):
            # The last row alone leads out of the span.
            V = parts.orthonormalize(np.vstack([V, H @ V[-1]]))
        T = V @ H @ V.T
        T = (T + T.T) / 2
        step = parts.saddle_free(T, V @ g, p["div"], p["cut"]) @ V
        yield {"count": mpf(count), "theta": pair["theta"] + step}


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
        fields = {"mean_theta": before[0], "mean_gradient": before[1], "momentum": m, "model.V": V}
        fields |= named("model.line", carried.state(centred=True))
        yield fields | {"theta": theta - p["alpha"] * outside(V, m) + inside}


# Spacing of binary64 at 1: the method's floor of the spread is in its units.
EPS = mpf(2) ** -52
MARGIN = mpf("1e-6")


def share_of_spreads(a, b):
    """``sqrt(a / b)``; 0 where `b` is not above 0."""
    return mpmath.sqrt(max(a, mpf(0)) / b) if b > 0 else mpf(0)


def neutral(beta, gamma):
    """The step that keeps the spread under pure noise."""
    both = (1 - beta) * (1 - gamma)
    return mpmath.sqrt(2 * beta * (2 - gamma) / gamma * (1 - both) / (1 + both))


def apart(a, b):
    """Raise if two numbers whose order decides are too near to each other."""
    if a != b and abs(a - b) < MARGIN * max(abs(a), abs(b)):
        raise regression.MarginError("two stiffnesses are too near to each other")


def outside(V, x):
    """What the subspace misses."""
    return x - (V @ x) @ V


def renewed(V, line, off_theta, off_gradient):
    """The row that gives way and the new one; None where all stay."""
    variances = np.diag(line["C_thetatheta"]), np.diag(line["C_gg"])
    stiffness = [b / a if a > 0 else mpf(0) for a, b in zip(*variances, strict=True)]
    least = min(stiffness)
    flattest = stiffness.index(least)
    for k, other in enumerate(stiffness):
        if k != flattest:
            apart(other, least)
    new, missed = outside(V, off_gradient), outside(V, off_theta)
    apart(new @ new, least * (missed @ missed))
    if not new @ new > least * (missed @ missed):
        return None
    new = outside(V, new / length(new))
    return flattest, new / length(new)


def left(V, line, spread, energy):
    """Spread and energy outside the subspace; where nothing is outside, those of all directions.

    At the second step all energy is inside, in exact arithmetic, since the newcomer takes it: what
    rounding leaves of it is nothing.
    """
    d, D = V.shape
    rounding = D * mpf(2) ** (1 - mpmath.mp.prec // 2)
    outside_of = spread - sum(np.diag(line["C_thetatheta"])), energy - sum(np.diag(line["C_gg"]))
    for part, whole in zip(outside_of, (spread, energy), strict=True):
        if d == D or part < rounding * whole:
            return spread, energy
        if part < MARGIN * whole:
            raise regression.MarginError("what is outside is too near to rounding")
    return outside_of


def ogr(parts, p, start, directions, stream):
    """The robust default."""
    D = start.size
    d = min(p["dimension"], D)
    V, carried, sums = eye(D)[:d], parts.carried(d, None, False), parts.fading()
    opening = p["first"] * max(mpmath.sqrt(start @ start / D), mpf(1))
    mean, mean_g, m, unit, floors = zeros(D), zeros(D), zeros(D), None, None
    for count, pair in enumerate(stream):
        if count == 0:
            unit = mpf(2) ** mpmath.frexp(max(abs(x) for x in pair["gradient"]))[1]
        theta, g = pair["theta"], pair["gradient"] / unit
        off, off_g = theta - mean, g - mean_g
        if count > 0 and d < D:
            change = renewed(V, carried.state(), off, off_g)
            if change:
                keep = eye(d)
                keep[change[0], change[0]] = mpf(0)
                carried.turn(keep)
                V = V.copy()
                V[change[0]] = change[1]
        beta = p["beta_late"] + (p["beta"] - p["beta_late"]) / (1 + count / p["settle"])
        carried.add(V @ off, V @ off_g, beta)
        gain = carried.gain
        sums.add(gain, theta, g, off @ off, off_g @ off_g)
        mean, mean_g = sums.mean(0), sums.mean(1)
        # Both are 0 at first, and so the floors; later ones carry what is left of these.
        first = (EPS * opening) ** 2, EPS**2 * (mean_g @ mean_g)
        floors = [(1 - gain) * x for x in floors] if count else first
        spread, energy = floors[0] + sums.centred(2), floors[1] + sums.centred(3)
        m = m + (p["gamma"] if count else 1) * (g - m)
        line = carried.state()
        if count == 0:
            move = -opening * m / length(m)
        else:
            rest, rest_energy = left(V, line, spread, energy)
            seen, slope = p["ridge"] * spread, share_of_spreads(rest_energy, rest)
            known = with_prior(line, seen, slope)
            Q = eye(d)
            H = parts.lyapunov(known["C_thetatheta"], known["C_gtheta"])
            if p["turning"]:
                turned = parts.shifted_qr_step(H)
                Q, H = turned["rotation"], turned["rotated"]
                carried.turn(Q.T)
                V, line = Q.T @ V, carried.state(centred=True)
                known = with_prior(line, seen, slope)
            pairs = zip(np.diag(known["C_thetatheta"]), np.diag(known["C_gg"]), strict=True)
            along = (V @ m) * np.array([share_of_spreads(a, b) for a, b in pairs], dtype=object)
            share = p["eta"] * neutral(beta, p["gamma"])
            if p["row_sums"]:
                along = -parts.row_sum_bound(H, V @ m, mpf(1), mpf(0)) / share
            move = -share * (along @ V + share_of_spreads(rest, rest_energy) * outside(V, m))
            steady = mean_g @ mean_g
            size = mpmath.sqrt(spread)
            longest = p["reach"] * max(min(size, opening), steady / (steady + energy) * size)
            move = move * min(mpf(1), longest / length(move))
        fields = {"count": mpf(count + 1), "unit": unit, "opening": opening}
        fields |= {"mean_theta": mean, "mean_gradient": mean_g, "momentum": m}
        fields |= {"spread": spread, "energy": energy, "model.V": V}
        yield fields | named("model.line", line) | {"theta": theta + move}


def with_prior(line, seen, slope):
    """The statistics as if a line of this slope had been seen in every direction."""
    identity = seen * eye(len(line["C_gg"]))
    return {
        "C_thetatheta": line["C_thetatheta"] + identity,
        "C_gtheta": line["C_gtheta"] + slope * identity,
        "C_gg": line["C_gg"] + slope**2 * identity,
    }


METHODS = {
    method.__name__: method
    for method in (
        sgd,
        momentum,
        adam,
        newton,
        sfn,
        krylov_sfn,
        fogr,
        dogr,
        sogr,
        dsogr,
        cdogr,
        cfogr,
        csogr,
        cdsogr,
        pogr,
        online_sfn,
        ogr,
    )
}


def replay(parts, method, params, start, directions, stream):
    """All steps of a method, each with its whole state and the next position."""
    return list(METHODS[method](parts, params, start, directions, stream))
