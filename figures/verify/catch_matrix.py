"""Which mistakes of a port the reference outputs catch: mutants of the package against families.

``python -m figures.regenerate catch_matrix`` puts every mutant on trial and keeps what was found.

Long: what is kept of the trials, what is made of it and how it is drawn know the same records.
"""

import ast
import functools
import hashlib
import io
import json
import re
import tokenize
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.lines import Line2D

from refimpl import vectors
from refimpl._compile import PACKAGE
from refimpl._outside import as_path, bar
from refimpl.verify import compare, ours
from refimpl.verify.mutants import MUTANTS, OP, VARIANTS, Mutant, trial

from .. import kept_results, style

RESULTS = kept_results.FOLDER / "catch_matrix.json"
COMMAND = kept_results.command("catch_matrix")
# What answers and judges, besides all that it imports: also what it imports by name.
ANSWERING = (
    "verify/ours.py",
    "verify/python_side.py",
    "verify/compare.py",
    *(f"{name.replace('.', '/')}.py" for name in ours.MODULES),
)
# Of that, what reads cases and paths, orders runs, or only lists names.
IDLE = ("vectors", "lanes", "runs", "_outside.py", "__init__.py")
# What only compiled code meets: a trial runs uncompiled.
COMPILING = ("_compile/boxing.py", "_compile/cache.py", "_compile/sheltered.py")


def is_idle(name):
    """Whether a source, by its name in the package, is one of those."""
    return name.split("/")[0] in IDLE or name in COMPILING


def bare(text):
    r"""A source without comments, docstrings and empty lines: what a result can depend on.

    Examples
    --------
    >>> bare('def f(x):\n    "Twice."\n    return 2 * x  # why\n')
    'def f(x):\n    return 2 * x'
    """
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            words = node.body[0]
            lines[words.lineno - 1 : words.end_lineno] = [""] * (
                words.end_lineno - words.lineno + 1
            )
    return "\n".join(line.rstrip() for line in lines if line.strip())


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


@functools.cache
def code():
    """Digest of those sources, without their words."""
    found = hashlib.sha256()
    for name in answering():
        found.update(f"{name}\n{bare((PACKAGE / name).read_text('utf-8'))}\n".encode())
    return found.hexdigest()


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


# ------------------------------------------------------------------------------------- results


def _path(folder, name):
    return Path(folder) / f"catch-{name}.json"


def _try(mutant, families, folder, whole):
    """Put one mutant before some families, and keep what was found."""
    put = trial.verified if whole else trial.tried
    found = trial.record(put(mutant, [_family(name) for name in families]))
    for name in families:
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


# ---------------------------------------------------------------------------------- the matrix


class Matrix(NamedTuple):
    """What became of each mutant before each family, by tier."""

    columns: tuple  # (family, tier)
    mutants: tuple  # Mutant, harmless ones last
    failed: np.ndarray  # (mutants, columns), cases
    judged: np.ndarray  # (mutants, columns), cases
    largest: np.ndarray  # (mutants, columns), error in units of the roundoff; 64 is accepted
    records: tuple  # of the mutants

    def own(self, mutant):
        """Whether a column is the one that must catch the mutant, column by column."""
        return np.array([column == (mutant.family, mutant.tier) for column in self.columns])

    @property
    def harmless(self):
        """Which of the mutants must pass."""
        return np.array([mutant.harmless for mutant in self.mutants])

    @property
    def caught(self):
        """Which of the mutants fail where they must."""
        return np.array(
            [
                bool(self.failed[k, self.own(mutant)].sum() > 0)
                for k, mutant in enumerate(self.mutants)
            ]
        )


class Margin(NamedTuple):
    """How far right and wrong copies are apart, in units of the roundoff (max of K and kappa) u."""

    accepted: float
    largest_harmless: float
    harmless: str  # whose that is
    smallest_mistake: float  # over the mutants, of the largest error where they must be caught
    mistake: str


class Diagnosis(NamedTuple):
    """How often the report names the mistake, of how many that were caught."""

    quantity: int  # the quantity that is wrong first
    quantity_of: int
    step: int  # that of single steps from certified states, of replays
    step_of: int
    cause: int  # the flag that holds all failures, where one flag describes the mistake
    cause_of: int
    among_three: int  # that flag among the first three of the failures by flag


def _known(records):
    """Mutant of each record; one that is no longer here only has a name."""
    mutants = {mutant.name: mutant for mutant in (*MUTANTS, *VARIANTS)}
    return [
        mutants.get(record["name"], Mutant(record["name"], "", "", "", "")) for record in records
    ]


def compute(records=None):
    """The matrix of the kept records, or of others.

    Parameters
    ----------
    records : list of dict, optional
        Of `trials`.

    Returns
    -------
    Matrix

    Raises
    ------
    StateError
        If the file of the records is missing.
    """
    records = read() if records is None else records
    columns = dict.fromkeys(
        (family, tier)
        for record in records
        for family, cell in record["families"].items()
        for tier in cell["tiers"]
    )
    order = {column: k for k, column in enumerate(sorted(columns, key=_place))}
    failed, judged = np.zeros((2, len(records), len(order)), dtype=int)
    largest = np.zeros((len(records), len(order)))
    for k, record in enumerate(records):
        for family, cell in record["families"].items():
            for tier, counts in cell["tiers"].items():
                at = k, order[family, tier]
                failed[at], judged[at] = counts["failed"], counts["judged"]
                largest[at] = counts["largest"]
    return Matrix(tuple(order), tuple(_known(records)), failed, judged, largest, tuple(records))


def _place(column):
    """Single answers before replays, those before whatever else there is."""
    family, tier = column
    tiers = (OP, vectors.REPLAY)
    return tiers.index(tier) if tier in tiers else len(tiers), family


def told(data, k):
    """The first failure of a mutant where it must be caught, as the report tells it; or None."""
    mutant = data.mutants[k]
    cell = data.records[k]["families"].get(mutant.family, {})
    return cell.get("failures", {}).get(mutant.tier)


def table(data):
    """A row for each mutant: its mistake, where it is caught, and what the report says first.

    Returns
    -------
    list of dict
        `mutant`, `mistake`, `source`, `caught in` (failed of judged cases, by family and tier),
        `first case`, `quantity` and `report` (where it shows, and what it looks like).
    """
    rows = []
    for k, mutant in enumerate(data.mutants):
        if mutant.harmless:
            continue
        where = [
            f"{family} {tier}: {data.failed[k, c]} of {data.judged[k, c]}"
            for c, (family, tier) in enumerate(data.columns)
            if data.failed[k, c]
        ]
        first = told(data, k)
        rows.append(
            {
                "mutant": mutant.name,
                "mistake": mutant.mistake,
                "source": f"{mutant.file}.py",
                "caught in": "; ".join(where) or f"not caught: {mutant.gap}",
                "first case": first["id"] if first else "",
                "quantity": first["field"] or first["problem"] if first else "",
                "report": _prose(first["sentences"]) if first else "",
            }
        )
    return rows


def _prose(sentences):
    """The sentences of a report as one text."""
    return " ".join(f"{words[0].upper()}{words[1:].removesuffix('.')}." for words in sentences)


def variants(data):
    """A row for each harmless variant: what is done otherwise, and its largest error.

    Returns
    -------
    list of dict
        `variant`, `done otherwise`, `passed` cases and `largest error`, where 64 is accepted.
    """
    return [
        {
            "variant": mutant.name,
            "done otherwise": mutant.mistake,
            "passed": int(data.judged[k].sum() - data.failed[k].sum()),
            "largest error": float(data.largest[k].max()),
        }
        for k, mutant in enumerate(data.mutants)
        if mutant.harmless
    ]


def gaps(data):
    """A row for each mutant that no case catches: its mistake, and which case is missing."""
    return [
        {"mutant": mutant.name, "mistake": mutant.mistake, "why": mutant.gap}
        for mutant, caught in zip(data.mutants, data.caught, strict=True)
        if not mutant.harmless and not caught
    ]


def margin(data):
    """The largest error of a harmless variant beside the smallest of a mistake."""
    right, wrong = [], []
    for k, mutant in enumerate(data.mutants):
        if mutant.harmless:
            right.append((float(data.largest[k].max()), mutant.name))
        elif data.caught[k]:
            error = float(data.largest[k, data.own(mutant)].max())
            # Where it is caught by name alone, as by an error that is not raised, it has no size.
            if error > compare.MARGIN:
                wrong.append((error, mutant.name))
    (largest, harmless), (smallest, mistake) = max(right), min(wrong)
    return Margin(compare.MARGIN, largest, harmless, smallest, mistake)


CAUSE = re.compile(r"cases that are '([a-z0-9-]+)'(?: or '([a-z0-9-]+)')?:")


def diagnosis(data):
    """How often the first failure's report names the quantity and the kind of the mistake."""
    counts = dict.fromkeys(Diagnosis._fields, 0)
    for k, mutant in enumerate(data.mutants):
        first = told(data, k)
        if mutant.harmless or first is None:
            continue
        counts["quantity_of"] += 1
        # Where an error should have come, no quantity is wrong.
        counts["quantity"] += (first["field"] or "error") == mutant.part
        if "single_steps" in first and first["single_steps"]["fields"]:
            counts["step_of"] += 1
            counts["step"] += next(iter(first["single_steps"]["fields"])) == mutant.part
        if mutant.flag:
            named = [found for found in map(CAUSE.search, first["sentences"]) if found]
            cause = {flag for found in named for flag in found.groups()}
            shares = data.records[k]["families"][mutant.family]["flags"]
            ranked = sorted(shares, key=lambda flag: (-_share(shares[flag]), -shares[flag][0]))
            counts["cause_of"] += 1
            counts["cause"] += mutant.flag in cause
            counts["among_three"] += mutant.flag in ranked[:3]
    return Diagnosis(**counts)


def _share(pair):
    failed, judged = pair
    return failed / judged


# --------------------------------------------------------------------------------- the picture

LOOKS = {
    "own": (style.BLUE, "o", "where they must be caught"),
    "other": (style.AMBER, "s", "elsewhere, as a consequence"),
    "passes": (style.GREY, ".", "harmless variants, which pass"),
}
SMALLEST, ROW = 6.0, 0.185  # area of a mark, height of a row in inches
HARMLESS = "harmless variants"


def group(mutant):
    """The source that a mutant changes, in a word; of the harmless ones, that they are.

    Examples
    --------
    >>> group(MUTANTS[0]), group(VARIANTS[0])
    ('regression', 'harmless variants')
    """
    return HARMLESS if mutant.harmless else mutant.file.rpartition("/")[2]


def grouped(data):
    """Group -> the numbers of its mutants, in the order in which they stand; harmless ones last."""
    found = {}
    for k, mutant in enumerate(data.mutants):
        found.setdefault(group(mutant), []).append(k)
    if HARMLESS in found:
        found[HARMLESS] = found.pop(HARMLESS)
    return found


@style.use()
def draw(data):
    """A row for each source, and in each column how many of its mutants fail cases there."""
    rows = grouped(data)
    figure, ax = style.subplots(height=ROW * len(rows) + 1.9)
    for y, (name, members) in enumerate(rows.items()):
        own = np.any([data.own(data.mutants[k]) for k in members], axis=0)
        fail = (data.failed[members] > 0).sum(axis=0)
        for c in np.flatnonzero(fail if name != HARMLESS else data.judged[members].sum(axis=0)):
            kind = "own" if own[c] else "passes" if name == HARMLESS and not fail[c] else "other"
            color, marker, _ = LOOKS[kind]
            size = SMALLEST + 42.0 * np.sqrt(fail[c] / len(members))
            ax.scatter([c], [y], size, color=color, marker=marker, linewidths=0)
            said = f"{fail[c]}" if fail[c] else f"0 of {len(members)}"
            ax.annotate(said, (c, y), (6, 0), textcoords="offset points", fontsize=6.5, va="center")
    labels = [f"{name} ({len(members)})" for name, members in rows.items()]
    ax.set_yticks(range(len(rows)), labels, fontsize=7.0)
    columns = [family if tier == OP else f"{family}, {tier}" for family, tier in data.columns]
    ax.set_xticks(range(len(columns)), columns, fontsize=7.0, rotation=40, ha="left")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_xlim(-0.6, len(columns) - 0.2)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    handles = [
        Line2D([], [], color=color, marker=marker, linestyle="none", label=label)
        for kind, (color, marker, label) in LOOKS.items()
        if kind != "passes" or data.harmless.any()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    wrong = ~data.harmless
    caught = int(np.sum(data.caught & wrong))
    per_column = "; ".join(
        f"{family} ({tier}) {int(np.sum(data.failed[wrong, c] > 0))}"
        for c, (family, tier) in enumerate(data.columns)
    )
    missing = [row["mutant"] for row in gaps(data)]
    passing = int(np.sum((data.failed.sum(axis=1) == 0) & data.harmless))
    sources = len(grouped(data)) - bool(data.harmless.any())
    return (
        f"Matrix of {int(wrong.sum())} wrong copies of the package, a row for each of {sources} "
        "sources that they change, against the families of the reference outputs: how many of a "
        f"row's copies fail cases there, and a mark that grows with their share. {caught} are "
        f"caught where they must be. Mutants that fail cases, by family and tier: {per_column}. "
        + (f"Not caught: {', '.join(missing)}. " if missing else "")
        + f"{passing} of {int(data.harmless.sum())} harmless variants pass every case."
    )
