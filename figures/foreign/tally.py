"""What the runs on foreign problems come to: excesses, means, differences, goals."""

from typing import NamedTuple

import numpy as np

from .rivals import CHOSEN, SHOWN, UNTUNED
from .trials import LOOKS, read

# Excess by first excess is clipped to these.
LEAST, MOST = 1e-12, 1e2
# Lower than so many times the first value, in size, a function counts as unbounded below.
BOTTOM = 1e10


class Row(NamedTuple):
    """One problem under one noise."""

    problem: str
    kind: str  # "exact", "noisy", "heavy", "correlated", "minibatch" or "interpolating"
    size: float
    seed: int

    @property
    def name(self):
        """As tables have it.

        Examples
        --------
        >>> Row("BEALE", "noisy", 0.1, 0).name, Row("iris, network", "minibatch", 0.0, 2).name
        ('BEALE, noisy 10 %', 'iris, network, minibatch, seed 2')
        """
        said = f" {self.size:.0%}".replace("%", " %") if self.size else ""
        seed = f", seed {self.seed}" if self.kind in ("minibatch", "interpolating") else ""
        return f"{self.problem}, {self.kind}{said}{seed}"


class Foreign(NamedTuple):
    """Excess by first excess, clipped, of every row that counts."""

    rows: tuple  # of Row
    rivals: tuple  # of str, as in `rivals.SHOWN`
    looks: tuple
    # (rows, rivals, looks); of several settings the best at each look, which flatters whoever has
    # several; NaN where a method has no such row.
    excess: np.ndarray
    diverged: np.ndarray  # (rows, rivals), whether all that is told of the row ended so
    unbounded: tuple  # names of the problems that have no lowest value
    settled: tuple  # names of those that begin at their lowest

    def column(self, name, look=-1):
        """Decimal logarithms of a method's excesses."""
        return np.log10(self.excess[:, self.rivals.index(name), look])

    def of(self, group="all"):
        """Which rows are of a group of `GROUPS`."""
        return np.array([row.kind in GROUPS[group] for row in self.rows])


GROUPS = {
    "all": ("exact", "noisy", "heavy", "correlated", "minibatch", "interpolating"),
    "noise-free": ("exact",),
    "noisy": ("noisy", "heavy", "correlated"),
    "minibatch": ("minibatch", "interpolating"),
    "Gaussian": ("noisy",),
    "heavy-tailed": ("heavy",),
    "correlated": ("correlated",),
    "interpolating": ("interpolating",),
}
JUDGED = ("noise-free", "noisy", "minibatch")


def arrange(records):
    """What is told of the records."""
    rows, excess, diverged, unbounded, settled = [], [], [], [], []
    for one in records:
        first = float(one["first"])
        found = {
            name: [_values([runs[k] for runs in every]) for k in range(len(one["rows"]))]
            for name, every in one["values"].items()
        }
        reached = [row.min() for runs in found.values() for row in runs if row is not None]
        # Values are without noise, so whatever a run has reached is there to be reached.
        bottom = min(float(one["lowest"]), *map(float, reached))
        if not bottom > -BOTTOM * max(1.0, abs(first)):
            unbounded.append(one["problem"])
            continue
        if not first - bottom > LEAST * max(1.0, abs(first)):
            settled.append(one["problem"])
            continue
        for k, row in enumerate(one["rows"]):
            rows.append(Row(one["problem"], *row))
            told = [_best(found[of][k], which) for _, of, which in SHOWN]
            excess.append(
                [np.clip((best - bottom) / (first - bottom), LEAST, MOST) for best in told]
            )
            diverged.append([np.isinf(best[-1]) for best in told])
    return Foreign(
        tuple(rows),
        tuple(name for name, _, _ in SHOWN),
        LOOKS,
        np.array(excess),
        np.array(diverged),
        tuple(unbounded),
        tuple(settled),
    )


def _values(kept):
    """Values of one row, (settings, looks); None where there is no such row."""
    return None if None in kept else np.array([[float(x) for x in run] for run in kept])


def _best(values, which):
    """The values at the looks of one setting, or the best of all at each."""
    if values is None:
        return np.full(len(LOOKS), np.nan)
    return values.min(axis=0) if which is None else values[which]


def compute(records=None):
    """The rows of the kept records, or of others."""
    return arrange(read() if records is None else records)


def mean(data, group="all", look=-1):
    """Mean decimal logarithm of each method's excess over the rows of a group; NaN without one."""
    return np.log10(data.excess[data.of(group), :, look]).mean(axis=0)


def below(data, level, group="all", look=-1):
    """Share of the rows of a group, as far as it has them, in which a method is below a level."""
    excess = data.excess[data.of(group), :, look]
    # NaN, not a warning, where it has none.
    there = np.where(np.isfinite(excess).any(axis=0), np.isfinite(excess).sum(axis=0), np.nan)
    return np.sum(excess < level, axis=0) / there


def lower(data, name="ogr", look=-1):
    """Share of the rows in which a method is lower than each of the others; ties count half."""
    excess = data.excess[:, :, look]
    own = excess[:, [data.rivals.index(name)]]
    there = np.isfinite(excess)
    return np.sum(((own < excess) + 0.5 * (own == excess)) * there, axis=0) / there.sum(axis=0)


class Difference(NamedTuple):
    """Mean difference of two methods' decimal logarithms, below 0 where the first is better."""

    mean: float
    # Standard error, as the problems were other ones: rows of one problem stand and fall together.
    error: float


def difference(data, one, other, group="all", look=-1):
    """The paired difference of two methods, or of arrays in their place, over a group of rows."""
    columns = [data.column(c, look) if isinstance(c, str) else c for c in (one, other)]
    chosen = data.of(group) & np.isfinite(columns[0] - columns[1])
    apart = (columns[0] - columns[1])[chosen]
    problems = np.array([row.problem for row in data.rows])[chosen]
    each = [np.sum(apart[problems == name] - apart.mean()) for name in dict.fromkeys(problems)]
    P = len(each)
    error = np.sqrt(np.sum(np.square(each)) * P / max(P - 1, 1)) / apart.size
    return Difference(float(apart.mean()), float(error))


def chosen_afterwards(data, names=CHOSEN, look=-1):
    """Decimal logarithms of the method that is best on each problem, chosen when all is known."""
    columns = np.array([data.column(name, look) for name in names])
    problems = np.array([row.problem for row in data.rows])
    found = np.empty(len(data.rows))
    for name in dict.fromkeys(problems):
        own = problems == name
        found[own] = columns[np.argmin(columns[:, own].mean(axis=1))][own]
    return found


def worst(data, name="ogr", count=10, others=UNTUNED, look=-1):
    """Row and decimal logarithm where a method ends highest.

    Of many at the end of the scale, those first on which the best of the others is lowest.
    """
    own = data.column(name, look)
    best = np.min([data.column(other, look) for other in others], axis=0)
    return [(data.rows[k], float(own[k])) for k in np.lexsort((best, -own))[:count]]


def behind(data, others, name="ogr", decades=1.0, look=-1):
    """Row, decades and the best of some others, where it is so far below a method; worst first."""
    columns = np.array([data.column(other, look) for other in others])
    best = columns.min(axis=0)
    apart = data.column(name, look) - best
    order = [k for k in np.argsort(-apart, kind="stable") if apart[k] >= decades]
    return [(data.rows[k], float(apart[k]), others[np.argmin(columns[:, k])]) for k in order]


class Goal(NamedTuple):
    """What the default was asked to reach, and what it has reached."""

    asked: str
    group: str
    own: float
    other: float
    whose: str
    met: bool


def goals(data, name="ogr", look=-1):
    """The goals of the default, judged.

    A mean below every untuned rival's, in each group; below that of the best of `CHOSEN`, chosen on
    each problem afterwards; and as often below a tenth of the first excess as tuned Adam.
    """
    own, found = data.rivals.index(name), []
    afterwards = chosen_afterwards(data, look=look)
    for group in JUDGED:
        means = dict(zip(data.rivals, mean(data, group, look), strict=True))
        whose = min(UNTUNED, key=means.get)
        met = bool(means[name] < means[whose])
        found.append(
            Goal("mean below every untuned rival's", group, means[name], means[whose], whose, met)
        )
    for group in ("all", *JUDGED):
        ours, theirs = mean(data, group, look)[own], afterwards[data.of(group)].mean()
        found.append(
            Goal(
                "mean below the best of four, chosen afterwards",
                group,
                float(ours),
                float(theirs),
                ", ".join(CHOSEN),
                bool(ours < theirs),
            )
        )
    share = below(data, 1e-1, look=look)
    adam = "Adam, best of 7"
    ours, theirs = share[own], share[data.rivals.index(adam)]
    asked = "as often below a tenth as tuned Adam"
    found.append(Goal(asked, "all", float(ours), float(theirs), adam, bool(ours >= theirs)))
    return found
