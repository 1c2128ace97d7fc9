"""The commands `refimpl vectors` and `refimpl verify`; modules are loaded when one is run."""

import argparse
import contextlib
import json
import secrets
import shutil
import signal
import threading
from pathlib import Path

from .._outside import NOT_WRITTEN, as_path, bar, say
from ..errors import RangeError, VectorError, VerificationError

OURS = "refimpl.verify.ours"
# Our own pieces may have to be compiled first; their answers are not in doubt.
OUR_TIMEOUT = 900.0
HELD, FELL_SHORT, INTERRUPTED = 0, 1, 130
# Options that say how a program is put to the cases, and so nothing of reports side by side.
OF_A_RUN = (
    *("exec", "family", "id", "flag", "dtype", "known_failures", "timeout", "memory", "jobs"),
    *("folder", "junit", "badge"),
)
FRESH_EXAMPLE = """\
The seed is printed; it gives the same cases again.

example:
  refimpl vectors fresh --family repulsion --count 50 --seed 7
  refimpl verify my_module:factory --folder fresh-7
"""
EXAMPLES = """\
Without TARGET and --exec this package itself is verified. Failures are told, and counts of the
rest. Exit status: 0 all held, 1 something failed, 2 wrong usage, 3 a report could not be written,
130 interrupted by Ctrl-C: the report is then on what was done.

examples:
  refimpl verify my_module:factory --family repulsion
  refimpl verify --exec "node mine.js" --junit report.xml --badge badge.json
  refimpl verify --exec ./mine --memory 2000 --timeout 5 --json > mine.json
  refimpl verify compare mine.json theirs.json
"""


def add(command, oracle):
    """Add both commands to a parser, by a function that makes a subparser.

    `oracle` is a function that loads what computes cases anew, which nothing else needs.
    """
    sub = command(
        "vectors",
        _no_part,
        "The reference outputs: list, show, export, archive or check them, or draw fresh ones.",
    )
    parts = sub.add_subparsers(title="parts", metavar="PART", required=True)
    folder = {"type": Path, "metavar": "FOLDER", "help": "other files than those of the package"}

    def part(name, function, summary):
        one = parts.add_parser(name, help=summary, description=summary)
        one.set_defaults(command=function)
        one.add_argument("--folder", **folder)
        return one

    one = part("list", list_vectors, "List the families, or the cases of one.")
    one.add_argument("family", nargs="?", help="only this one, case by case")
    one.add_argument("--json", action="store_true", help="print JSON on standard output")
    one = part("show", show, "Show one case: what goes in, what comes out, what its flags catch.")
    one.add_argument("id")
    one.add_argument("--json", action="store_true", help="its line, as it is in the file")
    one = part("export", export, "Write the cases as NumPy archives or tables.")
    one.add_argument("to", type=Path, metavar="TO", help="folder to write into")
    one.add_argument("--format", choices=("npz", "csv"), default="npz", help="(%(default)s)")
    one.add_argument("--family", action="append", metavar="NAME", help="only this one; repeatable")
    one = part("check", check, "Check the files: schema, ids, flags, digests, and a sample anew.")
    one.add_argument("--all", action="store_true", help="compute every case anew: takes long")
    one.add_argument("--no-oracle", action="store_true", help="compute nothing anew")
    one.set_defaults(oracle=oracle)

    one = part("archive", pack, "Write the data alone as one zip file, always of the same bytes.")
    one.epilog = "Schema and SHA-256 digests are in it. Example: refimpl vectors archive data.zip"
    one.add_argument("to", type=Path, nargs="?", metavar="TO", help="file (refimpl-vectors-1.zip)")
    summary = "Draw and certify cases that nobody has seen, of the kinds of the suite."
    one = parts.add_parser(
        "fresh",
        help=summary,
        description=summary,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=FRESH_EXAMPLE,
    )
    one.set_defaults(command=draw_fresh, oracle=oracle)
    one.add_argument(
        "--family", action="append", metavar="NAME", required=True, help="of this one; repeatable"
    )
    one.add_argument("--count", type=int, default=20, metavar="N", help="of each (%(default)s)")
    one.add_argument("--seed", type=int, metavar="S", help="of the drawing (default: a new one)")
    one.add_argument("--to", type=Path, metavar="FOLDER", help="where (default: fresh-S)")

    sub = command(
        "verify",
        verify,
        "Verify an implementation against the reference outputs.",
        usage="refimpl verify [TARGET | --exec COMMAND] [options]\n"
        "       refimpl verify compare REPORT REPORT ... [--all] [--json | --markdown]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    sub.add_argument(
        "target",
        nargs="*",
        metavar="TARGET",
        help="package.module:factory; or the word compare and the reports to put side by side, as "
        "--json prints them",
    )
    sub.add_argument(
        "--exec", metavar="COMMAND", help="any program, over standard input and output"
    )
    sub.add_argument("--family", action="append", metavar="NAME", help="only this one; repeatable")
    sub.add_argument("--id", action="append", metavar="ID", help="only this case; repeatable")
    sub.add_argument("--flag", action="append", metavar="FLAG", help="only such cases; repeatable")
    sub.add_argument(
        "--dtype",
        choices=("binary64", "binary32"),
        help="judge by it (default: what the program says)",
    )
    sub.add_argument(
        "--known-failures", type=Path, metavar="FILE", help="lines of an id and a reason"
    )
    sub.add_argument("--timeout", type=float, metavar="SECONDS", help="for each case (default: 30)")
    sub.add_argument(
        "--memory",
        type=float,
        metavar="MB",
        help="resident memory of a program and all that it starts, on Linux (default: no limit, "
        "since frameworks need much before their first answer)",
    )
    sub.add_argument("--jobs", type=int, metavar="N", help="copies that answer side by side")
    sub.add_argument("--folder", **folder)
    sub.add_argument(
        "--all", action="store_true", help="tell every case that was compared, not failures alone"
    )
    for name, what in (("junit", "JUnit's XML"), ("badge", "the JSON of a shields.io badge")):
        sub.add_argument(
            f"--{name}", type=Path, metavar="FILE", help=f"write {what} too, for other programs"
        )
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON on standard output")
    form.add_argument("--markdown", action="store_true", help="print Markdown on standard output")


def _no_part(options):
    raise AssertionError("argparse requires a part")


def _folder(options):
    from .. import vectors

    return options.folder if options.folder is not None else vectors.FOLDER


def list_vectors(options):
    """All families, or the cases of one."""
    from .. import vectors

    folder = _folder(options)
    if options.family:
        family = vectors.load(options.family, folder)
        if options.json:
            listed = [
                {"id": c.id, "op": c.op, "flags": list(c.flags), "binary32": c.binary32}
                | ({"method": c.method} if c.method else {})
                for c in family.cases
            ]
            print(json.dumps(listed, indent=1))
            return HELD
        for case in family.cases:
            what = f"{case.op} {case.method}".strip()
            print(f"{case.id}  {what}  [{', '.join(case.flags)}]")
        return HELD
    families = [vectors.load(name, folder) for name in vectors.families(folder)]
    if options.json:
        listed = {
            family.name: {
                "version": family.version,
                "page": family.page,
                "cases": len(family.cases),
                "ops": sorted({case.op for case in family.cases}),
                "flags": family.notes,
            }
            for family in families
        }
        print(json.dumps(listed, indent=1))
        return HELD
    for family in families:
        print(f"{family.name}, version {family.version}: {len(family.cases)} cases; {family.page}")
        print(f"  operations  {', '.join(sorted({case.op for case in family.cases}))}")
        print(f"  flags       {', '.join(family.notes)}")
    return HELD


def show(options):
    """One case in words."""
    from .. import vectors
    from ..vectors.export import as_float, parts

    folder = _folder(options)
    families = [vectors.load(name, folder) for name in vectors.families(folder)]
    (case,) = vectors.selected(families, ids=[options.id])
    (family,) = (family for family in families if family.name == case.family)
    if options.json:
        lines = family.path.read_text(encoding="utf-8").splitlines()
        print(lines[case.line - 1].strip().removesuffix(","))
        return HELD

    def shown(value):
        if isinstance(value, list):
            return f"[{', '.join(map(shown, value))}]"
        if isinstance(value, str) and "0x" in value:
            return f"{as_float(value)!r}"
        return str(value)

    print(f"{case.id}: {case.op} {case.method}".rstrip())
    print(f"{family.path.name}:{case.line}; page {family.page}; exact in binary32: {case.binary32}")
    for flag in case.flags:
        note = family.notes[flag]
        catches = f" Catches: {note['catches']}" if note["catches"] else ""
        print(f"flag {flag} ({note['kind']}): {note['description']}{catches}")
    for path, value, _ in parts(case):
        print(f"  {path} = {shown(value)}")
    for field, comparator in case.compare.items():
        K, kappa = case.K[field], case.kappa[field]
        largest = (max(K), max(kappa)) if isinstance(K, list) else (K, kappa)
        print(f"  {field}: {comparator}, K = {largest[0]:.3g}, kappa = {largest[1]:.3g}")
    return HELD


def export(options):
    """Files for those who do not read JSON."""
    from .. import vectors
    from ..vectors import export as forms

    folder = _folder(options)
    names = options.family or vectors.families(folder)
    families = [vectors.load(name, folder) for name in names]
    to = as_path(options.to)
    to.mkdir(parents=True, exist_ok=True)
    write = {"npz": forms.npz, "csv": forms.table}[options.format]
    for path in write(families, to):
        print(path)
    return HELD


def pack(options):
    """The data alone; prints the file and its digest."""
    from .. import vectors
    from ..vectors.archive import archive

    to = options.to
    if to is None:
        to = Path(f"refimpl-vectors-{vectors.SCHEMA.rpartition('/')[2]}.zip")
    digest = archive(to, _folder(options))
    print(f"{digest}  {to}")
    return HELD


def draw_fresh(options):
    """New cases into a folder; prints the files and how to use them."""
    from .. import vectors

    oracle = options.oracle()
    seed = secrets.randbelow(10**9) if options.seed is None else options.seed
    to = as_path(Path(f"fresh-{seed}") if options.to is None else options.to)
    if to.resolve() == vectors.FOLDER:
        raise VectorError(f"vectors fresh: {to} holds the suite itself; give another folder")
    # Told first, since the drawing may take long and be interrupted.
    print(f"seed {seed}", flush=True)
    for name in dict.fromkeys(options.family):
        with bar(total=options.count, desc=name, unit="case") as shown:
            text = oracle.fresh(name, options.count, seed, tell=shown.update)
        to.mkdir(parents=True, exist_ok=True)
        path = to / f"{name}.json"
        path.write_text(text, encoding="ascii", newline="\n")
        print(path)
    # With the schema beside them the files can be checked, and packed, like those of the suite.
    shutil.copy(vectors.FOLDER / "schema.json", to / "schema.json")
    print(f"verify with: refimpl verify TARGET --folder {to}")
    return HELD


def check(options):
    """Findings, one a line."""
    from ..optimizers import METHODS
    from ..optimizers.method import WORDS
    from ..vectors.lint import check as lint

    findings = lint(
        _folder(options),
        everything=options.all,
        oracle=None if options.no_oracle else options.oracle(),
        tell=say,
        methods=METHODS,
        words=WORDS,
    )
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings")
    return FELL_SHORT if findings else HELD


def compare(options):
    """Reports side by side, and whether what was compared was passed by all."""
    from . import side_by_side

    stray = [
        f"--{name.replace('_', '-')}" for name in OF_A_RUN if getattr(options, name) is not None
    ]
    if stray:
        raise VerificationError(f"verify compare: it takes no {', '.join(stray)}")
    found = side_by_side.compared(options.target[1:])
    if options.json:
        print(json.dumps(side_by_side.as_json(found), indent=1))
    else:
        form = side_by_side.markdown if options.markdown else side_by_side.text
        print("\n".join(form(found, options.all)))
    return HELD if found.held else FELL_SHORT


def _write_beside(options, found):
    """The files for other programs; the exit status where one could not be written, else None."""
    from . import forms

    status = None
    for path, form in ((options.junit, forms.junit), (options.badge, forms.badge)):
        if path is not None:
            try:
                as_path(path).write_text(form(found), encoding="utf-8")
            except OSError as error:
                say(f"refimpl: {path}: the output could not be written: {error.strerror}")
                status = NOT_WRITTEN
    return status


def verify(options):
    """The report, and whether everything held."""
    if options.target[:1] == ["compare"]:
        return compare(options)
    from .. import vectors
    from . import processes, report, runner

    if len(options.target) > 1:
        raise VerificationError(
            f"verify: expected one TARGET, got {len(options.target)}; to put reports side by side: "
            "refimpl verify compare a.json b.json"
        )
    for path in (options.junit, options.badge):
        # Found out before the work, not after it.
        if path is not None and not as_path(path).parent.is_dir():
            raise VerificationError(
                f"verify: there is no folder {as_path(path).parent} to write to"
            )
    if options.target and options.exec:
        raise VerificationError("verify: give a TARGET or --exec, not both")
    if options.timeout is not None and not 0.0 < options.timeout < float("inf"):
        raise RangeError(f"verify: expected a timeout above 0, got {options.timeout:g}")
    jobs = 1 if options.jobs is None else options.jobs
    if jobs < 1:
        raise RangeError(f"verify: expected at least 1 job, got {jobs}")
    if options.memory is not None:
        if not 0.0 < options.memory < float("inf"):
            raise RangeError(f"verify: expected a memory above 0 MB, got {options.memory:g}")
        if not processes.LINUX:
            raise VerificationError("verify: --memory is known on Linux only; leave it out here")
    timeout = options.timeout or runner.TIMEOUT
    if options.exec is not None:
        command = runner.program_command(options.exec)
    elif options.target:
        command = runner.python_command(options.target[0])
    else:
        command = runner.python_command(f"{OURS}:{options.dtype or 'binary64'}")
        timeout = options.timeout or OUR_TIMEOUT
    folder = _folder(options)
    every = [vectors.load(name, folder) for name in vectors.families(folder)]
    known = {}
    if options.known_failures is not None:
        ids = {case.id for family in every for case in family.cases}
        known = runner.known_failures(options.known_failures, ids)
    families = every
    if options.family:
        families = [vectors.load(name, folder) for name in dict.fromkeys(options.family)]
    cases = vectors.selected(families, options.flag, options.id)
    if not cases:
        raise VerificationError("verify: no case is of all that was asked for")
    with (
        _stopped_by_control_c() as stop,
        bar(total=len(cases), desc="verify and explain", unit="case") as shown,
    ):
        found = runner.verify(
            command,
            families,
            cases,
            dtype=options.dtype,
            known=known,
            timeout=timeout,
            jobs=jobs,
            tell=lambda outcome: shown.update(),
            memory=options.memory,
            stop=stop,
        )
    unwritten = _write_beside(options, found)
    if options.json:
        print(json.dumps(report.as_json(found), indent=1, allow_nan=False))
    elif options.markdown:
        print("\n".join(report.markdown(found)))
    else:
        print("\n".join(report.text(found, options.all)))
    if found.left:
        return INTERRUPTED
    if unwritten is not None:
        return unwritten
    return HELD if found.held else FELL_SHORT


@contextlib.contextmanager
def _stopped_by_control_c():
    """An event that the first Ctrl-C sets, so that there is a report; the second one raises.

    Nor is there a report where the program has not answered yet.
    """
    stop = threading.Event()

    def handle(number, frame):
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    # Signals come to the main thread only, and only it may ask for them.
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    except VerificationError:
        if stop.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)
