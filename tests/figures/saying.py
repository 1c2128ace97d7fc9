"""What every figure is asked: that it is drawn, and says in words what it shows; no tests."""

import html
import re

from figures import page, style


def drawn(module, data, twice):
    """The figure; drawn a second time it must be the same to the last byte, if so asked."""
    figure = module.draw(data)
    if twice:
        assert style.render(figure) == style.render(module.draw(data))
    return figure


def assert_drawn_and_said(module, data, axes=None):
    """The figure's words, after it is drawn with so many axes, and no number of them is missing."""
    figure = module.draw(data)
    assert len(figure.axes) == axes if axes else figure.axes
    said = module.alt(data)
    assert len(said) > 200
    assert not re.search(r"\b(nan|inf)\b", said)
    return said


def assert_pictured_with_its_words(module, data):
    """On the page: a picture whose alternative text is what the figure says."""
    words = module.alt(data)
    shown = page.picture(module.draw(data), words)._repr_html_()
    assert shown.startswith("<img src=")
    assert html.escape(words) in shown
    assert len(words) > 150
