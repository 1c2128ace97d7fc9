"""Shared by all tests: whether the compiler is on, and sizes to match."""

import pytest

from refimpl import _compile


def pytest_collection_modifyitems(config, items):
    """Leave out, and say so, what makes no sense without the compiler."""
    if _compile.JIT:
        return
    left_out = [item for item in items if item.get_closest_marker("compiled")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def jit():
    """Whether the pieces run compiled in this session."""
    return _compile.JIT


@pytest.fixture(scope="session")
def size():
    """``size(full, reduced)``: a sample size, reduced where the pieces run as plain Python."""
    return lambda full, reduced: full if _compile.JIT else reduced
