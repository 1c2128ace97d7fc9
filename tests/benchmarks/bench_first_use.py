"""How long a reader waits: import, first result of a first process, first result of the next.

Not part of the usual test run. On request::

    python tests/benchmarks/bench_first_use.py

Medians of several processes. All processes but the coldest one share a cache in a temporary
folder, so the package's own is neither read nor changed. Compare within one run only: the ratio
to starting Python with NumPy is what another machine can be held to.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import refimpl

PACKAGE = Path(refimpl.__file__).parent
FIRST_RESULT = (
    "import refimpl; from refimpl import functions; "
    "refimpl.minimize(functions.beale, [-2.0, 1.0], method='fogr', steps=30, noise=0.1, seed=0)"
)


def seconds(code, folder):
    """Wall clock of a process that runs `code` with the package in `folder`."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        check=True,
    )
    return time.perf_counter() - began


def median(code, folder, repetitions=7):
    return statistics.median(seconds(code, folder) for _ in range(repetitions))


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(PACKAGE, folder / "refimpl", ignore=shutil.ignore_patterns("__pycache__"))
        python = median("pass", folder)
        numpy = median("import numpy", folder)
        numba = median("import numba", folder)
        package = median("import refimpl", folder)
        first = seconds(FIRST_RESULT, folder)
        second = median(FIRST_RESULT, folder)

    print(f"{'python alone':<38}{python:8.3f} s")
    print(f"{'import numpy':<38}{numpy:8.3f} s")
    print(f"{'import numba':<38}{numba:8.3f} s")
    print(f"{'import refimpl':<38}{package:8.3f} s   own share {package - python:.3f} s")
    print(f"{'first process, start to result':<38}{first:8.3f} s")
    print(
        f"{'next process, start to result':<38}{second:8.3f} s   "
        f"{(second - python) / (numba - python):.2f} times import numba"
    )


if __name__ == "__main__":
    main()
