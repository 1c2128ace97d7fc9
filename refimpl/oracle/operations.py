"""The pieces that are certified, by the names of the reference outputs."""

from collections.abc import Callable
from typing import NamedTuple

from . import cubic, online_pca, qr_step, regression, repulsion, summary, taylor


class Operation(NamedTuple):
    """A piece: its definition, its formula, and how it is described."""

    definition: Callable
    formula: Callable
    equations: tuple


def _piece(module, name, *equations, formula=True):
    definition = getattr(module, name)
    return Operation(
        definition, getattr(module, f"{name}_formula") if formula else definition, equations
    )


OPERATIONS = {
    "regression.start": _piece(regression, "start", "eq-recursion", formula=False),
    "regression.start_diagonal": _piece(
        regression, "start_diagonal", "eq-recursion", formula=False
    ),
    "regression.update": _piece(regression, "update", "eq-recursion"),
    "regression.update_new_mean": _piece(regression, "update_new_mean", "eq-new-mean"),
    "regression.slope": _piece(regression, "slope", "eq-slope", "eq-standard-errors"),
    "regression.hessian": _piece(regression, "hessian", "eq-plain-hessian"),
    "regression.symmetric_hessian": _piece(regression, "symmetric_hessian", "eq-lyapunov"),
    "regression.correlated_hessian": _piece(regression, "correlated_hessian", "eq-correlated"),
    "online_pca.oja": _piece(online_pca, "oja", "eq-oja"),
    "online_pca.inject": _piece(online_pca, "inject", "eq-injection"),
    "online_pca.orthonormalize": _piece(online_pca, "orthonormalize", "eq-orthonormalize"),
    "online_pca.transport": _piece(online_pca, "transport", "eq-transport"),
    "qr_step.qr_step": _piece(qr_step, "qr_step", "eq-qr-step"),
    "qr_step.shifted_qr_step": _piece(qr_step, "shifted_qr_step", "eq-shifted-qr-step"),
    "repulsion.newton": _piece(repulsion, "newton", "eq-newton"),
    "repulsion.saddle_free": _piece(repulsion, "saddle_free", "eq-saddle-free"),
    "repulsion.row_sum_bound": _piece(repulsion, "row_sum_bound", "eq-row-sum-bound"),
    "cubic.minimize_cubic": _piece(cubic, "minimize_cubic", "eq-cubic-model", "eq-secular"),
    "taylor.expand": _piece(taylor, "expand", "eq-taylor-line", "eq-taylor-recursion"),
    "summary.summarize": _piece(summary, "summarize", "eq-summary", "eq-summary-polarization"),
}
