"""Shared by all tests: whether the compiler is on, and sizes to match."""

import gc
import os

# Before NumPy is loaded: as many workers as processors, so that more threads would only wait for
# each other. Whoever asks for another number gets it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
import threadpoolctl

from refimpl import _compile

# Until the tests are collected: what is imported stays, and passes of the collector would be a
# third of the time.
gc.disable()


def pytest_collection_modifyitems(config, items):
    """Without the compiler leave out, and say so, what it does not change."""
    if _compile.JIT:
        return
    marks = ("compiled", "once")
    left_out = [item for item in items if any(map(item.get_closest_marker, marks))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish():
    """Let the cyclic garbage collector pass over what stays, less often and only what is new.

    Modules and compiled functions are millions of objects that are never garbage.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


def pytest_terminal_summary(terminalreporter):
    """Say which kernels of the linear algebra the results are of."""
    found = {
        f"{library.get('architecture', '?')} ({library['internal_api']}), "
        f"{library['num_threads']} threads"
        for library in threadpoolctl.threadpool_info()
        if library["user_api"] == "blas"
    }
    how = "compiled" if _compile.JIT else "uncompiled"
    terminalreporter.write_line(f"linear algebra: {'; '.join(sorted(found))}; pieces {how}")


@pytest.fixture(scope="session")
def jit():
    """Whether the pieces run compiled in this session."""
    return _compile.JIT


@pytest.fixture(scope="session")
def size():
    """``size(full, reduced)``: a sample size, reduced where the pieces run as plain Python."""
    return lambda full, reduced: full if _compile.JIT else reduced
