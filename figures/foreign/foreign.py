"""The default against untuned rivals on problems that nobody here wrote.

``python -m figures.regenerate foreign`` makes the file of results, with the extra `rivals`. Each
method of each problem is a file of its own in the cache: one that is added, or has changed, is
computed alone.
"""

import hashlib
import inspect
import json
from typing import NamedTuple

import joblib
import numpy as np
import scipy.optimize
from tqdm import tqdm

from refimpl import optimizers
from refimpl._outside import as_path

from .. import kept_results, style
from .problems import BATCH, DATA, DEAR, cutest_names, half, problem
from .rivals import CHOSEN, RIVALS, SHOWN, UNTUNED

RESULTS = kept_results.FOLDER / "foreign.json"
# Steps after which a run is looked at; a run does not know how long it will be.
LOOKS = (50, 200)
# Kind and size of the noise of CUTEst's rows. The size is the deviation of each coordinate, in
# units of the root mean square of the first gradient; of `heavy`, it multiplies Student's t.
NOISES = (("exact", 0.0), ("noisy", 0.01), ("noisy", 0.1), ("heavy", 0.1), ("correlated", 0.1))
# Degrees of freedom of `heavy`, whose variance is infinite; lag-one correlation of `correlated`.
FREEDOM, MEMORY = 2, 0.9
# One run of each of CUTEst's rows: what varies is the problem. Of the few data sets, several.
SEEDS, DATA_SEEDS = (0,), (0, 1, 2, 3)
# Excess by first excess is clipped to these.
LEAST, MOST = 1e-12, 1e2
# Farther from the start, in units of the larger of 1 and its length, a run has diverged.
BALL = 1e8
# Lower than so many times the first value, in size, a function counts as unbounded below.
BOTTOM = 1e10
SOLVERS, ITERATIONS = ("BFGS", "L-BFGS-B"), 300
# What a function raises where it cannot be computed.
BEYOND = (ArithmeticError, ValueError)


def steps_of(rival, setting, given, noisy, looks=LOOKS):
    """Values at the looks, infinite after a run has diverged."""
    found = []
    with np.errstate(all="ignore"):
        if rival.line_search:
            return rival.make(given.value, given.gradient, given.x0, looks)
        limit = BALL * max(1.0, float(np.linalg.norm(given.x0)))
        method, x = rival.make(given.x0.copy(), **setting), given.x0
        for k in range(looks[-1]):
            try:
                g = noisy(k, x)
                if not np.isfinite(g).all():
                    break
                x = method.step(g)
                if not np.linalg.norm(x) <= limit:
                    break
                if k + 1 in looks:
                    value = given.value(getattr(method, "told", x))
                    found.append(np.inf if np.isnan(value) else value)
            except BEYOND:
                break
    return found + [np.inf] * (len(looks) - len(found))


def gradients(given, kind, size, seed, steps=LOOKS[-1]):
    """The noisy gradient of a row, a function of the step and the position."""
    drawn = hashlib.sha256(f"{given.name}, {kind}".encode()).digest()
    rng = np.random.default_rng([seed, *drawn[:8]])
    if kind == "exact":
        return lambda k, x: given.gradient(x)
    if kind in ("minibatch", "interpolating"):
        picked = rng.integers(0, given.records, (steps, BATCH))
        return lambda k, x: given.of_records(x, picked[k])
    if kind == "heavy":
        added = rng.standard_t(FREEDOM, (steps, given.x0.size))
    else:
        added = rng.standard_normal((steps, given.x0.size))
    if kind == "correlated":
        for k in range(1, steps):
            added[k] = MEMORY * added[k - 1] + np.sqrt(1.0 - MEMORY**2) * added[k]
    added *= size * np.sqrt(np.mean(given.gradient(given.x0) ** 2))
    return lambda k, x: given.gradient(x) + added[k]


def rows(given):
    """Kind of noise, its size and the seed of each row of a problem."""
    if given.records:
        kind = "interpolating" if given.name.endswith("interpolating") else "minibatch"
        return [("exact", 0.0, 0), *((kind, 0.0, seed) for seed in DATA_SEEDS)]
    if given.name in DEAR:
        return [("exact", 0.0, 0)]
    return [(*noise, seed) for noise in NOISES for seed in (SEEDS if noise[1] else (0,))]


def lowest(given):
    """The lowest value that SciPy's solvers reach from the start."""
    found = []
    for solver in SOLVERS:
        with np.errstate(all="ignore"):
            try:
                end = scipy.optimize.minimize(
                    given.value,
                    given.x0,
                    jac=given.gradient,
                    method=solver,
                    options={"maxiter": ITERATIONS, "gtol": 1e-14},
                )
            except (ValueError, OverflowError, FloatingPointError):
                continue
        if np.isfinite(end.fun) or end.fun == -np.inf:
            found.append(float(end.fun))
    return min(found, default=np.inf)


def facts(name):
    """What is known of a problem before any method has seen it."""
    given = problem(name)
    return {
        "problem": name,
        "group": given.group,
        "half": given.half,
        "dimension": given.x0.size,
        "first": number(given.value(given.x0)),
        "lowest": number(lowest(given)),
        "rows": [list(row) for row in rows(given)],
    }


def runs(name, rival, setting, looks=LOOKS):
    """Of each row of a problem, the values at the looks; None where there is no such row."""
    given = problem(name)
    found = []
    for kind, size, seed in rows(given):
        if rival.line_search and kind != "exact":
            found.append(None)
            continue
        noisy = gradients(given, kind, size, seed, looks[-1])
        found.append([number(x) for x in steps_of(rival, setting, given, noisy, looks)])
    return found


def number(x):
    """A float of 14 digits, or an infinity as a word, as JSON has none."""
    return float(f"{x:.14g}") if np.isfinite(x) else ("inf" if x > 0 else "-inf")


def names(chosen="page"):
    """Names of the problems of a half, in their order."""
    return [name for name in (*cutest_names(), *DATA) if half(name) == chosen]


def compute_results(cache=None, jobs=1, progress=None, chosen="page"):
    """The records of a half; what is finished is taken from the cache, if there is one."""
    wanted = names(chosen)
    # All problems of one method before the next: what is interrupted compares fewer methods.
    parts = [(None, None, name) for name in wanted]
    parts += [(of, one, name) for of in RIVALS for one in of.settings for name in wanted]
    folder = None if cache is None else as_path(cache) / "foreign"
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)

    def part(rival, setting, name):
        path = None if folder is None else folder / f"{_digest(rival, setting, name)}.json"
        found = None if path is None else kept_results.finished(path)
        if found is None:
            found = facts(name) if rival is None else runs(name, rival, setting)
            if path is not None:
                kept_results.finish(path, found)
        return found

    tasks = (joblib.delayed(part)(*one) for one in parts)
    done = joblib.Parallel(n_jobs=jobs, return_as="generator")(tasks)
    done = list(tqdm(done, total=len(parts), unit="part", disable=not progress))
    found = {name: {} for name in wanted}
    for (rival, _, name), one in zip(parts, done, strict=True):
        if rival is None:
            found[name] = one | {"values": {of.name: [] for of in RIVALS}}
        else:
            found[name]["values"][rival.name].append(one)
    return list(found.values())


def _digest(rival, setting, name):
    """Of all that a part depends on, but for the packages' versions.

    Of our own methods the file of the step counts as well, not the pieces that it calls: where one
    of these has changed, delete the folder.
    """
    asked = [name, LOOKS, NOISES, FREEDOM, MEMORY, SEEDS, DATA_SEEDS, BATCH, BALL]
    if name in DEAR:
        asked.append("the noise-free row alone")
    if rival is None:
        asked += [SOLVERS, ITERATIONS]
    else:
        asked += [rival.name, [setting]]
        own = setting.get("method", rival.name)
        if own in optimizers.METHODS:
            asked.append(inspect.getsource(inspect.getmodule(optimizers.get(own).step)))
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


def write(records, path=RESULTS):
    """Keep the records, a method a line."""

    def block(one):
        head = {name: value for name, value in one.items() if name != "values"}
        lines = ",\n  ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in one["values"].items())
        return f'{json.dumps(head)[:-1]}, "values": {{\n  {lines}}}}}'

    kept_results.write(map(block, records), path, kept_results.command("foreign"))


def read(path=RESULTS):
    """The kept records.

    Raises
    ------
    StateError
        If the file is missing.
    """
    return kept_results.read(path, kept_results.command("foreign"))


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
    """Share of the rows of a group in which each method comes below a level."""
    return np.mean(data.excess[data.of(group), :, look] < level, axis=0)


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


def worst(data, name="ogr", count=10, look=-1):
    """Row and decimal logarithm where a method ends highest."""
    own = data.column(name, look)
    return [(data.rows[k], float(own[k])) for k in np.argsort(-own, kind="stable")[:count]]


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


COLORS = {
    "Rprop": "#0b8ea3",
    "DoWG": "#7466d6",
    "COCOB": "#bb7102",
    "Prodigy": "#4f8f2f",
    "Adam, best of 7": "#8a5a44",
}


@style.use()
def draw(data):
    """A panel for each group that is judged: the share of rows below each level."""
    figure, axes = style.subplots(1, len(JUDGED), height=3.6, sharey=True)
    levels = np.logspace(-12, 0, 121)
    for group, ax in zip(JUDGED, axes, strict=True):
        chosen = data.of(group)
        for name, color in {**COLORS, "ogr": style.look("ogr").color}.items():
            own = data.excess[chosen, data.rivals.index(name), -1]
            share = [np.mean(own <= level) for level in levels]
            ax.plot(
                levels,
                share,
                color=color,
                linewidth=2.6 if name == "ogr" else 1.4,
                linestyle="--" if name.endswith("7") else "-",
                label=name,
            )
        ax.set(xscale="log", xlim=(1e-12, 1.0), ylim=(0.0, 1.0))
        ax.set_title(f"{group}: {chosen.sum()} rows", loc="left")
        ax.set_xlabel("excess / first excess")
    axes[0].set_ylabel("share of rows below")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return figure


def alt(data):
    """What the picture shows, in words."""
    shown = [data.rivals.index(name) for name in ("ogr", *COLORS)]
    words = ["Share of rows whose excess is below a level, against that level, three panels."]
    for group in JUDGED:
        for level, said in ((1e-1, "a tenth"), (1e-3, "a thousandth"), (1e-6, "a millionth")):
            share = below(data, level, group)
            counts = ", ".join(f"{data.rivals[k]} {share[k]:.0%}" for k in shown)
            words.append(f"{group}, below {said} of the first excess: {counts}.")
    return " ".join(words)
