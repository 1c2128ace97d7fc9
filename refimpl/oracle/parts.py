"""Parts of which whole steps are composed, in two kinds.

Those of `definition` keep every observation and form weighted sums over all of them; those of
`formula` are the book's recursions.
"""

from types import SimpleNamespace

import numpy as np
from mpmath import mpf

from . import cubic, grouped_newton, neighbours, online_pca, qr_step, regression, repulsion, summary
from .arrays import eye, zeros


class WeightedMean:
    """Mean of the observations so far, ``gain (1 - gain)^k`` each, and of a start at 0."""

    def __init__(self, gain):
        self.gain, self.seen, self.weights = gain, [], []

    def __call__(self, x):
        self.weights.append(self.gain * (1 - self.gain) ** len(self.seen))
        self.seen.append(x)
        # The newest comes with the first weight.
        return sum(w * x for w, x in zip(reversed(self.weights), self.seen, strict=True))


class RecursiveMean:
    """The same as ``m += gain (x - m)``."""

    def __init__(self, gain):
        self.gain, self.value = gain, 0

    def __call__(self, x):
        self.value = self.value + self.gain * (x - self.value)
        return self.value


class WeightedAverage:
    """Sum of the weights and mean of the observations, ``beta (1 - beta)^k`` each, and no start."""

    def __init__(self, beta):
        self.beta, self.seen = beta, []

    def __call__(self, x):
        self.seen.insert(0, x)
        weights = [self.beta * (1 - self.beta) ** k for k in range(len(self.seen))]
        total = sum(weights)
        return total, sum(w * x for w, x in zip(weights, self.seen, strict=True)) / total


class RecursiveAverage:
    """The same as ``m += beta/s (x - m)`` with ``s += beta (1 - s)``."""

    def __init__(self, beta):
        self.beta, self.total, self.value = beta, mpf(0), None

    def __call__(self, x):
        self.total = self.total + self.beta * (1 - self.total)
        before = 0 * x if self.value is None else self.value
        self.value = before + self.beta / self.total * (x - before)
        return self.total, self.value


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


SIDES = {"C_thetatheta": ("theta", "theta"), "C_gtheta": ("g", "theta"), "C_gg": ("g", "g")}


def _carried(by, name, C):
    """A covariance, each side of which is carried as what it is of."""
    first, second = SIDES[name]
    return by[first] @ C @ by[second].T


class CarriedObservations:
    """Statistics along turning axes, about a mean kept elsewhere: every observation is carried.

    A prior of None is the zero-bias start. `turn` takes a matrix that maps old coordinates to new
    ones, and another for gradients where they are not carried alike.
    """

    def __init__(self, d, prior, new_mean):
        self.d, self.new_mean = d, new_mean
        self.total = mpf(0 if prior is None else 1)
        variances = (mpf(0), mpf(0)) if prior is None else prior
        self.start = {"C_thetatheta": variances[0] * eye(d), "C_gg": variances[1] * eye(d)}
        self.start["C_gtheta"] = zeros(d, d)
        self.rest, self.observations = mpf(1), []

    def turn(self, P, Q=None):
        """Everything seen so far in the new coordinates."""
        by = {"theta": P, "g": P if Q is None else Q}
        self.start = {name: _carried(by, name, C) for name, C in self.start.items()}
        self.observations = [(w, P @ x, by["g"] @ g) for w, x, g in self.observations]

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

    def turn(self, P, Q=None):
        """The covariances in the new coordinates."""
        by = {"theta": P, "g": P if Q is None else Q}
        for name in ("C_thetatheta", "C_gtheta", "C_gg"):
            self.fields[name] = _carried(by, name, self.fields[name])

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
    average=WeightedAverage,
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
    summarize=summary.derivatives,
    minimize_cubic=cubic.minimize_cubic,
    low_enough=grouped_newton.low_enough,
    fallen=grouped_newton.fallen,
    secant=neighbours.secant,
)
formula = SimpleNamespace(
    mean=RecursiveMean,
    average=RecursiveAverage,
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
    summarize=summary.derivatives_formula,
    minimize_cubic=cubic.minimize_cubic_formula,
    low_enough=grouped_newton.low_enough_formula,
    fallen=grouped_newton.fallen_formula,
    secant=neighbours.secant_formula,
)
# Closed loops were certified before noise between the halves of a matrix was taken away: their
# roundoff is that of the step as it is, and so it stays.
loops = SimpleNamespace(
    **vars(formula) | {"qr_step": qr_step.product, "shifted_qr_step": qr_step.shifted_product}
)
