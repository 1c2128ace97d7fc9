"""Reference outputs in other forms: NumPy archives and tables of comma-separated values."""

import csv
import json

import numpy as np

from .._outside import as_path
from . import GROUPS, SPECIAL


def parts(case):
    """Every value of a case as ``(path, value, certified)``, lists of numbers kept whole.

    Examples
    --------
    >>> from refimpl.vectors import Case
    >>> case = Case("f", "f-1", "op", (), True, "", {"beta": "0x1.0p-1"}, {"x": ["0x1.0p+0"]},
    ...             {"result": "1"}, {}, {}, {}, {}, 1)
    >>> [path for path, _, _ in parts(case)]
    ['params/beta', 'in/x', 'out/result']
    """
    for name, tree in (("params", case.params), ("in", case.inputs), ("out", case.out)):
        for path, value in _leaves(tree, name):
            yield path, value, name == "out"


def _leaves(tree, path):
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _leaves(part, f"{path}/{key}")
    elif isinstance(tree, list) and (
        any(isinstance(part, dict) for part in tree) or path.endswith(f"/{GROUPS}")
    ):
        for k, part in enumerate(tree):
            yield from _leaves(part, f"{path}/{k}")
    else:
        yield path, tree


def _entries(value, index=()):
    if isinstance(value, list):
        for k, part in enumerate(value):
            yield from _entries(part, (*index, k))
    else:
        yield index, value


def as_float(text):
    """The nearest binary64 of a hexadecimal or decimal string."""
    return float.fromhex(text) if "0x" in text else float(text)


def _array(value):
    """Numbers as an array of floats; words as an array of strings."""
    if isinstance(value, list):
        return np.array([_array(part) for part in value])
    if isinstance(value, str):
        try:
            return np.float64(as_float(value))
        except ValueError:
            return np.str_(value)
    return np.asarray(value) if value is not None else np.float64(np.nan)


def npz(families, folder):
    """One archive a family, ``id/in/name``; certified values rounded to binary64.

    Returns
    -------
    list of Path
    """
    written = []
    for family in families:
        arrays = {
            f"{case.id}/{path}": _array(value)
            for case in family.cases
            for path, value, _ in parts(case)
        }
        path = as_path(folder) / f"{family.name}.npz"
        np.savez_compressed(path, **arrays)
        written.append(path)
    return written


def table(families, folder):
    """One table a family: a row for each number, with its text and its nearest binary64.

    Returns
    -------
    list of Path
    """
    written = []
    for family in families:
        path = as_path(folder) / f"{family.name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(("id", "op", "part", "index", "text", "value"))
            for case in family.cases:
                for part, value, _ in parts(case):
                    for index, entry in _entries(value):
                        text = entry if isinstance(entry, str) else json.dumps(entry)
                        number = _shown(entry)
                        rows.writerow(
                            (case.id, case.op, part, " ".join(map(str, index)), text, number)
                        )
        written.append(path)
    return written


def _shown(entry):
    if not isinstance(entry, str):
        return json.dumps(entry)
    if entry in SPECIAL:
        return entry
    try:
        return repr(as_float(entry))
    except ValueError:
        return ""
