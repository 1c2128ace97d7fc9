"""Links that several directives set."""

from docutils import nodes
from sphinx.addnodes import pending_xref


def to_page(page, here, text=""):
    """A link from one page to another, by its title unless there is a text."""
    return pending_xref(
        "",
        nodes.inline("", text),
        refdomain="std",
        reftype="doc",
        reftarget=f"/{page}",
        refdoc=here,
        refwarn=True,
        refexplicit=bool(text),
    )
