"""Suppositions that explain a wrong answer: the reference answers as if it made the mistake."""

import pytest

from refimpl import vectors
from refimpl.verify import compare, supposed
from refimpl.verify.protocol import Fault

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def cases():
    return {
        case.id: case
        for name in ("repulsion", "optimizers", "online_pca")
        for case in vectors.load(name).cases
    }


def explained(case, wrong, reference):
    """What is said of the answer that belongs to another case."""
    [answer] = reference.answers([wrong])
    judged = compare.judge(case, answer, compare.BINARY64)
    failed = compare.first_failure(judged)
    return supposed.explanation(case, failed, answer, "binary64", reference)


def first(cases, **wanted):
    return next(
        case
        for case in cases.values()
        if all(getattr(case, name) == value for name, value in wanted.items())
        and "error" not in case.out
    )


def settings(cases, method):
    return [c for c in cases.values() if c.method == method and "settings" in c.flags]


def test_a_default_that_is_written_into_the_step(cases, reference):
    case = settings(cases, "fogr")[1]
    wrong = case._replace(params=case.params | {"div": (1.5).hex()})
    said = explained(case, wrong, reference)
    assert said == "it is the answer of div = 1.5, its default (here 2)"


def test_the_default_of_a_sister_method(cases, reference):
    case = settings(cases, "cdogr")[0]
    wrong = case._replace(params=case.params | {"prior": [(1.0).hex(), (0.0).hex()]})
    said = explained(case, wrong, reference)
    assert said.startswith("it is the answer of prior = [1.0, 0.0], the default of dogr (here [")


def test_a_weight_that_is_read_the_other_way_round(cases, reference):
    case = settings(cases, "momentum")[0]
    wrong = case._replace(params=case.params | {"gamma": (0.625).hex()})
    said = explained(case, wrong, reference)
    assert said == "it is the answer of 1 - gamma in place of gamma (here 0.375)"


def test_hyperparameters_that_are_exchanged(cases, reference):
    case = settings(cases, "sfn")[1]
    params = {"div": case.params["cut"], "cut": case.params["div"]}
    said = explained(case, case._replace(params=params), reference)
    assert said == "it is the answer of cut and div exchanged"


def test_another_operation(cases, reference):
    case = first(cases, op="repulsion.newton", flags=("exact-saddle",))
    wrong = case._replace(op="repulsion.saddle_free", params={"div": "0x1p+0", "cut": "0x0p+0"})
    said = explained(case, wrong, reference)
    assert said == "it is the answer of repulsion.saddle_free"


def test_inputs_that_are_exchanged(cases, reference):
    case = first(cases, op="online_pca.transport", flags=("transposed", "one-dimension"))
    case = next(c for c in cases.values() if c.op == case.op and c.flags == ("transposed",))
    swapped = case.inputs | {"V_old": case.inputs["V_new"], "V_new": case.inputs["V_old"]}
    said = explained(case, case._replace(inputs=swapped), reference)
    assert said == "it is the answer of V_old and V_new exchanged"


def test_a_mistake_that_no_supposition_explains(cases, reference):
    """Negative control: another curvature altogether."""
    case = settings(cases, "fogr")[0]
    wrong = case._replace(params=case.params | {"div": (1.375).hex()})
    assert explained(case, wrong, reference) == ""


def test_a_right_answer_is_no_supposition(cases, reference):
    """What does not change the answer explains nothing: a cut of 0 that is left out."""
    case = first(cases, op="repulsion.saddle_free", flags=("normal",))
    [answer] = reference.answers([case])
    failed = compare.judge(case, answer, compare.BINARY64)[0]
    assert supposed.explanation(case, failed, answer, "binary64", reference) == ""


def test_operations_of_others_are_not_supposed(cases):
    """Nothing is asked, not even the reference started."""
    case = first(cases, op="repulsion.newton")._replace(op="small.double")
    failed = compare.FieldVerdict("result", "fail", 1.0, 1e9, 0.0, 15.0)
    reference = supposed.Reference()
    assert supposed.explanation(case, failed, {"result": 1.0}, "binary64", reference) == ""
    assert reference.program is None


def test_a_reference_that_fails_is_not_asked_again(cases, monkeypatch):
    monkeypatch.setattr(supposed, "COMMAND", "raise SystemExit(3)")
    reference = supposed.Reference()
    case = first(cases, op="repulsion.newton")
    for _ in range(supposed.FAULTS):
        assert reference.lost == ""
        assert reference.answers([case, case]) == [None, None]
    assert reference.lost.startswith("Died: ")
    assert reference.program is None
    assert reference.answers([case]) == [None]


def test_a_reference_that_does_not_answer_once_is_started_again(cases, reference, monkeypatch):
    def silent(program, seconds):
        raise Fault("Timeout", "no answer")

    monkeypatch.setattr(supposed.Program, "answer", silent)
    # It has to be begun, whose first words are an answer too.
    monkeypatch.setattr(supposed.Program, "ask", lambda program, question, seconds: {})
    one = supposed.Reference()
    case = first(cases, op="repulsion.newton")
    try:
        assert one.answers([case]) == [None]
        monkeypatch.undo()
        assert one.answers([case]) == reference.answers([case])
        assert one.lost == ""
    finally:
        one.close()


def test_another_method(cases, reference):
    case = settings(cases, "dogr")[0]
    params = {name: case.params[name] for name in ("beta", "gamma", "div", "cut", "prior")}
    params |= {"eta": "0x1p+0", "max_alpha": "inf"}
    said = explained(case, case._replace(method="cdogr", params=params), reference)
    assert said == "it is the answer of cdogr, as far as it has the same"


def test_a_few_whole_numbers_are_explained_by_nothing(cases, reference):
    """A count is 1 for many a reason."""
    case = settings(cases, "sgd")[0]
    answer = {"steps": [{"count": 1.0, "theta": [0.0, 0.0]} for _ in case.out["steps"]]}
    failed = compare.FieldVerdict("count", "fail", 1.0, 1e9, 0.0, 15.0, step=2)
    assert supposed.explanation(case, failed, answer, "binary64", reference) == ""


def test_a_hyperparameter_whose_square_is_no_float(reference):
    """The supposition that it is squared is made all the same, and nothing is raised."""
    case = next(
        case
        for case in vectors.load("cubic").cases
        if case.op == "cubic.minimize_cubic"
        and float.fromhex(case.params.get("strength", "0x1p0")) > 1e200
        and "error" not in case.out
    )
    [answer] = reference.answers([case])
    answer["rates"] = [1.0625 for _ in answer["rates"]]
    failed = compare.first_failure(compare.judge(case, answer, compare.BINARY64))
    assert failed.field == "rates"
    assert isinstance(supposed.explanation(case, failed, answer, "binary64", reference), str)


def test_a_number_that_is_none_beyond_the_first_wrong_step(cases, reference):
    case = first(cases, op="replay", method="momentum")
    [answer] = reference.answers([case])
    answer["steps"][1]["theta"] = [1.0625 for _ in answer["steps"][1]["theta"]]
    answer["steps"][2]["theta"] = ["-nan(ind)" for _ in answer["steps"][2]["theta"]]
    failed = compare.first_failure(compare.judge(case, answer, compare.BINARY64))
    assert failed.step == 2
    assert supposed.explanation(case, failed, answer, "binary64", reference) == ""
