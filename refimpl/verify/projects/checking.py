"""Which cases of a project a file passes, what it does not pass, and what is missing.

It tells how far an answer is off, never what it should have been.
"""

import collections
import contextlib
import os
import shlex
import sys
import textwrap
import threading
from pathlib import Path
from typing import NamedTuple

from ..._outside import as_path
from ...errors import RangeError, VerificationError
from .. import compare, report, runner
from ..supposed import Reference
from . import asked, project

# Seconds for a case. What never ends is not waited for more often than so within a part.
TIMEOUT, ENDLESS = 10.0, 2
PASSED, FAILED, MISSING, UNTRIED = "passed", "failed", "missing", "not tried"


class Checked(NamedTuple):
    """What became of one case of a part."""

    case: tuple  # vectors.Case
    verdict: str  # PASSED, FAILED, MISSING or UNTRIED
    reason: str  # empty where it passed
    hints: tuple = ()  # sentences that say where to look


class PartResult(NamedTuple):
    """What became of one part."""

    part: tuple  # Part
    cases: tuple  # of Checked

    def count(self, verdict):
        """How many cases came to it."""
        return sum(checked.verdict == verdict for checked in self.cases)

    @property
    def held(self):
        """Whether every case passed."""
        return self.count(PASSED) == len(self.cases)


def check(name, path, timeout=TIMEOUT, tell=None, hints=False):
    """Put every case of a project to a file.

    Parameters
    ----------
    name : str
        One of `PROJECTS`.
    path : str or path
        A Python file with the functions of the project.
    timeout : float, optional
        Seconds for each case, and at least 10 for the file to load.
    tell : callable, optional
        Called after each case.
    hints : bool, optional
        Whether failures are looked into for what explains them, which takes a process of its own.
        Our own text, which would be the solution, is quoted by none.

    Returns
    -------
    list of PartResult

    Raises
    ------
    UnknownNameError, RangeError
        For another project; for a timeout that is not above 0.
    VerificationError
        If there is no such file, if it cannot be loaded, or has none of the functions.
    """
    from ... import vectors

    parts = project(name).parts
    path = as_path(path)
    if not path.is_file():
        raise VerificationError(f"check-project: there is no file {str(path)!r}")
    if not 0.0 < timeout < float("inf"):
        raise RangeError(f"check-project: expected a timeout above 0, got {timeout:g}")
    command = [sys.executable, "-m", "refimpl.verify.projects.answering", name, str(path)]
    families = {part.family: vectors.load(part.family) for part in parts}
    left = [(part, asked(part, families[part.family])) for part in parts]
    results = []
    # It is a process as soon as something is asked of it.
    with contextlib.closing(Reference(quoting=False)) as reference:
        to_explain = {"reference": reference, "explained": runner.EXPLAINED if hints else 0}
        while left:
            found = _put(command, list(families.values()), left, timeout, path, tell, to_explain)
            put = {outcome.case.id for outcome in found.outcomes}
            # One that was stopped within a part goes on with the next.
            done = [part for part, cases in left if not put.isdisjoint(case.id for case in cases)]
            for part, cases in left[: len(done)]:
                results.append(PartResult(part, tuple(_checked(part, cases, found))))
            left = left[len(done) :]
    if all(_has_no_function(result) for result in results):
        wanted = ", ".join(dict.fromkeys(f"`{f}`" for part in parts for f in part.functions))
        raise VerificationError(
            f"check-project: {path.name} has none of the functions of {name!r}: {wanted}"
        )
    return results


@contextlib.contextmanager
def _uncompiled():
    """Pieces of the package answer at once where a student's file uses them."""
    before = os.environ.get("NUMBA_DISABLE_JIT")
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    try:
        yield
    finally:
        del os.environ["NUMBA_DISABLE_JIT"]
        if before is not None:
            os.environ["NUMBA_DISABLE_JIT"] = before


def _put(command, families, asked_for, timeout, path, tell, to_explain):
    """The report on parts and their cases; it ends with the part whose cases never end."""
    stop, endless = threading.Event(), collections.Counter()
    of = {case.id: part for part, cases in asked_for for case in cases}

    def notice(outcome):
        if tell is not None:
            tell()
        if outcome.problem == "NoAnswer":
            endless[of[outcome.case.id]] += 1
            if max(endless.values()) >= ENDLESS:
                stop.set()

    cases = [case for _, cases in asked_for for case in cases]
    try:
        with _uncompiled():
            return runner.verify(
                command,
                families,
                cases,
                known={},
                timeout=timeout,
                tell=notice,
                stop=stop,
                **to_explain,
            )
    except VerificationError as error:
        # The command is of no interest to who wrote the file.
        said = str(error).replace(shlex.join(command), path.name)
        said = said.removeprefix("refimpl.verify.projects.answering:implementation: ")
        said = said.removeprefix("VerificationError: ")
        raise VerificationError(f"check-project: {said}") from None


def _checked(part, cases, found):
    put = {outcome.case.id: outcome for outcome in found.outcomes}
    for case in cases:
        outcome = put.get(case.id)
        if outcome is None:
            yield Checked(case, UNTRIED, f"{ENDLESS} cases before it had not ended in time")
        elif outcome.verdict in runner.HELD:
            yield Checked(case, PASSED, "")
        elif outcome.verdict == runner.SKIPPED:
            yield Checked(case, MISSING, _missing(part, outcome.message))
        else:
            yield Checked(case, FAILED, _wrong(outcome), tuple(report.diagnosis(outcome, found)))


ABSENT = ("the program has no operation", "no method")


def _missing(part, message):
    if message.startswith(ABSENT):
        return f"MissingFunction: the file has no {' and '.join(part.functions)}: {part.call}"
    return message


def _has_no_function(result):
    return all(checked.reason.startswith("MissingFunction") for checked in result.cases)


def _wrong(outcome):
    if outcome.problem:
        return f"{outcome.problem}: {outcome.message}"
    failed = compare.first_failure(outcome.fields)
    if failed is None:
        return f"{outcome.verdict}: nothing that could be compared"
    at = f"step {failed.step}, " if failed.step else ""
    return (
        f"{at}{failed.field}: {failed.digits:.1f} digits agree where {failed.attainable:.1f} "
        "can be had"
    )


def text(name, path, results, hints=False):
    """The result as lines, every case that did not pass among them."""
    lines = [f"{name}: {project(name).title}; {Path(path).name}"]
    for result in results:
        part, total = result.part, len(result.cases)
        lines += ["", f"{part.call}, {part.about}: {result.count(PASSED)} of {total} cases passed"]
        reasons = collections.defaultdict(list)
        for checked in result.cases:
            if checked.verdict != PASSED:
                told = f"{checked.verdict}: {checked.reason}"
                reasons[told, checked.hints if hints else ()].append(checked.case)
        for (told, said), cases in reasons.items():
            ids = ", ".join(case.id for case in cases)
            for paragraph, indent in ((told, 2), (ids, 4), *((hint, 6) for hint in said)):
                lines += textwrap.wrap(
                    " ".join(paragraph.split()),
                    width=80,
                    initial_indent=" " * indent,
                    subsequent_indent=" " * (indent + 2),
                    break_on_hyphens=False,
                )
    total = sum(len(result.cases) for result in results)
    counts = ", ".join(
        f"{sum(result.count(verdict) for result in results)} {verdict}"
        for verdict in (PASSED, FAILED, MISSING, UNTRIED)
    )
    lines += ["", f"{total} cases: {counts}"]
    if not all(result.held for result in results) and not hints:
        lines.append("one case in words: refimpl vectors show ID; where to look: --hints")
    return lines


def as_json(name, results):
    """The result as what JSON can hold."""
    return {
        "project": name,
        "held": all(result.held for result in results),
        "parts": [
            {
                "call": result.part.call,
                "op": result.part.op,
                "passed": result.count(PASSED),
                "cases": [
                    {"id": c.case.id, "verdict": c.verdict, "reason": c.reason}
                    for c in result.cases
                ],
            }
            for result in results
        ],
    }
