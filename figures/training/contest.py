"""Grouped Newton with averaged summaries against K-FAC, SOAP and others on two deep networks.

``python -m figures.regenerate contest`` tunes and runs everything and keeps what was found.
"""

import functools
import hashlib
import inspect
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from refimpl import _compile, optimizers
from refimpl._outside import as_path, bar
from refimpl.network import Batch, Data, Model, Network, digits, minibatches
from refimpl.outcomes import farthest, length
from refimpl.runs.experiments.training import gradient_products, train

from .. import kept_results
from ..kept_results import bare
from .kfac import KFAC
from .matrix_soap import MatrixSOAP
from .training import edges, middle, numbers, partition, product, rounded

RESULTS = kept_results.FOLDER / "contest.json"
COMMAND = kept_results.command("contest")
SHORT, LONG = 200, 2000
LOOKS = {SHORT: 4, LONG: 25}  # steps from one look to the next
BATCHES = (64, 16, 256)
# The seeds of the tuning, of which it sees the loss after the short run, are not those of the
# report.
TUNING, SEEDS = range(100, 102), range(11)
# What a record depends on besides this folder.
SOURCES = (
    *("linear_algebra", "network", "optimizers", "summary", "cubic", "regression.py"),
    "runs/experiments/training.py",
)


class Reconstruction(Model):
    """A network whose targets are its inputs; what counts is the variance that it explains."""

    def accuracy(self, theta, part="test"):
        """Share of the records' mean square that is explained."""
        records = getattr(self.data, part)
        return 1.0 - self.network.value(theta, records) / float(np.mean(records.inputs**2))


TASKS = {
    "eight layers": ((64, *7 * (32,), 10), "cross_entropy"),
    "autoencoder": ((64, 48, 24, 12, 6, 12, 24, 48, 64), "mse"),
}


class Row(NamedTuple):
    """One method, by its name or as a class with ``step(theta, batch)``, and its grid."""

    method: object
    grid: tuple = ({},)
    fixed: tuple = ()


ALONG_ADAM = (("direction", "adam"), ("beta1", 0.9), ("beta2", 0.999))
DAMPINGS = (0.1, 0.3)
ROWS = {
    "momentum": Row("momentum", product(alpha=(0.1, 0.3, 1.0, 3.0, 10.0, 30.0)), (("gamma", 0.1),)),
    "Adam": Row(
        "adam", product(alpha=(1e-3, 3e-3, 1e-2, 3e-2)), (("beta1", 0.9), ("beta2", 0.999))
    ),
    "ogr": Row("ogr"),
    "K-FAC": Row(
        KFAC,
        product(alpha=(3e-4, 1e-3, 3e-3, 1e-2, 3e-2), damping=(0.0001, 0.001, 0.01, 0.1)),
    ),
    "SOAP": Row(MatrixSOAP, product(alpha=(1e-3, 3e-3, 1e-2, 3e-2, 0.1))),
    "grouped": Row(
        "grouped_newton", product(damping=DAMPINGS, strength=(1.0, 10.0, 100.0)), ALONG_ADAM
    ),
    "grouped, averaged": Row(
        "grouped_newton",
        product(damping=DAMPINGS, strength=(10.0, 100.0), beta=(0.1, 0.3)),
        ALONG_ADAM,
    ),
    "grouped, every 10": Row(
        "grouped_newton",
        product(damping=DAMPINGS, strength=(1.0, 10.0, 100.0)),
        (*ALONG_ADAM, ("period", 10)),
    ),
    "grouped, averaged, every 10": Row(
        "grouped_newton",
        product(damping=DAMPINGS, strength=(10.0, 100.0), beta=(0.3, 0.6)),
        (*ALONG_ADAM, ("period", 10)),
    ),
}

CELLS = 2 * len(TASKS) * len(BATCHES) * len(ROWS)


def model(task, seed):
    """The network of a task, with digits split by the seed."""
    widths, loss = TASKS[task]
    data = digits(np.random.default_rng([seed, 0]))
    if loss == "mse":
        data = Data(*(Batch(part.inputs, part.inputs) for part in data))
        return Reconstruction(Network(widths, loss=loss), data)
    return Model(Network(widths, loss=loss), data)


class Seen(NamedTuple):
    """Looks at one run: steps made, cost until then, loss and accuracy; infinite once diverged."""

    step: np.ndarray
    equivalents: np.ndarray
    loss: np.ndarray
    accuracy: np.ndarray


@threadpool_limits.wrap(limits=1, user_api="blas")
def run(task, batch, row, chosen, seed, steps):
    """One run, by one thread."""
    trained, given = model(task, seed), dict(row.fixed) | chosen
    rng = np.random.default_rng([seed, 1])
    if not isinstance(row.method, str):
        return by_class(trained, row.method, given, batch, rng, steps)
    if row.method == "grouped_newton":
        given["groups"] = partition("by_tensor", trained.network.shapes)
    found = train(
        trained, row.method, steps=steps, batch=batch, rng=rng, every=LOOKS[steps], **given
    )
    spent = found.equivalents + found.step * own_products(row.method, given, trained.network, batch)
    return Seen(found.step, spent, found.loss, found.accuracy)


def own_products(method, given, network, batch):
    """What a step multiplies besides gradients and summaries, in gradients of a minibatch.

    Of `ogr` the products with its `d` directions, of these with each other in new scales, and their
    rotation; of grouped Newton the eigenvectors of its matrix and the products with them. What is
    done entry by entry is counted for nobody.
    """
    count = 0.0
    if method == "ogr":
        d = min(optimizers.bind(optimizers.get(method), {}).dimension, network.size)
        count = (3.0 * d * d + 14.0 * d) * network.size
    elif method == "grouped_newton":
        count = 10.0 * len(given["groups"]) ** 3 / given.get("period", 1)
    return count / (batch * gradient_products(network))


def by_class(trained, kind, given, batch, rng, steps):
    """The loop of `train` for a rival of matrices: the same start and the same minibatches."""
    network, records = trained.network, trained.data.train
    of_start, of_batches, of_rival = rng.spawn(3)
    theta = network.initial(of_start)
    batches = minibatches(len(records.inputs), batch, of_batches)
    rival, far, spent, looks = kind(network, of_rival, **given), farthest(theta), 0.0, []
    gone = False
    with np.errstate(all="ignore"):
        for step in range(steps + 1):
            if step % LOOKS[steps] == 0:
                loss = np.inf if gone else trained.value(theta)
                loss = loss if np.isfinite(loss) else np.inf
                looks.append((step, spent, loss, 0.0 if gone else trained.accuracy(theta)))
            if not gone and step < steps:
                try:
                    theta, cost = rival.step(theta, records.take(next(batches)))
                    spent += cost
                    gone = not length(theta) <= far
                except np.linalg.LinAlgError:
                    gone = True
    return Seen(*map(np.array, zip(*looks, strict=True)))


def at_price(one, field, price):
    """Loss or accuracy when this had been spent: between two looks on a line, of the loss's log."""
    values = getattr(one, field)
    with np.errstate(all="ignore"):
        if field == "accuracy":
            return float(np.interp(price, one.equivalents, values))
        found = float(np.exp(np.interp(price, one.equivalents, np.log(values))))
    return np.inf if np.isnan(found) else found


def tuned(task, batch, name, tuning=TUNING, steps=SHORT):
    """The best point of the grid by geometric means of the last losses, and all of these."""
    row, scores = ROWS[name], []
    for chosen in row.grid:
        last = [run(task, batch, row, chosen, seed, steps).loss[-1] for seed in tuning]
        scores.append(float(np.exp(np.mean(np.log(np.maximum(last, 1e-300))))))
    chosen = row.grid[int(np.argmin(scores))]
    return {"chosen": chosen, "edges": edges(row.grid, chosen), "scores": rounded(scores)}


def reported(task, batch, name, chosen, steps, seeds=SEEDS):
    """What the tables show of runs over the seeds."""
    runs = [run(task, batch, ROWS[name], chosen, seed, steps) for seed in seeds]
    kept = {"price": rounded([np.median([one.equivalents[-1] for one in runs])])[0]}
    for field in ("loss", "accuracy"):
        values = [getattr(one, field) for one in runs]
        kept[field] = rounded([one[-1] for one in values], 5)
        kept[f"equal {field}"] = rounded([at_price(one, field, steps) for one in runs], 5)
    return kept


@functools.cache
def sources():
    """What the package does, of all that a record depends on in it."""
    found = []
    for source in SOURCES:
        path = _compile.PACKAGE / source
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return "\n".join(bare(path.read_text("utf-8")) for path in found).encode()


def stamp(task, batch, name):
    """Digest of all that a record depends on: sources, functions of here, the row, the task."""
    digest, row = hashlib.sha256(), ROWS[name]
    digest.update(sources())
    for part in (model, run, own_products, by_class, at_price, tuned, reported):
        digest.update(bare(inspect.getsource(part)).encode())
    for part in (Reconstruction, Seen, edges, partition, rounded):
        digest.update(bare(inspect.getsource(part)).encode())
    method = row.method
    if not isinstance(method, str):
        digest.update(bare(Path(inspect.getfile(method)).read_text("utf-8")).encode())
        method = method.__name__
    facts = [task, TASKS[task], batch, name, method, row[1:], SHORT, LONG, LOOKS, TUNING, SEEDS]
    digest.update(repr(facts).encode())
    return digest.hexdigest()[:20]


def _kept(task, batch, name, steps, folder):
    """The record of one cell, from the cache folder if it is there; short ones tune."""
    kept = {"task": task, "batch": batch, "row": name, "steps": steps}

    def from_folder(what, compute):
        path = None if folder is None else Path(folder) / f"contest-{what}.json"
        found = None if path is None else kept_results.finished(path)
        if found is None:
            found = compute()
            if path is not None:
                kept_results.finish(path, found)
        return found

    digest = stamp(task, batch, name)
    best = from_folder(f"{digest}-tuned", lambda: tuned(task, batch, name))
    kept |= best
    return kept | from_folder(
        f"{digest}-{steps}", lambda: reported(task, batch, name, best["chosen"], steps)
    )


def compute_results(cache=None, jobs=None, progress=None):
    """The records of all cells, each kept in the cache folder when finished; short runs first."""
    import joblib

    if cache is not None:
        cache = as_path(cache)
        cache.mkdir(parents=True, exist_ok=True)
    every = list(itertools.product((SHORT, LONG), BATCHES, TASKS, ROWS))
    work = joblib.Parallel(n_jobs=jobs, return_as="generator")(
        joblib.delayed(_kept)(task, batch, name, steps, cache) for steps, batch, task, name in every
    )
    return list(bar(work, total=len(every), desc="cells", unit="cell", progress=progress))


def write(records, path=RESULTS):
    """Keep records as JSON, a line for each field that is a list."""
    kept_results.write_fields(records, path, COMMAND)


def read(path=RESULTS):
    """The records of a file, by steps, task, batch and row."""
    records = kept_results.read(path, COMMAND)
    return {(one["steps"], one["task"], one["batch"], one["row"]): one for one in records}


def column(task, batch):
    """The head of a column; a long word may be parted."""
    return f"{task}, {batch}".replace("autoencoder", "auto\N{SOFT HYPHEN}encoder")


def table(records, steps, field):
    """Medians over the seeds of one field, a row for each method: plain text for a page."""
    columns = [
        (task, batch)
        for task, batch in itertools.product(TASKS, sorted(BATCHES))
        if any((steps, task, batch, name) in records for name in ROWS)
    ]
    return {
        name: {
            column(task, batch): f"{middle(records[steps, task, batch, name], field):.2g}"
            for task, batch in columns
            if (steps, task, batch, name) in records
        }
        for name in ROWS
    }


def price(records, task, batch, name):
    """Gradients of a minibatch that a step costs, in the median over the seeds."""
    return records[SHORT, task, batch, name]["price"] / SHORT


def lost(records, task, batch, name, field="loss", above=3.0):
    """How many of the long runs of a row end with a larger loss, or without one."""
    return int(np.sum(~(numbers(records[LONG, task, batch, name][field]) <= above)))


def wins(records, where, one, other, field):
    """In how many seeds one row is better than another: lower loss, or higher accuracy."""
    a, b = (numbers(records[*where, row][field]) for row in (one, other))
    return int(np.sum(a < b)) if "loss" in field else int(np.sum(a > b))


def best(records, steps, field):
    """The row with the lowest median loss, or highest accuracy, of each whole task and batch."""
    pick = min if "loss" in field else max
    return {
        (task, batch): pick(ROWS, key=lambda name: middle(records[steps, task, batch, name], field))
        for task, batch in itertools.product(TASKS, sorted(BATCHES))
        if all((steps, task, batch, name) in records for name in ROWS)
    }
