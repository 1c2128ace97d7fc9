"""Writes the reference outputs: ``python -m refimpl.oracle [family ...] [--out folder]``.

Everything is drawn from explicit seeds and computed in multiple precision, so that a second run
writes the same bytes; ``--check`` says whether it does, and writes nothing.
"""

import argparse
import concurrent.futures
import math
import sys
import time
from pathlib import Path

import mpmath
import numpy as np

from .. import vectors
from . import (
    cases_online_pca,
    cases_optimizers,
    cases_qr_step,
    cases_regression,
    cases_repulsion,
    measure,
    methods,
)
from .flags import NOTES
from .operations import OPERATIONS
from .parts import definition, formula

VERSION = 1
FAMILIES = {
    "regression": cases_regression,
    "online_pca": cases_online_pca,
    "qr_step": cases_qr_step,
    "repulsion": cases_repulsion,
    "optimizers": cases_optimizers,
}
PAGES = {"optimizers": "optimizer.html"}
# Of the optimizers; a piece names its own.
EQUATIONS = ("eq-new-mean", "eq-lyapunov", "eq-injection", "eq-saddle-free")
# Hyperparameters and sizes; all other arguments are arrays or states.
PARAMETERS = ("D", "prior", "beta", "ridge", "gamma", "turn", "div", "cut")


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
        "kappa": measure.condition(name, operation.definition, *given),
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
    inputs = {"start": case.start, "directions": case.directions, "stream": case.stream}
    return {
        "K": measure.amplification_steps(run(formula), arguments, want, binary32),
        "binary32": binary32,
        "compare": dict.fromkeys(steps[0], "relative"),
        "flags": list(case.flags),
        "id": name,
        "in": plain(inputs),
        "kappa": measure.condition_steps(name, run(formula), arguments, want),
        "method": case.method,
        "op": "replay",
        "out": {"steps": steps},
        "params": plain(case.params),
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
    """The cases of a family before they are certified, each with its name."""
    for number, case in enumerate(FAMILIES[family].cases(), 1):
        yield f"{family}-{number:04d}", case


def certified_record(item):
    """The record of a name and its case; an error says which one failed."""
    name, case = item
    try:
        replay = isinstance(case, cases_optimizers.Replay)
        return replayed(name, case) if replay else record(name, case)
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


def written(family, cases):
    """The file of a family as text."""
    flags = {flag for case in cases for flag in case["flags"]}
    operations = {case["op"] for case in cases} & OPERATIONS.keys()
    equations = {e for op in operations for e in OPERATIONS[op].equations} or EQUATIONS
    document = {
        "schema": f"refimpl-vectors/{VERSION}",
        "family": family,
        "version": VERSION,
        "page": PAGES.get(family, f"{family}.html"),
        "equations": sorted(equations),
        "oracle": {
            "name": "refimpl.oracle",
            "mpmath": mpmath.__version__,
            "digits": measure.WORKING,
        },
        "notes": {flag: note._asdict() for flag, note in NOTES.items() if flag in flags},
        "withdrawn": [],
        "cases": cases,
    }
    return vectors.text(vectors.sealed(document))


def main(arguments=None):
    """Write the families that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="*", help="families to write, by default all")
    parser.add_argument("--out", type=Path, default=vectors.FOLDER, help="folder to write to")
    parser.add_argument("--workers", type=int, default=2, help="processes; 0: none besides this")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    different = []
    for family in options.family or FAMILIES:
        begun = time.monotonic()
        text = written(family, records(family, workers=options.workers))
        path = options.out / f"{family}.json"
        if not options.check:
            path.write_text(text, encoding="ascii", newline="\n")
        elif not path.exists() or path.read_bytes() != text.encode("ascii"):
            different.append(family)
        seconds = time.monotonic() - begun
        print(f"{family}: {len(text)} bytes, {seconds:.0f} s", file=sys.stderr)
    if different:
        print(f"other bytes than the stored ones: {', '.join(different)}", file=sys.stderr)
    return 1 if different else 0
