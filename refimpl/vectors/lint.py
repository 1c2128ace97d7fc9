"""The linter of the reference outputs: what reading leaves open, and a second computation."""

import json

import numpy as np

from .._outside import as_path
from ..errors import VectorError
from . import FOLDER, WORDS, families, line, load, sealed, text
from .settings import half_covered

KINDS = ("normal", "degenerate", "adversarial", "porting")
# Cases of each family that are computed anew where not all of them are.
SAMPLE = 4


def check(folder=FOLDER, everything=False, oracle=None, tell=None, methods=None, words=None):
    """Find what is wrong with the files of a folder.

    The schema; ids, unique over all families, without a gap but for those that were withdrawn, and
    never one of these; flags, described and used; every hyperparameter seen at work; digests;
    numbers said to be exact in binary32; and that the oracle gives every line again, byte for byte:
    of a sample, or of everything.

    Parameters
    ----------
    folder : path, optional
    everything : bool, optional
        Regenerate all cases, not only a few of each family.
    oracle : module, optional
        Computes cases anew by its `regenerate` and knows those it has `withdrawn_cases` of, as
        `refimpl.oracle`; nothing is computed if not given.
    tell : callable, optional
        Called with a sentence before each long part.
    methods, words : dict, optional
        As ``settings.half_covered``; hyperparameters are not looked at if not given.

    Returns
    -------
    list of str
        Findings, each with file and line; empty if all is well.

    Raises
    ------
    VectorError
        If a package that only this needs is not installed.
    """
    validator = _validator(folder)
    tell = tell or (lambda sentence: None)
    found, owners, of_methods = [], {}, []
    for name in families(folder):
        path = as_path(folder) / f"{name}.json"
        try:
            family = load(name, folder)
        except VectorError as error:
            found.append(str(error))
            continue
        source = path.read_text(encoding="utf-8")
        document = json.loads(source)
        of_methods += [case for case in family.cases if case.method]
        found += _against_schema(validator, document, family)
        found += _style(family)
        if not family.sealed:
            found.append(f"{path}:1: the file or one of its cases has no digest")
        if source != text(document):
            number = _first_difference(source, text(document))
            found.append(f"{path}:{number}: not written as vectors.text writes it")
        for number, identifier in [
            *((case.line, case.id) for case in family.cases),
            *((1, entry["id"]) for entry in family.withdrawn),
        ]:
            if identifier in owners:
                found.append(
                    f"{path}:{number}: the id {identifier!r} is in {owners[identifier]} too"
                )
            owners[identifier] = path.name
        if oracle is not None:
            found += _regenerated(oracle, family, document, everything, tell)
    if methods is not None and {"optimizers", "trajectories"} <= set(families(folder)):
        where = as_path(folder) / "optimizers.json"
        found += [f"{where}:1: {told}" for told in half_covered(of_methods, methods, words)]
    return found


def _validator(folder):
    try:
        import jsonschema
    except ModuleNotFoundError:
        raise VectorError(
            "`refimpl vectors check` needs the package jsonschema: pip install 'refimpl[test]'"
        ) from None
    path = as_path(folder) / "schema.json"
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
    except FileNotFoundError:
        raise VectorError(f"{path}: there is no schema") from None
    except json.JSONDecodeError as error:
        raise VectorError(f"{path}:{error.lineno}: not JSON: {error.msg}") from None
    except jsonschema.SchemaError as error:
        raise VectorError(f"{path}:1: not a schema: {error.message}") from None
    return jsonschema.Draft202012Validator(schema)


def _against_schema(validator, document, family):
    found = []
    for error in validator.iter_errors(document):
        place = list(error.absolute_path)
        number = family.cases[place[1]].line if place[:1] == ["cases"] and len(place) > 1 else 1
        where = "/".join(map(str, place))
        found.append(f"{family.path}:{number}: {where}: {error.message[:200]}")
    return found


def _style(family):
    found = []
    used = {flag for case in family.cases for flag in case.flags}
    for flag, note in family.notes.items():
        if note["kind"] not in KINDS:
            found.append(f"{family.path}:1: flag {flag!r}: kind must be one of {', '.join(KINDS)}")
        if not note["description"]:
            found.append(f"{family.path}:1: flag {flag!r} has no description")
        if note["kind"] != "normal" and not note["catches"]:
            found.append(f"{family.path}:1: flag {flag!r} does not say which mistake it catches")
        if flag not in used:
            found.append(f"{family.path}:1: flag {flag!r} is described, but no case has it")
    found += _numbering(family)
    for case in family.cases:
        if not case.id.startswith(f"{family.name}-"):
            found.append(
                f"{family.path}:{case.line}: id {case.id!r} must begin with {family.name!r}"
            )
        if case.binary32 and not (
            exact_in_binary32(case.params) and exact_in_binary32(case.inputs)
        ):
            found.append(
                f"{family.path}:{case.line}: {case.id} has inputs that binary32 cannot hold"
            )
    return found


def _numbering(family):
    """Ids that have vanished without being withdrawn, or stand in another order than they came."""
    if "seed" in family.oracle:
        # Fresh cases: a choice of their own, which nobody will refer to.
        return []
    found, gone = [], {entry["id"] for entry in family.withdrawn}
    ids = [case.id for case in family.cases]
    known = {*ids, *gone}
    whole = [f"{family.name}-{number:04d}" for number in range(1, len(known) + 1)]
    missing = [name for name in whole if name not in known]
    if missing:
        found.append(
            f"{family.path}:1: {missing[0]} is neither a case nor withdrawn; an id is never given "
            "up without a reason"
        )
    for before, case in zip(ids, family.cases[1:], strict=False):
        if case.id <= before:
            found.append(f"{family.path}:{case.line}: {case.id} stands after {before}")
    for entry in family.withdrawn:
        other = entry.get("replaced_by")
        if other is not None and other not in ids:
            found.append(f"{family.path}:1: {entry['id']} is replaced by {other}, which is no case")
    return found


def exact_in_binary32(part):
    """Whether every number of an input is one of binary32.

    Examples
    --------
    >>> exact_in_binary32(["0x1.8p+0", "inf"]), exact_in_binary32("0x1.999999999999ap-4")
    (True, False)
    """
    if isinstance(part, dict):
        words = [key for key in WORDS if isinstance(part.get(key), str)]
        return all(exact_in_binary32(value) for key, value in part.items() if key not in words)
    if isinstance(part, list):
        return all(exact_in_binary32(value) for value in part)
    if not isinstance(part, str):
        return True
    number = float.fromhex(part)
    with np.errstate(over="ignore", under="ignore"):
        return bool(np.isnan(number) or np.float64(np.float32(number)) == number)


def _first_difference(a, b):
    pairs = zip(a.splitlines(), b.splitlines(), strict=False)
    return next((n for n, (x, y) in enumerate(pairs, 1) if x != y), 1)


def _regenerated(oracle, family, document, everything, tell):
    """Cases that the oracle does not give again byte for byte."""
    if "seed" in family.oracle:
        tell(f"{family.name}: fresh cases are not computed anew; their seed gives them again")
        return []
    ids = [case.id for case in family.cases]
    found = []
    gone = oracle.withdrawn_cases(family.name)
    for entry in gone:
        if entry["id"] in ids:
            line_of = next(case.line for case in family.cases if case.id == entry["id"])
            found.append(
                f"{family.path}:{line_of}: {entry['id']} is a case again, but was withdrawn: "
                f"{entry['reason']}"
            )
    if gone != list(family.withdrawn):
        found.append(f"{family.path}:1: the file lists other withdrawn cases than the oracle")
    wanted = ids if everything else ids[:: max(1, len(ids) // SAMPLE)]
    tell(f"{family.name}: computing {len(wanted)} of {len(ids)} cases anew")
    try:
        again = oracle.regenerate(family.name, None if everything else wanted)
    except VectorError as error:
        return [*found, f"{family.path}:1: {error}"]
    if everything and list(again) != ids:
        found.append(f"{family.path}:1: the oracle gives other ids, or in another order")
    stored = {entry["id"]: entry for entry in document["cases"]}
    for case in family.cases:
        if case.id not in wanted:
            continue
        if case.id not in again:
            found.append(f"{family.path}:{case.line}: the oracle has no case {case.id!r}")
            continue
        (fresh,) = sealed({"cases": [again[case.id]]})["cases"]
        if line(fresh) != line(stored[case.id]):
            found.append(f"{family.path}:{case.line}: the oracle now gives another {case.id}")
    return found
