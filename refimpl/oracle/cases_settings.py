"""Every hyperparameter of every method at two values besides its default, in short replays.

None stands where two readings of it agree: no weight is 1/2, no factor 1, no subspace is the whole
space, and the two variances of a prior differ. ``refimpl vectors check`` asks for it of every
method that there is, so that one added later is not half covered.
"""

import numpy as np

STEPS = 14
# Two settings of each method, all its hyperparameters in each.
SETTINGS = {
    "sgd": ({"alpha": 0.375}, {"alpha": 0.03125}),
    "momentum": ({"alpha": 0.375, "gamma": 0.375}, {"alpha": 0.03125, "gamma": 0.875}),
    "adam": (
        {"alpha": 0.25, "beta1": 0.625, "beta2": 0.75, "eps": 0.25},
        {"alpha": 0.125, "beta1": 0.375, "beta2": 0.8125, "eps": 2.0**-6},
    ),
    "newton": ({"alpha": 0.375}, {"alpha": 0.625}),
    "sfn": ({"div": 1.25, "cut": 2.0}, {"div": 2.0, "cut": 0.25}),
    "krylov_sfn": (
        {"dimension": 2, "div": 1.25, "cut": 2.0},
        {"dimension": 1, "div": 2.0, "cut": 0.25},
    ),
    "fogr": (
        {"beta": 0.375, "gamma": 0.75, "div": 1.25, "cut": 1.5, "prior": (0.5, 0.25)},
        {"beta": 0.25, "gamma": 0.375, "div": 2.0, "cut": 0.125, "prior": (2.0, 0.125)},
    ),
    "dogr": (
        {"beta": 0.375, "gamma": 0.875, "div": 1.25, "cut": 1.5, "prior": (0.5, 0.25)},
        {"beta": 0.25, "gamma": 0.375, "div": 2.0, "cut": 0.125, "prior": (2.0, 0.125)},
    ),
    "sogr": (
        {"beta": 0.25, "gamma": 0.375, "turn": 0.25, "div": 1.25, "cut": 1.5, "alpha": 0.25}
        | {"dimension": 2, "prior": (0.5, 0.25)},
        {"beta": 0.375, "gamma": 0.625, "turn": 0.0625, "div": 2.0, "cut": 0.125, "alpha": 0.125}
        | {"dimension": 3, "prior": (2.0, 0.125)},
    ),
    "dsogr": (
        {"beta": 0.25, "gamma": 0.375, "turn": 0.25, "div": 1.25, "cut": 1.5, "w": 0.75}
        | {"dimension": 2, "prior": (0.5, 0.25)},
        {"beta": 0.375, "gamma": 0.625, "turn": 0.0625, "div": 2.0, "cut": 0.125, "w": 0.125}
        | {"dimension": 3, "prior": (2.0, 0.125)},
    ),
    "cdogr": (
        {"beta": 0.25, "gamma": 0.75, "eta": 0.375, "div": 1.25, "cut": 1.5, "max_alpha": 0.25}
        | {"prior": (0.5, 0.25)},
        {"beta": 0.625, "gamma": 0.375, "eta": 0.875, "div": 2.0, "cut": 0.25, "max_alpha": 0.125}
        | {"prior": (0.25, 2.0)},
    ),
    "cfogr": (
        {"beta": 0.25, "gamma": 0.375, "eta": 0.375, "cut": 1.5, "prior": (0.5, 0.25)},
        {"beta": 0.625, "gamma": 0.875, "eta": 0.875, "cut": 0.25, "prior": (0.25, 2.0)},
    ),
    "csogr": (
        {"beta": 0.25, "gamma": 0.375, "turn": 0.25, "eta": 0.375, "cut": 1.5, "dimension": 2}
        | {"prior": (0.5, 0.25)},
        {"beta": 0.625, "gamma": 0.875, "turn": 0.0625, "eta": 0.75, "cut": 0.25, "dimension": 3}
        | {"prior": (0.25, 2.0)},
    ),
    "cdsogr": (
        {"beta": 0.25, "gamma": 0.375, "turn": 0.25, "eta": 0.375, "w": 0.75, "cut": 1.5}
        | {"max_alpha": 0.25, "dimension": 2, "prior": (0.5, 0.25)},
        {"beta": 0.625, "gamma": 0.875, "turn": 0.0625, "eta": 0.875, "w": 0.125, "cut": 0.25}
        | {"max_alpha": 0.125, "dimension": 3, "prior": (0.25, 2.0)},
    ),
    "pogr": (
        {"beta": 0.375, "alpha": 0.25, "prior": (0.5, 0.25)},
        {"beta": 0.625, "alpha": 0.375, "prior": (2.0, 0.125)},
    ),
    "online_sfn": (
        {"beta": 0.25, "gamma": 0.375, "turn": 0.125, "div": 1.25, "cut": 1.5, "alpha": 0.25}
        | {"dimension": 3, "prior": (0.5, 0.25)}
        | {"shifted": True, "transport": False, "row_sums": True},
        {"beta": 0.375, "gamma": 0.75, "turn": 0.5, "div": 2.0, "cut": 0.125, "alpha": 0.125}
        | {"dimension": 1, "prior": (2.0, 0.125)}
        | {"shifted": False, "transport": True, "row_sums": False},
    ),
}
# Those of methods from elsewhere, each bound of a step within reach.
NEIGHBOURS = {
    "rprop": (
        {"eta_minus": 0.375, "eta_plus": 1.5, "first": 0.25, "smallest": 0.125, "largest": 0.5},
        {"eta_minus": 0.625, "eta_plus": 1.125, "first": 0.0625, "smallest": 2.0**-5}
        | {"largest": 0.09375},
    ),
    "sp_bfgs": (
        {"alpha": 0.375, "eps_g": 0.25, "longest": 0.5},
        {"alpha": 0.625, "eps_g": 2.0, "longest": 0.125},
    ),
    "soap": (
        {"alpha": 0.25, "beta1": 0.625, "beta2": 0.75, "eps": 0.25, "period": 2},
        {"alpha": 0.0625, "beta1": 0.375, "beta2": 0.8125, "eps": 2.0**-6, "period": 5},
    ),
}
GROUPED = (
    {"groups": 2, "strength": 3.0, "damping": 0.625, "period": 3, "direction": "momentum"}
    | {"smoothing": 0.375, "clip": False, "gamma": 0.75, "beta1": 0.625, "beta2": 0.75}
    | {"eps": 0.25},
    {"groups": [[3, 1], [0, 2]], "strength": 0.375, "damping": 0.875, "period": 1}
    | {"direction": "adam", "smoothing": 0.0, "clip": True, "gamma": 0.75, "beta1": 0.625}
    | {"beta2": 0.75, "eps": 0.25},
    {"groups": 3, "strength": 3.0, "damping": 0.625, "period": 2, "direction": "adam"}
    | {"smoothing": 0.75, "clip": False, "gamma": 0.25, "beta1": 0.375, "beta2": 0.8125}
    | {"eps": 2.0**-4},
)
# Its options under noise: averages, another model, damping that falls. The words are flags.
AVERAGED = {
    "averaged-summary": (
        {"beta": 0.375, "warmup": 2, "direction": "momentum", "decay_steps": 5, "decay_to": 0.125},
        {"beta": 0.75, "beta_d": 0.25, "warmup": 3, "period": 2, "clip": True, "smoothing": 0.375}
        | {"keep_negative": True, "groups": [[3, 1], [0, 2]]},
        {"window": 3, "beta_d": 0.75, "groups": 3, "decay_steps": 9, "decay_to": 0.25},
        {"window": 4, "warmup": 2, "period": 2, "strength": 3.0, "direction": "adam"},
        {"beta_d": 0.375, "diagonal": True, "groups": [[1, 2, 0], [3]]},
    ),
    "plain-model": (
        {"model": "plain", "ridge": 0.375, "beta": 0.625, "groups": 3},
        {"model": "plain", "ridge": 2.0, "diagonal": True, "clip": True, "smoothing": 0.75}
        | {"groups": 3},
        {"model": "plain", "direction": "momentum"},
    ),
    "falling-damping": (
        {"plateau": 2, "plateau_fall": 0.75, "plateau_factor": 0.75, "direction": "momentum"},
        {"plateau": 3, "plateau_fall": 0.0625, "plateau_factor": 0.375, "window": 2, "warmup": 1}
        | {"groups": [[0, 3], [2, 1]]},
        {"decay_steps": 4, "decay_to": 0.0625, "damping": 0.75, "period": 2},
    ),
}
# A subspace of these dimensions is not the whole space.
DIMENSION = 4


def settings(draw, replay):
    """A short replay of each method at each of its settings.

    Parameters
    ----------
    draw : callable
        Of generators.
    replay : callable
        As ``cases_optimizers.replay``.
    """
    rng = draw(20250302)
    for method, several in SETTINGS.items():
        for params in several:
            D = DIMENSION if "dimension" in params else None
            yield replay(rng, method, ("normal", "settings"), params, D=D, steps=STEPS)


def still(draw, replay):
    """A gradient that is 0 at once, where a basis would have no first direction."""
    rng = draw(20250303)
    flags = ("zero-gradient", "first-step")
    params = {"dimension": 2, "div": 1.25, "cut": 0.25}
    krylov = replay(rng, "krylov_sfn", flags, params, steps=STEPS)
    krylov.stream[0]["gradient"][:] = 0.0
    # Here the second direction is that of the first, and the span ends.
    krylov.stream[3]["gradient"][:] = np.array([0.0, 1.0, 0.0, 0.0])
    krylov.stream[3]["hessian"][1] = krylov.stream[3]["hessian"][:, 1] = 0.0
    krylov.stream[3]["hessian"][1, 1] = -2.0
    yield krylov
    # A coordinate that never moves has no curvature, and without a cut no step.
    params = SETTINGS["dogr"][0] | {"cut": 0.0}
    diagonal = replay(rng, "dogr", ("constant-theta",), params, steps=STEPS)
    for pair in diagonal.stream:
        pair["theta"][0] = 0.0
    diagonal.start[0] = 0.0
    yield diagonal
