"""Old addresses: what a page once held and another holds now is found under its old anchor.

``moved.yml`` says page by page where an anchor has gone. No page has vanished, so that a short
script on the page itself can send its readers on; without scripts the titles of those pages stand
there, under the old anchors.
"""

import html
import json
from functools import partial
from pathlib import Path

import yaml

FILE = "moved.yml"
SCRIPT = """<script>
(() => {
  const moved = %s;
  const go = () => {
    const to = moved[decodeURIComponent(location.hash.slice(1))];
    if (to) location.replace(to);
  };
  addEventListener("hashchange", go);
  go();
})();
</script>"""


def moved(book_dir):
    """Page -> {anchor: (page, anchor)}."""
    told = yaml.safe_load(Path(book_dir, FILE).read_text(encoding="utf-8"))
    return {
        page: {
            anchor: (target.partition("#")[0], target.partition("#")[2] or anchor)
            for target, anchors in targets.items()
            for anchor in anchors
        }
        for page, targets in told.items()
    }


def send_on(app, pagename, templatename, context, doctree):
    """Add the script and the links to a page that has given something away."""
    gone = moved(app.srcdir).get(pagename)
    if app.builder.format != "html" or not gone or "body" not in context:
        return
    address = partial(app.builder.get_relative_uri, pagename)
    links = {anchor: f"{address(page)}#{to}" for anchor, (page, to) in gone.items()}
    pages = {}
    for anchor, (page, _) in gone.items():
        pages.setdefault(page, []).append(anchor)
    titles = {page: (address(page), app.env.titles[page].astext()) for page in pages}
    context["body"] += SCRIPT % json.dumps(links) + without_scripts(pages, titles)


def without_scripts(pages, titles):
    """A list of the pages that hold what has gone, each with the old anchors.

    `pages` has the anchors of each page, `titles` its address and its title.
    """
    items = "".join(
        "<li>"
        + "".join(f'<span id="{html.escape(anchor)}"></span>' for anchor in anchors)
        + f'<a href="{html.escape(titles[page][0])}">{html.escape(titles[page][1])}</a></li>'
        for page, anchors in pages.items()
    )
    return f"<noscript><p>Parts of this page have moved to:</p><ul>{items}</ul></noscript>"


def setup(app):
    app.connect("html-page-context", send_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
