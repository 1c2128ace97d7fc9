"""What a verification found, as text, JSON and Markdown, in words that say where to look."""

import itertools
import math
import re
from collections import Counter

from ..vectors import REPLAY, TRAJECTORY
from . import compare, resemblance
from .compare import ACCEPTABLE, FAIL, PASS, UNINFORMATIVE
from .protocol import FORCED
from .runner import HELD, KNOWN, SKIPPED, UNEXPECTED

# Of the JSON, by which it is known again.
REPORT = "refimpl-verify/1"
WORDS = {FAIL: "FAIL"}
# Other failures of an operation that are looked at, for what they have in common.
OTHERS = 12
# Of the cases of an operation, how many may have a flag that still tells something.
SHARE = 0.5


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
            what = f"{outcome.case.op} {outcome.case.method}".strip()
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
    verdict = WORDS.get(outcome.verdict, outcome.verdict)
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


def diagnosis(outcome, report):
    """Sentences about a failure: where it shows first, what it looks like, the likely cause."""
    if outcome.verdict in (KNOWN, UNEXPECTED) and outcome.message:
        return [outcome.message]
    if outcome.verdict != FAIL:
        return []
    case, sentences = outcome.case, []
    failed = compare.first_failure(outcome.fields)
    if failed is None:
        sentences.append(f"{outcome.problem}: {outcome.message}")
        if outcome.problem == "NoError":
            flags = [flag for flag in case.flags if flag in report.notes.get(case.family, {})]
            sentences += [report.notes[case.family][flag]["description"] for flag in flags]
    else:
        if failed.step:
            sentences.append(
                f"step {failed.step} of {len(case.out['steps'])} is the first that diverges, and "
                f"{failed.field} the first quantity in it, in the order of computation"
            )
        if case.op == TRAJECTORY:
            sentences.append(_closed_loop(case, failed, _replay_fails(case.method, report)))
        sentences.append(f"{failed.field}: {_how_wrong(failed)}")
        if outcome.problem and not failed.problem:
            sentences.append(f"later {outcome.problem}: {outcome.message}")
        if outcome.supposed:
            sentences.append(f"{failed.field}: {outcome.supposed}")
        looks = resemblance.looks_like(case, failed, outcome.answer, report.arithmetic)
        looks = [words for words in looks if words != resemblance.SINGLE or _rough(case, report)]
        sentences += [f"{failed.field}: {words}" for words in looks]
        sentences += _elsewhere(outcome, looks, report) or _step_by_step(outcome, looks, report)
        sentences += _order(case, outcome.fields, failed)
        sentences += _forced(outcome.forced)
        if outcome.refused:
            sentences.append(
                f"asked again as {FORCED!r}, with the certified state before each step, the "
                f"program did not answer: {outcome.refused}"
            )
    # What could not be understood says nothing of the mathematics.
    understood = failed is not None and not failed.problem
    if understood or outcome.problem in ("NoError", "Errored"):
        sentences += likely_causes(case, report)
    return sentences


def _rough(case, report):
    """Whether no error of the operation is larger than single precision makes."""
    errors = [
        judged.error
        for other in report.outcomes
        if (other.case.op, other.case.method) == (case.op, case.method) and other.verdict == FAIL
        for judged in (*other.fields, *other.forced)
        if judged.verdict == FAIL
    ]
    return max(errors, default=0.0) < resemblance.ROUGH[1]


def _elsewhere(outcome, looks, report):
    """What other failures of the operation show, where they show one thing and this one does not.

    Said of the first failure of each alone.
    """
    like = [
        other
        for other in report.outcomes
        if (other.case.op, other.case.method) == (outcome.case.op, outcome.case.method)
        and other.verdict == FAIL
        and other.answer
        and compare.first_failure(other.fields) is not None
    ]
    if not like or like[0] is not outcome:
        return []
    shown = Counter()
    for other in like[1 : OTHERS + 1]:
        failed = compare.first_failure(other.fields)
        if not failed.problem:
            words = resemblance.looks_like(other.case, failed, other.answer, report.arithmetic)
            shown.update(f"{failed.field}: {_without_numbers(one)}" for one in words)
    field = compare.first_failure(outcome.fields).field
    known = {f"{field}: {_without_numbers(words)}" for words in looks}
    told = [(words, n) for words, n in shown.most_common() if words not in known and n > 1]
    others = len(like[1 : OTHERS + 1])
    return [f"in {n} of {others} other failures of it, {words}" for words, n in told[:1]]


def _step_by_step(outcome, looks, report):
    """What the single steps show, each from the certified state, where they show one thing."""
    if not outcome.forced_answer:
        return []
    first = {}
    for judged in outcome.forced:
        if judged.verdict == FAIL and not judged.problem:
            first.setdefault(judged.step, judged)
    steps = [judged for step, judged in first.items() if step > 1][:OTHERS]
    shown = Counter()
    for judged in steps:
        words = resemblance.looks_like(
            outcome.case, judged, outcome.forced_answer, report.arithmetic
        )
        shown.update(f"{judged.field}: {_without_numbers(one)}" for one in words)
    known = {_without_numbers(words) for words in looks}
    told = [
        (words, n)
        for words, n in shown.most_common()
        if 2 * n > len(steps) and words.partition(": ")[2] not in known
    ]
    return [f"in {n} of {len(steps)} single steps, {words}" for words, n in told[:1]]


def _without_numbers(words):
    """A relation, whatever the factor is, where it is said what makes it."""
    return re.sub(r"-?[0-9.]+(e[+-][0-9]+)?: ", "", words)


def _replay_fails(method, report):
    """Whether a replay of the method failed too."""
    return any(
        (o.case.op, o.case.method, o.verdict) == (REPLAY, method, FAIL) for o in report.outcomes
    )


def _closed_loop(case, failed, replays):
    """Where to look for what a position alone does not tell."""
    function = case.inputs["function"]
    if failed.step == 1:
        return (
            f"the first step already: is it the gradient of {function}, the noise, or the start of "
            f"{case.method}?"
        )
    return (
        f"{failed.step - 1} steps were right, and so, as far as they show it, is {function}; "
        + (
            f"the replays of {case.method} tell which quantity of its step goes wrong"
            if replays
            else f"no replay of {case.method} fails: look at what only a closed loop has"
        )
    )


def _how_wrong(judged):
    if judged.problem:
        return f"{judged.problem}: {judged.message}"
    if judged.message:
        return judged.message
    return (
        f"{judged.digits:.1f} digits agree where {judged.attainable:.1f} can be had; the error is "
        f"{judged.in_units:.2g} times the roundoff of the formula (K u), up to "
        f"{compare.MARGIN:.0f} is accepted"
    )


def _order(case, fields, failed):
    """What was right before the first failure, and wrong after it, within the same step."""
    same = [judged for judged in fields if judged.step == failed.step]
    k = same.index(failed)
    before = [judged.field for judged in same[:k]]
    after = [judged.field for judged in same[k + 1 :] if judged.verdict == FAIL]
    if not before and not after:
        return []
    parts = []
    if before:
        parts.append(f"right before it: {', '.join(before)}")
    if after:
        parts.append(f"wrong after it, perhaps only as a consequence: {', '.join(after)}")
    return ["; ".join(parts)]


def _forced(forced):
    """What the single steps say, each from the certified state."""
    if not forced:
        return []
    first = {}
    for judged in forced:
        if judged.verdict == FAIL:
            first.setdefault(judged.step, judged)
    steps = max(judged.step for judged in forced)
    if not first:
        return [
            "given the certified state before each step, every step is right: look for what the "
            "state does not hold, or for roundoff that piles up"
        ]
    counts = {}
    for judged in first.values():
        counts.setdefault(judged.field, []).append(judged)
    named = ", ".join(
        f"{field} ({len(found)}, {_largest(found)})"
        for field, found in sorted(counts.items(), key=lambda pair: -len(pair[1]))
    )
    return [
        f"given the certified state before each step, {len(first)} of {steps} steps are wrong by "
        f"themselves, the first of them step {min(first)}; first wrong in them: {named}"
    ]


def _largest(found):
    """How large the errors of some judged quantities are, in words."""
    sizes = [judged.error for judged in found if math.isfinite(judged.error)]
    if not sizes:
        return "no number"
    return f"off by up to {max(sizes):.1e}" if len(sizes) > 1 else f"off by {sizes[0]:.1e}"


def likely_causes(case, report):
    """What the failures of an operation have in common, where that leaves out all else.

    A flag is named if every failure of this operation and method has it, at most half of the judged
    cases do, and no flag of fewer cases holds all failures; cases of right and of wrong input
    apart. Otherwise nothing is sure, and nothing is said.
    """
    notes = report.notes.get(case.family, {})
    like = [
        outcome
        for outcome in report.outcomes
        if (outcome.case.op, outcome.case.method) == (case.op, case.method)
        and ("error" in outcome.case.out) == ("error" in case.out)
        and outcome.verdict in (FAIL, *HELD)
    ]
    failed = [outcome for outcome in like if outcome.verdict == FAIL]
    common = set.intersection(*(set(outcome.case.flags) for outcome in failed)) if failed else set()
    held = []
    for flag in common:
        within = sum(flag in outcome.case.flags for outcome in like)
        if within <= SHARE * len(like) and notes.get(flag, {}).get("kind", "normal") != "normal":
            held.append((within, flag))
    held.sort()
    if not held or (len(held) > 1 and held[0][0] == held[1][0]):
        return [] if held or case.method else _two_flags(case, failed, like, notes)
    within, flag = held[0]
    number = "the one failure" if len(failed) == 1 else f"all {len(failed)} failures"
    return [
        f"{number} of {_asked(case)} {'is' if len(failed) == 1 else 'are'} among the {within} of "
        f"{len(like)} cases that are {flag!r}: {notes[flag]['description']} These are there to "
        f"catch: {notes[flag]['catches']}"
    ]


def _two_flags(case, failed, like, notes):
    """Two flags that together hold all failures of an operation, where no other two do."""
    telling = {f for o in failed for f in o.case.flags if notes.get(f, {}).get("kind") != "normal"}
    held = []
    for pair in itertools.combinations(sorted(telling), 2):
        within = sum(not set(pair).isdisjoint(outcome.case.flags) for outcome in like)
        covers = all(not set(pair).isdisjoint(outcome.case.flags) for outcome in failed)
        if covers and within <= SHARE * len(like):
            held.append((within, pair))
    held.sort()
    if len(failed) < 2 or not held or (len(held) > 1 and held[0][0] == held[1][0]):
        return []
    (within, (one, other)), n = held[0], len(failed)
    return [
        f"all {n} failures of {_asked(case)} are among the {within} of {len(like)} cases that are "
        f"{one!r} or {other!r}: {notes[one]['description']} {notes[other]['description']}"
    ]


def _asked(case):
    return f"{case.op} {case.method}".strip()


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
