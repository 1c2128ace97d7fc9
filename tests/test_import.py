import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import refimpl

pytestmark = pytest.mark.once

PUBLIC = {
    "errors",
    "functions",
    "lattice",
    "methods",
    "minimize",
    "noise",
    "regression",
    "repulsion",
    "symmetric_eigen",
}


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("heavy", ["numba", "scipy", "numpy"])
def test_import_loads_nothing_heavy(heavy):
    """A module that only names the package must not pay for the compiler."""
    run = python(f"import sys, refimpl; refimpl.__version__; print({heavy!r} in sys.modules)")
    assert run.stdout == "False\n", run.stderr


def test_import_compiles_nothing():
    """The pieces are compiled at their first call, not when their modules are loaded."""
    run = python(
        "import refimpl.runs.minimize, refimpl.regression as r, refimpl.functions as f\n"
        "print(len(getattr(r.update, 'signatures', ())), 'kernel' in vars(f.beale.value))"
    )
    assert run.stdout == "0 False\n", run.stderr


WITHOUT = """
import sys
{before}
import refimpl
from refimpl import cubic, functions, layered_summary, network, online_pca, partitions, qr_step
from refimpl import regression, repulsion, summary, taylor
run = refimpl.minimize(functions.rosenbrock(3), [-1.2, 1.0, 0.5], steps=30, noise=0.1, seed=0)
final = refimpl.lattice(functions.beale, "fogr", radius=1, steps=5, seeds=[0], threads=2)
optimizer = refimpl.stepper("sogr", [1.0, 2.0, 3.0], seed=0)
for name, method in refimpl.optimizers.METHODS.items():
    refimpl.minimize(functions.beale, [1.0, 1.0], method=name, steps=2)
print(run.x.tolist(), final.tolist(), optimizer.step([1.0, 1.0, 0.0]).tolist())
print("loaded:", sys.modules.get("numba") is not None)
"""
ABSENT = "sys.modules.update(numba=None, llvmlite=None)"


def test_without_numba_the_pieces_are_plain_text(monkeypatch):
    """Where it is not installed, and where nothing is to be compiled: the same, and not loaded."""
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    absent = python(WITHOUT.format(before=ABSENT))
    assert absent.returncode == 0, absent.stderr
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    switched_off = python(WITHOUT.format(before=""))
    assert switched_off.stdout == absent.stdout
    assert absent.stdout.endswith("loaded: False\n")


def test_public_names():
    assert PUBLIC <= set(refimpl.__all__) <= set(dir(refimpl))
    for name in refimpl.__all__:
        assert getattr(refimpl, name).__doc__
    assert callable(refimpl.minimize)
    assert callable(refimpl.lattice)
    assert "fogr" in refimpl.methods()


@pytest.mark.slow
def test_star_import():
    run = python("from refimpl import *; print(callable(minimize), functions.beale.dimension)")
    assert run.stdout == "True 2\n", run.stderr


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'minimise'"):
        refimpl.minimise  # noqa: B018


@pytest.mark.slow
def test_every_module_can_be_loaded_first():
    """No import runs back up the layers, so any module may be the first to be loaded."""
    package = Path(refimpl.__file__).parent
    modules = [
        ".".join(("refimpl", *path.relative_to(package).with_suffix("").parts))
        for path in sorted(package.rglob("*.py"))
        # Templates import nothing of the package, but frameworks that need not be installed.
        if path.name not in ("__init__.py", "__main__.py") and path.parent.name != "templates"
    ]
    assert len(modules) > 10
    code = (
        "import gc, importlib, sys\n"
        "gc.disable()\n"
        f"for name in {modules!r}:\n"
        "    for loaded in [m for m in sys.modules if m.split('.')[0] == 'refimpl']:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
        "print('loaded')"
    )
    run = python(code)
    assert run.stdout == "loaded\n", run.stderr


def test_former_names_are_the_same_modules():
    """A module that has moved into a room is found under its former name too, however imported."""
    assert refimpl._MOVED
    for former, name in refimpl._MOVED.items():
        parent, _, last = former.rpartition(".")
        module = importlib.import_module(name)
        assert importlib.import_module(former) is module
        assert getattr(importlib.import_module(parent), last) is module
        assert module.__spec__.name == module.__name__ == name


@pytest.mark.slow
def test_former_names_in_a_new_process():
    run = python(
        "import refimpl.layered_summary\n"
        "from refimpl.gram_schmidt import direction\n"
        "from refimpl.runs import cells\n"
        "print(refimpl.layered_summary.__name__, direction.__name__, cells.__name__)"
    )
    assert run.stdout == "refimpl.summary.layered direction refimpl.runs.experiments.cells\n"


def test_no_other_former_name_is_found():
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("refimpl.cubic_cells")
