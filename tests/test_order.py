"""What a test draws depends on no other test: its worker may have run any of them before it."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

TESTS = Path(__file__).resolve().parent
STREAMS = ("default_rng", "Generator", "RandomState", "Random")


def drawn_from_in_functions(text):
    """Names of streams made once for a whole file that its functions draw from."""
    tree = ast.parse(text)
    streams = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] in STREAMS
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return sorted(
        streams.intersection(
            name.id
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.Lambda)
            for name in ast.walk(function)
            if isinstance(name, ast.Name)
        )
    )


def test_no_stream_is_shared():
    texts = {
        str(path.relative_to(TESTS)): path.read_text(encoding="utf-8")
        for path in sorted(TESTS.rglob("*.py"))
    }
    shared = {name: drawn_from_in_functions(text) for name, text in texts.items()}
    assert {name: streams for name, streams in shared.items() if streams} == {}


def test_a_shared_stream_is_seen():
    made, used = "RNG = np.random.default_rng(1)\n", "def test_it():\n    RNG.normal()\n"
    assert drawn_from_in_functions(made + used) == ["RNG"]
    # Drawn while the file is read, which every worker does alike.
    assert drawn_from_in_functions(made + "A = RNG.normal()\ndef test_it():\n    A + 1\n") == []
