"""Where there is nothing to learn from: no move, one point, and rounding taken for movement."""

import numpy as np
import pytest

from refimpl import regression
from tests.regression.batches import (
    BOTH_UPDATES,
    EACH_FIT,
    EPS,
    least_squares,
    observe,
    pairs,
    weights,
)

pytestmark = pytest.mark.numerics


def assert_nothing_known(line):
    np.testing.assert_array_equal(line.curvature, 0.0)
    np.testing.assert_array_equal(line.curvature_error, np.inf)
    assert np.isnan(line.extremum).all()
    np.testing.assert_array_equal(line.extremum_error, np.inf)


@pytest.mark.parametrize("prior", [None, (1.0, 0.0)])
def test_before_the_first_observation(prior):
    state = regression.start(3, prior)
    assert_nothing_known(regression.slope(state))
    np.testing.assert_array_equal(regression.hessian(state), 0.0)
    np.testing.assert_array_equal(regression.symmetric_hessian(state), 0.0)
    np.testing.assert_array_equal(regression.correlated_hessian(state), 0.0)
    assert regression.effective_size(state) == 0.0
    assert regression.unvisited(state) == (3 if prior is None else 0)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0])
def test_position_that_does_not_move(beta):
    """Gradients without a slope: 0 divided by 0 is curvature 0 that nobody vouches for."""
    rng = np.random.default_rng(15)
    thetas = np.tile([0.1, -7.3], (20, 1))
    for start in (regression.start(2), regression.start_diagonal(2)):
        state = observe(start, thetas, rng.standard_normal((20, 2)), beta)
        assert_nothing_known(regression.slope(state))
        assert regression.unvisited(state) == 2
    state = observe(regression.start(2), thetas, rng.standard_normal((20, 2)), beta)
    np.testing.assert_array_equal(regression.symmetric_hessian(state), 0.0)
    np.testing.assert_array_equal(regression.hessian(state), 0.0)
    np.testing.assert_array_equal(regression.correlated_hessian(state), 0.0)


def test_beta_of_one_remembers_one_point():
    """A point has no slope, in either form of the recursion."""
    thetas, _, gradients = pairs(16, 5, 2)
    for update, prior in (
        (regression.update, None),
        (regression.update, 1.0),
        (regression.update_new_mean, 1.0),
    ):
        state = observe(regression.start(2, prior), thetas, gradients, 1.0, update)
        np.testing.assert_array_equal(state.C_thetatheta, 0.0)
        # With beta = 1 the mean is the newest point, but for the rounding of one addition.
        np.testing.assert_allclose(state.mean_theta, thetas[-1], atol=4 * EPS * abs(thetas).max())
        assert_nothing_known(regression.slope(state))


def test_gradient_that_does_not_change():
    """A known curvature 0 of a visited coordinate: its extremum is undefined."""
    thetas = np.random.default_rng(17).standard_normal((30, 1))
    line = regression.slope(observe(regression.start(1), thetas, np.ones((30, 1)), 0.2))
    np.testing.assert_array_equal(line.curvature, 0.0)
    np.testing.assert_array_equal(line.curvature_error, 0.0)
    assert np.isnan(line.extremum).all()
    np.testing.assert_array_equal(line.extremum_error, np.inf)


@pytest.mark.parametrize("D", [2, 3, 5])
@pytest.mark.parametrize("rank", [1, 2])
def test_collinear_positions(D, rank):
    """Among all symmetric minimisers, the one of least norm: a singular value decomposition's."""
    if rank >= D:
        rank = D - 1
    rng = np.random.default_rng(D)
    n, beta = 30, 0.1
    thetas = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, D))
    gradients = rng.standard_normal((n, D))
    state = observe(regression.start(D), thetas, gradients, beta)
    assert regression.unvisited(state) == D - rank
    expected = least_squares(thetas, gradients, weights(n, beta), rcond=1e-8)
    H = regression.symmetric_hessian(state)
    e = np.linalg.eigvalsh(state.C_thetatheta)
    # As in fit_tolerance, with the smallest variance that was visited.
    amplification = e[-1] / e[D - rank]
    np.testing.assert_allclose(
        H, expected, atol=1e3 * EPS / beta * amplification * np.linalg.norm(expected)
    )
    root = np.sqrt(weights(n, beta))[:, None]
    design = root * (thetas - state.mean_theta)
    plain = np.linalg.lstsq(design, root * (gradients - state.mean_gradient), rcond=1e-8)[0].T
    np.testing.assert_allclose(
        regression.hessian(state),
        plain,
        atol=1e3 * EPS / beta * amplification * np.linalg.norm(plain),
    )


def test_ridge_closes_what_was_not_visited():
    """With a ridge nothing is undetermined: it divides where the variance is 0."""
    C, B = np.diag([2.0, 0.0]), np.array([[4.0, 0.0], [0.0, 3.0]])
    state = regression.start(2)._replace(C_thetatheta=C, C_gtheta=B)
    np.testing.assert_allclose(
        regression.symmetric_hessian(state), np.diag([2.0, 0.0]), rtol=8 * EPS
    )
    np.testing.assert_allclose(
        regression.symmetric_hessian(state, 0.5), np.diag([4.0 / 2.5, 6.0]), rtol=8 * EPS
    )


# Rounding is no signal: stretches that are frozen, nearly frozen, far.

STARTS = [
    (start, update, prior)
    for start in (regression.start, regression.start_diagonal)
    for update, prior in ((regression.update, None), (regression.update_new_mean, (0.0, 0.0)))
]
FAR_AWAY = 1e6
# Of both the last, then each of them again and again.
SEEN = np.array([0.0, 1.0, 3.0, 2.0, 5.0])


def frozen(start, update, prior, D=1, scale=1.0, steps=300, beta=0.25):
    """Five positions about a far place with the gradient of curvature 3, the last one repeated."""
    axes = np.arange(1.0, D + 1.0)
    # A prior about the place, or the way there would be what has been seen.
    state = start(D, prior)._replace(mean_theta=np.full(D, FAR_AWAY))
    for x in (*SEEN, *np.full(steps, SEEN[-1])):
        theta = FAR_AWAY + scale * x**axes
        state = update(state, theta, 3.0 * (theta - FAR_AWAY), beta)
        yield state


@pytest.mark.parametrize(("start", "update", "prior"), STARTS)
@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-6])
def test_frozen_positions_have_the_old_line_or_none(start, update, prior, scale):
    """At each of 300 repetitions; and after the last digit of it has faded."""
    for k, state in enumerate(frozen(start, update, prior, scale=scale)):
        line = regression.slope(state)
        if line.curvature[0] == 0.0:
            assert (line.curvature_error[0], line.extremum_error[0]) == (np.inf, np.inf)
        else:
            assert line.curvature[0] == pytest.approx(3.0, rel=1e-3)
            assert line.extremum[0] == pytest.approx(FAR_AWAY, abs=1e-2 * scale)
        # While the spread is far above rounding there is a line.
        assert (line.curvature[0] == 0.0) <= (k == 0 or k > 30)
    *_, state = frozen(start, update, prior, scale=scale, steps=8000)
    assert regression.slope(state).curvature[0] == 0.0
    assert regression.unvisited(state) == 1
    assert state.C_thetatheta.max() <= 1e-9 * EPS


@EACH_FIT
@BOTH_UPDATES
def test_frozen_positions_in_matrix_fits(fit, update):
    """Two coordinates: the old curvature in the directions that are left, 0 in the others."""
    prior = (0.0, 0.0) if update is regression.update_new_mean else None
    for state in list(frozen(regression.start, update, prior, D=2))[5:]:
        H = fit(state)
        # Means and squares of numbers that are 1e6 apart from 0 keep ten digits.
        values = np.linalg.eigvalsh(0.5 * (H + H.T))
        for value in values:
            assert value == pytest.approx(3.0, rel=1e-3) or value == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("beta", [0.1, 0.25, 0.6])
def test_positions_that_differ_by_roundings_have_not_moved(beta):
    """Nearly frozen: one or two units in the last place, which the mean cannot follow."""
    rng = np.random.default_rng(0)
    state = regression.start_diagonal(1)
    for jump in rng.integers(0, 3, 200):
        theta = np.array([FAR_AWAY * (1.0 + jump * EPS)])
        state = regression.update(state, theta, rng.standard_normal(1), beta)
        assert regression.slope(state).curvature[0] == 0.0
        assert regression.slope(state).curvature_error[0] == np.inf
    # Negative control: a thousand times as far apart they have.
    for jump in rng.integers(0, 3, 200):
        theta = np.array([FAR_AWAY * (1.0 + 1000.0 * jump * EPS)])
        state = regression.update(state, theta, 3.0 * (theta - FAR_AWAY), beta)
    assert regression.slope(state).curvature[0] == pytest.approx(3.0, rel=0.05)


def test_a_direction_of_rounding_among_far_positions():
    """Along (1, 2) they move by 1e-5, across only as far as the nearest floats are away."""
    state, H = regression.start(2), np.array([[2.0, 1.0], [1.0, -1.0]])
    for t in np.random.default_rng(0).standard_normal(60):
        move = 1e-5 * t * np.array([1.0, 2.0])
        theta = FAR_AWAY + move
        state = regression.update(state, theta, H @ move, 0.3)
    assert regression.unvisited(state) == 1
    along, across = np.array([1.0, 2.0]) / 5**0.5, np.array([2.0, -1.0]) / 5**0.5
    for found in (regression.symmetric_hessian(state), regression.hessian(state)):
        assert along @ found @ along == pytest.approx(along @ H @ along, rel=1e-3)
        assert across @ found @ across == pytest.approx(0.0, abs=1e-3)


def test_constant_gradients_have_no_spread():
    """C_gg dies too, so that the curvature of the "c" assumption is 0 and not one rounding."""
    rng = np.random.default_rng(0)
    state = regression.start(1)
    for x in rng.standard_normal(3000):
        state = regression.update(state, np.array([x]), np.array([0.1]), 0.25)
    assert state.C_gg[0, 0] <= 1e-300
    assert regression.correlated_hessian(state)[0, 0] == pytest.approx(0.0, abs=1e-100)
