"""The methods: each a `NamedTuple` state, a start and a step composed of the pieces.

A method is a file, which is read and copied whole: its parameters, with their defaults, and a start
like another's are written again on purpose.
"""

from ..errors import unknown
from .adam import adam
from .cdogr import cdogr
from .cdsogr import cdsogr
from .cfogr import cfogr
from .csogr import csogr
from .dogr import dogr
from .dsogr import dsogr
from .fogr import fogr
from .grouped_newton import grouped_newton
from .grouped_newton_safeguarded import grouped_newton_safeguarded
from .krylov_sfn import krylov_sfn
from .method import Method, bind
from .momentum import momentum
from .newton import newton
from .ogr import ogr
from .online_sfn import online_sfn
from .pogr import pogr
from .rprop import rprop
from .scipy_baselines import bfgs, lbfgs, trust_exact
from .sfn import sfn
from .sgd import sgd
from .soap import soap
from .sogr import sogr
from .sp_bfgs import sp_bfgs

__all__ = ["METHODS", "Method", "bind", "get", "methods"]

METHODS = {
    method.name: method
    for method in (
        sgd,
        momentum,
        adam,
        newton,
        sfn,
        krylov_sfn,
        fogr,
        dogr,
        sogr,
        dsogr,
        cdogr,
        cfogr,
        csogr,
        cdsogr,
        pogr,
        online_sfn,
        ogr,
        grouped_newton,
        grouped_newton_safeguarded,
        rprop,
        sp_bfgs,
        soap,
        bfgs,
        lbfgs,
        trust_exact,
    )
}

# By `Method.curvature`, for readers.
NEEDS = {
    "": "",
    "hessian": "hess",
    "product": "hess or hessp",
    "slice": "fun as ordinary Python on arrays",
}


def get(name):
    """The method of this name.

    Raises
    ------
    UnknownNameError
        With the nearest names.
    """
    if isinstance(name, Method):
        return name
    if not isinstance(name, str) or name not in METHODS:
        raise unknown("method", name, METHODS)
    return METHODS[name]


def methods():
    """Names of all methods, with their hyperparameters' defaults, source and one line.

    Returns
    -------
    dict of str to dict
        Keys `defaults`, `source`, `summary`, `needs` (what it needs beyond the gradient, or "").

    Examples
    --------
    >>> methods()["momentum"]["defaults"]
    {'alpha': 0.017, 'gamma': 0.5}
    """
    return {
        name: {
            "defaults": m.defaults,
            "source": m.source,
            "summary": m.summary,
            "needs": NEEDS[m.curvature],
        }
        for name, m in METHODS.items()
    }
