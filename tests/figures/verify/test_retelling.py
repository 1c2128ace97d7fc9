"""The kept trials told anew: what the hints of today say of a mutant is what is kept."""

import re

import pytest

pytest.importorskip("joblib")
pytest.importorskip("matplotlib")

from figures.verify import kept_trials, retelling
from refimpl.errors import StateError
from refimpl.verify.mutants import MUTANTS

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def without_lines(sentences):
    """Where a docstring has grown, a text stands further down."""
    return [re.sub(r", line \d+", "", words) for words in sentences]


@pytest.mark.slow
def test_a_mutant_is_told_as_it_is_kept():
    mutant = next(m for m in MUTANTS if m.name == "modulus-left-out")
    [record] = [one for one in kept_trials.read() if one["name"] == mutant.name]
    kept = record["families"][mutant.family]["failures"][mutant.tier]
    told = retelling.retold(mutant, record)
    assert without_lines(told["sentences"]) == without_lines(kept["sentences"])
    assert "it is the answer of `values[i]` in place of `abs(values[i])`" in told["sentences"][1]


def test_stale_trials_are_not_told_anew(monkeypatch):
    monkeypatch.setattr(kept_trials, "stale", lambda records: ["one before regression"])
    with pytest.raises(StateError, match="the trials are stale"):
        retelling._main([])


def test_what_must_be_judged_is_named(monkeypatch, capsys, tmp_path):
    told = {"sentences": ["result: it is zero"]}
    monkeypatch.setattr(retelling, "retold", lambda mutant, record: told)
    monkeypatch.setattr(kept_trials, "stale", lambda records: [])
    found = []
    monkeypatch.setattr(kept_trials, "write", found.extend)
    assert retelling.main(["modulus-left-out"]) == 0
    assert "1 reports are to be judged anew: modulus-left-out" in capsys.readouterr().err
    [record] = [one for one in found if one["name"] == "modulus-left-out"]
    assert record["families"]["repulsion"]["failures"]["op"] == told
    assert told["told_by"] == kept_trials.telling()


def test_an_interrupted_run_is_continued_where_it_ended(monkeypatch):
    """By name it is every mutant that is asked for; else those that other hints have told."""
    records, asked = kept_trials.read(), []
    for record in records:
        for family in record["families"].values():
            for first in family["failures"].values():
                first["told_by"] = "older" if record["name"] < "b" else kept_trials.telling()
    older = [mutant.name for mutant in MUTANTS if mutant.name < "b"]

    def retold(mutant, record):
        asked.append(mutant.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return {"sentences": []}

    monkeypatch.setattr(retelling, "retold", retold)
    monkeypatch.setattr(kept_trials, "read", lambda: records)
    monkeypatch.setattr(kept_trials, "stale", lambda records: [])
    monkeypatch.setattr(kept_trials, "write", lambda records: None)
    with pytest.raises(KeyboardInterrupt):
        retelling._main([])
    assert asked == older[:2]
    assert kept_trials.untold(records) == older[1:]
