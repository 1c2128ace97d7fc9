"""The model in a few directions: the prior of ogr in every basis, and renewal of its directions."""

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from refimpl import regression
from refimpl.optimizers import subspace
from tests.optimizers.test_ogr import EPS, EXAMPLES, follow

# The prior and the renewal.


pytestmark = pytest.mark.numerics


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 5), st.floats(0.0, 10.0), st.floats(0.0, 100.0))
def test_prior_is_the_same_in_every_basis(seed, d, seen, slope):
    """Added before a rotation or after it; and all else of the statistics is as it was."""
    rng = np.random.default_rng(seed)
    line = regression.start(d)
    for x in rng.standard_normal((4, d)):
        line = regression.update(line, x, rng.standard_normal(d), 0.4)
    line = regression.centred(line)
    Q = scipy.stats.ortho_group.rvs(d, random_state=rng) if d > 1 else np.array([[-1.0]])
    before = subspace.rotated(subspace.with_prior(line, seen, slope), Q)
    after = subspace.with_prior(subspace.rotated(line, Q), seen, slope)
    # Sums of d^2 products with entries below those of the prior.
    size = 1.0 + seen * (1.0 + slope) ** 2 + np.abs(line.C_gg).max() + np.abs(line.C_gtheta).max()
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=10 * d * d * EPS * size)
    np.testing.assert_allclose(
        after.C_gtheta - subspace.rotated(line, Q).C_gtheta,
        seen * slope * np.eye(d),
        rtol=0,
        atol=10 * EPS * size,
    )


def in_subspace(seed, D=6, d=3):
    """Orthonormal directions with the statistics of a few observations along them."""
    rng = np.random.default_rng(seed)
    V = np.linalg.qr(rng.standard_normal((D, d)))[0].T
    line = regression.start(d)
    for _ in range(5):
        line = regression.update(line, rng.standard_normal(d), rng.standard_normal(d), 0.3)
    return rng, subspace.Subspace(V.copy(), regression.centred(line))


@EXAMPLES
@given(st.integers(0, 2**32))
def test_renewal_is_for_the_stiffer(seed):
    """A newcomer just below the flattest stiffness is refused, one just above takes its place."""
    rng, model = in_subspace(seed)
    V, line = model
    outer = np.eye(6) - V.T @ V
    stiffness = np.diag(line.C_gg) / np.diag(line.C_thetatheta)
    i = int(np.argmin(stiffness))
    x, y = rng.standard_normal((2, 6))
    y *= np.sqrt(stiffness[i]) * np.linalg.norm(outer @ x) / np.linalg.norm(outer @ y)
    for factor, renewed in ((0.999, False), (1.001, True)):
        new_V, new = subspace.renewed(model, x, factor * y)
        np.testing.assert_allclose(new_V @ new_V.T, np.eye(3), rtol=0, atol=30 * EPS)
        expected = V.copy()
        if renewed:
            expected[i] = outer @ y / np.linalg.norm(outer @ y)
        # Outside lies at least a hundredth of a random vector.
        np.testing.assert_allclose(new_V, expected, rtol=0, atol=1e4 * EPS)
        keep = np.arange(3) != i if renewed else np.full(3, True)
        for name in ("C_thetatheta", "C_gtheta", "C_gg"):
            expected = np.where(np.outer(keep, keep), getattr(line, name), 0.0)
            np.testing.assert_array_equal(getattr(new, name), expected)
        assert new.weight == line.weight


def test_no_renewal_of_the_whole_space():
    rng, model = in_subspace(0, D=3)
    V, line = subspace.renewed(model, rng.standard_normal(3), 1e9 * rng.standard_normal(3))
    for one, other in zip((V, *line), (model.V, *model.line), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_renewal_without_anything_outside():
    """Where all axes are coordinates, nothing at all is left over."""
    _, model = in_subspace(0)
    model = subspace.Subspace(np.eye(3, 6), model.line)
    V, _ = subspace.renewed(model, np.ones(6), np.array([1.0, 2.0, 3.0, 0.0, 0.0, 0.0]))
    np.testing.assert_array_equal(V, model.V)


@pytest.mark.parametrize("curvatures", [(100.0, 1.0, 0.0), (5.0, 1.0, 0.0, 0.0)])
def test_axes_stay_orthonormal_where_gradients_are_inside(curvatures):
    """A function of two coordinates alone, and two axes."""
    h = np.array(curvatures)
    start = np.where(h > 0.0, 1.0, 0.0)
    path, state = follow(start, [lambda x: h * x] * 200, dimension=2)
    V = state.model.V
    np.testing.assert_allclose(V @ V.T, np.eye(2), rtol=0, atol=1e-12)
    assert np.abs(h * path[-1]).max() < 1e-6


@pytest.mark.parametrize(("D", "d"), [(3, 3), (10, 4)])
def test_axes_stay_orthonormal(size, D, d):
    """Rotations add a few eps each; over 2000 steps they may not add up to more than their sum."""
    steps = size(2000, 100)
    rng = np.random.default_rng(1)
    H = rng.standard_normal((D, D))
    H = H + H.T

    def noisy(x):
        return H @ np.tanh(x) + x + 0.5 * rng.standard_normal(D)

    _, state = follow(np.ones(D), [noisy] * steps, dimension=d)
    V = state.model.V
    np.testing.assert_allclose(V @ V.T, np.eye(d), rtol=0, atol=4 * steps * EPS)


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
