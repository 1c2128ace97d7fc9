"""Taylor polynomials: all derivatives along a line from one run of an ordinary function.

`line` makes the polynomial ``x + t direction``; a function written for NumPy's arrays takes it in
place of an array and returns the polynomial of its result. `expand` does both. `relu`, `logistic`,
`softplus` and `logsumexp` are the functions that networks need and NumPy lacks.

Chapter "Summaries of higher-order derivatives" of the book; the idea of [nT].
"""

from . import array_functions, ufuncs  # they register the rules
from .array import Taylor
from .functions import expand, line, logistic, logsumexp, relu, softplus

__all__ = ["Taylor", "expand", "line", "logistic", "logsumexp", "relu", "softplus"]
