"""The templates for implementers hold as they stand, and are caught when a sign or a mean slips."""

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import refimpl.verify
from refimpl import vectors
from refimpl.verify import compare, runner

pytestmark = pytest.mark.once

TEMPLATES = Path(refimpl.verify.__file__).parent / "templates"
# A template is to be read in one go.
MOST_LINES = 80
NAMES = {
    "python": "numpy_template.py",
    "node": "node_template.js",
    "cc": "template.c",
    "c++": "template.cpp",
    "rustc": "template.rs",
    "julia": "template.jl",
    "torch": "torch_template.py",
    "jax": "jax_template.py",
}
FRAMEWORKS = ("torch", "jax")
# By the command that compiles or runs them, each skipped where it is missing.
COMPILERS = {
    "cc": ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2"),
    "c++": ("-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2"),
    "rustc": ("--edition=2021", "-D", "warnings", "-O"),
}
INTERPRETERS = {"node": (), "julia": ("--startup-file=no",)}
OTHERS = (*INTERPRETERS, *COMPILERS)
MISSING = "a framework is not installed; it is in the extra 'frameworks'"
# What each of them has: two operations and a method.
BOUND, UPDATE = "repulsion.row_sum_bound", "regression.update"
NEW_MEAN = "regression.update_new_mean"
PARTS = {
    "python": {BOUND, UPDATE, "momentum"},
    "node": {BOUND, UPDATE, "momentum"},
    "cc": {BOUND, UPDATE, "momentum"},
    "c++": {BOUND, UPDATE, "momentum"},
    "rustc": {BOUND, UPDATE, "momentum"},
    "julia": {BOUND, UPDATE, "momentum"},
    "torch": {NEW_MEAN, "repulsion.saddle_free", "fogr"},
    "jax": {NEW_MEAN, BOUND, "cdogr"},
}
PROGRAMS = [
    *((name, "factory") for name in ("python", *OTHERS)),
    *((name, arithmetic) for name in FRAMEWORKS for arithmetic in compare.ARITHMETIC),
]
# Of each mistake and template: a text in it, what stands in its place, and all that may then fail.
MISTAKES = {
    "absolute value": {
        "python": ("div * np.abs(H).sum", "div * H.sum", {BOUND}),
        "node": ("s + Math.abs(h)", "s + h", {BOUND}),
        "cc": ("+= fabs(H.x[", "+= (H.x[", {BOUND}),
        "c++": ("abs(row).sum()", "row.sum()", {BOUND}),
        "rustc": ("map(|v| v.abs()).sum::<f64>()", "sum::<f64>()", {BOUND}),
        "julia": ("sum(abs.(H[i, :]))", "sum(H[i, :])", {BOUND}),
        "torch": ("div * values.abs()", "div * values", {"repulsion.saddle_free", "fogr"}),
        "jax": ("jnp.abs(H).sum", "H.sum", {BOUND}),
    },
    "mean": {
        "python": ("(1.0 - gain) * (C", "1.0 * (C", {UPDATE}),
        "node": ("(1 - gain) * (c", "1 * (c", {UPDATE}),
        "cc": ("(1 - gain) * (s", "1 * (s", {UPDATE}),
        "c++": ("(1 - gain) * (s", "1 * (s", {UPDATE}),
        "rustc": ("(1.0 - gain) * (s", "1.0 * (s", {UPDATE}),
        "julia": ("(1 - gain) * (C", "1 * (C", {UPDATE}),
        "torch": ('"g": gradient - new[', '"g": gradient - state[', {NEW_MEAN, "fogr"}),
        "jax": ('"g": gradient - new[', '"g": gradient - line[', {NEW_MEAN, "cdogr"}),
    },
    "decay order": {
        "python": ("+ gamma * (gradient", "+ (1 - gamma / 2) * (gradient", {"momentum"}),
        "node": ("gamma * (g - m)", "(1 - gamma / 2) * (g - m)", {"momentum"}),
        "cc": ("gamma * (g.x", "(1 - gamma / 2) * (g.x", {"momentum"}),
        "c++": ('number(from, "gamma") * (', '(1 - number(from, "gamma") / 2) * (', {"momentum"}),
        "rustc": ("gamma * (g[", "(1.0 - gamma / 2.0) * (g[", {"momentum"}),
        "julia": ("gamma * (gradient", "(1 - gamma / 2) * (gradient", {"momentum"}),
        "torch": ('grad, group["gamma"]', 'grad, 1 - group["gamma"]', {"fogr"}),
        "jax": ("+ gamma * (gradient", "+ (1 - gamma / 2) * (gradient", {"cdogr"}),
    },
}


@pytest.fixture(scope="module")
def families():
    return [vectors.load(name) for name in ("regression", "repulsion", "optimizers")]


@pytest.fixture(params=PROGRAMS, ids="-".join)
def program(request):
    """Name and factory of a template, skipped where what it needs is missing."""
    name, _ = request.param
    if name in FRAMEWORKS and importlib.util.find_spec(name) is None:
        pytest.skip(MISSING)
    if name in OTHERS and shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    return request.param


def command(program, source, folder, monkeypatch):
    """What runs a template, compiled in the folder where it has to be."""
    name, factory = program
    if name in INTERPRETERS:
        return [name, *INTERPRETERS[name], str(source)]
    if name in COMPILERS:
        compiled = folder / "template"
        library = ["-lm"] if name == "cc" else []
        subprocess.run(
            [name, *COMPILERS[name], "-o", str(compiled), str(source), *library],
            check=True,
            timeout=120,
        )
        return [str(compiled)]
    path = os.pathsep.join([str(source.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    return runner.python_command(f"{source.stem}:{factory}")


def part(case):
    return case.method or case.op


def known_failures(name, families):
    """Reasons by id, from the file beside a template, if there is one."""
    path = TEMPLATES / f"{name}_known_failures.txt"
    ids = {case.id for family in families for case in family.cases}
    return runner.known_failures(path, ids) if path.exists() else {}


def test_a_template_holds(program, families, tmp_path, monkeypatch):
    """Right in everything it has, and honest about the rest."""
    name, factory = program
    cases = [case for family in families for case in family.cases]
    known = known_failures(name, families)
    run = command(program, TEMPLATES / NAMES[name], tmp_path, monkeypatch)
    found = runner.verify(run, families, cases, known=known, timeout=60.0)
    assert found.held
    assert found.remarks == ()
    assert found.arithmetic == (factory if name in FRAMEWORKS else "binary64")
    for outcome in found.outcomes:
        case = outcome.case
        if part(case) not in PARTS[name] or (factory == "binary32" and not case.binary32):
            assert outcome.verdict == "skipped", outcome
        elif case.id in known:
            assert outcome.verdict in ("known failure", "unexpected pass"), outcome
        else:
            assert outcome.verdict == "pass", outcome


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_template_is_caught(program, mistake, families, tmp_path, monkeypatch):
    name, _ = program
    right, wrong, broken = MISTAKES[mistake][name]
    assert failing(program, right, wrong, families, tmp_path, monkeypatch) == broken


def failing(program, right, wrong, families, folder, monkeypatch):
    """Parts of a template that fail, one text in it being replaced."""
    name, _ = program
    text = (TEMPLATES / NAMES[name]).read_text(encoding="utf-8")
    assert text.count(right) == 1
    source = folder / NAMES[name]
    source.write_text(text.replace(right, wrong), encoding="utf-8")
    known = known_failures(name, families)
    cases = [case for family in families for case in family.cases if part(case) in PARTS[name]]
    run = command(program, source, folder, monkeypatch)
    # What may explain a failure is not asked for here.
    found = runner.verify(run, families, cases, known=known, timeout=60.0, explained=0)
    assert not found.held
    return {part(outcome.case) for outcome in found.outcomes if outcome.verdict == "fail"}


def test_jax_without_its_switch_is_caught(families, tmp_path, monkeypatch):
    """Unless it is told, JAX computes in binary32 whatever it is given."""
    pytest.importorskip("jax", reason=MISSING)
    switch = 'jax.config.update("jax_enable_x64", dtype == "binary64")'
    program = ("jax", "binary64")
    found = failing(program, switch, "pass", families, tmp_path, monkeypatch)
    assert found == PARTS["jax"]


def test_torch_computes_in_the_precision_of_its_input():
    """No tensor of a step in binary32 is binary64, and none of one in binary64 is binary32."""
    torch = pytest.importorskip("torch", reason=MISSING)
    template = importlib.import_module("refimpl.verify.templates.torch_template")

    class Spy(torch.overrides.TorchFunctionMode):
        def __init__(self):
            super().__init__()
            self.seen = set()

        def __torch_function__(self, function, types, positional=(), named=None):
            made = function(*positional, **(named or {}))
            parts = made if isinstance(made, tuple) else (made,)
            self.seen |= {p.dtype for p in parts if isinstance(p, torch.Tensor)}
            return made

    start, step = template.binary64["methods"]["fogr"]
    settings = {"beta": 0.5, "gamma": 0.6, "div": 1.5, "cut": 0.1, "prior": (1.0, 0.0)}
    for dtype, expected in ((np.float64, torch.float64), (np.float32, torch.float32)):
        theta, gradient = np.array([3.0, -2.0], dtype), np.array([0.1, 0.2], dtype)
        with Spy() as spy:
            state = start(theta, np.empty(0, dtype), **settings)
            theta, state = step(state, theta, gradient, **settings)
        assert spy.seen - {torch.bool} == {expected}
        assert theta.dtype == expected


def test_fogr_of_the_template_is_an_optimizer_of_torch():
    """A loop as in any other program: to the minimum of a quadratic, from no state at all."""
    torch = pytest.importorskip("torch", reason=MISSING)
    template = importlib.import_module("refimpl.verify.templates.torch_template")
    A = torch.tensor([[3.0, 1.0], [1.0, 2.0]])
    theta = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    settings = {"beta": 0.5, "gamma": 0.6, "div": 1.5, "cut": 0.1, "prior": (1.0, 0.0)}
    optimizer = template.FOGR([theta], settings)
    for _ in range(40):
        optimizer.zero_grad()
        (0.5 * theta @ A @ theta).backward()
        optimizer.step()
    # From a distance of 3.6; a step in the wrong direction leads away from there.
    assert theta.detach().abs().max() < 1e-4


@pytest.mark.slow
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
