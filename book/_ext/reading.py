"""Directive `opening`: what a chapter needs, what it teaches, and how long it takes.

    ```{opening}
    :needs: eigenvalues of symmetric matrices
    :able: fit a line whose past fades
    ```

The minutes follow from the page's own text, by one rule for all pages.
"""

import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from ties import DIRECTIVE, FENCE

WORDS_A_MINUTE = 110  # of technical prose
SECONDS_AN_EQUATION = 20
SECONDS_A_FIGURE = 30
SECONDS_A_LINE = 3  # of code in view, a line being 40 characters, however it is broken
LONGEST = 30  # minutes, of any page
# What is folded is not counted, nor what is no text of the page.
FOLDED = {"dropdown", "index", "implements", "opening"}
SHOWN = {"code-cell", "code-block", "literalinclude", "sh", "python"}


def minutes(text):
    r"""How long a page takes to read, in whole minutes; solutions and folded parts left out.

    Examples
    --------
    >>> minutes("# A title\\n\\n" + 220 * "word ")
    2
    """
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    text = re.sub(r"^````\{solution-start\}.*?^````\{solution-end\}", "", text, flags=re.M | re.S)
    words = equations = figures = code = 0
    opened, in_equation = [], False
    for line in text.splitlines():
        fence = FENCE.match(line)
        if fence and opened and not fence["info"] and len(fence["mark"]) >= len(opened[-1][0]):
            opened.pop()
            continue
        if fence and fence["info"] and not (opened and opened[-1][1] in SHOWN):
            directive = DIRECTIVE.match(fence["info"])
            opened.append([fence["mark"], directive["name"] if directive else "code-block", False])
            continue
        if opened and line.strip() == ":class: dropdown":
            opened[-1][1] = "dropdown"
        names = [name for _, name, _ in opened]
        if FOLDED & set(names):
            continue
        if opened and names[-1] in SHOWN:
            # A cell whose code is hidden shows what it prints or draws.
            opened[-1][2] = opened[-1][2] or line.startswith(":tags:")
            figures += line.strip() == ":  figure:"
            seen = not opened[-1][2] and not line.startswith(":")
            code += len("".join(line.split())) / 40 if seen else 0
        elif line.strip().startswith("$$"):
            in_equation = not in_equation
            equations += in_equation
        elif not in_equation:
            words += len(line.split())
    seconds = SECONDS_AN_EQUATION * equations + SECONDS_A_FIGURE * figures + SECONDS_A_LINE * code
    return max(1, round(words / WORDS_A_MINUTE + seconds / 60))


class Opening(SphinxDirective):
    """The three lines at the beginning of a chapter."""

    option_spec = {"needs": directives.unchanged_required, "able": directives.unchanged_required}

    def run(self):
        text = Path(self.env.doc2path(self.env.docname)).read_text("utf-8")
        box = nodes.container("", classes=["opening"])
        for head, said in (
            ("You need", self.options["needs"]),
            ("You will be able to", self.options["able"]),
            ("It takes", f"about {minutes(text)} minutes, without the exercises' solutions."),
        ):
            parsed, messages = self.state.inline_text(said, self.lineno)
            box += nodes.paragraph(
                "", "", nodes.strong(head, head), nodes.Text(" "), *parsed, *messages
            )
        return [box]


def setup(app):
    app.add_directive("opening", Opening)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
