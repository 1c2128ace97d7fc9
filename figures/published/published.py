"""The published experiments as data, and what many seeds make of each of them.

[D] prints settings and, for some of them, results of one seed. `EXPERIMENTS` holds both; `compute`
runs every method under many seeds and condenses the final values into records, and the figures and
the page read those records from a file, `RESULTS`, which `python -m figures.regenerate published`
makes again.

Long: it holds the published settings and results, as data.
"""

import json
from typing import NamedTuple

import numpy as np

from refimpl import functions
from refimpl._outside import as_path
from refimpl.errors import StateError, unknown
from refimpl.functions import Function
from refimpl.runs.experiments import statistics, tournament
from refimpl.runs.experiments.tournament import excess_over_minimum
from refimpl.runs.lattice import lattice_points

from .. import kept_results

RESULTS = kept_results.FOLDER / "published.json"
COMMAND = "python -m figures.regenerate published"
SCHEMA = "figures.published/1"
NOISE = 0.1
# Quantiles over seeds, and ranks of a sorted curve that are kept.
LEVELS = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
RANKS = 101
# So many seeds are kept one by one, to be computed again by a test.
FIRST = 3
# More would differ from machine to machine; a curve is drawn, and needs fewer.
DIGITS, DRAWN_DIGITS = 6, 4


class Entry(NamedTuple):
    """One method of an experiment, and what [D] prints of it.

    Attributes
    ----------
    label : str
    method : str
    hyperparameters : dict
    geometric_mean : float, optional
        Of the final values of the published run.
    deciles : tuple of float, optional
        Their minimum, nine deciles and maximum, as decimal logarithms.
    tuned : tuple of float, optional
        Learning rates to choose from, where [D] gives none.
    """

    label: str
    method: str
    hyperparameters: dict
    geometric_mean: float | None = None
    deciles: tuple | None = None
    tuned: tuple = ()


class Experiment(NamedTuple):
    """A lattice of starts, and the methods that run from each of them.

    Attributes
    ----------
    function : Function
    radius : int
        Starts are ``{-radius..radius}^D``.
    steps : int
    seeds : int
        Seeds 0, 1, ... of our runs.
    restart_noise : bool
        Whether each start sees the same noise.
    entries : tuple of Entry
    """

    function: Function
    radius: int
    steps: int
    seeds: int
    restart_noise: bool
    entries: tuple

    @property
    def starts(self):
        return lattice_points(self.radius, self.function.dimension)


FIGURE_4 = (
    Entry(
        "momentum",
        "momentum",
        {"gamma": 0.5, "alpha": 0.0003},
        18.6722,
        (-1.88, 0.71, 0.93, 1.14, 1.26, 1.35, 1.43, 1.47, 1.65, 1.78, 2.11),
    ),
    Entry(
        "Adam",
        "adam",
        {"alpha": 1.5, "beta1": 0.8, "beta2": 0.9, "eps": 1e-8},
        0.141663,
        (-3.23, -2.22, -1.88, -1.64, -1.42, -1.15, -0.60, -0.02, 0.34, 0.75, 1.94),
    ),
    Entry(
        "sOGR, d = 1",
        "sogr",
        {"beta": 0.6, "gamma": 0.7, "turn": 0.1, "div": 1.5, "cut": 15.0, "alpha": 0.001}
        | {"dimension": 1},
        0.0538687,
        (-2.43, -2.15, -2.06, -1.98, -1.91, -1.81, -1.69, -1.48, 0.35, 0.41, 2.38),
    ),
    Entry(
        "sOGR, d = 2",
        "sogr",
        {"beta": 0.6, "gamma": 0.9, "turn": 0.2, "div": 4.0, "cut": 20.0, "alpha": 0.001}
        | {"dimension": 2},
        0.201198,
        (-4.39, -1.74, -1.60, -1.44, -1.28, -1.13, -0.81, 0.29, 0.38, 0.73, 1.45),
    ),
    Entry(
        "fOGR",
        "fogr",
        {"beta": 0.5, "gamma": 0.6, "div": 1.5, "cut": 10.0},
        0.0122798,
        (-3.90, -2.81, -2.61, -2.47, -2.33, -2.23, -2.09, -1.97, -1.70, 0.18, 6.05),
    ),
    Entry(
        "dOGR",
        "dogr",
        {"beta": 0.6, "gamma": 0.7, "div": 1.4, "cut": 5.0},
        0.00700659,
        (-4.59, -3.36, -3.06, -2.88, -2.76, -2.56, -2.44, -2.21, -1.23, 0.26, 5.16),
    ),
    Entry(
        "dsOGR, d = 2",
        "dsogr",
        {"beta": 0.6, "gamma": 0.7, "turn": 0.1, "div": 1.5, "cut": 6.0, "w": 0.4, "dimension": 2},
        0.00423636,
        (-4.52, -3.44, -3.14, -3.00, -2.86, -2.73, -2.58, -2.43, -2.06, 0.24, 1.45),
    ),
    Entry(
        "dsOGR, d = 1",
        "dsogr",
        {"beta": 0.6, "gamma": 0.7, "turn": 0.1, "div": 1.5, "cut": 6.0, "w": 0.3, "dimension": 1},
        0.00399293,
        (-4.52, -3.35, -3.15, -3.00, -2.86, -2.75, -2.63, -2.47, -2.28, 0.27, 5.25),
    ),
    Entry(
        "cdOGR with a cut",
        "cdogr",
        {"beta": 0.4, "gamma": 0.5, "eta": 1.0, "div": 1.1, "cut": 0.1, "prior": (1.0, 0.0)},
        0.00169795,
        (-4.96, -3.71, -3.33, -3.08, -2.92, -2.79, -2.62, -2.44, -2.22, -1.95, 0.38),
    ),
)

SOGR_5 = {"beta": 0.6, "gamma": 0.6, "turn": 0.25, "div": 1.5, "cut": 10.0, "alpha": 0.0}
FIGURE_5 = (
    Entry("momentum", "momentum", {"gamma": 0.5, "alpha": 0.004}),
    Entry("Adam", "adam", {"alpha": 0.6, "beta1": 0.8, "beta2": 0.9, "eps": 1e-8}),
    Entry("fOGR", "fogr", {"beta": 0.5, "gamma": 0.6, "div": 1.5, "cut": 10.0}),
    Entry("sOGR, d = 1", "sogr", SOGR_5 | {"dimension": 1}),
    Entry("sOGR, d = 2", "sogr", SOGR_5 | {"dimension": 2}),
)

CDSOGR_7 = {"beta": 0.7, "gamma": 0.7, "turn": 0.1, "eta": 1.0, "w": 0.5, "cut": 1e-4}
FIGURE_7 = (
    Entry("SGD", "sgd", {"alpha": 0.0002}),
    Entry("Adam", "adam", {"alpha": 0.7, "beta1": 0.8, "beta2": 0.9, "eps": 1e-8}),
    Entry("cdOGR", "cdogr", {"beta": 0.4, "gamma": 0.5, "eta": 0.6, "prior": (0.1, 0.1)}),
    Entry(
        "cfOGR",
        "cfogr",
        {"beta": 0.7, "gamma": 0.7, "eta": 1.0, "cut": 5.0, "prior": (0.1, 0.1)},
    ),
    Entry(
        "csOGR, d = 1",
        "csogr",
        {"beta": 0.7, "gamma": 0.7, "turn": 0.1, "eta": 0.9, "cut": 10.0, "dimension": 1}
        | {"prior": (0.1, 0.1)},
    ),
    Entry(
        "csOGR, d = 2",
        "csogr",
        {"beta": 0.7, "gamma": 0.7, "turn": 0.2, "eta": 1.0, "cut": 5.0, "dimension": 2}
        | {"prior": (0.1, 0.1)},
    ),
    Entry("cdsOGR, d = 1", "cdsogr", CDSOGR_7 | {"dimension": 1, "prior": (0.1, 0.1)}),
    Entry("cdsOGR, d = 2", "cdsogr", CDSOGR_7 | {"dimension": 2, "prior": (0.1, 0.1)}),
)

# [D] gives no learning rates for its four functions: the rivals get the best of these, for each.
RATES = tuple(float(f"{rate:.2g}") for rate in np.logspace(-9.0, 1.0, 21))
LENGTHS = RATES[14:]
C_7 = {"beta": 0.7, "gamma": 0.7, "eta": 0.7, "cut": 0.0, "prior": (0.1, 0.1)}
FOUR_FUNCTIONS = (
    Entry("SGD", "sgd", {}, tuned=RATES),
    Entry("momentum", "momentum", {"gamma": 0.7}, tuned=RATES),
    Entry("Adam", "adam", {"beta1": 0.8, "beta2": 0.9, "eps": 1e-8}, tuned=LENGTHS),
    Entry("cdOGR", "cdogr", C_7),
    Entry("cfOGR", "cfogr", C_7),
)
PLANE = {
    "Beale": functions.beale,
    "Rosenbrock": functions.rosenbrock(),
    "Matyas": functions.matyas,
    "Goldstein-Price": functions.goldstein_price,
}

RESTARTED = "Figure 4, the same noise for each start"
EXPERIMENTS = {
    "Figure 4": Experiment(functions.beale3, 3, 50, 400, False, FIGURE_4),
    RESTARTED: Experiment(functions.beale3, 3, 50, 200, True, FIGURE_4),
    "Figure 5": Experiment(functions.beale3, 2, 50, 400, False, FIGURE_5),
    "Figure 7": Experiment(functions.beale3, 3, 50, 200, True, FIGURE_7),
} | {
    f"four functions, {name}": Experiment(function, 5, 20, 200, False, FOUR_FUNCTIONS)
    for name, function in PLANE.items()
}


def hyperparameters(entry):
    """One dictionary for each learning rate to be tried, in their order."""
    if not entry.tuned:
        return [entry.hyperparameters]
    return [entry.hyperparameters | {"alpha": rate} for rate in entry.tuned]


def compute(experiments=None, seeds=None, *, cache=None, jobs=None, progress=None):
    """Every method of every experiment under many seeds, condensed to records.

    Parameters
    ----------
    experiments : dict of str to Experiment, optional
        In place of `EXPERIMENTS`.
    seeds : int, optional
        In place of each experiment's own number.
    cache, jobs, progress
        As for `refimpl.runs.experiments.cells.compute`.

    Returns
    -------
    list of dict
        See `record`.
    """
    # Imported here: a page that reads the file does without joblib.
    from refimpl.runs.experiments.cells import Cell
    from refimpl.runs.experiments.cells import compute as compute_cells

    if experiments is None:
        experiments = EXPERIMENTS
    cells = [
        Cell(
            experiment.function,
            entry.method,
            experiment.starts,
            experiment.steps,
            NOISE,
            range(experiment.seeds if seeds is None else seeds),
            restart_noise=experiment.restart_noise,
            hyperparameters=given,
        )
        for experiment in experiments.values()
        for entry in experiment.entries
        for given in hyperparameters(entry)
    ]
    finals = iter(compute_cells(cells, cache=cache, jobs=jobs, progress=progress))
    records = []
    for name, experiment in experiments.items():
        for entry in experiment.entries:
            tried = [
                excess_over_minimum(next(finals), experiment.function)
                for _ in hyperparameters(entry)
            ]
            best = int(np.argmin([statistics.geometric_mean(excess) for excess in tried]))
            records.append(record(name, entry, hyperparameters(entry)[best], tried[best]))
    return records


def record(experiment, entry, given, excess):
    """What is kept of the final values of one method.

    Parameters
    ----------
    experiment : str
    entry : Entry
    given : dict
        Its hyperparameters, the chosen rate among them.
    excess : ndarray of shape (seeds, starts)
        Final values above the minimum, `inf` for a diverged run.

    Returns
    -------
    dict
        Numbers have six digits. Over all runs:

        ``experiment, label, method, hyperparameters, seeds, starts``
            Facts; the last two are numbers of them.
        ``at_edge``
            Whether the learning rate was chosen at an end of its grid.
        ``deciles``
            Minimum, nine deciles and maximum of all runs together; `inf` where they diverged.
        ``diverged, diverged_interval, diverged_seeds``
            How many runs; Wilson's 95 % interval of their share; in how many seeds at least one.

        And with a seed's geometric mean as one draw, once ``finite``, over the runs that did not
        diverge, and once ``all``, a diverged one counting as 1e300:

        ``finite_quantiles, all_quantiles``
            At `LEVELS`, each the geometric mean of some seed.
        ``finite_place, all_place``
            Share of seeds at or below the published draw; None where none is published.
        ``finite_first, all_first``
            Of the first seeds.
        ``decile_places``
            For each published decile, the share of seeds below it; a seed that rounds to the two
            printed digits counts half.
        ``log_mean, log_spread``
            Mean and standard deviation of the decimal logarithm of the finite geometric means.

        The sorted final values of each seed, rank by rank:

        ``shares``
            Of the starts, at most `RANKS` of them.
        ``low, middle, high``
            Deciles 10, 50 and 90 % over seeds.
    """
    seeds, starts = excess.shape
    finite = np.array([statistics.finite_geometric_mean(row) or np.inf for row in excess])
    everything = np.array([statistics.geometric_mean(row) for row in excess])
    diverged = np.isinf(excess)
    ordered = np.sort(excess, axis=1)
    ranks = np.unique(np.linspace(0, starts - 1, min(RANKS, starts)).round().astype(int))
    low, middle, high = np.quantile(ordered[:, ranks], (0.1, 0.5, 0.9), axis=0, method="lower")
    places = None
    if entry.deciles is not None:
        # Interpolated as the published ones: momentum's, which hardly depend on the seed, say so.
        bounded = np.minimum(excess, statistics.DIVERGED)
        ours = np.quantile(bounded, np.linspace(0.0, 1.0, 11), axis=1)
        off = np.log10(ours).T - entry.deciles
        # What rounds to the printed digits is as likely below as above.
        places = 0.5 * np.mean(off < -0.005, axis=0) + 0.5 * np.mean(off <= 0.005, axis=0)
    # A mean at infinity, where a seed has no finite run, has no logarithm to be averaged.
    logs = np.log10(finite[np.isfinite(finite)])
    published = entry.geometric_mean
    fields = {
        "deciles": statistics.deciles(excess),
        "diverged_interval": statistics.wilson_interval(int(diverged.sum()), excess.size),
        "finite_quantiles": np.quantile(finite, LEVELS, method="lower"),
        "all_quantiles": np.quantile(everything, LEVELS, method="lower"),
        "finite_place": None if published is None else np.mean(finite <= published),
        "all_place": None if published is None else np.mean(everything <= published),
        "finite_first": finite[:FIRST],
        "all_first": everything[:FIRST],
        "decile_places": places,
        "log_mean": logs.mean() if logs.size else None,
        "log_spread": logs.std(ddof=1) if logs.size > 1 else None,
    }
    drawn = {"shares": (ranks + 0.5) / starts, "low": low, "middle": middle, "high": high}
    return {
        "experiment": experiment,
        "label": entry.label,
        "method": entry.method,
        "hyperparameters": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
        },
        "at_edge": bool(entry.tuned) and given["alpha"] in (entry.tuned[0], entry.tuned[-1]),
        "seeds": seeds,
        "starts": starts,
        "diverged": int(diverged.sum()),
        "diverged_seeds": int(diverged.any(axis=1).sum()),
        **{name: rounded(value, DIGITS) for name, value in fields.items()},
        **{name: rounded(value, DRAWN_DIGITS) for name, value in drawn.items()},
    }


def rounded(value, digits):
    """Plain floats of so many digits; None stays."""
    if value is None:
        return None
    if np.ndim(value):
        return [rounded(one, digits) for one in value]
    return float(f"{value:.{digits}g}")


def write(records, path=RESULTS):
    """Keep records as JSON, one field a line, so that a difference can be read.

    Infinity is the string ``"inf"``; NaN does not occur.
    """
    header = {"schema": SCHEMA, "command": COMMAND, "versions": tournament.versions()}
    lines = [f" {_json(name)}: {_json(value)}" for name, value in header.items()]
    lines.append(f' "records": [{",".join(map(_block, records))}]')
    path = as_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _json(value):
    return json.dumps(value, allow_nan=False, ensure_ascii=False)


def _block(one):
    fields = ",\n".join(f"  {_json(name)}: {_json(_encoded(one[name]))}" for name in one)
    return f"\n {{\n{fields}\n }}"


def _encoded(value):
    if isinstance(value, list):
        return [_encoded(one) for one in value]
    return "inf" if value == np.inf else value


def _decoded(value):
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    return np.inf if value == "inf" else value


def read(path=RESULTS):
    """The records of a file, as `compute` returned them.

    Raises
    ------
    StateError
        If there is no such file, or it is none of this schema; with the command that makes it.
    """
    try:
        document = json.loads(as_path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StateError(f"{path} is not there; make it by: {COMMAND}") from None
    except ValueError as error:
        raise StateError(f"{path}: expected JSON, got none: {error}; try: {COMMAND}") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise StateError(
            f"{path}: expected a file of {SCHEMA}, got {schema!r}; make it anew by: {COMMAND}"
        )
    return [{name: _decoded(value) for name, value in one.items()} for one in document["records"]]


def of(experiment, records=None):
    """Records of one experiment, in the order of its methods.

    Raises
    ------
    UnknownNameError
        If there are none, with the nearest names.
    """
    records = read() if records is None else records
    found = [one for one in records if one["experiment"] == experiment]
    if not found:
        raise unknown("experiment", experiment, {one["experiment"] for one in records})
    return found


def entry(one):
    """What [D] prints of the method of a record."""
    for candidate in EXPERIMENTS[one["experiment"]].entries:
        if candidate.label == one["label"]:
            return candidate
    raise unknown(
        f"method of {one['experiment']}",
        one["label"],
        [candidate.label for candidate in EXPERIMENTS[one["experiment"]].entries],
    )
