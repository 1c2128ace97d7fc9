"""Grouped Newton, plain and safeguarded, from its parts."""

import numpy as np
from mpmath import mpf

from .arrays import eye, largest, solve, zeros
from .regression import MarginError

SUFFICIENT, HALVINGS = mpf("1e-4"), 60
# Whether the loss has fallen far enough is decided by more than rounding, unless so little is left
# of the move that it does not matter.
DECIDED, MATTERS = mpf(2) ** -44, mpf(2) ** -24


def partition(groups, D):
    """The groups as lists of indices."""
    if isinstance(groups, int):
        return [part.tolist() for part in np.array_split(np.arange(D), min(groups, D))]
    return [list(group) for group in groups]


def first_order(method, parts, p, D):
    """What gives the direction and the state of a first-order method from a gradient."""
    waiting = []

    def stream():
        while True:
            yield {"theta": zeros(D), "gradient": waiting.pop()}

    steps = method(parts, p | {"alpha": mpf(1)}, None, None, stream())

    def along(gradient):
        waiting.append(gradient)
        fields = next(steps)
        return -fields["theta"], {k: v for k, v in fields.items() if k != "theta"}

    return along


# What the options say where no case sets them.
OFF = {
    **{"beta": mpf(1), "beta_d": mpf(0), "window": 1, "warmup": 0},
    **{"model": "cubic", "ridge": mpf(0), "diagonal": False, "keep_negative": False},
    **{"decay_steps": 0, "decay_to": mpf(1), "plateau": 0},
}
NAMES = ("gradient", "hessian", "third")


class Averages:
    """Summaries so far and their means, each array by its name."""

    def __init__(self, parts, p, S):
        self.p, self.S, self.rows, self.live = p, S, [], set()
        self.fading = {name: parts.average(p["beta"]) for name in NAMES}
        self.fading_roots = parts.average(p["beta_d"])
        self.weight, self.d_weight, self.d = mpf(0), mpf(0), zeros(S)
        self.on = p["beta"] < 1 or p["beta_d"] > 0 or p["window"] > 1

    def __call__(self, found, live):
        """Means, and the cube roots that go with them, after one more summary."""
        p = self.p
        self.live |= set(live)
        self.rows.insert(0, found)
        del self.rows[p["window"] :]
        if p["beta"] < 1:
            pairs = {name: self.fading[name](found[name]) for name in NAMES}
            self.weight, mean = pairs["third"][0], {name: m for name, (_, m) in pairs.items()}
            self.rows = [mean]
        else:
            n = len(self.rows)
            mean = {name: sum(row[name] for row in self.rows) / n for name in NAMES}
        if p["beta_d"]:
            self.d_weight, self.d = self.fading_roots(cube_roots(found["third"]))
        return mean, self.d if p["beta_d"] else cube_roots(mean["third"])

    def fields(self, seen):
        """As a state has them; rows that were not seen yet are 0."""
        shapes = {"gradient": (self.S,), "hessian": (self.S, self.S), "third": (self.S,)}
        rows = {}
        for name, shape in shapes.items():
            rows[name] = zeros(self.p["window"], *shape)
            for k, row in enumerate(self.rows):
                rows[name][k] = row[name]
        found = {"seen": mpf(seen), "weight": self.weight, **rows}
        found |= {"d_weight": self.d_weight, "d": self.d}
        return {f"averages.{name}": value for name, value in found.items()}


def cube_roots(third):
    """``|T|^(1/3)``."""
    return np.array([abs(T) ** (mpf(1) / 3) for T in third], dtype=object)


class Plateau:
    """Means of losses, and what the damping has fallen by."""

    def __init__(self, parts, p):
        self.fallen, self.p = parts.fallen, p
        self.losses, self.best, self.factor = [], mpf("inf"), mpf(1)

    def __call__(self, loss):
        self.losses.append(loss)
        if len(self.losses) == self.p["plateau"]:
            mean = sum(self.losses) / len(self.losses)
            if self.best == mpf("inf") or self.fallen(mean, self.best, self.p["plateau_fall"]):
                self.best = mean
            else:
                self.factor = self.factor * self.p["plateau_factor"]
            self.losses = []

    def fields(self):
        """As a state has them."""
        total = sum(self.losses, mpf(0))
        found = {"seen": mpf(len(self.losses)), "total": total, "best": self.best}
        return {f"plateau.{name}": v for name, v in (found | {"factor": self.factor}).items()}


def learning_rates(parts, p, averages, summary, direction, groups):
    """The minimiser of the model of the groups that have a direction, its outcome, and the loss."""
    live = [s for s, group in enumerate(groups) if largest(direction[group])]
    rates = zeros(len(groups))
    if not live:
        return rates, "no-direction", None
    # Stored, or the answer to the direction.
    found = summary(direction, groups) if callable(summary) else summary
    mean, d = averages(found, live)
    if averages.on:
        live = sorted(averages.live)
    H, g = mean["hessian"][np.ix_(live, live)], mean["gradient"][live]
    if p["diagonal"]:
        H = np.diag(np.diag(H))
    if p["model"] == "plain":
        A = H + p["ridge"] * eye(len(live))
        singular = any(not largest(row) for row in A)
        outcome = "singular" if singular else "plain"
        rates[live] = zeros(len(live)) if singular else solve(A, g)
    else:
        minimum = parts.minimize_cubic(H, g, d[live], p["strength"])
        rates[live], outcome = minimum["rates"], minimum["outcome"]
    if p["clip"] and not p["keep_negative"]:
        rates = positive(rates)
    return rates, outcome, found.get("value")


def positive(rates):
    """Negative rates as 0."""
    return np.array([max(rate, mpf(0)) for rate in rates], dtype=object)


def smoothed(old, new, weight):
    """The running mean of the rates, but of none that is 0."""
    pairs = zip(old, new, strict=True)
    return np.array([weight * a + (1 - weight) * b if a and b else b for a, b in pairs])


def damping(p, moving, plateau):
    """The share of the step, so many steps after the first that moves."""
    if p["decay_steps"]:
        shared = mpf(min(moving, p["decay_steps"])) / p["decay_steps"]
        return p["damping"] ** (1 - shared) * p["decay_to"] ** shared
    return p["damping"] * plateau.factor


def grouped_newton(methods, parts, p, start, directions, stream):
    """A rate for each group; `methods` are those that give the direction."""
    p = OFF | p
    groups = partition(p["groups"], start.size)
    along = first_order(methods[p["direction"]], parts, p, start.size)
    rates, outcome, losses = zeros(len(groups)), "", 0
    averages, plateau = Averages(parts, p, len(groups)), Plateau(parts, p)
    for count, seen in enumerate(stream):
        direction, first = along(seen["gradient"])
        moving = count - p["warmup"]
        if moving < 0 or moving % p["period"] == 0:
            found = learning_rates(parts, p, averages, seen["summary"], direction, groups)
            outcome = "warm-up" if moving < 0 else found[1]
            if moving >= 0:
                rates = smoothed(rates, found[0], p["smoothing"])
            if found[1] != "no-direction":
                losses += 1
                if p["plateau"] and moving >= 0:
                    plateau(found[2])
        theta, share = seen["theta"].copy(), damping(p, max(moving, 0), plateau)
        for rate, group in zip(positive(rates) if p["clip"] else rates, groups, strict=True):
            theta[group] -= share * rate * direction[group]
        yield {
            **{f"first.{name}": value for name, value in first.items()},
            **(averages.fields(losses) if averages.on else {}),
            "outcome": outcome,
            "rates": rates,
            **(plateau.fields() if p["plateau"] else {}),
            "count": mpf(count + 1),
            "theta": theta,
        }


def grouped_newton_safeguarded(methods, parts, p, start, directions, stream):
    """The same, each step halved until the loss has fallen."""
    now = []

    def watched():
        for seen in stream:
            now[:] = [seen]
            yield seen

    for fields in grouped_newton(methods, parts, p, start, directions, watched()):
        (seen,) = now
        share = accepted(parts, seen, fields["theta"] - seen["theta"])
        theta = seen["theta"] + share * (fields["theta"] - seen["theta"])
        yield fields | {"share": share, "theta": theta}


def accepted(parts, seen, move):
    """The largest share 1, 1/2, 1/4, ... of a move at which the value is low enough; or 0."""
    if not largest(move):
        return mpf(0)
    before = seen["value"](seen["theta"])
    fall = max(mpf(0), -move @ seen["gradient"])
    for halvings in range(HALVINGS):
        share = mpf(2) ** -halvings
        after = seen["value"](seen["theta"] + share * move)
        moved = share * largest(move) / largest(seen["theta"])
        if parts.low_enough(after, before - SUFFICIENT * share * fall, moved):
            return share
    return mpf(0)


def low_enough(after, bound, moved):
    """Whether a value is at most the bound, by a margin.

    Raises
    ------
    MarginError
        If rounding might decide it.
    """
    if abs(after - bound) < DECIDED * max(abs(after), abs(bound)) and moved > MATTERS:
        raise MarginError("a halving is decided by rounding")
    return low_enough_formula(after, bound, moved)


def low_enough_formula(after, bound, moved):
    """Whether a value is at most the bound."""
    return after <= bound


def fallen(mean, best, share):
    """Whether a mean loss is lower than the best so far by a share of it, by a margin.

    Raises
    ------
    MarginError
        If rounding might decide it.
    """
    if abs(mean - (best - share * abs(best))) < DECIDED * max(abs(mean), abs(best)):
        raise MarginError("a plateau is decided by rounding")
    return fallen_formula(mean, best, share)


def fallen_formula(mean, best, share):
    """Whether a mean loss is lower than the best so far by a share of it."""
    return mean < best - share * abs(best)
