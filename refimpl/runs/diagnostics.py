"""What a method knows: the curvatures it has fitted, how well, and along which directions."""

from typing import NamedTuple

import numpy as np

from .. import optimizers, regression
from .._numbers import real
from ..errors import ShapeError, StateError
from ..linear_algebra.symmetric_eigen import EPS, eigh
from ..online_pca import explained_energy
from ..qr_step import rotate_statistics


class Diagnostics(NamedTuple):
    """Curvatures along the `k` axes of a method's model; see `diagnostics`."""

    curvature: np.ndarray  # (k,), ascending if the axes are eigenvectors
    curvature_error: np.ndarray  # (k,), standard errors, infinite where nothing is known
    explained_energy: float  # share of the gradient that lies in the subspace
    directions: np.ndarray  # (k, D), the axes as unit rows; (0, D) where they are the coordinates


def _parts(state):
    """The fields of a state and of the tuples in it, outermost first, as (name, value)."""
    if not hasattr(state, "_fields"):
        return
    inner = []
    for name, part in state._asdict().items():
        yield name, part
        if hasattr(part, "_fields") and not isinstance(part, regression.State):
            inner.append(part)
    for part in inner:
        yield from _parts(part)


def _model(state):
    """The statistics and the directions (d, D) they are kept along, None where all are."""
    if hasattr(state, "V"):
        holders = [state]
    else:
        holders = [part for _, part in _parts(state) if hasattr(part, "V")]
    # The statistics beside V, or inside the tuple that holds it, are those along its rows.
    for holder in holders:
        for _, part in _parts(holder):
            if isinstance(part, regression.State):
                return part, holder.V
    for _, part in _parts(state):
        if isinstance(part, regression.State):
            return part, None
    return None, None


def _unscaled(line, V, scales):
    """A line along the rows of `V` in ``theta / scales``, in units of theta.

    The rows of ``V diag(scales) = L Q`` span the steps that it makes. Along `Q` positions are
    ``L^T V (theta / scales)`` and gradients ``L^-1 V (scales g)``: where the rows are all
    directions these are the coordinates themselves, and where they are some, those of what was
    seen along the rows.

    Returns
    -------
    State
    ndarray of shape (d, D)
        `Q`, orthonormal.
    ndarray of shape (d, D)
        Those rows that give the positions.
    """
    Q, R = np.linalg.qr((V * scales).T)
    L, back = R.T, np.linalg.inv(R.T)
    line = line._replace(
        C_thetatheta=L.T @ line.C_thetatheta @ L,
        C_gtheta=back @ line.C_gtheta @ L,
        C_gg=back @ line.C_gg @ back.T,
    )
    return line, Q.T.copy(), L.T @ (V / scales)


def _rounded(state, directions, beta):
    """Variances along the directions that rounding of the positions can make.

    Where a method keeps no mean of the positions in the full space, nothing is known of that.
    """
    means = [part for name, part in _parts(state) if name == "mean_theta"]
    means += [part.mean_theta for _, part in _parts(state) if isinstance(part, regression.State)]
    D = directions.shape[1]
    for mean in means:
        if beta > 0.0 and mean.size == D:
            least = regression.ROUNDINGS * EPS * np.abs(mean) / beta
            return np.sum((directions * least) ** 2, axis=1)
    return np.zeros(len(directions))


def _in_axes(line):
    """Statistics rotated to the eigenvectors of the fitted Hessian, and these as columns."""
    _, axes = eigh(regression.symmetric_hessian(line, 0.0))
    return line._replace(
        C_thetatheta=rotate_statistics(axes, line.C_thetatheta),
        C_gtheta=rotate_statistics(axes, line.C_gtheta),
        C_gg=rotate_statistics(axes, line.C_gg),
    ), axes


def diagnostics(method, state, gradient=None):
    """Curvatures, their standard errors and the directions of a method's fitted model.

    For a `callback` of `refimpl.minimize`, whose `intermediate_result` has the `state`.

    Parameters
    ----------
    method : str or Method
        A name of `refimpl.methods`; it enters the message of an error only.
    state : NamedTuple
        The method's state after a step.
    gradient : array_like of shape (D,), optional
        For the explained energy, in any unit.

    Returns
    -------
    Diagnostics
        `curvature`: the eigenvalues of the symmetric least-squares Hessian, ascending, each of
        which is also the slope of the line along its own eigenvector; for statistics of diagonals
        the slope of each coordinate, or of each direction. It is the fit to what the method has
        seen; a "c" variant steps by another curvature, made from the same statistics.
        `curvature_error`: of `refimpl.regression.slope` along these axes, with its conditions;
        infinite along an axis that was never visited.
        `explained_energy`: `refimpl.online_pca.explained_energy` of the method's subspace; NaN
        without `gradient`, and for a model of the whole space, which has no subspace.
        `directions`: the axes; of shape (0, D) for a model of each coordinate, whose axes are
        those of the coordinates. A method with two models is shown by the one in the subspace; the
        model of one that scales the coordinates is shown without these scales.

    Raises
    ------
    StateError
        For a state without fitted statistics, with the methods that have them.
    ShapeError
        For a gradient of another dimension.

    Examples
    --------
    >>> import refimpl
    >>> seen = []
    >>> def look(intermediate_result):
    ...     seen.append(diagnostics("fogr", intermediate_result.state))
    >>> f = refimpl.functions.quadratic([0.5, 1.0])
    >>> run = refimpl.minimize(f, [1.0, 1.0], method="fogr", steps=40, callback=look)
    >>> seen[-1].curvature.round(3)
    array([0.5, 1. ])
    """
    line, V = _model(state)
    if line is None:
        name = getattr(method, "name", method)
        raise StateError(
            f"diagnostics: the state of {name} holds no fitted line; those of "
            f"{', '.join(sorted(with_model()))} do"
        )
    D = line.mean_theta.size if V is None else V.shape[1]
    if gradient is not None:
        gradient = real(gradient, "a gradient")
        if gradient.shape != (D,):
            raise ShapeError(
                f"diagnostics: expected a gradient of shape ({D},), got {gradient.shape}"
            )
    # A method may have scales of its own for the coordinates.
    readers = V
    if hasattr(state, "scales"):
        line, V, readers = _unscaled(line, V, state.scales)
    directions = np.empty((0, D)) if V is None else V.copy()
    if line.C_thetatheta.ndim == 2:
        line, axes = _in_axes(line)
        directions = axes.T.copy() if V is None else axes.T @ V
        readers = directions if V is None else axes.T @ readers
    # A method may keep its gradients in a unit of its own.
    unit = getattr(state, "unit", 1.0)
    fitted = regression.slope(line)
    curvature, error = unit * fitted.curvature, unit * fitted.curvature_error
    variance = line.C_thetatheta if line.C_thetatheta.ndim == 1 else np.diag(line.C_thetatheta)
    unknown = variance <= regression.UNVISITED * np.max(variance)
    if V is not None:
        # Along them the statistics are centred, and no longer know how far away the place is.
        unknown |= variance <= _rounded(state, readers, line.beta)
    if hasattr(state, "scales"):
        # Carried from scales to very different ones, a part may seem more than all that was seen.
        unknown |= variance > 2.0 * np.sum(state.variance_theta)
    # There the quotient is one of two roundings.
    curvature[unknown], error[unknown] = 0.0, np.inf
    energy = np.nan
    if V is not None and gradient is not None:
        energy = explained_energy(V, gradient)
    return Diagnostics(curvature, error, energy, directions)


def with_model():
    """Names of the methods whose state holds fitted statistics.

    Examples
    --------
    >>> "fogr" in with_model(), "adam" in with_model()
    (True, False)
    """
    named = []
    for name, method in optimizers.METHODS.items():
        if method.start is None:
            continue
        state = method.start(np.zeros(1), np.ones((1, 1)), method.parameters())
        if _model(state)[0] is not None:
            named.append(name)
    return named
