"""What a report says of a failure: which mistake it looks like."""

import numpy as np
import pytest

from refimpl.vectors import Case
from refimpl.verify import compare, report, runner
from refimpl.verify.protocol import Greeting

pytestmark = pytest.mark.once

NOTES = {
    "small": {
        "normal": {"kind": "normal", "description": "d", "catches": "anything"},
        "decay-order": {"kind": "porting", "description": "d", "catches": "the order"},
        "far-mean": {"kind": "adversarial", "description": "d", "catches": "the mean"},
        "nan-input": {"kind": "adversarial", "description": "d", "catches": "no check"},
    }
}


def case(number, op, *flags, error=False):
    out = {"error": "NotFiniteError"} if error else {"result": "1"}
    return Case(
        "small", f"small-{number}", op, flags, True, "", {}, {}, out, {}, {}, {}, {}, number
    )


def told(*pairs):
    """Causes named of the first failure, each pair being a case and its verdict."""
    outcomes = tuple(runner.Outcome(made, verdict) for made, verdict in pairs)
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", outcomes, NOTES, {}, (), 0.0)
    failed = next(o.case for o in outcomes if o.verdict == "fail")
    return report.likely_causes(failed, found)


def test_the_flag_that_alone_fails_is_the_cause():
    causes = told(
        (case(1, "a", "normal"), "pass"),
        (case(2, "a", "decay-order"), "pass"),
        (case(3, "a", "far-mean"), "fail"),
        (case(4, "b", "decay-order"), "fail"),  # of another operation
    )
    assert causes == ["likely cause (far-mean): the mean"]


def test_where_all_fail_it_is_said_what_the_case_is_for():
    causes = told(
        (case(1, "a", "far-mean"), "fail"),
        (case(2, "a", "normal"), "fail"),
        (case(3, "a", "decay-order"), "fail"),
        (case(4, "a", "nan-input", error=True), "pass"),  # says nothing of right input
    )
    assert causes == ["what such cases are made to catch (far-mean): the mean"]


def test_normal_is_named_only_if_nothing_else_is():
    words = "what such cases are made to catch"
    assert told((case(1, "a", "normal"), "fail")) == [f"{words} (normal): anything"]
    causes = told((case(1, "a", "normal", "far-mean"), "fail"), (case(2, "a", "normal"), "fail"))
    assert causes == [f"{words} (far-mean): the mean"]


def test_skipped_cases_are_a_line_for_each_reason():
    outcomes = tuple(
        runner.Outcome(case(k, "a", "normal"), "skipped", message="no operation 'a'")
        for k in range(3)
    )
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", outcomes, NOTES, {}, (), 0.0)
    assert report.skipped(found) == ["skipped 3: no operation 'a'"]
    assert sum("small-" in line for line in report.text(found)) == 0
    assert "skipped 3: no operation 'a'" in report.text(found, everything=True)
    # Without the reasons in what is told by default.
    assert report.text(found)[2] == "skipped (the reasons: --all): a 3"


def test_what_could_not_be_understood_has_no_cause():
    wrong = runner.Outcome(case(1, "a", "normal"), "fail", problem="Garbage", message="half a line")
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", (wrong,), NOTES, {}, (), 0.0)
    assert report.diagnosis(wrong, found) == ["Garbage: half a line"]


def test_a_refused_forced_replay_is_told():
    wrong = runner.Outcome(
        case(1, "a", "normal"), "fail", problem="NoError", message="m", refused="skipped: not here"
    )
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", (wrong,), NOTES, {}, (), 0.0)
    judged = compare.FieldVerdict("theta", "fail", 1.0, 1e9, 0.0, 15.0, step=2)
    replayed = wrong._replace(fields=(judged,), case=wrong.case._replace(out={"steps": [{}, {}]}))
    told = "\n".join(report.diagnosis(replayed, found))
    assert "'replay-forced'" in told
    assert "did not answer: skipped: not here" in told


def test_wrong_matrices_of_any_shape_are_compared():
    """No resemblance of a square matrix is looked for where there is none."""
    rng = np.random.default_rng(0)
    wrong, right = rng.standard_normal((2, 2, 4))
    assert report.resemblance(wrong, right) == ""
    assert "reverse order" in report.resemblance(right[::-1], right)
