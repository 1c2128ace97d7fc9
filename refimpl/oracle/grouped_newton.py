"""Grouped Newton, plain and safeguarded, from its parts."""

import numpy as np
from mpmath import mpf

from .arrays import largest, zeros
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


def learning_rates(parts, p, summary, direction, groups):
    """The minimiser of the cubic model of the groups that have a direction, and its outcome."""
    live = [s for s, group in enumerate(groups) if largest(direction[group])]
    rates = zeros(len(groups))
    if not live:
        return rates, "no-direction"
    # Stored, or the answer to the direction.
    found = summary(direction, groups) if callable(summary) else summary
    d = np.array([abs(T) ** (mpf(1) / 3) for T in found["third"][live]], dtype=object)
    H = found["hessian"][np.ix_(live, live)]
    minimum = parts.minimize_cubic(H, found["gradient"][live], d, p["strength"])
    rates[live] = minimum["rates"]
    if p["clip"]:
        rates = np.array([max(rate, mpf(0)) for rate in rates], dtype=object)
    return rates, minimum["outcome"]


def smoothed(old, new, weight):
    """The running mean of the rates, but of none that is 0."""
    pairs = zip(old, new, strict=True)
    return np.array([weight * a + (1 - weight) * b if a and b else b for a, b in pairs])


def grouped_newton(methods, parts, p, start, directions, stream):
    """A rate for each group; `methods` are those that give the direction."""
    groups = partition(p["groups"], start.size)
    along = first_order(methods[p["direction"]], parts, p, start.size)
    rates, outcome = zeros(len(groups)), ""
    for count, seen in enumerate(stream):
        direction, first = along(seen["gradient"])
        if count % p["period"] == 0:
            found, outcome = learning_rates(parts, p, seen["summary"], direction, groups)
            rates = smoothed(rates, found, p["smoothing"])
        theta = seen["theta"].copy()
        for rate, group in zip(rates, groups, strict=True):
            theta[group] -= p["damping"] * rate * direction[group]
        yield {
            **{f"first.{name}": value for name, value in first.items()},
            "outcome": outcome,
            "rates": rates,
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
