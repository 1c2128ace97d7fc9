"""The kept trials: whole, of today's sources, and a sample made again."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("joblib")
pytest.importorskip("matplotlib")

from figures import kept_results
from figures.verify import kept_trials
from refimpl import vectors
from refimpl._compile import PACKAGE
from refimpl.errors import StateError
from refimpl.verify.mutants import MUTANTS, VARIANTS

pytestmark = [pytest.mark.numerics, pytest.mark.once]

# A piece, a whole step, and a variant that must pass; each before one family, to be quick.
SAMPLE = {
    "ridge-once": "regression",
    "rate-off-by-a-millionth": "optimizers",
    "lapack": "repulsion",
}


def test_they_are_whole_and_of_today():
    """Every mutant before every family, with today's sources and cases."""
    stale = kept_trials.stale(kept_trials.read())
    assert stale == [], f"{len(stale)} trials are stale: run `{kept_trials.COMMAND}`"


def test_reports_are_told_by_the_hints_of_today():
    untold = kept_trials.untold(kept_trials.read())
    assert untold == [], f"{len(untold)} are older: run `python -m figures.verify.retelling`"


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n == "lapack" else pytest.mark.slow) for n in SAMPLE],
)
def test_sample_made_again(name):
    """By the real verification: the same cases fail, in the same quantity, for the same cause."""
    family = SAMPLE[name]
    mutant = next(one for one in (*MUTANTS, *VARIANTS) if one.name == name)
    kept = next(record for record in kept_trials.read() if record["name"] == name)
    # Every case is put, those too that the kept trials have left out as untouched.
    [again] = kept_trials.trials([mutant], [family], whole=True)
    new, old = again["families"][family], kept["families"][family]
    assert new["digest"] == old["digest"], f"the trial is stale: run `{kept_trials.COMMAND}`"
    for key in ("flags", "operations"):
        assert new[key] == old[key]
    assert new["tiers"].keys() == old["tiers"].keys()
    for tier, counts in new["tiers"].items():
        for key in ("judged", "failed"):
            assert counts[key] == old["tiers"][tier][key]
    assert new["failures"].keys() == old["failures"].keys()
    for tier, first in new["failures"].items():
        for key in ("id", "field", "step", "problem"):
            assert first[key] == old["failures"][tier][key]
        assert first["sentences"][-1] == old["failures"][tier]["sentences"][-1]


def test_a_stamp_sees_code_and_not_words():
    source = 'X = "#"  # a sign\n\n\ndef f(x):\n    """Twice."""\n    return 2 * x\n'
    other_words = source.replace("Twice.", "Two\n    times.").replace("# a sign", "# why")
    assert kept_results.bare(source) == kept_results.bare(other_words)
    assert kept_results.bare(source) == 'X = "#"\ndef f(x):\n    return 2 * x'
    assert kept_results.bare(source) != kept_results.bare(source.replace("2 * x", "3 * x"))


def test_stale_records_are_named():
    """Of fresh records: one of other sources, one missing, one too many."""
    mutants, families = (*MUTANTS, *VARIANTS), vectors.families()
    records = [
        {"name": m.name, "families": {f: {"digest": kept_trials.digest(m, f)} for f in families}}
        for m in mutants
    ]
    assert kept_trials.stale(records) == []
    records[0]["families"][families[0]]["digest"] = "of yesterday"
    records.append({"name": "of yesterday", "families": {}})
    del records[1]
    missing = [f"{mutants[1].name} before {name}" for name in families]
    found = kept_trials.stale(records)
    assert found == [f"{mutants[0].name} before {families[0]}", *missing, "of yesterday"]


def test_the_stamp_holds_all_that_answers():
    """Every module that a process loads to answer, but those that only read, order or list."""
    code = (
        "import sys; from refimpl.verify import compare, ours, python_side; ours.binary64()\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.startswith('refimpl')))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [Path(file).relative_to(PACKAGE).as_posix() for file in run.stdout.split()]
    wanted = {name for name in loaded if not kept_trials.is_idle(name)}
    found = set(kept_trials.answering())
    assert wanted <= found
    assert {mutant.file + ".py" for mutant in (*MUTANTS, *VARIANTS)} <= found
    assert "cli.py" not in found


def test_finished_trials_are_kept(tmp_path, monkeypatch):
    asked = []

    def verified(mutant, families):
        asked.append((mutant.name, [family.name for family in families]))
        return families

    monkeypatch.setattr(kept_trials.trial, "tried", verified)
    monkeypatch.setattr(kept_trials.trial, "untouched_copy", lambda family, path: None)
    monkeypatch.setattr(
        kept_trials.trial,
        "record",
        lambda families: {
            family.name: {"tiers": {}, "failures": {"op": {}}, "flags": {}} for family in families
        },
    )
    some, names = MUTANTS[:2], ["qr_step", "repulsion"]
    first = kept_trials.trials(some, names[:1], cache=tmp_path / "new")
    both = kept_trials.trials(some, names, cache=tmp_path / "new")
    again = kept_trials.trials(some, names, cache=tmp_path / "new")
    assert asked == [(m.name, [name]) for name in names for m in some]
    assert both == again
    told = first[0]["families"]["qr_step"]["failures"]["op"]
    assert told == {"told_by": kept_trials.telling()}
    assert [one["families"]["qr_step"] for one in first] == [
        one["families"]["qr_step"] for one in both
    ]


def test_records_are_read_as_they_were_written(tmp_path):
    records = [
        {"name": name, "families": {"regression": {"digest": "0", "tiers": {"op": {"failed": 1}}}}}
        for name in ("one", "another")
    ]
    path = tmp_path / "new" / "records.json"
    kept_trials.write(records, path)
    assert kept_trials.read(path) == records
    with pytest.raises(StateError, match="catch_matrix"):
        kept_trials.read(tmp_path / "missing.json")
