"""What many final values say together: means and shares that a diverged run cannot spoil.

An excess is a final value minus the function's minimum; it is `inf` for a run that diverged, and
above 0 otherwise.
"""

import numpy as np

# What a diverged run counts in a geometric mean: nearly the largest float.
DIVERGED = 1e300
# Quantile of the normal distribution at 0.975.
Z = 1.959963984540054


def rounding(minimum):
    """Below this an excess over `minimum` is rounding: ``eps max(1, |minimum|)``.

    Examples
    --------
    >>> rounding(0.0) == rounding(-1.0) == 2.0**-52
    True
    """
    return float(np.finfo(np.float64).eps) * max(1.0, abs(minimum))


def geometric_mean(excess):
    """Geometric mean of a non-empty array of excesses, a diverged run counting as 1e300.

    Examples
    --------
    >>> round(geometric_mean([1.0, 10.0, 100.0]), 12)
    10.0
    """
    return float(np.exp(np.mean(np.log(np.minimum(excess, DIVERGED)))))


def finite_geometric_mean(excess):
    """Geometric mean over the runs that did not diverge; None if all of them did.

    Examples
    --------
    >>> round(finite_geometric_mean([1.0, 100.0, np.inf]), 12)
    10.0
    """
    finite = np.extract(np.isfinite(excess), excess)
    return geometric_mean(finite) if finite.size else None


def deciles(excess):
    """Eleven quantiles from the minimum to the maximum, each of them the excess of some run.

    Diverged runs take their place at the upper end.

    Examples
    --------
    >>> deciles([3.0, 1.0, np.inf])[[0, 5, 10]]
    array([ 1.,  3., inf])
    """
    # Between two runs, interpolation would have to subtract infinities.
    return np.quantile(excess, np.linspace(0.0, 1.0, 11), method="lower")


def wilson_interval(count, runs):
    """Wilson's 95 % interval of a share, from `count` of `runs` independent runs.

    It stays within [0, 1], and is no point where nothing diverged: after 100 runs without a
    divergence the share may well be 0.03.

    Returns
    -------
    (float, float)

    Examples
    --------
    >>> low, high = wilson_interval(0, 100)
    >>> low, round(high, 3)
    (0.0, 0.037)
    """
    share = count / runs
    spread = 1.0 + Z * Z / runs
    middle = (share + Z * Z / (2.0 * runs)) / spread
    half = Z / spread * np.sqrt(share * (1.0 - share) / runs + Z * Z / (4.0 * runs * runs))
    # At the ends both terms are equal but for rounding.
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == runs else middle + half
    return float(low), float(high)


def profile(excess, best, exponents):
    """Share of runs within a factor ``10^exponent`` of the best rival in the same run.

    Parameters
    ----------
    excess, best : array_like of the same shape
        Of one rival, and the smallest over all rivals, run by run.
    exponents : array_like of shape (k,)
        Decimal, at least 0.

    Returns
    -------
    ndarray of shape (k,)
        Not decreasing. A run that diverged is within no factor.

    Examples
    --------
    >>> profile([1.0, 50.0, np.inf], [1.0, 1.0, 2.0], [0.0, 1.0, 2.0]).round(3)
    array([0.333, 0.333, 0.667])
    """
    excess, best = np.ravel(excess), np.ravel(best)
    finite = np.isfinite(excess)
    # In logarithms, where no factor overflows; equal excesses differ by exactly 0.
    behind = np.log10(excess[finite]) - np.log10(best[finite])
    return np.array([np.sum(behind <= exponent) for exponent in exponents]) / excess.size
