"""A word before a compilation, which takes seconds, and how long it took last time."""

import contextlib
import json
import os
import time
from pathlib import Path

from .._outside import say

# What this process has already; a run should not read files.
_READY = set()
# Beside the compiled code: name -> the sources it was compiled from, and the seconds it took.
RECORD = "refimpl_seconds.json"


@contextlib.contextmanager
def announced(name, dispatcher):
    """Around what compiles, or loads, all that a method needs.

    Nothing is said where the record tells that it is kept already, or where the environment
    variable ``REFIMPL_QUIET`` is set; a record that is lost or cannot be written costs a line too
    many.
    """
    if name in _READY:
        yield
        return
    from .._compile.cache import package_stamp

    folder = getattr(getattr(dispatcher, "_cache", None), "cache_path", None)
    record = _read(folder)
    last, stamp = record.get(name, {}), package_stamp()[:10]
    if last.get("stamp") == stamp:
        yield
        _READY.add(name)
        return
    kept = "once for all processes" if folder else "for this process, since nothing can be kept"
    # The book's pages, for one, show what is said, and should not depend on what was kept.
    quiet = os.environ.get("REFIMPL_QUIET")
    before = f"; last time it took {last['seconds']:.0f} s" if "seconds" in last else ""
    if not quiet:
        say(f"refimpl: compiling {name} {kept}{before}")
    begun = time.perf_counter()
    yield
    _READY.add(name)
    if folder:
        seconds = time.perf_counter() - begun
        _write(folder, _read(folder) | {name: {"stamp": stamp, "seconds": round(seconds, 1)}})


def _read(folder):
    try:
        record = json.loads((Path(folder) / RECORD).read_text(encoding="utf-8"))
        return record if isinstance(record, dict) else {}
    except TimeoutError:
        # That of a signal's handler: no file takes so long.
        raise
    except (OSError, TypeError, ValueError):
        return {}


def _write(folder, record):
    part = Path(folder) / f"{RECORD}.{os.getpid()}"
    try:
        part.write_text(json.dumps(record), encoding="utf-8")
        part.replace(Path(folder) / RECORD)
    except TimeoutError:
        raise
    except OSError:
        # A disk that is full or was taken away.
        return
