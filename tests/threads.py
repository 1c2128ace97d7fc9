"""Which test files gave other threads of the linear algebra work.

With ``-p tests.threads --threaded=FILE`` they are written there, one a line (in one word: pytest
looks for its root before it knows the option). All others are the same with one thread. What cannot
be seen counts as work: a process of its own, and everything where the system does not tell what a
thread did.
"""

import collections
import importlib
import os
import resource
import sys
import time
from pathlib import Path

import pytest

TASKS = Path("/proc/self/task")
# Longer than the system takes to write down what a running thread did.
LATE = 0.1
assert "numpy" not in sys.modules, "expected to be loaded first, to tell whose the threads are"


def tasks():
    return set(os.listdir(TASKS)) if TASKS.is_dir() else set()


before = tasks()
for name in ("numpy", "scipy.linalg"):
    importlib.import_module(name)
# NumPy and SciPy bring a library each, and each has begun its threads.
THREADS = sorted(tasks() - before)


def worked():
    """What grows as soon as one of the threads, or a process, does anything; None if unseen."""
    try:
        spent = [(TASKS / thread / "schedstat").read_text().split()[0] for thread in THREADS]
    except OSError:
        return None
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (*spent, children.ru_utime, children.ru_stime) if spent else None


class Watch:
    """The files that ran while something worked, each written when it is first seen."""

    def __init__(self, path):
        self.path, self.named = path, set()
        self.recent = collections.deque()
        self.looked = time.monotonic()
        # When they have begun, threads look out for work a while.
        was, self.last = None, worked()
        while self.last != was:
            time.sleep(2.0 * LATE)
            was, self.last = self.last, worked()

    def ran(self, name):
        # What is seen now may have been done at any time since it was looked for last, or was late
        # then already.
        while self.recent and self.recent[0][0] < self.looked - LATE:
            self.recent.popleft()
        self.looked, was = time.monotonic(), self.last
        self.recent.append((self.looked, name))
        self.last = worked()
        if self.last is None or self.last != was:
            new = {name for _, name in self.recent} - self.named
            self.named |= new
            with open(self.path, "a", encoding="utf-8") as file:
                file.writelines(f"{name}\n" for name in sorted(new))


WATCH = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption("--threaded", metavar="FILE", help="where the files are named, one a line")


def pytest_configure(config):
    if config.option.threaded is None:
        raise pytest.UsageError("expected --threaded=FILE beside -p tests.threads")
    config.stash[WATCH] = Watch(config.option.threaded)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    result = yield
    item.config.stash[WATCH].ran(item.location[0])
    return result


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """What a file computes when it is read."""
    result = yield
    if isinstance(collector, pytest.Module):
        collector.config.stash[WATCH].ran(collector.nodeid)
    return result
