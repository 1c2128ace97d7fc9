"""The pages of a built book in the order of its table of contents."""

from pathlib import Path

from book._ext.contents import pages


class BookMissingError(OSError):
    """There is no built book where one is needed."""


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
