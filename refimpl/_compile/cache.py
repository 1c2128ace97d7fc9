"""Where compiled code is kept between processes, and when it is not.

numba's own cache looks at the file of a function alone, does not survive a file cut short, and
gives back callers of a function that calls itself as code that crashes. Here a cache can only cost
a compilation, never a result.
"""

import contextlib
import functools
import hashlib
import os
import tempfile

from numba.core import caching, config

from .names import PACKAGE, calls_itself

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
