"""A student's file as an implementation under test, in a process of its own.

``python -m refimpl.verify.projects.answering PROJECT FILE`` speaks the protocol for it.
"""

import sys
import traceback
from pathlib import Path
from types import ModuleType

from ...errors import VerificationError
from .. import python_side
from . import project


def load(path):
    """Run a file and return its names.

    Raises
    ------
    VerificationError
        If it is no Python, raises, or ends the process; with the line.
    """
    path = Path(path)
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    # What lies beside it can be imported, as when it is run.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
    except BaseException as error:
        raise VerificationError(f"{path.name}{_where(error, path)}: {_what(error)}") from error
    return vars(module)


def _where(error, path):
    if isinstance(error, SyntaxError):
        return f", line {error.lineno}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def _what(error):
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def as_implementation(parts, names, title):
    """What `python_side` asks of: the functions of the parts that are there."""
    found = {"name": title, "version": "", "methods": {}}
    for part in parts:
        functions = [names.get(name) for name in part.functions]
        if not all(map(callable, functions)):
            continue
        if part.method:
            found["methods"][part.method] = tuple(functions)
        else:
            (found[part.op],) = functions
    return found


def implementation():
    """Of the project and the file that the command names."""
    name, path = sys.argv[1:]
    return as_implementation(project(name).parts, load(path), Path(path).name)


if __name__ == "__main__":
    python_side.main("refimpl.verify.projects.answering:implementation")
