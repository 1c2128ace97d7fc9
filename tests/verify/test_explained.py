"""Which slip in our text explains a failure, and that a wrong explanation stays improbable."""

import math
import threading

import numpy as np
import pytest

from refimpl import vectors
from refimpl.verify import compare, explained, slipped, supposed
from refimpl.verify.runner import Outcome

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def cases(family, most=8, **wanted):
    found = [
        case
        for case in vectors.load(family).cases
        if all(getattr(case, name) == value for name, value in wanted.items())
        and "error" not in case.out
    ]
    return found[:most]


def judged(case, answer):
    """The outcome of a case for which a program gives this."""
    fields = tuple(compare.judge(case, answer, compare.BINARY64))
    verdict = compare.verdict(fields)
    return Outcome(case, verdict, fields, answer=answer if verdict == compare.FAIL else None)


def explain(outcomes, reference, most=5):
    found, remarks = explained.explain(outcomes, "binary64", reference, most, threading.Event())
    assert remarks == []
    return found


def wrong_newton(case, change):
    H, g = (np.array(supposed.values_of(case.inputs[name])) for name in ("H", "g"))
    return {"result": change(H, g).tolist()}


def test_a_slip_in_a_piece(reference):
    """Newton's step without its eigenvalues is minus the gradient."""
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))
    found = explain([judged(c, wrong_newton(c, lambda H, g: -g)) for c in put], reference)
    assert found[0].supposed.startswith("it is the answer of a step without `along = quotient(")
    assert "(repulsion.py, line " in found[0].supposed


def test_a_slip_in_a_series_that_runs_through_a_class(reference):
    """Along a line ``e_k = e_0 x_1^k / k!``; without the division by `k` the factorials stay."""
    put = [c for c in cases("summary", 400) if c.inputs.get("function") == "exp"]
    outcomes = []
    for case in put:
        rows = np.array(supposed.values_of(case.out["result"]))
        factorials = [math.factorial(k) for k in range(len(rows))]
        outcomes.append(judged(case, {"result": (rows.T * factorials).T.tolist()}))
    found = explain(outcomes, reference)
    said = [outcome.supposed for outcome in found if outcome.supposed]
    assert len(said) == 1
    assert "in place of `_sum(weighted, e, k, 1) / k` (taylor/series.py" in said[0]


def test_a_slip_in_a_table_of_rules(reference):
    """The hyperbolic cosine has the rows of the circular one, ``cos^(k)(x) d^k / k!``."""
    outcomes = []
    for case in [c for c in cases("summary", 400) if c.inputs.get("function") == "cosh"]:
        x, d = (np.array(supposed.values_of(case.inputs[name])) for name in ("x", "direction"))
        rows = [
            np.cos(x + 0.5 * np.pi * k) * d**k / math.factorial(k)
            for k in range(len(case.out["result"]))
        ]
        outcomes.append(judged(case, {"result": np.array(rows).tolist()}))
    found = explain(outcomes, reference)
    said = [outcome.supposed for outcome in found if outcome.supposed]
    assert len(said) == 1
    assert "in place of `series.sin_cos(x, terms, 1.0)` (taylor/ufuncs.py" in said[0]


def test_a_part_of_an_answer_explains_nothing(reference):
    """The inverse tangent right in its first row, which a text that leaves out others gives too."""
    outcomes = []
    for case in [c for c in cases("summary", 400) if c.inputs.get("function") == "arctan"]:
        rows = np.array(supposed.values_of(case.out["result"]))
        rows[1:] *= 1.0371
        outcomes.append(judged(case, {"result": rows.tolist()}))
    assert [outcome.supposed for outcome in explain(outcomes, reference)] == [""] * len(outcomes)


@pytest.mark.slow
def test_a_search_that_breaks_or_ends_early_is_remarked(monkeypatch):
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))
    outcomes = [judged(c, wrong_newton(c, lambda H, g: -1.037 * np.sin(g))) for c in put]
    for command, remark in (
        ("slipped.slips = None", "did not answer: Broken: slipped: the search ended"),
        ("slipped.ALL = -1.0", "of 1 failures not every slip in our own text was tried"),
    ):
        begin = supposed.COMMAND.replace("slipped.main()", f"{command}; slipped.main()")
        monkeypatch.setattr(supposed, "COMMAND", begin)
        monkeypatch.setattr(supposed, "FAULTS", 1)
        _, remarks = explained.explain(outcomes, "binary64", None, 5, threading.Event())
        assert len(remarks) == 1
        assert remark in remarks[0]
        monkeypatch.undo()


def test_an_error_that_no_float_holds_is_asked_about_all_the_same(reference):
    """An answer of 0 for a subnormal one is infinitely far in roundings."""
    (put,) = vectors.cases(ids=["repulsion-0281"])
    outcome = judged(put, {"result": [1.7e308] * len(put.out["result"])})
    assert compare.first_failure(outcome.fields).in_units == np.inf
    assert len(explain([outcome], reference)) == 1


def test_what_no_slip_makes_is_not_explained(reference):
    """Negative control."""
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))

    def change(H, g):
        return -np.linalg.solve(H, g) * 1.0371

    found = explain([judged(c, wrong_newton(c, change)) for c in put], reference)
    assert [outcome.supposed for outcome in found] == [""] * len(found)


def test_a_slip_that_does_not_explain_the_others_is_none(reference):
    """One case is as if the eigenvalues were left out, the others are not."""
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))
    first, *rest = put
    outcomes = [judged(first, wrong_newton(first, lambda H, g: -g))]
    outcomes += [
        judged(c, wrong_newton(c, lambda H, g: -np.linalg.solve(H, 1.25 * g))) for c in rest
    ]
    assert explain(outcomes, reference)[0].supposed == ""


def test_a_slip_that_spoils_what_passes_is_none(reference):
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))
    first, *rest = put
    outcomes = [judged(first, wrong_newton(first, lambda H, g: -g))]
    outcomes += [judged(c, wrong_newton(c, lambda H, g: -np.linalg.solve(H, g))) for c in rest]
    assert explain(outcomes, reference)[0].supposed == ""


def test_few_numbers_are_explained_by_nothing(reference):
    """Two numbers of one failure: some slip would give them by accident."""
    put = [c for c in cases("repulsion", most=99, op="repulsion.newton") if len(c.inputs["g"]) == 2]
    outcome = judged(put[0], wrong_newton(put[0], lambda H, g: -g))
    assert explain([outcome], reference)[0].supposed == ""


def test_an_older_value_in_a_method(reference):
    """The step takes the momentum of the step before."""
    put = cases("optimizers", most=3, op="replay", method="momentum")
    outcomes = []
    for case in put:
        [answer] = reference.answers([case])
        rate = float.fromhex(case.params["alpha"])
        before = np.zeros(len(case.inputs["start"]))
        for seen, step in zip(case.inputs["stream"], answer["steps"], strict=True):
            theta = np.array(supposed.values_of(seen["theta"]))
            step["theta"] = (theta - rate * before).tolist()
            before = np.array(supposed.values_of(step["momentum"]))
        outcomes.append(judged(case, answer))
    said = explain(outcomes, reference)[0].supposed
    assert "`parameters.alpha * state.momentum` in place of `parameters.alpha * momentum`" in said
    assert "optimizers/momentum.py" in said


def test_only_so_many_operations_are_looked_into(reference):
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))
    outcomes = [judged(c, wrong_newton(c, lambda H, g: -g)) for c in put]
    assert {o.supposed for o in explain(outcomes, reference, most=0)} == {""}


def test_the_text_of_a_method_is_searched_once(reference, monkeypatch):
    """Where replays of a method fail its closed loops do too, by the same text."""
    searched = []
    monkeypatch.setattr(reference, "slips", lambda asked: searched.append(asked) or [])
    monkeypatch.setattr(supposed, "explanation", lambda *given: "")
    outcomes = []
    for family, op, method in (
        ("optimizers", "replay", "momentum"),
        ("trajectories", "trajectory", "momentum"),
        ("optimizers", "replay", "newton"),
    ):
        [case] = cases(family, most=1, op=op, method=method)
        [answer] = reference.answers([case])
        for step in answer["steps"]:
            step["theta"] = [2.0 * x for x in supposed.values_of(step["theta"])]
        outcomes.append(judged(case, answer))
    explain(outcomes, reference)
    asked = [one["failures"][0]["case"] for one in searched]
    assert [(case["op"], case["method"]) for case in asked] == [
        ("replay", "momentum"),
        ("replay", "newton"),
    ]


def test_our_text_is_not_quoted_where_that_is_not_wanted():
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))
    one = supposed.Reference(quoting=False)
    try:
        outcomes = [judged(c, wrong_newton(c, lambda H, g: -g)) for c in put]
        assert {outcome.supposed for outcome in explain(outcomes, one)} == {""}
    finally:
        one.close()


def test_a_reference_that_is_lost_is_remarked(monkeypatch):
    monkeypatch.setattr(supposed, "COMMAND", "raise SystemExit(3)")
    put = cases("repulsion", op="repulsion.newton", flags=("normal",))
    outcomes = [judged(c, wrong_newton(c, lambda H, g: -g)) for c in put]
    found, [remark] = explained.explain(outcomes, "binary64", None, 5, threading.Event())
    assert {outcome.supposed for outcome in found} == {""}
    assert remark.startswith("what explains a failure was not looked for any more")
    assert "Died: " in remark


def test_slips_of_one_statement_are_told_once():
    def slip(words, line, file="a.py"):
        return {"words": words, "file": file, "line": line}

    both = explained.named([slip("x", 1), slip("the same", 1), slip("y", 2)])
    assert both == "it is the answer of x (a.py, line 1) or of y (a.py, line 2)"
    three = explained.named([slip("x", 1), slip("y", 2), slip("z", 3)])
    assert three == f"{both} or of what comes to the same"
    elsewhere = [slip("x", 1), slip("y", 2), slip("z", 3, "b.py")]
    assert explained.named(elsewhere) == three
    # As much at home here as there: nothing is sure.
    assert explained.named([*elsewhere, slip("u", 4, "c.py")]) == ""
    assert explained.named([]) == ""


def test_a_decision_is_told_before_what_turns_it():
    slips = [
        {"words": words, "file": "a.py", "line": 1}
        for words in ("`0.0` in place of `a`", "`if a > 0.0` never taken")
    ]
    assert explained.named(slips) == "it is the answer of `if a > 0.0` never taken (a.py, line 1)"


def test_the_step_that_failed_is_put_by_itself():
    """From the program's state before it: first so, then with all before it."""
    [case] = cases("optimizers", most=1, op="replay", method="momentum")
    answer = {"steps": [dict(step) for step in case.out["steps"]]}
    for step in answer["steps"]:
        for name, value in step.items():
            given = np.array(supposed.values_of(value))
            step[name] = given.tolist() if given.shape else float(given)

    def failure(step, name):
        given = {"case": case._asdict(), "answer": answer}
        return slipped._failure(given | {"failed": {"field": name, "step": step}}, "binary64")

    def spoilt(step, name, factor):
        answer["steps"][step - 1][name] = [factor * x for x in answer["steps"][step - 1][name]]

    spoilt(4, "theta", 2.0)
    found = failure(4, "theta")
    assert slipped._toward(found, found.right)
    assert not slipped._may_explain(found)
    # A slip may give another shape.
    assert not slipped._toward(found._replace(wanted=found.wanted[:1]), found.right[:1])
    # The first step has no state before it.
    spoilt(1, "theta", 2.0)
    assert failure(1, "theta").alone is None
    # Nor is one of any use that is wrong already.
    spoilt(3, "momentum", 1e3)
    assert failure(4, "theta").alone is None
