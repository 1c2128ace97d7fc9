"""Data to train on: handwritten digits and two moons, standardised and split; minibatches."""

import reprlib
from typing import NamedTuple

import numpy as np

from .._compile.border import from_python
from ..errors import DtypeError, NotFiniteError, RangeError, ShapeError


class Batch(NamedTuple):
    """Records of a data set, or all of them."""

    inputs: np.ndarray  # (n, features)
    targets: np.ndarray  # labels (n,), or (n, outputs)

    def take(self, index):
        """Some of the records, by an array of indices or a slice."""
        return Batch(self.inputs[index], self.targets[index])


class Data(NamedTuple):
    """What a model is trained on, and what it is judged by."""

    train: Batch
    test: Batch


def as_batch(given):
    """Inputs and targets as arrays of real numbers, each in the type that it has.

    Raises
    ------
    TypeError
        For what has no inputs and targets.
    DtypeError
        For inputs or targets that are no array of real numbers.
    """
    if not (hasattr(given, "inputs") and hasattr(given, "targets")):
        raise TypeError(
            f"network: expected Batch(inputs, targets), got {reprlib.repr(given)}; indices of "
            "records become one by Batch.take"
        )
    return Batch(as_array(given.inputs, "inputs"), as_array(given.targets, "targets"))


def as_array(given, what):
    """An array of real numbers, in the type that they have: labels are whole numbers.

    Raises
    ------
    DtypeError
    """
    try:
        array = np.asarray(given)
    except (TypeError, ValueError):
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        raise DtypeError(
            f"network: expected an array of {what} that are real numbers, got {reprlib.repr(given)}"
        )
    return array


@from_python
def digits(rng, test: float = 0.25):
    """The 1797 handwritten digits of scikit-learn: 8 x 8 pixels, ten classes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of the split.
    test : float, optional
        Share of the records held out.

    Returns
    -------
    Data
        Inputs standardised by the training records' mean and deviation; pixels that never change
        are 0.

    Raises
    ------
    ModuleNotFoundError
        Without scikit-learn.
    RangeError
        For a share that leaves no record on one side.

    Examples
    --------
    >>> data = digits(np.random.default_rng(0))
    >>> data.train.inputs.shape, data.test.targets.shape
    ((1348, 64), (449,))
    """
    inputs, labels = _datasets().load_digits(return_X_y=True)
    return standardized(split(Batch(inputs, labels), rng, test))


@from_python
def two_moons(rng, n: int = 400, noise: float = 0.2, test: float = 0.25):
    """Two half circles that reach into each other, in the plane; two classes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of the points and of the split.
    n : int, optional
        Number of points.
    noise : float, optional
        Standard deviation of the points about the half circles of radius 1.
    test : float, optional
        Share of the points held out.

    Returns
    -------
    Data
        Inputs standardised as those of `digits`.

    Raises
    ------
    ModuleNotFoundError, RangeError
        As `digits`.

    Examples
    --------
    >>> data = two_moons(np.random.default_rng(0), n=100)
    >>> data.train.inputs.shape
    (75, 2)
    """
    if not (n >= 2 and 0.0 <= noise < np.inf):
        raise RangeError(
            f"data: expected at least 2 points and a finite noise of at least 0, got {n} points "
            f"and noise {noise:g}"
        )
    # NumPy takes no negative zero.
    noise = abs(noise)
    seed = int(rng.integers(2**31))
    inputs, labels = _datasets().make_moons(n_samples=n, noise=noise, random_state=seed)
    return standardized(split(Batch(inputs, labels), rng, test))


@from_python
def split(batch, rng, test: float = 0.25):
    """The records at random in two parts, the second with a given share of them.

    Raises
    ------
    TypeError, DtypeError
        For what is no batch of arrays of real numbers.
    ShapeError
        If inputs and targets are not equally many.
    RangeError
        For a share that leaves no record on one side.
    """
    batch = as_batch(batch)
    n, others = (len(part) if part.ndim else "no" for part in batch)
    if n != others or n == "no":
        raise ShapeError(f"data: expected {n} targets for {n} inputs, got {others}")
    held = round(test * n) if 0.0 < test < 1.0 else 0
    if not 0 < held < n:
        raise RangeError(f"data: a test share of {test!r} of {n} records leaves one side empty")
    order = rng.permutation(n)
    return Data(batch.take(order[held:]), batch.take(order[:held]))


def standardized(data):
    """Inputs with mean 0 and deviation 1 over the training records; the same map for the others.

    Inputs that never change are made 0 there.

    Raises
    ------
    TypeError, DtypeError
        For what is no `Data` of two batches of arrays of real numbers.
    ShapeError
        If their inputs are not of shape (n, features), with at least one record to train on.
    NotFiniteError
        For inputs whose deviation is not finite.
    """
    if not (hasattr(data, "train") and hasattr(data, "test")):
        raise TypeError(f"data: expected Data(train, test), got {reprlib.repr(data)}")
    data = Data(as_batch(data.train), as_batch(data.test))
    shapes = data.train.inputs.shape, data.test.inputs.shape
    if (
        not len(shapes[0]) == len(shapes[1]) == 2
        or shapes[0][1] != shapes[1][1]
        or not shapes[0][0]
    ):
        raise ShapeError(
            "data: expected inputs of shape (n, features), equally many features in both parts, "
            f"got {shapes[0]} and {shapes[1]}"
        )
    with np.errstate(all="ignore"):
        mean, deviation = data.train.inputs.mean(axis=0), data.train.inputs.std(axis=0)
    if not np.isfinite(deviation).all():
        raise NotFiniteError(
            "data: expected finite inputs with finite squares, but a deviation is not finite"
        )
    # A constant column has a deviation of its rounding.
    constant = np.ptp(data.train.inputs, axis=0) == 0.0
    scale = np.where(constant, 1.0, deviation)
    return Data(
        *(
            Batch(np.where(constant, 0.0, (part.inputs - mean) / scale), part.targets)
            for part in data
        )
    )


@from_python
def minibatches(records: int, size: int, rng):
    """Indices of minibatches without end, shape (size,) each.

    Within an epoch no record comes twice; when fewer than `size` are left, a new permutation
    begins.

    Parameters
    ----------
    records, size : int
    rng : numpy.random.Generator

    Raises
    ------
    RangeError
        For a size that is not from 1 to the number of records.

    Examples
    --------
    >>> batches = minibatches(6, 2, np.random.default_rng(0))
    >>> next(batches), next(batches)
    (array([3, 2]), array([5, 4]))
    """
    if not 1 <= size <= records:
        raise RangeError(f"data: expected minibatches of 1 to {records} records, got {size!r}")

    # The check must not wait for the first batch.
    def endless():
        while True:
            order = rng.permutation(records)
            for first in range(0, records - size + 1, size):
                yield order[first : first + size]

    return endless()


def _datasets():
    try:
        import sklearn.datasets
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "the data sets need scikit-learn: pip install scikit-learn, or conda install "
            "scikit-learn"
        ) from None
    return sklearn.datasets
