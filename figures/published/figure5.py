"""The settings of Figure 5 of [D]: five methods from 125 starts."""

from .. import style
from . import published
from .figure4 import Sorted, alt, panels

__all__ = ["NAME", "alt", "compute", "draw"]

NAME = "Figure 5"


def compute(path=published.RESULTS):
    """Read what many seeds gave; as `figures.published.figure4.compute`."""
    return Sorted(NAME, published.of(NAME, published.read(path)))


@style.use()
def draw(data):
    """A panel for each method: median and deciles over seeds."""
    return panels(data, columns=3)
