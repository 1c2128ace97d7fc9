"""A program under test: started, asked over its standard input, watched, and ended.

Whatever the program does, each question ends within its time limit with an answer or a `Fault`.
"""

import os
import queue
import signal
import subprocess
import threading
import time

from . import processes, protocol
from .protocol import Fault

POSIX = os.name == "posix"
# Kept of standard error, for the message of a program that died.
TAIL = 2000
# Seconds from the end of standard output, and from `stop`, to the end of the program.
GRACE, STOPPING = 2.0, 10.0
# Seconds between two looks at the memory.
LOOK = 0.1
CHUNK = 1 << 16


class Program:
    """One run of a program; used up after a fault.

    Parameters
    ----------
    command : list of str
        What to execute, without a shell.
    memory : float, optional
        Most resident memory, in MB, of the program and all that it started.
    stopped : threading.Event, optional
        Once it is set no answer is waited for any longer.

    Raises
    ------
    OSError
        If there is nothing to execute.
    """

    def __init__(self, command, memory=None, stopped=None):
        self.memory = memory
        self.stopped = stopped or threading.Event()
        # What leaves the group of the program still has this in its environment.
        self.mark = processes.mark()
        self.process = subprocess.Popen(
            command,
            env=os.environ | {self.mark: "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            # A group of its own, so that what the program started ends with it.
            start_new_session=POSIX,
        )
        self.lines = queue.Queue(maxsize=16)
        self.questions = queue.Queue()
        self.closing = threading.Event()
        self.ending = threading.Lock()
        self.unfinished = b""  # beginning of a line that has not ended
        self.tail = b""
        self.complaints = 0  # bytes on standard error
        self.family = {}  # processes that were there before it was told to stop
        self.unasked = []  # lines after the last answer, once it has stopped
        self.threads = [
            threading.Thread(target=self._with, args=(stream, work), daemon=True)
            for stream, work in (
                (self.process.stdout, self._read),
                (self.process.stderr, self._drain),
                (self.process.stdin, self._write),
            )
        ]
        for thread in self.threads:
            thread.start()

    def _with(self, stream, work):
        """Each stream is closed by the thread that uses it: its number may be another's at once."""
        with stream:
            work(stream.fileno())

    def _put(self, event):
        while not self.closing.is_set():
            try:
                self.lines.put(event, timeout=0.1)
                return
            except queue.Full:
                pass

    def _read(self, descriptor):
        """Lines of standard output, as events; a line without end is one too."""
        pending = bytearray()
        while not self.closing.is_set():
            try:
                chunk = os.read(descriptor, CHUNK)
            except OSError:
                chunk = b""
            if not chunk:
                self._put(("end", bytes(pending)))
                return
            *whole, rest = chunk.split(b"\n")
            for part in whole:
                self._put(("line", bytes(pending) + part))
                pending.clear()
            pending += rest
            self.unfinished = bytes(pending[:100])
            if len(pending) > protocol.LONGEST_LINE:
                self._put(("oversized", bytes(pending[:100])))
                return

    def _drain(self, descriptor):
        """Take standard error away, so that the program never waits for a reader."""
        while not self.closing.is_set():
            try:
                chunk = os.read(descriptor, CHUNK)
            except OSError:
                return
            if not chunk:
                return
            self.complaints += len(chunk)
            self.tail = (self.tail + chunk)[-TAIL:]

    def _write(self, descriptor):
        while (message := self.questions.get()) is not None:
            while message:
                try:
                    message = message[os.write(descriptor, message) :]
                except OSError:
                    # Its end shows on standard output.
                    return

    def ask(self, message, timeout):
        """The object that the program answers.

        Raises
        ------
        Fault
            ``NoAnswer``, ``HalfLine``, ``Oversized``, ``Died``, ``Flooded``, ``TooMuchMemory``,
            ``Stopped``, and what ``protocol.parsed`` raises.
        """
        self.put(message)
        return self.answer(timeout)

    def put(self, message):
        """Send a message."""
        self.questions.put(protocol.line(message))

    def answer(self, timeout):
        """The next object that the program says; see `ask`."""
        before = self.complaints
        begun = time.monotonic()
        deadline, look = begun + timeout, begun + LOOK
        while True:
            if self.closing.is_set() or self.stopped.is_set():
                raise Fault("Stopped", "the run was stopped")
            if self.memory is not None and time.monotonic() >= look:
                self._watch_memory()
                look = time.monotonic() + LOOK
            try:
                event, raw = self.lines.get(
                    timeout=max(min(0.05, deadline - time.monotonic()), 0.001)
                )
            except queue.Empty:
                event, raw = "", b""
            if event == "line":
                if len(raw) > protocol.LONGEST_LINE:
                    event = "oversized"
                else:
                    return protocol.parsed(raw)
            if event == "oversized":
                raise Fault(
                    "Oversized",
                    f"a line of more than {protocol.LONGEST_LINE} bytes, which begins "
                    f"{protocol.shown(raw)}",
                )
            if event == "end":
                how = self._how_it_ended()
                if raw.strip():
                    raise Fault(
                        "HalfLine", f"{how} in the middle of the line {protocol.shown(raw)}"
                    )
                raise Fault("Died", how + self._last_words())
            if self.complaints - before > protocol.MOST_STANDARD_ERROR:
                raise Fault(
                    "Flooded",
                    f"more than {protocol.MOST_STANDARD_ERROR} bytes on standard error for one "
                    f"question{self._last_words()}",
                )
            if time.monotonic() >= deadline:
                if self.unfinished:
                    raise Fault(
                        "HalfLine",
                        f"after {timeout:g} s a line was still unfinished: "
                        f"{protocol.shown(self.unfinished)}; is standard output flushed?",
                    )
                raise Fault("NoAnswer", f"no answer within {timeout:g} s{self._last_words()}")

    def _watch_memory(self):
        used = processes.memory(self.mark, self.process.pid)
        if used > self.memory:
            raise Fault(
                "TooMuchMemory",
                f"{used:.0f} MB of resident memory, what it started included, where "
                f"{self.memory:g} MB are allowed",
            )

    def _how_it_ended(self):
        # What it said last may still be on its way.
        self.threads[1].join(0.5)
        try:
            code = self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            return "it closed its standard output"
        if code < 0:
            try:
                return f"it was ended by {signal.Signals(-code).name}"
            except ValueError:
                return f"it was ended by signal {-code}"
        return f"it exited with status {code}"

    def _last_words(self):
        lines = self.tail.decode("utf-8", "replace").strip().splitlines()
        return f"; standard error ends with {protocol.shown(lines[-1].encode())}" if lines else ""

    def stop(self):
        """End the conversation; what was wrong with its end, or an empty string.

        What the program said besides its answers is left in `unasked`.
        """
        # What has cleared its environment is known by its parent alone, which is about to end.
        self.family = processes.found(self.mark, self.process.pid)
        self.put({"cmd": "stop"})
        try:
            code = self.process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            code = None
        # Its last words may still be on their way.
        self.threads[0].join(LOOK)
        self.unasked = self._left()
        self.kill()
        if code is None:
            return f"it was still there {STOPPING:g} s after stop"
        return f"it exited with status {code} after stop" if code else ""

    def _left(self):
        """Lines that nobody asked for."""
        found = []
        while True:
            try:
                event, raw = self.lines.get_nowait()
            except queue.Empty:
                return found
            if event == "line":
                found.append(raw)

    def kill(self):
        """End the program, and with it all that it started; leave nothing open."""
        self.closing.set()
        self.questions.put(None)
        # A number that is free again must not be sent a signal: one thread at a time, and once.
        with self.ending:
            gone = self.process.returncode is not None
            # First, while it is still known whose children are whose.
            processes.end(self.mark, None if gone else self.process.pid, self.family)
            if not gone:
                try:
                    if POSIX:
                        os.killpg(self.process.pid, signal.SIGKILL)
                    else:
                        self.process.kill()
                except (ProcessLookupError, PermissionError):
                    pass
                self.process.wait()
        for thread in self.threads:
            # Unless something that hides still holds the other end.
            thread.join(1.0)
