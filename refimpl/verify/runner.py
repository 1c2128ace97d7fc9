"""Put every case to an implementation, judge the answers, and go on whatever happens.

Long: one question, and all that may become of it.
"""

import difflib
import os
import shlex
import sys
import threading
import time
from typing import NamedTuple

from .._outside import as_path
from ..errors import VectorError, VerificationError, unknown
from ..vectors import REPLAY
from . import compare, protocol
from .compare import ARITHMETIC, FAIL, PASS, VERDICTS
from .explained import explain
from .program_side import Program
from .protocol import Fault, Greeting

SKIPPED, KNOWN, UNEXPECTED = "skipped", "known failure", "unexpected pass"
HELD = (*VERDICTS[:2], UNEXPECTED)
OUTCOMES = (*VERDICTS, SKIPPED, KNOWN, UNEXPECTED)
# Seconds for a case; what is compiled may be so at its first call.
TIMEOUT = 30.0
# Seconds, at least, for the answer to `start`; what Python imports may be large.
START_TIMEOUT, PYTHON_START_TIMEOUT = 10.0, 120.0
# Operations and methods that are looked into for an explanation.
EXPLAINED = 5
# After so many vain attempts in a row a program is not started again.
ATTEMPTS = 3


class Outcome(NamedTuple):
    """What became of one case."""

    case: tuple  # vectors.Case
    verdict: str  # one of OUTCOMES
    fields: tuple = ()  # compare.FieldVerdict, in the order of computation
    problem: str = ""  # name of what went wrong where nothing could be compared
    message: str = ""
    answer: dict | None = None  # of a failed case, for the diagnosis
    forced: tuple = ()  # a failed replay judged with the certified state before each step
    seconds: float = 0.0
    refused: str = ""  # what was said in place of the answer to a forced replay
    forced_answer: dict | None = None  # the answer that `forced` judges
    supposed: str = ""  # the supposition that explains the answer, if one alone does


class Report(NamedTuple):
    """What became of a whole verification."""

    who: Greeting
    arithmetic: str
    outcomes: tuple
    notes: dict  # family -> its notes
    pages: dict  # family -> its page of the book
    remarks: tuple  # besides the cases: a bad end, an unknown operation
    seconds: float
    left: int = 0  # cases that were not put, since the run was stopped

    def count(self, *verdicts):
        """How many cases came to one of these verdicts."""
        return sum(outcome.verdict in verdicts for outcome in self.outcomes)

    @property
    def held(self):
        """Whether nothing failed, something was compared, and the run came to its end."""
        return not self.left and not self.count(FAIL) and self.count(*HELD) > 0


def python_command(name):
    """The command that answers for a Python target; `program_side` runs it."""
    return [sys.executable, "-m", "refimpl.verify.python_side", name]


def program_command(text):
    """The command of ``--exec``, split as a shell would, but without a shell."""
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise VerificationError(f"--exec: {error} in {text!r}") from None
    if not parts:
        raise VerificationError("--exec: expected a command")
    # Words that begin with ~, which a shell would have made home.
    return [os.path.expanduser(part) for part in parts]


def known_failures(path, cases):
    """Read a file of known failures: on each line an id and the reason; ``#`` begins a comment.

    Returns
    -------
    dict
        Id -> reason.

    Raises
    ------
    VectorError
        With the file and line: an id without a reason, one that stands twice or does not exist.
    """
    reasons = {}
    for number, text in enumerate(as_path(path).read_text(encoding="utf-8").splitlines(), 1):
        content = text.partition("#")[0].strip()
        if not content:
            continue
        name, _, reason = content.partition(" ")
        if not reason.strip():
            raise VectorError(f"{path}:{number}: expected the reason after {name!r}")
        if name in reasons:
            raise VectorError(f"{path}:{number}: {name!r} stands twice")
        if name not in cases:
            raise VectorError(f"{path}:{number}: {unknown('case', name, cases)}")
        reasons[name] = reason.strip()
    return reasons


class _Side:
    """A program that is started again after a fault."""

    def __init__(self, command, timeout, memory, stopped):
        self.command, self.timeout = command, timeout
        self.memory, self.stopped = memory, stopped
        self.program = None
        self.vain = 0
        self.seq = 0
        self.asked = {}  # seq -> id of the case, of questions that this program has answered
        self.again = {}  # id of a case -> how many answers too many came to it

    def greet(self):
        """Start the program.

        Raises
        ------
        Fault, VerificationError
        """
        self.program = Program(self.command, self.memory, self.stopped)
        self.asked = {}
        try:
            start = {"cmd": "start", "protocol": protocol.PROTOCOL}
            python = self.command[:3] == python_command("")[:3]
            least = PYTHON_START_TIMEOUT if python else START_TIMEOUT
            message = self.program.ask(start, max(self.timeout, least))
            if "errored" in message:
                raise VerificationError(protocol.clean(str(message["errored"])))
            return protocol.greeting(message)
        except BaseException:
            self.drop()
            raise

    def drop(self):
        """End the program at once."""
        if self.program is not None:
            self.program.kill()
            self.program = None

    def ask(self, case, forced=False, arithmetic=compare.BINARY64):
        """Kind and content of the answer to one case.

        Raises
        ------
        Fault
            After which the program is a new one, since nothing it still says can be trusted.
        """
        if self.program is None:
            if self.vain >= ATTEMPTS:
                raise Fault("NotStarted", f"the program did not start {ATTEMPTS} times in a row")
            try:
                self.greet()
                self.vain = 0
            except (Fault, VerificationError, OSError) as error:
                self.vain += 1
                raise Fault("NotStarted", f"after the fault before: {error}") from None
        self.seq += 1
        deadline = time.monotonic() + self.timeout
        try:
            self.program.put(protocol.question(self.seq, case, forced, arithmetic))
            message = self.program.answer(self.timeout)
            while self._second(message):
                message = self.program.answer(max(deadline - time.monotonic(), 0.0))
            answer = protocol.answer(message, self.seq)
        except BaseException:
            self.drop()
            raise
        self.asked[self.seq] = case.id
        return answer

    def _second(self, message):
        """Whether this is one more answer to an earlier question, whose fault it is then."""
        seq = message.get("seq")
        name = self.asked.get(seq) if type(seq) is int else None
        if name is not None:
            self.again[name] = self.again.get(name, 0) + 1
        return name is not None

    def stop(self):
        """What was wrong with the end, sentences."""
        if self.program is None:
            return []
        program, self.program = self.program, None
        end = program.stop()
        wrong = [f"the program did not end well: {end}"] if end else []
        for raw in program.unasked:
            try:
                expected = self._second(protocol.parsed(raw))
            except Fault:
                expected = False
            if not expected:
                wrong.append(f"the program said unasked, at its end: {protocol.shown(raw)}")
        return wrong


def verify(
    command,
    families,
    cases,
    dtype=None,
    known=None,
    timeout=TIMEOUT,
    jobs=1,
    tell=None,
    memory=None,
    stop=None,
    reference=None,
    explained=EXPLAINED,
):
    """Put cases to a program and judge its answers.

    Parameters
    ----------
    command : list of str
        From `python_command` or `program_command`.
    families : list of vectors.Family
        Of the cases, for their notes.
    cases : list of vectors.Case
    dtype : str, optional
        "binary64" or "binary32", by which to judge; what the program says if not given.
    known : dict, optional
        Id -> reason of failures that are expected, from `known_failures`.
    timeout : float, optional
        Seconds for each case.
    jobs : int, optional
        How many copies of the program answer side by side.
    tell : callable, optional
        Called with each `Outcome`.
    memory : float, optional
        Most resident memory of a program in MB, all that it started included; no limit if not
        given. Linux only.
    stop : threading.Event, optional
        Once it is set no further case is put, and the report is on those that were.
    reference : supposed.Reference, optional
        What is asked for explanations of the first failures; a new one if not given.
    explained : int, optional
        How many operations and methods are looked into for one.

    Returns
    -------
    Report

    Raises
    ------
    VerificationError
        If the program does not start, or its answer to `start` cannot be understood.
    OSError
        If there is nothing to execute.
    """
    begun = time.monotonic()
    stopped = stop or threading.Event()
    copies = range(max(1, min(jobs, len(cases))))
    sides = [_Side(command, timeout, memory, stopped) for _ in copies]
    outcomes = [None] * len(cases)
    remarks = []
    try:
        try:
            who = sides[0].greet()
        except Fault as fault:
            raise VerificationError(f"{shlex.join(command)}: {fault.name}: {fault}") from None
        arithmetic = ARITHMETIC[dtype or who.dtype]
        remarks += _misspelt(who.ops, {case.op for family in families for case in family.cases})
        following = iter(enumerate(cases))
        lock = threading.Lock()
        raised = []

        def work(side):
            try:
                while not stopped.is_set():
                    with lock:
                        k, case = next(following, (None, None))
                    if case is None:
                        return
                    outcome = _put(side, case, who, arithmetic)
                    if outcome is None:
                        return
                    outcomes[k] = outcome
                    if tell is not None:
                        with lock:
                            tell(outcome)
            except BaseException as error:
                raised.append(error)
                stopped.set()

        others = [threading.Thread(target=work, args=(side,)) for side in sides[1:]]
        for other in others:
            other.start()
        try:
            work(sides[0])
        finally:
            for other in others:
                other.join()
        if raised:
            raise raised[0]
        if not stopped.is_set():
            remarks += sorted({end for side in sides for end in side.stop()})
    finally:
        for side in sides:
            side.drop()
    again = {name: n for side in sides for name, n in side.again.items()}
    put = [_once(outcome, again) for outcome in outcomes if outcome is not None]
    # What is known to fail needs no explanation.
    put = [_expected(outcome, known or {}) for outcome in put]
    if not stopped.is_set():
        put, said = explain(put, arithmetic.name, reference, explained, stopped)
        remarks += said
    remarks += _not_kept(put, who)
    return Report(
        who=who,
        arithmetic=arithmetic.name,
        outcomes=tuple(put),
        notes={family.name: family.notes for family in families},
        pages={family.name: family.page for family in families},
        remarks=tuple(remarks),
        seconds=time.monotonic() - begun,
        left=len(cases) - len(put),
    )


def _misspelt(ops, known):
    """What a program offers under a name that is nearly one of those asked for."""
    remarks = []
    for op in ops:
        near = difflib.get_close_matches(op, known, n=1, cutoff=0.9)
        if op not in known and near and near[0] not in ops:
            remarks.append(f"no case has the operation {op!r}; did you mean {near[0]!r}?")
    return remarks


def _once(outcome, again):
    """A case that was answered more often than it was put."""
    extra = again.get(outcome.case.id, 0)
    if not extra or outcome.verdict == FAIL:
        return outcome
    message = f"one answer belongs to each question, {extra + 1} came; is it printed twice?"
    return outcome._replace(verdict=FAIL, problem="SecondAnswer", message=message)


def _not_kept(outcomes, who):
    """What a program said at its start that it does not keep, and how often that was so."""
    remarks = []
    for name in who.without:
        left = [
            outcome.case.id
            for outcome in outcomes
            if outcome.fields
            and any(_last(field) == name for field in outcome.case.compare)
            and not any(_last(judged.field) == name for judged in outcome.fields)
        ]
        if left:
            remarks.append(f"the program keeps no {name!r}: not compared in {len(left)} cases")
    return remarks


def _last(field):
    return field.rpartition(".")[2]


def _put(side, case, who, arithmetic):
    """What becomes of a case; None where the run is stopped before that is known."""
    if case.op not in who.ops:
        return Outcome(case, SKIPPED, message=f"the program has no operation {case.op!r}")
    if arithmetic is compare.BINARY32 and not case.binary32:
        return Outcome(case, SKIPPED, message="its inputs are not exact in binary32")
    begun = time.monotonic()
    try:
        kind, content = side.ask(case)
    except Fault as fault:
        if side.stopped.is_set():
            return None
        return Outcome(
            case, FAIL, problem=fault.name, message=str(fault), seconds=time.monotonic() - begun
        )
    seconds = time.monotonic() - begun
    if kind == "skipped":
        return Outcome(case, SKIPPED, message=content, seconds=seconds)
    wanted = case.out.get("error") if set(case.out) == {"error"} else None
    if wanted is not None:
        if kind == "errored":
            return Outcome(case, PASS, message=content, seconds=seconds)
        return Outcome(
            case,
            FAIL,
            problem="NoError",
            message=f"expected an error ({wanted}), got an answer",
            seconds=seconds,
        )
    if kind == "errored":
        return Outcome(case, FAIL, problem="Errored", message=content, seconds=seconds)
    # How a cubic model ended is its result, and no field of a state.
    left = who.without if case.method else tuple(w for w in who.without if w != "outcome")
    judged = tuple(compare.judge(case, content, arithmetic, left))
    if not judged:
        kept = f"the program keeps nothing of it: {', '.join(who.without)}"
        return Outcome(case, SKIPPED, message=kept, seconds=seconds)
    found = compare.verdict(judged)
    if found != FAIL:
        return Outcome(case, found, judged, seconds=seconds)
    forced, refused, single = (), "", None
    if case.op == REPLAY and protocol.FORCED in who.ops:
        forced, refused, single = _forced(side, case, arithmetic, who.without)
    # A named error is told even where a number was wrong before it.
    named = [(field.problem, field.message) for field in judged if field.problem]
    problem, message = named[0] if named else ("", "")
    # The diagnosis looks at the answer; some hundred of any size would fill the memory.
    kept = None if compare.excessive(content, case.out) else content
    return Outcome(case, FAIL, judged, problem, message, kept, forced, seconds, refused, single)


def _forced(side, case, arithmetic, without):
    """A failed replay once more, with the certified state before each step, or why it is not."""
    try:
        kind, content = side.ask(case, forced=True, arithmetic=arithmetic)
    except Fault as fault:
        return (), f"{fault.name}: {fault}", None
    if kind != "out":
        return (), f"{kind}: {content}", None
    kept = None if compare.excessive(content, case.out) else content
    return tuple(compare.judge(case, content, arithmetic, without)), "", kept


def _expected(outcome, known):
    reason = known.get(outcome.case.id)
    if reason is None:
        return outcome
    if outcome.verdict == FAIL:
        return outcome._replace(verdict=KNOWN, message=f"{reason}; {outcome.message}".rstrip("; "))
    if outcome.verdict in HELD:
        return outcome._replace(verdict=UNEXPECTED, message=f"known as a failure: {reason}")
    return outcome
