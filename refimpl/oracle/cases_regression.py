"""Cases of piece 1."""

import numpy as np

from . import cases_limits
from .cases import Case, dyadic, empty, history, reflected, single, state

BETAS = (0.5, 0.25, 0.625, 0.125)
FAR = 2.0**12


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20240601)
    yield from starts()
    yield from updates(rng, "regression.update")
    yield from updates(rng, "regression.update_new_mean")
    yield from slopes(rng)
    yield from plain(rng)
    yield from symmetric(rng)
    yield from correlated(rng)
    yield from wrong(rng)
    yield from limits(rng)
    yield from strangers(rng)
    yield from cases_limits.regression()


def starts():
    """Before the first observation."""
    for name in ("regression.start", "regression.start_diagonal"):
        for D, prior in ((1, None), (2, None), (3, 1.0), (2, (1.0, 0.0)), (3, (0.125, 0.125))):
            flags = ("normal", "one-dimension") if D == 1 else ("normal",)
            yield Case(name, flags, {"D": D, "prior": prior})


def observe(op, flags, before, theta, gradient, beta, **options):
    """One more observation."""
    given = {"state": before, "theta": theta, "gradient": gradient, "beta": beta}
    return Case(op, flags, given, **options)


def updates(rng, op):
    """Both recursions, from both starts where they exist, full and diagonal."""
    new_mean = op.endswith("new_mean")
    priors = ((1.0, 0.0), (0.125, 0.125)) if new_mean else (None, (1.0, 0.0))
    for D in (1, 2, 3):
        for prior in priors:
            for diagonal in (False, True):
                beta = BETAS[int(rng.integers(len(BETAS)))]
                before = empty(D, prior, diagonal)
                flags = ("first-step", "bias-correction") + (("one-dimension",) if D == 1 else ())
                theta, gradient = dyadic(rng, (2, D), 8, 2.0)
                yield observe(op, flags, before, theta, gradient, beta)
    for D in (1, 2, 3, 5):
        for prior in priors:
            for diagonal in (False, True):
                beta = BETAS[int(rng.integers(len(BETAS)))]
                thetas, gradients = history(rng, 6, D)
                before = state(thetas[:-1], gradients[:-1], beta, prior, new_mean, diagonal)
                flags = ("normal", "decay-order") + (("one-dimension",) if D == 1 else ())
                yield observe(op, flags, before, thetas[-1], gradients[-1], beta)
    prior = priors[1]
    for steps in (1, 2, 3):
        thetas, gradients = history(rng, steps + 1, 2)
        before = state(thetas[:-1], gradients[:-1], 0.125, priors[0], new_mean)
        flags = ("bias-correction", "off-by-one")
        yield observe(op, flags, before, thetas[-1], gradients[-1], 0.125)
    for diagonal in (False, True):
        thetas, gradients = history(rng, 6, 3)
        before = state(thetas[:-1], gradients[:-1], 0.5, prior, new_mean, diagonal)
        yield observe(
            op, ("old-new-mean", "decay-order"), before, 64.0 * thetas[-1], gradients[-1], 0.5
        )
        thetas, gradients = history(rng, 8, 2, center=FAR, spread=0.5)
        before = state(thetas[:-1], gradients[:-1], 0.25, priors[0], new_mean, diagonal)
        # A prior at the origin would hide the distance: the spread is that of the observations.
        before["C_thetatheta"] = before["C_thetatheta"] % 1.0
        before["mean_theta"] = single(FAR + dyadic(rng, 2, 6, 0.25))
        yield observe(op, ("far-mean",), before, thetas[-1], gradients[-1], 0.25)
        thetas, gradients = history(rng, 5, 2)
        thetas[:, 0] = 0.75
        before = state(thetas[:-1], gradients[:-1], 0.25, priors[0], new_mean, diagonal)
        yield observe(op, ("constant-theta",), before, thetas[-1], gradients[-1], 0.25)
        gradients[-1] = 0.0
        yield observe(op, ("zero-gradient",), before, thetas[-1], gradients[-1], 0.25)
    thetas, gradients = history(rng, 5, 2)
    for beta in (0.1, 0.6):
        before = state(thetas[:-1], gradients[:-1], beta, prior, new_mean)
        yield observe(op, ("normal",), before, thetas[-1], gradients[-1], beta)
    before = state(thetas[:-1], gradients[:-1], 0.5, prior, new_mean)
    before["mean_theta"] = np.array([1.0, -0.5])
    theta = before["mean_theta"] + np.array([3.0, -5.0]) * 2.0**-32
    yield observe(op, ("float32-inside",), before, theta, gradients[-1], 0.5)
    before = empty(2, priors[0] and (0.0, 0.0))
    theta, gradient = dyadic(rng, (2, 2), 8, 1e-140)
    yield observe(op, ("subnormal-scale", "first-step"), before, theta, gradient, 0.5)
    if not new_mean:
        before = state(thetas[:-1], gradients[:-1], 0.5)
        yield observe(op, ("off-by-one", "normal"), before, thetas[-1], gradients[-1], 1.0)


def line(flags, before, **options):
    """The lines of a state."""
    return Case("regression.slope", flags, {"state": before}, **options)


def slopes(rng):
    """Lines with their standard errors."""
    for beta in (0.125, 0.25, 0.5, 0.625):
        for prior, new_mean in ((None, False), ((1.0, 0.0), False), ((0.125, 0.125), True)):
            for diagonal in (False, True):
                D = int(rng.integers(1, 4))
                thetas, gradients = history(rng, 8, D, noise=0.5)
                flags = ("normal",) + (("one-dimension",) if D == 1 else ())
                yield line(flags, state(thetas, gradients, beta, prior, new_mean, diagonal))
    for steps in (2, 3, 4, 6):
        thetas, gradients = history(rng, steps, 2, noise=0.5)
        yield line(("bias-correction", "off-by-one"), state(thetas, gradients, 0.125))
    thetas, gradients = history(rng, 6, 2, noise=0.5)
    yield line(("off-by-one", "normal"), state(thetas, gradients, 0.75))
    for diagonal in (False, True):
        thetas, gradients = history(rng, 6, 3, noise=0.5)
        thetas[:, 1] = 0.5
        yield line(("constant-theta",), state(thetas, gradients, 0.25, None, False, diagonal))
        before = empty(2, None, diagonal)
        yield line(("constant-theta", "first-step"), before)
        thetas, gradients = history(rng, 6, 2, noise=0.5)
        gradients[:] = 0.0
        yield line(("zero-gradient",), state(thetas, gradients, 0.25, None, False, diagonal))
    thetas, gradients = history(rng, 6, 2, noise=0.5, center=FAR, spread=0.5)
    yield line(("far-mean",), state(thetas, gradients, 0.25))
    exact_line = empty(1, (1.0, 4.0))
    exact_line.update(beta=0.25, C_gtheta=np.array([[2.0]]), mean_gradient=np.array([3.0]))
    yield line(("one-dimension", "normal"), exact_line)
    thetas, gradients = history(rng, 8, 2, noise=0.5)
    yield line(
        ("exact-saddle", "normal"), state(thetas, thetas * [1.0, -2.0] + 0.25 * gradients, 0.25)
    )
    before = state(thetas, gradients, 0.25)
    tiny = {
        name: before[name] * 1e-160**power
        for name, power in (
            ("mean_gradient", 1),
            ("C_gtheta", 1),
        )
    }
    yield line(("subnormal-scale",), before | tiny | {"C_gg": before["C_gg"] * 1e-150 * 1e-150})
    thetas, gradients = history(rng, 8, 2, noise=0.5)
    yield line(("normal",), state(thetas, gradients, 0.1, (1.0, 0.0), True))


def fit(name, flags, before, ridge=None, **options):
    """A matrix fit of a state."""
    given = {"state": before} | ({} if ridge is None else {"ridge": ridge})
    return Case(f"regression.{name}", flags, given, **options)


def positions(rng, C, **others):
    """A state with this covariance of the positions and a fit far from symmetric."""
    D = C.shape[0]
    before = empty(D, (1.0, 0.0))
    before |= {"beta": 0.25, "C_thetatheta": C, "C_gtheta": dyadic(rng, (D, D), 8, 2.0)}
    return before | {"mean_theta": dyadic(rng, D), "mean_gradient": dyadic(rng, D)} | others


def on_a_plane(rng, D, rank):
    """A covariance of this rank, exactly, of a matrix of small integers."""
    A = rng.integers(-3, 3, (D, rank), endpoint=True).astype(float)
    A[:rank] += 4.0 * np.eye(rank)
    return A @ A.T / 16.0


def fits(rng, name):
    """Cases of all matrix fits."""
    for D in (1, 2, 3, 5):
        for prior, new_mean in ((None, False), ((0.125, 0.125), True)):
            thetas, gradients = history(rng, 2 * D + 6, D, noise=0.5)
            flags = ("normal", "transposed") if D > 1 else ("normal", "one-dimension")
            yield fit(name, flags, state(thetas, gradients, 0.25, prior, new_mean))
    for spectrum in ([1.0, 1.0, 0.25], [0.5, 0.5], [1.0, 1.0, 1.0, 2.0]):
        C = reflected(rng, spectrum)
        yield fit(name, ("repeated-eigenvalue",), correlatable(rng, positions(rng, C)))
    for spectrum in ([1.0, 2.0**-6], [1.0, 2.0**-5, 2.0**-8], [2.0, 1.0, 2.0**-6, 2.0**-9]):
        C = reflected(rng, spectrum)
        flags = ("collinear", "division-order")
        yield fit(name, flags, correlatable(rng, positions(rng, C)))
    for spectrum in ([1.0, 2.0**-14], [1.0, 2.0**-10, 2.0**-14]):
        C = reflected(rng, spectrum)
        flags = ("collinear", "float32-inside")
        # Hopeless in single precision.
        yield fit(name, flags, correlatable(rng, positions(rng, C)), binary32=False)
    for D, rank in ((2, 1), (3, 2), (3, 1), (4, 2)):
        C = on_a_plane(rng, D, rank)
        # The limit of visited directions is below the rounding of single precision.
        yield fit(name, ("rank-deficient",), correlatable(rng, positions(rng, C)), binary32=False)
    yield fit(name, ("constant-theta", "first-step"), empty(2))
    thetas, gradients = history(rng, 12, 3, noise=0.5, center=FAR, spread=0.5)
    yield fit(name, ("far-mean",), state(thetas, gradients, 0.25))
    thetas, gradients = history(rng, 8, 2, noise=0.5)
    yield fit(name, ("zero-gradient",), state(thetas, 0.0 * gradients, 0.25))
    yield fit(name, ("negative-definite",), state(thetas, -2.0 * thetas, 0.25))
    yield fit(name, ("exact-saddle",), state(thetas, thetas * [1.0, -2.0], 0.25))


def correlatable(rng, before):
    """The same with a covariance of the gradients that is definite."""
    D = before["C_gg"].shape[0]
    return before | {"C_gg": on_a_plane(rng, D, D)}


def plain(rng):
    """Plain least squares."""
    yield from fits(rng, "hessian")


def symmetric(rng):
    """Symmetric least squares, with and without a ridge."""
    for case in fits(rng, "symmetric_hessian"):
        yield case._replace(arguments=case.arguments | {"ridge": 0.0})
    for D, ridge in ((1, 0.25), (2, 0.25), (3, 0.0625), (3, 2.0)):
        before = positions(rng, reflected(rng, [1.0, 0.5, 0.25][:D]) if D > 1 else np.ones((1, 1)))
        yield fit("symmetric_hessian", ("normal", "eps-placement"), before, ridge)
    for D, rank in ((2, 1), (3, 1)):
        before = positions(rng, on_a_plane(rng, D, rank))
        flags = ("rank-deficient", "eps-placement")
        yield fit("symmetric_hessian", flags, before, 0.25)


def correlated(rng):
    """The "c" assumption."""
    yield from fits(rng, "correlated_hessian")


def wrong(rng):
    """Inputs that have no answer."""
    thetas, gradients = history(rng, 4, 2)
    before = {
        "regression.update": state(thetas[:-1], gradients[:-1], 0.5),
        "regression.update_new_mean": state(thetas[:-1], gradients[:-1], 0.5, 1.0, True),
    }
    for op, given in before.items():
        for flag, bad in (("nan-input", np.nan), ("inf-input", np.inf), ("inf-input", -np.inf)):
            for k in range(2):
                pair = [thetas[-1].copy(), gradients[-1].copy()]
                pair[k][1] = bad
                yield observe(op, (flag,), given, *pair, 0.5, error="NotFiniteError")
        for beta in (0.0, -0.5, 1.5, np.nan):
            flag = "nan-input" if np.isnan(beta) else "out-of-range"
            yield observe(op, (flag,), given, thetas[-1], gradients[-1], beta, error="RangeError")
        yield observe(
            op, ("wrong-shape",), given, dyadic(rng, 3), gradients[-1], 0.5, error="ShapeError"
        )
    crossed = zip(before, reversed(before.values()), strict=True)
    for op, given in crossed:
        yield observe(
            op, ("wrong-state",), given, thetas[-1], gradients[-1], 0.5, error="StateError"
        )
    given = before["regression.update"]
    for ridge in (-1.0, np.inf, np.nan):
        flag = {True: "nan-input"}.get(bool(np.isnan(ridge)), "out-of-range")
        yield fit("symmetric_hessian", (flag,), given, ridge, error="RangeError")


def limits(rng):
    """Variances far below the largest, on both sides of the limit of visited directions."""
    for name in ("hessian", "symmetric_hessian", "correlated_hessian"):
        ridge = {"ridge": 0.0} if name == "symmetric_hessian" else {}
        for flag, spectrum in (
            ("collinear", [1.0, 2.0**-26]),
            ("collinear", [1.0, 2.0**-8, 2.0**-24]),
            ("rank-deficient", [1.0, 2.0**-50]),
        ):
            before = correlatable(rng, positions(rng, np.diag(spectrum)))
            case = fit(name, (flag,), before, binary32=False)
            yield case._replace(arguments=case.arguments | ridge)


def strangers(rng):
    """States that the new-mean form cannot go on with."""
    thetas, gradients = history(rng, 4, 2)
    pair = thetas[-1], gradients[-1]
    of_prior = state(thetas[:-1], gradients[:-1], 0.5, 1.0)
    new_mean = state(thetas[:-1], gradients[:-1], 0.25, 1.0, True)
    for before in (empty(2), empty(2, None, True), of_prior, new_mean):
        yield observe(
            "regression.update_new_mean", ("wrong-state",), before, *pair, 0.5, error="StateError"
        )
