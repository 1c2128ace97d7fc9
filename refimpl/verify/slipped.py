"""The package with one slip of the pen in its text, tried slip by slip: which gives a wrong answer?

It runs as a process of its own, as plain Python, beside the reference of `supposed`: there a
function's code is exchanged for that with the slip, some cases are put, and it is put back. A slip
is named only if it gives every number of the wrong quantity, and explains the other failures of
the operation as well, while what passes still does.

Long: the slips are of one kind each, and the search for them is one.
"""

import ast
import builtins
import contextlib
import functools
import importlib
import inspect
import json
import os
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .._compile import JIT, PACKAGE
from ..errors import VerificationError
from ..vectors import OF_STEPS, REPLAY, Case
from . import compare, protocol, python_side, resemblance, supposed
from .slips import slips

# Seconds of the processor for one case, and for all slips of a failure.
ONE, ALL = 5.0, 30.0
# A slip may take so many times what the text takes as it is, and at least so many seconds.
LONGER, LEAST_TIME = 10.0, 0.05
# Numbers of which fewer agree by accident, over all failures that are looked at.
LEAST = 3
# What no port writes: the border to Python, what only checks, what its library has.
NOT_READ = ("_", "verify", "vectors", "errors", "outcomes", "lanes", "runs", "optimizers/method")
NOT_READ += ("linear_algebra/finite", "linear_algebra/symmetric_eigen", "functions/function")
# A slip in what makes the class of series would outlive its trial.
NOT_READ += ("taylor/array",)
# Of the verification, what closes the loop.
CLOSING = ("closed_loop", "sliced", "ends", "summary")
# What is judged by operations of its own, and is right where a method alone is wrong.
PIECES = ("regression", "online_pca", "qr_step", "repulsion")


# Roundings of a consequence, in those of what it follows from.
CONSEQUENCE = 1e3
# Of an error, how much may be missed; of the unit roundoff, how little means nothing.
SHARE, ROUNDINGS = 1e-3, 2.0**8
# Of an error, how much must be told by what is compared, at least.
TOLD = 0.25


class Failed(NamedTuple):
    """The quantity that failed, and the step; 0 where there are none."""

    field: str
    step: int


class _Failure(NamedTuple):
    """A case cut to what matters, the quantity, what the program gave for it, and what is right."""

    brief: Case  # up to the step that failed
    case: Case
    failed: Failed
    wanted: np.ndarray
    right: np.ndarray
    answer: dict
    near: float  # share of the largest entry
    seconds: float  # that a slip may take
    alone: tuple | None  # the step that failed, from the program's state before it


def found(message):
    """What of the slips gives the answers of a message: sentences, each with its statement.

    Parameters
    ----------
    message : dict
        `failures` (list of `case`, `answer`, `failed`), of which the first is to be explained,
        `passes` (cases), `arithmetic`.

    Returns
    -------
    list of dict
        `words`, `file` and `line`; None where the time was over before all slips were tried.

    Raises
    ------
    VerificationError
        If a slip has outlived its trial, so that nothing that was tried after it counts.
    """
    arithmetic = message["arithmetic"]
    _implementation()
    failures = [_failure(given, arithmetic) for given in message["failures"]]
    if not failures or failures[0] is None:
        return []
    first, *others = [one for one in failures if one is not None]
    case = first.case
    # What is put soonest is the smallest.
    failures = sorted([first, *others], key=lambda one: len(str(one.case.inputs)))
    distinct = {x for one in failures for x in one.wanted[one.wanted != one.right]}
    if len(distinct) < LEAST:
        return []
    passes = [_case(given) for given in message["passes"]]
    end = time.process_time() + ALL
    functions, right = list(_entered(case)), _answer(case)
    # Of the formulas first: what a name does instead is mostly one of these in other words.
    for of_names in (False, True):
        kept = []
        for name, function, values in functions:
            near = functools.partial(_neighbours, function)
            kind = functools.partial(_kind, values)
            usual = functools.partial(_default, values)
            for slip in slips(_text(function), near, kind, usual, of_names):
                if time.process_time() > end:
                    return None
                with _installed(function, slip.code):
                    if (
                        all(_may_explain(one) for one in failures)
                        and all(_explains(one) for one in failures)
                        and all(_holds(one, arithmetic) for one in passes)
                    ):
                        kept.append({"words": slip.words, "file": name, "line": slip.statement})
            if _answer(case) != right:
                raise VerificationError(f"slipped: {name} does not come back from a slip")
        if kept:
            return kept
    return []


def _value(values, name):
    """What a dotted name stood for when the function returned; None if for nothing."""
    head, *parts = name.split(".")
    value = values.get(head)
    for part in parts:
        value = getattr(value, part, None)
    return value


def _kind(values, name):
    """Type and shape of that, "number" for a real one."""
    value = _value(values, name)
    if isinstance(value, float | np.floating):
        return "number"
    if value is None:
        return None
    return type(value).__name__, np.shape(value) if isinstance(value, np.ndarray) else ()


def _default(values, name):
    """The number that a hyperparameter of this name is by default, where it is another here."""
    owner, _, last = name.rpartition(".")
    usual = getattr(_value(values, owner), "_field_defaults", {}).get(last)
    known = isinstance(usual, float) and usual != _value(values, name)
    return usual if known and np.isfinite(usual) else None


def _case(given):
    return Case(**given)


def _failure(given, arithmetic):
    case, failed = _case(given["case"]), Failed(**given["failed"])
    short = supposed.shortened(case, failed.step)
    wanted = supposed.wanted_of(short, failed, given["answer"])
    right = supposed.wanted_of(short, failed, short.out)
    if wanted is None or right is None or wanted.shape != right.shape:
        return None
    size = np.max(np.abs(wanted), initial=0.0)
    error = np.max(np.abs(wanted - right), initial=0.0)
    unit = compare.ARITHMETIC[arithmetic].unit
    # A slip that makes a small error must give that error to some digits.
    near = max(min(resemblance.NEAR[arithmetic], SHARE * error / size), ROUNDINGS * unit)
    if near * size > TOLD * error:
        return None
    brief = supposed.shortened(case, failed.step, beyond=0)
    begun = time.process_time()
    _answer(short)
    seconds = min(max(LONGER * (time.process_time() - begun), LEAST_TIME), ONE)
    alone = _alone(case, failed, given["answer"])
    found = _Failure(brief, short, failed, wanted, right, given["answer"], near, seconds, alone)
    # From a state that is wrong already, or lacks a field, a step by itself shows nothing.
    return found if alone is None or _toward(found, right) else found._replace(alone=None)


def _alone(case, failed, answer):
    """The step that failed, as `python_side.stepped` takes it: from the program's state before it.

    None where it is the first, or there is no such state.
    """
    if case.op != REPLAY or failed.step < 2:
        return None
    before = {k: v for k, v in answer["steps"][failed.step - 2].items() if k != "theta"}
    stream = [case.inputs["stream"][failed.step - 1]]
    inputs = case.inputs | {"stream": stream, "states": [before]}
    try:
        given = python_side.values(inputs, np.float64)
    except (TypeError, ValueError):
        return None
    for array in _arrays(given):
        # It is put many times.
        array.setflags(write=False)
    return given, python_side.hyperparameters(case.params)


def _arrays(part):
    if isinstance(part, np.ndarray):
        yield part
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _arrays(inner)


def _may_explain(failure):
    """One step in place of all, which most slips fail already."""
    return failure.alone is None or _toward(failure, failure.wanted)


def _toward(failure, aim):
    """Whether the step by itself leads near one of both, the wrong and the right."""
    method, field = failure.case.method, failure.failed.field
    try:
        with _limited(failure.seconds):
            steps = python_side.stepped(_implementation(), method, *failure.alone)
            theta, state = next(steps)
            made = (python_side.fields(state) | {"theta": theta})[field]
            made = np.array(made, float).ravel()
    except (Exception, _TooLong):
        return False
    if made.size > failure.wanted.size:
        return False
    error = np.max(np.abs(failure.wanted[: made.size] - failure.right[: made.size]), initial=0.0)
    return bool(np.max(np.abs(made - aim[: made.size]), initial=0.0) <= TOLD * error)


def _explains(failure):
    """Whether the package gives the wrong quantity now, and what is beside it."""
    return _gives(failure, failure.brief) and (
        failure.brief is failure.case or _gives(failure, failure.case)
    )


def _gives(failure, case):
    given = _answer(case, failure.seconds)
    made = None if given is None else supposed.wanted_of(case, failure.failed, given)
    if made is None:
        return False
    # Of some steps, these are the first; of anything else a part proves nothing.
    if case.op not in OF_STEPS and made.size != failure.wanted.size:
        return False
    wanted = failure.wanted[: made.size]
    if not resemblance.close(made, wanted, failure.near):
        return False
    beside = _beside(failure, given, failure.answer)
    return all(_same(mine, its, CONSEQUENCE * failure.near) for mine, its in beside)


def _beside(failure, given, answer):
    """The other quantities of the step, or of the answer, of the package and of the program."""
    step = failure.failed.step
    for name in failure.case.compare:
        parts = (given["steps"][step - 1], answer["steps"][step - 1]) if step else (given, answer)
        if name != failure.failed.field and all(name in part for part in parts):
            yield parts[0][name], parts[1][name]


def _same(mine, its, near):
    """Whether two quantities are the same but for what rounding makes of a consequence."""
    if mine == its:
        return True
    try:
        mine, its = (np.array(compare.flat(x, supposed.read)[1], float) for x in (mine, its))
    except (ValueError, TypeError, compare.Unfit, ArithmeticError):
        return False
    if mine.shape != its.shape:
        return False
    return np.array_equal(mine, its, equal_nan=True) or resemblance.close(mine, its, near)


def _holds(case, arithmetic):
    given = _answer(case)
    if given is None:
        return "error" in case.out
    if "error" in case.out:
        return False
    judged = compare.judge(case, given, compare.ARITHMETIC[arithmetic])
    return compare.verdict(judged) != compare.FAIL


class _TooLong(BaseException):
    """A slip whose loop does not end."""


def _interrupt(*_):
    raise _TooLong


@contextlib.contextmanager
def _limited(seconds):
    """A limit of the processor's time: a busy machine changes nothing."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def _answer(case, limit=ONE):
    """What the package answers as it is at this moment; None if it raises or does not end."""
    put = {"op": case.op, "params": case.params, "in": case.inputs, "method": case.method}
    try:
        with _limited(limit):
            return json.loads(json.dumps(python_side.answer(_implementation(), put, np.float64)))
    except (Exception, _TooLong):
        return None


@functools.cache
def _implementation():
    from . import ours

    return ours.binary64()


# ------------------------------------------------------------------------- functions of the text


def _entered(case):
    """Files and functions of the readable text that a case runs, with their values at the end."""
    seen = {}

    def look(frame, event, argument):
        if event == "call":
            seen.setdefault(frame.f_code, {})
        elif event == "return" and frame.f_code in seen:
            # A call may return before it has made them all.
            seen[frame.f_code] = dict(frame.f_locals) | seen[frame.f_code]

    sys.setprofile(look)
    try:
        _answer(case)
    finally:
        sys.setprofile(None)
    known = _functions()
    for code, values in seen.items():
        name = _file(code)
        if code in known and _is_read(name, code, bool(case.method)):
            yield f"{name}.py", known[code], values


def _file(code):
    path = Path(code.co_filename)
    return path.relative_to(PACKAGE).with_suffix("").as_posix() if PACKAGE in path.parents else ""


def _is_read(name, code, of_method):
    if name == "verify/python_side":
        return code.co_name in CLOSING
    if not name or name.startswith(NOT_READ) or code.co_freevars:
        return False
    if name.startswith("functions/") and code.co_name == name.partition("/")[2]:
        # What makes a function of the laboratory knows its minima too.
        return False
    return not (of_method and name in PIECES) and "check" not in code.co_name


def _functions():
    """Code -> function, of all modules of the package that are loaded by now, and their tables."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == PACKAGE.name and module is not None:
            values = list(vars(module).values())
            for value in values + [v for held in values for v in _held(held)]:
                text = getattr(value, "py_func", value)
                if inspect.isfunction(text):
                    found[text.__code__] = text
    return found


def _held(value):
    """What a table holds, and what that wraps."""
    if isinstance(value, dict):
        for held in list(value.values()):
            yield held
            yield getattr(held, "__wrapped__", held)


@functools.cache
def _parsed(path):
    return ast.parse(Path(path).read_text("utf-8"))


@functools.cache
def _text(function):
    """The function's definition as it is parsed, without decorators and defaults."""
    code = function.__code__
    found = [node for node in ast.walk(_parsed(code.co_filename)) if _is_of(node, code)]
    if len(found) != 1:
        raise LookupError(code.co_name)
    (node,) = found
    if isinstance(node, ast.Lambda):
        body = ast.copy_location(ast.Return(node.body), node.body)
        return ast.copy_location(ast.FunctionDef("of_a_table", node.args, [body], []), node)
    node.decorator_list = []
    return node


def _is_of(node, code):
    """Whether a node is what a code was made of; of several on a line none is."""
    if isinstance(node, ast.Lambda):
        return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
    if not isinstance(node, ast.FunctionDef) or node.name != code.co_name:
        return False
    return min([node.lineno, *(d.lineno for d in node.decorator_list)]) == code.co_firstlineno


@contextlib.contextmanager
def _installed(function, code):
    before = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = before


def _neighbours(function, name, given):
    """Public functions beside the one of this name that take as many arguments, or fewer."""
    head, _, last = name.rpartition(".")
    owner = function.__globals__.get(head or last)
    if owner is None:
        return
    module = owner if inspect.ismodule(owner) else sys.modules.get(getattr(owner, "__module__", ""))
    if module is None or module.__name__.partition(".")[0] != PACKAGE.name:
        return
    for other, value in list(vars(module).items()):
        text = getattr(value, "py_func", value)
        if not inspect.isfunction(text) or text.__module__ != module.__name__ or other == last:
            continue
        if other.startswith("_") and head:
            continue
        parameters = inspect.signature(text).parameters.values()
        needed = sum(p.default is p.empty for p in parameters)
        whole = f"{head}.{other}" if head else other
        if other in function.__globals__ and not head and function.__globals__[other] is not value:
            continue
        if needed <= given and parameters and not hasattr(builtins, other):
            if not head:
                # It is called by its own name, which this text knows from then on.
                function.__globals__[other] = value
            yield whole, min(given, len(parameters))


# ------------------------------------------------------------------------------- the process


def _apart(call, message):
    """A call in a copy of the process, where there are such: there ends what a slip leaves."""
    if not hasattr(os, "fork"):
        return call(message)
    # So that the copy finds them loaded.
    _implementation()
    python_side.laboratory()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with os.fdopen(writing, "wb") as out:
                out.write(json.dumps(call(message)).encode())
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as result:
        said = result.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise VerificationError("slipped: the search ended before its time; see above")
    return json.loads(said)


def main():
    """Answer cases as `python_side` does, and which slips give an answer."""
    if JIT:
        raise SystemExit("slipped: the text itself runs with NUMBA_DISABLE_JIT=1 alone")
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, _interrupt)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    importlib.import_module("refimpl.verify.ours")
    implementation, hello = python_side.greet("refimpl.verify.ours:binary64")
    for raw in source:
        message = json.loads(raw)
        if message["cmd"] == "start":
            reply = hello
        elif message["cmd"] == "slips":
            try:
                reply = {"seq": message["seq"], "out": {"slips": _apart(found, message)}}
            except VerificationError as error:
                reply = {"seq": message["seq"], "errored": str(error)}
        else:
            reply = python_side.respond(implementation, message, np.float64)
        if reply is None:
            return
        out.write(protocol.line(reply))
        out.flush()
