"""Cases of piece 2."""

import numpy as np

from . import cases_limits
from .cases import Case, dyadic, orthonormal, single, symmetric

SHAPES = ((1, 1), (1, 3), (2, 3), (3, 3), (2, 6), (4, 6), (3, 8))
INVARIANT = {"result": "invariant:orthonormal-rows"}


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20240602)
    yield from rows(rng)
    yield from turns(rng, "oja", "gamma")
    yield from turns(rng, "inject", "turn")
    yield from starts(rng)
    yield from transports(rng)
    yield from wrong(rng)
    yield from lost_rows(rng)
    yield from cases_limits.online_pca(draw(20250301))


def shape_flags(d, D):
    """What the shape alone makes special."""
    flags = ("one-dimension",) if d == 1 else ()
    return flags + (("full-dimension",) if d == D else ())


def orthonormalize(flags, W, **options):
    """Orthonormal rows of a matrix."""
    return Case("online_pca.orthonormalize", flags, {"W": W}, **options)


def nearly(rng, d, D, apart):
    """Rows that differ by this much from one of them."""
    W = dyadic(rng, (d, D), 6)
    W[1:] = W[0] + apart * W[1:]
    return W


def rows(rng):
    """Orthonormalisation in row order."""
    for d, D in SHAPES:
        yield orthonormalize(("normal", *shape_flags(d, D)), dyadic(rng, (d, D)))
    for apart in (2.0**-6, 2.0**-10, 2.0**-20):
        yield orthonormalize(("collinear",), nearly(rng, 3, 5, apart))
    yield orthonormalize(("huge-scale",), dyadic(rng, (2, 4), 8, 1e200))
    yield orthonormalize(("huge-scale",), dyadic(rng, (2, 4), 8, 1.0) * [[1e300], [1e-300]])
    yield orthonormalize(("subnormal-scale",), dyadic(rng, (2, 4), 8, 2.0**-1050))
    for W in (
        np.zeros((2, 3)),
        np.outer([1.0, -2.0], [0.5, 0.25, 1.0]),
        np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]]),
        np.array([[0.0, 0.0], [3.0, 4.0]]),
    ):
        yield orthonormalize(("rank-deficient",), W, compare=INVARIANT)
    yield orthonormalize(("normal", "full-dimension"), -np.eye(3) + np.tri(3, k=-1))


def turn(name, strength, flags, V, x, by, **options):
    """A basis turned toward a gradient."""
    return Case(f"online_pca.{name}", flags, {"V": V, "x": x, strength: by}, **options)


def turns(rng, name, strength):
    """Both rules, on bases that are orthonormal to binary32."""
    for d, D in SHAPES:
        for by in (0.125, 0.5):
            flags = ("normal", *shape_flags(d, D))
            yield turn(name, strength, flags, orthonormal(rng, d, D), dyadic(rng, D), by)
    for d, D in ((1, 2), (2, 5), (3, 3)):
        V = orthonormal(rng, d, D)
        flags = ("zero-gradient", *shape_flags(d, D))
        yield turn(name, strength, flags, V, np.zeros(D), 0.5)
        yield turn(name, strength, ("normal",), V, dyadic(rng, D), 0.0)
    V = np.eye(2, 4)
    yield turn(name, strength, ("normal",), V, np.array([0.0, 0.0, 3.0, -4.0]), 0.5)
    yield turn(
        name, strength, ("normal", "rank-deficient"), V, np.array([3.0, -4.0, 0.0, 0.0]), 0.5
    )
    for length in (2.0**3, 2.0**5):
        V, x = orthonormal(rng, 3, 6), dyadic(rng, 6, 6, length)
        yield turn(name, strength, ("collinear", "normal"), V, x, 0.5)
    for length in (2.0**6, 2.0**10):
        V, x = orthonormal(rng, 2, 4), dyadic(rng, 4, 6, length)
        yield turn(name, strength, ("collinear",), V, x, 1.0, binary32=False)
    yield turn(
        name,
        strength,
        ("huge-scale", "one-dimension"),
        orthonormal(rng, 1, 3),
        dyadic(rng, 3, 8, 1e160),
        0.5,
    )
    yield turn(
        name, strength, ("subnormal-scale",), orthonormal(rng, 2, 4), dyadic(rng, 4, 8, 1e-200), 0.5
    )
    x = np.array([1.0, 1.0, 1.0]) + np.array([1.0, -2.0, 3.0]) * 2.0**-30
    yield turn(
        name, strength, ("float32-inside",), np.array([[1.0, -1.0, 0.0], [1.0, 1.0, -2.0]]), x, 0.5
    )
    yield turn(name, strength, ("normal",), orthonormal(rng, 2, 5), dyadic(rng, 5), 0.1)
    yield turn(name, strength, ("normal",), dyadic(rng, (2, 5), 8, 4.0), dyadic(rng, 5), 0.25)


def starts(rng):
    """Injections into a random start that is not orthonormal, as in the programs of [D]."""
    for d, D in ((1, 2), (1, 3), (2, 3)):
        V = np.abs(dyadic(rng, (d, D), 10, 2.0**-10))
        flags = ("first-step", *shape_flags(d, D))
        yield turn("inject", "turn", flags, V, dyadic(rng, D, 6, 0.25), 0.0625)


def carry(flags, V_old, V_new, C, **options):
    """Statistics carried from one basis to another."""
    return Case("online_pca.transport", flags, {"V_old": V_old, "V_new": V_new, "C": C}, **options)


def transports(rng):
    """Covariances in turned bases."""
    for d, D in SHAPES[1:]:
        V, U = orthonormal(rng, d, D), orthonormal(rng, d, D)
        yield carry(("normal", *shape_flags(d, D)), V, U, symmetric(rng, d))
        flags = ("transposed", *shape_flags(d, D))
        yield carry(flags, V, U, dyadic(rng, (d, d), 8, 2.0))
        near = single(V + dyadic(rng, (d, D), 8, 2.0**-6))
        yield carry(("normal",), V, near, symmetric(rng, d))
    V = np.eye(2, 4)
    yield carry(("normal",), V, V, symmetric(rng, 2))
    yield carry(("normal", "transposed"), V, V[::-1].copy(), dyadic(rng, (2, 2)))
    yield carry(("rank-deficient",), V, np.eye(4)[2:].copy(), symmetric(rng, 2))
    yield carry(("rank-deficient",), V, np.eye(4)[1:3].copy(), symmetric(rng, 2))
    yield carry(("subnormal-scale",), V, orthonormal(rng, 2, 4), symmetric(rng, 2) * 1e-250)
    yield carry(("huge-scale",), V, orthonormal(rng, 2, 4), symmetric(rng, 2) * 1e250)


def wrong(rng):
    """Inputs that have no answer."""
    V, x, C = np.eye(2, 3), np.array([1.0, 2.0, 3.0]), np.eye(2)
    for flag, bad in (("nan-input", np.nan), ("inf-input", np.inf)):
        broken, vector, covariance = V.copy(), x.copy(), C.copy()
        broken[1, 2] = vector[0] = covariance[0, 1] = bad
        yield orthonormalize((flag,), broken, error="NotFiniteError")
        for name, strength in (("oja", "gamma"), ("inject", "turn")):
            yield turn(name, strength, (flag,), broken, x, 0.5, error="NotFiniteError")
            yield turn(name, strength, (flag,), V, vector, 0.5, error="NotFiniteError")
            yield turn(name, strength, (flag,), V, x, bad, error="RangeError")
        yield carry((flag,), V, V, covariance, error="NotFiniteError")
        yield carry((flag,), V, broken, C, error="NotFiniteError")
    for name, strength in (("oja", "gamma"), ("inject", "turn")):
        yield turn(name, strength, ("out-of-range",), V, x, -0.5, error="RangeError")
        yield turn(name, strength, ("wrong-shape",), V, x[:2], 0.5, error="ShapeError")
    yield orthonormalize(("wrong-shape",), np.ones((3, 2)), error="ShapeError")
    yield carry(("wrong-shape",), V, np.eye(3), C, error="ShapeError")


def lost_rows(rng):
    """A row that the gradient makes depend on another: an old direction takes its place."""
    hadamard = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2.0
    for V in (hadamard[:3], hadamard[[2, 0, 3]]):
        x = -(V[0] + V[1])
        yield turn("inject", "turn", ("rank-deficient",), V.copy(), x, 0.5, exact=True)
    # A row that cancels against the gradient, and two rows that are the same.
    x = np.array([1.0, 0.0, 0.0])
    for V in (np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.array([[0.0, 1.0, 0.0]] * 2)):
        yield turn("inject", "turn", ("rank-deficient",), V, x, 1.0, exact=True)
    # Which axis takes the place: of equals the first, though not every axis is equal.
    for W in (
        np.zeros((2, 3)),
        np.array([[0.0, 2.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 4.0]]),
        np.array([[1.0, 1.0, 0.0, 0.0], [2.0, 2.0, 0.0, 0.0]]),
    ):
        yield orthonormalize(("rank-deficient",), W, exact=True)
    # Whatever digits of the rows are lost, they are orthonormal: one pass is not enough.
    for apart in (2.0**-10, 2.0**-20):
        yield orthonormalize(("collinear",), nearly(rng, 3, 5, apart), compare=INVARIANT)
