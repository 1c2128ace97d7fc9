"""Where the robust default would stall, run away or leave its start, but for one of its parts.

Each with that part taken away: by an option, or by another function where all is plain Python.
"""

import sys

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from refimpl.optimizers.ogr import OGRParameters
from tests.optimizers.test_ogr import follow

pytestmark = pytest.mark.numerics

SLOW = pytest.mark.slow


def excess(value, gradient, theta, steps, **options):
    """Values along a run, in units of the first; the least value is 0."""
    path, _ = follow(theta, [gradient] * steps, **options)
    values = np.array([value(theta) for theta in path])
    return values / values[0]


def on_quadratic(curvatures, theta, steps, axes=None, noise=0.0, seed=0, **options):
    """The same on a quadratic, in coordinates along its axes or in others."""
    axes = np.eye(len(curvatures)) if axes is None else axes
    rng, H = np.random.default_rng(seed), (axes * curvatures) @ axes.T

    def gradient(x):
        return axes @ (curvatures * (x @ axes)) + noise * rng.standard_normal(x.size)

    assert np.allclose(gradient(axes[:, 0]) - H @ axes[:, 0], 0.0) or noise
    return excess(lambda x: curvatures @ (x @ axes) ** 2, gradient, theta, steps, **options)


# Curvatures far apart.


@pytest.mark.parametrize("steps", [100, pytest.param(1000, marks=SLOW)])
def test_flat_axis_beside_a_stiff_one(steps):
    """``x^2 + 1e6 y^2`` from (1, 1): without scales it takes more than a hundred steps."""
    run = on_quadratic(np.array([1.0, 1e6]), np.ones(2), steps)
    assert run[-1] < 1e-12
    assert run.max() == 1.0
    other = on_quadratic(np.array([1.0, 1e6]), np.ones(2), 100, scaled=False)
    assert other[-1] > 1e-12


@pytest.mark.parametrize(
    ("D", "steps"), [(2, 60), (6, 60), *(pytest.param(D, 1000, marks=SLOW) for D in (2, 6, 20, 40))]
)
def test_ellipsoid(D, steps):
    """Curvatures from 1 to 1e6 along the coordinates, whatever their number, from a random start.

    Negative control: without scales 40 coordinates take more than 1000 steps, and 2 more than 60.
    """
    theta = np.random.default_rng(D).standard_normal(D)
    assert on_quadratic(np.logspace(0, 6, D), theta, steps)[-1] < 1e-12
    other = on_quadratic(np.logspace(0, 6, D), theta, steps if D == 40 else 60, scaled=False)
    assert other[-1] > 1e-8


@pytest.mark.parametrize("D", [2, pytest.param(6, marks=SLOW)])
def test_rotated_ellipsoid(D, jit, monkeypatch):
    """The same along other axes, where scales of coordinates cannot help: the median of five.

    Negative control: a ridge that stays, although the line foresees all, stalls.
    """

    def reached():
        for seed in range(5):
            rng, steps = np.random.default_rng(seed), 1000 if D > 2 else 100
            axes = np.linalg.qr(rng.standard_normal((D, D)))[0]
            yield on_quadratic(np.logspace(0, 6, D), rng.standard_normal(D), steps, axes)[-1]

    assert np.median(list(reached())) < 1e-12
    if not jit:
        monkeypatch.setattr(sys.modules["refimpl.optimizers.ogr"], "unforeseen", lambda state: 1.0)
        assert np.median(list(reached())) > 1e-9


@pytest.mark.parametrize("steps", [100, pytest.param(1000, marks=SLOW)])
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=SLOW), pytest.param(2, marks=SLOW)])
def test_units_of_coordinates_far_apart(steps, seed):
    """Curvatures from 1 to 1e8, each minimum as far away as its curvature is flat, and noise.

    Negative control: without scales a hundred steps hardly begin.
    """
    curvatures = np.logspace(0, 8, 5)
    theta, given = 1e4 / np.sqrt(curvatures), {"noise": 0.1, "seed": seed}
    assert on_quadratic(curvatures, theta, steps, **given)[-1] < 1e-10
    assert on_quadratic(curvatures, theta, 100, scaled=False, **given)[-1] > 1e-2


@pytest.mark.parametrize("steps", [500, pytest.param(1000, marks=SLOW)])
def test_kink_beside_a_parabola(steps):
    """``x^2 + 100 |y|`` from (3, 1): the gradient across never falls, that along must count.

    Negative control: without scales it is stuck.
    """
    problem = (
        lambda x: x[0] ** 2 + 100.0 * np.abs(x[1]),
        lambda x: np.array([2.0 * x[0], 100.0 * np.sign(x[1])]),
        [3.0, 1.0],
    )
    assert excess(*problem, steps)[-1] < 1e-10
    assert excess(*problem, steps, scaled=False)[-1] > 1e-6


# First steps that are far too long.


def chebyquad(n):
    """Value and gradient: means of Chebyshev polynomials at `n` points, less their integrals."""
    k = np.arange(1, n + 1)
    integrals = np.where(k % 2 == 0, -1.0 / (k**2 - 1.0 + (k == 1)), 0.0)
    slopes = [chebyshev.chebder(row) for row in np.eye(n + 1)[1:]]

    def off(x):
        return chebyshev.chebvander(2.0 * x - 1.0, n)[:, 1:].mean(axis=0) - integrals

    def gradient(x):
        return sum(
            4.0 / n * r * chebyshev.chebval(2.0 * x - 1.0, row)
            for r, row in zip(off(x), slopes, strict=True)
        )

    return lambda x: off(x) @ off(x), gradient


@pytest.mark.parametrize("n", [10, 11])
def test_first_step_off_a_flat_place(n):
    """Points on (0, 1), and a first step of one unit out of it, where the value is 1e6 larger.

    Fifty steps later it is below the start. Negative control: where no move is taken back it is
    above it.
    """
    value, gradient = chebyquad(n)
    theta = np.arange(1.0, n + 1.0) / (n + 1.0)
    run = excess(value, gradient, theta, 50)
    assert run[1] > 1e6
    assert run[2] < 1.0
    assert run[-1] < 1.0
    assert excess(value, gradient, theta, 50, jump=np.inf)[-1] > 1.0


@pytest.mark.parametrize("D", [1, 2, 5])
def test_first_step_up_a_wall(D):
    """``x^4`` from a hundredth beside its minimum: back to below the start at once.

    Negative control: where no move is taken back, the second value is above a thousand starts.
    """
    problem = (lambda x: np.sum(x**4), lambda x: 4.0 * x**3, np.linspace(0.01, 0.02, D))
    run = excess(*problem, 50)
    assert run[1] > 1e4
    assert run[2:].max() < 1.0
    assert excess(*problem, 50, jump=np.inf)[2] > 1e3


# Gradients that have become noise.


@pytest.mark.parametrize("seeds", [2, pytest.param(10, marks=SLOW)])
def test_no_long_walk_on_a_plateau(seeds):
    """Where nothing but noise is left after 30 steps, 500 more lead less far than the first did.

    Negative control: steps that a chance agreement may lengthen a thousandfold lead farther.
    """
    p, steps = OGRParameters(), 530
    first = p.first * 100.0

    def farthest(seed, **options):
        noise = np.random.default_rng(seed).standard_normal((steps, 2))
        slopes = [lambda x, z=z: x + z for z in noise[:30]]
        path, _ = follow(np.full(2, 100.0), [*slopes, *noise[30:]], **options)
        assert np.linalg.norm(path[1] - path[0]) == pytest.approx(first)
        return np.linalg.norm(path[30:] - path[30], axis=1).max()

    assert max(farthest(seed) for seed in range(seeds)) < first
    if seeds == 10:
        assert max(farthest(seed, reach=1e3 * p.reach) for seed in range(seeds)) > first
