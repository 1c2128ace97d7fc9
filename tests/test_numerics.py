"""The mark `numerics` is complete: whatever computes is run under every kernel."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
# What computes no sum that a kernel of the linear algebra or a number of threads could round
# otherwise. All the rest of the package does, and so does every figure.
PLAIN = {
    "_compile": "how a piece is compiled",
    "_numbers": "conversions",
    "_outside": "files and streams",
    "_pictures": "commands that draw",
    "cli": "the command line",
    "errors": "names of errors",
    "functions": "formulas without a sum; those with one are tested in marked files",
    "noise": "draws and picks",
    "oracle": "numbers of 60 digits",
    "runs": "loops around a method",
    "vectors": "files",
    "verify": "programs beside the vectors",
}
# Test files without the mark, each with its reason.
UNMARKED = {
    "book/test_api": "names of the API page",
    "book/test_book": "pages as text",
    "oracle/test_fresh": "numbers of 60 digits",
    "oracle/test_measure": "numbers of 60 digits",
    "oracle/test_oracle": "numbers of 60 digits",
    "book/test_labels": "labels as text",
    "test_cli": "the command line",
    "test_compile": "what is compiled when",
    "test_environment": "versions",
    "test_errors": "the errors' names and messages",
    "test_import": "what an import loads",
    "test_interruptible": "threads",
    "test_numerics": "this file",
    "test_order": "tests as text",
    "test_outside": "streams and paths",
    "test_repeats": "sources as text",
    "test_rooms": "imports as text",
    "test_sheltered": "signals",
    "test_slow": "marks",
    "test_threads": "which thread works",
    "test_uncompiled": "the examples again",
    "vectors/test_archive": "files",
    "vectors/test_reading": "files",
    "verify/test_forms": "words",
    "verify/test_mutants": "wrong pieces, each far off",
    "verify/test_program_side": "programs that talk",
    "verify/test_report": "words",
    "verify/test_templates": "programs in other frameworks, with kernels of their own",
    "verify/test_compare": "comparing numbers that are given",
    "book/test_addresses": "addresses as text",
    "book/test_chapters": "pages as text",
    "book/test_check": "pages in a browser",
    "book/test_edition": "files",
    "book/test_extensions": "HTML as text",
    "book/test_first_uses": "pages as text",
    "book/test_sample_book": "files",
    "book/test_appendices": "pages as text",
    "book/test_solutions": "pages as text",
    "book/test_symbols": "pages as text",
    "test_workflow": "a file as text",
    "verify/test_reached": "lines that are executed",
    "verify/test_resemblance": "comparing numbers that are given",
    "verify/test_supposed": "words",
    "verify/test_projects": "programs of a course, far off or right",
}


def names_imported(tree):
    """Dotted names that the head of a file imports."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def computes(name):
    """Whether a dotted name is of a piece, a method, a network or a figure."""
    first, *rest = name.split(".")
    return first == "figures" or (first == "refimpl" and bool(rest) and rest[0] not in PLAIN)


def is_marked(tree):
    marks = [
        ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    return any("pytest.mark.numerics" in mark for mark in marks)


def why_wrong(name, text):
    """What is wrong with a test file as to its mark, None if nothing is."""
    tree = ast.parse(text)
    found = sorted(filter(computes, names_imported(tree)))
    if is_marked(tree):
        return f"{name} is marked and listed" if name in UNMARKED else None
    if found:
        return f"{name} imports {', '.join(found)} and is not marked"
    return None if name in UNMARKED else f"{name} is neither marked nor listed"


def test_every_file_is_marked_or_named():
    files = [path for path in TESTS.rglob("test_*.py") if "benchmarks" not in path.parts]
    texts = {
        path.relative_to(TESTS).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
        for path in files
    }
    wrong = [why_wrong(name, text) for name, text in texts.items()]
    assert not [message for message in wrong if message]
    assert set(UNMARKED) <= set(texts)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("test_new", "from refimpl import regression", "imports refimpl.regression and is not"),
        ("test_new", "from refimpl.optimizers.ogr import ogr", "is not marked"),
        ("book/test_book", "import figures.chaos", "imports figures.chaos and is not marked"),
        ("test_new", "import refimpl\nfrom refimpl import errors", "neither marked nor listed"),
        ("book/test_book", "pytestmark = [pytest.mark.numerics]", "marked and listed"),
        ("book/test_book", "def test():\n    from refimpl import regression", None),
        ("test_new", "from refimpl import taylor\npytestmark = pytest.mark.numerics", None),
    ],
)
def test_what_the_rule_says(name, text, message):
    """Negative controls: a piece that slips in without the mark, in a listed file too."""
    found = why_wrong(name, text)
    assert found is None if message is None else message in found
