"""How a piece is compiled: one decorator, and a cache that notices when any piece changes."""

import contextlib
import functools
import gc
import hashlib
import os
import types
from pathlib import Path


@contextlib.contextmanager
def loading():
    """Pause the cyclic garbage collector; usable as a decorator too.

    Loading numba and its cached code makes hundreds of thousands of objects that stay. The
    collector's passes over them are a tenth of the time to the first result.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


with loading():
    import numba
    from numba.core import caching

    # Before anything is compiled.
    from . import _boxing, _sheltered  # noqa: F401

PACKAGE = Path(__file__).resolve().parent


# Folders without a compiled function.
PLAIN = ("oracle", "taylor", "vectors", "verify")


@functools.cache
def package_stamp():
    """Digest of every source file of the package that can hold compiled text.

    All of them: a test function is compiled too, though nothing in its file says so.
    """
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).parts[0] not in PLAIN:
            digest.update(path.read_bytes())
    return digest.hexdigest()


class _WholePackage:
    """A cached function is stale as soon as any source of the package changes.

    numba looks at the file of the function alone, but a step contains the machine code of the
    pieces it calls: without this, an edited piece would leave yesterday's step in the cache.
    """

    def get_source_stamp(self):
        return package_stamp()

    def get_disambiguator(self):
        # Part of the file name: an index left by other sources may name classes that are gone.
        return f"{super().get_disambiguator()}-{package_stamp()[:10]}"

    @classmethod
    def from_function(cls, py_func, py_file):
        if PACKAGE not in Path(os.path.abspath(py_file)).parents:
            return None
        return super().from_function(py_func, py_file)


class _BesideTheSource(_WholePackage, caching.InTreeCacheLocator):
    pass


class _InTheUsersCache(_WholePackage, caching.UserWideCacheLocator):
    pass


caching.CacheImpl._locator_classes[:0] = [_BesideTheSource, _InTheUsersCache]

# Plain IEEE division, as in NumPy; the pieces guard their denominators themselves.
compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
JIT = not numba.config.DISABLE_JIT


def ours(function):
    """Whether a function's text is of this package, so that every process can import it."""
    text = getattr(function, "py_func", function)
    return PACKAGE in Path(os.path.abspath(text.__code__.co_filename)).parents


@functools.lru_cache(maxsize=256)
@loading()
def with_signature(text, signature):
    """`text` compiled for one signature, so that its address can be handed to compiled code.

    A text that is not of this package is given a copy of its first argument, into which it may
    write.
    """
    if not ours(text):
        text = _on_a_copy(text)
    if not JIT:
        return text
    # The closures that wrap a user's function cannot be cached across processes.
    cache = not text.__closure__
    return numba.njit([signature], cache=cache, nogil=True, error_model="numpy")(text)


def _on_a_copy(text):
    inner = numba.njit(nogil=True, error_model="numpy")(text)

    def call(x, data):
        return inner(x.copy(), data)

    return call


def readable(function):
    """The plain text of a function, and in it that of each compiled function it calls by name.

    Compiled code takes arrays of numbers alone; the same text as plain Python also takes what acts
    like one. What is called through a module or an object stays as it is, and so does what is no
    function of Python.
    """
    return _readable(function, {})


def _readable(function, made):
    text = getattr(function, "py_func", function)
    if text in made or not isinstance(text, types.FunctionType):
        return made.get(text, text)
    namespace = dict(text.__globals__)
    cells = tuple(types.CellType() for _ in text.__closure__ or ())
    copy = types.FunctionType(
        text.__code__, namespace, text.__name__, text.__defaults__, cells or None
    )
    # Before its names are looked up: it may call itself.
    made[text] = copy
    for name in _names(text.__code__):
        if hasattr(namespace.get(name), "py_func"):
            namespace[name] = _readable(namespace[name], made)
    for cell, original in zip(cells, text.__closure__ or (), strict=True):
        value = original.cell_contents
        cell.cell_contents = _readable(value, made) if hasattr(value, "py_func") else value
    return copy


def _names(code):
    """Global names in a function and in those that are defined inside it."""
    inner = (_names(part) for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*inner)
