"""Which test files gave other threads of the linear algebra work.

With ``-p tests.threads --threaded FILE`` they are written to a file. All others are the same with
one thread. What a process of its own did is not seen from here: what started one counts as well.
"""

import importlib
import os
import resource
import sys
import time
from pathlib import Path

import pytest

TASKS = Path("/proc/self/task")
assert "numpy" not in sys.modules, "expected to be loaded first, to tell whose the threads are"
before = set(os.listdir(TASKS))
for name in ("numpy", "scipy.linalg"):
    importlib.import_module(name)
# NumPy and SciPy bring a library each, and each has begun its threads.
THREADS = sorted(set(os.listdir(TASKS)) - before)


def worked():
    """What grows as soon as one of the threads, or a process, does anything."""
    spent = [(TASKS / thread / "schedstat").read_text().split()[0] for thread in THREADS]
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return *spent, children.ru_utime, children.ru_stime


def pytest_addoption(parser):
    parser.addoption("--threaded", metavar="FILE", help="where the files are named, one a line")


def pytest_configure(config):
    if not THREADS:
        raise pytest.UsageError("expected more than one thread: set OPENBLAS_NUM_THREADS=2")
    # When they have begun they look out for work a while.
    was = None
    while was != (was := worked()):
        time.sleep(0.2)
    config.stash[NAMES], config.stash[BEFORE] = set(), None


NAMES, BEFORE = pytest.StashKey(), pytest.StashKey()


def _noticed(config, path, was):
    """Name the file, and the one before it, of which the last milliseconds may be seen too late."""
    if worked() != was:
        new = {path, config.stash[BEFORE]} - config.stash[NAMES] - {None}
        config.stash[NAMES] |= new
        with open(config.option.threaded, "a", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in new)
    config.stash[BEFORE] = path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    was = worked()
    result = yield
    _noticed(item.config, item.location[0], was)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """What a file computes when it is read."""
    was = worked()
    result = yield
    if isinstance(collector, pytest.Module):
        _noticed(collector.config, collector.nodeid, was)
    return result
