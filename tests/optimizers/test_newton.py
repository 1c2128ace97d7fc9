"""Newton and saddle-free Newton with the exact Hessian: the pieces, and the methods' steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, functions, repulsion
from refimpl.errors import NotFiniteError, NotSymmetricError, RangeError, ShapeError
from refimpl.optimizers.newton import newton
from refimpl.optimizers.sfn import sfn

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 15)
# Both sides of the size where eigh turns from Jacobi rotations to LAPACK.
SIZES = st.sampled_from([1, 2, 3, 5, 8, 9, 12])


def problem(seed, d, decades=2.0):
    """A regular symmetric curvature of either signs with this condition, and a gradient."""
    rng = np.random.default_rng(seed)
    spectrum = rng.choice([-1.0, 1.0], d) * 10.0 ** rng.uniform(0.0, decades, d)
    return functions.quadratic(spectrum, functions.random_rotation(rng, d)), rng.standard_normal(d)


def one_step(method, function, theta, **hyperparameters):
    theta = np.asarray(theta, dtype=np.float64)
    parameters = method.parameters(**hyperparameters)
    state = method.start(theta, np.empty((0, theta.size)), parameters)
    return method.step(state, theta, function.gradient(theta), function.hessian(theta), parameters)[
        0
    ]


def forward_error(H, step):
    """A backward error of a few ``d eps |H|`` in `H` moves ``H^{-1} g`` by the condition."""
    return 16 * len(step) * EPS * np.linalg.cond(H) * np.linalg.norm(step)


@EXAMPLES
@given(st.integers(0, 2**32), SIZES)
def test_newton_and_saddle_free_differ_by_signs(seed, d):
    """In the frame of the quadratic: equal where curvature is positive, opposite elsewhere."""
    function, g = problem(seed, d)
    H, spectrum, R = function.hessian(np.zeros(d)), function.data[:d], function.data[d:]
    R = R.reshape(d, d)
    plain, repelled = R @ repulsion.newton(H, g), R @ repulsion.saddle_free(H, g)
    np.testing.assert_allclose(
        np.sign(spectrum) * plain, repelled, rtol=0, atol=2 * forward_error(H, plain)
    )


@EXAMPLES
@given(st.integers(0, 2**32), SIZES)
def test_newton_lands_on_the_stationary_point(seed, d):
    """One step on any quadratic, saddle or not: Newton is attracted by what is stationary."""
    function, theta = problem(seed, d)
    end = one_step(newton, function, theta)
    assert np.linalg.norm(end) <= forward_error(function.hessian(theta), theta)


@EXAMPLES
@given(st.integers(0, 2**32), SIZES)
def test_sfn_leaves_the_saddle(seed, d):
    """Coordinates of positive curvature go to 0, those of negative curvature double."""
    function, theta = problem(seed, d)
    spectrum, R = function.data[:d], function.data[d:].reshape(d, d)
    before, after = R @ theta, R @ one_step(sfn, function, theta)
    tolerance = 2 * forward_error(function.hessian(theta), theta)
    np.testing.assert_allclose(after, np.where(spectrum > 0, 0, 2 * before), rtol=0, atol=tolerance)


@pytest.mark.parametrize("div", [1.0, 1.5, 4.0])
def test_escape_from_a_saddle(div):
    """Growth by ``1 + 1/div`` a step, whatever the curvature: the time to leave is logarithmic."""
    function = functions.quadratic([-1e-4, 1.0])
    theta = np.array([1e-6, 1.0])
    for _ in range(5):
        theta = one_step(sfn, function, theta, div=div)
    # The step of each coordinate is its own division: a few roundings a step.
    expected = 1e-6 * (1 + 1 / div) ** 5, (1 - 1 / div) ** 5
    np.testing.assert_allclose(theta, expected, rtol=50 * EPS, atol=EPS)


def test_newton_goes_to_a_saddle_and_sfn_to_a_minimum():
    """From the same start on Himmelblau's function."""
    function = functions.himmelblau
    ends = {}
    for method in (newton, sfn):
        theta = function.saddles[0] + np.array([0.05, -0.1])
        for _ in range(30):
            theta = one_step(method, function, theta)
        ends[method.name] = theta
    # Both converge quadratically; what is left is the rounding of the gradient over curvature.
    np.testing.assert_allclose(ends["newton"], function.saddles[0], rtol=0, atol=1e3 * EPS)
    distances = np.linalg.norm(function.minima - ends["sfn"], axis=1)
    assert distances.min() < 1e3 * EPS


def test_alpha_is_a_share_of_the_step():
    function = functions.quadratic([2.0, -4.0])
    np.testing.assert_array_equal(one_step(newton, function, [1.0, 1.0], alpha=0.25), [0.75, 0.75])
    np.testing.assert_array_equal(one_step(newton, function, [1.0, 1.0], alpha=0.0), [1.0, 1.0])


def test_cut_bounds_the_sfn_step():
    function = functions.quadratic([1e-6, -8.0])
    end = one_step(sfn, function, [1.0, 1.0], div=2.0, cut=1e-3)
    np.testing.assert_allclose(end, [1 - 1e-3, 1.5], rtol=4 * EPS)


def test_defaults():
    assert newton.defaults == {"alpha": 1.0}
    assert sfn.defaults == {"div": 1.0, "cut": 0.0}
    assert newton.curvature == sfn.curvature == "hessian"


@pytest.mark.parametrize("d", [1, 2, 9])
def test_no_step_without_curvature(d):
    np.testing.assert_array_equal(repulsion.newton(np.zeros((d, d)), np.ones(d)), np.zeros(d))


def test_no_step_along_a_flat_direction():
    """Rounding turns an eigenvalue 0 into ``1e-16``; it must not become a step of ``1e16``."""
    rng = np.random.default_rng(3)
    for d in (2, 4, 10):
        R = functions.random_rotation(rng, d)
        function = functions.quadratic(np.r_[0.0, np.arange(1.0, d)], R)
        g = rng.standard_normal(d)
        step = repulsion.newton(function.hessian(g), g)
        expected = -R.T @ (np.r_[0.0, 1 / np.arange(1.0, d)] * (R @ g))
        np.testing.assert_allclose(step, expected, rtol=0, atol=100 * d**2 * EPS)


def test_monkey_saddle_gives_nothing_to_go_by():
    """At the origin of a monkey saddle neither method moves, whatever the noise in `g`."""
    H = functions.monkey_saddle.hessian(np.zeros(2))
    for step in (repulsion.newton(H, np.ones(2)), repulsion.saddle_free(H, np.ones(2))):
        np.testing.assert_array_equal(step, np.zeros(2))


@pytest.mark.parametrize("piece", [repulsion.newton, repulsion.saddle_free])
class TestBadInput:
    def test_not_symmetric(self, piece):
        with pytest.raises(NotSymmetricError, match="must be symmetric"):
            piece(np.array([[1.0, 2.0], [0.0, 1.0]]), np.ones(2))

    @EXAMPLES
    @given(st.integers(0, 2**32), SIZES.filter(lambda d: d > 1), st.floats(-200.0, 200.0))
    def test_symmetric_relative_to_the_largest_entry(self, piece, seed, d, decade):
        """Whatever the unit: 1e-5 of the largest entry is an error, 1e-7 is not."""
        function, g = problem(seed, d)
        H = 10.0**decade * function.hessian(np.zeros(d))
        piece(H, g)
        change = np.zeros((d, d))
        change[d - 1, 0] = abs(H).max()
        piece(H + 1e-7 * change, g)
        with pytest.raises(NotSymmetricError):
            piece(H + 1e-5 * change, g)

    def test_difference_quotients_pass(self, piece):
        """A Hessian by one-sided differences of exact gradients counts as symmetric."""
        function, theta = functions.goldstein_price, np.array([0.7, -0.4])
        h = np.sqrt(EPS)
        rows = [
            (function.gradient(theta + h * e) - function.gradient(theta)) / h for e in np.eye(2)
        ]
        assert rows[0][1] != rows[1][0]
        piece(np.array(rows), function.gradient(theta))

    @pytest.mark.parametrize(
        ("H", "g"),
        [
            (np.ones((2, 3)), np.ones(2)),
            (np.eye(2), np.ones(3)),
            (np.ones(2), np.ones(2)),
            (np.eye(2), np.ones((2, 1))),
            (np.empty((0, 0)), np.empty(0)),
        ],
    )
    def test_shapes(self, piece, H, g):
        with pytest.raises(ShapeError, match=r"H must be \(d, d\) and g \(d,\)"):
            piece(H, g)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_not_finite(self, piece, bad):
        with pytest.raises(NotFiniteError):
            piece(np.diag([1.0, bad]), np.ones(2))
        with pytest.raises(NotFiniteError):
            piece(np.eye(2), np.array([1.0, bad]))


def test_the_steps_name_what_is_wrong():
    """The errors of the pieces reach the caller of a step."""
    theta = np.ones(2)
    skewed = np.array([[1.0, 1.0], [0.0, 1.0]])
    for method in (newton, sfn):
        parameters = method.parameters()
        state = method.start(theta, np.empty((0, 2)), parameters)
        with pytest.raises(NotSymmetricError):
            method.step(state, theta, theta, skewed, parameters)
    with pytest.raises(RangeError, match="div"):
        sfn.step(state, theta, theta, np.eye(2), sfn.parameters(div=0.0))


def test_a_step_changes_nothing_it_was_given():
    theta, g, H = np.ones(2), np.ones(2), np.eye(2)
    for method in (newton, sfn):
        parameters = method.parameters()
        state = method.start(theta, np.empty((0, 2)), parameters)
        end, after = method.step(state, theta, g, H, parameters)
        assert (state.count, after.count) == (0, 1)
        np.testing.assert_array_equal(end, np.zeros(2))
        for given_, original in ((theta, np.ones(2)), (g, np.ones(2)), (H, np.eye(2))):
            np.testing.assert_array_equal(given_, original)
