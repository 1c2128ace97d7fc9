"""Rounding is no signal to `ogr` and `pogr`: positions that stand still, or nearly so, far away."""

import numpy as np
import pytest

from refimpl import diagnostics, optimizers

pytestmark = pytest.mark.numerics

FAR_AWAY = 1e6
# Of every coordinate: positions about the far place, the last of them again and again.
SEEN = np.array([0.0, 1.0, 3.0, 2.0, 5.0])
LATER = 300


def walk(name, D, jitter, gradient):
    """State and step after each of five positions, and of 300 that differ by `jitter` ulps."""
    method = optimizers.get(name)
    parameters = optimizers.bind(method, {})
    place = np.full(D, FAR_AWAY)
    rng = np.random.default_rng(0)
    state = method.start(place, np.empty((0, D)), parameters)
    if name == "pogr":
        # Its prior is about the place, or the way there would be what has been seen.
        state = state._replace(line=state.line._replace(mean_theta=place))
    for k in range(SEEN.size + LATER):
        # By coordinate at another pace, or they would move along one line.
        theta = place + SEEN[min(k, SEEN.size - 1)] ** np.linspace(1.0, 1.5, D)
        if k >= SEEN.size:
            theta += jitter * rng.integers(0, 2, D) * np.spacing(theta)
        new, state = method.step(state, theta, gradient(theta, rng), parameters)
        yield k, state, new - theta


@pytest.mark.parametrize("jitter", [0, 1])
@pytest.mark.parametrize("D", [1, 2, 20])
def test_ogr_knows_the_old_curvature_or_none(D, jitter):
    """In all directions and, of 20, in a subspace that turns."""
    for k, state, step in walk("ogr", D, jitter, lambda theta, _: 3.0 * (theta - FAR_AWAY)):
        found = diagnostics("ogr", state)
        known = np.isfinite(found.curvature_error)
        # The least spread that counts, 2 ulps over a beta of 0.25, is known to half an ulp and what
        # the mean adds to it, so to an eighth or so.
        assert found.curvature[known] == pytest.approx(3.0, rel=0.15)
        assert not found.curvature[~known].any() or k <= 5
        # Of a spread that is far above rounding something is known; of rounding nothing is.
        assert known.any() or not 5 <= k <= 30
        # The first one, at the first gradient that is not 0, is of the size of the start.
        assert k <= 1 or np.linalg.norm(step) <= 100.0
    assert not known.any()
    # No step is longer than a few units of the last place.
    assert np.max(np.abs(step)) <= 4.0 * np.spacing(FAR_AWAY)


@pytest.mark.parametrize("D", [1, 2, 20])
def test_ogr_learns_nothing_of_roundings(D):
    """Positions one ulp apart, gradients of noise alone: curvatures of 1e10 were certain."""
    method = optimizers.get("ogr")
    # No move leads to these positions, so that none can be taken back.
    parameters = optimizers.bind(method, {"jump": np.inf})
    place, rng = np.full(D, FAR_AWAY), np.random.default_rng(0)
    state = method.start(place, np.empty((0, D)), parameters)
    for k in range(LATER):
        theta = place + rng.integers(0, 2, D) * np.spacing(place)
        new, state = method.step(state, theta, rng.standard_normal(D), parameters)
        found = diagnostics("ogr", state)
        assert not found.curvature.any()
        assert np.isinf(found.curvature_error).all()
        if k > 0:
            assert np.max(np.abs(new - theta)) <= 8.0 * np.spacing(FAR_AWAY)


@pytest.mark.parametrize("name", ["ogr", "pogr"])
def test_the_run_goes_on(name):
    """After 300 frozen steps the model is no obstacle: the minimum is found from there."""
    D, method = 2, optimizers.get(name)
    parameters = optimizers.bind(method, {})
    *_, (_, state, _) = walk(name, D, 1, lambda theta, _: 3.0 * (theta - FAR_AWAY))
    # Elsewhere in every coordinate: of one that has never moved, pogr knows nothing.
    theta = np.full(D, FAR_AWAY) + 4.0
    for _ in range(400):
        theta, state = method.step(state, theta, 3.0 * (theta - FAR_AWAY), parameters)
    assert np.max(np.abs(theta - FAR_AWAY)) <= 1e-3


@pytest.mark.parametrize("jitter", [0, 1])
@pytest.mark.parametrize("D", [1, 2, 20])
def test_pogr_knows_the_old_curvature_or_none(D, jitter):
    for k, state, step in walk("pogr", D, jitter, lambda theta, _: 3.0 * (theta - FAR_AWAY)):
        found = diagnostics("pogr", state)
        known = np.isfinite(found.curvature_error)
        assert not found.curvature[~known].any() or k <= 5
        if k == SEEN.size:
            # Between 3 and the prior's 1, which fades together with what was seen.
            before = found.curvature
            assert ((before > 1.0 - 1e-9) & (before < 3.0)).all()
        if k > SEEN.size:
            # Never beyond what was seen, to the rounding of far places.
            assert (found.curvature[known] >= 0.99 * before[known]).all()
            assert (found.curvature[known] <= 3.0 * 1.01).all()
        # Its step is bounded by 1.
        assert np.linalg.norm(step) <= 1.0 + 1e-9
    assert not known.any()
