"""Old addresses of the book still lead somewhere: to their anchor, or on to where it has moved."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import moved
import pytest

nodes = pytest.importorskip("docutils.nodes")
make_id = nodes.make_id

pytestmark = pytest.mark.once

BOOK = Path(__file__).resolve().parents[2] / "book"
MOVED = moved.moved(BOOK)
# Every address that a page had before chapters were split. Lines are added, none is taken away.
OLD = Path(__file__).with_name("old_addresses.txt").read_text("utf-8").split()
# Of directives that write headings by themselves: Markdown's own, and the appendices made by code.
WRITTEN = re.compile(r"^(genindex|api|bibliography)#")


@cache
def anchors(page):
    """The anchors of a page, by its text: headings, labels, equations, figures, exercises."""
    path = BOOK / f"{page}.md"
    if not path.exists():
        return frozenset()
    text = path.read_text("utf-8")
    prose = re.sub(r"^(`{3,})\{?[\w-]*.*?^\1$", "", text, flags=re.M | re.S)
    headings = re.findall(r"^#{1,4} (.+?)\s*$", prose, flags=re.M)
    plain = (re.sub(r"\{\w+\}`([^`<]*?)(?: <.*?>)?`", r"\1", heading) for heading in headings)
    found = {make_id(re.sub(r"[*`$\\{}]", "", heading)) for heading in plain}
    found |= {make_id(label) for label in re.findall(r"^\(([\w-]+)\)=$", text, flags=re.M)}
    found |= {
        f"equation-{label}" for label in re.findall(r"\$\$ \((eq-[\w-]+)\)\s*$", text, flags=re.M)
    }
    found |= set(re.findall(r"^:\s*name: (fig-\S+)$", text, flags=re.M))
    found |= set(re.findall(r"^:label: (\S+)$", text, flags=re.M))
    return frozenset(found)


def leads(address):
    """Whether an address has its anchor, on its own page or where that says it has moved."""
    page, _, anchor = address.partition("#")
    target, name = MOVED.get(page, {}).get(anchor, (page, anchor))
    return name in anchors(target)


def test_every_old_address_leads_somewhere():
    assert [a for a in OLD if not WRITTEN.match(a) and not leads(a)] == []


def test_there_are_many():
    assert len(OLD) >= 430
    assert sum(len(anchors) for anchors in MOVED.values()) > 80


def test_what_leads_nowhere_is_noticed():
    assert not leads("optimizer#no-such-section")
    assert not leads("no_such_page#the-step")


def test_nothing_is_both_here_and_moved():
    assert [(p, a) for p, gone in MOVED.items() for a in gone if a in anchors(p)] == []


def test_a_page_sends_its_readers_on():
    """The script and the links of a page that has given something away."""

    class Builder:
        format = "html"

        def get_relative_uri(self, here, there):
            return f"{there}.html"

    class Titles(dict):
        def __missing__(self, page):
            return nodes.title("", f"Title of {page}")

    class App:
        srcdir, builder = BOOK, Builder()
        env = SimpleNamespace(titles=Titles())

    context = {"body": ""}
    moved.send_on(App(), "optimizer", "page.html", context, None)
    assert '"equation-eq-fogr": "family.html#equation-eq-fogr"' in context["body"]
    assert '<span id="equation-eq-fogr"></span>' in context["body"]
    assert '<a href="family.html">Title of family</a>' in context["body"]
    context = {"body": ""}
    moved.send_on(App(), "qr_step", "page.html", context, None)
    assert context["body"] == ""
