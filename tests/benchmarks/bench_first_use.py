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
LATTICE = (
    "import refimpl; from refimpl import functions; "
    "refimpl.lattice(functions.beale3, 'fogr', radius=1, steps=30, noise=0.1, seeds=[0])"
)
MINIMIZE = (
    "import refimpl; from refimpl import functions; "
    "refimpl.minimize(functions.beale, [-2.0, 1.0], method='fogr', steps=30, noise=0.1, seed=0)"
)


def seconds(code, folder):
    """From the start of a process until `code` is done; what it does on its way out is not ours."""
    began = time.time()
    # Modules are cached as bytecode, as on any reader's machine.
    environment = os.environ | {"PYTHONPATH": str(folder)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import time; print(time.time())"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout) - began


def median(code, folder, repetitions=7):
    return statistics.median(seconds(code, folder) for _ in range(repetitions))


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(PACKAGE, folder / "refimpl", ignore=shutil.ignore_patterns("__pycache__"))
        rows = [
            (name, median(code, folder))
            for name, code in (
                ("python alone", "pass"),
                ("import numpy", "import numpy"),
                ("import numba", "import numba"),
                ("import scipy.optimize", "import scipy.optimize"),
                ("import refimpl", "import refimpl"),
            )
        ]
        for name, code in (("lattice", LATTICE), ("minimize", MINIMIZE)):
            rows.append((f"{name}, first process", seconds(code, folder)))
            rows.append((f"{name}, next process", median(code, folder)))
    for name, time_taken in rows:
        print(f"{name:<28}{time_taken:8.3f} s")


if __name__ == "__main__":
    main()
