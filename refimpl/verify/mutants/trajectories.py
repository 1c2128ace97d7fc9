"""Mistakes that only a closed loop shows: the functions, and what goes back into them."""

from functools import partial

from .mutant import Mutant

_mutant = partial(Mutant, tier="trajectory", family="trajectories", part="theta")

MUTANTS = (
    _mutant(
        "third-constant-of-beale",
        "The third constant of Beale's function has two digits exchanged.",
        "functions/beale",
        "2.625 - u + u * v * v * v",
        "2.652 - u + u * v * v * v",
    ),
    _mutant(
        "chain-rule-cut-short",
        "The derivative of Rosenbrock's valley by the earlier variable lacks a factor of 2.",
        "functions/rosenbrock",
        "g[i] += -400.0 * x[i] * bend - 2.0 * (1.0 - x[i])",
        "g[i] += -200.0 * x[i] * bend - 2.0 * (1.0 - x[i])",
    ),
    _mutant(
        "quartic-with-its-factor",
        "The gradient of the bounded saddle keeps the quarter of its quartic term.",
        "functions/bounded_saddle",
        "return from_frame(matrix, y * (spectrum + c * y * y))",
        "return from_frame(matrix, y * (spectrum + 0.25 * c * y * y))",
    ),
    _mutant(
        "frame-the-wrong-way-round",
        "The gradient of the quadratic is turned into the frame, where it should be turned back.",
        "functions/quadratic",
        "return from_frame(matrix, spectrum * to_frame(matrix, x))",
        "return to_frame(matrix, spectrum * to_frame(matrix, x))",
    ),
)
