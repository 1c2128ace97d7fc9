"""Functions of Taylor polynomials against 60 digits, analytic coefficients, and far out."""

import mpmath as mp
import numpy as np
import pytest
import scipy.special

from refimpl.taylor import Taylor, expand, logistic, logsumexp, relu, softplus
from tests.taylor.polynomials import EPS, FUNCTIONS

pytestmark = [pytest.mark.numerics, pytest.mark.once]


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
