"""A family of certified cases, what stands in one, and how it is written to its file."""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple

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
WORDS = ("function", "direction", "model")
# Indices, in lists of any lengths.
GROUPS = "groups"
# From so many values on the limit of the comparator of distributions is proved.
FEWEST = 458


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


def contents(document):
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
    return whole | {"sha256": digest(contents(whole))}


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
