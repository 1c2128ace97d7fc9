"""Piece 3, the QR step: keep the Hessian nearly diagonal without an eigendecomposition.

One step of the QR algorithm per optimizer step, ``H = Q R``, then ``H <- R Q = Q^T H Q``, with the
basis and its statistics rotated alike: as `H` changes slowly, the basis follows its eigenvectors.

Chapter "The QR step" of the book; [D] in its section on the rotation of the basis.
"""

import math
from typing import NamedTuple

import numpy as np

from ._compile import compiled
from ._compile.border import public
from .errors import NotFiniteError, NotSymmetricError, ShapeError
from .linear_algebra.finite import all_finite
from .linear_algebra.scaling import exponent_of, unscaled
from .linear_algebra.symmetric_eigen import EPS, congruence, sort_columns
from .online_pca import carried
from .repulsion import ASYMMETRY

# Off-diagonal entries below rounding are gone in two to three steps an eigenvalue.
STEPS = 30
SQUARE = "qr_step: H must be (d, d) with d at least 1"
ROTATION = "qr_step: the rotation must be (d, d), with V (d, D) or C (d, d)"


class QRStep(NamedTuple):
    """One step of the QR algorithm; both of shape (d, d)."""

    rotation: np.ndarray  # the orthogonal factor Q; its columns are the new axes in the old ones
    rotated: np.ndarray  # Q^T H Q, symmetric to the last bit, in the units of H


@compiled
def _check_size(H):
    """The modulus of the largest entry of a square matrix."""
    if H.ndim == 2:
        d = H.shape[0]
        if d < 1 or H.shape[1] != d:
            raise ShapeError(SQUARE)
        if not all_finite(H):
            raise NotFiniteError("qr_step: H must be finite; found NaN or infinity")
        size = np.max(np.abs(H))
        if size > 0.25 * np.finfo(np.float64).max / d:
            raise NotFiniteError(
                "qr_step: the entries of H are so large that a row sum may overflow"
            )
        return size
    raise ShapeError(SQUARE)


@compiled
def _checked(H):
    """A symmetric copy, scaled by a power of two to entries of order 1, and its exponent."""
    size = _check_size(H)
    d = H.shape[0]
    # Powers of two change no digit, and squares of the scaled entries do not vanish or overflow.
    exponent = exponent_of(size)
    A = np.empty((d, d))
    for i in range(d):
        for j in range(i + 1):
            a, b = math.ldexp(H[i, j], -exponent), math.ldexp(H[j, i], -exponent)
            if abs(a - b) > ASYMMETRY:
                raise NotSymmetricError(
                    "qr_step: H must be symmetric; use (H + H.T) / 2 if the difference is noise"
                )
            A[i, j] = A[j, i] = 0.5 * (a + b)
    return A, exponent


@compiled
def _angle(a, b):
    """Cosine and sine of the rotation that turns ``(a, b)`` to ``(r, 0)`` with ``r > 0``."""
    # The quotient of the smaller by the larger, whose square cannot overflow.
    if abs(b) > abs(a):
        t = a / b
        s = math.copysign(1.0 / math.sqrt(1.0 + t * t), b)
        return s * t, s
    t = b / a
    c = math.copysign(1.0 / math.sqrt(1.0 + t * t), a)
    return c, c * t


@compiled
def _rotate_rows(A, p, q, c, s):
    """Overwrite rows `p` and `q` of `A` by the rows turned."""
    for k in range(A.shape[1]):
        a, b = A[p, k], A[q, k]
        A[p, k] = c * a + s * b
        A[q, k] = c * b - s * a


@public
def orthogonal_factor(A: np.ndarray):
    """The `Q` of ``A = Q R`` with a diagonal of `R` that is not negative, by plane rotations.

    Orthogonal for every square `A`, singular ones included; unique and continuous where `A` is
    regular. Where ``R_ii = 0`` its sign counts as +1.

    Parameters
    ----------
    A : ndarray of shape (d, d)
        Finite.

    Returns
    -------
    ndarray of shape (d, d)

    Raises
    ------
    ShapeError, NotFiniteError
        As `qr_step`.

    Notes
    -----
    Book: {eq}`eq-qr-step`. Rotations by Givens [golub2013]_.

    Examples
    --------
    >>> import numpy as np
    >>> orthogonal_factor(np.array([[0.0, 2.0], [-1.0, 0.0]]))
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    _check_size(A)
    d = A.shape[0]
    # A float too where compiled code hands over whole numbers.
    R = 1.0 * A
    QT = np.eye(d)
    for k in range(d - 1):
        for i in range(k + 1, d):
            if R[i, k] != 0.0:
                c, s = _angle(R[k, k], R[i, k])
                _rotate_rows(R, k, i, c, s)
                _rotate_rows(QT, k, i, c, s)
    for k in range(d):
        if R[k, k] < 0.0:
            QT[k] = -QT[k]
    # Adding 0 turns -0 into 0.
    return QT.T.copy() + 0.0


@public
def qr_step(H: np.ndarray):
    """One unshifted step of the QR algorithm: ``H = Q R``, rotated to ``R Q = Q^T H Q``.

    The off-diagonal entry ``(i, j)``, ``i < j``, shrinks by ``|lambda_j / lambda_i|``, with the
    eigenvalues in the order of descending modulus.

    Parameters
    ----------
    H : ndarray of shape (d, d)
        Symmetric curvature.

    Returns
    -------
    QRStep
        `rotation` is the same for every positive multiple of `H`, down to denormal entries.

    Raises
    ------
    ShapeError
        If `H` is not square, or empty.
    NotFiniteError
        For NaN or infinite entries, and for entries whose row sum may overflow.
    NotSymmetricError
        If the halves of `H` differ by more than 1e-6 of its largest entry.

    Notes
    -----
    Book: {eq}`eq-qr-step`. Eigenvalues of equal modulus and opposite sign never separate:
    ``[[0, 1], [1, 0]]`` stays as it is for ever. `shifted_qr_step` is the remedy.

    Examples
    --------
    >>> import numpy as np
    >>> step = qr_step(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> step.rotated.round(12)
    array([[2.8, 0.6],
           [0.6, 1.2]])
    """
    if H.ndim == 2:
        A, exponent = _checked(H)
        Q = orthogonal_factor(A)  # eq-qr-step
        return QRStep(rotation=Q, rotated=unscaled(congruence(Q, A), exponent))  # eq-qr-step
    raise ShapeError(SQUARE)


@public
def shifted_qr_step(H: np.ndarray):
    """One step of the QR algorithm on ``H + mu I``, with `mu` the largest row sum of moduli.

    By Gershgorin's theorem no eigenvalue of the shifted matrix is negative. Their order becomes the
    signed order, and the entry ``(i, j)`` shrinks by ``(lambda_j + mu) / (lambda_i + mu)``: much
    faster for pairs of opposite sign and nearly equal modulus, slower for positive pairs.

    Parameters, result and errors are those of `qr_step`; the shift is subtracted again.

    Notes
    -----
    Book: {eq}`eq-shifted-qr-step`.

    Examples
    --------
    >>> import numpy as np
    >>> shifted_qr_step(np.array([[0.0, 1.0], [1.0, 0.0]])).rotated.round(12) + 0.0
    array([[ 1.,  0.],
           [ 0., -1.]])
    """
    if H.ndim == 2:
        A, exponent = _checked(H)
        d = A.shape[0]
        mu = 0.0
        for i in range(d):
            row = 0.0
            for j in range(d):
                row += abs(A[i, j])
            mu = max(mu, row)  # eq-shifted-qr-step
        shifted = A.copy()
        for i in range(d):
            shifted[i, i] += mu  # eq-shifted-qr-step
        Q = orthogonal_factor(shifted)  # eq-shifted-qr-step
        # Q^T A Q is R Q - mu I without the digits that adding and subtracting mu would cost.
        return QRStep(rotation=Q, rotated=unscaled(congruence(Q, A), exponent))
    raise ShapeError(SQUARE)


@public
def rotate_basis(rotation: np.ndarray, V: np.ndarray):
    """The basis after the rotation, ``V <- Q^T V``.

    Parameters
    ----------
    rotation : ndarray of shape (d, d)
        From `qr_step` or `shifted_qr_step`.
    V : ndarray of shape (d, D)
        Rows are the axes; not changed. Vectors of coordinates, such as the means, turn alike as
        one column each, shape (d, 1).

    Returns
    -------
    ndarray of shape (d, D)

    Raises
    ------
    ShapeError, NotFiniteError
        For shapes that do not fit, NaN or infinite entries.

    Notes
    -----
    Book: {eq}`eq-rotate`.

    Examples
    --------
    >>> import numpy as np
    >>> rotate_basis(np.array([[0.0, 1.0], [1.0, 0.0]]), np.eye(2, 3))
    array([[0., 1., 0.],
           [1., 0., 0.]])
    """
    if rotation.ndim == 2 and V.ndim == 2:
        _check_rotation(rotation)
        if V.shape[0] != rotation.shape[0]:
            raise ShapeError(ROTATION)
        if not all_finite(V):
            raise NotFiniteError("qr_step.rotate_basis: V must be finite; found NaN or infinity")
        return np.ascontiguousarray(rotation.T) @ np.ascontiguousarray(V)  # eq-rotate
    raise ShapeError(ROTATION)


@public
def rotate_statistics(rotation: np.ndarray, C: np.ndarray):
    """Covariances after the rotation of the basis, ``C <- Q^T C Q``.

    Parameters
    ----------
    rotation : ndarray of shape (d, d)
        As in `rotate_basis`.
    C : ndarray of shape (d, d)
        In the coordinates of the basis; not necessarily symmetric.

    Returns
    -------
    ndarray of shape (d, d)
        Symmetric to the last bit where `C` is.

    Raises
    ------
    ShapeError, NotFiniteError
        For shapes that do not fit, entries that are NaN, infinite or beyond 1e300.

    Notes
    -----
    Book: {eq}`eq-rotate`.

    Examples
    --------
    >>> import numpy as np
    >>> rotate_statistics(np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag(np.array([1.0, 2.0])))
    array([[2., 0.],
           [0., 1.]])
    """
    if rotation.ndim == 2 and C.ndim == 2:
        _check_rotation(rotation)
        if C.shape != rotation.shape:
            raise ShapeError(ROTATION)
        return carried(np.ascontiguousarray(rotation.T), C)  # eq-rotate
    raise ShapeError(ROTATION)


@compiled
def _check_rotation(rotation):
    if rotation.shape[0] < 1 or rotation.shape[0] != rotation.shape[1]:
        raise ShapeError(ROTATION)
    if not all_finite(rotation):
        raise NotFiniteError("qr_step: the rotation must be finite; found NaN or infinity")


@compiled
def _band(A):
    """The diagonal and the entries beside it; all others, which rounding has left, are dropped."""
    d = A.shape[0]
    T = np.zeros((d, d))
    for i in range(d):
        T[i, i] = A[i, i]
        if i > 0:
            T[i, i - 1] = T[i - 1, i] = A[i, i - 1]
    return T


@public
def tridiagonal(H: np.ndarray):
    """``H = E T E^T`` with `T` tridiagonal and `E` orthogonal, by plane rotations.

    Parameters
    ----------
    H : ndarray of shape (d, d)
        Symmetric.

    Returns
    -------
    T : ndarray of shape (d, d)
        Symmetric; 0 beyond the first off-diagonals.
    E : ndarray of shape (d, d)

    Raises
    ------
    ShapeError, NotFiniteError, NotSymmetricError
        As `qr_step`.

    Examples
    --------
    >>> import numpy as np
    >>> T, E = tridiagonal(np.array([[1.0, 3.0, 4.0], [3.0, 2.0, 0.0], [4.0, 0.0, 2.0]]))
    >>> T.round(12) + 0.0
    array([[1., 5., 0.],
           [5., 2., 0.],
           [0., 0., 2.]])
    """
    if H.ndim == 2:
        A, exponent = _checked(H)
        d = A.shape[0]
        ET = np.eye(d)
        for k in range(d - 2):
            for i in range(k + 2, d):
                if A[i, k] != 0.0:
                    c, s = _angle(A[k + 1, k], A[i, k])
                    _rotate_rows(A, k + 1, i, c, s)
                    _rotate_rows(A.T, k + 1, i, c, s)
                    _rotate_rows(ET, k + 1, i, c, s)
        # Adding 0 turns -0 into 0.
        return unscaled(_band(A), exponent) + 0.0, ET.T.copy()
    raise ShapeError(SQUARE)


@compiled
def _wilkinson_shift(a, b, c):
    """The eigenvalue of ``[[a, b], [b, c]]`` nearer to `c`."""
    half = 0.5 * (a - c)  # eq-wilkinson
    if b == 0.0:
        return c
    # The quotient is at most 1, and no square can vanish.
    return c - b * (b / (half + math.copysign(math.hypot(half, b), half)))  # eq-wilkinson


@public
def wilkinson(H: np.ndarray):
    """All eigenvalues and eigenvectors by QR steps with Wilkinson's shift and deflation.

    The classic fast answer to the slow pairs of `qr_step`: factor ``H - mu I`` with `mu` the
    eigenvalue of the last 2 by 2 block nearer to its last entry. That entry's row decouples within
    two or three steps and is split off; then the next one. Solution of an exercise; `qr_step` is
    the piece for following a Hessian that changes.

    Parameters
    ----------
    H : ndarray of shape (d, d)
        Symmetric.

    Returns
    -------
    values : ndarray of shape (d,)
        Ascending, in the units of `H`.
    vectors : ndarray of shape (d, d)
        Column ``i`` belongs to ``values[i]``.

    Raises
    ------
    ShapeError, NotFiniteError, NotSymmetricError
        As `qr_step`.

    Notes
    -----
    Book: {eq}`eq-wilkinson`. A step here costs ``d^3``: a library would use that the matrix is
    tridiagonal.

    Examples
    --------
    >>> import numpy as np
    >>> values, vectors = wilkinson(np.array([[0.0, 2.0], [2.0, 0.0]]))
    >>> values.round(12)
    array([-2.,  2.])
    """
    if H.ndim == 2:
        A, exponent = _checked(H)
        T, E = tridiagonal(A)
        d = T.shape[0]
        for last in range(d - 1, 0, -1):
            for _ in range(STEPS):
                beside = abs(T[last - 1, last - 1]) + abs(T[last, last])
                if abs(T[last, last - 1]) <= EPS * beside:
                    break
                mu = _wilkinson_shift(T[last - 1, last - 1], T[last, last - 1], T[last, last])
                block = T[: last + 1, : last + 1].copy()
                shifted = block.copy()
                for i in range(last + 1):
                    shifted[i, i] -= mu  # eq-wilkinson
                Q = orthogonal_factor(shifted)  # eq-wilkinson
                T[: last + 1, : last + 1] = _band(congruence(Q, block))  # eq-wilkinson
                E[:, : last + 1] = np.ascontiguousarray(E[:, : last + 1]) @ Q
        values = np.diag(T).copy()
        sort_columns(values, E)
        return unscaled(values.reshape(1, d), exponent)[0], E
    raise ShapeError(SQUARE)
