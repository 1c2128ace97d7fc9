"""Ports that write a hyperparameter into the step, or take one for another."""

from .mutant import Mutant

# Method, source, the line that reads its hyperparameters, and what follows it: name, what is
# written in its place, the quantity that is wrong first.
_READ = {
    "adam": ("optimizers/adam", "    alpha, beta1, beta2, eps = parameters\n"),
    "sfn": ("optimizers/sfn", "    div, cut = parameters\n"),
    "krylov_sfn": ("optimizers/krylov_sfn", "    dimension, div, cut = parameters\n"),
    "fogr": ("optimizers/fogr", "    beta, gamma, div, cut, _ = parameters\n"),
    "dogr": ("optimizers/dogr", "    beta, gamma, div, cut, _ = parameters\n"),
    "sogr": ("optimizers/sogr", "    beta, gamma, turn, div, cut, alpha, _, _ = parameters\n"),
    "dsogr": ("optimizers/dsogr", "    beta, gamma, turn, div, cut, w, _, _ = parameters\n"),
    "cdogr": ("optimizers/cdogr", "    beta, gamma, eta, div, cut, max_alpha, _ = parameters\n"),
    "cfogr": ("optimizers/cfogr", "    beta, gamma, eta, cut, _ = parameters\n"),
    "csogr": ("optimizers/csogr", "    beta, gamma, turn, eta, cut, _, _ = parameters\n"),
    "cdsogr": (
        "optimizers/cdsogr",
        "    beta, gamma, turn, eta, w, cut, max_alpha, _, _ = parameters\n",
    ),
    "pogr": ("optimizers/pogr", "    beta, alpha, _ = parameters\n"),
    "online_sfn": (
        "optimizers/online_sfn",
        "    beta, gamma, turn, div, cut, alpha, _, _, shifted, transport, row_sums = parameters\n",
    ),
    "ogr, its memory": (
        "optimizers/ogr",
        "    beta, beta_late, settle, patience, _, _, _, _, _, _, _, _ = parameters\n",
    ),
    "ogr, its bound": (
        "optimizers/ogr",
        "    gamma, reach = parameters.gamma, parameters.reach\n",
    ),
}
_WRITTEN_IN = {
    "adam": ("alpha 0.4 theta", "beta1 0.8 mean", "beta2 0.9 square", "eps 1e-8 theta"),
    "sfn": ("div 1.0 theta", "cut 0.0 theta"),
    "krylov_sfn": ("dimension 10 theta", "div 1.0 theta", "cut 0.0 theta"),
    "fogr": ("beta 0.5 line.beta", "gamma 0.6 momentum", "div 1.5 theta", "cut 10.0 theta"),
    "dogr": ("beta 0.6 line.beta", "gamma 0.7 momentum", "div 1.4 theta", "cut 5.0 theta"),
    "sogr": (
        *("beta 0.6 mean_theta", "gamma 0.7 momentum", "turn 0.1 model.V", "div 1.5 theta"),
        *("cut 15.0 theta", "alpha 0.001 theta"),
    ),
    "dsogr": (
        *("beta 0.6 line.beta", "turn 0.1 model.V", "div 1.5 theta", "cut 6.0 theta"),
        "w 0.3 theta",
    ),
    "cdogr": ("gamma 0.5 momentum", "eta 0.6 theta", "div 1.0 theta", "max_alpha np.inf theta"),
    "cfogr": ("beta 0.7 line.beta", "eta 1.0 theta", "cut 5.0 theta"),
    "csogr": ("gamma 0.7 momentum", "turn 0.1 model.V", "eta 0.9 theta", "cut 10.0 theta"),
    "cdsogr": (
        *("turn 0.1 model.V", "eta 1.0 theta", "w 0.5 theta", "cut 1e-4 theta"),
        "max_alpha np.inf theta",
    ),
    "pogr": ("beta 0.3 line.beta", "alpha 2.0/3.0 theta"),
    "online_sfn": (
        *("beta 0.5 mean_theta", "gamma 0.5 momentum", "cut 3.0 theta", "div 1.0 theta"),
        *("turn 0.2 model.line.C_thetatheta", "alpha 3e-4 theta", "row_sums True theta"),
        "shifted True model.line.C_thetatheta",
    ),
    "ogr, its memory": (
        *("beta 0.6 model.line.beta", "beta_late 0.25 model.line.beta"),
        *("settle 30.0 model.line.beta", "patience 50.0 model.line.beta"),
    ),
    "ogr, its bound": ("gamma 0.5 move", "reach 2.0 move"),
}


def _name(method, hyperparameter):
    words = method.replace("_", "-").replace(", its ", "-")
    return f"{words}-writes-{hyperparameter.replace('_', '-')}"


def _written_in():
    for method, entries in _WRITTEN_IN.items():
        file, line = _READ[method]
        for entry in entries:
            name, value, part = entry.split()
            mistake = f"`{name}` of {method} is written into the step, {value} as by default."
            put = f"{line}    {name} = {value}\n"
            yield Mutant(
                _name(method, name), mistake, file, line, put, "replay", "optimizers", part=part
            )


_REPLAYED = (
    # name, mistake, file, text, put, part
    (
        "prior-of-1-in-fogr",
        "fOGR starts with the prior variances 1 and 0, whatever was asked for.",
        "optimizers/fogr",
        "regression.start(theta.size, parameters.prior)",
        "regression.start(theta.size, (1.0, 0.0))",
        "line.C_thetatheta",
    ),
    (
        "prior-of-1-in-dogr",
        "dOGR starts with the prior variances 1 and 0, whatever was asked for.",
        "optimizers/dogr",
        "regression.start_diagonal(theta.size, parameters.prior)",
        "regression.start_diagonal(theta.size, (1.0, 0.0))",
        "line.C_thetatheta",
    ),
    (
        "prior-for-both-in-dogr",
        "dOGR starts with the first of the prior variances for both.",
        "optimizers/dogr",
        "regression.start_diagonal(theta.size, parameters.prior)",
        "regression.start_diagonal(theta.size, parameters.prior[0])",
        "line.C_gg",
    ),
    (
        "prior-of-1-in-pogr",
        "pOGR starts with the prior variances 1 and 0, whatever was asked for.",
        "optimizers/pogr",
        "regression.start(theta.size, parameters.prior)",
        "regression.start(theta.size, (1.0, 0.0))",
        "line.C_thetatheta",
    ),
    (
        "prior-of-1-in-sogr",
        "sOGR starts with the prior variances 1 and 0, whatever was asked for.",
        "optimizers/sogr",
        "subspace.start(directions, parameters.prior)",
        "subspace.start(directions, (1.0, 0.0))",
        "model.line.C_thetatheta",
    ),
    (
        "prior-of-the-coordinates-alone",
        "dsOGR's prior is that of the coordinates, and 1 and 0 in the subspace.",
        "optimizers/dsogr",
        "subspace.start(directions, parameters.prior)",
        "subspace.start(directions, (1.0, 0.0))",
        "model.line.C_thetatheta",
    ),
    (
        "prior-of-1-online",
        "The online method starts with the prior variances 1 and 0, whatever was asked for.",
        "optimizers/online_sfn",
        "subspace.start(orthonormalize(directions), parameters.prior)",
        "subspace.start(orthonormalize(directions), (1.0, 0.0))",
        "model.line.C_thetatheta",
    ),
    (
        "first-step-written-in",
        "ogr's first step has the length 1, as by default.",
        "optimizers/ogr",
        "opening = parameters.first * max(",
        "opening = max(",
        "opening",
    ),
    (
        "all-directions",
        "ogr takes all directions, whatever `dimension` says.",
        "optimizers/ogr",
        "d = min(parameters.dimension, D)",
        "d = D",
        "model.line.mean_theta",
    ),
    (
        "scaled-by-default",
        "ogr's coordinates have scales of their own, as by default.",
        "optimizers/ogr",
        "if parameters.scaled and theta.size < MANY:",
        "if True:",
        "scales",
    ),
    (
        "turning-by-default",
        "ogr's axes turn, as by default.",
        "optimizers/ogr",
        "if parameters.turning:",
        "if True:",
        "model.line.mean_theta",
    ),
    (
        "jump-by-default",
        "ogr goes back from gradients 1000 times the largest, as by default.",
        "optimizers/ogr",
        "stays(state, g, parameters.jump)",
        "stays(state, g, 1000.0)",
        "momentum",
    ),
    (
        "ridge-by-default",
        "ogr's ridge is 0.003 of the spread, as by default.",
        "optimizers/ogr",
        "seen = parameters.ridge * ",
        "seen = 0.003 * ",
        "model.line.C_thetatheta",
    ),
    (
        "momentum-by-default",
        "ogr's newest gradient weighs 1/2 in the momentum, as by default.",
        "optimizers/ogr",
        "(parameters.gamma if begun else 1.0)",
        "(0.5 if begun else 1.0)",
        "momentum",
    ),
    (
        "neutral-by-default",
        "ogr's noise-neutral step is that of the momentum by default.",
        "optimizers/ogr",
        "neutral(line.beta, parameters.gamma)",
        "neutral(line.beta, 0.5)",
        "move",
    ),
    (
        "rates-at-each-step-by-default",
        "Grouped Newton's `period` is 1, as by default.",
        "optimizers/grouped_newton",
        "moving % parameters.period == 0:",
        "moving % 1 == 0:",
        "rates",
    ),
    (
        "never-smoothed",
        "Grouped Newton's rates are never averaged, as by default.",
        "optimizers/grouped_newton",
        "smoothed(rates, found.rates, parameters.smoothing)",
        "smoothed(rates, found.rates, 0.0)",
        "rates",
    ),
    (
        "never-clipped",
        "Grouped Newton's negative rates are kept, as by default.",
        "optimizers/grouped_newton",
        "if parameters.clip and not parameters.keep_negative:",
        "if False:",
        "rates",
    ),
    (
        "always-the-gradient",
        "Grouped Newton goes along the gradient, as by default.",
        "optimizers/grouped_newton",
        "method = DIRECTIONS[parameters.direction]",
        'method = DIRECTIONS["gradient"]',
        "first.momentum",
    ),
    (
        "direction-with-its-own-defaults",
        "The direction of grouped Newton has the defaults of its method.",
        "optimizers/grouped_newton",
        "**{name: getattr(parameters, name) for name in own})",
        "**{name: method.defaults[name] for name in own})",
        "first.momentum",
    ),
)
MUTANTS = (
    *_written_in(),
    *(
        Mutant(name, mistake, file, text, put, "replay", "optimizers", part=part)
        for name, mistake, file, text, put, part in _REPLAYED
    ),
)
