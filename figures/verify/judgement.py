"""What the first report of each mutant is worth, judged one by one by who knew the mistake.

``helpful``: it names the mistake, or what only that mistake and its like do. ``where``: it names
the place and the size, and nothing else. ``misleading``: it names something that is not so. The
judgements are kept beside the sentence that was judged; where a report says something else than it
did, the mutant must be judged anew.

Who has made the report is lenient with it. So a second reader, who sees neither these verdicts nor
the rules that made the report, judges mutants drawn at random.
"""

import json
from typing import NamedTuple

from refimpl._outside import as_path

from .. import kept_results
from . import catch_matrix

RESULTS = kept_results.FOLDER / "diagnoses.json"
SECOND = kept_results.FOLDER / "second_reader.json"
VERDICTS = ("helpful", "where", "misleading")
# Sentences that say where and how large, and not what.
PLACES = (
    "is the first that diverges",
    "digits agree where",
    "right before it:",
    "wrong after it,",
    "given the certified state before each step",
    "entries only",
    "only its row",
    "only its column",
    "only its diagonal",
    "its rows from",
    "only in",
    "NaN where",
    "it is off within the span",
    "it is off outside of the span",
    "steps were right, and so, as far as they show it, is",
    "the first step already: is it the gradient of",
    "the distributions differ by",
)


class Counts(NamedTuple):
    """How many reports are worth what."""

    helpful: int
    where: int
    misleading: int

    @property
    def all(self):
        return sum(self)


def telling(sentences):
    """The first sentence that says what is wrong, not only where; empty if there is none.

    Examples
    --------
    >>> telling(["theta: 1.0 digits agree where 15.0 can be had", "theta: it is zero"])
    'theta: it is zero'
    """
    return next((s for s in sentences if not any(place in s for place in PLACES)), "")


def lines(data):
    """Mutant -> the telling sentence of its first report."""
    found = {}
    for k, mutant in enumerate(data.mutants):
        first = catch_matrix.told(data, k)
        if not mutant.harmless and first is not None:
            found[mutant.name] = telling(first["sentences"])
    return found


def read(path=RESULTS):
    """Mutant -> the sentence that was judged, and the verdict."""
    kept = json.loads(as_path(path).read_text("utf-8"))
    return {name: tuple(pair) for name, pair in kept.items()}


def write(judged, path=RESULTS):
    """Keep judgements, a line each."""
    body = ",\n".join(f" {json.dumps(name)}: {json.dumps(pair)}" for name, pair in judged.items())
    as_path(path).write_text(f"{{\n{body}\n}}\n", encoding="utf-8")


def second(path=SECOND):
    """Mutant -> the verdict of the second reader."""
    return json.loads(as_path(path).read_text("utf-8"))


def counts(verdicts):
    """How many of each verdict."""
    verdicts = list(verdicts)
    return Counts(*(verdicts.count(name) for name in VERDICTS))
