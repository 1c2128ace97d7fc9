"""Slow tests are left out until one asks for them, and every file has others."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import conftest

pytestmark = pytest.mark.once

TESTS = Path(__file__).resolve().parent


def chosen(arguments=(), slow=False, markexpr=""):
    """What is kept of a slow test and a quick one, and what is said to be left out."""
    told = []
    config = SimpleNamespace(
        args=list(arguments),
        option=SimpleNamespace(slow=slow, markexpr=markexpr),
        hook=SimpleNamespace(pytest_deselected=lambda items: told.extend(items)),
    )
    items = [
        SimpleNamespace(name=name, location=("test_slow.py", 0, name), get_closest_marker=has)
        for name, has in (("quick", lambda mark: None), ("slow", lambda mark: mark == "slow"))
    ]
    conftest.pytest_collection_modifyitems(config, items)
    return [item.name for item in items], [item.name for item in told]


@pytest.mark.parametrize(
    "asked",
    [
        {"slow": True},
        {"markexpr": "slow"},
        {"arguments": ["tests/test_slow.py::test_left_out"]},
    ],
)
def test_asked_for(asked):
    assert chosen(**asked) == (["quick", "slow"], [])


@pytest.mark.parametrize(
    "asked", [{}, {"markexpr": "numerics"}, {"arguments": ["tests/test_slow.py"]}]
)
def test_left_out(asked):
    assert chosen(**asked) == (["quick"], ["slow"])


def quick(text):
    """The names of the tests of a file that are not marked slow as a whole."""
    return [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and "pytest.mark.slow" not in map(ast.unparse, node.decorator_list)
    ]


def test_every_file_has_quick_tests():
    paths = sorted(TESTS.rglob("test_*.py"))
    assert len(paths) > 100
    assert [path.name for path in paths if not quick(path.read_text("utf-8"))] == []
    one = "def test_x():\n    pass\n"
    assert quick(one) == ["test_x"]
    assert quick(f"@pytest.mark.slow\n{one}") == []
