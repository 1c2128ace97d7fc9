"""Directive `piece`: the code of one object of the package, as it is tested and run.

Like ``literalinclude`` with ``:pyobject:``, without the docstring, which the API page shows.
"""

import ast
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


def module_file(parts, top):
    """The source file of the longest prefix of `parts` that is a module, and what is left over."""
    for k in range(len(parts), 0, -1):
        for file in (
            top.joinpath(*parts[:k]).with_suffix(".py"),
            top.joinpath(*parts[:k], "__init__.py"),
        ):
            if file.is_file():
                return file, parts[k:]
    return None, parts


def code_of(file, names):
    """First line and text of the object, its docstring left out; None if there is none."""
    lines = file.read_text(encoding="utf-8").splitlines()
    node = ast.parse("\n".join(lines))
    for name in names:
        node = next(
            (n for n in ast.iter_child_nodes(node) if getattr(n, "name", None) == name), None
        )
        if node is None:
            return None
    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
    kept = list(range(first, node.end_lineno + 1))
    if ast.get_docstring(node) is not None and len(node.body) > 1:
        docstring = node.body[0]
        kept = [k for k in kept if not docstring.lineno <= k <= docstring.end_lineno]
    return first, "\n".join(lines[k - 1] for k in kept)


class Piece(SphinxDirective):
    """``{piece} refimpl.regression.update``; several names follow each other in one block."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        top = Path(self.env.srcdir).parent
        blocks, files = [], []
        for name in self.arguments[0].split():
            file, rest = module_file(name.split("."), top)
            found = code_of(file, rest) if file and rest else None
            if found is None:
                raise self.error(f"piece: no object {name} in the package")
            self.env.note_dependency(str(file))
            blocks.append(found[1])
            files.append(f"{file.relative_to(top).as_posix()}, line {found[0]}")
        code = "\n\n\n".join(blocks)
        literal = nodes.literal_block(code, code, language="python")
        self.set_source_info(literal)
        origin = nodes.paragraph("", "", classes=["piece-origin"])
        origin += nodes.Text("; ".join(files))
        return [nodes.container("", literal, origin, classes=["piece"])]


def setup(app):
    app.add_directive("piece", Piece)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
