"""Mistakes in porting grouped Newton; the safeguard's are seen in closed loop."""

from functools import partial

from .mutant import Mutant

_mutant = partial(Mutant, tier="replay", family="optimizers")
_closed = partial(Mutant, tier="trajectory", family="trajectories", part="theta")

MUTANTS = (
    _mutant(
        "cube-root-forgotten",
        "The cubic term has the third derivatives, where it should have their cube roots.",
        "optimizers/grouped_newton",
        "d = np.cbrt(np.abs(third[live]))",
        "d = np.abs(third[live])",
        part="rates",
    ),
    _mutant(
        "damped-twice",
        "The damping is in the rates and in the step.",
        "optimizers/grouped_newton",
        "        rates = smoothed(rates, found, parameters.smoothing)\n",
        "        rates = parameters.damping * smoothed(rates, found, parameters.smoothing)\n",
        part="rates",
    ),
    _mutant(
        "not-damped",
        "The step is the full one, whatever the damping.",
        "optimizers/grouped_newton",
        "theta[index] -= parameters.damping * rate * direction[index]",
        "theta[index] -= rate * direction[index]",
        part="theta",
    ),
    _mutant(
        "rates-at-every-step",
        "Rates are computed anew at each step, whatever the period.",
        "optimizers/grouped_newton",
        "if state.count % parameters.period == 0:",
        "if True:",
        flag="kept-rates",
        part="rates",
    ),
    _mutant(
        "rates-a-step-late",
        "Rates are computed at the last step of a period, where it should be the first.",
        "optimizers/grouped_newton",
        "if state.count % parameters.period == 0:",
        "if state.count == 0 or (state.count + 1) % parameters.period == 0:",
        flag="kept-rates",
        part="rates",
    ),
    _mutant(
        "smoothing-exchanged",
        "`smoothing` weighs the new rates, the rest the old ones.",
        "optimizers/grouped_newton",
        "smoothing * old + (1.0 - smoothing) * new, new)",
        "(1.0 - smoothing) * old + smoothing * new, new)",
        flag="kept-rates",
        part="rates",
    ),
    _mutant(
        "smoothing-from-nothing",
        "A rate of 0, which stands for none, enters the running mean.",
        "optimizers/grouped_newton",
        "both = (old != 0.0) & (new != 0.0)",
        "both = np.full(old.shape, True)",
        flag="kept-rates",
        part="rates",
    ),
    _mutant(
        "gradient-for-direction",
        "The rates multiply the gradient, whatever method gives the direction.",
        "optimizers/grouped_newton",
        "    theta = theta.copy()\n",
        "    theta, direction = theta.copy(), gradient\n",
        part="theta",
    ),
    _mutant(
        "positive-rates-clipped",
        "`clip` makes positive rates 0, and leaves the negative ones.",
        "optimizers/grouped_newton",
        "rates = np.maximum(rates, 0.0)",
        "rates = np.minimum(rates, 0.0)",
        part="rates",
    ),
    _mutant(
        "strength-ignored",
        "The cubic term has strength 1.",
        "optimizers/grouped_newton",
        "d, parameters.strength)",
        "d, 1.0)",
        part="rates",
    ),
    _mutant(
        "units-left-in",
        "The powers of two that scale the direction are not taken out of the rates.",
        "optimizers/grouped_newton",
        "np.ldexp(minimum.rates, -exponents[live])",
        "np.ldexp(minimum.rates, 0 * exponents[live])",
        part="rates",
    ),
    _mutant(
        "rest-in-the-last-block",
        "Parameters that do not divide evenly go to the last block.",
        "optimizers/grouped_newton",
        "return tuple(np.array_split(np.arange(D), min(groups, D)))",
        "ends = D // min(groups, D) * np.arange(1, min(groups, D))\n"
        "        return tuple(np.split(np.arange(D), ends))",
        part="theta",
    ),
    _closed(
        "safeguard-left-out",
        "Steps are full, whether the loss falls or not.",
        "optimizers/grouped_newton_safeguarded",
        "if value(theta + share * move) <= before - SUFFICIENT * share * fall:",
        "if True:",
        flag="backtracking",
    ),
    _closed(
        "fall-in-full",
        "The loss must fall by as much as the slope promises, where a small share is enough.",
        "optimizers/grouped_newton_safeguarded",
        "before - SUFFICIENT * share * fall",
        "before - share * fall",
        flag="backtracking",
    ),
    _closed(
        "quartered",
        "A step is quartered where it should be halved.",
        "optimizers/grouped_newton_safeguarded",
        "share = 0.5**halvings",
        "share = 0.25**halvings",
        flag="backtracking",
    ),
    _closed(
        "falling-bends-ignored",
        "The noise of a third derivative is compared without its modulus: negative ones are 0.",
        "summary/definition",
        "np.where(np.abs(third) > NOISE_FACTOR * noise, third, 0.0)",
        "np.where(third > NOISE_FACTOR * noise, third, 0.0)",
        flag="closed-loop",
    ),
)
