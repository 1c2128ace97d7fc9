"""What long computations found is read as it was written, and no part of a file is ever seen."""

import json

import pytest

pytest.importorskip("matplotlib")

from figures import kept_results
from refimpl.errors import StateError

pytestmark = [pytest.mark.numerics, pytest.mark.once]

COMMAND = kept_results.command("something")


def test_records_are_read_as_they_were_written(tmp_path):
    """One block a record, in its own lines, under the command."""
    path = tmp_path / "new" / "records.json"
    records = [{"name": "é", "values": [0.1, "inf"]}, {"name": "b", "values": []}]
    kept_results.write([f" {json.dumps(one)}" for one in records], path, COMMAND)
    assert kept_results.read(path, COMMAND) == records
    document = json.loads(path.read_bytes())
    assert document["command"] == "python -m figures.regenerate something"
    assert len(path.read_text("utf-8").splitlines()) == 2 + len(records)


def test_a_missing_file_is_an_error_with_the_command(tmp_path):
    with pytest.raises(StateError, match=r"records.json is missing: run `python .*something`"):
        kept_results.read(tmp_path / "records.json", COMMAND)


def test_a_finished_part_is_found_again(tmp_path):
    path = tmp_path / "part-1.json"
    assert kept_results.finished(path) is None
    kept_results.finish(path, {"a": [1, 0.1]})
    assert kept_results.finished(path) == {"a": [1, 0.1]}
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_what_cannot_be_written_leaves_the_old_part(tmp_path):
    """Nothing is half replaced."""
    path = tmp_path / "part-1.json"
    kept_results.finish(path, 1)
    with pytest.raises(TypeError):
        kept_results.finish(path, {"a": object()})
    assert kept_results.finished(path) == 1
