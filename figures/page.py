"""How a figure gets onto a page: as a piece of HTML that carries its words with it."""

import base64
import html

from . import style


class Html:
    """A piece of HTML as the result of a cell; as plain text it is its alternative text."""

    def __init__(self, text, alt):
        self.text = text
        self.alt = alt

    def _repr_html_(self):
        return self.text

    def __repr__(self):
        return self.alt


def picture(figure, alt):
    """A drawn figure as an image inside the page, with its alternative text."""
    return Html(image(figure, alt), alt)


def image(figure, alt):
    """The ``<img>`` of a figure. It holds the SVG itself: a page needs no second file."""
    svg = base64.b64encode(style.render(figure, "svg")).decode("ascii")
    return f'<img src="data:image/svg+xml;base64,{svg}" alt="{html.escape(alt)}">'
