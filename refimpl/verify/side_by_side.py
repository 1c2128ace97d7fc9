"""Several implementations' reports, case by case: passed by all, by some, by none."""

import json
from typing import NamedTuple

from .._outside import as_path
from ..errors import VerificationError
from .compare import FAIL
from .report import REPORT, cell
from .runner import HELD, KNOWN, OUTCOMES

ALL, SOME, NONE, NOBODY = "all", "some", "none", "not compared"
CLASSES = (ALL, SOME, NONE, NOBODY)
ABSENT = "-"
# Verdicts that say something of the program, one way or the other.
COMPARED = (*HELD, FAIL, KNOWN)


class Program(NamedTuple):
    """Who a report is on."""

    label: str  # its file without the ending; the whole path where two are the same
    name: str
    language: str
    arithmetic: str
    interrupted: bool


class Row(NamedTuple):
    """One case, and what each report says of it."""

    id: str
    family: str
    what: str
    passed_by: str  # one of CLASSES
    verdicts: tuple  # in the order of the programs; "-" where the report has no such case


class Comparison(NamedTuple):
    """All cases of all reports."""

    programs: tuple
    rows: tuple

    def count(self, passed_by):
        """How many cases are of this class."""
        return sum(row.passed_by == passed_by for row in self.rows)

    @property
    def held(self):
        """Whether every case was passed by all that compared it, and there is one."""
        return self.count(ALL) > 0 and not self.count(SOME) and not self.count(NONE)


def read(path):
    """A report as ``refimpl verify --json`` writes it.

    Raises
    ------
    VerificationError
        With the file: what is not such a report.
    OSError
        If there is no such file.
    """
    try:
        found = json.loads(as_path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise VerificationError(
            f"{path}: expected a report as `refimpl verify --json` prints it, got what is not "
            f"JSON: {error}"
        ) from None
    if not isinstance(found, dict) or found.get("report") != REPORT:
        got = found.get("report") if isinstance(found, dict) else type(found).__name__
        raise VerificationError(
            f"{path}: expected a report {REPORT!r}, got {got!r}; it is what `refimpl verify "
            "--json` prints"
        )
    try:
        who = found["program"]
        kept = {
            "program": {key: str(who[key]) for key in ("name", "version", "language")},
            "arithmetic": str(found["arithmetic"]),
            "interrupted": bool(found.get("interrupted", False)),
            "cases": {case["id"]: _case(case) for case in found["cases"]},
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise VerificationError(
            f"{path}: this is no whole report: {type(error).__name__}: {error}"
        ) from None
    return kept


def _case(case):
    what = f"{case['op']} {case.get('method', '')}".strip()
    if case["verdict"] not in OUTCOMES:
        raise TypeError(f"unknown verdict {case['verdict']!r} of {case['id']}")
    return {"family": str(case["family"]), "what": what, "verdict": case["verdict"]}


def compared(paths):
    """Read some reports and put them side by side.

    Parameters
    ----------
    paths : list of path
        At least two.

    Returns
    -------
    Comparison

    Raises
    ------
    VerificationError
        As `read`, and for fewer than two reports.
    """
    if len(paths) < 2:
        raise VerificationError(
            f"verify compare: expected at least two reports, got {len(paths)}; example: "
            "refimpl verify compare a.json b.json"
        )
    reports = [read(path) for path in paths]
    labels = [as_path(path).stem for path in paths]
    if len(set(labels)) < len(labels):
        labels = list(map(str, paths))
    programs = tuple(
        Program(
            label,
            f"{report['program']['name']} {report['program']['version']}".strip(),
            report["program"]["language"],
            report["arithmetic"],
            report["interrupted"],
        )
        for label, report in zip(labels, reports, strict=True)
    )
    # In the order of the first report that has a case; families stay together.
    cases = {}
    for report in reports:
        cases |= {name: case for name, case in report["cases"].items() if name not in cases}
    families = list(dict.fromkeys(case["family"] for case in cases.values()))
    rows = []
    for name, case in sorted(cases.items(), key=lambda item: families.index(item[1]["family"])):
        verdicts = tuple(
            report["cases"][name]["verdict"] if name in report["cases"] else ABSENT
            for report in reports
        )
        rows.append(Row(name, case["family"], case["what"], _passed_by(verdicts), verdicts))
    return Comparison(programs, tuple(rows))


def _passed_by(verdicts):
    judged = [verdict for verdict in verdicts if verdict in COMPARED]
    held = sum(verdict in HELD for verdict in judged)
    if not judged:
        return NOBODY
    return ALL if held == len(judged) else SOME if held else NONE


def _shown(comparison, everything):
    return [row for row in comparison.rows if everything or row.passed_by in (SOME, NONE)]


def text(comparison, everything=False):
    """Lines: the programs, the cases that not all passed (or all cases), and the counts."""
    programs = comparison.programs
    lines = [
        f"{p.label}: {p.name} ({p.language}), judged in {p.arithmetic}"
        + (", interrupted" if p.interrupted else "")
        for p in programs
    ]
    rows = _shown(comparison, everything)
    if rows:
        head = ("case", "", *(p.label for p in programs), "passed by")
        table = [head, *((r.id, r.what, *r.verdicts, r.passed_by) for r in rows)]
        widths = [max(len(row[k]) for row in table) for k in range(len(head) - 1)]
        lines.append("")
        for row in table:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            lines.append("  ".join([*cells, row[-1]]))
    return [*lines, "", closing(comparison)]


def closing(comparison):
    """How many cases are of each class."""
    return (
        f"{comparison.count(ALL)} passed by all that compared them, {comparison.count(SOME)} by "
        f"some, {comparison.count(NONE)} by none; {comparison.count(NOBODY)} compared by nobody"
    )


def as_json(comparison):
    """All of it as what JSON can hold."""
    return {
        "comparison": "refimpl-verify-compare/1",
        "programs": [program._asdict() for program in comparison.programs],
        "counts": {name.replace(" ", "_"): comparison.count(name) for name in CLASSES},
        "cases": [
            {"id": row.id, "family": row.family, "what": row.what, "passed_by": row.passed_by}
            | {"verdicts": list(row.verdicts)}
            for row in comparison.rows
        ],
    }


def markdown(comparison, everything=False):
    """The same as a page, its table with a row for each case that not all passed."""
    programs = comparison.programs
    lines = ["# Reference outputs, side by side", ""]
    lines += [
        f"* {cell(p.label)}: {cell(p.name)} ({cell(p.language)}), {cell(p.arithmetic)}"
        for p in programs
    ]
    rows = _shown(comparison, everything)
    if rows:
        labels = " | ".join(cell(p.label) for p in programs)
        lines += ["", f"| case | | {labels} | passed by |"]
        lines.append(f"| --- | --- | {' | '.join('---' for _ in programs)} | --- |")
        lines += [
            f"| {' | '.join(map(cell, (row.id, row.what, *row.verdicts, row.passed_by)))} |"
            for row in rows
        ]
    return [*lines, "", closing(comparison)]
