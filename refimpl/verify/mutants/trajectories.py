"""Mistakes that only a closed loop shows: the functions, what goes back into them, how many steps.

Ensembles show what is left after chaos has mixed single runs.
"""

from functools import partial

from .mutant import Mutant

_mutant = partial(Mutant, tier="trajectory", family="trajectories", part="theta")
_SAFE, _SIDE = "optimizers/grouped_newton_safeguarded", "verify/python_side"

_FUNCTIONS = (
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


def _part(name):
    return {
        "one-step-long": "theta",
        "a-fifth-more-noise": "theta",
        "a-fifth-more-in-half": "moved",
        "length-for-its-square": "moved",
    }.get(name, "value")


MUTANTS = (
    *_FUNCTIONS,
    *(_mutant(*told) for told in _LOOPS),
    *(
        Mutant(name, mistake, file, text, put, "ensemble", "trajectories", part=_part(name))
        for name, mistake, file, text, put in _ENDS
    ),
)
