"""Learning rates for groups of parameters: the global minimiser of a cubic model.

Along the slice ``theta - sum_s eta_s u_s`` the loss is nearly quadratic in the rates `eta`; its
third derivatives say how far to believe that. The model ``-g.eta + eta^T H eta / 2`` plus
``(strength / 6) |D eta|^3`` is bounded where the quadratic is not, and its global minimiser can be
computed to rounding, with a certificate, though it may have many other stationary points.

Chapter "Summaries of higher-order derivatives" of the book; the cubic step of [W].
"""

import math
from typing import NamedTuple

import numpy as np

from .._compile import compiled
from .._compile.border import public
from ..errors import NotFiniteError, NotSymmetricError, RangeError, ShapeError
from ..linear_algebra.finite import all_finite
from ..linear_algebra.ldl import factor, solve
from ..linear_algebra.symmetric_eigen import EPS, eigh
from .bounded import hold
from .certificate import residual, stationarity
from .hard_case import tie, unseen
from .matrix import bent, combined
from .rounding import ROUNDING, moduli_dot, moduli_form
from .secular import components, length, root
from .units import Model, exponent, in_units, natural_units, shifted

# Halves of H may differ by this share: see `repulsion`.
ASYMMETRY = 1e-6
SHAPES = "cubic: hessian must be (S, S), gradient and d (S,), with S at least 1"
OUTCOMES = ("regular", "hard", "quadratic", "zero", "unbounded")
REGULAR, HARD, QUADRATIC, ZERO, UNBOUNDED = range(5)
# Exponents of two between which the curvature of the cubic term is sought, in natural units.
REACH = np.finfo(np.float64).maxexp - 24
REFINEMENTS = 10
SMALLEST = np.finfo(np.float64).tiny
# In natural units, exponents of two: a gradient along the pole below the first is faint, and lifted
# by the second, unless that lifts the other parts above the third.
FAINT, LIFT, LIFTED = -700, 400, 900


class CubicMinimum(NamedTuple):
    """The global minimiser of a cubic model.

    `radius` is ``|D rates|``; `outcome` says which case it was: ``"regular"``, ``"hard"`` (the
    gradient does not see the most negative curvature), ``"quadratic"`` (the cubic term vanishes
    there), ``"zero"`` (no gradient, no step) or ``"unbounded"`` (no minimum, no step). `residual`
    is what is left of the conditions for a global minimiser: see `minimize_cubic`.
    """

    rates: np.ndarray  # (S,)
    radius: float
    outcome: str
    residual: float


class _Found(NamedTuple):
    rates: np.ndarray
    outcome: int


class _Rest(NamedTuple):
    rates: np.ndarray
    still: bool


class _Spectrum(NamedTuple):
    """The matrix ``D (H + reach D^2)^{-1} D`` and what belongs to it."""

    reach: float
    factors: tuple
    values: np.ndarray  # ascending
    vectors: np.ndarray


@public
def minimize_cubic(hessian: np.ndarray, gradient: np.ndarray, d: np.ndarray, strength: float):
    """The rates that minimise ``-g.eta + eta^T H eta / 2 + (strength / 6) |D eta|^3`` globally.

    A stationary point solves ``M(r) eta = g`` with ``M(r) = H + (strength / 2) r D^2`` and ``r = |D
    eta|``. It is a global minimiser exactly if `M(r)` is positive semidefinite, and there is only
    one such `r`.

    Parameters
    ----------
    hessian : ndarray of shape (S, S)
        Symmetric curvature of the loss along the directions of the `S` groups.
    gradient : ndarray of shape (S,)
        The loss falls at these rates along the directions.
    d : ndarray of shape (S,)
        Cube roots of the moduli of third derivatives; not negative.
    strength : float
        Weight of the cubic term, without a unit; above 0. The larger it is, the shorter are the
        rates. For the quadratic model alone, set `d` to 0.

    Returns
    -------
    CubicMinimum
        `rates` in units of the inverse of the directions, `radius` in those of `d` times a rate.
        Where a rate does not matter at all, it is 0: of the minimisers, the one with the least
        ``sum_s H_ss eta_s^2`` over the groups with ``d_s = 0``. In the hard case two minimisers
        differ in the sign of an eigenvector of ``D^{-1} H D^{-1}`` (reduced to the groups with
        ``d_s > 0``); its first entry that is not 0 to rounding is positive here. Of a whole
        eigenspace, the vector nearest to the first axis that is not orthogonal to it. A rate beyond
        the largest float is cut to it.

        `residual` is the larger of two numbers without units. The first is the largest over the
        groups of ``|M(r) eta - g|_s / (|H| |eta| + (strength / 2) r d_s^2 |eta_s| + |g|)_s``, of
        which rounding alone leaves some ``1e-16``. The second is how far below 0 an eigenvalue of
        `M(r)` lies when rows and columns are scaled to make ``|H_ss| + (strength / 2) r d_s^2`` 1;
        rounding counts as 0. It is infinite where there is no minimum.

    Raises
    ------
    ShapeError, NotFiniteError
        For shapes that do not fit, NaN or infinite entries.
    NotSymmetricError
        For halves of `hessian` that differ by more than 1e-6 of the entry, or of the root of the
        product of its diagonal entries.
    RangeError
        For a negative entry of `d`; for `strength` not above 0 or not finite.

    Notes
    -----
    Book: {eq}`eq-cubic-model` and {eq}`eq-secular`. Rescaling the loss, the direction or a group
    changes the rates as it must and nothing else; by powers of two, to the last bit.

    Examples
    --------
    >>> import numpy as np
    >>> H, g = np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([2.0, 0.0])
    >>> found = minimize_cubic(H, g, np.ones(2), 1.0)
    >>> found.rates, found.outcome
    (array([1.        , 1.73205081]), 'hard')
    """
    if not (0.0 < strength < np.inf):
        raise RangeError("cubic: strength must be finite and above 0; for Newton's step set d to 0")
    if hessian.ndim == 2 and gradient.ndim == 1 and d.ndim == 1:
        given = _checked(hessian, gradient, d, strength)
        units = natural_units(given)
        model = in_units(given, units)
        bounded = hold(model)
        if not bounded.bounded:
            return CubicMinimum(np.zeros(d.size), 0.0, OUTCOMES[UNBOUNDED], np.inf)
        found = _one_group(model) if d.size == 1 else _minimum(model, bounded.held)
        rates = np.empty(d.size)
        for s in range(d.size):
            rates[s] = shifted(found.rates[s], units.rates[s])
        radius = shifted(length(model.d * found.rates), units.radius)
        return CubicMinimum(rates, radius, OUTCOMES[found.outcome], residual(model, found.rates))
    raise ShapeError(SHAPES)


@compiled
def _checked(hessian, gradient, d, strength):
    """The model as given, its Hessian symmetric to the last bit."""
    S = gradient.size
    if S == 0 or hessian.shape != (S, S) or d.size != S:
        raise ShapeError(SHAPES)
    if not (all_finite(hessian) and all_finite(gradient) and all_finite(d)):
        raise NotFiniteError("cubic: hessian, gradient and d must be finite; found NaN or infinity")
    for value in d:
        if value < 0.0:
            raise RangeError("cubic: d must not be negative; it is |T|^(1/3), a modulus")
    H = np.empty((S, S))
    for s in range(S):
        for t in range(S):
            a, b = 0.5 * hessian[s, t], 0.5 * hessian[t, s]
            if a != b:
                scale = np.sqrt(abs(hessian[s, s])) * np.sqrt(abs(hessian[t, t]))
                if abs(a - b) > ASYMMETRY * max(abs(a), abs(b), 0.5 * scale):
                    raise NotSymmetricError(
                        "cubic: hessian must be symmetric; use (H + H.T) / 2 if that is noise"
                    )
            H[s, t] = a + b
    return Model(H, gradient * 1.0, d * 1.0, 1.0 * strength)


@compiled
def _one_group(model):
    """The closed form for a single group, its root taken so that nothing cancels."""
    H, g, d = model.hessian[0, 0], model.gradient[0], model.d[0]
    if g == 0.0 and H >= 0.0:
        return _Found(np.zeros(1), ZERO)
    cube = model.strength * d * d * d
    if cube == 0.0:
        return _Found(np.array([g / H]), QUADRATIC)
    spread = np.hypot(H, np.sqrt(2.0 * cube) * np.sqrt(abs(g)))  # eq-cubic-one-group
    if H > 0.0:
        return _Found(np.array([2.0 * g / (H + spread)]), REGULAR)  # eq-cubic-one-group
    size = (spread - H) / cube  # eq-cubic-one-group
    # eq-cubic-one-group
    return _Found(np.array([size if g >= 0.0 else -size]), HARD if g == 0.0 else REGULAR)


@compiled
def _minimum(model, held):
    """The minimiser of a bounded model in natural units."""
    _, g, d, strength = model
    rest = _rest(model, held)
    at_rest = _Found(rest.rates, ZERO if length(g) == 0.0 else QUADRATIC)
    if length(d) == 0.0:
        return at_rest
    e = _octave(held, g, d, 0.5 * strength, rest.still)
    if rest.still and e == -REACH:
        return at_rest
    # One octave further `M` is far from singular, and the root less than a factor 4 away.
    spectrum = _spectrum(held, d, math.ldexp(1.0, e + 1))
    pole = _pole(spectrum)
    if rest.still and _is_none(pole, model, spectrum):
        return at_rest
    c = np.zeros(g.size) if rest.still else _seen(model, spectrum)
    found = _beyond_the_pole(model, spectrum, c, max(pole, 0.0))
    return _Found(_refined(model, held, found.rates), found.outcome)


@compiled
def _rest(model, held):
    """The minimiser with ``D eta = 0``, and whether it is at rest: no force on the other groups."""
    H, g, d, _ = model
    S = g.size
    K = np.eye(S)
    given = np.zeros(S)
    for s in range(S):
        if d[s] == 0.0:
            given[s] = g[s]
            for t in range(S):
                if d[t] == 0.0:
                    K[s, t] = held[s, t]
    factors = factor(K, 0.0)
    rates = solve(factors, given)
    rates += solve(factors, given - combined(K, rates))
    moduli = np.zeros(S)
    for s in range(S):
        if d[s] > 0.0:
            rates[s] = 0.0
        else:
            moduli[s] = abs(g[s]) + moduli_dot(H[s], rates)
    row = np.empty(S)
    for s in range(S):
        if d[s] > 0.0:
            force = g[s]
            for t in range(S):
                row[t] = H[s, t] if d[t] == 0.0 else 0.0
                force -= row[t] * rates[t]
            noise = abs(g[s]) + moduli_dot(solve(factors, row), moduli)
            if abs(force) > ROUNDING * S * noise:
                return _Rest(rates, False)
    return _Rest(rates, True)


@compiled
def _octave(held, g, d, half, still):
    """The least `e` such that ``(strength / 2) r`` is at most ``2**e`` at the minimum.

    From the curvature of the minimum on, and nowhere before, ``H + curvature D^2`` is positive
    definite and the radius of its solution, times ``strength / 2``, at most the curvature.
    """
    low, high, stride = -REACH, REACH, 1
    e = 0
    # Outward from 0 until the minimum lies between, then halve.
    while high - low > 1:
        if _is_beyond(held, g, d, half, still, e):
            high = e
        else:
            low = e
        if low == -REACH:
            e = max(high - stride, -REACH + 1)
        elif high == REACH:
            e = min(low + stride, REACH - 1)
        else:
            e = (low + high) // 2
        stride *= 2
    return high if high > -REACH + 1 else -REACH


@compiled
def _is_beyond(held, g, d, half, still, e):
    curvature = math.ldexp(1.0, e)
    factors = factor(bent(held, d, curvature), g.size * EPS)
    if still or not factors.definite:
        return factors.definite
    return half * length(d * solve(factors, g)) <= curvature  # eq-secular


@compiled
def _spectrum(held, d, reach):
    """Its largest eigenvalue says how far below `reach` the pole lies.

    A group with small or no `d`, which would be the largest in ``D^{-1} H D^{-1}``, is the smallest
    here: nothing has to be eliminated, and what matters comes out exactly.
    """
    factors = factor(bent(held, d, reach), 0.0)
    n = d.size
    inner = np.zeros((n, n))
    axis = np.zeros(n)
    for s in range(n):
        axis[s] = d[s]
        column = solve(factors, axis)
        axis[s] = 0.0
        for t in range(n):
            # The two halves differ in the last bits.
            inner[t, s] += 0.5 * d[t] * column[t]
            inner[s, t] += 0.5 * d[t] * column[t]
    values, vectors = eigh(inner)
    for i in range(n):
        values[i] = max(values[i], 0.0)
    return _Spectrum(reach, factors, values, vectors)


@compiled
def _pole(spectrum):
    """``(strength / 2) r_0``, at which the least eigenvalue of ``D^{-1} M D^{-1}`` is 0."""
    bottom = spectrum.values[-1]
    # The inverse of a smaller one would overflow, and says as little: nothing bends down.
    return spectrum.reach - 1.0 / bottom if bottom > SMALLEST else -spectrum.reach  # eq-secular


@compiled
def _is_none(pole, model, spectrum):
    """Whether the pole is at 0 to rounding, or before: nothing bends down."""
    H, g, d, _ = model
    bottom = spectrum.values[-1]
    v = solve(spectrum.factors, d * spectrum.vectors[:, -1])
    noise = ROUNDING * g.size * moduli_form(v, H, v)
    return bottom == 0.0 or pole <= noise / bottom**2


@compiled
def _seen(model, spectrum):
    """Components of ``D M^{-1} g`` along the eigenvectors, with `M` at the reach."""
    _, g, d, _ = model
    c = np.zeros(g.size)
    b = d * solve(spectrum.factors, g)
    for i in range(g.size):
        for s in range(g.size):
            c[i] += spectrum.vectors[s, i] * b[s]  # eq-secular
    return c


@compiled
def _by_power(x, e):
    """``x * 2**e``."""
    found = np.empty(x.size)
    for i in range(x.size):
        found[i] = math.ldexp(x[i], e)
    return found


@compiled
def _beyond_the_pole(model, spectrum, c, origin):
    """The solution with ``(strength / 2) r >= origin``, where `origin` is the pole, or 0.

    In the eigenbasis ``D eta`` has the components ``c_i / (1 + (curvature - reach) value_i)``. With
    ``curvature = origin + t`` this is ``c_i / (base_i + value_i t)`` without any cancellation: at
    the pole the bottom's `base` is 0 exactly.

    Where the bottom's `c` is faint, so is `t`, down to where floats end. A power of two lifts both
    and leaves their ratio; next to the pole and to the other `base` the lifted `t` is still far
    below rounding.
    """
    H, g, d, strength = model
    n = g.size
    reach, factors, values, Y = spectrum
    half = 0.5 * strength
    at_pole = origin > 0.0
    base = np.empty(n)
    bottom = np.zeros(n, dtype=np.bool_)
    free = np.zeros(n)
    low = max(0.25 * reach - origin, SMALLEST)
    for i in range(n):
        base[i] = 1.0 - (values[i] / values[-1] if at_pole else reach * values[i])
        if base[i] <= ROUNDING * n:
            base[i] = 0.0
            bottom[i] = at_pole
            # Where the bottom alone would have the root.
            low = max(low, half * abs(c[i]) / (values[i] * reach))
        else:
            free[i] = c[i] / base[i]  # eq-hard-case
    size = length(free)
    lift = 0
    if at_pole and half * size <= origin and length(c * bottom) < math.ldexp(1.0, FAINT):
        lift = min(LIFT, LIFTED - exponent(length(g)))
        model = Model(H, _by_power(g, lift), d, strength)
        c, free = _seen(model, spectrum), _by_power(free, lift)
        low = max(SMALLEST, half * length(c * bottom) / (values[-1] * reach))
    if at_pole and half * size <= origin and unseen(model, spectrum, c, bottom, free):
        radius = origin / half
        tau = np.sqrt((radius - size) * (radius + size))  # eq-hard-case
        z = combined(Y, _by_power(free, -lift)) + tau * tie(Y, bottom)  # eq-hard-case
        return _Found(solve(factors, g - (origin - reach) * d * z), HARD)  # eq-secular-conditions
    if lift:
        c = np.where(bottom, c, _by_power(c, -lift))
    t = root(c, base, values, origin, half, low, reach - origin)  # eq-secular
    z = combined(Y, components(c, base, values, t))  # eq-secular
    eta = solve(factors, g - (origin + t - reach) * d * z)  # eq-secular-conditions
    return _Found(eta, REGULAR)


@compiled
def _refined(model, held, rates):
    """Newton's method on the model itself, in the basis of the groups, while that helps.

    Its Hessian ``M + (strength / 2) D z z^T D / r``, with ``z = D eta``, is positive definite next
    to the pole and in the hard case, where `M` is singular.
    """
    _, g, d, strength = model
    best = rates
    error = stationarity(model, best)
    for _ in range(REFINEMENTS):
        z = d * best
        radius = length(z)
        curvature = 0.5 * strength * radius
        if radius == 0.0:
            break
        z /= radius
        J = bent(held, d, curvature)
        for s in range(g.size):
            for t in range(g.size):
                J[s, t] += curvature * (d[s] * z[s]) * (d[t] * z[t])
        # A whole sphere of minimisers has a flat direction: stay.
        factors = factor(J, 64.0 * ROUNDING * g.size)
        if not factors.definite:
            break
        cubic = curvature * d * (d * best)
        left_over = g - combined(model.hessian, best) - cubic  # eq-secular-conditions
        new = best + solve(factors, left_over)
        left = stationarity(model, new)
        # A row may be wrong altogether as long as another is larger by some 16 digits.
        if not (left < error or left == error > 0.5):
            break
        best, error = new, left
    return best
