"""The laboratory: analytic test functions with exact derivatives and known stationary points.

A function of one's own takes three short texts and what is known about it:

>>> import numpy as np
>>> def value(x, data):
...     return 0.25 * x[0] ** 4 - 0.5 * data[0] * x[0] ** 2
>>> def gradient(x, data):
...     return x**3 - data[0] * x
>>> def hessian(x, data):
...     return np.diag(3.0 * x**2 - data[0])
>>> double_well = Function(
...     name="double_well", dimension=1, value=value, gradient=gradient, hessian=hessian,
...     minima=[[-2.0], [2.0]], saddles=[], minimum_value=-4.0, domain=(-3.0, 3.0),
...     source="one's own", data=[4.0], note="A maximum at 0.",
... )
>>> double_well.gradient([1.0])
array([-3.])

They are ordinary Python over float64 arrays, compiled at their first use; numbers that vary from
one such function to the next go into `data`, so that nothing is compiled twice.
"""

import re

from ..errors import unknown
from .beale import beale, beale3
from .booth import booth
from .bounded_saddle import bounded_saddle
from .function import Function
from .goldstein_price import goldstein_price
from .himmelblau import himmelblau
from .least_squares import least_squares
from .logistic import logistic_regression
from .matyas import matyas
from .monkey_saddle import monkey_saddle
from .quadratic import quadratic
from .rosenbrock import rosenbrock
from .rotation import random_rotation
from .styblinski_tang import styblinski_tang

__all__ = [
    "Function",
    "all",
    "beale",
    "beale3",
    "booth",
    "bounded_saddle",
    "get",
    "goldstein_price",
    "himmelblau",
    "least_squares",
    "logistic_regression",
    "matyas",
    "monkey_saddle",
    "quadratic",
    "random_rotation",
    "rosenbrock",
    "styblinski_tang",
]

_OBJECTS = (beale, beale3, booth, goldstein_price, himmelblau, matyas, monkey_saddle)
# What needs parameters comes from a factory, called here with its defaults.
_OF_ANY_SIZE = {"rosenbrock": rosenbrock, "styblinski_tang": styblinski_tang}
_OF_ANY_SPECTRUM = {"bounded_saddle": bounded_saddle, "quadratic": quadratic}


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
    named = {function.name: function for function in _OBJECTS}
    factories = _OF_ANY_SIZE | _OF_ANY_SPECTRUM
    named.update((name, factory()) for name, factory in factories.items())
    return named


def get(name):
    """The function of this name; ``"rosenbrock(10)"`` is ``rosenbrock(10)``.

    Raises
    ------
    UnknownNameError
        With the nearest names.

    Examples
    --------
    >>> get("styblinski_tang(5)").dimension
    5
    """
    with_size = re.fullmatch(r"(\w+)\((\d+)\)", name)
    if with_size and with_size[1] in _OF_ANY_SIZE:
        return _OF_ANY_SIZE[with_size[1]](int(with_size[2]))
    known = all()
    if name not in known:
        raise unknown("function", name, known)
    return known[name]
