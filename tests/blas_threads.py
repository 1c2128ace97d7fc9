"""Whether a test reaches more than one thread of the linear algebra; no tests.

OpenBLAS shares out what is large enough, and sums then in another order. Linux alone tells how long
each thread has run.
"""

import os
import time
from pathlib import Path

TASKS = Path("/proc/self/task")


def _ids():
    return set(os.listdir(TASKS)) if TASKS.is_dir() else set()


if os.environ["OPENBLAS_NUM_THREADS"] == "1":
    HELPERS = set()
else:
    before = _ids()
    # Each brings an OpenBLAS, which starts its threads when it is loaded.
    import numpy as np  # noqa: F401
    import scipy.linalg  # noqa: F401

    HELPERS = _ids() - before


_run_before = 0


def _run():
    """Nanoseconds for which the helpers have run."""
    return sum(int((TASKS / name / "schedstat").read_text().split()[0]) for name in HELPERS)


def used():
    """Whether the helpers have run since this was asked before."""
    global _run_before
    now, before = _run(), _run_before
    found = now != before
    while now != before:
        # For a moment they wait for more to do.
        time.sleep(0.05)
        now, before = _run(), now
    _run_before = now
    return found
