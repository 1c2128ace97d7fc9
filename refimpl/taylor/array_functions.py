"""Rules of NumPy's functions of whole arrays: sums, shapes, choices, products of other kinds."""

import numpy as np

from ..errors import UnsupportedOperationError
from . import series
from .array import FUNCTIONS, REDUCTIONS, Taylor, finish, make, operands, trim
from .functions import logsumexp
from .ufuncs import choose

# Linear functions of one array act on each row. The first round, the others only move numbers.
SUMS = (np.sum, np.mean, np.cumsum, np.diff, np.trace)
SHAPES = (
    np.transpose,
    np.swapaxes,
    np.moveaxis,
    np.squeeze,
    np.expand_dims,
    np.broadcast_to,
    np.atleast_1d,
    np.atleast_2d,
    np.flip,
    np.fliplr,
    np.flipud,
    np.roll,
    np.rot90,
    np.take,
    np.take_along_axis,
    np.compress,
    np.delete,
    np.repeat,
    np.tile,
    np.diag,
    np.diagonal,
    np.tril,
    np.triu,
    np.copy,
    np.real,
)
SPLITS = (np.split, np.array_split, np.hsplit, np.vsplit)
JOINS = (np.concatenate, np.stack, np.hstack, np.vstack, np.column_stack)
BILINEAR = (
    np.dot,
    np.inner,
    np.outer,
    np.vdot,
    np.tensordot,
    np.kron,
    np.cross,
    np.convolve,
)
# What depends on the shape, or on the values at t = 0, alone; the results are plain.
AT_ZERO = (
    np.shape,
    np.ndim,
    np.size,
    np.zeros_like,
    np.ones_like,
    np.full_like,
    np.empty_like,
    np.argmax,
    np.argmin,
    np.argsort,
)
# Options with which a function is not linear, or writes elsewhere.
REFUSED = ("out", "dtype", "initial", "prepend", "append")


def _refuse_options(name, options):
    for option in REFUSED:
        if options.get(option) is not None:
            raise UnsupportedOperationError(f"Taylor: {name} takes no {option}")


def _refuse_polynomials(name, values):
    if any(isinstance(value, Taylor) for value in values):
        raise UnsupportedOperationError(
            f"Taylor: {name} takes a polynomial as its first argument alone"
        )


def _linear(function, rounds):
    name = function.__name__

    def rule(x, *args, **options):
        _refuse_options(name, options)
        _refuse_polynomials(name, (*args, *options.values()))
        with np.errstate(all="ignore"):
            rows = np.stack([function(row, *args, **options) for row in x._rows])
        if rounds:
            return finish(name, rows, x._order, x._rng)
        return make(trim(rows), x._order, x._rng)

    FUNCTIONS[function] = rule


def _split(function):
    def rule(x, *args, **options):
        parts = zip(*(function(row, *args, **options) for row in x._rows), strict=True)
        return [make(trim(np.stack(rows)), x._order, x._rng) for rows in parts]

    FUNCTIONS[function] = rule


def _join(function):
    name = function.__name__

    def rule(arrays, *args, **options):
        _refuse_options(name, options)
        rows, order, rng = operands(name, *arrays)
        n = max(map(len, rows))
        zeros = [np.zeros_like(x[0]) for x in rows]
        joined = [
            function(
                [x[k] if k < len(x) else zero for x, zero in zip(rows, zeros, strict=True)],
                *args,
                **options,
            )
            for k in range(n)
        ]
        return make(np.stack(joined), order, rng)

    FUNCTIONS[function] = rule


def _bilinear(function):
    name = function.__name__

    def rule(a, b, *args, **options):
        _refuse_options(name, options)
        return multilinear(name, (a, b), lambda x, y: function(x, y, *args, **options))

    FUNCTIONS[function] = rule


def multilinear(name, values, function):
    """A function linear in each of one or two polynomials; the others stay as they are."""
    live = [i for i, value in enumerate(values) if isinstance(value, Taylor)]
    if len(live) > 2:
        raise UnsupportedOperationError(f"Taylor: {name} takes at most two polynomials")
    rows, order, rng = given = operands(name, *values)

    def with_rows(*chosen):
        full = [x[0] for x in rows]
        for i, row in zip(live, chosen, strict=True):
            full[i] = row
        return function(*full)

    with np.errstate(all="ignore"):
        if len(live) == 1:
            result = np.stack([np.asarray(with_rows(row)) for row in rows[live[0]]])
        else:
            result = series.bilinear(*(rows[i] for i in live), given.terms, with_rows)
    return finish(name, result, order, rng)


for _function in SUMS:
    _linear(_function, rounds=True)
for _function in SHAPES:
    _linear(_function, rounds=False)
for _function in SPLITS:
    _split(_function)
for _function in JOINS:
    _join(_function)
for _function in BILINEAR:
    _bilinear(_function)
for _function in AT_ZERO:
    FUNCTIONS[_function] = lambda x, *args, _function=_function, **options: _function(
        x._rows[0], *args, **options
    )


def implements(*functions):
    """Register a rule that has a text of its own."""

    def register(rule):
        FUNCTIONS.update(dict.fromkeys(functions, rule))
        return rule

    return register


@implements(np.reshape)
def _reshape(x, shape, order="C", copy=None):
    if order != "C":
        raise UnsupportedOperationError("Taylor: reshape takes no order of entries but C")
    # NumPy resolves a -1, and refuses what does not fit; then all rows go at once.
    shape = np.empty(x.shape, dtype=bool).reshape(shape).shape
    return make(x._rows.reshape(len(x._rows), *shape), x._order, x._rng)


@implements(np.ravel)
def _ravel(x, order="C"):
    return np.reshape(x, -1, order=order)


@implements(np.einsum)
def _einsum(subscripts, *arrays, **options):
    if not isinstance(subscripts, str):
        raise UnsupportedOperationError("Taylor: einsum takes its subscripts as a string")
    _refuse_options("einsum", options)
    return multilinear("einsum", arrays, lambda *rows: np.einsum(subscripts, *rows, **options))


@implements(np.where)
def _where(condition, *values):
    if len(values) != 2 or isinstance(condition, Taylor):
        raise UnsupportedOperationError(
            "Taylor: where takes a plain condition and two values; compare with < or >"
        )
    return choose("where", condition, *values)


@implements(np.clip)
def _clip(x, a_min=None, a_max=None):
    if a_min is not None:
        x = np.maximum(x, a_min)
    return x if a_max is None else np.minimum(x, a_max)


def _best(name, locate):
    """The entry that is best at ``t = 0``, the first one where several are."""

    def rule(x, axis=None, keepdims=False, **options):
        _refuse_options(name, options)
        if options.get("where", True) is not True or isinstance(axis, tuple):
            raise UnsupportedOperationError(f"Taylor: {name} takes one axis or none, and no where")
        shape = x.shape
        if axis is None:
            x, axis, shape = np.ravel(x), 0, (1,) * x.ndim
        best = np.take_along_axis(x, np.expand_dims(locate(x, axis=axis), axis), axis=axis)
        if not keepdims:
            return np.squeeze(best, axis=axis)
        return np.reshape(best, shape) if len(shape) != best.ndim else best

    return rule


# NumPy's amax and amin are these very functions, or dispatch under their own names.
implements(np.max, np.amax)(_best("max", np.argmax))
implements(np.min, np.amin)(_best("min", np.argmin))


@implements(np.var)
def _var(x, axis=None, *, ddof=0, keepdims=False, **options):
    _refuse_options("var", options)
    off = x - np.mean(x, axis=axis, keepdims=True)
    count = x.size // max(np.mean(x._rows[0], axis=axis).size, 1)
    return np.sum(off * off, axis=axis, keepdims=keepdims) / (count - ddof)


@implements(np.std)
def _std(x, axis=None, *, ddof=0, keepdims=False, **options):
    _refuse_options("std", options)
    return np.sqrt(np.var(x, axis=axis, ddof=ddof, keepdims=keepdims))


def _reduce_logaddexp(x, axis=0, keepdims=False, **options):
    _refuse_options("logaddexp.reduce", options)
    return logsumexp(x, axis=axis, keepdims=keepdims)


REDUCTIONS[np.add] = np.sum
REDUCTIONS[np.maximum] = np.max
REDUCTIONS[np.minimum] = np.min
REDUCTIONS[np.logaddexp] = _reduce_logaddexp
