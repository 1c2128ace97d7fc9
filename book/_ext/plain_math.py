"""Formulas that can be read without scripts: MathML beside the TeX that MathJax draws.

Without scripts a browser shows the MathML, which all of them draw by themselves, and hides the TeX;
with scripts it takes the MathML for a comment. A formula that cannot be converted is a warning: the
build fails.
"""

import html
import re
from functools import cache

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

logger = logging.getLogger(__name__)

# In the head of a page: without scripts the TeX is hidden, and a formula stands in the middle.
STYLE = (
    "<noscript><style>html .math .tex { display: none; }"
    " html div.math > noscript { flex-grow: 1; }</style></noscript>"
)
# What the converter does not know, and the same said otherwise; MathML stretches by itself.
OTHERWISE = {
    r"\\arg(?![A-Za-z])": r"\\operatorname{arg}",
    r"\\(?:big|Big|bigg|Bigg)[lrm]?(?![A-Za-z])": "",
    # A space below a row.
    r"(\\\\)\[[^\]]*\]": r"\1",
}
# In the converter's answer, a command that it does not know, or what is left of one.
UNKNOWN = re.compile(r">\s*((?:\\|&#x0005C;)[^<]*(?:<[^>]*>[^<]*){0,4})")
# What stands around the TeX for MathJax. (The bracket of a row's end is none.)
DELIMITERS = re.compile(r"(?<!\\)\\[()\[\]]")


@cache
def mathml(tex, display):
    """A formula as MathML.

    Raises
    ------
    ValueError
        Where the converter does not know a command.
    """
    for pattern, words in OTHERWISE.items():
        tex = re.sub(pattern, words, tex)
    found = convert(tex, display=display)
    if unknown := UNKNOWN.search(found):
        said = re.sub(r"<[^>]*>", "", unknown[1]).strip()
        raise ValueError(f"no MathML for {said}")
    return found


def both(translator, node, tex, display):
    """The TeX, encoded for HTML, and after it what a browser without scripts shows."""
    text = DELIMITERS.sub("", html.unescape(tex))
    try:
        plain = mathml(text.strip(), display)
    except Exception as error:
        # The converter's own errors have no common class.
        logger.warning(
            "a formula without MathML, %s: %s", error or type(error), text, location=node
        )
        return tex
    return f'<span class="tex">{tex}</span><noscript>{plain}</noscript>'


def beside(visit, display):
    """A visitor that adds MathML to what MathJax's visitor writes."""

    def visit_with_mathml(translator, node):
        begin = len(translator.body)
        try:
            visit(translator, node)
        except nodes.SkipNode:
            head, written = translator.body[begin], "".join(translator.body[begin + 1 :])
            # An equation's number stands first, and the end of the element last.
            parts = re.fullmatch(
                r"(<span class=\"eqno\">.*?</span>)?(.*)(</\w+>\s*)", written, re.S
            )
            del translator.body[begin:]
            translator.body += [
                head,
                parts[1] or "",
                both(translator, node, parts[2], display),
                parts[3],
            ]
            raise

    return visit_with_mathml


def extend(app):
    registry = app.registry
    for renderers, display in (
        (registry.html_inline_math_renderers, "inline"),
        (registry.html_block_math_renderers, "block"),
    ):
        visit, depart = renderers["mathjax"]
        renderers["mathjax"] = beside(visit, display), depart


def hide_tex(app, pagename, templatename, context, doctree):
    context["metatags"] = context.get("metatags", "") + STYLE


def setup(app):
    app.setup_extension("sphinx.ext.mathjax")
    app.connect("builder-inited", extend)
    app.connect("html-page-context", hide_tex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
