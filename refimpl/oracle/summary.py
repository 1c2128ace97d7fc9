"""Derivatives of a loss along the parts of a direction, by their definition and by a formula.

The definition takes mpmath's derivatives of the slice ``phi(eta) = L(theta - sum_s eta_s u_s)`` and
knows nothing of the loss but its value. The formula has the derivatives of the loss, and what is
between groups by polarisation, as the book has it.
"""

import itertools

import mpmath
import numpy as np
from mpmath import mpf

from .arrays import largest, zeros
from .functions import DEFINITIONS, FORMULAS
from .measure import DisagreementError

# Two more precisions tell a derivative from what is nothing but rounding.
MORE = 25


def parts_of(direction, groups):
    """The direction in each group, with zeros elsewhere."""
    result = zeros(len(groups), direction.size)
    for part, group in zip(result, groups, strict=True):
        part[group] = direction[group]
    return result


def summarize(function, data, theta, direction, groups, order=3, full=False):
    """The definition, of a function by its name."""
    given = DEFINITIONS[function], data, theta, direction, groups
    return derivatives(*given, order, full)


def summarize_formula(function, data, theta, direction, groups, order=3, full=False):
    """The formula, of a function by its name."""
    given = FORMULAS[function], data, theta, direction, groups
    return derivatives_formula(*given, order, full)


def result(value, derivative, S, order, full):
    """The fields of the reference outputs, in the order of computation; no others."""
    fields = {"value": value}
    fields["gradient"] = np.array([derivative(s) for s in range(S)], dtype=object)
    if order >= 2:
        fields["hessian"] = _tensor(derivative, S, 2)
    if order == 3:
        fields["third"] = np.array([derivative(s, s, s) for s in range(S)], dtype=object)
        if full:
            fields["tensor"] = _tensor(derivative, S, 3)
    return fields


def _tensor(derivative, S, order):
    entries = zeros(*[S] * order)
    for index in itertools.combinations_with_replacement(range(S), order):
        value = derivative(*index)
        for permuted in itertools.permutations(index):
            entries[permuted] = value
    return entries


def derivatives(function, data, theta, direction, groups, order=3, full=False):
    """The fields by difference quotients of the slice."""
    parts = parts_of(direction, groups)
    # In units in which the parts are as large as the position.
    place = mpmath.mag(largest(theta)) if largest(theta) else 0
    powers = [place - mpmath.mag(largest(u)) if largest(u) else 0 for u in parts]
    units = [mpmath.ldexp(mpf(1), n) for n in powers]

    def along(*eta):
        moved = sum(e * unit * u for e, unit, u in zip(eta, units, parts, strict=True))
        return function.value(theta - moved, **data)

    def quotient(index):
        counts = tuple(index.count(s) for s in range(len(parts)))
        return mpmath.diff(along, (mpf(0),) * len(parts), counts)

    def derivative(*index):
        if any(not largest(parts[s]) for s in index):
            return mpf(0)
        coarse = quotient(index)
        with mpmath.workdps(mpmath.mp.dps + MORE):
            fine = quotient(index)
        sign = -1 if len(index) % 2 else 1
        return sign * settled(coarse, +fine) * mpmath.ldexp(1, -sum(powers[s] for s in index))

    return result(function.value(theta, **data), derivative, len(parts), order, full)


def settled(coarse, fine):
    """A number from two precisions: 0 if it shrinks with them.

    Raises
    ------
    DisagreementError
        If it does neither that nor stay.
    """
    if coarse == 0 or fine == 0 or abs(fine) < mpf(10) ** -15 * abs(coarse):
        return mpf(0)
    if abs(fine - coarse) > mpf(10) ** -20 * abs(fine):
        raise DisagreementError(f"{mpmath.nstr(coarse)} and {mpmath.nstr(fine)}")
    return fine


def derivatives_formula(function, data, theta, direction, groups, order=3, full=False):
    """The fields by derivatives of the loss along sums of the parts."""
    parts = parts_of(direction, groups)
    slope = function.gradient(theta, **data)
    bend = function.hessian(theta, **data) if order >= 2 else None

    def curvature(*index):
        u = sum(parts[s] for s in index)
        return u @ bend @ u

    def third(*index):
        return function.third(theta, sum(parts[s] for s in index), **data)

    def derivative(*index):
        s, *others = index
        if len(index) == 1:
            return parts[s] @ slope
        if len(set(index)) == 1:
            return curvature(s) if len(index) == 2 else third(s)
        if len(index) == 2:
            return (curvature(*index) - curvature(s) - curvature(*others)) / 2
        pairs = sum(third(*pair) for pair in itertools.combinations(index, 2))
        return (third(*index) - pairs + sum(third(n) for n in index)) / 6

    return result(function.value(theta, **data), derivative, len(parts), order, full)
