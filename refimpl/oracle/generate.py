"""Writes the reference outputs: ``python -m refimpl.oracle [family ...] [--out folder]``.

Everything is drawn from explicit seeds and computed in multiple precision, so that a second run
writes the same bytes; ``--check`` says whether it does, and writes nothing. ``--new`` computes the
cases alone that a file does not have yet, and takes the others as they stand in it.
"""

import argparse
import concurrent.futures
import itertools
import json
import math
import time
from pathlib import Path

import mpmath
import numpy as np

from .. import vectors
from .._outside import as_path, say, with_output
from ..errors import VectorError
from . import (
    cases_cubic,
    cases_online_pca,
    cases_optimizers,
    cases_qr_step,
    cases_regression,
    cases_repulsion,
    cases_summary,
    cases_trajectories,
    closed_loop,
    functions,
    measure,
    methods,
)
from .flags import NOTES
from .operations import OPERATIONS
from .parts import definition, formula, loops
from .withdrawn import withdrawn_cases

VERSION = 1
FAMILIES = {
    "regression": cases_regression,
    "online_pca": cases_online_pca,
    "qr_step": cases_qr_step,
    "repulsion": cases_repulsion,
    "cubic": cases_cubic,
    "optimizers": cases_optimizers,
    "trajectories": cases_trajectories,
    "summary": cases_summary,
}
PAGES = {
    "cubic": "summary.html",
    "optimizers": "optimizer.html",
    "trajectories": "laboratory.html",
}
# Of whole methods; a piece names its own.
EQUATIONS = {
    "optimizers": (
        "eq-new-mean",
        "eq-lyapunov",
        "eq-injection",
        "eq-saddle-free",
        "eq-grouped-step",
        "eq-rprop",
        "eq-sp-bfgs",
        "eq-soap-axes",
        "eq-soap",
    ),
    "trajectories": (
        "eq-cdogr",
        "eq-cdsogr",
        "eq-cfogr",
        "eq-composite",
        "eq-csogr",
        "eq-dogr",
        "eq-dsogr",
        "eq-fogr",
        "eq-grouped-step",
        "eq-lanczos",
        "eq-newton",
        "eq-ogr-step",
        "eq-pogr",
        "eq-rprop",
        "eq-saddle-free",
        "eq-soap",
        "eq-sogr",
        "eq-sp-bfgs",
    ),
}
# Hyperparameters and sizes; all other arguments are arrays or states.
PARAMETERS = (
    *("D", "prior", "beta", "ridge", "gamma", "turn", "div", "cut", "strength", "order", "full"),
)


def text_of(number):
    """A float as a hexadecimal string, or the name of what is no number."""
    return float.hex(number) if math.isfinite(number) else str(number)


def plain(value):
    """Inputs as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in sorted(value.items())}
    if isinstance(value, np.ndarray | tuple | list):
        return [plain(entry) for entry in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return text_of(float(value))


def record(name, case):
    """A case as it is written, its outputs certified and its amplifications measured."""
    params = {k: v for k, v in case.arguments.items() if k in PARAMETERS}
    inputs = {k: v for k, v in case.arguments.items() if k not in PARAMETERS}
    binary32 = bool(case.binary32 and measure.is_single(case.arguments))
    result = {
        "id": name,
        "op": case.op,
        "flags": list(case.flags),
        "binary32": binary32,
        "params": plain(params),
        "in": plain(inputs),
    }
    answer = {"out": {"error": case.error}} if case.error else certify(name, case, binary32)
    return dict(sorted((result | answer).items()))


def certify(name, case, binary32):
    """The computed part of a case."""
    operation = OPERATIONS[case.op]
    out = measure.certified(operation.definition, case.arguments)
    compare = dict.fromkeys(out, "relative") | dict(case.compare)
    if case.fields:
        out = {field: out[field] for field in case.fields}
        compare = {field: compare[field] for field in case.fields}
    with mpmath.workdps(measure.WORKING):
        want = {field: measure.value_of(value) for field, value in out.items()}
    check_formula(operation, case, want, compare)
    given = case.arguments, want, compare, {}
    return {
        "out": out,
        "compare": compare,
        "kappa": dict.fromkeys(want, 1.0)
        if case.exact
        else measure.condition(name, operation.definition, *given),
        "K": measure.amplification(operation.formula, *given, binary32),
    }


def replayed(name, case):
    """A replay as it is written, its amplifications measured for each step."""
    arguments = {
        "params": case.params,
        "start": case.start,
        "directions": case.directions,
        "stream": case.stream,
    }
    binary32 = bool(case.binary32 and measure.is_single(arguments))

    def run(parts):
        return lambda **given: methods.replay(parts, case.method, **given)

    steps = measure.certified_steps(run(definition), arguments)
    with mpmath.workdps(measure.WORKING):
        want = [{field: measure.value_of(v) for field, v in step.items()} for step in steps]
    measure.check_steps(measure.evaluate(run(formula), arguments, digits=measure.WORKING), want)
    inputs = {"start": case.start, "directions": case.directions, "stream": case.stream}
    return {
        "K": measure.amplification_steps(run(formula), arguments, want, binary32),
        "binary32": binary32,
        "compare": comparators(want[0]),
        "flags": list(case.flags),
        "id": name,
        "in": plain(inputs),
        "kappa": measure.condition_steps(name, run(formula), arguments, want),
        "method": case.method,
        "op": "replay",
        "out": {"steps": steps},
        "params": plain(case.params),
    }


def comparators(step):
    """Words are compared as such."""
    return {name: "exact" if isinstance(v, str) else "relative" for name, v in step.items()}


def _of_method(name, case, given, binary32):
    """What the record of a closed loop holds besides what is measured."""
    return {
        "binary32": binary32,
        "id": name,
        "in": plain(given),
        "method": case.method,
        "params": plain(case.params),
    }


def followed(name, case):
    """A trajectory as it is written: up to its horizon."""
    arguments = {"params": case.params, "given": case.given}
    binary32 = bool(case.binary32 and measure.is_single(arguments))

    def by_formula(**given):
        return closed_loop.trajectory(loops, functions.FORMULAS, case.method, **given)

    def by_definition(**given):
        return closed_loop.trajectory(definition, functions.DEFINITIONS, case.method, **given)

    fine = measure.evaluate(by_formula, arguments, digits=measure.WORKING)
    # Once the digits are gone it does not matter how far: with this much a step is uninformative.
    K = measure.amplification_steps(by_formula, arguments, fine, binary32, measure.BLURRED)
    kappa = measure.condition_steps(name, by_formula, arguments, fine, measure.BLURRED)
    last = measure.horizon(K, kappa)
    given = case.given | {"noise": case.given["noise"][:last]}
    steps = measure.certified_steps(by_definition, arguments | {"given": given})
    with mpmath.workdps(measure.WORKING):
        want = [{field: measure.value_of(v) for field, v in step.items()} for step in steps]
    measure.check_steps(fine[:last], want)
    reached = ("horizon",) if last < len(fine) else ()
    return _of_method(name, case, given, binary32) | {
        "K": {field: values[:last] for field, values in K.items()},
        "compare": dict.fromkeys(steps[0], "relative"),
        "flags": [*case.flags, *reached],
        "kappa": {field: values[:last] for field, values in kappa.items()},
        "op": vectors.TRAJECTORY,
        "out": {"steps": steps},
    }


def gathered(name, case):
    """An ensemble as it is written: the ends of its runs, none of them certain by itself."""
    arguments = {"params": case.params, "given": case.given}
    binary32 = bool(case.binary32 and measure.is_single(arguments))

    def by_formula(**given):
        return closed_loop.ensemble(formula, functions.FORMULAS, case.method, **given)

    def by_definition(**given):
        return closed_loop.ensemble(definition, functions.DEFINITIONS, case.method, **given)

    # Chaos takes a third of a digit a step, so that 60 would not be enough.
    (out,) = steps = measure.certified_steps(by_definition, arguments, (80, measure.WORKING))
    with mpmath.workdps(measure.WORKING):
        want = [{field: measure.value_of(v) for field, v in step.items()} for step in steps]
    measure.check_steps(measure.evaluate(by_formula, arguments, digits=measure.WORKING), want)
    K = measure.amplification_steps(by_formula, arguments, want, binary32)
    kappa = measure.condition_steps(name, by_formula, arguments, want)
    if measure.horizon(K, kappa):
        raise ValueError("an ensemble that binary64 can follow belongs among the trajectories")
    return _of_method(name, case, case.given, binary32) | {
        "K": {field: value for field, (value,) in K.items()},
        "compare": dict.fromkeys(out, vectors.DISTRIBUTION),
        "flags": list(case.flags),
        "kappa": {field: value for field, (value,) in kappa.items()},
        "op": vectors.ENSEMBLE,
        "out": out,
    }


def check_formula(operation, case, want, compare):
    """Formula and definition are the same to the digits that are written."""
    fields = measure.evaluate(operation.formula, case.arguments, digits=measure.WORKING)
    with mpmath.workdps(measure.WORKING):
        for field in want:
            shown = measure.error(compare[field], fields[field], want[field])
            if not shown < mpmath.mpf(10) ** -(measure.DIGITS - 1):
                raise measure.DisagreementError(f"{field}: {mpmath.nstr(shown)}")


def numbered(family):
    """The cases of a family before they are certified, each with its name, none of them withdrawn.

    Raises
    ------
    VectorError
        If the table of withdrawn cases names one twice, or one that has never been.
    """
    gone = [entry["id"] for entry in withdrawn_cases(family)]
    names = (f"{family}-{number:04d}" for number in itertools.count(1))
    given = []
    for case in FAMILIES[family].cases():
        given.append(next(name for name in names if name not in gone))
        yield given[-1], case
    whole = [f"{family}-{number + 1:04d}" for number in range(len(given) + len(gone))]
    if sorted(given + gone) != whole:
        raise VectorError(f"{family}: of the withdrawn {gone} one has never been, or stands twice")


RECORDS = {
    cases_optimizers.Replay: replayed,
    cases_trajectories.Trajectory: followed,
    cases_trajectories.Ensemble: gathered,
}


def certified_record(item):
    """The record of a name and its case; an error says which one failed."""
    name, case = item
    try:
        return RECORDS.get(type(case), record)(name, case)
    except Exception as reason:
        raise RuntimeError(f"{name}: {reason!r}") from reason


def records(family, ids=None, workers=0):
    """The records of a family, or of some of its cases; in the order of their numbers."""
    items = [item for item in numbered(family) if ids is None or item[0] in ids]
    if workers == 0:
        return [certified_record(item) for item in items]
    # Each case is computed in one process, so that their number changes no byte.
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        return list(pool.map(certified_record, items))


def regenerate(family, ids=None):
    """Cases computed anew, as they stand in the file without their digests.

    Parameters
    ----------
    family : str
        Name of a family.
    ids : iterable of str, optional
        Only these cases.

    Returns
    -------
    dict of str to dict
        By id.

    Examples
    --------
    >>> regenerate("repulsion", ["repulsion-0001"])["repulsion-0001"]["op"]
    'repulsion.newton'
    """
    wanted = None if ids is None else set(ids)
    return {case["id"]: case for case in records(family, wanted)}


def completed(family, path, workers=0):
    """The records of a family: those of a file as they stand there, the others computed."""
    document = json.loads(path.read_bytes()) if path.exists() else {"cases": []}
    stored = {
        case["id"]: {key: value for key, value in case.items() if key != "sha256"}
        for case in document["cases"]
    }
    names = [name for name, _ in numbered(family)]
    missing = set(names) - set(stored)
    stored |= {case["id"]: case for case in records(family, missing, workers)}
    return [stored[name] for name in names]


def written(family, cases, seed=None):
    """The file of a family as text; of fresh cases with the seed that they are from."""
    flags = {flag for case in cases for flag in case["flags"]}
    operations = {case["op"] for case in cases} & OPERATIONS.keys()
    equations = {e for op in operations for e in OPERATIONS[op].equations}
    document = {
        "schema": f"refimpl-vectors/{VERSION}",
        "family": family,
        "version": VERSION,
        "page": PAGES.get(family, f"{family}.html"),
        "equations": sorted(equations or EQUATIONS[family]),
        "oracle": {
            "name": "refimpl.oracle",
            "mpmath": mpmath.__version__,
            "digits": measure.WORKING,
        }
        | ({} if seed is None else {"seed": seed}),
        "notes": {flag: note._asdict() for flag, note in NOTES.items() if flag in flags},
        "withdrawn": withdrawn_cases(family) if seed is None else [],
        "cases": cases,
    }
    return vectors.text(vectors.sealed(document))


def main(arguments=None):
    """Write the families that are named, or all of them, and return an exit status."""
    return with_output(lambda: _main(arguments), "refimpl.oracle")


def _main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="*", help="families to write, by default all")
    parser.add_argument("--out", type=Path, default=vectors.FOLDER, help="folder to write to")
    parser.add_argument("--workers", type=int, default=2, help="processes; 0: none besides this")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--check", action="store_true", help="compare, and write nothing")
    either.add_argument(
        "--new", action="store_true", help="compute only the cases that the file does not have"
    )
    options = parser.parse_args(arguments)
    folder = as_path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    different = []
    for family in options.family or FAMILIES:
        begun = time.monotonic()
        path = folder / f"{family}.json"
        if options.new:
            cases = completed(family, path, options.workers)
        else:
            cases = records(family, workers=options.workers)
        text = written(family, cases)
        if not options.check:
            path.write_text(text, encoding="ascii", newline="\n")
        elif not path.exists() or path.read_bytes() != text.encode("ascii"):
            different.append(family)
        seconds = time.monotonic() - begun
        say(f"{family}: {len(text)} bytes, {seconds:.0f} s")
    if different:
        say(f"other bytes than the stored ones: {', '.join(different)}")
    return 1 if different else 0
