"""More mistakes in putting the pieces together, on every method, and in what closes the loop.

Long: a list, one entry after the other.
"""

from .mutant import Mutant

_OGR, _SUB, _ONLINE = "optimizers/ogr", "optimizers/subspace", "optimizers/online_sfn"
_ADAM, _GROUPED = "optimizers/adam", "optimizers/grouped_newton"
_SAFE, _SIDE = "optimizers/grouped_newton_safeguarded", "verify/python_side"
# Name, mistake, source, text, put, quantity.
_REPLAYS = (
    (
        "uphill",
        "Gradient descent adds the gradient.",
        "optimizers/sgd",
        "theta - parameters.alpha * gradient",
        "theta + parameters.alpha * gradient",
        "theta",
    ),
    (
        "counted-from-one",
        "Gradient descent counts from 1.",
        "optimizers/sgd",
        "return SGDState(count=0)",
        "return SGDState(count=1)",
        "count",
    ),
    (
        "momentum-forgotten",
        "The momentum is used, but not carried.",
        "optimizers/momentum",
        "MomentumState(momentum=momentum)",
        "MomentumState(momentum=state.momentum)",
        "momentum",
    ),
    (
        "momentum-with-both-weights-1",
        "The new gradient comes in full.",
        "optimizers/momentum",
        "state.momentum + parameters.gamma * (gradient - state.momentum)",
        "(1.0 - parameters.gamma) * state.momentum + gradient",
        "momentum",
    ),
    (
        "first-correction-left-out",
        "Adam's mean is not corrected.",
        _ADAM,
        "(eps + np.sqrt(square / (1.0 - decay2))) * (1.0 - decay1)",
        "eps + np.sqrt(square / (1.0 - decay2))",
        "theta",
    ),
    (
        "mean-not-carried",
        "Adam's mean is used, but not carried.",
        _ADAM,
        "AdamState(mean, square, decay1, decay2)",
        "AdamState(state.mean, square, decay1, decay2)",
        "mean",
    ),
    (
        "powers-not-carried",
        "Adam's powers of the decays stay 1.",
        _ADAM,
        "AdamState(mean, square, decay1, decay2)",
        "AdamState(mean, square, state.decay1, state.decay2)",
        "decay1",
    ),
    (
        "decays-exchanged-in-the-mean",
        "Adam's mean has the second decay.",
        _ADAM,
        "mean = beta1 * state.mean + (1.0 - beta1) * gradient",
        "mean = beta2 * state.mean + (1.0 - beta2) * gradient",
        "mean",
    ),
    (
        "square-of-the-mean",
        "Adam averages squares of the mean, not of the gradient.",
        _ADAM,
        "(1.0 - beta2) * gradient * gradient",
        "(1.0 - beta2) * mean * mean",
        "square",
    ),
    (
        "root-forgotten",
        "Adam divides by the average square itself.",
        _ADAM,
        "np.sqrt(square / (1.0 - decay2))",
        "square / (1.0 - decay2)",
        "theta",
    ),
    (
        "newton-subtracts",
        "Newton's step is subtracted.",
        "optimizers/newton",
        "return theta + update",
        "return theta - update",
        "theta",
    ),
    (
        "saddle-free-without-modulus",
        "Saddle-free Newton takes Newton's step.",
        "optimizers/sfn",
        "saddle_free(curvature, gradient, div, cut)",
        "saddle_free(curvature @ curvature, curvature @ gradient, div, cut)",
        "theta",
    ),
    (
        "krylov-starts-at-the-position",
        "The Krylov space starts at theta.",
        "optimizers/krylov_sfn",
        "lanczos(curvature, gradient, dimension)",
        "lanczos(curvature, theta, dimension)",
        "theta",
    ),
    (
        "krylov-with-one-direction-more",
        "The Krylov space is one larger.",
        "optimizers/krylov_sfn",
        "lanczos(curvature, gradient, dimension)",
        "lanczos(curvature, gradient, dimension + 1)",
        "theta",
    ),
    (
        "fogr-forgets-its-momentum",
        "fOGR's momentum is not carried.",
        "optimizers/fogr",
        "FOGRState(line, momentum)",
        "FOGRState(line, state.momentum)",
        "momentum",
    ),
    (
        "fogr-with-the-plain-fit",
        "fOGR fits without symmetry.",
        "optimizers/fogr",
        "H = regression.symmetric_hessian(line, 0.0)",
        "H = regression.hessian(line)\n    H = 0.5 * (H + H.T)",
        "theta",
    ),
    (
        "dogr-without-momentum",
        "dOGR divides the newest gradient.",
        "optimizers/dogr",
        "diagonal.divided(momentum,",
        "diagonal.divided(gradient,",
        "theta",
    ),
    (
        "dogr-adds",
        "dOGR's step is added.",
        "optimizers/dogr",
        "return theta - u,",
        "return theta + u,",
        "theta",
    ),
    (
        "cfogr-fits",
        "cfOGR fits its curvature, which is fOGR.",
        "optimizers/cfogr",
        "regression.correlated_hessian(line)",
        "regression.symmetric_hessian(line, 0.0)",
        "theta",
    ),
    (
        "cdogr-fits",
        "cdOGR fits its curvature, which is dOGR.",
        "optimizers/cdogr",
        "diagonal.correlated(line)",
        "diagonal.fitted(line)",
        "theta",
    ),
    (
        "outside-upward",
        "sOGR climbs outside the subspace.",
        "optimizers/sogr",
        "theta - alpha * outside(V, momentum)",
        "theta + alpha * outside(V, momentum)",
        "theta",
    ),
    (
        "outside-of-everything",
        "sOGR descends along the whole momentum.",
        "optimizers/sogr",
        "theta - alpha * outside(V, momentum)",
        "theta - alpha * momentum",
        "theta",
    ),
    (
        "csogr-without-momentum",
        "csOGR projects the newest gradient.",
        "optimizers/csogr",
        "saddle_free(H, V @ momentum, 1.0, cut)",
        "saddle_free(H, V @ gradient, 1.0, cut)",
        "theta",
    ),
    (
        "nothing-taken-back",
        "dsOGR keeps the coordinates' step in the subspace.",
        "optimizers/dsogr",
        "(V @ u + saddle_free(H, V @ momentum, div, cut)) @ V",
        "saddle_free(H, V @ momentum, div, cut) @ V",
        "theta",
    ),
    (
        "nothing-taken-back-correlated",
        "cdsOGR keeps the coordinates' step in the subspace.",
        "optimizers/cdsogr",
        "(V @ u + eta * saddle_free(H, V @ momentum, 1.0, cut)) @ V",
        "eta * saddle_free(H, V @ momentum, 1.0, cut) @ V",
        "theta",
    ),
    (
        "ridge-a-thousand-times",
        "pOGR's ridge is 1e-9.",
        "optimizers/pogr",
        "regression.symmetric_hessian(line, RIDGE)",
        "regression.symmetric_hessian(line, 1e3 * RIDGE)",
        "theta",
    ),
    (
        "new-means-online",
        "The online method takes products of new means.",
        _ONLINE,
        "line = regression.update(line, V @ off_theta, V @ off_gradient, beta)",
        "line = regression.update_new_mean(line, V @ off_theta, V @ off_gradient, beta)",
        "model.line.scale",
    ),
    (
        "unshifted-online",
        "The online method's QR step is never shifted.",
        _ONLINE,
        "shifted_qr_step(H) if shifted else qr_step(H)",
        "qr_step(H)",
        "model.line.C_thetatheta",
    ),
    (
        "drawn-directions-as-they-are",
        "The online method's first directions stay as drawn.",
        _ONLINE,
        "subspace.start(orthonormalize(directions), parameters.prior)",
        "subspace.start(directions, parameters.prior)",
        "model.line.C_thetatheta",
    ),
    (
        "energies-not-rotated",
        "The gradients' covariance is not rotated with the others.",
        _SUB,
        "C_gg=rotate_statistics(rotation, line.C_gg)",
        "C_gg=line.C_gg",
        "model.line.C_gg",
    ),
    (
        "energies-not-transported",
        "The gradients' covariance is not transported.",
        _SUB,
        "C_gg=transport(V_old, V_new, line.C_gg)",
        "C_gg=line.C_gg",
        "model.line.C_gg",
    ),
    (
        "stiffest-gives-way",
        "ogr's stiffest direction gives way.",
        _SUB,
        "        if stiffness < least:\n",
        "        if stiffness < np.inf and i == d - 1:\n",
        "model.line.C_thetatheta",
    ),
    (
        "prior-along-one-direction",
        "The line taken as seen has no square in its variance.",
        _SUB,
        "C_thetatheta=line.C_thetatheta + eye",
        "C_thetatheta=line.C_thetatheta",
        "model.line.C_thetatheta",
    ),
    (
        "spread-with-the-whole-distance",
        "ogr's spread takes the whole square.",
        _OGR,
        "spread = (1.0 - gain) * (state.spread + gain * (off_theta @ off_theta))",
        "spread = (1.0 - gain) * state.spread + gain * (off_theta @ off_theta)",
        "spread",
    ),
    (
        "energy-with-the-whole-distance",
        "ogr's energy takes the whole square.",
        _OGR,
        "energy = (1.0 - gain) * (state.energy + gain * (off_gradient @ off_gradient))",
        "energy = (1.0 - gain) * state.energy + gain * (off_gradient @ off_gradient)",
        "energy",
    ),
    (
        "units-of-the-function",
        "ogr keeps gradients in the function's units.",
        _OGR,
        "unit = 2.0 ** min(max(math.frexp(np.max(np.abs(gradient)))[1], -1000), 1000)",
        "unit = 1.0",
        "unit",
    ),
    (
        "opening-by-the-largest",
        "ogr's first step is measured by the largest coordinate.",
        _OGR,
        "scale * np.sqrt(np.mean((theta / scale) ** 2))",
        "scale",
        "opening",
    ),
    (
        "ratios-upside-down",
        "ogr's step along an axis has the inverse ratio.",
        _OGR,
        "along[i] *= ratio(known.C_thetatheta[i, i], known.C_gg[i, i])",
        "along[i] *= ratio(known.C_gg[i, i], known.C_thetatheta[i, i])",
        "theta",
    ),
    (
        "ratios-without-the-prior",
        "ogr's ratios leave out the line taken as seen.",
        _OGR,
        "along[i] *= ratio(known.C_thetatheta[i, i], known.C_gg[i, i])",
        "along[i] *= ratio(line.C_thetatheta[i, i], line.C_gg[i, i])",
        "theta",
    ),
    (
        "all-for-the-rest",
        "ogr takes all spread for that outside.",
        _OGR,
        "if d < D and spread > rounding * state.spread and energy > rounding * state.energy:",
        "if False:",
        "model.line.C_thetatheta",
    ),
    (
        "outside-not-scaled",
        "ogr's step outside is not in units of the spread.",
        _OGR,
        "ratio(spread, energy) * outside(V, momentum)",
        "outside(V, momentum)",
        "theta",
    ),
    (
        "first-step-as-long-as-the-gradient",
        "ogr's first step is not of unit direction.",
        _OGR,
        "theta - state.opening * direction(momentum)[0], state",
        "theta - state.opening * momentum, state",
        "theta",
    ),
    (
        "bound-without-reach",
        "ogr's bound leaves out `reach`.",
        _OGR,
        "return reach * max(",
        "return max(",
        "theta",
    ),
    (
        "agreement-by-the-root",
        "ogr's agreement is the root of the share.",
        _OGR,
        "max(min(size, without), agreement * size)",
        "max(min(size, without), np.sqrt(agreement) * size)",
        "theta",
    ),
    (
        "rates-added",
        "Grouped Newton climbs.",
        _GROUPED,
        "theta[index] -= parameters.damping",
        "theta[index] += parameters.damping",
        "theta",
    ),
    (
        "cube-root-of-the-sign-too",
        "Grouped Newton's cubic terms keep their sign.",
        _GROUPED,
        "d = np.cbrt(np.abs(third[live]))",
        "d = np.cbrt(third[live])",
        "error",
    ),
    (
        "rates-of-the-whole-list",
        "Grouped Newton's rates of still groups stay.",
        _GROUPED,
        "    rates = np.zeros(len(groups))\n    if live.size == 0:",
        "    rates = np.full(len(groups), 0.125)\n    if live.size == 0:",
        "rates",
    ),
)
_LOOPS = (
    (
        "full-step-after-all",
        "The safeguarded method takes the step in full.",
        _SAFE,
        "        end = theta + share * (end - theta)\n",
        "        end = theta + (end - theta)\n",
    ),
    (
        "three-halvings",
        "The safeguarded method gives up after three halvings.",
        _SAFE,
        "HALVINGS = 60",
        "HALVINGS = 3",
    ),
    (
        "any-value-will-do",
        "The safeguarded method takes what does not rise by a tenth.",
        _SAFE,
        "<= before - SUFFICIENT * share * fall",
        "<= before + 0.1 * abs(before)",
    ),
    (
        "value-without-its-quarter",
        "The bounded saddle's value has half its quartic, not a quarter.",
        "functions/bounded_saddle",
        "0.5 * spectrum + 0.25 * c * square",
        "0.5 * spectrum + 0.5 * c * square",
    ),
    (
        "bend-of-the-quartic",
        "The bounded saddle's Hessian has twice the square, not three times.",
        "functions/bounded_saddle",
        "spectrum + 3.0 * c * y * y",
        "spectrum + 2.0 * c * y * y",
    ),
    (
        "noise-left-out",
        "The noise is not added to the gradient.",
        _SIDE,
        'np.asarray(found(function, "gradient")(theta), dtype) + noise}',
        'np.asarray(found(function, "gradient")(theta), dtype) + 0.0 * noise}',
    ),
    (
        "noise-twice",
        "The noise is added twice.",
        _SIDE,
        'np.asarray(found(function, "gradient")(theta), dtype) + noise}',
        'np.asarray(found(function, "gradient")(theta), dtype) + 2.0 * noise}',
    ),
    (
        "gradient-at-the-start",
        "The gradient is always that at the start.",
        _SIDE,
        'found(function, "gradient")(theta), dtype) + noise}',
        'found(function, "gradient")(given["start"]), dtype) + noise}',
    ),
    (
        "exact-slopes",
        "The summary's slopes are those without noise.",
        _SIDE,
        '        derivatives["gradient"] = slopes\n',
        "",
    ),
)
_PATH = 'path = list(closed_loop(implementation, method, made, given | {"start": start}, params))'
_ENDS = (
    ("one-step-short", "Each run makes one step less.", _SIDE, _PATH, f"{_PATH}[:-1]"),
    (
        "one-step-long",
        "Each run makes one step more, with the first noise.",
        _SIDE,
        _PATH,
        "longer = np.concatenate([given['noise'], given['noise'][:1]])\n"
        "        run = given | {'start': start, 'noise': longer}\n"
        "        path = list(closed_loop(implementation, method, made, run, params))",
    ),
    (
        "a-fifth-more-noise",
        "The noise of the ensemble is 20 % too large.",
        _SIDE,
        _PATH,
        "run = given | {'start': start, 'noise': 1.2 * given['noise']}\n"
        "        path = list(closed_loop(implementation, method, made, run, params))",
    ),
    (
        "a-fifth-more-in-half",
        "The noise is 20 % too large in half of the runs.",
        _SIDE,
        _PATH,
        "more = 1.0 + 0.2 * (k % 2)\n"
        "        run = given | {'start': start, 'noise': more * given['noise']}\n"
        "        path = list(closed_loop(implementation, method, made, run, params))",
    ),
    (
        "length-for-its-square",
        "The mean length of the steps, not of its square.",
        _SIDE,
        "np.mean(np.sum(np.diff([start, *path], axis=0) ** 2, axis=1))",
        "np.mean(np.sqrt(np.sum(np.diff([start, *path], axis=0) ** 2, axis=1)))",
    ),
)
_SUMMARIES = (
    (
        "second-for-third",
        "The third derivatives have Taylor's factor of the second.",
        "third = -6.0 * found[3] + 0.0",
        "third = -2.0 * found[3] + 0.0",
        "third",
    ),
    (
        "curvature-without-its-two",
        "The second derivatives are Taylor coefficients.",
        "factorial = float(math.factorial(order))",
        "factorial = 1.0",
        "hessian",
    ),
    (
        "order-unchecked",
        "Any order is taken.",
        "    if order not in (1, 2, 3):\n",
        "    if False:\n",
        "error",
    ),
    (
        "last-parameter-alone",
        "A group has the slope of its last parameter.",
        "-multiples[self.owner] * self.direction",
        "-multiples[self.owner] * np.abs(self.direction)",
        "gradient",
    ),
)


def _part(name):
    return {
        "one-step-long": "theta",
        "a-fifth-more-noise": "theta",
        "a-fifth-more-in-half": "moved",
        "length-for-its-square": "moved",
    }.get(name, "value")


MUTANTS = (
    *(
        Mutant(name, mistake, file, text, put, "replay", "optimizers", part=part)
        for name, mistake, file, text, put, part in _REPLAYS
    ),
    *(
        Mutant(name, mistake, file, text, put, "trajectory", "trajectories", part="theta")
        for name, mistake, file, text, put in _LOOPS
    ),
    *(
        Mutant(name, mistake, file, text, put, "ensemble", "trajectories", part=_part(name))
        for name, mistake, file, text, put in _ENDS
    ),
    *(
        Mutant(name, mistake, "summary/definition", text, put, "op", "summary", part=part)
        for name, mistake, text, put, part in _SUMMARIES
    ),
)
