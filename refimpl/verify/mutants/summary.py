"""Mistakes in porting the summary of derivatives, each seen in a single answer."""

from functools import partial

from .mutant import OP, Mutant

_mutant = partial(Mutant, tier=OP, family="summary")

MUTANTS = (
    _mutant(
        "slope-of-the-slice",
        "The first derivatives are those of the slice, of the other sign.",
        "summary/definition",
        "return Summary(float(slices.value), -found[1] + 0.0, hessian, third, cube)",
        "return Summary(float(slices.value), found[1] + 0.0, hessian, third, cube)",
        flag="sign-convention",
        part="gradient",
    ),
    _mutant(
        "third-of-the-slice",
        "The third derivatives are those of the slice, of the other sign.",
        "summary/definition",
        "third = -6.0 * found[3] + 0.0",
        "third = 6.0 * found[3] + 0.0",
        flag="sign-convention",
        part="third",
    ),
    _mutant(
        "third-without-its-six",
        "The third derivative is the Taylor coefficient itself.",
        "summary/definition",
        "third = -6.0 * found[3] + 0.0",
        "third = -found[3] + 0.0",
        flag="taylor-factor",
        part="third",
    ),
    _mutant(
        "direction-added",
        "The slice adds the direction, where it should subtract it.",
        "summary/definition",
        "rows = np.stack([self.theta, -multiples[self.owner] * self.direction])",
        "rows = np.stack([self.theta, multiples[self.owner] * self.direction])",
        flag="sign-convention",
        part="gradient",
    ),
    _mutant(
        "mixed-derivatives-doubled",
        "Between groups the polarisation is taken twice, as on the diagonal.",
        "summary/definition",
        "                entry = math.fsum(terms)\n",
        "                entry = 2.0 * math.fsum(terms)\n",
        flag="mixed-derivatives",
        part="hessian",
    ),
    _mutant(
        "no-mixed-derivatives",
        "Groups do not act on each other.",
        "summary/definition",
        "                entry = math.fsum(terms)\n",
        "                entry = 0.0\n",
        flag="mixed-derivatives",
        part="hessian",
    ),
    _mutant(
        "scales-left-in",
        "The powers of two that scale the groups are not taken out again.",
        "summary/definition",
        "entry /= scale[s] ** n",
        "entry /= 1.0",
        part="hessian",
    ),
    _mutant(
        "consecutive-groups",
        "Groups are blocks of consecutive parameters of the right sizes, whatever their indices.",
        "summary/definition",
        "            self.owner[index] = s\n",
        "            first = sum(map(len, groups[:s]))\n"
        "            self.owner[first : first + len(index)] = s\n",
        flag="group-order",
        part="gradient",
    ),
    _mutant(
        "overlap-accepted",
        "Groups may share a parameter.",
        "summary/partitions",
        "if (owner[index] >= 0).any():",
        "if False:",
        flag="not-a-partition",
        part="error",
    ),
    _mutant(
        "second-for-third",
        "The third derivatives have Taylor's factor of the second.",
        "summary/definition",
        "third = -6.0 * found[3] + 0.0",
        "third = -2.0 * found[3] + 0.0",
        part="third",
    ),
    _mutant(
        "curvature-without-its-two",
        "The second derivatives are Taylor coefficients.",
        "summary/definition",
        "factorial = float(math.factorial(order))",
        "factorial = 1.0",
        part="hessian",
    ),
    _mutant(
        "order-unchecked",
        "Any order is taken.",
        "summary/definition",
        "    if order not in (1, 2, 3):\n",
        "    if False:\n",
        part="error",
    ),
    _mutant(
        "last-parameter-alone",
        "A group has the slope of its last parameter.",
        "summary/definition",
        "-multiples[self.owner] * self.direction",
        "-multiples[self.owner] * np.abs(self.direction)",
        part="gradient",
    ),
)
