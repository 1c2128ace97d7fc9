"""Arithmetic of truncated power series: arrays of coefficients in, arrays of coefficients out.

A series is an array of shape ``(n, *shape)``: row `k` holds the coefficients of ``t^k``, and rows
from `n` on are zero. `terms` says after how many rows a result is cut. Each function of one series
comes from the differential equation that it solves, which gives one row after the other; no row
depends on a later one, so a longer truncation changes nothing.

Products are sums ``sum_i a_i b_{k-i}``: `n` passes over the arrays, which is quadratic in the
order. The Fourier transform does them in ``n log n``, but its rounding is the same for all rows, as
large as the largest row asks for, and small coefficients drown in it; so long products use it only
where it keeps what the sums promise. The recursions of the functions are sums always: Newton's
iteration by transforms is faster from some hundred rows on, and loses the small coefficients.
"""

import math

import numpy as np
import scipy.fft
import scipy.special

EPS = np.finfo(np.float64).eps
# Shorter products are faster as sums; measured for ten to ten thousand series side by side, and for
# one, whose sums are one call.
FFT_FROM = 256
FFT_FROM_SINGLE = 1024
# The first rows are short sums: the bound on their rounding is below that of a transform.
FFT_DIRECT = 32


def product(a, b, terms):
    """The product entry by entry; the shapes broadcast."""
    a, b = aligned(a, b)
    n = min(terms, len(a) + len(b) - 1)
    single = a[0].size == b[0].size == 1
    if min(len(a), len(b), n) >= (FFT_FROM_SINGLE if single else FFT_FROM):
        c = _transformed(a[:n], b[:n], n)
        if c is not None:
            return c
    if single:
        c = np.convolve(a.ravel(), b.ravel())[:n]
        return c.reshape(n, *np.broadcast_shapes(a.shape[1:], b.shape[1:]))
    return _rows(a, b, n, np.multiply)


def aligned(a, b):
    """Both with equally many axes, so that rows broadcast against rows."""
    axes = max(a.ndim, b.ndim)
    return (x.reshape(len(x), *(1,) * (axes - x.ndim), *x.shape[1:]) for x in (a, b))


def matrix_product(a, b, terms):
    """The matrix product of the rows, by NumPy's rules for vectors, matrices and stacks."""
    left, right = a.ndim == 2, b.ndim == 2
    a, b = aligned(a[:, None, :] if left else a, b[:, :, None] if right else b)
    c = _rows(a, b, min(terms, len(a) + len(b) - 1), np.matmul)
    if right:
        c = c[..., 0]
    return c[..., 0] if left and right else c[..., 0, :] if left else c


def bilinear(a, b, terms, function):
    """Any other product that is linear in both factors."""
    n = min(terms, len(a) + len(b) - 1)
    rows = [None] * n
    for i in range(min(len(a), n)):
        for j in range(min(len(b), n - i)):
            term = np.asarray(function(a[i], b[j]))
            rows[i + j] = term if rows[i + j] is None else rows[i + j] + term
    return np.stack(rows)


def _rows(a, b, n, function):
    """``c_k = sum_i function(a_i, b_{k-i})``, all rows of the longer factor at once."""
    if len(b) < len(a):
        terms = [(j, function(a[: n - j], b[j : j + 1])) for j in range(min(len(b), n))]
    else:
        terms = ((i, function(a[i : i + 1], b[: n - i])) for i in range(min(len(a), n)))
    c = None
    for shift, term in terms:
        if c is None and len(term) == n:
            c = term
            continue
        if c is None:
            c = np.zeros((n, *term.shape[1:]))
        c[shift : shift + len(term)] += term
    return c


def _transformed(a, b, n):
    """The product by Fourier transforms, or None where it would cost digits.

    With coefficients scaled to even size, row `k` by ``r^k``, a transform errs by some `eps` times
    ``|a| |b|``, Euclidean norms, in each row. A sum errs by at most ``n eps sum_i |a_i| |b_{k-i}|``
    in row `k`; the transform must do as well.
    """
    exponent = -_growth(a, b) * np.arange(n)
    if np.abs(exponent).max() > 1000.0:
        return None
    scale = np.exp2(exponent)
    shape = (-1,) + (1,) * (a.ndim - 1)
    a, b = a * scale[: len(a)].reshape(shape), b * scale[: len(b)].reshape(shape)
    m = scipy.fft.next_fast_len(len(a) + len(b) - 1, real=True)

    def convolve(x, y):
        spectrum = scipy.fft.rfft(x, m, axis=0) * scipy.fft.rfft(y, m, axis=0)
        return scipy.fft.irfft(spectrum, m, axis=0)[:n]

    with np.errstate(over="ignore", invalid="ignore"):
        rounding = 2.0 * math.sqrt(math.log2(m)) * np.sqrt((a * a).sum(0) * (b * b).sum(0))
        sums = convolve(np.abs(a), np.abs(b))[FFT_DIRECT:]
        if not (n * sums >= rounding).all():
            return None
        c = convolve(a, b)
    c[:FFT_DIRECT] = _rows(a[:FFT_DIRECT], b[:FFT_DIRECT], FFT_DIRECT, np.multiply)
    return c / scale.reshape(shape)


def _growth(a, b):
    """Binary logarithm of the factor by which both series grow a row, by least squares."""
    k, size = [], []
    for x in (a, b):
        largest = np.abs(x).reshape(len(x), -1).max(axis=1)
        live = np.flatnonzero(largest)
        if live.size > 1:
            k.append(live - live.mean())
            size.append(np.log2(largest[live]))
    if not k:
        return 0.0
    k, size = np.concatenate(k), np.concatenate(size)
    return float(k @ size / (k @ k))


def quotient(a, b, terms):
    """``q b = a``, solved for one row of `q` after the other."""
    a, b = aligned(a, b)
    if len(b) == 1:
        return a[:terms] / b
    q = np.zeros((terms, *np.broadcast_shapes(a.shape[1:], b.shape[1:])))
    for k in range(terms):
        row = a[k] if k < len(a) else 0.0
        q[k] = (row - _sum(b, q, k, 1)) / b[0]
    return q


def power(x, exponent, terms):
    """A real power: ``p = x^r`` solves ``x p' = r x' p``."""
    x, exponent = aligned(x, np.asarray(exponent)[None])
    first = np.power(x[0], exponent[0])
    p = np.zeros((1 if len(x) == 1 else terms, *first.shape))
    # k x_0 p_k = sum_j (r j - (k - j)) x_j p_{k-j}
    p[0] = first
    j = np.arange(float(len(x))).reshape(-1, *(1,) * (x.ndim - 1))
    for k in range(1, len(p)):
        p[k] = _sum(((exponent + 1.0) * j - k) * x, p, k, 1) / (k * x[0])
    return p


def integer_power(x, exponent, terms):
    """A power 1, 2, 3, ... by repeated squaring; `x` may pass through zero."""
    p = None
    while True:
        if exponent & 1:
            p = x[:terms] if p is None else product(p, x, terms)
        exponent >>= 1
        if exponent == 0:
            return p
        x = product(x, x, terms)


def sqrt(x, terms):
    """``s s = x``."""
    s = _start(x, terms, np.sqrt(x[0]))
    for k in range(1, len(s)):
        row = x[k] if k < len(x) else 0.0
        s[k] = (row - _sum(s[:k], s[:k], k, 1)) / (2.0 * s[0])
    return s


def exp(x, terms, first=np.exp):
    """``e' = e x'``."""
    e = _start(x, terms, np.exp(x[0]))
    weighted = _weighted(x)
    for k in range(1, len(e)):
        e[k] = _sum(weighted, e, k, 1) / k
    if first is not np.exp:
        e[0] = first(x[0])
    return e


def log(x, terms):
    """``x y' = x'``."""
    y = _start(x, terms, np.log(x[0]))
    weighted = np.zeros_like(y)
    for k in range(1, len(y)):
        row = x[k] if k < len(x) else 0.0
        y[k] = (row - _sum(x, weighted, k, 1) / k) / x[0]
        weighted[k] = k * y[k]
    return y


def sin_cos(x, terms, sign=-1.0):
    """``s' = c x'`` and ``c' = sign s x'``; of the hyperbolic functions for ``sign = 1``."""
    functions = (np.sin, np.cos) if sign < 0.0 else (np.sinh, np.cosh)
    s, c = (_start(x, terms, function(x[0])) for function in functions)
    weighted = _weighted(x)
    for k in range(1, len(s)):
        s[k] = _sum(weighted, c, k, 1) / k
        c[k] = sign * _sum(weighted, s, k, 1) / k
    return s, c


def tanh(x, terms):
    """``z' = w x'`` with ``w = 1 - z^2``.

    The first `w` is not a difference: far out, where `z` rounds to 1, all further rows are small
    and accurate.
    """
    z = _start(x, terms, np.tanh(x[0]))
    if len(z) == 1:
        return z
    w = np.empty((len(z) - 1, *z.shape[1:]))
    e = np.exp(-2.0 * np.abs(x[0]))
    w[0] = 4.0 * e / (1.0 + e) ** 2
    weighted = _weighted(x)
    for k in range(1, len(z)):
        z[k] = _sum(weighted, w, k, 1) / k
        if k < len(w):
            w[k] = -_sum(z[: k + 1], z[: k + 1], k, 0)
    return z


def logistic(x, terms):
    """``(1 + tanh(x/2)) / 2``; the first row, where this would cancel, by SciPy."""
    z = 0.5 * tanh(0.5 * x, terms)
    z[0] = scipy.special.expit(x[0])
    return z


def softplus(x, terms):
    """``log(1 + e^x)``, the integral of the logistic function."""
    return integral(x, logistic(x, terms), np.logaddexp(0.0, x[0]), terms)


def arctan(x, terms):
    """The integral of ``1 / (1 + x^2)``."""
    slope = product(x, x, terms)
    slope[0] += 1.0
    return integral(x, quotient(_ones(x), slope, terms), np.arctan(x[0]), terms)


def erf(x, terms):
    """The integral of ``2/sqrt(pi) e^{-x^2}``."""
    slope = 2.0 / math.sqrt(math.pi) * exp(-product(x, x, terms), terms)
    return integral(x, slope, scipy.special.erf(x[0]), terms)


def integral(x, slope, first, terms):
    """``y' = slope x'`` with a given first row."""
    y = _start(x, terms, first)
    weighted = _weighted(x)
    for k in range(1, len(y)):
        y[k] = _sum(weighted, slope, k, 1) / k
    return y


def _start(x, terms, first):
    """Rows to be filled; a constant has a constant image."""
    y = np.zeros((1 if len(x) == 1 else terms, *x.shape[1:]))
    y[0] = first
    return y


def _ones(x):
    return np.ones((1, *x.shape[1:]))


def _weighted(x):
    """The rows of ``t x'``."""
    return x * np.arange(float(len(x))).reshape(-1, *(1,) * (x.ndim - 1))


def _sum(a, b, k, first):
    """``sum_{j >= first} a_j b_{k-j}`` over the rows that there are."""
    low, high = max(first, k - len(b) + 1), min(k, len(a) - 1)
    if low > high:
        return 0.0
    if high - low < 3:
        total = a[low] * b[k - low]
        for j in range(low + 1, high + 1):
            total = total + a[j] * b[k - j]
        return total
    return np.einsum("j...,j...->...", a[low : high + 1], b[k - high : k - low + 1][::-1])
