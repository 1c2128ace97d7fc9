"""Appendices have letters: A.1 is the first equation, or figure, or exercise, of appendix A.

Sphinx numbers them through all pages without a chapter's number, so that a reader of another page
could not tell where (7) stands. A letter goes to each appendix that holds something with a number.
"""

from pathlib import Path
from string import ascii_uppercase

import contents

PART = "Appendices"


def lettered(letter, numbers):
    """The numbers of one page, kind by kind, counted anew behind a letter.

    Examples
    --------
    >>> lettered("B", {"figure": {"late": (7,), "early": (5,)}, "table": {}})
    {'figure': {'early': ('B', 1), 'late': ('B', 2)}, 'table': {}}
    """
    return {
        kind: {name: (letter, k) for k, name in enumerate(sorted(found, key=found.get), start=1)}
        for kind, found in numbers.items()
    }


def sections(toc, number):
    """(reference, number) of a page's title and of its sections, from its table of contents."""
    for k, item in enumerate(toc.children, start=1):
        own = number if toc.parent is None else (*number, k)
        for part in item.children:
            if part.tagname == "bullet_list":
                yield from sections(part, own)
            else:
                yield from ((reference, own) for reference in part.findall(_is_reference))


def _is_reference(node):
    return node.tagname == "reference"


def give_letters(app, env):
    pages = contents.pages(Path(app.srcdir, "_toc.yml"))
    with_numbers = (
        page.name
        for page in pages
        if page.part == PART
        and not env.toc_secnumbers.get(page.name)
        and any(env.toc_fignumbers.get(page.name, {}).values())
    )
    for letter, page in zip(ascii_uppercase, with_numbers, strict=False):
        env.toc_fignumbers[page] = lettered(letter, env.toc_fignumbers[page])
        env.toc_secnumbers[page] = {}
        env.titles[page]["secnumber"] = (letter,)
        for reference, number in sections(env.tocs[page], (letter,)):
            env.toc_secnumbers[page][reference["anchorname"]] = number
            reference["secnumber"] = number
    return []


def take_letters(app, env):
    """Of the build before: whoever counts pages takes what has a number for one of theirs."""
    for page, title in env.titles.items():
        number = title.get("secnumber")
        if number and isinstance(number[0], str):
            del title["secnumber"]
            for reference, _ in sections(env.tocs[page], ()):
                reference.attributes.pop("secnumber", None)
    return []


def setup(app):
    # Before Sphinx's own count, and behind it.
    app.connect("env-get-updated", take_letters, priority=100)
    app.connect("env-get-updated", give_letters, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
