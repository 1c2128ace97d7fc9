"""What is interactive: a figure's own script in the frame, with the player and the laboratory.

The piece of HTML needs no server and no other file, and any number of them can be on a page;
without scripts a static figure stands in its place. What it computes it computes in the page, by
the module that the reference outputs verify, `figures/playground/laboratory.js`; what it draws and
how it is played is in `figures/player.js`.
"""

import json
import re
from pathlib import Path

import numpy as np

from . import page, style

HERE = Path(__file__).parent
FRAME, PLAYER = HERE / "frame.html", HERE / "player.js"
LABORATORY = HERE / "playground" / "laboratory.js"
# What a click into the picture does where it does not choose a start.
PLAYS = (
    "A click or tap on the picture plays and pauses; with the picture chosen by the tabulator key "
    "the space bar does so too, and the arrow keys make single steps."
)


def numbers(array, digits=3):
    """An array as nested lists of rounded floats."""
    return np.round(np.asarray(array, dtype=float), digits).tolist()


def script(path):
    """A file of JavaScript without indentation and lines of comment, to be pasted into a page."""
    return re.sub(r"(?m)^[ \t]+|^[ \t]*//.*\n|^\n", "", path.read_text(encoding="utf-8"))


def framed(template, kind, content, *, last, shown=None, least=0, gestures=PLAYS, **values):
    """One interactive figure: a template's own style, controls and script in the frame of all.

    Its script finds the data as `d`, the laboratory, and what the player gives to every script; it
    calls `begin` at the end.

    Parameters
    ----------
    template : path
        Its parts follow comments with their names: style, controls, script.
    kind : str
        The class of the figure's root.
    content : dict
        The data, for JSON.
    last, shown, least : int, optional
        Of the player's slider: its end, where it rests at first (its end), and its beginning.
    gestures : str, optional
        What each gesture does, in words beside the figure.
    **values : str
        What else stands between at signs in the template.

    Returns
    -------
    str
    """
    text = Path(template).read_text(encoding="utf-8")
    named = re.split("<!-- (\\w+) -->\n", text)[1:]
    parts = {name: part.rstrip() for name, part in zip(named[::2], named[1::2], strict=True)}
    slider = {"last": last, "least": least, "shown": last if shown is None else shown}
    return fill(
        FRAME,
        content,
        **parts,
        **{name: str(number) for name, number in slider.items()},
        gestures=gestures,
        kind=kind,
        **values,
        laboratory=script(LABORATORY),
        player=script(PLAYER),
    )


def fill(template, content, **values):
    """A template with its ``@names@`` and its data filled in; no data can end the script."""
    data = json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    text = Path(template).read_text(encoding="utf-8")
    for name, value in (values | {"grey": style.GREY, "data": data}).items():
        text = text.replace(f"@{name}@", value)
    return text


def entitle(axes, stages):
    """The step above each stage of a row."""
    for t, ax in zip(stages, axes, strict=True):
        ax.set_title(f"step {t}")


def listed(names, stages, said):
    """One line of words for all stages of all rows: ``said(row, stage)`` behind each name."""
    rows = (", ".join(said(k, t) for t in stages) for k in range(len(names)))
    return "; ".join(f"{name} {row}" for name, row in zip(names, rows, strict=True))


def still(draw, alt, data):
    """The static figure that stands in where no script runs."""
    return page.image(draw(data), alt(data))
