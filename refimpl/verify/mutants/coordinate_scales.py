"""Mistakes in porting the scales of the coordinates: how large they are, and what they carry."""

from .mutant import Mutant

_LOGARITHMS = "logarithms = 0.25 * (logarithms - "
_OFF = "logarithms - np.sum(told * logarithms) / max(np.sum(told), 1)"
_SHRUNK = "(1.0 - by_chance / variance) * off"
# Of the cases that show them best, but for those that say otherwise.
_FLAG = "own-units"
_CHANCE = "CHANCE / (size - 1.0)"
# Name, mistake, text, put, quantity, and the flag if it is another one.
_ROWS = (
    (
        "scales-by-the-root",
        "A scale is the root of the quotient of variances, not the fourth root.",
        _LOGARITHMS,
        "logarithms = 0.5 * (logarithms - ",
        "scales",
    ),
    (
        "scales-by-the-quotient",
        "A scale is the quotient of variances itself, not its fourth root.",
        _LOGARITHMS,
        "logarithms = (logarithms - ",
        "scales",
    ),
    (
        "scales-upside-down",
        "A scale is large where the gradients spread.",
        _LOGARITHMS,
        "logarithms = -0.25 * (logarithms - ",
        "scales",
    ),
    (
        "scales-of-positions-alone",
        "A scale follows the spread of the positions, whatever that of the gradients is.",
        "0.25 * (logarithms - np.log(np.maximum(variance_gradient, least_gradient)))",
        "0.25 * logarithms",
        "scales",
    ),
    (
        "scales-with-their-mean",
        "The mean of the logarithms is not taken away.",
        _OFF,
        "logarithms",
        "scales",
    ),
    (
        "scales-about-the-arithmetic-mean",
        "The scales are in units of their arithmetic mean.",
        _OFF,
        "logarithms - np.log(np.mean(np.exp(logarithms)))",
        "scales",
    ),
    (
        "mean-of-all-scales",
        "The mean is taken of coordinates that say nothing as well.",
        _OFF,
        "logarithms - np.mean(logarithms)",
        "scales",
    ),
    (
        "scale-of-what-has-not-moved",
        "A coordinate that says nothing has a scale of its own.",
        f"np.where(told, {_OFF}, 0.0)",
        _OFF,
        "scales",
    ),
    (
        "scale-of-what-has-one-gradient",
        "A coordinate that has moved, and whose gradient has not, has a scale of its own.",
        "told = (variance_theta > least_theta) & (variance_gradient > least_gradient)",
        "told = variance_theta > least_theta",
        "scales",
    ),
    (
        "scales-not-shrunk",
        "The scales are as the data say, with all that is chance.",
        _SHRUNK,
        "off",
        "scales",
    ),
    (
        "scales-shrunk-by-deviations",
        "What chance makes is compared by standard deviations, not by variances.",
        _SHRUNK,
        "(1.0 - np.sqrt(by_chance / variance)) * off",
        "scales",
    ),
    (
        "scales-shrunk-beyond-their-mean",
        "Where chance would make more than there is, the scales are turned over.",
        f"{_SHRUNK}) if variance > by_chance else np.ones(D)",
        f"{_SHRUNK})",
        "error",
    ),
    (
        "chance-by-all-observations",
        "Chance is divided by the number of observations, not by one less.",
        _CHANCE,
        "CHANCE / size",
        "scales",
    ),
    (
        "chance-of-independent-pairs",
        "Chance is that of independent pairs.",
        "CHANCE = 0.75",
        "CHANCE = 0.25",
        "scales",
    ),
    (
        "variance-of-a-sample-of-scales",
        "The variance of the logarithms is divided by D - 1.",
        "np.mean(off * off)",
        "np.sum(off * off) / max(D - 1, 1)",
        "scales",
    ),
    (
        "scales-of-a-single-observation",
        "Scales are sought of one observation too.",
        "size > 1.0 and least_theta > 0.0",
        "least_theta > 0.0",
        "error",
        "settings",
    ),
    (
        "no-floor-of-positions",
        "The logarithm of a variance of positions is taken, however small it is.",
        "np.maximum(variance_theta, least_theta)",
        "variance_theta",
        "scales",
    ),
    (
        "no-floor-of-gradients",
        "The logarithm of a variance of gradients is taken, however small it is.",
        "np.maximum(variance_gradient, least_gradient)",
        "variance_gradient",
        "scales",
    ),
    (
        "carriers-exchanged",
        "Positions are carried by what carries gradients, and the other way round.",
        "M, K = (V * change) @ V.T, (V / change) @ V.T",
        "K, M = (V * change) @ V.T, (V / change) @ V.T",
        "model.line.C_thetatheta",
    ),
    (
        "carried-along-one-side",
        "The covariance of the positions is carried along one of its sides.",
        "M @ line.C_thetatheta @ M.T",
        "M @ line.C_thetatheta",
        "model.line.C_thetatheta",
    ),
    (
        "covariance-carried-as-of-positions",
        "`C_gtheta` is carried as if both its sides were positions.",
        "K @ line.C_gtheta @ M.T",
        "M @ line.C_gtheta @ M.T",
        "model.line.C_thetatheta",
    ),
    (
        "covariance-carried-as-of-gradients",
        "`C_gtheta` is carried as if both its sides were gradients.",
        "K @ line.C_gtheta @ M.T",
        "K @ line.C_gtheta @ K.T",
        "model.line.C_thetatheta",
    ),
    (
        "positions-not-carried",
        "The covariance of the positions stays in the old scales.",
        "M @ line.C_thetatheta @ M.T",
        "line.C_thetatheta",
        "model.line.C_thetatheta",
    ),
    (
        "rows-carried",
        "The axes are carried to the new scales as positions are, and kept so.",
        "return subspace.Subspace(V, line)",
        "return subspace.Subspace(V * change, line)",
        "model.line.C_thetatheta",
    ),
)


def _mutant(name, mistake, text, put, part, flag=_FLAG):
    """A row of the list."""
    file, op, family = "optimizers/coordinate_scales", "replay", "optimizers"
    return Mutant(name, mistake, file, text, put, op, family, flag=flag, part=part)


MUTANTS = tuple(_mutant(*row) for row in _ROWS)
