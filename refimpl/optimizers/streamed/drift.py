"""How far the rows have drifted from orthonormal, and what takes them back.

Each turn takes the rows for orthonormal. What rounding adds to the Gram matrix ``G = V V^T`` can
grow from turn to turn: it is measured every `EVERY` steps, and sooner where the turns since may
have multiplied it by more than ``exp(WEAR)``, by ``turn.wear``. Where it leaves `ALLOWED`,
``V <- G^{-1/2} V``, the orthonormal rows nearest to these.
"""

import math

import numpy as np

from ...linear_algebra.symmetric_eigen import congruence, eigh

EVERY = 64
WEAR = math.log(1e3)
ALLOWED = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}


def drift(gram):
    """Largest entry of ``|G - I|``.

    Examples
    --------
    >>> import numpy as np
    >>> drift(np.diag([1.0, 1.25]))
    0.25
    """
    return float(np.abs(gram - np.eye(len(gram))).max())


def inverse_root(gram):
    """``G^{-1/2}``.

    Examples
    --------
    >>> import numpy as np
    >>> inverse_root(np.diag([1.0, 4.0]))
    array([[1. , 0. ],
           [0. , 0.5]])
    """
    values, E = eigh(gram)
    return congruence(np.ascontiguousarray(E.T), np.diag(values**-0.5))
