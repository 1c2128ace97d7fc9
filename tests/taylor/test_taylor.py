"""Taylor polynomials against 60 digits, analytic coefficients, polynomials, and each other."""

import copy
import math
import pickle

import mpmath as mp
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import polynomial

from refimpl import taylor
from refimpl.errors import DtypeError, NotFiniteError, RangeError, ShapeError
from refimpl.errors import UnsupportedOperationError as Unsupported
from refimpl.taylor import Taylor, expand, line, logistic, logsumexp, relu, series, softplus

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=40)
SEEDS = st.integers(0, 2**32)
ORDERS = st.integers(0, 9)


def random(seed, order, shape=(), centre=0.0, size=1.0):
    """A polynomial whose value at t = 0 is near `centre`."""
    rows = size * np.random.default_rng(seed).uniform(-1.0, 1.0, (order + 1, *shape))
    rows[0] += centre
    return Taylor(rows)


def close(a, b, scale=1.0, ulps=64):
    """Equal up to roundings of sums of terms of size `scale`."""
    a, b = (x.coefficients if isinstance(x, Taylor) else x for x in (a, b))
    np.testing.assert_allclose(a, b, rtol=0, atol=ulps * EPS * scale)


# ------------------------------------------------------------------------- functions of one number

FUNCTIONS = {
    "exp": (np.exp, mp.exp),
    "exp2": (np.exp2, lambda x: mp.mpf(2) ** x),
    "expm1": (np.expm1, mp.expm1),
    "log": (np.log, mp.log),
    "log2": (np.log2, lambda x: mp.log(x, 2)),
    "log10": (np.log10, mp.log10),
    "log1p": (np.log1p, lambda x: mp.log(1 + x)),
    "sqrt": (np.sqrt, mp.sqrt),
    "half": (lambda x: x**0.5, mp.sqrt),
    "reciprocal": (np.reciprocal, lambda x: 1 / x),
    "quotient": (lambda x: (1.0 - x) / (2.0 + x * x), lambda x: (1 - x) / (2 + x * x)),
    "square": (np.square, lambda x: x * x),
    "seventh": (lambda x: x**7, lambda x: x**7),
    "inverse cube": (lambda x: x**-3, lambda x: x**-3),
    "real power": (lambda x: x**1.7, lambda x: x ** mp.mpf(1.7)),
    "of a base": (lambda x: 2.5**x, lambda x: mp.mpf(2.5) ** x),
    "x to the x": (lambda x: x**x, lambda x: x**x),
    "sin": (np.sin, mp.sin),
    "cos": (np.cos, mp.cos),
    "tan": (np.tan, mp.tan),
    "sinh": (np.sinh, mp.sinh),
    "cosh": (np.cosh, mp.cosh),
    "tanh": (np.tanh, mp.tanh),
    "arctan": (np.arctan, mp.atan),
    "erf": (scipy.special.erf, mp.erf),
    "logistic": (logistic, lambda x: 1 / (1 + mp.exp(-x))),
    "softplus": (softplus, lambda x: mp.log1p(mp.exp(x))),
    "logaddexp": (lambda x: np.logaddexp(x, x * x), lambda x: mp.log(mp.exp(x) + mp.exp(x * x))),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_against_sixty_digits(name):
    """Along a parabola, to order 12."""
    function, exact = FUNCTIONS[name]
    order, x0 = 12, 0.75
    with mp.workdps(60):

        def along(t):
            return exact(x0 + mp.mpf(1.25) * t - mp.mpf(0.375) * t * t)

        expected = np.array([float(c) for c in mp.taylor(along, 0, order)])
    found = function(Taylor([x0, 1.25, -0.375, *[0.0] * (order - 2)])).coefficients
    # The recursions are sums in the algebra of series with the norm sum |c_k| r^k, r inside the
    # circle of convergence; each of the rows adds some roundings of that norm.
    weight = 0.25 ** np.arange(order + 1)
    tolerance = 4 * order * EPS * np.sum(np.abs(expected) * weight) / weight
    assert (np.abs(found - expected) <= tolerance).all()


K = np.arange(25.0)
ANALYTIC = {
    "exp": (np.exp, 0.0, 1.0 / scipy.special.factorial(K)),
    "log1p": (np.log1p, 0.0, np.append(0.0, -((-1.0) ** K[1:]) / K[1:])),
    "geometric": (lambda x: 1.0 / (1.0 - x), 0.0, np.ones(25)),
    "sqrt": (np.sqrt, 1.0, scipy.special.binom(0.5, K)),
    "power": (lambda x: x**-1.5, 1.0, scipy.special.binom(-1.5, K)),
    "cube": (lambda x: x**3, 1.0, scipy.special.binom(3.0, K)),
    "sin": (
        np.sin,
        0.0,
        np.where(K % 2 == 1, (-1.0) ** (K // 2), 0.0) / scipy.special.factorial(K),
    ),
    "arctan": (np.arctan, 0.0, np.where(K % 2 == 1, (-1.0) ** (K // 2), 0.0) / np.maximum(K, 1.0)),
}


@pytest.mark.parametrize("name", ANALYTIC)
def test_analytic_coefficients(name):
    """Each coefficient to its own digits, however small: 4e-24 for the last of exp."""
    function, x, expected = ANALYTIC[name]
    # Each row of these recursions has one term of the size of the result, so errors add up row
    # by row; SciPy's binomials are some roundings off themselves.
    np.testing.assert_allclose(expand(function, x, 1.0, 24), expected, rtol=200 * EPS, atol=0)


FAR = {
    "tanh": (np.tanh, mp.tanh),
    "logistic": (logistic, lambda x: 1 / (1 + mp.exp(-x))),
    "softplus": (softplus, lambda x: mp.log1p(mp.exp(x))),
}


@pytest.mark.parametrize("x", [-300.0, -40.0, 40.0, 300.0])
@pytest.mark.parametrize("name", FAR)
def test_far_out(name, x):
    """Where the value is flat to rounding, derivatives keep their digits."""
    function, exact = FAR[name]
    with mp.workdps(400):
        expected = np.array([float(c) for c in mp.taylor(exact, mp.mpf(x), 4)])
    # exp amplifies the rounding of its argument by the argument.
    np.testing.assert_allclose(expand(function, x, 1.0, 4), expected, rtol=16 * abs(x) * EPS)


@pytest.mark.parametrize("x", [-1e5, 1e5])
def test_further_out_is_flat(x):
    """No overflow, no warning."""
    np.testing.assert_array_equal(expand(np.tanh, x, 1.0, 3), [np.sign(x), 0, 0, 0])
    np.testing.assert_array_equal(expand(logistic, x, 1.0, 3), [x > 0, 0, 0, 0])
    np.testing.assert_array_equal(expand(softplus, x, 1.0, 3), [max(x, 0.0), x > 0, 0, 0])
    np.testing.assert_array_equal(expand(relu, x, 1.0, 3), [max(x, 0.0), x > 0, 0, 0])


def test_relu_is_flat_at_zero():
    for function in (relu, lambda x: np.maximum(0.0, x), lambda x: x * (x > 0)):
        np.testing.assert_array_equal(expand(function, 0.0, 1.0, 2), [0, 0, 0])
    np.testing.assert_array_equal(expand(np.abs, 0.0, 1.0, 2), [0, 0, 0])
    np.testing.assert_array_equal(expand(np.abs, -2.0, 1.0, 2), [2, -1, 0])


# ---------------------------------------------------------------------------------------- algebra


@EXAMPLES
@given(SEEDS, ORDERS)
def test_ring(seed, order):
    """The axioms, and division as the inverse of multiplication."""
    a, b, c = (random(seed + i, order, (2, 3), size=1.0) for i in range(3))
    scale = 9.0 * (order + 1) ** 2
    close(a * b, b * a, scale)
    close((a * b) * c, a * (b * c), scale)
    close(a * (b + c), a * b + a * c, scale)
    close(a - a, np.zeros((order + 1, 2, 3)))
    close(1.0 * a + 0.0, a)
    d = random(seed + 3, order, (2, 3), centre=4.0)
    close((a / d) * d, a, scale)
    close(a / d, a * (1.0 / d), scale)


@EXAMPLES
@given(SEEDS, ORDERS)
def test_inverse_functions(seed, order):
    """exp of log, squares of roots, powers of powers, circle and hyperbola."""
    x = random(seed, order, (3,), centre=3.0)
    # Inside, coefficients stay below those of 1 / (2 - t - t^2 - ...), of size 1.
    scale = 10.0 * (order + 1) ** 2
    close(np.exp(np.log(x)), x, scale)
    close(np.log(np.exp(x)), x, 20 * scale)
    close(np.sqrt(x) ** 2, x, scale)
    close((x**1.5) ** 2, x**3, 30 * scale)
    close(x**-2 * x**2, np.ones(3) * np.eye(order + 1, 1), 100 * scale)
    e = np.exp(x).coefficients.max()
    close(np.sin(x) ** 2 + np.cos(x) ** 2, np.ones(3) * np.eye(order + 1, 1), e * e)
    close(softplus(x) - softplus(-x), x, scale)
    close(logistic(x) + logistic(-x), np.ones(3) * np.eye(order + 1, 1), scale)


@EXAMPLES
@given(SEEDS, st.integers(0, 6), st.integers(0, 6))
def test_product_of_polynomials(seed, m, n):
    """NumPy's own, not truncated."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal(m + 1), rng.standard_normal(n + 1)
    a_, b_ = (Taylor(np.append(x, np.zeros(20 - len(x)))) for x in (a, b))
    full = polynomial.polymul(a, b)
    close((a_ * b_).coefficients[: m + n + 1], full, np.abs(a).sum() * np.abs(b).sum())
    assert not (a_ * b_).coefficients[m + n + 1 :].any()
    close((a_**3).coefficients[: 3 * m + 1], polynomial.polypow(a, 3), np.abs(a).sum() ** 3)


@EXAMPLES
@given(SEEDS, st.sampled_from(sorted(FUNCTIONS)))
def test_chain_rule(seed, name):
    """f(g(t)) is the series of f at g(0) with the polynomial g - g(0) put in."""
    order, function = 5, FUNCTIONS[name][0]
    g = random(seed, order, centre=2.0, size=0.5)
    inner = g.coefficients
    outer = expand(function, inner[0], 1.0, order)
    off = np.append(0.0, inner[1:])
    expected, power, size = np.zeros(order + 1), np.ones(1), np.zeros(order + 1)
    for c in outer:
        padded = np.append(power, np.zeros(order + 1))[: order + 1]
        expected, size = expected + c * padded, size + np.abs(c * padded)
        power = polynomial.polymul(power, off)[: order + 1]
    # Sums of terms that may cancel; the steepest here is x**7, of size 2^7 times binomials.
    close(function(g), expected, max(size.max(), np.abs(outer).sum()))


@EXAMPLES
@given(SEEDS, st.sampled_from(sorted(FUNCTIONS)), st.integers(0, 8))
def test_truncation_changes_nothing(seed, name, order):
    """A coefficient does not depend on how many follow it."""
    long = random(seed, 8, (2,), centre=2.0, size=0.5)
    short = Taylor(long.coefficients[: order + 1])
    function = FUNCTIONS[name][0]
    far = function(long).coefficients[: order + 1]
    np.testing.assert_allclose(function(short).coefficients, far, rtol=16 * EPS, atol=16 * EPS)


def test_orders_mix_at_the_lower():
    a, b = line(1.0, 1.0, 5), line(2.0, 1.0, 2)
    assert (a * b).order == (b + a).order == np.maximum(a, b).order == 2
    np.testing.assert_array_equal((a * b).coefficients, [2.0, 3.0, 1.0])
    assert np.concatenate([a[None], b[None]]).order == 2


@pytest.mark.parametrize("shape", [(), (3,)])
def test_nested_differentiation(shape):
    """k! times the coefficient is the derivative of the derivative of ..., by hand-made duals."""

    def tanh(x):
        if not isinstance(x, tuple):
            return np.tanh(x)
        z = tanh(x[0])
        return z, mul(sub(1.0, mul(z, z)), x[1])

    def mul(a, b):
        if not isinstance(a, tuple) and not isinstance(b, tuple):
            return a * b
        if not isinstance(a, tuple):
            return mul(a, b[0]), mul(a, b[1])
        if not isinstance(b, tuple):
            return mul(a[0], b), mul(a[1], b)
        return mul(a[0], b[0]), add(mul(a[0], b[1]), mul(a[1], b[0]))

    def add(a, b):
        if not isinstance(a, tuple) and not isinstance(b, tuple):
            return a + b
        if not isinstance(a, tuple):
            a, b = b, a
        if not isinstance(b, tuple):
            return add(a[0], b), a[1]
        return add(a[0], b[0]), add(a[1], b[1])

    def sub(a, b):
        return add(a, mul(-1.0, b))

    def derivative(order, t=0.0):
        if order == 0:
            return tanh(add(x, mul(u, t)))
        result = derivative(order - 1, (t, 1.0))
        return result[1]

    rng = np.random.default_rng(5)
    x, u = rng.standard_normal((2, *shape))
    found = expand(np.tanh, x, u, 6)
    for k in range(7):
        # The k-th derivative of tanh is a sum of terms up to k! 2^k.
        atol = 64 * EPS * math.factorial(k) * 2.0**k * np.max(np.abs(u)) ** k
        np.testing.assert_allclose(math.factorial(k) * found[k], derivative(k), rtol=0, atol=atol)


# ------------------------------------------------------------------------------- high orders


def exact_product(a, b):
    """Each coefficient by an exactly rounded sum, and the sum of moduli."""
    n = len(a)
    terms = [[a[i] * b[k - i] for i in range(k + 1)] for k in range(n)]
    return np.array([math.fsum(t) for t in terms]), np.array(
        [math.fsum(map(abs, t)) for t in terms]
    )


@pytest.mark.parametrize("ratio", [1.0, 0.2, 6.0])
def test_long_products_by_transforms(ratio):
    """Geometric growth is scaled away; the rounding stays within that of sums."""
    rng = np.random.default_rng(0)
    n = 300
    k = np.arange(n)
    a, b = rng.standard_normal((2, n)) * np.exp2(np.log2(ratio) * k)
    two = np.array([1.0, -0.5])
    assert series._transformed(a[:, None] * two, b[:, None], n) is not None
    found = series.product(a[:, None] * two, b[:, None], n)
    expected, size = exact_product(a, b)
    np.testing.assert_array_equal(found[:, 1], -0.5 * found[:, 0])
    assert (np.abs(found[:, 0] - expected) <= n * EPS * size).all()


def test_one_long_product():
    """A single series changes to transforms later; both sides keep the bound of sums."""
    rng = np.random.default_rng(1)
    for n in (series.FFT_FROM_SINGLE - 1, series.FFT_FROM_SINGLE):
        a, b = rng.standard_normal((2, n))
        found, sums = series.product(a, b, n), np.convolve(a, b)[:n]
        assert (found == sums).all() == (n < series.FFT_FROM_SINGLE)
        size = np.convolve(np.abs(a), np.abs(b))[:n]
        assert (np.abs(found - sums) <= 2 * n * EPS * size).all()


def test_long_products_keep_small_coefficients():
    """e^t e^t falls faster than any geometric series: a transform would lose it, so sums it is."""
    n, terms = 150, series.FFT_FROM + 20
    e = np.zeros(terms)
    e[:n] = [1.0 / math.factorial(k) for k in range(n)]
    expected = np.array([2**k / math.factorial(k) for k in range(n)])
    x = e[:, None] + np.zeros(2)
    assert series._transformed(x, x, terms) is None
    found = series.product(x, x, terms)[:n, 0]
    np.testing.assert_allclose(found, expected, rtol=n * EPS)
    # Negative control: the transform itself is off beyond all digits.
    spectrum = np.fft.rfft(e, 2 * terms)
    assert np.max(np.abs(np.fft.irfft(spectrum**2, 2 * terms)[:n] / expected - 1.0)) > 1.0


def test_recursions_at_high_order():
    """exp, log and quotient at order 400, against their closed forms."""
    order = 400
    k = np.arange(order + 1.0)
    found = expand(np.exp, 0.0, 50.0, order)
    # By 50 digits: in floats the closed form would lose those of its exponent, whatever the
    # library's gamma function is. The recursion makes up to four roundings a row.
    with mp.workdps(50):
        exact = [float(mp.mpf(50) ** j / mp.factorial(j)) for j in range(order + 1)]
    np.testing.assert_allclose(found, exact, rtol=2 * order * EPS)
    np.testing.assert_allclose(expand(np.log, 1.0, -1.0, order)[1:], -1.0 / k[1:], rtol=order * EPS)
    np.testing.assert_allclose(expand(lambda x: 1.0 / x, 1.0, -1.0, order), 1.0, rtol=order * EPS)


# ----------------------------------------------------------------------------------------- arrays

RNG = np.random.default_rng(7)
M = RNG.standard_normal((4, 3))
STACK = RNG.standard_normal((2, 3, 4))
V3, V4 = RNG.standard_normal(3), RNG.standard_normal(4)
MASK = np.array([True, False, True, True])
# Of a polynomial of shape (3, 4) and degree 2, each result of degree 4 at most.
ARRAY_FUNCTIONS = {
    "right matrix": lambda x: x @ M,
    "left matrix": lambda x: M @ x,
    "right vector": lambda x: x @ V4,
    "left vector": lambda x: V3 @ x,
    "both": lambda x: x @ x.T,
    "vectors": lambda x: x[0] @ x[1],
    "vector and matrix": lambda x: x[:, 0] @ x,
    "matrix and vector": lambda x: x @ x[1],
    "constant stack": lambda x: STACK @ x.T,
    "stack": lambda x: np.stack([x, 2.0 * x]) @ x.T,
    "broadcast": lambda x: x * x[0] + x[:, :1] - V4,
    "less axes": lambda x: x[0] * STACK,
    "square": lambda x: x**2,
    "sum": lambda x: np.sum(x * x),
    "sums": lambda x: x.sum(axis=0) * np.sum(x, axis=1, keepdims=True),
    "mean": lambda x: np.mean(x * x, axis=(0, 1)),
    "variance": lambda x: np.var(x, axis=1),
    "all variance": lambda x: x.var(ddof=1),
    "add.reduce": lambda x: np.add.reduce(x, axis=1),
    "trace": np.trace,
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "diff": np.diff,
    "reshape": lambda x: x.reshape(2, 6) @ x.reshape((6, 2)),
    "reshape -1": lambda x: np.reshape(x, (-1,)),
    "ravel": lambda x: x.ravel()[::2] * x.flatten()[1::2],
    "transpose": lambda x: np.transpose(x) + x.T + x.transpose() + x.transpose(1, 0),
    "swapaxes": lambda x: x.swapaxes(0, 1)[:, None].squeeze(),
    "moveaxis": lambda x: np.moveaxis(x[None], 0, 2),
    "expand": lambda x: np.expand_dims(x, 1) * x,
    "broadcast_to": lambda x: np.broadcast_to(x[0], (5, 4)),
    "integers": lambda x: x[1, 2] * x[-1],
    "slices": lambda x: x[:, ::-2][1:],
    "ellipsis": lambda x: x[..., 0, None],
    "index array": lambda x: x[:, [2, 0, 0]],
    "two index arrays": lambda x: x[np.arange(3), [3, 1, 0]],
    "mask": lambda x: x[:, MASK],
    "split indices": lambda x: np.stack([x, x])[0, :, [1, 2]],
    "iteration": lambda x: sum(row * row for row in x),
    "concatenate": lambda x: np.concatenate([x, np.ones((1, 4)), x * x], axis=0),
    "stack rows": lambda x: np.stack([x[0], V4], axis=1),
    "hstack": lambda x: np.hstack([x, x * x]),
    "vstack": lambda x: np.vstack([x[0], x]),
    "split": lambda x: np.split(x, 2, axis=1)[0] * np.array_split(x, 2, axis=1)[1],
    "take": lambda x: np.take(x, [1, 1], axis=0) + x.take([0, 2], axis=0),
    "repeat": lambda x: np.repeat(x, 2, axis=0),
    "roll": lambda x: np.roll(x, 1) * np.flip(x, axis=0),
    "tile": lambda x: np.tile(x, (2, 1)),
    "triangle": lambda x: np.tril(x) + np.triu(x) + np.diag(np.diag(x[:, :3])) @ x,
    "dot": lambda x: np.dot(x, M) @ x.dot(V4),
    "inner": lambda x: np.inner(x, x),
    "outer": lambda x: np.outer(x[0], x[1]),
    "tensordot": lambda x: np.tensordot(x, x, axes=([1], [1])),
    "kron": lambda x: np.kron(x, V3),
    "convolve": lambda x: np.convolve(x[0], x[1]),
    "einsum": lambda x: np.einsum("ij,kj,j->ik", x, x, V4),
    "einsum of one": lambda x: np.einsum("ij,jk->ki", x, M),
    "where": lambda x: np.where(MASK, x, x * x),
    "where constant": lambda x: np.where(x > 0.0, x, 0.5),
    "maximum": lambda x: np.maximum(x, 0.3) + np.minimum(0.1, x),
    "clip": lambda x: np.clip(x, -0.5, 0.5) + x.clip(0.0, None),
    "max": lambda x: np.max(x, axis=1) * x.min(axis=1),
    "max of all": lambda x: np.max(x) - np.min(x, keepdims=True),
    "max kept": lambda x: x - np.max(x, axis=0, keepdims=True),
    "sign": lambda x: np.sign(x) * np.fabs(x) - abs(x) + x * (x < 0.0),
    "zeros": lambda x: np.zeros_like(x) + np.ones_like(x) * x + np.full_like(x, 2.0),
    "by a number": lambda x: 2 * x / 4 - x * np.float64(3.0) + (-x) + (+x) + np.int64(2) * x,
    "by float32": lambda x: x * np.ones(4, dtype=np.float32),
    "by a bool": lambda x: x * MASK,
    "in place": lambda x: in_place(x),
    "shape": lambda x: np.ones(np.shape(x)) * len(x) * x.size * x.ndim + np.size(x) * x,
}


def in_place(x):
    y = x.copy()
    y += 1.0
    y *= x
    return y - x


@pytest.mark.parametrize("name", ARRAY_FUNCTIONS)
def test_array_functions(name):
    """The polynomial of the result, evaluated, is the function of the polynomial, evaluated."""
    function = ARRAY_FUNCTIONS[name]
    rows = np.random.default_rng(3).standard_normal((3, 3, 4))
    x = Taylor(np.concatenate([rows, np.zeros((2, 3, 4))]))
    found = function(x)
    # Small enough that the choices made at t = 0 hold.
    for t in (-0.01, 0.005, 0.02):
        expected = function(polynomial.polyval(t, rows))
        value = polynomial.polyval(t, found.coefficients)
        # Sums of at most 20 products of numbers of size 3.
        close(value, expected, 200.0)
        assert found.shape == expected.shape
    np.testing.assert_array_equal(x.coefficients[:3], rows)


def test_choices_at_a_tie():
    """The constant, as in relu; of two polynomials the first; of several entries the first."""
    a, b = line(1.0, 2.0, 1), line(1.0, 3.0, 1)
    for extremum in (np.maximum, np.minimum):
        np.testing.assert_array_equal(extremum(a, 1.0).coefficients, [1, 0])
        np.testing.assert_array_equal(extremum(1.0, a).coefficients, [1, 0])
        np.testing.assert_array_equal(extremum(a, b).coefficients, [1, 2])
        np.testing.assert_array_equal(extremum(b, a).coefficients, [1, 3])
    np.testing.assert_array_equal(np.max(np.stack([b, a])).coefficients, [1, 3])


def test_logsumexp():
    """Of large scores, over any axes, and in the forms in which it is written out."""
    rng = np.random.default_rng(4)
    z = Taylor(
        np.concatenate([1000.0 + rng.standard_normal((1, 5, 3)), rng.standard_normal((3, 5, 3))])
    )
    found = logsumexp(z, axis=1)
    m = np.max(z, axis=1, keepdims=True)
    written = (m + np.log(np.sum(np.exp(z - m), axis=1, keepdims=True)))[:, 0]
    # Values of 1000 round to 1000 eps; the other rows are of size 10.
    close(found, written, 1000.0)
    close(found.coefficients[1:], written.coefficients[1:], 10.0)
    close(np.logaddexp.reduce(z, axis=1).coefficients[1:], found.coefficients[1:], 10.0)
    pair = np.logaddexp(np.logaddexp(z[:, 0], z[:, 1]), z[:, 2])
    close(pair.coefficients[1:], found.coefficients[1:], 10.0)
    assert logsumexp(z).shape == ()
    assert logsumexp(z, keepdims=True).shape == (1, 1)
    assert logsumexp(z, axis=(0, 1)).shape == ()
    assert logsumexp(z, axis=0, keepdims=True).shape == (1, 3)
    close(logsumexp(z, axis=(0, 1)).coefficients[1:], logsumexp(z.ravel()).coefficients[1:], 10.0)
    # The plain one is SciPy's.
    close(logsumexp(z.coefficients[0], axis=1), found.coefficients[0], 1000.0)


def test_softmax_cumulants():
    """Along u the coefficients of log-sum-exp are the cumulants of u under softmax, over k!."""
    rng = np.random.default_rng(8)
    z, u = rng.standard_normal((2, 6))
    p = np.exp(z) / np.exp(z).sum()
    mean = p @ u
    second, third = p @ (u - mean) ** 2, p @ (u - mean) ** 3
    close(expand(logsumexp, z, u, 3), [np.log(np.exp(z).sum()), mean, second / 2, third / 6], 10.0)


def test_constants_cost_nothing():
    """Rows that are zero by construction are not there; slices drop those that happen to be."""
    x = line(np.ones(4), [0.0, 0.0, 1.0, 1.0], 5)
    assert len(x[:2]._rows) == len(np.tanh(x[:2] @ np.ones((2, 2)))._rows) == 1
    assert len(x._rows) == 2
    assert len((x * x)._rows) == 3
    assert (x * x).coefficients.shape == (6, 4)


# ------------------------------------------------------------------------------- what is refused

X = line(np.array([1.0, 2.0]), 1.0, 2)
UNSUPPORTED = {
    "numpy.prod": lambda: np.prod(X),
    "numpy.round": lambda: np.round(X),
    "numpy.linalg.*norm": lambda: np.linalg.norm(X),
    "arctan2": lambda: np.arctan2(X, 1.0),
    "remainder": lambda: X % 2,
    "floor_divide": lambda: X // 2,
    "add.accumulate": lambda: np.add.accumulate(X),
    "sum takes no initial": lambda: np.sum(X, initial=1.0),
    "sum takes no dtype": lambda: X.sum(dtype=np.float32),
    "add takes no where": lambda: np.add(X, X, where=[True, False]),
    "add cannot write": lambda: np.add(np.ones(2), X, out=np.ones(2)),
    "max takes one axis": lambda: np.max(X[None], axis=(0, 1)),
    "einsum takes at most two": lambda: np.einsum("i,i,i->", X, X, X),
    "einsum takes its subscripts": lambda: np.einsum(X, [0], X, [0]),
    "where takes a plain condition": lambda: np.where(X, 1.0, 0.0),
    "take takes a polynomial": lambda: np.take(X, X),
    "'prod'": lambda: X.prod(),
    "==": lambda: X == 1.0,
    "!=": lambda: X != 1.0,
    "bool": lambda: bool(X[0]),
    "float": lambda: math.exp(X[0]),
    "int": lambda: int(X[0]),
    "plain array": lambda: np.asarray(X),
    "entries cannot": lambda: X.__setitem__(0, 1.0),
    "an index": lambda: X[X],
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported(name):
    """The message names the operation."""
    with pytest.raises(Unsupported, match=f"Taylor: .*{name}"):
        UNSUPPORTED[name]()


def test_unsupported_inside_numpy():
    """NumPy itself speaks first when an entry of its array is assigned; the cause is ours."""
    with pytest.raises(ValueError, match="sequence") as caught:
        np.zeros(2)[0] = X[0]
    assert isinstance(caught.value.__cause__, Unsupported)
    with pytest.raises(Unsupported, match="plain array"):
        np.zeros(2)[:] = X
    plain = np.ones(2)
    with pytest.raises(Unsupported, match="x = x \\+ y"):
        plain += X
    assert not hasattr(X, "prod")


NOT_FINITE = {
    "log": lambda: np.log(X - 1.0),
    "sqrt.*t.1": lambda: np.sqrt(X - 1.0),
    "divide": lambda: 1.0 / (X - 1.0),
    "power": lambda: (X - 2.0) ** 0.3,
    "power.*value": lambda: (X - 2.0) ** -1,
    "exp": lambda: np.exp(1000.0 * X),
    "multiply": lambda: X * np.array([1.0, np.nan]),
    "where": lambda: np.where(X > 1.5, X, -np.inf),
    "Taylor": lambda: Taylor([1.0, np.nan]),
    "taylor": lambda: line([1.0, np.inf], 1.0, 1),
    "taylor: the value": lambda: expand(lambda x: np.nan, 1.0, 1.0, 1),
}


@pytest.mark.parametrize("name", NOT_FINITE)
def test_not_finite(name):
    """No warning, no NaN: an error that names the operation."""
    with pytest.raises(NotFiniteError, match=name):
        NOT_FINITE[name]()


@pytest.mark.parametrize("bad", [1j, np.array([None, 1.0]), "a", np.array(["2020"], "datetime64")])
def test_not_real(bad):
    for attempt in (lambda: X * bad, lambda: Taylor(bad), lambda: line(bad, 1.0, 1)):
        with pytest.raises(DtypeError, match="real numbers"):
            attempt()


def test_wrong_input():
    with pytest.raises(ShapeError, match="order \\+ 1"):
        Taylor(3.0)
    with pytest.raises(ShapeError, match="order \\+ 1"):
        Taylor(np.ones((0, 2)))
    with pytest.raises(ShapeError, match="scalar"):
        _ = X @ 2.0
    for order in (-1, 1.5, True, None):
        with pytest.raises(RangeError, match="whole order"):
            line(1.0, 1.0, order)
    with pytest.raises(TypeError, match="no length"):
        len(X[0])


def test_kinds_of_numbers():
    """Whole numbers, booleans and short floats are real numbers; results are float64."""
    for kind in (np.int8, np.uint64, np.bool_, np.float16, np.float32, np.longdouble):
        x = line(np.ones(2, dtype=kind), np.ones(2, dtype=kind), 2)
        assert x.dtype == np.float64
        np.testing.assert_array_equal((x * x).coefficients[:, 0], [1, 2, 1])


def test_a_value_like_others():
    """Printed, copied, pickled; of order 0; and a plain result is a constant."""
    x = line([1.0, 2.0], 1.0, 1)
    assert repr(x[0]) == "Taylor([1., 1.])"
    for other in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), np.copy(x), x.copy()):
        np.testing.assert_array_equal(other.coefficients, x.coefficients)
    np.testing.assert_array_equal(expand(np.sin, 0.5, 1.0, 0), [np.sin(0.5)])
    np.testing.assert_array_equal(expand(lambda x: 3, 0.5, 1.0, 2), [3, 0, 0])
    assert set(taylor.__all__) <= set(dir(taylor))
    y = x.coefficients
    y[:] = 9.0
    np.testing.assert_array_equal(x.coefficients, [[1, 2], [1, 1]])


def test_perturbed_rounding():
    """With a generator inside, each operation errs by some eps, repeatably; zeros stay."""
    x = line(np.linspace(0.5, 1.5, 5), [1.0, 0.0, 1.0, 0.0, 1.0], 3)

    def run(seed):
        from refimpl.taylor.array import make

        rng = np.random.default_rng(seed) if seed is not None else None
        return np.tanh(make(x._rows, 3, rng) ** 2).coefficients

    plain = run(None)
    np.testing.assert_array_equal(plain, np.tanh(x**2).coefficients)
    assert (run(0) == run(0)).all()
    off = run(0) - plain
    assert (off[plain != 0.0] != 0.0).mean() > 0.5
    assert not off[plain == 0.0].any()
    # Two perturbed operations, each off by at most eps of its result, and the second amplifies
    # what the first did to its rows by their products, some tens in size.
    assert np.abs(off).max() <= 100 * EPS


# Terms that are small beside what is added to them.


@pytest.mark.parametrize("z", [[0.0, -40.0], [3.0, -37.0, -60.0], [300.0, -30.0]])
def test_small_terms_of_logsumexp(z):
    """Along each entry, the largest one too, against mpmath."""
    import mpmath

    with mpmath.workdps(400):
        for i in range(len(z)):

            def along(t, i=i):
                terms = [mpmath.mpf(x) + (t if k == i else 0) for k, x in enumerate(z)]
                return mpmath.log(sum(map(mpmath.exp, terms)))

            expected = [float(c) for c in mpmath.taylor(along, 0, 3)]
            found = expand(logsumexp, z, np.eye(len(z))[i], 3)
            np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_logsumexp_over_some_axes():
    """With the largest in another place of each row, against one row at a time."""
    rng = np.random.default_rng(0)
    z, u = 30.0 * rng.standard_normal((2, 3, 4, 2))
    for axis in (0, 1, -1, (0, 2), (2, 0), None):
        found = expand(lambda x, axis=axis: logsumexp(x, axis=axis), z, u, 3)
        full = expand(lambda x, axis=axis: logsumexp(x, axis=axis, keepdims=True), z, u, 3)
        assert full[0].shape == np.sum(z, axis=axis, keepdims=True).shape
        np.testing.assert_array_equal(full.ravel(), found.ravel())
    rows = [[expand(logsumexp, z[i, :, k], u[i, :, k], 3) for k in range(2)] for i in range(3)]
    found = expand(lambda x: logsumexp(x, axis=1), z, u, 3)
    np.testing.assert_allclose(found, np.moveaxis(rows, -1, 0), rtol=1e-13)
