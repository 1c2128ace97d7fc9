"""The root of a secular equation, next to its pole or far from it."""

import numpy as np

from .._compile.border import public
from ..linear_algebra.symmetric_eigen import EPS

# Newton's method from the left converges in about ten steps, and quadratically at the end.
STEPS = 100


@public
def length(x: np.ndarray):
    """Euclidean length, without overflow or underflow on the way."""
    largest = 0.0
    for value in x:
        largest = max(largest, abs(value))
    if largest == 0.0:
        return 0.0
    total = 0.0
    for value in x:
        total += (value / largest) ** 2
    return largest * np.sqrt(total)


@public
def components(c: np.ndarray, base: np.ndarray, rate: np.ndarray, t: float):
    """``z_i = c_i / (base_i + rate_i t)``; 0 where `c_i` is."""
    z = np.zeros(c.size)
    for i in range(c.size):
        if c[i] != 0.0:
            z[i] = c[i] / (base[i] + rate[i] * t)  # eq-secular
    return z


@public
def root(
    c: np.ndarray,
    base: np.ndarray,
    rate: np.ndarray,
    origin: float,
    half: float,
    low: float,
    high: float,
):
    """The `t` in ``[low, high]`` at which ``half |z(t)| = origin + t``.

    The left side falls from its pole, the right side rises. ``1 / |z|`` is concave in `t`, nearly
    straight next to the pole, and so is ``- half / (origin + t)``: Newton's method on their sum
    comes from the left and never jumps over the root.

    Parameters
    ----------
    c : ndarray of shape (n,)
        Numerators of `components`, not all 0.
    base, rate : ndarray of shape (n,)
        Denominators are ``base_i + rate_i t``, neither part negative.
    origin, half : float
        Not negative and positive.
    low, high : float
        Bounds of the root, ``0 < low <= high``; the search starts at `low`.

    Returns
    -------
    float
        Its relative error is some roundings, however close to the pole ``t = 0`` it is.

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(1)
    >>> float(root(2.0 * one, 0.0 * one, one, 0.0, 2.0, 1.0, 4.0))  # 2 * 2 / t = t
    2.0
    """
    t = low
    for _ in range(STEPS):
        z = components(c, base, rate, t)
        size = length(z)
        if size == 0.0:
            break
        slope = 0.0
        for i in range(c.size):
            if z[i] != 0.0:
                slope += (z[i] / size) ** 2 * (rate[i] / (base[i] + rate[i] * t))
        s = origin + t
        step = (half * size - s) / (s * slope + half * size / s)
        # Roundings of the bounds may have put the start behind the root.
        new = min(max(t + step, 0.5 * t), high)
        if abs(new - t) <= 2.0 * EPS * t:
            return new
        t = new
    return t
