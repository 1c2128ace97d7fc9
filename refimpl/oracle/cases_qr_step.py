"""Cases of piece 3."""

import numpy as np

from . import cases_limits
from .cases import Case, reflected, symmetric, with_spectrum

SIGNS = {"rotation": "sign-columns", "rotated": "relative"}
BASIS = {"rotation": "invariant:orthonormal-rows", "rotated": "relative"}
OPS = ("qr_step.qr_step", "qr_step.shifted_qr_step")


def cases(draw=np.random.default_rng):
    """All of them, in the order of their numbers; others with another `draw` of generators."""
    rng = draw(20240603)
    for flags, H, options in matrices(rng):
        for op in OPS:
            yield Case(op, flags, {"H": H}, **options.get(op, {}))
    yield from wrong()
    yield from cases_limits.qr_step()


def matrices(rng):
    """Symmetric matrices, with options for each of the two steps."""
    for d in (2, 3, 4, 5, 6):
        for _ in range(2):
            yield ("normal",), symmetric(rng, d, size=2.0), {}
    yield ("normal",), with_spectrum(rng, list(range(1, 11))), {}
    for value in (2.0, -3.0):
        both_signs = {} if value > 0 else {OPS[1]: {"compare": SIGNS}}
        yield ("one-dimension",), np.array([[value]]), both_signs
    singular = {OPS[0]: {"compare": SIGNS}}
    yield ("rank-deficient",), reflected(rng, [2.0, 1.0, 0.0]), singular
    yield ("rank-deficient",), reflected(rng, [1.0, -1.0, 0.5, 0.0]), singular
    yield ("rank-deficient",), reflected(rng, [2.0, 0.0, 0.0]), {OPS[0]: {"compare": BASIS}}
    yield ("rank-deficient",), np.zeros((2, 2)), {op: {"compare": BASIS} for op in OPS}
    for spectrum in ([2.0, 1.0, 1.0], [1.0, 1.0, 1.0, -2.0], [3.0, 3.0]):
        yield ("repeated-eigenvalue",), reflected(rng, spectrum), {}
    # The shift of this one is its eigenvalue: the shifted matrix is singular.
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    yield ("equal-moduli", "exact-saddle"), swap, {OPS[1]: {"compare": SIGNS}}
    for spectrum in ([1.0, -1.0, 0.5], [2.0, -2.0, 1.0, -1.0]):
        yield ("equal-moduli", "exact-saddle"), reflected(rng, spectrum), {}
    for spectrum in ([1.0, -0.875], [3.0, -1.0, 0.25], [4.0, 1.0, -2.0, -0.5]):
        yield ("exact-saddle",), reflected(rng, spectrum), {}
    for spectrum in ([-1.0, -2.0], [-1.0, -2.0, -4.0], [-0.5, -0.5, -2.0, -8.0]):
        yield ("negative-definite",), reflected(rng, spectrum), {}
    yield ("normal", "rank-deficient"), np.diag([1.0, 4.0, -2.0]), {}
    for spectrum in ([1.0, 2.0**-10], [1.0, 2.0**-6, 2.0**-12]):
        yield ("collinear", "division-order"), reflected(rng, spectrum), {}
    yield ("huge-scale",), symmetric(rng, 3) * 2.0**900, {}
    yield ("subnormal-scale",), symmetric(rng, 3) * 2.0**-900, {}
    tiny = {op: {"fields": ("rotation",)} for op in OPS}
    yield ("subnormal-scale",), symmetric(rng, 3, bits=6) * 2.0**-1060, tiny
    off = np.array([[0.0, 3.0], [3.0, -2.0]]) * 2.0**-32
    yield ("float32-inside",), np.array([[1.0, 1.0], [1.0, 2.0]]) + off, {}
    H = symmetric(rng, 4, size=2.0)
    for _ in range(3):
        yield ("normal", "off-by-one"), H, {}
        H = rotated(H)


def rotated(H):
    """About the matrix after one step, to binary32 and symmetric."""
    Q, R = np.linalg.qr(H)
    # To few digits, so that no other library rounds to other numbers.
    A = np.round((R @ Q) * 2.0**16) / 2.0**16
    return np.triu(A) + np.triu(A, 1).T


def wrong():
    """Inputs that have no answer."""
    for op in OPS:
        for flag, bad in (("nan-input", np.nan), ("inf-input", np.inf), ("inf-input", -np.inf)):
            H = np.eye(3)
            H[0, 2] = H[2, 0] = bad
            yield Case(op, (flag,), {"H": H}, error="NotFiniteError")
        H = np.array([[1.0, 0.5], [0.25, 1.0]])
        yield Case(op, ("not-symmetric",), {"H": H}, error="NotSymmetricError")
        yield Case(op, ("wrong-shape",), {"H": np.ones((2, 3))}, error="ShapeError")
