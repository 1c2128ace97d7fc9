"""Curvature from noisy gradients: readable, compiled, verified references.

Stochastic optimization that learns curvature from the gradients it sees anyway. The names below
are loaded when they are first used, so that ``import refimpl`` costs next to nothing.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec

__version__ = "0.1.0"

# Public name -> the module it lives in.
_HOMES = {
    "diagnostics": "refimpl.runs.diagnostics",
    "lattice": "refimpl.runs.lattice",
    "methods": "refimpl.optimizers",
    "minimize": "refimpl.runs.minimize",
    "scipy_method": "refimpl.runs.scipy_method",
    "stepper": "refimpl.runs.stepper",
}
_MODULES = (
    "cubic",
    "errors",
    "functions",
    "gram_schmidt",
    "lanczos",
    "layered_summary",
    "network",
    "noise",
    "online_pca",
    "partitions",
    "qr_step",
    "regression",
    "repulsion",
    "summary",
    "symmetric_eigen",
    "taylor",
)

# Module that had another name once -> where it is now; under both it is the same module.
_MOVED = {
    "refimpl.cubic_bounded": "refimpl.cubic.bounded",
    "refimpl.cubic_rounding": "refimpl.cubic.rounding",
    "refimpl.cubic_units": "refimpl.cubic.units",
    "refimpl.gram_schmidt": "refimpl.linear_algebra.gram_schmidt",
    "refimpl.lanczos": "refimpl.linear_algebra.lanczos",
    "refimpl.layered_summary": "refimpl.summary.layered",
    "refimpl.ldl": "refimpl.linear_algebra.ldl",
    "refimpl.partitions": "refimpl.summary.partitions",
    "refimpl.runs.cells": "refimpl.runs.experiments.cells",
    "refimpl.runs.statistics": "refimpl.runs.experiments.statistics",
    "refimpl.runs.tournament": "refimpl.runs.experiments.tournament",
    "refimpl.runs.training": "refimpl.runs.experiments.training",
    "refimpl.secular": "refimpl.cubic.secular",
    "refimpl.symmetric_eigen": "refimpl.linear_algebra.symmetric_eigen",
}

__all__ = sorted([*_HOMES, *_MODULES])


class _Moved:
    """Finds the modules of `_MOVED` when they are imported under their former names."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return ModuleSpec(name, _Moved) if name in _MOVED else None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        sys.modules[module.__name__] = importlib.import_module(_MOVED[module.__name__])


# Once, also where the package is loaded anew.
sys.meta_path[:] = [f for f in sys.meta_path if getattr(f, "__module__", "") != __name__]
sys.meta_path.append(_Moved)


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"refimpl.{name}")
    raise AttributeError(f"module 'refimpl' has no attribute {name!r}")


def __dir__():
    return [*__all__, "__version__"]
