"""This package against its own reference outputs, in both precisions; and wrong copies of it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from refimpl import vectors
from refimpl.verify import compare, ours, protocol, python_side, report
from refimpl.verify.runner import Outcome

pytestmark = pytest.mark.numerics

FAMILIES = vectors.families() if vectors.FOLDER.is_dir() else []


def verdicts(implementation, cases, arithmetic):
    """Judge answers of this process: case -> (verdict, message)."""
    dtype = python_side.DTYPES[arithmetic.name]
    found = {}
    for case in cases:
        if arithmetic is compare.BINARY32 and not case.binary32:
            continue
        reply = python_side.respond(implementation, protocol.question(0, case), dtype)
        # The roundtrip through JSON is part of an answer.
        kind, content = protocol.answer(protocol.parsed(protocol.line(reply)), 0)
        if set(case.out) == {"error"}:
            found[case.id] = (compare.PASS if kind == "errored" else compare.FAIL, str(content))
        elif kind == "skipped":
            found[case.id] = ("skipped", content)
        elif kind == "errored":
            found[case.id] = (compare.FAIL, content)
        else:
            judged = compare.judge(case, content, arithmetic)
            outcome = Outcome(case, compare.verdict(judged), tuple(judged))
            found[case.id] = (outcome.verdict, report.case_line(outcome))
    return found


# In binary32 these are long.
LONG = ("optimizers", "trajectories")


@pytest.mark.parametrize(
    ("arithmetic", "family"),
    [
        *(("binary64", name) for name in FAMILIES),
        *(
            pytest.param("binary32", n, marks=pytest.mark.slow if n in LONG else ())
            for n in FAMILIES
        ),
    ],
)
def test_this_package_holds(family, arithmetic):
    """As this session runs it, compiled or not."""
    cases = vectors.load(family).cases
    implementation = getattr(ours, arithmetic)()
    found = verdicts(implementation, cases, compare.ARITHMETIC[arithmetic])
    failed = [message for verdict, message in found.values() if verdict == compare.FAIL]
    assert failed == []
    assert "skipped" not in {verdict for verdict, _ in found.values()}
    assert sum(verdict in ("pass", "acceptable") for verdict, _ in found.values()) > len(cases) / 3


@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize("arithmetic", ["binary64", "binary32"])
def test_this_package_holds_without_the_compiler(arithmetic):
    """The other two of the four, by the command.

    Single operations: an uncompiled session has these and the long runs of whole methods above.
    """
    some = [name for name in FAMILIES if name not in ("optimizers", "trajectories")]
    assert len(some) > 4
    run = subprocess.run(
        [
            *[sys.executable, "-m", "refimpl", "verify"],
            *[f"refimpl.verify.ours:{arithmetic}", "--json"],
            *(f"--family={name}" for name in some),
        ],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    found = json.loads(run.stdout)
    assert found["arithmetic"] == arithmetic
    assert found["failed"] == 0
    cases = [case for name in some for case in vectors.load(name).cases]
    possible = [case for case in cases if case.binary32 or arithmetic == "binary64"]
    assert found["counts"]["skipped"] == len(cases) - len(possible)
    assert found["passed"] + found["counts"]["uninformative"] == len(possible)
    assert found["passed"] > 0.9 * len(possible)


def transposed(state):
    return ours.PIECES["regression.hessian"](state).T


def opposite(H, g, div, cut):
    return -ours.PIECES["repulsion.saddle_free"](H, g, div, cut)


def in_single_precision(H):
    return ours.handed(ours.PIECES["qr_step.qr_step"](H), np.float32)


@pytest.mark.once
@pytest.mark.parametrize(
    ("op", "wrong"),
    [
        ("regression.hessian", transposed),
        ("repulsion.saddle_free", opposite),
        ("qr_step.qr_step", in_single_precision),
    ],
)
def test_a_wrong_copy_fails(op, wrong):
    """Negative control: each plausible mistake is caught by some case of its operation."""
    cases = [case for case in vectors.cases() if case.op == op]
    found = verdicts(ours.binary64() | {op: wrong}, cases, compare.BINARY64)
    assert any(verdict == compare.FAIL for verdict, _ in found.values())


@pytest.mark.slow
@pytest.mark.once
def test_verification_needs_neither_mpmath_nor_jsonschema():
    case = vectors.load("qr_step").cases[0].id
    code = (
        "import sys; sys.modules.update(mpmath=None, jsonschema=None)\n"
        "from refimpl.cli import main\n"
        f"sys.exit(main(['verify', '--id', {case!r}]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "1 passed, 0 failed"
