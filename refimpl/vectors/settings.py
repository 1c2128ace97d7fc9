"""Whether every hyperparameter of every method is seen at work: the rule that the linter enforces.

A port that writes a default into its step passes every case in which the default stands; one that
reads a weight the wrong way round passes where the weight is 1/2.
"""

from . import REPLAY, TRAJECTORY, is_word

WEIGHTS = ("beta", "beta_late", "beta1", "beta2", "gamma", "smoothing", "w")
FACTORS = ("alpha", "div", "eta", "strength", "damping")
# Values that a hyperparameter without a range of its own must have.
ENOUGH = 2


def telling(name, value, D):
    """Whether a port could tell this value of a hyperparameter from none, and its readings apart.

    Examples
    --------
    >>> [telling("gamma", value, 2) for value in (0.25, 0.5)]
    [True, False]
    >>> telling("dimension", 3, 3), telling("prior", (1.0, 1.0), 2), telling("cut", 0.0, 2)
    (False, False, False)
    """
    if name in WEIGHTS:
        return 0.0 < value < 1.0 and value != 0.5
    if name in FACTORS:
        return value not in (0.0, 1.0)
    if name == "dimension":
        return value < D
    if name == "prior":
        return value[0] != value[1]
    if name in ("cut", "eps", "max_alpha"):
        return 0.0 < value < float("inf")
    return True


def _value(given):
    """A hyperparameter of a case, to be compared with others."""
    if isinstance(given, list):
        return tuple(_value(entry) for entry in given)
    if isinstance(given, str) and not is_word(given):
        return float.fromhex(given)
    return given


def seen(cases, method):
    """Hyperparameter -> its telling values in the replays of a method, or else its trajectories."""
    own = [case for case in cases if case.method == method]
    for op in (REPLAY, TRAJECTORY):
        chosen = [case for case in own if case.op == op]
        if chosen:
            break
    found = {}
    for case in chosen:
        D = len(case.inputs["start"])
        for name, given in case.params.items():
            value = _value(given)
            if telling(name, value, D):
                found.setdefault(name, set()).add(value)
    return found


def half_covered(cases, methods, words):
    """What no replay shows of the hyperparameters of methods.

    Two telling values besides the default of each number; the other value of a switch; every other
    word of those that are allowed.

    Parameters
    ----------
    cases : iterable of Case
    methods : dict
        Name -> ``optimizers.Method``; those that SciPy runs are left out.
    words : dict
        Hyperparameter -> the words that it may be.

    Returns
    -------
    list of str
    """
    cases, found = list(cases), []
    for name, method in methods.items():
        if method.solver:
            continue
        values = seen(cases, name)
        for hyperparameter, default in method.defaults.items():
            others = values.get(hyperparameter, set()) - {default}
            if isinstance(default, bool):
                wanted = 1
            elif isinstance(default, str):
                wanted = len(words[hyperparameter]) - 1
            else:
                wanted = ENOUGH
            if len(others) < wanted:
                found.append(
                    f"{name}: {hyperparameter} has {len(others)} telling values besides its "
                    f"default {default!r} in the replays, {wanted} are needed; see cases_settings"
                )
    return found
