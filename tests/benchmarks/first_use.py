"""How long a reader waits: import, first result of a first process, first result of the next.

All processes but the coldest one share a cache in a temporary folder, so the package's own is
neither read nor changed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import refimpl

from .row import of

PACKAGE = Path(refimpl.__file__).parent
LATTICE = (
    "import refimpl; from refimpl import functions; "
    "refimpl.lattice(functions.beale3, 'fogr', radius=1, steps=30, noise=0.1, seeds=[0])"
)
README = (
    "import refimpl; refimpl.minimize(lambda x: (x[0] - 1) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, "
    "[-1.2, 1.0], jac=lambda x: [2 * (x[0] - 1) - 400 * x[0] * (x[1] - x[0] ** 2), "
    "200 * (x[1] - x[0] ** 2)], steps=200, noise=0.01, seed=0)"
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


def rows(quick):
    """Seconds to the first answer, by those of a process that loads NumPy."""
    turns = 3 if quick else 7
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shutil.copytree(PACKAGE, folder / "refimpl", ignore=shutil.ignore_patterns("__pycache__"))
        seconds("import numpy", folder)

        def row(name, code, reach=""):
            # Each beside NumPy: what else the machine does meets both.
            ratios = (seconds(code, folder) / seconds("import numpy", folder) for _ in range(turns))
            return of(f"{name} / import numpy, seconds", ratios, reach)

        for module in ("numba", "scipy.optimize", "refimpl"):
            yield row(f"import {module}", f"import {module}")
        first = seconds(README, folder), seconds("import numpy", folder)
        yield of("README's minimize, first process / import numpy", [first[0] / first[1]])
        yield row("README's minimize, next process", README)
        if quick:
            return
        for name, code in (("lattice of fOGR", LATTICE), ("minimize, fOGR", MINIMIZE)):
            first = seconds(code, folder), seconds("import numpy", folder)
            yield of(f"{name}, first process / import numpy", [first[0] / first[1]])
            yield row(f"{name}, next process", code)
