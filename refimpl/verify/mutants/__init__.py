"""Wrong copies of this package, each with one plausible mistake of a port, and harmless ones.

They test the reference outputs themselves: every mistake must be caught, where it belongs, and
every harmless variant must pass.
"""

from . import (
    coordinate_scales,
    cubic,
    grouped_newton,
    harmless,
    methods,
    neighbours,
    ogr,
    online_pca,
    optimizers,
    qr_step,
    regression,
    repulsion,
    settings,
    summary,
    taylor,
    thresholds,
    trajectories,
)
from .mutant import OP, Mutant, changed, source

__all__ = ["MUTANTS", "OP", "VARIANTS", "Mutant", "changed", "source"]

MUTANTS = (
    *regression.MUTANTS,
    *online_pca.MUTANTS,
    *qr_step.MUTANTS,
    *repulsion.MUTANTS,
    *optimizers.MUTANTS,
    *cubic.MUTANTS,
    *summary.MUTANTS,
    *grouped_newton.MUTANTS,
    *settings.MUTANTS,
    *thresholds.MUTANTS,
    *taylor.MUTANTS,
    *methods.MUTANTS,
    *ogr.MUTANTS,
    *coordinate_scales.MUTANTS,
    *trajectories.MUTANTS,
    *neighbours.MUTANTS,
)
VARIANTS = harmless.VARIANTS
