"""Orthonormal rows by LAPACK and in multiple precision; no tests."""

import mpmath
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from refimpl import _compile

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 15)
SEEDS = st.integers(0, 2**32)
SIZES = st.tuples(st.integers(1, 8), st.integers(0, 12)).map(lambda s: (s[0], s[0] + s[1]))


def by_lapack(W):
    """The unique factor with a positive triangular diagonal, from LAPACK's reflections."""
    Q, R = np.linalg.qr(W.T)
    # In rows, so that no piece is compiled for columns too; `test_any_layout` is about those.
    return np.ascontiguousarray((Q * np.copysign(1.0, np.diag(R))).T)


def exact_basis(W):
    """Gram-Schmidt by its definition, in the present precision of mpmath; rows of mpmath."""
    basis = []
    for w in W:
        for v in basis:
            share = mpmath.fdot(v, w)
            w = [a - share * b for a, b in zip(w, v, strict=True)]
        length = mpmath.sqrt(mpmath.fdot(w, w))
        basis.append([a / length for a in w])
    return np.array([[float(a) for a in row] for row in basis])


def rotation(seed, D):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((D, D)))[0]


def assert_orthonormal(V):
    # Each scalar product of unit rows sums D products, with errors like a random walk.
    np.testing.assert_allclose(V @ V.T, np.eye(len(V)), atol=(4 + np.sqrt(V.shape[1])) * 4 * EPS)
