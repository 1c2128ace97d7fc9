"""The wrong copies of the package: data that fit the sources, and a trial that is the real one."""

import ast
import functools
import subprocess
import sys

import pytest

from refimpl import vectors
from refimpl._compile import PACKAGE
from refimpl.errors import VerificationError
from refimpl.verify import compare, report, runner
from refimpl.verify.mutants import MUTANTS, VARIANTS, Mutant, changed, source, trial

pytestmark = pytest.mark.once

EVERY = (*MUTANTS, *VARIANTS)
UNCHANGED = "as-it-is"


load = functools.cache(vectors.load)


def named(name):
    return next(mutant for mutant in EVERY if mutant.name == name)


@pytest.mark.parametrize("mutant", EVERY, ids=lambda mutant: mutant.name)
def test_each_applies_exactly_once(mutant):
    """To the source as it is today, which stays a program and becomes another one."""
    before, after = source(mutant.file).read_text("utf-8"), changed(mutant)
    assert before.count(mutant.text) == 1
    same = ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    assert same == (mutant.name == UNCHANGED)


def test_a_text_that_is_gone_or_stands_twice_is_refused():
    mutant = MUTANTS[0]
    for text, count in (("not a line of it", 0), ("theta", None)):
        with pytest.raises(VerificationError, match=f"mutant {mutant.name}: .* found it"):
            changed(mutant._replace(text=text))
        assert count is None or source(mutant.file).read_text("utf-8").count(text) == count


def test_there_are_enough_of_both_kinds_and_their_names_differ():
    assert len(MUTANTS) >= 300
    assert len(VARIANTS) >= 25
    assert len({mutant.name for mutant in EVERY}) == len(EVERY)
    assert len({(m.file, m.text, m.put) for m in EVERY}) == len(EVERY)
    assert not any(mutant.harmless for mutant in MUTANTS)
    assert all(variant.harmless and not variant.gap for variant in VARIANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_must_catch_a_mutant_exists(mutant):
    """Family, tier and flag are of the certified cases; the mistake is told in a sentence."""
    family = load(mutant.family)
    assert mutant.tier in {trial.tier(case) for case in family.cases}
    assert not mutant.flag or mutant.flag in family.notes
    assert mutant.mistake.endswith(".")
    assert mutant.part == "error" or any(
        mutant.part in (case.compare or {}) for case in family.cases
    )


def test_a_copy_differs_from_the_package_in_one_file(tmp_path):
    mutant = named("ridge-left-out")
    trial.copy(mutant, tmp_path)
    copies = {path.relative_to(tmp_path / "refimpl"): path for path in tmp_path.rglob("*.py")}
    differing = [
        name for name, path in copies.items() if path.read_bytes() != (PACKAGE / name).read_bytes()
    ]
    assert [name.as_posix() for name in differing] == [f"{mutant.file}.py"]
    left_out = {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")} - set(copies)
    assert {name.parts[0] for name in left_out} == {"oracle"}


@pytest.mark.slow
def test_the_trial_is_the_verification_and_answers_from_the_copy():
    """A mutant fails the cases of its flag, the package as it is passes the same ones."""
    family = load("regression")
    cases = [case for case in family.cases if "decay-order" in case.flags][:6]
    wrong = trial.verified(named("decay-before-adding"), [family], cases)
    right = trial.verified(named(UNCHANGED), [family], cases)
    assert wrong.count(compare.FAIL) > 0
    assert right.count(*runner.HELD) == len(cases)
    assert wrong.who == right.who
    assert wrong.remarks == right.remarks == ()
    kept = trial.record(wrong)["regression"]
    assert kept["tiers"]["op"]["failed"] == wrong.count(compare.FAIL)
    assert kept["flags"]["decay-order"] == [wrong.count(compare.FAIL), len(cases)]
    first = kept["failures"]["op"]
    assert first["field"] == "C_thetatheta"
    assert any("K u" in words for words in first["sentences"])
    assert trial.record(right)["regression"]["failures"] == {}


@pytest.mark.slow
def test_single_steps_of_a_replay_name_the_wrong_quantity():
    family = load("optimizers")
    case = next(case for case in family.cases if case.method == "momentum")
    found = trial.record(trial.verified(named("heavy-ball"), [family], [case]))["optimizers"]
    told = found["failures"]["replay"]
    assert told["id"] == case.id
    assert told["single_steps"] == {
        "steps": len(case.out["steps"]),
        "wrong": len(case.out["steps"]),
        "first_step": 1,
        "fields": {"momentum": len(case.out["steps"])},
    }
    assert found["operations"] == {"replay momentum": [1, 1]}


def test_units_are_those_of_what_is_accepted():
    """64 of them are the largest error that passes, whether the problem or the formula sets it."""
    for kappa, K in ((1.0, 4.0), (8.0, 2.0)):
        case = vectors.Case(
            *("f", "f-1", "a.b", (), True, "", {}, {}, {"result": ["1"]}),
            *({"result": "relative"}, {"result": kappa}, {"result": K}, {}, 1),
        )
        unit = max(kappa, K) * compare.BINARY64.unit
        for error in (60.0, 68.0):
            [judged] = compare.judge(case, {"result": [1.0 + error * unit]}, compare.BINARY64)
            # The answer itself is rounded, by at most half a unit.
            assert trial.units(judged, case) == pytest.approx(error, abs=0.5)
            assert (judged.verdict == compare.FAIL) == (error > compare.MARGIN)


def test_a_mutant_that_does_not_start_is_an_error(tmp_path):
    broken = Mutant("broken", "It cannot be loaded.", "errors", "import difflib", "import nothing_")
    family = load("qr_step")
    with pytest.raises(VerificationError):
        trial.verified(broken, [family], family.cases[:1])


def test_mutants_load_neither_runs_nor_judges():
    """They are data: whoever reads them need not load the verifier."""
    code = (
        "import sys, refimpl.verify.mutants\n"
        "print([m for m in sys.modules if m.startswith(('refimpl.runs', 'refimpl.verify.run'))])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_method_and_every_tier_has_mistakes():
    tiers = {mutant.tier for mutant in MUTANTS}
    assert tiers == {"op", "replay", "trajectory", "ensemble"}
    files = {mutant.file for mutant in MUTANTS}
    from refimpl.optimizers import METHODS

    methods = {name for name, method in METHODS.items() if not method.solver}
    assert {f"optimizers/{name}" for name in methods} <= files


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "op"),
    [("modulus-left-out", "repulsion.saddle_free"), ("rotated-the-other-way", "")],
)
def test_a_faulty_operation_is_told_before_the_replay_that_uses_it(name, op):
    """In the order of the families; a mistake between the pieces shows in a replay alone."""
    families = [load(family) for family in vectors.families() if family != "trajectories"]
    wanted = {"repulsion.saddle_free": 4, "qr_step.qr_step": 4, "replay": 2}
    cases = []
    for one, most in wanted.items():
        methods = ("sfn", "online_sfn") if one == "replay" else ("",)
        for method in methods:
            found = [
                case
                for family in families
                for case in family.cases
                if (case.op, case.method) == (one, method) and "normal" in case.flags
            ]
            cases += found[:most]
    cases.sort(key=lambda case: [family.name for family in families].index(case.family))
    found = trial.verified(named(name), families, cases)
    failed = [outcome.case.op for outcome in found.outcomes if outcome.verdict == compare.FAIL]
    assert failed[0] == (op or "replay")
    assert "replay" in failed
    lines = [line for line in report.text(found) if "FAIL" in line]
    assert lines[0].startswith(failed[0].partition(".")[0] if op else "optimizers")


@pytest.mark.slow
def test_cases_that_never_meet_the_change_answer_as_without_it(monkeypatch):
    """The short cut of the trials: every case that it does not put would have answered alike."""
    family = load("repulsion")
    mutant = named("row-sums-with-signs")
    whole = trial.verified(mutant, [family])
    asked = []
    verified = trial.verified

    def watched(mutant, families, cases=None, *more):
        asked.append(cases)
        return verified(mutant, families, cases, *more)

    monkeypatch.setattr(trial, "verified", watched)
    short = trial.tried(mutant, [family])
    put = {case.id for case in asked[-1]}
    assert {case.op for case in family.cases if case.id in put} == {"repulsion.row_sum_bound"}
    assert [(o.case.id, o.verdict) for o in short.outcomes] == [
        (o.case.id, o.verdict) for o in whole.outcomes
    ]


def test_the_function_that_is_changed():
    begin, end = trial.changed_function(named("row-sums-with-signs"))
    text = source("repulsion").read_text("utf-8").splitlines()
    assert any("def row_sum_bound" in line for line in text[begin - 1 : begin + 2])
    assert end > begin
    # What runs when the module is loaded concerns every case.
    assert trial.changed_function(named("threshold-of-single-precision")) is None
    # So do the defaults of a method.
    assert trial.changed_function(named("hyperbolic-like-circular")) is None
