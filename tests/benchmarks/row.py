"""A row of the table, and how two calls are timed in turns."""

import statistics
import time
from typing import NamedTuple


class Row(NamedTuple):
    """A ratio, the median of so many turns, and what it was meant to reach."""

    name: str
    ratio: float
    low: float
    high: float
    turns: int
    reach: str = ""


class Missing(NamedTuple):
    """A row that cannot be measured here."""

    name: str
    why: str


def of(name, ratios, reach=""):
    """The row of the ratios of all turns."""
    ratios = list(ratios)
    return Row(name, statistics.median(ratios), min(ratios), max(ratios), len(ratios), reach)


def spent(call, clock=time.process_time):
    """Seconds that a call takes; of the processor, unless another clock is given."""
    began = clock()
    call()
    return clock() - began


def in_turns(name, ours, theirs, turns, reach="", each=1, clock=time.process_time):
    """The row of one call beside another; each is made once before the clock runs.

    `each` is how much more of the same work the first call does.
    """
    ours(), theirs()
    pairs = [(spent(ours, clock) / each, spent(theirs, clock)) for _ in range(turns)]
    return of(name, (a / b for a, b in pairs), reach)
