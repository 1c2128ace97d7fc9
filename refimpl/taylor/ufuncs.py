"""Rules of NumPy's and SciPy's elementwise functions, and of the operators that call them."""

import functools

import numpy as np
import scipy.special

from ..errors import ShapeError
from . import series
from .array import UFUNCS, Taylor, check_finite, finish, make, operands


def _rule(ufunc, function):
    """Register ``function(*rows, terms) -> rows`` as the rule of a ufunc."""

    @functools.wraps(function)
    def rule(*values):
        rows, order, rng = given = operands(ufunc.__name__, *values)
        with np.errstate(all="ignore"):
            result = function(*rows, given.terms)
        return finish(ufunc.__name__, result, order, rng)

    UFUNCS[ufunc] = rule


def _add(a, b, terms, sign=1.0):
    a, b = series.aligned(a, b)
    c = np.zeros((max(len(a), len(b)), *np.broadcast_shapes(a.shape[1:], b.shape[1:])))
    c[: len(a)] = a
    if sign > 0.0:
        c[: len(b)] += b
    else:
        c[: len(b)] -= b
    return c


def _matmul(a, b, terms):
    if a.ndim == 1 or b.ndim == 1:
        raise ShapeError("Taylor: matmul expects vectors or matrices, got a scalar; use *")
    return series.matrix_product(a, b, terms)


def _shift(x, by):
    rows = x.copy()
    rows[0] += by
    return rows


def _replace_first(rows, first):
    rows[0] = first
    return rows


def _logaddexp(a, b, terms):
    """The larger one, plus softplus of what the smaller lies below it."""
    a, b = series.aligned(a, b)
    above = a[0] >= b[0]
    a, b = (_add(x, np.zeros((max(len(a), len(b)), *above.shape)), terms) for x in (a, b))
    high, low = np.where(above, a, b), np.where(above, b, a)
    return _add(high, series.softplus(low - high, terms), terms)


for _ufunc, _function in {
    np.positive: lambda x, terms: x.copy(),
    np.negative: lambda x, terms: -x,
    np.absolute: lambda x, terms: np.sign(x[0]) * x,
    np.fabs: lambda x, terms: np.sign(x[0]) * x,
    np.square: lambda x, terms: series.product(x, x, terms),
    np.reciprocal: lambda x, terms: series.quotient(np.ones((1, *x.shape[1:])), x, terms),
    np.sqrt: series.sqrt,
    np.exp: series.exp,
    np.exp2: lambda x, terms: _replace_first(series.exp(np.log(2.0) * x, terms), np.exp2(x[0])),
    np.expm1: lambda x, terms: _replace_first(series.exp(x, terms), np.expm1(x[0])),
    np.log: series.log,
    np.log2: lambda x, terms: _replace_first(series.log(x, terms) / np.log(2.0), np.log2(x[0])),
    np.log10: lambda x, terms: _replace_first(series.log(x, terms) / np.log(10.0), np.log10(x[0])),
    np.log1p: lambda x, terms: _replace_first(series.log(_shift(x, 1.0), terms), np.log1p(x[0])),
    np.sin: lambda x, terms: series.sin_cos(x, terms)[0],
    np.cos: lambda x, terms: series.sin_cos(x, terms)[1],
    np.tan: lambda x, terms: series.quotient(*series.sin_cos(x, terms), terms),
    np.sinh: lambda x, terms: series.sin_cos(x, terms, 1.0)[0],
    np.cosh: lambda x, terms: series.sin_cos(x, terms, 1.0)[1],
    np.tanh: series.tanh,
    np.arctan: series.arctan,
    scipy.special.expit: series.logistic,
    scipy.special.erf: series.erf,
    np.add: _add,
    np.subtract: functools.partial(_add, sign=-1.0),
    np.multiply: series.product,
    np.divide: series.quotient,
    np.matmul: _matmul,
    np.logaddexp: _logaddexp,
}.items():
    _rule(_ufunc, _function)


def _power(x, exponent):
    """By a whole number, a real one, or a polynomial; the last two of positive numbers."""
    if isinstance(exponent, Taylor):
        with np.errstate(all="ignore"):
            logarithm = np.log(x)
        return np.exp(exponent * logarithm)
    rows, order, rng = given = operands("power", x, exponent)
    x, r = rows[0], rows[1][0]
    with np.errstate(all="ignore"):
        if r.size == 1 and r.ndim <= x.ndim - 1 and float(r.flat[0]).is_integer():
            whole = int(r.flat[0])
            p = np.ones((1, *x.shape[1:]))
            if whole != 0:
                p = series.integer_power(x, abs(whole), given.terms)
            if whole < 0:
                p = series.quotient(np.ones((1, *x.shape[1:])), p, given.terms)
        elif r.ndim == 0 and r == 0.5:
            p = series.sqrt(x, given.terms)
        else:
            p = series.power(x, r, given.terms)
    return finish("power", p, order, rng)


UFUNCS[np.power] = UFUNCS[np.float_power] = _power


def choose(name, condition, a, b):
    """``np.where`` over the rows."""
    rows, order, rng = operands(name, a, b)
    a, b = series.aligned(*rows)
    shape = np.broadcast_shapes(a.shape[1:], b.shape[1:], np.shape(condition))
    chosen = np.zeros((max(len(a), len(b)), *shape))
    for k in range(len(chosen)):
        chosen[k] = np.where(condition, a[k] if k < len(a) else 0.0, b[k] if k < len(b) else 0.0)
    check_finite(name, chosen)
    return make(chosen, order, rng)


def _extremum(ufunc, better):
    def rule(a, b):
        at_a, at_b = (value._rows[0] if isinstance(value, Taylor) else value for value in (a, b))
        first = better(at_a, at_b)
        # At a tie the constant, so that relu is flat at 0; of two polynomials the first.
        if isinstance(b, Taylor):
            first = first | np.equal(at_a, at_b)
        return choose(ufunc.__name__, first, a, b)

    UFUNCS[ufunc] = rule


_extremum(np.maximum, np.greater)
_extremum(np.minimum, np.less)


def _at_zero(ufunc):
    """Comparisons and the like see the value at ``t = 0``, and give plain arrays."""

    def rule(*values):
        return ufunc(*(v._rows[0] if isinstance(v, Taylor) else v for v in values))

    UFUNCS[ufunc] = rule


for _ufunc in (np.less, np.less_equal, np.greater, np.greater_equal, np.sign):
    _at_zero(_ufunc)
for _ufunc in (np.isfinite, np.isnan, np.isinf, np.signbit):
    _at_zero(_ufunc)
