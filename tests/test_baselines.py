"""SciPy's methods under our interface."""

import numpy as np
import pytest
import scipy.optimize

import refimpl
from refimpl import functions
from refimpl.errors import MissingDerivativeError

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
