"""SciPy's methods under our interface."""

import numba
import numpy as np
import pytest
import scipy.optimize

import refimpl
from refimpl import functions
from refimpl.errors import EvaluationError, GradientError, MissingDerivativeError

pytestmark = pytest.mark.numerics

BASELINES = {"bfgs": "BFGS", "lbfgs": "L-BFGS-B", "trust_exact": "trust-exact"}


@pytest.mark.parametrize(("name", "solver"), BASELINES.items())
def test_without_noise_it_is_scipy(name, solver):
    """The same minimum as SciPy called directly, and a path that ends there."""
    f, x0 = functions.rosenbrock(3), np.array([-1.0, 2.0, 0.5])
    result = refimpl.minimize(f, x0, method=name, steps=300)
    hess = {"hess": f.hessian} if name == "trust_exact" else {}
    expected = scipy.optimize.minimize(
        f.value, x0, jac=f.gradient, method=solver, tol=1e-10, **hess
    )
    # Both stop where the gradient is below 1e-6 or so; the flattest curvature is about 0.3.
    np.testing.assert_allclose(result.x, expected.x, atol=1e-5)
    assert result.nit <= 300
    assert result.path.shape == (result.nit + 1, 3)
    np.testing.assert_array_equal(result.path[0], x0)
    np.testing.assert_array_equal(result.path[-1], result.x)


@pytest.mark.parametrize("name", BASELINES)
def test_gradients_are_the_budget(name):
    """As many gradients as steps, however often the method starts again under noise."""
    calls = []

    def gradient(x):
        calls.append(x)
        return functions.beale.gradient(x)

    result = refimpl.minimize(
        functions.beale.value,
        [1.0, 1.5],
        jac=gradient,
        hess=functions.beale.hessian,
        method=name,
        steps=40,
        noise=0.1,
        seed=1,
    )
    assert result.nit == 40
    # One more for the gradient that the result reports.
    assert len(calls) == 41
    assert result.path.shape == (41, 2)
    np.testing.assert_allclose(
        result.values, [functions.beale.value(x) for x in result.path], rtol=1e-12
    )


def test_bfgs_descends_and_lattices_agree_with_runs():
    final = refimpl.lattice(
        functions.beale, "bfgs", starts=[[1.0, 1.5]], steps=40, noise=0.1, seeds=[1, 2]
    )
    alone = [
        refimpl.minimize(
            functions.beale, [1.0, 1.5], method="bfgs", steps=40, noise=0.1, seed=s
        ).fun
        for s in (1, 2)
    ]
    np.testing.assert_array_equal(final[:, 0], alone)
    assert (final < functions.beale.value([1.0, 1.5])).all()


def test_trust_region_needs_a_hessian():
    with pytest.raises(MissingDerivativeError, match="hess"):
        refimpl.minimize(lambda x: x @ x, [1.0], jac=lambda x: 2 * x, method="trust_exact", steps=3)


def test_stopping_by_the_callback():
    seen = []

    def look(x):
        seen.append(x)
        if len(seen) == 3:
            raise StopIteration

    result = refimpl.minimize(
        functions.beale, [1.0, 1.5], method="bfgs", steps=40, noise=0.1, seed=1, callback=look
    )
    assert "callback" in result.message
    assert result.nit < 40


def test_ending_early_is_said():
    result = refimpl.minimize(functions.quadratic([1.0, 2.0]), [1.0, 1.0], method="bfgs", steps=200)
    assert result.nit < 200
    assert "ended by itself" in result.message
    np.testing.assert_allclose(result.x, 0.0, atol=1e-6)


@pytest.mark.parametrize("name", ["bfgs", "lbfgs"])
def test_leaving_the_ball_is_divergence(name):
    """Down a plane, as with every other method: no huge finite value."""
    given = {"jac": lambda x: -np.ones(2), "steps": 400}
    result = refimpl.minimize(lambda x: -np.sum(x), [1.0, 2.0], method=name, **given)
    assert result.diverged
    assert result.values[-1] == np.inf
    assert np.isfinite(result.values[:-1]).all()
    assert np.linalg.norm(result.path[:-1], axis=1).max() <= 1e8 * np.linalg.norm(result.path[0])
    assert np.linalg.norm(result.path[-1]) > 1e8 * np.linalg.norm(result.path[0])
    final = refimpl.lattice(lambda x: -np.sum(x), name, starts=[[1.0, 2.0]], seeds=[0], **given)
    assert final == np.inf


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [0, 6])
def test_value_that_is_not_finite(name, wrong, where):
    """No NaN among the values: where it stands from then on, the run has diverged."""
    calls = []

    def fun(x):
        calls.append(x)
        return wrong if len(calls) > where else functions.beale.value(x)

    given = {"jac": functions.beale.gradient, "hess": functions.beale.hessian}
    result = refimpl.minimize(fun, [1.0, 1.5], method=name, steps=40, noise=0.1, seed=1, **given)
    assert not np.isnan(result.values).any()
    assert result.diverged
    assert np.isfinite(result.values[:-1]).all()


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("scale", [0.0, 1e-320, 1e-300, 1e155])
def test_solver_that_fails_in_itself(name, scale):
    """SciPy's trust region raises where its own arithmetic fails: to us, it ended."""
    x0 = np.ones(2)
    result = refimpl.minimize(
        lambda x: 0.5 * scale * x @ x,
        x0,
        jac=lambda x: scale * x,
        hess=lambda x: scale * np.eye(2),
        method=name,
        steps=40,
    )
    assert np.isfinite(result.path).all()
    assert result.diverged == (scale > 1.0)
    assert result.status in (0, 1, 5)


@pytest.mark.parametrize("name", BASELINES)
def test_what_the_user_raises_is_not_taken_for_scipys(name):
    """A ValueError of the callback goes through as it is; one of the function has a name."""

    def callback(x):
        raise ValueError("of the callback")

    f = functions.beale
    with pytest.raises(ValueError, match=r"^of the callback$"):
        refimpl.minimize(f, [1.0, 1.5], method=name, steps=9, callback=callback)

    def bad(x):
        raise ValueError("of the gradient")

    with pytest.raises(EvaluationError, match="of the gradient"):
        refimpl.minimize(f.value, [1.0, 1.5], jac=bad, hess=f.hessian, method=name, steps=9)


@pytest.mark.compiled
def test_compiled_gradient_that_is_nan():
    """SciPy would go on with it."""

    @numba.njit
    def fun(x):
        return np.sum(x)

    @numba.njit
    def jac(x):
        return np.full(2, np.nan)

    with pytest.raises(GradientError, match=r"^step 0: expected a finite gradient") as caught:
        refimpl.minimize(fun, [1.0, 1.0], jac=jac, method="bfgs", steps=9)
    np.testing.assert_array_equal(caught.value.path, [[1.0, 1.0]])


def test_values_asked_for_are_bounded():
    """At a minimum noise contradicts every value, and SciPy's trust region would shrink on."""
    calls = []

    def fun(x):
        calls.append(x)
        return 0.5 * x @ x

    given = {"jac": lambda x: x.copy(), "hess": lambda x: np.eye(2)}
    result = refimpl.minimize(
        fun, [0.0, 0.0], method="trust_exact", steps=30, noise=0.1, seed=0, **given
    )
    assert result.nit == 30
    # One hundred tries for each gradient and some at its ends, and after each where the run stands.
    assert len(calls) <= 210 * 30
