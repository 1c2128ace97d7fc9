"""The playground: two methods on a function of the laboratory, run where the reader is."""

import html
from pathlib import Path
from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions, optimizers
from refimpl.functions import Function
from refimpl.optimizers.method import RANGES

from .. import one_run, player, style
from ..one_run import Run

METHODS = {
    "momentum": "momentum",
    "adam": "Adam",
    "fogr": "fOGR",
    "dogr": "dOGR",
    "cdogr": "cdOGR",
    "online_sfn": "online SFN",
    "ogr": "ogr",
}
MOST_STEPS = 2000
GESTURES = (
    "A click or tap into the picture of the function moves the start there; with the picture "
    "chosen by the tabulator key the arrow keys move it by a hundredth, and the space bar plays "
    "and pauses."
)


class Known(NamedTuple):
    """A function that can be chosen: what the module calls it, with its data, and Python."""

    function: Function
    kind: str
    python: str
    data: dict | None = None


def _spectral(name, *spectrum):
    made = getattr(functions, name)(spectrum)
    text = f"functions.{name}([{', '.join(f'{value:g}' for value in spectrum)}])"
    return Known(made, name, text, {"spectrum": list(spectrum)})


CALLS = {
    "beale": "beale",
    "rosenbrock": "rosenbrock()",
    "himmelblau": "himmelblau",
    "styblinski_tang": "styblinski_tang()",
    "booth": "booth",
    "matyas": "matyas",
    "goldstein_price": "goldstein_price",
    "monkey_saddle": "monkey_saddle",
}
FUNCTIONS = {
    **{name: Known(functions.get(name), name, f"functions.{call}") for name, call in CALLS.items()},
    "quadratic": _spectral("quadratic", 1.0, 10.0),
    "quadratic(1,-0.1)": _spectral("quadratic", 1.0, -0.1),
    "bounded_saddle": _spectral("bounded_saddle", -1.0, 1.0),
    "quadratic(1)": _spectral("quadratic", 1.0),
    "bounded_saddle(-1)": _spectral("bounded_saddle", -1.0),
    "styblinski_tang(1)": Known(
        functions.styblinski_tang(1), "styblinski_tang", "functions.styblinski_tang(1)"
    ),
}


class Preset(NamedTuple):
    """A story of a chapter: a name, the state as a link has it, and what there is to see."""

    title: str
    fragment: str
    story: str


PRESETS = {
    "figure1": Preset(
        "Figure 1: past the saddle of Beale",
        "f=beale&m=fogr,adam&x=-1,2&noise=0.1&seed=0&steps=30&at=30&a.gamma=0.9",
        "The settings of Figure 1, from one of its starts. The line of all gradients shows fOGR "
        "which direction bends down, and it jumps; Adam, with steps of one length, is still on its "
        "way when the thirty steps are made.",
    ),
    "line": Preset(
        "A line through noisy gradients",
        "f=styblinski_tang(1)&m=dogr,momentum&x=0.5&noise=4&seed=1&steps=40&at=12"
        "&a.beta=0.25&b.alpha=0.02",
        "In one dimension the whole model is a line: its slope is the curvature, and where it "
        "crosses zero, the gradient is expected to vanish. Step on and see it follow the bend.",
    ),
    "trap": Preset(
        "The trap of a symmetric saddle",
        "f=beale&m=online_sfn,online_sfn&x=0,1&noise=0.1&seed=2&steps=30&at=6&a.shifted=false",
        "Both begin on the saddle of Beale's function, with curvatures of one modulus and opposite "
        "sign. The first takes the plain QR step, whose axes do not turn to such a pair; the "
        "second takes the shifted one, and is further down at step 6.",
    ),
    "plateau": Preset(
        "A plateau, which is a saddle",
        "f=bounded_saddle&m=ogr,momentum&x=0.001,0.8&noise=0.01&seed=0&steps=60&at=60",
        "Both start almost on the ridge that leads to a saddle. There the gradient is small, and "
        "momentum creeps. ogr sees where the function bends, takes longer steps there, and is in "
        "the well beside the saddle by step 30.",
    ),
    "ridge": Preset(
        "Stalled in a curved valley",
        "f=rosenbrock&m=dogr,ogr&x=-1.5,-1&noise=0.1&seed=2&steps=200&at=200",
        "dOGR fits a line for each coordinate by itself. In a valley that runs askew both are "
        "steep, and the steps stay short: it stalls. ogr turns its axes, and is at the end of the "
        "valley by step 100.",
    ),
    "chaos": Preset(
        "Chaos: two right programs",
        "f=beale&m=fogr,fogr&x=3,-2&noise=0.1&seed=0&steps=200&at=200&a.gamma=0.9&a.cut=0"
        "&b.gamma=0.9&b.cut=0&twin=1",
        "The same method under the same noise, but the second adds the terms of the gradient in "
        "the opposite order. Both are right. At step 60 they are a billionth apart, and after "
        "step 130 everybody can see it.",
    ),
}


class Playground(NamedTuple):
    """The first preset, as the package runs it: what stands there without scripts."""

    runs: tuple  # a `Run` of each method


def compute():
    """The runs of the first preset.

    Returns
    -------
    Playground
    """
    settings = {"fogr": {"gamma": 0.9}, "adam": {}}
    runs = []
    for method, given in settings.items():
        run = refimpl.minimize(
            functions.beale, [-1.0, 2.0], method=method, steps=30, noise=0.1, seed=0, **given
        )
        runs.append(Run(method, METHODS[method], run.path, run["values"]))
    return Playground(tuple(runs))


def draw(data):
    """The paths over contours, and the values over the steps."""
    return one_run.draw(functions.beale, data.runs)


def alt(data):
    """What the picture shows, in words."""
    ends = " and ".join(f"{run.label} at a value of {run.values[-1]:.2g}" for run in data.runs)
    return (
        "Two panels. Left, contours of Beale's function with its saddle at (0, 1) and its minimum "
        f"at (3, 0.5), and the paths of {len(data.runs)} methods from (-1, 2) under the same "
        f"noise. Right, the value over {len(data.runs[0].values) - 1} steps on a logarithmic axis: "
        f"in the end {ends}."
    )


def alt_interactive(data):
    """What the interactive version shows, in words."""
    return (
        "The playground. A picture of a function as contours, or in one dimension as a curve, with "
        "the paths of one or two methods from a start that can be chosen by a click or by numbers; "
        "at each step the fitted ellipse or line, its axes, the direction against the momentum and "
        "the bound on the step. Beside it the value over the steps on a logarithmic axis, and the "
        "fitted curvatures with their standard errors beside the true ones. All of it is said in "
        "words below the picture."
    )


def _strict(value):
    """A number for JSON, which knows no infinity."""
    if isinstance(value, tuple):
        return [_strict(part) for part in value]
    return value if np.isfinite(value) else f"{value:g}"


def content():
    """Everything that the page is told: functions, methods, ranges, presets."""
    return {
        "functions": {
            name: {
                "kind": known.kind,
                "data": known.data,
                "python": known.python,
                "dimension": known.function.dimension,
                "domain": list(known.function.domain),
                "minima": player.numbers(known.function.minima, 6),
                "saddles": player.numbers(known.function.saddles, 6),
                "minimum": _strict(known.function.minimum_value),
            }
            for name, known in FUNCTIONS.items()
        },
        "methods": {
            name: {
                "label": label,
                "color": style.look(name).color,
                "defaults": {k: _strict(v) for k, v in optimizers.get(name).defaults.items()},
            }
            for name, label in METHODS.items()
        },
        "ranges": {name: _strict(bounds) for name, bounds in RANGES.items()},
        "presets": [preset._asdict() for preset in PRESETS.values()],
        "other": style.BLUE,
        "most": MOST_STEPS,
    }


def interactive(data):
    """The playground as a piece of HTML, which needs no server and no other file."""

    def options(names):
        return "".join(f'<option value="{value}">{name}</option>' for value, name in names)

    off = "<p>Scripts are off: this is one run of the playground, as it would begin.</p>"
    return player.framed(
        Path(__file__).with_suffix(".html"),
        "playground",
        content(),
        last=30,
        gestures=GESTURES,
        accent=style.RED,
        wide="760",
        tall="476",
        alt=html.escape(alt_interactive(data)),
        functions=options((name, name) for name in FUNCTIONS),
        methods=options(METHODS.items()),
        most=str(MOST_STEPS),
        presets=options((k, preset.title) for k, preset in enumerate(PRESETS.values())),
        static=player.still(draw, alt, data) + off,
        wrong=style.RED,
    )


def whole_page():
    """The playground as a page of its own, to be opened from a file.

    Returns
    -------
    str
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Playground: Curvature from Noisy Gradients</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 16px/1.5 sans-serif; margin: 1em auto; max-width: 800px; padding: 0 0.7em; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #121212; color: #ced6dd; }} }}
</style>
</head>
<body>
<main>
<h1>Playground</h1>
{interactive(compute())}
</main>
</body>
</html>
"""


def chapter_link(name):
    """A preset as the end of an address, for a chapter: ``playground.html#f=...``."""
    return f"playground.html#{PRESETS[name].fragment}"
