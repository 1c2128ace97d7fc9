"""The reference cases that belong to a chapter or an equation, counted from the files themselves.

In a page::

    ```{verify-it}
    :ops: regression.update regression.slope
    :methods: online_sfn
    ```
"""

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from reference_cases import cases
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective


def to_verify(docname, *inner):
    """A link to the chapter on verification around some nodes."""
    wrapped = nodes.inline("", "", *inner)
    return pending_xref(
        "",
        wrapped,
        refdomain="std",
        reftype="doc",
        reftarget="/verify",
        refdoc=docname,
        refwarn=True,
        refexplicit=True,
    )


class VerifyIt(SphinxDirective):
    """The cases of a chapter, with the command that puts them to a program."""

    option_spec = {"ops": directives.unchanged, "methods": directives.unchanged}

    def run(self):
        found = cases(Path(self.env.srcdir).parent)
        ops, methods = (self.options.get(key, "").split() for key in ("ops", "methods"))
        if missing := [op for op in ops if op not in found.ops] + [
            method for method in methods if method not in found.methods
        ]:
            raise self.error(f"verify-it: no case of {', '.join(missing)}")
        paragraph = nodes.paragraph("", "", nodes.Text("The reference outputs hold "))
        counted = [(found.ops[op], op) for op in ops] + [(found.methods[m], m) for m in methods]
        for k, (count, name) in enumerate(counted):
            between = "" if k == 0 else ", " if k < len(counted) - 1 else " and "
            paragraph += [nodes.Text(f"{between}{count} cases of "), nodes.literal(name, name)]
        paragraph += [
            nodes.Text(". With your functions in a module ("),
            to_verify(self.env.docname, nodes.Text("how to")),
            nodes.Text("):"),
        ]
        families = sorted({found.of_op[op] for op in ops})
        families += ["optimizers", "trajectories"] if methods else []
        lines = "\n".join(
            f"refimpl verify my_module:factory --family {family}" for family in families
        )
        return [paragraph, nodes.literal_block(lines, lines, language="sh")]


def setup(app):
    app.add_directive("verify-it", VerifyIt)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
