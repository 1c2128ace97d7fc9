"""All processes that a program under test has started, wherever they went.

A process that calls ``setsid`` is no longer of the program's group, and one whose parent has ended
no longer of its family; but it still has the environment that it was started with, and there a
variable that the runner put. Linux shows it in ``/proc``. On other systems nothing is found, and
what leaves the group is left alone.
"""

import contextlib
import os
import signal
import sys
import uuid
from pathlib import Path

PROC = Path("/proc")
LINUX = sys.platform == "linux" and hasattr(os, "pidfd_open")
# Something may be started between a look and the end of what was seen there.
LOOKS = 20


def mark():
    """A new variable of the environment.

    Its name differs, not only its value: a program may itself verify others, with marks of its own.
    """
    return f"REFIMPL_VERIFY_{uuid.uuid4().hex}"


def marked(name):
    """Numbers of the processes with this mark in their environment."""
    if not LINUX:
        return []
    wanted = f"{name}=".encode()
    return [
        int(entry)
        for entry in os.listdir(PROC)
        if entry.isdigit() and wanted in _environment(entry)
    ]


def _environment(number):
    # Of other users, and of what has ended, nothing is shown.
    try:
        return Path(PROC, str(number), "environ").read_bytes()
    except OSError:
        return b""


def end(name):
    """End all processes with this mark, and what they start meanwhile."""
    for _ in range(LOOKS):
        found = marked(name)
        if not found:
            return
        for number in found:
            with contextlib.suppress(OSError):
                _end_one(number, name)


def _end_one(number, name):
    # The descriptor stays that of one process, while its number may become that of another.
    descriptor = os.pidfd_open(number)
    try:
        if f"{name}=".encode() in _environment(number):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)


def memory(name):
    """Resident memory of all processes with this mark, in MB of 10^6 bytes."""
    pages = 0
    for number in marked(name):
        with contextlib.suppress(OSError):
            pages += int(Path(PROC, str(number), "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages else 0.0
