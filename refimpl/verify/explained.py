"""The first failures of a verification, each with what alone explains it, where something does.

First what a setting or an input explains that is taken otherwise (`supposed`); then, of few
operations, what a slip in our own text does (`slipped`).
"""

from . import compare, supposed
from .compare import ACCEPTABLE, FAIL, PASS

# Failures of each operation or method that are put to suppositions, until one is explained.
TRIED = 3
# Operations and methods in whose text slips are looked for, which takes seconds each: in that of a
# method once, for the first of all that it fails.
READ = 2
# Other cases of the operation that a slip must explain, and that it must leave right.
OTHERS, RIGHT = 5, 12
# Of a case of steps that passes, how many are made anew.
STEPS = 6
# Statements of which some are told; more than that in more files than that tell nothing.
STATEMENTS, FILES = 2, 2


def explain(outcomes, arithmetic, reference, most, stopped):
    """The outcomes with explanations, and remarks on those that could not be looked for.

    Parameters
    ----------
    outcomes : list of runner.Outcome
    arithmetic : str
    reference : supposed.Reference or None
        One that is made here, and ended, if it is None.
    most : int
        Operations and methods that are looked into.
    stopped : threading.Event

    Returns
    -------
    tuple of list
    """
    own = supposed.Reference(stopped) if reference is None else reference
    before = own.unfinished
    try:
        found = _explained(outcomes, arithmetic, own, most, stopped)
    finally:
        if reference is None:
            own.close()
    remarks = []
    if own.lost:
        remarks.append(
            "what explains a failure was not looked for any more, since the package itself, which "
            f"is asked for it, did not answer: {own.lost}"
        )
    if own.unfinished > before:
        remarks.append(
            f"of {own.unfinished - before} failures not every slip in our own text was tried: the "
            "time for it was over"
        )
    return found, remarks


def _explained(outcomes, arithmetic, reference, most, stopped):
    tried, read, found = {}, set(), []
    for outcome in outcomes:
        key = outcome.case.op, outcome.case.method
        failed = _failed(outcome)
        begun = key in tried or len(tried) < most
        if failed and begun and not stopped.is_set() and tried.setdefault(key, 0) < TRIED:
            tried[key] += 1
            said = supposed.explanation(outcome.case, failed, outcome.answer, arithmetic, reference)
            text = outcome.case.method or outcome.case.op
            if not said and text not in read and len(read) < READ and supposed.known(outcome.case):
                read.add(text)
                said = named(reference.slips(question(outcome, outcomes, arithmetic)))
            if said:
                tried[key] = TRIED
            outcome = outcome._replace(supposed=said)
        found.append(outcome)
    return found


def _failed(outcome):
    """The first quantity that failed, where numbers did; None elsewhere."""
    failed = compare.first_failure(outcome.fields)
    told = outcome.verdict == FAIL and outcome.answer and failed and not failed.problem
    return failed if told else None


def question(outcome, outcomes, arithmetic):
    """What `slipped` is asked: a failure, others like it, and what passes beside them."""
    like = [
        other
        for other in outcomes
        if (other.case.op, other.case.method) == (outcome.case.op, outcome.case.method)
    ]
    like.sort(key=lambda other: len(str(other.case.inputs)))
    failures = [other for other in like if other is not outcome and _failed(other)]
    passes = [other.case for other in like if other.verdict in (PASS, ACCEPTABLE)]
    return {
        "arithmetic": arithmetic,
        "failures": [
            {
                "case": other.case._asdict(),
                "answer": other.answer,
                "failed": {"field": _failed(other).field, "step": _failed(other).step},
            }
            for other in (outcome, *_of_all_sizes(failures, OTHERS))
        ],
        "passes": [
            supposed.shortened(case, STEPS, beyond=0)._asdict()
            for case in _of_all_sizes(passes, RIGHT)
        ],
    }


def _of_all_sizes(cases, most):
    """Some of what is ordered by its size, the largest among them: the smallest are special."""
    if len(cases) <= most:
        return cases
    return [cases[(k + 1) * len(cases) // most - 1] for k in range(most)]


def named(slips):
    """The slips that explain a failure as a sentence, the first of each statement; or none.

    Examples
    --------
    >>> named([{"words": "`b` in place of `a`", "file": "repulsion.py", "line": 3}])
    'it is the answer of `b` in place of `a` (repulsion.py, line 3)'
    """
    first = {}
    # Whatever turns a decision explains as much as the decision, and says less.
    for slip in sorted(slips, key=lambda slip: not slip["words"].endswith(" taken")):
        first.setdefault((slip["file"], slip["line"]), slip)
    told = [f"{slip['words']} ({slip['file']}, line {slip['line']})" for slip in first.values()]
    if not told or (len(told) > STATEMENTS and len({file for file, _ in first}) > FILES):
        return ""
    more = ["what comes to the same"] if len(told) > STATEMENTS else []
    return f"it is the answer of {' or of '.join([*told[:STATEMENTS], *more])}"
