"""What comes from Python: every public function, every kind of array, compiled and not.

Each function is called with numbers of another type, and with float64 of the same numbers: the
results are equal to the last bit, or so are the errors.

Long: one table of all public functions, and all that is done with it.
"""

import contextlib
import importlib
import inspect
import pkgutil
from types import FunctionType
from typing import NamedTuple

import numpy as np
import pytest

import refimpl
from refimpl import (
    functions,
    lanczos,
    network,
    noise,
    optimizers,
    partitions,
    regression,
    summary,
    taylor,
)
from refimpl._compile import JIT, border
from refimpl.errors import DtypeError

pytestmark = [pytest.mark.numerics, pytest.mark.within]

MATRIX = np.array([[2.0, 1.0, 0.0], [1.0, -3.0, 1.0], [0.0, 1.0, 1.0]])
VECTOR = np.array([3.0, -1.0, 2.0])
ROWS = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
TURN = np.array([[0.0, 1.0], [1.0, 0.0]])
SMALL = np.array([[2.0, 1.0], [1.0, 3.0]])
FEATURES = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0], [2.0, 2.0], [1.0, -2.0]])
LABELS = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
SHAPES = {"W": (1, 2), "b": (1,)}
GROUPS = [np.array([0, 2]), np.array([1])]
NET = network.Network((2, 2))
BATCH = network.Batch(FEATURES, np.array([0, 1, 1, 0, 1]))
THETA = np.array([1.0, 0.0, 2.0, -1.0, 1.0, 3.0])
PARTS = [[0, 1, 2, 3], [4, 5]]


def generator():
    return np.random.default_rng(0)


def product(v):
    return MATRIX @ v


def loss(theta):
    return np.sum(theta**3) + theta[0] * theta[1]


def seen(start):
    state = start(3, 1.0)
    for theta, gradient in ((VECTOR, MATRIX[0]), (MATRIX[1], VECTOR), (MATRIX[2], MATRIX[1])):
        state = regression.update(state, theta, gradient, 0.5)
    return state


FULL, DIAGONAL, FRESH = seen(regression.start), seen(regression.start_diagonal), regression.start(3)
PRIOR = regression.start(3, 1.0)
RUN = {"method": "fogr", "steps": 3, "noise": 1.0, "seed": 0}
SWEEP = {"steps": 3, "noise": 1.0, "seeds": [0, 1]}


def line_state():
    """The state of a run, for its diagnostics."""
    states = []
    refimpl.minimize(
        functions.quadratic([1.0, 2.0, -1.0]),
        VECTOR,
        callback=lambda intermediate_result: states.append(intermediate_result.state),
        **RUN,
    )
    return states[-1]


class With(NamedTuple):
    """A call with named arguments."""

    given: tuple
    named: dict


# Name -> calls: positional arguments, or these and named ones. A public function that is not here,
# or below, fails the test of completeness.
CALLS = {
    "cubic.minimize_cubic": [(SMALL, [1.0, 2.0], np.ones(2), 1.0), (MATRIX, VECTOR, VECTOR**2, 2)],
    "diagnostics": [("fogr", line_state, VECTOR)],
    "functions.bounded_saddle": [(VECTOR, 2.0), (np.array([1.0, -2.0]), 1, TURN)],
    "functions.least_squares": [(FEATURES, LABELS)],
    "functions.logistic_regression": [(FEATURES, LABELS, 1.0)],
    "functions.quadratic": [(VECTOR,), (np.array([1.0, -2.0]), TURN)],
    "functions.random_rotation": [(generator, 3)],
    "functions.rosenbrock": [(3,)],
    "functions.styblinski_tang": [(3,)],
    "gram_schmidt.check_rows": [(ROWS,)],
    "gram_schmidt.direction": [(VECTOR,)],
    "gram_schmidt.orthonormalize": [(MATRIX,), (ROWS,)],
    "lanczos.lanczos": [(product, VECTOR, 2)],
    "lattice": [With((functions.beale, "fogr"), {"starts": FEATURES} | SWEEP)],
    "layered_summary.assign": [(NET, PARTS)],
    "layered_summary.summarize": [(NET, BATCH, THETA, THETA[::-1].copy(), PARTS)],
    "layered_summary.summarize_with_noise": [(NET, BATCH, THETA, THETA[::-1].copy(), PARTS)],
    "minimize": [With((functions.rosenbrock(3), VECTOR), RUN)],
    "network.digits": [(generator, 0.25)],
    "network.minibatches": [(6, 2, generator)],
    "network.one_hot": [(np.array([0, 2]), 3)],
    "network.split": [(BATCH, generator, 0.5)],
    "network.standardized": [(network.Data(BATCH, BATCH),)],
    "network.two_moons": [(generator, 8, 0.5, 0.5)],
    "noise.as_noise": [(MATRIX,), (1.0,)],
    "noise.gaussian": [(1.0,)],
    "noise.minibatch": [(2,)],
    "noise.multiplicative": [(1.0,)],
    "noise.student": [(1.0, 3.0)],
    "online_pca.carried": [(TURN, SMALL)],
    "online_pca.explained_energy": [(ROWS, VECTOR)],
    "online_pca.inject": [(ROWS, VECTOR, 1.0), (MATRIX, VECTOR, 2)],
    "online_pca.inject_by_gram": [(ROWS, VECTOR, 1.0)],
    "online_pca.leading_directions": [(MATRIX, 2)],
    "online_pca.oja": [(ROWS, VECTOR, 1.0), (MATRIX, VECTOR, 2)],
    "online_pca.outside": [(ROWS, VECTOR)],
    "online_pca.principal_angles": [(ROWS, MATRIX[:2])],
    "online_pca.second_moment": [(MATRIX, VECTOR, 0.5), (MATRIX, VECTOR, 1)],
    "online_pca.transport": [(ROWS, ROWS[::-1].copy(), SMALL)],
    "partitions.blocks": [(SHAPES, 2)],
    "partitions.by_tensor": [(SHAPES,)],
    "partitions.check": [(GROUPS, 3)],
    "partitions.tensors": [(VECTOR, SHAPES)],
    "partitions.weights_and_biases": [(SHAPES,)],
    "partitions.whole": [(SHAPES,)],
    "qr_step.orthogonal_factor": [(MATRIX,), (FEATURES[:2],)],
    "qr_step.qr_step": [(MATRIX,)],
    "qr_step.rotate_basis": [(TURN, ROWS)],
    "qr_step.rotate_statistics": [(TURN, SMALL)],
    "qr_step.shifted_qr_step": [(MATRIX,)],
    "qr_step.tridiagonal": [(MATRIX,)],
    "qr_step.wilkinson": [(MATRIX,)],
    "regression.apart": [(VECTOR, MATRIX[1], 0.5)],
    "regression.centred": [(FULL,), (DIAGONAL,)],
    "regression.correlated_hessian": [(FULL,)],
    "regression.effective_size": [(FULL,)],
    "regression.hessian": [(FULL,)],
    "regression.resolution": [(FULL,), (DIAGONAL,)],
    "regression.slope": [(FULL,), (DIAGONAL,)],
    "regression.start": [(3,), (3, 1.0), (3, (1, 0))],
    "regression.start_diagonal": [(3,), (3, 1.0), (3, (1, 0))],
    "regression.symmetric_hessian": [(FULL,), (FULL, 1.0)],
    "regression.unvisited": [(FULL,), (DIAGONAL,)],
    "regression.weighted_mean": [(0.25, VECTOR, MATRIX[0], 0.5), (0, VECTOR, MATRIX[1], 1)],
    "regression.update": [(FRESH, VECTOR, MATRIX[1], 0.5), (FULL, VECTOR, MATRIX[1], 1)],
    "regression.update_new_mean": [(PRIOR, VECTOR, MATRIX[1], 0.5)],
    "repulsion.newton": [(MATRIX, VECTOR)],
    "repulsion.row_sum_bound": [(MATRIX, VECTOR), (MATRIX, VECTOR, 2, 1)],
    "repulsion.saddle_free": [(MATRIX, VECTOR), (MATRIX, VECTOR, 2, 1)],
    "summary.summarize": [(loss, VECTOR, MATRIX[1], GROUPS)],
    "summary.tensor": [(loss, VECTOR, MATRIX[1], GROUPS, 2)],
    "summary.third_noise": [(loss, VECTOR, MATRIX[1], GROUPS, np.ones(2), generator)],
    "summary.without_noise": [(VECTOR, np.ones(3))],
    "symmetric_eigen.congruence": [(MATRIX, MATRIX)],
    "symmetric_eigen.eigh": [(MATRIX,), (np.kron(np.eye(4), MATRIX),)],
    "taylor.expand": [(loss, VECTOR, MATRIX[1], 2)],
    "taylor.line": [(VECTOR, MATRIX[1], 2)],
    "taylor.logistic": [(VECTOR,)],
    "taylor.logsumexp": [(VECTOR,)],
    "taylor.relu": [(VECTOR,)],
    "taylor.softplus": [(VECTOR,)],
}
# Functions that take no numbers.
# The stepper's numbers are tried in runs/test_stepper.
WITHOUT_NUMBERS = {
    "errors.unknown",
    "functions.all",
    "functions.get",
    "methods",
    "scipy_method",
    "stepper",
}
# Their arguments are their results: what is not float64 is refused.
OVERWRITING = {
    "gram_schmidt.complete",
    "gram_schmidt.straighten",
    "gram_schmidt.straighten_all",
    "symmetric_eigen.rotate",
    "symmetric_eigen.sort_columns",
}
# By their documentation arithmetic stays in float32 where the parameters are; NumPy's functions of
# arrays keep the type of floats.
IN_THEIR_OWN_TYPE = {
    "layered_summary.summarize",
    "layered_summary.summarize_with_noise",
    "taylor.logistic",
    "taylor.logsumexp",
    "taylor.relu",
    "taylor.softplus",
    "network.standardized",
}
# They move numbers and compute nothing.
MOVING = {"network.split", "partitions.tensors"}


def public():
    """The public functions of the package, by name."""
    for name in refimpl.__all__:
        found = getattr(refimpl, name)
        if not inspect.ismodule(found):
            yield name, found
            continue
        for attribute, thing in vars(found).items():
            home = getattr(thing, "__module__", "")
            if attribute[0] == "_" or not (inspect.isfunction(thing) or hasattr(thing, "py_func")):
                continue
            if home == found.__name__ or home.startswith(f"{found.__name__}."):
                yield f"{name}.{attribute}", thing


PUBLIC = dict(public())


def test_every_public_function_is_tried():
    assert set(PUBLIC) == set(CALLS) | WITHOUT_NUMBERS | OVERWRITING


# Exchanges fields of a state for those of their shape, from one step to another.
WITHIN = {"refimpl.optimizers.subspace.with_covariances"}


def test_every_public_piece_is_at_the_border():
    """No compiled function of a public name in the package meets Python without it."""
    bare = set()
    for module in pkgutil.walk_packages(refimpl.__path__, "refimpl."):
        name = module.name
        # Drivers and streamed passes are called by the package alone, with arrays of its own.
        if any(part in name for part in ("._", ".templates", ".runs", ".streamed", ".mutants")):
            continue
        for attribute, thing in vars(importlib.import_module(name)).items():
            text = getattr(thing, "py_func", None)
            if attribute[0] == "_" or getattr(text, "__module__", "") != name:
                continue
            # Wrapped, or compiled with the border in front.
            if thing is text or not isinstance(thing, FunctionType | border._Border):
                bare.add(f"{name}.{attribute}")
    # Uncompiled there is nothing to convert from.
    assert bare == (WITHIN if JIT else set())


def every_second(x):
    return np.repeat(x, 2, axis=-1)[..., ::2]


def backwards(x):
    every = (slice(None, None, -1),) * x.ndim
    return x[every].copy()[every]


def frozen(x):
    x = x.copy()
    x.flags.writeable = False
    return x


TYPES = ["i1", "i2", "i4", "i8", "u1", "u8", "?", "f2", "f4", ">f8", ">f4", ">i4", ">u2", "g"]
FLOATS = {"f2", "f4", ">f4"}
ARRANGED = [np.asfortranarray, every_second, backwards, frozen, np.ndarray.tolist]


def typed(kind):
    return lambda x: (abs(x) if kind in ("u1", "u8", ">u2") else x).astype(kind)


KINDS = {kind: typed(kind) for kind in TYPES} | {how.__name__: how for how in ARRANGED}


def mapped(value, change):
    """The argument with its arrays of floats changed, those inside named tuples too."""
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return change(value)
    if hasattr(value, "_fields"):
        return type(value)(*(mapped(part, change) for part in value))
    return value() if value is generator or value is line_state else value


def as_float(x):
    return np.array(x, dtype=np.float64)


def outcome(function, call, change):
    given, named = call if isinstance(call, With) else (call, {})
    named = {name: mapped(value, change) for name, value in named.items()}
    try:
        return function(*(mapped(value, change) for value in given), **named)
    except ValueError as error:
        return type(error), str(error)


def assert_same(a, b):
    assert type(a) is type(b)
    if isinstance(a, functions.Function):
        for name in ("minima", "saddles", "data", "minimum_value"):
            assert_same(getattr(a, name), getattr(b, name))
    elif isinstance(a, taylor.Taylor):
        assert_same(a.coefficients, b.coefficients)
    elif isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            if key != "message":
                assert_same(a[key], b[key])
    elif isinstance(a, tuple | list):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    elif inspect.isgenerator(a):
        assert_same(next(a), next(b))
    else:
        np.testing.assert_array_equal(a, b)
        assert np.asarray(a).dtype == np.asarray(b).dtype


@contextlib.contextmanager
def told(kind):
    """Say for which kind of number an assertion failed."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"for {kind}")
        raise


def kinds_for(name):
    """The kinds of number that a function takes as float64."""
    for kind in KINDS:
        # Documented to compute in the type it is given.
        own = name in IN_THEIR_OWN_TYPE and kind in FLOATS | {"g", "?"}
        hands_on = name in MOVING and kind in TYPES
        arrays = kind == "tolist" and name.startswith(("network.", "partitions.tensors", "taylor."))
        if not (own or hands_on or arrays):
            yield kind


@pytest.mark.parametrize("name", CALLS)
def test_other_numbers_are_float64_of_the_same(name):
    """Bit for bit, or the same error."""
    if name == "network.digits":
        pytest.importorskip("sklearn")
    for kind in kinds_for(name):
        for call in CALLS[name]:
            change = KINDS[kind]
            with told(kind):
                found = outcome(PUBLIC[name], call, change)
                expected = outcome(PUBLIC[name], call, lambda x, change=change: as_float(change(x)))
                assert_same(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_functions_of_the_laboratory(kind):
    """Value, gradient, Hessian; and the same with a list of numbers."""
    for f in functions.all().values():
        x = np.arange(1.0, f.dimension + 1.0)
        for derivative in (f, f.value, f.gradient, f.hessian):
            given = KINDS[kind](x)
            assert_same(derivative(given), derivative(as_float(given)))
            for wrong in (x * 1j, x.astype(str), x.astype(object)):
                with pytest.raises(DtypeError, match="expected x of real numbers"):
                    derivative(wrong)


@pytest.mark.parametrize(
    "number", [np.float32(0.5), np.float16(0.5), np.array(0.5), np.array([0.5])]
)
def test_numbers_by_themselves(number):
    """A scalar of NumPy is the number; an array of one is none."""
    if np.ndim(number):
        with pytest.raises(
            DtypeError, match=r"expected beta as a number, got an array of shape \(1"
        ):
            regression.update(FULL, VECTOR, VECTOR, number)
        return
    found = regression.update(FULL, VECTOR, VECTOR, number)
    assert_same(found, regression.update(FULL, VECTOR, VECTOR, 0.5))


REFUSED = {
    "complex": VECTOR * 1j,
    "object": VECTOR.astype(object),
    "string": np.array(["1.5", "2.5", "3.5"]),
    "bytes": np.array([b"1", b"2", b"3"]),
    "date": np.array([1, 2, 3], dtype="M8[s]"),
    "record": np.zeros(3, dtype=[("a", float)]),
    "none": None,
    "text": "abc",
    "dictionary": {"a": 1.0},
    "ragged": [[1.0], [1.0, 2.0]],
    "huge": [10**30, 1, 1],
}
VECTORS = [
    (name, call, i)
    for name, calls in CALLS.items()
    for call in calls[:1]
    for i, value in enumerate(call.given if isinstance(call, With) else call)
    if isinstance(value, np.ndarray) and name not in MOVING | {"network.one_hot"}
]


@pytest.mark.parametrize(
    ("name", "call", "i"), VECTORS, ids=[f"{name}-{i}" for name, _, i in VECTORS]
)
def test_what_is_no_array_of_numbers_is_refused(name, call, i):
    if name.startswith("taylor.") and name not in ("taylor.line", "taylor.expand"):
        pytest.skip("NumPy's own function on what is no polynomial")
    given, named = call if isinstance(call, With) else (call, {})
    for kind, wrong in REFUSED.items():
        # None is the default of diagnostics.
        if (name, kind) == ("diagnostics", "none"):
            continue
        put = [wrong if k == i else mapped(value, as_float) for k, value in enumerate(given)]
        with told(kind), pytest.raises(DtypeError, match=r"expected .*real numbers"):
            PUBLIC[name](*put, **named)


OVERWRITTEN = {
    "gram_schmidt.complete": (MATRIX, 1, MATRIX),
    "gram_schmidt.straighten": (MATRIX, 1),
    "gram_schmidt.straighten_all": (MATRIX, MATRIX),
    "symmetric_eigen.rotate": (MATRIX, MATRIX, 0, 1),
    "symmetric_eigen.sort_columns": (VECTOR, MATRIX),
}


@pytest.mark.parametrize("name", sorted(OVERWRITING))
def test_what_cannot_be_overwritten_is_refused(name):
    """A copy would be lost."""
    PUBLIC[name](*(mapped(value, as_float) for value in OVERWRITTEN[name]))
    for change in KINDS.values():
        with pytest.raises(DtypeError, match="to write into, since it overwrites them"):
            PUBLIC[name](*(mapped(value, change) for value in OVERWRITTEN[name]))


METHODS = [m for m in optimizers.METHODS.values() if not m.solver and m.curvature != "slice"]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_methods_take_other_numbers(method):
    """Start and step by hand, and a gradient and Hessian of one's own in a run."""
    parameters = method.parameters()
    curvature = {"hessian": (MATRIX,), "product": (product,)}.get(method.curvature, ())
    for change in KINDS.values():
        ends = []
        for form in (change, lambda x, change=change: as_float(change(x))):
            state = method.start(form(VECTOR), form(ROWS[:1]), parameters)
            more = [mapped(part, form) for part in curvature]
            theta, state = method.step(state, form(VECTOR), form(MATRIX[1]), *more, parameters)
            run = refimpl.minimize(
                lambda x: 0.0,
                form(VECTOR),
                jac=lambda x, form=form: form(np.round(x)),
                hess=lambda x, form=form: form(SMALL if x.size == 2 else np.abs(MATRIX)),
                method=method.name,
                steps=4,
                seed=0,
            )
            ends.append((theta, state, run.path))
        assert_same(*ends)


@pytest.mark.slow
def test_compiled_code_may_hand_over_whole_numbers():
    """Inside compiled code nothing is converted; the text itself computes with floats."""
    import numba

    from refimpl import qr_step, symmetric_eigen

    @numba.njit
    def inside(A):
        return qr_step.orthogonal_factor(A), symmetric_eigen.eigh(A)

    assert_same(inside(MATRIX.astype(np.int64)), inside(MATRIX))


def test_what_looks_like_an_array():
    """Objects that NumPy makes arrays of, polynomials excepted."""

    class Like:
        def __array__(self, dtype=None, copy=None):
            return VECTOR.astype(np.float32)

    pandas = pytest.importorskip("pandas")
    for vector in (Like(), pandas.Series(VECTOR), VECTOR.tolist()):
        assert_same(regression.update(FRESH, vector, vector, 1.0).mean_theta, VECTOR)
    with pytest.raises(TypeError, match="Taylor"):
        regression.update(FRESH, taylor.line(VECTOR, 1.0, 1), VECTOR, 1.0)


def test_source_and_docstring_are_those_of_the_text():
    for piece in (regression.update, lanczos.lanczos, noise.gaussian):
        assert "Parameters" in inspect.getdoc(piece)
        assert f"def {piece.__name__}(" in inspect.getsource(inspect.unwrap(piece))
    assert list(inspect.signature(regression.update).parameters)[:2] == ["state", "theta"]
    assert partitions.check.__doc__
    assert summary.summarize.__doc__
