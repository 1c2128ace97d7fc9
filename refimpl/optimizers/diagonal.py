"""The curvature of each coordinate by itself, and a gradient divided by it."""

import numpy as np

from .._compile.border import public
from ..linear_algebra import scaling
from ..regression import LEAST, resolution
from ..repulsion import LARGEST


@public
def quotient(a, b):
    """``a / b`` for ``b >= 0``; 0 where `b` is 0, cut where no float can hold it.

    Examples
    --------
    >>> quotient(3.0, 2.0), quotient(3.0, 0.0)
    (1.5, 0.0)
    """
    return scaling.quotient(a, b, LARGEST) if b != 0.0 else 0.0


@public
def fitted(line):
    """``C_gtheta / C_thetatheta`` of a diagonal state, 0 for a coordinate that has not moved.

    The curvature of `refimpl.regression.slope`, without its errors. Shape (D,).
    """
    curvature, least = np.zeros(line.C_gtheta.size), resolution(line)
    for i in range(curvature.size):
        if line.C_thetatheta[i] > max(least[i] * least[i], LEAST):
            curvature[i] = quotient(line.C_gtheta[i], line.C_thetatheta[i])
    return curvature


@public
def correlated(line):
    """``sqrt(C_gg / C_thetatheta)`` of a diagonal state, 0 for a coordinate that has not moved.

    The modulus of the curvature if position and gradient are perfectly correlated. Shape (D,).
    """
    curvature, least = np.zeros(line.C_gg.size), resolution(line)
    for i in range(curvature.size):
        moved = line.C_thetatheta[i] > max(least[i] * least[i], LEAST)
        if moved and line.C_gg[i] > LEAST:
            curvature[i] = np.sqrt(quotient(line.C_gg[i], line.C_thetatheta[i]))
    return curvature


@public
def divided(m, curvature, div, cut):
    """``m_i / max(div |lambda_i|, cut)``, the saddle-free step with the sign of `m`.

    Parameters
    ----------
    m : ndarray of shape (D,)
        Momentum, in gradient-units.
    curvature : ndarray of shape (D,)
        The ``lambda_i``, in gradient-units / theta-units.
    div, cut : float
        As in `refimpl.repulsion.saddle_free`.

    Returns
    -------
    ndarray of shape (D,)
        In theta-units. A coordinate of curvature 0 gets no step if `cut` is 0.

    Notes
    -----
    Book: {eq}`eq-saddle-free`.

    Examples
    --------
    >>> import numpy as np
    >>> divided(np.array([3.0, 3.0, 3.0]), np.array([-2.0, 1.0, 0.0]), 1.0, 0.0)
    array([1.5, 3. , 0. ])
    """
    u = np.empty(m.size)
    for i in range(m.size):
        # In this order no product overflows.
        bound = max(div * min(abs(curvature[i]), LARGEST / max(div, 1.0)), cut)
        u[i] = quotient(m[i], bound)
    return u
