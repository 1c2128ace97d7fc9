"""The table of mutants on the page: all of them, grouped, found by their words, escaped."""

import re

import pytest

pytest.importorskip("joblib")
pytest.importorskip("matplotlib")

from figures.verify import catch_matrix, catch_table
from refimpl.verify.mutants import MUTANTS

pytestmark = [pytest.mark.numerics, pytest.mark.once]


@pytest.fixture(scope="module")
def data():
    return catch_matrix.compute()


def test_every_mutant_stands_in_its_group(data):
    found = catch_table.rows(data, {mutant.name: "helpful" for mutant in MUTANTS})
    assert [entry[0][0] for _, entry in found] == [mutant.name for mutant in MUTANTS]
    for (group, entry), mutant in zip(found, MUTANTS, strict=True):
        assert group == mutant.file.rpartition("/")[2]
        words = dict(entry[1:])
        assert words["changes"] == f"{mutant.file}.py"
        assert words["judged"] == "helpful"
        assert words["report"].endswith(".")


def test_the_page_has_groups_a_search_and_no_markup_of_a_report(data):
    shown = catch_table.show(data)
    text = shown._repr_html_()
    body = text[text.index("<details>") : text.index("<script>")]
    groups = {mutant.file.rpartition("/")[2] for mutant in MUTANTS}
    assert body.count("<details>") == len(groups)
    assert body.count("<dl>") == len(MUTANTS)
    assert 'type="search"' in text
    assert "max-width: 600px" in text
    # Nothing of another host, and nothing but the tags that belong there.
    assert set(re.findall(r"</?([a-z]+)", body)) == {"details", "summary", "dl", "dt", "dd"}
    assert "http" not in text
    assert all(f"{name} " in repr(shown) for name in groups)
