"""The pieces in binary32: nothing in them is wider, and nothing outside them changes."""

import sys

import numpy as np
import pytest

import refimpl
from refimpl import optimizers, repulsion, vectors
from refimpl.errors import NotFiniteError
from refimpl.verify import compare, ours, protocol, python_side, single

pytestmark = [pytest.mark.numerics, pytest.mark.once]

# A replay repeats itself.
STEPS = 4
# Taylor polynomials are binary64 whatever they are given: these have binary32 at their doors only.
TAYLOR = ("summary.summarize", "taylor.expand")


def implementation():
    """Our pieces as binary32 without the compiler; also where the compiler is on."""
    modules = single.modules(*ours.MODULES)
    return ours._implementation(modules, "binary32", np.float32, ours.computed)


def is_wide(value):
    if isinstance(value, tuple):
        return any(map(is_wide, value))
    if type(value) is float:
        return np.isfinite(value) and float(np.float32(value)) != value
    return getattr(value, "dtype", None) == np.float64


def within(frame, function):
    """Whether a frame is that of a function, or of what it calls."""
    while frame is not None and frame.f_code is not function.__code__:
        frame = frame.f_back
    return frame is not None


def spied(answering, cases):
    """What is binary64 among all local and returned values of the package's texts, line by line.

    Returns (file, function, name) of each, and the names of the functions that were seen.
    """
    wide, seen = set(), set()

    def look(frame, event, argument):
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] != "refimpl" or module.startswith("refimpl.verify"):
            return None
        if within(frame, optimizers.bind):
            # Hyperparameters are checked as they came, and handed on as binary32.
            return None
        seen.add(frame.f_code.co_name)
        found = dict(frame.f_locals)
        if event == "return":
            found["return"] = argument
        wide.update((module, frame.f_code.co_name, k) for k, v in found.items() if is_wide(v))
        return look

    before = sys.gettrace()
    for case in cases:
        if case.method:
            stream = case.inputs["stream"][:STEPS]
            case = case._replace(inputs=case.inputs | {"stream": stream})
        message = protocol.question(0, case)
        sys.settrace(look)
        try:
            python_side.respond(answering, message, np.float32)
        finally:
            sys.settrace(before)
    return wide, seen


@pytest.fixture(scope="module")
def cases():
    """Several cases of each operation, one of each method, but for Taylor polynomials."""
    by_op = {}
    for case in vectors.cases():
        if case.binary32 and case.op not in (*vectors.CLOSED_LOOP, *TAYLOR):
            by_op.setdefault(case.method or case.op, []).append(case)
    return [case for found in by_op.values() for case in found[:: max(1, len(found) // 6)]]


@pytest.mark.slow
def test_nothing_is_wider_than_binary32(cases):
    wide, seen = spied(implementation(), cases)
    assert wide == set()
    # Down to the innermost loops of every piece.
    assert {"eigh", "rotate", "_blend", "straighten", "_angle", "lanczos", "quotient"} <= seen


@pytest.mark.slow
@pytest.mark.parametrize("op", TAYLOR)
def test_taylor_polynomials_are_left_out_for_a_reason(op):
    """What is wider there lies in Taylor arithmetic and around it, and in none of the pieces."""
    found = [case for case in vectors.cases("summary") if case.op == op and case.binary32]
    found = [case for case in found if "error" not in case.out]
    for case in found[:: len(found) // 6]:
        wide = {module for module, *_ in spied(implementation(), [case])[0]}
        assert "refimpl.taylor.array" in wide
        assert wide.isdisjoint(f"refimpl.{name}" for name in ours.MODULES)


@pytest.mark.slow
def test_the_spy_sees_numbers_of_python(cases, monkeypatch):
    """Negative control: roots of the module math as it is have 53 bits, and are found."""
    monkeypatch.setattr(single, "single", lambda value: value)
    wide, _ = spied(implementation(), cases)
    assert {("refimpl.qr_step", "_angle", "c"), ("refimpl.qr_step", "_angle", "return")} <= wide


def test_arrays_of_the_default_type_are_refused(monkeypatch):
    monkeypatch.setattr(single, "MAKERS", ())
    with pytest.raises(single.WidePrecisionError, match="eye gave binary64 of binary32"):
        single.modules("repulsion").repulsion.newton(np.float32([[3.0]]), np.float32([1.0]))


def test_nothing_else_has_changed():
    """The modules of everybody else are as before, and errors are the same classes."""
    before = dict(sys.modules)
    found = single.modules("repulsion")
    assert sys.modules == before
    assert found.repulsion is not repulsion
    assert refimpl.repulsion is repulsion
    assert repulsion.np is np
    eps = np.finfo(np.float64).eps, np.finfo(np.float32).eps
    assert eps == (repulsion.EPS, found.repulsion.EPS)
    with pytest.raises(NotFiniteError):
        found.repulsion.newton(np.float32([[np.nan]]), np.float32([1.0]))


def test_thresholds_have_to_be_of_the_same_precision(monkeypatch):
    """With the eps of binary64, what rounding leaves of an eigenvalue 0 counts as curvature."""
    monkeypatch.setattr(
        single.SinglePrecision, "finfo", lambda self, kind: np.finfo(np.float64), raising=False
    )
    wrong = implementation()
    verdicts = {}
    for case in vectors.cases("repulsion", flags=["rank-deficient"]):
        if case.op == "repulsion.newton" and case.binary32:
            reply = python_side.respond(wrong, protocol.question(0, case), np.float32)
            judged = compare.judge(case, reply["out"], compare.BINARY32)
            verdicts[case.id] = compare.verdict(judged)
    assert set(verdicts.values()) == {compare.PASS, compare.FAIL}
