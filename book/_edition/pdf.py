"""One PDF of all pages: each printed by headless Chromium, united with links, contents and numbers.

Chromium writes where the target of a link lies only if the same page links to it, so each page is
given, unseen, a link to every one of its places that any page names. A link to another page is an
address of a file in its PDF; here it becomes a link into the united document.
"""

import html
import io
import json
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, Fit, FloatObject, NameObject, NullObject

# A4 in inches, and margins wide enough for the numbers.
PAPER = {"paperWidth": 8.27, "paperHeight": 11.69}
MARGINS = {"marginTop": 0.7, "marginBottom": 0.8, "marginLeft": 0.75, "marginRight": 0.75}
HEADING = re.compile(
    r'<section[^>]*\bid="(?P<id>[^"]+)"[^>]*>\s*(?:<span[^>]*></span>\s*)*'
    r"<h(?P<level>[1-3])>(?P<words>.*?)<a class=\"headerlink\"",
    re.DOTALL,
)


class Sheet(NamedTuple):
    """A printed page of the book: its headings, (level, words, place), and its PDF."""

    name: str
    headings: list
    reader: PdfReader


def plain(text):
    """The words of a piece of HTML, formulas in their TeX."""
    words = html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\\(", "").replace("\\)", "")
    return " ".join(words.split())


def headings(text):
    """(level, words, place) of the headings of a page."""
    return [
        (int(found["level"]), plain(found["words"]), found["id"])
        for found in HEADING.finditer(text)
    ]


def places(texts):
    """Name of a page -> every place in it that any page links to."""
    found = {name: set() for name in texts}
    for name, text in texts.items():
        for address in re.findall(r'href="([^"]+)"', text):
            parts = urlsplit(html.unescape(address))
            page = parts.path.removesuffix(".html") or name
            if not parts.scheme and parts.fragment and page in found:
                found[page].add(unquote(parts.fragment))
        found[name].update(place for _, _, place in headings(text))
    return found


# Fonts and formulas are there; what is folded on the screen, but for code, is open on paper.
READY = """(async () => {
  await document.fonts.ready;
  if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  // The document has its own list of contents.
  document.querySelector("#jb-print-toc")?.remove();
  const box = document.createElement("div");
  box.style.cssText = "position: absolute; height: 0; overflow: hidden";
  for (const place of PLACES) {
    const link = document.createElement("a");
    link.href = "#" + encodeURIComponent(place);
    box.append(link);
  }
  document.body.append(box);
  return document.images.length;
})()"""


def printed(browser, path, name, text, wanted):
    """One page of the book as a `Sheet`."""
    browser.open(Path(path).resolve().as_uri())
    browser.run(READY.replace("PLACES", json.dumps(sorted(wanted))))
    # The structure that tags would give is lost in uniting.
    data = browser.pdf(
        printBackground=True, generateTaggedPDF=False, scale=0.85, **PAPER, **MARGINS
    )
    return Sheet(name, headings(text), PdfReader(io.BytesIO(data)))


def target(page, place=None):
    """What a link to a page says: the page, and how far up its place is, None for its top."""
    top = NullObject() if place is None else FloatObject(place)
    fit = [NameObject("/XYZ"), NullObject(), top, NullObject()]
    return ArrayObject([page.indirect_reference, *fit])


def unite(sheets, contents, title, folder):
    """The united document, as a `PdfWriter`; and how many links lead into it, out of it, nowhere.

    Parameters
    ----------
    sheets : list of Sheet
    contents : callable
        The pages in front, a `Sheet`, from (number of the first page of each sheet); it is called
        twice, since it has to know its own length.
    title : str
    folder : path
        The built book, whose addresses are made into links.
    """
    front = contents(dict.fromkeys((sheet.name for sheet in sheets), 0))
    first, number = {}, len(front.reader.pages)
    for sheet in sheets:
        first[sheet.name] = number
        number += len(sheet.reader.pages)
    front = contents({name: number + 1 for name, number in first.items()})
    writer, where = PdfWriter(), {}
    for sheet in (front, *sheets):
        begin = len(writer.pages)
        named = sheet.reader.named_destinations
        numbers = {page.indirect_reference.idnum: k for k, page in enumerate(sheet.reader.pages)}
        for page in sheet.reader.pages:
            writer.add_page(page)
        where[sheet.name, ""] = begin, None
        for place, found in named.items():
            where[sheet.name, unquote(place.lstrip("/"))] = (
                begin + numbers[found.page.idnum],
                float(found.top) if found.top is not None else None,
            )
    counts = [0, 0, 0]
    begin = 0
    for sheet in (front, *sheets):
        for page in writer.pages[begin : begin + len(sheet.reader.pages)]:
            for found in page.get("/Annots", ()):
                counts[_tie(found.get_object(), writer, where, sheet.name, folder)] += 1
        begin += len(sheet.reader.pages)
    _outline(writer, sheets, where)
    writer.add_metadata({"/Title": title})
    return writer, counts


def _tie(annotation, writer, where, name, folder):
    """Lead a link to where it should; 0: into the document, 1: out of it, 2: nowhere."""
    action = annotation.get("/A", {}).get("/URI")
    if action is not None:
        parts = urlsplit(str(action))
        if parts.scheme != "file":
            return 1
        path = Path(unquote(parts.path))
        if not path.is_relative_to(folder):
            annotation.pop("/A")
            return 2
        key = path.relative_to(folder).with_suffix("").as_posix(), unquote(parts.fragment)
    elif "/Dest" in annotation:
        key = name, unquote(str(annotation["/Dest"]).lstrip("/"))
    else:
        return 1
    found = where.get(key) or where.get((key[0], ""))
    annotation.pop("/A", None)
    annotation.pop("/Dest", None)
    if found is None:
        return 2
    annotation[NameObject("/Dest")] = target(writer.pages[found[0]], found[1])
    return 0


def _outline(writer, sheets, where):
    """The bookmarks: pages, and their sections below them."""
    for sheet in sheets:
        parents = {}
        for level, words, place in sheet.headings:
            page, top = where.get((sheet.name, place), where[sheet.name, ""])
            above = max((k for k in parents if k < level), default=None)
            fit = Fit.xyz(left=None, top=top, zoom=None)
            item = writer.add_outline_item(
                title=words, page_number=page, parent=parents.get(above), fit=fit, is_open=False
            )
            parents = {k: v for k, v in parents.items() if k < level} | {level: item}


def number_pages(writer, browser, folder, skipped):
    """Print the number of each page at its foot, but on the first ones; pack the document."""
    count = len(writer.pages)
    sheets = "".join(
        f"<section><p>{number}</p></section>" for number in range(skipped + 1, count + 1)
    )
    path = Path(folder, "numbers.html")
    path.write_text(
        "<!DOCTYPE html><meta charset='utf-8'><style>@page { margin: 0 } body { margin: 0 }"
        "section { height: 11.6in; position: relative } section + section { break-before: page }"
        "p { position: absolute; bottom: 0.35in; width: 100%; margin: 0; text-align: center;"
        " font: 10pt sans-serif; color: #555 }</style>" + sheets,
        encoding="utf-8",
    )
    browser.open(path.resolve().as_uri())
    margins = dict.fromkeys(MARGINS, 0)
    numbers = PdfReader(io.BytesIO(browser.pdf(printBackground=False, **PAPER, **margins)))
    for page, number in zip(writer.pages[skipped:], numbers.pages, strict=True):
        page.merge_page(number)
    for page in writer.pages:
        page.compress_content_streams()
    writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
