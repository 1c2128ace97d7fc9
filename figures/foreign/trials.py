"""The runs on foreign problems: noise, rows, and the file that holds the results.

``python -m figures.regenerate foreign`` makes the file of results, with the extra `rivals`. Each
method of each problem is a file of its own in the cache: one that is added, or has changed, is
computed alone.
"""

import hashlib
import json

import joblib
import numpy as np
import scipy.optimize
from tqdm import tqdm

from refimpl import optimizers
from refimpl._outside import as_path
from refimpl.runs.experiments import cells

from .. import kept_results
from .problems import BATCH, DATA, DEAR, HIDDEN, RIDGE, cutest_names, half, problem
from .rivals import RIVALS

RESULTS = kept_results.FOLDER / "foreign.json"
# Steps after which a run is looked at; a run does not know how long it will be.
LOOKS = (50, 200)
# Kind and size of the noise of CUTEst's rows. The size is the deviation of each coordinate, in
# units of the root mean square of the first gradient; of `heavy`, it multiplies Student's t.
NOISES = (("exact", 0.0), ("noisy", 0.01), ("noisy", 0.1), ("heavy", 0.1), ("correlated", 0.1))
# Degrees of freedom of `heavy`, whose variance is infinite; lag-one correlation of `correlated`.
FREEDOM, MEMORY = 2, 0.9
# One run of each of CUTEst's rows: what varies is the problem. Of the few data sets, several.
SEEDS, DATA_SEEDS = (0,), (0, 1, 2, 3)
# Farther from the start, in units of the larger of 1 and its length, a run has diverged.
BALL = 1e8
SOLVERS, ITERATIONS = ("BFGS", "L-BFGS-B"), 300
# What a function raises where it cannot be computed.
BEYOND = (ArithmeticError, ValueError)


def steps_of(rival, setting, given, noisy, looks=LOOKS):
    """Values at the looks, infinite after a run has diverged."""
    found = []
    with np.errstate(all="ignore"):
        if rival.line_search:
            return rival.make(given.value, given.gradient, given.x0, looks)
        limit = BALL * max(1.0, float(np.linalg.norm(given.x0)))
        method, x = rival.make(given.x0.copy(), **setting), given.x0
        for k in range(looks[-1]):
            try:
                g = noisy(k, x)
                if not np.isfinite(g).all():
                    break
                x = method.step(g)
                if not np.linalg.norm(x) <= limit:
                    break
                if k + 1 in looks:
                    value = given.value(getattr(method, "told", x))
                    found.append(np.inf if np.isnan(value) else value)
            except BEYOND:
                break
    return found + [np.inf] * (len(looks) - len(found))


def gradients(given, kind, size, seed, steps=LOOKS[-1]):
    """The noisy gradient of a row, a function of the step and the position."""
    drawn = hashlib.sha256(f"{given.name}, {kind}".encode()).digest()
    rng = np.random.default_rng([seed, *drawn[:8]])
    if kind == "exact":
        return lambda k, x: given.gradient(x)
    if kind in ("minibatch", "interpolating"):
        picked = rng.integers(0, given.records, (steps, BATCH))
        return lambda k, x: given.of_records(x, picked[k])
    if kind == "heavy":
        added = rng.standard_t(FREEDOM, (steps, given.x0.size))
    else:
        added = rng.standard_normal((steps, given.x0.size))
    if kind == "correlated":
        for k in range(1, steps):
            added[k] = MEMORY * added[k - 1] + np.sqrt(1.0 - MEMORY**2) * added[k]
    added *= size * np.sqrt(np.mean(given.gradient(given.x0) ** 2))
    return lambda k, x: given.gradient(x) + added[k]


def rows(given):
    """Kind of noise, its size and the seed of each row of a problem."""
    if given.records:
        kind = "interpolating" if given.name.endswith("interpolating") else "minibatch"
        return [("exact", 0.0, 0), *((kind, 0.0, seed) for seed in DATA_SEEDS)]
    if given.name in DEAR:
        return [("exact", 0.0, 0)]
    return [(*noise, seed) for noise in NOISES for seed in (SEEDS if noise[1] else (0,))]


def lowest(given):
    """The lowest value that SciPy's solvers reach from the start."""
    found = []
    for solver in SOLVERS:
        with np.errstate(all="ignore"):
            try:
                end = scipy.optimize.minimize(
                    given.value,
                    given.x0,
                    jac=given.gradient,
                    method=solver,
                    options={"maxiter": ITERATIONS, "gtol": 1e-14},
                )
            except BEYOND:
                continue
        if np.isfinite(end.fun) or end.fun == -np.inf:
            found.append(float(end.fun))
    return min(found, default=np.inf)


def facts(name):
    """What is known of a problem before any method has seen it."""
    given = problem(name)
    return {
        "problem": name,
        "group": given.group,
        "half": given.half,
        "dimension": given.x0.size,
        "first": number(given.value(given.x0)),
        "lowest": number(lowest(given)),
        "rows": [list(row) for row in rows(given)],
    }


def runs(name, rival, setting, looks=LOOKS):
    """Of each row of a problem, the values at the looks; None where there is no such row."""
    given = problem(name)
    found = []
    for kind, size, seed in rows(given):
        if rival.line_search and kind != "exact":
            found.append(None)
            continue
        noisy = gradients(given, kind, size, seed, looks[-1])
        found.append([number(x) for x in steps_of(rival, setting, given, noisy, looks)])
    return found


def number(x):
    """A float of 14 digits, or an infinity as a word, as JSON has none.

    Raises
    ------
    ValueError
        For NaN, which would be neither a start, nor lost, nor unbounded.
    """
    if np.isnan(x):
        raise ValueError("foreign: expected a number or an infinity, got NaN")
    return float(f"{x:.14g}") if np.isfinite(x) else ("inf" if x > 0 else "-inf")


def names(chosen="page"):
    """Names of the problems of a half, in their order."""
    return [name for name in (*cutest_names(), *DATA) if half(name) == chosen]


def compute_results(cache=None, jobs=1, progress=None, chosen="page"):
    """The records of a half; what is finished is taken from the cache, if there is one."""
    wanted = names(chosen)
    # All problems of one method before the next: what is interrupted compares fewer methods.
    parts = [(None, None, name) for name in wanted]
    parts += [(of, one, name) for of in RIVALS for one in of.settings for name in wanted]
    folder = None if cache is None else as_path(cache) / "foreign"
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)

    def part(rival, setting, name):
        path = None if folder is None else folder / f"{_digest(rival, setting, name)}.json"
        found = None if path is None else kept_results.finished(path)
        if found is None:
            found = facts(name) if rival is None else runs(name, rival, setting)
            if path is not None:
                kept_results.finish(path, found)
        return found

    tasks = (joblib.delayed(part)(*one) for one in parts)
    done = joblib.Parallel(n_jobs=jobs, return_as="generator")(tasks)
    done = list(tqdm(done, total=len(parts), unit="part", disable=not progress))
    found = {name: {} for name in wanted}
    for (rival, _, name), one in zip(parts, done, strict=True):
        if rival is None:
            found[name] = one | {"values": {of.name: [] for of in RIVALS}}
        else:
            found[name]["values"][rival.name].append(one)
    return list(found.values())


def _digest(rival, setting, name):
    """Of all that a part depends on, but for the packages' versions.

    A method of our own is another with every change of a source of the package.
    """
    asked = [name, LOOKS, NOISES, FREEDOM, MEMORY, SEEDS, DATA_SEEDS, BATCH, BALL, RIDGE, HIDDEN]
    if name in DEAR:
        asked.append("the noise-free row alone")
    if rival is None:
        asked += [SOLVERS, ITERATIONS]
    else:
        asked += [rival.name, [setting]]
        own = setting.get("method", rival.name)
        if own in optimizers.METHODS:
            asked.append(cells.source_stamp())
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


def write(records, path=RESULTS):
    """Keep the records, a method a line."""

    def block(one):
        head = {name: value for name, value in one.items() if name != "values"}
        lines = ",\n  ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in one["values"].items())
        return f'{json.dumps(head)[:-1]}, "values": {{\n  {lines}}}}}'

    kept_results.write(map(block, records), path, kept_results.command("foreign"))


def read(path=RESULTS):
    """The kept records.

    Raises
    ------
    StateError
        If the file is missing.
    """
    return kept_results.read(path, kept_results.command("foreign"))
