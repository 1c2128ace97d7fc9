"""The trials of all mutants: what each depends on, how it is made, and where it is kept.

A trial is stale as soon as a source that answers, a case or the mutant is another: its record holds
a digest of all three. What a report says of it is older than the hints as soon as one of their
sources is another: each failure holds a digest of those.
"""

import ast
import functools
import hashlib
import json
from pathlib import Path

from refimpl import vectors
from refimpl._compile import PACKAGE
from refimpl._outside import as_path, bar
from refimpl.verify import ours
from refimpl.verify.mutants import MUTANTS, VARIANTS, Mutant, trial

from .. import kept_results

RESULTS = kept_results.FOLDER / "catch_matrix.json"
COMMAND = kept_results.command("catch_matrix")
# What answers and judges, besides all that it imports: also what it imports by name.
ANSWERING = (
    "verify/ours.py",
    "verify/python_side.py",
    "verify/compare.py",
    *(f"{name.replace('.', '/')}.py" for name in ours.MODULES),
)
# What makes the hints of a report.
TELLING = tuple(
    f"verify/{name}.py"
    for name in (
        *("diagnosis", "explained", "resemblance", "slipped", "slips", "slips_of_statements"),
        "supposed",
    )
)
# Of that, what reads cases and paths, orders runs, or only lists names.
IDLE = ("vectors", "lanes", "runs", "_outside.py", "__init__.py")
# What only compiled code meets: a trial runs uncompiled.
COMPILING = ("_compile/boxing.py", "_compile/cache.py", "_compile/sheltered.py")


def is_idle(name):
    """Whether a source, by its name in the package, is one of those."""
    return name.split("/")[0] in IDLE or name in COMPILING


def _imported(path):
    """Sources of the package that one of them imports, wherever in its text."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            names = [base, *(base / alias.name for alias in node.names)]
            found |= {name.with_suffix(".py") for name in names}
            found |= {name / "__init__.py" for name in names}
            # A module brings the first files of the rooms it is in.
            found |= {room / "__init__.py" for name in names for room in name.parents}
    return {one for one in found if one.is_file() and PACKAGE in one.parents}


@functools.cache
def answering():
    """All sources that answer or judge, by their names in the package."""
    found, following = set(), {PACKAGE / name for name in ANSWERING}
    # A package stands for its first file.
    following = {p if p.is_file() else p.with_suffix("") / "__init__.py" for p in following}
    while following:
        found |= following
        following = set().union(*map(_imported, following)) - found
        following = {p for p in following if not is_idle(p.relative_to(PACKAGE).as_posix())}
    return sorted(path.relative_to(PACKAGE).as_posix() for path in found)


def _of_sources(names):
    """Digest of sources, without their words."""
    found = hashlib.sha256()
    for name in names:
        found.update(f"{name}\n{kept_results.bare((PACKAGE / name).read_text('utf-8'))}\n".encode())
    return found.hexdigest()


@functools.cache
def code():
    """Digest of the sources that answer or judge."""
    return _of_sources(answering())


@functools.cache
def telling():
    """First 16 digits of a digest of the sources that make the hints."""
    return _of_sources(TELLING)[:16]


@functools.cache
def _family(name):
    return vectors.load(name)


@functools.cache
def _cases(name):
    # What the header says besides, such as the page, is nothing to a trial.
    document = json.loads(_family(name).path.read_bytes())
    parts = [document["notes"], document["cases"]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def digest(mutant, family):
    """First 16 digits of a digest of all that the trial of a mutant by a family depends on."""
    facts = [code(), _cases(family), mutant.file, mutant.text, mutant.put]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def _path(folder, name):
    return Path(folder) / f"catch-{name}.json"


def _try(mutant, families, folder, whole):
    """Put one mutant before some families, and keep what was found."""
    put = trial.verified if whole else trial.tried
    found = trial.record(put(mutant, [_family(name) for name in families]))
    for name in families:
        for first in found[name]["failures"].values():
            first["told_by"] = telling()
        if folder is not None:
            kept_results.finish(_path(folder, digest(mutant, name)), found[name])
    return found


def trials(mutants=None, families=None, *, cache=None, jobs=None, progress=None, whole=False):
    """Put mutants on trial, each before all families at once, by the ordinary verification.

    Cases that never enter the function with the mistake answer as they do without it, and are not
    put again, unless the `whole` suite is asked for.

    Parameters
    ----------
    mutants : sequence of Mutant, optional
        All of them, and the harmless variants, if not given.
    families : sequence of str, optional
    cache : path, optional
        Folder of finished trials, made if it is not there.
    jobs : int, optional
        As `joblib.Parallel`.
    progress : bool, optional
        A bar on standard error.
    whole : bool, optional
        Whether every case is put.

    Returns
    -------
    list of dict
        `name`, and `families`: name -> what `trial.record` keeps, and `digest`.
    """
    import joblib

    mutants = (*MUTANTS, *VARIANTS) if mutants is None else mutants
    families = vectors.families() if families is None else list(families)
    if cache is not None:
        cache = as_path(cache)
        cache.mkdir(parents=True, exist_ok=True)
    records, open_trials = [], []
    for mutant in mutants:
        held = {}
        for family in families:
            name = digest(mutant, family)
            found = None if cache is None else kept_results.finished(_path(cache, name))
            held[family] = {"digest": name, **(found or {})}
        missing = [family for family in families if "tiers" not in held[family]]
        if missing:
            open_trials.append((mutant, missing, held))
        records.append({"name": mutant.name, "families": held})
    if not whole:
        # Once, before the threads would each do it; what answers is a process of its own anyway.
        for family in dict.fromkeys(name for _, missing, _ in open_trials for name in missing):
            name = digest(Mutant(family, "", "", "", ""), family)
            path = None if cache is None else cache / f"untouched-{name}.pickle"
            trial.untouched_copy(_family(family), path)
    work = joblib.Parallel(n_jobs=jobs, return_as="generator", backend="threading")(
        joblib.delayed(_try)(mutant, missing, cache, whole) for mutant, missing, _ in open_trials
    )
    shown = bar(work, total=len(open_trials), desc="trials", unit="mutant", progress=progress)
    for (_, missing, held), found in zip(open_trials, shown, strict=True):
        for family in missing:
            held[family] |= found[family]
    return records


def write(records, path=RESULTS):
    """Keep records as JSON, one line for each mutant and family."""
    blocks = []
    for record in records:
        lines = ",\n  ".join(
            f"{json.dumps(name)}: {json.dumps(cell)}" for name, cell in record["families"].items()
        )
        blocks.append(f' {{"name": {json.dumps(record["name"])}, "families": {{\n  {lines}}}}}')
    kept_results.write(blocks, path, COMMAND)


def read(path=RESULTS):
    """The records of a file, as `figures.kept_results.read`."""
    return kept_results.read(path, COMMAND)


def stale(records):
    """What of the records does not belong to the sources and cases of today.

    Returns
    -------
    list of str
        ``"mutant before family"`` for each trial that is missing or of other sources, and the names
        of records without a mutant.
    """
    kept = {record["name"]: record["families"] for record in records}
    mutants = {mutant.name: mutant for mutant in (*MUTANTS, *VARIANTS)}
    families = vectors.families()
    found = [
        f"{name} before {family}"
        for name, mutant in mutants.items()
        for family in families
        if kept.get(name, {}).get(family, {}).get("digest") != digest(mutant, family)
    ]
    return found + [name for name in kept if name not in mutants]


def untold(records):
    """Mutants of whose failure, where it must be seen, other hints than those of today tell."""
    kept = {record["name"]: record["families"] for record in records}
    firsts = {
        mutant.name: kept[mutant.name][mutant.family]["failures"].get(mutant.tier)
        for mutant in MUTANTS
    }
    return [name for name, first in firsts.items() if first and first.get("told_by") != telling()]
