"""Mistakes in the three methods from elsewhere: Rprop, SP-BFGS and SOAP on a vector."""

from .mutant import Mutant

_RPROP, _SP_BFGS, _SOAP = "optimizers/rprop", "optimizers/sp_bfgs", "optimizers/soap"
# Name, mistake, source, text, put, quantity.
_REPLAYS = (
    (
        "step-although-the-sign-changed",
        "Rprop steps where the sign has changed, without waiting, and compares with it next.",
        _RPROP,
        "sign = np.where(same < 0.0, 0.0, sign)",
        "sign = np.where(same < 0.0, sign, sign)",
        "sign",
    ),
    (
        "changed-sign-remembered",
        "Rprop waits, but compares the next gradient with the sign that had changed.",
        _RPROP,
        "RpropState(size, sign)  # eq-rprop",
        "RpropState(size, np.sign(gradient))  # eq-rprop",
        "sign",
    ),
    (
        "factors-exchanged",
        "Rprop's step lengths grow where the sign changes.",
        _RPROP,
        "np.where(same > 0.0, eta_plus, np.where(same < 0.0, eta_minus, 1.0))",
        "np.where(same > 0.0, eta_minus, np.where(same < 0.0, eta_plus, 1.0))",
        "size",
    ),
    (
        "no-sign-is-a-change",
        "To Rprop a gradient of 0 is a change of sign.",
        _RPROP,
        "np.where(same > 0.0, eta_plus, np.where(same < 0.0, eta_minus, 1.0))",
        "np.where(same > 0.0, eta_plus, eta_minus)",
        "size",
    ),
    (
        "rprop-without-a-least-step",
        "Rprop's step lengths may vanish.",
        _RPROP,
        "np.minimum(np.maximum(factor * state.size, smallest), largest)",
        "np.minimum(factor * state.size, largest)",
        "size",
    ),
    (
        "rprop-without-a-longest-step",
        "Rprop's step lengths have no upper bound.",
        _RPROP,
        "np.minimum(np.maximum(factor * state.size, smallest), largest)",
        "np.maximum(factor * state.size, smallest)",
        "size",
    ),
    (
        "penalty-for-its-inverse",
        "SP-BFGS takes the penalty where its inverse belongs.",
        _SP_BFGS,
        "slack = eps_g / max(length, 1.0 / FAR)",
        "slack = length / max(eps_g, 1.0 / FAR)",
        "inverse",
    ),
    (
        "slack-once-in-omega",
        "SP-BFGS's two factors are one and the same.",
        _SP_BFGS,
        "1.0 / (gap + 2.0 * slack)",
        "1.0 / (gap + slack)",
        "inverse",
    ),
    (
        "secants-of-positive-curvature-alone",
        "SP-BFGS learns nothing where BFGS would not.",
        _SP_BFGS,
        "if np.sqrt(y @ y) * length / FAR + 1e-300 < gap + slack:",
        "if np.sqrt(y @ y) * length / FAR + 1e-300 < gap:",
        "inverse",
    ),
    (
        "secants-of-every-curvature",
        "SP-BFGS learns from every secant.",
        _SP_BFGS,
        "if np.sqrt(y @ y) * length / FAR + 1e-300 < gap + slack:",
        "if length > 0.0 and gap + slack != 0.0:",
        "inverse",
    ),
    (
        "curvature-term-left-out",
        "SP-BFGS's weight of the step leaves out what the gradient's change adds.",
        _SP_BFGS,
        "weight = gamma * (1.0 + slack * (u @ (H @ u)))",
        "weight = gamma",
        "inverse",
    ),
    (
        "projection-on-the-wrong-side",
        "SP-BFGS takes the transpose of its projection.",
        _SP_BFGS,
        "np.outer(u, s), H)",
        "np.outer(s, u), H)",
        "inverse",
    ),
    (
        "matrix-of-the-step-before",
        "SP-BFGS steps by the matrix before the newest secant.",
        _SP_BFGS,
        "direction(alpha * (H @ gradient))",
        "direction(alpha * (state.inverse @ gradient))",
        "theta",
    ),
    (
        "share-after-the-longest-step",
        "SP-BFGS's `alpha` shortens steps after `longest` has.",
        _SP_BFGS,
        "min(length, longest) * way",
        "min(length, longest * alpha) * way",
        "theta",
    ),
    (
        "step-at-the-first-gradient",
        "SOAP steps at the first gradient, along the coordinates.",
        _SOAP,
        "    if count > 0:\n",
        "    if True:\n",
        "adam.mean",
    ),
    (
        "moment-without-the-newest",
        "SOAP turns its axes by the moment before the newest gradient.",
        _SOAP,
        "W = V[order] @ moment",
        "W = V[order] @ state.moment",
        "V",
    ),
    (
        "shortest-axis-first",
        "SOAP sorts its axes the other way round.",
        _SOAP,
        "np.argsort(-np.sum(",
        "np.argsort(np.sum(",
        "V",
    ),
    (
        "mean-not-turned",
        "SOAP's mean is permuted like the squares, but not turned with the axes.",
        _SOAP,
        "AdamState(W @ (adam.mean @ V), ",
        "AdamState(adam.mean[order], ",
        "adam.mean",
    ),
    (
        "squares-not-permuted",
        "SOAP's squares stay where they were while axes are exchanged.",
        _SOAP,
        "adam.square[order]",
        "adam.square",
        "adam.square",
    ),
    (
        "squares-turned",
        "SOAP's squares are turned as those of a diagonal matrix would be.",
        _SOAP,
        "adam.square[order]",
        "((W @ V.T) ** 2) @ adam.square",
        "adam.square",
    ),
    (
        "axes-at-each-step",
        "SOAP turns its axes at every step, whatever `period` says.",
        _SOAP,
        "if count % parameters.period == 0:",
        "if True:",
        "V",
    ),
    (
        "moment-by-the-first-rate",
        "SOAP's second moment forgets as fast as its mean.",
        _SOAP,
        "second_moment(moment, gradient, 1.0 - parameters.beta2)",
        "second_moment(moment, gradient, 1.0 - parameters.beta1)",
        "moment",
    ),
    (
        "step-along-the-axes-left-there",
        "SOAP's step is not taken back to the coordinates.",
        _SOAP,
        "theta = theta + moved @ V",
        "theta = theta + moved",
        "theta",
    ),
    (
        "uphill-by-signs",
        "Rprop adds its steps.",
        _RPROP,
        "return theta - sign * size",
        "return theta + sign * size",
        "theta",
    ),
    (
        "old-gradient-not-carried",
        "SP-BFGS's changes of the gradient are from the first one.",
        _SP_BFGS,
        "SPBFGSState(H, theta.copy(), gradient.copy())",
        "SPBFGSState(H, theta.copy(), state.old_gradient)",
        "old_gradient",
    ),
    (
        "inverse-not-carried",
        "SP-BFGS's inverse Hessian is used, but not carried.",
        _SP_BFGS,
        "SPBFGSState(H, theta.copy(), gradient.copy())",
        "SPBFGSState(state.inverse, theta.copy(), gradient.copy())",
        "inverse",
    ),
    (
        "moment-not-carried",
        "SOAP's second moment is used, but not carried.",
        _SOAP,
        "SOAPState(moment, V, adam, count + 1)",
        "SOAPState(state.moment, V, adam, count + 1)",
        "moment",
    ),
    (
        "axes-not-carried",
        "SOAP's axes are turned, but those before them are carried.",
        _SOAP,
        "SOAPState(moment, V, adam, count + 1)",
        "SOAPState(moment, state.V, adam, count + 1)",
        "V",
    ),
)
_WRITTEN_ELSEWHERE = (
    ("rprop", "first", _RPROP, "parameters.first", "0.1", "size"),
    ("soap", "alpha", _SOAP, "*parameters[:4]", "3e-3, *parameters[1:4]", "theta"),
    (
        *("soap", "beta1", _SOAP, "*parameters[:4]"),
        *("parameters.alpha, 0.95, *parameters[2:4]", "adam.mean"),
    ),
    (
        "soap",
        "beta2",
        _SOAP,
        "*parameters[:4]",
        "*parameters[:2], 0.95, parameters.eps",
        "adam.square",
    ),
    ("soap", "eps", _SOAP, "*parameters[:4]", "*parameters[:3], 1e-8", "theta"),
    ("soap", "period", _SOAP, "count % parameters.period", "count % 10", "V"),
)
# Method, source, the line that reads its hyperparameters, and values by default.
_WRITTEN = (
    (
        "rprop",
        _RPROP,
        "    eta_minus, eta_plus, _, smallest, largest = parameters\n",
        ("eta_minus 0.5 size", "eta_plus 1.2 size", "smallest 1e-6 size"),
    ),
    (
        "sp-bfgs",
        _SP_BFGS,
        "    alpha, eps_g, longest = parameters\n",
        ("alpha 1.0 theta", "eps_g 1.0 inverse", "longest 1.0 theta"),
    ),
)


def _written():
    for method, file, line, entries in _WRITTEN:
        for entry in entries:
            name, value, part = entry.split()
            yield *_named(method, name), file, line, f"{line}    {name} = {value}\n", part
    for method, name, *change in _WRITTEN_ELSEWHERE:
        yield *_named(method, name), *change


def _named(method, name):
    words = f"{method}-writes-{name.replace('_', '-')}"
    return words, f"`{name}` of {method} is written into the step, as by default."


MUTANTS = tuple(
    Mutant(name, mistake, file, text, put, "replay", "optimizers", part=part)
    for name, mistake, file, text, put, part in (*_REPLAYS, *_written())
)
