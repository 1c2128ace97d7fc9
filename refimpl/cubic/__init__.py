"""The global minimiser of a cubic model, `minimize_cubic`, and what it is made of."""

from .minimize import CubicMinimum, minimize_cubic
