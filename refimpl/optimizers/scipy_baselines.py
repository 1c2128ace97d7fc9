"""Classical methods of SciPy, run under the same interface to compare with.

They choose their own steps, so they have no `step` here; a run gives them as many gradients as the
other methods have steps.

Provenance: the programs are SciPy's own, `BFGS`, `L-BFGS-B` and `trust-exact`; no paper's formula
is written anew here. They depart in their stopping rules, which are off.
"""

from typing import NamedTuple

from .method import Method


class BaselineParameters(NamedTuple):
    """None: SciPy's defaults hold, its stopping rules off."""


def _baseline(name, solver, summary, curvature=""):
    return Method(
        name, BaselineParameters, None, None, "SciPy", summary, curvature=curvature, solver=solver
    )


bfgs = _baseline("bfgs", "BFGS", "quasi-Newton with line search; exact values, noisy gradients")
lbfgs = _baseline("lbfgs", "L-BFGS-B", "limited-memory BFGS; exact values, noisy gradients")
trust_exact = _baseline(
    "trust_exact", "trust-exact", "trust region; exact values and Hessians", curvature="hessian"
)
