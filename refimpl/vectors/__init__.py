"""Reference outputs: certified cases as data, by which any implementation can be verified.

A family is one JSON file in the folder ``v1`` beside this module: cases with inputs as hexadecimal
floats, outputs as decimals of 34 digits, and how much roundoff each output shows. There are three
tiers: single pieces; replays, a method's whole state over a stored stream of positions and
gradients; trajectories, a method's positions in closed loop with a named function, up to the step
at which roundoff leaves binary64 nothing to compare. Beyond that step there are ensembles, of which
only the distribution is compared. Data are read strictly and never executed. Chapter "Verifying
your own implementation" of the book.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

from .._outside import as_path
from ..errors import VectorError, unknown

SCHEMA = "refimpl-vectors/1"
FOLDER = Path(__file__).resolve().parent / "v1"

HEXADECIMAL = re.compile(r"-?0x[01]\.[0-9a-f]+p[+-][0-9]+")
DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
SPECIAL = ("nan", "inf", "-inf")
IDENTIFIER = re.compile(r"[a-z0-9]+([_.-][a-z0-9]+)*")
COMPARATORS = (
    "relative",
    "exact",
    "sign",
    "sign-rows",
    "sign-columns",
    "projector",
    "invariant:orthonormal-rows",
    "one-of",
    "distribution",
)
DISTRIBUTION = COMPARATORS[-1]
REPLAY, TRAJECTORY, ENSEMBLE = "replay", "trajectory", "ensemble"
# Operations that are a whole method; those whose output is a list of steps; those without a stream.
OF_METHODS = (REPLAY, TRAJECTORY, ENSEMBLE)
OF_STEPS = (REPLAY, TRAJECTORY)
CLOSED_LOOP = (TRAJECTORY, ENSEMBLE)
NAME = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
# Inputs that may be a word, a name of the suite's own.
WORDS = ("function", "direction")
# Indices, in lists of any lengths.
GROUPS = "groups"
# From so many values on the limit of the comparator of distributions is proved.
FEWEST = 458

_HEADER = {
    "schema": str,
    "family": str,
    "version": int,
    "page": str,
    "equations": list,
    "oracle": dict,
    "notes": dict,
    "withdrawn": list,
    "cases": list,
}
_CASE = {"id": str, "op": str, "flags": list, "binary32": bool, "params": dict, "in": dict}
_ANSWER = {"out": dict, "compare": dict, "kappa": dict, "K": dict}


def is_word(text):
    """Whether a string of a case is a name or an outcome, not a number.

    Examples
    --------
    >>> [is_word(text) for text in ("no-direction", "beale", "inf", "0x1.8p+1")]
    [True, True, False, False]
    """
    return bool(_WORD.fullmatch(text)) and text not in SPECIAL


class Case(NamedTuple):
    """One certified case, its numbers as they stand in the file."""

    family: str
    id: str
    op: str
    flags: tuple
    binary32: bool  # whether every input is exact in binary32
    method: str  # of a replay, trajectory or ensemble, else ""
    params: dict
    inputs: dict
    out: dict  # field -> certified value, in the order of computation
    compare: dict  # field -> comparator
    kappa: dict  # field -> condition of the problem; where there are steps, a list over them
    K: dict  # field -> roundoff that the specified formula shows; likewise
    scale: dict  # field -> size of a field that is 0
    line: int  # in the file


class Family(NamedTuple):
    """One file of cases."""

    name: str
    version: int
    page: str
    equations: tuple
    oracle: dict
    notes: dict  # flag -> kind, description, the mistake it catches
    withdrawn: tuple
    cases: tuple
    path: Path
    sealed: bool  # whether every part carries its digest


def digest(part):
    """First 16 hexadecimal digits of the SHA-256 of a case or header, its own digest left out.

    Of its compact JSON, the outermost keys in alphabetical order, those inside as they are, since
    the order of the outputs is that of the computation.

    Examples
    --------
    >>> digest({"id": "a"}) == digest({"id": "a", "sha256": "whatever"})
    True
    """
    rest = {key: part[key] for key in sorted(part) if key != "sha256"}
    compact = json.dumps(rest, separators=(",", ":"))
    return hashlib.sha256(compact.encode()).hexdigest()[:16]


def _contents(document):
    """What the digest of a whole file covers: everything but the cases, and their ids."""
    return document | {"cases": [case["id"] for case in document["cases"]]}


def sealed(document):
    """The same document with a digest in every case and one of the header and the list of ids.

    Examples
    --------
    >>> sealed({"family": "f", "cases": [{"id": "f-1"}]})["cases"][0]["sha256"]
    '1d083f030bce24b7'
    """
    cases = [case | {"sha256": digest(case)} for case in document["cases"]]
    whole = document | {"cases": cases}
    return whole | {"sha256": digest(_contents(whole))}


def text(document):
    """A document as its file: one key of the header a line, then one case a line."""
    header = [
        f"{json.dumps(key)}: {json.dumps(value)}"
        for key, value in document.items()
        if key != "cases"
    ]
    cases = ",\n".join(line(case) for case in document["cases"])
    return "{" + ",\n ".join([*header, f'"cases": [\n{cases}\n]']) + "}\n"


def line(case):
    """A case as its line: its keys in alphabetical order, those inside it as they are."""
    return json.dumps({key: case[key] for key in sorted(case)})


def families(folder=FOLDER):
    """Names of all families.

    Raises
    ------
    VectorError
        If there is no such folder.
    """
    if not as_path(folder).is_dir():
        raise VectorError(f"{folder}: no such folder of reference outputs")
    # A name that begins with a dot is that of some system's own file.
    files = as_path(folder).glob("[!.]*.json")
    return sorted(path.stem for path in files if path.stem != "schema")


def load(family, folder=FOLDER):
    """Read a family strictly.

    Parameters
    ----------
    family : str
        A name of `families`.
    folder : path, optional
        Where the files are; that of the package if not given.

    Returns
    -------
    Family

    Raises
    ------
    UnknownNameError
        If there is no such family.
    VectorError
        With the file and the line: text that is not JSON, a truncated file, an unknown schema
        version, a missing or foreign key, a number in another form, a flag that is not described, a
        duplicate id, a case that does not agree with its digest.
    """
    known = families(folder)
    if family not in known:
        raise unknown("family", family, known)
    return read(as_path(folder) / f"{family}.json")


def read(path):
    """Read one file strictly; see `load`."""
    path = as_path(path)
    try:
        source = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise VectorError(f"{path}:{number}: not UTF-8") from None
    document = _parsed(path, source)
    where = _Place(path, source)
    if not isinstance(document, dict):
        raise VectorError(f"{path}:1: expected a JSON object, got {_kind(document)}")
    if document.get("schema") != SCHEMA:
        raise VectorError(
            f"{where('schema')}: unknown schema {document.get('schema')!r}; this version of "
            f"refimpl reads {SCHEMA!r}"
        )
    _keys(document, _HEADER, {"sha256"}, where)
    if document["family"] != path.stem:
        raise VectorError(
            f"{where('family')}: family {document['family']!r} in a file of {path.stem!r}"
        )
    for flag, note in document["notes"].items():
        if not isinstance(note, dict) or {"kind", "description", "catches"} - note.keys():
            raise VectorError(f"{where(flag)}: flag {flag!r} needs kind, description and catches")
    seen = {}
    for entry in document["withdrawn"]:
        if not isinstance(entry, dict) or {"id", "reason"} - entry.keys():
            raise VectorError(f"{where('withdrawn')}: a withdrawn case needs id and reason")
        seen[entry["id"]] = "withdrawn"
    numbers = _case_lines(path, source, document["cases"])
    cases = []
    for entry, number in zip(document["cases"], numbers, strict=True):
        try:
            case = _case(document, entry, number)
        except VectorError as error:
            raise VectorError(f"{path}:{number}: {error}") from None
        if case.id in seen:
            raise VectorError(
                f"{path}:{number}: duplicate id {case.id!r}, seen before: {seen[case.id]}"
            )
        seen[case.id] = f"line {number}"
        cases.append(case)
    if "sha256" in document and document["sha256"] != digest(_contents(document)):
        raise VectorError(
            f"{where('sha256')}: the header or the list of ids does not agree with its digest: "
            "the file was changed after it was certified"
        )
    return Family(
        name=document["family"],
        version=document["version"],
        page=document["page"],
        equations=tuple(document["equations"]),
        oracle=document["oracle"],
        notes=document["notes"],
        withdrawn=tuple(document["withdrawn"]),
        cases=tuple(cases),
        path=path,
        sealed="sha256" in document and all("sha256" in entry for entry in document["cases"]),
    )


def cases(family=None, flags=None, ids=None, folder=FOLDER):
    """All cases that are asked for, family by family.

    Parameters
    ----------
    family : str or iterable of str, optional
        Only these families.
    flags : iterable of str, optional
        Only cases with at least one of these flags.
    ids : iterable of str, optional
        Only these cases.
    folder : path, optional

    Returns
    -------
    list of Case

    Raises
    ------
    UnknownNameError
        For a family, a flag or an id that does not exist, with the nearest names.
    VectorError
        As `load`.
    """
    wanted = [family] if isinstance(family, str) else family
    read_families = [load(name, folder) for name in (wanted or families(folder))]
    return selected(read_families, flags, ids)


def selected(read_families, flags=None, ids=None):
    """Those cases of some families that have one of the flags and one of the ids."""
    found = [case for family in read_families for case in family.cases]
    if flags is not None:
        known = {flag for family in read_families for flag in family.notes}
        for flag in flags:
            if flag not in known:
                raise unknown("flag", flag, known)
        found = [case for case in found if set(case.flags) & set(flags)]
    if ids is not None:
        known = {case.id for family in read_families for case in family.cases}
        for name in ids:
            if name not in known:
                raise unknown("case", name, known)
        found = [case for case in found if case.id in set(ids)]
    return found


def _parsed(path, source):
    def pairs(items):
        found = dict(items)
        if len(found) != len(items):
            keys = [key for key, _ in items]
            raise _Refused(next(key for key in keys if keys.count(key) > 1), found.get("id"))
        return found

    def constant(name):
        raise _Refused(name, None)

    try:
        return json.loads(source, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as error:
        number, what = error.lineno, error.msg
        if error.pos >= len(source.rstrip()):
            number, what = source.rstrip().count("\n") + 1, "the file ends too early"
        raise VectorError(f"{path}:{number}: not JSON: {what}") from None
    except RecursionError:
        raise VectorError(f"{path}:1: not JSON: nested too deeply") from None
    except _Refused as error:
        key, owner = error.args
        if key in ("NaN", "Infinity", "-Infinity"):
            number = _line_of(source, rf"[\[:,]\s*{key}\s*[,\]}}]")
            raise VectorError(f"{path}:{number}: {key} is not JSON; write it as a string") from None
        pattern = rf'"{re.escape(key)}"\s*:.*"{re.escape(key)}"\s*:'
        if owner is not None:
            pattern = rf'"id": *"{re.escape(str(owner))}"'
        raise VectorError(
            f"{path}:{_line_of(source, pattern)}: the key {key!r} stands twice in one object"
        ) from None


class _Refused(Exception):
    """A key or word that the parser met; it does not tell the line, which is searched for."""


def _line_of(source, pattern):
    found = re.search(pattern, source)
    return source.count("\n", 0, found.start()) + 1 if found else 1


class _Place:
    """``file:line`` of a key of the header."""

    def __init__(self, path, source):
        self.path, self.source = path, source

    def __call__(self, key):
        number = _line_of(self.source, f'"{re.escape(str(key))}" *:')
        return f"{self.path}:{number}"


def _case_lines(path, source, found):
    """Line of each case: one case a line, between the line of "cases" and the closing bracket."""
    lines = source.splitlines()
    first = next(
        (n for n, text in enumerate(lines) if re.match(r'\s*"cases"\s*:\s*\[\s*$', text)), None
    )
    if first is None:
        if not found:
            return []
        number = _line_of(source, r'"cases" *:')
        raise VectorError(
            f"{path}:{number}: expected the line '\"cases\": [', then one case a line"
        )
    for k, entry in enumerate(found):
        number = first + 1 + k
        text = lines[number].strip().removesuffix(",") if number < len(lines) else ""
        try:
            alone = json.loads(text)
        except json.JSONDecodeError:
            alone = None
        if alone != entry:
            raise VectorError(f"{path}:{number + 1}: expected one whole case on this line")
    return range(first + 2, first + 2 + len(found))


def _kind(value):
    names = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "a boolean",
        int: "an integer",
    }
    return names.get(type(value), "a number" if isinstance(value, float) else "null")


def _keys(part, required, optional, where):
    for key, kind in required.items():
        if key not in part:
            raise VectorError(f"{where(key)}: the key {key!r} is missing")
        if type(part[key]) is not kind:
            raise VectorError(f"{where(key)}: {key!r} is {_kind(part[key])}, which it must not be")
    for key in part:
        if key not in required and key not in optional:
            raise VectorError(f"{where(key)}: unknown key {key!r}")


def _case(document, entry, number):
    if not isinstance(entry, dict):
        raise VectorError(f"expected an object, got {_kind(entry)}")
    name = entry.get("id")

    def where(key):
        return f"case {name!r}"

    error = isinstance(entry.get("out"), dict) and set(entry["out"]) == {"error"}
    required = _CASE | ({"out": dict} if error else _ANSWER)
    _keys(entry, required, {"sha256", "scale", "method", "compare", "kappa", "K"}, where)
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
            raise VectorError(f"{where}: in needs {key!r}, {_kind(kind())}")
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
            raise VectorError(f"{where}: {_kind(value)} needs the comparator 'exact'")
    else:
        raise VectorError(f"{where}: expected decimal numbers as strings, got {_kind(value)}")


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
