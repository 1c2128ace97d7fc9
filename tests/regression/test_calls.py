"""Calls: from compiled code, arguments out of range, squares that overflow or vanish."""

import numba
import numpy as np
import pytest

from refimpl import regression
from refimpl.errors import NotFiniteError, RangeError, ShapeError, StateError
from tests.regression.batches import BOTH_UPDATES, EACH_FIT, EPS, FITS, pairs

pytestmark = pytest.mark.numerics


def readings(thetas, gradients):
    """Of both kinds of state, what each reader makes of it."""
    full = regression.start(2)
    thin = regression.start_diagonal(2, (1.0, 0.0))
    for k in range(thetas.shape[0]):
        full = regression.update(full, thetas[k], gradients[k], 0.3)
        thin = regression.update_new_mean(thin, thetas[k], gradients[k], 0.3)
    return (
        regression.slope(full).curvature,
        regression.slope(thin).extremum_error,
        regression.symmetric_hessian(full),
        regression.symmetric_hessian(full, 0.1),
        regression.hessian(full),
        regression.correlated_hessian(full),
    )


@pytest.mark.slow
def test_called_alike_from_compiled_code():
    """A compiled caller gets the same bits as Python, from both kinds of state."""
    thetas, _, gradients = pairs(18, 6, 2)
    caller = numba.njit(readings)
    for one, other in zip(caller(thetas, gradients), readings(thetas, gradients), strict=True):
        # Inlined into another function, a product and a sum may be contracted into one rounding.
        np.testing.assert_allclose(one, other, rtol=1e4 * EPS)


@pytest.mark.parametrize("start", [regression.start, regression.start_diagonal])
def test_start_out_of_range(start):
    with pytest.raises(ShapeError, match="D must be at least 1"):
        start(0)
    for prior in (-1.0, np.nan, np.inf, (1.0, -1.0), (np.nan, 1.0)):
        with pytest.raises(RangeError, match="prior"):
            start(2, prior)


@BOTH_UPDATES
@pytest.mark.parametrize("shapes", [(3, 2), (2, 3), ((2, 1), 2)])
def test_update_shapes(update, shapes):
    with pytest.raises(ShapeError, match="shape"):
        update(regression.start(2, 1.0), np.ones(shapes[0]), np.ones(shapes[1]), 0.5)


@BOTH_UPDATES
@pytest.mark.parametrize("beta", [0.0, -0.1, 1.0 + 1e-9, np.nan, np.inf])
def test_beta_out_of_range(update, beta):
    with pytest.raises(RangeError, match="beta"):
        update(regression.start(2, 1.0), np.ones(2), np.ones(2), beta)


@BOTH_UPDATES
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_update_not_finite(update, bad):
    for theta, gradient in ((np.array([1.0, bad]), np.ones(2)), (np.ones(2), np.array([bad, 1.0]))):
        with pytest.raises(NotFiniteError, match="finite"):
            update(regression.start(2, 1.0), theta, gradient, 0.5)


def test_states_that_do_not_belong():
    """Each form refuses the other's state, another beta's, and the growing gain."""
    x = np.ones(2)
    exact = regression.update(regression.start(2, 1.0), x, x, 0.5)
    new = regression.update_new_mean(regression.start(2, 1.0), x, x, 0.5)
    with pytest.raises(StateError, match="update_new_mean"):
        regression.update(new, x, x, 0.5)
    with pytest.raises(StateError, match="another beta or by"):
        regression.update_new_mean(exact, x, x, 0.5)
    with pytest.raises(StateError, match="another beta"):
        regression.update_new_mean(new, x, x, 0.4)
    with pytest.raises(StateError, match="constant gain"):
        regression.update_new_mean(regression.start(2), x, x, 0.5)


@EACH_FIT
def test_matrix_fits_of_diagonals(fit):
    with pytest.raises(StateError, match="diagonals"):
        fit(regression.start_diagonal(2))


@pytest.mark.parametrize("ridge", [-1e-9, np.nan, np.inf])
def test_ridge_out_of_range(ridge):
    with pytest.raises(RangeError, match="ridge"):
        regression.symmetric_hessian(regression.start(2), ridge)


@pytest.mark.parametrize("size", [1e154, 1e160, 1e300, np.finfo(np.float64).max])
def test_squares_that_overflow_are_named(size):
    for D in (1, 9):
        for update, state in (
            (regression.update, regression.start(D)),
            (regression.update_new_mean, regression.start_diagonal(D, 1.0)),
        ):
            big, one = np.full(D, size), np.ones(D)
            for theta, gradient in ((big, one), (one, -big)):
                with pytest.raises(NotFiniteError, match="squares of theta and gradient overflow"):
                    update(state, theta, gradient, 0.5)


@pytest.mark.parametrize("D", [2, 9])
@pytest.mark.parametrize("scale", [1e-156, 1e-154, 1e-140, 1e-20, 1e140, 1e152])
def test_curvature_at_every_scale_of_positions(D, scale):
    """Positions whose variances are denormal, or nearly too large; eleven digits are left."""
    rng = np.random.default_rng(0)
    state = regression.start(D)
    for _ in range(6 * D):
        theta = scale * rng.standard_normal(D)
        state = regression.update(state, theta, 2.0 * theta, 0.3 / D)
    for fit in FITS:
        np.testing.assert_allclose(fit(state), 2.0 * np.eye(D), rtol=0, atol=1e-6)
    np.testing.assert_allclose(regression.slope(state).curvature, 2.0, rtol=1e-6)


@pytest.mark.parametrize("D", [2, 9])
def test_states_that_are_none(D):
    """NaN inside, and shapes that do not fit: named by every reader, never LAPACK's own error."""
    state = regression.update(regression.start(D), np.ones(D), np.ones(D), 0.5)
    holed = state._replace(C_thetatheta=np.full((D, D), np.nan))
    torn = state._replace(C_thetatheta=np.zeros((D, D + 1)))
    for fit in (*FITS, regression.unvisited):
        with pytest.raises(NotFiniteError, match="covariances must be finite"):
            fit(holed)
    for fit in (*FITS, regression.slope, regression.unvisited):
        with pytest.raises(ShapeError, match="its covariances"):
            fit(torn)
    for broken in (torn, state._replace(mean_gradient=np.zeros(D + 1))):
        with pytest.raises(ShapeError):
            regression.update(broken, np.ones(D), np.ones(D), 0.5)
