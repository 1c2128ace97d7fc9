"""What reports are worth: every mutant judged, on what its report says today, and the shares."""

import pytest

pytest.importorskip("joblib")
pytest.importorskip("matplotlib")

from figures.verify import catch_matrix, judgement
from refimpl.verify.mutants import MUTANTS

pytestmark = [pytest.mark.numerics, pytest.mark.once]


@pytest.fixture(scope="module")
def judged():
    return judgement.read()


def test_every_report_is_judged_as_it_is_today(judged):
    today = judgement.lines(catch_matrix.compute())
    other = [name for name, line in today.items() if judged.get(name, ("", ""))[0] != line]
    assert other == [], f"{len(other)} reports say something else than what was judged"
    assert list(judged) == [mutant.name for mutant in MUTANTS]


def test_a_report_without_a_word_on_the_mistake_is_not_called_helpful(judged):
    assert {verdict for _, verdict in judged.values()} <= set(judgement.VERDICTS)
    silent = [name for name, (line, verdict) in judged.items() if not line and verdict != "where"]
    assert silent == []


def test_most_reports_help_and_few_mislead(judged):
    found = judgement.counts(verdict for _, verdict in judged.values())
    assert found.all == len(MUTANTS) >= 300
    assert found.misleading <= 0.05 * found.all
    assert found.helpful >= 0.8 * found.all


def test_a_second_reader_finds_so_too():
    verdicts = judgement.second()
    assert set(verdicts) <= {mutant.name for mutant in MUTANTS}
    found = judgement.counts(verdicts.values())
    assert found.all == len(verdicts) >= 90
    assert found.misleading <= 0.05 * found.all
    assert found.helpful >= 0.8 * found.all


def test_judgements_are_read_as_they_were_written(tmp_path):
    some = {"a": ("theta: it is zero", "helpful"), "b": ("", "where")}
    judgement.write(some, tmp_path / "some.json")
    assert judgement.read(tmp_path / "some.json") == some
    assert judgement.counts(["helpful", "where"]) == (1, 1, 0)


def test_places_are_no_words_on_the_mistake():
    """Negative control."""
    assert judgement.telling(["step 1 of 9 is the first that diverges, and m the first"]) == ""
    assert judgement.telling(["result: only its row 2 is wrong", "all 3 failures of x"]) == (
        "all 3 failures of x"
    )
