"""The summary of higher-order derivatives: what a loss does along a few directions at once.

The parameters are parted into `S` groups and `u_s` is the part of a direction in group `s`. The
slice ``phi(eta) = L(theta - sum_s eta_s u_s)`` is a function of `S` learning rates, however many
parameters there are; `summarize` gives its derivatives, exact to rounding, by pushing lines through
the loss as Taylor polynomials. This is the definition, for any loss that is ordinary Python on
arrays; it costs ``S (S + 1) / 2`` pushes.

Chapter "Summaries of higher-order derivatives" of the book; [W].
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from ..errors import NotFiniteError, RangeError, ShapeError
from ..taylor.array import make, perturbed, real_array
from ..taylor.functions import HIGHEST_ORDER, coefficients
from . import partitions

# A third derivative is noise if it is not above this many times what rounding does to it. After
# three perturbed runs less than one rounding error in 100 000 passes; a derivative whose terms do
# not cancel is more than 1e10 times the noise.
NOISE_FACTOR = 32.0
RUNS = 3
# Directions are scaled by powers of two up to this one.
LARGEST_POWER = 100


class Summary(NamedTuple):
    """Derivatives of a loss along the parts of a direction; `S` groups.

    In loss-units, if the parts of the direction are what learning rates multiply. What was not
    asked for is None.
    """

    value: float  # L(theta)
    gradient: np.ndarray  # (S,), u_s . grad L = -d phi / d eta_s
    hessian: np.ndarray | None  # (S, S), u_s^T (grad^2 L) u_t = d^2 phi / d eta_s d eta_t
    third: np.ndarray | None  # (S,), grad^3 L [u_s, u_s, u_s] = -d^3 phi / d eta_s^3
    tensor: np.ndarray | None  # (S, S, S), grad^3 L [u_s, u_t, u_r]


def summarize(loss, theta, direction, groups, order=3, full=False):
    """Derivatives of a loss along the parts of a direction, up to a given order.

    Parameters
    ----------
    loss : callable
        ``loss(theta) -> float``, ordinary Python on a flat array: slices, sums, products, NumPy's
        functions, those of `refimpl.taylor`.
    theta : array_like of shape (D,)
    direction : array_like of shape (D,)
        To be subtracted in a step, as a gradient is. A group in which it is zero is left out: its
        derivatives are 0.
    groups : sequence of array_like of int
        Every index of `theta` in exactly one group; see `refimpl.summary.partitions`.
    order : int, optional
        1: gradient; 2: Hessian too; 3: the diagonal of the third derivative too.
    full : bool, optional
        With order 3, the whole tensor too, for some ``S^3 / 6`` further pushes.

    Returns
    -------
    Summary

    Raises
    ------
    ShapeError, DtypeError, NotFiniteError, RangeError
        For arrays that do not fit, are not real or not finite, another order; a loss that is not a
        single number; and NotFiniteError where the loss or a derivative is not finite on the way,
        with the operation that found it.
    PartitionError
        For groups that are not a partition.
    UnsupportedOperationError
        For an operation in the loss that has no rule; the message names it.

    Notes
    -----
    Book: {eq}`eq-summary`, {eq}`eq-summary-polarization`. With the Taylor coefficients `c_k` of the
    slice along ``e_s``, gradient, Hessian and third are ``-c_1``, ``2 c_2`` and ``-6 c_3``; between
    groups, ``c_2(s + t) - c_2(s) - c_2(t)``. That difference loses digits where two groups differ
    in scale, so each group is first scaled by a power of two to what the largest does.

    Examples
    --------
    >>> def loss(theta):
    ...     return theta[0] ** 2 * theta[1] + theta[2]
    >>> found = summarize(loss, [1.0, 2.0, 3.0], [1.0, 1.0, 1.0], [[0], [1, 2]])
    >>> found.gradient, found.third
    (array([4., 2.]), array([0., 0.]))
    >>> found.hessian
    array([[4., 2.],
           [2., 0.]])
    """
    if order not in (1, 2, 3):
        raise RangeError(f"summary: expected order 1, 2 or 3, got {order!r}")
    if full and order < 3:
        raise RangeError("summary: the full tensor needs order 3")
    slices = _Slices(loss, theta, direction, groups)
    found = slices.diagonal(order)
    hessian = third = cube = None
    if order >= 2:
        hessian = slices.tensor(2, found, depth=3 if full else 2)
    if order == 3:
        third = -6.0 * found[3] + 0.0
        cube = slices.tensor(3, found, depth=3) if full else None
    return Summary(float(slices.value), -found[1] + 0.0, hessian, third, cube)


def tensor(loss, theta, direction, groups, order):
    """All derivatives of one order along the parts of a direction.

    Parameters
    ----------
    loss, theta, direction, groups
        As in `summarize`.
    order : int
        At least 1; there are ``binomial(S + order, order) - 1`` directions to push or less.

    Returns
    -------
    ndarray of shape (S,) * order
        ``grad^k L [u_s, u_t, ...]``, which is ``(-1)^k`` times the derivative of the slice;
        symmetric in all axes.

    Raises
    ------
    RangeError
        For an order below 1; others as in `summarize`.

    Notes
    -----
    Book: {eq}`eq-summary-tensor`. Each mixed derivative is a signed sum of the coefficients along
    sums of the parts, with weights that grow like ``k^k / k!``: at order 8 some three digits go.

    Examples
    --------
    >>> tensor(lambda theta: theta[0] ** 2 * theta[1], [1.0, 2.0], [1.0, 1.0], [[0], [1]], 3)[0, 0]
    array([0., 2.])
    """
    if not isinstance(order, int | np.integer) or not 1 <= order <= HIGHEST_ORDER:
        raise RangeError(
            f"summary: expected a whole order from 1 to {HIGHEST_ORDER}, got {order!r}"
        )
    slices = _Slices(loss, theta, direction, groups)
    return slices.tensor(int(order), slices.diagonal(int(order)), depth=int(order))


def third_noise(loss, theta, direction, groups, third, rng, runs=RUNS):
    """What rounding does to each third derivative: the reference by which a zero is judged.

    The polynomials are pushed again with every number that enters, and every result of an
    operation, off by a random share of itself of at most `eps`. A sum that cancels shows its
    rounding; a zero by construction, all of whose terms are zero, stays zero.

    Parameters
    ----------
    loss, theta, direction, groups
        As in `summarize`.
    third : ndarray of shape (S,)
        Of `summarize`, or by any other route: its own error counts too.
    rng : numpy.random.Generator
    runs : int, optional
        How often; each costs one push of order 3 for each group.

    Returns
    -------
    ndarray of shape (S,)
        Root mean square of the distances from `third`, in its units.

    Raises
    ------
    RangeError, ShapeError, NotFiniteError
        For less than one run, a `third` of another shape or not finite; others as in `summarize`.

    Notes
    -----
    Book: {eq}`eq-summary-noise`. The method is Monte Carlo arithmetic: it needs no rule for each
    operation, and unlike a bound on the worst case it does not grow with the depth of the loss.

    Examples
    --------
    >>> def shifted(theta):  # the same for any common shift
    ...     return np.log(np.sum(np.exp(theta))) - np.mean(theta)
    >>> place = [0.1, 0.2, 0.4], np.ones(3), [[0, 1, 2]]
    >>> third = summarize(shifted, *place).third
    >>> without_noise(third, third_noise(shifted, *place, third, np.random.default_rng(0)))
    array([0.])
    """
    if runs < 1:
        raise RangeError(f"summary: expected at least one run, got {runs!r}")
    slices = _Slices(loss, theta, direction, groups)
    third = _vector("third", third)
    if third.shape != slices.shape:
        raise ShapeError(f"summary: expected third of shape {slices.shape}, got {third.shape}")
    noise = np.zeros(slices.shape)
    for _ in range(runs):
        # The squares of tiny derivatives would underflow.
        noise = np.hypot(noise, -6.0 * slices.diagonal(3, rng)[3] - third)
    return noise / math.sqrt(runs)


def without_noise(third, noise):
    """Third derivatives, with zero where they are not above `NOISE_FACTOR` times their noise.

    Parameters
    ----------
    third, noise : ndarray of shape (S,)
        Of `summarize` and `third_noise`.

    Returns
    -------
    ndarray of shape (S,)

    Raises
    ------
    NotFiniteError
        For NaN or infinity in either.
    ShapeError
        If they are not flat, or not of the same length.

    Examples
    --------
    >>> without_noise(np.array([1e-27, 1e-17]), np.array([1e-40, 1e-17]))
    array([1.e-27, 0.e+00])
    """
    third, noise = _vector("third", third), _vector("noise", noise)
    if third.shape != noise.shape:
        raise ShapeError(
            "summary: expected third and noise of the same shape (S,), got "
            f"{third.shape} and {noise.shape}"
        )
    return np.where(np.abs(third) > NOISE_FACTOR * noise, third, 0.0)


class _Slices:
    """Taylor coefficients of one slice along whole multiples of its axes, each computed once."""

    def __init__(self, loss, theta, direction, groups):
        self.loss = loss
        self.theta, self.direction = _vector("theta", theta), _vector("direction", direction)
        D = self.theta.size
        if D == 0 or self.direction.size != D:
            raise ShapeError(
                "summary: expected theta and direction of the same shape (D,), got "
                f"{self.theta.shape} and {self.direction.shape}"
            )
        groups = partitions.check(groups, D)
        self.shape = (len(groups),)
        self.owner = np.empty(D, dtype=np.intp)
        for s, index in enumerate(groups):
            self.owner[index] = s
        self.length = np.zeros(self.shape)
        np.maximum.at(self.length, self.owner, np.abs(self.direction))
        self.live = np.flatnonzero(self.length)
        self.value = None
        self.known = {}

    def push(self, multiples, order, rng=None):
        """Coefficients along ``sum_s multiples_s e_s``, shape (order + 1,)."""
        rows = np.stack([self.theta, -multiples[self.owner] * self.direction])
        if rng is not None:
            rows = perturbed(rows, rng)
        result = self.loss(make(rows, order, rng))
        found = coefficients(result, order)
        if found.ndim != 1:
            raise ShapeError(f"summary: expected a loss of shape (), got {found.shape[1:]}")
        if self.value is None:
            self.value = found[0]
        return found

    def diagonal(self, order, rng=None):
        """Coefficients along each axis, shape (order + 1, S)."""
        found = np.zeros((order + 1, *self.shape))
        for s in self.live:
            multiples = np.zeros(self.shape)
            multiples[s] = 1.0
            found[:, s] = self.push(multiples, order, rng)
        if self.live.size == 0:
            self.push(np.zeros(self.shape), 0, rng)
        return found

    def scales(self, diagonal):
        """Powers of two after which each axis changes the loss about as much as the largest."""
        size = np.zeros(self.shape)
        for k, row in enumerate(np.abs(diagonal[1:]), 1):
            if row.any():
                size = np.maximum(size, (row / row.max()) ** (1.0 / k))
        size = np.where(size > 0.0, size, self.length / max(self.length.max(), 1e-300))
        exponent = np.zeros(self.shape)
        exponent[self.live] = np.round(-np.log2(np.maximum(size[self.live], 1e-300)))
        return np.exp2(np.minimum(exponent, LARGEST_POWER))

    def tensor(self, order, diagonal, depth):
        """The derivatives of one order, by polarisation; pushes go to order `depth`."""
        result = np.zeros(self.shape * order)
        scale = self.scales(diagonal)
        scaled = diagonal[order] * scale**order
        factorial = float(math.factorial(order))

        def coefficient(axes, counts):
            # Homogeneous of degree `order`: a common factor needs no push of its own.
            common = math.gcd(*counts)
            if len(axes) == 1:
                return float(common) ** order * scaled[axes[0]]
            key = axes, tuple(n // common for n in counts)
            if key not in self.known:
                multiples = np.zeros(self.shape)
                multiples[list(axes)] = key[1] * scale[list(axes)]
                self.known[key] = self.push(multiples, depth)
            return float(common) ** order * self.known[key][order]

        for index in itertools.combinations_with_replacement(self.live, order):
            axes = tuple(dict.fromkeys(index))
            powers = [index.count(s) for s in axes]
            if len(axes) == 1:
                entry = factorial * diagonal[order][axes[0]]
            else:
                terms = []
                for counts in itertools.product(*(range(n + 1) for n in powers)):
                    used = tuple((s, n) for s, n in zip(axes, counts, strict=True) if n)
                    if used:
                        weight = math.prod(map(math.comb, powers, counts))
                        sign = -1.0 if (order - sum(counts)) % 2 else 1.0
                        terms.append(sign * weight * coefficient(*zip(*used, strict=True)))
                entry = math.fsum(terms)
                for s, n in zip(axes, powers, strict=True):
                    entry /= scale[s] ** n
            entry = (-1.0) ** order * entry + 0.0
            for permuted in set(itertools.permutations(index)):
                result[permuted] = entry
        return result


def _vector(name, values):
    vector = real_array(values, f"summary: {name}")
    if vector.ndim != 1:
        raise ShapeError(f"summary: expected {name} to be a flat array, got {vector.shape}")
    if not np.isfinite(vector).all():
        raise NotFiniteError(f"summary: expected {name} to be finite, found NaN or infinity")
    return vector
