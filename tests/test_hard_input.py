"""Hard and wrong input, the same for every method that learns from gradients alone."""

import numpy as np
import pytest

import refimpl
from refimpl import functions, optimizers
from refimpl.errors import EvaluationError, GradientError, RangeError

GRADIENT_ONLY = [
    method for method in optimizers.METHODS.values() if not (method.curvature or method.solver)
]
METHODS = pytest.mark.parametrize("method", GRADIENT_ONLY, ids=lambda method: method.name)
D = 3


def quiet(x):
    """A value that says nothing, for gradients that are not those of any function."""
    return 0.0


def bowl(x):
    return 0.5 * x @ x


def bowl_gradient(x):
    return x.copy()


@METHODS
def test_start_at_a_stationary_point(method):
    """A minimum and a saddle of 3-D Beale at which the gradient is 0 to the last bit: no move."""
    for x0 in (functions.beale3.minima[0], functions.beale3.saddles[0]):
        np.testing.assert_array_equal(functions.beale3.gradient(x0), 0.0)
        result = refimpl.minimize(functions.beale3, x0, method=method.name, steps=50, seed=0)
        np.testing.assert_array_equal(result.path, np.tile(x0, (51, 1)))
        assert not result.diverged


@METHODS
def test_gradients_become_zero(method):
    """Five steps with a gradient, then 500 without: finite, and in the end at rest or nearly."""
    rng = np.random.default_rng(0)
    gradients = iter([*rng.standard_normal((5, D)), *np.zeros((501, D))])
    result = refimpl.minimize(
        quiet, np.ones(D), jac=lambda x: next(gradients), method=method.name, steps=505, seed=0
    )
    assert result.nit == 505
    assert not result.diverged
    assert np.isfinite(result.path).all()
    np.testing.assert_array_equal(result.path[-1], result.path[-2])


@METHODS
@pytest.mark.parametrize("where", [0, 4])
def test_gradient_that_is_nan(method, where):
    """The step at which it came, and the path to it."""
    calls = []

    def jac(x):
        calls.append(x)
        return np.full(D, np.nan) if len(calls) == where + 1 else 1e-3 * x

    with pytest.raises(GradientError, match=f"^step {where}: expected a finite gradient") as caught:
        refimpl.minimize(bowl, np.ones(D), jac=jac, method=method.name, steps=9, seed=0)
    assert caught.value.step == where
    assert caught.value.path.shape == (where + 1, D)
    np.testing.assert_array_equal(caught.value.path, calls)


@METHODS
def test_function_that_raises(method):
    """`fun` and `jac`: named, with the cause and the path so far."""
    calls = []

    def once(x):
        calls.append(x)
        if len(calls) == 4:
            raise ZeroDivisionError("the fourth time")
        return 1e-3 * x

    for fun, jac in ((quiet, once), (lambda x: float(once(x)[0]), bowl_gradient)):
        calls.clear()
        with pytest.raises(EvaluationError, match="the fourth time") as caught:
            refimpl.minimize(fun, np.ones(D), jac=jac, method=method.name, steps=9, seed=0)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert caught.value.step == 3
        np.testing.assert_array_equal(caught.value.path, calls)


SCALES = (1e-300, 1e-160, 1e-20, 1e20, 1e100, 1e148, 1e300)


@METHODS
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("kind", ["constant", "random", "bowl"])
def test_gradients_of_every_scale(method, scale, kind):
    """Named either way: finite to the end, or diverged with a finite path before its end.

    Warnings are errors here, so that nothing overflows unseen; each form is a run of 60 steps.
    """
    rng = np.random.default_rng(1)
    jac = {
        "constant": lambda x: np.full(D, scale),
        "random": lambda x: scale * rng.standard_normal(D),
        "bowl": lambda x: scale * np.clip(x, -1.0, 1.0),
    }[kind]
    result = refimpl.minimize(quiet, np.ones(D), jac=jac, method=method.name, steps=60, seed=0)
    assert np.isfinite(result.path[:-1]).all()
    if result.diverged:
        assert not result.success
        assert result.values[-1] == np.inf
        assert scale >= 1e20 or np.abs(result.path[-1]).max() > 1e8
    else:
        assert np.isfinite(result.path).all()
        assert result.nit == 60


@METHODS
def test_far_starts(method):
    """From 1e150 away the ball is as large; whatever happens has a name."""
    result = refimpl.minimize(
        bowl, np.full(D, 1e150), jac=bowl_gradient, method=method.name, steps=60, seed=0
    )
    assert np.isfinite(result.path[:-1]).all()
    assert result.diverged or np.isfinite(result.path).all()


@METHODS
@pytest.mark.compiled
def test_compiled_runs_alike(method):
    """The compiled driver gives extreme gradients the same names as the plain one, bit for bit."""
    options = {"method": method.name, "steps": 40, "seed": 0}
    outcomes = []
    for scale in SCALES:
        f = functions.quadratic([scale, -scale, 0.5 * scale])
        compiled = refimpl.minimize(f, np.ones(D), **options)
        plain = refimpl.minimize(lambda x, f=f: f.value(x), np.ones(D), jac=f.gradient, **options)
        assert (compiled.diverged, compiled.nit) == (plain.diverged, plain.nit)
        np.testing.assert_array_equal(compiled.path, plain.path)
        outcomes.append(compiled.diverged)
    assert outcomes[0] is False
    assert outcomes[-1] is True


NEEDS_ROOM = [method for method in GRADIENT_ONLY if method.directions]


@pytest.mark.parametrize("method", NEEDS_ROOM, ids=lambda method: method.name)
@pytest.mark.parametrize("entry", ["minimize", "lattice", "scipy_method"])
def test_more_directions_than_dimensions(method, entry):
    """Refused before the function is called once; as many as dimensions are taken."""
    from scipy.optimize import minimize

    calls = []

    def fun(x):
        calls.append(x)
        return bowl(x)

    def call(d):
        if entry == "minimize":
            refimpl.minimize(
                fun, np.ones(D), jac=bowl_gradient, method=method.name, steps=3, dimension=d
            )
        elif entry == "lattice":
            refimpl.lattice(
                fun, method.name, jac=bowl_gradient, starts=np.ones((1, D)), steps=3, seeds=0,
                dimension=d,
            )  # fmt: skip
        else:
            solver = refimpl.scipy_method(method.name, dimension=d)
            minimize(fun, np.ones(D), jac=bowl_gradient, method=solver, options={"maxiter": 3})

    with pytest.raises(RangeError, match=rf"^{method.name}: expected dimension <= 3, .* got 4$"):
        call(4)
    assert calls == []
    call(3)
    assert calls
