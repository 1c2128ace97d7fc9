"""Replays: each method's whole step over a stored stream of positions and gradients."""

from typing import NamedTuple

import mpmath
import numpy as np

from . import cases_ogr, cases_settings
from .arrays import exact
from .cases import dyadic, single, symmetric
from .functions import FORMULAS
from .grouped_newton import first_order, partition
from .methods import DIRECTIONS
from .parts import formula
from .summary import derivatives_formula

STEPS = 100
# Of the replays that only set hyperparameters apart.
UNLIKE = 40
# Of those where something is zero.
SHORT = 20


class Replay(NamedTuple):
    """A replay before it is certified."""

    method: str
    flags: tuple
    params: dict
    start: np.ndarray
    directions: np.ndarray
    stream: list
    binary32: bool = True


def stream(rng, D, steps=STEPS, center=0.0, hessian=False):
    """Positions that draw nearer to a saddle, with gradients of a quadratic and noise.

    All on a grid of 2^-10, so that positions and gradients are exact in binary32.
    """
    H = symmetric(rng, D, bits=3, size=2.0)
    pairs = []
    for t in range(steps):
        spread = 2.0 if t < steps // 4 else 1.0 if t < steps // 2 else 0.25
        theta = np.round(dyadic(rng, D, 8, spread) * 2.0**10) / 2.0**10
        pair = {"theta": center + theta, "gradient": H @ theta + dyadic(rng, D, 6, 0.125)}
        if hessian:
            # A Hessian of its own for each step, as of a function that is no quadratic.
            pair["hessian"] = H + symmetric(rng, D, bits=5, size=1.0)
        pairs.append(pair)
    return pairs


# Hyperparameters exact in binary32, near the published ones.
DYADIC = {
    "sgd": {"alpha": 0.0625},
    "momentum": {"alpha": 0.0625, "gamma": 0.5},
    "adam": {"alpha": 0.375, "beta1": 0.75, "beta2": 0.875, "eps": 2.0**-20},
    "newton": {"alpha": 0.75},
    "sfn": {"div": 1.5, "cut": 0.5},
    "krylov_sfn": {"dimension": 2, "div": 1.5, "cut": 0.5},
    "fogr": {"beta": 0.5, "gamma": 0.625, "div": 1.5, "cut": 2.0, "prior": (1.0, 0.0)},
    "dogr": {"beta": 0.625, "gamma": 0.75, "div": 1.375, "cut": 1.0, "prior": (1.0, 0.0)},
    "sogr": {
        "beta": 0.375,
        "gamma": 0.75,
        "turn": 0.125,
        "div": 1.5,
        "cut": 1.0,
        "alpha": 0.0625,
        "dimension": 2,
        "prior": (1.0, 0.0),
    },
    "dsogr": {
        "beta": 0.375,
        "gamma": 0.75,
        "turn": 0.125,
        "div": 1.5,
        "cut": 1.0,
        "w": 0.25,
        "dimension": 2,
        "prior": (1.0, 0.0),
    },
    "cdogr": {
        "beta": 0.375,
        "gamma": 0.5,
        "eta": 0.625,
        "div": 1.0,
        "cut": 0.0,
        "max_alpha": 0.5,
        "prior": (0.125, 0.125),
    },
    "cfogr": {"beta": 0.375, "gamma": 0.75, "eta": 0.75, "cut": 1.0, "prior": (0.125, 0.125)},
    "csogr": {
        "beta": 0.375,
        "gamma": 0.75,
        "turn": 0.125,
        "eta": 0.875,
        "cut": 1.0,
        "dimension": 2,
        "prior": (0.125, 0.125),
    },
    "cdsogr": {
        "beta": 0.375,
        "gamma": 0.75,
        "turn": 0.125,
        "eta": 0.75,
        "w": 0.5,
        "cut": 0.125,
        "max_alpha": np.inf,
        "dimension": 2,
        "prior": (0.125, 0.125),
    },
    "pogr": {"beta": 0.25, "alpha": 0.625, "prior": (1.0, 0.0)},
    "online_sfn": {
        "beta": 0.375,
        "gamma": 0.5,
        "turn": 0.25,
        "div": 1.0,
        "cut": 1.0,
        "alpha": 0.0625,
        "dimension": 2,
        "prior": (1.0, 0.0),
        "shifted": True,
        "transport": True,
        "row_sums": True,
    },
}
# The published ones, where they are others.
PUBLISHED = {
    "adam": {"alpha": 0.4, "beta1": 0.8, "beta2": 0.9, "eps": 1e-8},
    "fogr": {"beta": 0.5, "gamma": 0.6, "div": 1.5, "cut": 10.0, "prior": (1.0, 0.0)},
    "dogr": {"beta": 0.6, "gamma": 0.7, "div": 1.4, "cut": 5.0, "prior": (1.0, 0.0)},
    "pogr": {"beta": 0.3, "alpha": 2.0 / 3.0, "prior": (1.0, 0.0)},
    "sogr": {
        "beta": 0.6,
        "gamma": 0.7,
        "turn": 0.1,
        "div": 1.5,
        "cut": 15.0,
        "alpha": 0.001,
        "dimension": 1,
        "prior": (1.0, 0.0),
    },
}
NEIGHBOURS = {
    "rprop": {
        "eta_minus": 0.5,
        "eta_plus": 1.25,
        "first": 0.125,
        "smallest": 2.0**-20,
        "largest": 32.0,
    },
    "sp_bfgs": {"alpha": 0.75, "eps_g": 0.5, "longest": 2.0},
    "soap": {"alpha": 0.125, "beta1": 0.75, "beta2": 0.875, "eps": 2.0**-20, "period": 3},
}
CURVATURE = ("newton", "sfn", "krylov_sfn")
GROUPED = {
    "groups": 2,
    "strength": 1.0,
    "damping": 0.5,
    "period": 1,
    "direction": "gradient",
    "smoothing": 0.0,
    "clip": False,
    "gamma": 0.375,
    "beta1": 0.75,
    "beta2": 0.875,
    "eps": 2.0**-20,
}


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20240605)
    for method, params in DYADIC.items():
        yield replay(rng, method, ("normal", *special(method)), params)
    for method, params in PUBLISHED.items():
        yield replay(rng, method, ("normal",), params)
    adam = DYADIC["adam"] | {"eps": 0.5, "beta2": 0.984375}
    yield replay(rng, "adam", ("eps-placement", "bias-correction"), adam)
    yield replay(rng, "fogr", ("one-dimension", "bias-correction"), DYADIC["fogr"], D=1)
    fogr = DYADIC["fogr"] | {"beta": 0.125}
    yield replay(rng, "fogr", ("far-mean", "decay-order"), fogr, center=64.0)
    online = DYADIC["online_sfn"] | {"shifted": False, "row_sums": False}
    yield replay(rng, "online_sfn", ("division-order", "off-by-one"), online)
    sogr = DYADIC["sogr"]
    yield replay(rng, "sogr", ("full-dimension",), sogr, D=2)
    yield from unlike(draw)
    yield from grouped(draw)
    yield from cases_settings.settings(draw, replay)
    yield from cases_settings.still(draw, replay)
    rng = draw(20250304)
    for params in cases_settings.GROUPED:
        yield summarized(rng, ("normal", "settings"), params, cases_settings.STEPS)
    clipped = {"groups": [[3, 1], [0, 2]], "strength": 0.375, "clip": True, "period": 3}
    yield drawn_summaries(rng, GROUPED | clipped, ("settings",))
    yield from neighbours(draw)
    yield from averaged(draw)
    yield from cases_ogr.replays(draw, replay)


def averaged(draw):
    """Grouped Newton with the options that are off by default."""
    rng = draw(20261201)
    for flag, several in cases_settings.AVERAGED.items():
        for params in several:
            yield summarized(rng, ("settings", flag), GROUPED | params, SHORT)
    parted = GROUPED | {"groups": [[3, 1], [0, 2]]}
    # Summaries of records that the gradient has not seen, and their averages, one of which begins
    # without a minimum.
    for params in ({"beta": 0.25, "beta_d": 0.625}, {"window": 2}):
        found = drawn_summaries(rng, parted | params, ("averaged-summary", "own-minibatch"))
        first = found.stream[0]["summary"]
        first["third"][:] = 0.0
        first["hessian"] -= 4.0 * np.eye(2)
        yield found
    # A group in which nothing bends.
    found = drawn_summaries(rng, parted | {"model": "plain"})
    for seen in found.stream[3::8]:
        seen["summary"]["hessian"][0], seen["summary"]["hessian"][:, 0] = 0.0, 0.0
    yield found._replace(flags=("plain-model", "zero-direction"))
    # Negative rates that are averaged and not used.
    kept = {"clip": True, "keep_negative": True, "smoothing": 0.25}
    yield drawn_summaries(rng, parted | kept, ("settings",))


def neighbours(draw):
    """Methods from elsewhere: plain, at two settings each, and where something is zero."""
    rng = draw(20261129)
    for method, params in NEIGHBOURS.items():
        yield replay(rng, method, ("normal",), params, D=3, steps=UNLIKE)
    for method, several in cases_settings.NEIGHBOURS.items():
        for params in several:
            steps = cases_settings.STEPS
            yield replay(rng, method, ("normal", "settings"), params, D=3, steps=steps)
    # A coordinate without a gradient, where no sign has changed.
    still = replay(rng, "rprop", ("zero-gradient",), NEIGHBOURS["rprop"], steps=SHORT)
    for t, pair in enumerate(still.stream):
        if t % 5 in (1, 2):
            pair["gradient"][0] = 0.0
    yield still
    # Without noise it is BFGS; and a position that stays, from which nothing is learned.
    exact = NEIGHBOURS["sp_bfgs"] | {"eps_g": 0.0}
    yield replay(rng, "sp_bfgs", ("normal",), exact, steps=SHORT)
    resting = replay(rng, "sp_bfgs", ("constant-theta",), NEIGHBOURS["sp_bfgs"], D=3, steps=SHORT)
    for t, pair in enumerate(resting.stream):
        if t % 4 == 3:
            pair["theta"][:] = resting.stream[t - 1]["theta"]
    yield resting
    # No first axis; later axes along which nothing was seen yet.
    for flag, changed in (("first-step", {}), ("rank-deficient", {"period": 1})):
        soap = NEIGHBOURS["soap"] | changed
        found = replay(rng, "soap", ("zero-gradient", flag), soap, D=3, steps=SHORT)
        for pair in found.stream[:1]:
            pair["gradient"][:] = 0.0
        for pair in found.stream[:9]:
            pair["gradient"][1] = 0.0
        yield found
    yield replay(rng, "soap", ("one-dimension",), NEIGHBOURS["soap"], D=1, steps=SHORT)


def unlike(draw):
    """Hyperparameters that take a place of their own: none is 1/2, 1 or without effect."""
    rng = draw(20240606)
    for method, flags, changed in (
        ("momentum", ("decay-order",), {"gamma": 0.25}),
        ("cdogr", ("normal", "at-the-cut"), {"gamma": 0.75, "div": 1.5, "cut": 0.5}),
        ("cdsogr", ("normal",), {"w": 0.25, "max_alpha": 0.25}),
        ("online_sfn", ("normal", "decay-order"), {"gamma": 0.25, "div": 1.5, "cut": 0.25}),
        ("krylov_sfn", ("normal",), {"dimension": 3}),
    ):
        yield replay(rng, method, flags, DYADIC[method] | changed, steps=UNLIKE)
    # One coordinate without a gradient for some steps; then all of them.
    adam = replay(rng, "adam", ("zero-gradient",), DYADIC["adam"] | {"eps": 0.0}, steps=UNLIKE)
    for pair in adam.stream[:5]:
        pair["gradient"][0] = 0.0
    yield adam


def grouped(draw):
    """Grouped Newton over summaries along its own direction."""
    rng = draw(20250203)
    for flags, steps, changed in (
        (("normal",), STEPS, {}),
        (("normal", "kept-rates"), STEPS, {"direction": "momentum", "period": 2, "strength": 3.0}),
        (
            ("normal", "bias-correction"),
            UNLIKE,
            {"direction": "adam", "groups": [[0, 3], [2], [1]], "damping": 0.75},
        ),
        (("kept-rates",), UNLIKE, {"smoothing": 0.75, "groups": [[1, 2, 0], [3]]}),
        (("normal",), UNLIKE, {"clip": True, "groups": 3, "strength": 0.25}),
        (("one-group",), UNLIKE, {"groups": 1, "damping": 1.0, "direction": "momentum"}),
    ):
        yield summarized(rng, flags, GROUPED | changed, steps)
    yield drawn_summaries(rng, GROUPED | {"groups": [[0, 1], [3, 2]], "smoothing": 0.25})


def summarized(rng, flags, params, steps):
    """Near a bounded saddle, the summary along the direction of each step."""
    frame = np.roll(np.full((4, 4), 0.5) - np.eye(4), 1, axis=0)
    data = {"spectrum": np.array([-1.0, 2.0, -0.5, 1.0]), "c": 0.5, "rotation": frame}
    function, groups = FORMULAS["bounded_saddle"], partition(params["groups"], 4)
    pairs = []
    with mpmath.workdps(50):
        given = exact(data)
        along = first_order(DIRECTIONS[params["direction"]], formula, exact(params), 4)
        for t in range(steps):
            theta = dyadic(rng, 4, 6, 2.0 if t < steps // 2 else 0.5)
            place = exact(theta)
            gradient = single(function.gradient(place, **given)) + dyadic(rng, 4, 6, 0.125)
            gradient = single(gradient)
            direction, _ = along(exact(gradient))
            found = derivatives_formula(function, given, place, direction, groups)
            slopes = [direction[group] @ exact(gradient)[group] for group in groups]
            stored = {
                "gradient": single(np.array(slopes)),
                "hessian": single(found["hessian"]),
                "third": single(found["third"]),
            }
            if params.get("plateau"):
                stored["value"] = float(single(found["value"]))
            pairs.append({"theta": theta, "gradient": gradient, "summary": stored})
    return Replay("grouped_newton", flags, params, pairs[0]["theta"], np.zeros((0, 4)), pairs)


def drawn_summaries(rng, params, also=()):
    """Summaries of no function, which bring about every outcome."""
    groups, pairs = partition(params["groups"], 4), []
    for t in range(UNLIKE):
        gradient = dyadic(rng, 4, 6)
        stored = {
            "gradient": dyadic(rng, 2, 6),
            "hessian": symmetric(rng, 2, 6, 2.0),
            "third": dyadic(rng, 2, 6),
        }
        kind = t % 8
        if kind in (1, 2):
            # Without a cubic term: a minimum, and none.
            stored["third"][:] = 0.0
            stored["hessian"] += (4.0 if kind == 1 else -4.0) * np.eye(2)
        if kind in (4, 5):
            # One group without a direction, then both.
            for s in range(kind - 3):
                gradient[groups[s]] = 0.0
                for name in ("gradient", "third"):
                    stored[name][s] = 0.0
                stored["hessian"][s], stored["hessian"][:, s] = 0.0, 0.0
        pairs.append({"theta": dyadic(rng, 4, 6), "gradient": gradient, "summary": stored})
    start = pairs[0]["theta"]
    flags = ("zero-direction", "no-cubic-term", "unbounded", "kept-rates")
    flags += tuple(flag for flag in also if flag not in flags)
    return Replay("grouped_newton", flags, params, start, np.zeros((0, 4)), pairs)


def special(method):
    """What the first steps of a method from its start show."""
    return {
        "adam": ("bias-correction",),
        "fogr": ("old-new-mean", "decay-order"),
        "newton": ("exact-saddle",),
        "sfn": ("exact-saddle", "at-the-cut"),
        "sogr": ("first-step",),
        "pogr": ("first-step",),
    }.get(method, ())


def replay(rng, method, flags, params, D=None, **options):
    """A method over a stream of its own."""
    d = min(params.get("dimension", 0), D or 4)
    D = D or (4 if d else 3 if method in ("sfn", "newton") else 2)
    pairs = stream(rng, D, hessian=method in CURVATURE, **options)
    drawn = np.zeros((0, D))
    if d and method not in (*CURVATURE, "ogr"):
        # Uniform in [0, 2^-10), as in the programs of [D].
        drawn = np.abs(dyadic(rng, (d, D), 10, 2.0**-10))
    return Replay(method, flags, params, pairs[0]["theta"], drawn, pairs)
