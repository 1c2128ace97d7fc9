"""Hard and wrong input, the same for every method."""

import numba
import numpy as np
import pytest

import refimpl
from refimpl import functions, noise, optimizers
from refimpl.errors import (
    DtypeError,
    EvaluationError,
    GradientError,
    NotSymmetricError,
    RangeError,
    ShapeError,
)
from refimpl.runs import execute

pytestmark = pytest.mark.numerics

GRADIENT_ONLY = [
    method for method in optimizers.METHODS.values() if not (method.curvature or method.solver)
]
METHODS = pytest.mark.parametrize("method", GRADIENT_ONLY, ids=lambda method: method.name)
EVERY = pytest.mark.parametrize("name", optimizers.METHODS)
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
    """Five steps with a gradient, then 500 without: finite, and in the end at rest or nearly.

    The step of SOAP falls by the root of 0.95 at each: from its 3e-3, below an ulp after 1200.
    """
    rng, still = np.random.default_rng(0), 1500 if method.name == "soap" else 500
    gradients = iter([*rng.standard_normal((5, D)), *np.zeros((still + 1, D))])
    steps = 5 + still
    result = refimpl.minimize(
        quiet, np.ones(D), jac=lambda x: next(gradients), method=method.name, steps=steps, seed=0
    )
    assert result.nit == steps
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


# Each compiles for seconds: a small one, one with a matrix and the default in every run.
AT_LENGTH = [
    pytest.param(m, marks=() if m.name in ("sgd", "dogr", "ogr") else pytest.mark.slow, id=m.name)
    for m in GRADIENT_ONLY
]


@pytest.mark.parametrize("method", AT_LENGTH)
@pytest.mark.compiled
def test_compiled_runs_alike(method, monkeypatch):
    """The compiled driver gives extreme gradients the same names as the plain one, bit for bit.

    Both with compiled steps: as plain text, products of matrices round otherwise.
    """
    monkeypatch.setattr(execute, "WORTH_COMPILING", 0)
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


# Every method, those with curvatures and SciPy's too.


def eye(x):
    return np.eye(x.size)


@EVERY
@pytest.mark.parametrize("distance", [1e151, 1e154, 1e160, 1e300, np.finfo(np.float64).max])
def test_starts_whose_square_is_no_float(name, distance):
    """No statistic of them can be kept: diverged where they are, which warns of nothing."""
    x0 = np.array([distance, -distance, 1.0])
    given = {"jac": np.ones_like, "hess": eye}
    result = refimpl.minimize(quiet, x0, method=name, steps=5, noise=0.1, seed=0, **given)
    assert (result.diverged, result.success, result.nit, result.nfev) == (True, False, 0, 0)
    np.testing.assert_array_equal(result.path, [x0])
    assert result.fun == np.inf
    final = refimpl.lattice(quiet, name, starts=[x0, np.ones(D)], steps=5, seeds=[0], **given)
    assert final[0, 0] == np.inf
    # Negative control: the run from the other start is none of it.
    assert final[0, 1] == 0.0


@EVERY
@pytest.mark.parametrize(
    "model",
    [
        *(noise.gaussian(size) for size in (1e151, 1e200, 1e308)),
        noise.student(1e200, 3.0),
        noise.multiplicative(1e200),
        np.full((9, D), -1e300),
        np.tile([1.0, 1e308, np.finfo(np.float64).max], (9, 1)),
    ],
    ids=repr,
)
def test_noise_whose_square_is_no_float(name, model):
    """As a gradient that long: diverged, the path without a NaN."""
    result = refimpl.minimize(
        bowl, np.ones(D), jac=bowl_gradient, hess=eye, method=name, steps=9, noise=model, seed=0
    )
    assert result.diverged
    assert result.nit == 0
    np.testing.assert_array_equal(result.path, np.ones((1, D)))


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["fogr", "sgd"])
def test_compiled_runs_meet_the_same_limits(name):
    """In lanes and one after another, compiled and plain: diverged, or the same values."""
    f = functions.quadratic([1.0, 2.0, 3.0])
    starts = np.ones((40, D))
    starts[::3] = 1e155
    for model in (0.1, 1e200, np.full((9, D), 1e151)):
        options = {"starts": starts, "steps": 9, "noise": model, "seeds": [0]}
        compiled = refimpl.lattice(f, name, **options)
        plain = refimpl.lattice(lambda x: f.value(x), name, jac=f.gradient, **options)
        np.testing.assert_array_equal(compiled, plain)
        assert np.isinf(compiled[0, ::3]).all()
        assert np.isfinite(compiled[0, 1::3]).all() == (model == 0.1 if np.ndim(model) == 0 else 0)


@pytest.mark.parametrize("name", ["newton", "sfn"])
@pytest.mark.parametrize("where", [0, 4])
def test_hessian_that_is_not_symmetric(name, where):
    """What a piece refuses keeps its name, and has the step and the path so far."""
    calls = []

    def hess(x):
        calls.append(x)
        return np.triu(np.ones((D, D))) if len(calls) == where + 1 else np.eye(D)

    noisy = {"noise": 0.1, "seed": 0}
    with pytest.raises(NotSymmetricError, match=f"^step {where}: repulsion: H must be") as caught:
        refimpl.minimize(
            bowl, np.ones(D), jac=bowl_gradient, hess=hess, method=name, steps=9, **noisy
        )
    assert caught.value.step == where
    np.testing.assert_array_equal(caught.value.path, calls)


@EVERY
def test_complex_numbers_are_not_cut_short(name):
    """An imaginary part would be lost: an error with the path, for gradient and value."""
    options = {"method": name, "steps": 9, "hess": eye}
    with pytest.raises(GradientError, match="gradient of real numbers") as caught:
        refimpl.minimize(bowl, np.ones(D), jac=lambda x: x + 1j, **options)
    np.testing.assert_array_equal(caught.value.path, np.ones((1, D)))
    with pytest.raises(EvaluationError, match="value of real numbers") as caught:
        refimpl.minimize(lambda x: np.complex128(1j), np.ones(D), jac=bowl_gradient, **options)
    np.testing.assert_array_equal(caught.value.path, np.ones((1, D)))


@numba.njit
def compiled_bowl(x):
    return 0.5 * np.sum(x * x)


@numba.njit
def compiled_gradient(x):
    return x.copy()


@numba.njit
def raises_below_one(x):
    if x[0] < 1.0:
        raise ValueError("below one")
    return 0.5 * np.sum(x * x)


@numba.njit
def gradient_raises_below_one(x):
    if x[0] < 1.0:
        raise ValueError("below one")
    return x.copy()


@pytest.mark.compiled
@pytest.mark.parametrize("callback", [None, lambda x: None])
@pytest.mark.parametrize(
    "name", ["sgd", "newton", "sfn", "krylov_sfn", "grouped_newton", "bfgs", "trust_exact"]
)
def test_compiled_function_that_raises(name, callback):
    """Named and located also where a driver in plain Python calls it."""
    for fun, jac in (
        (raises_below_one, compiled_gradient),
        (compiled_bowl, gradient_raises_below_one),
    ):
        with pytest.raises(EvaluationError, match="ValueError: below one") as caught:
            refimpl.minimize(
                fun, np.full(D, 1.0005), jac=jac, hess=eye, method=name, steps=9, callback=callback
            )
        assert caught.value.path.shape == (caught.value.step + 1, D)
        np.testing.assert_array_equal(caught.value.path[0], 1.0005)


# At the boundary.


@pytest.mark.parametrize(
    "start", [[1j, 1.0, 1.0], np.array([1j, 1, 1]), "abc", [[1], [2, 3]], {1.0, 2.0}]
)
def test_start_that_is_no_array_of_numbers(start):
    with pytest.raises(DtypeError, match="expected a start of real numbers, got"):
        refimpl.minimize(bowl, start, jac=bowl_gradient, method="sgd", steps=3)
    with pytest.raises(DtypeError, match="expected starts of real numbers, got"):
        refimpl.lattice(bowl, "sgd", jac=bowl_gradient, starts=[start], steps=3, seeds=0)


@pytest.mark.parametrize("wrong", ["much", 1j, np.full((3, D), 1j), [[1.0], [2.0, 3.0]]])
def test_noise_that_is_no_array_of_numbers(wrong):
    with pytest.raises(DtypeError, match="expected noise of real numbers, got"):
        refimpl.minimize(bowl, np.ones(D), jac=bowl_gradient, method="sgd", steps=3, noise=wrong)


@pytest.mark.parametrize("seed", [-1, 1.5, "one", np.nan])
def test_what_is_no_seed(seed):
    """Before any work, in a lattice for every seed of it."""

    def never(x):
        raise AssertionError

    with pytest.raises(RangeError, match="expected a seed, which is an integer >= 0"):
        refimpl.minimize(never, np.ones(D), jac=never, method="sgd", steps=3, seed=seed)
    with pytest.raises(RangeError, match="expected a seed, which is an integer >= 0"):
        refimpl.lattice(never, "sgd", jac=never, starts=[[1.0]], steps=3, seeds=[0, seed])


def test_no_steps_and_no_seeds():
    with pytest.raises(RangeError, match="expected steps >= 1, got 0"):
        refimpl.minimize(bowl, np.ones(D), jac=bowl_gradient, steps=0)
    with pytest.raises(RangeError, match="expected steps >= 1, got 0"):
        refimpl.lattice(bowl, "ogr", jac=bowl_gradient, starts=[[1.0]], steps=0, seeds=0)
    with pytest.raises(ShapeError, match="at least one seed"):
        refimpl.lattice(bowl, "ogr", jac=bowl_gradient, starts=[[1.0]], steps=1, seeds=[])


@pytest.mark.parametrize("steps", [10**14, 10**30])
def test_more_steps_than_memory(steps):
    with pytest.raises(RangeError, match="do not fit into memory; take fewer steps"):
        refimpl.minimize(bowl, np.ones(D), jac=bowl_gradient, steps=steps)


@pytest.mark.parametrize("flag", ["restart_noise", "carry_state"])
@pytest.mark.parametrize("wrong", ["no", 1, [1, 2]])
def test_flags_are_true_or_false(flag, wrong):
    with pytest.raises(RangeError, match=f"expected {flag} as True or False, got"):
        refimpl.lattice(functions.beale, "sgd", radius=1, steps=1, seeds=0, **{flag: wrong})


def test_radius_that_is_no_integer():
    with pytest.raises(RangeError, match=r"expected radius as an integer, got 1\.5"):
        refimpl.lattice(functions.beale, "sgd", radius=1.5, steps=1, seeds=0)


def test_callback_that_cannot_be_called():
    with pytest.raises(TypeError, match="expected a callback that can be called, got 3"):
        refimpl.minimize(functions.beale, [1.0, 1.0], method="sgd", steps=1, callback=3)


def test_arguments_of_the_function():
    """One alone is taken as SciPy takes it; a function of the laboratory has none."""
    found = refimpl.minimize(
        lambda x, a: a * x @ x, [1.0], jac=lambda x, a: 2 * a * x, args=0.5, method="sgd", steps=2
    )
    expected = refimpl.minimize(
        lambda x: 0.5 * x @ x, [1.0], jac=lambda x: x, method="sgd", steps=2
    )
    np.testing.assert_array_equal(found.path, expected.path)
    with pytest.raises(TypeError, match="beale: expected no args"):
        refimpl.minimize(functions.beale, [1.0, 1.0], method="sgd", steps=1, args=(2.0,))
