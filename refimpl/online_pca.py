"""Piece 2, online PCA: which directions are worth modelling.

Wanted are the leading ``d`` eigenvectors of the exponentially weighted second moment of the
gradients, ``<g g^T>``, kept as the rows of `V` without ever forming a (D, D) matrix. `oja` and
`inject` turn `V` toward the newest gradient, `transport` carries statistics to the new axes;
`second_moment` and `leading_directions` are the exact answer where ``D`` is small.

`orthonormalize`, which all of them end in, is in `refimpl.linear_algebra.gram_schmidt`.

Chapter "Online PCA" of the book; the injection is that of [D]'s programs.

Long: one piece and one chapter, and more than half of the lines are docstrings.
"""

import numpy as np

from ._compile import compiled
from ._compile.border import from_python, public
from .errors import NotFiniteError, RangeError, ShapeError
from .linear_algebra.finite import all_finite
from .linear_algebra.gram_schmidt import HUGE, ROWS, check_rows, direction, straighten_all
from .linear_algebra.gram_schmidt import orthonormalize as orthonormalize
from .linear_algebra.scaling import by_longest_row
from .linear_algebra.symmetric_eigen import EPS, congruence, eigh

# A lean this much longer than the basis has long been complete; cut here, its powers stay finite.
LIMIT = 1e50
TRANSPORT = "online_pca.transport: V_old and V_new must be (d, D) and C (d, d)"


@compiled
def _check(V, x, strength):
    check_rows(V)
    if x.size != V.shape[1]:
        raise ShapeError(ROWS)
    if not all_finite(x):
        raise NotFiniteError("online_pca: the gradient x must be finite; found NaN or infinity")
    if not (0.0 <= strength < np.inf):
        raise RangeError("online_pca: gamma and turn must be finite and not negative")


@compiled
def _times(a, b):
    """``a b``, at most `LIMIT`; both not negative."""
    if b > 1.0:
        return min(a, LIMIT / b) * b
    return min(a * b, LIMIT)


@compiled
def _over(a, b):
    """``a / b``, at most `HUGE`; `a` not negative, `b` positive."""
    if b < 1.0:
        return min(a, HUGE * b) / b
    return a / b


@compiled
def _turned(V, b, n):
    """Orthonormal rows of ``V + b n^T``; `n` is a unit vector, `b` is overwritten.

    For large `b` all rows of the sum point along `n`, and what tells them apart is lost in their
    last digits. Gram-Schmidt does not notice when a multiple of a row is subtracted from a later
    one: the multiple below takes out of the later rows nearly all of `n`, before `n` is added.
    """
    W = V.copy()
    d = W.shape[0]
    for i in range(d):
        denominator = 1.0 + b[i] * b[i]
        for j in range(i + 1, d):
            W[j] -= b[i] * b[j] / denominator * W[i]
            b[j] /= denominator
        length = np.sqrt(W[i] @ W[i]) + abs(b[i])
        W[i] += b[i] * n
        # What is left of a row that cancels against the gradient is rounding and no direction.
        if np.sqrt(W[i] @ W[i]) <= 4.0 * d * EPS * length:
            W[i] = 0.0
    straighten_all(W, V)
    return W


@public
def oja(V: np.ndarray, x: np.ndarray, gamma: float):
    """Turn the basis toward a gradient by Oja's rule, ``orth(V + gamma (V x) x^T)``.

    Each row leans toward `x` in proportion to what it already shares with it. The subspace
    converges to the leading eigenvectors of ``<x x^T>`` for a suitable `gamma`, and forgets slowly.

    Parameters
    ----------
    V : ndarray of shape (d, D)
        The basis; its rows need not be orthonormal. Not changed.
    x : ndarray of shape (D,)
        Gradient, raw or normalised.
    gamma : float
        Rate, in 1 / (units of `x`)^2; not negative.

    Returns
    -------
    ndarray of shape (d, D)
        Orthonormal rows, by `orthonormalize`. A gradient of 0, or orthogonal to all rows, leaves
        the orthonormalised `V`. A row that comes to depend on the rows before it is replaced by
        the row of `V` that sticks out of them most.

    Raises
    ------
    ShapeError, NotFiniteError, RangeError
        For shapes that do not fit, ``d > D``, NaN or infinite entries, `gamma` below 0.

    Notes
    -----
    Book: {eq}`eq-oja`.

    Examples
    --------
    >>> import numpy as np
    >>> oja(np.array([[0.8, 0.6]]), np.array([1.0, 0.0]), 1.0).round(4)
    array([[0.9363, 0.3511]])
    """
    if V.ndim == 2 and x.ndim == 1:
        _check(V, x, gamma)
        n, length = direction(x)
        U, _ = by_longest_row(V)
        # gamma length^2, in an order in which neither factor overflows or vanishes.
        return _turned(U, _times(np.sqrt(gamma), length) ** 2 * (U @ n), n)  # eq-oja
    raise ShapeError(ROWS)


@public
def inject(V: np.ndarray, x: np.ndarray, turn: float):
    """Turn the basis toward a gradient by injection, ``orth(V + turn 1 x^T)``.

    The same vector is added to every row, so all rows lean toward the newest gradient and recent
    directions replace old ones. This is what [D]'s programs do, with the raw gradient.

    Parameters
    ----------
    V : ndarray of shape (d, D)
        The basis, for orthonormal rows; any other matrix, such as a random start, is taken as it
        is. Not changed.
    x : ndarray of shape (D,)
        Gradient, raw or normalised.
    turn : float
        [D]'s Gamma, in 1 / (units of `x`); not negative.

    Returns
    -------
    ndarray of shape (d, D)
        Orthonormal rows, by `orthonormalize`. A gradient of 0 leaves the orthonormalised `V`. A row
        that comes to depend on the rows before it is replaced by the row of `V` that sticks out of
        them most.

    Raises
    ------
    ShapeError, NotFiniteError, RangeError
        For shapes that do not fit, ``d > D``, NaN or infinite entries, `turn` below 0.

    Notes
    -----
    Book: {eq}`eq-injection`. However long the gradient, no digits of `V` are lost: the sum is
    never formed.

    Examples
    --------
    >>> import numpy as np
    >>> inject(np.eye(2, 3), np.array([0.0, 0.0, 1e20]), 1.0).round(4)
    array([[ 0.    ,  0.    ,  1.    ],
           [-0.7071,  0.7071,  0.    ]])
    """
    if V.ndim == 2 and x.ndim == 1:
        _check(V, x, turn)
        n, length = direction(x)
        U, size = by_longest_row(V)
        # eq-injection
        return _turned(U, np.full(V.shape[0], _times(turn, _over(length, size))), n)
    raise ShapeError(ROWS)


@compiled
def _cholesky(G):
    """Lower triangular `L` with ``L L^T = G``; raises where `G` is not positive definite."""
    d = G.shape[0]
    L = np.zeros((d, d))
    for i in range(d):
        for j in range(i + 1):
            rest = G[i, j] - L[i, :j] @ L[j, :j]
            if j < i:
                L[i, j] = rest / L[j, j]
            elif 0.0 < rest < np.inf:
                L[i, i] = np.sqrt(rest)
            else:
                raise RangeError(
                    "online_pca: the Gram matrix is not positive definite in this precision; "
                    "turn times the length of x is too large (from about 1e8), use inject"
                )
    return L


@public
def inject_by_gram(V: np.ndarray, x: np.ndarray, turn: float):
    """Injection through the Gram matrix that is known beforehand, ``L^{-1} (V + turn 1 x^T)``.

    Since ``V V^T = I``, the Gram matrix of the sum is
    ``I + turn (u 1^T + 1 u^T) + turn^2 |x|^2 1 1^T`` with ``u = V x``; its Cholesky factor is `L`.
    One pass over `V` for `u` and one for the result, with all else in (d, d) matrices.

    Parameters and result are those of `inject`, except that the rows of `V` must be orthonormal
    (not checked).

    Raises
    ------
    ShapeError, NotFiniteError
        As `inject`.
    RangeError
        For `turn` below 0, and where the Gram matrix is not positive definite in binary64: from
        about ``turn |x| = 1e8``.

    Notes
    -----
    Book: {eq}`eq-gram`. The orthonormality error is about ``(turn |x|)^2 eps``: harmless for
    normalised gradients, fatal for long ones, and it adds up from step to step.

    Examples
    --------
    >>> import numpy as np
    >>> V, x = np.eye(2, 3), np.array([1.0, 2.0, 2.0])
    >>> np.allclose(inject_by_gram(V, x, 0.5), inject(V, x, 0.5), rtol=0, atol=1e-14)
    True
    """
    if V.ndim == 2 and x.ndim == 1:
        _check(V, x, turn)
        d = V.shape[0]
        n, length = direction(x)
        lean = _times(turn, length)
        u = np.ascontiguousarray(V) @ n
        G = np.eye(d)
        for i in range(d):
            for j in range(d):
                G[i, j] += lean * (u[i] + u[j]) + lean * lean  # eq-gram
        L = _cholesky(G)
        W = V + lean * n
        for i in range(d):
            for j in range(i):
                W[i] -= L[i, j] * W[j]  # eq-one-pass
            W[i] /= L[i, i]  # eq-one-pass
        return W
    raise ShapeError(ROWS)


@public
def carried(P: np.ndarray, C: np.ndarray):
    """``P C P^T`` for square matrices, symmetric to the last bit where `C` is.

    Raises
    ------
    NotFiniteError
        If an entry of `C` is NaN, infinite or so large (1e300) that the sums may overflow.

    Examples
    --------
    >>> import numpy as np
    >>> carried(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 3.0], [0.0, 2.0]]))
    array([[2., 0.],
           [3., 1.]])
    """
    if C.size == 0 or not (all_finite(C) and np.max(np.abs(C)) <= HUGE):
        raise NotFiniteError("statistics to be carried over must be finite and below 1e300")
    if P.shape != C.shape:
        raise ShapeError(TRANSPORT)
    # Each half keeps its symmetry: a covariance must not lose it to rounding.
    symmetric = congruence(P.T, 0.5 * C + 0.5 * C.T)
    skew = P @ (0.5 * C - 0.5 * C.T) @ P.T
    return symmetric + (0.5 * skew - 0.5 * skew.T)


@public
def transport(V_old: np.ndarray, V_new: np.ndarray, C: np.ndarray):
    """Carry statistics kept in the coordinates of a basis to another one, ``P C P^T``.

    ``P = V_new V_old^T``. What `C` knows in directions common to both spans is kept, what the new
    basis has dropped is gone, and directions that are new start at 0.

    Parameters
    ----------
    V_old, V_new : ndarray of shape (d, D)
        Orthonormal rows (not checked).
    C : ndarray of shape (d, d)
        A covariance in the coordinates ``V_old x``; not necessarily symmetric.

    Returns
    -------
    ndarray of shape (d, d)
        In the coordinates ``V_new x``; symmetric to the last bit where `C` is.

    Raises
    ------
    ShapeError, NotFiniteError
        For shapes that do not fit, entries that are NaN, infinite or beyond 1e300.

    Notes
    -----
    Book: {eq}`eq-transport`. [D]'s programs do not transport.

    Examples
    --------
    >>> import numpy as np
    >>> V = np.eye(2, 3)
    >>> transport(V, V[::-1].copy(), np.diag(np.array([1.0, 2.0])))
    array([[2., 0.],
           [0., 1.]])
    """
    if V_old.ndim == 2 and V_new.ndim == 2 and C.ndim == 2:
        check_rows(V_old)
        check_rows(V_new)
        d = V_old.shape[0]
        if V_new.shape != V_old.shape or C.shape != (d, d):
            raise ShapeError(TRANSPORT)
        # eq-transport
        return carried(np.ascontiguousarray(V_new) @ np.ascontiguousarray(V_old).T, C)
    raise ShapeError(TRANSPORT)


@public
def second_moment(moment: np.ndarray, x: np.ndarray, beta: float):
    """One step of the exact exponentially weighted second moment, ``M += beta (x x^T - M)``.

    The reference that the online rules approximate, for small ``D``.

    Parameters
    ----------
    moment : ndarray of shape (D, D)
        So far, zeros at the start; not changed.
    x : ndarray of shape (D,)
        Gradient.
    beta : float
        Weight of the newest observation, in (0, 1].

    Returns
    -------
    ndarray of shape (D, D)

    Raises
    ------
    ShapeError, NotFiniteError, RangeError
        For shapes that do not fit, NaN or infinite entries, gradients beyond 1e150, whose squares
        overflow, `beta` outside (0, 1].

    Notes
    -----
    Book: {eq}`eq-second-moment`.

    Examples
    --------
    >>> import numpy as np
    >>> second_moment(np.zeros((2, 2)), np.array([2.0, 0.0]), 0.5)
    array([[2., 0.],
           [0., 0.]])
    """
    if x.ndim == 1 and moment.ndim == 2 and moment.shape == (x.size, x.size):
        if not (all_finite(moment) and all_finite(x)):
            raise NotFiniteError("online_pca.second_moment: entries must be finite")
        if not (0.0 < beta <= 1.0):
            raise RangeError("online_pca.second_moment: beta must lie in (0, 1]")
        if np.max(np.abs(x)) > 1e150:
            raise NotFiniteError("online_pca.second_moment: squares of x overflow beyond 1e150")
        return moment + beta * (np.outer(x, x) - moment)  # eq-second-moment
    raise ShapeError("online_pca.second_moment: moment must be (D, D) and x (D,)")


@public
def leading_directions(moment: np.ndarray, d: int):
    """Eigenvectors of the `d` largest eigenvalues of a second moment, the largest first.

    Parameters
    ----------
    moment : ndarray of shape (D, D)
        Symmetric.
    d : int
        Number of directions, from 1 to ``D``.

    Returns
    -------
    ndarray of shape (d, D)
        Orthonormal rows; the entry of largest modulus of each is positive.

    Raises
    ------
    ShapeError, RangeError, NotFiniteError
        If the matrix is not square, `d` not in 1 to ``D``, or an entry NaN or infinite.

    Notes
    -----
    Book: {eq}`eq-second-moment`.

    Examples
    --------
    >>> import numpy as np
    >>> leading_directions(np.diag(np.array([1.0, 3.0, 2.0])), 2)
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """
    if moment.ndim == 2 and moment.shape[0] == moment.shape[1]:
        if not (1 <= d <= moment.shape[0]):
            raise RangeError("online_pca.leading_directions: d must lie in 1 to D")
        if not all_finite(moment):
            raise NotFiniteError("online_pca.leading_directions: entries must be finite")
        _, E = eigh(moment)
        D = moment.shape[0]
        V = np.empty((d, D))
        for i in range(d):
            V[i] = E[:, D - 1 - i]
            if V[i, np.argmax(np.abs(V[i]))] < 0.0:
                V[i] = -V[i]
        return V
    raise ShapeError("online_pca.leading_directions: the moment must be (D, D)")


@public
def explained_energy(V: np.ndarray, g: np.ndarray):
    """Share of a gradient that lies in the subspace, ``|V g|^2 / |g|^2``; 0 for ``g = 0``.

    Parameters
    ----------
    V : ndarray of shape (d, D)
        Orthonormal rows (not checked).
    g : ndarray of shape (D,)

    Returns
    -------
    float
        Between 0 and 1 to rounding.

    Raises
    ------
    ShapeError, NotFiniteError
        For shapes that do not fit, NaN or infinite entries.

    Notes
    -----
    Book: {eq}`eq-explained-energy`.

    Examples
    --------
    >>> import numpy as np
    >>> round(explained_energy(np.eye(1, 2), np.array([3.0, 4.0])), 12)
    0.36
    """
    if V.ndim == 2 and g.ndim == 1:
        _check(V, g, 0.0)
        n, _ = direction(g)
        u = np.ascontiguousarray(V) @ n
        return float(u @ u)  # eq-explained-energy
    raise ShapeError(ROWS)


@public
def outside(V: np.ndarray, x: np.ndarray):
    """The part of a vector outside the subspace, ``x - V^T V x``.

    There an optimizer with a model in the subspace descends along the gradient.

    Parameters
    ----------
    V, x
        As `V` and `g` of `explained_energy`.

    Returns
    -------
    ndarray of shape (D,)

    Raises
    ------
    ShapeError, NotFiniteError
        As in `explained_energy`.

    Notes
    -----
    Book: {eq}`eq-outside`.

    Examples
    --------
    >>> import numpy as np
    >>> outside(np.eye(1, 2), np.array([3.0, 4.0]))
    array([0., 4.])
    """
    if V.ndim == 2 and x.ndim == 1:
        _check(V, x, 0.0)
        rest = x.copy()
        for i in range(V.shape[0]):
            rest -= (V[i] @ x) * V[i]  # eq-outside
        return rest
    raise ShapeError(ROWS)


@from_python
def principal_angles(V: np.ndarray, U: np.ndarray):
    """Angles between two subspaces, in radians, the largest first.

    Parameters
    ----------
    V, U : ndarray of shape (d, D)
        Rows that span the subspaces; the two ``d`` may differ.

    Returns
    -------
    ndarray
        As many as the smaller ``d``, by `scipy.linalg.subspace_angles`.

    Raises
    ------
    ShapeError, NotFiniteError
        As in `explained_energy`.

    Notes
    -----
    Book: {eq}`eq-principal-angles`.

    Examples
    --------
    >>> import numpy as np
    >>> np.degrees(principal_angles(np.eye(1, 2), np.array([[1.0, 1.0]]))).round(9)
    array([45.])
    """
    from scipy.linalg import subspace_angles

    if not V.ndim == U.ndim == 2:
        raise ShapeError(ROWS)
    check_rows(V)
    check_rows(U)
    if V.shape[1] != U.shape[1]:
        raise ShapeError(
            f"online_pca.principal_angles: expected rows of one length, got {V.shape[1]} and "
            f"{U.shape[1]}"
        )
    return subspace_angles(np.transpose(V), np.transpose(U))  # eq-principal-angles
