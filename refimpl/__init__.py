"""Curvature from noisy gradients: readable, compiled, verified references.

Stochastic optimization that learns curvature from the gradients it sees anyway. The names below
are loaded when they are first used, so that ``import refimpl`` costs next to nothing.
"""

import importlib

__version__ = "0.1.0"

# Public name -> the module it lives in.
_HOMES = {
    "diagnostics": "refimpl.runs.diagnostics",
    "lattice": "refimpl.runs.lattice",
    "methods": "refimpl.optimizers",
    "minimize": "refimpl.runs.minimize",
    "scipy_method": "refimpl.runs.scipy_method",
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

__all__ = sorted([*_HOMES, *_MODULES])


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"refimpl.{name}")
    raise AttributeError(f"module 'refimpl' has no attribute {name!r}")


def __dir__():
    return [*__all__, "__version__"]
