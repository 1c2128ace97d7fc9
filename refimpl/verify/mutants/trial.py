"""A mutant on trial: a copy of the package with the change answers the ordinary verification."""

import ast
import atexit
import json
import math
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from ..._compile import PACKAGE
from ...errors import VerificationError
from ...vectors import REPLAY, selected
from .. import compare, report, runner, supposed
from ..compare import FAIL
from ..diagnosis import operation
from .mutant import OP, Mutant, changed, source

# The copy comes before every other package of its name, and runs as plain Python.
BOOTSTRAP = """
import os, sys
os.environ["NUMBA_DISABLE_JIT"] = "1"
# The copy is gone as soon as it has answered.
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import refimpl
from refimpl.verify import python_side
assert os.path.samefile(os.path.dirname(refimpl.__path__[0]), sys.argv[1])
python_side.main("refimpl.verify.ours:binary64")
"""
# Seconds for a case: as plain Python a replay takes a fraction of one.
TIMEOUT = 120.0
# What is told first is that of the piece; what fails with it needs no explanation of its own.
EXPLAINED = 2


def copy(mutant, folder):
    """Write the sources of the package with the mutant's change into a folder.

    Raises
    ------
    VerificationError
        If the mutant's text does not stand in its source exactly once.
    """
    text = changed(mutant)
    package = Path(folder) / PACKAGE.name
    only_sources = shutil.ignore_patterns("__pycache__", "*.json", "v1", "oracle")
    shutil.copytree(PACKAGE, package, ignore=only_sources)
    source(mutant.file, package).write_text(text, encoding="utf-8")


def verified(mutant, families, cases=None, explained=EXPLAINED):
    """The report on a mutant, by the ordinary runner.

    Parameters
    ----------
    mutant : Mutant
    families : list of vectors.Family
    cases : list of vectors.Case, optional
        All of them if not given.
    explained : int, optional
        Operations and methods that are looked into for an explanation.

    Returns
    -------
    runner.Report

    Raises
    ------
    VerificationError
        If what is asked for explanations does not answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy(mutant, folder)
        command = [sys.executable, "-c", BOOTSTRAP, folder]
        asked = selected(families) if cases is None else cases
        reference = _reference()
        before = reference.faults
        found = runner.verify(
            command,
            families,
            asked,
            timeout=TIMEOUT,
            reference=reference,
            explained=explained,
        )
    if reference.faults > before:
        # What is kept of a trial must not depend on whether the reference answered.
        raise VerificationError(f"mutant {mutant.name}: the reference did not answer")
    return found


_OF_THREAD = threading.local()


def _reference():
    """One for all trials of a thread, which ends with the process; a new one if it is lost."""
    if getattr(_OF_THREAD, "reference", None) is None or _OF_THREAD.reference.lost:
        _OF_THREAD.reference = supposed.Reference()
        atexit.register(_OF_THREAD.reference.close)
    return _OF_THREAD.reference


def changed_function(mutant):
    """First and last line of the outermost function that a mutant changes; None if it is none."""
    before = source(mutant.file).read_text(encoding="utf-8")
    first = before[: before.index(mutant.text)].count("\n") + 1
    last = first + mutant.text.rstrip("\n").count("\n")
    bodies = [ast.parse(before).body]
    while bodies:
        for node in bodies.pop():
            if isinstance(node, ast.ClassDef):
                bodies.append(node.body)
            if isinstance(node, ast.FunctionDef):
                begin = min([node.lineno, *(word.lineno for word in node.decorator_list)])
                # What its first line says of defaults is done when the module is loaded.
                if node.lineno < first and last <= node.end_lineno:
                    return begin, node.end_lineno
    return None


_UNTOUCHED = {}


def untouched_copy(family, path=None):
    """Where each case of a family goes in the package as it is, and what becomes of it there.

    Kept under a path, if one is given, for another process of the same command.
    """
    if family.name not in _UNTOUCHED or _UNTOUCHED[family.name][0] is not family:
        if path is not None and path.is_file():
            found = pickle.loads(path.read_bytes())
        else:
            found = _followed(family)
            if path is not None:
                path.write_bytes(pickle.dumps(found))
        _UNTOUCHED[family.name] = (family, *found)
    return _UNTOUCHED[family.name][1:]


def _followed(family):
    command = [sys.executable, "-m", "refimpl.verify.reached", "--entered", family.name]
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=plain)
    unchanged = Mutant("as-it-is", "", "regression", "gain = beta / weight", "gain = beta / weight")
    report = verified(unchanged, [family])
    return json.loads(run.stdout), {outcome.case.id: outcome for outcome in report.outcomes}


def tried(mutant, families, explained=EXPLAINED):
    """As `verified`, but cases that never enter the changed function are not put once more.

    A case whose run does not meet the change answers as it does without it; so its outcome is that
    of the package as it is.
    """
    span = changed_function(mutant)
    met, kept = set(), {}
    for family in families:
        places, outcomes = untouched_copy(family)
        kept |= outcomes
        for name, entered in places.items():
            lines = [int(place.rpartition(":")[2]) for place in entered if _of(mutant, place)]
            if span is None or any(span[0] <= line <= span[1] for line in lines):
                met.add(name)
    asked = [case for case in selected(families) if "" in met or case.id in met]
    if not asked:
        asked = selected(families)[:1]
    report = verified(mutant, families, asked, explained)
    kept |= {outcome.case.id: outcome for outcome in report.outcomes}
    return report._replace(outcomes=tuple(kept[case.id] for case in selected(families)))


def _of(mutant, place):
    return place.rpartition(":")[0] == f"{mutant.file}.py"


def tier(case):
    """``"op"`` for a single answer of a piece, else the name of the operation.

    Examples
    --------
    >>> from refimpl import vectors
    >>> [tier(vectors.load(name).cases[0]) for name in ("regression", "optimizers")]
    ['op', 'replay']
    """
    return OP if "." in case.op else case.op


def units(judged, case):
    """Error of a judged quantity over the roundoff of problem and formula; 64 is accepted.

    NaN where there is no such number: for an error by name, or a comparison that is exact.
    """
    if not math.isfinite(judged.in_units) or math.isnan(judged.attainable):
        return math.nan
    K, kappa = case.K[judged.field], case.kappa[judged.field]
    if judged.step:
        K, kappa = K[judged.step - 1], kappa[judged.step - 1]
    return judged.in_units * K / max(K, kappa)


def _largest(outcome):
    """Largest error of the informative quantities of a case, in the units of `units`."""
    found = [
        units(judged, outcome.case)
        for judged in outcome.fields
        if judged.verdict != compare.UNINFORMATIVE
    ]
    return max((value for value in found if not math.isnan(value)), default=0.0)


def _counts(outcomes):
    """Tier -> how many cases were judged, how many failed, and the largest error of a number."""
    found = {}
    for outcome in outcomes:
        if outcome.verdict in (FAIL, *runner.HELD):
            cell = found.setdefault(tier(outcome.case), {"judged": 0, "failed": 0, "largest": 0.0})
            cell["judged"] += 1
            cell["failed"] += outcome.verdict == FAIL
            cell["largest"] = max(cell["largest"], _largest(outcome))
    return {name: cell | {"largest": _rounded(cell["largest"])} for name, cell in found.items()}


def _rounded(value):
    """To three digits, which suffice to read and hide the rounding of other machines."""
    return float(f"{value:.3g}")


def _single_steps(outcome):
    """What the single steps of a failed replay say, each from the certified state."""
    first = {}
    for judged in outcome.forced:
        if judged.verdict == FAIL:
            first.setdefault(judged.step, judged.field)
    fields = {}
    for field in first.values():
        fields[field] = fields.get(field, 0) + 1
    return {
        "steps": max(judged.step for judged in outcome.forced),
        "wrong": len(first),
        "first_step": min(first, default=0),
        "fields": dict(sorted(fields.items(), key=lambda pair: (-pair[1], pair[0]))),
    }


def _told(outcome, found):
    """One failure as the report tells it."""
    failed = compare.first_failure(outcome.fields)
    told = {
        "id": outcome.case.id,
        "op": outcome.case.op,
        "method": outcome.case.method,
        "flags": list(outcome.case.flags),
        "field": "" if failed is None else failed.field,
        "step": 0 if failed is None else failed.step,
        "problem": outcome.problem,
        "sentences": report.diagnosis(outcome, found),
    }
    if outcome.case.op == REPLAY and outcome.forced:
        told["single_steps"] = _single_steps(outcome)
    return told


def record(found):
    """What is kept of a report: counts by family and tier, and the first failure of each.

    Parameters
    ----------
    found : runner.Report

    Returns
    -------
    dict
        Family -> `tiers` (tier -> `judged`, `failed`, `largest`), `failures` (tier -> the first
        one, as the report tells it), `flags` and `operations` (flag, or operation and method of a
        failed case -> failed and judged cases).
    """
    kept = {}
    for family in dict.fromkeys(outcome.case.family for outcome in found.outcomes):
        outcomes = [outcome for outcome in found.outcomes if outcome.case.family == family]
        failed = [outcome for outcome in outcomes if outcome.verdict == FAIL]
        first = {}
        for outcome in failed:
            first.setdefault(tier(outcome.case), outcome)
        kept[family] = {
            "tiers": _counts(outcomes),
            "failures": {name: _told(outcome, found) for name, outcome in first.items()},
            "flags": _shares(outcomes, lambda case: case.flags),
            "operations": _shares(outcomes, lambda case: [operation(case)]),
        }
    return kept


def _shares(outcomes, names):
    """Name -> how many cases of that name failed, and how many were judged, where any failed."""
    judged = [outcome for outcome in outcomes if outcome.verdict in (FAIL, *runner.HELD)]
    failing = {name for o in judged if o.verdict == FAIL for name in names(o.case)}
    found = {}
    for name in sorted(failing):
        of_name = [outcome for outcome in judged if name in names(outcome.case)]
        found[name] = [sum(outcome.verdict == FAIL for outcome in of_name), len(of_name)]
    return found
