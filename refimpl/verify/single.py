"""The pieces in binary32: their own text over a library in which single precision is the default.

The modules are read a second time, as plain Python, with `numpy` and `math` replaced by stand-ins
and `float` by `numpy.float32`. Constants follow: what the text calls the eps of float64 is then
that of float32. Literals give way to the type beside them, as NumPy has it since version 2.
"""

import importlib
import math
import sys
from types import ModuleType, SimpleNamespace

import numpy as np

PACKAGE = __name__.partition(".")[0]
# An exception must be the one that callers know.
SHARED = f"{PACKAGE}.errors"
# What makes floats of no other ones.
MAKERS = (np.zeros, np.empty, np.ones, np.eye)


class WidePrecisionError(TypeError):
    """A function of a library has given binary64 where all computation is in binary32."""


def single(value):
    """A float of Python as binary32; anything else as it is.

    Examples
    --------
    >>> single(0.1), single(2)
    (np.float32(0.1), 2)
    """
    return np.float32(value) if type(value) is float else value


def _narrow(value, name):
    if type(value) is tuple:
        return tuple(_narrow(part, name) for part in value)
    if hasattr(value, "_fields"):
        return type(value)(*(_narrow(part, name) for part in value))
    if getattr(value, "dtype", None) == np.float64:
        raise WidePrecisionError(f"{name} gave binary64 of binary32")
    return single(value)


class SinglePrecision:
    """A library that gives binary32 wherever the real one, by itself, gives binary64.

    Examples
    --------
    >>> library = SinglePrecision(np)
    >>> library.zeros(1).dtype, library.finfo(library.float64).bits, library.sqrt(2.0)
    (dtype('float32'), 32, np.float32(1.4142135))
    """

    float64 = np.float32

    def __init__(self, library):
        self._library = library

    def __getattr__(self, name):
        found = getattr(self._library, name)
        if isinstance(found, ModuleType):
            return SinglePrecision(found)
        if isinstance(found, type) or not callable(found):
            return found

        def call(*positional, **named):
            if found in MAKERS:
                named.setdefault("dtype", np.float32)
            named = {key: single(value) for key, value in named.items()}
            return _narrow(found(*map(single, positional), **named), name)

        return call


def _computes(name):
    return name.partition(".")[0] == PACKAGE and name != SHARED


def modules(*names):
    """Modules of the package and all that they import from it, read anew in binary32.

    Their functions take and give arrays of float32 and numbers of `numpy.float32`; numbers of
    Python are taken as they are. The modules that everybody else has stay as they are.

    Returns
    -------
    SimpleNamespace
        The modules, under the last parts of their names.

    Examples
    --------
    >>> modules("repulsion").repulsion.newton(np.float32([[3.0]]), np.float32([1.0]))
    array([-0.33333334], dtype=float32)
    """
    before = dict(sys.modules)
    replaced = {
        "numpy": SinglePrecision(np),
        "math": SinglePrecision(math),
        # The compiler takes no stand-in for NumPy.
        f"{PACKAGE}._compile": SimpleNamespace(compiled=lambda text: text),
        # At the border everything becomes float64.
        f"{PACKAGE}._compile.border": SimpleNamespace(
            **dict.fromkeys(("from_python", "overwriting", "public"), lambda text: text),
            Variances=None,
        ),
    }
    try:
        for name in filter(_computes, before):
            del sys.modules[name]
        sys.modules |= replaced
        found = {
            name.rpartition(".")[2]: importlib.import_module(f"{PACKAGE}.{name}") for name in names
        }
        for name in filter(_computes, set(sys.modules) - set(replaced)):
            text = vars(sys.modules[name])
            # A bound that binary32 cannot hold bounds nothing there.
            with np.errstate(over="ignore"):
                text |= {key: single(value) for key, value in text.items()}
            text["float"] = np.float32
    finally:
        for name in set(sys.modules) - set(before):
            del sys.modules[name]
        sys.modules |= before
    return SimpleNamespace(**found)
