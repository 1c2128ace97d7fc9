"""The cubic model: every claim about its minimiser by another route than the solver's.

Long: one solver; its claims are held to the same drawn models.
"""

import itertools

import mpmath
import numba
import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.cubic import CubicMinimum, minimize_cubic
from refimpl.cubic.units import Model, in_units, natural_units
from refimpl.errors import NotFiniteError, NotSymmetricError, RangeError, ShapeError
from refimpl.oracle import cases_cubic, measure
from refimpl.oracle import cubic as oracle
from refimpl.oracle.arrays import exact, largest

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 15)
# A dozen roundings of sums of up to 16 terms, as the residual counts them.
RESIDUAL = 20 * EPS
CASES = [case for case in cases_cubic.cases() if not case.error]


def value(eta, H, g, d, strength):
    """The model itself."""
    return -g @ eta + 0.5 * eta @ H @ eta + strength / 6.0 * np.linalg.norm(d * eta) ** 3


def problem(seed, S, decades=1.0):
    """A model whose curvature has both signs, as a rule."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((S, S))
    return A + A.T, rng.standard_normal(S), 10.0 ** rng.uniform(-decades, decades, S), 1.5


def shortfall(found, H, g, d, strength):
    """What a claimed global minimiser falls short of its two conditions, both without units.

    By LAPACK and from the original numbers: the residual of ``M eta = g`` relative to the moduli it
    is formed from, and the most negative eigenvalue of `M` in units that make its diagonal 1.
    """
    curvature = 0.5 * strength * np.linalg.norm(d * found.rates)
    M = H + np.diag(curvature * d**2)
    size = (abs(H) + np.diag(curvature * d**2)) @ abs(found.rates) + abs(g)
    unit = np.sqrt(abs(np.diag(H)) + curvature * d**2)
    lowest = np.linalg.eigvalsh(M / np.outer(unit, unit)).min()
    left = abs(M @ found.rates - g)
    return max(np.max(left / np.where(size > 0.0, size, 1.0)), -lowest)


# ------------------------------------------------------------------------------ the theorem


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 12), st.floats(0.0, 3.0))
def test_conditions_of_a_global_minimum(seed, S, decades):
    """Stationary, and ``M(r)`` positive semidefinite: both together are necessary and enough."""
    given = problem(seed, S, decades)
    found = minimize_cubic(*given)
    # Eigenvalues of a matrix of unit diagonal are known to S roundings of its norm, at most S.
    assert shortfall(found, *given) < 10 * S * S * EPS
    assert found.residual < RESIDUAL
    assert found.radius == pytest.approx(np.linalg.norm(given[2] * found.rates), rel=10 * S * EPS)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_nothing_lies_lower(seed, S):
    """No random point, near or far, and no point that a local minimiser ends at."""
    given = problem(seed, S)
    rng = np.random.default_rng(seed)
    found = minimize_cubic(*given)
    least = value(found.rates, *given)
    # The value is a sum of such terms, each rounded.
    terms = abs(given[1]) @ abs(found.rates) + abs(found.rates) @ abs(given[0]) @ abs(found.rates)
    rounding = 10 * S * EPS * (terms + found.radius**3)
    size = abs(found.rates).max() + 1e-3
    for scale in (1e-6, 1e-3, 0.1, 1.0, 3.0):
        for step in rng.standard_normal((20, S)) * scale * size:
            assert value(found.rates + step, *given) >= least - rounding
            assert value(step, *given) >= least - rounding


def test_multistart_of_scipy(size):
    """The best of many local minimisers is this one; not every local minimiser is."""
    worse = 0
    for seed in range(size(12, 5)):
        given = problem(seed, 3)
        found = minimize_cubic(*given)
        least = value(found.rates, *given)
        rng = np.random.default_rng(seed)
        scale = abs(found.rates).max()
        ends = [
            scipy.optimize.minimize(value, x, given, method="BFGS").fun
            for x in rng.standard_normal((12, 3)) * scale
        ]
        # BFGS stops at a gradient of 1e-5, so with an error of the second order in the value.
        assert min(ends) == pytest.approx(least, rel=1e-6)
        assert min(ends) >= least - 1e-12 * abs(least)
        worse += max(ends) > least + 1e-3 * abs(least)
    # Otherwise the comparison would show nothing about the choice among minimisers.
    assert worse > 0


def wrong_side(H, g, d, strength):
    """A solver that follows the gradient uphill: the stationary point before the pole."""
    values, Y = scipy.linalg.eigh(H, np.diag(d**2))
    c = Y.T @ g

    def short(r):
        return np.linalg.norm(c / (values + 0.5 * strength * r)) - r

    poles = np.sort(-2.0 * values[values < 0.0] / strength)
    edges = np.r_[1e-12, poles]
    for low, high in itertools.pairwise(edges):
        inside = np.linspace(low, high, 4001)[1:-1]
        signs = np.sign([short(r) for r in inside])
        for k in np.flatnonzero(np.diff(signs)):
            r = scipy.optimize.brentq(short, inside[k], inside[k + 1], xtol=1e-14)
            return Y @ (c / (values + 0.5 * strength * r))
    return None


def test_the_check_sees_other_stationary_points():
    """Negative control: stationary to many digits, but on the wrong side of the pole."""
    seen = 0
    for seed in range(8):
        given = problem(seed, 3)
        rates = wrong_side(*given)
        if rates is not None:
            radius = np.linalg.norm(given[2] * rates)
            M = given[0] + np.diag(0.5 * given[3] * radius * given[2] ** 2)
            np.testing.assert_allclose(M @ rates, given[1], atol=1e-6 * abs(M).max())
            assert shortfall(CubicMinimum(rates, radius, "", 0.0), *given) > 1e-3
            assert value(rates, *given) > value(minimize_cubic(*given).rates, *given)
            seen += 1
    assert seen > 2


def test_the_check_sees_a_missing_component():
    """Negative control: the hard case without the bottom eigenvector solves no equation for `r`."""
    given = np.diag([1.0, -1.0]), np.array([2.0, 0.0]), np.ones(2), 1.0
    rates = np.array([1.0, 0.0])
    assert shortfall(CubicMinimum(rates, 1.0, "", 0.0), *given) > 0.1
    assert shortfall(minimize_cubic(*given), *given) < RESIDUAL


# ------------------------------------------------------------------------------ multiple precision


def judged(case, digits=60):
    """Outcome, errors of rates and radius, and the condition of the problem, by the definition."""
    rng = np.random.default_rng(case.arguments["d"].size)
    tight = mpmath.mpf(10) ** -40
    with mpmath.workdps(digits):
        arguments = exact(case.arguments)
        want = oracle.minimize_cubic(**arguments)
        # Its thresholds, wide for the sake of the perturbed inputs, decide nothing here.
        assert (
            oracle.minimize_cubic(**arguments, thresholds=(tight, tight))["outcome"]
            == (want["outcome"])
        )
        scale = largest(want["rates"]) or mpmath.mpf(1)
        near = oracle.minimize_cubic(**measure.perturbed(arguments, rng))
        condition = max(1.0, float(largest(near["rates"] - want["rates"]) / scale * 2**53))
        found = minimize_cubic(**case.arguments)
        error = float(largest(exact(found.rates) - want["rates"]) / scale)
        off = abs(mpmath.mpf(found.radius) - want["radius"]) / (want["radius"] or 1)
    return found, want["outcome"], error, float(off), condition


@pytest.mark.parametrize("part", range(4))
def test_60_digits(part, size):
    """A sample of the reference outputs, which hold all of them (tests/verify/test_ours.py).

    Sizes up to 8.
    """
    small = [case for case in CASES if case.arguments["d"].size <= 8]
    for case in small[part :: 4 * size(10, 12)]:
        found, outcome, error, off, condition = judged(case)
        assert found.outcome == outcome, case
        # The condition is the worst of one random perturbation: it may be a few times larger.
        assert max(error, off) <= 64 * condition * 0.5 * EPS, case
        assert outcome == "unbounded" or found.residual < RESIDUAL


def test_all_outcomes_are_among_the_cases():
    """More than 500, with the flags that the families are made of."""
    assert len(CASES) > 500
    flags = {flag for case in CASES for flag in case.flags}
    assert {"hard-case", "nearly-hard", "singular-cubic", "free-direction", "unbounded"} <= flags


def test_formula_and_definition_agree(size):
    """Two routes at 60 digits, on a sample."""
    for case in CASES[:: size(40, 110)]:
        with mpmath.workdps(60):
            arguments = exact(case.arguments)
            want = oracle.minimize_cubic(**arguments)
            shown = oracle.minimize_cubic_formula(**arguments)
            assert shown["outcome"] == want["outcome"]
            scale = largest(want["rates"]) or mpmath.mpf(1)
            # At 60 digits, conditions of these cases cost at most a few.
            assert largest(shown["rates"] - want["rates"]) < mpmath.mpf("1e-55") * scale


def test_the_oracle_refuses_what_is_close():
    """An eigenvalue that is neither 0 to rounding nor clearly something else decides no case."""
    H = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-33]])
    given = exact((H, np.ones(2), np.zeros(2), 1.0))
    with mpmath.workdps(60), pytest.raises(oracle.MarginError):
        oracle.minimize_cubic(*given)


# ------------------------------------------------------------------------------ limits and outcomes


@EXAMPLES
@given(
    st.floats(-3.0, 3.0),
    st.floats(-3.0, 3.0),
    st.floats(-6.0, 2.0),
    st.floats(0.1, 10.0),
)
def test_one_group(H, g, decade, strength):
    """The closed form, by the roots of the quadratic equation that it solves."""
    d = 10.0**decade
    found = minimize_cubic(np.array([[H]]), np.array([g]), np.array([d]), strength)
    # So many digits that nothing is lost by the difference.
    with mpmath.workdps(700):
        h, c = mpmath.mpf(H), mpmath.mpf(strength) * mpmath.mpf(d) ** 3
        want = (mpmath.sqrt(h * h + 2 * c * abs(mpmath.mpf(g))) - h) / c
        want = float(-want if g < 0.0 else want)
    np.testing.assert_allclose(found.rates[0], want, rtol=10 * EPS, atol=1e-307)


@EXAMPLES
@given(
    st.floats(-3.0, 3.0), st.floats(1e-300, 3.0), st.sampled_from([-1.0, 1.0]), st.floats(0.1, 9.0)
)
def test_a_group_beside_one_without_gradient(H, size, sign, strength):
    """The general solver on two groups that do not interact, against the closed form of one.

    Below a gradient of some 1e-307 the root lies nearer to the pole of a negative curvature than
    floats reach: there the general solver is wrong, and says so by its residual.
    """
    g = sign * size
    alone = minimize_cubic(np.array([[H]]), np.array([g]), np.array([0.8]), strength)
    both = minimize_cubic(np.diag([H, 4.0]), np.array([g, 0.0]), np.array([0.8, 1.0]), strength)
    np.testing.assert_allclose(both.rates, [alone.rates[0], 0.0], rtol=20 * EPS)


def test_weak_and_strong():
    """Without the cubic term in effect Newton's rates, without the quadratic one those of powers.

    With ``r = |D eta|`` and no `H`: ``(strength / 2) r D^2 eta = g``, so ``r^2 = 2 |D^{-1} g| /
    strength``.
    """
    A = np.random.default_rng(3).standard_normal((4, 4))
    H, g, d = A @ A.T, np.array([1.0, -2.0, 0.5, 3.0]), np.array([0.5, 2.0, 1.0, 0.25])
    # A relative change of 1e-20 in M.
    newton = minimize_cubic(H, g, d, 1e-20).rates
    condition = np.linalg.cond(H)
    np.testing.assert_allclose(newton, np.linalg.solve(H, g), rtol=100 * condition * EPS)
    r = np.sqrt(2.0 * np.linalg.norm(g / d) / 3.0)
    powers = minimize_cubic(np.zeros((4, 4)), g, d, 3.0)
    np.testing.assert_allclose(powers.rates, g / d**2 / (1.5 * r), rtol=20 * EPS)
    assert powers.radius == pytest.approx(r, rel=20 * EPS)


def outcome(H, g, d):
    found = minimize_cubic(np.array(H, dtype=float), np.array(g, float), np.array(d, float), 1.0)
    return found.outcome, *found.rates


def test_outcomes():
    """One of each, with rates that can be found by hand."""
    assert outcome([[1, 0], [0, -1]], [2, 0], [1, 1]) == ("hard", 1.0, pytest.approx(3**0.5))
    assert outcome([[-1, 0], [0, 1]], [0, 0], [1, 1]) == ("hard", 2.0, 0.0)
    assert outcome([[2, 0], [0, 1]], [0, 0], [1, 1]) == ("zero", 0.0, 0.0)
    assert outcome([[2, 0], [0, 4]], [1, 1], [0, 0]) == ("quadratic", 0.5, 0.25)
    assert outcome([[2, 0], [0, -4]], [1, 1], [1, 0]) == ("unbounded", 0.0, 0.0)
    # 0.5 eta^2 + 2 eta = 2.5 where r = eta.
    assert outcome([[2, 0], [0, 1]], [2.5, 3], [1, 0]) == ("regular", 1.0, 3.0)
    # No force on the group with a cubic term once the other has moved.
    assert outcome([[3, 1], [1, 1]], [2, 2], [1, 0]) == ("quadratic", 0.0, 2.0)


def test_unbounded_has_no_residual():
    found = minimize_cubic(-np.eye(2), np.ones(2), np.zeros(2), 1.0)
    assert found.outcome == "unbounded"
    assert found.residual == np.inf
    np.testing.assert_array_equal(found.rates, 0.0)


@pytest.mark.parametrize("power", [-30, -100, -300])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_least_gradient_decides(power, sign):
    """Next to the hard case the sign is no tie, however small the component is."""
    H, d = np.diag([-1.0, 1.0, 2.0]), np.ones(3)
    found = minimize_cubic(H, np.array([sign * 2.0**power, 0.25, -0.125]), d, 1.0)
    assert found.outcome == "regular"
    assert found.rates[0] * sign > 1.0
    tie = minimize_cubic(H, np.array([0.0, 0.25, -0.125]), d, 1.0)
    assert tie.outcome == "hard"
    assert tie.rates[0] > 1.0


def test_a_tie_is_one():
    """In the hard case both signs have the same value, and nothing in between is lower."""
    H, g = np.array([[2.0, 3.0], [3.0, 2.0]]), np.array([0.5, 0.5])
    found = minimize_cubic(H, g, np.ones(2), 1.0)
    assert found.outcome == "hard"
    other = found.rates[::-1]
    values = [value(x, H, g, np.ones(2), 1.0) for x in (found.rates, other, np.array([0.1, 0.1]))]
    assert found.rates[0] - found.rates[1] > 1.0
    assert values[0] == pytest.approx(values[1], rel=10 * EPS)
    assert values[2] > values[0]


def test_free_rates_are_least_in_the_groups_own_curvature():
    """The pseudo-inverse in units that make the diagonal 1; dead groups get 0."""
    B = np.array([[1.0, 0.0], [2.0, 1.0], [0.5, -3.0]])
    H = np.zeros((4, 4))
    H[:3, :3] = B @ B.T
    g = np.r_[B @ np.array([1.0, -2.0]), 0.0]
    found = minimize_cubic(H, g, np.zeros(4), 1.0)
    unit = np.sqrt(np.diag(H)[:3])
    C = np.linalg.pinv(H[:3, :3] / np.outer(unit, unit), rcond=1e-10, hermitian=True)
    np.testing.assert_allclose(found.rates[:3], C @ (g[:3] / unit) / unit, atol=50 * EPS)
    assert found.rates[3] == 0.0


# ------------------------------------------------------------------------------ units


SCALES = [
    # Loss, and units of the groups.
    (3 * 100, (0, 0, 0)),
    (-3 * 220, (0, 0, 0)),
    (3 * 220, (0, 0, 0)),
    (0, (-400, -400, -400)),
    (0, (300, 300, 300)),
    (3 * 50, (-200, 0, 300)),
    (-3 * 7, (11, -5, 1)),
]


@pytest.mark.parametrize(("loss", "units"), SCALES)
@pytest.mark.parametrize("kind", ["regular", "definite", "singular", "hard", "quadratic", "zero"])
def test_units_change_nothing(kind, loss, units):
    """Loss, direction and each group in another unit, up to 1e198: the same to the last bit."""
    H, g, d, strength = problem(5, 3)
    if kind == "definite":
        H = H @ H + np.eye(3)
    elif kind == "singular":
        H[1, 1], d[1] = 2.0, 0.0
    elif kind == "hard":
        H, g, d = np.diag([1.0, 3.0, -1.0]), np.array([0.1, 0.2, 0.0]), np.ones(3)
    elif kind == "quadratic":
        H, d = H @ H + np.eye(3), np.zeros(3)
    elif kind == "zero":
        H, g = H @ H, np.zeros(3)
    a, c = 2.0 ** np.array(units, dtype=float), 2.0**loss
    plain = minimize_cubic(H, g, d, strength)
    scaled = minimize_cubic(c * H * np.outer(a, a), c * g * a, 2.0 ** (loss // 3) * d * a, strength)
    assert plain.outcome == scaled.outcome
    np.testing.assert_array_equal(scaled.rates * a, plain.rates)
    assert scaled.radius == plain.radius * 2.0 ** (loss // 3)
    assert scaled.residual == plain.residual


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(2, 6), st.floats(-60.0, 60.0))
def test_any_unit(seed, S, decade):
    """Units that are no powers of two change the rates as they must, to rounding."""
    H, g, d, strength = problem(seed, S)
    rng = np.random.default_rng(seed)
    a, c = 10.0 ** rng.uniform(-40.0, 40.0, S), 10.0**decade
    plain = minimize_cubic(H, g, d, strength)
    scaled = minimize_cubic(c * H * np.outer(a, a), c * g * a, np.cbrt(c) * d * a, strength)
    # The products are rounded: as sensitive as the least eigenvalue of M, and of its Hessian.
    curvature = 0.5 * strength * plain.radius
    z = d * plain.rates / plain.radius
    J = H + curvature * (np.diag(d**2) + np.outer(d * z, d * z))
    unit = np.sqrt(abs(np.diag(H)) + curvature * d**2)
    condition = 1.0 / np.linalg.eigvalsh(J / np.outer(unit, unit)).min()
    size = abs(plain.rates * unit).max()
    np.testing.assert_allclose(
        scaled.rates * a * unit, plain.rates * unit, atol=100 * S * condition * EPS * size
    )


def test_a_rate_beyond_all_floats_is_cut():
    found = minimize_cubic(np.diag([-1.0, 1.0]), np.ones(2), np.array([1e-170, 1.0]), 1.0)
    assert np.isfinite(found.rates).all()
    assert found.rates[0] > 1e308


def test_units_are_powers_of_two_of_order_one():
    """In natural units every number that matters is at most of order 1; the way back is exact."""
    for seed in range(5):
        H, g, d, strength = problem(seed, 4, decades=6.0)
        units = natural_units(Model(H, g, d, strength))
        model = in_units(Model(H, g, d, strength), units)
        assert abs(model.hessian).max() < 8.0
        assert model.d.max() <= 1.0
        assert 0.5 <= model.strength < 1.0
        back = model.hessian * 2.0 ** (units.model - np.add.outer(units.rates, units.rates))
        np.testing.assert_array_equal(back, H)


# ------------------------------------------------------------------------------ at the boundary


@pytest.mark.slow
def test_called_alike_from_compiled_code():
    """From a compiled caller, which may look at the outcome; by position and by keyword."""

    @numba.njit
    def caller(H, g, d):
        found = minimize_cubic(H, g, d=d, strength=1.5)
        return found.rates, found.outcome == "regular"

    H, g, d, strength = problem(2, 4)
    rates, regular = caller(H, g, d)
    np.testing.assert_array_equal(rates, minimize_cubic(H, g, d, strength).rates)
    assert regular


def test_types():
    """Plain numbers, a word and an array, as the docstring says; inputs stay as they were."""
    given = problem(1, 3)
    before = [np.array(x) for x in given]
    found = minimize_cubic(*given)
    assert isinstance(found.outcome, str)
    assert isinstance(found.residual, float)
    assert found.rates.dtype == np.float64
    for x, y in zip(given, before, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("H", "g", "d"),
    [
        (np.eye(3), np.ones(2), np.ones(2)),
        (np.eye(2), np.ones(2), np.ones(3)),
        (np.ones((2, 3)), np.ones(2), np.ones(2)),
        (np.ones(2), np.ones(2), np.ones(2)),
        (np.eye(2), np.ones((2, 1)), np.ones(2)),
        (np.eye(2), np.ones(2), np.ones((2, 1))),
        (np.zeros((0, 0)), np.zeros(0), np.zeros(0)),
    ],
)
def test_shapes(H, g, d):
    with pytest.raises(ShapeError, match="cubic"):
        minimize_cubic(H, g, d, 1.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_not_finite(bad, place):
    given = [np.eye(2), np.ones(2), np.ones(2)]
    given[place][-1] = bad
    with pytest.raises(NotFiniteError, match="finite"):
        minimize_cubic(*given, 1.0)


@pytest.mark.parametrize("strength", [0.0, -1.0, np.nan, np.inf])
def test_strength_out_of_range(strength):
    with pytest.raises(RangeError, match="strength"):
        minimize_cubic(np.eye(2), np.ones(2), np.ones(2), strength)


def test_negative_modulus():
    with pytest.raises(RangeError, match="negative"):
        minimize_cubic(np.eye(2), np.ones(2), np.array([1.0, -1e-300]), 1.0)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_not_symmetric(scale):
    """Half a matrix is refused in any unit, also between groups of very different curvature."""
    unit = np.array([1.0, 1e-8])
    H = np.array([[2.0, 1.0], [0.5, 2.0]]) * np.outer(unit, unit) * scale
    with pytest.raises(NotSymmetricError, match="symmetric"):
        minimize_cubic(H, np.ones(2) * scale, np.ones(2), 1.0)
    noisy = np.array([[2.0, 1.0 + 1e-9], [1.0, 2.0]]) * scale
    assert minimize_cubic(noisy, np.ones(2) * scale, np.ones(2), 1.0).outcome == "regular"
