"""A scale for each coordinate, as far as the data tell coordinates apart.

A coordinate is stiff where its gradients spread more than its positions. In units of these scales
all coordinates are alike, and what is left for turning axes is how they are coupled. Chapter "A
robust default" of the book.
"""

import numpy as np

from .. import regression
from .._compile.border import public
from ..linear_algebra.symmetric_eigen import EPS
from . import subspace

# Variance of the logarithm of a scale times the observations less one, early in a run: three
# times that of independent pairs, which is 1/4, since neighbours are alike.
CHANCE = 0.75
# From so many dimensions on all coordinates share one scale: carrying statistics to new ones takes
# ``4 d^2 D`` operations, more than all else in a step that reads its axes twice.
MANY = 100_000


@public
def coordinate_scales(variance_theta, variance_gradient, size):
    """Scales whose quotients are those of ``(C_thetatheta / C_gg)^(1/4)``, as far as they differ.

    Their logarithms are drawn toward their mean by the share of their variance that chance alone
    would make, as James and Stein do [james1961]_; the geometric mean of the scales is 1.

    Parameters
    ----------
    variance_theta, variance_gradient : ndarray of shape (D,)
        Variances of each coordinate of positions and gradients.
    size : float
        Effective number of observations before the newest one.

    Returns
    -------
    ndarray of shape (D,)
        All 1 where no two coordinates can be told apart.

    Notes
    -----
    Book: {eq}`eq-coordinate-scales`.

    Examples
    --------
    >>> import numpy as np
    >>> coordinate_scales(np.array([1.0, 1.0]), np.array([1.0, 1e16]), 1e9).round(6)
    array([1.e+02, 1.e-02])
    """
    D = variance_theta.size
    # No variance is known better than this share of all.
    least_theta = EPS * EPS * np.sum(variance_theta)
    least_gradient = EPS * EPS * np.sum(variance_gradient)
    if not (size > 1.0 and least_theta > 0.0 and least_gradient > 0.0):
        return np.ones(D)
    logarithms = np.log(np.maximum(variance_theta, least_theta))
    logarithms = 0.25 * (logarithms - np.log(np.maximum(variance_gradient, least_gradient)))
    # A coordinate that has not moved, or has always had one gradient, says nothing of itself: it
    # takes the mean of the others.
    told = (variance_theta > least_theta) & (variance_gradient > least_gradient)
    off = np.where(told, logarithms - np.sum(told * logarithms) / max(np.sum(told), 1), 0.0)
    variance, by_chance = np.mean(off * off), CHANCE / (size - 1.0)
    return np.exp((1.0 - by_chance / variance) * off) if variance > by_chance else np.ones(D)


@public
def carried(model, change):
    """The statistics along the rows in coordinates of other scales.

    With ``z = theta / a`` a new `a` makes ``z = change * z_old``, and gradients are divided by the
    same. Along the rows of `V`, which stay, that is ``M = V diag(change) V^T`` for positions and
    ``K = V diag(1 / change) V^T`` for gradients, where the rows are all directions; where they are
    some, it is what of both stays among them.

    Parameters
    ----------
    model : Subspace
    change : ndarray of shape (D,)
        Old scales divided by the new ones.

    Returns
    -------
    Subspace

    Notes
    -----
    Book: {eq}`eq-carried-scales`.
    """
    if np.all(change == 1.0):
        return model
    V, line = model.V, regression.centred(model.line)
    M, K = (V * change) @ V.T, (V / change) @ V.T
    line = subspace.with_covariances(
        line,
        C_thetatheta=M @ line.C_thetatheta @ M.T,
        C_gtheta=K @ line.C_gtheta @ M.T,
        C_gg=K @ line.C_gg @ K.T,
    )
    return subspace.Subspace(V, line)
