"""The API page: every public module of the package, from its docstrings."""

import ast
import inspect
import re
import textwrap
from functools import cache
from pathlib import Path

from numba.core.dispatcher import Dispatcher
from sphinx.ext.autodoc import FunctionDocumenter

PAGE, PACKAGE = "api", "refimpl"
# Texts to start from, which need frameworks that the book does without; the chapter on verifying
# shows them whole.
TEMPLATES = "templates"


class CompiledFunctionDocumenter(FunctionDocumenter):
    """Documents a compiled function as the Python function it was made from."""

    objtype = "compiledfunction"
    directivetype = "function"
    priority = FunctionDocumenter.priority + 1

    @classmethod
    def can_document_member(cls, member, membername, isattr, parent):
        return isinstance(member, Dispatcher)

    def import_object(self, raiseerror=False):
        found = super().import_object(raiseerror)
        self.object = getattr(self.object, "py_func", self.object)
        return found


# Asked for each member of each module.
@cache
def modules(root):
    """Names of the package's public modules, from its files, packages before their contents."""
    found = []
    for file in sorted(
        Path(root, PACKAGE).rglob("*.py"), key=lambda file: file.with_suffix("").parts
    ):
        parts = file.relative_to(root).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if TEMPLATES not in parts and not any(part[0] in "._" for part in parts):
            found.append(".".join(parts))
    return tuple(found)


def write_page(app, docname, source):
    if docname == PAGE:
        for module in modules(Path(app.srcdir).parent):
            source[0] += (
                f"\n## `{module}`\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```\n"
            )


def fields(cls):
    """(name, comment) of each field of a named tuple; the comment is the one on its line."""
    try:
        lines = textwrap.dedent(inspect.getsource(cls)).splitlines()
    except OSError:
        return  # made by a call, without a text of its own
    for node in ast.parse("\n".join(lines)).body[0].body:
        if isinstance(node, ast.AnnAssign):
            yield (
                node.target.id,
                lines[node.end_lineno - 1][node.end_col_offset :].strip().lstrip("# "),
            )


def complete_docstring(app, what, name, obj, options, lines):
    if what == "class" and hasattr(obj, "_fields"):
        said = [f"* ``{field}`` -- {comment}" for field, comment in fields(obj) if comment]
        lines += ["", *said, ""]
    for number, line in enumerate(lines):
        # Docstrings write roles as the pages do, {eq}`label`, and cite like numpydoc, [west1979]_.
        line = re.sub(r"\{(\w+(?::\w+)?)\}(?=`[^`])", r":\1:", line)
        lines[number] = re.sub(r"\[([a-z]+\d{4}\w*)\]_", r":cite:p:`\1`", line)


def skip(app, what, name, obj, skipped, options):
    if "Alias for field number" in (getattr(obj, "__doc__", None) or ""):
        return True  # `fields` has listed it, with what it means
    if (getattr(obj, "__module__", None) or "").partition(".")[0] == "numpy":
        return True  # a function of NumPy that serves as a method
    if what == "module":
        # A package may export an object under the name of the module that defines it; the
        # module's own section then describes it.
        module = app.env.temp_data.get("autodoc:module")
        return True if f"{module}.{name}" in modules(Path(app.srcdir).parent) else None
    return None


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.add_autodocumenter(CompiledFunctionDocumenter)
    app.connect("source-read", write_page)
    app.connect("autodoc-process-docstring", complete_docstring)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
