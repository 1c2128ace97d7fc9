"""The robust default: its step by definition, its invariances, its limits, and what it is for."""

import itertools

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, optimizers, regression
from refimpl.optimizers import subspace
from refimpl.optimizers.ogr import OGRParameters, neutral, ogr, rest, unforeseen
from tests.optimizers.ogr_definition import by_definition, response_ratio

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=25 if _compile.JIT else 4)
STEPS = 20
NOTHING_DRAWN = np.empty((0, 0))


def follow(theta, gradients, **hyperparameters):
    """Positions, and the state at the end; gradients are vectors, or functions of the position."""
    parameters = optimizers.bind(ogr, hyperparameters)
    theta = np.array(theta, dtype=float)
    state, path = ogr.start(theta, NOTHING_DRAWN, parameters), [theta]
    for gradient in gradients:
        g = gradient(theta) if callable(gradient) else gradient
        theta, state = ogr.step(state, theta, np.array(g, dtype=float), parameters)
        path.append(theta)
    return np.array(path), state


def drawn(D, seed, scale=1.0):
    """A start, and the noisy gradients of a function with bounded slope along an indefinite one."""
    rng = np.random.default_rng(seed)
    H = rng.standard_normal((D, D))
    H = H + H.T
    theta = 2.0 * rng.standard_normal(D)
    noise = 0.5 * rng.standard_normal((STEPS, D))
    return theta, [lambda x, z=z: scale * (H @ np.tanh(x) + 0.3 * x + z) for z in noise]


# A step amplifies rounding a few times, as in the tests of the family, and the fit costs the
# condition of the ridged covariance besides, here up to 1e4.
ATOL = 1e8 * EPS


# The step.

WITHOUT = [{}, {"turning": False}, {"scaled": False}, {"turning": False, "scaled": False}]


def assert_defined(theta, gradients, **options):
    """A run and its axes are those of the definition, which is returned."""
    expected = by_definition(theta, gradients, optimizers.bind(ogr, options))
    path, state = follow(theta, gradients, **options)
    np.testing.assert_allclose(path, expected.path, rtol=0, atol=ATOL * np.abs(path).max())
    np.testing.assert_allclose(state.model.V, expected.axes, rtol=0, atol=1e-6)
    return expected


@pytest.mark.parametrize("D", [1, 2, 3])
@pytest.mark.parametrize("options", WITHOUT, ids=lambda options: "-".join(options) or "default")
@pytest.mark.parametrize("seed", [0, 1])
def test_is_its_definition_in_all_directions(D, options, seed):
    """Batch statistics with explicit weights, SciPy's Lyapunov solver, LAPACK's QR."""
    assert_defined(*drawn(D, 10 * D + seed), **options)


@pytest.mark.parametrize(("D", "d"), [(6, 2), (6, 1), (3, 2)])
@pytest.mark.parametrize("scaled", [True, False])
def test_is_its_definition_in_a_subspace(D, d, scaled):
    """With what is outside, and with directions that are dropped, more than once."""
    found = assert_defined(*drawn(D, D + d), dimension=d, scaled=scaled)
    assert found.renewals >= 2


OTHER = {
    "beta": 0.8, "beta_late": 0.1, "settle": 3.0, "patience": 3.0, "gamma": 0.3, "reach": 0.7,
    "jump": 1.0, "first": 0.2, "ridge": 0.1, "dimension": 1, "scaled": False, "turning": False,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_each_setting_is_where_the_definition_has_it(name):
    """One other setting at a time; each of them changes the path.

    Coordinates have units far enough apart for their scales to differ.
    """
    assert set(OTHER) == set(OGRParameters._fields)
    units, (theta, drawn_gradients) = np.array([1.0, 4.0, 16.0]), drawn(3, 30)
    theta, gradients = theta / units, [lambda x, g=g: units * g(units * x) for g in drawn_gradients]
    found = assert_defined(theta, gradients, **{name: OTHER[name]})
    assert np.abs(found.path - follow(theta, gradients)[0]).max() > 1e-3


@pytest.mark.parametrize("d", [2, 3])
def test_is_its_definition_where_moves_are_taken_back(d):
    """A first step into a steep wall, in all directions and in some.

    Its length 10 leaves a coordinate beyond ``10 / 3^(1/2) - 0.2 > 5.5``, where the gradient is
    longer than 665; that of the start is shorter than 0.4.
    """
    wall = [lambda x: 4.0 * x**3 + np.array([0.1, -0.2, 0.3])] * 12
    found = assert_defined(np.array([0.1, -0.2, 0.05]), wall, dimension=d, first=10.0)
    assert found.taken_back > 0


def test_first_two_steps_by_hand():
    """``f = 2 (x + 2)^2`` from 2: the first step is as long as the start, the second is cut.

    Start 2, gradient 16, first step 2. At 0 with gradient 8, ``beta = beta_late = 1/2``: weights
    1/3 and 2/3, spread ``8/9``. Position and gradient differ by a factor 4, so that the step in
    units of the momentum is 1/4, and the momentum 12; ``neutral(1/2, 1/2) = sqrt(9/5)``.
    The mean gradient is 32/3 and the energy 128/9: the mean has 8/9 of the mean square, where that
    of noise has 1/3. So the agreement is 5/9, and 5 spreads are no bound. With a reach of 1/4
    neither this share of it nor ``keeping(1/2, 1/2) = sqrt(9/10)`` counts: ``sqrt(8/9) / 4``.
    """
    slopes = [lambda x: 4.0 * (x + 2.0)] * 2
    path, state = follow([2.0], slopes, beta=0.5, beta_late=0.5, reach=0.25)
    np.testing.assert_allclose(path[1], 0.0, rtol=0, atol=8 * EPS)
    np.testing.assert_allclose(path[2], -np.sqrt(2.0) / 6.0, rtol=20 * EPS)
    uncut, _ = follow([2.0], slopes, beta=0.5, beta_late=0.5, reach=9.0)
    np.testing.assert_allclose(uncut[2], -3.0 * np.sqrt(1.8), rtol=20 * EPS)
    np.testing.assert_allclose(state.variance_theta, 8.0 / 9.0, rtol=20 * EPS)
    # Between the two, the agreement is the bound.
    path, _ = follow([2.0], slopes, beta=0.5, beta_late=0.5, reach=2.0)
    np.testing.assert_allclose(path[2], -10.0 / 9.0 * np.sqrt(8.0) / 3.0, rtol=20 * EPS)


def test_means_are_those_of_the_whole_past():
    """The sum over all positions with their weights, which change with the step."""
    theta, gradients = drawn(3, 7)
    path, state = follow(theta, gradients, patience=np.inf)
    p, w = OGRParameters(), np.empty(0)
    for t in range(STEPS):
        beta = p.beta_late + (p.beta - p.beta_late) * p.settle / (p.settle + t)
        w = np.append((1.0 - beta) * w, beta)
    mean = w / w.sum() @ path[:-1]
    # Each mean is rounded once a step.
    np.testing.assert_allclose(
        state.mean_theta, mean, rtol=0, atol=2 * STEPS * EPS * np.abs(path).max()
    )


# Invariances.


@EXAMPLES
@given(st.integers(-300, 300), st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**32))
def test_powers_of_two_of_the_loss_change_no_bit(k, D, d, seed):
    theta, gradients = drawn(D, seed)
    path, _ = follow(theta, gradients, dimension=d)
    scaled, _ = follow(theta, drawn(D, seed, 2.0**k)[1], dimension=d)
    np.testing.assert_array_equal(scaled, path)


@pytest.mark.parametrize("factor", [3.0, 0.7e-9, 1.1e40])
def test_other_factors_of_the_loss_change_rounding_only(factor):
    """On a quadratic without noise; the first dozen steps, before the path has closed in."""
    H = np.array([[3.0, 1.0], [1.0, 20.0]])
    path, _ = follow([1.0, -2.0], [lambda x: H @ x] * 12)
    scaled, _ = follow([1.0, -2.0], [lambda x: factor * (H @ x)] * 12)
    np.testing.assert_allclose(scaled, path, rtol=0, atol=ATOL * 2.0)


@pytest.mark.parametrize("shift", [np.array([0.3, -0.5]), np.array([-0.25, 0.5])])
def test_origin_enters_through_the_size_of_the_start_alone(shift):
    """Function and start moved together: the path moves along, while both starts are below 1."""
    H = np.array([[3.0, 1.0], [1.0, 20.0]])
    theta = np.array([0.5, -0.4])
    path, _ = follow(theta, [lambda x: H @ x + 1.0] * 12)
    moved, _ = follow(theta + shift, [lambda x: H @ (x - shift) + 1.0] * 12)
    np.testing.assert_allclose(moved - shift, path, rtol=0, atol=ATOL)
    # Farther out the first step is longer, and then it is its setting that has to be shorter.
    far = theta + 100.0
    moved, _ = follow(far, [lambda x: H @ (x - 100.0) + 1.0] * 12)
    assert np.abs(moved - 100.0 - path).max() > 1.0
    same = OGRParameters().first / np.sqrt(np.mean(far**2))
    moved, _ = follow(far, [lambda x: H @ (x - 100.0) + 1.0] * 12, first=same)
    # Positions near 100 are rounded a hundred times as coarsely.
    np.testing.assert_allclose(moved - 100.0, path, rtol=0, atol=100 * ATOL)


def test_axes_are_ordered_at_the_start():
    """Exchanged coordinates give another path, since the QR step begins with the first axis.

    Without turning there is no order.
    """
    order = [2, 0, 1]
    theta, _ = drawn(3, 4)
    gradients = np.random.default_rng(4).standard_normal((STEPS, 3))
    for turning in (True, False):
        path, _ = follow(theta, gradients, turning=turning)
        other, _ = follow(theta[order], gradients[:, order], turning=turning)
        difference = np.abs(other - path[:, order]).max()
        assert difference > 1e-2 if turning else difference < ATOL


# The scale that keeps the spread.


@EXAMPLES
@given(st.floats(0.05, 1.0), st.floats(0.05, 1.0))
def test_neutral_is_a_sum_over_the_past(beta, gamma):
    """Impulse responses squared and summed; 20 000 terms leave nothing of ``0.95^n``."""
    expected = 1.0 / np.sqrt(response_ratio(beta, gamma))
    # Sums of up to 1000 terms that count.
    np.testing.assert_allclose(neutral(beta, gamma), expected, rtol=1e3 * EPS)


def test_neutral_keeps_the_spread_of_white_noise():
    """The variance of a walk with these steps; a neglected momentum is told apart.

    The mean over 400 walks is normal to a good approximation; at 4.5 standard errors a false alarm
    comes once in 150 000 times.
    """
    beta, gamma = 0.25, 0.5
    g = np.random.default_rng(3).standard_normal((400, 500))
    momentum = scipy.signal.lfilter([gamma], [1.0, gamma - 1.0], g)
    positions = -np.cumsum(momentum, axis=1)
    spreads = []
    for series in (positions[:, :-1], g[:, 1:]):
        mean = scipy.signal.lfilter([beta], [1.0, beta - 1.0], series)
        # The last distances from the mean before; the first ones are still at their start.
        spreads.append(((series[:, 101:] - mean[:, 100:-1]) ** 2).mean(axis=1))
    for assumed, fits in ((gamma, True), (1.0, False)):
        excess = neutral(beta, assumed) ** 2 * spreads[0] - spreads[1]
        z = excess.mean() / (excess.std(ddof=1) / np.sqrt(excess.size))
        assert (abs(z) < 4.5) == fits


# Bounds of the step.


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 4), st.floats(-3.0, 3.0))
def test_scale_is_at_most_one_over_the_curvature(seed, D, decade):
    """Along each axis, by the inequality of Cauchy and Schwarz; equal where the line is perfect."""
    rng = np.random.default_rng(seed)
    slope = 10.0**decade
    for noise in (1.0, 0.0):
        line = regression.start(D)
        for x in rng.standard_normal((6, D)):
            gradient = slope * x + noise * slope * rng.standard_normal(D)
            line = regression.update(line, x, gradient, 0.3)
        known = subspace.with_prior(line, 0.01, slope)
        scale = np.sqrt(np.diag(known.C_thetatheta) / np.diag(known.C_gg))
        share = scale * np.abs(np.diag(known.C_gtheta) / np.diag(known.C_thetatheta))
        # Three sums of six positive products each.
        assert (share <= 1.0 + 30 * EPS).all()
        if noise == 0.0:
            np.testing.assert_allclose(share, 1.0, rtol=100 * EPS)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_steps_along_the_axes_are_bounded(seed, D):
    """The same of the method: no axis moves farther than ``share |m| / |lambda|``, at no step.

    In the coordinates of the scales; no step goes beyond the reach.
    """
    p = OGRParameters(jump=np.inf)
    theta, gradients = drawn(D, seed)
    state = ogr.start(theta, NOTHING_DRAWN, p)
    for t, gradient in enumerate(gradients):
        moved, state = ogr.step(state, theta, gradient(theta), p)
        V, a = state.model.V, state.scales
        spread, energy = np.sum(state.variance_theta / a**2), np.sum(state.variance_gradient * a**2)
        seen = p.ridge * np.sqrt(unforeseen(state)) * spread
        if t:
            known = subspace.with_prior(state.model.line, seen, np.sqrt(energy / spread))
            curvature = np.abs(np.diag(known.C_gtheta) / np.diag(known.C_thetatheta))
            share = 1.0 / np.sqrt(response_ratio(state.model.line.beta, p.gamma))
            longest = share * np.abs(V @ (a * state.momentum))
            slack = 1e-9 * longest + 1e-12
            along = np.abs(V @ ((moved - theta) / a))
            assert (along * curvature <= longest + slack * curvature).all()
            size = np.sqrt(np.sum(state.variance_theta))
            assert np.linalg.norm(moved - theta) <= p.reach * size * (1.0 + 10 * EPS)
        theta = moved


@pytest.mark.parametrize("curvatures", [(100.0, 1.0, 0.0), (5.0, 1.0, 0.0, 0.0)])
def test_rounding_is_no_rest(curvatures):
    """With all gradients and moves inside two axes, the rest is that of all directions."""
    h = np.array(curvatures)
    start = np.where(h > 0.0, 1.0, 0.0)
    for steps, scaled in itertools.product((3, 5, 10, 30), (True, False)):
        _, state = follow(start, [lambda x: h * x] * steps, dimension=2, scaled=scaled)
        squares = state.scales**2
        whole = np.sum(state.variance_theta / squares), np.sum(state.variance_gradient * squares)
        assert rest(state.model.line, h.size, *whole) == whole
    # Negative control: with three more directions to see, two axes leave something.
    _, state = follow(np.ones(5), [lambda x: np.arange(1.0, 6.0) * x] * 10, dimension=2)
    squares = state.scales**2
    whole = np.sum(state.variance_theta / squares), np.sum(state.variance_gradient * squares)
    assert rest(state.model.line, 5, *whole) != whole
