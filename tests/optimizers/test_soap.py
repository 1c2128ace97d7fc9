"""SOAP on a vector: by a plain program, Adam in given axes, and what a rotation changes."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl.online_pca import leading_directions
from refimpl.optimizers import bind
from refimpl.optimizers.adam import AdamState
from refimpl.optimizers.soap import SOAPState, soap
from refimpl.qr_step import qr_step
from tests.optimizers.paths import GRADIENTS, run
from tests.rounding import EPS

pytestmark = pytest.mark.numerics

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=30, deadline=None)
RATES = {"alpha": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 1e-3}
# Gradients whose second moment has axes of its own, far apart in length.
SKEW = np.array([[3.0, 0.2, -0.4], [0.5, 1.0, 0.1], [0.2, -0.3, 0.3]])
STREAM = np.random.default_rng(3).standard_normal((40, 3)) @ SKEW.T


def rotation(rng, D):
    """Orthogonal, and uniform among those."""
    return scipy.stats.ortho_group.rvs(D, random_state=rng) if D > 1 else np.eye(1)


def program(gradients, alpha, beta1, beta2, eps, period):
    """Positions by the order of the paper's program: columns, its mean in the coordinates.

    Its first axes are eigenvectors of the first gradient's moment; of those that this leaves open
    the ones are taken that the method says: coordinates, those that stick out most of the others.
    """
    D = gradients.shape[1]
    theta, m, v = np.zeros(D), np.zeros(D), np.zeros(D)
    g = gradients[0]
    C = (1.0 - beta2) * np.outer(g, g)
    Q = [g / np.linalg.norm(g) * np.sign(g[np.argmax(np.abs(g))])]
    while len(Q) < D:
        rest = np.eye(D) - np.array(Q).T @ np.array(Q)
        row = rest[np.argmax(np.diag(rest))]
        Q.append(row / np.linalg.norm(row))
    Q, path = np.array(Q).T, [theta, theta]
    for t, g in enumerate(gradients[1:], 1):
        m = beta1 * m + (1.0 - beta1) * g
        v = beta2 * v + (1.0 - beta2) * (Q.T @ g) ** 2
        scale = (np.sqrt(v / (1.0 - beta2**t)) + eps) * (1.0 - beta1**t)
        theta = theta - alpha * Q @ ((Q.T @ m) / scale)
        path.append(theta)
        C = beta2 * C + (1.0 - beta2) * np.outer(g, g)
        if t % period == 0:
            order = np.argsort(-np.diag(Q.T @ C @ Q))
            Q, v = Q[:, order], v[order]
            Q, _ = np.linalg.qr(C @ Q)
    return np.array(path)


@pytest.mark.parametrize("D", [1, 2, 3])
@pytest.mark.parametrize("period", [1, 3, 10])
def test_is_the_papers_program(D, period):
    """Signs of axes are free, and do not show in the positions."""
    gradients = np.ascontiguousarray(STREAM[:, :D])
    path = run("soap", np.zeros(D), gradients, period=period, **RATES)
    expected = program(gradients, period=period, **RATES)
    # A condition of the moments below 1e3, and a dozen roundings a step of 0.1.
    np.testing.assert_allclose(path, expected, rtol=0, atol=40 * 0.1 * 12 * 1e3 * EPS)


def started(V, **rates):
    """A state that stands in given axes from the first step on, and their parameters."""
    parameters = bind(soap, RATES | rates)
    D = len(V)
    still = AdamState(np.zeros(D), np.zeros(D), 1.0, 1.0)
    return SOAPState(np.zeros((D, D)), V, still, 1), parameters


def followed(V, theta, gradients, **rates):
    """Positions from there."""
    state, parameters = started(V, **rates)
    for g in gradients:
        theta, state = soap.step(state, theta, g, parameters)
        yield theta


def test_along_the_coordinates_it_is_adam():
    """To the rounding of sums with zeros: the same positions."""
    path = list(followed(np.eye(3), np.ones(3), GRADIENTS, period=10**6))
    adam = run("adam", np.ones(3), GRADIENTS, **RATES)[1:]
    np.testing.assert_allclose(path, adam, rtol=0, atol=12 * 4 * EPS)


def test_gradients_along_the_coordinates_leave_it_adam():
    """One coordinate at a time: the moment is diagonal, axes are exchanged at most."""
    gradients = GRADIENTS * np.tile(np.eye(3), (4, 1))
    path = run("soap", np.ones(3), gradients, period=2, **RATES)
    adam = run("adam", np.ones(3), gradients[1:], **RATES)
    np.testing.assert_allclose(path[1:], adam, rtol=0, atol=12 * 4 * EPS)


def test_the_first_gradient_makes_no_step():
    path = run("soap", np.ones(3), GRADIENTS, **RATES)
    np.testing.assert_array_equal(path[0], path[1])
    assert (path[2] != path[1]).all()


@given(SEEDS, st.integers(1, 5))
@FEW
def test_turned_with_its_axes(seed, D):
    """Axes, position and gradients in other coordinates: the same path there.

    Each product with an axis rounds D sums of numbers of the gradient's size, and Adam divides by
    that size; positions stay below 12 steps of 0.1 and a start of 1.
    """
    rng = np.random.default_rng(seed)
    R, V = rotation(rng, D), rotation(rng, D)
    gradients = rng.standard_normal((12, D))
    here = np.array(list(followed(V, np.ones(D), gradients, period=10**6, eps=1.0)))
    there = list(followed(V @ R.T, R @ np.ones(D), gradients @ R.T, period=10**6, eps=1.0))
    np.testing.assert_allclose(there, here @ R.T, rtol=0, atol=12 * 12 * D * D * EPS)


@given(SEEDS)
@FEW
def test_a_plane_has_no_preferred_axes(seed):
    """In two dimensions the first gradient fixes both axes, so that any rotation turns the path."""
    R, gradients = rotation(np.random.default_rng(seed), 2), STREAM[:, :2]
    here = run("soap", [1.0, 2.0], gradients, period=3, **RATES)
    there = run("soap", R @ [1.0, 2.0], gradients @ R.T, period=3, **RATES)
    np.testing.assert_allclose(there, here @ R.T, rtol=0, atol=40 * 0.1 * 12 * 1e3 * EPS)
    # Adam has.
    adam = run("adam", [1.0, 2.0], gradients, **RATES)
    turned = run("adam", R @ [1.0, 2.0], gradients @ R.T, **RATES)
    angle = np.arctan2(R[1, 0], R[0, 0]) % (np.pi / 2)
    if min(angle, np.pi / 2 - angle) > 0.1:
        assert np.abs(turned - adam @ R.T).max() > 1e-3


def last(gradients, **rates):
    """The state after all of them."""
    parameters = bind(soap, RATES | rates)
    D = gradients.shape[1]
    theta = np.zeros(D)
    state = soap.start(theta, np.empty((0, D)), parameters)
    for g in gradients:
        theta, state = soap.step(state, theta, g, parameters)
    return state


def test_the_axes_are_turned_by_the_qr_step():
    """The third piece, on the moment along the axes: the same ones, in the order of energies."""
    before, after = last(STREAM[:12], period=12), last(STREAM[:13], period=12)
    along = before.V @ after.moment @ before.V.T
    order = np.argsort(-np.diag(along))
    along = along[np.ix_(order, order)]
    turned = qr_step(0.5 * (along + along.T)).rotation.T @ before.V[order]
    # The condition of the moment, below 1e3.
    np.testing.assert_allclose(after.V, turned, rtol=0, atol=1e3 * 20 * EPS)


def test_axes_become_eigenvectors():
    """Of the moment that stands still: gradients of one length along three directions in turn."""
    R = rotation(np.random.default_rng(5), 3)
    gradients = np.tile(R * [[3.0], [1.0], [0.3]], (60, 1))
    state = last(gradients, period=1, beta2=0.999)
    eigenvectors = leading_directions(state.moment, 3)
    overlaps = np.abs(np.sum(state.V * eigenvectors, axis=1))
    # The moment sways by 0.1 % of its size a step; power steps part the axes by 9 each.
    np.testing.assert_allclose(overlaps, 1.0, rtol=0, atol=1e-3)
    np.testing.assert_allclose(state.V @ state.V.T, np.eye(3), rtol=0, atol=10 * EPS)


def test_where_nothing_was_seen_the_axis_stays():
    """Gradients in a plane: the third axis is its normal, from the first turn on."""
    gradients = STREAM * [1.0, 1.0, 0.0]
    state = last(gradients, period=1)
    np.testing.assert_array_equal(np.abs(state.V[2]), [0.0, 0.0, 1.0])
    assert state.adam.square[2] == 0.0


def test_nothing_seen_at_all():
    """Gradients of 0 first: the coordinates stay the axes, and there is no step."""
    gradients = np.vstack([np.zeros((5, 3)), GRADIENTS])
    path = run("soap", np.ones(3), gradients, period=1, **RATES)
    np.testing.assert_array_equal(path[:6], 1.0)
    assert np.isfinite(path).all()
    assert (path[-1] != 1.0).all()


def test_the_scale_of_the_loss():
    """With ``eps = 0`` a power of two cancels exactly."""
    rates = RATES | {"eps": 0.0, "period": 2}
    path = run("soap", np.ones(3), STREAM, **rates)
    np.testing.assert_array_equal(run("soap", np.ones(3), 1024.0 * STREAM, **rates), path)
