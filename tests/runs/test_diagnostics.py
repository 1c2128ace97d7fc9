"""What a method knows, read off its state: against batch fits and known Hessians."""

from typing import NamedTuple

import numpy as np
import pytest

import refimpl
from refimpl import functions, optimizers, regression
from refimpl.errors import ShapeError, StateError
from refimpl.functions import random_rotation
from refimpl.runs.diagnostics import diagnostics, with_model

pytestmark = pytest.mark.numerics

SPECTRUM = [0.5, 2.0, 8.0]
ROTATED = functions.quadratic(SPECTRUM, random_rotation(np.random.default_rng(3), 3))
MODELS = {
    "fogr", "dogr", "sogr", "dsogr", "cfogr", "cdogr", "csogr", "cdsogr", "pogr", "online_sfn",
}  # fmt: skip
SUBSPACE = {"sogr", "dsogr", "csogr", "cdsogr", "online_sfn"}


def followed(method, steps=12, noise=0.3, seed=0, function=ROTATED, **hyperparameters):
    """States, positions at which they were made, and gradients seen there."""
    states, positions = [], [np.ones(function.dimension)]

    def look(intermediate_result):
        states.append(intermediate_result.state)
        positions.append(intermediate_result.x)

    z = noise * np.random.default_rng(seed).standard_normal((steps, function.dimension))
    refimpl.minimize(
        function,
        positions[0],
        method=method,
        steps=steps,
        noise=z,
        seed=seed,
        callback=look,
        **hyperparameters,
    )
    seen = np.array([function.gradient(x) for x in positions[:-1]]) + z
    return states, np.array(positions[:-1]), seen


def weighted(thetas, gradients, beta, prior):
    """Covariances of the pairs by their definition, the prior being the oldest observation.

    The methods keep them in the new-mean form, ``1 - beta`` times these, where the prior enters as
    it is.
    """
    w = beta * (1 - beta) ** np.arange(len(thetas))[::-1]
    first = (1 - beta) ** len(thetas)
    mean_theta, mean_g = w @ thetas, w @ gradients  # the prior's means are 0
    D = thetas.shape[1]

    def covariance(a, b, start):
        return (a.T * w) @ b - np.outer(w @ a, w @ b) + first * start / (1 - beta) * np.eye(D)

    return (
        covariance(thetas, thetas, prior[0]),
        covariance(gradients, thetas, 0.0),
        covariance(gradients, gradients, prior[1]),
        mean_theta,
        mean_g,
    )


def test_the_methods_with_a_model():
    found = set(with_model())
    assert not MODELS - found
    assert not {"sgd", "momentum", "adam", "newton", "sfn", "bfgs"} & found


@pytest.mark.parametrize("method", sorted(MODELS | {"ogr"} & set(optimizers.METHODS)))
def test_shapes_and_finite_numbers(method):
    """What is there for each kind of model, and what is empty or NaN."""
    states, _, seen = followed(method)
    found = diagnostics(method, states[-1], seen[-1])
    k = len(found.curvature)
    assert found.curvature.shape == found.curvature_error.shape == (k,)
    assert np.isfinite(found.curvature).all()
    assert not np.isnan(found.curvature_error).any()
    assert (found.curvature_error >= 0.0).all()
    if method in SUBSPACE | {"ogr"}:
        assert 0.0 <= found.explained_energy <= 1.0 + 1e-12
        assert np.isnan(diagnostics(method, states[-1]).explained_energy)
    else:
        assert np.isnan(found.explained_energy)
    if method in ("dogr", "cdogr"):
        assert found.directions.shape == (0, 3)
    else:
        np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(k), atol=1e-12)


def test_full_matrices_against_the_batch_fit():
    """Eigenvalues of the Lyapunov equation's solution, solved as one linear system."""
    beta = 0.2
    states, thetas, gradients = followed("fogr", beta=beta)
    C, B, C_gg, _, _ = weighted(thetas, gradients, beta, (1.0, 0.0))
    eye = np.eye(3)
    system = np.kron(eye, C) + np.kron(C, eye)  # H C + C H, row by row
    H = np.linalg.solve(system, (B + B.T).ravel()).reshape(3, 3)
    eigenvalues, axes = np.linalg.eigh(H)
    found = diagnostics("fogr", states[-1])
    # Condition of the covariance below 1e4, twelve observations.
    np.testing.assert_allclose(found.curvature, eigenvalues, rtol=1e-9, atol=1e-10)
    overlap = np.abs(np.einsum("ij,ji->i", found.directions, axes))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-9)
    # The textbook's standard error of each slope, with the effective number of observations.
    n_eff = (2.0 - beta) / beta
    for i, v in enumerate(axes.T):
        residual = v @ C_gg @ v - eigenvalues[i] * (v @ B @ v)
        expected = np.sqrt(residual / (n_eff - 2.0) / (v @ C @ v))
        assert found.curvature_error[i] == pytest.approx(expected, rel=1e-7)


def test_an_eigenvalue_is_the_slope_along_its_axis():
    """From ``H C + C H = B + B^T`` along an eigenvector: ``lambda = v B v / v C v``."""
    state, _, _ = followed("fogr", beta=0.3)
    line = state[-1].line
    found = diagnostics("fogr", state[-1])
    for value, v in zip(found.curvature, found.directions, strict=True):
        slope = (v @ line.C_gtheta @ v) / (v @ line.C_thetatheta @ v)
        assert value == pytest.approx(slope, rel=1e-9)
    # Negative control: along the coordinates it is another number.
    plain = np.diag(line.C_gtheta) / np.diag(line.C_thetatheta)
    assert np.abs(np.sort(plain) - found.curvature).max() > 0.1


def test_diagonals_are_the_slopes_of_the_coordinates():
    states, thetas, gradients = followed("dogr", beta=0.2)
    C, B, _, _, _ = weighted(thetas, gradients, 0.2, (1.0, 0.0))
    found = diagnostics("dogr", states[-1])
    np.testing.assert_allclose(found.curvature, np.diag(B) / np.diag(C), rtol=1e-10)
    assert np.isfinite(found.curvature_error).all()


@pytest.mark.parametrize("method", sorted(SUBSPACE))
def test_axes_of_a_subspace_lie_in_it(method):
    """And the explained energy is the squared length of the gradient's projection."""
    states, _, seen = followed(method, dimension=2)
    V = states[-1].model.V
    found = diagnostics(method, states[-1], seen[-1])
    np.testing.assert_allclose(found.directions @ V.T @ V, found.directions, atol=1e-12)
    projected = V.T @ (V @ seen[-1])
    share = (projected @ projected) / (seen[-1] @ seen[-1])
    assert found.explained_energy == pytest.approx(share, rel=1e-12)


def test_two_models_are_shown_by_the_one_in_the_subspace():
    states, _, _ = followed("dsogr", dimension=2)
    assert diagnostics("dsogr", states[-1]).curvature.shape == (2,)


def test_standard_errors_cover_in_open_loop():
    """95 % of lines within two errors, where positions do not depend on the noise.

    By construction the state of fOGR filled from outside. 400 independent fits of 3 axes: a share
    below 0.90 has a chance below 1e-6 if each axis covers 0.945, the value of t with 37 degrees.
    Negative control: half the errors cover far less.
    """
    generator = np.random.default_rng(5)
    H = np.diag(SPECTRUM)
    method = optimizers.get("fogr")
    hits, half = [], []
    for _ in range(100):
        line = regression.start(3)
        for theta in generator.standard_normal((120, 3)):
            seen = H @ theta + generator.standard_normal(3)
            line = regression.update(line, theta, seen, 0.05)
        state = method.start(np.zeros(3), np.empty((0, 3)), method.parameters())._replace(line=line)
        found = diagnostics("fogr", state)
        truth = np.einsum("ki,ij,kj->k", found.directions, H, found.directions)
        z = np.abs(found.curvature - truth) / found.curvature_error
        hits.extend(z < 2.0)
        half.extend(z < 1.0)
    assert np.mean(hits) > 0.88
    assert np.mean(half) < 0.8


def test_a_unit_of_the_methods_own_is_undone():
    """A state with gradients in a unit shows curvatures in that of the function."""

    class InUnits(NamedTuple):
        line: regression.State
        unit: float

    states, _, _ = followed("fogr", beta=0.3)
    plain = diagnostics("fogr", states[-1])
    line = states[-1].line
    scaled = line._replace(C_gtheta=line.C_gtheta / 4.0, C_gg=line.C_gg / 16.0)
    found = diagnostics("mine", InUnits(scaled, 4.0))
    np.testing.assert_allclose(found.curvature, plain.curvature, rtol=1e-12)
    np.testing.assert_allclose(found.curvature_error, plain.curvature_error, rtol=1e-7)


def test_scales_of_the_methods_own_are_undone():
    """Exact gradients, coupled coordinates a hundredfold apart: the curvatures of the function.

    Their quotients are below 1e5, and the smallest is known to so many roundings of the largest.
    """
    method, generator = optimizers.get("ogr"), np.random.default_rng(1)
    # No move leads to these positions, so that none can be taken back.
    parameters = optimizers.bind(method, {"jump": np.inf})
    sizes, turned = np.array([0.1, 1.0, 10.0]), random_rotation(generator, 3)
    H = sizes[:, None] * (turned.T * SPECTRUM) @ turned * sizes
    state = method.start(np.ones(3), np.empty((0, 3)), parameters)
    for theta in generator.standard_normal((30, 3)) / sizes:
        _, state = method.step(state, theta, H @ theta, parameters)
    eigenvalues, axes = np.linalg.eigh(H)
    assert eigenvalues[-1] < 1e5 * eigenvalues[0]
    found = diagnostics(method, state)
    np.testing.assert_allclose(found.curvature, eigenvalues, rtol=1e-10)
    overlap = np.abs(np.einsum("ij,ji->i", found.directions, axes))
    np.testing.assert_allclose(overlap, 1.0, atol=1e-9)
    # Negative control: without its scales the line is another function's.
    plain = diagnostics(method, state._replace(scales=np.ones(3)))
    assert np.abs(plain.curvature / eigenvalues - 1.0).max() > 0.5


def test_lines_along_directions_that_are_not_matrices():
    """Statistics of diagonals beside a V: one slope for each of its rows."""

    class Model(NamedTuple):
        V: np.ndarray
        line: regression.State

    class State(NamedTuple):
        momentum: np.ndarray
        model: Model

    V = random_rotation(np.random.default_rng(0), 4)[:2]
    line = regression.start_diagonal(2)
    for x in np.random.default_rng(1).standard_normal((30, 2)):
        line = regression.update(line, x, np.array([3.0, -1.0]) * x, 0.1)
    found = diagnostics("mine", State(np.zeros(4), Model(V, line)), V[0])
    np.testing.assert_allclose(found.curvature, [3.0, -1.0], rtol=1e-12)
    np.testing.assert_array_equal(found.directions, V)
    assert found.explained_energy == pytest.approx(1.0, rel=1e-14)


def test_axes_that_were_never_visited():
    """A coordinate that has not moved: curvature 0, nothing known."""
    method = optimizers.get("fogr")
    line = regression.start(2)
    for x in np.random.default_rng(2).standard_normal(30):
        line = regression.update(line, np.array([x, 0.0]), np.array([2.0 * x, 0.0]), 0.1)
    state = method.start(np.zeros(2), np.empty((0, 2)), method.parameters())._replace(line=line)
    found = diagnostics(method, state)
    np.testing.assert_allclose(found.curvature, [0.0, 2.0], atol=1e-12)
    assert found.curvature_error[0] == np.inf
    assert found.curvature_error[1] < 1e-6


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam"])
def test_methods_without_a_model(method):
    states, _, seen = followed(method)
    with pytest.raises(StateError, match=f"the state of {method} holds no fitted line; .*fogr"):
        diagnostics(method, states[-1], seen[-1])


@pytest.mark.parametrize("state", [None, 3.0, (1.0, 2.0)])
def test_what_is_no_state(state):
    with pytest.raises(StateError, match="fogr"):
        diagnostics("fogr", state)


def test_a_gradient_of_another_dimension():
    states, _, _ = followed("online_sfn")
    with pytest.raises(ShapeError, match=r"expected a gradient of shape \(3,\), got \(2,\)"):
        diagnostics("online_sfn", states[-1], np.ones(2))
