"""The border to Python: what comes from there is made float64, or refused by name.

`public` is the decorator of a piece: it is called alike from Python and from compiled code, and
converts in the first case alone. `overwriting` is that of a function whose arguments are its
results, where a converted copy would be lost; `from_python` that of a plain function. What an
argument is, its annotation says; without one each part is read by its own type.
"""

import functools
import inspect
import operator
import reprlib

import numpy as np

from .. import _compile
from .._numbers import FLOAT, as_real
from ..errors import DtypeError, RangeError, StateError

if _compile.JIT:
    from numba.core.dispatcher import OmittedArg
    from numba.core.errors import NumbaError
    from numba.core.registry import CPUDispatcher
else:
    # Nothing is one of these, and nobody makes one.
    OmittedArg, NumbaError, CPUDispatcher = (), (), object

LARGEST_INTEGER = np.iinfo(np.int64).max


def _array(value, expected):
    return as_real(value, f"{expected} as an array of real numbers")


def _float(value, expected):
    if isinstance(value, float):
        return value
    number = as_real(value, f"{expected} as a real number")
    if number.ndim:
        raise DtypeError(f"{expected} as a number, got an array of shape {number.shape}")
    return number.item()


def _integer(value, expected):
    try:
        number = operator.index(value)
    except TypeError:
        raise DtypeError(f"{expected} as an integer, got {reprlib.repr(value)}") from None
    if abs(number) > LARGEST_INTEGER:
        raise RangeError(f"{expected} as an integer of 64 bits, got {reprlib.repr(number)}")
    return number


def _by_its_type(value, expected):
    if isinstance(value, tuple):
        return _parts(value, [_by_its_type(part, expected) for part in value])
    if value is None or callable(value):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer) and abs(int(value)) <= LARGEST_INTEGER:
        return int(value)
    if isinstance(value, float | np.number | str):
        return _float(value, expected)
    return _array(value, expected)


def _named(kind):
    """Reads a named tuple, a state for instance: each field by its own annotation."""
    readers = [_reader(field, _by_its_type) for field in kind.__annotations__.values()]

    def read(value, expected):
        if getattr(value, "_fields", None) != kind._fields:
            raise StateError(f"{expected} as a {kind.__name__}, got {reprlib.repr(value)}")
        given = zip(readers, kind._fields, value, strict=True)
        return _parts(value, [read(part, f"{expected}.{name}") for read, name, part in given])

    return read


def _parts(value, read):
    """A tuple of these parts, which is the given one where they are."""
    if all(map(operator.is_, read, value)):
        return value
    return type(value)(*read) if hasattr(value, "_fields") else tuple(read)


class Variances:
    """Annotation of what is None, a number, or a pair of numbers."""


def _variances(value, expected):
    if value is None:
        return None
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise DtypeError(f"{expected} as None, a number or a pair, got {reprlib.repr(value)}")
        read = tuple(_float(part, expected) for part in value)
        return _parts(value, read) if isinstance(value, tuple) else read
    return _float(value, expected)


READERS = {np.ndarray: _array, float: _float, int: _integer, Variances: _variances}


def _reader(annotation, others):
    if hasattr(annotation, "_fields"):
        return _named(annotation)
    return READERS.get(annotation, others)


def _where(text):
    return f"{text.__module__.partition('.')[2]}.{text.__name__}"


def _can_be_overwritten(value, whole=True):
    if isinstance(value, tuple):
        return all(_can_be_overwritten(part, whole=False) for part in value)
    if isinstance(value, np.ndarray):
        # Beside its numbers, a state may hold flags.
        kinds = (FLOAT,) if whole else (FLOAT, np.dtype(np.bool_))
        return value.dtype in kinds and value.flags.carray
    return not isinstance(value, list)


def _converting(text, others=_by_its_type):
    parameters = inspect.signature(text).parameters.values()
    readers = [_reader(parameter.annotation, others) for parameter in parameters]
    expected = [f"{_where(text)}: expected {parameter.name}" for parameter in parameters]
    defaults = [parameter.default for parameter in parameters]

    def convert(arguments):
        given = zip(readers, expected, defaults, arguments, strict=True)
        return tuple(
            value if value is default or isinstance(value, OmittedArg) else read(value, what)
            for read, what, default, value in given
        )

    return convert


def _refusing(text):
    def refuse(arguments):
        for value in arguments:
            if not _can_be_overwritten(value):
                got = f"{value.dtype}" if isinstance(value, np.ndarray) else reprlib.repr(value)
                raise DtypeError(
                    f"{_where(text)}: expected C-ordered float64 arrays to write into, since it "
                    f"overwrites them, got {got}"
                )
        return arguments

    return refuse


class _Border(CPUDispatcher):
    """A compiled function that looks at what Python hands over, if numba does not know it yet.

    What is float64 already meets compiled code at once, and costs nothing here.
    """

    def _compile_for_args(self, *arguments, **named):
        given = self._read(arguments)
        if any(map(operator.is_not, given, arguments)):
            # numba calls what it gets with the arguments as they came.
            return lambda *_, **__: self(*given)
        try:
            return super()._compile_for_args(*arguments, **named)
        except NumbaError as error:
            kinds = ", ".join(
                f"{type(value).__name__} {getattr(value, 'shape', '')}".strip()
                for value in arguments
            )
            raise DtypeError(
                f"{_where(self.py_func)}: expected arrays of the documented shapes, got {kinds}"
            ) from error


class _Converting(_Border):
    @functools.cached_property
    def _read(self):
        return _converting(self.py_func)

    def __call__(self, *arguments, **named):
        try:
            return super().__call__(*arguments, **named)
        except ValueError as error:
            # Of an empty list numba cannot even tell that it does not know it.
            if "fingerprint" not in str(error):
                raise
        return self._converted(arguments, named)

    def _converted(self, arguments, named):
        given = inspect.signature(self.py_func).bind(*arguments, **named)
        given.apply_defaults()
        return super().__call__(*self._read(given.args))


class _TakingTuples(_Converting):
    """numba tells named tuples apart by the types of their arrays, but not by their byte order."""

    def __call__(self, *arguments, **named):
        if _native(arguments) and _native(tuple(named.values())):
            return super().__call__(*arguments, **named)
        return self._converted(arguments, named)


def _native(value):
    if isinstance(value, tuple):
        return all(map(_native, value))
    return not isinstance(value, np.ndarray) or value.dtype.isnative


class _Refusing(_Border):
    @functools.cached_property
    def _read(self):
        return _refusing(self.py_func)


def _at_the_border(text, kind, reading):
    if not _compile.JIT:
        return _wrapped(text, reading(text))
    dispatcher = _compile.compiled(text)
    # numba's decorator makes dispatchers of its own class alone.
    dispatcher.__class__ = kind
    return dispatcher


def _wrapped(text, read):
    signature = inspect.signature(text)

    @functools.wraps(text)
    def call(*arguments, **named):
        if named or len(arguments) != len(signature.parameters):
            given = signature.bind(*arguments, **named)
            given.apply_defaults()
            arguments = given.args
        return text(*read(arguments))

    # Where a compiled function has its text too.
    call.py_func = text
    return call


def from_python(text):
    """A plain function whose annotated arguments are taken as those of a piece, others as they are.

    Examples
    --------
    >>> @from_python
    ... def largest(x: np.ndarray):
    ...     return x.max()
    >>> largest([1, 2])
    np.float64(2.0)
    """
    return _wrapped(text, _converting(text, others=lambda value, expected: value))


def public(text):
    """A compiled function that takes from Python whatever are real numbers.

    Examples
    --------
    >>> @public
    ... def double(x: np.ndarray):
    ...     return x + x
    >>> double([1, 2])
    array([2., 4.])
    """
    # Called with arrays and numbers alone, compiled code is met at once.
    given = {parameter.annotation for parameter in inspect.signature(text).parameters.values()}
    kind = _Converting if given <= set(READERS) else _TakingTuples
    return _at_the_border(text, kind, _converting)


def overwriting(text):
    """A compiled function that refuses from Python what it cannot overwrite."""
    return _at_the_border(text, _Refusing, _refusing)
