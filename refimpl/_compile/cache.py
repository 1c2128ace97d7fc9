"""Where compiled code is kept between processes, and when it is not.

numba's own cache looks at the file of a function alone, does not survive a file cut short, and
gives back callers of a function that calls itself as code that crashes. Here a cache can only cost
a compilation, never a result.
"""

import contextlib
import dis
import functools
import hashlib
import os
import tempfile
import types
from pathlib import Path

from numba.core import caching, config

PACKAGE = Path(__file__).resolve().parents[1]
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


@functools.cache
def _writable(folder):
    """Whether files can be made in the folder, which is made where it is missing."""
    try:
        os.makedirs(folder, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


class _WholePackage:
    """A cached function is stale as soon as any source of the package, or its own file, changes.

    A step contains the machine code of the pieces it calls: without this, an edited piece would
    leave yesterday's step in the cache.
    """

    def get_source_stamp(self):
        return package_stamp(), super().get_source_stamp()

    def get_disambiguator(self):
        # Part of the file name: an index left by other sources may name classes that are gone.
        return f"{super().get_disambiguator()}-{package_stamp()[:10]}"

    @classmethod
    def from_function(cls, py_func, py_file):
        # Cells of a notebook have no file; in an archive no folder tells that a source changed.
        if not (PACKAGE.is_dir() and os.path.isfile(py_file)):
            return None
        locator = cls(py_func, py_file)
        return locator if _writable(locator.get_cache_path()) else None

    def ensure_cache_path(self):
        os.makedirs(self.get_cache_path(), exist_ok=True)


class _InTheGivenFolder(_WholePackage, caching.UserProvidedCacheLocator):
    """The folder of the environment variable NUMBA_CACHE_DIR."""

    @classmethod
    def from_function(cls, py_func, py_file):
        return super().from_function(py_func, py_file) if config.CACHE_DIR else None


class _BesideTheSource(_WholePackage, caching.InTreeCacheLocator):
    pass


class _InTheUsersCache(_WholePackage, caching.UserWideCacheLocator):
    pass


class _Places(caching.CompileResultCacheImpl):
    _locator_classes = (_InTheGivenFolder, _BesideTheSource, _InTheUsersCache)


class _Cache(caching.FunctionCache):
    """numba's cache of one function, which gives up where numba's raises or crashes."""

    _impl_class = _Places

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception:
            # A file cut short, or of classes that are gone: whatever it was, it is begun anew.
            try:
                self.flush()
            except OSError:
                self.disable()
            return None

    def save_overload(self, sig, data):
        if calls_itself(self._py_func):
            return
        # A disk that is full or was taken away.
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


def cache_of(text):
    """The cache of a function, or none where nothing can be written."""
    try:
        return _Cache(text)
    except RuntimeError:
        return caching.NullCache()


def calls_itself(text):
    """Whether the function, or one that it calls, comes back to itself by way of names.

    Such code is linked to itself by a symbol that numba's cache does not keep: a caller that is
    loaded from it crashes.
    """
    done, under_way = set(), []

    def walk(text):
        if text in under_way:
            return True
        if text in done:
            return False
        under_way.append(text)
        found = any(map(walk, called(text)))
        done.add(under_way.pop())
        return found

    return walk(text)


def called(text):
    """Texts of the compiled functions that a text names, by themselves or through a module."""
    things = [cell.cell_contents for cell in text.__closure__ or ()]
    things += _named(text.__code__, text.__globals__)
    found = (getattr(thing, "py_func", None) for thing in things)
    return [text for text in found if isinstance(text, types.FunctionType)]


def _named(code, names):
    """What the global names in a code stand for, attributes of modules looked up."""
    found = []
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found.append(names.get(instruction.argval))
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            if found and isinstance(found[-1], types.ModuleType):
                found[-1] = getattr(found[-1], instruction.argval, None)
        elif isinstance(instruction.argval, types.CodeType):
            found += _named(instruction.argval, names)
        elif instruction.opname not in ("CACHE", "PRECALL", "PUSH_NULL"):
            # Whatever follows is an attribute of something else.
            found.append(None)
    return found


def names_of(code):
    """Global names, and those of attributes, in a function and in those defined inside it."""
    inner = (names_of(part) for part in code.co_consts if isinstance(part, types.CodeType))
    return set(code.co_names).union(*inner)
