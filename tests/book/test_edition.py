"""The edition to take along: order, archives, links, and one PDF of a small book."""

import zipfile
from pathlib import Path

import pytest

from book import __main__ as command
from book import _browser
from book._edition import archives, front, links, order

pytestmark = [pytest.mark.once, pytest.mark.within]

TABLE = """\
format: jb-book
root: intro
parts:
  - chapters:
      - file: how
  - caption: Pieces
    chapters:
      - file: first
        sections:
          - file: second
"""
PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>{0}</title>
<section id="top-{0}"><h1>The {0} page<a class="headerlink" href="#top-{0}">#</a></h1>
<p>{1}</p><section id="below-{0}"><h2>Below &amp; {0}<a class="headerlink" href="#x">#</a></h2>
<p style="break-before: page" id="far-{0}">Far.</p></section></section>
<footer><div class="editions"></div></footer></html>"""


@pytest.fixture
def book(tmp_path):
    """A table of contents, and the folder of its built pages."""
    (tmp_path / "_toc.yml").write_text(TABLE, encoding="utf-8")
    html = tmp_path / "html"
    html.mkdir()
    texts = {
        "intro": '<a href="second.html#far-second">far</a> <a href="#far-intro">here</a>',
        "how": '<a href="https://example.org">out</a> <a href="first.html">first</a>',
        "first": '<a href="gone.html">nowhere</a>',
        "second": '<a href="intro.html#no-such">the page at least</a>',
    }
    for name, text in texts.items():
        (html / f"{name}.html").write_text(PAGE.format(name, text), encoding="utf-8")
    return html


def test_pages_come_in_the_order_of_the_table(book):
    found = order.built(book, book.parent / "_toc.yml")
    assert [tuple(page) for page in found] == [
        ("intro", "", 0), ("how", "", 0), ("first", "Pieces", 0), ("second", "Pieces", 1),
    ]  # fmt: skip


def test_a_missing_page_is_named_with_what_to_do(book, capsys, tmp_path):
    (book / "second.html").unlink()
    with pytest.raises(order.BookMissingError, match=r"'second' \(1 of 4 .* README\.md"):
        order.built(book, book.parent / "_toc.yml")
    assert command.main(["edition", "--html", str(tmp_path / "none")]) == 2
    assert "build the book first" in capsys.readouterr().err


def test_a_missing_browser_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(_browser, "CHROMIUM", None)
    with pytest.raises(_browser.BrowserMissingError, match="install Chromium"):
        _browser.Browser(tmp_path)


def test_archives_are_the_same_whenever_they_are_packed(book, tmp_path):
    editions = book / "_editions"
    editions.mkdir()
    (editions / "old.zip").write_bytes(b"old")
    links.fill(book, [("_editions/old.zip", "old", 3)])
    packed = []
    for name in ("a.zip", "b.zip"):
        files = list(archives.book(book, editions, links.clean))
        size = archives.pack(tmp_path / name, files, lambda items: items)
        assert size == (tmp_path / name).stat().st_size
        packed.append((tmp_path / name).read_bytes())
        (book / "how.html").touch()
    assert packed[0] == packed[1]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert sorted(Path(name).name for name in archive.namelist()) == [
            "first.html", "how.html", "intro.html", "second.html",
        ]  # fmt: skip
        # In the archive no page links to an archive.
        assert b"old.zip" not in archive.read("curvature_book/intro.html")


def test_links_are_to_what_is_there(book):
    below = book / "below"
    below.mkdir()
    (below / "deep.html").write_text(links.PLACE, encoding="utf-8")
    assert links.fill(book, [("_editions/a.zip", "all & more", 2_340_000)]) == 5
    assert links.fill(book, [("_editions/a.zip", "all & more", 2_340_000)]) == 5
    text = (book / "intro.html").read_text(encoding="utf-8")
    assert text.count('<a href="_editions/a.zip" download>all &amp; more</a> (2.3 MB)') == 1
    assert 'href="../_editions/a.zip"' in (below / "deep.html").read_text(encoding="utf-8")
    links.fill(book, [])
    assert "_editions" not in (book / "intro.html").read_text(encoding="utf-8")
    assert [links.size(count) for count in (10, 54_400, 99_999, 1e5, 86e6)] == [
        "1 kB", "54 kB", "100 kB", "0.1 MB", "86.0 MB",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(_browser.CHROMIUM is None, reason=_browser.MISSING)
def test_the_pages_become_one_document(book, tmp_path):
    """Links lead where they lead in the book, and the contents say the right numbers."""
    pytest.importorskip("pypdf")
    from pypdf import PdfWriter

    from book._edition import pdf

    pages = order.built(book, book.parent / "_toc.yml")
    texts = {p.name: (book / f"{p.name}.html").read_text(encoding="utf-8") for p in pages}
    wanted = pdf.places(texts)
    assert wanted["second"] == {"far-second", "top-second", "below-second", "x"}
    with _browser.Browser(tmp_path / "profile") as browser:
        sheets = [
            pdf.printed(browser, book / f"{p.name}.html", p.name, texts[p.name], wanted[p.name])
            for p in pages
        ]

        def contents(numbers):
            lines = [
                (page.part, sheet.name, sheet.headings, numbers[sheet.name])
                for page, sheet in zip(pages, sheets, strict=True)
            ]
            text = front.page(f"{book.as_uri()}/", "A book", lines, ["By nobody."])
            (tmp_path / "contents.html").write_text(text, encoding="utf-8")
            return pdf.printed(browser, tmp_path / "contents.html", "", text, ())

        writer, counts = pdf.unite(sheets, contents, "A book", book)
        pdf.number_pages(writer, browser, tmp_path, 2)
    assert isinstance(writer, PdfWriter)
    # Each page of the book takes two leaves, after the title and the contents.
    first = {page.name: 2 + 2 * k for k, page in enumerate(pages)}
    assert len(writer.pages) == 2 + 2 * len(pages)
    assert counts[1:] == [1, 1]  # out of the book: example.org; nowhere: gone.html
    numbers = {page.indirect_reference.idnum: k for k, page in enumerate(writer.pages)}

    def targets(number):
        found = [note.get_object() for note in writer.pages[number].get("/Annots", ())]
        return [numbers[note["/Dest"][0].idnum] for note in found if "/Dest" in note]

    # The contents: a line for each page and each section.
    assert targets(1) == [first[page.name] for page in pages for _ in range(2)]
    # The link to a place far down the other page, and the one to this page.
    assert {first["second"] + 1, first["intro"] + 1} <= set(targets(first["intro"]))
    assert first["first"] in targets(first["how"])
    assert first["intro"] in targets(first["second"])
    for page in pages:
        text = writer.pages[first[page.name]].extract_text()
        assert f"The {page.name} page" in text
        assert str(first[page.name] + 1) in text.splitlines()[-1]
        assert str(first[page.name] + 1) in writer.pages[1].extract_text()
    titles = [item.title for item in writer.outline if not isinstance(item, list)]
    assert titles == [f"The {page.name} page" for page in pages]
