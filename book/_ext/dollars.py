"""Formulas that are shown as dollar signs, and cells of tables that are cut.

In a table of Markdown every ``|`` ends a cell, also inside a formula, and what is too much for the
row is dropped without a word. The build warns, that is, fails.
"""

import re

from docutils import nodes
from sphinx.util import logging
from ties import in_code, lines

logger = logging.getLogger(__name__)

FORMULA = re.compile(r"\$[^$\n]+\$")
BAR = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?$")


def rows(text):
    """Number of the line, cells, and cells of the head, of each row of the tables of a page."""
    width, before = 0, ""
    for number, line, words in lines(text):
        cells = BAR.split(line.strip().strip("|"))
        if in_code(words) or not line.strip().startswith("|"):
            width = 0
        elif RULE.match(line.strip()):
            width = len(cells)
            yield number - 1, BAR.split(before.strip().strip("|")), width
        elif width:
            yield number, cells, width
        before = line


def cut(text):
    """Numbers of the lines that hold a cut cell: half a formula, or more cells than heads."""
    return [
        number
        for number, cells, width in rows(text)
        if len(cells) > width or any(cell.count("$") % 2 for cell in cells)
    ]


def shown(doctree):
    """Texts that the reader sees with a formula in dollar signs, or with a lone one in a cell."""
    for text in doctree.findall(nodes.Text):
        above, parent = [], text.parent
        while parent is not None:
            above.append(type(parent))
            parent = parent.parent
        if {nodes.math, nodes.math_block, nodes.raw, nodes.literal_block} & set(above):
            continue
        said = text.astext()
        lone = nodes.literal not in above and "$" in said
        if FORMULA.search(said) or lone:
            yield text


def check_source(app, docname, source):
    for number in cut(source[0]):
        logger.warning("a cell of a table is cut at a bar", location=(docname, number))


def check_page(app, doctree, docname):
    for text in shown(doctree):
        logger.warning("a dollar sign is shown: %s", text.astext()[:60], location=text.parent)


def setup(app):
    app.connect("source-read", check_source)
    app.connect("doctree-resolved", check_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
