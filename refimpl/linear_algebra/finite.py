"""Finite: what every piece asks of its numbers."""

import numpy as np

from .._compile.border import public

# So many entries a loop of plain Python looks at as fast as NumPy does.
FEW = 16


@public
def all_finite(x):
    """Whether no entry of the array is NaN or infinite; for a few nothing is allocated."""
    if x.size > FEW:
        return bool(np.isfinite(x).all())
    for value in x.flat:
        # False for NaN too; unlike a difference, a comparison warns of nothing in plain Python.
        if not abs(value) < np.inf:
            return False
    return True
