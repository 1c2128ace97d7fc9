"""The saddle-free step against its definition by LAPACK, its limits, and what is refused."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.errors import NotFiniteError, NotSymmetricError, RangeError, ShapeError
from refimpl.repulsion import newton, row_sum_bound, saddle_free

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=80 if _compile.JIT else 15)


def problem(seed, d, decades=2.0):
    """An indefinite curvature with eigenvalues in ``10**[-decades, 0]`` by modulus, a gradient."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    values = rng.choice([-1.0, 1.0], d) * 10.0 ** -rng.uniform(0.0, decades, d)
    H = (Q * values) @ Q.T
    return 0.5 * (H + H.T), rng.standard_normal(d)


def by_eigh(H, g, div=1.0, cut=0.0):
    """The definition, with LAPACK's eigenvectors."""
    values, E = np.linalg.eigh(H)
    return -E @ ((E.T @ g) / np.maximum(div * abs(values), cut))


def tolerance(H, g):
    """``|H|^{-1}`` is as sensitive as the inverse times a factor of the sign's jump.

    A backward error of ``10 d eps |H|`` moves eigenvectors by that over the gap, and the modulus
    has a kink only at 0, whose distance is the smallest modulus: all in all cond * |step| twice.
    """
    moduli = abs(np.linalg.eigvalsh(H))
    condition = moduli.max() / moduli.min()
    return 40 * H.shape[0] * EPS * condition * np.linalg.norm(g) / moduli.min()


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 11), st.floats(1.0, 5.0), st.floats(0.0, 0.5))
def test_definition(seed, d, div, cut):
    H, g = problem(seed, d)
    step = saddle_free(H, g, div, cut)
    np.testing.assert_allclose(step, by_eigh(H, g, div, cut), atol=tolerance(H, g))


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 11), st.floats(0.0, 0.5))
def test_always_descends(seed, d, cut):
    """``g^T step <= -|g|^2 / max(|lambda|_max, cut) < 0``, whatever the signs of curvature."""
    H, g = problem(seed, d)
    largest = max(abs(np.linalg.eigvalsh(H)).max(), cut)
    # The bound is reached where g lies along the largest modulus: rounding of the products.
    assert g @ saddle_free(H, g, 1.0, cut) <= -(g @ g) / largest * (1 - 40 * d * EPS)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_turns_with_the_axes(seed, d):
    """A rotation of positions and gradients rotates the step; a scale of the loss cancels."""
    H, g = problem(seed, d)
    Q = np.linalg.qr(np.random.default_rng(seed + 1).standard_normal((d, d)))[0]
    turned = Q @ H @ Q.T
    step = saddle_free(H, g)
    np.testing.assert_allclose(
        saddle_free(0.5 * (turned + turned.T), Q @ g), Q @ step, atol=2 * tolerance(H, g)
    )
    np.testing.assert_array_equal(saddle_free(8.0 * H, 8.0 * g), step)


def test_newton_where_curvature_is_positive():
    H, g = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, -2.0])
    np.testing.assert_allclose(saddle_free(H, g), -np.linalg.solve(H, g), rtol=20 * EPS)


def test_opposite_of_newton_where_curvature_is_negative():
    H, g = -np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, -2.0])
    np.testing.assert_allclose(saddle_free(H, g), np.linalg.solve(H, g), rtol=20 * EPS)


def test_diagonal():
    """No rotation: unit scale and back, then one division, four roundings for each coordinate."""
    curvature = np.array([3.0, -7.0, 0.1, -1e-3, 11.0])
    g = np.array([1.0, 2.0, -3.0, 0.7, 5.0])
    step = saddle_free(np.diag(curvature), g)
    np.testing.assert_allclose(step, -g / abs(curvature), rtol=2 * EPS)


def test_large_cut_is_gradient_descent():
    """From ``cut >= div |lambda|`` on, the curvature plays no part: ``-g / cut``."""
    H, g = problem(5, 4)
    # Along the eigenvectors and back: ``E E^T`` is the unit matrix to some 10 d eps.
    atol = 40 * EPS * np.linalg.norm(g) / 100.0
    np.testing.assert_allclose(saddle_free(H, g, 1.5, 100.0), -g / 100.0, rtol=0, atol=atol)


def test_cut_bounds_the_step():
    H, g = problem(6, 4, decades=12.0)
    assert np.linalg.norm(saddle_free(H, g, 1.0, 0.5)) <= np.linalg.norm(g) / 0.5 * (1 + 40 * EPS)


def test_div_divides():
    """Without a cut, `div` divides the step; a power of two does so exactly."""
    H, g = problem(7, 4)
    np.testing.assert_array_equal(saddle_free(H, g, 4.0), saddle_free(H, g) / 4.0)


def test_cut_of_the_smallest_curvature_only():
    step = saddle_free(np.diag(np.array([4.0, -0.25])), np.array([1.0, 1.0]), 2.0, 1.0)
    np.testing.assert_array_equal(step, [-0.125, -1.0])


def test_zero_curvature():
    """No step along a flat direction without a cut, ``-g / cut`` with one."""
    g = np.array([1.0, 1.0])
    H = np.diag(np.array([2.0, 0.0]))
    np.testing.assert_array_equal(saddle_free(H, g), [-0.5, 0.0])
    np.testing.assert_array_equal(saddle_free(H, g, 1.0, 4.0), [-0.25, -0.25])
    np.testing.assert_array_equal(saddle_free(np.zeros((2, 2)), g), [0.0, 0.0])


@pytest.mark.parametrize("d", [2, 3, 6, 9])
def test_zero_curvature_in_a_turned_basis(d):
    """An eigenvalue 0 comes out as rounding; the step is the pseudo-inverse's all the same."""
    rng = np.random.default_rng(d)
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    values = np.linspace(1.0, 2.0, d)
    values[0] = 0.0
    H = (Q * values) @ Q.T
    H = 0.5 * (H + H.T)
    g = rng.standard_normal(d)
    expected = -np.linalg.pinv(H, rcond=1e-10, hermitian=True) @ g
    np.testing.assert_allclose(saddle_free(H, g), expected, atol=100 * d * EPS * np.linalg.norm(g))


BOTH = pytest.mark.parametrize("rule", [saddle_free, row_sum_bound])


@BOTH
@pytest.mark.parametrize("power", [-900, 900])
def test_extreme_scales(rule, power):
    """Curvature and gradient scaled by the same power of two leave the step as it is."""
    H, g = problem(8, 3)
    scale = 2.0**power
    np.testing.assert_array_equal(rule(scale * H, scale * g), rule(H, g))


def test_escape_from_a_saddle_by_a_fixed_factor():
    """The unstable coordinate grows by ``1 + 1 / div`` a step, whatever its curvature is."""
    for curvature in (-1e-6, -1.0, -1e6):
        x = np.array([1.0])
        step = saddle_free(np.array([[curvature]]), curvature * x, 1.5)
        np.testing.assert_allclose(x + step, 1.0 + 1.0 / 1.5, rtol=4 * EPS)


@BOTH
def test_inputs_are_not_changed(rule):
    H, g = problem(9, 3)
    before = H.copy(), g.copy()
    rule(H, g, 1.5, 0.1)
    np.testing.assert_array_equal(H, before[0])
    np.testing.assert_array_equal(g, before[1])


@pytest.mark.slow
def test_called_alike_from_compiled_code():
    """Positional, by keyword and with defaults, from Python and from a compiled caller."""

    @numba.njit
    def caller(H, g):
        return saddle_free(H, g), saddle_free(H, g, div=1.5, cut=0.1)

    H, g = problem(10, 3)
    plain, bounded = caller(H, g)
    np.testing.assert_array_equal(plain, saddle_free(H, g))
    np.testing.assert_array_equal(bounded, saddle_free(H, g, div=1.5, cut=0.1))


@pytest.mark.parametrize(
    ("H", "g"),
    [
        (np.eye(2), np.ones(3)),
        (np.ones((2, 3)), np.ones(2)),
        (np.ones((2, 3)), np.ones(3)),
        (np.ones(2), np.ones(2)),
        (np.eye(2), np.ones((2, 1))),
    ],
)
def test_shapes(H, g):
    with pytest.raises(ShapeError, match="repulsion"):
        saddle_free(H, g)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite(bad):
    H, g = np.eye(2), np.ones(2)
    H[0, 1] = H[1, 0] = bad
    with pytest.raises(NotFiniteError, match="finite"):
        saddle_free(H, g)
    with pytest.raises(NotFiniteError, match="finite"):
        saddle_free(np.eye(2), np.array([1.0, bad]))


@pytest.mark.parametrize("div", [0.0, -1.0, np.nan, np.inf])
def test_div_out_of_range(div):
    with pytest.raises(RangeError, match="div"):
        saddle_free(np.eye(2), np.ones(2), div)


@pytest.mark.parametrize("cut", [-1e-9, np.nan, np.inf])
def test_cut_out_of_range(cut):
    with pytest.raises(RangeError, match="cut"):
        saddle_free(np.eye(2), np.ones(2), 1.0, cut)


@pytest.mark.parametrize("d", [2, 3, 9])
def test_not_symmetric(d):
    """Half a matrix is refused; what rounding does to a symmetric one is not."""
    H, g = problem(11, d)
    with pytest.raises(NotSymmetricError, match="symmetric"):
        saddle_free(np.triu(H), g)
    noisy = H + 10 * EPS * np.random.default_rng(0).standard_normal((d, d))
    np.testing.assert_allclose(saddle_free(noisy, g), saddle_free(H, g), atol=tolerance(H, g))


@pytest.mark.parametrize("step", [saddle_free, newton])
def test_a_step_that_no_float_can_hold_is_cut(step):
    """Finite and along the gradient, down to denormal curvature; never infinite or NaN."""
    for curvature in (1e-200, 5e-324):
        for d in (1, 2, 9):
            g = np.zeros(d)
            g[0] = 1e300
            found = step(curvature * np.eye(d), g)
            assert np.isfinite(found).all()
            assert found[0] < -1e306
            np.testing.assert_array_equal(found[1:], 0.0)


def test_a_huge_divisor_gives_a_small_step():
    found = saddle_free(1e300 * np.eye(2), np.array([1e300, 0.0]), 1e300)
    np.testing.assert_array_less(np.abs(found), 1e-6)
    assert found[0] < 0.0
