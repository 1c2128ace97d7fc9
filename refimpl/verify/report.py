"""What a verification found, as text, JSON and Markdown, in words that say where to look."""

import math
from collections import Counter

from . import compare
from .compare import ACCEPTABLE, FAIL, PASS, UNINFORMATIVE
from .diagnosis import diagnosis, operation
from .diagnosis import likely_causes as likely_causes
from .resemblance import looks_like as looks_like
from .resemblance import resemblance as resemblance
from .runner import HELD, KNOWN, SKIPPED, UNEXPECTED

# Of the JSON, by which it is known again.
REPORT = "refimpl-verify/1"
SHOWN = {FAIL: "FAIL"}


def text(report, everything=False):
    """Lines of the report; the last is ``N passed, N failed``.

    A line for each failure, and for what should have failed and did not; with `everything` for each
    case that was not skipped.
    """
    who = report.who
    named = " ".join(part for part in (who.name, who.version) if part)
    lines = [f"{named} ({who.language}), judged in {report.arithmetic}", ""]
    width = max((len(outcome.case.id) for outcome in report.outcomes), default=0)
    told = [
        outcome
        for outcome in report.outcomes
        if outcome.verdict in (FAIL, UNEXPECTED) or (everything and outcome.verdict != SKIPPED)
    ]
    for outcome in told:
        lines.append(case_line(outcome, width))
        lines += [f"    {sentence}" for sentence in diagnosis(outcome, report)]
    left_out = skipped(report) if everything else skipped_in_short(report)
    for part in (left_out, by_flag(report)):
        # One empty line between parts, none where a part is empty.
        lines += [*([""] if lines[-1] else []), *part]
    lines += [*([""] if lines[-1] else []), *(f"remark: {remark}" for remark in report.remarks)]
    return [*lines, *closing(report)]


def skipped(report):
    """What was skipped, a line for each operation and reason."""
    counts = {}
    for outcome in report.outcomes:
        if outcome.verdict == SKIPPED:
            what = operation(outcome.case)
            key = (outcome.message,) if what in outcome.message else (what, outcome.message)
            counts[key] = counts.get(key, 0) + 1
    return [f"skipped {n}: {': '.join(key)}" for key, n in counts.items()]


def skipped_in_short(report):
    """What was skipped, on one line, without the reasons."""
    counts = Counter(o.case.op for o in report.outcomes if o.verdict == SKIPPED)
    told = ", ".join(f"{what} {n}" for what, n in counts.items())
    return [f"skipped (the reasons: --all): {told}"] if told else []


def case_line(outcome, width=0):
    """Id, verdict, digits, error in units of K u, flags."""
    verdict = SHOWN.get(outcome.verdict, outcome.verdict)
    parts = [outcome.case.id.ljust(width), verdict.ljust(15)]
    judged = compare.worst(outcome.fields) if outcome.fields else None
    if judged is not None and not judged.problem:
        if judged.message:
            parts.append(judged.message)
        elif math.isnan(judged.attainable):
            parts.append("exact")
        else:
            parts.append(
                f"{judged.digits:4.1f} of {judged.attainable:4.1f} digits, "
                f"{judged.in_units:.2g} K u"
            )
    elif outcome.problem:
        parts.append(outcome.problem)
    elif outcome.message:
        parts.append(outcome.message)
    return f"{'  '.join(parts)}  [{', '.join(outcome.case.flags)}]"


def by_flag(report):
    """Which flags the failures share, the most telling first."""
    failed = [outcome for outcome in report.outcomes if outcome.verdict == FAIL]
    if not failed:
        return []
    rows = []
    for family, flag in sorted({(o.case.family, flag) for o in failed for flag in o.case.flags}):
        judged = [
            o
            for o in report.outcomes
            if o.case.family == family and flag in o.case.flags and o.verdict in (FAIL, *HELD)
        ]
        bad = sum(o.verdict == FAIL for o in judged)
        rows.append((bad / len(judged), bad, len(judged), family, flag))
    rows.sort(key=lambda row: (-row[0], -row[1], *row[3:]))
    lines = ["failures by flag:"]
    for _, bad, judged, family, flag in rows[:10]:
        catches = report.notes.get(family, {}).get(flag, {}).get("catches", "")
        lines.append(f"  {family}, {flag}: {bad} of {judged}{'; ' if catches else ''}{catches}")
    if len(rows) > 10:
        lines.append(f"  and {len(rows) - 10} more")
    return [*lines, ""]


def closing(report):
    """The other counts, and ``N passed, N failed``."""
    if not report.count(FAIL, *HELD):
        others = ["nothing was compared: this verifies nothing"]
    else:
        others = []
    others.append(
        f"{report.count(UNINFORMATIVE)} uninformative, {report.count(SKIPPED)} skipped, "
        f"{report.count(KNOWN)} known failures, {report.count(UNEXPECTED)} unexpected passes; "
        f"{report.count(ACCEPTABLE)} of those passed are as good as the formula, not the problem, "
        f"allows; {report.seconds:.1f} s"
    )
    if report.left:
        total = report.left + len(report.outcomes)
        others.append(f"interrupted: {report.left} of {total} cases were not put")
    return [*others, f"{report.count(*HELD)} passed, {report.count(FAIL)} failed"]


def _json_number(value):
    return value if math.isfinite(value) else str(value)


def _field(judged):
    return (
        {
            "field": judged.field,
            "verdict": judged.verdict,
            "error": _json_number(judged.error),
            "error_in_K_u": _json_number(judged.in_units),
            "digits": _json_number(judged.digits),
            "attainable": _json_number(judged.attainable),
        }
        | ({"step": judged.step} if judged.step else {})
        | {key: getattr(judged, key) for key in ("problem", "message") if getattr(judged, key)}
    )


def as_json(report):
    """The whole report as what JSON can hold; numbers that are not finite as strings."""
    cases = []
    for outcome in report.outcomes:
        entry = {
            "id": outcome.case.id,
            "family": outcome.case.family,
            "op": outcome.case.op,
            "flags": list(outcome.case.flags),
            "verdict": outcome.verdict,
            "seconds": round(outcome.seconds, 6),
        }
        if outcome.case.method:
            entry["method"] = outcome.case.method
        for key in ("problem", "message"):
            if getattr(outcome, key):
                entry[key] = getattr(outcome, key)
        failed = compare.first_failure(outcome.fields)
        if outcome.fields:
            entry["worst"] = _field(compare.worst(outcome.fields))
            entry["fields"] = [_field(judged) for judged in outcome.fields if not judged.step]
        if failed is not None and failed.step:
            entry["first_diverging_step"] = failed.step
            entry["first_diverging_field"] = failed.field
        if outcome.verdict == FAIL:
            entry["diagnosis"] = diagnosis(outcome, report)
        cases.append(entry)
    return {
        "report": REPORT,
        "program": report.who._asdict() | {"ops": list(report.who.ops)},
        "arithmetic": report.arithmetic,
        "passed": report.count(*HELD),
        "failed": report.count(FAIL),
        "counts": {
            name.replace(" ", "_"): report.count(name)
            for name in (PASS, ACCEPTABLE, FAIL, UNINFORMATIVE, SKIPPED, KNOWN, UNEXPECTED)
        },
        "interrupted": report.left > 0,
        "remarks": list(report.remarks),
        "seconds": round(report.seconds, 3),
        "cases": cases,
    }


def markdown(report):
    """The report as a page: counts for each family, then each failure."""
    who = report.who
    lines = [
        f"# {cell(who.name)} {cell(who.version)}".rstrip(),
        "",
        f"{cell(who.language)}, judged in {report.arithmetic} by the reference outputs.",
        "",
        "| family | passed | failed | uninformative | skipped | known failures |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for family in dict.fromkeys(outcome.case.family for outcome in report.outcomes):
        part = report._replace(
            outcomes=tuple(o for o in report.outcomes if o.case.family == family)
        )
        counts = (
            part.count(*HELD),
            part.count(FAIL),
            part.count(UNINFORMATIVE),
            part.count(SKIPPED),
            part.count(KNOWN),
        )
        lines.append(f"| {family} | {' | '.join(map(str, counts))} |")
    told = [o for o in report.outcomes if o.verdict in (FAIL, KNOWN, UNEXPECTED)]
    for outcome in told:
        lines += [
            "",
            f"## {outcome.case.id}: {outcome.verdict}",
            "",
            f"`{outcome.case.op}`; {', '.join(outcome.case.flags)}",
            "",
            *(f"* {cell(sentence)}" for sentence in diagnosis(outcome, report)),
        ]
    lines += ["", *(f"* {cell(remark)}" for remark in report.remarks)]
    return [*lines, "", *(line for part in closing(report) for line in (part, ""))][:-1]


def cell(text):
    """Text of a program, which must not become markup."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>|#" else c for c in text.replace("\n", " "))
