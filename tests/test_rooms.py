"""The rooms of the package: which may use which, and that every arrow points down."""

import ast
from pathlib import Path

import pytest

import refimpl

pytestmark = pytest.mark.once

PACKAGE = Path(refimpl.__file__).parent
# From the ground up, room -> what it uses, every room of them further down. Partitions and the fast
# route are parts of the room `summary`: a network is parted by the first, and walked by the second.
USES = {
    "__init__": "",
    "errors": "",
    "_numbers": "errors",
    "_outside": "",
    "_compile": "_numbers errors",
    "outcomes": "_compile",
    "linear_algebra": "_compile _numbers errors",
    "regression": "_compile errors linear_algebra",
    "online_pca": "_compile errors linear_algebra",
    "repulsion": "_compile errors linear_algebra",
    "qr_step": "_compile errors linear_algebra online_pca repulsion",
    "cubic": "_compile errors linear_algebra",
    "taylor": "_numbers errors",
    "summary.partitions": "_compile errors",
    "summary": "errors summary.partitions taylor",
    "network": "_compile _numbers errors summary.partitions taylor",
    "summary.layered_tensor": "errors network summary.partitions",
    "summary.layered": "_numbers errors network summary summary.layered_tensor summary.partitions",
    "functions": "_compile _numbers errors linear_algebra",
    "noise": "_compile _numbers errors functions",
    "lanes": "_compile linear_algebra outcomes regression",
    "optimizers": "_compile cubic errors lanes linear_algebra online_pca qr_step regression "
    "repulsion summary.partitions",
    "optimizers.streamed": "_compile _numbers errors linear_algebra online_pca optimizers qr_step "
    "regression repulsion",
    "runs": "__init__ _compile _numbers _outside errors functions lanes linear_algebra "
    "network noise online_pca optimizers optimizers.streamed outcomes qr_step regression "
    "summary summary.layered",
    "vectors": "_outside errors",
    "verify": "__init__ _compile _outside errors functions optimizers runs summary taylor vectors",
    "oracle": "_outside errors vectors verify",
    # The commands draw the figures too, where the folder is at hand.
    "_pictures": "_outside errors functions",
    "cli": "__init__ _outside _pictures errors functions optimizers oracle runs verify",
    "__main__": "cli",
}


def room(module):
    """The room of a module of the package, by the longest name of `USES`."""
    parts = module.split(".")[1:] or ["__init__"]
    if ".".join(parts[:2]) in USES:
        return ".".join(parts[:2])
    return parts[0] if parts[0] in USES or Path(PACKAGE, parts[0]).is_dir() else "__init__"


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path):
    """Modules of ours that a source imports, wherever in its text."""
    inside = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = inside.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, (base, node.module)))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def uses():
    """Room -> the other rooms that it uses, of all sources but the templates for others."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if "templates" in path.parts:
            continue
        here = room(name_of(path))
        for module in imported(path):
            top = module.split(".")[0]
            there = room(module) if top == "refimpl" else top
            if top in ("refimpl", "figures") and there != here:
                found.setdefault(here, set()).add(there)
    return found


def test_each_room_uses_what_the_table_says():
    found = uses()
    assert {name: set(below.split()) for name, below in USES.items() if below} == found


def test_every_arrow_points_down():
    """Only to rooms further down, of the package; so none is part of a circle."""
    order = list(USES)
    for k, (name, below) in enumerate(USES.items()):
        assert set(below.split()) - {"figures"} <= set(order[:k]), name


def test_an_arrow_up_is_noticed(tmp_path):
    """Negative control: an import inside a function counts, with and without dots."""
    path = PACKAGE / "optimizers" / "new.py"
    for line in ("from ..runs.sweep import kernel", "import refimpl.runs", "from .. import runs"):
        source = f"def late():\n    {line}\n"
        stand_in = type("Source", (), {"read_text": lambda self, _, s=source: s})()
        stand_in.name, stand_in.relative_to = path.name, path.relative_to
        assert "runs" in {room(module) for module in imported(stand_in)}


def test_the_package_fits_on_one_screen():
    """Four pieces, and rooms that say what they are."""
    listing = [p for p in PACKAGE.iterdir() if not p.name.startswith("_")]
    assert len(listing) <= 20
    assert {"regression.py", "online_pca.py", "qr_step.py", "repulsion.py"} <= {
        p.name for p in listing
    }


def test_a_long_file_says_why():
    """Beyond 450 lines, in the docstring at its head."""
    root = PACKAGE.parent
    sources = [p for top in ("refimpl", "figures", "tests") for p in (root / top).rglob("*.py")]
    assert len(sources) > 300
    for path in sources:
        text = path.read_text("utf-8")
        if len(text.splitlines()) > 450:
            assert "\nLong: " in (ast.get_docstring(ast.parse(text)) or ""), path
