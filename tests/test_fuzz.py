"""The boundary under hostile values: results that are documented, or errors of `refimpl.errors`.

``REFIMPL_FUZZ=2000`` in the environment tries so many examples of each function. What has found
faults is kept below, and tried each time.
"""

import contextlib
import inspect
import io
import os
import re
import traceback
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import cli, errors, functions, network, noise, optimizers, partitions, regression
from tests.test_border import BATCH, CALLS, NET, PUBLIC, THETA, With, as_float, mapped

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
# Where NaN is the documented answer: an extremum without curvature, a gradient after divergence, a
# function of an array that holds NaN, parts of one.
NAN_ALLOWED = {"regression.slope", "diagnostics", "noise.as_noise", "minimize"}
NAN_ALLOWED |= {"partitions.tensors", "network.split"}
NAN_ALLOWED |= {f"taylor.{name}" for name in ("logistic", "logsumexp", "relu", "softplus")}
OURS = tuple(kind for kind in vars(errors).values() if isinstance(kind, type))
# A call that Python, or numba in its manner, refuses itself: an argument that is missing, or
# unexpected, or given twice. And one that is no number but an object of a class, in our words.
CALL = re.compile(
    r"missing (argument '|a required|\d+ required)|unexpected keyword|too many positional"
    r"|takes \d+ positional|takes from \d+|multiple values"
    r"|expected .* got "
)


def is_named(error):
    """Whether it says what is wrong: by its class, or as Python does of a call."""
    if isinstance(error, (*OURS, MemoryError)):
        return True
    if isinstance(error, TypeError) and CALL.search(str(error)):
        return True
    # What the caller's own function raises comes as it is.
    return any(
        frame.filename.endswith("test_border.py") and frame.name in ("loss", "product")
        for frame in traceback.extract_tb(error.__traceback__)
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
        # Compiled code has none of these: the infinity in the result says it.
        warnings.filterwarnings("ignore", "overflow encountered")
        if allowed:
            warnings.filterwarnings("ignore", "invalid value encountered")
        try:
            found = function(*given, **named)
        except Exception as error:
            if is_named(error):
                return
            raise
    assert allowed or not holds_nan(found), found


def replaceable(call):
    """Places of the arguments that are numbers: no functions, generators or names."""
    given = call.given if isinstance(call, With) else call
    kinds = (np.ndarray, float, int, list, tuple, dict)
    return [i for i, value in enumerate(given) if isinstance(value, kinds)]


def tried(name, call, i, hostile):
    given, named = call if isinstance(call, With) else (call, {})
    given = [hostile if k == i else mapped(value, as_float) for k, value in enumerate(given)]
    named = {key: mapped(value, as_float) for key, value in named.items()}
    outcome(PUBLIC[name], given, named, name in NAN_ALLOWED)


@pytest.mark.parametrize(
    "name",
    [name for name in CALLS if any(map(replaceable, CALLS[name]))],
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
    ("functions.quadratic", 0, np.full(2, LARGEST)),
    ("layered_summary.assign", 1, 0.0),
    ("layered_summary.summarize", 1, {}),
    ("minimize", 1, np.array([])),
    ("network.one_hot", 0, [[1.0], [1.0, 2.0]]),
    ("network.one_hot", 1, []),
    ("network.one_hot", 1, 10**30),
    ("network.split", 0, None),
    ("network.standardized", 0, 1j),
    ("network.two_moons", 2, -0.0),
    ("network.two_moons", 2, np.nan),
    ("network.two_moons", 2, LARGEST),
    ("online_pca.inject_by_gram", 0, np.array([[1.0, -2.0, LARGEST], [3.0, 1.0, -2.0]])),
    ("partitions.check", 0, Like(np.zeros((2, 2)))),
    ("partitions.check", 1, None),
    ("partitions.check", 1, -(10**400)),
    ("partitions.tensors", 0, 0.0),
    ("regression.start", 1, ()),
    ("regression.start", 1, np.array([[-np.inf]])),
    ("summary.tensor", 4, 10**30),
    ("summary.without_noise", 0, []),
    ("taylor.expand", 3, 10**30),
    ("taylor.logistic", 0, {}),
    ("taylor.logsumexp", 0, np.empty((0, 0))),
    ("taylor.relu", 0, [[1.0], [1.0, 2.0]]),
    ("taylor.softplus", 0, np.nan),
]


@pytest.mark.parametrize(("name", "i", "hostile"), KEPT)
def test_kept_cases(name, i, hostile):
    for call in CALLS[name]:
        if i < len(call.given if isinstance(call, With) else call):
            tried(name, call, i, hostile)


# A call that was no named error: more threads than runs were started, without an end.
KEPT_CALLS = [
    (refimpl.lattice, {"seeds": np.array(0)}),
    (refimpl.lattice, {"seeds": range(10**24)}),
    (refimpl.lattice, {"threads": 10**24}),
    (refimpl.lattice, {"method": {}}),
    (refimpl.lattice, {"starts": None, "radius": 10**24}),
    (refimpl.lattice, {"method": "adam", "alpha": 10**400}),
    (network.Network, {"widths": 0.0}),
    (network.Network, {"widths": (2, 2), "activation": {}}),
    (network.Network, {"widths": (2, 2), "loss": []}),
    (NET.accuracy, {"theta": THETA, "batch": BATCH._replace(targets=np.empty((0, 0)))}),
    (NET.accuracy, {"theta": THETA, "batch": BATCH._replace(targets=np.array([]))}),
    (NET.value, {"theta": THETA.tolist(), "batch": None}),
]


@pytest.mark.parametrize(("function", "given"), KEPT_CALLS)
def test_kept_calls(function, given):
    if function is refimpl.lattice:
        given = {"function": functions.beale, "method": "fogr", "starts": [[1.0, 2.0]]} | (
            {"steps": 2, "seeds": 0} | given
        )
    outcome(function, (), given)


@pytest.mark.parametrize(
    "change", [{"weight": -1.0}, {"weight": 2}, {"scale": np.inf}, {"scale": -1.0}]
)
def test_states_that_nothing_makes(change):
    state = CALLS["regression.hessian"][0][0]._replace(**change)
    for name, more in (("slope", ()), ("update", (np.ones(3), np.ones(3), 0.5))):
        with pytest.raises(errors.StateError, match="weight and scale from 0 to 1"):
            PUBLIC[f"regression.{name}"](state, *more)


def test_parameters_of_a_network_are_float64_of_the_same():
    """Of whole numbers and lists too: a gradient of integers was cut to integers."""
    theta = np.array([1, 0, 2, -1, 1, 3])
    for numbers in (theta, theta.tolist(), theta.astype(">f8")):
        found, expected = NET.gradient(numbers, BATCH), NET.gradient(theta * 1.0, BATCH)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, expected)
    assert NET.gradient(theta.astype(np.float32), BATCH).dtype == np.float32


@pytest.mark.slow
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


@EXAMPLES
@given(st.sampled_from(["inputs", "targets"]), HOSTILE, st.sampled_from(["mse", "cross_entropy"]))
def test_hostile_batches(field, hostile, loss):
    """Inputs or targets; what reads both."""
    batch = BATCH._replace(**{field: hostile})
    net = network.Network((2, 2), loss=loss)
    for method in (net.value, net.gradient, net.evaluate, net.accuracy):
        outcome(method, (THETA, batch), {}, allowed=True)
    summarize = PUBLIC["layered_summary.summarize"]
    outcome(summarize, (net, batch, THETA, THETA, partitions.whole(net.shapes)), {}, allowed=True)
    outcome(network.split, (batch, np.random.default_rng(0), 0.5), {}, allowed=True)
    outcome(network.standardized, (network.Data(BATCH, batch),), {}, allowed=True)
    outcome(network.standardized, (network.Data(batch, BATCH),), {}, allowed=field == "targets")


@EXAMPLES
@given(HOSTILE)
def test_hostile_networks(hostile):
    """Parameters, inputs, records of a minibatch, and what makes a network."""
    for method in (NET.value, NET.gradient, NET.evaluate, NET.accuracy):
        outcome(method, (hostile, BATCH), {}, allowed=True)
        outcome(method, (THETA, hostile), {}, allowed=True)
    outcome(NET.outputs, (hostile, BATCH.inputs), {}, allowed=True)
    outcome(NET.outputs, (THETA, hostile), {}, allowed=True)
    model = network.Model(NET, network.Data(BATCH, BATCH))
    outcome(model.noisy_gradient, (hostile, np.random.default_rng(0)), {})
    for name in ("widths", "activation", "loss"):
        outcome(network.Network, (), {"widths": (2, 2)} | {name: hostile})


OF_SCIPY = ["fun", "x0", "jac", "hess", "hessp", "bounds", "constraints", "callback", "tol"]
OF_SCIPY += ["maxiter", "gtol", "noise", "seed", "nonsense"]


@EXAMPLES
@given(st.sampled_from(OF_SCIPY), HOSTILE, st.sampled_from(["fogr", "newton"]))
def test_hostile_calls_of_scipy(name, hostile, method):
    """What SciPy hands to a method, which it does not look at itself."""
    given = {"fun": lambda x: float(x @ x), "x0": np.array([1.0, 2.0]), "jac": lambda x: 2.0 * x}
    given |= {"hess": lambda x: 2.0 * np.eye(2), "maxiter": 3, "noise": 0.1, "seed": 0}
    outcome(refimpl.scipy_method(method), (), given | {name: hostile}, allowed=True)


@EXAMPLES
@given(st.sampled_from(sorted(optimizers.METHODS)), HOSTILE, st.data())
def test_hostile_hyperparameters(method, hostile, data):
    """Of every method; refused before the run, or a run that may diverge."""
    name = data.draw(st.sampled_from([*optimizers.METHODS[method].defaults, "nonsense"]))
    given = {"method": method, "steps": 3, "noise": 0.1, "seed": 0, name: hostile}
    with contextlib.suppress(errors.UnknownNameError):
        outcome(refimpl.minimize, (functions.beale, [1.0, 0.5]), given, allowed=True)
    outcome(refimpl.scipy_method, (method,), {name: hostile})


# What somebody may type, a number that is none of the option's among it.
WORDS = ["", " ", "a", "nan", "inf", "-inf", "1e400", "-1", "0", "1.5", "1,2", "0/1", ",", "/"]
WORDS += ["-", "--", "true", "1e-400", "1000000000000000000000000", "~", "\u00e9", "0x10", "1_0"]
WORDS += [
    "beale",
    "fogr",
    "rosenbrock(3)",
    "rosenbrock(-1)",
    "rosenbrock(1e9)",
    "rosenbrock(",
    "()",
]
COMMANDS = {
    "run": {"function": "beale", "--start": "1", "--method": "fogr", "--steps": "3"}
    | {"--noise": "0.1", "--seed": "0", "--beta": "0.5", "--groups": "0/1"},
    "lattice": {"function": "beale", "--method": "fogr", "--steps": "3", "--radius": "1"}
    | {"--noise": "0.1", "--seeds": "2", "--threads": "1", "--beta": "0.5"},
    "methods": {"name": "ogr"},
    "functions": {"name": "beale"},
    "vectors list": {"family": "cubic"},
    "vectors show": {"id": "cubic"},
    "verify": {"--family": "nothing", "--id": "none", "--timeout": "1", "--jobs": "1"},
}


@pytest.mark.slow
@EXAMPLES
@given(st.sampled_from(sorted(COMMANDS)), st.sampled_from(WORDS), st.data())
def test_hostile_commands(command, word, data):
    """One word is replaced: an exit status that is documented, and a sentence where it is wrong."""
    option = data.draw(st.sampled_from(sorted(COMMANDS[command])))
    written = command.split()
    for name, value in (COMMANDS[command] | {option: word}).items():
        written += [name, value] if name.startswith("-") else [value]
        if name == "--start":
            written.append("1")
    out, wrong = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(wrong):
        try:
            status = cli.main(written)
        except SystemExit as ended:
            # argparse's, for what is no option or no number.
            status = ended.code
    assert status in (0, 1, 2), written
    assert "Traceback" not in wrong.getvalue()
    if status == 2:
        assert len(wrong.getvalue().strip()) > 20, written


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_calls_that_are_none(name):
    """Too few arguments, too many, and one by a name that there is not: Python's own words."""
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    least = sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    calls = [((1.0,) * 20, {})]
    if least:
        calls.append(((), {}))
    # Some take hyperparameters of any name.
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        calls.append(((), {"nonsense": 1.0}))
    for positional, named in calls:
        with pytest.raises(TypeError) as caught:
            PUBLIC[name](*positional, **named)
        assert is_named(caught.value), repr(caught.value)
