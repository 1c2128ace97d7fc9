"""What a report says of a failure: which mistake it looks like."""

import numpy as np
import pytest

from refimpl.vectors import Case
from refimpl.verify import compare, diagnosis, report, resemblance, runner
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
    return diagnosis.likely_causes(failed, found)


def sentence(number, flag, within, of, catches):
    return (
        f"{number} of a {'is' if number.startswith('the one') else 'are'} among the {within} of "
        f"{of} cases that are {flag!r}: d These are there to catch: {catches}"
    )


def test_a_flag_that_holds_all_failures_is_named():
    causes = told(
        (case(1, "a", "normal"), "pass"),
        (case(2, "a", "decay-order"), "pass"),
        (case(3, "a", "far-mean"), "fail"),
        (case(4, "b", "decay-order"), "fail"),  # of another operation
    )
    assert causes == [sentence("the one failure", "far-mean", 1, 3, "the mean")]


def test_where_all_fail_nothing_is_said():
    """Negative control: a flag that most cases have tells nothing, whatever it catches."""
    causes = told(
        (case(1, "a", "far-mean"), "fail"),
        (case(2, "a", "normal"), "fail"),
        (case(3, "a", "decay-order"), "fail"),
        (case(4, "a", "nan-input", error=True), "pass"),  # says nothing of right input
    )
    assert causes == []
    assert told((case(1, "a", "far-mean"), "fail"), (case(2, "a", "far-mean"), "pass")) == []


def test_of_two_flags_that_hold_all_failures_none_is_named():
    both = case(1, "a", "far-mean", "decay-order")
    others = [(case(k, "a", "normal"), "pass") for k in range(2, 6)]
    assert told((both, "fail"), *others) == []
    # One case with one of them alone, and the smaller of the two is named.
    causes = told((both, "fail"), (case(9, "a", "decay-order"), "pass"), *others)
    assert causes == [sentence("the one failure", "far-mean", 1, 6, "the mean")]


def test_two_flags_that_together_hold_all_failures():
    cases = [
        (case(1, "a", "far-mean"), "fail"),
        (case(2, "a", "decay-order"), "fail"),
        *((case(k, "a", "normal"), "pass") for k in range(3, 9)),
    ]
    assert told(*cases) == [
        "all 2 failures of a are among the 2 of 8 cases that are 'decay-order' or 'far-mean': d d "
        "These are there to catch: the order the mean"
    ]
    assert told(*cases, (case(9, "a", "normal"), "fail")) == []


def test_normal_is_never_named():
    failing = (case(1, "a", "normal"), "fail")
    assert told(failing, *((case(k, "a", "far-mean"), "pass") for k in range(2, 6))) == []


def test_where_an_error_should_have_come_the_input_is_told():
    wrong = runner.Outcome(
        case(1, "a", "nan-input", error=True), "fail", problem="NoError", message="an answer"
    )
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", (wrong,), NOTES, {}, (), 0.0)
    assert report.diagnosis(wrong, found) == ["NoError: an answer", "d"]


def test_a_supposition_comes_before_what_it_looks_like():
    made = case(1, "a", "normal")._replace(compare={"result": "relative"})
    judged = compare.FieldVerdict("result", "fail", 1.0, 1e9, 0.0, 15.0)
    wrong = runner.Outcome(
        made, "fail", (judged,), answer={"result": 2.0}, supposed="it is the answer of this"
    )
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", (wrong,), NOTES, {}, (), 0.0)
    assert report.diagnosis(wrong, found)[1:] == [
        "result: it is the answer of this",
        "result: it is 2 times the certified value",
    ]


def test_what_other_failures_show_is_told_of_the_first():
    """A relation that holds in several of them, once, whatever its factor is."""

    def failure(number, right, wrong):
        made = case(number, "a", "normal")._replace(
            out={"result": right}, compare={"result": "relative"}, params={"beta": (0.375).hex()}
        )
        judged = compare.FieldVerdict("result", "fail", 1.0, 1e9, 0.0, 15.0)
        return runner.Outcome(made, "fail", (judged,), answer={"result": wrong})

    first = failure(1, ["0", "0"], [1.0, 2.0])
    others = [failure(k, ["1", "2"], [0.625, 1.25]) for k in (2, 3, 4)]
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", (first, *others), NOTES, {}, (), 0.0)
    told_of = "\n".join(report.diagnosis(first, found))
    assert "result: it is not zero" in told_of
    relation = "result: it is 0.625 times the certified value: 1 - beta"
    assert f"in 3 of 3 other failures of it, {relation}" in told_of
    assert "other failures" not in "\n".join(report.diagnosis(others[0], found))


def test_of_a_number_that_is_none_it_is_asked_what_makes_it():
    for problem, words in (("NotANumber", "0 divided by 0"), ("Infinite", "divided by 0")):
        judged = compare.FieldVerdict("result", "fail", np.inf, np.inf, 0.0, 15.0, problem, "it is")
        wrong = runner.Outcome(case(1, "a", "normal"), "fail", (judged,), answer={"result": 2.0})
        found = runner.Report(
            Greeting("x", "1", "y", "binary64", ()), "binary64", (wrong,), NOTES, {}, (), 0.0
        )
        assert any(words in said for said in report.diagnosis(wrong, found))


def test_what_explains_another_failure_is_told_of_the_first():
    def failure(number, words=""):
        made = case(number, "a", "normal")._replace(compare={"result": "relative"})
        judged = compare.FieldVerdict("result", "fail", 1.0, 1e9, 0.0, 15.0)
        return runner.Outcome(made, "fail", (judged,), answer={"result": 2.0}, supposed=words)

    first, second, explained = failure(1), failure(2), failure(3, "it is the answer of this")
    who = Greeting("x", "1", "y", "binary64", ())
    found = runner.Report(who, "binary64", (first, second, explained), NOTES, {}, (), 0.0)
    words = f"in {explained.case.id}, which fails too, result: it is the answer of this"
    assert words in report.diagnosis(first, found)
    assert words not in report.diagnosis(second, found)


def test_forced_steps_are_counted_with_the_size_of_their_errors():
    judged = [
        compare.FieldVerdict("theta", "fail", 10.0**-k, 1e9, 0.0, 15.0, step=k) for k in (2, 3)
    ]
    [words] = diagnosis._forced([*judged, compare.FieldVerdict("m", "pass", 0, 0, 16, 16, step=4)])
    assert words.endswith("first wrong in them: theta (2, off by up to 1.0e-02)")


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
    assert resemblance.resemblance(wrong, right) == ""
    assert "reverse order" in resemblance.resemblance(right[::-1], right)


def test_a_trajectory_sends_to_replays_only_where_they_fail():
    made = case(1, "trajectory", "normal")._replace(
        method="sgd", inputs={"function": "beale"}, out={"steps": [{"theta": ["1"]}] * 3}
    )
    judged = compare.FieldVerdict("theta", "fail", 1.0, 1e9, 0.0, 15.0, step=2)
    wrong = runner.Outcome(made, "fail", (judged,))
    replay = runner.Outcome(made._replace(op="replay", id="small-2"), "pass")
    who = Greeting("x", "1", "y", "binary64", ())

    def said(verdict):
        outcomes = (wrong, replay._replace(verdict=verdict))
        found = runner.Report(who, "binary64", outcomes, NOTES, {}, (), 0.0)
        return "\n".join(report.diagnosis(wrong, found))

    assert "no replay of sgd fails: look at what only a closed loop has" in said("pass")
    assert "the replays of sgd tell which quantity" in said("fail")
