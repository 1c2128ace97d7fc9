"""A scale for each coordinate: as far as data tell coordinates apart, and what is carried."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from refimpl import regression
from refimpl.optimizers import subspace
from refimpl.optimizers.coordinate_scales import CHANCE, MANY, carried, coordinate_scales
from tests.optimizers.ogr_definition import batch_scales
from tests.optimizers.test_ogr import EPS, EXAMPLES, follow

pytestmark = pytest.mark.numerics

WIDE = st.lists(st.floats(-60.0, 60.0), min_size=1, max_size=6)


def spread_of_logarithms(variance_theta, variance_gradient):
    """Variance of the logarithms of the scales as they are estimated."""
    return np.var(np.log(variance_theta / variance_gradient) / 4.0)


# How far they are told apart.


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 6), st.floats(0.01, 3.0), st.floats(2.0, 100.0))
def test_scales_are_their_definition(seed, D, decades, beta_inverse):
    """Of ten pairs; their geometric mean is 1."""
    rng, beta = np.random.default_rng(seed), 1.0 / beta_inverse
    variances = 10.0 ** (decades * rng.standard_normal((2, D)))
    weights = beta * (1.0 - beta) ** np.arange(10)[::-1]
    # Kish's number, from the weights themselves.
    size = np.sum(weights) ** 2 / np.sum(weights**2)
    found = coordinate_scales(*variances, size)
    # Near the edge of what is told apart the share kept is a difference; logarithms reach 20.
    np.testing.assert_allclose(found, batch_scales(*variances, weights), rtol=1e3 * EPS)
    assert scipy.stats.gmean(found) == pytest.approx(1.0, rel=1e3 * EPS)


def test_certain_quotients_are_exact():
    """From ever more pairs the scales become fourth roots of what the variances say."""
    variances = np.array([[4.0, 1.0, 25.0], [1e-4, 1e4, 1.0]])
    root = (variances[0] / variances[1]) ** 0.25
    for size, off in ((np.inf, 1e-14), (1e9, 1e-8), (1e3, 1e-2)):
        found = coordinate_scales(*variances, size)
        quotients = (found[:, None] / found) / (root[:, None] / root)
        assert np.abs(np.log(quotients)).max() < off
    assert np.abs(np.log(quotients)).max() > 1e-4


def test_chance_alone_tells_nothing_apart():
    """On both sides of what it explains: exactly 1, then a share that begins at 0."""
    variances = np.array([[4.0, 1.0, 25.0], [1e-4, 1e4, 1.0]])
    pairs = CHANCE / spread_of_logarithms(*variances)
    np.testing.assert_array_equal(coordinate_scales(*variances, 1.0 + 0.999 * pairs), 1.0)
    # A thousandth of logarithms below 4.
    found = coordinate_scales(*variances, 1.0 + 1.001 * pairs)
    assert 0.0 < np.abs(found - 1.0).max() < 4.1e-3


@pytest.mark.parametrize(
    ("variance_theta", "variance_gradient", "size"),
    [
        ([1.0, 1.0], [2.0, 2.0], np.inf),
        ([1.0, 4.0], [2.0, 8.0], np.inf),
        ([3.0], [1e-9], np.inf),
        ([1.0, 1e6], [1.0, 1.0], 1.0),
        ([1.0, 1e6], [1.0, 1.0], 0.0),
        ([0.0, 0.0], [1.0, 2.0], np.inf),
        ([1.0, 2.0], [0.0, 0.0], np.inf),
    ],
)
def test_nothing_to_tell_apart(variance_theta, variance_gradient, size):
    """Alike, alone, from one pair, or where nothing has moved or changed."""
    found = coordinate_scales(np.array(variance_theta), np.array(variance_gradient), size)
    np.testing.assert_array_equal(found, 1.0)


def test_a_coordinate_that_says_nothing_has_the_mean_scale():
    """One that has not moved, or not changed its gradient, but for roundings of the others."""
    moved, changed = np.array([1.0, 16.0, 4.0, 1.0]), np.array([1.0, 1.0, 0.0, 1.0])
    others = coordinate_scales(moved[[0, 1, 3]], changed[[0, 1, 3]], np.inf)
    for little in (0.0, 0.5 * EPS**2):
        changed[2] = little
        for pair in ((moved, changed), (changed, moved)):
            found = coordinate_scales(*pair, np.inf)
            assert found[2] == 1.0
            assert scipy.stats.gmean(found) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(coordinate_scales(moved, changed, np.inf)[[0, 1, 3]], others)
    changed[2] = 1e3 * EPS**2
    assert coordinate_scales(moved, changed, np.inf)[2] > 1e3


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(2, 6))
def test_coordinates_can_be_exchanged(seed, D):
    rng = np.random.default_rng(seed)
    variances, order = 10.0 ** rng.standard_normal((2, D)), rng.permutation(D)
    # A mean of `D` logarithms below 20 in another order.
    np.testing.assert_allclose(
        coordinate_scales(*variances[:, order], 30.0),
        coordinate_scales(*variances, 30.0)[order],
        rtol=100 * D * EPS,
    )


@EXAMPLES
@given(st.integers(0, 2**32), st.floats(-50.0, 50.0), st.floats(-50.0, 50.0))
def test_units_do_not_enter(seed, decades_theta, decades_gradient):
    """Of positions and of gradients, alike for all coordinates."""
    variances = 10.0 ** np.random.default_rng(seed).standard_normal((2, 4))
    units = np.array([[10.0**decades_theta], [10.0**decades_gradient]])
    # Logarithms near 200 are rounded to 3e-14.
    np.testing.assert_allclose(
        coordinate_scales(*(units * variances), 30.0),
        coordinate_scales(*variances, 30.0),
        rtol=1e-12,
    )


def test_chance_of_independent_pairs():
    """A quarter over ``n - 1``: by the trigamma function, and by 20 000 draws of `n` normal pairs.

    What is taken for chance is three times that, for neighbours are alike. Their variance is that
    of the mean of 20 000, whose error is 1 %.
    """
    rng, n = np.random.default_rng(1), 12
    exact = 2.0 * scipy.special.polygamma(1, (n - 1) / 2.0) / 16.0
    drawn = rng.standard_normal((2, 20_000, n)).var(axis=2)
    assert spread_of_logarithms(*drawn) == pytest.approx(exact, rel=0.05)
    assert exact == pytest.approx(0.25 / (n - 1), rel=0.15)
    many = 2.0 * scipy.special.polygamma(1, 1e6 / 2.0) / 16.0
    assert many * 1e6 == pytest.approx(CHANCE / 3.0, rel=1e-5)


# What is carried.


def in_axes(seed, D, d):
    """Rows of a basis, and pairs of positions and gradients with their weights."""
    rng = np.random.default_rng(seed)
    V = np.linalg.qr(rng.standard_normal((D, D)))[0][:d].copy()
    pairs = rng.standard_normal((2, 9, D))
    return V, pairs, 0.3 * 0.7 ** np.arange(9)[::-1]


def model_of(V, thetas, gradients, weights):
    """Batch covariances along the rows, and the line fitted to them."""
    w = weights / weights.sum()
    x, y = (pairs - w @ pairs for pairs in (thetas @ V.T, gradients @ V.T))
    line = regression.start(len(V))._replace(
        weight=weights.sum(),
        beta=weights[-1],
        C_thetatheta=x.T * w @ x,
        C_gtheta=y.T * w @ x,
        C_gg=y.T * w @ y,
    )
    return subspace.Subspace(V, line)


CHANGE = np.array([0.5, 3.0, 1.0, 0.01])


@pytest.mark.parametrize("seed", range(3))
def test_carried_statistics_are_those_of_the_new_coordinates(seed):
    """Where the rows are all directions: of positions times `change`, gradients divided by it."""
    V, (thetas, gradients), weights = in_axes(seed, 4, 4)
    found = carried(model_of(V, thetas, gradients, weights), CHANGE)
    expected = model_of(V, thetas * CHANGE, gradients / CHANGE, weights)
    np.testing.assert_array_equal(found.V, V)
    for one, other in zip(found.line, expected.line, strict=True):
        # Two congruences of matrices with entries up to 1e4.
        np.testing.assert_allclose(one, other, rtol=0, atol=100 * EPS * np.max(np.abs(other)))


def test_carried_and_carried_back():
    """All of it, where the rows are all directions; of fewer rows not what has left them."""
    for d, back in ((4, True), (2, False)):
        V, pairs, weights = in_axes(5, 4, d)
        model = model_of(V, *pairs, weights)
        found = carried(carried(model, CHANGE), 1.0 / CHANGE)
        same = [
            np.allclose(one, other, rtol=0, atol=1e-10)
            for one, other in zip(found.line, model.line, strict=True)
        ]
        assert all(same) == back


def test_carried_along_some_rows():
    """In matrices of all coordinates: what of the change stays among the rows."""
    V, pairs, weights = in_axes(6, 4, 2)
    model = model_of(V, *pairs, weights)
    found = carried(model, CHANGE).line
    P = V.T @ V
    M, K = P @ np.diag(CHANGE) @ P, P @ np.diag(1.0 / CHANGE) @ P
    for name, left, right in (("C_thetatheta", M, M), ("C_gtheta", K, M), ("C_gg", K, K)):
        whole = left @ V.T @ getattr(model.line, name) @ V @ right.T
        np.testing.assert_allclose(V.T @ getattr(found, name) @ V, whole, rtol=1e-9, atol=1e-11)


def test_same_scales_change_no_bit():
    V, pairs, weights = in_axes(7, 4, 2)
    model = model_of(V, *pairs, weights)
    found = carried(model, np.ones(4))
    for one, other in zip((found.V, *found.line), (V, *model.line), strict=True):
        np.testing.assert_array_equal(one, other)


# In the method.


def test_scales_of_a_run_on_a_separable_quadratic():
    """The line of each coordinate is exact, so that the variances differ by its slope squared.

    The logarithms of ``lambda^(-1/2)`` are then drawn together by what chance would explain of the
    pairs so far. Negative control: with positions turned against the axes they are not.
    """
    h = np.array([1.0, 30.0, 1000.0])
    Q = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))[0]
    for axes, fits in ((np.eye(3), True), (Q, False)):
        curvature = axes @ np.diag(h) @ axes.T
        gradients = [lambda x, curvature=curvature: curvature @ x] * 10
        before, state = follow(np.ones(3), gradients[1:])[1], follow(np.ones(3), gradients)[1]
        logarithms = -0.5 * np.log(h / scipy.stats.gmean(h))
        size = regression.effective_size(before.model.line)
        expected = (1.0 - CHANCE / (size - 1.0) / np.var(logarithms)) * logarithms
        # Positions that have closed in know their variances to fewer digits.
        assert np.allclose(np.log(state.scales), expected, rtol=0, atol=1e-6) == fits


@pytest.mark.parametrize("D", [MANY - 1, MANY])
def test_many_coordinates_share_one_scale(D):
    """A coordinate more, and none has a scale of its own."""
    stiff = np.where(np.arange(D) % 2, 1.0, 100.0)
    _, state = follow(np.ones(D), [lambda x: stiff * x] * 3, dimension=1)
    assert (state.scales == 1.0).all() == (D == MANY)


def test_chance_of_a_run(size):
    """In noise without any curvature the scales differ by more than those of independent pairs.

    Neighbouring positions are alike; on average it stays below what is taken for chance.
    """
    seen = []
    for seed in range(size(8, 2)):
        noise = np.random.default_rng(seed).standard_normal((30, 20))
        for steps in (15, 20, 30):
            _, state = follow(np.zeros(20), noise[:steps], patience=np.inf)
            spread = spread_of_logarithms(state.variance_theta, state.variance_gradient)
            seen.append(spread * (regression.effective_size(state.model.line) - 1.0))
    assert CHANCE / 3.0 < np.mean(seen) < CHANCE
