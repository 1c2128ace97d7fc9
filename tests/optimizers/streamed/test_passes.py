"""The passes against plain NumPy on whole rows."""

import numpy as np
import pytest

from refimpl import regression
from refimpl.optimizers.streamed import passes
from refimpl.optimizers.streamed.tiles import WIDTH, from_tiles, into_tiles, padded
from tests.rounding import EPS

pytestmark = pytest.mark.numerics

D, d = 2 * WIDTH + 7, 3
SCALE, GAIN = 0.25, 0.4


@pytest.fixture
def given():
    rng = np.random.default_rng(0)
    V, x = rng.standard_normal((d, D)), rng.standard_normal((5, D))
    # Coordinates whose gradient is too near its mean to move it.
    x[3, :9] = SCALE * x[0, :9] * (1.0 + 1e-17)
    return V, x


def made(V, x):
    vectors = passes.Vectors(*(padded(row, np.float64) for row in x[1:]))
    return into_tiles(V, np.float64), vectors, passes.Seen(np.ones(d), np.ones(8))


@pytest.mark.parametrize("centred", [False, True])
def test_projections_and_dot_products(given, centred):
    V, (g, theta, mean, slow, m) = given
    tiles, vectors, seen = made(V, given[1])
    passes.project(tiles, g, vectors, SCALE, GAIN, centred, seen)
    x = regression.apart(SCALE * g, slow, GAIN) if centred else SCALE * g
    off = regression.apart(theta, mean, GAIN)
    pairs = [(x, x), (x, off), (x, slow), (x, m), (off, off)]
    if centred:
        assert not x[:9].any()
        pairs += [(slow, slow), (m, m), (slow, m)]
    for found, (a, b) in zip(seen.dots, pairs, strict=False):
        assert abs(found - a @ b) <= D * EPS * (np.abs(a) @ np.abs(b))
    np.testing.assert_allclose(seen.p, V @ x, rtol=0, atol=D * EPS * np.abs(x).max() * 4.0)

    p, along = V @ x / D, np.ones(d)
    square = passes.residual(tiles, g, vectors, SCALE, GAIN, centred, p, along)
    rest = x - p @ V
    np.testing.assert_allclose(square, rest @ rest, rtol=D * EPS)
    np.testing.assert_allclose(along, V @ rest, rtol=0, atol=D * EPS * np.abs(rest).max() * 4.0)


@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize("centred", [False, True])
def test_what_is_overwritten(given, centred, turns):
    V, (g, theta, mean, slow, m) = given
    tiles, vectors, _ = made(V, given[1])
    uh, e, f = np.random.default_rng(1).standard_normal((3, d))
    orders = passes.Orders(uh, e, f, np.array([0.7, 0.01, GAIN, 0.6]))
    if not turns:
        uh[:] = 0.0
    passes.overwrite(tiles, g, vectors, SCALE, centred, turns, orders)
    x = regression.apart(SCALE * g, slow, GAIN) if centred else SCALE * g
    V_new = V + np.outer(uh, e @ V + 0.7 * x)
    m_new = m + 0.6 * (SCALE * g - m)
    expected = passes.Vectors(
        theta=theta + f @ V_new - 0.01 * m_new,
        mean_theta=mean + GAIN * (theta - mean),
        mean_gradient=slow + GAIN * (SCALE * g - slow),
        momentum=m_new,
    )
    np.testing.assert_allclose(from_tiles(tiles, D), V_new, rtol=0, atol=1e-14)
    assert not from_tiles(tiles, tiles.size // d)[:, D:].any()
    for found, right in zip(vectors, expected, strict=True):
        np.testing.assert_allclose(found[:D], right, rtol=0, atol=1e-14)
        assert not found[D:].any()


def test_what_is_measured(given):
    V, (_, theta, mean, slow, m) = given
    tiles, vectors, _ = made(V, given[1])
    gram, along = np.ones((d, d)), np.ones((3, d))
    passes.measure(tiles, vectors, gram, along)
    np.testing.assert_allclose(gram, V @ V.T, rtol=0, atol=D * EPS * 10.0)
    expected = [V @ (theta - mean), V @ slow, V @ m]
    np.testing.assert_allclose(along, expected, rtol=0, atol=D * EPS * 10.0)
    T = np.random.default_rng(2).standard_normal((d, d))
    passes.straightened(tiles, T)
    np.testing.assert_allclose(from_tiles(tiles, D), T @ V, rtol=0, atol=1e-14)
