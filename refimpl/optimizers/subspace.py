"""The model in a few directions that follow the gradients, of all methods with a `dimension`."""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile import compiled
from .._compile.border import public
from ..linear_algebra.gram_schmidt import direction
from ..online_pca import inject, outside, transport
from ..qr_step import rotate_statistics


class Subspace(NamedTuple):
    """Directions, and statistics along them.

    The means stay in the full space, with the method: so they do not grow stale when the directions
    turn. Their place in `line` is the origin.
    """

    V: np.ndarray  # (d, D), orthonormal rows from the first injection on
    line: regression.State  # (d,) and (d, d)


@public
def start(directions, prior):
    """The start of [D]'s programs: the directions as they were drawn, not orthonormal yet."""
    return Subspace(directions.copy(), regression.start(directions.shape[0], prior))


@public
def follow(model, gradient, turn, from_mean_theta, from_mean_gradient, beta):
    """Turn the directions toward a gradient, then take in one observation along them.

    As in [D]'s programs: the raw gradient is injected, the statistics are not transported, and the
    products are those of the new means.

    Parameters
    ----------
    model : Subspace
    gradient : ndarray of shape (D,)
    turn : float
        [D]'s Gamma, in 1 / gradient-units.
    from_mean_theta, from_mean_gradient : ndarray of shape (D,)
        Distances of position and gradient from their old means.
    beta : float
        Weight of the newest observation.

    Returns
    -------
    Subspace
    """
    V = inject(model.V, gradient, turn)
    line = regression.centred(model.line)
    line = regression.update_new_mean(line, V @ from_mean_theta, V @ from_mean_gradient, beta)
    return Subspace(V, line)


@compiled
def with_covariances(line, C_thetatheta, C_gtheta, C_gg):
    """The same but for these; compiled code has no ``_replace`` of a named tuple."""
    return regression.State(
        weight=line.weight,
        beta=line.beta,
        scale=line.scale,
        mean_theta=line.mean_theta,
        mean_gradient=line.mean_gradient,
        C_thetatheta=C_thetatheta,
        C_gtheta=C_gtheta,
        C_gg=C_gg,
    )


@public
def transported(line, V_old, V_new):
    """The statistics in the coordinates of a turned basis, by `transport`; means at the origin."""
    return with_covariances(
        regression.centred(line),
        C_thetatheta=transport(V_old, V_new, line.C_thetatheta),
        C_gtheta=transport(V_old, V_new, line.C_gtheta),
        C_gg=transport(V_old, V_new, line.C_gg),
    )


@public
def rotated(line, rotation):
    """The statistics after a rotation of the basis, by `rotate_statistics`; means at the origin."""
    return with_covariances(
        regression.centred(line),
        C_thetatheta=rotate_statistics(rotation, line.C_thetatheta),
        C_gtheta=rotate_statistics(rotation, line.C_gtheta),
        C_gg=rotate_statistics(rotation, line.C_gg),
    )


@public
def with_prior(line, seen, slope):
    """The statistics as if a line of this slope had been seen in every direction.

    ``C_thetatheta + seen I``, ``C_gtheta + seen slope I``, ``C_gg + seen slope^2 I``: where little
    has been seen, this line decides, and it is the same in every basis.
    """
    eye = seen * np.eye(line.mean_theta.size)
    return with_covariances(
        line,
        C_thetatheta=line.C_thetatheta + eye,
        C_gtheta=line.C_gtheta + slope * eye,
        C_gg=line.C_gg + slope * slope * eye,
    )


@public
def renewed(model, from_mean_theta, from_mean_gradient):
    """The flattest direction gives way to what the others miss of a gradient, if that is stiffer.

    Stiffness is ``C_gg / C_thetatheta`` along a direction, and for the newcomer the quotient of the
    squared distances of gradient and position from their means, outside the subspace. Nothing is
    known yet along a new direction: its statistics are 0.

    Parameters
    ----------
    model : Subspace
    from_mean_theta, from_mean_gradient : ndarray of shape (D,)

    Returns
    -------
    Subspace
        The same where the subspace is the whole space.

    Notes
    -----
    Book: {eq}`eq-renewal`.
    """
    V, line = model.V, model.line
    d = V.shape[0]
    if d == V.shape[1]:
        return model
    # Twice is enough: the second pass takes away what rounding has left in the subspace.
    new, length = direction(outside(V, from_mean_gradient))
    new, kept = direction(outside(V, new))
    missed = outside(V, from_mean_theta)
    flattest, least = 0, np.inf
    for i in range(d):
        stiffness = (
            line.C_gg[i, i] / line.C_thetatheta[i, i] if line.C_thetatheta[i, i] > 0.0 else 0.0
        )
        if stiffness < least:
            flattest, least = i, stiffness
    if length * length <= least * (missed @ missed) or kept < 0.5:
        return model
    V = V.copy()
    V[flattest] = new
    keep = np.ones((d, d))
    keep[flattest] = 0.0
    keep[:, flattest] = 0.0
    return Subspace(
        V,
        with_covariances(
            line,
            C_thetatheta=keep * line.C_thetatheta,
            C_gtheta=keep * line.C_gtheta,
            C_gg=keep * line.C_gg,
        ),
    )
