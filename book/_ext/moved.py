"""Old addresses: what a page once held and another holds now is found under its old anchor.

``moved.yml`` says page by page where an anchor has gone. No page has vanished, so that a short
script on the page itself can send its readers on; without scripts a list of links stands there.
"""

import html
import json
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
    links = {
        anchor: f"{app.builder.get_relative_uri(pagename, page)}#{to}"
        for anchor, (page, to) in gone.items()
    }
    items = "".join(
        f'<li><a id="{name}" href="{html.escape(link)}">{name}</a></li>'
        for name, link in ((html.escape(anchor), link) for anchor, link in links.items())
    )
    context["body"] += SCRIPT % json.dumps(links)
    context["body"] += f"<noscript><p>Moved to other pages:</p><ul>{items}</ul></noscript>"


def setup(app):
    app.connect("html-page-context", send_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
