"""The stored reference outputs: complete, well-formed, and met by the pieces in binary64.

Long: what every family must be, and each method beside its replays.
"""

import collections
import itertools
import json
import re
from importlib import resources

import mpmath
import numpy as np
import pytest
from mpmath import mpf

from refimpl import cubic, errors, functions, online_pca, qr_step, regression, repulsion, vectors
from refimpl.optimizers import METHODS, bind
from refimpl.optimizers.grouped_newton import Slice
from refimpl.oracle import measure
from refimpl.runs.execute import noisy
from refimpl.runs.problem import as_problem
from refimpl.summary import Summary
from refimpl.verify import compare, ours, protocol, python_side
from refimpl.verify.runner import HELD

pytestmark = pytest.mark.numerics

FOLDER = resources.files("refimpl") / "vectors" / "v1"
FAMILIES = (
    "regression",
    "online_pca",
    "qr_step",
    "repulsion",
    "optimizers",
    "trajectories",
    "cubic",
    "summary",
)
# Megabytes.
LONG = ("regression", "optimizers", "trajectories", "cubic")
PIECES = {
    m.__name__.rpartition(".")[2]: m for m in (regression, online_pca, qr_step, repulsion, cubic)
}
UNIT = mpf(2) ** -53
STEPPING = sorted(name for name, method in METHODS.items() if not method.solver)
REPLAYABLE = sorted(name for name, method in METHODS.items() if ours.replayable(method))
# Of the design; the hard case and the singular D belong to the cubic subproblem.
FLAGS = {
    "normal": "normal",
    "degenerate": "first-step constant-theta zero-gradient rank-deficient repeated-eigenvalue "
    "equal-moduli one-dimension full-dimension",
    "adversarial": "far-mean collinear huge-scale subnormal-scale exact-saddle negative-definite "
    "at-the-cut nan-input inf-input",
    "porting": "decay-order eps-placement bias-correction old-new-mean transposed division-order "
    "float32-inside off-by-one sign-convention taylor-factor mixed-derivatives group-order "
    "kept-rates taken-back foreseen own-units",
}


def text(name):
    return (FOLDER / f"{name}.json").read_text(encoding="ascii")


@pytest.fixture(scope="module")
def data():
    """All families as JSON has them."""
    return {name: json.loads(text(name)) for name in FAMILIES}


def cases_of(data):
    return [case for family in data.values() for case in family["cases"]]


def number(value, key=""):
    """An input as the pieces take it."""
    if key == "groups" or (key in vectors.WORDS and isinstance(value, str)):
        return value
    if isinstance(value, dict):
        return regression.State(**{k: number(value[k]) for k in regression.State._fields})
    if isinstance(value, list):
        entries = [number(entry) for entry in value]
        return tuple(entries) if key == "prior" else np.array(entries)
    return float.fromhex(value) if isinstance(value, str) else value


def exact(value):
    """A float or an array of floats in multiple precision, digit for digit."""
    value = np.asarray(value, dtype=float)
    result = np.empty(value.shape, dtype=object)
    for index, entry in np.ndenumerate(value):
        result[index] = mpf(float(entry))
    return result


def flattened(state, prefix=""):
    fields = {}
    for name, value in state._asdict().items():
        nested = hasattr(value, "_asdict")
        fields |= flattened(value, f"{prefix}{name}.") if nested else {f"{prefix}{name}": value}
    return fields


@pytest.mark.once
@pytest.mark.within
@pytest.mark.parametrize(
    "family",
    [pytest.param(f, marks=pytest.mark.slow if f in LONG else ()) for f in FAMILIES],
)
def test_family_follows_the_schema(family):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(json.loads(text("schema"))).validate(json.loads(text(family)))


@pytest.mark.once
def test_the_schema_refuses_what_is_wrong():
    """Negative control: a number in place of a hexadecimal string, an output without its K."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads(text("schema")))
    family = json.loads(text("repulsion"))
    family["cases"] = [family["cases"][0]]
    assert validator.is_valid(family)
    for change in ({"in": {"g": [0.5]}}, {"K": None}, {"out": {"result": "0x1p0"}}, {"id": "r-1"}):
        case = {k: v for k, v in (family["cases"][0] | change).items() if v is not None}
        assert not validator.is_valid(family | {"cases": [case]})


@pytest.mark.once
@pytest.mark.parametrize("family", FAMILIES)
def test_one_case_a_line_with_sorted_keys(family):
    lines = text(family).splitlines()
    start = lines.index(' "cases": [') + 1
    assert lines[-1] == "]}"
    gone = {entry["id"] for entry in json.loads(text(family))["withdrawn"]}
    ids = (f"{family}-{count:04d}" for count in itertools.count(1))
    left = (name for name in ids if name not in gone)
    for name, line in zip(left, lines[start:-1], strict=False):
        case = json.loads(line.rstrip(","))
        assert list(case) == sorted(case)
        assert case["id"] == name


def without(cases, methods):
    """Methods that have no such case, and those of cases that are none of these methods."""
    return {case["method"] for case in cases} ^ set(methods)


@pytest.mark.once
def test_enough_of_everything(data):
    cases = cases_of(data)
    ops = [case for case in cases if "." in case["op"]]
    trajectories = [case for case in cases if case["op"] == "trajectory"]
    replays = [case for case in cases if case["op"] == "replay"]
    assert len(ops) >= 300
    assert sum(len(case["out"]["steps"]) >= 100 for case in replays) >= 20
    assert set(STEPPING) - set(REPLAYABLE) == {"grouped_newton_safeguarded"}
    assert without(replays, REPLAYABLE) == set(), "give replays, in oracle/cases_optimizers.py"
    assert without(trajectories, STEPPING) == set(), "give some, in oracle/cases_trajectories.py"
    assert {case["in"]["function"] for case in trajectories} == set(PLACES)
    assert sum(case["op"] == "ensemble" for case in cases) >= 1
    size = sum(len(text(name)) for name in (*FAMILIES, "schema"))
    assert size < 12_000_000


@pytest.mark.once
def test_every_flag_is_there_and_explained(data):
    found = {
        flag: note["kind"] for family in data.values() for flag, note in family["notes"].items()
    }
    for kind, flags in FLAGS.items():
        assert {found.get(flag) for flag in flags.split()} == {kind}
    for family in data.values():
        used = {flag for case in family["cases"] for flag in case["flags"]}
        assert used == set(family["notes"])


@pytest.mark.once
def test_fields_agree_and_amplifications_are_at_least_1(data):
    for case in cases_of(data):
        if "error" in case["out"]:
            assert issubclass(getattr(errors, case["out"]["error"]), ValueError)
            continue
        out = case["out"]["steps"][-1] if "steps" in case["out"] else case["out"]
        assert list(out) == list(case["compare"]) == list(case["kappa"]) == list(case["K"])
        for name in ("kappa", "K"):
            assert min(np.min(values) for values in case[name].values()) >= 1.0


def floats_of(value):
    if isinstance(value, dict):
        words = [key for key in vectors.WORDS if isinstance(value.get(key), str)]
        value = [entry for key, entry in value.items() if key not in words]
    if isinstance(value, list):
        return [x for entry in value for x in floats_of(entry)]
    return [float.fromhex(value)] if isinstance(value, str) else []


@pytest.mark.once
def test_the_mark_of_binary32_holds(data):
    counts = collections.Counter()
    for case in cases_of(data):
        if case["binary32"]:
            values = np.array(floats_of(case["params"]) + floats_of(case["in"]))
            values = values[np.isfinite(values)]
            assert np.array_equal(values.astype(np.float32).astype(float), values)
        counts[case["binary32"]] += 1
    # Most of the suite speaks to programs in single precision.
    assert counts[True] > counts[False] > 0


@pytest.mark.once
def test_numbers_are_written_with_34_digits(data):
    pattern = re.compile(r"-?(\d+)\.(\d+)(e[+-]\d+)?")
    lengths = []
    for case in cases_of(data):
        if "error" in case["out"] or "steps" in case["out"]:
            continue
        for value in np.ravel([np.ravel(v) for v in case["out"].values()][-1]):
            if value in ("nan", "inf", "-inf"):
                continue
            whole, fraction, _ = pattern.fullmatch(value).groups()
            lengths.append(len((whole + fraction).lstrip("0")))
    assert max(lengths) == 34
    assert np.median(lengths) >= 30


@pytest.mark.parametrize("family", list(PIECES))
def test_the_pieces_stay_below_64_K_u(data, family, size):
    """The rule of the suite; the largest seen is 2.8 K u."""
    cases = data[family]["cases"][:: size(1, 4)]
    for case in cases:
        piece = getattr(PIECES[family], case["op"].partition(".")[2])
        arguments = {k: number(v, k) for k, v in (case["params"] | case["in"]).items()}
        if "error" in case["out"]:
            with pytest.raises(getattr(errors, case["out"]["error"])):
                piece(**arguments)
            continue
        result = piece(**arguments)
        result = result._asdict() if hasattr(result, "_asdict") else {"result": result}
        for field, value in case["out"].items():
            if case["compare"][field] == "exact":
                assert result[field] == value, (case["id"], field)
                continue
            want = measure.value_of(value)
            shown = measure.error(case["compare"][field], exact(result[field]), want)
            limit = 64 * max(case["K"][field], case["kappa"][field])
            assert shown <= limit * UNIT, (case["id"], field)


@pytest.mark.parametrize("arithmetic", ["binary64", "binary32"])
def test_summaries_stay_below_64_K_u(data, arithmetic):
    """As the verifier asks for them, in both precisions."""
    implementation, arithmetic = getattr(ours, arithmetic)(), compare.ARITHMETIC[arithmetic]
    held = 0
    for case in vectors.load("summary").cases:
        if arithmetic is compare.BINARY32 and not case.binary32:
            continue
        question = protocol.question(0, case)
        reply = python_side.respond(implementation, question, python_side.DTYPES[arithmetic.name])
        if "error" in case.out:
            assert reply["errored"].startswith(case.out["error"]), case.id
            continue
        assert list(reply["out"]) == list(case.out)
        assert compare.verdict(compare.judge(case, reply["out"], arithmetic)) in HELD, case.id
        held += 1
    assert held > 30


def steps_of_grouped_newton(case):
    """Of the method by itself, its summaries scaled to what it asks for by their definition."""
    method = METHODS[case["method"]]
    parameters = bind(method, hyperparameters_of(case))
    state = method.start(number(case["in"]["start"]), np.empty((0, 4)), parameters)
    for seen in case["in"]["stream"]:
        theta, gradient = number(seen["theta"]), number(seen["gradient"])
        stored = {name: number(value) for name, value in seen["summary"].items()}

        def summarize(theta, scaled, groups, stored=stored, gradient=gradient, state=state):
            whole = direction_of(state, gradient, parameters)
            t = np.array([scaled[index] @ whole[index] for index in groups])
            t /= [max(whole[index] @ whole[index], 1e-300) for index in groups]
            H = np.outer(t, t) * stored["hessian"]
            value = stored.get("value", 0.0)
            return Summary(value, t * stored["gradient"], H, t**3 * stored["third"], None)

        theta, state = method.step(state, theta, gradient, Slice(summarize, None), parameters)
        yield python_side.fields(ours.as_fields(state)) | {"theta": theta}


def direction_of(state, gradient, p):
    """What the first-order method subtracts, by its formula."""
    if p.direction == "momentum":
        return (1.0 - p.gamma) * state.first.momentum + p.gamma * gradient
    if p.direction == "adam":
        first, t = state.first, state.count + 1
        mean = p.beta1 * first.mean + (1.0 - p.beta1) * gradient
        square = p.beta2 * first.square + (1.0 - p.beta2) * gradient**2
        root = np.sqrt(square / (1.0 - p.beta2**t))
        return mean / (1.0 - p.beta1**t) / (root + p.eps)
    return gradient


def steps_of(case, hyperparameters):
    """The method's own fields after each step of a replay."""
    method = METHODS[case["method"]]
    if method.curvature == "slice":
        yield from steps_of_grouped_newton(case)
        return
    parameters = bind(method, hyperparameters)
    start, directions = number(case["in"]["start"]), number(case["in"]["directions"])
    state = method.start(start, directions.reshape(-1, start.size), parameters)
    for pair in case["in"]["stream"]:
        pair = {name: number(value) for name, value in pair.items()}
        curvature = ()
        if method.curvature == "hessian":
            curvature = (pair["hessian"],)
        elif method.curvature == "product":
            curvature = (pair["hessian"].__matmul__,)
        given = state, pair["theta"], pair["gradient"], *curvature, parameters
        theta, state = method.step(*given)
        yield flattened(state) | {"theta": theta}


def replays(data):
    return data["optimizers"]["cases"]


def worst(case, hyperparameters, steps=None):
    """The largest error over ``K u`` of all fields and steps."""
    shown = []
    for t, got in zip(range(steps or 10**6), steps_of(case, hyperparameters), strict=False):
        want = case["out"]["steps"][t]
        assert set(got) == set(want)
        for field, value in want.items():
            if case["compare"][field] == "exact":
                assert got[field] == value
                continue
            error = measure.error("relative", exact(got[field]), measure.value_of(value))
            shown.append(float(error / (case["K"][field][t] * UNIT)))
    return max(shown)


def hyperparameters_of(case):
    return {name: number(value, name) for name, value in case["params"].items()}


@pytest.mark.parametrize("method", REPLAYABLE)
def test_replays_stay_below_64_K_u(data, method, size):
    for case in replays(data):
        if case["method"] == method:
            assert worst(case, hyperparameters_of(case), size(None, 20)) <= 64.0


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam"])
def test_a_learning_rate_wrong_by_one_in_a_million_is_caught(data, method):
    """Negative control of the rule."""
    case = next(case for case in replays(data) if case["method"] == method)
    given = hyperparameters_of(case)
    given["alpha"] *= 1.0 + 1e-6
    with mpmath.workdps(30):
        assert worst(case, given, 10) > 350.0


PLACES = {
    "beale": lambda D: functions.beale,
    "rosenbrock": functions.rosenbrock,
    "quadratic": lambda D, **data: functions.quadratic(**data),
    "bounded_saddle": lambda D, **data: functions.bounded_saddle(**data),
}


def cases_of_op(data, op):
    return [case for case in data["trajectories"]["cases"] if case["op"] == op]


def positions(case, hyperparameters):
    """The method in closed loop, by the package's own functions."""
    method, given = METHODS[case["method"]], case["in"]
    data = {name: number(value) for name, value in given["data"].items()}
    theta = number(given["start"])
    function = PLACES[given["function"]](theta.size, **data)
    parameters = bind(method, hyperparameters)
    directions = number(given["directions"]).reshape(-1, theta.size)
    state = method.start(theta, directions, parameters)
    along = as_problem(function).slice
    for noise in number(given["noise"]):
        gradient = function.gradient(theta) + noise
        curvature = (function.hessian(theta),) if method.curvature else ()
        if method.curvature == "product":
            curvature = (curvature[0].__matmul__,)
        elif method.curvature == "slice":
            curvature = (noisy(along, gradient),)
        theta, state = method.step(state, theta, gradient, *curvature, parameters)
        yield theta


def errors_of(case, hyperparameters):
    """Errors of the positions over ``K u``, step by step."""
    found = zip(
        positions(case, hyperparameters), case["out"]["steps"], case["K"]["theta"], strict=True
    )
    return [
        float(measure.error("relative", exact(got), measure.value_of(step["theta"])) / (K * UNIT))
        for got, step, K in found
    ]


@pytest.mark.parametrize(
    "method",
    [
        # Taylor polynomials at every step.
        pytest.param(m.name, marks=pytest.mark.slow if m.name.startswith("grouped") else ())
        for m in sorted(METHODS.values(), key=lambda m: m.name)
        if m.step is not None
    ],
)
def test_trajectories_stay_below_64_K_u(data, method, size):
    for case in cases_of_op(data, "trajectory")[:: size(1, 3)]:
        if case["method"] == method:
            assert max(errors_of(case, hyperparameters_of(case))) <= 64.0, case["id"]


@pytest.mark.once
def test_every_trajectory_ends_at_its_horizon(data):
    """64 K u stays below 1e-2 in binary64 up to the last step; binary32 is blurred before it."""
    blurred = 0
    for case in cases_of_op(data, "trajectory"):
        worst = np.maximum(case["K"]["theta"], case["kappa"]["theta"])
        assert (compare.MARGIN * worst * 2.0**-53 <= compare.BLURRED).all()
        blurred += (compare.MARGIN * worst * 2.0**-24 > compare.BLURRED).any()
    assert blurred > 0


@pytest.mark.parametrize("method", ["sgd", "momentum", "adam", "cdogr"])
def test_a_slip_of_one_in_a_million_is_caught_in_closed_loop(data, method):
    """Negative control, on every function."""
    rate = "eta" if method == "cdogr" else "alpha"
    for case in cases_of_op(data, "trajectory"):
        if case["method"] == method:
            given = hyperparameters_of(case)
            given[rate] *= 1.0 + 1e-6
            assert max(errors_of(case, given)) > 350.0, case["id"]


def ends(case, dtype, rate=1.0, noise=1.0):
    """Values at the ends of an ensemble, all runs at once, in another order of operations."""
    given = case["in"]
    hyperparameters = hyperparameters_of(case)
    alpha = dtype(rate * hyperparameters["alpha"])
    gamma = dtype(hyperparameters.get("gamma", 1.0))
    spectrum, c = (np.array(number(given["data"][name]), dtype) for name in ("spectrum", "c"))
    x = number(given["starts"]).astype(dtype)
    m = np.zeros_like(x)
    with np.errstate(over="ignore", invalid="ignore"):
        for z in number(given["noise"]).astype(dtype):
            m = (1 - gamma) * m + gamma * (c * x**3 + (spectrum * x + dtype(noise) * z))
            x = x - m * alpha
        return np.sum(spectrum * x**2 / 2 + c * x**4 / 4, axis=1)


@pytest.mark.once
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_ensembles_tell_a_chaotic_program_from_a_wrong_one(data, dtype):
    """None of its runs stays near the certified one; a rate 20 % off is of another distribution."""
    for case in cases_of_op(data, "ensemble"):
        right = np.array([float(x) for x in case["out"]["value"]])
        limit = compare.distribution_limit(right.size)
        shown = ends(case, dtype)
        assert np.median(np.abs(shown - right)) > 0.01
        assert compare.kolmogorov_smirnov(shown.tolist(), right.tolist()) <= limit
        for wrong in (ends(case, dtype, rate=0.8), ends(case, dtype, rate=1.2)):
            # Beyond a rate of 2 the runs leave all bounds, and no number is left to compare.
            lost = not np.isfinite(wrong).all()
            assert lost or compare.kolmogorov_smirnov(wrong.tolist(), right.tolist()) > limit
