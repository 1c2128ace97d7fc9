"""Directives that tie an equation to its code and its test, and list all ties.

In a page, after the equation::

    ```{implements} eq-label
    :function: refimpl.regression.update
    :test: tests/regression/test_fits.py::test_plain_hessian_is_the_batch_fit
    ```

Several functions or tests are separated by spaces. Reference cases are found by the names of the
functions; where none is named after them, ``:cases:`` names operations and methods that use them.
``{equation-table}`` lists all ties of the book. What they check is in `ties`.
"""

from pathlib import Path

import certified
from docutils import nodes
from docutils.parsers.rst import directives
from links import to_page
from reference_cases import cases
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective
from tables import table
from ties import Tie, faults, ties


def code_links(functions, page):
    for index, name in enumerate(functions):
        if index:
            yield nodes.Text(", ")
        yield pending_xref(
            "",
            nodes.literal(name, name, classes=["xref", "py"]),
            refdomain="py",
            reftype="obj",
            reftarget=name,
            refexplicit=True,
            refdoc=page,
        )


def test_names(tests):
    for index, test in enumerate(tests):
        if index:
            yield nodes.Text(", ")
        yield nodes.literal(test, test)


class Implements(SphinxDirective):
    """The line under an equation that names its code and its test."""

    required_arguments = 1
    option_spec = dict.fromkeys(("function", "test", "cases"), directives.unchanged_required)

    def run(self):
        tie = Tie(
            self.env.docname,
            self.lineno,
            self.arguments[0],
            tuple(self.options.get("function", "").split()),
            tuple(self.options.get("test", "").split()),
            tuple(self.options.get("cases", "").split()),
        )
        watch(self.env, tie)
        messages = [
            self.state.document.reporter.warning(fault, line=self.lineno)
            for fault in faults(tie, self.env.srcdir)
        ]
        line = nodes.paragraph(classes=["implements"])
        line += [
            nodes.Text("Code: "),
            *code_links(tie.functions, tie.page),
            nodes.Text(" · Test: "),
            *test_names(tie.tests),
        ]
        if said := cases(Path(self.env.srcdir).parent).of_tie(tie):
            line += [nodes.Text(" · Cases: "), certified.to_verify(tie.page, nodes.Text(said))]
        return [line, *messages]


def watch(env, tie):
    # So that a removed function or test is noticed although the page itself did not change.
    for test in tie.tests:
        env.note_dependency(str(Path(env.srcdir).parent / test.split("::")[0]))
    for name in tie.functions:
        parts = name.split(".")
        for size in range(1, len(parts)):
            file = Path(env.srcdir).parent.joinpath(*parts[:size]).with_suffix(".py")
            if file.is_file():
                env.note_dependency(str(file))


class EquationTable(SphinxDirective):
    """All ties of the book: the equation, its page, its code, its test."""

    def run(self):
        rows = ties(self.env.srcdir)
        for page in self.env.found_docs:
            self.env.note_dependency(self.env.doc2path(page))
        if not rows:
            return [nodes.paragraph("", "No equation is tied yet.")]
        return [
            table(
                ("Equation", "Page", "Code", "Test", "Cases"),
                [self.cells(tie) for tie in rows],
                widths=(13, 16, 27, 32, 12),
                name="equations",
            )
        ]

    def cells(self, tie):
        here = self.env.docname
        said = cases(Path(self.env.srcdir).parent).of_tie(tie)
        equation = pending_xref(
            "",
            nodes.literal(tie.label, tie.label),
            refdomain="math",
            reftype="eq",
            reftarget=tie.label,
            refdoc=here,
            refwarn=True,
            refexplicit=False,
        )
        return (
            [equation],
            [to_page(tie.page, here)],
            list(code_links(tie.functions, here)),
            list(test_names(tie.tests)),
            [certified.to_verify(here, nodes.Text(said))] if said else [],
        )


def setup(app):
    app.add_directive("implements", Implements)
    app.add_directive("equation-table", EquationTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
