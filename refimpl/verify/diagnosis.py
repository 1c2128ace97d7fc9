"""What a failure means, in sentences: where it shows, what it is like, and what explains it.

Only what holds is said: a relation to all digits but a few, a supposition that alone gives the
answer, a flag that all failures have and most cases have not.
"""

import itertools
import math
import re
from collections import Counter

from ..vectors import REPLAY, TRAJECTORY
from . import compare, resemblance, supposed
from .compare import ACCEPTABLE, FAIL, PASS
from .protocol import FORCED
from .runner import HELD, KNOWN, UNEXPECTED

# Other failures of an operation that are looked at, for what they have in common.
OTHERS = 12
# Cases in which a hyperparameter does nothing, for it to be told that none of them fails.
IDLE = 5
# What a number that is none comes from, where a number belongs.
MADE_BY = {
    "NotANumber": "is 0 divided by 0 there, or a root taken of what is negative?",
    "Infinite": "is a number divided by 0 there, or too large for its type, in between perhaps?",
}
# Of the cases of an operation, how many may have a flag that still tells something.
SHARE = 0.5


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
            sentences.append(_closed_loop(case, failed, _of_replays(case.method, report)))
        sentences.append(f"{failed.field}: {_how_wrong(failed)}")
        if failed.problem in MADE_BY:
            sentences.append(f"{failed.field}: {MADE_BY[failed.problem]}")
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
    """What other failures of the operation show that this one does not.

    What explains one of them, else what they look like where they look like one thing. Said of the
    first failure of each alone.
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
    if not outcome.supposed:
        for other in like[1:]:
            if other.supposed:
                failed = compare.first_failure(other.fields)
                return [f"in {other.case.id}, which fails too, {failed.field}: {other.supposed}"]
    shown, rough = Counter(), _rough(outcome.case, report)
    for other in like[1 : OTHERS + 1]:
        failed = compare.first_failure(other.fields)
        if not failed.problem:
            words = resemblance.looks_like(other.case, failed, other.answer, report.arithmetic)
            words = [one for one in words if one != resemblance.SINGLE or rough]
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
    shown, rough = Counter(), _rough(outcome.case, report)
    for judged in steps:
        words = resemblance.looks_like(
            outcome.case, judged, outcome.forced_answer, report.arithmetic
        )
        words = [one for one in words if one != resemblance.SINGLE or rough]
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


def _of_replays(method, report):
    """Where to look, from what became of the replays of the method; empty if none was judged."""
    verdicts = {
        o.verdict for o in report.outcomes if (o.case.op, o.case.method) == (REPLAY, method)
    }
    if FAIL in verdicts:
        return f"; the replays of {method} tell which quantity of its step goes wrong"
    if verdicts & {PASS, ACCEPTABLE}:
        return f"; no replay of {method} fails: look at what only a closed loop has"
    return ""


def _closed_loop(case, failed, hint):
    """Where to look for what a position alone does not tell."""
    function = case.inputs["function"]
    if failed.step == 1:
        return (
            f"the first step already: is it the gradient of {function}, the noise, or the start of "
            f"{case.method}?"
        )
    return (
        f"{failed.step - 1} steps were right, and so, as far as they show it, is {function}{hint}"
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
    return [
        *_by_parameters(case, failed, like),
        *_by_function(case, failed, like),
        *_by_flags(case, failed, like, notes),
    ]


def _by_function(case, failed, like):
    """The functions that a single operation fails for, where it passes for others."""
    if case.method or "function" not in case.inputs or "error" in case.out:
        return []
    names = dict.fromkeys(outcome.case.inputs["function"] for outcome in like)
    wrong = dict.fromkeys(outcome.case.inputs["function"] for outcome in failed)
    if not 0 < len(wrong) <= SHARE * len(names):
        return []
    return [f"of {len(names)} functions it fails for {', '.join(wrong)} alone"]


def _by_parameters(case, failed, like):
    """Hyperparameters of a single operation that must be at work for it to fail."""
    if case.method or "error" in case.out:
        return []
    found = []
    for name, nothing in supposed.NOTHING.items():
        idle = [outcome for outcome in like if _is(outcome.case.params.get(name), nothing)]
        if len(idle) >= IDLE and not any(outcome.verdict == FAIL for outcome in idle):
            found.append(
                f"none of the {len(idle)} cases of {operation(case)} with {name} {nothing:g} "
                f"fails, {len(failed)} of the {len(like) - len(idle)} others do"
            )
    return found


def _is(given, number):
    """Whether a hyperparameter of a case is this number."""
    return isinstance(given, str) and resemblance.number(given) == number


def _by_flags(case, failed, like, notes):
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
        f"{number} of {operation(case)} {'is' if len(failed) == 1 else 'are'} among the {within} "
        f"of {len(like)} cases that are {flag!r}: {notes[flag]['description']} These are there to "
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
        f"all {n} failures of {operation(case)} are among the {within} of {len(like)} cases that "
        f"are {one!r} or {other!r}: {notes[one]['description']} {notes[other]['description']} "
        f"These are there to catch: {notes[one]['catches']} {notes[other]['catches']}"
    ]


def operation(case):
    """Operation and method of a case, as they are told."""
    return f"{case.op} {case.method}".strip()
