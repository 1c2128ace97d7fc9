"""Shared by all tests: which are run in which order, whether the compiler is on, sizes to match."""

import gc
import os
from pathlib import Path

# Before NumPy is loaded: as many workers as processors, so that more threads would only wait for
# each other. Whoever asks for another number gets it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
import threadpoolctl

from refimpl import _compile

# Until the tests are collected: what is imported stays, and passes of the collector would be a
# third of the time.
gc.disable()

# Folders and files whose tests compile whole methods.
COMPILING = {
    *("cubic", "figures", "functions", "lanes", "optimizers", "runs"),
    *("test_border.py", "test_cli.py", "test_doctests.py", "test_fuzz.py"),
}


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def asked_for_slow(config):
    """By the option, by the mark, or by the name of a test."""
    named = any("::" in argument for argument in config.args)
    return config.option.slow or named or "slow" in config.option.markexpr


def pytest_collection_modifyitems(config, items):
    """Leave out the slow ones unless asked for, and in plain Python what is the same there."""
    marks = () if asked_for_slow(config) else ("slow",)
    if not _compile.JIT:
        marks += ("compiled", "once")
    kept, left_out = [], []
    for item in items:
        (left_out if any(map(item.get_closest_marker, marks)) else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    # Two workers begin with a half each: what compiles whole methods is in the first, so that one
    # compiles and the other loads.
    items[:] = sorted(
        kept, key=lambda item: not COMPILING.intersection(Path(item.location[0]).parts)
    )


def pytest_collection_finish():
    """Let the cyclic garbage collector pass over what stays, less often and only what is new.

    Modules and compiled functions are millions of objects that are never garbage.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_terminal_summary(terminalreporter, config):
    """Say which kernels of the linear algebra the results are of, and what was left out."""
    found = {
        f"{library.get('architecture', '?')} ({library['internal_api']}), "
        f"{library['num_threads']} threads"
        for library in threadpoolctl.threadpool_info()
        if library["user_api"] == "blas"
    }
    how = "compiled" if _compile.JIT else "uncompiled"
    terminalreporter.write_line(f"linear algebra: {'; '.join(sorted(found))}; pieces {how}")
    if not asked_for_slow(config):
        terminalreporter.write_line("slow tests left out; `python -m pytest --slow` runs all")


@pytest.fixture(scope="session")
def jit():
    """Whether the pieces run compiled in this session."""
    return _compile.JIT


@pytest.fixture(scope="session")
def size():
    """``size(full, reduced)``: a sample size, reduced where the pieces run as plain Python."""
    return lambda full, reduced: full if _compile.JIT else reduced
