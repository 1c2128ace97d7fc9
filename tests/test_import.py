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


LAYERS = {"functions": 0, "optimizers": 1, "runs": 2}


def test_layers_point_one_way():
    """Functions and pieces at the bottom, methods above them, runs above those."""
    package = Path(refimpl.__file__).parent
    for folder, layer in LAYERS.items():
        for path in sorted((package / folder).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            for other, above in LAYERS.items():
                if above > layer:
                    assert f"..{other}" not in text, f"{path.name} imports {other}"
                    assert f"from .. import {other}" not in text, f"{path.name} imports {other}"
    for path in sorted(package.glob("*.py")):
        if path.stem not in ("__init__", "__main__", "cli"):
            module = importlib.import_module(f"refimpl.{path.stem}")
            source = path.read_text(encoding="utf-8")
            assert "from .runs" not in source, module
            assert "from .optimizers" not in source, module
