"""The chapter on the robust default: its equations, its counts and its figures."""

import itertools
import math
import re

import numpy as np
import pytest
import scipy.linalg
import scipy.special

from tests.figures.figure_settings import SMALL

pytest.importorskip("matplotlib")

from figures.robust_default import ablation, profiles, pure_noise, robust_scale, stall, tally
from refimpl import regression
from refimpl.optimizers import subspace
from refimpl.optimizers.ogr import OGRParameters, neutral, ratio, start, step
from refimpl.qr_step import shifted_qr_step

pytestmark = [pytest.mark.numerics, pytest.mark.once]

MODULES = {"pure_noise": pure_noise, "robust_scale": robust_scale, "stall": stall}
GAMMAS = (0.2, 0.5, 1.0)


def batch(thetas, gradients, betas):
    """Weighted covariances of all pairs, by their definition, for weights that change."""
    kept = np.append(np.cumprod(1.0 - np.array(betas[:0:-1]))[::-1], 1.0)
    weight = np.array(betas) * kept
    weight /= weight.sum()
    theta, gradient = np.array(thetas), np.array(gradients)
    off, off_g = theta - weight @ theta, gradient - weight @ gradient
    w = weight[:, None]
    return off.T @ (w * off), off_g.T @ (w * off), off_g.T @ (w * off_g), weight @ gradient


# ----------------------------------------------------------------------------------- equations


def test_scale_holds_the_standard_error():
    """``C_gg / C_thetatheta = lambda^2 + (n_eff - 2) se^2``, with both from a batch fit."""
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(30)
    g = -2.0 * theta + rng.standard_normal(30)
    beta, state = 0.25, regression.start(1)
    for a, b in zip(theta, g, strict=True):
        state = regression.update(state, np.array([a]), np.array([b]), beta)
    weight = beta * (1.0 - beta) ** np.arange(29, -1, -1)
    weight /= weight.sum()
    n_eff = 1.0 / np.sum(weight**2)
    slope, offset = np.polyfit(theta, g, 1, w=np.sqrt(weight))
    residual = np.sum(weight * (g - offset - slope * theta) ** 2)
    variance = np.sum(weight * (theta - weight @ theta) ** 2)
    error2 = residual / ((n_eff - 2.0) * variance)
    s = ratio(state.C_thetatheta[0, 0], state.C_gg[0, 0])
    # Batch and recursion differ by some roundings of well-conditioned sums.
    assert 1.0 / s**2 == pytest.approx(slope**2 + (n_eff - 2.0) * error2, rel=1e-12)
    assert s <= 1.0 / abs(slope)


@pytest.mark.parametrize(("beta", "gamma"), list(itertools.product((0.1, 0.25, 0.6, 1.0), GAMMAS)))
def test_neutral_step_keeps_the_spread(beta, gamma):
    """The stationary covariance of momentum and position under white noise, from SciPy.

    Negative control: nine tenths of the step do not keep it.
    """
    r, rho = 1.0 - beta, 1.0 - gamma

    def quotient(a):
        A = np.array([[rho, 0.0], [-a * rho, r]])
        b = np.array([gamma, -a * gamma])
        variance = scipy.linalg.solve_discrete_lyapunov(A, np.outer(b, b))[1, 1]
        return variance / (2.0 / (2.0 - beta))

    a = neutral(beta, gamma)
    assert quotient(a) == pytest.approx(1.0, rel=1e-9)
    assert quotient(0.9 * a) == pytest.approx(0.81, rel=1e-9)


def test_prior_is_a_seen_line_in_every_basis():
    """Adding it and turning commute, and its own line has the slope that was pretended."""
    rng = np.random.default_rng(1)
    line = regression.start(3)
    for theta, g in rng.standard_normal((6, 2, 3)):
        line = regression.update(line, theta, g, 0.3)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    before = subspace.rotated(subspace.with_prior(line, 0.2, 1.7), turn)
    after = subspace.with_prior(subspace.rotated(line, turn), 0.2, 1.7)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-14)
    alone = subspace.with_prior(regression.start(3), 0.2, 1.7)
    np.testing.assert_allclose(alone.C_gtheta, 1.7 * alone.C_thetatheta)
    np.testing.assert_allclose(alone.C_gg, 1.7**2 * alone.C_thetatheta)


def test_flattest_gives_way_to_a_stiffer_newcomer():
    """By the definition, on both sides of equal stiffness; nothing is known of the new axis."""
    stiffness = np.array([4.0, 9.0])
    line = regression.start(2)._replace(
        C_thetatheta=np.eye(2), C_gtheta=np.ones((2, 2)), C_gg=np.diag(stiffness)
    )
    model = subspace.Subspace(np.eye(2, 4), line)
    off_theta = np.array([5.0, 5.0, 0.0, 1.0])
    for length, taken in ((1.9, False), (2.1, True)):
        found = subspace.renewed(model, off_theta, np.array([3.0, 3.0, length, 0.0]))
        expected = np.eye(2, 4)
        if taken:
            expected[0] = [0.0, 0.0, 1.0, 0.0]
        np.testing.assert_allclose(found.V, expected, atol=1e-15)
        assert found.line.C_gg[0, 0] == (0.0 if taken else 4.0)
        assert found.line.C_gtheta[0, 1] == (0.0 if taken else 1.0)
        assert found.line.C_gg[1, 1] == 9.0


@pytest.mark.parametrize("turning", [True, False])
def test_step_is_its_definition(turning):
    """Eight steps in three dimensions, all statistics as batches, the fit by SciPy."""
    p = OGRParameters(turning=turning)
    rng = np.random.default_rng(2)
    theta, V, m = np.array([3.0, -1.0, 2.0]), np.eye(3), np.zeros(3)
    opening = 0.5 * math.sqrt(14.0 / 3.0)
    state = start(theta, np.empty((0, 3)), p)
    thetas, gradients, betas, bounded = [], [], [], set()
    ours = theta
    for t in range(8):
        g = np.array([1.0, 3.0, 8.0]) * theta + 0.5 * rng.standard_normal(3)
        ours, state = step(state, ours, g, p)
        betas.append(p.beta_late + (p.beta - p.beta_late) / (1.0 + t / p.settle))
        thetas.append(theta)
        gradients.append(g)
        m = g if t == 0 else m + p.gamma * (g - m)
        if t == 0:
            theta = theta - opening * g / np.linalg.norm(g)
        else:
            C, B, G, mean_g = batch(thetas, gradients, betas)
            spread, energy = np.trace(C), np.trace(G)
            prior, slope = p.ridge * spread * np.eye(3), math.sqrt(energy / spread)
            C, B, G = C + prior, B + slope * prior, G + slope**2 * prior
            H = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
            if turning:
                V = shifted_qr_step(V @ H @ V.T)[0].T @ V
            s = np.sqrt(np.diag(V @ C @ V.T) / np.diag(V @ G @ V.T))
            move = p.eta * neutral(betas[-1], p.gamma) * V.T @ (s * (V @ m))
            agreement = mean_g @ mean_g / (mean_g @ mean_g + energy)
            S = math.sqrt(spread)
            without = opening / (1.0 + (t + 1.0) / p.fade)
            longest = p.reach * max(min(S, without), agreement * S)
            length = np.linalg.norm(move)
            bounded.add(length > longest)
            theta = theta - min(1.0, longest / length) * move
        # The fit of few pairs is ill-conditioned by the ridge, some thousand times.
        np.testing.assert_allclose(ours, theta, rtol=1e-9, atol=1e-9)
    assert False in bounded


@pytest.mark.parametrize("c", [2.0**60, 2.0**-60])
def test_units_of_the_function_change_no_bit(c):
    """Negative control: with a factor that rounds, some bit does change."""

    def path(c):
        theta, state = np.array([1.0, 2.0]), None
        state = start(theta, np.empty((0, 2)), OGRParameters())
        rng, found = np.random.default_rng(3), []
        for _ in range(20):
            g = theta * np.array([1.0, 5.0]) + rng.standard_normal(2)
            theta, state = step(state, theta, c * g, OGRParameters())
            found.append(theta)
        return np.array(found)

    np.testing.assert_array_equal(path(c), path(1.0))
    other = path(1.1)
    assert not np.array_equal(other, path(1.0))
    np.testing.assert_allclose(other[:10], path(1.0)[:10], rtol=1e-9)


# -------------------------------------------------------------------------------------- counts


def test_information_by_closed_forms():
    """Equal curvatures by the digamma function; two different ones in polar coordinates."""
    for k in (1, 2, 7, 100):
        found = tally.information(np.full(k, 3.0), 2.0, 50)
        weight = 4.0 / (100.0 * 3.0)
        assert found.mean == pytest.approx(math.log10(k * weight), abs=1e-12)
        expected = math.log(2.0 * weight) + scipy.special.digamma(k / 2.0)
        # The integrand is smooth: what is left of the trapezoid rule is its cut at log t = 120.
        assert found.geometric_mean == pytest.approx(expected / math.log(10.0), abs=1e-8)
    a, b = 1.0, 25.0
    found = tally.information([1.0 / a, 1.0 / b], math.sqrt(2.0), 1)
    middle = 2.0 * math.log((math.sqrt(a) + math.sqrt(b)) / 2.0)
    expected = math.log(2.0) + scipy.special.digamma(1.0) + middle
    assert found.geometric_mean == pytest.approx(expected / math.log(10.0), abs=1e-8)


RECORDS = SMALL["profiles"]["records"]


def test_table_and_counts_by_hand():
    shown = tally.table(RECORDS)
    assert shown.rows == ("a, noise 0.1, 5 steps", "b, noise 1, 5 steps", "held out: c, noise 0.1")
    np.testing.assert_allclose(shown.column("Adam"), [-1.0, 0.0, -3.0])
    np.testing.assert_allclose(shown.column("ogr"), [-2.0, -0.5, -2.0])
    assert np.isnan(shown.column("BFGS")[1])
    np.testing.assert_allclose(tally.gain(shown, "Adam"), [1.0, 0.5, -1.0])
    assert tally.count(shown, "Adam") == (3, 2, 1)
    assert tally.count(shown, "BFGS") == (2, 1, 0)
    assert tally.count_against_all(shown) == (3, 2, 0)
    assert tally.held_out(shown.rows).tolist() == [False, False, True]
    kept = shown.part([False, True, False])
    assert kept.rows == shown.rows[1:2]
    assert kept.diverged.tolist() == [[4, 0, 0]]


# ------------------------------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def data():
    return {name: module.compute(**SMALL[name]) for name, module in MODULES.items()}


@pytest.mark.parametrize("name", MODULES)
def test_drawn_and_said(name, data):
    # Rendered with the same data in tests/figures/test_figures.py.
    assert MODULES[name].draw(data[name]).axes
    said = MODULES[name].alt(data[name])
    assert len(said) > 200
    assert not re.search(r"\b(nan|inf)\b", said)


def test_profiles_are_means_over_rows():
    """One panel a noise level, held-out rows apart, a rival that is left out within no factor."""
    shown = profiles.compute(RECORDS)
    assert shown.panels == ("noise 0.1", "noise 1", "held-out functions")
    assert shown.rows.tolist() == [1, 1, 1]
    given = {(record["row"], record["rival"]): record["profile"] for record in RECORDS}
    names = ("a, noise 0.1, 5 steps", "b, noise 1, 5 steps", "held out: c, noise 0.1")
    for p, row in enumerate(names):
        for k, rival in enumerate(shown.rivals):
            expected = given[row, rival]
            np.testing.assert_allclose(shown.share[p, k], 0.0 if expected is None else expected)
    figure = profiles.draw(shown)
    assert [ax.get_title(loc="left") for ax in figure.axes[:3]] == [
        f"{name}: 1 rows" for name in shown.panels
    ]
    assert "ogr 50% and 100%" in profiles.alt(shown)


def test_ablation_is_relative_to_the_whole():
    """The dearest change first, by the mean over the rows."""
    shown = ablation.compute([record for record in RECORDS if record["rival"] != "BFGS"])
    assert shown.variants == ("Adam",)
    np.testing.assert_allclose(shown.ratio, [[1.0, 0.5, -1.0]])
    assert shown.diverged.tolist() == [4]
    assert ablation.draw(shown).axes
    assert "Adam +0.17, from -1.00 to +1.00" in ablation.alt(shown)


def test_scale_follows_its_prediction():
    """The median of the ratio of spreads; the step from the slope scatters more at strong noise.

    The sample ratio of a memory of seven pairs has a median within a few per cent of the ratio of
    expectations, and 4000 runs add less than that: a tenth is allowed.
    """
    shown = robust_scale.compute(ratios=(0.1, 1.0, 3.0, 10.0))
    np.testing.assert_allclose(shown.spreads[1], shown.predicted, rtol=0.1)
    assert np.all(shown.spreads <= shown.slope * (1.0 + 1e-12))
    assert np.all(shown.slope[2, 2:] > 3.0 * shown.spreads[2, 2:])


def test_recipe_stalls_and_the_default_does_not():
    """The circle of the page: less spread, larger curvatures, no escape."""
    shown = stall.compute(seeds=range(3), steps=120)
    recipe, ours = shown.escaped
    assert recipe == 0
    assert ours == 3
    assert shown.spread[0, -1] < 1e-6 * np.nanmax(shown.spread[0])
    assert shown.over[0, -1] > 1e3 * shown.over[1, -1]


def test_pure_noise_does_not_carry_it_away():
    """In one dimension steps die out; in fifteen the bound makes them, and without it they grow."""
    shown = pure_noise.compute(seeds=range(5), dimensions=(1, 15), steps=1000)
    p = OGRParameters()
    assert shown.diverged.sum() == 0
    assert shown.length[0, -1] < 1e-3 * p.first
    # The bound where the window of the recent steps begins.
    begun = 1000 - pure_noise.WINDOW
    assert shown.length[1, -1] < p.reach * p.first / (1.0 + begun / p.fade)
    # The steps of the bound with their correlations, summed to where they no longer count.
    k = np.arange(20_000)
    steps = p.reach * p.first / (1.0 + k / p.fade)
    alike = sum(
        (2.0 - (lag == 0)) * (1.0 - p.gamma) ** lag * (steps[: k.size - lag] @ steps[lag:])
        for lag in range(60)
    )
    assert 0.9 * shown.farthest < math.sqrt(alike) < shown.farthest * (1.0 + 1.0 / p.fade)
    assert np.median(shown.distance[1, 2]) < 2.0 * shown.farthest
    free = [pure_noise.walk(15, seed, 1000, reach=np.inf)[0] for seed in range(5)]
    largest = [np.linalg.norm(path, axis=1).max() for path in free]
    assert np.median(largest) > 10.0 * shown.distance[1, 2].max()
