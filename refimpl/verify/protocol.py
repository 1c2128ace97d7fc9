"""Messages between the runner and an implementation: one JSON object a line.

The runner says ``{"cmd": "start", "protocol": 1}`` and is told who answers: `protocol`, `name`,
`version`, `language`, `dtype` ("binary64" or "binary32") and `ops`, the list of what it can do. A
program that does not keep some of `OPTIONAL` of the fields of a state says so in `without`, a list
of their last names; those are then compared only where it gives them all the same.
Then for each case ``{"cmd": "run", "seq": 17, "case": {"id", "op", "params", "in"}}``, answered by
``{"seq": 17, "out": {...}}``, ``{"seq": 17, "skipped": "why"}`` or ``{"seq": 17, "errored":
"message"}``; at last ``{"cmd": "stop"}``, upon which the program exits with 0. Numbers go out as
hexadecimal strings, integers and booleans as such; they come back as JSON numbers, hexadecimal
strings, "nan", "inf" or "-inf". A state has dotted names, ``"line.C_gg"``; an answer may nest it.
No key stands twice in one object, and each question has one answer.

A case of a whole method also names its ``method``, and its ``out`` depends on the op:

* "replay": ``in`` holds ``start``, ``directions`` and ``stream``, for each step ``theta``,
  ``gradient`` and for some methods ``hessian``; ``out`` is ``{"steps": [...]}``, for each step the
  fields of the state after it and ``theta``, the next position. For grouped Newton each step of
  the stream also has ``summary``: ``gradient`` (S,), ``hessian`` (S, S) and ``third`` (S,), and
  ``value`` where a damping watches the loss, the derivatives along the parts of the step's own
  direction as it is, in the groups of the parameters,
  where the S groups are lists of indices or a number of consecutive blocks, the first ones longer.
* "replay-forced": the same with ``states``: before each step the program takes the given state in
  place of its own (null at the first step: its own start).
* "trajectory": ``in`` names a ``function`` with its ``data``, the ``start``, ``directions`` and the
  ``noise``, a row for each step. At its own position the program takes the exact gradient, adds the
  row, and makes a step; ``hessian`` says whether the method takes the exact Hessian there as well.
  ``out`` is ``{"steps": [{"theta": [...]}, ...]}``, the position after each step. Where ``summary``
  is true the method takes the summary along its direction there, and the safeguarded one the value
  at the positions it tries: both without noise, but for the slopes ``u_s . g`` of the summary,
  which are those of the gradient with its noise.
* "ensemble": the same with ``starts`` in place of ``start``, a row for each run. All runs see the
  same noise; ``out`` has, of each run, ``value``, the function's value at the last position,
  ``theta``, that position, and ``moved``, the mean square of the lengths of its steps.

The functions are "beale" and "rosenbrock" without data, "quadratic" with ``spectrum``, and
"bounded_saddle" with ``spectrum`` and ``c``, the last two with or without ``rotation``.
"""

import json
from typing import NamedTuple

from ..vectors import OF_METHODS, is_word
from .compare import ARITHMETIC, BINARY64, DEEPEST, rounded

PROTOCOL = 1
FORCED = "replay-forced"
# More than any case needs: a matrix of 500 x 500 entries.
LONGEST_LINE = 8_000_000
MOST_STANDARD_ERROR = 8_000_000
# Fields of a state without which a method can be written; positions, directions and what is between
# them are always compared.
OPTIONAL = (
    *("weight", "beta", "scale", "C_gg", "count", "decay1", "decay2", "unit", "opening"),
    *("mean_theta", "mean_gradient", "variance_theta", "variance_gradient", "missed", "met"),
    *("surprises", "largest", "move", "descent", "outcome", "evaluations"),
)
ANSWERS = ("out", "skipped", "errored")
# Of a field, dots included; no case has more than 40 characters.
LONGEST_NAME = 200


class Fault(Exception):
    """What a program did wrong, by name, and a sentence about it."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = name

    def __reduce__(self):
        return type(self), (self.name, self.args[0])


class Greeting(NamedTuple):
    """Who answers."""

    name: str
    version: str
    language: str
    dtype: str
    ops: tuple
    without: tuple = ()  # of OPTIONAL


def question(seq, case, forced=False, arithmetic=BINARY64):
    """The message that puts a case, without its certified outputs."""
    put = {"id": case.id, "op": case.op, "params": case.params, "in": case.inputs}
    if case.op in OF_METHODS:
        put["method"] = case.method
    if forced:
        put["op"] = FORCED
        before = [
            {
                name: _hexadecimal(value, arithmetic)
                for name, value in step.items()
                if name != "theta"
            }
            for step in case.out["steps"][:-1]
        ]
        put["in"] = case.inputs | {"states": [None, *before]}
    return {"cmd": "run", "seq": seq, "case": put}


def _hexadecimal(value, arithmetic):
    """A certified value as the nearest float that the implementation can hold."""
    if isinstance(value, list):
        return [_hexadecimal(entry, arithmetic) for entry in value]
    if isinstance(value, bool | int) or (isinstance(value, str) and is_word(value)):
        return value
    number = rounded(float(value), arithmetic)
    return number.hex() if number - number == 0.0 else str(number)


def line(message):
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def shown(raw, most=60):
    """The beginning of what a program wrote, printable."""
    text = bytes(raw[: 4 * most]).decode("utf-8", "replace")
    cut = text[:most] + ("..." if len(raw) > most else "")
    return repr(cut)


def parsed(raw):
    """The object that a line holds.

    Raises
    ------
    Fault
        ``Garbage`` for anything else than one JSON object, ``DuplicateKey`` for one in which a name
        stands twice, ``BareNaN`` for what JSON has no word for.
    """
    try:
        message = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise Fault("Garbage", f"expected one JSON object on a line, got {shown(raw)}") from None
    if not isinstance(message, dict):
        raise Fault("Garbage", f"expected a JSON object, got {shown(raw)}")
    return message


def _once(pairs):
    """An object whose names differ: of two equal ones, parsers take which they like."""
    found = dict(pairs)
    if len(found) != len(pairs):
        seen = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise _duplicate(twice)
    return found


def _duplicate(name):
    return Fault("DuplicateKey", f"the key {clean(ascii(name), 60)} stands twice in one object")


def _no_constant(name):
    word = {"Infinity": "inf", "-Infinity": "-inf"}.get(name, "nan")
    raise Fault("BareNaN", f'{name} is not JSON; send it as the string "{word}"')


def clean(text, most=500):
    """A program's own words on one line, whatever it put into them."""
    line = "".join(c if c.isprintable() else " " for c in text[: most + 1]).strip()
    return line if len(text) <= most else f"{line[:most]}..."


def greeting(message):
    """Who answers, checked.

    Raises
    ------
    Fault
        ``Malformed`` where a field is missing or not what it should be, ``WrongProtocol``.
    """
    if message.get("protocol") != PROTOCOL:
        raise Fault(
            "WrongProtocol",
            f"the runner speaks {PROTOCOL}, the program {clean(ascii(message.get('protocol')))}",
        )
    for name in ("name", "version", "language", "dtype"):
        if not isinstance(message.get(name), str):
            raise Fault("Malformed", f"the answer to start needs {name!r}, a string")
    if message["dtype"] not in ARITHMETIC:
        raise Fault(
            "Malformed",
            f"dtype must be one of {', '.join(ARITHMETIC)}, not {clean(ascii(message['dtype']))}",
        )
    ops = message.get("ops")
    if not isinstance(ops, list) or not all(isinstance(op, str) for op in ops):
        raise Fault("Malformed", "the answer to start needs 'ops', a list of names")
    without = message.get("without", [])
    if not isinstance(without, list) or not all(name in OPTIONAL for name in without):
        raise Fault("Malformed", f"'without' must be a list of names among {', '.join(OPTIONAL)}")
    said = (clean(message[name]) for name in ("name", "version", "language", "dtype"))
    return Greeting(*said, tuple(ops), tuple(without))


def answer(message, seq):
    """Kind and content of the answer to a question.

    Raises
    ------
    Fault
        ``OutOfOrder`` for the answer to another question, ``Malformed`` for one that is not exactly
        one of `out`, `skipped` and `errored`.
    """
    if message.get("seq") != seq or isinstance(message.get("seq"), bool):
        raise Fault(
            "OutOfOrder",
            f"expected the answer to seq {seq}, got that to {clean(ascii(message.get('seq')))}",
        )
    kinds = [kind for kind in ANSWERS if kind in message]
    if len(kinds) != 1:
        raise Fault(
            "Malformed", f"expected exactly one of {', '.join(ANSWERS)}, got {kinds or 'none'}"
        )
    (kind,) = kinds
    content = message[kind]
    wanted = dict if kind == "out" else str
    if not isinstance(content, wanted):
        what = "an object" if wanted is dict else "a string"
        raise Fault("Malformed", f"{kind!r} must be {what}")
    return kind, _dotted(content) if kind == "out" else clean(content)


def _dotted(content):
    """An answer whose nested objects have become dotted names, in each step of a replay too.

    Raises
    ------
    Fault
        ``Malformed`` for names that no case has, since they are so long or so deep that they could
        fill the memory; ``DuplicateKey`` for a dotted name beside a nested object of that name.
    """
    flat = {}
    for name, value in _named(content, "", 0):
        if name in flat:
            raise _duplicate(name)
        if name == "steps" and isinstance(value, list):
            value = [_dotted(step) if isinstance(step, dict) else step for step in value]
        flat[name] = value
    return flat


def _named(content, prefix, depth):
    if depth == DEEPEST:
        raise Fault("Malformed", f"objects nested more than {DEEPEST} deep")
    for last, value in content.items():
        name = f"{prefix}{last}"
        if len(name) > LONGEST_NAME:
            raise Fault(
                "Malformed", f"a name of more than {LONGEST_NAME} characters: {clean(name, 60)}"
            )
        if isinstance(value, dict):
            yield from _named(value, f"{name}.", depth + 1)
        else:
            yield name, value
