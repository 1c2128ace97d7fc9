"""The pages of a built book in the order of its table of contents."""

from pathlib import Path
from typing import NamedTuple

import yaml


class BookMissingError(OSError):
    """There is no built book where one is needed."""


class Page(NamedTuple):
    """A page, by its name, under the caption of its part; parts begin with their first page."""

    name: str
    part: str
    depth: int


def pages(table_file):
    """Every page of a ``_toc.yml``, as `Page` tuples."""
    table = yaml.safe_load(Path(table_file).read_text(encoding="utf-8"))
    found = [Page(table["root"], "", 0)]
    for part in table.get("parts", [table]):
        found += _below(part.get("chapters", ()), part.get("caption", ""), 0)
    return found


def _below(entries, part, depth):
    found = []
    for entry in entries:
        if "file" in entry:
            found.append(Page(entry["file"], part, depth))
        found += _below(entry.get("sections", ()), part, depth + 1)
    return found


def built(html, table_file):
    """The pages, once it is sure that all of them are built.

    Raises
    ------
    BookMissingError
        With the command that builds the book.
    """
    found = pages(table_file)
    missing = [page.name for page in found if not Path(html, f"{page.name}.html").is_file()]
    if missing:
        raise BookMissingError(
            f"expected the built book in {html}, and there is no page {missing[0]!r} "
            f"({len(missing)} of {len(found)} pages are missing): build the book first, by the "
            "first line under *Two commands* in README.md"
        )
    return found
