"""The pages of the book in reading order, that of the table of contents. No Sphinx is needed."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml


class Page(NamedTuple):
    """A page, by its name, under the caption of its part; parts begin with their first page."""

    name: str
    part: str
    depth: int


def pages(table_file):
    """Every page of a ``_toc.yml``, as `Page` tuples."""
    return list(_pages(Path(table_file), Path(table_file).stat().st_mtime_ns))


@cache
def _pages(table_file, modified):
    table = yaml.safe_load(table_file.read_text(encoding="utf-8"))
    found = [Page(table["root"], "", 0)]
    for part in table.get("parts", [table]):
        found += _below(part.get("chapters", ()), part.get("caption", ""), 0)
    return found


def names(book_dir):
    """The names of the pages of a book, in reading order; none where it has no table."""
    table = Path(book_dir, "_toc.yml")
    return [page.name for page in pages(table)] if table.exists() else []


def _below(entries, part, depth):
    found = []
    for entry in entries:
        if "file" in entry:
            found.append(Page(entry["file"], part, depth))
        found += _below(entry.get("sections", ()), part, depth + 1)
    return found
