"""All processes that a program under test has started, wherever they went.

A process that calls ``setsid`` is no longer of the program's group, and one whose parent has ended
no longer of its family; but it still has the environment that it was started with, and there a
variable that the runner put. So whatever has this mark belongs to the program, and the descendants
of all that does. Linux shows both in ``/proc``; on other systems nothing is found, and what leaves
the group is left alone, as is an orphan that has cleared its environment.
"""

import contextlib
import os
import signal
import sys
import uuid
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
LINUX = sys.platform == "linux" and hasattr(os, "pidfd_open")
# Something may be started between a look and the end of what was seen there.
LOOKS = 20


class _Process(NamedTuple):
    parent: int
    begun: int  # in ticks, which tells apart two that had one number in turn


def mark():
    """A new variable of the environment.

    Its name differs, not only its value: a program may itself verify others, with marks of its own.
    """
    return f"REFIMPL_VERIFY_{uuid.uuid4().hex}"


def found(name, first=None):
    """Processes with this mark, the first one, and the descendants of all these, by number."""
    if not LINUX:
        return {}
    wanted = f"{name}=".encode()
    running = {int(entry): process(entry) for entry in os.listdir(PROC) if entry.isdigit()}
    running = {number: one for number, one in running.items() if one is not None}
    ours = {number for number in running if wanted in _read(number, "environ")}
    ours |= {first} & running.keys()
    new = ours
    while new:
        new = {number for number, one in running.items() if one.parent in new} - ours
        ours |= new
    return {number: running[number] for number in ours}


def _read(number, file):
    # Of other users, and of what has ended, nothing is shown.
    try:
        return Path(PROC, str(number), file).read_bytes()
    except OSError:
        return b""


def process(number):
    """A process that is running; None for one that has ended, though nobody asked how."""
    # The name, in parentheses, may hold anything.
    fields = _read(number, "stat").rpartition(b")")[2].split()
    if not fields or fields[0] in (b"Z", b"X"):
        return None
    return _Process(parent=int(fields[1]), begun=int(fields[19]))


def end(name, first=None, before=None):
    """End all that is `found`, those found `before` that are still there, and what they start."""
    for k in range(LOOKS):
        ours = found(name, first) | ((before or {}) if k == 0 else {})
        if not ours:
            return
        for number, one in ours.items():
            with contextlib.suppress(OSError):
                _end_one(number, one)


def _end_one(number, one):
    # The descriptor stays that of one process, while its number may become that of another.
    descriptor = os.pidfd_open(number)
    try:
        now = process(number)
        if now is not None and now.begun == one.begun:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)


def memory(name, first=None):
    """Resident memory of all these processes, in MB of 10^6 bytes."""
    fields = (_read(number, "statm").split() for number in found(name, first))
    pages = sum(int(field[1]) for field in fields if field)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages else 0.0
