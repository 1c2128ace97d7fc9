import mpmath
import numba
import numpy as np
import pytest
import scipy.optimize
from numba import types

from refimpl import functions, minimize
from refimpl.errors import NotFiniteError, ShapeError, UnknownNameError

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
ALL = functions.all()
EVERY = pytest.mark.parametrize("function", ALL.values(), ids=ALL.keys())


def points(function, n=5, seed=0):
    low, high = function.domain
    return np.random.default_rng(seed).uniform(low, high, (n, function.dimension))


# Beale's function, written a second time, for numbers of any precision.


def beale(u, v):
    terms = ((mpmath.mpf(3) / 2, 1), (mpmath.mpf(9) / 4, 2), (mpmath.mpf(21) / 8, 3))
    return sum((c - u + u * v**k) ** 2 for c, k in terms)


def beale_majorant(u, v):
    """All signs positive: its derivatives bound the sums of absolute terms of `beale`'s."""
    terms = ((mpmath.mpf(3) / 2, 1), (mpmath.mpf(9) / 4, 2), (mpmath.mpf(21) / 8, 3))
    return sum((c + u + u * v**k) ** 2 for c, k in terms)


def derivatives(f, x, order):
    """All partial derivatives of one order with 40 digits, as an array with `order` axes."""
    D = len(x)
    with mpmath.workdps(40):
        x = [mpmath.mpf(float(c)) for c in x]
        result = np.empty((D,) * order)
        for index in np.ndindex(result.shape):
            counts = tuple(index.count(i) for i in range(D))
            result[index] = mpmath.diff(f, x, counts) if order else f(*x)
    return result


# A product of at most six factors and a sum of a dozen terms, each rounded.
ROUNDINGS = 20 * EPS


@pytest.mark.parametrize("x", [*points(functions.beale), np.array([3.0, 0.5]), np.zeros(2)])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_beale(x, order):
    """Value, gradient and Hessian against 40 digits, to the rounding of their own terms."""
    f = functions.beale
    found = (f.value, f.gradient, f.hessian)[order](x)
    bound = derivatives(beale_majorant, abs(x), order)
    assert np.all(abs(found - derivatives(beale, x, order)) <= ROUNDINGS * bound)


@pytest.mark.parametrize("x", points(functions.beale3))
@pytest.mark.parametrize("order", [0, 1, 2])
def test_beale3(x, order):
    def both(f):
        return lambda u, v, w: f(u, v) + f(w, v)

    f = functions.beale3
    found = (f.value, f.gradient, f.hessian)[order](x)
    bound = derivatives(both(beale_majorant), abs(x), order)
    assert np.all(abs(found - derivatives(both(beale), x, order)) <= ROUNDINGS * bound)


def test_beale_by_hand():
    """At the origin only the constants are left, at the saddle (0, 1) as well."""
    constants = 1.5**2 + 2.25**2 + 2.625**2
    assert functions.beale.value([0.0, 0.0]) == constants
    assert functions.beale.value([0.0, 1.0]) == constants
    np.testing.assert_array_equal(functions.beale.hessian([0.0, 1.0]), [[0.0, 27.75], [27.75, 0.0]])


def test_beale_far_saddle_to_the_last_digit():
    """Newton's method with 30 digits, from the listed position: it is the nearest of numbers."""
    listed = functions.beale.saddles[1]
    with mpmath.workdps(30):
        slopes = [
            lambda u, v: mpmath.diff(beale, (u, v), (1, 0)),
            lambda u, v: mpmath.diff(beale, (u, v), (0, 1)),
        ]
        exact = [float(c) for c in mpmath.findroot(slopes, tuple(map(float, listed)))]
    np.testing.assert_array_equal(listed, exact)
    assert np.prod(np.linalg.eigvalsh(functions.beale.hessian(listed))) < 0


@pytest.mark.parametrize("t", [-3.0, -0.5, 0.0, 1.0, 4.0])
def test_beale3_has_a_line_of_stationary_points(t):
    np.testing.assert_array_equal(functions.beale3.gradient([t, 1.0, -t]), 0.0)


def test_beale3_on_its_diagonal_is_twice_beale():
    u, v = 1.3, -0.4
    assert functions.beale3.value([u, v, u]) == 2 * functions.beale.value([u, v])


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_rosenbrock_is_scipys(n):
    f = functions.rosenbrock(n)
    for x in points(f, seed=n):
        majorant = 1200 * (1 + np.abs(x).max()) ** 4 * n
        kwargs = {"rtol": 0, "atol": ROUNDINGS * majorant}
        np.testing.assert_allclose(f.value(x), scipy.optimize.rosen(x), **kwargs)
        np.testing.assert_allclose(f.gradient(x), scipy.optimize.rosen_der(x), **kwargs)
        np.testing.assert_allclose(f.hessian(x), scipy.optimize.rosen_hess(x), **kwargs)


# What holds for every function of the laboratory.


def difference(f, x, h):
    """Derivative by a five-point formula, one more axis at the end."""
    columns = []
    for e in np.eye(x.size) * h:
        near, far = f(x + e) - f(x - e), f(x + 2 * e) - f(x - 2 * e)
        columns.append((8.0 * near - far) / (12.0 * h))
    return np.stack(columns, axis=-1)


@EVERY
def test_derivatives_agree(function):
    """Differences of the value give the gradient, differences of the gradient the Hessian.

    With h = 1e-3 the five-point formula is off by h^4 / 30 fifth derivatives and by eps / h of
    the values; for polynomials of low degree over a domain of a few units both stay below 1e-9 of
    the largest value, whose share 1e-8 is a hundred times below the effect of one wrong digit.
    """
    for x in points(function, n=4):
        g, H = function.gradient(x), function.hessian(x)
        around = [function.value(x + e) for e in np.eye(x.size)] + [function.value(x)]
        scale = max(1.0, np.abs(around).max())
        np.testing.assert_allclose(
            difference(function.value, x, 1e-3), g, rtol=0, atol=1e-8 * scale
        )
        scale = max(scale, np.abs(g).max(), np.abs(H).max())
        np.testing.assert_allclose(
            difference(function.gradient, x, 1e-3), H, rtol=0, atol=1e-8 * scale
        )
        np.testing.assert_array_equal(H, H.T)


@EVERY
def test_listed_points_are_stationary(function):
    """A listed position is rounded by eps |p|, which the Hessian turns into a gradient.

    The factor: the gradient's own terms cancel there and are larger than ``|H| |p|`` by less than
    the degree of the function, and there are a dozen roundings.
    """
    for p in (*function.minima, *function.saddles):
        H = np.abs(function.hessian(p)).sum()
        tolerance = 100 * EPS * max(1.0, np.abs(p).max()) * max(1.0, H)
        assert np.abs(function.gradient(p)).max() <= tolerance


@EVERY
def test_minima(function):
    """No negative curvature, the stated value, and nothing lower in the domain's sample."""
    for p in function.minima:
        values = np.linalg.eigvalsh(function.hessian(p))
        assert values[0] >= -100 * EPS * abs(values).max()
        # The position's rounding enters squared; the value's terms are rounded.
        tolerance = 100 * EPS * max(1.0, abs(function.minimum_value))
        assert abs(function.value(p) - function.minimum_value) <= tolerance
    if len(function.minima):
        lowest = min(function.value(x) for x in points(function, n=200))
        assert lowest >= function.minimum_value


@EVERY
def test_saddles(function):
    """Lower in one direction and higher in another; by curvature, where there is any."""
    rng = np.random.default_rng(0)
    for p in function.saddles:
        H = function.hessian(p)
        values = np.linalg.eigvalsh(H)
        if abs(values).max() > 1e-6:
            assert values[0] < -1e-6 * abs(values).max()
        else:
            circle = rng.standard_normal((200, function.dimension))
            around = np.array([function.value(p + 0.1 * c) for c in circle]) - function.value(p)
            assert around.min() < 0 < around.max()


@EVERY
def test_description(function):
    assert function.source
    assert function.domain[0] < function.domain[1]
    assert function.minima.shape[1:] == function.saddles.shape[1:] == (function.dimension,)
    assert function.name in repr(function)
    assert functions.get(function.name).name == function.name
    assert ALL[function.name] is function
    x = points(function, n=1)[0]
    assert function(x) == function.value(x)


@EVERY
def test_values_are_arrays_of_the_right_kind(function):
    """Lists and integers are taken, float64 comes back, and the position is not changed."""
    x = np.zeros(function.dimension)
    assert isinstance(function.value(x.astype(int).tolist()), float)
    for result, shape in (
        (function.gradient(x), (function.dimension,)),
        (function.hessian(x), (function.dimension, function.dimension)),
    ):
        assert result.shape == shape
        assert result.dtype == np.float64
        assert not np.shares_memory(result, x)
    np.testing.assert_array_equal(x, 0.0)


@EVERY
def test_bad_positions(function):
    n = function.dimension
    for derivative in (function.value, function.gradient, function.hessian):
        for shape in (n + 1, (n, 1), ()):
            with pytest.raises(ShapeError, match=r"expected x of shape"):
                derivative(np.zeros(shape))
        for bad in (np.nan, np.inf):
            with pytest.raises(NotFiniteError, match="finite"):
                derivative(np.full(n, bad))


@pytest.mark.compiled
@EVERY
def test_callable_by_address(function):
    """One compiled caller takes the value, gradient and Hessian of every function."""
    x = points(function, n=1)[0]
    value, gradient, hessian = by_address(
        function.value.kernel, function.gradient.kernel, function.hessian.kernel, x, function.data
    )
    assert value == function.value(x)
    np.testing.assert_array_equal(gradient, function.gradient(x))
    np.testing.assert_array_equal(hessian, function.hessian(x))
    assert len(by_address.signatures) == 1


VECTOR, MATRIX = types.float64[::1], types.float64[:, ::1]


@numba.njit(
    types.Tuple((types.float64, VECTOR, MATRIX))(
        types.FunctionType(types.float64(VECTOR, VECTOR)),
        types.FunctionType(VECTOR(VECTOR, VECTOR)),
        types.FunctionType(MATRIX(VECTOR, VECTOR)),
        VECTOR,
        VECTOR,
    )
)
def by_address(value, gradient, hessian, x, data):
    return value(x, data), gradient(x, data), hessian(x, data)


# Names and one's own functions.


def test_names():
    assert functions.get("beale") is functions.beale
    assert functions.get("rosenbrock(10)").dimension == 10
    with pytest.raises(UnknownNameError, match="did you mean 'beale'"):
        functions.get("beal")
    with pytest.raises(UnknownNameError, match=r"known: .*beale"):
        functions.get("zzzzzz")
    with pytest.raises(UnknownNameError):
        functions.get("beale(3)")


@pytest.mark.parametrize("n", [1, 0, -2])
def test_rosenbrock_needs_two_dimensions(n):
    with pytest.raises(ShapeError, match="at least 2"):
        functions.rosenbrock(n)


def test_function_of_ones_own_with_parameters():
    """The parameters reach the three texts as a flat array, so two sets share one code."""

    def value(x, data):
        return data[0] * x[0] ** 2 + data[1]

    def gradient(x, data):
        return 2.0 * data[0] * x

    def hessian(x, data):
        return np.full((1, 1), 2.0 * data[0])

    for a, b in ((1.0, 2.0), (-3.0, 0.5)):
        own = functions.Function(
            name="parabola",
            dimension=1,
            value=value,
            gradient=gradient,
            hessian=hessian,
            minima=[],
            saddles=[],
            minimum_value=-np.inf,
            domain=(-1.0, 1.0),
            source="this test",
            data=[[a], [b]],
        )
        assert own.value([2.0]) == 4.0 * a + b
        assert own.gradient([2.0]) == [4.0 * a]
        assert own.hessian([2.0]) == [[2.0 * a]]
        assert own.minima.shape == (0, 1)


def test_function_of_ones_own_that_writes_into_its_argument():
    """Each of the three gets a copy; the positions of the caller, and of a run, stay."""

    def value(x, data):
        x -= 1.0
        return np.sum(x * x)

    def gradient(x, data):
        x -= 1.0
        x *= 2.0
        return x

    def hessian(x, data):
        x[:] = 0.0
        return np.diag(x + 2.0)

    own = functions.Function(
        name="rude",
        dimension=2,
        value=value,
        gradient=gradient,
        hessian=hessian,
        minima=[[1.0, 1.0]],
        saddles=[],
        minimum_value=0.0,
        domain=(-1.0, 1.0),
        source="this test",
    )
    x = np.array([3.0, 4.0])
    assert own.value(x) == 13.0
    np.testing.assert_array_equal(own.gradient(x), [4.0, 6.0])
    np.testing.assert_array_equal(own.hessian(x), 2.0 * np.eye(2))
    np.testing.assert_array_equal(x, [3.0, 4.0])
    for method in ("sgd", "fogr", "newton"):
        result = minimize(own, x, method=method, steps=6)
        expected = minimize(
            lambda x: value(x.copy(), None),
            x,
            jac=lambda x: gradient(x.copy(), None),
            hess=lambda x: 2.0 * np.eye(2),
            method=method,
            steps=6,
        )
        np.testing.assert_array_equal(result.path, expected.path)
