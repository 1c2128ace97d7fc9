"""Which of the readable text the certified cases run: lines of it, and the functions each enters.

Only as plain Python (``NUMBA_DISABLE_JIT=1``) does the text itself run. ``python -m
refimpl.verify.reached`` says which lines of the pieces, methods, Taylor operations and safeguards
no case executes, and is not content unless ``untouched.UNTOUCHED`` names each of them.
"""

import ast
import contextlib
import functools
import importlib
import json
import os
import sys
from pathlib import Path

import numpy as np

from .. import vectors
from .._compile import JIT, PACKAGE
from .._outside import say, with_output
from ..errors import VerificationError
from . import python_side

# What a port must write too, by files and folders of the package.
TEXT = (
    *("regression.py", "online_pca.py", "qr_step.py", "repulsion.py"),
    *("linear_algebra", "cubic", "optimizers"),
    *("taylor/series.py", "taylor/ufuncs.py", "summary/definition.py", "summary/partitions.py"),
)
LEFT_OUT = ("optimizers/streamed", "optimizers/scipy_baselines.py")


def sources():
    """The files of the readable text, by their names in the package."""
    found = []
    for name in TEXT:
        path = PACKAGE / name
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    names = [path.relative_to(PACKAGE).as_posix() for path in found]
    return [name for name in names if not name.startswith(LEFT_OUT)]


def _as_plain():
    if JIT:
        raise VerificationError("reached: the text itself runs with NUMBA_DISABLE_JIT=1 alone")


def _answer(implementation, case):
    """Put a case; that it raises is an answer too, which the ordinary verification judges."""
    put = {"op": case.op, "params": case.params, "in": case.inputs, "method": case.method}
    with contextlib.suppress(Exception):
        python_side.answer(implementation, put, np.float64)


# ------------------------------------------------------------------------------ functions by case


def entered(cases):
    """Where the functions begin that each case enters.

    Parameters
    ----------
    cases : iterable of vectors.Case

    Returns
    -------
    dict
        Id of a case -> sorted list of ``"file:line"``; under the empty name what runs before any
        case, when modules are loaded.
    """
    _as_plain()
    seen = set()

    def look(frame, event, argument):
        if event == "call":
            seen.add(frame.f_code)

    # Other packages' own modules would take a minute under the eye of a profiler.
    for name in ("numba", "scipy.fft", "scipy.linalg", "scipy.optimize", "scipy.special"):
        importlib.import_module(name)
    found = {}
    sys.setprofile(look)
    try:
        from . import ours

        implementation = ours.binary64()
        found[""] = _places(set(seen))
        for case in cases:
            seen.clear()
            _answer(implementation, case)
            found[case.id] = _places(set(seen))
    finally:
        sys.setprofile(None)
    return found


def _places(codes):
    root = f"{PACKAGE}{os.sep}"
    return sorted(
        f"{Path(code.co_filename).relative_to(PACKAGE).as_posix()}:{code.co_firstlineno}"
        for code in codes
        if code.co_filename.startswith(root) and code.co_name != "<module>"
    )


# --------------------------------------------------------------------------------------- lines


def statements(text):
    r"""The lines of a source that run when its functions do: the first of each statement.

    Examples
    --------
    >>> sorted(statements('def f(x):\n    "Twice."\n    if x:\n        return 2 * x\n'))
    [3, 4]
    """
    found = set()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.stmt) and node is not function and not _words(node):
                    found.add(node.lineno)
    return found


def _words(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@functools.cache
def _lines(code):
    return frozenset(line for _, _, line in code.co_lines() if line)


def executed(names, cases):
    """The lines of files that cases execute.

    Parameters
    ----------
    names : iterable of str
        Files, by their names in the package.
    cases : iterable of vectors.Case
        None is put once every line has been seen.

    Returns
    -------
    dict
        Name -> set of lines.
    """
    _as_plain()
    from . import ours

    implementation = ours.binary64()
    paths = {str(PACKAGE / name): name for name in names}
    wanted = {path: statements(Path(path).read_text("utf-8")) for path in paths}
    left = {path: set(lines) for path, lines in wanted.items()}

    def called(frame, event, argument):
        open_lines = left.get(frame.f_code.co_filename)
        # A function without a line that is still open costs no more than its call.
        return lined if open_lines and not open_lines.isdisjoint(_lines(frame.f_code)) else None

    def lined(frame, event, argument):
        left[frame.f_code.co_filename].discard(frame.f_lineno)
        return lined

    for case in cases:
        sys.settrace(called)
        try:
            _answer(implementation, case)
        finally:
            sys.settrace(None)
    return {name: wanted[path] - left[path] for path, name in paths.items()}


def light(cases):
    """The cases in an order that is soon done: ensembles repeat the steps of replays, and are left.

    Examples
    --------
    >>> "ensemble" in {case.op for case in light(vectors.cases())}
    False
    """
    return [case for case in cases if case.op != vectors.ENSEMBLE]


def untouched(names=None, cases=None):
    """Lines of the readable text that no case executes.

    Returns
    -------
    list of tuple
        File, number of the line, function, text, and whether it is a guard or in a function that no
        case enters.
    """
    names = sources() if names is None else names
    cases = light(vectors.cases()) if cases is None else cases
    found = []
    for name, lines in executed(names, cases).items():
        text = (PACKAGE / name).read_text("utf-8")
        rows, owners = text.splitlines(), functions(text)
        entered = {owners.get(number) for number in lines}
        for number in sorted(statements(text) - lines):
            row = rows[number - 1].strip()
            guard = owners[number] not in entered or row.startswith("raise ")
            found.append((name, number, owners[number], row, guard))
    return found


def functions(text):
    r"""Line -> the outermost function, or the class, that it belongs to.

    Examples
    --------
    >>> functions('def f(x):\n    def g():\n        return 1\n    return g\n')[3]
    'f'
    """
    return {
        number: node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for number in range(node.lineno, node.end_lineno + 1)
    }


def unnamed(lines, reasons):
    """What of untouched lines no reason names, and which reasons name nothing.

    Parameters
    ----------
    lines : list of tuple
        From `untouched`.
    reasons : dict
        ``"file"``, ``"file function"`` or ``"file function: text of the line"`` -> why. The first
        two stand for guards, and for functions that no case enters.

    Returns
    -------
    list of str
    """
    used, found = set(), []
    for name, number, function, text, guard in lines:
        keys = [f"{name} {function}: {text}", *([name, f"{name} {function}"] if guard else [])]
        key = next((key for key in keys if key in reasons), None)
        if key is None:
            found.append(f"{name}:{number}: no case executes `{text}` of {function}")
        used.add(key)
    return found + [f"{key}: is executed, or is no more" for key in reasons if key not in used]


def main():
    """Say what no case executes and nothing names."""
    from .untouched import UNTOUCHED

    found = unnamed(untouched(), UNTOUCHED)
    for sentence in found:
        say(sentence)
    say(f"{len(found)} lines of the readable text without a case or a reason")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--entered"]:
        of_families = (case for name in sys.argv[2:] for case in vectors.load(name).cases)
        print(json.dumps(entered(of_families)))
    else:
        sys.exit(with_output(main, "refimpl.verify.reached"))
