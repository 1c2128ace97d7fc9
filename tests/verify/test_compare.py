"""Comparators and verdicts, by numbers whose distance is known; reports, in words."""

import json
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import vectors
from refimpl.errors import VectorError
from refimpl.verify import compare, report, runner
from refimpl.verify.compare import BINARY32, BINARY64
from tests.verify import verify_family as small

pytestmark = pytest.mark.once


def case(out, compare_by="relative", kappa=1.0, K=1.0, scale=None):
    """A case with the one field `result`."""
    return vectors.Case(
        "f", "f-1", "f.op", ("normal",), True, "", {}, {}, {"result": out},
        {"result": compare_by}, {"result": kappa}, {"result": K}, scale or {}, 1,
    )  # fmt: skip


def judged(out, got, arithmetic=BINARY64, **options):
    (found,) = compare.judge(case(out, **options), {"result": got}, arithmetic)
    return found


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(finite, finite)
def test_distance_is_that_of_exact_arithmetic(a, b):
    """By fractions, for every pair of floats, subnormal and huge ones too."""
    certified = mpmath.nstr(mpmath.mpf(b), 800, strip_zeros=False, min_fixed=0, max_fixed=0)
    error, _ = compare.distance("relative", certified, a.hex())
    size = abs(Fraction(b)) or Fraction(1)
    exact = abs(Fraction(a) - Fraction(b)) / size
    limit = Fraction(np.finfo(float).max)
    assert error == (float(exact) if exact <= limit else math.inf) or abs(
        Fraction(error) - exact
    ) <= exact * Fraction(1, 10**15)


def test_thirty_four_digits_are_not_lost():
    """An answer is compared with 1/3 itself, not with the float next to it."""
    third = "0.3333333333333333333333333333333333"
    found = judged(third, 1.0 / 3.0)
    exact = abs(Fraction(1.0 / 3.0) - Fraction(1, 3)) / Fraction(1, 3)
    assert found.error == pytest.approx(float(exact), rel=1e-12)
    assert found.in_units == pytest.approx(float(exact) / 2.0**-53, rel=1e-12)


@pytest.mark.parametrize("arithmetic", [BINARY64, BINARY32])
def test_the_three_limits(arithmetic):
    """Pass up to 64 kappa u, acceptable up to 64 K u, fail above, in either arithmetic."""
    for ratio, verdict in (
        (0.0, "pass"),
        (62.0, "pass"),
        (66.0, "acceptable"),
        (638.0, "acceptable"),
        (642.0, "fail"),
    ):
        got = 1.0 + ratio * arithmetic.unit
        found = judged("1", got, arithmetic, kappa=1.0, K=10.0)
        assert found.verdict == verdict
        # Even multiples of u are exact above 1.
        assert found.in_units * 10.0 == pytest.approx(ratio, rel=1e-12)


def test_blurred_fields_are_neither_right_nor_wrong():
    """64 K u above 1e-2: an exact answer is no pass, a wrong one no failure."""
    K = 1.1e-2 / (64 * BINARY32.unit)
    assert judged("1", 1.0, BINARY32, K=K).verdict == "uninformative"
    assert judged("1", 2.0, BINARY32, K=K).verdict == "uninformative"
    assert judged("1", 2.0, BINARY64, K=K).verdict == "fail"
    # But what is no number at all is wrong at any amplification.
    assert judged("1", "nan", BINARY32, K=K).verdict == "fail"


def test_subnormal_results_have_fewer_digits():
    """The neighbour of a subnormal number is one roundoff away, however far relatively."""
    tiny = 5e-324
    text = mpmath.nstr(mpmath.mpf(3) * mpmath.mpf(tiny), 34)
    assert judged(text, 4 * tiny).verdict == "uninformative"
    text = mpmath.nstr(mpmath.mpf(10**6) * mpmath.mpf(tiny), 34)
    assert judged(text, (10**6 + 20) * tiny).verdict == "pass"
    assert judged(text, (10**6 + 100) * tiny).verdict == "fail"


def test_beyond_binary32():
    """A certified value that binary32 cannot hold says nothing about a program in binary32."""
    assert judged("1e60", 1e60).verdict == "pass"
    assert judged("1e60", 1e30, BINARY32).verdict == "uninformative"


def test_zero_is_compared_by_its_scale():
    assert judged(["0", "0"], [0.0, 60 * 2.0**-53]).verdict == "pass"
    assert judged(["0", "0"], [0.0, 1e-9]).verdict == "fail"
    assert judged(["0", "0"], [0.0, 1e-9], scale={"result": 1e9}).verdict == "pass"


def test_norm_is_that_of_the_largest_entry():
    assert judged(["1e10", "1"], [1e10, 1.0 + 1e-7]).verdict == "pass"
    assert judged(["1e10", "1"], [1e10, 1.0 + 1e-3]).verdict == "fail"


@pytest.mark.parametrize(
    ("out", "got", "problem", "words"),
    [
        (["1", "2"], [1.0, "nan"], "NotANumber", r"entry \[1\] is NaN where 2 belongs"),
        (["1", "2"], [1.0, "-inf"], "Infinite", r"entry \[1\] is -inf where 2 belongs"),
        ("1", float("nan"), "NotANumber", "it is NaN where 1 belongs"),
        ("nan", 0.5, "NumberForSpecial", "it is 0.5 where NaN belongs"),
        ("inf", "-inf", "Infinite", "it is -inf where inf belongs"),
        (["1", "2"], [1.0], "WrongShape", r"expected the shape \(2,\), got \(1,\)"),
        ([["1"]], [1.0], "WrongShape", r"expected the shape \(1, 1\), got \(1,\)"),
        ([["1"], ["2"]], [[1.0], [2.0, 3.0]], "WrongShape", "different lengths"),
        ("1", [1.0], "WrongShape", r"expected the shape \(\), got \(1,\)"),
        ("1", "one", "WrongType", "expected a number or a hexadecimal string, got 'one'"),
        ("1", "1.0", "WrongType", "got '1.0'"),
        ("1", "0x1.0p+99999", "WrongType", "0x1"),
        ("1", None, "WrongType", "got null; some JSON writers"),
        ("1", True, "WrongType", "got True"),
        ("1", {"a": 1}, "WrongType", "got an object"),
    ],
)
def test_what_cannot_be_compared_is_named(out, got, problem, words):
    found = judged(out, got)
    assert (found.verdict, found.problem) == ("fail", problem)
    import re

    assert re.search(words, found.message)


def test_forms_of_numbers():
    """JSON numbers, hexadecimal strings of several languages, special values."""
    for got in (3, 3.0, "0x1.8p+1", "0X1.8P1", "0x3"):
        assert judged("3", got).error == 0.0
    assert judged(["nan", "inf", "-inf"], ["NaN", "Infinity", "-inf"]).verdict == "pass"
    assert judged(["nan", "1"], ["-nan", 1.0]).verdict == "pass"


def test_missing_field():
    (found,) = compare.judge(case("1"), {"other": 1.0}, BINARY64)
    assert found.problem == "MissingField"


def test_exact():
    assert judged("hard", "hard", compare_by="exact").verdict == "pass"
    assert judged("hard", "regular", compare_by="exact").problem == "Different"
    assert judged(True, True, compare_by="exact").verdict == "pass"
    assert judged(True, 1, compare_by="exact").verdict == "fail"
    assert judged([1, 2], [1, 2], compare_by="exact").verdict == "pass"
    assert judged([1, 2], [1], compare_by="exact").problem == "WrongShape"
    tenth = "0.1000000000000000055511151231257827"
    assert judged(tenth, 0.1, compare_by="exact").verdict == "pass"
    assert judged(tenth, float(np.float32(0.1)), BINARY32, compare_by="exact").verdict == "pass"
    assert judged(tenth, float(np.float32(0.1)), compare_by="exact").verdict == "fail"
    assert judged("nan", "nan", compare_by="exact").verdict == "pass"
    assert judged("0.1", "nan", compare_by="exact").verdict == "fail"


def rotation(angle):
    """Rows of a rotation of the plane, to 40 digits, and as floats."""
    with mpmath.workdps(40):
        c, s = mpmath.cos(angle), mpmath.sin(angle)
        exact = [[c, s, mpmath.mpf(0)], [-s, c, mpmath.mpf(0)]]
        return [[mpmath.nstr(x, 34) for x in row] for row in exact], [
            [float(x) for x in row] for row in exact
        ]


def test_signs():
    out, V = rotation(0.7)
    flipped_row = [[-x for x in V[0]], V[1]]
    flipped_column = [[-row[0], *row[1:]] for row in V]
    assert judged(out, flipped_row, compare_by="sign-rows").verdict == "pass"
    assert judged(out, flipped_column, compare_by="sign-columns").verdict == "pass"
    assert judged(out, [[-x for x in row] for row in V], compare_by="sign").verdict == "pass"
    assert judged(out, flipped_row, compare_by="sign").verdict == "fail"
    assert judged(out, flipped_row, compare_by="relative").verdict == "fail"
    assert judged(out, flipped_column, compare_by="sign-rows").verdict == "fail"
    assert judged("1", -1.0, compare_by="sign").verdict == "pass"


def test_subspaces():
    """Another basis of the same plane is the same subspace; a tilted one is not."""
    out, _ = rotation(0.7)
    _, V = rotation(-1.3)
    assert judged(out, V, compare_by="projector").verdict == "pass"
    assert judged(out, V, compare_by="relative").verdict == "fail"
    tilted = [[math.cos(1e-6), 0.0, math.sin(1e-6)], [0.0, 1.0, 0.0]]
    found = judged(out, tilted, compare_by="projector")
    assert found.verdict == "fail"
    # The entry cos sin of the projector is the largest difference.
    assert found.error == pytest.approx(1e-6, rel=1e-5)


def test_orthonormal_rows():
    out, _ = rotation(0.7)
    other = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert judged(out, other, compare_by="invariant:orthonormal-rows").verdict == "pass"
    longer = [[1.0 + 1e-6, 0.0, 0.0], [0.0, 1.0, 0.0]]
    found = judged(out, longer, compare_by="invariant:orthonormal-rows")
    assert found.verdict == "fail"
    assert found.error == pytest.approx(2e-6, rel=1e-5)
    nan = [["nan", 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert judged(out, nan, compare_by="invariant:orthonormal-rows").problem == "NotANumber"


def test_one_of():
    out = [["1", "0"], ["0", "1"]]
    assert judged(out, [0.0, 1.0], compare_by="one-of").verdict == "pass"
    assert judged(out, [0.5, 0.5], compare_by="one-of").verdict == "fail"
    assert judged(out, [0.5], compare_by="one-of").problem == "WrongShape"


def as_case(c):
    """A case of the small family as it is read."""
    return vectors.Case(
        "small", c["id"], c["op"], tuple(c["flags"]), True, c["method"], c["params"], c["in"],
        c["out"], c["compare"], c["kappa"], c["K"], {}, 1,
    )  # fmt: skip


def replayed(steps):
    family_case = as_case(small.replay(4))
    return family_case, compare.judge(family_case, {"steps": steps}, BINARY64)


def right_steps():
    return [
        {name: [float(v) for v in value] for name, value in step.items()}
        for step in small.replay(4)["out"]["steps"]
    ]


def test_replays_are_judged_step_by_step():
    steps = right_steps()
    _, found = replayed(steps)
    assert compare.verdict(found) == "pass"
    assert [(f.step, f.field) for f in found[:3]] == [
        (1, "momentum"),
        (1, "theta"),
        (2, "momentum"),
    ]
    steps[2]["theta"][0] += 1e-6
    steps[3]["momentum"][0] += 1e-6
    _, found = replayed(steps)
    first = compare.first_failure(found)
    assert (first.step, first.field) == (3, "theta")
    _, found = replayed(right_steps()[:2])
    assert compare.first_failure(found).problem == "WrongShape"
    _, (found,) = replayed("all of them")
    assert found.problem == "MissingField"


def test_late_blurred_steps_do_not_hide_the_early_ones():
    whole, _ = replayed(right_steps())
    blurred = whole._replace(K={"momentum": [2.0, 2.0, 1e20, 1e20], "theta": [2.0] * 4})
    found = compare.judge(blurred, {"steps": right_steps()}, BINARY64)
    assert compare.verdict(found) == "pass"
    blurred = whole._replace(K={"momentum": [1e20] * 4, "theta": [2.0] * 4})
    found = compare.judge(blurred, {"steps": right_steps()}, BINARY64)
    assert compare.verdict(found) == "uninformative"


def test_trajectories_are_judged_step_by_step():
    whole = as_case(small.trajectory(7))
    steps = [{"theta": [float(x) for x in step["theta"]]} for step in whole.out["steps"]]
    found = compare.judge(whole, {"steps": steps}, BINARY64)
    assert compare.verdict(found) == "pass"
    assert [judged.step for judged in found] == [1, 2, 3, 4, 5]
    for step, words in ((1, "the gradient of quadratic, the noise"), (3, "2 steps were right")):
        wrong = [dict(s) for s in steps]
        for s in wrong[step - 1 :]:
            s["theta"] = [1.001 * s["theta"][0]]
        found = compare.judge(whole, {"steps": wrong}, BINARY64)
        outcome = runner.Outcome(
            whole, compare.verdict(found), tuple(found), answer={"steps": wrong}
        )
        greeting = runner.Greeting("mine", "2", "C", "binary64", ("trajectory",))
        rep = runner.Report(greeting, "binary64", (outcome,), {"small": {}}, {}, (), 0.0)
        said = "\n".join(report.diagnosis(outcome, rep))
        assert f"step {step} of 5 is the first that diverges, and theta" in said
        assert words in said
        # Of a single number any other is some multiple.
        assert "times the certified" not in said


def samples(seed, shift, n=480):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(n), rng.standard_normal(n) + shift


def test_distance_of_distributions_is_that_of_scipy():
    for seed, shift in ((0, 0.0), (1, 0.3)):
        a, b = samples(seed, shift, 50)
        # Ties within and between the samples.
        a, b = a.round(1).tolist(), b.round(1).tolist()
        expected = scipy.stats.ks_2samp(a, b, method="asymp").statistic
        assert compare.kolmogorov_smirnov(a, b) == pytest.approx(expected, rel=1e-12)


def test_limit_of_distributions_keeps_its_level(monkeypatch, size):
    """At the level 0.05, 480 values, no more than 0.05 of right programs fail, and not none.

    Of n runs the share that fails has a deviation below sqrt(0.05 / n); five of them are exceeded
    less than once in a million times. Negative control: a shift by half a deviation, which the
    level 1e-6 finds too.
    """
    monkeypatch.setattr(compare, "FALSE_ALARM", 0.05)
    limit, n = compare.distribution_limit(480), size(400, 100)
    share = np.mean([compare.kolmogorov_smirnov(*samples(k, 0.0)) > limit for k in range(n)])
    assert 0.0 < share < 0.05 + 5 * math.sqrt(0.05 / n)
    monkeypatch.undo()
    limit = compare.distribution_limit(480)
    # The distance of the distributions is 0.197 there, and that of the samples rarely 0.05 less.
    a, b = samples(7, 0.75)
    assert compare.kolmogorov_smirnov(a, b) > limit
    a, b = samples(7, 0.0)
    assert compare.kolmogorov_smirnov(a, b) < limit


def test_distributions():
    whole = as_case(small.ensemble(8))
    values = [float(x) for x in whole.out["value"]]
    (found,) = compare.judge(whole, {"value": values[::-1]}, BINARY64)
    assert (found.verdict, found.error) == ("pass", 0.0)
    (found,) = compare.judge(whole, {"value": [0.25 * x for x in values]}, BINARY64)
    assert found.verdict == "fail"
    assert "the distributions differ by" in found.message
    outcome = runner.Outcome(whole, "fail", (found,))
    assert found.message in report.case_line(outcome)
    for got, problem in (
        (values[1:], "WrongShape"),
        (["nan", *values[1:]], "NotANumber"),
        (["inf", *values[1:]], "Infinite"),
    ):
        (found,) = compare.judge(whole, {"value": got}, BINARY64)
        assert (found.verdict, found.problem) == ("fail", problem)


def test_known_failures_file(tmp_path):
    path = tmp_path / "known.txt"
    path.write_text("# why\n\nsmall-0001  no pivoting yet  # see 12\nsmall-0004 float32 inside\n")
    ids = {"small-0001", "small-0002", "small-0004"}
    assert runner.known_failures(path, ids) == {
        "small-0001": "no pivoting yet",
        "small-0004": "float32 inside",
    }
    for text, words in (
        ("small-0001\n", ":1: expected the reason after 'small-0001'"),
        ("small-0001 a\nsmall-0001 b\n", ":2: 'small-0001' stands twice"),
        ("\nsmall-0011 a\n", ":2: unknown case 'small-0011'; did you mean"),
    ):
        path.write_text(text)
        with pytest.raises(VectorError, match=words):
            runner.known_failures(path, ids)


def outcomes(*verdicts):
    greeting = runner.Greeting("mine", "2", "C", "binary64", ("small.double",))
    cases = [case("1")._replace(id=f"f-{k}") for k in range(len(verdicts))]
    found = tuple(
        runner.Outcome(c, verdict, message="why")
        for c, verdict in zip(cases, verdicts, strict=True)
    )
    return runner.Report(greeting, "binary64", found, {"f": {}}, {"f": "p"}, (), 0.0)


def test_closing_line_counts():
    whole = outcomes("pass", "acceptable", "unexpected pass", "fail", "known failure", "skipped")
    assert report.text(whole)[-1] == "3 passed, 1 failed"
    assert "1 skipped, 1 known failures, 1 unexpected passes; 1 of those" in report.text(whole)[-2]
    assert not whole.held
    assert outcomes("pass", "known failure", "uninformative").held


def test_nothing_compared_is_not_held():
    """A program that skips everything has shown nothing."""
    for verdicts in ((), ("skipped", "skipped"), ("uninformative",)):
        whole = outcomes(*verdicts)
        assert not whole.held
        assert "this verifies nothing" in "\n".join(report.closing(whole))


def test_json_report_is_strict():
    whole = outcomes("pass", "fail")
    failed = whole.outcomes[1]._replace(fields=(judged("1", "nan"),), problem="NotANumber")
    whole = whole._replace(outcomes=(whole.outcomes[0], failed))
    text = json.dumps(report.as_json(whole), allow_nan=False)
    read = json.loads(text)
    assert (read["passed"], read["failed"]) == (1, 1)
    assert read["cases"][1]["worst"]["error"] == "inf"
