"""Stationary points of a sum of functions of one coordinate each."""

import itertools

import numpy as np

# Above this many numbers the products are not listed: 3^k points of D coordinates grow fast.
LISTED = 100_000


def saddles(minima, maxima):
    """The points with a maximum in some coordinates and a minimum in all the others.

    Parameters
    ----------
    minima, maxima : sequence of D sequences of float
        Where the function of each coordinate has its minima and maxima.

    Returns
    -------
    ndarray of shape (n, D)

    Examples
    --------
    >>> saddles([[-1.0, 1.0], [0.0]], [[0.0], []])
    array([[0., 0.]])
    """
    kinds = [
        [(x, False) for x in low] + [(x, True) for x in high]
        for low, high in zip(minima, maxima, strict=True)
    ]
    points = [
        [x for x, _ in choice]
        for choice in itertools.product(*kinds)
        if 0 < sum(top for _, top in choice) < len(kinds)
    ]
    return np.array(points).reshape(-1, len(kinds))
