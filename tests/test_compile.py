"""The cache of compiled code: used by the next process, and stale as soon as a source changes."""

import importlib
import importlib.util
import inspect
import json
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import refimpl
from refimpl import _compile
from refimpl._compile import names

pytestmark = pytest.mark.compiled

PACKAGE = Path(refimpl.__file__).parent


@pytest.fixture
def copy(tmp_path):
    """A copy of the package without its cache, to be edited at will."""
    shutil.copytree(PACKAGE, tmp_path / "refimpl", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "refimpl"


def python(copy, code, package=None, **environment):
    """What `code`, run beside the copy (or `package`, if given), prints as JSON."""
    path = os.pathsep.join(map(str, [copy.parent, *([package] if package else [])]))
    run = subprocess.run(
        [sys.executable, "-c", f"import json, numpy as np\n{code}"],
        cwd=copy.parent,
        env={k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
        # What is asked is when it is compiled, not how fast it then runs.
        | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_OPT": "1"}
        | environment,
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
import mine
from refimpl import online_pca
P, C = np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag(np.array([2.0, -4.0]))
assert online_pca.__file__.startswith({folder!r})
pieces = online_pca.carried, mine.mine
found = [piece(P, C)[0, 0] for piece in pieces]
print(json.dumps([found, [sum(piece.stats.cache_hits.values()) for piece in pieces]]))
"""
MINE = """
from refimpl._compile import compiled
from refimpl import online_pca

@compiled
def mine(P, C):
    return 10.0 * online_pca.carried(P, C)
"""


@pytest.mark.slow
def test_inner_piece(copy):
    """A piece holds the machine code of the pieces it calls: they change, it must.

    The congruence is doubled in its own file, and with it what is carried in another, and what a
    file outside the package makes of it.
    """
    (copy.parent / "mine.py").write_text(MINE, encoding="utf-8")
    code = CARRIED.format(folder=str(copy))
    assert python(copy, code) == [[-4.0, -40.0], [0, 0]]
    assert python(copy, code) == [[-4.0, -40.0], [1, 1]]
    edit(copy.parent / "mine.py", "10.0", "100.0")
    assert python(copy, code) == [[-4.0, -400.0], [1, 0]]
    edit(
        copy / "linear_algebra" / "symmetric_eigen.py",
        "result[i, j] = result[j, i] = total",
        "result[i, j] = result[j, i] = 2 * total",
    )
    assert python(copy, code) == [[-8.0, -800.0], [0, 0]]


FUNCTION = """
from refimpl import functions
f = functions.rosenbrock(2).value
print(json.dumps([f([0.0, 0.0]), sum(f.kernel.stats.cache_hits.values())]))
"""


@pytest.mark.slow
def test_function_of_the_laboratory(copy):
    """Its file holds plain texts, which are compiled elsewhere, with a signature."""
    assert python(copy, FUNCTION)[0] == 1.0
    edit(copy / "functions" / "rosenbrock.py", "total = 0.0", "total = 5.0")
    assert python(copy, FUNCTION)[0] == 6.0


STAMPS = """
from pathlib import Path
from refimpl._compile import cache
stamps = {}
plain = cache.package_stamp.__wrapped__()
for path in sorted(cache.PACKAGE.rglob("*.py")):
    text = path.read_bytes()
    path.write_bytes(text + b"# edited")
    stamps[str(path.relative_to(cache.PACKAGE))] = cache.package_stamp.__wrapped__() != plain
    path.write_bytes(text)
print(json.dumps([stamps, cache.package_stamp.__wrapped__() == plain]))
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


@pytest.mark.slow
def test_every_compiled_source_is_in_the_stamp(copy):
    stamps, same = python(copy, STAMPS)
    assert same
    sources = {str(Path(f).relative_to(copy)) for f in python(copy, SOURCES)}
    assert len(sources) > 10
    assert sources - {name for name, changed in stamps.items() if changed} == set()


# A module with a piece, a caller of it, and functions that call themselves, one directly and two by
# way of each other.
SMALL = """
from refimpl._compile import compiled

@compiled
def double(x):
    return 2.0 * x

@compiled
def twice_doubled(x):
    return double(double(x))

@compiled
def power(x, n):
    return x if n == 1 else x * power(x, n - 1)

@compiled
def cube(x):
    return power(x, 3)

@compiled
def even(n):
    return True if n == 0 else odd(n - 1)

@compiled
def odd(n):
    return False if n == 0 else even(n - 1)

@compiled
def parity(n):
    return even(n)
"""
ASK = """
import small
values = [small.twice_doubled(3.0), small.cube(2.0), small.power(3.0, 2), small.parity(7)]
names = ["twice_doubled", "cube", "power", "parity"]
print(json.dumps([values, [sum(getattr(small, n).stats.cache_hits.values()) for n in names]]))
"""
VALUES = [12.0, 8.0, 9.0, False]


@pytest.fixture
def folder(tmp_path):
    """A folder with the module above."""
    (tmp_path / "small.py").write_text(SMALL, encoding="utf-8")
    return tmp_path


def ask(folder, **environment):
    """Answers of the module in a process of its own, and the hits of the cache."""
    return python(folder / "small.py", ASK, PACKAGE.parent, **environment)


def kept(folder, suffix):
    return sorted(folder.rglob(f"*.{suffix}"))


@pytest.mark.slow
def test_what_calls_itself_is_not_kept(folder):
    """Loaded from numba's own cache, its callers crash."""
    for hits in (0, 1, 1):
        assert ask(folder) == [VALUES, [hits, 0, 0, 0]]
    names = {path.name.split("-")[0] for path in kept(folder, "nbi")}
    assert names == {"small.double", "small.twice_doubled"}


symmetric_eigen = importlib.import_module("refimpl.symmetric_eigen")


def eigh(A):
    """Of the same name as what it calls, as the package's own is."""
    return np.linalg.eigh(A)


def of_a_module(A):
    return symmetric_eigen.eigh(A).shape


def test_what_only_sounds_alike_is_kept():
    """An attribute of this name is another function; no function of the package calls itself."""
    compiled = _compile.compiled(eigh)
    assert not names.calls_itself(compiled.py_func)
    assert names.called(of_a_module) == [symmetric_eigen.eigh.py_func]
    for name in pkgutil.walk_packages(refimpl.__path__, "refimpl."):
        if ".templates." not in name.name and not name.name.endswith("__main__"):
            for thing in vars(importlib.import_module(name.name)).values():
                text = getattr(thing, "py_func", None)
                assert not (inspect.isfunction(text) and names.calls_itself(text)), text


@pytest.mark.slow
def test_a_users_function_that_calls_itself(tmp_path):
    """Compiled and cached by numba alone, whose code crashes the next process: its text is run."""
    (tmp_path / "mine.py").write_text(
        "import numba\n"
        "@numba.njit(cache=True)\n"
        "def power(x, n):\n"
        "    return x if n == 1 else x * power(x, n - 1)\n"
        "@numba.njit\n"
        "def fun(x):\n"
        "    return power(x[0], 2)\n"
        "@numba.njit\n"
        "def jac(x):\n"
        "    return 2.0 * x\n"
        # As if another program had left its code.
        "power(1.0, 1)\n",
        encoding="utf-8",
    )
    code = "import mine, refimpl\nresult = refimpl.minimize(mine.fun, [3.0], jac=mine.jac,"
    code += " method='sgd', alpha=0.25, steps=2)\nprint(json.dumps(result.values.tolist()))"
    for _ in range(2):
        assert python(tmp_path / "mine.py", code, PACKAGE.parent) == [9.0, 2.25, 0.5625]


@pytest.fixture
def anew(folder, monkeypatch):
    """``anew()``: whether the cache answered, for the piece as the next process would begin it."""
    # Whoever runs the tests may keep all compiled code elsewhere.
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    spec = importlib.util.spec_from_file_location("small", folder / "small.py")
    module = importlib.util.module_from_spec(spec)
    # numba imports it where what it compiled before is not in memory any more.
    monkeypatch.setitem(sys.modules, "small", module)
    spec.loader.exec_module(module)

    def call():
        piece = _compile.compiled(module.twice_doubled.py_func)
        assert piece(3.0) == 12.0
        return bool(piece.stats.cache_hits)

    assert not call()
    assert call()
    return call


DAMAGES = {
    "cut short": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "something else": lambda whole: b"not a pickle",
    "a class that is gone": lambda whole: b"crefimpl.gone\nGone\n.",
    "of another numba": lambda whole: whole.replace(numba.__version__.encode(), b"0.10.1"),
}


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_cache_costs_a_compilation(folder, anew, how, suffix):
    paths = kept(folder, suffix)
    assert len(paths) == 2
    for path in paths:
        path.write_bytes(DAMAGES[how](path.read_bytes()))
    if (how, suffix) != ("of another numba", "nbc"):  # only the index says which it was
        assert not anew()
    assert anew()


@pytest.mark.parametrize("what", ["index", "folder"])
def test_cache_that_cannot_be_written_any_more(folder, anew, what):
    """A broken index that cannot be replaced; no folder any more, as on a disk that is full."""
    if what == "index":
        for path in kept(folder, "nbi"):
            path.unlink()
            path.mkdir()
    else:
        shutil.rmtree(folder / "__pycache__")
        (folder / "__pycache__").write_text("")
    assert not anew()
    assert not anew()


@pytest.mark.slow
def test_given_folder(folder, tmp_path_factory):
    """The variable comes before the folder of the source, though that is writable."""
    place = tmp_path_factory.mktemp("cache")
    for hits in (0, 1):
        assert ask(folder, NUMBA_CACHE_DIR=str(place))[1][0] == hits
    assert kept(place, "nbi")
    assert not kept(folder, "nbi")


@pytest.mark.slow
def test_nowhere_to_cache(folder):
    """No folder can be made beside the source nor at home; it runs all the same."""
    (folder / "__pycache__").write_text("a file where the folder would be")
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"), os.devnull)
    assert ask(folder, **nowhere) == [VALUES, [0, 0, 0, 0]]


@pytest.mark.slow
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
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache"), "NUMBA_OPT": "1"}
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
