"""Files that gave the linear algebra's other threads work are named, and no others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINUX = Path("/proc/self/task").is_dir()
pytestmark = [
    pytest.mark.once,
    pytest.mark.within,
    pytest.mark.skipif(not LINUX or os.cpu_count() < 2, reason="needs Linux and two processors"),
]
# A thread that has nothing to do any more looks out for work a while: the second file waits for it.
FILES = {
    "test_large": "x = np.ones((400, 400)) @ np.ones((400, 400))",
    "test_pause": "time.sleep(1.0)",
    "test_small": "x = np.ones((2, 2)) @ np.ones((2, 2))",
    "test_end": "pass",
    "test_child": "subprocess.run([sys.executable, '-c', ''])",
}
HEAD = "import subprocess, sys, time\nimport numpy as np\n\ndef test():\n    "


def run(folder, names, threads="2"):
    for name in names:
        (folder / f"{name}.py").write_text(HEAD + FILES[name], encoding="ascii")
    return subprocess.run(
        [
            *[sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", folder],
            *["-p", "no:cacheprovider", "-p", "tests.threads", "--threaded", folder / "named"],
            *[folder / f"{name}.py" for name in names],
        ],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": threads},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_without_an_other_thread_nothing_can_be_told(tmp_path):
    done = run(tmp_path, ["test_small"], threads="1")
    assert done.returncode != 0
    assert "set OPENBLAS_NUM_THREADS=2" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("working", ["test_large", "test_child"])
def test_they_are_named(working, tmp_path):
    # The last one read counts as the one before the first one run.
    done = run(tmp_path, [working, "test_pause", "test_small", "test_end"])
    assert done.returncode == 0, done.stdout
    named = (tmp_path / "named").read_text("utf-8").split()
    assert f"{working}.py" in named
    assert "test_small.py" not in named
