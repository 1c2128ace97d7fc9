"""``python -m book``: the edition to take along, checks of the built book, the teacher's book."""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "book" / "_build" / "html"
EDITIONS = "_editions"
KINDS = {
    "book": ("curvature_book.zip", "the book offline"),
    "pdf": ("curvature.pdf", "one PDF"),
    "notebooks": ("curvature_notebooks.zip", "the notebooks"),
}


def parser():
    top = argparse.ArgumentParser(
        prog="python -m book",
        description="Tools for the built book; build it first, by the first line of README.md. "
        "Without a command: edition.",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    edition = commands.add_parser(
        "edition",
        help="a zip of the offline book, a PDF of all pages, an archive of the notebooks",
        description="Make the edition to take along from the built book, in its folder "
        f"{EDITIONS}, print the sizes, and link it from every page. The PDF needs Chromium.",
    )
    edition.add_argument(
        "--only", nargs="+", choices=KINDS, default=list(KINDS), help="some of them alone"
    )
    check = commands.add_parser(
        "check",
        help="look at every built page in headless Chromium, and list what is wrong",
        description="Look at every page of the built book: exit status 1 where anything is wrong.",
    )
    check.add_argument("--only", nargs="+", metavar="PAGE", help="some pages alone, by their names")
    commands.add_parser(
        "teacher",
        help="the teacher's book, with the solutions of homework",
        description="Build the book with -D teacher=1 into book/_build/teacher/html, from what "
        "the students' book has executed.",
    )
    for command in (edition, check):
        command.add_argument(
            "--html", type=Path, default=BUILT, help="the built book (default: %(default)s)"
        )
    return top


def progress(label):
    """A function that shows how far a loop has come, on standard error."""
    from tqdm import tqdm

    return lambda items: tqdm(
        list(items), desc=label, file=sys.stderr, leave=False, disable=not sys.stderr.isatty()
    )


def make_edition(html, kinds):
    from book._edition import archives, links, order

    pages = order.built(html, ROOT / "book" / "_toc.yml")
    folder = html / EDITIONS
    folder.mkdir(exist_ok=True)
    makers = {
        "book": lambda path: archives.pack(
            path, list(archives.book(html, folder, links.clean)), progress("book")
        ),
        "pdf": lambda path: make_pdf(html, pages, path),
        "notebooks": lambda path: archives.pack(
            path, list(archives.notebooks(html, ROOT, packages())), progress("notebooks")
        ),
    }
    for kind in kinds:
        name, said = KINDS[kind]
        part = folder / f"{name}.part"
        makers[kind](part)
        part.replace(folder / name)
        print(f"{folder / name}: {said}, {links.size((folder / name).stat().st_size)}")
    there = [(folder / name, said) for name, said in KINDS.values() if (folder / name).is_file()]
    count = links.fill(
        html, [(f"{EDITIONS}/{path.name}", said, path.stat().st_size) for path, said in there]
    )
    print(f"linked from {count} pages")
    return 0


def packages():
    """What the notebooks need besides the folders of the checkout."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["book"]]
    left_out = ("jupyter-book", "myst", "sphinx")
    return sorted(f"'{name}'" for name in set(needed) if not name.startswith(left_out))


def make_pdf(html, pages, path):
    import yaml

    from book import _browser
    from book._edition import front, pdf

    config = yaml.safe_load((ROOT / "book" / "_config.yml").read_text(encoding="utf-8"))
    texts = {p.name: (html / f"{p.name}.html").read_text(encoding="utf-8") for p in pages}
    wanted = pdf.places(texts)
    with (
        tempfile.TemporaryDirectory() as folder,
        _browser.Browser(Path(folder, "profile")) as browser,
    ):
        browser.size(1280)
        sheets = [
            pdf.printed(browser, html / f"{p.name}.html", p.name, texts[p.name], wanted[p.name])
            for p in progress("pdf")(pages)
        ]

        def contents(numbers):
            lines = [
                (page.part, sheet.name, sheet.headings, numbers[sheet.name])
                for page, sheet in zip(pages, sheets, strict=True)
            ]
            about = [f"Written by {config['author']}", "Text and figures: CC BY 4.0. Code: MIT."]
            base = f"{html.resolve().as_uri()}/"
            text = front.page(base, config["title"], lines, about)
            file = Path(folder, "contents.html")
            file.write_text(text, encoding="utf-8")
            return pdf.printed(browser, file, "", text, ())

        writer, counts = pdf.unite(sheets, contents, config["title"], html.resolve())
        skipped = len(contents(dict.fromkeys(texts, 1)).reader.pages)
        pdf.number_pages(writer, browser, folder, skipped)
    writer.write(path)
    print(
        f"{len(writer.pages)} pages; links: {counts[0]} inside, {counts[1]} outside, "
        f"{counts[2]} without a target"
    )


def make_teacher():
    from jupyter_book.sphinx import build_sphinx

    build = ROOT / "book" / "_build"
    result = build_sphinx(
        ROOT / "book",
        build / "teacher" / "html",
        noconfig=True,
        path_config=ROOT / "book" / "_config.yml",
        confoverrides={
            # The program's own command always sets it.
            "latex_individualpages": False,
            "teacher": True,
            "nb_execution_cache_path": str(build / ".jupyter_cache"),
            "nitpicky": True,
        },
        warningiserror=True,
        keep_going=True,
    )
    return int(result != 0)


def main(arguments=None):
    from book import _browser
    from book._edition import order

    arguments = sys.argv[1:] if arguments is None else arguments
    asked = parser().parse_args(arguments or ["edition"])
    try:
        if asked.command == "edition":
            return make_edition(asked.html.resolve(), asked.only)
        if asked.command == "check":
            from book._check import run

            return run.main(asked.html.resolve(), asked.only, progress)
        return make_teacher()
    except (_browser.BrowserMissingError, order.BookMissingError, ModuleNotFoundError) as error:
        print(f"python -m book: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
