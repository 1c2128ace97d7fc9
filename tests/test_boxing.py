"""What compiled code returns: the same objects as numba's own, from its cache too."""

import os
import subprocess
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest

from refimpl import regression
from refimpl._compile import boxing

pytestmark = [pytest.mark.numerics, pytest.mark.compiled, pytest.mark.within]


class Inner(NamedTuple):
    number: float
    array: np.ndarray


class Pair(NamedTuple):
    a: float
    b: float


class Outer(NamedTuple):
    inner: Inner
    pair: Pair
    flag: bool
    whole: tuple


@numba.njit
def nested(x):
    return Outer(Inner(x[0], x), Pair(1.0, 2.0), True, (x + 1.0, 3))


@numba.njit
def both(x):
    return x, Inner(2.0, x[::2])


def test_nested():
    x = np.arange(4.0)
    found = nested(x)
    assert type(found) is Outer
    assert type(found.inner) is Inner
    assert found.inner.array is x
    assert found.pair == Pair(1.0, 2.0)
    assert (found.flag, found.whole[1]) == (True, 3)
    np.testing.assert_array_equal(found.whole[0], x + 1.0)
    assert type(both(x)[1].array) is np.ndarray
    np.testing.assert_array_equal(both(x)[1].array, [0.0, 2.0])


def test_nothing_is_kept():
    """References are counted as by numba: none is left when the results are gone."""
    x = np.arange(4.0)
    for function in (nested, both):
        function(x)
        before = sys.getrefcount(x), sys.getrefcount(Inner)
        for _ in range(100):
            function(x)
        assert (sys.getrefcount(x), sys.getrefcount(Inner)) == before
    numba.core.runtime._nrt_python.memsys_enable_stats()
    counts = numba.core.runtime.rtsys.get_allocation_stats
    before = counts()
    for _ in range(100):
        nested(x)
    after = counts()
    assert after.alloc - before.alloc == after.free - before.free


def test_no_python_is_run():
    """The only look-up left in a piece is that of an error, which checks for another one."""
    # What comes from the cache has no text.
    update = numba.njit(regression.update.py_func)
    update(regression.start(2), np.ones(2), np.ones(2), 0.1)
    for code in update.inspect_llvm().values():
        wrappers = [part for part in code.split("define ")[1:] if "@_ZN7cpython" in part[:200]]
        assert sum(part.count("call ptr @numba_unpickle(") for part in wrappers) == 1


@pytest.mark.slow
def test_from_the_cache():
    """The classes of a result are found by the next process."""
    text = (
        "from refimpl import regression as r; import numpy as np\n"
        "s = r.update(r.start(2), np.ones(2), np.ones(2), 0.1)\n"
        "assert type(s) is r.State and type(r.slope(s)) is r.Line\n"
        "print(sum(r.update.stats.cache_hits.values()))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=True, env=os.environ
        ).stdout
        for _ in range(2)
    ]
    assert outputs[1] == "1\n"


def test_registered():
    kinds = numba.core.pythonapi._boxers.functions
    assert kinds[numba.types.NamedTuple] is boxing.box_named_tuple
    assert kinds[numba.types.Array] is boxing.box_array
