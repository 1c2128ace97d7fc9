"""Programs under test that do everything wrong that a program can."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time

import pytest

from refimpl import cli, vectors
from refimpl.errors import VerificationError
from refimpl.verify import compare, processes, program_side, protocol, report, runner
from tests.verify import verify_family as small

pytestmark = pytest.mark.once

# A program that has to start on a busy machine; a hang costs this much.
TIMEOUT = 5.0
LINUX = pytest.mark.skipif(
    not processes.LINUX, reason="elsewhere nothing is known of processes that leave"
)


@pytest.fixture
def put(tmp_path):
    """Put the small family to the small program with one of its mistakes, at case 2."""
    small.write(tmp_path)
    family = vectors.load("small", tmp_path)

    def verify(*arguments, **options):
        command = small.program(tmp_path, *arguments)
        return runner.verify(
            command, [family], list(family.cases), **({"timeout": TIMEOUT} | options)
        )

    return verify


def test_a_right_program(put):
    told = []
    found = put(tell=told.append)
    assert [outcome.verdict for outcome in found.outcomes] == ["pass"] * 5
    assert found.held
    assert found.remarks == ()
    assert found.who == (
        "small",
        "1",
        "Python",
        "binary64",
        ("small.double", "replay", "replay-forced"),
        (),
    )
    assert tuple(told) == found.outcomes
    lines = report.text(found, everything=True)
    assert lines[-1] == "5 passed, 0 failed"
    assert lines[2].startswith("small-0001  pass")
    # Where all is well there is little to say.
    assert report.text(found)[2:] == lines[-2:]


def watched(monkeypatch):
    """A list that every program that is started comes to."""
    started = []

    class Watched(program_side.Program):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            started.append(self)

    monkeypatch.setattr(runner, "Program", Watched)
    return started


FAULTS = {
    "garbage": ("Garbage", "expected one JSON object"),
    "half-line": ("HalfLine", "a line was still unfinished"),
    "half-line-and-end": ("HalfLine", "status 0 in the middle of the line"),
    "long-line": ("Oversized", "a line of more than 8000000 bytes"),
    "never": ("NoAnswer", "no answer within"),
    "dies": ("Died", "ended by SIGABRT"),
    "exits": ("Died", "exited with status 3; standard error ends with 'out of coffee'"),
    "complains": ("Flooded", "bytes on standard error"),
    "out-of-order": ("OutOfOrder", "expected the answer to seq 2, got that to 3"),
    "nonsense": ("Malformed", "'out' must be an object"),
    "nan": ("NotANumber", r"entry \[1\] is NaN where -0.03125 belongs"),
    "bare-nan": ("BareNaN", 'NaN is not JSON; send it as the string "nan"'),
    "duplicate": ("DuplicateKey", "the key 'result' stands twice in one object"),
    "dotted-twice": ("DuplicateKey", "the key 'a.b' stands twice"),
    "deep-objects": ("Malformed", "objects nested more than 8 deep"),
    "long-name": ("Malformed", "a name of more than 200 characters"),
    "many-numbers": ("WrongShape", r"expected the shape \(3,\), got far more numbers"),
    "twice": ("SecondAnswer", "one answer belongs to each question, 2 came"),
    "shape": ("WrongShape", r"expected the shape \(3,\), got \(2,\)"),
    "word": ("WrongType", "got 'many'"),
    "missing": ("MissingField", "the answer has no 'sum'"),
    "deep": ("WrongShape", "nested more than 8 deep"),
}


WAITED_FOR = ("half-line", "never")


@pytest.mark.parametrize(
    "mode", [pytest.param(m, marks=pytest.mark.slow if m in WAITED_FOR else ()) for m in FAULTS]
)
def test_one_named_error_and_the_run_goes_on(put, mode):
    name, words = FAULTS[mode]
    timeout = 1.5 if mode in WAITED_FOR else 20.0
    begun = time.monotonic()
    found = put(mode, "small-0002", timeout=timeout)
    verdicts = [outcome.verdict for outcome in found.outcomes]
    assert verdicts == ["pass", "fail", "pass", "pass", "pass"], report.text(found)
    assert found.outcomes[1].problem == name
    import re

    assert re.search(words, found.outcomes[1].message), found.outcomes[1].message
    assert not found.held
    assert time.monotonic() - begun < 60.0
    assert report.text(found)[-1] == "4 passed, 1 failed"
    json.dumps(report.as_json(found), allow_nan=False)


def test_what_is_too_much_is_not_read(put, monkeypatch):
    """A million numbers where three belong: within the limit of time, as they are not looked at."""
    read = []

    def number(value, right=compare.number):
        read.append(value)
        return right(value)

    monkeypatch.setattr(compare, "number", number)
    found = put("many-numbers", "small-0002")
    assert found.outcomes[1].problem == "WrongShape"
    assert len(read) < 1000
    # Nor is it kept, as some hundred such answers would fill the memory.
    assert found.outcomes[1].answer is None


def test_a_second_answer_is_a_fault_of_its_own_question(put):
    """Also where it comes late, as the last word of the program, or to a known failure."""
    found = put("twice", "small-0005")
    assert [o.problem for o in found.outcomes] == ["", "", "", "", "SecondAnswer"]
    found = put("twice-later", "small-0005")
    assert [o.problem for o in found.outcomes] == ["SecondAnswer", "", "SecondAnswer", "", ""]
    found = put("twice", "small-0002", known={"small-0002": "its library echoes"})
    assert found.outcomes[1].verdict == "known failure"
    assert found.held


@LINUX
def test_what_leaves_the_group_of_the_program_is_ended_too(put, monkeypatch):
    started = watched(monkeypatch)
    found = put("leaves-children", "small-0002", timeout=20.0)
    assert found.held, report.text(found)
    (program,) = started
    assert processes.found(program.mark) == {}
    left = list(map(int, program.tail.split()))
    assert len(left) == 2
    deadline = time.monotonic() + 10.0
    while any(map(processes.process, left)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(processes.process, left))
    assert not any(thread.is_alive() for thread in program.threads)


@LINUX
def test_nothing_else_is_ended():
    """Only what has the mark: not this process, and not one with another mark."""
    ours, other = processes.mark(), processes.mark()
    wait = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(wait, env={other: "1"}) as child:
        try:
            processes.end(ours)
            assert child.poll() is None
            assert list(processes.found(other)) == [child.pid]
            assert processes.memory(other) > 1.0
            processes.end(other)
            assert child.wait(10.0) == -signal.SIGKILL
        finally:
            child.kill()


@LINUX
def test_a_limit_of_memory(put):
    found = put("greedy", "small-0002", memory=150.0, timeout=20.0)
    assert [o.verdict for o in found.outcomes] == ["pass", "fail", "pass", "pass", "pass"]
    assert found.outcomes[1].problem == "TooMuchMemory"
    assert "where 150 MB are allowed" in found.outcomes[1].message
    assert found.outcomes[1].seconds < 10.0


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_is_stopped_reports_what_was_done(put, monkeypatch, jobs):
    """At once, though the program hangs and the limit is long."""
    started = watched(monkeypatch)
    stop = threading.Event()
    told = []

    def tell(outcome):
        told.append(outcome.case.id)
        threading.Timer(0.5, stop.set).start()

    begun = time.monotonic()
    found = put("never", "small-0002", timeout=60.0, stop=stop, tell=tell, jobs=jobs)
    assert time.monotonic() - begun < 20.0
    assert sorted(told) == [outcome.case.id for outcome in found.outcomes]
    assert "small-0001" in told
    assert "small-0002" not in told
    assert found.left == 5 - len(told)
    assert not found.held
    assert report.text(found)[-2].startswith(f"interrupted: {found.left} of 5 cases were not put")
    assert report.as_json(found)["interrupted"] is True
    for program in started:
        assert program.process.poll() is not None
        assert not any(thread.is_alive() for thread in program.threads)


@pytest.mark.slow
@LINUX
def test_control_c(tmp_path):
    """The report of what was done, status 130, and no process left."""
    small.write(tmp_path)
    told, reached = tmp_path / "told.txt", tmp_path / "program.py.reached"
    command = shlex.join(small.program(tmp_path, "never", "small-0002"))
    mark = processes.mark()
    line = ["verify", "--exec", command, "--folder", str(tmp_path), "--json"]
    with (
        told.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-m", "refimpl", *line],
            stdout=out,
            stderr=subprocess.PIPE,
            env=os.environ | {mark: "1"},
            text=True,
        ) as run,
    ):
        try:
            deadline = time.monotonic() + 60.0
            while not reached.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            run.send_signal(signal.SIGINT)
            assert run.wait(30.0) == 130, run.stderr.read()
            assert "Traceback" not in run.stderr.read()
        finally:
            run.kill()
    found = json.loads(told.read_text())
    assert found["interrupted"] is True
    assert [case["id"] for case in found["cases"]] == ["small-0001"]
    assert processes.found(mark) == {}


@pytest.mark.slow
def test_control_c_before_the_first_answer(tmp_path, capsys):
    small.write(tmp_path)
    command = shlex.join(small.program(tmp_path, "mute"))
    interrupt = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    assert cli.main(["verify", "--exec", command, "--folder", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "refimpl: interrupted\n"


def test_a_wrong_answer_is_explained(put):
    found = put("wrong", "small-0002")
    assert found.outcomes[1].problem == ""
    text = "\n".join(report.text(found))
    assert "result: 0.0 digits agree where 15.8 can be had" in text
    assert "it is the certified value with the opposite sign" in text
    assert "right before it: sum" in text
    assert "small, normal: 1 of 3" in text


def test_a_slip_in_one_step_of_a_replay(put):
    """The free run is wrong from step 3 on; from certified states only step 3 is wrong."""
    found = put("slip")
    outcome = found.outcomes[3]
    assert outcome.verdict == "fail"
    text = "\n".join(report.diagnosis(outcome, found))
    assert "step 3 of 4 is the first that diverges, and momentum the first quantity in it" in text
    assert "1 of 4 steps are wrong by themselves, the first of them step 3" in text
    assert "momentum (1, off by 1.0e-09)" in text
    # Of two cases both fail: what they have in common tells nothing.
    assert "These are there to catch" not in text
    assert "wrong after it, perhaps only as a consequence: theta" in text
    read = report.as_json(found)["cases"][3]
    assert (read["first_diverging_step"], read["first_diverging_field"]) == (3, "momentum")
    page = "\n".join(report.markdown(found))
    assert "## small-0004: fail" in page
    assert "| small | 4 | 1 | 0 | 0 | 0 |" in page


def test_known_failures_and_unexpected_passes(put):
    known = {"small-0002": "signs are ours", "small-0001": "was wrong once"}
    found = put("wrong", "small-0002", known=known)
    verdicts = [outcome.verdict for outcome in found.outcomes]
    assert verdicts[:2] == ["unexpected pass", "known failure"]
    assert found.held
    text = "\n".join(report.text(found, everything=True))
    assert "signs are ours" in text
    # What is known is not told again; what turned out to be right is.
    text = "\n".join(report.text(found))
    assert "signs are ours" not in text
    assert "known as a failure: was wrong once" in text


def test_skipped_with_a_reason_of_strange_characters(put):
    found = put("skips", "small-0002")
    assert found.outcomes[1].verdict == "skipped"
    assert found.outcomes[1].message == "not today"
    "\n".join(report.text(found)).encode("utf-8")


def test_an_error_where_a_number_belongs_and_the_reverse(tmp_path):
    """Swap the outcomes of a case with an error and one without."""
    whole = small.document()
    cases = whole["cases"]
    cases[0]["in"], cases[2]["in"] = cases[2]["in"], cases[0]["in"]
    small.write(tmp_path, whole)
    family = vectors.load("small", tmp_path)
    found = runner.verify(small.program(tmp_path), [family], list(family.cases), timeout=TIMEOUT)
    assert [outcome.problem for outcome in found.outcomes[:3]] == ["Errored", "", "NoError"]


def test_operations_the_program_does_not_have_are_skipped(put, tmp_path):
    family = vectors.load("small", tmp_path)
    other = [case._replace(op="small.triple") for case in family.cases[:1]]
    command = small.program(tmp_path)
    found = runner.verify(command, [family], other, timeout=TIMEOUT)
    assert found.outcomes[0].verdict == "skipped"
    assert not found.held


def test_a_misspelt_operation_is_told(put, tmp_path):
    family = vectors.load("small", tmp_path)
    family = family._replace(cases=tuple(c._replace(op="small.doubles") for c in family.cases[:1]))
    found = runner.verify(small.program(tmp_path), [family], list(family.cases), timeout=TIMEOUT)
    assert "did you mean 'small.doubles'" in found.remarks[0]


def test_binary32_skips_what_it_cannot_read(put, tmp_path):
    family = vectors.load("small", tmp_path)
    cases = [family.cases[0], family.cases[1]._replace(binary32=False)]
    found = runner.verify(
        small.program(tmp_path), [family], cases, dtype="binary32", timeout=TIMEOUT
    )
    assert [outcome.verdict for outcome in found.outcomes] == ["pass", "skipped"]
    assert found.arithmetic == "binary32"


def test_two_copies_side_by_side(put):
    found = put("dies", "small-0002", jobs=2, timeout=20.0)
    assert [o.verdict for o in found.outcomes] == ["pass", "fail", "pass", "pass", "pass"]


def test_a_bad_end_is_remarked(put):
    found = put("lingers")
    assert found.remarks == ("the program did not end well: it exited with status 4 after stop",)


@pytest.mark.slow
def test_a_program_that_does_not_start(put, monkeypatch):
    with pytest.raises(VerificationError, match="WrongProtocol: the runner speaks 1"):
        put("bad-start")
    monkeypatch.setattr(runner, "START_TIMEOUT", 0.5)
    with pytest.raises(VerificationError, match="NoAnswer"):
        put("mute", timeout=0.5)
    with pytest.raises(FileNotFoundError):
        runner.verify(["./no-such-program"], [], [None])


@pytest.mark.slow
def test_nothing_is_left_running(put, tmp_path, monkeypatch):
    """Every process that was started is gone, those that hung included."""
    started = watched(monkeypatch)
    put("never", "small-0002", timeout=1.0)
    assert len(started) == 2
    assert all(program.process.poll() is not None for program in started)
    assert not any(thread.is_alive() for program in started for thread in program.threads)


def test_command_line(tmp_path, capsys):
    small.write(tmp_path)
    known = tmp_path / "known.txt"
    known.write_text("small-0002 signs\n")

    def status(*arguments, mode=("wrong", "small-0002")):
        command = shlex.join(small.program(tmp_path, *mode))
        given = ["verify", "--exec", command, "--folder", str(tmp_path), *arguments]
        return cli.main(given), capsys.readouterr()

    code, said = status()
    assert code == 1
    assert said.out.splitlines()[-1] == "4 passed, 1 failed"
    assert status("--known-failures", str(known))[0] == 0
    code, said = status("--json", "--flag", "decay")
    assert code == 0
    assert [c["id"] for c in json.loads(said.out)["cases"]] == ["small-0004"]
    code, said = status("--markdown", "--id", "small-0002", "--family", "small")
    assert code == 1
    assert said.out.startswith("# small 1\n")
    for wrong, words in (
        (("--id", "small-2"), "unknown case"),
        (("--flag", "odd"), "unknown flag"),
        (("--family", "odd"), "unknown family"),
        (("--timeout", "0"), "timeout above 0"),
        (("--jobs", "0"), "at least 1 job"),
        (("--memory", "0"), "memory above 0 MB"),
        (("--id", "small-0001", "--flag", "decay"), "no case is of all"),
        (("mod:make",), "not both"),
        (("mod:make", "mod:other"), "expected one TARGET, got 2"),
        (("--junit", str(tmp_path / "none" / "a.xml")), "there is no folder"),
        (("--known-failures", str(tmp_path / "none.txt")), "No such file"),
    ):
        code, said = status(*wrong)
        assert code == 2, wrong
        assert words in said.err
    assert status(mode=("bad-start",))[0] == 2
    # A folder where a file should be is found out too late to be wrong usage.
    code, said = status("--badge", str(tmp_path))
    assert code == 3
    assert "could not be written" in said.err
    assert said.out.splitlines()[-1] == "4 passed, 1 failed"


def test_messages_hold_no_outputs(tmp_path):
    """The program is not told what is expected, but in the forced replay, where it is the state."""
    small.write(tmp_path)
    family = vectors.load("small", tmp_path)
    for case in family.cases:
        message = json.loads(protocol.line(protocol.question(7, case)))
        assert set(message) == {"cmd", "seq", "case"}
        of_replays = {"method"} if case.method else set()
        assert set(message["case"]) == {"id", "op", "params", "in"} | of_replays
    forced = protocol.question(7, family.cases[3], forced=True)["case"]["in"]["states"]
    assert forced[0] is None
    assert [set(state) for state in forced[1:]] == [{"momentum"}] * 3
