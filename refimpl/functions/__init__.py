"""The laboratory: analytic test functions with exact derivatives and known stationary points."""

import re

from ..errors import unknown
from .beale import beale, beale3
from .function import Function
from .rosenbrock import rosenbrock

__all__ = ["Function", "all", "beale", "beale3", "get", "rosenbrock"]

# What needs parameters comes from a factory, called here with its defaults.
_FACTORIES = {"rosenbrock": rosenbrock}


def all():
    """Every function of the laboratory by name, the factories with their default parameters.

    Returns
    -------
    dict of str to Function

    Examples
    --------
    >>> all()["beale"].minima
    array([[3. , 0.5]])
    """
    named = {function.name: function for function in (beale, beale3)}
    named.update((name, factory()) for name, factory in _FACTORIES.items())
    return named


def get(name):
    """The function of this name; ``"rosenbrock(10)"`` is ``rosenbrock(10)``.

    Raises
    ------
    UnknownNameError
        With the nearest names.

    Examples
    --------
    >>> get("rosenbrock(4)").dimension
    4
    """
    with_size = re.fullmatch(r"(\w+)\((\d+)\)", name)
    if with_size and with_size[1] in _FACTORIES:
        return _FACTORIES[with_size[1]](int(with_size[2]))
    known = all()
    if name not in known:
        raise unknown("function", name, known)
    return known[name]
