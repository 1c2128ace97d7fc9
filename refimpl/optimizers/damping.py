"""Damping of grouped Newton that changes: falling geometrically, or on a plateau of the loss.

Both are options of [W]'s program (`damping_schedule`, `dmp_auto`), which counts epochs; here steps
and summaries are counted, and a plateau is told from means over as many losses as are looked at
together, since the loss of one minibatch is noise.
"""

from typing import NamedTuple

import numpy as np

from ..errors import RangeError


class Plateau(NamedTuple):
    """What is remembered of the losses of summaries."""

    seen: int  # losses since the last look
    total: float  # their sum
    best: float  # mean of the last look that was low enough; infinite before the first
    factor: float  # of the damping


def start(parameters):
    """Nothing seen; None where no plateau is looked for."""
    return Plateau(0, 0.0, np.inf, 1.0) if parameters.plateau else None


def watched(plateau, loss, parameters):
    """After one more loss: at each look the factor falls unless the mean loss has.

    Book: {eq}`eq-plateau`.
    """
    if plateau is None:
        return None
    if loss is None:
        raise RangeError("grouped_newton: plateau needs the value of the loss, which summary omits")
    _, total, best, factor = plateau
    seen, total = plateau.seen + 1, total + float(loss)
    if seen < parameters.plateau:
        return Plateau(seen, total, best, factor)
    mean = total / seen
    # Also of a negative loss; the first mean is always low enough.
    if best == np.inf or mean < best - parameters.plateau_fall * abs(best):  # eq-plateau
        return Plateau(0, 0.0, mean, factor)
    return Plateau(0, 0.0, best, parameters.plateau_factor * factor)  # eq-plateau


def share(count, plateau, parameters):
    """The share of the step that is made, `count` steps after the first that moves.

    Book: {eq}`eq-damping-decay`.
    """
    damping, steps = parameters.damping, parameters.decay_steps
    if steps:
        damping *= (parameters.decay_to / damping) ** (min(count, steps) / steps)
    return damping if plateau is None else damping * plateau.factor
