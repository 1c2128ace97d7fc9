"""The command `refimpl check-project`; modules are loaded when it is run."""

import argparse
import json
import shutil

from ..._outside import as_path, bar
from ...errors import VerificationError

EXAMPLES = """\
examples:
  refimpl check-project --list
  refimpl check-project line line.py --starter     write the file to begin with
  refimpl check-project line line.py               which cases it passes, what is missing

Exit status: 0 every case passed, 1 not yet, 2 nothing could be checked.
"""


def add(command):
    """The command, by the function that makes one."""
    sub = command(
        "check-project",
        run,
        "Check a project of the course: which reference outputs a file passes, what is missing.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXAMPLES,
    )
    sub.add_argument("name", nargs="?", metavar="NAME", help="of the project")
    sub.add_argument("file", nargs="?", metavar="FILE", help="a Python file with its functions")
    sub.add_argument("--list", action="store_true", help="list the projects and their parts")
    sub.add_argument("--starter", action="store_true", help="write FILE to begin with")
    sub.add_argument("--hints", action="store_true", help="say of each failure where to look")
    sub.add_argument("--timeout", type=float, metavar="SECONDS", help="for each case (default: 10)")
    sub.add_argument("--json", action="store_true", help="print JSON on standard output")


def run(options):
    """The result, and whether every case passed."""
    from . import checking, project

    if options.list or options.name is None:
        return _list(options)
    project(options.name)
    if options.file is None:
        raise VerificationError(
            f"check-project: expected a file; to begin with one: refimpl check-project "
            f"{options.name} {options.name}.py --starter"
        )
    if options.starter:
        return _begin(options)
    timeout = checking.TIMEOUT if options.timeout is None else options.timeout
    with bar(desc=options.name, unit="case") as shown:
        results = checking.check(
            options.name, options.file, timeout, tell=shown.update, hints=options.hints
        )
    if options.json:
        print(json.dumps(checking.as_json(options.name, results), indent=1))
    else:
        print("\n".join(checking.text(options.name, options.file, results, options.hints)))
    return 0 if all(result.held for result in results) else 1


def _list(options):
    from . import PROJECTS

    if options.json:
        listed = {
            name: {"title": one.title, "page": one.page, "parts": [part.call for part in one.parts]}
            for name, one in PROJECTS.items()
        }
        print(json.dumps(listed, indent=1))
        return 0
    for name, one in PROJECTS.items():
        print(f"{name}: {one.title}; {one.page}.html")
        for part in one.parts:
            print(f"  {part.call}  {part.about}")
    return 0


def _begin(options):
    from . import starter

    path = as_path(options.file)
    if path.exists():
        raise VerificationError(f"check-project: {str(path)!r} is there already; give another name")
    shutil.copyfile(starter(options.name), path)
    print(path)
    return 0
