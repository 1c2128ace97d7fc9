"""SP-BFGS: its secant by other routes, the two ends of its penalty, and what it does not learn."""

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.optimizers import bind
from refimpl.optimizers.sp_bfgs import SPBFGSState, sp_bfgs
from tests.optimizers.paths import GRADIENTS, descend, run
from tests.rounding import EPS, sensitivity

pytestmark = pytest.mark.numerics

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=30, deadline=None)


def learned(H, s, y, eps_g):
    """The inverse Hessian after a step of `s` over which the gradient changed by `y`."""
    parameters = bind(sp_bfgs, {"eps_g": eps_g})
    state = SPBFGSState(H, np.zeros(s.size), np.zeros(s.size))
    return sp_bfgs.step(state, s, y, parameters)[1].inverse


def problem(seed, D=4):
    """A positive definite `H` and a pair along which the curvature is positive."""
    rng = np.random.default_rng(seed)
    A, B, s = rng.standard_normal((D, D)), rng.standard_normal((D, D)), rng.standard_normal(D)
    return A @ A.T + np.eye(D), s, (B @ B.T + np.eye(D)) @ s


def rounding(H, s, y, eps_g):
    """What roundings of a right program may change, a hundred of them at the worst entry."""
    compute = lambda *given: (learned(0.5 * (given[0] + given[0].T), *given[1:], eps_g),)  # noqa: E731
    return 100.0 * EPS * sensitivity(compute, H, s, y)[0]


def stationary(H, s, y, slack):
    """The symmetric `X` where ``X + ((X y - s) s^T + s (X y - s)^T) / (2 slack)`` is `H`.

    There ``|X - H|^2 / 2 + |X y - s|^2 / (2 slack)`` is least, in the norm that a matrix with
    ``W s = y`` weighs. A linear system for all entries of `X`, symmetric or not.
    """
    D = s.size
    eye = np.eye(D)
    # Row-wise: (X y)_i s_j and s_i (X y)_j.
    first = np.einsum("ik,l,j->ijkl", eye, y, s)
    system = np.einsum("ik,jl->ijkl", eye, eye) + (first + first.swapaxes(0, 1)) / (2.0 * slack)
    right = H + np.outer(s, s) / slack
    return np.linalg.solve(system.reshape(D * D, D * D), right.ravel()).reshape(D, D)


@given(SEEDS, st.floats(-3.0, 3.0))
@FEW
def test_least_change_under_the_penalty(seed, power):
    """Its own definition, over all entries at once."""
    H, s, y = problem(seed)
    eps_g = 10.0**power
    expected = stationary(H, s, y, eps_g / np.linalg.norm(s))
    # The system has the squares of the numbers of the closed form.
    atol = rounding(H, s, y, eps_g) * (1.0 + np.linalg.norm(s) * np.linalg.norm(y) / eps_g)
    np.testing.assert_allclose(learned(H, s, y, eps_g), expected, rtol=0, atol=10 * atol)


@given(SEEDS)
@FEW
def test_without_noise_it_is_scipys_bfgs(seed):
    """By the update of SciPy's own class, which keeps the secant."""
    H, s, y = problem(seed)
    theirs = scipy.optimize.BFGS(init_scale=1.0)
    theirs.initialize(s.size, "inv_hess")
    theirs.H = H.copy()
    theirs.update(s, y)
    atol = rounding(H, s, y, 0.0)
    ours = learned(H, s, y, 0.0)
    np.testing.assert_allclose(
        ours, np.tril(theirs.get_matrix()) + np.tril(theirs.get_matrix(), -1).T, rtol=0, atol=atol
    )
    np.testing.assert_allclose(ours @ y, s, rtol=0, atol=atol * np.abs(y).sum())


@given(SEEDS)
@FEW
def test_ends_of_the_penalty(seed):
    """Little noise: BFGS, to first order in it. Much: nothing is learned, to first order in 1/it.

    With ``q = slack / (s y)`` the coefficients of the update are those of BFGS up to shares of
    ``q``, at most four of them a product; and all of them are at most ``1 / slack`` each.
    """
    H, s, y = problem(seed)
    bfgs, gap, length = learned(H, s, y, 0.0), s @ y, np.linalg.norm(s)
    scale = np.abs(bfgs).max() + np.abs(H).max()
    scale *= 1.0 + (length * np.linalg.norm(y) / gap) ** 2
    little = learned(H, s, y, 1e-8 * gap * length)
    assert np.abs(little - bfgs).max() <= 8.0 * s.size * 1e-8 * scale
    much = 1e8 * length * (np.abs(H).max() * (y @ y) + abs(gap)) * max(1.0, length) ** 2
    # 2 |s| |H y| / (2 slack), y H y |s|^2 / (2 slack^2) ..., |s|^2 / slack.
    bound = 4.0 * s.size * (length * np.linalg.norm(H @ y) + length**2) / (much / length)
    assert np.abs(learned(H, s, y, much) - H).max() <= bound + 100 * EPS * np.abs(H).max()


@given(SEEDS, st.floats(-2.0, 4.0))
@FEW
def test_the_miss_of_the_secant(seed, power):
    """It falls with the noise, and along `y` it is ``(y H y - s y) slack / (s y + slack)``."""
    H, s, y = problem(seed)
    eps_g = 10.0**power
    slack = eps_g / np.linalg.norm(s)
    miss = learned(H, s, y, eps_g) @ y - s
    expected = (y @ H @ y - s @ y) * slack / (s @ y + slack)
    atol = rounding(H, s, y, eps_g) * np.abs(y).sum() ** 2 + 10 * EPS * abs(y @ H @ y)
    assert abs(miss @ y - expected) <= atol


@given(SEEDS, st.sampled_from([0.01, 0.1, 1.0, 10.0]))
@FEW
def test_stays_positive_definite(seed, eps_g):
    """Under noise that turns the sign of many a secant; symmetric to the last bit."""
    rng = np.random.default_rng(seed)
    parameters = bind(sp_bfgs, {"eps_g": eps_g})
    theta = np.zeros(3)
    state, curvature = sp_bfgs.start(theta, np.empty((0, 3)), parameters), np.diag([1.0, 0.1, -0.5])
    turned = 0
    for _ in range(40):
        gradient = curvature @ theta + 0.3 * rng.standard_normal(3)
        turned += (theta - state.old_theta) @ (gradient - state.old_gradient) < 0.0
        # Positions elsewhere, so that none of them runs away along the third axis.
        _, state = sp_bfgs.step(state, theta, gradient, parameters)
        theta = rng.standard_normal(3)
        np.testing.assert_array_equal(state.inverse, state.inverse.T)
        values = np.linalg.eigvalsh(state.inverse)
        # Of a congruence and a sum of squares: negative by roundings of the largest alone.
        assert values[0] > -40 * 9 * EPS * values[-1]
    assert turned > 0


@pytest.mark.parametrize("eps_g", [0.0, 0.25])
def test_curvature_below_minus_the_slack_teaches_nothing(eps_g):
    """``s y`` must exceed ``-eps_g / |s|``: here -1/8."""
    H, s = np.diag([1.0, 2.0]), np.array([2.0, 0.0])
    edge = -eps_g / 2.0
    for gap in (edge, edge - 0.5, edge - 1e-3):
        np.testing.assert_array_equal(learned(H, s, np.array([gap / 2.0, 1.0]), eps_g), H)
    assert (learned(H, s, np.array([edge / 2.0 + 0.5, 1.0]), eps_g) != H).any()


def test_nothing_moved_teaches_nothing():
    """Bit for bit, whatever the gradients do: as at the first step, which has no secant."""
    H = np.array([[2.0, 0.5], [0.5, 1.0]])
    for eps_g in (0.0, 1.0):
        for y in (np.zeros(2), np.array([1.0, -3.0]), np.array([1e140, 1.0])):
            np.testing.assert_array_equal(learned(H, np.zeros(2), y, eps_g), H)


def test_a_flat_way_makes_steps_longer():
    """Equal gradients: ``H + s s^T |s| / eps_g``, from the formula with ``y = 0``."""
    H, s = np.eye(2), np.array([3.0, 4.0])
    expected = H + np.outer(s, s) * 5.0 / 0.5
    np.testing.assert_allclose(learned(H, s, np.zeros(2), 0.5), expected, rtol=8 * EPS)


@given(SEEDS)
@FEW
def test_numbers_beyond_floats_teach_nothing(seed):
    """From 1e-150 to 1e150 in every argument: a finite, symmetric matrix, and no warning."""
    rng = np.random.default_rng(seed)
    H, s, y = problem(seed, 3)
    for a, b, c in 10.0 ** rng.uniform(-150.0, 150.0, (10, 3)):
        new = learned(H, a * s, b * y, c)
        assert np.isfinite(new).all()
        np.testing.assert_array_equal(new, new.T)


def test_a_step_is_shortened():
    """To `longest`, in its direction; `alpha` comes first."""
    path = run("sp_bfgs", np.zeros(2), [[3.0, 4.0]], alpha=0.5, longest=1.0)
    np.testing.assert_allclose(path[1], [-0.6, -0.8], rtol=4 * EPS)
    path = run("sp_bfgs", np.zeros(2), [[3.0, 4.0]], alpha=0.5, longest=3.0)
    np.testing.assert_allclose(path[1], [-1.5, -2.0], rtol=4 * EPS)


@given(st.integers(-40, 40))
@FEW
def test_the_scale_of_the_loss(power):
    """With the noise and the first matrix it is the same path, bit for bit."""
    c = 2.0**power

    def path(c):
        parameters = bind(sp_bfgs, {"eps_g": 0.5 * c})
        theta = np.ones(3)
        state = sp_bfgs.start(theta, np.empty((0, 3)), parameters)
        state = state._replace(inverse=state.inverse / c)
        for gradient in GRADIENTS:
            theta, state = sp_bfgs.step(state, theta, c * gradient, parameters)
            yield theta

    np.testing.assert_array_equal(list(path(c)), list(path(1.0)))


def test_finds_a_minimum_without_noise():
    """Of a quadratic in three dimensions, to the rounding of its gradient."""
    A = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]])
    path = descend("sp_bfgs", [1.0, -2.0, 0.5], lambda x: A @ x, 60, eps_g=0.0)
    assert np.abs(path[-1]).max() <= 100 * EPS


def test_it_averages_where_bfgs_overwrites():
    """The claim of its paper: under noise the matrix keeps the size of the inverse Hessian.

    Eigenvalues of ``H A``, 1 where `H` is right, over the last hundred of 400 steps on a quadratic.
    By secants as they are, noise over ever shorter steps is ever more curvature: `H` vanishes.
    """
    A, sizes = np.diag([1.0, 4.0]), {}
    for eps_g in (0.0, 0.1):
        found, parameters = [], bind(sp_bfgs, {"alpha": 0.25, "eps_g": eps_g})
        for seed in range(10):
            rng, theta = np.random.default_rng(seed), np.ones(2)
            state = sp_bfgs.start(theta, np.empty((0, 2)), parameters)
            for t in range(400):
                gradient = A @ theta + 0.1 * rng.standard_normal(2)
                theta, state = sp_bfgs.step(state, theta, gradient, parameters)
                if t >= 300:
                    found.append(scipy.linalg.eigvals(state.inverse @ A).real)
        sizes[eps_g] = np.mean(np.log10(found))
    assert abs(sizes[0.1]) < 0.5
    assert sizes[0.0] < -10.0
