"""Building blocks of cases: inputs of few binary digits, drawn as integers."""

from typing import NamedTuple

import numpy as np

from . import measure, online_pca, regression
from .arrays import exact


class Case(NamedTuple):
    """A case before it is certified."""

    op: str
    flags: tuple
    arguments: dict
    error: str = ""
    binary32: bool = True
    compare: tuple = ()  # pairs of a field and its comparator, where it is not "relative"
    fields: tuple = ()
    exact: bool = False  # what the inputs stand for ends where they change: no condition


def dyadic(rng, shape, bits=10, size=1.0):
    """Numbers between minus and plus `size` on a grid of ``2^bits`` steps, none of them 0."""
    drawn = rng.integers(1, 2**bits, shape, endpoint=True)
    signs = 2 * rng.integers(0, 2, shape) - 1
    return drawn * signs / 2.0**bits * size


def symmetric(rng, d, bits=8, size=1.0):
    """A symmetric matrix of such numbers."""
    A = dyadic(rng, (d, d), bits, size)
    return np.triu(A) + np.triu(A, 1).T


def single(value):
    """The nearest numbers of binary32, as floats."""
    return np.asarray(value, dtype=object).astype(float).astype(np.float32).astype(float)


def orthonormal(rng, d, D):
    """Orthonormal rows, to binary32."""
    W = exact(dyadic(rng, (d, D)))
    return single(online_pca.orthonormalize(W)["result"])


def with_spectrum(rng, spectrum):
    """A symmetric matrix with about these eigenvalues, in axes of its own, to binary32."""
    E = exact(orthonormal(rng, len(spectrum), len(spectrum)))
    H = single(E.T @ (exact(np.array(spectrum, dtype=float)).reshape(-1, 1) * E))
    return np.triu(H) + np.triu(H, 1).T


def reflected(rng, spectrum):
    """A symmetric matrix with exactly these eigenvalues, times a common number between 1 and 2.

    Its axes are those of the reflection at a vector `u` of small integers, so that no digit is
    rounded in ``(n I - 2 u u^T) diag (n I - 2 u u^T)``, where `n` is the square of `u`.
    """
    d = len(spectrum)
    u = rng.integers(1, 3, d, endpoint=True) * (2.0 * rng.integers(0, 2, d) - 1.0)
    n = u @ u
    Q = n * np.eye(d) - 2.0 * np.outer(u, u)
    H = Q @ np.diag(np.array(spectrum, dtype=float)) @ Q
    return H / 2.0 ** int(np.log2(n * n))


def history(rng, steps, D, noise=0.25, center=0.0, spread=1.0):
    """Positions, and gradients of a quadratic with noise, on a grid of few digits."""
    H = symmetric(rng, D, bits=4, size=2.0)
    positions = dyadic(rng, (steps, D), 8, spread)
    errors = dyadic(rng, (steps, D), 8, noise) if noise else np.zeros((steps, D))
    return positions + center, positions @ H + errors


def state(thetas, gradients, beta, prior=None, new_mean=False, diagonal=False):
    """The state after a history, to binary32."""
    with measure.mpmath.workdps(50):
        given = exact(list(thetas)), exact(list(gradients)), exact(beta), exact(prior)
        fields = regression.batch(*given, new_mean, diagonal)
    result = {name: single(value) for name, value in fields.items()}
    for name in ("weight", "scale"):
        result[name] = float(result[name])
    result["beta"] = beta
    if new_mean:
        result["scale"] = 1.0 - beta
    return result


def empty(D, prior=None, diagonal=False):
    """The state before the first observation."""
    shape = regression.start_diagonal if diagonal else regression.start
    fields = shape(D, exact(prior))
    return {k: float(v) if np.ndim(v) == 0 else v.astype(float) for k, v in fields.items()}
