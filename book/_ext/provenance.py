"""What each method follows and where it departs, from the docstrings of its module, as a table.

``{provenance-table}`` sets it. A docstring cites like numpydoc, ``[west1979]_``; in the table the
authors' names stand there. The letters [D], [W] and [P] are explained on the page.
"""

import ast
import re
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from tables import table

logger = logging.getLogger(__name__)

METHODS = Path("refimpl", "optimizers")
CITED = re.compile(r"\[([a-z]+\d{4}\w*)\]_")
LETTER = re.compile(r"(\[[A-Z]\]) \[[a-z]+\d{4}\w*\]_")
MARK = "Provenance: "


def said(text):
    """A docstring's provenance as a sentence of a page; empty if it has none."""
    words = " ".join(text.partition(MARK)[2].split())
    words = CITED.sub(r"{cite:t}`\1`", LETTER.sub(r"\1", words)).replace("``", "`")
    return words[:1].upper() + words[1:]


def fault(words):
    """What is wrong with such a sentence; empty if nothing is."""
    if not words:
        return "no provenance"
    if words[0] in ",;.:":
        return f"a beginning is missing: {words[:40]!r}"
    return f"a citation is left: {words!r}" if "]_" in words else ""


def methods(root, names):
    """Name of a method -> what is said of it; the solvers of SciPy share one module."""
    found = {}
    for name in names:
        file = Path(root, METHODS, f"{name}.py")
        if not file.is_file():
            file = file.with_name("scipy_baselines.py")
        found[name] = said(ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "")
    return found


class ProvenanceTable(SphinxDirective):
    def run(self):
        from refimpl.optimizers import METHODS as names

        rows = []
        for name, words in methods(Path(self.env.srcdir).parent, names).items():
            if reason := fault(words):
                logger.warning("%s: %s", name, reason, location=self.get_location())
            parsed, messages = self.state.inline_text(words, self.lineno)
            rows.append(([nodes.literal(name, name)], [*parsed, *messages]))
        return [table(("Method", "Provenance"), rows, widths=(18, 82), name="provenance")]


def setup(app):
    app.add_directive("provenance-table", ProvenanceTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
