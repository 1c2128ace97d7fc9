"""The notebooks that the built book hands out have the outputs that their pages show."""

import ast
import re
from pathlib import Path

import nbformat

# Calls that show something, by the name that stands in front of the bracket.
SHOWING = ("print", "figures.show", "figures.interactive")


def shows(code):
    """Whether a cell shows something, by its text: it prints or draws, or ends in a bare value."""
    statements = ast.parse(code).body
    if not statements:
        return False
    last = statements[-1]
    if isinstance(last, ast.Expr) and not isinstance(last.value, (ast.Call, ast.Constant)):
        return True
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    waiting = [node for node in statements if not isinstance(node, defined)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and ast.unparse(node.func) in SHOWING:
            return True
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, defined)]
    return False


def silent_cells(notebook):
    """The code of each cell that shows something and has no output."""
    return [
        cell.source
        for cell in notebook.cells
        if cell.cell_type == "code" and shows(cell.source) and not cell.outputs
    ]


def outputs_of(html):
    """How many cells of a built page show an output."""
    return len(re.findall(r'<div class="cell_output\b', html))


def faults(folder):
    """(page, what is wrong) for the notebooks of a built book."""
    found = sorted(Path(folder, "_sources").rglob("*.ipynb"))
    if not found:
        yield "_sources", "no notebook was handed out"
    for path in found:
        notebook = nbformat.read(path, nbformat.NO_CONVERT)
        for code in silent_cells(notebook):
            yield path.name, f"a cell without its output: {code.splitlines()[0]}"
        page = Path(folder, path.relative_to(Path(folder, "_sources"))).with_suffix(".html")
        if page.exists():
            shown = outputs_of(page.read_text(encoding="utf-8"))
            held = sum(bool(c.get("outputs")) for c in notebook.cells if not _unshown(c))
            if held < shown:
                yield path.name, f"{shown} outputs in the page, {held} in the notebook"


def _unshown(cell):
    return {"remove-output", "remove-cell"} & set(cell.metadata.get("tags", ()))
