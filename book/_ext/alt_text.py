"""Every picture says in words what it shows; one that does not is a warning: the build fails."""

import re
from html.parser import HTMLParser
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)

SHORTEST = 20


def fault(alt) -> str:
    """What is wrong with an alternative text; empty if it will do."""
    alt = (alt or "").strip()
    if not alt:
        return "no alternative text"
    if alt.startswith(("_images/", "_static/", "./", "../", "/")) or re.search(
        r"\.(png|svg|jpe?g|gif|webp|pdf)$", alt, re.I
    ):
        return f"a file name as alternative text: {alt!r}"
    if len(alt) < SHORTEST or len(alt.split()) < 3:
        return f"an alternative text that says too little: {alt!r}"
    return ""


class Pictures(HTMLParser):
    """Collects (tag, alternative text) of the pictures in a piece of raw HTML."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if attributes.get("aria-hidden") == "true":
            return
        if tag == "img":
            self.found.append((tag, attributes.get("alt")))
        elif tag in ("svg", "canvas", "video"):
            self.found.append((tag, attributes.get("aria-label")))


def pictures(doctree):
    for image in doctree.findall(nodes.image):
        yield image, image.get("uri", "image"), image.get("alt")
    for raw in doctree.findall(nodes.raw):
        if "html" in raw.get("format", ""):
            for tag, alt in Pictures(raw.astext()).found:
                yield raw, f"<{tag}>", alt


def line(node):
    """Line of the nearest enclosing node that has one."""
    while node is not None and node.line is None:
        node = node.parent
    return node and node.line


def check(app, doctree, docname):
    # After the post-transforms: only then is it settled which output of a cell is shown.
    for node, name, alt in pictures(doctree):
        if reason := fault(alt):
            logger.warning("%s: %s", Path(name).name, reason, location=(docname, line(node)))


def setup(app):
    app.connect("doctree-resolved", check, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
