"""The robust default: its step by definition, its invariances, its limits, and what it is for."""

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, optimizers, regression
from refimpl.optimizers import subspace
from refimpl.optimizers.ogr import OGRParameters, neutral, ogr, rest

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


def factor(A):
    """``A = Q R`` with a positive diagonal of `R`."""
    Q, R = np.linalg.qr(A)
    return Q * np.where(np.diag(R) < 0.0, -1.0, 1.0)


def response_ratio(beta, gamma):
    """Spread that white noise makes of unit steps, by summing the squares of impulse responses.

    The variance of the distances of the positions from their means, over that of the gradients.
    """
    impulse = np.zeros(20_000)
    impulse[0] = 1.0
    momentum = scipy.signal.lfilter([gamma], [1.0, gamma - 1.0], impulse)
    position = scipy.signal.lfilter([1.0], [1.0, beta - 1.0], momentum)
    mean = scipy.signal.lfilter([0.0, beta], [1.0, beta - 1.0], impulse)
    return np.sum(position**2) / np.sum((impulse - mean) ** 2)


def by_definition(theta, gradients, p):
    """Positions and axes, in plain NumPy and SciPy, gradients in their own units.

    Means, spread and energy are sums with explicit weights over the whole past. The statistics are
    matrices in all coordinates, so that no axes enter; a dropped direction is projected away.
    """
    D = theta.size
    d = min(p.dimension, D)
    V, S, B, G = np.eye(d, D), np.zeros((D, D)), np.zeros((D, D)), np.zeros((D, D))
    opening = p.first * max(np.sqrt(np.mean(theta**2)), 1.0)
    path, seen, w, renewals = [theta], [], np.empty(0), 0
    for t, gradient in enumerate(gradients):
        theta, beta = path[-1], p.beta_late + (p.beta - p.beta_late) / (1 + t / p.settle)
        g = gradient(theta)
        seen.append(g)
        X, Y = np.array(path), np.array(seen)
        old = w / w.sum() if t else None
        w = np.append((1 - beta) * w, beta)
        now = w / w.sum()
        far_x, far_y = X - now @ X, Y - now @ Y
        spread, energy = now @ np.sum(far_x**2, axis=1), now @ np.sum(far_y**2, axis=1)
        if t == 0:
            path.append(theta - opening * g / np.linalg.norm(g))
            continue
        x, y = theta - old @ X[:-1], g - old @ Y[:-1]
        age = np.arange(t, -1, -1)
        m = np.where(age < t, p.gamma, 1.0) * (1 - p.gamma) ** age @ Y
        if d < D:
            outer = np.eye(D) - V.T @ V
            stiff = [v @ G @ v / (v @ S @ v) if v @ S @ v > 0 else 0.0 for v in V]
            i = int(np.argmin(stiff))
            if np.sum((outer @ y) ** 2) > stiff[i] * np.sum((outer @ x) ** 2):
                renewals += 1
                rest = np.eye(D) - np.outer(V[i], V[i])
                S, B, G = rest @ S @ rest, rest @ B @ rest, rest @ G @ rest
                V = V.copy()
                V[i] = outer @ y / np.linalg.norm(outer @ y)
            P, gain = V.T @ V, now[-1]
            S = (1 - gain) * (S + gain * np.outer(P @ x, P @ x))
            B = (1 - gain) * (B + gain * np.outer(P @ y, P @ x))
            G = (1 - gain) * (G + gain * np.outer(P @ y, P @ y))
            left, left_energy = spread - np.trace(S), energy - np.trace(G)
        else:
            S, B, G = far_x.T * now @ far_x, far_y.T * now @ far_x, far_y.T * now @ far_y
            left, left_energy = spread, energy
        slope, ridge = np.sqrt(left_energy / left), p.ridge * spread
        along = [V @ A @ V.T for A in (S, B, G)]
        K, L, M = (
            A + c * np.eye(d) for A, c in zip(along, ridge * slope ** np.arange(3), strict=True)
        )
        H = scipy.linalg.solve_continuous_lyapunov(K, L + L.T)
        if p.turning:
            Q = factor(H + np.abs(H).sum(axis=1).max() * np.eye(d))
            V, H, K, M = Q.T @ V, Q.T @ H @ Q, Q.T @ K @ Q, Q.T @ M @ Q
        share = p.eta / np.sqrt(response_ratio(beta, p.gamma))
        if p.row_sums:
            inside = V @ m / np.abs(H).sum(axis=1)
        else:
            inside = share * np.sqrt(np.diag(K) / np.diag(M)) * (V @ m)
        s = V.T @ inside + share / slope * (m - V.T @ V @ m)
        steady = np.sum((now @ Y) ** 2)
        size = np.sqrt(spread)
        without = opening / (1 + (t + 1) / p.fade)
        longest = p.reach * max(min(size, without), steady / (steady + energy) * size)
        path.append(theta - s * min(1.0, longest / np.linalg.norm(s)))
    return np.array(path), V, renewals


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


@pytest.mark.parametrize("D", [1, 2, 3])
@pytest.mark.parametrize(
    "options",
    [{}, {"turning": False}, {"row_sums": True}, {"turning": False, "row_sums": True}],
    ids=lambda options: "-".join(options) or "default",
)
@pytest.mark.parametrize("seed", [0, 1])
def test_is_its_definition_in_all_directions(D, options, seed):
    """Batch statistics with explicit weights, SciPy's Lyapunov solver, LAPACK's QR."""
    theta, gradients = drawn(D, 10 * D + seed)
    parameters = optimizers.bind(ogr, options)
    expected, axes, _ = by_definition(theta, gradients, parameters)
    path, state = follow(theta, gradients, **options)
    np.testing.assert_allclose(path, expected, rtol=0, atol=ATOL * np.abs(expected).max())
    np.testing.assert_allclose(state.model.V, axes, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("D", "d"), [(6, 2), (6, 1), (3, 2)])
@pytest.mark.parametrize("options", [{}, {"row_sums": True}], ids=["default", "row_sums"])
def test_is_its_definition_in_a_subspace(D, d, options):
    """With what is outside, and with directions that are dropped, more than once."""
    theta, gradients = drawn(D, D + d)
    parameters = optimizers.bind(ogr, {"dimension": d} | options)
    expected, axes, renewals = by_definition(theta, gradients, parameters)
    path, state = follow(theta, gradients, dimension=d, **options)
    np.testing.assert_allclose(path, expected, rtol=0, atol=ATOL * np.abs(expected).max())
    np.testing.assert_allclose(state.model.V, axes, rtol=0, atol=1e-6)
    assert renewals >= 2


OTHER = {
    "beta": 0.8, "beta_late": 0.1, "settle": 3.0, "gamma": 0.3, "eta": 0.5, "reach": 0.7,
    "fade": 1.0, "first": 0.2, "ridge": 0.1,
}  # fmt: skip


@pytest.mark.parametrize("name", [*OTHER, "dimension"])
def test_each_setting_is_where_the_definition_has_it(name):
    """One other setting at a time; each of them changes the path."""
    options = {name: OTHER.get(name, 1)}
    theta, gradients = drawn(3, 5)
    expected = by_definition(theta, gradients, optimizers.bind(ogr, options))[0]
    path, _ = follow(theta, gradients, **options)
    np.testing.assert_allclose(path, expected, rtol=0, atol=ATOL * np.abs(expected).max())
    assert np.abs(path - follow(theta, gradients)[0]).max() > 1e-3


def test_first_two_steps_by_hand():
    """``f = 4 x^2`` from 2: the first step is half the start, the second is cut at the spread.

    Start 2, gradient 16, first step ``0.5 * 2``. At 1 with gradient 8, ``beta = beta_late = 1/2``:
    weights 1/3 and 2/3, spread ``2/9``. Position and gradient differ by a factor 8, so that the
    scale is 1/8 and the momentum 12; ``neutral(1/2, 1/2) = sqrt(9/5)``. The mean gradient is 32/3
    and the energy 128/9, so that the agreement is 8/9, but the spread is below the first step and
    carries all of itself: at most ``sqrt(2/9) / 4``.
    """
    path, state = follow(
        [2.0], [lambda x: 8.0 * x] * 2, beta=0.5, beta_late=0.5, reach=0.25, eta=1.0
    )
    np.testing.assert_allclose(path[1], 1.0, rtol=4 * EPS)
    np.testing.assert_allclose(path[2], 1.0 - np.sqrt(2.0) / 12.0, rtol=20 * EPS)
    uncut, _ = follow([2.0], [lambda x: 8.0 * x] * 2, beta=0.5, beta_late=0.5, reach=9.0, eta=1.0)
    np.testing.assert_allclose(uncut[2], 1.0 - 1.5 * np.sqrt(1.8), rtol=20 * EPS)
    np.testing.assert_allclose(state.spread, 2.0 / 9.0, rtol=20 * EPS)


def test_means_are_those_of_the_whole_past():
    """The sum over all positions with their weights, which change with the step."""
    theta, gradients = drawn(3, 7)
    path, state = follow(theta, gradients)
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
    same = 0.5 / np.sqrt(np.mean(far**2))
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
    """The same of the method: no axis moves farther than ``share |m| / |lambda|``, at no step."""
    p = OGRParameters()
    theta, gradients = drawn(D, seed)
    state = ogr.start(theta, NOTHING_DRAWN, p)
    for t, gradient in enumerate(gradients):
        moved, state = ogr.step(state, theta, gradient(theta), p)
        V, seen = state.model.V, p.ridge * state.spread
        if t:
            known = subspace.with_prior(
                state.model.line, seen, np.sqrt(state.energy / state.spread)
            )
            curvature = np.abs(np.diag(known.C_gtheta) / np.diag(known.C_thetatheta))
            beta = p.beta_late + (p.beta - p.beta_late) / (1.0 + t / p.settle)
            share = p.eta / np.sqrt(response_ratio(beta, p.gamma))
            longest = share * np.abs(V @ state.momentum)
            slack = 1e-9 * longest + 1e-12
            assert (np.abs(V @ (moved - theta)) * curvature <= longest + slack * curvature).all()
            size = np.sqrt(state.spread)
            assert np.linalg.norm(moved - theta) <= p.reach * size * (1.0 + 10 * EPS)
        theta = moved


def test_no_share_of_a_step_is_no_step():
    """Without a share of the spreads' step what is left is the row sums' inside, and no NaN."""
    for row_sums in (False, True):
        path, _ = follow(
            np.ones(4), [lambda x: 3.0 * x] * 6, dimension=2, eta=0.0, row_sums=row_sums
        )
        assert np.isfinite(path).all()
        assert np.array_equal(path[1], path[-1]) != row_sums


@pytest.mark.parametrize("curvatures", [(100.0, 1.0, 0.0), (5.0, 1.0, 0.0, 0.0)])
def test_rounding_is_no_rest(curvatures):
    """With all gradients and moves inside two axes, the rest is that of all directions."""
    h = np.array(curvatures)
    start = np.where(h > 0.0, 1.0, 0.0)
    for steps in (3, 5, 10, 30):
        _, state = follow(start, [lambda x: h * x] * steps, dimension=2)
        assert rest(state) == (state.spread, state.energy)
