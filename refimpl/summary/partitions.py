"""Partitions of the parameters into groups, each of which gets a learning rate of its own.

Parameters are one flat array. `shapes` names the tensors that it holds one after the other, and
`tensors` cuts it into them; `by_tensor`, `whole`, `weights_and_biases` and `blocks` make groups, as
lists of index arrays. Any other list that holds every index exactly once does as well.

Chapter "Summaries of higher-order derivatives" of the book; the partitions of [W].
"""

import math
import reprlib
from collections.abc import Mapping

import numpy as np

from .._compile.border import from_python
from ..errors import DtypeError, PartitionError, RangeError, ShapeError


def tensors(theta, shapes):
    """The flat parameters as named tensors, in order.

    Parameters
    ----------
    theta : array of shape (D,)
        An array or a Taylor polynomial.
    shapes : mapping of str to tuple of int
        ``()`` is a single number.

    Returns
    -------
    dict of str to array
        Parts of `theta`, views where it is an array.

    Raises
    ------
    ShapeError
        If the tensors do not fill `theta`, or a shape is not one.
    DtypeError
        For a `theta` that is no array.

    Examples
    --------
    >>> tensors(np.arange(6.0), {"W": (2, 2), "b": (2,)})["W"]
    array([[0., 1.],
           [2., 3.]])
    """
    indices = _indices(shapes)
    size = sum(map(len, indices.values()))
    if not hasattr(theta, "shape"):
        raise DtypeError(
            "partitions: expected theta as an array or a Taylor polynomial, got "
            f"{reprlib.repr(theta)}; np.asarray makes an array of a list"
        )
    if theta.shape != (size,):
        raise ShapeError(f"partitions: the shapes need theta of shape ({size},), got {theta.shape}")
    return {
        name: theta[index.start : index.stop].reshape(shapes[name])
        for name, index in indices.items()
    }


def by_tensor(shapes):
    """One group for each tensor, the canonical partition.

    Parameters
    ----------
    shapes : mapping of str to tuple of int

    Returns
    -------
    list of ndarray of int
        Tensors without an entry are left out.

    Raises
    ------
    ShapeError
        For a shape that is not one, or no parameter at all.

    Examples
    --------
    >>> by_tensor({"W": (1, 2), "b": (2,)})
    [array([0, 1]), array([2, 3])]
    """
    return [np.array(index) for index in _indices(shapes).values() if len(index)]


def whole(shapes):
    """All parameters in one group.

    Examples
    --------
    >>> whole({"W": (1, 2), "b": (2,)})
    [array([0, 1, 2, 3])]
    """
    return [np.concatenate(by_tensor(shapes))]


def weights_and_biases(shapes):
    """All tensors with two axes or more in one group, all others in a second.

    A group that would be empty is left out.

    Examples
    --------
    >>> weights_and_biases({"W1": (1, 2), "b1": (2,), "W2": (2, 1), "b2": (1,)})
    [array([0, 1, 4, 5]), array([2, 3, 6])]
    """
    indices = _indices(shapes)
    kinds = [], []
    for name, index in indices.items():
        kinds[len(shapes[name]) < 2].extend(index)
    return [np.array(kind) for kind in kinds if kind]


@from_python
def blocks(shapes, count: int):
    """Consecutive tensors together, in `count` groups of nearly equal numbers of tensors.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
    count : int
        From 1 to the number of tensors that have an entry; the first groups hold one tensor more
        where the division leaves a rest.

    Raises
    ------
    RangeError
        For another count.
    ShapeError
        As in `by_tensor`.

    Examples
    --------
    >>> blocks({"W1": (1, 2), "b1": (2,), "W2": (2, 1), "b2": (1,)}, 2)
    [array([0, 1, 2, 3]), array([4, 5, 6])]
    """
    groups = by_tensor(shapes)
    if not 1 <= count <= len(groups):
        raise RangeError(f"partitions: expected 1 to {len(groups)} blocks, got {count}")
    size, rest = divmod(len(groups), count)
    ends = np.cumsum([size + (k < rest) for k in range(count)])
    return [np.concatenate(groups[end - size - (k < rest) : end]) for k, end in enumerate(ends)]


@from_python
def check(groups, D: int):
    """The groups as arrays of indices, if they hold each of ``0 .. D-1`` exactly once.

    Parameters
    ----------
    groups : sequence of array_like of int
    D : int

    Returns
    -------
    list of ndarray of int

    Raises
    ------
    DtypeError
        For indices that are not whole numbers; a mask becomes indices by ``np.flatnonzero``.
    ShapeError
        For groups that are no sequence, and for a group that is not a flat array.
    RangeError
        For `D` below 1.
    PartitionError
        For a group that is empty, an index out of range (negative ones too), in two groups, or in
        none.

    Examples
    --------
    >>> check([[2, 0], [1]], 3)
    [array([2, 0]), array([1])]
    """
    if D < 1:
        raise RangeError(f"partitions: expected at least 1 parameter, got {D}")
    checked = []
    owner = np.full(D, -1)
    for s, group in enumerate(_sequence(groups)):
        try:
            index = np.asarray(group)
        except (TypeError, ValueError):
            raise ShapeError(
                f"partitions: group {s} must be a flat array, got {reprlib.repr(group)}"
            ) from None
        if index.ndim != 1:
            raise ShapeError(f"partitions: group {s} must be a flat array, got {index.shape}")
        if index.size == 0:
            raise PartitionError(f"partitions: group {s} is empty; leave it out")
        if index.dtype.kind not in "iu":
            raise DtypeError(
                f"partitions: expected whole numbers in group {s}, got {index.dtype}; a mask "
                "becomes indices by np.flatnonzero"
            )
        outside = (index < 0) | (index >= D)
        if outside.any():
            raise PartitionError(
                f"partitions: index {index[outside][0]} in group {s} is outside 0 to {D - 1}"
            )
        index = index.astype(np.intp)
        if (owner[index] >= 0).any():
            i = index[owner[index] >= 0][0]
            raise PartitionError(f"partitions: index {i} is in group {owner[i]} and in group {s}")
        owner[index] = s
        if np.count_nonzero(owner == s) != index.size:
            values, counts = np.unique(index, return_counts=True)
            raise PartitionError(
                f"partitions: index {values[counts > 1][0]} is more than once in group {s}"
            )
        checked.append(index)
    if (owner < 0).any():
        raise PartitionError(
            f"partitions: {np.count_nonzero(owner < 0)} of {D} indices are in no group, the first "
            f"being {np.argmin(owner)}"
        )
    return checked


def _sequence(groups):
    """What the groups are, one after the other."""
    try:
        return list(groups)
    except TypeError:
        raise ShapeError(
            "partitions: expected a sequence of groups, each an array of indices, got "
            f"{reprlib.repr(groups)}; a single group of all is [np.arange(D)]"
        ) from None


def _indices(shapes):
    """The range of flat indices of each tensor."""
    if not isinstance(shapes, Mapping):
        raise ShapeError(
            "partitions: expected a dictionary of the shapes by name, such as {'W': (2, 2)}, got "
            f"{reprlib.repr(shapes)}"
        )
    found, start = {}, 0
    for name, shape in shapes.items():
        if not isinstance(shape, tuple | list) or any(
            not isinstance(n, int | np.integer) or n < 0 for n in shape
        ):
            raise ShapeError(f"partitions: expected a shape for {name!r}, got {shape!r}")
        size = math.prod(shape)
        found[name] = range(start, start + size)
        start += size
    if start == 0:
        raise ShapeError("partitions: the shapes hold no parameter")
    return found
