"""The global minimiser of a cubic model, `minimize_cubic`, and what it is made of."""

from .minimize import CubicMinimum as CubicMinimum
from .minimize import minimize_cubic as minimize_cubic
