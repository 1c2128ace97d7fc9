"""Who waits for a compilation is told so, once, and how long it took the last time."""

import json
import types

import pytest

from refimpl.runs import announce
from refimpl.runs.announce import RECORD, announced

pytestmark = [pytest.mark.numerics, pytest.mark.within]


@pytest.fixture(autouse=True)
def nothing_ready(monkeypatch):
    """As in a process that has just begun."""
    monkeypatch.setattr(announce, "_READY", set())
    monkeypatch.delenv("REFIMPL_QUIET", raising=False)


def compiling(name, folder):
    announce._READY.clear()
    with announced(
        name, types.SimpleNamespace(_cache=types.SimpleNamespace(cache_path=str(folder)))
    ):
        pass


def test_said_once(tmp_path, capsys):
    compiling("ogr", tmp_path)
    assert capsys.readouterr().err == "refimpl: compiling ogr once for all processes\n"
    compiling("ogr", tmp_path)
    assert capsys.readouterr().err == ""
    compiling("fogr", tmp_path)
    assert capsys.readouterr().err == "refimpl: compiling fogr once for all processes\n"


def test_quiet(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("REFIMPL_QUIET", "1")
    compiling("ogr", tmp_path)
    assert capsys.readouterr().err == ""
    assert "ogr" in json.loads((tmp_path / RECORD).read_text())


def test_after_an_edit_the_last_time_is_told(tmp_path, capsys):
    stale = {"ogr": {"stamp": "of old", "seconds": 12.4}}
    (tmp_path / RECORD).write_text(json.dumps(stale))
    compiling("ogr", tmp_path)
    assert capsys.readouterr().err.endswith("for all processes; last time it took 12 s\n")
    assert json.loads((tmp_path / RECORD).read_text())["ogr"]["seconds"] < 1.0


@pytest.mark.parametrize("text", ["{", "[1]", ""])
def test_a_damaged_record_costs_a_line(tmp_path, capsys, text):
    (tmp_path / RECORD).write_text(text)
    compiling("ogr", tmp_path)
    assert capsys.readouterr().err == "refimpl: compiling ogr once for all processes\n"


def test_a_process_reads_the_record_once(tmp_path, capsys, monkeypatch):
    """And what a signal's handler raises meanwhile is none of its errors, whatever its class."""

    def rings(*_, **__):
        raise TimeoutError("the handler's")

    compiling("ogr", tmp_path)
    monkeypatch.setattr(announce.Path, "read_text", rings)
    with announced("ogr", types.SimpleNamespace()):
        pass
    with pytest.raises(TimeoutError, match="the handler's"):
        compiling("ogr", tmp_path)


def test_nowhere_to_keep_it(capsys):
    with announced("ogr", types.SimpleNamespace()):
        pass
    expected = "refimpl: compiling ogr for this process, since nothing can be kept\n"
    assert capsys.readouterr().err == expected


def test_what_fails_is_not_recorded(tmp_path, capsys):
    dispatcher = types.SimpleNamespace(_cache=types.SimpleNamespace(cache_path=str(tmp_path)))
    with pytest.raises(KeyboardInterrupt), announced("ogr", dispatcher):
        raise KeyboardInterrupt
    assert not (tmp_path / RECORD).exists()
    assert announce._read(tmp_path) == {}


@pytest.mark.compiled
def test_a_lattice_says_so(tmp_path, capsys, monkeypatch):
    import refimpl
    from refimpl import functions

    said = []
    monkeypatch.setattr(announce, "say", said.append)
    monkeypatch.setattr(announce, "_read", lambda folder: {})
    monkeypatch.setattr(announce, "_write", lambda folder, record: said.append(record))
    refimpl.lattice(functions.beale, "sgd", radius=1, steps=3, seeds=[0])
    assert said[0].startswith("refimpl: compiling sgd once for all processes")
    assert set(said[1]) == {"sgd"}
