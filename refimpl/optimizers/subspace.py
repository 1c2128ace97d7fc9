"""The model in a few directions that follow the gradients, of all methods with a `dimension`."""

from typing import NamedTuple

import numpy as np

from .. import regression
from .._compile import compiled
from ..online_pca import inject, transport
from ..qr_step import rotate_statistics


class Subspace(NamedTuple):
    """Directions, and statistics along them.

    The means stay in the full space, with the method: so they do not grow stale when the directions
    turn. Their place in `line` is the origin.
    """

    V: np.ndarray  # (d, D), orthonormal rows from the first injection on
    line: regression.State  # (d,) and (d, d)


@compiled
def start(directions, prior):
    """The start of [D]'s programs: the directions as they were drawn, not orthonormal yet."""
    return Subspace(directions.copy(), regression.start(directions.shape[0], prior))


@compiled
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
def transported(line, V_old, V_new):
    """The statistics in the coordinates of a turned basis, by `transport`; means at the origin."""
    zeros = np.zeros(V_old.shape[0])
    return regression.State(
        weight=line.weight,
        beta=line.beta,
        scale=line.scale,
        mean_theta=zeros,
        mean_gradient=zeros,
        C_thetatheta=transport(V_old, V_new, line.C_thetatheta),
        C_gtheta=transport(V_old, V_new, line.C_gtheta),
        C_gg=transport(V_old, V_new, line.C_gg),
    )


@compiled
def rotated(line, rotation):
    """The statistics after a rotation of the basis, by `rotate_statistics`; means at the origin."""
    zeros = np.zeros(rotation.shape[0])
    return regression.State(
        weight=line.weight,
        beta=line.beta,
        scale=line.scale,
        mean_theta=zeros,
        mean_gradient=zeros,
        C_thetatheta=rotate_statistics(rotation, line.C_thetatheta),
        C_gtheta=rotate_statistics(rotation, line.C_gtheta),
        C_gg=rotate_statistics(rotation, line.C_gg),
    )
