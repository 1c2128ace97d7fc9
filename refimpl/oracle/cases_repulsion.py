"""Cases of piece 4."""

import numpy as np

from . import cases_limits
from .cases import Case, dyadic, reflected, symmetric, with_spectrum

OPS = ("repulsion.newton", "repulsion.saddle_free", "repulsion.row_sum_bound")


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20240604)
    for flags, H, g, div, cut, options in problems(rng):
        for op in options.pop("ops", OPS):
            bounds = {} if op == OPS[0] else {"div": div, "cut": cut}
            # Newton's step knows no bounds.
            if op != OPS[0] or (div == 1.0 and cut == 0.0):
                yield Case(op, flags, {"H": H, "g": g} | bounds, **options)
    yield from wrong()
    yield from row_sums()
    yield from beyond()
    yield from cases_limits.repulsion()


def problems(rng):
    """Matrices and gradients, with `div` and `cut`."""

    def problem(flags, H, div=1.0, cut=0.0, g=None, **options):
        g = dyadic(rng, H.shape[0]) if g is None else g
        return flags, H, g, div, cut, options

    for d in (2, 3, 4, 5):
        yield problem(("normal",), symmetric(rng, d, size=2.0))
        yield problem(("normal", "eps-placement"), symmetric(rng, d, size=2.0), 1.5, 0.5)
    yield problem(("normal",), with_spectrum(rng, [*range(1, 6), *range(-10, -4)]))
    yield problem(("normal",), np.diag([2.0, 0.5, -4.0]))
    for value in (2.0, -0.5):
        yield problem(("one-dimension",), np.array([[value]]), 1.0)
        yield problem(("one-dimension",), np.array([[value]]), 2.0, 0.75)
    for spectrum in ([2.0, 1.0, 0.0], [1.0, -1.0, 0.5, 0.0], [1.0, 0.0, 0.0]):
        H = reflected(rng, spectrum)
        yield problem(("rank-deficient",), H)
        yield problem(("rank-deficient",), H, 1.5, 0.125)
    yield problem(("rank-deficient",), np.zeros((2, 2)))
    yield problem(("rank-deficient",), np.zeros((2, 2)), 1.0, 4.0)
    yield problem(("rank-deficient",), np.diag([1.0, 0.0, -2.0]))
    for spectrum in ([2.0, 2.0, 1.0], [-1.0, -1.0, -1.0, 2.0], [3.0, 3.0]):
        yield problem(("repeated-eigenvalue",), reflected(rng, spectrum))
    yield problem(("equal-moduli", "exact-saddle"), np.array([[0.0, 1.0], [1.0, 0.0]]))
    for spectrum in ([1.0, -1.0, 0.5], [2.0, -2.0, 1.0, -1.0]):
        yield problem(("equal-moduli", "exact-saddle"), reflected(rng, spectrum))
    for spectrum in ([1.0, -3.0], [4.0, 1.0, -2.0], [4.0, 1.0, -2.0, -0.5]):
        yield problem(("exact-saddle",), reflected(rng, spectrum))
        yield problem(("exact-saddle",), reflected(rng, spectrum), 1.5, 2.0)
    for spectrum in ([-1.0, -2.0], [-1.0, -2.0, -4.0]):
        yield problem(("negative-definite",), reflected(rng, spectrum))
        yield problem(("negative-definite",), reflected(rng, spectrum), 2.0, 1.0)
    for cut in (1.0, 2.0, 3.0):
        # The smaller modulus is 1, div times it 2.
        yield problem(("at-the-cut", "eps-placement"), np.diag([-1.0, 4.0]), 2.0, cut)
        H = np.array([[1.0, 2.0], [2.0, -2.0]])
        yield problem(("at-the-cut", "eps-placement"), H, 1.0, cut)
    for d in (2, 3):
        H = symmetric(rng, d)
        yield problem(("zero-gradient",), H, g=np.zeros(d))
        yield problem(("zero-gradient", "exact-saddle"), H, 1.5, 0.5, g=np.zeros(d))
    for spectrum in ([1.0, 2.0**-8], [1.0, -(2.0**-6), 2.0**-10], [1.0, 2.0**-5, -(2.0**-10), 4.0]):
        H = reflected(rng, spectrum)
        yield problem(("collinear", "division-order"), H)
    yield problem(("collinear",), reflected(rng, [1.0, -(2.0**-14), 0.5]), binary32=False)
    H, g = symmetric(rng, 3), dyadic(rng, 3)
    yield problem(("huge-scale",), H * 2.0**900, g=g * 2.0**900)
    yield problem(("huge-scale",), H, g=g * 2.0**800)
    yield problem(("subnormal-scale",), H * 2.0**-900, g=g * 2.0**-900)
    yield problem(("subnormal-scale",), H * 2.0**-1000, g=g * 2.0**-1000)
    # A curvature of so few digits would not survive as an eigenvalue, but a row sum has them all.
    yield problem(("subnormal-scale",), H * 2.0**-1060, g=g * 2.0**-1060, ops=OPS[2:])
    yield problem(("subnormal-scale",), H * 2.0**-900, 1.5, 2.0**-902, g=g * 2.0**-900)
    off = np.array([[0.0, 3.0], [3.0, -2.0]]) * 2.0**-32
    yield problem(("float32-inside",), np.array([[1.0, 1.0], [1.0, -2.0]]) + off)
    yield problem(("normal",), symmetric(rng, 3), 1.4, 0.1)


def wrong():
    """Inputs that have no answer."""
    g = np.array([1.0, 2.0, 3.0])
    for op in OPS:
        bounds = {} if op == OPS[0] else {"div": 1.0, "cut": 0.0}
        for flag, bad in (("nan-input", np.nan), ("inf-input", np.inf)):
            H, vector = np.eye(3), g.copy()
            H[0, 2] = H[2, 0] = vector[1] = bad
            yield Case(op, (flag,), {"H": H, "g": g} | bounds, error="NotFiniteError")
            yield Case(op, (flag,), {"H": np.eye(3), "g": vector} | bounds, error="NotFiniteError")
            for name in bounds:
                given = {"H": np.eye(3), "g": g} | bounds | {name: bad}
                yield Case(op, (flag,), given, error="RangeError")
        H = np.array([[1.0, 0.5, 0.0], [0.25, 1.0, 0.0], [0.0, 0.0, 1.0]])
        yield Case(op, ("not-symmetric",), {"H": H, "g": g} | bounds, error="NotSymmetricError")
        yield Case(op, ("wrong-shape",), {"H": np.eye(2), "g": g} | bounds, error="ShapeError")
        for name, value in (("div", 0.0), ("div", -1.0), ("cut", -1.0)):
            if name in bounds:
                given = {"H": np.eye(3), "g": g} | bounds | {name: value}
                yield Case(op, ("out-of-range",), given, error="RangeError")


def row_sums():
    """Rows at the cut, and rows whose sum no format holds; the last numbers are theirs.

    In the first, `div` times the row sums is 4, 8 and 4.5: the cut bounds none, one, two or all.
    """
    op = OPS[2]
    H = np.array([[1.0, -0.5, 0.5], [-0.5, -3.0, 0.5], [0.5, 0.5, 1.25]])
    g = np.array([1.0, -0.75, 0.625])
    for cut in (3.875, 4.0, 4.125, 6.0, 8.0, 16.0):
        given = {"H": H, "g": g, "div": 2.0, "cut": cut}
        yield Case(op, ("at-the-cut", "eps-placement"), given)
    # The sum of the first row is 2.25 times the scale: once within binary64, then beyond it.
    H = np.array([[1.0, 0.75, 0.5], [0.75, -0.25, 0.0], [0.5, 0.0, 0.125]])
    given = {"H": H * 2.0**1021, "g": g * 2.0**1000, "div": 1.0, "cut": 0.0}
    yield Case(op, ("huge-scale",), given)
    for sign, scale, cut in ((1.0, 2.0**1000, 0.0), (-1.0, 1.0, 0.0), (1.0, 1.0, 2.0**1023)):
        given = {"H": sign * H * 2.0**1023, "g": g * scale, "div": 1.0, "cut": cut}
        yield Case(op, ("huge-scale",), given, error="NotFiniteError")


def beyond():
    """Quotients that no float can hold: such a component is cut, the others are what they are."""
    H, g = np.diag([2.0**-600, -(2.0**-590)]), np.array([2.0**600, 2.0**300])
    for op in OPS:
        bounds = {} if op == OPS[0] else {"div": 1.0, "cut": 0.0}
        yield Case(op, ("subnormal-scale",), {"H": H, "g": g} | bounds)
