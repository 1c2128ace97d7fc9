"""Callables of Python under test, in a process of their own; this package among them."""

import numpy as np
import pytest

from refimpl import _compile, vectors
from refimpl.errors import VerificationError
from refimpl.optimizers import METHODS
from refimpl.verify import compare, ours, python_side, runner
from tests.verify import verify_family as small

pytestmark = pytest.mark.numerics

MODULE = '''
"""An implementation of the small family."""
import os
from collections import namedtuple

import numpy as np

State = namedtuple("State", "momentum")
Double = namedtuple("Double", "sum result")


def double(x, factor):
    assert isinstance(x, np.ndarray) and isinstance(factor, float)
    print("this goes to standard error")
    if np.isnan(x).any():
        raise ValueError("NaN")
    return Double(x.sum(), factor * x)


def start(theta, directions, gamma):
    return State(np.zeros_like(theta))


def step(state, theta, gradient, gamma):
    momentum = state.momentum + gamma * (gradient - state.momentum)
    return theta - momentum, State(momentum)


def right():
    methods = {"small": (start, step)}
    return {"name": "mine", "version": 3, "small.double": double, "methods": methods}


def single():
    return right() | {"dtype": np.float32}


def crashing():
    def crash(x, factor):
        if x[0] == 5.0:
            os._exit(9)
        return double(x, factor)

    return right() | {"small.double": crash}


def unwilling():
    def refuse(x, factor):
        raise NotImplementedError("later")

    return right() | {"small.double": refuse, "methods": {}}


def broken():
    raise RuntimeError("no licence")


def on_a_function_of_its_own():
    def quadratic(dimension, spectrum):
        return {
            "value": lambda x: 0.5 * np.sum(spectrum * x * x),
            "gradient": lambda x: spectrum * x,
        }

    return right() | {"functions": {"quadratic": quadratic}}


def noise_too_late():
    """The noise of each step is added to the gradient of the next one."""

    def late(theta, directions, gamma):
        return {"momentum": np.zeros_like(theta), "gradient": None}

    def step_late(state, theta, gradient, gamma):
        old = gradient if state["gradient"] is None else state["gradient"]
        momentum = state["momentum"] + gamma * (old - state["momentum"])
        return theta - momentum, {"momentum": momentum, "gradient": gradient}

    return right() | {"methods": {"small": (late, step_late)}}


class Nested:
    name = "nested"

    class small:
        double = staticmethod(double)
'''


@pytest.fixture
def verify(tmp_path, monkeypatch):
    (tmp_path / "mine_under_test.py").write_text(MODULE, encoding="utf-8")
    small.write(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    family = vectors.load("small", tmp_path)

    def put(factory):
        command = runner.python_command(f"mine_under_test:{factory}")
        return runner.verify(command, [family], list(family.cases), timeout=60.0)

    return put


def test_right_in_both_arithmetics(verify):
    found = verify("right")
    assert [outcome.verdict for outcome in found.outcomes] == ["pass"] * 5
    assert (found.who.name, found.who.version) == ("mine", "3")
    found = verify("single")
    assert found.arithmetic == "binary32"
    assert [outcome.verdict for outcome in found.outcomes] == ["pass"] * 5


@pytest.fixture
def verify_closed_loops(tmp_path, verify):
    """The same with a trajectory and an ensemble."""
    small.write(tmp_path, small.with_closed_loops())
    family = vectors.load("small", tmp_path)

    def put(factory):
        command = runner.python_command(f"mine_under_test:{factory}")
        cases = [case for case in family.cases if case.op in vectors.CLOSED_LOOP]
        return runner.verify(command, [family], cases, timeout=60.0)

    return put


@pytest.mark.parametrize("factory", ["right", "single", "on_a_function_of_its_own"])
def test_closed_loops(verify_closed_loops, factory):
    """With the laboratory's functions and with one's own, in both precisions."""
    found = verify_closed_loops(factory)
    assert [outcome.verdict for outcome in found.outcomes] == ["pass", "pass"]


def test_a_gradient_of_the_step_before_is_caught(verify_closed_loops):
    found = verify_closed_loops("noise_too_late")
    assert [outcome.verdict for outcome in found.outcomes] == ["fail", "fail"]
    assert compare.first_failure(found.outcomes[0].fields).step == 2


def test_a_program_without_closed_loops_skips_them(tmp_path):
    small.write(tmp_path, small.with_closed_loops())
    family = vectors.load("small", tmp_path)
    found = runner.verify(small.program(tmp_path), [family], list(family.cases), timeout=20.0)
    verdicts = [outcome.verdict for outcome in found.outcomes]
    assert verdicts == ["pass"] * 5 + ["skipped"] * 2
    assert found.remarks == ()


def test_an_unknown_function_is_skipped():
    given = small.trajectory(7)
    case = given | {"in": given["in"] | {"function": "ackley"}}
    implementation = {"methods": {"small": (None, None)}}
    reply = python_side.respond(
        implementation, {"cmd": "run", "seq": 1, "case": case}, python_side.DTYPES["binary64"]
    )
    assert reply == {"seq": 1, "skipped": "no function 'ackley'"}


def test_a_crash_costs_one_case(verify):
    found = verify("crashing")
    assert [o.verdict for o in found.outcomes] == ["pass", "fail", "pass", "pass", "pass"]
    assert found.outcomes[1].problem == "Died"


def test_not_implemented_is_skipped(verify):
    found = verify("unwilling")
    assert {outcome.verdict for outcome in found.outcomes} == {"skipped"}
    assert found.outcomes[0].message == "later"


def test_targets_that_are_none(verify):
    with pytest.raises(VerificationError, match="RuntimeError: no licence"):
        verify("broken")
    for name, words in (
        ("nosuchmodule:f", "No module named 'nosuchmodule'"),
        ("refimpl:nosuch", "no attribute 'nosuch'"),
        ("refimpl", "expected package.module:factory"),
    ):
        with pytest.raises(VerificationError, match=words):
            python_side.target(name)


def test_operations_of_nested_objects(monkeypatch):
    class Nested:
        class regression:
            @staticmethod
            def slope(state):
                return None

    monkeypatch.setattr(python_side, "known_ops", lambda: ["regression.slope", "replay", "a.b"])
    assert python_side.ops(Nested()) == ["regression.slope"]


def test_forms_of_answers():
    assert python_side.fields(np.ones(2)).keys() == {"result"}
    nested = METHODS["sgd"].parameters()
    assert list(python_side.fields({"p": nested})) == [f"p.{name}" for name in nested._fields]
    with pytest.raises(TypeError, match="a tuple has no names"):
        python_side.fields((1.0, 2.0))
    assert python_side.plain(np.array([[0.5, np.nan]])) == [["0x1.0000000000000p-1", "nan"]]
    assert python_side.plain(np.int64(3)) == 3
    assert python_side.plain(np.True_) is True
    assert python_side.plain("hard") == "hard"
    with pytest.raises(TypeError, match="expected numbers, got object"):
        python_side.plain(object())


def stream(D, steps, hessian):
    rng = np.random.default_rng(1)

    def one():
        seen = {"theta": rng.standard_normal(D), "gradient": rng.standard_normal(D)}
        return seen | ({"hessian": np.diag(1.0 + rng.random(D))} if hessian else {})

    return [one() for _ in range(steps)]


def hexadecimal(part):
    if isinstance(part, dict):
        return {name: hexadecimal(value) for name, value in part.items()}
    if isinstance(part, list):
        return [hexadecimal(value) for value in part]
    return small.hexadecimal(np.asarray(part).tolist())


@pytest.mark.parametrize("name", ["momentum", "adam", "dogr", "sfn", "csogr"])
def test_our_replays_are_the_methods(name):
    """Free and forced, against the method's own steps."""
    method = METHODS[name]
    D = 2
    seen = stream(D, 3, method.curvature)
    directions = np.full((1, D), 0.5) if method.directions else np.empty((0, D))
    parameters = method.parameters()
    state, expected = method.start(seen[0]["theta"], directions, parameters), []
    for at in seen:
        curvature = (at["hessian"],) if method.curvature else ()
        theta, state = method.step(state, at["theta"], at["gradient"], *curvature, parameters)
        expected.append(python_side.fields(state) | {"theta": theta})
    case = {
        "op": "replay",
        "method": name,
        "params": {
            key: hexadecimal(list(value)) if isinstance(value, tuple) else value
            for key, value in method.defaults.items()
        },
        "in": hexadecimal({"start": seen[0]["theta"], "directions": directions, "stream": seen}),
    }
    free = python_side.answer(ours.binary64(), case, np.float64)["steps"]
    plain = [{key: python_side.plain(value) for key, value in step.items()} for step in expected]
    assert free == plain
    states = [None, *({k: v for k, v in step.items() if k != "theta"} for step in plain[:-1])]
    forced = case | {"op": "replay-forced", "in": case["in"] | {"states": states}}
    assert python_side.answer(ours.binary64(), forced, np.float64)["steps"] == plain


def test_what_binary32_hands_over_is_binary32():
    given = {"V": np.eye(1, 2, dtype=np.float32), "x": np.array([0.1, 0.2], np.float32)}
    found = ours.binary32()["online_pca.inject"](**given, turn=0.5)
    assert found.dtype == np.float32
    exact = ours.binary64()["online_pca.inject"](
        **{name: value.astype(float) for name, value in given.items()}, turn=0.5
    )
    # Stored as binary32 it is the nearest; computed in it, a few roundings of numbers up to 1.
    eps = np.finfo(np.float32).eps
    np.testing.assert_allclose(found, exact, rtol=0, atol=eps / 2 if _compile.JIT else 4 * eps)


def test_every_piece_of_the_contract_answers():
    assert len(ours.PIECES) == 20
    assert set(ours.binary64()["methods"]) == {m.name for m in METHODS.values() if not m.solver}


def slices(params, number):
    """Grouped Newton's steps over the quartic x^4/4, the summaries by hand: (asked, positions)."""
    start, step = ours.binary64()["methods"]["grouped_newton"]
    asked, path, theta = [], [], np.array([number])
    state = start(theta, np.empty(0), **params)
    for _ in range(3):
        x = theta[0]

        def summary(direction, groups, x=x):
            asked.append((direction.copy(), groups))
            (u,) = direction
            return {
                "gradient": np.array([u * x**3]),
                "hessian": np.array([[3.0 * u**2 * x**2]]),
                "third": np.array([6.0 * u**3 * x]),
            }

        theta, state = step(state, theta, np.array([x**3]), summary, **params)
        path.append(theta[0])
    return asked, path


def test_grouped_newton_is_asked_along_its_direction_as_it_is():
    """Not along the scaled one; and the steps are those of the quartic's closed form."""
    asked, path = slices({"groups": 1, "strength": 1.0}, 2.0)
    factor = 1.0 - 2.0 / (3.0 + np.sqrt(21.0))
    # Some ten roundings a step, as of the method itself.
    np.testing.assert_allclose(path, 2.0 * factor ** np.arange(1.0, 4.0), rtol=1e-13)
    np.testing.assert_allclose([u[0] for u, _ in asked], [8.0, *np.power(path[:2], 3)], rtol=1e-15)
    assert [groups for _, groups in asked] == [[[0]]] * 3


def test_summaries_of_a_closed_loop_have_the_slopes_of_the_noise():
    """Second and third derivatives are exact, the first are those of the gradient that is seen."""
    function = python_side.laboratory()["rosenbrock"](2)
    theta, gradient = np.array([0.5, -1.0]), np.array([2.0, 3.0])
    given = python_side.sliced(function, theta, gradient)
    found = given["summary"](np.array([1.0, -2.0]), [[1], [0]])
    np.testing.assert_array_equal(found["gradient"], [-6.0, 2.0])
    H = function.hessian(theta)
    expected = [[4.0 * H[1, 1], -2.0 * H[0, 1]], [-2.0 * H[0, 1], H[0, 0]]]
    np.testing.assert_allclose(found["hessian"], expected, rtol=1e-13)
    # 100 (b - a^2)^2 has 2400 a as its third derivative by a, and none by b.
    np.testing.assert_allclose(found["third"], [0.0, 1200.0], rtol=1e-13)
    assert given["value"](theta) == function.value(theta)


def test_a_function_of_ones_own_gives_its_own_summary():
    own = {
        "summary": lambda theta, direction, groups: {
            "gradient": np.zeros(1),
            "hessian": np.ones((1, 1)),
            "third": np.ones(1),
        }
    }
    found = python_side.sliced(own, np.ones(2), np.ones(2))["summary"](np.ones(2), [[0, 1]])
    assert found["third"] == 1.0
    assert found["gradient"] == 2.0


def test_the_product_of_krylov_sfn_is_that_of_the_stream():
    """In the whole space it is the saddle-free step, whose matrix is at hand."""
    given = {"directions": np.empty(0), "stream": stream(3, 2, True)}
    given["start"] = given["stream"][0]["theta"]
    methods = ours.binary64()
    cut = {"div": 1.5, "cut": 0.5}
    krylov = list(python_side.replay(methods, "krylov_sfn", given, cut | {"dimension": 3}))
    exact = list(python_side.replay(methods, "sfn", given, cut))
    assert [step["count"] for step in krylov] == [1, 2]
    for found, expected in zip(krylov, exact, strict=True):
        theta = [python_side.values(step["theta"], np.float64) for step in (found, expected)]
        # Of order 1, with a Hessian whose eigenvalues lie between 1 and 2.
        np.testing.assert_allclose(*theta, rtol=0, atol=64 * np.finfo(np.float64).eps)
