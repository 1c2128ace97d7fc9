"""Mistakes in porting the cubic model's minimiser, each seen in a single answer."""

from functools import partial

from .mutant import OP, Mutant

_mutant = partial(Mutant, tier=OP, family="cubic", part="rates")

MUTANTS = (
    _mutant(
        "d-not-squared",
        "The cubic term bends by `d`, where it should by its square.",
        "cubic/matrix",
        "M[s, s] += curvature * d[s] * d[s]",
        "M[s, s] += curvature * d[s]",
        part="radius",
    ),
    _mutant(
        "half-of-the-strength",
        "The closed form of one group has half of the strength.",
        "cubic/minimize",
        "np.sqrt(2.0 * cube) * np.sqrt(abs(g))",
        "np.sqrt(cube) * np.sqrt(abs(g))",
        part="radius",
    ),
    _mutant(
        "rate-of-one-sign",
        "A single group's rate is positive, whatever the sign of its gradient.",
        "cubic/minimize",
        "np.array([size if g >= 0.0 else -size])",
        "np.array([size])",
    ),
    _mutant(
        "hard-case-left-out",
        "Where the gradient does not see the most negative curvature, the root is looked for "
        "beyond the pole, where there is none.",
        "cubic/minimize",
        "if at_pole and half * size <= origin and unseen(model, spectrum, c, bottom, free):",
        "if False:",
        part="outcome",
    ),
    _mutant(
        "tie-the-other-way",
        "Of the two minimisers of the hard case the other one is taken.",
        "cubic/hard_case",
        "return nearest / size",
        "return -nearest / size",
    ),
    _mutant(
        "radius-of-the-rates",
        "The radius is the length of the rates, where it should be that of `D` times them.",
        "cubic/minimize",
        "radius = shifted(length(model.d * found.rates), units.radius)",
        "radius = shifted(length(found.rates), units.radius)",
        part="radius",
    ),
    _mutant(
        "fall-without-an-end",
        "A group with a gradient, but without curvature and cubic term, counts as at rest.",
        "cubic/bounded",
        "if g[s] != 0.0:",
        "if False:",
        part="outcome",
    ),
    _mutant(
        "pole-forgotten",
        "The root is looked for from curvature 0 on, also where the matrix is indefinite there.",
        "cubic/minimize",
        "found = _beyond_the_pole(model, spectrum, c, max(pole, 0.0))",
        "found = _beyond_the_pole(model, spectrum, c, 0.0)",
        part="radius",
    ),
)
