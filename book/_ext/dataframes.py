"""Tables of pandas with one row of heads, none of them empty.

A named index has a row of heads to itself, in which all others are empty: it becomes the corner of
the row of names. A corner without a name is no head. Heads stand as their columns do: numbers at
the right, words (the class ``words``) at the left.
"""

import re

from docutils import nodes

HEAD = re.compile(r"<thead>(.*?)</thead>", re.DOTALL)
ROW = re.compile(r"<tr[^>]*>.*?</tr>", re.DOTALL)
CELL = re.compile(r"<th(?P<attributes>[^>]*)>(?P<words>.*?)</th>", re.DOTALL)


TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
BODY = re.compile(r"(?<=<tbody>).*?(?=</tbody>)", re.DOTALL)
DATUM = re.compile(r"<(?P<tag>t[hd])(?P<rest>(?: [^>]*)?>(?P<words>.*?)</t[hd]>)", re.DOTALL)
# Words that stand between numbers, or for one.
AS_NUMBERS = {"inf", "nan", "never", "none", "of", "to"}


def mended(html):
    """The HTML of a table, or of several, with its heads mended and its words at the left."""
    heads = HEAD.sub(lambda match: f"<thead>{_head(match[1])}</thead>", html)
    return TABLE.sub(lambda match: _aligned(match[0]), heads)


def has_words(cell):
    """Whether a cell holds more than numbers, their ranges and their units of one letter.

    Examples
    --------
    >>> [has_words(cell) for cell in ("1.5e-3", "0.1 to 0.2", "3 of 5", "a full matrix", "[D]")]
    [False, False, False, True, True]
    """
    words = re.findall(r"[A-Za-z]{2,}", cell)
    return bool(set(words) - AS_NUMBERS) or bool(re.search(r"\[[A-Za-z]", cell))


def _aligned(table):
    body = BODY.search(table)
    rows = [list(DATUM.finditer(row)) for row in ROW.findall(body[0])] if body else []
    # Cells that span rows or columns leave the others' places open.
    if not rows or "span=" in table or len({len(row) for row in rows}) > 1:
        return table
    wordy = [
        column[0]["tag"] == "td"
        and 2 * sum(has_words(cell["words"]) for cell in column) > len(column)
        for column in zip(*rows, strict=True)
    ]

    def row(match):
        places = iter(wordy)
        return DATUM.sub(
            lambda cell: f'<{cell["tag"]} class="words"{cell["rest"]}' if next(places) else cell[0],
            match[0],
        )

    begin = table.index("<tr")
    return table[:begin] + ROW.sub(row, table[begin:])


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
