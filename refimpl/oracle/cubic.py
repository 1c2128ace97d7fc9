"""The global minimiser of a cubic model, by its definition and by its formula.

The definition eliminates the groups without a cubic term, takes the eigenvalues of what is left in
coordinates where ``|D eta|`` is a length, and finds the root of the secular equation by halving
intervals. The formula is that of the package: no elimination, a factorisation beyond the pole, and
Newton's method on the model at the end.
"""

import mpmath
import numpy as np
from mpmath import mpf

from .arrays import eigh, eye, largest, length, zeros
from .regression import MarginError

# Below the first share, of the sums of moduli that a number was formed from, it is 0: inputs
# changed in their last bits keep their case. Between the two, no case is decided.
ZERO, NOT_ZERO = mpf(2) ** -38, mpf(2) ** -30


class Unbounded(ArithmeticError):
    """The model has no minimum."""


def is_zero(value, scale, thresholds=(ZERO, NOT_ZERO)):
    """Whether a number is 0 relative to the moduli that it was formed from."""
    share = abs(value) / scale if scale else mpf(0)
    if thresholds[0] < share < thresholds[1]:
        raise MarginError(f"a case is decided by {mpmath.nstr(share, 3)}")
    return share <= thresholds[0]


def result(rates, radius, outcome):
    """The fields of the reference outputs, in the order of computation."""
    return {"outcome": outcome, "radius": radius, "rates": rates}


def minimize_cubic(hessian, gradient, d, strength, thresholds=(ZERO, NOT_ZERO)):
    """The definition; `thresholds` are those of `is_zero`."""
    with mpmath.workdps(mpmath.mp.dps + _spread(hessian, gradient, d)):
        try:
            return _minimum(hessian, gradient, d, strength, thresholds)
        except Unbounded:
            return result(zeros(d.size), mpf(0), "unbounded")


def _spread(*inputs):
    """Digits that numbers of such different sizes cost in common coordinates."""
    sizes = [mpmath.mag(x) for A in inputs for x in np.ravel(A) if x != 0]
    return int((max(sizes) - min(sizes)) * 0.31) * 3 + 10 if sizes else 10


def _minimum(H, g, d, strength, thresholds):
    R, Z = np.flatnonzero(d != 0), np.flatnonzero(d == 0)
    inverse = _inverse(H, g, R, Z, thresholds)
    eta = zeros(d.size)
    eta[Z] = inverse @ g[Z]
    if R.size == 0:
        return result(eta, mpf(0), "quadratic" if largest(g) else "zero")
    T = inverse @ H[np.ix_(Z, R)]
    D = d[R]
    force = g[R] - H[np.ix_(R, Z)] @ eta[Z]
    reduced = (H[np.ix_(R, R)] - H[np.ix_(R, Z)] @ T) / np.outer(D, D)
    values, Y = eigh(reduced)
    # Eigenvectors as rates of all groups.
    V = zeros(d.size, R.size)
    V[R] = Y / D[:, None]
    V[Z] = -T @ V[R]
    moduli = [abs(V[:, i]) @ abs(H) @ abs(V[:, i]) for i in range(R.size)]

    from_rest = abs(g[Z]) + abs(H[np.ix_(Z, Z)]) @ abs(eta[Z])
    still = all(
        is_zero(f, abs(g[s]) + abs(T[:, k]) @ from_rest, thresholds)
        for k, (s, f) in enumerate(zip(R, force, strict=True))
    )
    if still and (is_zero(values[0], moduli[0], thresholds) or values[0] > 0):
        return result(eta, mpf(0), "quadratic" if largest(g) else "zero")
    c = zeros(R.size) if still else Y.T @ (force / D)
    pole = max(-values[0], mpf(0))
    gap = values - values[0]
    bottom = [is_zero(x, m + pole, thresholds) for x, m in zip(gap, moduli, strict=True)]
    half = strength / 2
    if pole > 0:
        free = np.array(
            [0 if b else x / y for x, y, b in zip(c, gap, bottom, strict=True)], dtype=object
        )
        short = half * length(free) <= pole
        if short and _unseen(H, g, d, pole, c, V, eta, free, bottom, thresholds):
            axis = _tie(Y[:, bottom], thresholds)
            radius = pole / half
            y = Y @ free + mpmath.sqrt(radius**2 - length(free) ** 2) * axis
            return _back(y, D, T, eta, R, Z, radius, "hard")
        gap = np.array([mpf(0) if b else x for x, b in zip(gap, bottom, strict=True)], dtype=object)
    else:
        gap = values
    t = _root(c, gap, pole, half)
    y = Y @ _components(c, gap, t)
    return _back(y, D, T, eta, R, Z, length(y), "regular")


def _back(y, D, T, eta, R, Z, radius, outcome):
    rates = eta.copy()
    rates[R] = y / D
    rates[Z] = eta[Z] - T @ rates[R]
    return result(rates, radius, outcome)


def _inverse(H, g, R, Z, thresholds):
    """The inverse of ``H_ZZ``, 0 along its kernel; of least ``sum H_ss eta_s^2``."""
    rows = [g[Z], *(H[s][Z] for s in R)]
    own = zeros(Z.size)
    for a, s in enumerate(Z):
        if H[s, s] < 0 or (H[s, s] == 0 and (largest(H[s]) or g[s] != 0)):
            raise Unbounded
        own[a] = mpmath.sqrt(H[s, s]) if H[s, s] != 0 else mpf(1)
    if Z.size == 0:
        return zeros(0, 0)
    C = H[np.ix_(Z, Z)] / np.outer(own, own)
    values, E = eigh(C)
    inverse = zeros(Z.size)
    for i in range(Z.size):
        e = abs(E[:, i])
        flat = is_zero(values[i], e @ abs(C) @ e, thresholds)
        if values[i] < 0 and not flat:
            raise Unbounded
        inverse[i] = mpf(0) if flat else 1 / values[i]
    pseudo = (E * inverse) @ E.T
    for i in np.flatnonzero(inverse == 0):
        e = E[:, i]
        for row in rows:
            w = row / own
            u = pseudo @ w
            scale = abs(e) @ abs(w) + abs(u) @ abs(C) @ abs(e)
            if not is_zero(e @ w, scale, thresholds):
                raise Unbounded
    return pseudo / np.outer(own, own)


def _unseen(H, g, d, pole, c, V, eta, free, bottom, thresholds):
    u = eta + V @ free
    modulus = abs(H) + np.diag(pole * d * d)
    for i in np.flatnonzero(bottom):
        v = abs(V[:, i])
        if not is_zero(c[i], v @ abs(g) + abs(u) @ modulus @ v, thresholds):
            return False
    return True


def _tie(Y, thresholds):
    """Of the unit vectors of a space, the nearest to the first axis not orthogonal to it."""
    for s in range(Y.shape[0]):
        nearest = Y @ Y[s]
        size = length(nearest)
        if not is_zero(size, mpf(1), thresholds):
            return nearest / size
    raise MarginError("no axis")


def _components(c, base, t):
    return np.array(
        [x / (b + t) if x != 0 else mpf(0) for x, b in zip(c, base, strict=True)], dtype=object
    )


def _root(c, base, pole, half):
    """The `t` with ``half |c / (base + t)| = pole + t``, by halving: exponents, then digits."""

    def beyond(t):
        return half * length(_components(c, base, t)) <= pole + t

    high = mpf(1)
    while not beyond(high):
        high *= 2
    low = high / 2
    step = 1
    while beyond(low):
        high, low, step = low, low * mpf(2) ** -step, 2 * step
    while high > 2 * low:
        middle = mpf(2) ** ((mpmath.mag(low) + mpmath.mag(high)) // 2 - 1)
        middle = middle if low < middle < high else (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    for _ in range(mpmath.mp.prec + 5):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return (low + high) / 2


def minimize_cubic_formula(hessian, gradient, d, strength):
    """The package's own way, whose roundings are those of the working precision."""
    H, g = hessian, gradient
    rounding = 8 * mpf(2) ** (1 - mpmath.mp.prec) * g.size
    zero = rounding, rounding
    R, Z = np.flatnonzero(d != 0), np.flatnonzero(d == 0)
    try:
        held = _held(H, g, R, Z, zero)
    except Unbounded:
        return result(zeros(d.size), mpf(0), "unbounded")
    half = strength / 2
    eta = zeros(d.size)
    U = zeros(R.size, Z.size)
    if Z.size:
        inside = _factors(held[np.ix_(Z, Z)], 0)
        eta[Z] = _solved(inside, g[Z])
        U = np.array([_solved(inside, H[s][Z]) for s in R], dtype=object).reshape(R.size, Z.size)
    from_rest = abs(g[Z]) + abs(H[np.ix_(Z, Z)]) @ abs(eta[Z])
    still = all(
        is_zero(g[s] - H[s][Z] @ eta[Z], abs(g[s]) + abs(U[k]) @ from_rest, zero)
        for k, s in enumerate(R)
    )
    at_rest = result(eta, mpf(0), "quadratic" if largest(g) else "zero")
    if R.size == 0:
        return at_rest

    def beyond(curvature):
        factors = _factors(held + np.diag(curvature * d * d), rounding / 8)
        if factors is None:
            return False
        return still or half * length(d * _solved(factors, g)) <= curvature

    reach = _reach(beyond)
    if reach is None:
        return at_rest
    M = _factors(held + np.diag(reach * d * d), 0)
    inner = np.stack([d * _solved(M, d * axis) for axis in eye(d.size)])
    values, Y = eigh((inner + inner.T) / 2)
    values, Y = [max(x, mpf(0)) for x in values[::-1]], Y[:, ::-1]
    pole = reach - 1 / values[0]
    c = zeros(d.size) if still else Y.T @ (d * _solved(M, g))
    if still:
        v = abs(_solved(M, d * Y[:, 0]))
        if pole <= rounding * (v @ abs(H) @ v) / values[0] ** 2:
            return at_rest
    # Denominators ``base + value t``, with `t` counted from the pole, or from 0.
    at_pole = pole > 0
    base = [1 - x / values[0] if at_pole else 1 - reach * x for x in values]
    base = np.array([x if x > rounding else mpf(0) for x in base], dtype=object)
    origin = max(pole, mpf(0))
    bottom = (base == 0) if at_pole else np.zeros(d.size, dtype=bool)
    free = Y @ [x / y if y != 0 else mpf(0) for x, y in zip(c, base, strict=True)]
    outcome = "regular"
    if at_pole and half * length(free) <= pole:
        seen = Y @ [x / y if b else 0 for x, y, b in zip(c, values, bottom, strict=True)]
        u = _solved(M, g - d * seen + d * free / values[0])
        if all(
            is_zero(c[i], v @ abs(g) + abs(u) @ (abs(H) + np.diag(reach * d * d)) @ v, zero)
            for i in np.flatnonzero(bottom)
            for v in [abs(_solved(M, d * Y[:, i]))]
        ):
            outcome = "hard"
            axis = _tie(Y[:, bottom], zero)
            z = free + mpmath.sqrt((pole / half) ** 2 - length(free) ** 2) * axis
            curvature = pole
    if outcome == "regular":
        t = _newton(c, base, values, origin, half, reach)
        z = Y @ _quotients(c, base, values, t)
        curvature = origin + t
    eta = _polished(H, held, g, d, half, _solved(M, g - (curvature - reach) * d * z))
    return result(eta, length(d * eta), outcome)


def _held(H, g, R, Z, zero):
    """`H` with a curvature of its own along each free direction; an error if it is unbounded."""
    held = H.copy()
    if Z.size == 0:
        return held
    _inverse(H, g, R, Z, zero)
    for s in Z:
        held[s, s] = H[s, s] if H[s, s] != 0 else mpf(1)
    own = [mpmath.sqrt(held[s, s]) for s in Z]
    C = held[np.ix_(Z, Z)] / np.outer(own, own)
    values, E = eigh(C)
    for i in range(Z.size):
        e = abs(E[:, i])
        if is_zero(values[i], e @ abs(C) @ e, zero):
            w = E[:, i] * own
            held[np.ix_(Z, Z)] += np.outer(w, w)
    return held


def _factors(M, rounding):
    """Elimination without exchanges: ``L`` and pivots; None if a pivot is not positive."""
    M, L = M.copy(), eye(M.shape[0])
    diagonal = M.diagonal().copy()
    for j in range(M.shape[0]):
        if not M[j, j] > rounding * abs(diagonal[j]):
            return None
        L[j + 1 :, j] = M[j + 1 :, j] / M[j, j]
        M[j + 1 :, j:] -= np.outer(L[j + 1 :, j], M[j, j:])
    return L, M.diagonal()


def _solved(factors, x):
    """The solution from the factors. (mpmath's own solver knows an absolute threshold.)"""
    L, pivots = factors
    y = x.copy()
    for i in range(x.size):
        y[i] -= L[i, :i] @ y[:i] if i else 0
    y = y / pivots
    for i in reversed(range(x.size - 1)):
        y[i] -= L[i + 1 :, i] @ y[i + 1 :]
    return y


def _reach(beyond):
    """Twice the least power of two beyond the minimum; None if all are."""
    low, high = -1, 0
    while not beyond(mpf(2) ** high):
        low, high = high, 2 * high + 1
    while beyond(mpf(2) ** low):
        low, high = 2 * low, low
        if low < -(2**14):
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if beyond(mpf(2) ** middle) else (middle, high)
    return mpf(2) ** (high + 1)


def _quotients(c, base, values, t):
    return np.array(
        [x / (b + v * t) if x != 0 else mpf(0) for x, b, v in zip(c, base, values, strict=True)],
        dtype=object,
    )


def _newton(c, base, values, origin, half, reach):
    """The root of the secular equation by Newton's method from the left."""
    t = reach / 4 - origin
    for x, b, v in zip(c, base, values, strict=True):
        if b == 0:
            t = max(t, half * abs(x) / (v * reach))
    for _ in range(200):
        z = _quotients(c, base, values, t)
        size, s = length(z), origin + t
        slope = sum(
            (
                (y / size) ** 2 * v / (b + v * t)
                for y, b, v in zip(z, base, values, strict=True)
                if y != 0
            ),
            mpf(0),
        )
        new = t + (half * size - s) / (s * slope + half * size / s)
        if abs(new - t) <= 4 * mpmath.mp.eps * t:
            return new
        t = max(new, t / 2)
    return t


def _polished(H, held, g, d, half, eta):
    """Newton's method on the model itself, while the residual falls."""

    def error(x):
        curvature = half * length(d * x)
        left = g - H @ x - curvature * d * d * x
        size = abs(g) + abs(H) @ abs(x) + curvature * d * d * abs(x)
        return max(abs(a) / b if b != 0 else mpf(0) for a, b in zip(left, size, strict=True))

    for _ in range(5):
        z = d * eta
        curvature = half * length(z)
        z = d * z / length(z)
        J = held + curvature * (np.diag(d * d) + np.outer(z, z))
        factors = _factors(J, 512 * g.size * mpf(2) ** (1 - mpmath.mp.prec))
        if factors is None:
            break
        left = g - H @ eta - curvature * d * d * eta
        new = eta + _solved(factors, left)
        if not error(new) < error(eta):
            break
        eta = new
    return eta
