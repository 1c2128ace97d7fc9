"""Which function computes each labelled equation of the book, and which test checks it.

Pages, package and tests are read as text: nothing is imported, and no Sphinx is needed, so that the
test suite can use `labelled_equations`, `ties` and `faults`.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import contents
from reference_cases import cases

FENCE = re.compile(r"^\s*(?P<mark>`{3,}|:{3,}|~{3,})\s*(?P<info>.*?)\s*$")
DIRECTIVE = re.compile(r"\{(?P<name>[\w:-]+)\}\s*(?P<argument>.*)")
OPTION = re.compile(r"^\s*:(?P<name>[\w-]+):\s*(?P<value>.*?)\s*$")
CLOSING = re.compile(r"\$\$\s*\((?P<label>[^()\s]+)\)\s*$")
# Directives whose body is text to be shown as it stands, not Markdown.
VERBATIM = {
    "code-cell",
    "code-block",
    "code",
    "literalinclude",
    "sourcecode",
    "eval-rst",
    "raw",
    "mermaid",
    "bibliography",
}


def lines(text):
    r"""Number, text, and the words of the open fences, of each line of a page that is no fence.

    A fence without words opens code where it closes nothing; within code no other opens.

    Examples
    --------
    >>> text = "a\n```\n| $x |\n```\n:::{note}\nb\n:::"
    >>> [(number, line, in_code(words)) for number, line, words in lines(text)]
    [(1, 'a', False), (3, '| $x |', True), (6, 'b', False)]
    """
    opened = []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        words = tuple(info for _, info in opened)
        closes = (
            fence
            and opened
            and not fence["info"]
            and fence["mark"][0] == opened[-1][0][0]
            and len(fence["mark"]) >= len(opened[-1][0])
        )
        if closes:
            opened.pop()
        elif fence and not in_code(words):
            opened.append((fence["mark"], fence["info"]))
        else:
            yield number, line, words


def in_code(words):
    """Whether one of some open fences holds code, and not Markdown."""
    return any(not info.startswith("{") or "code" in info for info in words)


class Equation(NamedTuple):
    page: str
    line: int
    label: str


class Tie(NamedTuple):
    page: str
    line: int
    label: str
    functions: tuple
    tests: tuple
    cases: tuple = ()  # operations and methods that use the functions, if none has their name


def scan(text, page=""):
    """Equations and ties of one page, in reading order."""
    found, opened, in_comment = [], [], False
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if opened:
            mark, verbatim = opened[-1]
            if (
                fence
                and not fence["info"]
                and fence["mark"][0] == mark[0]
                and len(fence["mark"]) >= len(mark)
            ):
                opened.pop()
                continue
            if verbatim:
                continue
        in_comment = ("<!--" in line or in_comment) and "-->" not in line
        if in_comment:
            continue
        if fence and fence["info"]:
            directive = DIRECTIVE.match(fence["info"])
            name = directive["name"] if directive else None
            opened.append(
                (fence["mark"], name is None or name in VERBATIM or name in ("math", "implements"))
            )
            if name == "math" and (label := _options(lines[number:]).get("label")):
                found.append(Equation(page, number, label))
            elif name == "implements":
                options = _options(lines[number:])
                found.append(
                    Tie(
                        page,
                        number,
                        directive["argument"].strip(),
                        tuple(options.get("function", "").split()),
                        tuple(options.get("test", "").split()),
                        tuple(options.get("cases", "").split()),
                    )
                )
        elif fence:
            opened.append((fence["mark"], True))
        elif label := CLOSING.search(line):
            found.append(Equation(page, number, label["label"]))
    return found


def _options(lines):
    options = {}
    for line in lines:
        if not (option := OPTION.match(line)):
            break
        options[option["name"]] = option["value"]
    return options


def _book(book_dir):
    # In the order of the table of contents, so that the table reads like the book.
    files = (path.relative_to(book_dir) for path in Path(book_dir).rglob("*.md"))
    pages = sorted(
        file.with_suffix("").as_posix()
        for file in files
        # What was built, and copies that editors and notebooks keep beside a page.
        if not any(part[0] in "._" for part in file.parts)
    )
    order = contents.names(book_dir)
    pages.sort(key=lambda page: order.index(page) if page in order else len(order))
    for page in pages:
        path = Path(book_dir, f"{page}.md")
        yield from _scanned(path, path.stat().st_mtime_ns, page)


# Each tie of the book asks for all of its equations.
@cache
def _scanned(path, modified, page):
    return scan(path.read_text(encoding="utf-8"), page)


def labelled_equations(book_dir):
    """Every labelled equation of the book, as `Equation` tuples."""
    return [entry for entry in _book(book_dir) if isinstance(entry, Equation)]


def ties(book_dir):
    """Every tie of the book, as `Tie` tuples."""
    return [entry for entry in _book(book_dir) if isinstance(entry, Tie)]


def faults(tie, book_dir):
    """What is wrong with a tie, as a list of sentences; empty if everything it names exists."""
    root, found = Path(book_dir).parent, []
    if not any(equation.label == tie.label for equation in labelled_equations(book_dir)):
        found.append(f"there is no equation labelled {tie.label!r}")
    if not tie.functions or not tie.tests:
        found.append(f"the tie of {tie.label!r} must name a function and a test")
    found += [
        f"{name} is not defined in the package" for name in tie.functions if not defined(root, name)
    ]
    counted = cases(root)
    found += [
        f"there is no reference case of {name}"
        for name in tie.cases
        if not counted.ops[name] + counted.methods[name]
    ]
    found += [f"there is no test {test}" for test in tie.tests if not has_test(root, test)]
    return found


def defined(root, dotted):
    """Whether the source of the package defines this object; an import by another name counts."""
    parts = dotted.split(".")
    for size in range(len(parts) - 1, 0, -1):
        base = Path(root, *parts[:size])
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                return _contains(file, tuple(parts[size:]))
    return False


def has_test(root, test):
    """Whether ``path::name`` or ``path::Class::name`` exists; brackets at its end are ignored."""
    path, *names = test.split("::")
    file = Path(root, path)
    return (
        bool(names)
        and file.is_file()
        and _contains(file, tuple(name.split("[")[0] for name in names))
    )


def _contains(file, names):
    body = _tree(file, file.stat().st_mtime_ns).body
    for name in names:
        node = next((node for node in body if name in _names(node)), None)
        if node is None:
            return False
        body = getattr(node, "body", [])
    return True


@cache
def _tree(file, modified):
    return ast.parse(file.read_text(encoding="utf-8"))


def _names(node):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name for alias in node.names}
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return {target.id for target in targets if isinstance(target, ast.Name)}
