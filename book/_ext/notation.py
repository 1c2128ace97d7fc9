"""The notation tables: what a symbol means, its name in code and its shape, from ``notation.yml``.

``{notation-table} group`` sets one group of that file as a table, ``{changing-letters}`` lists the
symbols that have several rows.
"""

import re
from pathlib import Path

import contents
import symbols
import yaml
from docutils import nodes
from links import to_page
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from tables import table

logger = logging.getLogger(__name__)

FIELDS = {"symbol", "name", "shape", "meaning", "unit", "since"}
FILE = "notation.yml"


def entries(book_dir):
    """Group -> list of entries, dictionaries with the keys of `FIELDS`; empty where missing."""
    groups = yaml.safe_load(Path(book_dir, FILE).read_text(encoding="utf-8"))
    for group in groups.values():
        for entry in group:
            if unknown := entry.keys() - FIELDS:
                raise ValueError(
                    f"{FILE}: unknown field {sorted(unknown)} of {entry.get('symbol')!r}"
                )
            for field in FIELDS:
                entry[field] = str(entry.get(field, ""))
    return groups


class NotationTable(SphinxDirective):
    required_arguments = 1

    def run(self):
        self.env.note_dependency(str(Path(self.env.srcdir, FILE)))
        group = entries(self.env.srcdir).get(self.arguments[0])
        if group is None:
            return [
                self.state.document.reporter.warning(
                    f"{FILE} has no group {self.arguments[0]!r}", line=self.lineno
                )
            ]
        first = symbols.first_pages(self.env.srcdir)[self.arguments[0]]
        head = ("Symbol", "Name in code", "Shape", "Meaning", "Unit", "First in")
        return [
            table(
                head,
                [self.cells(*pair) for pair in zip(group, first, strict=True)],
                widths=(12, 18, 10, 34, 14, 12),
                name="notation",
            )
        ]

    def cells(self, entry, page):
        def literal(text):
            # A shape may be said in words, with a formula in them.
            if "$" in text:
                return self.inline(text)
            return [nodes.literal(text, text)] if text else []

        return (
            [nodes.math(entry["symbol"], entry["symbol"])],
            literal(entry["name"]),
            literal(entry["shape"]),
            self.inline(entry["meaning"]),
            self.inline(entry["unit"]),
            [to_page(page, self.env.docname, page.replace("_", " "))] if page else [],
        )

    def inline(self, text):
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]


class ChangingLetters(SphinxDirective):
    """The symbols with several meanings, each with the pages where one begins."""

    def run(self):
        self.env.note_dependency(str(Path(self.env.srcdir, FILE)))
        rows = [self.cells(*pair) for pair in changing(self.env.srcdir).items()]
        head = ("Symbol", "Has a meaning of its own in")
        return [table(head, rows, widths=(20, 80), name="letters")]

    def cells(self, symbol, pages):
        links = []
        for page in pages:
            links += [nodes.Text(", "), to_page(page, self.env.docname, page.replace("_", " "))]
        return [nodes.math(symbol, symbol)], links[1:]


def changing(book_dir):
    """Symbol -> first page of each of its rows, in reading order, where it has several."""
    first, found = symbols.first_pages(book_dir), {}
    for group, rows in entries(book_dir).items():
        for entry, page in zip(rows, first[group], strict=True):
            for symbol in re.split(r",\s*(?![^({]*[)}])", entry["symbol"]):
                if "\\mathrm" not in symbol:
                    found.setdefault(symbol.partition("(")[0], []).append(page)
    order = contents.names(book_dir)
    return {
        symbol: sorted({*pages} - {""}, key=order.index)
        for symbol, pages in sorted(found.items(), key=lambda item: item[0].strip("\\").lower())
        if len(pages) > 1
    }


def check(app, env):
    """Warn of every symbol of a labelled equation without a row, and of every row on no page."""
    for place, letters in symbols.unexplained(env.srcdir).items():
        logger.warning("%s: no row in %s for %s", place, FILE, ", ".join(letters))
    rows, first = entries(env.srcdir), symbols.first_pages(env.srcdir)
    for group in rows:
        for entry, page in zip(rows[group], first[group], strict=True):
            if not page:
                logger.warning("%s: no page shows %s of %s", FILE, entry["symbol"], group)


def setup(app):
    app.add_directive("notation-table", NotationTable)
    app.add_directive("changing-letters", ChangingLetters)
    app.connect("env-check-consistency", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
