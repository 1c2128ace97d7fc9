"""Tables of pandas with one row of heads, none of them empty.

A named index has a row of heads to itself, in which all others are empty: it becomes the corner of
the row of names. A corner without a name is no head.
"""

import re

from docutils import nodes

HEAD = re.compile(r"<thead>(.*?)</thead>", re.DOTALL)
ROW = re.compile(r"<tr[^>]*>.*?</tr>", re.DOTALL)
CELL = re.compile(r"<th(?P<attributes>[^>]*)>(?P<words>.*?)</th>", re.DOTALL)


def mended(table):
    """The HTML of a table, or of several, with its heads mended."""
    return HEAD.sub(lambda match: f"<thead>{_head(match[1])}</thead>", table)


def _head(head):
    rows = ROW.findall(head)
    if len(rows) == 2:
        columns, index = ([cell["words"].strip() for cell in CELL.finditer(row)] for row in rows)
        corner = sum(map(bool, index))
        if len(columns) == len(index) and not any(columns[:corner]) and all(index[:corner]):
            names = iter(index[:corner])
            head = CELL.sub(
                lambda cell: (
                    cell[0]
                    if cell["words"].strip()
                    else f"<th{cell['attributes']}>{next(names, '')}</th>"
                ),
                head[: head.index(rows[1])],
            )
    return CELL.sub(_cell, head)


def _cell(cell):
    attributes, words = cell["attributes"], cell["words"]
    if not words.strip():
        return f"<td{attributes}></td>"
    return f'<th scope="col"{attributes}>{words}</th>'


def mend(app, doctree, docname):
    for raw in doctree.findall(nodes.raw):
        text = raw.astext()
        if "html" in raw.get("format", "") and 'class="dataframe' in text:
            raw.children[:] = [nodes.Text(mended(text))]


def setup(app):
    # Once it is settled which output of a cell is shown.
    app.connect("doctree-resolved", mend, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
