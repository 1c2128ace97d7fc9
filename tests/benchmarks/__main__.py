"""What it costs, as ratios measured in one run: ``python -m tests.benchmarks [--json FILE]``.

Each row names what is divided by what; both take their turns within the row, on one thread, in
processor time unless said, and the ratio is the median of the turns. What is not installed is named
as left out. Not part of the tests: nothing here is asserted.
"""

import argparse
import datetime
import json
import platform
import sys
from pathlib import Path

import threadpoolctl
from tqdm import tqdm

from . import (
    against_c,
    first_use,
    many_dimensions,
    memory,
    processes,
    roofline,
    scaling,
    solvers,
    taylor,
)
from .row import Missing

ROOMS = {
    "first-use": first_use,
    "many-dimensions": many_dimensions,
    "memory": memory,
    "roofline": roofline,
    "against-c": against_c,
    "scaling": scaling,
    "solvers": solvers,
    "taylor": taylor,
    "processes": processes,
}


def machine():
    """What the ratios were measured on, as far as it matters to them."""
    import numba
    import numpy
    import scipy

    blas = {
        f"{found.get('architecture', '?')} ({found['internal_api']})"
        for found in threadpoolctl.threadpool_info()
        if found["user_api"] == "blas"
    }
    return {
        "processor": processor(),
        "system": platform.system(),
        "kernels": sorted(blas),
        "python": platform.python_version(),
        "versions": {module.__name__: module.__version__ for module in (numba, numpy, scipy)},
    }


def processor():
    """The model's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def shown(row):
    spread = f"{row.low:9.3g} ...{row.high:9.3g}  {row.turns:3} turns"
    return f"{row.name:<62}{row.ratio:10.3g}  {spread}  {row.reach}"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(ROOMS)}; all")
    parser.add_argument("--quick", action="store_true", help="small sizes and few turns")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON too")
    options = parser.parse_args(arguments)
    for name in options.rooms:
        if name not in ROOMS:
            parser.error(f"unknown room {name!r}; known: {', '.join(ROOMS)}")
    threadpoolctl.threadpool_limits(1)
    about, rows, missing = machine(), [], []
    print(json.dumps(about))
    print(f"{'what / by what':<62}{'ratio':>10}  {'from ... to':>22}            to reach")
    for name in tqdm(options.rooms or ROOMS, unit="room", leave=False, disable=None):
        for found in ROOMS[name].rows(options.quick):
            if isinstance(found, Missing):
                missing.append(found._asdict())
                print(f"{found.name:<62}left out: {found.why}")
                continue
            rows.append({"room": name, **found._asdict()})
            print(shown(found), flush=True)
    if options.json:
        date = datetime.date.today().isoformat()
        found = {"date": date, "machine": about, "rows": rows, "left out": missing}
        text = json.dumps(found, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
