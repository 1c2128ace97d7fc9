"""What a case must be: its keys, its numbers in their forms, answers that fit its question."""

from ..errors import VectorError
from .cases import (
    CLOSED_LOOP,
    COMPARATORS,
    DECIMAL,
    DISTRIBUTION,
    ENSEMBLE,
    FEWEST,
    GROUPS,
    HEXADECIMAL,
    IDENTIFIER,
    NAME,
    OF_METHODS,
    OF_STEPS,
    REPLAY,
    SPECIAL,
    TRAJECTORY,
    WORDS,
    Case,
    digest,
)

_CASE = {"id": str, "op": str, "flags": list, "binary32": bool, "params": dict, "in": dict}
_ANSWER = {"out": dict, "compare": dict, "kappa": dict, "K": dict}


def kind_of(value):
    """What a value of JSON is, in words."""
    names = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "a boolean",
        int: "an integer",
    }
    return names.get(type(value), "a number" if isinstance(value, float) else "null")


def expect_keys(part, required, optional, where):
    """Refuse an object without a required key, with one of another kind, or with a foreign one."""
    for key, kind in required.items():
        if key not in part:
            raise VectorError(f"{where(key)}: the key {key!r} is missing")
        if type(part[key]) is not kind:
            raise VectorError(
                f"{where(key)}: {key!r} is {kind_of(part[key])}, which it must not be"
            )
    for key in part:
        if key not in required and key not in optional:
            raise VectorError(f"{where(key)}: unknown key {key!r}")


def checked(document, entry, number):
    """The case that a line of the file holds.

    Raises
    ------
    VectorError
        With the case and what is wrong.
    """
    if not isinstance(entry, dict):
        raise VectorError(f"expected an object, got {kind_of(entry)}")
    name = entry.get("id")

    def where(key):
        return f"case {name!r}"

    error = isinstance(entry.get("out"), dict) and set(entry["out"]) == {"error"}
    required = _CASE | ({"out": dict} if error else _ANSWER)
    expect_keys(entry, required, {"sha256", "scale", "method", "compare", "kappa", "K"}, where)
    if not IDENTIFIER.fullmatch(name):
        raise VectorError(f"id {name!r}: expected lower-case letters, digits, '-', '_' and '.'")
    # First of all, since everything else is a consequence.
    if "sha256" in entry and entry["sha256"] != digest(entry):
        raise VectorError(
            f"case {name!r} does not agree with its digest: it was changed after it was certified"
        )
    if not entry["flags"]:
        raise VectorError(f"case {name!r} has no flag")
    for flag in entry["flags"]:
        if flag not in document["notes"]:
            raise VectorError(f"case {name!r}: the flag {flag!r} is not described in the notes")
    if (entry["op"] in OF_METHODS) != ("method" in entry):
        raise VectorError(
            f"case {name!r}: a replay, trajectory or ensemble, and nothing else, names its method"
        )
    _check_inputs(entry["params"], f"case {name!r}, params")
    inputs = entry["in"]
    if entry["op"] in CLOSED_LOOP:
        inputs = _check_closed_loop(entry, f"case {name!r}")
    _check_inputs(inputs, f"case {name!r}, in")
    if not error:
        _check_answer(entry, f"case {name!r}")
    elif not isinstance(entry["out"]["error"], str):
        raise VectorError(f"case {name!r}: the error must be a name")
    return Case(
        family=document["family"],
        id=name,
        op=entry["op"],
        flags=tuple(entry["flags"]),
        binary32=entry["binary32"],
        method=entry.get("method", ""),
        params=entry["params"],
        inputs=entry["in"],
        out=entry["out"],
        compare=entry.get("compare", {}),
        kappa=entry.get("kappa", {}),
        K=entry.get("K", {}),
        scale=entry.get("scale", {}),
        line=number,
    )


def _shape(value, where):
    """Shape of nested lists, which must be rectangular."""
    if not isinstance(value, list):
        return ()
    shapes = {_shape(entry, where) for entry in value}
    if len(shapes) > 1:
        raise VectorError(f"{where}: rows of different shapes")
    return (len(value), *(shapes.pop() if shapes else ()))


def _check_inputs(value, where):
    """Hexadecimal floats, integers, booleans, null, and lists and objects of them; a few words."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if key in WORDS and isinstance(entry, str):
                _check_word(entry, f"{where}.{key}")
            elif key == GROUPS and isinstance(entry, list):
                _check_groups(entry, f"{where}.{key}")
            else:
                _check_inputs(entry, f"{where}.{key}")
    elif isinstance(value, list):
        if any(isinstance(entry, dict) for entry in value):
            for k, entry in enumerate(value):
                _check_inputs(entry, f"{where}[{k}]")
        else:
            _shape(value, where)
            for entry in value:
                _check_inputs(entry, where)
    elif isinstance(value, str):
        if value not in SPECIAL and not HEXADECIMAL.fullmatch(value):
            raise VectorError(f"{where}: expected a hexadecimal float, got {value!r}")
    elif isinstance(value, float):
        raise VectorError(f"{where}: expected a hexadecimal float as a string, got {value!r}")


def _check_word(value, where):
    if not NAME.fullmatch(value) or value in SPECIAL:
        raise VectorError(f"{where}: expected a name in lower-case letters, got {value!r}")


def _check_groups(groups, where):
    for s, group in enumerate(groups):
        if not isinstance(group, list) or any(type(index) is not int for index in group):
            raise VectorError(f"{where}[{s}]: expected a list of indices, got {group!r}")


def _check_closed_loop(entry, where):
    """The inputs besides the name of the function, which is the only word among them."""
    given = entry["in"]
    name = given.get("function")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise VectorError(f"{where}: in must name its function, in lower-case letters")
    first = "start" if entry["op"] == TRAJECTORY else "starts"
    kinds = {"data": dict, first: list, "directions": list, "noise": list, "hessian": bool}
    for key, kind in kinds.items():
        if type(given.get(key)) is not kind:
            raise VectorError(f"{where}: in needs {key!r}, {kind_of(kind())}")
    if not given["noise"]:
        raise VectorError(f"{where}: there is no step")
    return {key: value for key, value in given.items() if key != "function"}


def _check_decimals(value, exact, where):
    if isinstance(value, list):
        for entry in value:
            _check_decimals(entry, exact, where)
    elif isinstance(value, str):
        if value not in SPECIAL and not exact and not DECIMAL.fullmatch(value):
            raise VectorError(f"{where}: expected a decimal number as a string, got {value!r}")
    elif isinstance(value, bool | int):
        if not exact:
            raise VectorError(f"{where}: {kind_of(value)} needs the comparator 'exact'")
    else:
        raise VectorError(f"{where}: expected decimal numbers as strings, got {kind_of(value)}")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_distribution(entry, value, where):
    if not isinstance(value, list) or len(value) != len(entry["in"]["starts"]):
        raise VectorError(f"{where}: expected one number for each of the starts")
    if len(value) < FEWEST:
        raise VectorError(f"{where}: expected at least {FEWEST} runs, got {len(value)}")


def _check_answer(entry, where):
    stepwise = entry["op"] in OF_STEPS
    if stepwise:
        steps = entry["out"].get("steps")
        if set(entry["out"]) != {"steps"} or not isinstance(steps, list) or not steps:
            raise VectorError(f"{where}: the output of a {entry['op']} is a list of steps")
        key, what = ("stream", "gradients") if entry["op"] == REPLAY else ("noise", "rows")
        source = entry["in"].get(key)
        if not isinstance(source, list) or len(source) != len(steps):
            raise VectorError(f"{where}: expected as many steps as the {key} has {what}")
    else:
        steps = [entry["out"]]
    fields = list(entry["compare"])
    if not fields:
        raise VectorError(f"{where}: nothing to compare")
    for t, step in enumerate(steps):
        if not isinstance(step, dict) or list(step) != fields:
            raise VectorError(f"{where}: out and compare must have the same fields in one order")
        for field, value in step.items():
            comparator = entry["compare"][field]
            if comparator not in COMPARATORS:
                raise VectorError(f"{where}.{field}: unknown comparator {comparator!r}")
            spot = f"{where}.{field}" + (f", step {t + 1}" if stepwise else "")
            if (comparator == DISTRIBUTION) != (entry["op"] == ENSEMBLE):
                raise VectorError(f"{spot}: distributions are those of an ensemble")
            if comparator == DISTRIBUTION:
                _check_distribution(entry, value, spot)
            if comparator == "one-of":
                if not isinstance(value, list) or not value:
                    raise VectorError(f"{spot}: one-of needs a list of alternatives")
                for alternative in value:
                    _shape(alternative, spot)
            else:
                _shape(value, spot)
            _check_decimals(value, comparator == "exact", spot)
    for key in ("kappa", "K"):
        if list(entry[key]) != fields:
            raise VectorError(f"{where}: {key} and compare must have the same fields in one order")
        for field, value in entry[key].items():
            if isinstance(value, list) != stepwise or (stepwise and len(value) != len(steps)):
                raise VectorError(
                    f"{where}.{field}: {key} is one number a field, a list over the steps where "
                    "there are some"
                )
            for number in value if stepwise else [value]:
                if not (_is_number(number) and number >= 1):
                    raise VectorError(
                        f"{where}.{field}: {key} must be a number of at least 1, got {number!r}"
                    )
    for field, number in entry.get("scale", {}).items():
        if not (field in fields and _is_number(number) and number > 0):
            raise VectorError(f"{where}: scale must give positive numbers for fields of out")
