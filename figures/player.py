"""A scene to be played on a page: panels, layers that change from frame to frame, a slider.

The piece of HTML needs no server and no other file, and any number of them can be on a page. It
rests at the last frame; without scripts a static figure stands in its place.
"""

import html
import json
import re
from pathlib import Path

import numpy as np

from . import page, style


def numbers(array, digits=3):
    """An array as nested lists of rounded floats, for a layer."""
    return np.round(np.asarray(array, dtype=float), digits).tolist()


def panel(box, x, y, title="", xlabel="", ylabel="", xticks=(), yticks=()):
    """A panel of a scene.

    Parameters
    ----------
    box : (left, top, width, height)
        In units of 1/720 of the scene's usual width.
    x, y : (low, high)
        The ranges of its scales.
    title, xlabel, ylabel : str, optional
    xticks, yticks : sequence of (position, str), optional
        Without any there are no axes.

    Returns
    -------
    dict
    """
    return {
        "box": list(box),
        "x": list(x),
        "y": list(y),
        "title": title,
        "xlabel": xlabel,
        "ylabel": ylabel,
        "xticks": list(xticks),
        "yticks": list(yticks),
    }


def layer(
    panel,
    kind,
    color,
    *,
    width=2.0,
    opacity=1.0,
    dashes="none",
    fixed=None,
    growing=None,
    frames=None,
):
    """A layer of a scene: marks that stay, that grow by one a frame, or that change each frame.

    Parameters
    ----------
    panel : int
        Where it is drawn.
    kind : str
        ``"line"`` and ``"dots"`` (points x, y), ``"lines"`` (several lines), ``"arrows"``
        (x0, y0, x1, y1), or ``"cells"`` (the opacities of a square matrix, row after row).
    color : str
    width : float, optional
        Of the lines, or the diameter of the dots.
    opacity : float, optional
    dashes : str, optional
    fixed, growing : list, optional
        One list of marks.
    frames : list of lists, optional
        Marks for each frame.

    Returns
    -------
    dict
    """
    marks = {"fixed": fixed, "growing": growing, "frames": frames}
    return {
        "panel": panel,
        "kind": kind,
        "color": color,
        "width": width,
        "opacity": opacity,
        "dashes": dashes,
    } | {name: value for name, value in marks.items() if value is not None}


def scene(panels, layers, words, *, alt, static, wide=720, tall=400, pause=250):
    """The scene as a piece of HTML.

    Parameters
    ----------
    panels, layers : lists of dict
        From `panel` and `layer`.
    words : list of str
        What is said under each frame; as many as there are frames.
    alt : str
        What the scene shows, in words.
    static : str
        HTML that stands in its place where no script runs, as from `page.image`.
    wide, tall : int, optional
        Size of the drawing.
    pause : int, optional
        Milliseconds a frame.

    Returns
    -------
    str
    """
    content = {"panels": panels, "layers": layers, "words": words, "pause": pause}
    return framed(
        Path(__file__).with_suffix(".html"),
        "played-scene",
        content,
        accent=style.look("fogr").color,
        alt=html.escape(alt),
        last=str(len(words) - 1),
        static=static,
        tall=str(tall),
        wide=str(wide),
    )


def framed(template, kind, content, **values):
    """One interactive figure: a template's own style, controls and script in the frame of all.

    Its script finds the data as `d`, and what the frame gives every script, `panel` and `play`
    above all; it defines `show`, which the frame calls at the end. `kind` is the class of the
    figure's root.
    """
    text = Path(template).read_text(encoding="utf-8")
    named, frame = re.split("<!-- (\\w+) -->\n", text)[1:], Path(__file__).with_name("frame.html")
    parts = {name: part.rstrip() for name, part in zip(named[::2], named[1::2], strict=True)}
    return fill(frame, content, **parts, kind=kind, **values)


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
