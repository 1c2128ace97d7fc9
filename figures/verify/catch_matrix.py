"""Which mistakes of a port the reference outputs catch: mutants of the package against families.

What is drawn and counted here are the records of `figures.verify.kept_trials`.
"""

import re
from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from refimpl import vectors
from refimpl.verify import compare
from refimpl.verify.mutants import MUTANTS, OP, VARIANTS, Mutant

from .. import style
from . import kept_trials


class Matrix(NamedTuple):
    """What became of each mutant before each family, by tier."""

    columns: tuple  # (family, tier)
    mutants: tuple  # Mutant, harmless ones last
    failed: np.ndarray  # (mutants, columns), cases
    judged: np.ndarray  # (mutants, columns), cases
    largest: np.ndarray  # (mutants, columns), error in units of the roundoff; 64 is accepted
    records: tuple  # of the mutants

    def own(self, mutant):
        """Whether a column is the one that must catch the mutant, column by column."""
        return np.array([column == (mutant.family, mutant.tier) for column in self.columns])

    @property
    def harmless(self):
        """Which of the mutants must pass."""
        return np.array([mutant.harmless for mutant in self.mutants])

    @property
    def caught(self):
        """Which of the mutants fail where they must."""
        return np.array(
            [
                bool(self.failed[k, self.own(mutant)].sum() > 0)
                for k, mutant in enumerate(self.mutants)
            ]
        )


class Margin(NamedTuple):
    """How far right and wrong copies are apart, in units of the roundoff (max of K and kappa) u."""

    accepted: float
    largest_harmless: float
    harmless: str  # whose that is
    smallest_mistake: float  # over the mutants, of the largest error where they must be caught
    mistake: str


class Diagnosis(NamedTuple):
    """How often the report names the mistake, of how many that were caught."""

    quantity: int  # the quantity that is wrong first
    quantity_of: int
    step: int  # that of single steps from certified states, of replays
    step_of: int
    cause: int  # the flag that holds all failures, where one flag describes the mistake
    cause_of: int
    among_three: int  # that flag among the first three of the failures by flag


def _known(records):
    """Mutant of each record; one that is no longer here only has a name."""
    mutants = {mutant.name: mutant for mutant in (*MUTANTS, *VARIANTS)}
    return [
        mutants.get(record["name"], Mutant(record["name"], "", "", "", "")) for record in records
    ]


def compute(records=None):
    """The matrix of the kept records, or of others.

    Parameters
    ----------
    records : list of dict, optional
        Of `figures.verify.kept_trials.trials`.

    Returns
    -------
    Matrix

    Raises
    ------
    StateError
        If the file of the records is missing.
    """
    records = kept_trials.read() if records is None else records
    columns = dict.fromkeys(
        (family, tier)
        for record in records
        for family, cell in record["families"].items()
        for tier in cell["tiers"]
    )
    order = {column: k for k, column in enumerate(sorted(columns, key=_place))}
    failed, judged = np.zeros((2, len(records), len(order)), dtype=int)
    largest = np.zeros((len(records), len(order)))
    for k, record in enumerate(records):
        for family, cell in record["families"].items():
            for tier, counts in cell["tiers"].items():
                at = k, order[family, tier]
                failed[at], judged[at] = counts["failed"], counts["judged"]
                largest[at] = counts["largest"]
    return Matrix(tuple(order), tuple(_known(records)), failed, judged, largest, tuple(records))


def _place(column):
    """Single answers before replays, those before whatever else there is."""
    family, tier = column
    tiers = (OP, vectors.REPLAY)
    return tiers.index(tier) if tier in tiers else len(tiers), family


def told(data, k):
    """The first failure of a mutant where it must be caught, as the report tells it; or None."""
    mutant = data.mutants[k]
    cell = data.records[k]["families"].get(mutant.family, {})
    return cell.get("failures", {}).get(mutant.tier)


def table(data):
    """A row for each mutant: its mistake, where it is caught, and what the report says first.

    Returns
    -------
    list of dict
        `mutant`, `mistake`, `source`, `caught in` (failed of judged cases, by family and tier),
        `first case`, `quantity` and `report` (where it shows, and what it looks like).
    """
    rows = []
    for k, mutant in enumerate(data.mutants):
        if mutant.harmless:
            continue
        where = [
            f"{family} {tier}: {data.failed[k, c]} of {data.judged[k, c]}"
            for c, (family, tier) in enumerate(data.columns)
            if data.failed[k, c]
        ]
        first = told(data, k)
        rows.append(
            {
                "mutant": mutant.name,
                "mistake": mutant.mistake,
                "source": f"{mutant.file}.py",
                "caught in": "; ".join(where) or f"not caught: {mutant.gap}",
                "first case": first["id"] if first else "",
                "quantity": first["field"] or first["problem"] if first else "",
                "report": _prose(first["sentences"]) if first else "",
            }
        )
    return rows


def _prose(sentences):
    """The sentences of a report as one text."""
    return " ".join(f"{words[0].upper()}{words[1:].removesuffix('.')}." for words in sentences)


def variants(data):
    """A row for each harmless variant: what is done otherwise, and its largest error.

    Returns
    -------
    list of dict
        `variant`, `done otherwise`, `passed` cases and `largest error`, where 64 is accepted.
    """
    return [
        {
            "variant": mutant.name,
            "done otherwise": mutant.mistake,
            "passed": int(data.judged[k].sum() - data.failed[k].sum()),
            "largest error": float(data.largest[k].max()),
        }
        for k, mutant in enumerate(data.mutants)
        if mutant.harmless
    ]


def gaps(data):
    """A row for each mutant that no case catches: its mistake, and which case is missing."""
    return [
        {"mutant": mutant.name, "mistake": mutant.mistake, "why": mutant.gap}
        for mutant, caught in zip(data.mutants, data.caught, strict=True)
        if not mutant.harmless and not caught
    ]


def margin(data):
    """The largest error of a harmless variant beside the smallest of a mistake."""
    right, wrong = [], []
    for k, mutant in enumerate(data.mutants):
        if mutant.harmless:
            right.append((float(data.largest[k].max()), mutant.name))
        elif data.caught[k]:
            error = float(data.largest[k, data.own(mutant)].max())
            # Where it is caught by name alone, as by an error that is not raised, it has no size.
            if error > compare.MARGIN:
                wrong.append((error, mutant.name))
    (largest, harmless), (smallest, mistake) = max(right), min(wrong)
    return Margin(compare.MARGIN, largest, harmless, smallest, mistake)


CAUSE = re.compile(r"cases that are '([a-z0-9-]+)'(?: or '([a-z0-9-]+)')?:")


def diagnosis(data):
    """How often the first failure's report names the quantity and the kind of the mistake."""
    counts = dict.fromkeys(Diagnosis._fields, 0)
    for k, mutant in enumerate(data.mutants):
        first = told(data, k)
        if mutant.harmless or first is None:
            continue
        counts["quantity_of"] += 1
        # Where an error should have come, no quantity is wrong.
        counts["quantity"] += (first["field"] or "error") == mutant.part
        if "single_steps" in first and first["single_steps"]["fields"]:
            counts["step_of"] += 1
            counts["step"] += next(iter(first["single_steps"]["fields"])) == mutant.part
        if mutant.flag:
            named = [found for found in map(CAUSE.search, first["sentences"]) if found]
            cause = {flag for found in named for flag in found.groups()}
            shares = data.records[k]["families"][mutant.family]["flags"]
            ranked = sorted(shares, key=lambda flag: (-_share(shares[flag]), -shares[flag][0]))
            counts["cause_of"] += 1
            counts["cause"] += mutant.flag in cause
            counts["among_three"] += mutant.flag in ranked[:3]
    return Diagnosis(**counts)


def _share(pair):
    failed, judged = pair
    return failed / judged


# --------------------------------------------------------------------------------- the picture

LOOKS = {
    "own": (style.BLUE, "o", "where they must be caught"),
    "other": (style.AMBER, "s", "elsewhere, as a consequence"),
    "passes": (style.GREY, ".", "harmless variants, which pass"),
}
SMALLEST, ROW = 6.0, 0.185  # area of a mark, height of a row in inches
HARMLESS = "harmless variants"


def group(mutant):
    """The source that a mutant changes, in a word; of the harmless ones, that they are.

    Examples
    --------
    >>> group(MUTANTS[0]), group(VARIANTS[0])
    ('regression', 'harmless variants')
    """
    return HARMLESS if mutant.harmless else mutant.file.rpartition("/")[2]


def grouped(data):
    """Group -> the numbers of its mutants, in the order in which they stand; harmless ones last."""
    found = {}
    for k, mutant in enumerate(data.mutants):
        found.setdefault(group(mutant), []).append(k)
    if HARMLESS in found:
        found[HARMLESS] = found.pop(HARMLESS)
    return found


@style.use()
def draw(data):
    """A row for each source, and in each column how many of its mutants fail cases there."""
    rows = grouped(data)
    figure, ax = style.subplots(height=ROW * len(rows) + 1.9)
    for y, (name, members) in enumerate(rows.items()):
        own = np.any([data.own(data.mutants[k]) for k in members], axis=0)
        fail = (data.failed[members] > 0).sum(axis=0)
        for c in np.flatnonzero(fail if name != HARMLESS else data.judged[members].sum(axis=0)):
            kind = "own" if own[c] else "passes" if name == HARMLESS and not fail[c] else "other"
            color, marker, _ = LOOKS[kind]
            size = SMALLEST + 42.0 * np.sqrt(fail[c] / len(members))
            ax.scatter([c], [y], size, color=color, marker=marker, linewidths=0)
            said = f"{fail[c]}" if fail[c] else f"0 of {len(members)}"
            ax.annotate(said, (c, y), (6, 0), textcoords="offset points", fontsize=6.5, va="center")
    labels = [f"{name} ({len(members)})" for name, members in rows.items()]
    ax.set_yticks(range(len(rows)), labels, fontsize=7.0)
    columns = [family if tier == OP else f"{family}, {tier}" for family, tier in data.columns]
    ax.set_xticks(range(len(columns)), columns, fontsize=7.0, rotation=40, ha="left")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xlim(-0.6, len(columns) - 0.2)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    handles = [
        Line2D([], [], color=color, marker=marker, linestyle="none", label=label)
        for kind, (color, marker, label) in LOOKS.items()
        if kind != "passes" or data.harmless.any()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    wrong = ~data.harmless
    caught = int(np.sum(data.caught & wrong))
    per_column = "; ".join(
        f"{family} ({tier}) {int(np.sum(data.failed[wrong, c] > 0))}"
        for c, (family, tier) in enumerate(data.columns)
    )
    missing = [row["mutant"] for row in gaps(data)]
    passing = int(np.sum((data.failed.sum(axis=1) == 0) & data.harmless))
    sources = len(grouped(data)) - bool(data.harmless.any())
    return (
        f"Matrix of {int(wrong.sum())} wrong copies of the package, a row for each of {sources} "
        "sources that they change, against the families of the reference outputs: how many of a "
        f"row's copies fail cases there, and a mark that grows with their share. {caught} are "
        f"caught where they must be. Mutants that fail cases, by family and tier: {per_column}. "
        + (f"Not caught: {', '.join(missing)}. " if missing else "")
        + f"{passing} of {int(data.harmless.sum())} harmless variants pass every case."
    )
