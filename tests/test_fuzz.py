"""The boundary under hostile values: results that are documented, or errors of `refimpl.errors`.

``REFIMPL_FUZZ=2000`` in the environment tries so many examples of each function. What has found
faults is kept below, and tried each time.
"""

import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import errors, functions, noise, regression
from tests.test_border import CALLS, PUBLIC, With, as_float, mapped

pytestmark = [pytest.mark.numerics, pytest.mark.within]

MOST = int(os.environ.get("REFIMPL_FUZZ", "0"))
EXAMPLES = settings(
    deadline=None,
    derandomize=not MOST,
    max_examples=MOST or 15,
    suppress_health_check=list(HealthCheck),
)


class Like:
    """An object that NumPy makes an array of."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array

    def __repr__(self):
        return f"Like({self.array!r})"


LARGEST, SMALLEST = np.finfo(np.float64).max, 5e-324
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 2, np.nan, np.inf, -np.inf, LARGEST, -LARGEST]
NUMBERS += [SMALLEST, 1e-310, 1e-160, 1e154, 1e160, 1e300, 10**30, -(10**400), True]
OTHERS = [None, "a", b"a", 1j, object(), {}, [], (), [[]], [[1.0], [1.0, 2.0]], "1.5", ["1"]]
SHAPES = [
    (),
    (0,),
    (1,),
    (2,),
    (3,),
    (6,),
    (0, 0),
    (1, 1),
    (2, 2),
    (3, 3),
    (2, 3),
    (3, 2),
    (3, 3, 3),
]
FINITE = [0.0, 1.0, -1.0, LARGEST, SMALLEST, 1e-160, 1e160, 1e300, 3.0, 1e-310]


@st.composite
def arrays(draw):
    """Of every shape, with a few hostile entries among ordinary ones, or all alike."""
    shape = draw(st.sampled_from(SHAPES))
    numbers = draw(st.sampled_from([NUMBERS[:-3], FINITE]))
    array = np.resize(np.array([1.0, -2.0, 0.5, 3.0]), shape)
    if draw(st.booleans()):
        array = np.full(shape, float(draw(st.sampled_from(numbers))))
    elif array.size:
        array.flat[draw(st.integers(0, array.size - 1))] = float(draw(st.sampled_from(numbers)))
    if array.ndim == 2 and shape[0] == shape[1] and draw(st.booleans()):
        with np.errstate(all="ignore"):
            array = np.triu(array) + np.triu(array, 1).T
    form = draw(st.sampled_from([np.array, np.ndarray.tolist, Like]))
    return form(array)


HOSTILE = st.one_of(st.sampled_from([*NUMBERS, *OTHERS]), arrays())
# Where NaN is the documented answer: an extremum without curvature, a gradient after divergence.
NAN_ALLOWED = {"regression.slope", "diagnostics", "noise.as_noise", "minimize"}
OURS = tuple(kind for kind in vars(errors).values() if isinstance(kind, type))
# Python's own words for what is no call, no function, no memory; numba's errors are none of them.
PYTHONS = (TypeError, MemoryError, OverflowError)
# NumPy's functions of arrays, containers of arrays, and objects that must be of a class.
NOT_OURS = (
    "network.",
    "partitions.tensors",
    "layered_summary.",
    "taylor.re",
    "taylor.lo",
    "taylor.s",
)


def holds_nan(value):
    if isinstance(value, functions.Function):
        return False
    if isinstance(value, dict):
        # A result of a run has a field `values`.
        return any(map(holds_nan, dict.values(value)))
    if isinstance(value, tuple | list):
        return any(map(holds_nan, value))
    return isinstance(value, np.ndarray | float) and bool(np.isnan(value).any())


def outcome(function, given, named, allowed=False):
    """Raises what must not happen."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = function(*given, **named)
        except (*OURS, *PYTHONS):
            return
    assert allowed or not holds_nan(found), found


def replaceable(call):
    """Places of the arguments that are numbers: no functions, generators or names."""
    given = call.given if isinstance(call, With) else call
    kinds = (np.ndarray, float, int, list, tuple)
    return [i for i, value in enumerate(given) if isinstance(value, kinds)]


def tried(name, call, i, hostile):
    given, named = call if isinstance(call, With) else (call, {})
    given = [hostile if k == i else mapped(value, as_float) for k, value in enumerate(given)]
    named = {key: mapped(value, as_float) for key, value in named.items()}
    outcome(PUBLIC[name], given, named, name in NAN_ALLOWED)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in CALLS
        if not name.startswith(NOT_OURS) and any(map(replaceable, CALLS[name]))
    ],
)
def test_hostile_arguments(name):
    """One argument of an ordinary call is replaced."""

    @EXAMPLES
    @given(st.data(), st.sampled_from([c for c in CALLS[name] if replaceable(c)]), HOSTILE)
    def run(data, call, hostile):
        tried(name, call, data.draw(st.sampled_from(replaceable(call))), hostile)

    run()


# Function, argument, value: what has found a fault.
KEPT = [
    ("gram_schmidt.check_rows", 0, 0.0),
    ("gram_schmidt.direction", 0, np.array([np.nan, -2.0])),
    ("gram_schmidt.direction", 0, np.inf),
    ("gram_schmidt.direction", 0, np.array([[0.0, -2.0], [0.5, 3.0]])),
    ("noise.minibatch", 0, np.nan),
    ("noise.minibatch", 0, None),
    ("online_pca.carried", 0, np.zeros((2, 3))),
    ("online_pca.carried", 0, np.full((2, 2), np.inf)),
    ("online_pca.carried", 0, np.full((2, 2), 1e154)),
    ("online_pca.carried", 1, []),
    ("qr_step.orthogonal_factor", 0, 0.0),
    ("qr_step.orthogonal_factor", 0, [[]]),
    ("qr_step.orthogonal_factor", 0, np.full((2, 2), LARGEST)),
    ("qr_step.orthogonal_factor", 0, np.array([[np.inf, -2.0], [0.5, 3.0]])),
    ("qr_step.orthogonal_factor", 0, np.zeros((3, 3, 3))),
    ("symmetric_eigen.congruence", 0, np.zeros((3, 2))),
    ("symmetric_eigen.congruence", 1, np.full((3, 3), LARGEST)),
    ("symmetric_eigen.congruence", 1, 0.0),
    ("symmetric_eigen.eigh", 0, np.array([[np.nan]])),
    ("symmetric_eigen.eigh", 0, [[]]),
    ("symmetric_eigen.eigh", 0, np.full((9, 9), np.nan)),
    ("taylor.expand", 1, np.empty(0)),
    ("taylor.line", 0, np.empty(0)),
    ("regression.update", 1, np.full(3, 1e160)),
    ("regression.update", 2, np.full(3, LARGEST)),
    ("qr_step.orthogonal_factor", 0, [[2, 1, 0], [1, -3, 1], [0, 1, 1]]),
]


@pytest.mark.parametrize(("name", "i", "hostile"), KEPT)
def test_kept_cases(name, i, hostile):
    for call in CALLS[name]:
        tried(name, call, i, hostile)


@EXAMPLES
@given(st.sampled_from(regression.State._fields), HOSTILE, st.sampled_from(sorted(CALLS)))
def test_hostile_states(field, hostile, name):
    """One field of a state is replaced; the readers are those that take a state alone."""
    for name in ("slope", "hessian", "symmetric_hessian", "correlated_hessian", "unvisited"):
        state = CALLS["regression.hessian"][0][0]._replace(**{field: hostile})
        outcome(PUBLIC[f"regression.{name}"], (state,), {}, allowed=True)
    for name in ("update", "update_new_mean"):
        given = (state, np.ones(3), np.ones(3), 0.5)
        outcome(PUBLIC[f"regression.{name}"], given, {}, allowed=True)


@EXAMPLES
@given(
    st.sampled_from(["x0", "steps", "noise", "seed", "method", "beta", "gamma", "fun", "jac"]),
    HOSTILE,
)
def test_hostile_runs(name, hostile):
    """`minimize` and `lattice`."""
    named = {"jac": lambda x: 2.0 * x, "method": "fogr", "steps": 3, "noise": 0.1, "seed": 0}
    given = {"fun": lambda x: float(x @ x), "x0": [1.0, 2.0]} | named
    outcome(refimpl.minimize, (), given | {name: hostile}, allowed=True)
    given["function"], given["starts"], given["seeds"] = given.pop("fun"), [[1.0, 2.0]], 0
    del given["x0"], given["seed"]
    other = {"fun": "function", "x0": "starts", "seed": "seeds"}.get(name, name)
    outcome(refimpl.lattice, (), given | {other: hostile}, allowed=True)


@EXAMPLES
@given(st.sampled_from(["gaussian", "student", "multiplicative", "minibatch"]), HOSTILE)
def test_hostile_noise(name, hostile):
    more = (3.0,) if name == "student" else ()
    outcome(getattr(noise, name), (hostile, *more), {})


@EXAMPLES
@given(st.sampled_from(sorted(functions.all())), HOSTILE)
def test_hostile_positions(name, hostile):
    """Of the functions of the laboratory; a value may overflow."""
    function = functions.all()[name]
    for derivative in (function.value, function.gradient, function.hessian):
        outcome(derivative, (hostile,), {}, allowed=True)
