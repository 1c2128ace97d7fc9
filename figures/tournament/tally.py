"""What the tournament's records say when they are counted: tables, and the bound of information."""

from typing import NamedTuple

import numpy as np

from . import rivals

OURS = "ogr"


class Table(NamedTuple):
    """Decimal logarithms of geometric means, one line a row of the tournament."""

    rows: tuple
    rivals: tuple
    mean: np.ndarray  # (rows, rivals), NaN where a rival is left out
    noise: np.ndarray  # (rows,)
    steps: np.ndarray  # (rows,)
    dimension: np.ndarray  # (rows,)
    diverged: np.ndarray  # (rows, rivals), counts
    runs: np.ndarray  # (rows, rivals)
    at_edge: np.ndarray  # (rows, rivals), whether the tuned value is the first or last of its grid

    def column(self, rival):
        """The rival's logarithms."""
        return self.mean[:, self.rivals.index(rival)]

    def part(self, chosen):
        """The lines for which `chosen` is true."""
        rows = tuple(name for name, kept in zip(self.rows, chosen, strict=True) if kept)
        return Table(rows, self.rivals, *(array[np.asarray(chosen)] for array in self[2:]))


class Count(NamedTuple):
    """On how many rows `ogr` lies below a rival."""

    rows: int  # on which the rival runs
    below: int
    tenfold: int  # below a tenth of it


def held_out(rows):
    """Whether each row is of a function on which nothing was chosen."""
    return np.array([name.startswith("held out") for name in rows], dtype=bool)


def table(records):
    """The records of `rivals.read`, arranged.

    Examples
    --------
    >>> fact = {"row": "a", "noise": 0.1, "steps": 5, "dimension": 2, "runs": 3}
    >>> result = {"geometric_mean": 0.01, "left_out": None, "diverged": 0, "at_edge": False}
    >>> table([fact | {"rival": "ogr"} | result]).column("ogr")
    array([-2.])
    """
    rows = tuple(dict.fromkeys(record["row"] for record in records))
    names = tuple(dict.fromkeys(record["rival"] for record in records))
    shape = len(rows), len(names)
    mean = np.full(shape, np.nan)
    facts = np.zeros((3, len(rows)))
    diverged, runs = np.zeros((2, *shape), dtype=int)
    at_edge = np.zeros(shape, dtype=bool)
    for record in records:
        r, k = rows.index(record["row"]), names.index(record["rival"])
        facts[:, r] = record["noise"], record["steps"], record["dimension"]
        if record["left_out"] is None:
            mean[r, k] = np.log10(record["geometric_mean"])
            diverged[r, k], runs[r, k] = record["diverged"], record["runs"]
            at_edge[r, k] = record["at_edge"]
    noise, steps, dimension = facts
    return Table(
        rows, names, mean, noise, steps.astype(int), dimension.astype(int), diverged, runs, at_edge
    )


def gain(shown, rival):
    """Decades by which `ogr` lies below a rival, row by row; NaN where the rival is left out."""
    return shown.column(rival) - shown.column(OURS)


def count(shown, rival):
    """The rows on which `ogr` lies below a rival, and below a tenth of it."""
    decades = gain(shown, rival)
    decades = decades[np.isfinite(decades)]
    return Count(decades.size, int(np.sum(decades > 0.0)), int(np.sum(decades >= 1.0)))


def count_against_all(shown):
    """The same against the best of all rivals, row by row."""
    others = [k for k, name in enumerate(shown.rivals) if name != OURS]
    decades = np.nanmin(shown.mean[:, others], axis=1) - shown.column(OURS)
    return Count(decades.size, int(np.sum(decades > 0.0)), int(np.sum(decades >= 1.0)))


class Information(NamedTuple):
    """Excess of an efficient estimate of the minimum, as decimal logarithms."""

    mean: float
    geometric_mean: float


def information(curvatures, noise, steps):
    """Excess of the best unbiased estimate of a minimum, from `steps` gradients.

    It is normal with covariance ``sigma^2 H^-2 / n``, so that its excess is the sum of
    ``sigma^2 z^2 / (2 n lambda)`` over the curvatures, with independent standard normal `z`.

    Parameters
    ----------
    curvatures : array_like of shape (D,)
        Eigenvalues of the Hessian at the minimum, above 0.
    noise : float
    steps : int

    Returns
    -------
    Information

    Examples
    --------
    >>> found = information([2.0], noise=1.0, steps=50)
    >>> round(found.mean, 3), round(found.mean - found.geometric_mean, 3)
    (-2.301, 0.552)
    """
    weights = noise**2 / (2.0 * steps * np.asarray(curvatures, dtype=np.float64))
    total = weights.sum()
    # E log Q is the integral of (exp(-t) - E exp(-t Q)) / t, here over log t.
    u = np.linspace(-45.0, 120.0, 8251)
    grown = np.log1p(2.0 * np.multiply.outer(np.exp(u), weights / total)).sum(axis=1)
    with np.errstate(over="ignore", under="ignore"):
        difference = np.exp(-np.exp(u)) - np.exp(-0.5 * grown)
    log_mean = np.trapezoid(difference, u)
    return Information(float(np.log10(total)), float(np.log10(total) + log_mean / np.log(10.0)))


class Start(NamedTuple):
    """What a row's function and starts say before any method has run."""

    curvatures: np.ndarray  # at the minimum with the smallest trace of the inverse Hessian
    stay: float  # decimal logarithm of the geometric mean of the excess at the starts


def start(name):
    """The facts of one experiment of `rivals`, by its name there."""
    function, starts, _ = (rivals.experiments() | rivals.held_out())[name]
    found = [np.linalg.eigvalsh(function.hessian(minimum)) for minimum in function.minima[:4]]
    excess = [function.value(x) - function.minimum_value for x in starts]
    return Start(
        min(found, key=lambda curvatures: np.sum(1.0 / curvatures)),
        float(np.mean(np.log10(np.maximum(excess, np.finfo(float).eps)))),
    )
