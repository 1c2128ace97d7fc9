"""A small network trained on two data sets by the book's methods: loss and accuracy, and the price.

``python -m figures.regenerate training`` tunes and runs everything and keeps what was found.
"""

import hashlib
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from refimpl import partitions
from refimpl._outside import as_path, bar
from refimpl.network import Model, Network, digits, two_moons
from refimpl.runs.experiments import cells
from refimpl.runs.experiments.training import train

from .. import kept_results, style

RESULTS = kept_results.FOLDER / "training.json"
COMMAND = kept_results.command("training")
STEPS, EVERY, EARLY = 200, 4, 20
# The seeds of the tuning are not those of the report.
TUNING, SEEDS = range(100, 103), range(11)


class Task(NamedTuple):
    """A data set, a network for it and the size of a minibatch."""

    data: object  # a function of a generator
    widths: tuple
    batch: int


TASKS = {
    "digits": Task(digits, (64, 32, 10), 64),
    "two moons": Task(two_moons, (2, 16, 16, 2), 32),
}


class Row(NamedTuple):
    """One method, with the grid on which it is tuned."""

    method: str
    grid: tuple = ({},)  # of dictionaries
    fixed: tuple = ()  # pairs
    groups: str = ""  # a partition


def product(**values):
    """All combinations, as dictionaries; a name of several hyperparameters holds their tuples."""
    found = []
    for chosen in itertools.product(*values.values()):
        one = {}
        for name, value in zip(values, chosen, strict=True):
            names = name.split("__")
            one |= dict(zip(names, value if len(names) > 1 else (value,), strict=True))
        found.append(one)
    return tuple(found)


PAIRS = ((0.9, 0.999), (0.8, 0.9))
OF_GROUPS = product(damping=(0.1, 0.3, 1.0), strength=(0.1, 1.0, 10.0, 100.0))
ALONG_ADAM = (("direction", "adam"), ("beta1", 0.9), ("beta2", 0.999))
ALONG_MOMENTUM = (("direction", "momentum"), ("gamma", 0.1))
GROUPED, SAFE = "grouped_newton", "grouped_newton_safeguarded"

# Names of rows; the words after a comma tell variants of a method apart.
ROWS = {
    "momentum": Row(
        "momentum",
        product(alpha=(0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8), gamma=(0.1, 0.5)),
    ),
    "Adam": Row(
        "adam",
        product(alpha=(0.001, 0.003, 0.01, 0.02, 0.04, 0.08, 0.16, 0.3), beta1__beta2=PAIRS),
    ),
    "cdOGR": Row("cdogr", product(eta=(0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.7))),
    "online SFN": Row(
        "online_sfn",
        product(alpha=(0.003, 0.01, 0.03, 0.1), cut=(0.03, 0.1, 0.3, 1.0)),
        (("dimension", 10),),
    ),
    "ogr": Row("ogr"),
    "grouped": Row(GROUPED, OF_GROUPS, (), "by_tensor"),
    "grouped, momentum": Row(GROUPED, OF_GROUPS, ALONG_MOMENTUM, "by_tensor"),
    "grouped, Adam": Row(GROUPED, OF_GROUPS, ALONG_ADAM, "by_tensor"),
    "grouped, safeguarded": Row(SAFE, OF_GROUPS, (), "by_tensor"),
    "grouped, Adam, safeguarded": Row(SAFE, OF_GROUPS, ALONG_ADAM, "by_tensor"),
    "grouped, no cross terms": Row(GROUPED, OF_GROUPS, (("diagonal", True),), "by_tensor"),
    "grouped, Adam, no cross terms": Row(
        GROUPED, OF_GROUPS, (*ALONG_ADAM, ("diagonal", True)), "by_tensor"
    ),
    "grouped, one group": Row(GROUPED, OF_GROUPS, (), "whole"),
    "grouped, weights and biases": Row(GROUPED, OF_GROUPS, (), "weights_and_biases"),
    "grouped, two blocks": Row(GROUPED, OF_GROUPS, (), "two_blocks"),
    "grouped, Adam, one group": Row(GROUPED, OF_GROUPS, ALONG_ADAM, "whole"),
    "grouped, Adam, every 10 steps": Row(
        GROUPED, OF_GROUPS, (*ALONG_ADAM, ("period", 10)), "by_tensor"
    ),
}
RIVALS = ("momentum", "Adam", "cdOGR", "online SFN", "ogr", "grouped", "grouped, Adam")
# How they are drawn: methods have their looks, directions of one method differ in these.
LOOKS = {"grouped": SAFE, "grouped, Adam": GROUPED}


def partition(name, shapes):
    """A partition by its name, as tuples of numbers."""
    if name == "two_blocks":
        groups = partitions.blocks(shapes, 2)
    else:
        groups = getattr(partitions, name)(shapes)
    return tuple(tuple(map(int, group)) for group in groups)


def model(task, seed):
    """The network of a task with data that belong to a seed."""
    return Model(Network(task.widths), task.data(np.random.default_rng([seed, 0])))


@threadpool_limits.wrap(limits=1, user_api="blas")
def run(task, row, chosen, seed, steps=STEPS, every=EVERY):
    """One training run of a row, by one thread: with more, products of matrices round otherwise."""
    given = dict(row.fixed) | chosen
    trained = model(task, seed)
    if row.groups:
        given["groups"] = partition(row.groups, trained.network.shapes)
    return train(
        trained,
        row.method,
        steps=steps,
        batch=task.batch,
        rng=np.random.default_rng([seed, 1]),
        every=every,
        **given,
    )


# ------------------------------------------------------------------------------------- results


def score(task, row, chosen, seeds=TUNING, steps=STEPS):
    """Geometric mean of the last training losses; infinite if a run diverged."""
    last = [run(task, row, chosen, seed, steps, every=steps).loss[-1] for seed in seeds]
    # A loss that underflowed would win; none does.
    return float(np.exp(np.mean(np.log(np.maximum(last, 1e-300)))))


def edges(grid, chosen):
    """Names of the tuned hyperparameters whose best value is the first or last that was tried."""
    found = []
    for name, value in chosen.items():
        tried = sorted({one[name] for one in grid})
        if len(tried) > 2 and value in (tried[0], tried[-1]):
            found.append(name)
    return found


def at_equal_cost(one, cost=STEPS):
    """Place in the history of the last look at which no more than this had been spent."""
    return int(np.searchsorted(one.equivalents, cost, side="right")) - 1


def rounded(values, digits=6):
    """Plain numbers with a few digits, infinities as words."""
    return ["inf" if np.isinf(v) else float(f"{v:.{digits}g}") for v in np.ravel(values)]


def record(data, name, tuning=TUNING, seeds=SEEDS, steps=STEPS, every=EVERY):
    """Tune one row on one data set, run it over the seeds, and keep what the page shows."""
    task, row = TASKS[data], ROWS[name]
    scores = [score(task, row, chosen, tuning, steps) for chosen in row.grid]
    chosen = row.grid[int(np.argmin(scores))]
    runs = [run(task, row, chosen, seed, steps, every) for seed in seeds]
    kept = {"data": data, "row": name, "chosen": chosen, "edges": edges(row.grid, chosen)}
    kept["scores"] = rounded(scores)
    kept["diverged"] = sum(one.diverged for one in runs)
    kept["step"] = runs[0].step.tolist()
    kept["equivalents"] = rounded(np.median([one.equivalents for one in runs], axis=0))
    for field in ("loss", "accuracy"):
        values = np.array([getattr(one, field) for one in runs])
        # Not an interpolating median: two infinite losses have no mean.
        for q, what in ((0.0, "low"), (0.5, "middle"), (1.0, "high")):
            found = np.quantile(values, q, axis=0, method="lower")
            kept[f"{field} {what}"] = rounded(found, 5)
        kept[f"last {field}"] = rounded(values[:, -1])
        equal = [getattr(one, field)[at_equal_cost(one, steps)] for one in runs]
        kept[f"equal {field}"] = rounded(equal)
    k = min(EARLY, steps) // every
    kept["early loss"] = rounded([one.loss[k] for one in runs], 9)
    return kept


def stamp(data, name):
    """Digest of all that a record depends on: sources of the package, the row, the data set."""
    task, row = TASKS[data], ROWS[name]
    facts = [cells.source_stamp(), data, task[1:], name, row, STEPS, EVERY, TUNING, SEEDS]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:20]


def _kept(data, name, folder):
    """The record, from the cache folder if it is there."""
    if folder is None:
        return record(data, name)
    path = Path(folder) / f"training-{stamp(data, name)}.json"
    found = kept_results.finished(path)
    if found is None:
        found = record(data, name)
        kept_results.finish(path, found)
    return found


def compute_results(cache=None, jobs=None, progress=None):
    """The records of all rows on all data sets, each kept in the cache folder when finished."""
    import joblib

    if cache is not None:
        cache = as_path(cache)
        cache.mkdir(parents=True, exist_ok=True)
    every = list(itertools.product(TASKS, ROWS))
    work = joblib.Parallel(n_jobs=jobs, return_as="generator")(
        joblib.delayed(_kept)(data, name, cache) for data, name in every
    )
    return list(bar(work, total=len(every), desc="rows", unit="row", progress=progress))


def write(records, path=RESULTS):
    """Keep records as JSON, a line for each field that is a list."""
    kept_results.write_fields(records, path, COMMAND)


def read(path=RESULTS):
    """The records of a file, as `figures.kept_results.read`."""
    return kept_results.read(path, COMMAND)


# ------------------------------------------------------------------------------- what is shown


class Curves(NamedTuple):
    """Medians and ranges over the seeds, at the looks."""

    step: np.ndarray  # (k,)
    equivalents: np.ndarray  # (k,)
    loss: np.ndarray  # (3, k), least, median, largest
    accuracy: np.ndarray  # (3, k)


class Results(NamedTuple):
    """Curves of the rivals, and the records they are of."""

    records: dict  # (data, row) -> record
    curves: dict  # (data, row) -> Curves


def numbers(values):
    """The array of what `rounded` has written."""
    return np.array([np.inf if v == "inf" else v for v in values])


def compute(records=None):
    """The kept results, or others.

    Parameters
    ----------
    records : list of dict, optional
        Of `compute_results`.

    Returns
    -------
    Results

    Raises
    ------
    StateError
        If the file of results is missing.
    """
    records = {(one["data"], one["row"]): one for one in (read() if records is None else records)}
    curves = {}
    for key, one in records.items():
        ranges = [
            np.array([numbers(one[f"{field} {what}"]) for what in ("low", "middle", "high")])
            for field in ("loss", "accuracy")
        ]
        curves[key] = Curves(np.array(one["step"]), numbers(one["equivalents"]), *ranges)
    return Results(records, curves)


def look(name):
    """Colour, dashes and marker of a row."""
    return style.look(LOOKS.get(name, ROWS[name].method))


@style.use()
def draw(data):
    """Loss and accuracy of both data sets, over steps at the left, over their cost at the right."""
    sets = list(dict.fromkeys(name for name, _ in data.curves))
    figure, axes = style.subplots(
        2 * len(sets), 2, height=4.6 * len(sets) + 0.8, sharex="col", squeeze=False
    )
    for k, name in enumerate(sets):
        for column, field in enumerate(("step", "equivalents")):
            upper, lower = axes[2 * k, column], axes[2 * k + 1, column]
            for row in RIVALS:
                if (name, row) not in data.curves:
                    continue
                curve = data.curves[name, row]
                color, dashes, marker = look(row)
                x = getattr(curve, field)
                for ax, y in ((upper, curve.loss), (lower, curve.accuracy)):
                    ax.fill_between(x, y[0], y[2], color=color, alpha=0.07, linewidth=0)
                    ax.plot(
                        x,
                        y[1],
                        color=color,
                        linestyle=dashes,
                        marker=marker,
                        markevery=max(len(x) // 6, 1),
                        label=row,
                    )
            upper.set(yscale="log", title=f"{name}: training loss" if column == 0 else "")
            lower.set(title="test accuracy" if column == 0 else "")
            lower.set_ylim(*((0.8, 1.0) if name == "digits" else (0.75, 1.0)))
            lower.tick_params(labelbottom=True)
            if field == "equivalents":
                for ax in (upper, lower):
                    ax.set_xlim(0, STEPS)
    axes[-1, 0].set_xlabel("steps")
    axes[-1, 1].set_xlabel("gradient-equivalents")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def alt(data):
    """What the picture shows, in words: the medians at the end and at equal cost."""
    said = [
        "Training loss and test accuracy of networks, over steps at the left and over "
        "gradient-equivalents at the right; lines are medians over the seeds, shades their range."
    ]
    for name in dict.fromkeys(one for one, _ in data.records):
        parts = []
        for row in RIVALS:
            if (name, row) in data.records:
                one = data.records[name, row]
                parts.append(
                    f"{row} {middle(one, 'last loss'):.2g} with accuracy "
                    f"{middle(one, 'last accuracy'):.3f}, and {middle(one, 'equal loss'):.2g} for "
                    f"the price of {STEPS} gradients"
                )
        said.append(f"On {name}, after {STEPS} steps the median loss is: {'; '.join(parts)}.")
    return " ".join(said)


def middle(one, field):
    """The lower median over the seeds."""
    return float(np.quantile(numbers(one[field]), 0.5, method="lower"))


def ranged(one, field, form):
    """Median and range over the seeds, as text."""
    values = numbers(one[field])
    return f"{middle(one, field):{form}} ({values.min():{form}} to {values.max():{form}})"


def table(data, name, rows=RIVALS):
    """Losses and accuracies of some rows on one data set, by row: plain text for a page."""
    found = {}
    for row in rows:
        one = data.records[name, row]
        found[row] = {
            f"loss, {STEPS} steps": ranged(one, "last loss", ".2g"),
            "accuracy": ranged(one, "last accuracy", ".3f"),
            "price of a step": f"{one['equivalents'][-1] / one['step'][-1]:.2f}",
            f"loss at the price of {STEPS} gradients": ranged(one, "equal loss", ".2g"),
            "accuracy there": ranged(one, "equal accuracy", ".3f"),
        }
        if any(data.records[name, other]["diverged"] for other in rows):
            found[row]["diverged"] = one["diverged"]
    return found


def tuned(data, name, rows=RIVALS):
    """What was tried, what was chosen, and whether it lies at an edge of the grid."""
    found = {}
    for row in rows:
        one, grid = data.records[name, row], ROWS[row].grid
        tried = {key: sorted({point[key] for point in grid}) for key in grid[0]}
        found[row] = {
            "grid": "; ".join(f"{k}: {', '.join(f'{v:g}' for v in vs)}" for k, vs in tried.items())
            or "not tuned",
            "chosen": ", ".join(f"{k} {v:g}" for k, v in one["chosen"].items()),
            "at an edge": ", ".join(one["edges"]),
        }
    return found


def wins(data, name, one, other, field="last loss"):
    """In how many seeds one row is better than another: lower loss, or higher accuracy."""
    a, b = (numbers(data.records[name, row][field]) for row in (one, other))
    return int(np.sum(a < b)) if field.endswith("loss") else int(np.sum(a > b))
