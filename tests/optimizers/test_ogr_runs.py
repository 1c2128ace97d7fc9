"""What the robust default is for, hard input, and its entries."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.stats

import refimpl
from refimpl import _compile, functions
from refimpl.optimizers.ogr import OGRParameters
from tests.optimizers.test_ogr import ATOL, drawn, follow

# What it is for.


pytestmark = pytest.mark.numerics


@pytest.mark.parametrize(
    ("D", "walks"), [(2, 6), *(pytest.param(D, 40, marks=pytest.mark.slow) for D in (1, 2, 10))]
)
def test_no_runaway_on_pure_noise(size, D, walks):
    """All walks stay within what steps as long as the first would do at random.

    Momentum makes such steps persist: ``(2 - gamma) / gamma`` times as much in the square. Negative
    control: where agreement by chance may lengthen them a millionfold, some of the walks leave.
    """
    steps, seeds = 500, range(size(walks, 2))
    p = OGRParameters()
    bound = p.first * np.sqrt(steps * (2.0 - p.gamma) / p.gamma)

    def farthest(seed, **options):
        noise = np.random.default_rng(seed).standard_normal((steps, D))
        path, _ = follow(np.zeros(D), noise, **options)
        return np.linalg.norm(path, axis=1).max()

    assert max(farthest(seed) for seed in seeds) < bound
    if _compile.JIT:
        assert max(farthest(seed, reach=1e6 * p.reach) for seed in seeds) > bound


@pytest.mark.parametrize(
    ("D", "walks"), [(30, 2), *(pytest.param(D, 10, marks=pytest.mark.slow) for D in (30, 60))]
)
def test_memory_shortens_steps_on_pure_noise(size, D, walks):
    """Where all gradients are surprises the memory grows with their number, and steps shorten.

    Negative control: with a memory that stays short they become longer than the first one.
    """
    p, steps = OGRParameters(), size(500, 100)

    def late(seed, patience):
        noise = np.random.default_rng(seed).standard_normal((steps, D))
        path, state = follow(np.zeros(D), noise, patience=patience)
        longest = np.linalg.norm(np.diff(path[-steps // 5 :], axis=0), axis=1).max()
        return longest, state.model.line.beta

    for patience, short in ((p.patience, True), (np.inf, False)):
        longest, betas = np.median([late(seed, patience) for seed in range(size(walks, 2))], axis=0)
        assert (betas < 0.5 * p.beta_late) == short
        if _compile.JIT:
            assert (longest < p.first) == short


@pytest.mark.parametrize("D", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_goes_on_after_noise(size, D):
    """A slope after 200 gradients of noise: ten units are gone within a hundred steps.

    The steps have become thousands of times as short, and the memory long; agreement lengthens them
    again by up to the reach a step.
    """
    noise = np.random.default_rng(0).standard_normal((200, D))
    path, state = follow(np.zeros(D), noise)
    assert state.model.line.beta < 0.1
    slope = [lambda x: 3.0 * (x - path[-1] - 10.0)] * 100
    after, _ = follow(np.zeros(D), [*noise, *slope])
    assert np.abs(after[-1] - path[-1] - 10.0).max() < 1.0


@pytest.mark.parametrize(("D", "d"), [(2, 10), (8, 10), (8, 2)])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_leaves_a_saddle(size, D, d, noise):
    """From 1e-3 beside it, to the bottom of a well in 60 steps; SGD and momentum stay there."""
    f = functions.bounded_saddle([-1.0, *np.ones(D - 1)])
    for seed in range(size(20, 3)):
        x0 = 1e-3 * np.random.default_rng(seed).standard_normal(D)
        options = {"steps": 60, "seed": seed, "noise": noise}
        ours = refimpl.minimize(f, x0, method="ogr", dimension=d, **options)
        assert ours.fun - f.minimum_value < 1e-2
        for rival in ("sgd", "momentum"):
            theirs = refimpl.minimize(f, x0, method=rival, **options)
            assert theirs.fun - f.minimum_value > 0.2


@pytest.mark.parametrize("seed", range(5))
def test_converges_on_an_ill_conditioned_quadratic(size, seed):
    """Condition 1e4 in five turned directions: 1e-8 from above 100 in 600 steps, no setting."""
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    f = functions.quadratic(np.logspace(0, 4, 5), rotation=Q)
    result = refimpl.minimize(f, rng.standard_normal(5), method="ogr", steps=600)
    assert result.values[0] > 100.0
    assert result.fun < 1e-8


# Hard input.


def test_waits_for_the_first_gradient():
    """500 steps on a plateau leave no trace, and the scale is that of the first gradient there is.

    A gradient that is 0 says nothing of its unit.
    """
    theta, gradients = drawn(3, 2, 2.0**40)
    expected, _ = follow(theta, gradients)
    path, _ = follow(theta, [np.zeros(3)] * 500 + gradients)
    np.testing.assert_array_equal(path[:500], np.tile(theta, (500, 1)))
    np.testing.assert_array_equal(path[500:], expected)


def test_goes_on_after_a_plateau():
    """From the slope to a plateau and back: the spread is kept above what rounding leaves.

    On a plateau it falls by 3/4 a step, and after 2700 of them it would be 0, and every step too.
    """
    path, _ = follow(np.ones(3), [lambda x: x] * 5 + [np.zeros(3)] * 2700 + [lambda x: x] * 200)
    np.testing.assert_array_equal(path[2705], path[400])
    assert np.abs(path[2705]).max() > 1e-3
    assert np.abs(path[-1]).max() < 1e-6


def test_goes_on_along_a_straight_slope():
    """The outer part of Huber's loss: the gradient is the same to the last bit."""
    path, _ = follow([10.0, 10.0], [lambda x: np.clip(x, -1.0, 1.0)] * 60)
    assert np.abs(path[-1]).max() < 1.0


@pytest.mark.parametrize("d", [2, 10])
@pytest.mark.parametrize("order", [slice(None), slice(1, None)])
def test_huge_and_tiny_in_turn(d, order):
    """Gradients of 1e-300 and 1e300 in turn, whichever comes first; nothing overflows, no NaN."""
    rng = np.random.default_rng(0)
    sizes = np.tile([1e-300, 1e300], 60)[order]
    path, state = follow(np.ones(3), sizes[:, None] * rng.uniform(-1.0, 1.0, (len(sizes), 3)),
                         dimension=d)  # fmt: skip
    assert np.isfinite(path).all()
    assert np.abs(path).max() < 100.0
    assert np.isfinite(state.variance_gradient).all()
    assert np.isfinite(state.surprises)
    assert np.abs(np.diff(path, axis=0)).max(axis=1)[0] > 0.1


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300, 1e307])
@pytest.mark.parametrize("d", [2, 10])
def test_gradients_of_one_extreme_scale(scale, d):
    """The same walk at every scale; below 1e-307 the digits go, and with them the sameness."""
    g = np.random.default_rng(1).uniform(-1.0, 1.0, (40, 3))
    path, _ = follow(np.ones(3), scale * g, dimension=d)
    assert np.isfinite(path).all()
    assert np.abs(np.diff(path, axis=0)).max() > 0.1
    if scale > 1e-308:
        expected, _ = follow(np.ones(3), g, dimension=d)
        np.testing.assert_allclose(path, expected, rtol=0, atol=1e-6)


def test_more_directions_than_dimensions_are_all():
    """The dimension is "at most" here: no RangeError anywhere, and 3 of 3 is what 10 of 3 is."""
    f = functions.beale3
    x0 = [1.0, 0.5, -1.0]
    options = {"steps": 30, "noise": 0.1, "seed": 4}
    ten = refimpl.minimize(f, x0, method="ogr", dimension=10, **options)
    three = refimpl.minimize(f, x0, method="ogr", dimension=3, **options)
    np.testing.assert_array_equal(ten.path, three.path)
    other = refimpl.minimize(f, x0, method="ogr", dimension=2, **options)
    assert np.abs(other.path - ten.path).max() > 1e-3


def test_one_dimension():
    """No axes to turn: whatever the dimension asked for, a minimum is found."""
    f = functions.quadratic([3.0])
    for d in (1, 10):
        result = refimpl.minimize(f, [5.0], method="ogr", dimension=d, steps=100)
        assert result.fun < 1e-12


# The entries.


def test_entries_agree():
    """`lattice`, `minimize` and SciPy's `minimize` run the same text on the same numbers.

    The last digits are those of the driver: compiled with a function of the laboratory, plain with
    one of Python's.
    """
    f, starts = functions.beale3, np.array([[1.0, 0.5, -1.0], [0.0, 1.0, 2.0]])
    final = refimpl.lattice(f, "ogr", starts=starts[:1], steps=40, noise=0.1, seeds=[3, 4])
    for s, seed in enumerate((3, 4)):
        given = {"method": "ogr", "steps": 40, "noise": 0.1, "seed": seed}
        ours = refimpl.minimize(f, starts[0], **given)
        assert ours.fun == final[s, 0]
        plain = refimpl.minimize(f.value, starts[0], jac=f.gradient, **given)
        np.testing.assert_allclose(plain.x, ours.x, rtol=0, atol=ATOL * np.abs(ours.path).max())
        theirs = scipy.optimize.minimize(
            f.value, starts[0], jac=f.gradient, method=refimpl.scipy_method("ogr"),
            options={"maxiter": 40, "noise": 0.1, "seed": seed},
        )  # fmt: skip
        np.testing.assert_array_equal(theirs.x, plain.x)
    both = refimpl.lattice(f, "ogr", starts=starts, steps=40, noise=0.1, seeds=[3, 4])
    assert both.shape == (2, 2)
    np.testing.assert_array_equal(both[:, :1], final)


PLAIN = """
import sys
from tests.optimizers.test_ogr import drawn, follow
path, _ = follow(*drawn(int(sys.argv[1]), 3), dimension=int(sys.argv[2]))
print(*map(float.hex, path.ravel().tolist()))
"""


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize(("D", "d"), [(3, 3), (6, 2)])
def test_plain_python_gives_the_same(D, d):
    """In a process without the compiler; sums in another order amplify as in the tests above."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", PLAIN, str(D), str(d)],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    plain = np.array([float.fromhex(x) for x in run.stdout.split()]).reshape(-1, D)
    path, _ = follow(*drawn(D, 3), dimension=d)
    np.testing.assert_allclose(path, plain, rtol=0, atol=ATOL * np.abs(plain).max())
