"""The cache of compiled code: used by the next process, and stale as soon as a source changes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import refimpl

pytestmark = pytest.mark.compiled

PACKAGE = Path(refimpl.__file__).parent


@pytest.fixture
def copy(tmp_path):
    """A copy of the package without its cache, to be edited at will."""
    shutil.copytree(PACKAGE, tmp_path / "refimpl", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "refimpl"


def python(copy, code):
    """What `code`, run beside the copy, prints as JSON."""
    run = subprocess.run(
        [sys.executable, "-c", f"import json, numpy as np\n{code}"],
        cwd=copy.parent,
        env={k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
        | {"PYTHONPATH": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def edit(path, old, new):
    """Replace a text that occurs exactly once, on the same line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


CARRIED = """
from refimpl import online_pca
C = online_pca.carried(np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag(np.array([2.0, -4.0])))
assert online_pca.__file__.startswith({folder!r})
hits = sum(online_pca.carried.stats.cache_hits.values())
print(json.dumps([np.diag(C).tolist(), hits]))
"""


def test_inner_piece(copy):
    """A piece holds the machine code of the pieces it calls: they change, it must.

    The congruence is doubled in its own file, and with it what is carried in another.
    """
    code = CARRIED.format(folder=str(copy))
    assert python(copy, code) == [[-4.0, 2.0], 0]
    assert python(copy, code) == [[-4.0, 2.0], 1]
    edit(
        copy / "linear_algebra" / "symmetric_eigen.py",
        "result[i, j] = result[j, i] = total",
        "result[i, j] = result[j, i] = 2 * total",
    )
    assert python(copy, code) == [[-8.0, 4.0], 0]


FUNCTION = """
from refimpl import functions
f = functions.rosenbrock(2).value
print(json.dumps([f([0.0, 0.0]), sum(f.kernel.stats.cache_hits.values())]))
"""


def test_function_of_the_laboratory(copy):
    """Its file holds plain texts, which are compiled elsewhere, with a signature."""
    assert python(copy, FUNCTION)[0] == 1.0
    edit(copy / "functions" / "rosenbrock.py", "total = 0.0", "total = 5.0")
    assert python(copy, FUNCTION)[0] == 6.0


STAMPS = """
from pathlib import Path
from refimpl import _compile
stamps = {}
plain = _compile.package_stamp.__wrapped__()
for path in sorted(_compile.PACKAGE.rglob("*.py")):
    text = path.read_bytes()
    path.write_bytes(text + b"# edited")
    stamps[str(path.relative_to(_compile.PACKAGE))] = _compile.package_stamp.__wrapped__() != plain
    path.write_bytes(text)
print(json.dumps([stamps, _compile.package_stamp.__wrapped__() == plain]))
"""

# Loads every module of the package, and lists the files whose texts are, or can be, compiled.
SOURCES = """
import importlib, inspect, pkgutil, sys
import refimpl
from refimpl import functions, optimizers
for module in pkgutil.walk_packages(refimpl.__path__, "refimpl."):
    # Templates need frameworks that need not be installed.
    if not module.name.endswith("__main__") and ".templates." not in module.name:
        importlib.import_module(module.name)
files = {inspect.getfile(sys.modules["refimpl.runs.sweep"])}
for name, module in list(sys.modules.items()):
    if name.split(".")[0] == "refimpl":
        for thing in vars(module).values():
            text = getattr(thing, "py_func", None) or getattr(thing, "text", None)
            # A module may have a function of this name.
            if inspect.isfunction(text) and not inspect.ismodule(thing):
                files.add(text.__code__.co_filename)
for function in functions.all().values():
    for derivative in (function.value, function.gradient, function.hessian):
        files.add(derivative.text.__code__.co_filename)
print(json.dumps(sorted(files)))
"""


def test_every_compiled_source_is_in_the_stamp(copy):
    stamps, same = python(copy, STAMPS)
    assert same
    sources = {str(Path(f).relative_to(copy)) for f in python(copy, SOURCES)}
    assert len(sources) > 10
    assert sources - {name for name, changed in stamps.items() if changed} == set()


@pytest.mark.compiled
def test_a_method_of_ones_own_leaves_nothing_in_the_shared_cache(tmp_path):
    """Another process could not import its classes, and would not start any more."""
    (tmp_path / "my_method.py").write_text(
        "from typing import NamedTuple\n"
        "from refimpl._compile import compiled\n"
        "from refimpl.optimizers import Method\n"
        "class MineParameters(NamedTuple):\n"
        "    alpha: float = 0.01\n"
        "class MineState(NamedTuple):\n"
        "    count: float\n"
        "@compiled\n"
        "def start(theta, directions, parameters):\n"
        "    return MineState(0.0)\n"
        "@compiled\n"
        "def step(state, theta, gradient, parameters):\n"
        "    return theta - parameters.alpha * gradient, MineState(state.count + 1.0)\n"
        "mine = Method('mine', MineParameters, start, step, 'here', 'plain descent')\n"
    )
    common = "import refimpl; from refimpl import functions; f = functions.booth\n"
    run = "print(refimpl.lattice(f, {}, radius=1, steps=3, seeds=range(2)).sum())"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    sums = []
    for text in (
        "from my_method import mine\n" + run.format("mine"),
        run.format("'sgd', alpha=0.01"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", common + text],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        sums.append(done.stdout)
        (tmp_path / "my_method.py").unlink(missing_ok=True)
    assert sums[0] == sums[1]
