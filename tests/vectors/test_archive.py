"""The archive of the data: whole, checkable without the package, and the same each time."""

import hashlib
import os
import shutil
import zipfile

import pytest

from refimpl import cli, vectors
from refimpl.errors import VectorError
from refimpl.vectors.archive import archive
from tests.verify import verify_family as small

pytestmark = pytest.mark.once


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    small.write(folder)
    (folder / "schema.json").write_text(small.SCHEMA, encoding="utf-8")
    return folder


def test_the_same_bytes_each_time(folder, tmp_path, monkeypatch):
    """Whatever the time, the order and the times of the files, and who packs them."""
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    digest = archive(first, folder)
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in ("schema.json", "small.json"):
        shutil.copyfile(folder / name, other / name)
        os.utime(other / name, (2e9, 2e9))
        (other / name).chmod(0o444)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    assert archive(second, other) == digest
    assert first.read_bytes() == second.read_bytes()
    assert hashlib.sha256(first.read_bytes()).hexdigest() == digest
    # Nothing that another version of a library could compress otherwise.
    with zipfile.ZipFile(first) as packed:
        assert {entry.compress_type for entry in packed.infolist()} == {zipfile.ZIP_STORED}


def test_the_digests_are_those_of_the_files(folder, tmp_path):
    archive(tmp_path / "a.zip", folder)
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        names = packed.namelist()
        files = {name.rpartition("/")[2]: packed.read(name) for name in names}
    assert {name.partition("/")[0] for name in names} == {"refimpl-vectors-1"}
    told = dict(
        reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().split("\n") if line
    )
    assert told == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert files["small.json"] == (folder / "small.json").read_bytes()
    assert b"5 certified cases in 1 families" in files["README.txt"]
    assert set(files) == {"README.txt", "schema.json", "small.json"}


def test_only_what_can_be_trusted_is_packed(folder, tmp_path):
    path = folder / "small.json"
    path.write_text(path.read_text().replace('"11.875"', '"11.876"'))
    with pytest.raises(VectorError, match="does not agree with its digest"):
        archive(tmp_path / "a.zip", folder)
    assert not (tmp_path / "a.zip").exists()
    path.unlink()
    with pytest.raises(VectorError, match="found none"):
        archive(tmp_path / "a.zip", folder)


@pytest.mark.slow
def test_the_command(tmp_path, capsys, monkeypatch):
    """The suite itself, under a name of its own, and as a folder for the verification."""
    monkeypatch.chdir(tmp_path)
    assert cli.main(["vectors", "archive"]) == 0
    digest, name = capsys.readouterr().out.split()
    assert name == "refimpl-vectors-1.zip"
    assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    with zipfile.ZipFile(tmp_path / name) as packed:
        packed.extractall(tmp_path)
    unpacked = tmp_path / "refimpl-vectors-1"
    assert vectors.families(unpacked) == vectors.families()
    assert (unpacked / "cubic.json").read_bytes() == (vectors.FOLDER / "cubic.json").read_bytes()
    assert cli.main(["vectors", "archive", str(tmp_path / "none" / "a.zip")]) == 2
    assert "No such file" in capsys.readouterr().err
