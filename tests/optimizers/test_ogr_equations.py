"""The equations of the chapter on the robust default, each by another route."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.signal

from refimpl import regression
from refimpl.optimizers.ogr import (
    OGRParameters,
    farthest,
    keeping,
    memory,
    neutral,
    ratio,
    start,
    stays,
    step,
    unforeseen,
)
from tests.optimizers.ogr_definition import batch_scales

pytestmark = pytest.mark.numerics

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


def led(thetas, gradients, parameters):
    """Position and state after the last of these pairs, whatever the steps before led to."""
    state = start(thetas[0], np.empty((0, 0)), parameters)
    for theta, gradient in zip(thetas, gradients, strict=True):
        moved, state = step(state, theta, gradient, parameters)
    return moved, state


@pytest.mark.parametrize("scaled", [True, False])
def test_step_is_its_definition(scaled):
    """One step after twelve given pairs, from batch statistics in the coordinates of the scales.

    Axes that do not turn are the coordinates. What the line missed is taken from the state, and
    has a test of its own.
    """
    p = OGRParameters(turning=False, scaled=scaled, patience=np.inf, jump=np.inf)
    rng = np.random.default_rng(2)
    thetas = rng.standard_normal((12, 3)) * [3.0, 1.0, 0.1]
    gradients = thetas * [1.0, 3.0, 80.0] + 0.5 * rng.standard_normal((12, 3))
    moved, state = led(thetas, gradients, p)
    betas = p.beta_late + (p.beta - p.beta_late) / (1.0 + np.arange(12) / p.settle)
    C, _, G, mean_g = batch(thetas, gradients, betas)
    spread, energy, steady = np.trace(C), np.trace(G), mean_g @ mean_g
    kept = np.append(np.cumprod(1.0 - betas[10:0:-1])[::-1], 1.0)
    a = batch_scales(np.diag(C), np.diag(G), betas[:-1] * kept) if scaled else np.ones(3)
    assert (np.ptp(a) > 0.1) == scaled
    x, y = np.diag(C) / a**2, np.diag(G) * a**2
    seen = p.ridge * np.sqrt(unforeseen(state)) * np.sum(x)
    s = np.sqrt((x + seen) / (y + seen * np.sum(y) / np.sum(x)))
    m = scipy.signal.lfilter(
        [p.gamma], [1.0, p.gamma - 1.0], gradients, axis=0, zi=(1.0 - p.gamma) * gradients[:1]
    )[0][-1]
    move = neutral(betas[-1], p.gamma) * a * s * a * m
    c = betas[-1] / (2.0 - betas[-1])
    agreement = max(0.0, steady / (steady + energy) - c)
    longest = np.sqrt(spread) * max(keeping(betas[-1], p.gamma), p.reach * agreement)
    move *= min(1.0, longest / np.linalg.norm(move))
    # Batch and recursion differ by some roundings of well-conditioned sums.
    np.testing.assert_allclose(thetas[-1] - moved, move, rtol=1e-12)


@pytest.mark.parametrize(("beta", "gamma"), list(itertools.product((0.1, 0.25, 0.6), GAMMAS)))
def test_steps_of_this_length_keep_the_spread(beta, gamma):
    """The stationary covariance of step and distance from the mean, from SciPy.

    The covariance of the positions is ``1 - beta`` times the square of that distance. Negative
    control: nine tenths of the length do not keep it.
    """
    r, q = 1.0 - beta, 1.0 - gamma
    A, b = np.array([[q, 0.0], [q, r]]), np.ones(2)
    covariance = scipy.linalg.solve_discrete_lyapunov(A, (1.0 - q * q) * np.outer(b, b))
    assert covariance[0, 0] == pytest.approx(1.0, rel=1e-12)
    for share in (1.0, 0.9):
        spread = (share * keeping(beta, gamma)) ** 2 * r * covariance[1, 1]
        assert spread == pytest.approx(share**2, rel=1e-9)


def test_walks_of_steps_of_this_length():
    """Steps of equal length in the plane, each turned from the one before by a fixed angle.

    To the left or to the right as a coin falls, so that their correlation falls by its cosine a
    step. The mean spread of 400 walks is normal to a good approximation; at 4.5 standard errors a
    false alarm comes once in 150 000 times. Negative control: steps that do not persist.
    """
    beta, gamma = 0.25, 0.5
    turns = np.random.default_rng(4).choice([-1.0, 1.0], (400, 300)) * np.arccos(1.0 - gamma)
    positions = np.cumsum(np.exp(1j * np.cumsum(turns, axis=1)), axis=1)
    weight = beta * (1.0 - beta) ** np.arange(300)[::-1]
    weight /= weight.sum()
    off = positions - (positions @ weight)[:, None]
    for assumed, fits in ((gamma, True), (1.0, False)):
        squares = keeping(beta, assumed) ** 2 * (np.abs(off) ** 2 @ weight)
        z = (squares.mean() - 1.0) / (squares.std(ddof=1) / 20.0)
        assert (abs(z) < 4.5) == fits


def test_step_without_memory_has_no_bound_by_the_spread():
    """A mean that is the newest position knows no spread to keep."""
    assert keeping(1.0, 0.5) == np.inf
    assert keeping(0.999, 0.5) > 1.0 > keeping(0.001, 0.5)


def stood(move, before, largest=1.0):
    """A state whose last move began at a gradient."""
    state = start(np.zeros(move.size), np.empty((0, 0)), OGRParameters())
    return state._replace(move=move, descent=before @ move, largest=largest)


@pytest.mark.parametrize("seed", range(5))
def test_move_goes_back_to_the_lowest_point(seed):
    """Of a parabola, whose slope along the move is a line: SciPy finds where it is lowest.

    At most half of the move stays where that point lies farther, and all where it was not passed.
    """
    rng = np.random.default_rng(seed)
    H = np.diag([1.0, 2.0, 50.0])
    begin, move = rng.standard_normal((2, 3))
    move *= -np.sign(move @ H @ begin)

    def along(share):
        return 0.5 * (begin + share * move) @ H @ (begin + share * move)

    # The minimum of a parabola is found to half of the digits.
    lowest = scipy.optimize.minimize_scalar(along, (0.0, 1.0)).x
    for share, kept in ((0.3, 0.3), (0.8, 0.5), (1.2, 1.0)):
        made = lowest / share * move
        state = stood(made, H @ begin, largest=1e-9)
        assert stays(state, H @ (begin + made), 3.0) == pytest.approx(kept, rel=1e-6)


def test_what_takes_a_move_back():
    """Both that it led up and that the gradient has jumped; a start that led up leaves nothing."""
    move, down = np.array([1.0, 0.0]), np.array([-1.0, 0.0])
    state = stood(move, down)
    assert stays(state, np.array([3.0, 0.0]), 3.0) == 1.0
    assert stays(state, np.array([3.1, 0.0]), 3.0) == pytest.approx(1.0 / 4.1)
    assert stays(state, np.array([-3.1, 0.0]), 3.0) == 1.0
    assert stays(state, np.array([0.0, 3.1]), 3.0) == 1.0
    assert stays(state, np.array([0.5, 3.1]), 3.0) == 0.5
    assert stays(stood(move, -down), np.array([3.1, 0.0]), 3.0) == 0.0
    assert stays(stood(move, down, largest=2.0), np.array([3.1, 0.0]), 3.0) == 1.0
    assert stays(state, np.array([1e9, 0.0]), np.inf) == 1.0


def test_pair_counts_where_a_move_is_taken_back():
    """It enters the statistics, but not the momentum, and the next position is by the secant.

    What is usual from then on is the root of the weighted mean square of both gradients.
    """
    p = OGRParameters(jump=3.0)
    theta, first = np.array([1.0, -1.0]), np.array([1.0, 0.0])
    moved, before = step(start(theta, np.empty((0, 0)), p), theta, first, p)
    newest = p.beta_late + (p.beta - p.beta_late) / (1.0 + 1.0 / p.settle)
    weight = np.array([(1.0 - newest) * p.beta, newest])
    for second, back in ((np.array([-8.0, 3.0]), True), (np.array([-1.0, 0.5]), False)):
        again, state = step(before, moved, second, p)
        assert state.count == 2.0
        assert (state.variance_gradient > 0.0).all()
        assert np.array_equal(state.momentum, before.momentum) == back
        expected = theta + (moved - theta) / 9.0
        assert (np.abs(again - expected).max() < 1e-15) == back
        usual = np.sqrt(weight @ [first @ first, second @ second] / weight.sum())
        assert state.largest * state.unit == pytest.approx(max(usual, 1.0), rel=1e-12)


LINE = np.array([[2.0, 1.0, 0.0], [1.0, -1.0, 0.5], [0.0, 0.5, 3.0]])


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_unforeseen_is_the_share_that_is_noise(size, noise):
    """Of gradients along a line at positions that are drawn at random.

    The distances of a pair from the means before have the variances of line and noise, times 1.01
    both. The fitted line errs besides by ``3/n_eff``, some 3 %, and each estimate by the root of
    ``2/(3 n_eff)``, some 8 %.
    """
    p = OGRParameters(beta=0.02, beta_late=0.02, patience=np.inf, jump=np.inf, scaled=False)
    rng, shares = np.random.default_rng(5), []
    for _ in range(size(9, 1)):
        thetas, noises = rng.standard_normal((2, 300, 3))
        shares.append(unforeseen(led(thetas, thetas @ LINE + noise * noises, p)[1]))
    expected = 3 * noise**2 / (3 * noise**2 + np.sum(LINE**2))
    within = 0.03 + 4.0 * 0.08 / np.sqrt(len(shares))
    assert np.mean(shares) == pytest.approx(expected, rel=within)


def test_nothing_is_foreseen_of_noise_and_everything_of_a_line():
    """On a line what was missed at the start fades by the weights; rounding is all that comes."""
    rng = np.random.default_rng(6)
    p = OGRParameters(patience=np.inf, jump=np.inf)
    thetas, noise = rng.standard_normal((2, 40, 3))
    assert unforeseen(led(thetas, noise, p)[1]) > 0.9
    shares = [unforeseen(led(thetas[:n], thetas[:n] @ LINE, p)[1]) for n in (4, 5, 40)]
    assert shares[0] == 1.0 > shares[1] > 1e3 * shares[2]
    # Of 40 pairs all but the third and the fourth are foreseen, and these weigh 0.7^35.
    assert shares[2] < 1e-4


def test_memory_by_fractions():
    """Halfway after `settle` steps, half of it after `patience` surprises; nothing is rounded."""
    p = OGRParameters(beta=0.75, beta_late=0.25, settle=32.0, patience=64.0)
    state = start(np.zeros(1), np.empty((0, 0)), p)
    for count, surprises in itertools.product((0, 32, 96), (0, 64, 192)):
        share = Fraction(1, 4) + Fraction(1, 2) / (1 + Fraction(count, 32))
        expected = share / (1 + Fraction(surprises, 64))
        found = memory(state._replace(count=float(count), surprises=float(surprises)), p)
        assert found == float(expected)


def test_surprises_are_gradients_of_usual_size_that_were_not_foreseen():
    """Noise is one a step; a line is none, and neither is noise that is small beside the past."""
    rng = np.random.default_rng(8)
    p = OGRParameters(jump=np.inf)
    thetas, noise = rng.standard_normal((2, 200, 3))
    surprised = led(thetas, noise, p)[1]
    # A gradient of 3 normal coordinates counts min(1, chi2_3 / 3), 0.75 on average.
    assert surprised.surprises == pytest.approx(0.75 * 200, rel=0.15)
    assert memory(surprised, p) < p.beta_late / 3.0
    foreseen = led(thetas, thetas @ LINE, p)[1]
    assert foreseen.surprises < 8.0
    assert memory(foreseen, p) > p.beta_late / 1.2


@pytest.mark.parametrize("beta", [0.05, 0.25, 0.6])
def test_agreement_is_what_chance_does_not_explain(beta):
    """A mean of white noise has a share of its variance for square, by SciPy's Lyapunov equation.

    The energy about this mean is the rest of it. Gradients that agree give as much as they agree.
    """
    c = scipy.linalg.solve_discrete_lyapunov([[1.0 - beta]], [[beta**2]])[0, 0]
    p = OGRParameters(reach=1e9)
    # What keeps the spread is a few spreads; the agreement would be so many times a reach of 1e9.
    assert farthest(1.0, 1.0 - c, c, beta, p) < 10.0
    assert farthest(1.0, 1.0, 0.5 * c, beta, p) < 10.0
    assert farthest(1.0, 1.0, 9.0, beta, p) == pytest.approx(1e9 * (0.9 - c))
    assert farthest(1.0, 1.0, 0.0, beta, p._replace(reach=np.inf)) == np.inf


@pytest.mark.parametrize(("beta", "gamma"), [(0.25, 0.5), (0.05, 1.0), (0.9, 0.2)])
def test_farthest_step(beta, gamma):
    """Between what keeps the spread and the reach, as far as gradients agree; the roots of areas.

    The reach is never exceeded, not by what would keep the spread either.
    """
    kept = keeping(beta, gamma)
    for reach in (0.01, 2.0, 1e3):
        p = OGRParameters(gamma=gamma, reach=reach)
        least = min(kept, reach)
        assert farthest(4.0, 1.0, 0.0, beta, p) == pytest.approx(2.0 * least)
        agreed = reach * (1.0 - beta / (2.0 - beta))
        assert farthest(4.0, 0.0, 1.0, beta, p) == pytest.approx(2.0 * max(least, agreed))
        lengths = [farthest(4.0, 1.0, steady, beta, p) for steady in (0.0, 0.01, 1.0, 100.0, 1e9)]
        assert lengths == sorted(lengths)
        assert lengths[-1] <= 2.0 * reach * (1.0 + 1e-15)
    assert farthest(0.0, 1.0, 1.0, beta, p) == 0.0


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
