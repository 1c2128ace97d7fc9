"""What long computations found, kept as JSON: finished parts in a folder, records in a file."""

import ast
import io
import json
import tokenize
from pathlib import Path

from refimpl._outside import as_path
from refimpl.errors import StateError

FOLDER = Path(__file__).resolve().parent / "results"


def command(name):
    """The command that makes a file of results anew, as its header and its errors say it.

    Examples
    --------
    >>> command("training")
    'python -m figures.regenerate training'
    """
    return f"python -m figures.regenerate {name}"


def bare(text):
    r"""A source without comments, docstrings and empty lines: what a result can depend on.

    Examples
    --------
    >>> bare('def f(x):\n    "Twice."\n    return 2 * x  # why\n')
    'def f(x):\n    return 2 * x'
    """
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            words = node.body[0]
            lines[words.lineno - 1 : words.end_lineno] = [""] * (
                words.end_lineno - words.lineno + 1
            )
    return "\n".join(line.rstrip() for line in lines if line.strip())


def finished(path):
    """What `finish` has kept under this path, None if there is no such file.

    Examples
    --------
    >>> finished("of_tomorrow.json") is None
    True
    """
    path = as_path(path)
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def finish(path, found):
    """Keep one finished part, at once or not at all: an interrupted command leaves no half file."""
    path = as_path(path)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found), encoding="utf-8")
    part.replace(path)


def write(blocks, path, command):
    """Write a file of records under the command that makes it; its folder is made if need be.

    Parameters
    ----------
    blocks : iterable of str
        JSON of each record, in lines such that a difference can be read.
    path : path
    command : str
    """
    path = as_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    body = ",\n".join(blocks)
    text = f'{{"command": {json.dumps(command)}, "records": [\n{body}\n]}}\n'
    path.write_text(text, encoding="utf-8")


def write_fields(records, path, command):
    """Write records that are dictionaries, a line for each field."""
    blocks = []
    for one in records:
        lines = ",\n   ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in one.items())
        blocks.append(f"  {{{lines}}}")
    write(blocks, path, command)


def read(path, command):
    """The records of a file that `write` has written.

    Raises
    ------
    StateError
        If there is no such file, with the command that makes it.
    """
    return json.loads(there(path, command).read_text("utf-8"))["records"]


def there(path, command):
    """The path of a file of results.

    Raises
    ------
    StateError
        If there is no such file, with the command that makes it.
    """
    path = as_path(path)
    if not path.is_file():
        raise StateError(f"{path} is missing: run `{command}`")
    return path
