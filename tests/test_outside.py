"""Standard output and error that are missing, closed or full; ``~``; folders of the same name."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import refimpl
from refimpl import _outside, cli, functions, vectors
from refimpl.runs import cells
from refimpl.verify import runner

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
RUN = "-m refimpl run beale --start 1 1 --steps 3000"
VERIFY = "-m refimpl verify --family qr_step --id qr_step-0001"
COMMANDS = [
    "-m refimpl --help",
    "-m refimpl methods",
    "-m refimpl functions --json",
    RUN,
    "-m refimpl lattice beale --radius 1 --seeds 1 --steps 3",
    "-m refimpl figures --list",
    "-m refimpl vectors list",
    "-m refimpl vectors show qr_step-0001",
    "-m refimpl vectors check --no-oracle --folder FOLDER",
    VERIFY,
    "-m refimpl.oracle --help",
    "-m figures.regenerate --help",
]
SENTENCE = "the output could not be written: No space left on device\n"


def shell(line, cwd=ROOT):
    """A line of bash in which ``$python`` is this one, its pieces uncompiled."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        cwd=cwd,
        env=os.environ | {"python": sys.executable, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


# The commands, each in a fork of one process that has loaded what they need: as in a process of its
# own, what its buffers hold at its end included.
FORKS = """
import gc, json, os, runpy, sys, tempfile
from pathlib import Path
gc.disable()
import refimpl.cli, refimpl.oracle.generate, refimpl.runs.minimize, refimpl.verify.ours
import figures.regenerate
# What is loaded stays: no fork needs to copy it for the collector.
gc.freeze()
found = []
for line in json.loads(sys.argv[1]):
    with tempfile.TemporaryFile() as file:
        child = os.fork()
        if not child:
            os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
            os.dup2(file.fileno(), 2)
            _, module, *sys.argv[1:] = line.split()
            try:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            finally:
                sys.exit(sys.exc_info()[1].code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        file.seek(0)
        found.append([status, file.read().decode()])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def one_family(tmp_path_factory):
    """A folder of reference outputs that is checked in a moment."""
    folder = tmp_path_factory.mktemp("vectors")
    for name in ("qr_step.json", "schema.json"):
        shutil.copy(vectors.FOLDER / name, folder)
    return folder


@pytest.fixture(scope="module")
def on_a_full_device(one_family):
    """Command -> exit status and standard error."""
    lines = [command.replace("FOLDER", str(one_family)) for command in COMMANDS]
    done = subprocess.run(
        [sys.executable, "-c", FORKS, json.dumps(lines)],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(COMMANDS, json.loads(done.stdout), strict=True))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", COMMANDS)
def test_full_device(command, on_a_full_device):
    """An error of output, told, and not taken for wrong usage or a failed verification."""
    status, stderr = on_a_full_device[command]
    assert status == _outside.NOT_WRITTEN == 3
    assert stderr.endswith(SENTENCE)
    assert "Traceback" not in stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_device_of_a_process_of_its_own():
    done = shell("$python -m refimpl methods > /dev/full")
    assert done.returncode == _outside.NOT_WRITTEN
    assert done.stderr.endswith(SENTENCE)
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", [RUN, "-m refimpl vectors list cubic"])
def test_reader_that_has_gone(command):
    """Before the first line; a reader that goes later may have read all that there was."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, *command.split()],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=300,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (_outside.NOT_WRITTEN, "")
    # Negative control: a reader that stays.
    done = shell(f"$python {command} | tail -n 1")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_no_standard_output():
    done = shell(f"$python {RUN} >&-")
    assert done.returncode == _outside.NOT_WRITTEN
    assert done.stderr == "refimpl: the output could not be written: there is no standard output\n"


SHORT = "-m refimpl run beale --start 1 1 --steps 3"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "closed"),
    [
        (SHORT, "2>&-"),
        (SHORT, "2>&- <&-"),
        (VERIFY, "2>&-"),
        ("-m refimpl vectors check --no-oracle --folder FOLDER", "2>&- <&-"),
    ],
)
def test_no_standard_error(command, closed, one_family):
    """No bar and no message; output and status are as ever."""
    command = command.replace("FOLDER", shlex.quote(str(one_family)))
    done, expected = shell(f"$python {command} {closed}"), shell(f"$python {command}")
    assert done.returncode == expected.returncode == 0
    assert done.stdout.splitlines()[-1] == expected.stdout.splitlines()[-1]


def test_no_standard_error_for_an_error():
    done = shell("$python -m refimpl run nowhere --start 1 2>&-")
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("progress", [None, True, False])
def test_no_standard_error_in_python(monkeypatch, tmp_path, progress):
    """As under pythonw: runs, sweeps, cells and the prompt go on without a bar."""
    monkeypatch.setattr(sys, "stderr", None)
    # At once; those of the runs wait for two seconds before they are drawn.
    assert list(_outside.bar(range(3), progress=progress)) == [0, 1, 2]
    options = {"steps": 3, "progress": progress}
    assert refimpl.minimize(functions.beale, [1.0, 1.0], seed=0, **options).nit == 3
    final = refimpl.lattice(functions.beale, "sgd", radius=1, seeds=[0], **options)
    assert final.shape == (1, 9)
    cell = cells.Cell(functions.beale, "sgd", [[1.0, 1.0]], 3, 0.0, (0,))
    (found,) = cells.compute([cell], cache=tmp_path, jobs=1, progress=progress)
    assert found.shape == (1, 1)
    assert cli.main(["methods"]) == 0


def test_home(monkeypatch, tmp_path):
    """``~`` means home wherever a path is taken."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    cell = cells.Cell(functions.beale, "sgd", [[1.0, 1.0]], 3, 0.0, (0,))
    cells.compute([cell], cache="~/cells", jobs=1)
    assert list((tmp_path / "cells").glob("*.npy"))
    assert cli.main(["vectors", "export", "~/exported", "--family", "qr_step"]) == 0
    assert (tmp_path / "exported" / "qr_step.npz").is_file()
    shutil.copy(vectors.FOLDER / "qr_step.json", tmp_path)
    assert vectors.families("~") == ["qr_step"]
    assert vectors.load("qr_step", "~").name == "qr_step"
    assert vectors.read("~/qr_step.json").name == "qr_step"
    (tmp_path / "known").write_text("qr_step-0001 a reason\n")
    assert runner.known_failures("~/known", {"qr_step-0001"}) == {"qr_step-0001": "a reason"}
    assert runner.program_command("node ~/mine.js") == ["node", str(tmp_path / "mine.js")]
    assert not (tmp_path / "~").exists()


def test_figures_at_home(monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    import figures
    from figures import kept_results

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert figures.save("noisy_line", "~/drawn") == tmp_path / "drawn" / "noisy_line.svg"
    kept_results.finish("~/part.json", {"a": 1})
    assert kept_results.finished("~/part.json") == {"a": 1}
    assert not (tmp_path / "~").exists()


def test_home_of_nobody():
    with pytest.raises(FileNotFoundError, match="no home folder is known for '~nobody-of-this"):
        _outside.as_path("~nobody-of-this-name/cells")


@pytest.mark.parametrize("text", [None, "FIGURES = 3\nraise ImportError('not ours')\n", "x = 1\n"])
def test_a_folder_of_figures_of_ones_own(tmp_path, text):
    """Beside an installed package, whatever is in it: the usual sentence."""
    (tmp_path / "figures").mkdir()
    if text is not None:
        (tmp_path / "figures" / "__init__.py").write_text(text)
    installed = tmp_path / "installed"
    shutil.copytree(ROOT / "refimpl", installed / "refimpl", ignore=shutil.ignore_patterns("*.nb?"))
    line = f"PYTHONPATH={shlex.quote(str(installed))} $python -m refimpl figures --list"
    done = shell(line, cwd=tmp_path)
    assert done.returncode == 2
    assert "go to its top folder and run `python -m refimpl figures` there" in done.stderr
    assert "Traceback" not in done.stderr


def test_files_of_the_system_are_no_family(tmp_path):
    """As macOS leaves them beside copied files."""
    shutil.copy(vectors.FOLDER / "qr_step.json", tmp_path)
    (tmp_path / "._qr_step.json").write_bytes(b"\0\5\26\7")
    assert vectors.families(tmp_path) == ["qr_step"]
    assert len(list(vectors.cases(folder=tmp_path))) > 50
