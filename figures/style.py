"""One look for all figures: no background, and mid-tone colours that read on white and on dark.

No grey reaches a contrast of 4.5 on white and on #121212 both; the best possible is 4.33. The grey
here stays above 4.1 on each. Colour alone never carries a meaning: each method also has its own
dashes and marker.
"""

import io
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.style
from matplotlib.figure import Figure

from refimpl.errors import unknown

GREY = "#7d7d7d"
BLUE, AMBER, RED = "#2e71ce", "#bb7102", "#c75d48"
WIDTH = 7.2  # inches, the width of a page's text

RC = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.facecolor": "none",
    "axes.formatter.use_mathtext": True,
    "axes.grid": True,
    "axes.labelcolor": GREY,
    "axes.labelsize": "medium",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": GREY,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.edgecolor": "none",
    "figure.facecolor": "none",
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every machine
    "font.size": 10.0,
    "grid.alpha": 0.22,
    "grid.color": GREY,
    "grid.linewidth": 0.7,
    "hatch.color": GREY,
    "legend.fontsize": "small",
    "legend.frameon": False,
    "legend.labelcolor": GREY,
    "lines.linewidth": 1.7,
    "lines.markersize": 5.0,
    "mathtext.fontset": "dejavusans",
    "patch.edgecolor": GREY,
    "savefig.dpi": 150,
    "savefig.edgecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "path",  # letters as outlines: no reader's font, no request for one
    "svg.hashsalt": "curvature-from-noisy-gradients",
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}

# Without dates and versions, the same data give the same bytes.
METADATA = {
    "svg": {"Creator": None, "Date": None, "Format": None, "Type": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


class Look(NamedTuple):
    """How one method is drawn, in every figure."""

    color: str
    dashes: str | tuple
    marker: str


SPARSE = (0, (1, 1.6))
LONG = (0, (5, 1.5))
BROKEN = (0, (5, 1.2, 1, 1.2))

# A "c" variant has its parent's colour; the four methods of the first chapters differ most, also
# for readers who do not tell red from green.
LOOKS = {
    "sgd": Look("#858382", SPARSE, "x"),
    "momentum": Look(AMBER, LONG, "s"),
    "adam": Look(BLUE, BROKEN, "^"),
    "newton": Look("#9a6a3c", SPARSE, "+"),
    "bfgs": Look("#9a6a3c", LONG, "P"),
    "lbfgs": Look("#9a6a3c", "-", "8"),
    "trust_exact": Look("#7466d6", LONG, "4"),
    "sfn": Look("#7466d6", "-", "D"),
    "krylov_sfn": Look("#7466d6", SPARSE, "d"),
    "fogr": Look(RED, "-", "o"),
    "dogr": Look("#0a8f6c", "-", "v"),
    "sogr": Look("#b25fb8", "-", "p"),
    "dsogr": Look("#0b8ea3", "-", "h"),
    "cfogr": Look(RED, SPARSE, "H"),
    "cdogr": Look("#0a8f6c", SPARSE, "1"),
    "csogr": Look("#b25fb8", SPARSE, "2"),
    "cdsogr": Look("#0b8ea3", SPARSE, "3"),
    "pogr": Look("#6f8f1f", "-", "<"),
    "online_sfn": Look("#7466d6", BROKEN, "X"),
    "ogr": Look("#cc4488", "-", "*"),
    "grouped_newton": Look("#9a6a3c", BROKEN, ">"),
    "grouped_newton_safeguarded": Look("#9a6a3c", "-", "|"),
    "rprop": Look("#858382", "-", "."),
    "sp_bfgs": Look("#9a6a3c", SPARSE, "_"),
    "soap": Look(BLUE, LONG, "$S$"),
}


def look(method):
    """Colour, dashes and marker of a method.

    Raises
    ------
    UnknownNameError
        With the nearest names.

    Examples
    --------
    >>> look("fogr").color
    '#c75d48'
    """
    if method not in LOOKS:
        raise unknown("method", method, LOOKS)
    return LOOKS[method]


def use():
    """The style, as a context manager or a decorator; nothing stays changed afterwards."""
    # From the defaults on: the same bytes whatever a reader's matplotlibrc asks for.
    return mpl.style.context(["default", RC])


def subplots(rows=1, columns=1, *, height, width=WIDTH, **options):
    """A figure and its axes, apart from pyplot and its list of open figures."""
    with use():
        figure = Figure(figsize=(width, height))
        return figure, figure.subplots(rows, columns, **options)


def render(figure, format="svg"):
    """A figure as the bytes of a file; `format` is ``"svg"``, ``"png"`` or ``"pdf"``.

    Raises
    ------
    UnknownNameError
        For another format.
    """
    if format not in METADATA:
        raise unknown("format", format, METADATA)
    file = io.BytesIO()
    with use():
        figure.savefig(file, format=format, metadata=METADATA[format])
    return file.getvalue()


def luminance(color):
    """Relative luminance of a colour, from 0 (black) to 1 (white), as WCAG defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    """Contrast of two colours, from 1 (none) to 21 (black on white), as WCAG defines it.

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def _rgb(color):
    return mpl.colors.to_rgb(color)
