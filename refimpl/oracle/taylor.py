"""Taylor coefficients along a line: by mpmath's derivatives, and by the recursions of the book.

Rows are those of ``t^k``; the functions are named by words, each of an array.
"""

import mpmath
import numpy as np
from mpmath import mpf

from .arrays import zeros


def _each(function):
    """A function of each entry."""
    return lambda x: [function(entry) for entry in x]


def _reversed(function):
    """A function of each entry and of that in its place from the end."""
    return lambda x: [function(a, b) for a, b in zip(x, x[::-1], strict=True)]


def _squares(x):
    """The square of a matrix of two rows, its entries one after the other."""
    a, b, c, d = x
    return [a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d]


DEFINITIONS = {
    "product": _reversed(lambda a, b: a * b),
    "quotient": _reversed(lambda a, b: a / b),
    "logaddexp": _reversed(lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b))),
    "square_of_matrix": _squares,
    "absolute": _each(abs),
    "square": _each(lambda x: x**2),
    "cube": _each(lambda x: x**3),
    "fifth": _each(lambda x: x**5),
    "reciprocal": _each(lambda x: 1 / x),
    "inverse_square": _each(lambda x: 1 / x**2),
    "three_halves": _each(lambda x: mpmath.sqrt(x) ** 3),
    "self": _each(lambda x: mpmath.exp(x * mpmath.log(x))),
    "half_power": _each(mpmath.sqrt),
    "cube_by_hand": _each(lambda x: x * x * x),
    "relu": _each(lambda x: max(x, mpf(0))),
    "larger": _reversed(max),
    "where_positive": _each(lambda x: x**2 if x > 0 else -x),
    "sqrt": _each(mpmath.sqrt),
    "exp": _each(mpmath.exp),
    "expm1": _each(mpmath.expm1),
    "exp2": _each(lambda x: mpf(2) ** x),
    "log": _each(mpmath.log),
    "log1p": _each(lambda x: mpmath.log(1 + x)),
    "log2": _each(lambda x: mpmath.log(x) / mpmath.log(2)),
    "log10": _each(lambda x: mpmath.log(x) / mpmath.log(10)),
    "sin": _each(mpmath.sin),
    "cos": _each(mpmath.cos),
    "tan": _each(mpmath.tan),
    "sinh": _each(mpmath.sinh),
    "cosh": _each(mpmath.cosh),
    "tanh": _each(mpmath.tanh),
    "arctan": _each(mpmath.atan),
    "erf": _each(mpmath.erf),
    "logistic": _each(lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": _each(lambda x: mpmath.log(1 + mpmath.exp(x))),
}


def expand(function, x, direction, order):
    """The coefficients by derivatives of the function along the line."""
    found = zeros(order + 1, x.size)
    # Derivatives take digits, the more the higher they are.
    with mpmath.workdps(2 * mpmath.mp.dps):
        for i in range(x.size):

            def along(t, i=i):
                return DEFINITIONS[function](x + t * direction)[i]

            found[:, i] = mpmath.taylor(along, 0, order)
    return {"result": found}


# ----------------------------------------------------------------------------------- recursions


def _sum(terms):
    return sum(terms, mpf(0))


def product(a, b):
    """``c_k = sum_j a_j b_{k-j}``."""
    return [_sum(a[j] * b[k - j] for j in range(k + 1)) for k in range(len(a))]


def quotient(a, b):
    """``q b = a``, row by row."""
    q = []
    for k in range(len(a)):
        q.append((a[k] - _sum(b[j] * q[k - j] for j in range(1, k + 1))) / b[0])
    return q


def integral(x, slope, first):
    """``y' = slope x'``; the slope may be known up to the row before alone, and grows meanwhile."""
    y = [first]
    for k in range(1, len(x)):
        y.append(_sum(j * x[j] * slope(k - j, y) for j in range(1, k + 1)) / k)
    return y


def exp(x, first=None):
    """``e' = e x'``."""
    e = integral(x, lambda k, y: y[k], mpmath.exp(x[0]))
    return e if first is None else [first, *e[1:]]


def log(x, first=None):
    """``y' x = x'``."""
    y = [mpmath.log(x[0])]
    for k in range(1, len(x)):
        y.append((x[k] - _sum(j * y[j] * x[k - j] for j in range(1, k)) / k) / x[0])
    return y if first is None else [first, *y[1:]]


def sqrt(x):
    """``s s = x``."""
    s = [mpmath.sqrt(x[0])]
    for k in range(1, len(x)):
        s.append((x[k] - _sum(s[j] * s[k - j] for j in range(1, k))) / (2 * s[0]))
    return s


def pair(x, sign, functions):
    """Sine and cosine, or the hyperbolic ones: each is the slope of the other."""
    s, c = [functions[0](x[0])], [functions[1](x[0])]
    for k in range(1, len(x)):
        s.append(_sum(j * x[j] * c[k - j] for j in range(1, k + 1)) / k)
        c.append(sign * _sum(j * x[j] * s[k - j] for j in range(1, k + 1)) / k)
    return s, c


def tanh(x):
    """``z' = (1 - z^2) x'``, the first slope without a difference."""

    def slope(k, z):
        if k == 0:
            e = mpmath.exp(-2 * abs(x[0]))
            return 4 * e / (1 + e) ** 2
        return -_sum(z[j] * z[k - j] for j in range(k + 1))

    return integral(x, slope, mpmath.tanh(x[0]))


def _logistic(x):
    z = [entry / 2 for entry in tanh([entry / 2 for entry in x])]
    return [1 / (1 + mpmath.exp(-x[0])), *z[1:]]


def _softplus(x):
    slope = _logistic(x)
    return integral(x, lambda k, y: slope[k], mpmath.log(1 + mpmath.exp(x[0])))


def _arctan(x):
    square = product(x, x)
    slope = quotient(_one(x), [1 + square[0], *square[1:]])
    return integral(x, lambda k, y: slope[k], mpmath.atan(x[0]))


def _erf(x):
    slope = [2 / mpmath.sqrt(mpmath.pi) * e for e in exp([-c for c in product(x, x)])]
    return integral(x, lambda k, y: slope[k], mpmath.erf(x[0]))


def _one(x):
    return [mpf(1), *(mpf(0) for _ in x[1:])]


def _scaled(rows, factor):
    return [factor * row for row in rows]


def _logaddexp(a, b):
    high, low = (a, b) if a[0] >= b[0] else (b, a)
    below = _softplus([y - x for x, y in zip(high, low, strict=True)])
    return [x + y for x, y in zip(high, below, strict=True)]


def _rows_squared(x):
    a, b, c, d = x

    def total(*pairs):
        parts = [product(p, q) for p, q in pairs]
        return [_sum(rows) for rows in zip(*parts, strict=True)]

    return [
        total((a, a), (b, c)),
        total((a, b), (b, d)),
        total((c, a), (d, c)),
        total((c, b), (d, d)),
    ]


FORMULAS = {
    "product": _reversed(product),
    "quotient": _reversed(quotient),
    "logaddexp": _reversed(_logaddexp),
    "square_of_matrix": _rows_squared,
    "absolute": _each(lambda x: x if x[0] > 0 else [-c for c in x]),
    "square": _each(lambda x: product(x, x)),
    "cube": _each(lambda x: product(x, product(x, x))),
    "fifth": _each(lambda x: product(x, product(product(x, x), product(x, x)))),
    "reciprocal": _each(lambda x: quotient(_one(x), x)),
    "inverse_square": _each(lambda x: quotient(_one(x), product(x, x))),
    "three_halves": _each(lambda x: product(x, sqrt(x))),
    "self": _each(lambda x: exp(product(x, log(x)))),
    "half_power": _each(sqrt),
    "cube_by_hand": _each(lambda x: product(product(x, x), x)),
    "larger": _reversed(lambda a, b: a if a[0] >= b[0] else b),
    "relu": _each(lambda x: x if x[0] > 0 else [0 * c for c in x]),
    "where_positive": _each(lambda x: product(x, x) if x[0] > 0 else [-c for c in x]),
    "sqrt": _each(sqrt),
    "exp": _each(exp),
    "expm1": _each(lambda x: exp(x, mpmath.expm1(x[0]))),
    "exp2": _each(lambda x: exp(_scaled(x, mpmath.log(2)), mpf(2) ** x[0])),
    "log": _each(log),
    "log1p": _each(lambda x: log([1 + x[0], *x[1:]], mpmath.log(1 + x[0]))),
    "log2": _each(lambda x: _scaled(log(x), 1 / mpmath.log(2))),
    "log10": _each(lambda x: _scaled(log(x), 1 / mpmath.log(10))),
    "sin": _each(lambda x: pair(x, -1, (mpmath.sin, mpmath.cos))[0]),
    "cos": _each(lambda x: pair(x, -1, (mpmath.sin, mpmath.cos))[1]),
    "tan": _each(lambda x: quotient(*pair(x, -1, (mpmath.sin, mpmath.cos)))),
    "sinh": _each(lambda x: pair(x, 1, (mpmath.sinh, mpmath.cosh))[0]),
    "cosh": _each(lambda x: pair(x, 1, (mpmath.sinh, mpmath.cosh))[1]),
    "tanh": _each(tanh),
    "arctan": _each(_arctan),
    "erf": _each(_erf),
    "logistic": _each(_logistic),
    "softplus": _each(_softplus),
}


def expand_formula(function, x, direction, order):
    """The coefficients row by row."""
    lines = [[a, b, *[mpf(0)] * order][: order + 1] for a, b in zip(x, direction, strict=True)]
    rows = FORMULAS[function](lines)
    return {"result": np.array([list(row) for row in zip(*rows, strict=True)], dtype=object)}
