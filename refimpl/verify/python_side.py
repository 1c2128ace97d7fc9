"""Answers for callables of Python, in a process of their own: what crashes there costs one case.

What is verified is named ``package.module:factory``. Calling the factory gives the
implementation: a dictionary, or an object with attributes, of

* callables under the names of the operations, such as ``"regression.update"``; an object may nest
  them, so that ``implementation.regression.update`` is found. Each is called with keyword
  arguments: those of `in` (float64 arrays, float32 where `dtype` is "binary32"; a state is a
  dictionary of its fields) and those of `params` (numbers). It returns a named tuple or a
  dictionary of the fields of `out`, or one number or array where the only field is `result`;
* ``methods``, for replays, trajectories and ensembles: name -> ``(start, step)``, with
  ``start(theta, directions, **params)`` -> state and ``step(state, theta, gradient, **params)`` ->
  ``(theta, state)``, with one more argument `hessian` for methods that need it. The state is a
  named tuple or a dictionary, nested ones included; in replays its fields are compared under dotted
  names;
  A method that asks for summaries of the loss is given, in place of `hessian`, the callable
  ``summary(direction, groups)`` -> dictionary of `gradient` (S,), `hessian` (S, S) and `third`
  (S,), and where the method watches the loss of its `value`, at this position and along the parts
  of this direction; `groups` are lists of indices. In a
  replay it hands out the stored numbers, which are along the method's own direction as it is. In a
  trajectory there is also the callable ``value(theta)``;
* ``functions``, optional, for trajectories and ensembles: name -> ``make``, with ``make(dimension,
  **data)`` -> an object or dictionary of callables `gradient`, `value` (for ensembles) and
  `hessian` (for methods that need it), each of a position, and of ``summary(theta, direction,
  groups)`` (for methods that need that). Those of `refimpl.functions` take the place of what is
  not there;
* ``name``, ``version`` and ``dtype``, optional; and ``without``, names of fields that its states do
  not keep, of ``protocol.OPTIONAL``.

An exception is an answer too, and the right one where the certified outcome is an error;
`NotImplementedError` skips the case. What the callables print goes to standard error.
"""

import importlib
import json
import operator
import os
import sys
import traceback

import numpy as np

from ..errors import VerificationError
from ..vectors import ENSEMBLE, GROUPS, REPLAY, TRAJECTORY, is_word
from . import protocol

DTYPES = {"binary64": np.float64, "binary32": np.float32}
REPLAYS = (REPLAY, protocol.FORCED)
OF_METHODS = (*REPLAYS, TRAJECTORY, ENSEMBLE)


def target(name):
    """The implementation that ``package.module:factory`` makes.

    Raises
    ------
    VerificationError
        If there is no such module or factory, or one of them raises.
    """
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise VerificationError(f"expected package.module:factory, got {name!r}")
    try:
        made = operator.attrgetter(path)(importlib.import_module(module))
        return made() if callable(made) else made
    except Exception as error:
        raise VerificationError(f"{name}: {type(error).__name__}: {error}") from error


def found(implementation, name, default=None):
    """Part of an implementation by its dotted name; `default` if it has none."""
    if isinstance(implementation, dict):
        return implementation.get(name, default)
    try:
        return operator.attrgetter(name)(implementation)
    except AttributeError:
        return default


def known_ops():
    """Operations of all certified cases."""
    from .. import vectors

    return sorted({case.op for case in vectors.cases()})


def ops(implementation):
    """Names of the operations that an implementation has."""
    as_dict = isinstance(implementation, dict)
    names = [name for name in implementation if "." in name] if as_dict else known_ops()
    having = [name for name in names if callable(found(implementation, name))]
    return having + (list(OF_METHODS) if found(implementation, "methods") else [])


def values(part, dtype):
    """Numbers as they are in a case, as floats, integers, arrays and dictionaries; names as such.

    Groups stay lists of indices.

    Examples
    --------
    >>> values({"theta": ["0x1.8p+0", "nan"], "D": 3}, np.float64)
    {'theta': array([1.5, nan]), 'D': 3}
    """
    if isinstance(part, dict):
        return {
            name: value if name == GROUPS else values(value, dtype) for name, value in part.items()
        }
    if isinstance(part, list):
        if any(isinstance(entry, dict) or entry is None for entry in part):
            return [values(entry, dtype) for entry in part]
        return np.array(_floats(part), dtype=dtype)
    if isinstance(part, str):
        return part if is_word(part) else float.fromhex(part)
    return part


def _floats(part):
    if isinstance(part, list):
        return [_floats(entry) for entry in part]
    return float.fromhex(part) if isinstance(part, str) else part


def hyperparameters(params):
    """As `values`, with Python's floats, and a pair as a tuple."""
    return {
        name: tuple(_floats(value)) if isinstance(value, list) else values(value, np.float64)
        for name, value in params.items()
    }


def fields(answer, prefix=""):
    """An answer as a flat dictionary: nested tuples and dictionaries under dotted names.

    Raises
    ------
    TypeError
        For a plain tuple, whose parts have no names.

    Examples
    --------
    >>> fields({"line": {"weight": 1.0}, "momentum": 2.0})
    {'line.weight': 1.0, 'momentum': 2.0}
    """
    if hasattr(answer, "_asdict"):
        answer = answer._asdict()
    if isinstance(answer, dict):
        flat = {}
        for name, value in answer.items():
            flat |= fields(value, f"{prefix}{name}.")
        return flat
    if isinstance(answer, tuple):
        raise TypeError("a tuple has no names: return a named tuple or a dictionary of the fields")
    return {prefix.removesuffix(".") or "result": answer}


def rebuilt(template, flat, prefix=""):
    """A state like the template with its numbers from a flat dictionary."""
    if isinstance(template, dict):
        return {name: rebuilt(value, flat, f"{prefix}{name}.") for name, value in template.items()}
    if hasattr(template, "_fields"):
        return type(template)(**rebuilt(template._asdict(), flat, prefix))
    return flat[prefix.removesuffix(".")]


def plain(value):
    """A number, a word or an array as JSON holds it; floats as hexadecimal strings."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        value = float(value)
        return value.hex() if np.isfinite(value) else str(value)
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or array.ndim == 0:
        raise TypeError(f"expected numbers, got {type(value).__name__}")
    return [plain(entry) for entry in array]


def answer(implementation, case, dtype):
    """The `out` of one case.

    Raises
    ------
    NotImplementedError
        If the implementation has no such operation or method.
    """
    given, params = values(case["in"], dtype), hyperparameters(case["params"])
    if case["op"] in REPLAYS:
        return {"steps": list(replay(implementation, case["method"], given, params))}
    if case["op"] == TRAJECTORY:
        made = function_of(implementation, given["function"], given["start"].size, given["data"])
        positions = closed_loop(implementation, case["method"], made, given, params)
        return {"steps": [{"theta": plain(theta)} for theta in positions]}
    if case["op"] == ENSEMBLE:
        made = ends(implementation, case["method"], given, params)
        return {name: plain(value) for name, value in made.items()}
    call = found(implementation, case["op"])
    if call is None:
        raise NotImplementedError(f"no operation {case['op']!r}")
    made = fields(call(**given, **params))
    return {name: plain(value) for name, value in made.items()}


def method_of(implementation, name):
    """Start and step of a method by its name.

    Raises
    ------
    NotImplementedError
        If the implementation has no such method.
    """
    methods = found(implementation, "methods", {})
    if name not in methods:
        raise NotImplementedError(f"no method {name!r}")
    return methods[name]


def laboratory():
    """What makes the functions of this package from a dimension and their data."""
    from .. import functions

    return {
        "beale": lambda dimension: functions.beale,
        "rosenbrock": functions.rosenbrock,
        "quadratic": lambda dimension, **data: functions.quadratic(**data),
        "bounded_saddle": lambda dimension, **data: functions.bounded_saddle(**data),
    }


def function_of(implementation, name, dimension, data):
    """The function that a trajectory names: the implementation's own, or that of the laboratory.

    Raises
    ------
    NotImplementedError
        If neither has one of this name.
    """
    make = found(implementation, "functions", {}).get(name) or laboratory().get(name)
    if make is None:
        raise NotImplementedError(f"no function {name!r}")
    return make(dimension, **data)


def closed_loop(implementation, method, function, given, params):
    """The position after each step, the gradient taken at the one before, and noise added to it."""
    begin, step = method_of(implementation, method)
    theta = given["start"]
    dtype = theta.dtype
    state = begin(theta, given["directions"], **params)
    for noise in given["noise"]:
        seen = {"gradient": np.asarray(found(function, "gradient")(theta), dtype) + noise}
        if given["hessian"]:
            seen["hessian"] = np.asarray(found(function, "hessian")(theta), dtype)
        if given.get("summary"):
            seen |= sliced(function, theta, seen["gradient"])
        theta, state = step(state, theta, **seen, **params)
        # Another library's array may come back, as it may from a replay.
        # A copy, since some frameworks hand out what must not be written to.
        theta = np.array(theta, dtype)
        yield theta


def sliced(function, theta, gradient):
    """What a method may ask of the loss at a position: `summary` and `value`, by keywords."""
    dtype = theta.dtype
    own = found(function, "summary") or of_laboratory(function)

    def summary(direction, groups):
        derivatives = fields(own(theta, direction, groups))
        # The slopes are those of the gradient that is seen, noise included.
        slopes = [np.dot(direction[list(group)], gradient[list(group)]) for group in groups]
        derivatives["gradient"] = slopes
        names = ("value", "gradient", "hessian", "third")
        return {name: np.asarray(derivatives[name], dtype) for name in names if name in derivatives}

    return {"summary": summary, "value": lambda at: dtype.type(found(function, "value")(at))}


def of_laboratory(function):
    """``summary(theta, direction, groups)`` of a function of this package."""
    from ..runs.problem import as_problem

    def summary(theta, direction, groups):
        given = (np.asarray(part, np.float64) for part in (theta, direction))
        return as_problem(function).slice.summarize(*given, groups)

    return summary


def ends(implementation, method, given, params):
    """Of each run the function's value at the last position, that position, and how it moved."""
    starts = given["starts"]
    made = function_of(implementation, given["function"], starts.shape[1], given["data"])
    values, lasts = np.empty(len(starts), starts.dtype), np.empty_like(starts)
    moved = np.empty_like(values)
    for k, start in enumerate(starts):
        path = list(closed_loop(implementation, method, made, given | {"start": start}, params))
        lasts[k] = path[-1]
        values[k] = found(made, "value")(path[-1])
        moved[k] = np.mean(np.sum(np.diff([start, *path], axis=0) ** 2, axis=1))
    return {"value": values, "theta": lasts, "moved": moved}


def replay(implementation, method, given, params):
    """State and next position after each step of a stored stream; see `protocol` on `states`."""
    for theta, state in stepped(implementation, method, given, params):
        yield {name: plain(value) for name, value in (fields(state) | {"theta": theta}).items()}


def stepped(implementation, method, given, params):
    """The same as the implementation gives them."""
    start, step = method_of(implementation, method)
    state = start(given["start"], given["directions"], **params)
    states = given.get("states") or [None] * len(given["stream"])
    for seen, forced in zip(given["stream"], states, strict=True):
        if forced is not None:
            state = rebuilt(state, forced)
        if "summary" in seen:
            seen = seen | {"summary": lambda direction, groups, stored=seen["summary"]: stored}
        theta, state = step(state, **seen, **params)
        yield theta, state


def respond(implementation, message, dtype):
    """The reply to one message; None to `stop`."""
    if message["cmd"] != "run":
        return None
    reply = {"seq": message["seq"]}
    try:
        return reply | {"out": answer(implementation, message["case"], dtype)}
    except NotImplementedError as error:
        return reply | {"skipped": str(error) or "not implemented"}
    except Exception as error:
        return reply | {"errored": f"{type(error).__name__}: {error}{_raised(error)}"}


def _raised(error):
    """Where an exception was raised, in words; the innermost line that is a file of its own."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and os.path.isfile(frame.filename)
    ]
    if not frames:
        return ""
    frame = frames[-1]
    return f" ({os.path.basename(frame.filename)}, line {frame.lineno}, in {frame.name})"


def greet(name):
    """The implementation and the answer to `start`."""
    implementation = target(name)
    dtype = found(implementation, "dtype", "binary64")
    # By their own names too, such as numpy.float32.
    given = getattr(dtype, "__name__", dtype)
    dtype = {"float64": "binary64", "float32": "binary32"}.get(given, given)
    return implementation, {
        "protocol": protocol.PROTOCOL,
        "name": str(found(implementation, "name", name)),
        "version": str(found(implementation, "version", "")),
        "language": f"Python {sys.version.split()[0]}",
        "dtype": dtype,
        "ops": ops(implementation),
        "without": list(found(implementation, "without", ())),
    }


def main(name):
    """Speak the protocol for one implementation until `stop` or the end of the input."""
    # The conversation keeps the standard streams for itself.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def say(message):
        out.write(protocol.line(message))
        out.flush()

    implementation = None
    for raw in source:
        message = json.loads(raw)
        if message["cmd"] == "start":
            try:
                implementation, hello = greet(name)
            except VerificationError as error:
                say({"protocol": protocol.PROTOCOL, "errored": str(error)})
                return
            dtype = DTYPES.get(hello["dtype"])
            say(hello)
            continue
        reply = respond(implementation, message, dtype)
        if reply is None:
            return
        say(reply)


if __name__ == "__main__":
    main(sys.argv[1])
