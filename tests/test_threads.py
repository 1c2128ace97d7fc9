"""Files that gave the linear algebra's other threads work are named, and no others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SEEN = Path("/proc/self/schedstat").is_file() and len(os.sched_getaffinity(0)) > 1
pytestmark = [
    pytest.mark.once,
    pytest.mark.within,
    pytest.mark.skipif(not SEEN, reason="needs Linux and two processors"),
]
# What ran, or was read, a moment ago counts as well: so there are pauses.
FILES = {
    "test_large": "x = np.ones((400, 400)) @ np.ones((400, 400))",
    "test_pause": "time.sleep(1.0)",
    "test_rest": "time.sleep(1.0)",
    "test_small": "x = np.ones((2, 2)) @ np.ones((2, 2))",
    "test_child": "subprocess.run([sys.executable, '-c', ''])",
}
HEAD = "import subprocess, sys, time\nimport numpy as np\n\ndef test():\n    "


def run(folder, names, threads="2"):
    for name in names:
        (folder / f"{name}.py").write_text(HEAD + FILES[name], encoding="ascii")
    return subprocess.run(
        [
            *[sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", folder],
            *["-p", "no:cacheprovider", "-p", "tests.threads", f"--threaded={folder / 'named'}"],
            *[folder / f"{name}.py" for name in names],
        ],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": threads},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_where_nothing_can_be_seen_all_are_named(tmp_path):
    done = run(tmp_path, ["test_pause", "test_small"], threads="1")
    assert done.returncode == 0, done.stdout
    named = (tmp_path / "named").read_text("utf-8").split()
    assert set(named) == {"test_pause.py", "test_small.py"}


@pytest.mark.slow
@pytest.mark.parametrize("working", ["test_large", "test_child"])
def test_they_are_named(working, tmp_path):
    done = run(tmp_path, ["test_rest", working, "test_pause", "test_small"])
    assert done.returncode == 0, done.stdout
    named = (tmp_path / "named").read_text("utf-8").split()
    assert f"{working}.py" in named
    assert "test_small.py" not in named


# Work that the system writes down when the next file has run; a second each.
BELATED = """
from tests import threads

clock, done = iter(range(99)), iter([(0,), (0,), (0,), (0,), (1,), (1,)])
threads.time.monotonic = lambda: next(clock)
threads.time.sleep = lambda seconds: None
threads.worked = lambda: next(done)
watch = threads.Watch({path!r})
for name in ("test_before", "test_worked", "test_next", "test_after"):
    watch.ran(name)
print(*sorted(watch.named))
"""


def test_work_that_is_seen_late_is_that_of_the_file_before_too(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", BELATED.format(path=str(tmp_path / "named"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout.split() == ["test_next", "test_worked"]


@pytest.mark.slow
@pytest.mark.parametrize("apart", [False, True])
def test_its_file_is_no_place_of_tests(apart, tmp_path):
    """As one word with its option. Apart, the negative control, it moves pytest's root."""
    named = tmp_path / "named"
    named.touch()
    words = ["--threaded", named] if apart else [f"--threaded={named}"]
    done = subprocess.run(
        [
            *[sys.executable, "-m", "pytest", "-v", "-n", "0", "--collect-only"],
            *["-p", "tests.threads", *words, "-m", "numerics"],
        ],
        cwd=ROOT,
        env=os.environ | {"PYTEST_ADDOPTS": "--ignore=tests --ignore=refimpl"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (f"rootdir: {ROOT}\n" in done.stdout) is not apart, done.stdout
    assert ("configfile: pyproject.toml" in done.stdout) is not apart


def test_the_stage_gives_it_in_one_word():
    stages = (ROOT / ".ci" / "run").read_text("utf-8")
    assert '--threaded="$threaded"' in stages
    assert "--threaded " not in stages


def test_it_says_what_it_needs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "tests.threads", tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert "expected --threaded=FILE" in done.stderr
