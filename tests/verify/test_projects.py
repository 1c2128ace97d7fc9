"""The projects of the course: starters fail honestly, solutions hold, bad files are named."""

import ast
import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from refimpl import cli, vectors
from refimpl.errors import RangeError, UnknownNameError, VerificationError
from refimpl.verify import supposed
from refimpl.verify.projects import PROJECTS, answering, asked, checking, project, starter

pytestmark = pytest.mark.once

SOLUTIONS = Path(__file__).with_name("solutions")
# Fewer would check little; a walk has some ten steps.
FEWEST = {"optimizer": 7}


@functools.cache
def cases(name):
    parts = project(name).parts
    return [asked(part, vectors.load(part.family)) for part in parts]


def run(*arguments):
    """Exit status of a command."""
    return cli.main(["check-project", *map(str, arguments)])


# ---------------------------------------------------------------------------- what is asked


@pytest.mark.parametrize("name", PROJECTS)
def test_every_part_has_cases_of_its_own(name):
    for part, found in zip(project(name).parts, cases(name), strict=True):
        assert found
        assert all(part.left_out.isdisjoint(case.flags) for case in found)
        assert all(set(case.out) != {"error"} for case in found)
    ids = [case.id for found in cases(name) for case in found]
    assert len(set(ids)) == len(ids) >= FEWEST.get(name, 30)


def test_vectors_and_matrices_are_told_apart():
    for name, depth in (("line", 1), ("hessian", 2)):
        for case in cases(name)[0]:
            inner = case.inputs["state"]["C_gg"][0]
            assert isinstance(inner, list) == (depth == 2)


@pytest.mark.parametrize("name", PROJECTS)
def test_a_solution_passes_all(name, capsys):
    assert run(name, SOLUTIONS / f"{name}.py") == 0
    said = capsys.readouterr().out
    total = sum(map(len, cases(name)))
    assert f"{total} cases: {total} passed, 0 failed, 0 missing, 0 not tried" in said


@pytest.mark.parametrize("name", PROJECTS)
def test_a_starter_runs_and_fails_honestly(name, capsys):
    """Every case that it does not pass is listed; nothing has passed, nothing has gone wrong."""
    assert run(name, starter(name)) == 1
    said = capsys.readouterr().out
    ids = {case.id for found in cases(name) for case in found}
    assert {word.strip(",") for word in said.split()} >= ids
    assert f"0 passed, 0 failed, {len(ids)} missing" in said
    assert "is not written yet" in said


@pytest.mark.parametrize("name", PROJECTS)
def test_a_starter_gives_nothing_away(name):
    """Its functions are a docstring and an error; only what tries them computes something."""
    tree = ast.parse(starter(name).read_text("utf-8"))
    wanted = {f for part in project(name).parts for f in part.functions}
    found = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert wanted <= set(found)
    for function in wanted:
        words, error = found[function].body
        assert isinstance(words, ast.Expr)
        assert isinstance(error, ast.Raise)


# ------------------------------------------------------------------------------ what is told


def changed(tmp_path, name, right, wrong):
    """A solution with one text changed."""
    source = (SOLUTIONS / f"{name}.py").read_text("utf-8")
    assert source.count(right) == 1
    path = tmp_path / f"{name}.py"
    path.write_text(source.replace(right, wrong), encoding="utf-8")
    return path


def test_one_mistake_fails_where_it_is(tmp_path):
    """The cut added instead of compared: the step by the modulus and the walk, nothing else."""
    path = changed(
        tmp_path, "saddles", "lambda values: np.maximum(div * np.abs(values), cut)",
        "lambda values: div * np.abs(values) + cut",
    )  # fmt: skip
    results = checking.check("saddles", path)
    by_op = {result.part.op: result for result in results}
    assert by_op["repulsion.newton"].held
    assert by_op["repulsion.row_sum_bound"].held
    assert by_op["repulsion.saddle_free"].count("failed") >= 6
    assert by_op["trajectory"].count("failed") > 0
    failed = [c for result in results for c in result.cases if c.verdict == "failed"]
    assert all("digits agree where" in checked.reason for checked in failed)
    said = "\n".join(checking.text("saddles", path, results))
    assert all(checked.case.id in said for checked in failed)
    assert "--hints" in said


@pytest.mark.slow
def test_explanations_are_looked_for_with_hints_alone(tmp_path, monkeypatch):
    path = changed(
        tmp_path, "saddles", "lambda values: np.maximum(div * np.abs(values), cut)",
        "lambda values: div * np.abs(values) + cut",
    )  # fmt: skip
    asked = []

    def answers(self, cases):
        asked.append(self.quoting)
        return [None for _ in cases]

    monkeypatch.setattr(supposed.Reference, "answers", answers)
    checking.check("saddles", path)
    assert asked == []
    checking.check("saddles", path, hints=True)
    # Our text would be the solution.
    assert set(asked) == {False}


def test_no_certified_number_is_told(tmp_path):
    """Not with hints, and not as JSON."""
    path = changed(tmp_path, "axes", "V + turn * x", "V + 2 * turn * x")
    results = checking.check("axes", path, hints=True)
    said = "\n".join(checking.text("axes", path, results, hints=True))
    said += json.dumps(checking.as_json("axes", results))
    assert "times the certified value" in said or "digits agree" in said
    numbers = {
        entry[:9]
        for found in cases("axes")
        for case in found
        for entry in _numbers(case.out)
        if len(entry) > 12
    }
    assert len(numbers) > 200
    assert not [number for number in numbers if number in said]


def _numbers(out):
    if isinstance(out, dict | list):
        for part in out.values() if isinstance(out, dict) else out:
            yield from _numbers(part)
    else:
        yield str(out)


def test_json_says_what_the_text_says(tmp_path, capsys):
    path = changed(tmp_path, "axes", "V + gamma * np.outer", "V - gamma * np.outer")
    assert run("axes", path, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["held"]
    assert [part["op"] for part in told["parts"]] == [p.op for p in project("axes").parts]
    verdicts = {p["op"]: {case["verdict"] for case in p["cases"]} for p in told["parts"]}
    assert "failed" in verdicts.pop("online_pca.oja")
    assert set.union(*verdicts.values()) == {"passed"}


def test_the_list_and_the_starter(tmp_path, capsys):
    assert run("--list") == run() == 0
    assert "line: A line through noisy gradients; regression.html" in capsys.readouterr().out
    assert run("--list", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)) == set(PROJECTS)
    path = tmp_path / "mine.py"
    assert run("axes", path, "--starter") == 0
    assert path.read_bytes() == starter("axes").read_bytes()
    assert run("axes", path, "--starter") == 2
    assert "is there already" in capsys.readouterr().err


# ------------------------------------------------------------------------------ what is wrong


def written(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_another_name_and_no_file(tmp_path, capsys):
    with pytest.raises(UnknownNameError, match="did you mean 'line'"):
        project("lines")
    assert run("lines", tmp_path / "x.py") == 2
    assert "did you mean 'line'" in capsys.readouterr().err
    assert run("line", tmp_path / "none.py") == 2
    assert "there is no file" in capsys.readouterr().err
    assert run("line", tmp_path) == 2
    assert run("line") == 2
    assert "--starter" in capsys.readouterr().err
    with pytest.raises(RangeError, match="timeout above 0"):
        checking.check("line", SOLUTIONS / "line.py", timeout=0.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n\n1 / 0\n", "mine.py, line 3: ZeroDivisionError: division by zero"),
        ("def f(:\n", "mine.py, line 1: SyntaxError"),
        ("import sys\nsys.exit(4)\n", "mine.py, line 2: SystemExit: 4"),
        ("import nothing_of_this_name\n", "mine.py, line 1: ModuleNotFoundError"),
        ("import os\nos._exit(3)\n", "mine.py: Died"),
    ],
)
def test_a_file_that_does_not_load(text, told, tmp_path, capsys):
    path = written(tmp_path, text)
    assert run("line", path) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "refimpl.verify.projects" not in said


def test_none_of_the_functions(tmp_path):
    path = written(tmp_path, "slope = 3\n")
    with pytest.raises(VerificationError, match="has none of the functions of 'line': `update`"):
        checking.check("line", path)


def test_what_is_missing_misshapen_and_misused(tmp_path):
    """One function of another shape, one with other arguments, one that is not there."""
    path = written(
        tmp_path,
        "import numpy as np\n"
        "print('what a file prints is no answer')\n"
        "def newton(H, g):\n    return np.zeros(len(g) + 1)\n"
        "def saddle_free(H, gradient):\n    return gradient\n"
        "def row_sum_bound(H, g, div, cut):\n    return None\n",
    )
    results = checking.check("saddles", path)
    reasons = {result.part.op: {c.reason for c in result.cases} for result in results}
    assert all(reason.startswith("WrongShape:") for reason in reasons["repulsion.newton"])
    assert all("TypeError" in reason for reason in reasons["repulsion.saddle_free"])
    assert all("TypeError" in reason for reason in reasons["repulsion.row_sum_bound"])
    assert reasons["trajectory"] == {
        "MissingFunction: the file has no start and step: start and step"
    }
    total = sum(len(result.cases) for result in results)
    assert f"\n{total} cases: 0 passed" in "\n".join(checking.text("saddles", path, results))


@pytest.mark.slow
def test_a_loop_without_end_costs_two_waits(tmp_path, capsys):
    """Two cases are waited for, the others of its part are not tried; the next part is checked."""
    path = changed(
        tmp_path, "axes", "return orthonormalize(V + turn * x)", "\n    while True: pass"
    )
    assert run("axes", path, "--timeout", "1") == 1
    said = capsys.readouterr().out
    assert "failed: NoAnswer: no answer within 1 s" in said
    begun = checking.check("axes", starter("axes"))
    (injections,) = (len(one.cases) for one in begun if one.part.op == "online_pca.inject")
    assert f", {injections - 2} not tried" in said
    assert "not tried: 2 cases before it had not ended in time" in said
    assert "qr_step(H), a QR step: 31 of 31 cases passed" in said


@pytest.mark.slow
def test_a_loop_in_the_file_itself(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("refimpl.verify.runner.START_TIMEOUT", 2.0)
    path = written(tmp_path, "while True:\n    pass\n")
    assert run("line", path, "--timeout", "2") == 2
    assert "mine.py: NoAnswer: no answer within 2 s" in capsys.readouterr().err


def test_a_file_is_loaded_by_its_own_name(tmp_path):
    """Beside it lies what it may import, as when it is run."""
    (tmp_path / "beside.py").write_text("def newton(H, g):\n    return -g\n", encoding="utf-8")
    path = written(tmp_path, "from beside import newton\n")
    code = (
        "from refimpl.verify.projects import answering, project\n"
        f"names = answering.load({str(path)!r})\n"
        "found = answering.as_implementation(project('saddles').parts, names, 'mine')\n"
        "print(sorted(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['methods', 'name', 'repulsion.newton', 'version']\n"
    assert answering.as_implementation(project("line").parts, {}, "none")["methods"] == {}
