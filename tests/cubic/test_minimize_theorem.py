"""The theorem about the cubic model, sentence by sentence, and its two limits in the groups."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.cubic import minimize_cubic
from refimpl.summary import summarize

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 15)
SEEDS = st.integers(0, 2**32)


def value(eta, H, g, d, strength):
    """The model itself."""
    return -g @ eta + 0.5 * eta @ H @ eta + strength / 6.0 * np.linalg.norm(d * eta) ** 3


def problem(seed, S):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((S, S))
    return A + A.T, rng.standard_normal(S), np.exp(rng.standard_normal(S)), 1.5


def gap(found, other, H, d, strength):
    """What the theorem says the model is higher by elsewhere."""
    r, r_other = np.linalg.norm(d * found), np.linalg.norm(d * other)
    M = H + np.diag(0.5 * strength * r * d**2)
    off = other - found
    return 0.5 * off @ M @ off + strength / 12.0 * (r_other - r) ** 2 * (2.0 * r_other + r)


@EXAMPLES
@given(SEEDS, st.integers(1, 8), st.floats(0.01, 10.0))
def test_gap_to_the_minimum(seed, S, size):
    """Exact at any other place, near and far."""
    H, g, d, strength = problem(seed, S)
    found = minimize_cubic(H, g, d, strength).rates
    rng = np.random.default_rng(seed)
    for other in found + size * rng.standard_normal((5, S)):
        both = value(other, H, g, d, strength) - value(found, H, g, d, strength)
        reach = np.maximum(abs(found), abs(other))
        terms = abs(g) @ reach + reach @ abs(H) @ reach + np.linalg.norm(d * reach) ** 3
        # The residual of the minimum, some dozen roundings, counts at the distance of the other.
        assert abs(both - gap(found, other, H, d, strength)) < 100 * S * EPS * terms


def test_gap_needs_a_stationary_point():
    """Negative control: from a place that is not stationary the formula is wrong."""
    H, g, d, strength = problem(0, 3)
    found = 1.01 * minimize_cubic(H, g, d, strength).rates
    other = found + np.ones(3)
    both = value(other, H, g, d, strength) - value(found, H, g, d, strength)
    assert abs(both - gap(found, other, H, d, strength)) > 1e-3


@EXAMPLES
@given(SEEDS, st.integers(1, 3))
def test_all_minima_of_the_hard_case(seed, bottom):
    """They have one radius and one value, and are the sphere that the bottom eigenspace cuts."""
    rng = np.random.default_rng(seed)
    S = bottom + 2
    # Along the axes, so that the bottom is seen exactly as little as it should be.
    a, g = np.r_[-np.ones(bottom), 1.0, 3.0], np.r_[np.zeros(bottom), 0.5, -1.0]
    strength = 2.0
    found = minimize_cubic(np.diag(a), g, np.ones(S), strength)
    assert found.outcome == "hard"
    assert found.radius == pytest.approx(1.0, rel=10 * EPS)
    least = value(found.rates, np.diag(a), g, np.ones(S), strength)
    size = np.linalg.norm(found.rates[:bottom])
    for point in rng.standard_normal((10, bottom)):
        other = found.rates.copy()
        other[:bottom] = size * point / np.linalg.norm(point)
        assert value(other, np.diag(a), g, np.ones(S), strength) == pytest.approx(
            least, rel=20 * EPS
        )
        # Off the sphere it is higher.
        other[:bottom] *= rng.choice([0.9, 1.1])
        assert value(other, np.diag(a), g, np.ones(S), strength) > least + 1e-4


@EXAMPLES
@given(SEEDS, st.sampled_from(["bounded", "curvature", "gradient", "reply"]))
def test_bounded_or_a_ray_down(seed, broken):
    """Each of the three conditions, broken alone, has a ray on which the model falls for ever."""
    rng = np.random.default_rng(seed)
    # Two groups with a cubic term, three without; these have the kernel vector v.
    d = np.array([1.0, 0.5, 0.0, 0.0, 0.0])
    v = np.array([1.0, -1.0, 2.0])
    basis = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    H, g = np.zeros((5, 5)), np.zeros(5)
    H[2:, 2:] = basis.T @ basis
    across = rng.integers(-3, 4, (2, 2)) @ basis
    H[:2, 2:], H[2:, :2] = across, across.T
    H[:2, :2] = [[-1.0, 0.5], [0.5, 2.0]]
    g[:2], g[2:] = rng.standard_normal(2), rng.integers(-3, 4, 2) @ basis
    ray, base = np.r_[0.0, 0.0, v], np.zeros(5)
    if broken == "curvature":
        H[2:, 2:] -= 0.25 * np.outer(v, v)
    elif broken == "gradient":
        g[2:] += 0.5 * v
    elif broken == "reply":
        H[0, 2:] += 0.5 * v
        H[2:, 0] += 0.5 * v
        base[0] = -1.0
    found = minimize_cubic(H, g, d, 1.0)
    far = [value(base + t * ray, H, g, d, 1.0) for t in (1e3, 1e6)]
    if broken == "bounded":
        assert found.outcome != "unbounded"
        assert far[1] == pytest.approx(far[0], rel=1e-9)
        least = value(found.rates, H, g, d, 1.0)
        for scale in (0.1, 1.0, 10.0, 1e3):
            for step in scale * rng.standard_normal((20, 5)):
                assert value(step, H, g, d, 1.0) >= least - 1e-9 * scale**2
    else:
        assert found.outcome == "unbounded"
        assert not found.rates.any()
        assert far[1] < 100.0 * far[0] < 0.0


def quadratic(seed, D=6):
    rng = np.random.default_rng(seed)
    A, p = rng.standard_normal((D, D)), rng.standard_normal(D)
    H = A @ A.T + np.eye(D)

    def loss(theta):
        return 0.5 * (theta - p) @ (H @ (theta - p))

    theta = rng.standard_normal(D)
    return loss, theta, H, H @ (theta - p), p


@EXAMPLES
@given(SEEDS)
def test_between_cauchy_and_newton(seed):
    """One group: the minimum along the line. One for each parameter: Newton's step, whatever u."""
    loss, theta, H, g, p = quadratic(seed)
    rng = np.random.default_rng(seed)

    def end(u, groups):
        found = summarize(loss, theta, u, groups)
        rates = minimize_cubic(found.hessian, found.gradient, np.cbrt(abs(found.third)), 1.0).rates
        step = np.zeros(theta.size)
        for rate, group in zip(rates, groups, strict=True):
            step[group] = rate * u[group]
        return theta - step, rates

    _, (cauchy,) = end(g, [range(6)])
    assert cauchy == pytest.approx(g @ g / (g @ H @ g), rel=100 * EPS)
    u = np.sign(rng.standard_normal(6)) * rng.uniform(0.1, 2.0, 6)
    newton, _ = end(u, [[i] for i in range(6)])
    np.testing.assert_allclose(
        newton,
        p,
        atol=1000 * EPS * np.linalg.cond(H) * np.linalg.cond(np.diag(u)) * np.abs(p).max(),
    )
    # Every partition in between lies no higher than a coarser one.
    nested = [[range(6)], [range(3), range(3, 6)], [range(3), [3], [4, 5]], [[i] for i in range(6)]]
    values = [loss(end(g, groups)[0]) for groups in nested]
    for coarse, fine in itertools.pairwise(values):
        assert fine <= coarse * (1.0 + 1e-9) + 1e-12


@EXAMPLES
@given(SEEDS, st.integers(2, 6))
def test_cubic_term_holds_the_diagonal(seed, S):
    """At strength 1 it is at least the diagonal of the third order; mixed terms may be more."""
    rng = np.random.default_rng(seed)
    eta, third = rng.standard_normal((2, S))
    d = np.cbrt(np.abs(third))
    assert abs(third) @ abs(eta) ** 3 <= np.linalg.norm(d * eta) ** 3 * (1.0 + 10 * EPS)
    # Negative control: eta_1^2 eta_2 has no diagonal at all.
    found = summarize(lambda x: x[0] ** 2 * x[1], np.zeros(2), np.ones(2), [[0], [1]], full=True)
    assert not found.third.any()
    assert found.tensor[0, 0, 1] == 2.0
