"""The online saddle-free Newton method: its step by definition, its limits, and its options."""

import functools
import itertools

import numpy as np
import pytest
import scipy.linalg

import refimpl
from refimpl import functions, optimizers, regression
from refimpl.errors import RangeError
from refimpl.optimizers.online_sfn import online_sfn
from refimpl.optimizers.sogr import SOGRState
from refimpl.optimizers.subspace import Subspace
from tests.rounding import EPS, assert_agree

pytestmark = pytest.mark.numerics

STEPS = 15
OPTIONS = [
    dict(zip(("shifted", "transport", "row_sums"), choice, strict=True))
    for choice in itertools.product((True, False), repeat=3)
]


def factor(A):
    """``A = Q R`` with a positive diagonal of `R`."""
    Q, R = np.linalg.qr(A)
    return Q * np.where(np.diag(R) < 0.0, -1.0, 1.0)


def defined(p, theta, g, V, C, B, mean_theta, mean_g, m):
    """One step in plain NumPy and SciPy: position, axes, and the Hessian along them."""
    d = len(V)
    x, y = theta - mean_theta, g - mean_g
    m = (1 - p.gamma) * m + p.gamma * g
    old, V = V, factor((V + p.turn * np.outer(np.ones(d), g / np.linalg.norm(g))).T).T
    if p.transport:
        C, B = V @ old.T @ C @ old @ V.T, V @ old.T @ B @ old @ V.T
    C = (1 - p.beta) * (C + p.beta * np.outer(V @ x, V @ x))
    B = (1 - p.beta) * (B + p.beta * np.outer(V @ y, V @ x))
    H = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
    mu = np.abs(H).sum(axis=1).max() if p.shifted else 0.0
    Q = factor(H + mu * np.eye(d))
    V, H = Q.T @ V, Q.T @ H @ Q
    if p.row_sums:
        inside = (V @ m) / np.maximum(p.div * np.abs(H).sum(axis=1), p.cut)
    else:
        e, E = np.linalg.eigh(0.5 * (H + H.T))
        inside = E @ ((E.T @ V @ m) / np.maximum(p.div * np.abs(e), p.cut))
    return theta - p.alpha * (m - V.T @ V @ m) - V.T @ inside, V, H


def follow(theta, gradients, V, parameters):
    state, path = online_sfn.start(theta, V, parameters), [theta]
    for gradient in gradients:
        theta, state = online_sfn.step(state, theta, gradient(theta), parameters)
        path.append(theta)
    return np.array(path), state


def drawn(D, d, seed, **given):
    """Parameters, first directions, a start and the noisy gradients of an indefinite function."""
    rng = np.random.default_rng(seed)
    parameters = optimizers.bind(online_sfn, {"dimension": d, "cut": 2.0} | given)
    V, theta = rng.uniform(0.0, 1e-3, (d, D)), rng.standard_normal(D)
    H = rng.standard_normal((D, D))
    H = H + H.T
    noise = 0.5 * rng.standard_normal((STEPS, D))
    return parameters, V, theta, [lambda x, z=z: H @ np.tanh(x) + z for z in noise]


@pytest.mark.parametrize(("D", "d"), [(1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (6, 3)])
@pytest.mark.parametrize("options", OPTIONS)
def test_is_its_definition(D, d, options):
    """All eight forms, the start and then each step from where the method is.

    In closed loop the paths would part: rounding in the axes grows from step to step, up to
    a thousandfold in one where transported statistics have lost a direction.
    """
    parameters, V, theta, gradients = drawn(D, d, 10 * D + d, **options)
    state = online_sfn.start(theta, V, parameters)
    # The drawn rows are all positive, so as ill-conditioned as they are.
    atol = 8 * D * EPS * np.linalg.cond(V)
    np.testing.assert_allclose(state.model.V, factor(V.T).T, rtol=0, atol=atol)
    sure = 0
    for gradient in gradients:
        g, (model, *means) = gradient(theta), state
        line = regression.centred(model.line)
        given = (theta, g, model.V, line.C_thetatheta, line.C_gtheta, *means)
        one = functools.partial(defined, parameters)
        theta, state = online_sfn.step(state, theta, g, parameters)
        learned = regression.symmetric_hessian(state.model.line, 0.0)
        found = (theta, state.model.V, learned)
        # Some ten operations in turn on either side, each with sums of up to six products.
        sure += assert_agree(found, one, given, 2 * 10 * 6) < 1e-9
    # Otherwise this would test little. Where the QR step meets a singular matrix, a sign is open.
    assert (sure >= 0.8 * STEPS).all()


def test_axes_stay_orthonormal():
    parameters, V, theta, gradients = drawn(6, 3, 1)
    _, state = follow(theta, gradients * 20, V, parameters)
    V = state.model.V
    # Each rotation adds a few eps; the next injection orthonormalises again.
    np.testing.assert_allclose(V @ V.T, np.eye(3), rtol=0, atol=30 * EPS)


# Limits.


@pytest.mark.parametrize("shifted", [True, False])
@pytest.mark.parametrize("turn", [0.0, 0.7])
def test_all_directions_and_eigenvalues_are_fogr(shifted, turn):
    """Then neither the axes nor their rotation matter, if the statistics are carried along.

    The exact recursion's prior is that of the new-mean form over ``1 - beta``.
    """
    same = {"beta": 0.4, "gamma": 0.6, "div": 1.5, "cut": 2.0}
    given = same | {"row_sums": False, "shifted": shifted, "turn": turn, "prior": (1 / 0.6, 0.0)}
    parameters, V, theta, gradients = drawn(3, 3, 2, **given)
    path, _ = follow(theta, gradients, V, parameters)
    fogr = optimizers.get("fogr")
    parameters = optimizers.bind(fogr, same)
    state, expected = fogr.start(theta, V[:0], parameters), [theta]
    for gradient in gradients:
        theta, state = fogr.step(state, theta, gradient(theta), parameters)
        expected.append(theta)
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


@pytest.mark.parametrize("options", OPTIONS)
def test_large_cut_is_momentum(options):
    """Inside and outside the same step length: the subspace makes no difference."""
    given = {"cut": 1e4, "alpha": 1e-4, "gamma": 0.7, **options}
    parameters, V, theta, gradients = drawn(4, 2, 3, **given)
    path, _ = follow(theta, gradients, V, parameters)
    m = np.zeros(4)
    for gradient in gradients:
        m = m + 0.7 * (gradient(theta) - m)
        theta = theta - 1e-4 * m
    np.testing.assert_allclose(path[-1], theta, rtol=0, atol=100 * EPS)


# What it is for.


@pytest.mark.parametrize("options", OPTIONS)
def test_converges_on_a_quadratic(options):
    """Without noise, as many directions as dimensions: to the minimum."""
    result = refimpl.minimize(
        functions.quadratic([8.0, 2.0]),
        [1.0, -2.0],
        method="online_sfn",
        dimension=2,
        steps=200,
        seed=0,
        **options,
    )
    assert result.fun < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_leaves_a_saddle(seed):
    """From 1e-3 beside it into a well, with 2 directions in 8 dimensions; SGD is still there."""
    f = functions.bounded_saddle([-1.0, *np.ones(7)])
    x0 = 1e-3 * np.random.default_rng(seed).standard_normal(8)
    ours = refimpl.minimize(f, x0, method="online_sfn", dimension=2, steps=60, seed=seed)
    assert ours.fun - f.minimum_value < 1e-3
    sgd = refimpl.minimize(f, x0, method="sgd", alpha=online_sfn.defaults["alpha"], steps=60)
    assert sgd.fun - f.minimum_value > 0.2


@pytest.mark.compiled
def test_defaults_on_beale3():
    """In all dimensions no start diverges, and the median ends below Adam's as published."""
    options = {"radius": 2, "steps": 50, "noise": 0.1, "seeds": range(2)}
    ours = refimpl.lattice(functions.beale3, "online_sfn", dimension=3, **options)
    adam = refimpl.lattice(functions.beale3, "adam", alpha=1.5, **options)
    assert np.isfinite(ours).all()
    assert np.median(ours) < 0.5 * np.median(adam)


# The options, each at one step that shows what it claims.


def at_its_means(V, H, gradient, **given):
    """The state after steps at ``theta = <theta> = 0`` from a unit covariance and this Hessian.

    The observed gradient is the mean gradient, so nothing is learned and what is known fades.
    """
    parameters = optimizers.bind(online_sfn, {"dimension": len(V)} | given)
    D = V.shape[1]
    start = regression.start(len(V), (1.0, 1.0))
    line = start._replace(C_gtheta=np.array(H, dtype=float))
    state = SOGRState(Subspace(V, line), np.zeros(D), gradient, gradient)
    moved, state = online_sfn.step(state, np.zeros(D), gradient, parameters)
    return moved, state


TRAP = np.array([[0.0, 1.0], [1.0, 0.0]])


def test_shift_separates_the_symmetric_saddle():
    """Without the shift the axes stay where both curvatures are mixed, step after step."""
    V, g = np.eye(2, 3), np.array([0.0, 0.0, 1.0])
    # Twenty steps, each of some eight roundings.
    atol = 20 * 8 * EPS
    for shifted in (False, True):
        axes, H = V, TRAP
        for _ in range(20):
            _, state = at_its_means(axes, H, g, turn=0.0, shifted=shifted)
            axes, H = state.model.V, regression.symmetric_hessian(state.model.line, 0.0)
        if shifted:
            np.testing.assert_allclose(H, np.diag([1.0, -1.0]), rtol=0, atol=atol)
        else:
            np.testing.assert_allclose(np.abs(H), TRAP, rtol=0, atol=atol)


def test_row_sums_shorten_the_step_on_mixed_axes():
    """``[[2, 1], [1, -1]]``, a gradient in the span: row sums 3 and 2 before the rotation.

    Both after one QR step, by their definitions.
    """
    V, H, g = np.eye(2, 3), np.array([[2.0, 1.0], [1.0, -1.0]]), np.array([1.0, -2.0, 0.0])
    given = {"turn": 0.0, "div": 1.0, "cut": 0.0, "shifted": False}
    Q = factor(H)
    rotated, along = Q.T @ H @ Q, Q.T @ g[:2]
    moved, _ = at_its_means(V, H, g, row_sums=True, **given)
    expected = -Q @ (along / np.abs(rotated).sum(axis=1))
    np.testing.assert_allclose(moved[:2], expected, rtol=1e-12)
    moved, _ = at_its_means(V, H, g, row_sums=False, **given)
    np.testing.assert_allclose(moved[:2], -scipy.linalg.sqrtm(
        np.linalg.inv(H @ H)).real @ g[:2], rtol=1e-12)  # fmt: skip


def test_transport_keeps_what_is_known_of_the_common_span():
    """A quarter turn of one axis inside the span: carried along, or read as of the new axis."""
    V, g = np.eye(2, 3), np.array([0.0, 3.0, 0.0])
    H = np.array([[5.0, 0.5], [0.5, -1.0]])
    turned = factor((V + 2.0 * np.outer(np.ones(2), g / 3.0)).T).T
    for transport in (True, False):
        _, state = at_its_means(V, H, g, turn=2.0, transport=transport)
        in_space = state.model.V.T @ state.model.line.C_gtheta @ state.model.V
        axes = V if transport else turned
        expected = (1.0 - online_sfn.defaults["beta"]) * axes.T @ H @ axes
        np.testing.assert_allclose(in_space, expected, rtol=0, atol=50 * EPS)
    assert np.abs(turned.T @ H @ turned - V.T @ H @ V).max() > 1.0


@pytest.mark.parametrize("option", ["shifted", "transport", "row_sums"])
def test_each_option_changes_the_path(option):
    parameters, V, theta, gradients = drawn(4, 2, 6)
    path, _ = follow(theta, gradients, V, parameters)
    other, _ = follow(theta, gradients, V, parameters._replace(**{option: False}))
    assert np.abs(path - other).max() > 1e-3


@pytest.mark.parametrize("value", [1, 0, 1.0, "true", None])
def test_options_are_true_or_false(value):
    """Nothing that merely counts as true: a string "false" would."""
    with pytest.raises(RangeError, match=r"online_sfn: expected True or False for shifted, got"):
        optimizers.bind(online_sfn, {"shifted": value})
    assert optimizers.bind(online_sfn, {"shifted": np.False_}).shifted is False
