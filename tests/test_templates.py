"""The templates for implementers hold as they stand, and are caught when a sign or a mean slips."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import refimpl.verify
from refimpl import vectors
from refimpl.verify import runner

TEMPLATES = Path(refimpl.verify.__file__).parent / "templates"
# A template is to be read in one go.
MOST_LINES = 80
NAMES = {"python": "numpy_template.py", "node": "node_template.js", "cc": "template.c"}
OPS = {"repulsion.row_sum_bound", "regression.update"}
# Name -> text of each template that is replaced, by what, and the only cases that may then fail.
MISTAKES = {
    "absolute value": (
        {
            "python": ("div * np.abs(H).sum", "div * H.sum"),
            "node": ("s + Math.abs(h)", "s + h"),
            "cc": ("+= fabs(H.x[", "+= (H.x["),
        },
        "repulsion.row_sum_bound",
    ),
    "one minus gain": (
        {
            "python": ("(1.0 - gain) * (C", "1.0 * (C"),
            "node": ("(1 - gain) * (c", "1 * (c"),
            "cc": ("(1 - gain) * (s", "1 * (s"),
        },
        "regression.update",
    ),
    "decay order": (
        {
            "python": ('gamma * (gradient - state["m', '(1 - gamma / 2) * (gradient - state["m'),
            "node": ("gamma * (g - m)", "(1 - gamma / 2) * (g - m)"),
            "cc": ("gamma * (g.x", "(1 - gamma / 2) * (g.x"),
        },
        "momentum",
    ),
}


@pytest.fixture(scope="module")
def families():
    return [vectors.load(name) for name in ("regression", "repulsion", "optimizers")]


@pytest.fixture(params=NAMES)
def language(request):
    if request.param != "python" and shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return request.param


def command(language, source, folder, monkeypatch):
    """What runs a template, compiled in the folder where it has to be."""
    if language == "node":
        return ["node", str(source)]
    if language == "cc":
        program = folder / "template"
        flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2"]
        subprocess.run(
            ["cc", *flags, "-o", str(program), str(source), "-lm"], check=True, timeout=120
        )
        return [str(program)]
    path = os.pathsep.join([str(source.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    return runner.python_command("numpy_template:factory")


def part(case):
    return case.method or case.op


def test_a_template_holds(language, families, tmp_path, monkeypatch):
    """Right in everything it has, and honest about the rest."""
    cases = [case for family in families for case in family.cases]
    source = TEMPLATES / NAMES[language]
    found = runner.verify(
        command(language, source, tmp_path, monkeypatch), families, cases, timeout=60.0
    )
    assert found.held
    assert found.remarks == ()
    for outcome in found.outcomes:
        has = part(outcome.case) in OPS | {"momentum"}
        assert outcome.verdict == ("pass" if has else "skipped"), outcome


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_template_is_caught(language, mistake, families, tmp_path, monkeypatch):
    texts, broken = MISTAKES[mistake]
    right, wrong = texts[language]
    text = (TEMPLATES / NAMES[language]).read_text(encoding="utf-8")
    assert text.count(right) == 1
    source = tmp_path / NAMES[language]
    source.write_text(text.replace(right, wrong), encoding="utf-8")
    wanted = OPS | {"momentum"}
    cases = [case for family in families for case in family.cases if part(case) in wanted]
    found = runner.verify(
        command(language, source, tmp_path, monkeypatch), families, cases, timeout=60.0
    )
    assert not found.held
    assert {part(o.case) for o in found.outcomes if o.verdict == "fail"} == {broken}


def test_the_command_line_takes_a_template_of_the_package():
    run = subprocess.run(
        [
            *[sys.executable, "-m", "refimpl", "verify"],
            "refimpl.verify.templates.numpy_template:factory",
            *["--family", "regression", "--flag", "decay-order"],
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert ", 0 failed" in run.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", NAMES.values())
def test_a_template_is_short(name):
    lines = (TEMPLATES / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) < MOST_LINES
    assert max(map(len, lines)) <= 100
