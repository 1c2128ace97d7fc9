"""Cases of `ogr`: each branch of its step where it decides, and its closed loops."""

import numpy as np

from .cases import dyadic

OGR = {
    "beta": 0.6,
    "beta_late": 0.25,
    "settle": 30.0,
    "patience": 50.0,
    "gamma": 0.5,
    "reach": 2.0,
    "jump": 1000.0,
    "first": 1.0,
    "ridge": 0.003,
    "dimension": 15,
    "scaled": True,
    "turning": True,
}
# All away from the defaults; see `cases_settings`.
SETTINGS = (
    {"beta": 0.75, "beta_late": 0.125, "settle": 4.0, "patience": 5.0, "gamma": 0.375}
    | {"reach": 0.75, "jump": 1.25, "first": 0.25, "ridge": 2.0**-5, "dimension": 2}
    | {"scaled": True, "turning": True},
    {"beta": 0.4375, "beta_late": 0.1875, "settle": 9.0, "patience": 2.0, "gamma": 0.75}
    | {"reach": 0.375, "jump": 1.75, "first": 1.5, "ridge": 2.0**-3, "dimension": 3}
    | {"scaled": False, "turning": True},
    # Steps that no bound shortens.
    {"beta": 0.4375, "beta_late": 0.1875, "settle": 9.0, "patience": 12.0, "gamma": 0.75}
    | {"reach": 8.0, "jump": 5.0, "first": 1.5, "ridge": 2.0**-3, "dimension": 3}
    | {"scaled": True, "turning": False},
)
# Steps of a replay that shows a single thing, and of one that shows how the memory settles.
FEW, MANY = 10, 50


def replays(draw, replay):
    """Replays, after a `replay` as that of ``cases_optimizers``."""
    rng = draw(20261236)

    def found(flags, changed, D, steps):
        # The floor of its spread is in units of binary64.
        return replay(rng, "ogr", flags, OGR | changed, D=D, steps=steps)._replace(binary32=False)

    yield found(("normal", "full-dimension"), {}, 2, MANY)
    yield in_units(found(("normal", "own-units"), {"dimension": 2}, 4, MANY), 8.0, 1.0, 0.25, 1.0)
    plain = {"scaled": False, "turning": False, "reach": np.inf}
    yield found(("full-dimension",), plain, 3, MANY // 2)
    still = found(("zero-gradient", "first-step"), {}, 2, 2 * FEW)
    for pair in still.stream[:2]:
        pair["gradient"][:] = 0.0
    yield still
    for params in SETTINGS:
        case = found(("normal", "settings"), params, 4, 3 * FEW // 2)
        yield steepened(in_units(case, 4.0, 1.0, 1.0, 0.125), 6, 9, 12)
    yield found(("one-dimension",), {"patience": np.inf}, 1, 2 * FEW)
    for D, changed in ((2, {"jump": 2.0}), (3, {"dimension": 2, "jump": 1.0})):
        yield steepened(found(("taken-back",), changed, D, 3 * FEW), *range(6, 3 * FEW, 2))
    yield foreseen(rng, found(("foreseen",), {}, 2, 2 * FEW))
    taken = found(("own-units", "full-dimension"), {"jump": 3.0}, 3, 2 * FEW)
    yield in_units(taken, 8.0, 1.0, 0.125)
    # The unit is a power of two with a bound on either side; and gradients 10^100 times the first.
    for flag, size, first in (
        ("subnormal-scale", 2.0**-1010, 1.0),
        ("huge-scale", 2.0**1008, 1.0),
        ("huge-scale", 1.0, 2.0**-334),
    ):
        case = found((flag,), {}, 2, FEW)
        for pair in case.stream:
            pair["gradient"] *= size
        case.stream[0]["gradient"] *= first
        yield case
    flags = ("constant-theta", "zero-gradient", "own-units")
    yield idle(in_units(found(flags, {}, 4, FEW), 1.0, 8.0, 0.125, 1.0))
    yield agreeing(found(("normal", "full-dimension"), {}, 2, FEW))


def idle(case):
    """Coordinates that the function does not depend on: one stays where it is, one does not."""
    for pair in case.stream:
        pair["theta"][0], pair["gradient"][0], pair["gradient"][-1] = 0.5, 0.0, 0.0
    return case._replace(start=case.stream[0]["theta"])


def agreeing(case):
    """Gradients that differ less than they have in common."""
    for pair in case.stream:
        pair["gradient"] = pair["gradient"] / 4.0 + (1.0, 0.5)
    return case


def steepened(case, *steps):
    """Gradients that are suddenly sixteen times as large."""
    for t in steps:
        case.stream[t]["gradient"] *= 16.0
    return case


def foreseen(rng, case):
    """Gradients without noise."""
    D = case.start.size
    H = np.diag(np.arange(1.0, D + 1.0)) + np.triu(dyadic(rng, (D, D), 3), 1)
    for pair in case.stream:
        pair["gradient"] = (H + H.T) @ pair["theta"]
    return case


def in_units(case, *scales):
    """The same function, each coordinate in units of its own."""
    a = np.array(scales)
    for pair in case.stream:
        pair["theta"], pair["gradient"] = pair["theta"] * a, pair["gradient"] / a
    return case._replace(start=case.stream[0]["theta"])
