"""A tournament: every rival on every row, tuned on a grid, told by statistics that can be kept.

The result is a list of plain records, one for each row and rival, small enough to be committed and
complete enough to draw a page from it: what was run, what was chosen, and how the runs ended.

Long: rows, rivals and records are described where they are, in a third of the lines.
"""

import json
import platform
from importlib import metadata
from typing import NamedTuple

import numpy as np

from ... import __version__, optimizers
from ..._outside import as_path
from ...errors import RangeError, StateError, unknown
from ...functions.function import Function
from . import statistics
from .cells import Cell, compute

SCHEMA = "refimpl.tournament/1"
# Decimal exponents of the factors of a profile.
EXPONENTS = np.arange(25) / 4.0
# Six digits: more would differ from machine to machine, and make every difference unreadable.
DIGITS = 6
# The fields of a record that can be infinite; in the file they are the string "inf".
UNBOUNDED = ("deciles", "hyperparameters", "maximum", "median")


class Row(NamedTuple):
    """One experiment that all rivals go through, with the same starts and seeds.

    Attributes
    ----------
    name : str
    function : refimpl.functions.Function
        With a finite `minimum_value`.
    starts : array_like of shape (n, D)
    noise : float, noise model or array_like of shape (steps, D)
    steps : int
    seeds : iterable of int
    """

    name: str
    function: Function
    starts: np.ndarray
    noise: float
    steps: int
    seeds: tuple


class Rival(NamedTuple):
    """One method, with the hyperparameter that is tuned for each row.

    Attributes
    ----------
    name : str
    method : str
        A name of `refimpl.methods`.
    tuned : str
        The hyperparameter that the grid is for, usually the step size; "" for an untuned rival.
    grid : tuple of float
        Its values; empty for an untuned rival.
    fixed : dict or tuple of pairs
        Other hyperparameters.
    largest : int, optional
        Rows of higher dimension are left out, which their records say.
    seeds : int, optional
        Only so many of each row's seeds, the first ones: for a rival that is slow to run.
    """

    name: str
    method: str
    tuned: str = ""
    grid: tuple = ()
    fixed: dict | tuple = ()
    largest: int | None = None
    seeds: int | None = None

    def hyperparameters(self):
        """One dictionary for each value of the grid, in its order."""
        fixed = dict(self.fixed)
        return [fixed | {self.tuned: value} for value in self.grid] if self.tuned else [fixed]


def check(rows, rivals):
    """Rows and rivals as lists, with seeds as tuples, if functions, names and grids are in order.

    Raises
    ------
    RangeError
    """
    rows, rivals = list(rows), list(rivals)
    for kind, named in (("row", rows), ("rival", rivals)):
        names = [one.name for one in named]
        for name in names:
            if names.count(name) > 1:
                raise RangeError(f"tournament: two {kind}s are named {name!r}")
    for row in rows:
        if not np.isfinite(row.function.minimum_value):
            raise RangeError(
                f"tournament: row {row.name!r}: {row.function.name} has no finite minimum to "
                "measure an excess over; take a function that is bounded below"
            )
    for rival in rivals:
        if bool(rival.tuned) != bool(len(rival.grid)):
            raise RangeError(
                f"tournament: rival {rival.name!r}: expected both `tuned` and `grid` or neither"
            )
        if rival.tuned in dict(rival.fixed):
            raise RangeError(
                f"tournament: rival {rival.name!r}: {rival.tuned} is both tuned and fixed"
            )
    return [row._replace(seeds=tuple(row.seeds)) for row in rows], list(rivals)


def cell(row, method, hyperparameters, seeds=None):
    """The row's cell for one method, with the first of its seeds."""
    return Cell(
        row.function,
        method,
        row.starts,
        row.steps,
        row.noise,
        row.seeds[:seeds],
        hyperparameters=hyperparameters,
    )


def excess_over_minimum(final, function):
    """Final values minus the minimum; what is below the rounding of the minimum is raised to it.

    Raises
    ------
    RangeError
        Where a value lies clearly below: then the minimum is none.
    """
    minimum = function.minimum_value
    rounding = statistics.rounding(minimum)
    excess = final - minimum
    # Rounding of the function's own terms may well be larger than that of their sum.
    if excess.min() < -rounding / np.sqrt(np.finfo(np.float64).eps):
        raise RangeError(
            f"{function.name}: found the value {final.min()!r} below its minimum_value {minimum!r}"
        )
    return np.maximum(excess, rounding)


def plays(row, rival):
    """Whether the rival runs the row."""
    return rival.largest is None or row.function.dimension <= rival.largest


def tournament(rows, rivals, *, cache=None, jobs=None, progress=None):
    """Every rival on every row, each at the value of its grid that suits the row best.

    The best value is the one of the smallest geometric mean of the excess over the function's
    minimum, a diverged run counting as 1e300; among equal ones the first. It is chosen on the very
    runs that are then reported. That flatters a tuned rival: the more so the longer its grid is and
    the fewer the runs are. An untuned rival has no such advantage.

    Parameters
    ----------
    rows : sequence of Row
    rivals : sequence of Rival
    cache, jobs, progress
        As for `refimpl.runs.experiments.cells.compute`: an interrupted tournament goes on where it
        was.

    Returns
    -------
    list of dict
        For each row, for each rival, a record of plain numbers, strings and lists; statistics have
        six digits. Excesses below ``eps max(1, |minimum_value|)`` count as that much.

        ``row, function, dimension, noise, steps, starts, seeds, runs, minimum_value``
            The row's facts; `starts` and `seeds` are numbers of them, `seeds` those of the rival.
        ``rival, method, tuned, left_out``
            `left_out` is why the rival does not run the row, else None. If it is left out, what
            follows is None.
        ``hyperparameters, at_edge``
            Those of the best value, all of the method; whether it is the smallest or the largest of
            its grid, so that a longer grid might hold a better one.
        ``grid``
            ``{"value", "geometric_mean", "diverged"}`` for each value of the grid.
        ``geometric_mean, finite_geometric_mean``
            Over all runs, a diverged one counting as 1e300; over those that did not diverge, None
            if all did.
        ``deciles, median, maximum``
            The eleven deciles are excesses of runs, none interpolated; the median is the sixth, the
            maximum the last. `inf` where runs diverged.
        ``diverged, diverged_interval``
            How many; Wilson's 95 % interval of the share, which takes the runs for independent.
        ``profile``
            Share of runs whose excess is within a factor ``10^e`` of the best rival's in the same
            run (seed and start), ``e = 0, 0.25, ..., 6``.

    Raises
    ------
    RangeError
        For a function without a finite minimum, a value below it, names given twice.
    UnknownNameError, ShapeError, NotFiniteError, RunError
        As `refimpl.runs.experiments.cells.compute`.

    Examples
    --------
    >>> from refimpl import functions
    >>> row = Row("Beale", functions.beale, [[1.0, 1.0]], noise=0.1, steps=50, seeds=range(4))
    >>> rivals = [Rival("SGD", "sgd", "alpha", (0.001, 0.01, 0.1)), Rival("fOGR", "fogr")]
    >>> records = tournament([row], rivals)
    >>> [(record["rival"], record["at_edge"]) for record in records]
    [('SGD', False), ('fOGR', False)]
    """
    rows, rivals = check(rows, rivals)
    cells = [
        cell(row, rival.method, hyperparameters, rival.seeds)
        for row in rows
        for rival in rivals
        if plays(row, rival)
        for hyperparameters in rival.hyperparameters()
    ]
    results = iter(compute(cells, cache=cache, jobs=jobs, progress=progress))
    records = []
    for row in rows:
        entries = {}
        for rival in rivals:
            if plays(row, rival):
                given = rival.hyperparameters()
                entries[rival.name] = _entry(row, given, [next(results) for _ in given])
        best = _best(row, [entry.excess for entry in entries.values()])
        records += [_record(row, rival, entries.get(rival.name), best) for rival in rivals]
    return records


def _best(row, excesses):
    """The smallest excess of all rivals, run by run; a rival with fewer seeds counts in these."""
    best = np.full((len(row.seeds), len(row.starts)), np.inf)
    for excess in excesses:
        best[: len(excess)] = np.minimum(best[: len(excess)], excess)
    return best


class Entry(NamedTuple):
    """How one rival did on one row."""

    excesses: list  # an array (seeds, starts) for each value of the grid
    means: list  # their geometric means
    chosen: int  # index of the smallest

    @property
    def excess(self):
        return self.excesses[self.chosen]


def _entry(row, given, finals):
    excesses = [excess_over_minimum(final, row.function) for final in finals]
    means = [statistics.geometric_mean(excess) for excess in excesses]
    return Entry(excesses, means, int(np.argmin(means)))


def _record(row, rival, entry, best):
    """The record of one row and rival; `best` is the smallest excess of all rivals, run by run."""
    seeds, n = len(row.seeds[: rival.seeds]), len(row.starts)
    facts = {
        "row": row.name,
        "function": row.function.name,
        "dimension": row.function.dimension,
        "noise": float(row.noise) if np.isscalar(row.noise) else _described(row.noise),
        "steps": int(row.steps),
        "starts": n,
        "seeds": seeds,
        "runs": seeds * n,
        "minimum_value": float(row.function.minimum_value),
        "rival": rival.name,
        "method": rival.method,
        "tuned": rival.tuned or None,
        "left_out": None,
    }
    if entry is None:
        why = f"dimension {row.function.dimension} is above {rival.largest}"
        return facts | {"left_out": why} | dict.fromkeys(RESULTS)
    excess = entry.excess
    diverged = int(np.sum(np.isinf(excess)))
    deciles = statistics.deciles(excess)
    chosen = rival.hyperparameters()[entry.chosen]
    bound = optimizers.bind(optimizers.get(rival.method), chosen)
    edges = (min(rival.grid), max(rival.grid)) if rival.tuned else ()
    found = (
        # A pair becomes the list that the file will hold.
        {name: list(v) if isinstance(v, tuple) else v for name, v in bound._asdict().items()},
        bool(rival.tuned) and chosen[rival.tuned] in edges,
        [
            {
                "value": float(value),
                "geometric_mean": _rounded(mean),
                "diverged": int(np.sum(np.isinf(one))),
            }
            for value, mean, one in zip(rival.grid, entry.means, entry.excesses, strict=False)
        ],
        _rounded(entry.means[entry.chosen]),
        _rounded(statistics.finite_geometric_mean(excess)),
        _rounded(deciles),
        _rounded(deciles[5]),
        _rounded(deciles[10]),
        diverged,
        _rounded(statistics.wilson_interval(diverged, excess.size)),
        _rounded(statistics.profile(excess, best[:seeds], EXPONENTS)),
    )
    return facts | dict(zip(RESULTS, found, strict=True))


RESULTS = (
    "hyperparameters",
    "at_edge",
    "grid",
    "geometric_mean",
    "finite_geometric_mean",
    "deciles",
    "median",
    "maximum",
    "diverged",
    "diverged_interval",
    "profile",
)


def _described(noise):
    """A noise model with its numbers; data are too many to be told."""
    return repr(noise) if hasattr(noise, "draw") else "data"


def _rounded(number):
    """Plain floats of six digits."""
    if number is None:
        return None
    if np.ndim(number):
        return [_rounded(one) for one in number]
    return float(f"{number:.{DIGITS}g}")


def recompute(records, row, rival):
    """The record of one row and rival once more, from scratch, to be compared with a kept one.

    The rival's whole grid is run again. For the profile the other rivals are run too, but only at
    the hyperparameters that the records say were chosen.

    Parameters
    ----------
    records : list of dict
        Of `tournament` or `read`.
    row : Row
    rival : Rival

    Returns
    -------
    dict
        Equal to the kept record on the machine that made it. On another one a chaotic run may round
        its way to another end: compare statistics there, not digits.

    Raises
    ------
    UnknownNameError
        If the records hold no such row or rival.

    Examples
    --------
    >>> from refimpl import functions
    >>> row = Row("Matyas", functions.matyas, [[1.0, 2.0]], noise=0.1, steps=20, seeds=range(3))
    >>> rivals = [Rival("SGD", "sgd", "alpha", (0.01, 0.1)), Rival("fOGR", "fogr")]
    >>> records = tournament([row], rivals)
    >>> recompute(records, row, rivals[0]) == records[0]
    True
    """
    (row,), (rival,) = check([row], [rival])
    of_row = [record for record in records if record["row"] == row.name]
    if not of_row:
        raise unknown("row", row.name, {record["row"] for record in records})
    if rival.name not in [record["rival"] for record in of_row]:
        raise unknown("rival", rival.name, [record["rival"] for record in of_row])
    if not plays(row, rival):
        return _record(row, rival, None, None)
    given = rival.hyperparameters()
    cells = [cell(row, rival.method, hyperparameters, rival.seeds) for hyperparameters in given]
    cells += [
        cell(row, record["method"], record["hyperparameters"], record["seeds"])
        for record in of_row
        if record["rival"] != rival.name and record["left_out"] is None
    ]
    finals = compute(cells, progress=False)
    entry = _entry(row, given, finals[: len(given)])
    others = [excess_over_minimum(final, row.function) for final in finals[len(given) :]]
    return _record(row, rival, entry, _best(row, [entry.excess, *others]))


def versions():
    """Versions of what can change a digit of the results, by name."""
    packages = {name: metadata.version(name) for name in ("numba", "numpy", "scipy")}
    return packages | {"python": platform.python_version(), "refimpl": __version__}


def write(records, path, *, command=""):
    """Keep records as JSON: one field a line, sorted, so that a difference can be read.

    Infinite excesses are the string ``"inf"``, what is not there is ``null``; NaN does not occur.

    Parameters
    ----------
    records : list of dict
        Of `tournament`.
    path : path
    command : str, optional
        The one that makes the file again, for its header.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write([], f"{folder}/records.json", command="python experiments.py")
    ...     header(f"{folder}/records.json")["command"], read(f"{folder}/records.json")
    ('python experiments.py', [])
    """
    header = {"schema": SCHEMA, "command": command, "versions": versions()}
    lines = [f" {_json(name)}: {_json(value)}" for name, value in header.items()]
    lines.append(f' "records": [{",".join(map(_block, records))}]')
    as_path(path).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _json(value):
    # NaN, or infinity in a field that is never infinite, is an error here and not in the reader's.
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)


def _block(record):
    record = {
        name: _encoded(value) if name in UNBOUNDED else value for name, value in record.items()
    }
    fields = ",\n".join(f"  {_json(name)}: {_json(record[name])}" for name in sorted(record))
    return f"\n {{\n{fields}\n }}"


def _encoded(value):
    if isinstance(value, list):
        return [_encoded(one) for one in value]
    if isinstance(value, dict):
        return {name: _encoded(one) for name, one in value.items()}
    return "inf" if value == np.inf else value


def _decoded(value):
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if isinstance(value, dict):
        return {name: _decoded(one) for name, one in value.items()}
    return np.inf if value == "inf" else value


def header(path):
    """Header of a file of records: `schema`, `command`, `versions`.

    Raises
    ------
    StateError
        If the file is none of this schema.
    """
    return {name: value for name, value in _document(path).items() if name != "records"}


def read(path):
    """The records of a file, as `tournament` returned them.

    Raises
    ------
    StateError
        If the file is none of this schema.
    OSError
        If it cannot be opened.
    """
    return [
        {name: _decoded(value) if name in UNBOUNDED else value for name, value in record.items()}
        for record in _document(path)["records"]
    ]


def _document(path):
    try:
        document = json.loads(as_path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise StateError(f"{path}: expected a file of {SCHEMA}, got no JSON: {error}") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise StateError(f"{path}: expected a file of {SCHEMA}, got {schema!r}; make it anew")
    return document
