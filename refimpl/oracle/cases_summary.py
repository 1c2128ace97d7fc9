"""Cases of the summary: derivatives of the laboratory's functions along parts of a direction."""

import numpy as np

from . import cases_taylor
from .cases import Case, dyadic
from .cases_trajectories import HALVES

OP = "summary.summarize"
# Reflected and turned: neither is its own transpose.
CYCLED = np.roll(HALVES, 1, axis=0)
DATA = {
    "beale": {},
    "rosenbrock": {},
    "quadratic": {"spectrum": np.array([1.0, -2.0, 3.0, 0.5])},
    "bounded_saddle": {"spectrum": np.array([-1.0, 2.0, -0.5, 1.0]), "c": 0.5},
}
# The gradient changes its sign at the minimum, and the third derivatives where a bend does.
HALVED = (((0,), (1,)), ((0, 1),))
PARTED = (((0, 1), (2, 3)), ((3, 0), (2,), (1,)), ((2, 0, 1, 3),), ((2,), (0,), (3,), (1,)))


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20250201)
    for family in (_normal, _directions, _vanishing, _scaled):
        yield from family(rng)
    yield from wrong(draw)
    yield from cases_taylor.cases()


def case(rng, flags, function, groups, data=(), D=None, order=3, full=False, **changed):
    """One case; place and direction are drawn where they are not given."""
    D = D or (2 if function == "beale" else 4)
    given = {
        "function": function,
        "data": DATA[function] | dict(data),
        "theta": dyadic(rng, D, 8, 2.0),
        "direction": dyadic(rng, D, 8, 2.0),
        "groups": [list(group) for group in groups],
        "order": order,
        "full": full,
    }
    options = {name: changed.pop(name) for name in ("error", "binary32") if name in changed}
    return Case(OP, flags, given | changed, **options)


def turned(function):
    """The two that have a frame, in one that is not that of the coordinates."""
    return {"rotation": CYCLED} if function in ("quadratic", "bounded_saddle") else {}


def _normal(rng):
    signs, factors = ("normal", "sign-convention"), ("normal", "taylor-factor")
    for groups in HALVED:
        yield case(rng, signs, "beale", groups)
        yield case(rng, factors, "beale", groups, full=True)
    for function in ("rosenbrock", "bounded_saddle", "quadratic"):
        for k, groups in enumerate(PARTED):
            flags = ("normal", "sign-convention" if k % 2 else "mixed-derivatives")
            flags += ("group-order",) if k in (1, 3) else ()
            flags += ("one-group",) if k == 2 else ()
            yield case(rng, flags, function, groups, turned(function), full=k == 1)
    for order in (1, 2):
        for function in ("rosenbrock", "bounded_saddle"):
            yield case(rng, ("lower-order",), function, PARTED[1], turned(function), order=order)
    # A frame of its own is not that of the groups, and without one they do not interact.
    yield case(rng, ("normal",), "bounded_saddle", PARTED[0], full=True)
    # One parameter has a third derivative of this sign, the other of that.
    yield case(
        rng,
        ("sign-convention",),
        "bounded_saddle",
        PARTED[3],
        theta=np.array([1.0, -1.0, 0.5, -0.25]),
        direction=np.array([1.0, 1.0, -2.0, -1.5]),
    )


def _directions(rng):
    flags = ("zero-direction",)
    for function, still in (("rosenbrock", (2, 3)), ("bounded_saddle", (0, 1)), ("beale", (0,))):
        groups = HALVED[0] if function == "beale" else PARTED[0]
        found = case(rng, flags, function, groups, turned(function), full=True)
        found.arguments["direction"][list(still)] = 0.0
        yield found
    found = case(rng, flags, "bounded_saddle", PARTED[3], turned("bounded_saddle"))
    found.arguments["direction"][[0, 2]] = 0.0
    yield found
    for function in ("rosenbrock", "quadratic"):
        found = case(rng, flags, function, PARTED[0], full=True)
        found.arguments["direction"][:] = 0.0
        yield found
    # Within a group a direction may be anything.
    found = case(rng, ("normal",), "rosenbrock", PARTED[0])
    found.arguments["direction"][[0, 2]] = 0.0
    yield found


def _vanishing(rng):
    flags = ("zero-derivative",)
    # The later variable of the valley enters with its square alone.
    found = case(rng, flags, "rosenbrock", ((0,), (1,)), D=2)
    yield found
    yield case(rng, flags, "rosenbrock", ((0, 2), (1,), (3,)))
    yield case(rng, flags, "quadratic", PARTED[1], turned("quadratic"), full=True)
    # The first variable of Beale's function is linear in each residual.
    yield case(rng, flags, "beale", HALVED[0])
    # At the tops and bottoms of the function there is no slope; at the origin no third derivative.
    zero = np.zeros(4)
    yield case(rng, ("zero-gradient", *flags), "bounded_saddle", PARTED[0], theta=zero)
    yield case(rng, ("zero-gradient",), "rosenbrock", PARTED[0], theta=np.ones(4))
    minimum = np.array([3.0, 0.5])
    yield case(rng, ("zero-gradient",), "beale", HALVED[0], theta=minimum)
    # Equal and opposite entries of a group.
    opposite = np.array([1.0, -1.0, 0.5, -0.5])
    data = {"spectrum": np.array([1.0, 1.0, 2.0, 2.0]), "c": 1.0}
    place = {"theta": np.full(4, 0.75), "direction": opposite}
    yield case(rng, flags, "bounded_saddle", PARTED[0], data, **place)


def _scaled(rng):
    for powers in ((0, 40), (60, -60), (-100, 100), (300, 0), (-300, 0)):
        for function in ("rosenbrock", "bounded_saddle"):
            if function == "rosenbrock" and powers[0] == 300:
                continue
            found = case(rng, ("wide-units",), function, PARTED[0], turned(function))
            sizes = 2.0 ** np.repeat(np.array(powers, dtype=float), 2)
            # Cubes of the larger ones are beyond binary32, as are those of the smaller.
            yield found._replace(
                arguments=found.arguments | {"direction": found.arguments["direction"] * sizes},
                binary32=False,
            )
    for power in (-1060, -500, -300, -100, 100, 300, 500):
        flag = "huge-scale" if power > 0 else "subnormal-scale"
        for function in ("quadratic", "bounded_saddle"):
            data = dict(DATA[function]) | turned(function)
            data["spectrum"] = data["spectrum"] * 2.0**power
            if "c" in data:
                data["c"] *= 2.0**power
            yield case(rng, (flag,), function, PARTED[1], data, binary32=False)
    # A place so far out that a step of the size of the direction would not be seen.
    found = case(rng, ("far-mean",), "bounded_saddle", PARTED[0], turned("bounded_saddle"))
    yield found._replace(
        arguments=found.arguments | {"theta": found.arguments["theta"] * 2.0**60}, binary32=False
    )


def wrong(draw):
    """Inputs that have no answer."""
    rng = draw(20250202)
    for flag, bad in (("nan-input", np.nan), ("inf-input", np.inf)):
        for name in ("theta", "direction"):
            found = case(rng, (flag,), "rosenbrock", PARTED[0], error="NotFiniteError")
            found.arguments[name][1] = bad
            yield found
    for groups in (
        ((0, 1), (1, 2, 3)),
        ((0, 1), (3,)),
        ((0, 1), (2, 3, 3)),
        ((0, 1), (2, 4)),
        ((0, 1), (2, 3, -1)),
        ((0, 1), (), (2, 3)),
    ):
        yield case(rng, ("not-a-partition",), "bounded_saddle", groups, error="PartitionError")
    yield case(
        *(rng, ("wrong-shape",), "rosenbrock", PARTED[0]), direction=np.ones(3), error="ShapeError"
    )
    for order, full in ((0, False), (4, False), (2, True)):
        given = {"order": order, "full": full, "error": "RangeError"}
        yield case(rng, ("out-of-range",), "rosenbrock", PARTED[0], **given)
