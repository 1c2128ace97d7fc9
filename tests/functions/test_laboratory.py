"""The laboratory beside Beale and Rosenbrock: derivatives, stationary points, registry."""

import doctest
import itertools

import mpmath as mp
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, functions
from refimpl.errors import RangeError, ShapeError, UnknownNameError
from refimpl.functions import (
    bounded_saddle,
    quadratic,
    random_rotation,
    separable,
    styblinski_tang,
)

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 20)
R3 = random_rotation(np.random.default_rng(1), 3)
BOWL, SADDLE, WELLS = [4.0, 0.5, 1.0], [3.0, -2.0, 0.5], [-3.0, 2.0, -1.0]

# Each as its source prints it, for numbers of any precision.
DEFINITIONS = {
    "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "matyas": lambda x, y: mp.mpf(26) / 100 * (x**2 + y**2) - mp.mpf(48) / 100 * x * y,
    "booth": lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
    "monkey_saddle": lambda x, y: x**3 - 3 * x * y**2,
    "goldstein_price": lambda x, y: (
        (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2))
        * (30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2))
    ),
}


def tilted_wells(*x):
    return sum(t**4 - 16 * t**2 + 5 * t for t in x) / 2


def in_frame(spectrum, c, R):
    """``sum lambda_i y_i^2 / 2 + c y_i^4 / 4`` with ``y = R x``, from the exact binary numbers."""

    def definition(*x):
        y = [mp.fsum(mp.mpf(float(r)) * t for r, t in zip(row, x, strict=True)) for row in R]
        return mp.fsum(
            mp.mpf(s) * t**2 / 2 + mp.mpf(c) * t**4 / 4 for s, t in zip(spectrum, y, strict=True)
        )

    return definition


CASES = {name: (getattr(functions, name), f) for name, f in DEFINITIONS.items()} | {
    "styblinski_tang(1)": (styblinski_tang(1), tilted_wells),
    "styblinski_tang": (styblinski_tang(), tilted_wells),
    "styblinski_tang(4)": (styblinski_tang(4), tilted_wells),
    "quadratic": (quadratic(SADDLE), in_frame(SADDLE, 0, np.eye(3))),
    "quadratic, rotated": (quadratic(SADDLE, R3), in_frame(SADDLE, 0, R3)),
    "bounded_saddle": (bounded_saddle(WELLS, 0.5), in_frame(WELLS, 0.5, np.eye(3))),
    "bounded_saddle, rotated": (bounded_saddle(WELLS, 0.5, R3), in_frame(WELLS, 0.5, R3)),
}


def positions(function, seed, n):
    rng = np.random.default_rng(seed)
    return rng.uniform(*function.domain, (n, function.dimension))


def partial(definition, x, *orders):
    """A partial derivative by 30-digit differences of the definition."""
    with mp.workdps(30):
        return float(mp.diff(definition, tuple(map(mp.mpf, map(float, x))), orders))


def scale_of(derivative, function):
    """Largest entry at the domain's corners, where the terms of a polynomial are largest."""
    corners = itertools.product(function.domain, repeat=function.dimension)
    return max(np.abs(derivative(np.array(corner))).max() for corner in corners)


# Some thirty roundings, none of a term above a few times the largest entry in the domain.
ROUNDINGS = 64 * EPS


@pytest.mark.parametrize("case", CASES)
def test_value(case):
    function, definition = CASES[case]
    for x in positions(function, 1, 10):
        expected = float(definition(*map(mp.mpf, map(float, x))))
        assert abs(function.value(x) - expected) <= ROUNDINGS * scale_of(function.value, function)


@pytest.mark.parametrize("case", CASES)
def test_gradient(case):
    function, definition = CASES[case]
    D = function.dimension
    for x in positions(function, 2, 5):
        expected = [partial(definition, x, *row) for row in np.eye(D, dtype=int).tolist()]
        tolerance = ROUNDINGS * scale_of(function.gradient, function)
        np.testing.assert_allclose(function.gradient(x), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", CASES)
def test_hessian(case):
    function, definition = CASES[case]
    D = function.dimension
    unit = np.eye(D, dtype=int)
    for x in positions(function, 3, 3):
        expected = [
            [partial(definition, x, *(unit[i] + unit[j]).tolist()) for j in range(D)]
            for i in range(D)
        ]
        tolerance = ROUNDINGS * max(scale_of(function.hessian, function), 1.0)
        H = function.hessian(x)
        np.testing.assert_allclose(H, expected, rtol=0, atol=tolerance)
        np.testing.assert_array_equal(H, H.T)


LISTED = functions.all() | {
    "styblinski_tang(1)": styblinski_tang(1),
    "styblinski_tang(3)": styblinski_tang(3),
    "styblinski_tang(20)": styblinski_tang(20),
    "bowl": quadratic(BOWL, R3),
    "saddle": quadratic(SADDLE, R3),
    "summit": quadratic([-1.0, -2.0]),
    "bounded, rotated": bounded_saddle(WELLS, 0.5, R3),
    "bounded, 12 wells": bounded_saddle(-np.arange(1.0, 13.0), 2.0),
    "bounded, stiff": bounded_saddle([-1.0, 1e4, -1e-4]),
}


def rounding(function, x):
    """What a gradient may be off at a stationary point of modulus ``|x|`` rounded to double.

    ``eps |H| |x|`` for the point itself, and as much for each of the few dozen operations, whose
    terms are of that size: they cancel.
    """
    return 64 * EPS * np.linalg.norm(function.hessian(x), 2) * np.linalg.norm(x)


@pytest.mark.parametrize("name", LISTED)
def test_listed_points_are_stationary(name):
    function = LISTED[name]
    for x in [*function.minima, *function.saddles]:
        assert np.linalg.norm(function.gradient(x)) <= rounding(function, x)


@pytest.mark.parametrize("name", LISTED)
def test_minima(name):
    """Curvature positive in every direction, the value as listed; no minimum, no bound below."""
    function = LISTED[name]
    for x in function.minima:
        assert np.linalg.eigvalsh(function.hessian(x)).min() > 0.0
        tolerance = rounding(function, x) * np.linalg.norm(x)
        assert abs(function.value(x) - function.minimum_value) <= tolerance
    if not function.minima.size:
        assert function.minimum_value == -np.inf


@pytest.mark.parametrize("name", sorted(set(LISTED) - {"monkey_saddle"}))
def test_saddles(name):
    """Curvature of both signs, far above its rounding."""
    function = LISTED[name]
    for x in function.saddles:
        curvature = np.linalg.eigvalsh(function.hessian(x))
        certain = 1e3 * EPS * abs(curvature).max()
        assert curvature[0] < -certain
        assert curvature[-1] > certain
        assert function.value(x) > function.minimum_value


def test_monkey_saddle():
    """No curvature at the saddle, yet both signs on every circle: ``Re (u + i v)^3``."""
    monkey = functions.monkey_saddle
    np.testing.assert_array_equal(monkey.hessian(monkey.saddles[0]), np.zeros((2, 2)))
    for radius in (1e-6, 1.0, 1e6):
        angles = np.arange(6) * np.pi / 3
        circle = radius * np.exp(1j * angles)
        values = np.array([monkey.value([z.real, z.imag]) for z in circle])
        # cos(3 phi) = +1, -1, +1, ...: three ridges, three valleys, and no bound below.
        np.testing.assert_allclose(values, radius**3 * np.array([1, -1] * 3), rtol=16 * EPS)
        np.testing.assert_allclose(values, (circle**3).real, rtol=16 * EPS)


@EXAMPLES
@given(st.sampled_from(sorted(LISTED)), st.integers(0, 2**32), st.floats(0.0, 4.0))
def test_nothing_lies_below_the_minimum(name, seed, size):
    """Not in the domain, not far outside it, not near the minima."""
    function = LISTED[name]
    if np.isfinite(function.minimum_value):
        rng = np.random.default_rng(seed)
        minimum = function.minima[0]
        for x in (
            rng.uniform(*function.domain, function.dimension) * size,
            minimum + rng.standard_normal(function.dimension) * 10.0**-size,
        ):
            tolerance = ROUNDINGS * max(abs(function.minimum_value), scale_near(function, minimum))
            assert function.value(x) >= function.minimum_value - tolerance


def scale_near(function, minimum):
    return np.linalg.norm(function.hessian(minimum), 2) * max(1.0, minimum @ minimum)


def stationary_points(function):
    """All that SciPy finds from a grid of starts over the domain."""
    side = np.linspace(*function.domain, 15)
    found = []
    for start in itertools.product(side, side):
        solution = scipy.optimize.root(
            function.gradient, start, jac=function.hessian, method="hybr", tol=1e-12
        )
        point = solution.x
        if np.linalg.norm(function.gradient(point)) > 1e-7:
            continue
        if all(np.linalg.norm(point - other) > 1e-4 for other in found):
            found.append(point)
    return np.array(found)


@pytest.mark.parametrize(
    ("function", "others"),
    [
        (functions.himmelblau, [(-0.270845, -0.923039)]),
        (
            functions.goldstein_price,
            [(-0.6, -0.4), (1.8, 0.2), (1.2, 0.8), (0.8, 0.2)],
        ),
        (
            styblinski_tang(),
            [
                (2.746803, 2.746803),
                (2.746803, -2.903534),
                (-2.903534, 2.746803),
                (0.156731, 0.156731),
            ],
        ),
        (bounded_saddle([-1.0, -4.0]), [(0.0, 0.0)]),
        (bounded_saddle([-1.0, 4.0]), []),
        (functions.matyas, []),
        (functions.booth, []),
    ],
    ids=lambda case: getattr(case, "name", ""),
)
def test_no_stationary_point_is_missing(function, others):
    """A search from 225 starts finds what is listed, what `note` tells of, and nothing else."""
    listed = [*function.minima, *function.saddles, *np.reshape(others, (-1, 2))]
    found = stationary_points(function)
    assert len(found) == len(listed)
    for point in listed:
        assert np.linalg.norm(found - point, axis=1).min() < 1e-5


@pytest.mark.parametrize("case", ["himmelblau", "goldstein_price", "styblinski_tang"])
def test_every_digit_of_the_stationary_points(case):
    """The listed points are the true ones, to 40 digits, rounded once."""
    function, definition = CASES[case]
    with mp.workdps(40):

        def gradient(x, y):
            return mp.diff(definition, (x, y), (1, 0)), mp.diff(definition, (x, y), (0, 1))

        for point in [*function.minima, *function.saddles]:
            x0 = tuple(mp.mpf(float(t)) for t in point)
            # Off the listed point, so that the search has to find it.
            root = mp.findroot(gradient, tuple(t + mp.mpf("0.001") for t in x0), tol=1e-50)
            expected = [float(t) if abs(t) > 1e-20 else 0.0 for t in root]
            np.testing.assert_array_equal(point, expected)


def test_styblinski_tang_depth():
    """The least value to full precision, from the exact root of the cubic."""
    with mp.workdps(40):
        root = mp.findroot(lambda t: 2 * t**3 - 16 * t + mp.mpf(5) / 2, -3)
        assert styblinski_tang(1).minimum_value == float(tilted_wells(root))
        assert styblinski_tang(1).minima[0, 0] == float(root)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9, 40])
def test_styblinski_tang_sizes(n):
    function = styblinski_tang(n)
    assert function.minima.shape == (1, n)
    assert len(function.saddles) == (3**n - 2**n - 1 if n <= 8 else 1)
    assert functions.get(f"styblinski_tang({n})").dimension == n


def test_quadratic_kinds():
    """Minimum, saddle, maximum, and the flat ones between them."""
    for spectrum, n_minima, n_saddles, least, said in (
        ([1.0, 2.0], 1, 0, 0.0, ""),
        ([1.0, -2.0], 0, 1, -np.inf, ""),
        ([-1.0, -2.0], 0, 0, -np.inf, "maximum"),
        ([1.0, 0.0], 1, 0, 0.0, "Flat"),
        ([0.0, 0.0], 1, 0, 0.0, "Flat"),
        ([-1.0, 0.0, 1.0], 0, 1, -np.inf, "Flat"),
        ([-1.0, 0.0], 0, 0, -np.inf, "maximum"),
    ):
        function = quadratic(spectrum)
        assert (len(function.minima), len(function.saddles)) == (n_minima, n_saddles)
        assert function.minimum_value == least
        assert said in function.note


def test_bounded_saddle_deep_and_too_deep():
    """A curvature whose square overflows, with a depth that does not; and one that does."""
    deep = bounded_saddle([-1e160, 1.0], 1e100)
    assert deep.minimum_value == pytest.approx(-2.5e219, rel=1e-15)
    with pytest.raises(RangeError, match="a minimum that a float can hold"):
        bounded_saddle([-1e160, 1.0])


def test_bounded_saddle_counts():
    """2^k minima, 3^k - 2^k saddles, the origin first; all tops together are a maximum."""
    for k in range(5):
        function = bounded_saddle(np.r_[-np.ones(k), 2.0, 5.0])
        assert len(function.minima) == 2**k
        assert len(function.saddles) == 3**k - 2**k
        if k:
            np.testing.assert_array_equal(function.saddles[0], np.zeros(k + 2))
    summit = bounded_saddle([-1.0, -1.0])
    assert len(summit.saddles) == 9 - 4 - 1
    assert summit.saddles.any(axis=1).all()


def test_bounded_saddle_of_many_wells():
    """Above 100000 numbers one of the minima and the origin are listed, and it is said."""
    function = bounded_saddle(np.r_[-np.ones(30), np.ones(70)])
    assert function.minima.shape == (1, 100)
    np.testing.assert_array_equal(function.saddles, np.zeros((1, 100)))
    assert "2^30" in function.note
    assert function.minimum_value == -7.5
    assert separable.LISTED < 3**12 * 12
    assert len(bounded_saddle(-np.ones(12)).saddles) == 0


@EXAMPLES
@given(
    st.lists(st.floats(-4.0, 4.0), min_size=1, max_size=4),
    st.floats(0.1, 10.0),
    st.integers(0, 2**32),
)
def test_bounded_saddle_minimum_value(spectrum, c, seed):
    """The wells end where a local search from anywhere ends, never lower."""
    rng = np.random.default_rng(seed)
    function = bounded_saddle(spectrum, c, random_rotation(rng, len(spectrum)))
    start = rng.standard_normal(len(spectrum))
    result = scipy.optimize.minimize(
        function.value, start, jac=function.gradient, method="BFGS", options={"gtol": 1e-9}
    )
    # A quartic at the least, |gradient| <= 1e-9 up to BFGS's own loss: value within 1e-10 above.
    assert function.minimum_value - 1e-12 <= result.fun <= function.minimum_value + 1e-10


@pytest.mark.parametrize("c", [0.0, -1.0, np.inf, np.nan])
def test_bounded_saddle_needs_walls(c):
    with pytest.raises(RangeError, match=r"expected c in \(0, inf\)"):
        bounded_saddle([-1.0, 1.0], c)


@pytest.mark.parametrize("factory", [styblinski_tang, functions.rosenbrock])
def test_too_small(factory):
    with pytest.raises(ShapeError, match="at least"):
        factory(0)


@pytest.mark.compiled
def test_one_text_serves_every_spectrum():
    """Parameters are data: a new spectrum compiles nothing."""
    kernel = quadratic(SADDLE, R3).value.kernel
    assert kernel is quadratic([1.0, 2.0]).value.kernel
    assert len(kernel.signatures) == 1


def test_registry():
    named = functions.all()
    assert set(named) == {
        "beale",
        "beale3",
        "booth",
        "bounded_saddle",
        "goldstein_price",
        "himmelblau",
        "matyas",
        "monkey_saddle",
        "quadratic",
        "rosenbrock",
        "styblinski_tang",
    }
    for name, function in named.items():
        assert function.name == name
        assert functions.get(name).name == name
        assert function.source
        assert len(function.domain) == 2
        assert function.minima.shape[1] == function.saddles.shape[1] == function.dimension
        # A submodule of the same name must not hide the object.
        assert not hasattr(getattr(functions, name), "__path__")
        assert callable(getattr(functions, name))


def test_get_with_a_size():
    assert functions.get("styblinski_tang(5)").name == "styblinski_tang(5)"
    assert functions.get("styblinski_tang(2)").name == "styblinski_tang"
    assert functions.get("rosenbrock(10)").dimension == 10


@pytest.mark.parametrize("name", ["himelblau", "quadratic(3)", "booth(2)", "styblinski_tang(x)"])
def test_unknown_name(name):
    with pytest.raises(UnknownNameError, match="did you mean"):
        functions.get(name)


def test_one_of_your_own():
    """The documented pattern runs as printed, in under 20 lines."""
    example = doctest.DocTestParser().get_doctest(
        functions.__doc__, vars(functions).copy(), "", "", 0
    )
    assert sum(e.source.count("\n") for e in example.examples) < 20
    runner = doctest.DocTestRunner(verbose=False)
    assert runner.run(example, clear_globs=False).failed == 0
    double_well = example.globs["double_well"]
    for x in double_well.minima:
        assert double_well.gradient(x)[0] == 0.0
        assert double_well.hessian(x)[0, 0] > 0.0
        assert double_well.value(x) == double_well.minimum_value
