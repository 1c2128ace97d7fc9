"""Lists everything that a built page would fetch from another machine.

Ordinary links are not fetched and are fine. Run as::

    python book/_ext/remote_check.py BUILD_HTML_DIR
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

REMOTE = re.compile(r"\s*(https?:)?//", re.I)
STYLE = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])\s*((?:https?:)?//[^"')\s]+)""", re.I)
FETCHED_LINKS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "modulepreload",
    "preconnect",
    "dns-prefetch",
    "manifest",
    "apple-touch-icon",
}
FETCHED = {"src", "srcset", "poster", "data", "background"}


class Page(HTMLParser):
    """Collects the remote addresses that one page fetches by itself."""

    def __init__(self, html):
        super().__init__()
        self.found, self.in_style = [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.in_style = tag == "style"
        attributes = {name: value or "" for name, value in attributes}
        names = set(FETCHED)
        if tag == "link" and FETCHED_LINKS & set(attributes.get("rel", "").lower().split()):
            names.add("href")
        if tag in ("image", "use"):  # inside SVG
            names |= {"href", "xlink:href"}
        for name in names & attributes.keys():
            if any(REMOTE.match(part) for part in attributes[name].split(",")):
                self.found.append(f"<{tag} {name}={attributes[name]!r}>")
        self.found += STYLE.findall(attributes.get("style", ""))

    def handle_endtag(self, tag):
        self.in_style = False

    def handle_data(self, data):
        if self.in_style:
            self.found += STYLE.findall(data)


def remote(folder):
    """(file, what it fetches) for every page and style sheet under a folder."""
    for file in sorted(Path(folder).rglob("*")):
        if file.suffix in (".html", ".svg"):
            yield from ((file, what) for what in Page(file.read_text(encoding="utf-8")).found)
        elif file.suffix == ".css":
            yield from ((file, what) for what in STYLE.findall(file.read_text(encoding="utf-8")))


def main(arguments):
    if len(arguments) != 1 or not any(Path(arguments[0]).glob("*.html")):
        print("usage: remote_check.py BUILD_HTML_DIR (a folder with built pages)", file=sys.stderr)
        return 2
    found = list(remote(arguments[0]))
    for file, what in found:
        print(f"{file}: {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
