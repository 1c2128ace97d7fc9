"""Checkpoints of a loop of one's own: what is no such file is named, and nothing is lost."""

import json
import os

import numpy as np
import pytest

from refimpl import stepper
from refimpl.errors import CheckpointError

pytestmark = pytest.mark.numerics

X0 = np.array([-1.2, 1.0, 0.5])


@pytest.fixture
def kept(tmp_path):
    optimizer = stepper("ogr", X0)
    for _ in range(5):
        optimizer.step(optimizer.x)
    optimizer.save(tmp_path / "kept.npz")
    return tmp_path / "kept.npz"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"method": "fogr"}, "a checkpoint of method fogr, got one of ogr"),
        ({"dimension": 4}, "a checkpoint of dimension 4, got one of 3"),
    ],
)
def test_another_checkpoint_than_expected(kept, given, message):
    with pytest.raises(CheckpointError, match=message):
        stepper.load(kept, **given)


def changed(path, **arrays):
    """The file with other contents; None leaves a part out."""
    with np.load(path) as archive:
        found = {name: archive[name] for name in archive.files} | arrays
    np.savez(path, **{name: array for name, array in found.items() if array is not None})


def test_another_version(kept, monkeypatch):
    monkeypatch.setattr("refimpl.runs.checkpoint.__version__", "9.9.9")
    with pytest.raises(CheckpointError, match=r"of version 9\.9\.9, got one of 0\."):
        stepper.load(kept)


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": None},
        {"_header": None},
        {"_header": "{"},
        {"_header": json.dumps({"method": "ogr"})},
        {"state.count": None},
        {"state.momentum": np.zeros(2)},
        {"state.model.V": np.zeros((2, 3))},
    ],
)
def test_a_file_without_its_parts(kept, arrays):
    changed(kept, **arrays)
    with pytest.raises(CheckpointError, match=r"kept\.npz: expected"):
        stepper.load(kept)


def test_a_file_that_breaks_off(kept):
    """At every length: nothing else than the one error."""
    whole = kept.read_bytes()
    for length in range(0, len(whole), 97):
        kept.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match="damaged or is none"):
            stepper.load(kept)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        stepper.load(tmp_path / "none")


def test_nothing_is_lost_where_writing_fails(kept, monkeypatch):
    whole = kept.read_bytes()

    def full(file, **arrays):
        file.write(b"a part")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        stepper("ogr", X0).save(kept)
    assert kept.read_bytes() == whole
    assert os.listdir(kept.parent) == [kept.name]
