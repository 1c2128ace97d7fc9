"""The same text as plain Python: here the examples of all public names, in `.ci/run` all tests.

What runs no piece of the package in the process of the test is marked `once` and not repeated.
Certified cases of every operation are answered without the compiler in `verify/test_ours`.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

TESTS = Path(__file__).resolve().parent
# Fewer would mean that whole files were lost on the way.
AT_LEAST = 150


@pytest.mark.slow
@pytest.mark.compiled
def test_examples_without_the_compiler(tmp_path):
    """In a process of its own; the mark keeps this test from running itself there."""
    report = tmp_path / "report.xml"
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            str(TESTS / "test_doctests.py"),
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
        ],
        cwd=TESTS.parent,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-10_000:] + run.stderr[-2_000:]
    (suite,) = ET.parse(report).getroot().iter("testsuite")
    counts = {key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")}
    assert counts["failures"] == counts["errors"] == 0
    assert counts["tests"] - counts["skipped"] > AT_LEAST


def test_this_session_is_what_it_says(jit):
    """With the variable set, pieces are plain functions: no test above would notice otherwise."""
    from refimpl import regression

    assert jit == (os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0"))
    assert jit == isinstance(regression.update, Dispatcher)
