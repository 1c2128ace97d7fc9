"""How a run can end, and how far it may go: what every driver of runs goes by."""

import numpy as np

from ._compile.border import public

# Outcomes of a run.
DONE, DIVERGED, BAD_SHAPE, BAD_GRADIENT = 0, 1, 2, 3
NOT_BEGUN = -1
# A run has diverged when it leaves the ball of this many times max(1, |x0|).
BALL = 1e8
# Nor can it go on with a longer position or gradient, whose square all but overflows: no statistic
# of it can be kept.
LONGEST = 1e150


@public
def length(x):
    """Euclidean length; infinite or NaN where the square is no float."""
    return np.sqrt(np.sum(x * x))


@public
def farthest(x0):
    """Distance from the origin beyond which a run from `x0` has diverged."""
    return min(BALL * max(1.0, length(x0)), LONGEST)
