"""Slides of the lectures: plain text with figures becomes one page that needs nothing else.

The text of a lecture is `book/slides/lecture_N.md`: Markdown, slides apart by lines of three
hyphens, formulas in dollars, and blocks of three back quotes with the word ``figure``,
``interactive`` or ``notes``. A link to ``play:NAME`` goes to a preset of the playground, one to
``book:PAGE`` to a page of the book; both lie beside the slides.
"""

import functools
import html
import re
from pathlib import Path

from refimpl.errors import unknown

from . import FIGURES, get, page, style
from .playground import playground

HERE = Path(__file__).parent
TEXTS = HERE.parent / "book" / "slides"
BETWEEN = re.compile(r"^---$", re.M)
BLOCKS = ("figure", "interactive", "notes")


def names():
    """All lectures, in order."""
    return sorted(path.stem for path in TEXTS.glob("*.md"))


def file_name(name):
    """The page of a lecture's slides; it lies beside the pages of the book."""
    return f"{name}_slides.html"


def title(text):
    """The heading of the first slide."""
    return re.search(r"^# (.*)$", text, re.M)[1]


@functools.cache
def _shown(kind, name):
    """A figure with its own settings; drawn once for all slides."""
    module = get(name)
    data = module.compute()
    if kind == "interactive":
        if not hasattr(module, "interactive"):
            known = [n for n, m in FIGURES.items() if hasattr(m, "interactive")]
            raise unknown("interactive figure", name, known)
        return module.interactive(data)
    return page.image(module.draw(data), module.alt(data))


def _formula(text, options):
    from latex2mathml.converter import convert

    made = convert(text, display="block" if options["display_mode"] else "inline")
    # Stretched parentheses need a font of mathematics, which not every system has.
    made = made.replace("<mo>&#x00028;</mo><mtable>", '<mtable class="matrix">')
    return made.replace("</mtable><mo>&#x00029;</mo>", "</mtable>")


def _address(link):
    kind, _, name = link.partition(":")
    if kind == "play":
        if name not in playground.PRESETS:
            raise unknown("preset", name, playground.PRESETS)
        return playground.chapter_link(name)
    return f"{name}.html" if kind == "book" else link


@functools.cache
def _markdown():
    """The reader of one slide; figures are taken out before."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.use(dollarmath_plugin, renderer=_formula, double_inline=True)
    reader.validateLink = lambda link: True

    def opened(self, tokens, k, options, env):
        tokens[k].attrs["href"] = _address(tokens[k].attrs["href"])
        # The slides stay where they are.
        tokens[k].attrs |= {"target": "_blank", "rel": "noopener"}
        return self.renderToken(tokens, k, options, env)

    reader.add_render_rule("link_open", opened)
    return reader


def slide(text, number, total):
    """One slide as HTML: its words, and beside them what it shows."""
    shown, notes = [], []

    def out(block):
        kind, content = block[1], block[2].strip()
        if kind == "notes":
            notes.append(f'<div class="note" role="note">{_markdown().render(content)}</div>')
        else:
            shown.append(_shown(kind, content))
        return ""

    words = re.sub(rf"^```({'|'.join(BLOCKS)})\n(.*?)^```\n?", out, text, flags=re.M | re.S)
    body = _markdown().render(words)
    kind = ""
    if shown:
        heading, body = re.match(r"\s*(<h\d>.*?</h\d>)?(.*)", body, re.S).groups()
        body = f'{heading or ""}<div class="words">{body}{"".join(notes)}</div>'
        body += f'<div class="shown">{"".join(shown)}</div>'
        kind = ' class="split"'
    else:
        body += "".join(notes)
    return f'<section{kind} aria-label="slide {number} of {total}">\n{body}\n</section>'


def deck(name):
    """The slides of a lecture as one page.

    Parameters
    ----------
    name : str
        As ``"lecture_1"``.

    Returns
    -------
    str

    Raises
    ------
    UnknownNameError
        For another lecture, or in its text another figure or preset; with the nearest names.
    """
    if name not in names():
        raise unknown("lecture", name, names())
    text = (TEXTS / f"{name}.md").read_text(encoding="utf-8")
    parts = [part.strip() + "\n" for part in BETWEEN.split(text)]
    slides = "\n".join(slide(part, k, len(parts)) for k, part in enumerate(parts, 1))
    head, foot = (HERE / "slides.html").read_text(encoding="utf-8").split("@slides@")
    head, foot = (
        half.replace("@title@", html.escape(title(text)))
        .replace("@grey@", style.GREY)
        .replace("@accent@", style.RED)
        for half in (head, foot)
    )
    return head + slides + foot


def write(folder):
    """All slides and the playground into a folder; returns their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names():
        paths.append(folder / file_name(name))
        paths[-1].write_text(deck(name), encoding="utf-8")
    paths.append(folder / "playground.html")
    paths[-1].write_text(playground.whole_page(), encoding="utf-8")
    return paths


def sources(name):
    """Files that the slides of a lecture depend on."""
    package = HERE.parent / "refimpl"
    code = (
        p for top in (HERE, package) for p in top.rglob("*") if p.suffix in (".py", ".js", ".html")
    )
    return [TEXTS / f"{name}.md", *code]
