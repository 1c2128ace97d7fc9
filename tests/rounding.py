"""How far two right programs may lie apart: the sensitivity of a computation, measured; no tests.

A sum may be taken in any order and with products rounded or not, as the kernel of the linear
algebra likes. To first order each such rounding acts like a change of what goes in, by some `EPS`
of its size; what comes out changes by as much as the computation is sensitive there.
"""

import numpy as np

EPS = np.finfo(np.float64).eps
# Far above the rounding of the computation itself, far below where it bends: at a condition of 1e8
# the changes are still 1e-3 of what is changed.
CHANGE = 1e-11
DRAWS = 8


def shaken(array, rng):
    """Every entry changed by a random share of the array's largest; symmetric if it was.

    Zeros alone are changed as numbers near 1 are: what is added to them next is rounded too.
    """
    change = rng.uniform(-1.0, 1.0, np.shape(array))
    if np.ndim(array) == 2 and np.array_equal(array, np.transpose(array)):
        change = 0.5 * (change + change.T)
    return array + CHANGE * (np.abs(array).max(initial=0.0) or 1.0) * change


def sensitivity(compute, *given):
    """For each array of the tuple ``compute(*given)`` its largest change per share of the input.

    Infinite where already these small changes bend or flip it: there no digit can be told.
    """
    rng, before = np.random.default_rng(0), compute(*given)
    largest = np.zeros(len(before))
    for _ in range(DRAWS):
        after = compute(*(shaken(array, rng) for array in given))
        changes = [np.abs(a - b).max(initial=0.0) for a, b in zip(after, before, strict=True)]
        largest = np.maximum(largest, changes)
    sizes = np.array([np.abs(b).max(initial=0.0) for b in before])
    return np.where(largest > 1e-2 * sizes, np.inf, largest / CHANGE)


def assert_agree(found, compute, given, roundings):
    """Each array found is that of ``compute(*given)``, up to so many roundings; returns bounds.

    Each rounding counts as a change of the input, and once more as one of the result itself.
    """
    expected = compute(*given)
    bounds = roundings * EPS * sensitivity(compute, *given)
    for value, right, bound in zip(found, expected, bounds, strict=True):
        last = roundings * EPS * np.abs(right).max(initial=0.0)
        assert np.shape(value) == np.shape(right)
        assert np.abs(value - right).max(initial=0.0) <= bound + last
    return bounds
