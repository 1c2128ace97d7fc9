"""Matrix fits: least squares, Lyapunov's equation, symmetries, 60 digits."""

import mpmath
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st

from refimpl import regression
from tests.regression.batches import (
    BETAS,
    EPS,
    EXAMPLES,
    SEEDS,
    least_squares,
    observe,
    pairs,
    weights,
)

pytestmark = pytest.mark.numerics


def condition(state):
    e = np.linalg.eigvalsh(state.C_thetatheta)
    return e[-1] / e[0]


def fit_tolerance(state, H):
    """``B`` and ``C`` are rounded by eps a step; dividing by the smallest variance amplifies."""
    e = np.linalg.eigvalsh(state.C_thetatheta)
    size = np.linalg.norm(state.C_gtheta) / e[-1] + np.linalg.norm(H)
    return 100 * EPS / max(state.beta, 0.02) * condition(state) * size


@EXAMPLES
@given(SEEDS, st.integers(1, 5), BETAS)
def test_symmetric_hessian_is_the_batch_fit(seed, D, beta):
    n = 3 * D + 2
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    H = regression.symmetric_hessian(state)
    np.testing.assert_array_equal(H, H.T)
    expected = least_squares(thetas, gradients, weights(n, beta))
    # Beyond, the fading weights leave a direction that rounding cannot tell from unvisited.
    if condition(state) < 1e9:
        far = 1 + np.sum(state.mean_theta**2) / np.trace(state.C_thetatheta)
        np.testing.assert_allclose(H, expected, atol=far * fit_tolerance(state, H))


@EXAMPLES
@given(SEEDS, st.integers(1, 12), st.floats(0.02, 0.2))
def test_symmetric_hessian_solves_lyapunov(seed, D, beta):
    thetas, _, gradients = pairs(seed, 4 * D + 4, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    C, B = state.C_thetatheta, state.C_gtheta
    H = regression.symmetric_hessian(state)
    expected = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
    np.testing.assert_allclose(H, expected, atol=fit_tolerance(state, H))
    ridged = regression.symmetric_hessian(state, 0.1)
    expected = scipy.linalg.solve_continuous_lyapunov(C + 0.1 * np.eye(D), B + B.T)
    np.testing.assert_allclose(ridged, expected, atol=fit_tolerance(state, H))


@EXAMPLES
@given(SEEDS, st.integers(1, 4), st.floats(0.05, 0.3))
def test_symmetric_hessian_is_the_minimiser(seed, D, beta):
    """Any other symmetric matrix leaves a larger weighted residual, by exactly ``tr(E C E)``."""
    n = 4 * D + 4
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    w = weights(n, beta) / weights(n, beta).sum()
    x = thetas - np.average(thetas, axis=0, weights=w)
    y = gradients - np.average(gradients, axis=0, weights=w)

    def loss(H):
        return w @ np.sum((y - x @ H) ** 2, axis=1)

    H = regression.symmetric_hessian(state)
    E = np.random.default_rng(seed + 1).standard_normal((D, D))
    E = 0.1 * (E + E.T)
    gain = np.trace(E @ state.C_thetatheta @ E)
    assert gain > 0
    # At the minimum the error of H enters twice through |E| |C|, and the sums are rounded.
    tolerance = 4 * np.linalg.norm(E) * np.linalg.norm(state.C_thetatheta) * fit_tolerance(state, H)
    np.testing.assert_allclose(loss(H + E) - loss(H), gain, atol=tolerance + 100 * EPS * loss(H))


@EXAMPLES
@given(SEEDS, st.integers(1, 5), st.floats(0.05, 0.3))
def test_plain_hessian_is_the_batch_fit(seed, D, beta):
    """Ordinary weighted least squares, one row of `H` for each component of the gradient."""
    n = 3 * D + 3
    thetas, _, gradients = pairs(seed, n, D)
    state = observe(regression.start(D), thetas, gradients, beta)
    root = np.sqrt(weights(n, beta))[:, None]
    design = root * np.hstack([thetas, np.ones((n, 1))])
    expected = np.linalg.lstsq(design, root * gradients, rcond=None)[0][:D].T
    H = regression.hessian(state)
    far = 1 + np.sum(state.mean_theta**2) / np.trace(state.C_thetatheta)
    np.testing.assert_allclose(H, expected, atol=far * fit_tolerance(state, H))


@EXAMPLES
@given(SEEDS, st.integers(1, 6), st.floats(0.02, 0.3))
def test_noiseless_data_give_the_curvature_back(seed, D, beta):
    """Positive, negative or mixed, by both fits, and the plain one comes out symmetric."""
    thetas, H, gradients = pairs(seed, 4 * D + 4, D, noise=0.0)
    state = observe(regression.start(D), thetas, gradients, beta)
    far = 1 + np.abs(np.hstack([thetas, gradients])).max() ** 2 / np.trace(state.C_thetatheta)
    atol = far * fit_tolerance(state, H)
    np.testing.assert_allclose(regression.symmetric_hessian(state), H, atol=atol)
    np.testing.assert_allclose(regression.hessian(state), H, atol=atol)


@EXAMPLES
@given(SEEDS, st.integers(1, 4), st.floats(0.05, 0.3))
def test_fits_turn_with_the_axes(seed, D, beta):
    """Rotated and shifted positions, rotated gradients: ``Q H Q^T``; shifted gradients: `H`."""
    thetas, _, gradients = pairs(seed, 4 * D + 4, D)
    rng = np.random.default_rng(seed + 1)
    Q = np.linalg.qr(rng.standard_normal((D, D)))[0]
    shift = rng.standard_normal((2, D))
    state = observe(regression.start(D), thetas, gradients, beta)
    turned = observe(regression.start(D), thetas @ Q.T + shift[0], gradients @ Q.T + shift[1], beta)
    far = 1 + np.abs(np.hstack([thetas, gradients])).max() ** 2 / np.trace(state.C_thetatheta)
    for fit in (regression.hessian, regression.symmetric_hessian):
        H = fit(state)
        np.testing.assert_allclose(fit(turned), Q @ H @ Q.T, atol=2 * far * fit_tolerance(state, H))


def test_ill_conditioned_covariance_in_multiple_precision():
    """Variances over ten decades, against the same equation solved with 60 digits."""
    rng = np.random.default_rng(12)
    D = 4
    Q = np.linalg.qr(rng.standard_normal((D, D)))[0]
    C = (Q * np.array([1.0, 1e-3, 1e-6, 1e-10])) @ Q.T
    C = 0.5 * (C + C.T)
    B = rng.standard_normal((D, D))
    state = regression.start(D)._replace(C_thetatheta=C, C_gtheta=B, weight=1.0, beta=0.5)
    H = regression.symmetric_hessian(state)
    with mpmath.workdps(60):
        system = mpmath.matrix(D * D)
        right = mpmath.matrix(D * D, 1)
        for i in range(D):
            for j in range(D):
                right[i * D + j] = mpmath.mpf(B[i, j]) + mpmath.mpf(B[j, i])
                for k in range(D):
                    system[i * D + j, i * D + k] += mpmath.mpf(C[k, j])
                    system[i * D + j, k * D + j] += mpmath.mpf(C[i, k])
        exact = mpmath.lu_solve(system, right)
        exact = np.array([float(x) for x in exact]).reshape(D, D)
    # eigh moves C by 10 D eps |C|, which the smallest sum of variances divides.
    smallest = 2 * np.linalg.eigvalsh(C)[0]
    atol = 20 * D * EPS * (np.linalg.norm(B) + np.linalg.norm(exact)) / smallest
    np.testing.assert_allclose(H, exact, atol=atol)
    assert atol < 1e-3 * np.linalg.norm(exact)


def test_coordinates_in_units_that_are_far_apart():
    """Variances over ten decades, well-conditioned in units of their own: nine digits in those.

    Against 60 digits, in the units that make all variances 1. Negative control: the same formula
    with LAPACK's eigenvectors has five digits or fewer.
    """
    rng, ours, lapack = np.random.default_rng(0), 0.0, 0.0
    for _ in range(20):
        units = 10.0 ** rng.permutation([0.0, -2.5, -5.0])
        thetas = units * rng.standard_normal((12, 3))
        C = thetas.T @ thetas / 12
        B = rng.standard_normal((3, 3)) / units[:, None] * units
        state = regression.start(3)._replace(C_thetatheta=C, C_gtheta=B)
        with mpmath.workdps(60):
            exact = mpmath.matrix(B.tolist()) * mpmath.matrix(C.tolist()) ** -1
        exact = np.array(exact.tolist(), dtype=float) * np.outer(units, units)
        e, E = np.linalg.eigh(C)
        for_lapack = B @ (E / e) @ E.T * np.outer(units, units)
        found = regression.hessian(state) * np.outer(units, units)
        size = np.abs(exact).max()
        ours = max(ours, np.abs(found - exact).max() / size)
        lapack = max(lapack, np.abs(for_lapack - exact).max() / size)
    assert ours < 1e-9
    assert lapack > 1e-7


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_correlated_hessian_where_it_is_exact(sign):
    """`H` and `C` commute and `H` is positive semidefinite; with the other sign, the sign is lost.

    Four positions along common eigenvectors make the covariance exactly diagonal in them.
    """
    angle = 0.4
    E = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    H = E @ np.diag([3.0, 0.5]) @ E.T
    corners = np.array([[2.0, 1.0], [-2.0, 1.0], [2.0, -1.0], [-2.0, -1.0]]) @ E.T
    C = corners.T @ corners / 4
    state = regression.start(2)._replace(C_thetatheta=C, C_gg=H @ C @ H, C_gtheta=sign * H @ C)
    np.testing.assert_allclose(regression.correlated_hessian(state), H, atol=100 * EPS)
    np.testing.assert_allclose(regression.symmetric_hessian(state), sign * H, atol=100 * EPS)


def test_correlated_hessian_in_one_dimension():
    """``sqrt(C_gg / C_thetatheta)``, noise included."""
    state = observe(regression.start(1), *pairs(13, 20, 1)[::2], 0.2)
    expected = np.sqrt(state.C_gg / state.C_thetatheta)
    np.testing.assert_allclose(regression.correlated_hessian(state), expected, rtol=16 * EPS)


def test_correlated_hessian_elsewhere(size):
    """Positive semidefinite `H` and `C` that do not commute, no noise: off by 24 % in the median.

    Both are ``A A^T`` with normal `A` of size 2. With 4000 pairs the median has a standard
    deviation of about 0.008; the bounds are five of them away, and far from 0.
    """
    rng = np.random.default_rng(14)
    errors = []
    for _ in range(size(4000, 1000)):
        A, R = rng.standard_normal((2, 2, 2))
        H, C = A @ A.T, R @ R.T
        state = regression.start(2)._replace(C_thetatheta=C, C_gg=H @ C @ H)
        error = regression.correlated_hessian(state) - H
        errors.append(np.linalg.norm(error) / np.linalg.norm(H))
    spread = size(0.04, 0.08)
    assert 0.24 - spread < np.median(errors) < 0.24 + spread
