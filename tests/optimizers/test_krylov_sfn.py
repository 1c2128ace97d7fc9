import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, functions, repulsion
from refimpl.errors import NotFiniteError, RangeError, ShapeError
from refimpl.linear_algebra.lanczos import lanczos
from refimpl.optimizers.krylov_sfn import krylov_sfn

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 15)


def step(theta, gradient, hessp, **hyperparameters):
    """The end of one step from `theta`."""
    parameters = krylov_sfn.parameters(**hyperparameters)
    state = krylov_sfn.start(theta, np.empty((0, theta.size)), parameters)
    return krylov_sfn.step(state, theta, gradient, hessp, parameters)[0]


def problem(seed, D, decades=2.0):
    """A regular curvature of both signs, and a gradient."""
    rng = np.random.default_rng(seed)
    spectrum = rng.choice([-1.0, 1.0], D) * 10.0 ** rng.uniform(0.0, decades, D)
    function = functions.quadratic(spectrum, functions.random_rotation(rng, D))
    return function.hessian(np.zeros(D)), rng.standard_normal(D)


def tolerance(H, g):
    """`T` is `H` to a backward error of ``D eps |H|``, a few times over the steps.

    That moves ``|H|^{-1} g`` by the condition, and once more by eigenvectors of eigenvalues that
    lie close and differ in sign: by their modulus, at least the smallest one.
    """
    moduli = abs(np.linalg.eigvalsh(H))
    return 64 * g.size * EPS * moduli.max() / moduli.min() ** 2 * np.linalg.norm(g)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 14))
def test_whole_space_is_sfn(seed, D):
    """In a subspace of all dimensions nothing is left out; asking for more changes nothing."""
    H, g = problem(seed, D)
    theta = np.zeros(D)
    expected = repulsion.saddle_free(H, g)
    for dimension in (D, D + 5):
        end = step(theta, g, lambda v: H @ v, dimension=dimension)
        np.testing.assert_allclose(end, expected, rtol=0, atol=tolerance(H, g))


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 14))
def test_div_and_cut(seed, D):
    H, g = problem(seed, D)
    end = step(np.zeros(D), g, lambda v: H @ v, dimension=D, div=2.5, cut=3.0)
    expected = repulsion.saddle_free(H, g, 2.5, 3.0)
    np.testing.assert_allclose(end, expected, rtol=0, atol=tolerance(H, g))


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(2, 20), st.integers(1, 20))
def test_subspace(seed, D, k):
    """By projection: ``V^T |V H V^T|^{-1} V g``, and a descent direction whatever `k` is."""
    H, g = problem(seed, D)
    V = lanczos(lambda v: H @ v, g, k).basis
    values, E = np.linalg.eigh(V @ H @ V.T)
    expected = -V.T @ E @ ((E.T @ V @ g) / abs(values))
    end = step(np.zeros(D), g, lambda v: H @ v, dimension=k)
    # A Ritz value may come near 0, where the inverse is as sensitive as it is large.
    slack = 64 * D * EPS * np.linalg.norm(H, 2) / abs(values).min() ** 2 * np.linalg.norm(g)
    np.testing.assert_allclose(end, expected, rtol=0, atol=slack)
    assert g @ end < 0.0


def test_one_dimension_of_many():
    """`k = 1` is a step along the gradient, by its curvature ``g^T H g / g^T g``."""
    H, g = np.diag([3.0, -9.0, 1.0]), np.array([1.0, 2.0, 0.0])
    end = step(np.zeros(3), g, lambda v: H @ v, dimension=1)
    np.testing.assert_allclose(end, -g / abs(g @ H @ g / (g @ g)), rtol=16 * EPS)


@pytest.mark.parametrize("curvature", [4.0, -4.0])
def test_one_dimension(curvature):
    end = step(np.array([3.0]), np.array([2.0]), lambda v: curvature * v)
    np.testing.assert_array_equal(end, [2.5])


def test_repeated_eigenvalues():
    """Three different eigenvalues need three dimensions, whatever `D` is."""
    rng = np.random.default_rng(7)
    spectrum = np.repeat([2.0, -5.0, 0.5], 10)
    function = functions.quadratic(spectrum, functions.random_rotation(rng, 30))
    theta = rng.standard_normal(30)
    H, g = function.hessian(theta), function.gradient(theta)
    end = step(theta, g, lambda v: H @ v, dimension=3)
    expected = theta + repulsion.saddle_free(H, g)
    np.testing.assert_allclose(end, expected, rtol=0, atol=tolerance(H, g))


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 5))
def test_gradient_in_an_invariant_subspace(seed, m):
    """The iteration ends early, and the step is that of saddle-free Newton all the same."""
    rng = np.random.default_rng(seed)
    R = functions.random_rotation(rng, 8)
    function = functions.quadratic([3.0, -2.0, 1.0, -1.5, 0.5, 5.0, 4.0, -2.5], R)
    H, g = function.hessian(np.zeros(8)), rng.standard_normal(m) @ R[:m]
    end = step(np.zeros(8), g, lambda v: H @ v)
    np.testing.assert_allclose(end, repulsion.saddle_free(H, g), rtol=0, atol=tolerance(H, g))


def test_no_gradient_no_step():
    theta = np.array([1.0, 2.0])
    end = step(theta, np.zeros(2), lambda v: v)
    np.testing.assert_array_equal(end, theta)
    assert end is not theta


def test_flat_direction_gets_no_step():
    theta = np.array([1.0, 2.0])
    np.testing.assert_array_equal(step(theta, np.ones(2), lambda v: 0.0 * v), theta)


def test_leaves_a_saddle_in_many_dimensions():
    """From 1e-6 beside a saddle with three falling directions of 300, by products alone."""
    rng = np.random.default_rng(12)
    spectrum = np.r_[-1.0, -1.0, -1.0, np.ones(277), np.full(20, 100.0)]
    function = functions.bounded_saddle(spectrum, rotation=functions.random_rotation(rng, 300))
    theta = 1e-6 * rng.standard_normal(300)
    for _ in range(40):
        H = function.hessian(theta)
        theta = step(theta, function.gradient(theta), lambda v, H=H: H @ v)
    # 20 doublings reach the wells, the rest is quadratic convergence to a minimum.
    assert function.value(theta) == pytest.approx(function.minimum_value, abs=1e-12)


def test_turns_with_the_axes():
    """A rotation of positions and gradients rotates the step."""
    H, g = problem(9, 12)
    R = functions.random_rotation(np.random.default_rng(1), 12)
    end = step(np.zeros(12), g, lambda v: H @ v, dimension=4)
    turned = step(np.zeros(12), R @ g, lambda v: R @ (H @ (R.T @ v)), dimension=4)
    np.testing.assert_allclose(turned, R @ end, rtol=0, atol=tolerance(H, g))


def test_as_many_products_as_dimensions():
    H, g = problem(2, 30)
    calls = []
    step(np.zeros(30), g, lambda v: calls.append(1) or H @ v, dimension=7)
    assert len(calls) == 7


def test_defaults():
    assert krylov_sfn.defaults == {"dimension": 10, "div": 1.0, "cut": 0.0}
    assert (krylov_sfn.curvature, krylov_sfn.directions) == ("product", False)


def test_a_step_changes_nothing_it_was_given():
    theta, g = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    parameters = krylov_sfn.parameters()
    state = krylov_sfn.start(theta, np.empty((0, 2)), parameters)
    _, after = krylov_sfn.step(state, theta, g, lambda v: v, parameters)
    assert (state.count, after.count) == (0, 1)
    np.testing.assert_array_equal(theta, [1.0, 2.0])
    np.testing.assert_array_equal(g, [3.0, 4.0])


def test_bad_input():
    theta = np.ones(2)
    with pytest.raises(ShapeError, match="H v of shape"):
        step(theta, theta, lambda v: np.ones(3))
    with pytest.raises(NotFiniteError, match="finite H v"):
        step(theta, theta, lambda v: np.inf * v)
    with pytest.raises(RangeError, match="k >= 1"):
        step(theta, theta, lambda v: v, dimension=0)
    with pytest.raises(RangeError, match="div"):
        step(theta, theta, lambda v: v, div=0.0)
