"""Cases of Taylor arithmetic: coefficients of elementary functions along a line."""

import numpy as np

from .cases import Case
from .taylor import DEFINITIONS

OP = "taylor.expand"
PLACE = np.array([0.75, 1.5, 0.375, 2.25])
ALONG = np.array([1.0, -0.5, 0.625, 1.25])
# What is defined on both sides of 0.
BOTH = (
    *("product", "square_of_matrix", "absolute", "square", "cube", "fifth", "quotient"),
    *("reciprocal", "inverse_square", "exp", "expm1", "exp2", "sin", "cos", "tan"),
    *("sinh", "cosh", "tanh", "arctan", "erf", "logistic", "softplus", "logaddexp"),
)
# Certified after the others, at the end.
LATER = ("half_power", "cube_by_hand", "relu", "where_positive", "larger")
FAR = ("tanh", "logistic", "softplus", "logaddexp", "erf", "exp")


def case(function, order, flags=("normal", "taylor-factor"), x=PLACE, direction=ALONG):
    """One case."""
    given = {"function": function, "x": x, "direction": direction, "order": order}
    return Case(OP, flags, given)


def cases():
    """All of them; nothing is drawn."""
    for function in DEFINITIONS:
        if function in LATER:
            continue
        for order in (3, 5):
            yield case(function, order)
    for function in BOTH:
        yield case(function, 4, x=PLACE * [1.0, -1.0, 1.0, -1.0])
    for function in FAR:
        yield case(function, 3, ("huge-scale",), x=PLACE * [8.0, -8.0, 1.0, 4.0])
    # A line that stands still, and a value alone.
    for function in ("exp", "quotient", "tanh", "sqrt", "cube"):
        yield case(function, 3, ("zero-direction",), direction=np.zeros(4))
        yield case(function, 0, ("lower-order",))
        yield case(function, 1, ("lower-order",))
    # Rows that are 0 by themselves: at 0 a cube has one, a square two.
    for function in ("cube", "fifth", "square", "product", "sin", "tanh", "arctan", "erf"):
        yield case(function, 5, ("zero-derivative",), x=np.zeros(4))
    for function in LATER:
        yield case(function, 3)
        if function != "half_power":
            yield case(function, 3, x=PLACE * [1.0, -1.0, 1.0, -1.0])
    # So far out that a slope 1 - tanh^2 would be nothing but rounding, along a line that shows it.
    far = np.array([12.0, 12.5, -13.0, 14.0])
    for function in ("tanh", "logistic"):
        yield case(function, 1, ("huge-scale", "taylor-factor"), far, 2.0**32 * ALONG)
