"""Links to the glossary say on hovering what the glossary says: the first sentence of the entry."""

import re
from pathlib import Path

from docutils import nodes


def definitions(app):
    """Anchor of each term -> its first sentence."""
    known = {}
    for docname in app.env.found_docs:
        if "{glossary}" not in Path(app.env.doc2path(docname)).read_text("utf-8"):
            continue
        for item in app.env.get_doctree(docname).findall(nodes.definition_list_item):
            said = next(item.findall(nodes.definition), None)
            for term in item.findall(nodes.term):
                for anchor in term["ids"]:
                    words = " ".join(said.astext().split())
                    known[anchor] = re.split(r"(?<=[.;])\s", words)[0]
    return known


def name(app, doctree, docname):
    """Give every reference to a term its title."""
    if not hasattr(app, "glossary_titles"):
        app.glossary_titles = definitions(app)
    for reference in doctree.findall(nodes.reference):
        anchor = reference.get("refid") or reference.get("refuri", "").partition("#")[2]
        if anchor in app.glossary_titles:
            reference["reftitle"] = app.glossary_titles[anchor]


def setup(app):
    app.connect("doctree-resolved", name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
