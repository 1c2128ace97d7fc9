"""Methods that answer to their own positions: trajectories, and the ends of many of them."""

import itertools

import numpy as np

from .methods import METHODS


def positions(parts, functions, method, params, given):
    """The position after each step, with the noise that is given added to the exact gradient."""
    function, data = functions[given["function"]], given["data"]
    theta = given["start"]

    def stream():
        for noise in given["noise"]:
            seen = {"theta": theta, "gradient": function.gradient(theta, **data) + noise}
            if given["hessian"]:
                seen["hessian"] = function.hessian(theta, **data)
            if given.get("summary"):
                seen["summary"] = sliced(parts, function, data, theta, seen["gradient"])
                seen["value"] = lambda x: function.value(x, **data)
            yield seen

    # A method takes a step from the stream before it gives the position for the next one.
    for fields in METHODS[method](parts, params, theta, given["directions"], stream()):
        theta = fields["theta"]
        yield theta


def sliced(parts, function, data, theta, gradient):
    """The summary along a direction at a position: exact, but with the slopes of this gradient."""

    def summary(direction, groups):
        found = parts.summarize(function, data, theta, direction, groups)
        slopes = [direction[group] @ gradient[group] for group in groups]
        return found | {"gradient": np.array(slopes, dtype=object)}

    return summary


def trajectory(parts, functions, method, params, given):
    """The positions as the steps of an answer."""
    return [{"theta": theta} for theta in positions(parts, functions, method, params, given)]


def ensemble(parts, functions, method, params, given):
    """Of each of the starts: the function's value at the last position, that, and how it moved.

    `moved` is the mean square of the lengths of the steps; all in one step.
    """
    value, rest = functions[given["function"]].value, dict(given)
    values, lasts, moved = [], [], []
    for start in rest.pop("starts"):
        path = [start, *positions(parts, functions, method, params, rest | {"start": start})]
        steps = [b - a for a, b in itertools.pairwise(path)]
        values.append(value(path[-1], **given["data"]))
        lasts.append(path[-1])
        moved.append(sum(step @ step for step in steps) / len(steps))
    fields = {"value": values, "theta": lasts, "moved": moved}
    return [{name: np.array(found, dtype=object) for name, found in fields.items()}]
