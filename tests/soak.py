"""Two hundred interrupts at random moments: ``python -m tests.soak``, some minutes, no pytest.

Seven of ten hit a run in a process that goes on afterwards: every method under `minimize`,
`lattice`, SciPy's interface and the stepper, compiled and not. The others are Ctrl-C at a command:
`verify`, cells in one and in two processes, the regeneration of results. Counted are crashes,
interrupts that were not heeded, steppers between two steps, finished cells that were lost, and
processes left behind. Whatever does not end is ended, after all its stacks have been written to
standard error, and has failed.
"""

import argparse
import collections
import contextlib
import faulthandler
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import numpy as np
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
# Seconds after which an interrupt counts as not heeded: ours, and those of a whole program.
LATE, LATE_PROGRAM = 5.0, 30.0
# Seconds for a run that is interrupted within one, for compiling, and for all cells anew.
HUNG, HUNG_COMPILING, HUNG_CELLS = 120.0, 1800.0, 1800.0
# Seconds that a program's children may take to notice that it has gone.
GONE = 10.0
# Of what a program says, so many bytes are looked at.
SAID = 1 << 20
# Dimensions in which a loop of one's own makes streamed steps.
WIDE = 100_000
# Seconds for the stacks to be written.
WRITTEN = 2.0
# What Python says where it loses an exception that a handler raises within its import.
LOST = b"Exception ignored in: <function _get_module_lock"
# A name in the environment that is inherited by all that a program starts, wherever it goes.
MARK = "REFIMPL_SOAK"
CELLS = """
import sys
from refimpl import functions
from refimpl.runs.cells import Cell, compute
cells = [
    Cell(functions.beale, method, [[-2.0, 1.0]] * 20, steps=400, noise=0.1, seeds=range(k, k + 4))
    for method in ("adam", "fogr", "sogr", "newton") for k in range(0, 40, 4)
]
"""


def calls(method):
    """What can be interrupted with this method, as a dictionary of functions."""
    import scipy.optimize

    import refimpl
    from refimpl import functions
    from refimpl._compile import JIT
    from refimpl.optimizers import streamed

    def value(x):
        return (x * x).sum()

    def gradient(x):
        return 2.0 * x

    def hessian(x):
        return 2.0 * np.eye(x.size)

    x0, given = [1.0, 0.5], {"method": method.name, "steps": 300, "noise": 0.1}
    own = {"jac": gradient, "hess": hessian}
    adapted = refimpl.scipy_method(method.name)
    loops = {}
    if not method.curvature and not method.solver:
        loops["stepper"] = lambda: loop(method.name, np.array(x0), 300)
    if JIT and streamed.suits(method, WIDE, 3):
        few = {"dimension": 3} | ({"scaled": False} if method.name == "ogr" else {})
        loops["stepper, streamed"] = lambda: loop(method.name, np.ones(WIDE), 30, **few)
    return loops | {
        "minimize": lambda: refimpl.minimize(functions.beale, x0, **given),
        "minimize, plain": lambda: refimpl.minimize(value, x0, **own, **given),
        "callback": lambda: refimpl.minimize(functions.beale, x0, callback=lambda x: None, **given),
        "lattice": lambda: refimpl.lattice(functions.beale, radius=2, seeds=range(2), **given),
        "threads": lambda: refimpl.lattice(
            functions.beale, radius=1, seeds=range(2), threads=2, **given
        ),
        "scipy": lambda: scipy.optimize.minimize(
            value, x0, method=adapted, options={"maxiter": 300, "noise": 0.1}, **own
        ),
    }


def loop(method, x0, steps, **hyperparameters):
    """A loop of one's own; one that is interrupted must still be that of so many whole steps."""
    import refimpl

    scales = np.linspace(0.5, 2.0, x0.size)
    optimizer = refimpl.stepper(method, x0, seed=0, **hyperparameters)
    try:
        for _ in range(steps):
            optimizer.step(scales * optimizer.x)
    except KeyboardInterrupt as error:
        again = refimpl.stepper(method, x0, seed=0, **hyperparameters)
        for _ in range(optimizer.steps + 1):
            same = np.array_equal(optimizer.x, again.x)
            again.step(scales * again.x)
        optimizer.step(scales * optimizer.x)
        if not same or not np.array_equal(optimizer.x, again.x):
            raise RuntimeError("the interrupted loop is not that of whole steps") from error
        error.path = optimizer.x
        raise


def runs(count, seed):
    """The child: interrupt runs, and print a line of JSON about each."""
    from refimpl.optimizers import METHODS

    rng = random.Random(seed)
    fired = 0.0

    def rang(number, frame):
        nonlocal fired
        fired = time.monotonic()
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, rang)
    methods = list(METHODS.values())
    for k in range(count):
        # What then still runs is ended from a thread of C, whoever holds Python's lock.
        faulthandler.dump_traceback_later(HUNG, exit=True)
        # All methods come, in an order of the seed's.
        if k % len(methods) == 0:
            rng.shuffle(methods)
        method = methods[k % len(methods)]
        name, call = rng.choice(list(calls(method).items()))
        outcome, fired = "ended by itself", 0.0
        print(json.dumps({"begun": f"{name}, {method.name}"}), flush=True)
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, 1.0))
            while not fired:
                call()
        except KeyboardInterrupt as error:
            late = time.monotonic() - fired
            held = hasattr(error, "path") or hasattr(error, "final")
            outcome = "late" if late > LATE else "path at hand" if held else "before the run"
        except Exception as error:
            outcome = repr(error)
        print(json.dumps({"entry": name, "method": method.name, "outcome": outcome}), flush=True)


def warm():
    """Compile what the runs need, since an interrupt has to wait for what is being compiled."""
    from refimpl.optimizers import METHODS

    for method in tqdm(METHODS.values(), desc="compiling"):
        for call in calls(method).values():
            call()


def soak_runs(count, seed, compiled, note):
    """Interrupt runs in a child, another one after a crash."""
    environment = os.environ | ({} if compiled else {"NUMBA_DISABLE_JIT": "1"})
    kind = "compiled" if compiled else "uncompiled"
    left = count
    while left > 0:
        command = [sys.executable, "-m", "tests.soak", "--child", str(left), "--seed", str(seed)]
        begun = ""
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as child:
            for line in child.stdout:
                told = json.loads(line)
                begun = told.get("begun", begun)
                if "outcome" in told:
                    left -= 1
                    good = told["outcome"] in ("path at hand", "before the run")
                    note(f"{told['entry']}, {kind}", told["outcome"], not good)
        if child.returncode != 0 or left > 0:
            # Of a child that ends too early with status 0 too, or there would be no end of them.
            left -= 1
            note(f"{begun}, {kind}", f"exit status {child.returncode}", True)
        seed += 1


def marked(mark):
    """Processes that live and inherited this mark; a zombie has no environment any more."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def ended(mark, seconds):
    """Whether all of them are gone within so many seconds."""
    end = time.monotonic() + seconds
    while marked(mark):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def end(mark):
    """End what is left, after it has said where it stands."""
    for number, seconds in ((signal.SIGABRT, WRITTEN), (signal.SIGKILL, GONE)):
        for process in marked(mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        ended(mark, seconds)


def interrupted(command, seconds, environment):
    """What became of a program that got Ctrl-C after so many seconds, and whether that is bad."""
    mark = uuid.uuid4().hex
    with tempfile.TemporaryFile() as said:
        program = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | {MARK: mark, "PYTHONFAULTHANDLER": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(seconds)
            before = program.returncode
            if before is None:
                # As a terminal does it: to the whole group.
                os.killpg(program.pid, signal.SIGINT)
            begun, lost = time.monotonic(), False
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(LATE)
            if program.poll() is None and LOST in os.pread(said.fileno(), SAID, 0):
                # Nobody but Python can mend that, and who sees no effect presses the keys again.
                lost = True
                os.killpg(program.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(LATE_PROGRAM)
            late = time.monotonic() - begun
            status = program.returncode
            outcome, bad = _judged(before, status, late, ended(mark, GONE))
            if lost:
                outcome = f"lost by Python's import; the second one: {outcome}"
        finally:
            end(mark)
            program.wait(GONE)
        said.seek(0)
        words = said.read().decode("utf-8", "replace")
    # Where the interrupt meets Python at its start or its end, it is told with another status;
    # `verify` tells what was done, and ends as a program that a shell has interrupted.
    heeded = (0, -signal.SIGINT, *((128 + signal.SIGINT,) if "verify" in command else ()))
    if not bad and status not in heeded and "KeyboardInterrupt" not in words:
        outcome, bad = f"exit status {status}", True
    if bad:
        print(f"\n{command} after {seconds:.2f} s: {outcome}\n{words}", file=sys.stderr)
    return outcome, bad


def _judged(before, status, late, gone):
    if status is None:
        return f"not heeded within {LATE_PROGRAM:g} s", True
    if before is None and status == 0 and late > LATE:
        return f"went on for {late:.0f} s, to its own end", True
    if not gone:
        return f"left processes behind for {GONE:g} s", True
    return "over before" if before is not None else "ended", False


def soak_programs(count, rng, note):
    """Ctrl-C at commands; the cells of all interrupts share a cache, which is looked at."""
    with tempfile.TemporaryDirectory() as folder:
        cells, results = Path(folder, "cells"), Path(folder, "results")

        def of_cells(jobs):
            text = f"{CELLS}compute(cells, cache={str(cells)!r}, jobs={jobs})"
            return [sys.executable, "-c", text]

        regenerate = [sys.executable, "-m", "figures.regenerate", "published"]
        commands = {
            "verify": [sys.executable, "-m", "refimpl", "verify"],
            "cells": of_cells(1),
            "cells in two processes": of_cells(2),
            "regenerate": [*regenerate, "--cache", str(results), "--jobs", "2"],
        }
        for k in range(count):
            name = list(commands)[k % len(commands)]
            compiled = k // len(commands) % 2 == 0
            environment = os.environ | ({} if compiled else {"NUMBA_DISABLE_JIT": "1"})
            before = finished(cells) | finished(results)
            outcome, bad = interrupted(commands[name], rng.uniform(0.2, 6.0), environment)
            after = finished(cells) | finished(results)
            if before - after or unreadable(after):
                outcome, bad = f"cells lost; {outcome}", True
            note(name, outcome, bad)
        if count:
            text = (
                f"{CELLS}import numpy as np\n"
                f"kept = compute(cells, cache={str(cells)!r})\n"
                "assert all(map(np.array_equal, kept, compute(cells)))"
            )
            command = [sys.executable, "-c", text]
            try:
                wrong = subprocess.run(
                    command, cwd=ROOT, check=False, timeout=HUNG_CELLS
                ).returncode
            except subprocess.TimeoutExpired:
                wrong = True
            kept = len(finished(cells))
            note(
                "all cells after that", "not the same" if wrong else f"{kept} the same", bool(wrong)
            )


def finished(folder):
    """Files of finished cells."""
    return set(folder.rglob("*.npy"))


def unreadable(files):
    """Whether one of them is no array."""
    for file in files:
        try:
            np.load(file, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return True
    return False


def main(arguments=None):
    """Run the command; returns 0, or 1 after any failure."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--interrupts", type=int, default=200, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--warm", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.child is not None:
        runs(given.child, given.seed)
        return 0
    if given.warm:
        warm()
        return 0
    # Started with & by a shell or by nohup, it inherits that SIGINT is ignored, and so would all
    # that it starts: no Ctrl-C would be heeded. What has a handler here is back at its default
    # there.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    warming = [sys.executable, "-m", "tests.soak", "--warm"]
    subprocess.run(warming, cwd=ROOT, check=True, timeout=HUNG_COMPILING)
    programs = given.interrupts * 3 // 10
    plain = (given.interrupts - programs) // 2
    counts, failures = collections.Counter(), []
    with tqdm(total=given.interrupts, unit="interrupt") as bar:

        def note(entry, outcome, bad):
            counts[entry, outcome] += 1
            if bad:
                failures.append(f"{entry}: {outcome}")
            bar.update()

        soak_runs(given.interrupts - programs - plain, given.seed, True, note)
        soak_runs(plain, given.seed + 1000, False, note)
        soak_programs(programs, random.Random(given.seed), note)
    for (entry, outcome), number in sorted(counts.items()):
        print(f"{number:4d}  {entry}: {outcome}")
    print(f"{sum(counts.values())} told, {len(failures)} failed")
    for failure in failures:
        print(f"FAILED {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
