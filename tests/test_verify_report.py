"""What a report says of a failure: which mistake it looks like."""

import numpy as np

from refimpl.vectors import Case
from refimpl.verify import report, runner
from refimpl.verify.protocol import Greeting

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


def test_where_all_fail_mistakes_of_ports_come_first():
    causes = told(
        (case(1, "a", "normal"), "fail"),
        (case(2, "a", "far-mean"), "fail"),
        (case(3, "a", "decay-order"), "fail"),
        (case(4, "a", "nan-input", error=True), "pass"),  # says nothing of right input
    )
    assert causes == ["likely cause (decay-order): the order"]


def test_normal_is_named_only_if_nothing_else_is():
    assert told((case(1, "a", "normal"), "fail")) == ["likely cause (normal): anything"]
    causes = told((case(1, "a", "normal"), "fail"), (case(2, "a", "far-mean"), "fail"))
    assert causes == ["likely cause (far-mean): the mean"]


def test_wrong_matrices_of_any_shape_are_compared():
    """No resemblance of a square matrix is looked for where there is none."""
    rng = np.random.default_rng(0)
    wrong, right = rng.standard_normal((2, 2, 4))
    assert report.resemblance(wrong, right) == ""
    assert "reverse order" in report.resemblance(right[::-1], right)
