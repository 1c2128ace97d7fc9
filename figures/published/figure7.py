"""The settings of Figure 7 of [D]: the "c" variants, every start under the same noise."""

from .. import style
from . import published
from .figure4 import Sorted, alt, panels

__all__ = ["NAME", "alt", "compute", "draw"]

NAME = "Figure 7"


def compute(path=published.RESULTS):
    """Read what many seeds gave; as `figures.published.figure4.compute`."""
    return Sorted(NAME, published.of(NAME, published.read(path)))


@style.use()
def draw(data):
    """A panel for each method: median and deciles over seeds."""
    return panels(data, columns=4)
