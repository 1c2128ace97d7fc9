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


def test_public_names():
    assert PUBLIC <= set(refimpl.__all__) <= set(dir(refimpl))
    for name in refimpl.__all__:
        assert getattr(refimpl, name).__doc__
    assert callable(refimpl.minimize)
    assert callable(refimpl.lattice)
    assert "fogr" in refimpl.methods()


def test_star_import():
    run = python("from refimpl import *; print(callable(minimize), functions.beale.dimension)")
    assert run.stdout == "True 2\n", run.stderr


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'minimise'"):
        refimpl.minimise  # noqa: B018


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
        "import sys, importlib\n"
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
