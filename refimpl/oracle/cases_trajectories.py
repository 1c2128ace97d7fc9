"""Trajectories: methods in closed loop with the functions of the laboratory, and ensembles."""

from typing import NamedTuple

import numpy as np

from . import cases_settings
from .cases import dyadic
from .cases_ogr import OGR
from .cases_optimizers import CURVATURE, DYADIC, GROUPED, NEIGHBOURS

STEPS, LONG, NEAR = 60, 100, 30
# Starts of an ensemble: from 458 on the bound of its comparator is proved.
RUNS, LAST = 480, 80
HALVES = np.full((4, 4), 0.5) - np.eye(4)


class Trajectory(NamedTuple):
    """A trajectory before it is certified, and before its horizon is known."""

    method: str
    flags: tuple
    params: dict
    given: dict
    binary32: bool = True


class Ensemble(Trajectory):
    """Many of them, of which only the ends are compared."""


class Place(NamedTuple):
    """A function, where to start on it, how large the noise is, and what suits its curvature."""

    function: str
    data: dict
    start: tuple
    noise: float
    flags: tuple = ()
    rate: float = 0.0625
    cut: float | None = None


QUADRATIC = Place(
    "quadratic",
    {"spectrum": np.array([0.25, 0.5, 1.0, 4.0]), "rotation": HALVES},
    (2.0, -1.0, 1.5, 0.5),
    0.25,
)
SADDLE = Place(
    "bounded_saddle",
    {"spectrum": np.array([-1.0, 2.0]), "c": 1.0},
    (0.125, 1.5),
    0.125,
    ("exact-saddle",),
)
TURNED = Place(
    "bounded_saddle",
    {"spectrum": np.array([-1.0, 2.0, -0.5, 1.0]), "c": 0.5, "rotation": HALVES},
    (0.125, 1.5, 0.25, -1.0),
    0.125,
    ("exact-saddle", "division-order"),
)
BEALE = Place("beale", {}, (1.0, 1.5), 0.25, rate=2.0**-8, cut=8.0)
VALLEY = Place("rosenbrock", {}, (-1.25, 1.0), 0.25, rate=2.0**-10, cut=8.0)
VALLEY3 = Place("rosenbrock", {}, (-1.25, 1.0, 0.5), 0.25, rate=2.0**-10, cut=8.0)
VALLEY4 = Place("rosenbrock", {}, (-0.75, 0.5, 0.25, 0.5), 0.25)
# On the longer valley the other methods leave it, or meet fits that are nearly singular.
THROUGH = ("sgd", "momentum", "adam", "newton", "sfn", "fogr", "dogr", "cdogr", "pogr")
# Two that lose binary64's digits soonest, from as far as they go.
FAR = {"fogr": TURNED, "dogr": VALLEY}


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20240606)
    for place in (QUADRATIC, SADDLE, BEALE, VALLEY):
        for method in DYADIC:
            if FAR.get(method) is not place:
                yield trajectory(rng, method, place)
    for method in THROUGH:
        yield trajectory(rng, method, VALLEY3)
    for method, place in FAR.items():
        yield trajectory(rng, method, place, LONG)
    for method in ("momentum", "newton"):
        yield trajectory(rng, method, VALLEY._replace(noise=0.0))
    # Withdrawn; what follows draws from the same stream.
    for _ in range(2):
        dyadic(rng, (RUNS, 2), 10), dyadic(rng, (LAST, 2), 6)
    for place in (QUADRATIC, SADDLE, BEALE, VALLEY, VALLEY3):
        dyadic(rng, (STEPS, len(place.start)), 6, place.noise)
    # A frame that is not its own transpose.
    for place in (QUADRATIC, TURNED):
        cycled = place._replace(data=place.data | {"rotation": np.roll(HALVES, 1, axis=0)})
        for method in ("momentum", "newton"):
            yield trajectory(rng, method, cycled)
    yield from grouped(draw)
    yield from ensembles(draw)
    yield from safeguarded(draw)
    yield from neighbours(draw)
    yield from averaged(draw)
    rng = draw(20261216)
    for place in (QUADRATIC, SADDLE, BEALE, VALLEY, VALLEY3):
        yield trajectory(rng, "ogr", place)
    # So near the minimum that every share of a step of noise leads up, the last one too.
    near = QUADRATIC._replace(start=(2.0**-72, -(2.0**-73), 2.0**-72, 2.0**-74))
    safe, flags = "grouped_newton_safeguarded", ("backtracking", "no-cubic-term", "refused")
    yield shortened(sliced(draw(20261250), safe, near, flags, GROUPED | {"damping": 1.0}), 4)


def averaged(draw):
    """The safeguarded method, which has no replay, with the options that are off by default."""
    rng = draw(20261202)
    for place, (flag, several) in zip(
        (TURNED, VALLEY4, TURNED), cases_settings.AVERAGED.items(), strict=True
    ):
        for params in several:
            found = sliced(rng, "grouped_newton_safeguarded", place, (flag,), GROUPED | params)
            yield shortened(found, cases_settings.STEPS)


def hyperparameters(method, place):
    """Those of the replays, with a rate and a cut that suit the function."""
    params = dict(OGR if method == "ogr" else DYADIC[method])
    if method in ("sgd", "momentum"):
        params["alpha"] = place.rate
    if place.cut is not None and "cut" in params and method not in CURVATURE:
        params["cut"] = place.cut
    return params


def trajectory(rng, method, place, steps=STEPS):
    """A method on a function, with noise of its own."""
    params = hyperparameters(method, place)
    D = len(place.start)
    noise = dyadic(rng, (steps, D), 6, place.noise) if place.noise else np.zeros((steps, D))
    d = min(params.get("dimension", 0), D) if method not in (*CURVATURE, "ogr") else 0
    given = {
        "function": place.function,
        "data": place.data,
        "start": np.array(place.start),
        # Uniform in [0, 2^-10), as in the programs of [D].
        "directions": np.abs(dyadic(rng, (d, D), 10, 2.0**-10)) if d else np.zeros((0, D)),
        "noise": noise,
        "hessian": method in CURVATURE,
    }
    # The floor of the spread of `ogr` is in units of binary64.
    return Trajectory(method, ("closed-loop", *place.flags), params, given, method != "ogr")


def grouped(draw):
    """Grouped Newton with every direction, and what else its step may do."""
    rng = draw(20250204)
    cycled = TURNED._replace(data=TURNED.data | {"rotation": np.roll(HALVES, 1, axis=0)})
    plain, safe = "grouped_newton", "grouped_newton_safeguarded"
    adam, momentum = {"direction": "adam"}, {"direction": "momentum"}
    parted, slow = {"groups": [[0, 3], [2, 1]]}, {"strength": 8.0, "damping": 0.25}
    for method, place, flags, changed in (
        (plain, QUADRATIC, ("no-cubic-term",), {}),
        (plain, SADDLE, (), {}),
        (plain, cycled, ("group-order",), parted),
        (plain, BEALE, (), {"groups": 4, "strength": 8.0}),
        (plain, VALLEY, ("one-group",), {"groups": 1, "strength": 3.0}),
        (plain, VALLEY3, ("group-order",), {"groups": [[0, 2], [1]]}),
        (plain, BEALE, ("kept-rates",), momentum | slow | {"period": 2}),
        (plain, cycled, ("kept-rates",), momentum | parted | {"smoothing": 0.75}),
        (plain, cycled, ("bias-correction",), adam | {"groups": 2}),
        (plain, VALLEY, ("bias-correction",), adam | {"groups": [[1], [0]]}),
        (plain, SADDLE, ("kept-rates",), adam | {"clip": True, "period": 2, "damping": 1.0}),
        (
            plain,
            QUADRATIC,
            ("no-cubic-term", "group-order"),
            momentum | {"groups": [[2], [3, 0, 1]]},
        ),
        (safe, QUADRATIC, ("backtracking", "no-cubic-term"), {"damping": 1.0}),
        (safe, cycled, ("backtracking", "group-order"), parted | {"damping": 1.0}),
        (safe, BEALE, ("backtracking",), {"damping": 1.0, "strength": 0.25}),
        (safe, VALLEY, ("backtracking", "kept-rates"), momentum | {"period": 2}),
        (safe, VALLEY3, ("backtracking",), adam | {"groups": [[0, 2], [1]], "clip": True}),
    ):
        yield sliced(rng, method, place, flags, GROUPED | changed)


def sliced(rng, method, place, flags, params):
    """A method that asks for summaries of the function, and for its value."""
    D = len(place.start)
    given = {
        "function": place.function,
        "data": place.data,
        "start": np.array(place.start),
        "directions": np.zeros((0, D)),
        "noise": dyadic(rng, (STEPS, D), 6, place.noise / 8.0),
        "hessian": False,
        "summary": True,
    }
    return Trajectory(method, ("closed-loop", *place.flags, *flags), params, given)


def ensembles(draw):
    """So long that positions are lost, and sharp enough to tell one step more or less.

    With smaller rates one well holds the runs together, and the noise of the last steps shows in
    where they end. Of sixty drawings each has the one whose ends differ most from those of one step
    more, one less, and of a fifth more noise in half of the runs.
    """
    yield ensemble(draw(3), "sgd", {"alpha": 1.5})
    yield ensemble(draw(16), "momentum", {"alpha": 1.5, "gamma": 0.9375})


def ensemble(rng, method, params):
    """A rate so large that positions never settle, and neighbours part by a factor each step."""
    given = {
        "function": "bounded_saddle",
        "data": {"spectrum": np.array([-1.0, -0.96875]), "c": 1.0},
        "starts": 0.75 + dyadic(rng, (RUNS, 2), 10, 0.0625),
        "directions": np.zeros((0, 2)),
        "noise": dyadic(rng, (LAST, 2), 6, 0.125),
        "hessian": False,
    }
    return Ensemble(method, ("beyond-horizon", "off-by-one"), params, given)


def safeguarded(draw):
    """The method that has no replay, at settings that no replay shows, and where the loss rises."""
    rng = draw(20250305)
    safe = "grouped_newton_safeguarded"
    for place, params in zip((TURNED, VALLEY4, TURNED), cases_settings.GROUPED, strict=True):
        found = sliced(rng, safe, place, ("backtracking", "settings"), params)
        yield shortened(found, cases_settings.STEPS)
    # Steps so long that the loss rises: a damping near 1 with hardly a cubic term, downhill of a
    # valley; and a place without any slope, from which there is no step.
    steep = GROUPED | {"damping": 1.0, "strength": 2.0**-10, "direction": "momentum"}
    for place in (VALLEY, BEALE):
        yield shortened(sliced(rng, safe, place, ("backtracking",), steep), cases_settings.STEPS)
    still = TURNED._replace(start=(0.0, 0.0, 0.0, 0.0), noise=0.0, flags=("zero-gradient",))
    yield shortened(sliced(rng, safe, still, ("backtracking",), GROUPED | {"groups": 2}), 3)


def neighbours(draw):
    """Methods from elsewhere, which ask for a gradient alone, as momentum does."""
    rng = draw(20261130)
    for place in (QUADRATIC, BEALE, VALLEY):
        for method, params in NEIGHBOURS.items():
            found = trajectory(rng, "momentum", place, NEAR)
            yield found._replace(method=method, params=params)


def shortened(case, steps):
    """Its first steps alone."""
    return case._replace(given=case.given | {"noise": case.given["noise"][:steps]})
