"""Links from every page to the editions that exist, and to no other.

Every page is built with an empty place for them (`_ext/take_along.py`), which is filled here once
the files are there, and emptied for the pages that go into an archive.
"""

import html
import re
from pathlib import Path

PLACE = '<div class="editions"></div>'
FILLED = re.compile(r'<div class="editions">.*?</div>', re.DOTALL)


def size(count):
    """A number of bytes as people read it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{max(1, round(count / 1e3))} kB"


def words(editions, prefix):
    """The links as HTML; `editions` are (path below the book's folder, words, bytes)."""
    found = [
        f'<a href="{html.escape(prefix + path)}" download>{html.escape(said)}</a> ({size(count)})'
        for path, said, count in editions
    ]
    return f'<div class="editions">Take it along: {", ".join(found)}.</div>' if found else PLACE


def clean(page):
    """The text of a page with the place for links empty."""
    return FILLED.sub(PLACE, page)


def fill(folder, editions):
    """Put the links into every page below a folder; how many pages had a place for them."""
    count = 0
    for path in sorted(Path(folder).rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        prefix = "../" * (len(path.relative_to(folder).parts) - 1)
        filled, places = FILLED.subn(lambda _, prefix=prefix: words(editions, prefix), text)
        count += bool(places)
        if filled != text:
            path.write_text(filled, encoding="utf-8")
    return count
