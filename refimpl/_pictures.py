"""What the command line draws: from a checkout, which has the figures, and with matplotlib."""

import importlib.util
import webbrowser
from pathlib import Path

from ._outside import as_path, bar
from .errors import unknown


def figures():
    """The package `figures` of this checkout.

    Raises
    ------
    OSError
        If there is none, or no matplotlib.
    """
    # Where the reader stands there may be another folder of this name, with anything in it.
    found = importlib.util.find_spec("figures")
    beside = Path(__file__).resolve().parent.parent / "figures" / "__init__.py"
    ours = found is not None and found.origin and Path(found.origin).resolve() == beside
    if not ours or importlib.util.find_spec("matplotlib") is None:
        raise OSError(
            "the figures are drawn from a checkout, with matplotlib: go to its top folder and run "
            "`python -m refimpl figures` there"
        )
    return importlib.import_module("figures")


def draw(options):
    """Figures into a folder, one file each."""
    drawn = figures()
    names = options.names or list(drawn.FIGURES)
    if options.list:
        print("\n".join(names))
        return 0
    for name in bar(names, desc="figures", unit="figure"):
        print(drawn.save(name, options.folder, format=options.format))
    return 0


def prepare(file):
    """Raise unless a run can be drawn into such a file.

    Raises
    ------
    OSError, UnknownNameError
        As `figures`; for an ending that is no format.
    """
    formats = figures().style.METADATA
    ending = as_path(file).suffix[1:]
    if ending not in formats:
        raise unknown("format", ending, formats)


def plot(function, method, result, file):
    """Draw the result of a run into a file."""
    from . import functions

    one_run = importlib.import_module("figures.one_run")
    run = one_run.Run(method, method, result.path, result.values)
    figures().write(one_run.draw(functions.get(function), [run]), file)


def write_slides(options):
    """The slides of all lectures, and the playground that they link to, into a folder."""
    figures()
    for path in importlib.import_module("figures.slides").write(as_path(options.folder)):
        print(path)
    return 0


def write_playground(options):
    """The playground as a page, opened if so asked."""
    figures()
    page = importlib.import_module("figures.playground.playground").whole_page()
    path = as_path(options.file)
    path.write_text(page, encoding="utf-8")
    print(path)
    if options.open:
        webbrowser.open(path.resolve().as_uri())
    return 0
