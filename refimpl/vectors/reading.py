"""Reading the files strictly: whatever is not as it must be is refused with file and line."""

import json
import re

from .._outside import as_path
from ..errors import VectorError, unknown
from .cases import FOLDER, SCHEMA, Family, contents, digest
from .checking import checked, expect_keys, kind_of

# Pieces before what is composed of them, stored steps before closed loops.
ORDER = (
    *("regression", "online_pca", "qr_step", "repulsion", "summary", "cubic"),
    *("optimizers", "trajectories"),
)
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


def families(folder=FOLDER):
    """Names of all families, what others use first, so that a fault shows first where it is.

    Raises
    ------
    VectorError
        If there is no such folder.
    """
    if not as_path(folder).is_dir():
        raise VectorError(f"{folder}: no such folder of reference outputs")
    # A name that begins with a dot is that of some system's own file.
    files = as_path(folder).glob("[!.]*.json")
    names = sorted(path.stem for path in files if path.stem != "schema")
    return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


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
        raise VectorError(f"{path}:1: expected a JSON object, got {kind_of(document)}")
    if document.get("schema") != SCHEMA:
        raise VectorError(
            f"{where('schema')}: unknown schema {document.get('schema')!r}; this version of "
            f"refimpl reads {SCHEMA!r}"
        )
    expect_keys(document, _HEADER, {"sha256"}, where)
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
            case = checked(document, entry, number)
        except VectorError as error:
            raise VectorError(f"{path}:{number}: {error}") from None
        if case.id in seen:
            raise VectorError(
                f"{path}:{number}: duplicate id {case.id!r}, seen before: {seen[case.id]}"
            )
        seen[case.id] = f"line {number}"
        cases.append(case)
    if "sha256" in document and document["sha256"] != digest(contents(document)):
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
