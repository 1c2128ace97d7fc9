"""First uses of the glossary's words, in reading order: each must link to the glossary.

Pages are read as text, so that the test suite can use it without Sphinx.
"""

import re
from pathlib import Path
from typing import NamedTuple

import contents
from ties import lines

# Term -> how it is written in prose. A term that is missing here is looked for as it stands.
WRITTEN = {
    "bounded_saddle": r"`bounded_saddle`",
    "cut": r"`cut`",
    "diverged": r"\bdiverge[sd]?\b",
    "Wilson interval": r"\bWilson\b",
    "Kolmogorov-Smirnov test": r"\bKolmogorov\b",
    "quasi-Newton method": r"\b[Qq]uasi-Newton\b",
    "saddle-free Newton": r"\b[Ss]addle-free Newton\b",
    "momentum": r"\b[Mm]omentum\b",
    "lattice": r"\blattice\b",
    "ridge": r"\bridge\b",
    "row-sum bound": r"\brow-sum bound\b",
    "BFGS": r"\bBFGS\b",
    "fOGR": r"\bfOGR\b",
    "OGR": r"\bOGR\b",
    "ogr": r"\bogr\b",
    "online SFN": r"\b[Oo]nline SFN\b",
    "dOGR": r"\bdOGR\b",
    "cdOGR": r"\bcdOGR\b",
    "excess": r"\bexcess\b",
    "injection": r"\b[Ii]njection\b",
    "replay": r"\b[Rr]eplays?\b",
}
# What is no prose: mathematics, code, targets of links, and what roles other than `term` refer to.
HIDDEN = re.compile(r"\$[^$]*\$|\{(?!term)[\w:]+\}`[^`]*`|\]\([^)]*\)|<[^>]*>`")


class Use(NamedTuple):
    term: str
    page: str
    line: int
    linked: bool


def terms(book_dir):
    """The words of the glossary."""
    text = Path(book_dir, "glossary.md").read_text("utf-8")
    body = text[text.index("{glossary}") :]
    return re.findall(r"^(\S.*)\n  \S", body.partition("\n")[2], flags=re.M)


def pages(book_dir):
    """Pages in reading order, without the glossary."""
    return [page for page in contents.names(book_dir) if page != "glossary"]


def prose(text):
    """Number and text of each line of prose; headings, tables of options and code left out."""
    for number, line, words in lines(text):
        if not words and not line.startswith(("#", "(", "---")):
            yield number, line


def first_uses(book_dir):
    """Where each term is used first, and whether it links to the glossary there."""
    found = {}
    for page in pages(book_dir):
        text = Path(book_dir, f"{page}.md").read_text("utf-8")
        for number, line in prose(text):
            seen = HIDDEN.sub(lambda match: " " * len(match[0]), line)
            for term in terms(book_dir):
                pattern = WRITTEN.get(term, re.escape(term))
                use = re.search(pattern, seen)
                if term not in found and use:
                    linked = bool(re.search(r"\{term\}`[^`]*$", seen[: use.end()])) or (
                        seen[: use.start()].endswith("{term}")
                    )
                    found[term] = Use(term, page, number, linked)
    return list(found.values())
