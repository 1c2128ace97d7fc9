"""A docutils table from lists of inline nodes; wide ones scroll (`_static/custom.css`)."""

from docutils import nodes


def table(head, rows, widths, name):
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths), cols=len(head))
    header, body = nodes.thead(), nodes.tbody()
    header += _row([nodes.Text(text)] for text in head)
    body += [_row(cells) for cells in rows]
    group += [header, body]
    return nodes.table("", group, classes=["wide", "colwidths-given", name])


def _row(cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))
