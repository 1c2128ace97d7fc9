"""The Lanczos iteration: a small symmetric matrix that stands for a large one.

From products ``H v`` alone it builds an orthonormal basis of the Krylov subspace
``s, H s, ..., H^{k-1} s`` in which `H` is tridiagonal.
"""

from typing import NamedTuple

import numpy as np

from .._compile.border import from_python
from .._numbers import as_real
from ..errors import NotFiniteError, RangeError, ShapeError
from .symmetric_eigen import EPS


class Krylov(NamedTuple):
    """A Krylov subspace; it may be smaller than was asked for."""

    basis: np.ndarray  # (k, D), orthonormal rows, the first along the start
    T: np.ndarray  # (k, k), symmetric tridiagonal, basis H basis^T, in the units of H


@from_python
def lanczos(hessp, start: np.ndarray, k: int):
    """Krylov subspace of `H` grown from `start`, with full reorthogonalisation.

    Plain Python over arrays, since the product is a Python callable; it is called once for each row
    of the basis, and the rest costs ``4 k^2 D`` operations.

    Parameters
    ----------
    hessp : callable
        ``hessp(v) -> H v``, arrays of shape (D,), of a symmetric `H`.
    start : ndarray of shape (D,)
        In any units; only its direction counts.
    k : int
        Wanted dimension, at least 1; clipped at `D`.

    Returns
    -------
    Krylov
        Of a smaller dimension where the subspace is invariant before, so that `H` does not lead out
        of it: as many rows as `start` has components in different eigenspaces, and none if it is 0.

    Raises
    ------
    ShapeError, NotFiniteError
        For a start or product of another shape, or with NaN or infinite entries.
    RangeError
        If `k` is below 1.

    Notes
    -----
    Book: {eq}`eq-lanczos`; [golub2013]_. The bare three-term recursion loses orthogonality as soon
    as an eigenvalue has converged, and finds it again and again; so each new row is made orthogonal
    to all earlier ones, twice, as once can leave cancellation behind.

    Examples
    --------
    >>> H = np.diag([1.0, 2.0, 2.0, -3.0])
    >>> basis, T = lanczos(lambda v: H @ v, np.ones(4), 4)
    >>> np.linalg.eigvalsh(T).round(12)
    array([-3.,  1.,  2.])
    """
    if start.ndim != 1 or start.size == 0:
        raise ShapeError(f"lanczos: expected a start of shape (D,), got {start.shape}")
    if not np.isfinite(start).all():
        raise NotFiniteError("lanczos: expected a finite start, found NaN or infinity")
    if k < 1:
        raise RangeError(f"lanczos: expected k >= 1, got {k}")
    D = start.size
    k = min(k, D)
    basis, T = np.empty((k, D)), np.zeros((k, k))
    v, size = _unit(start)
    scale = 0.0
    for j in range(k):
        # Below the rounding of the product, what is left is noise: the subspace is invariant.
        if size <= D * EPS * scale:
            return Krylov(basis[:j].copy(), T[:j, :j].copy())
        basis[j] = v
        if j > 0:
            T[j, j - 1] = T[j - 1, j] = size
        w = _product(hessp, v)
        scale = max(scale, _unit(w)[1])
        T[j, j] = v @ w
        for _ in range(2):
            w = w - (basis[: j + 1] @ w) @ basis[: j + 1]
        v, size = _unit(w)
    return Krylov(basis, T)


def _unit(w):
    """The vector at length 1, and its length; squares neither overflow nor vanish."""
    largest = np.abs(w).max()
    if largest == 0.0:
        return w, 0.0
    w = w / largest
    norm = np.sqrt(w @ w)
    return w / norm, largest * norm


def _product(hessp, v):
    product = as_real(hessp(v.copy()), "lanczos: expected H v of real numbers")
    if product.shape != v.shape:
        raise ShapeError(f"lanczos: expected H v of shape {v.shape}, got {product.shape}")
    if not np.isfinite(product).all():
        raise NotFiniteError("lanczos: expected a finite H v, found NaN or infinity")
    return product
