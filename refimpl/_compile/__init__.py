"""How a piece is compiled: one decorator, and a cache that notices when any piece changes.

With ``NUMBA_DISABLE_JIT=1``, and where numba is not installed, the same text is plain Python, and
numba is not imported.
"""

import contextlib
import functools
import gc
import importlib.util
import os
import types
from pathlib import Path

from .names import PACKAGE, names_of

JIT = (
    os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")
    and importlib.util.find_spec("numba") is not None
)


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


if JIT:
    with loading():
        import numba

        # Before anything is compiled.
        from . import boxing, sheltered
        from .cache import cache_of

# Plain IEEE division, as in NumPy; the pieces guard their denominators themselves.
OPTIONS = {"nogil": True, "error_model": "numpy"}


def compiled(text):
    """The function compiled, for each kind of arguments when they first come; a decorator."""
    return _cached(numba.njit(**OPTIONS)(text)) if JIT else text


def reassociated(text):
    """`compiled`, with sums in any order and products not rounded; for loops over rows alone.

    A sum in the order of its text cannot be made by vector instructions. Nothing else is given up:
    NaN, infinities and signs of zero stay what they are.
    """
    if not JIT:
        return text
    return _cached(numba.njit(**OPTIONS, fastmath={"reassoc", "contract"})(text))


def _cached(dispatcher):
    # As `cache=True` does, with a cache of our own.
    dispatcher._cache = cache_of(dispatcher.py_func)
    return dispatcher


def ours(function):
    """Whether a function's text is of this package, so that every process can import it."""
    text = getattr(function, "py_func", function)
    return PACKAGE in Path(os.path.abspath(text.__code__.co_filename)).parents


@functools.lru_cache(maxsize=256)
def with_signature(text, signature, keep=True):
    """`text` compiled for one signature, so that its address can be handed to compiled code.

    It is kept for other processes where they can import it, unless told otherwise. A text that is
    not of this package is given a copy of its first argument, into which it may write.
    """
    if not ours(text):
        text = _on_a_copy(text)
    if not JIT:
        return text
    # The closures that wrap a user's function cannot be cached across processes.
    keep = keep and ours(text) and not text.__closure__
    with loading():
        dispatcher = numba.njit(**OPTIONS)(text)
        if keep:
            _cached(dispatcher)
        dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher


def _on_a_copy(text):
    inner = numba.njit(**OPTIONS)(text) if JIT else text

    def call(x, data):
        return inner(x.copy(), data)

    return call


def readable(function):
    """The plain text of a function, and in it that of each compiled function it calls by name.

    Compiled code takes arrays of numbers alone; the same text as plain Python also takes what acts
    like one, and waits for no compiler. A name may be that of a function or, through a module, of
    one of its functions. What is called through another object stays as it is, and so does what is
    no function of Python.
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
    names = names_of(text.__code__)
    for name in names & namespace.keys():
        namespace[name] = _readable_thing(namespace[name], names, made)
    for cell, original in zip(cells, text.__closure__ or (), strict=True):
        cell.cell_contents = _readable_thing(original.cell_contents, names, made)
    return copy


def _readable_thing(thing, names, made):
    """What a name stands for: the text of a compiled function, a module with such, or itself."""
    if hasattr(thing, "py_func"):
        return _readable(thing, made)
    if isinstance(thing, types.ModuleType):
        found = {name: getattr(thing, name, None) for name in names}
        texts = {n: _readable(f, made) for n, f in found.items() if hasattr(f, "py_func")}
        if texts:
            return types.SimpleNamespace(**vars(thing) | texts)
    return thing
