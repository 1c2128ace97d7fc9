"""The algebra of series: axioms, recursions, truncation, and products of high order."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import polynomial

from refimpl.taylor import Taylor, expand, line, logistic, series, softplus
from tests.taylor.polynomials import EPS, EXAMPLES, FUNCTIONS, ORDERS, SEEDS, close, random

pytestmark = [pytest.mark.numerics, pytest.mark.once]


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
