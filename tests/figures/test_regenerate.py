"""The command that makes a file of results anew, and takes up what is finished."""

import subprocess
import sys

import pytest

pytest.importorskip("joblib")
pytest.importorskip("matplotlib")

from figures import regenerate
from figures.published import published
from refimpl import functions

pytestmark = [pytest.mark.numerics, pytest.mark.once]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The registry with one small experiment in place of all; the file it writes."""
    entry = published.Entry("SGD", "sgd", {"alpha": 0.1})
    experiment = published.Experiment(functions.matyas, 1, 5, 2, False, (entry,))
    path = tmp_path / "results" / "published.json"

    def compute(**given):
        return published.compute({"Figure 5": experiment}, **given)

    result = regenerate.REGISTRY["published"]._replace(path=path, compute=compute)
    monkeypatch.setitem(regenerate.REGISTRY, "published", result)
    return path


def test_the_command_writes_the_file_and_keeps_its_cells(small, tmp_path, monkeypatch, capsys):
    arguments = ["published", "--jobs", "1", "--cache", str(tmp_path / "cells")]
    assert regenerate.main(arguments) == 0
    first = small.read_bytes()
    assert len(published.read(small)) == 1
    assert len(list((tmp_path / "cells").glob("*.npy"))) == 1
    assert str(small) in capsys.readouterr().err
    small.unlink()
    # Nothing is left to compute.
    monkeypatch.setattr(
        "refimpl.runs.experiments.cells.final_values", lambda cell: pytest.fail("again")
    )
    assert regenerate.main(arguments) == 0
    assert small.read_bytes() == first


def test_without_a_cache_folder_the_systems_is_taken(small, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    regenerate.main(["published"])
    assert list((tmp_path / "home" / "refimpl").glob("*.npy"))


def test_unknown_results_are_refused(capsys):
    with pytest.raises(SystemExit):
        regenerate.main(["publisched"])
    assert "published" in capsys.readouterr().err


def test_every_result_of_the_registry_is_there_and_says_what_it_is():
    for result in regenerate.REGISTRY.values():
        assert result.path.is_file()
        assert len(result.summary) > 20


@pytest.mark.slow
def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "figures.regenerate", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in regenerate.REGISTRY)
