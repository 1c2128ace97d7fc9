"""The command line: what it prints, and its exit status."""

import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest

import refimpl
from refimpl import cli


def run(capsys, *arguments):
    """Exit status, standard output and standard error of one command."""
    try:
        status = cli.main(list(arguments))
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    "command",
    [
        *("methods", "functions", "run", "lattice", "figures", "playground", "slides"),
        *("vectors", "verify", "check-project"),
    ],
)
def test_help_everywhere(capsys, command):
    status, out, _ = run(capsys, command, "--help")
    assert status == 0
    assert "usage: refimpl" in out


def test_methods_lists_every_method_with_its_defaults(capsys):
    status, out, _ = run(capsys, "methods")
    assert status == 0
    for name, method in refimpl.methods().items():
        assert name in out
        for hyperparameter in method["defaults"]:
            assert f"{hyperparameter}=" in out
    status, out, _ = run(capsys, "methods", "--json")
    listing = json.loads(out)
    for name, method in refimpl.methods().items():
        found = listing[name].pop("defaults")
        assert listing[name] == {key: method[key] for key in method if key != "defaults"}
        assert list(found) == list(method["defaults"])
        for hyperparameter, default in method["defaults"].items():
            # JSON has neither pairs nor infinity.
            forms = [default, list(default)] if isinstance(default, tuple) else [default]
            assert found[hyperparameter] in [*forms, str(default)]
            assert type(found[hyperparameter]) is not float or np.isfinite(found[hyperparameter])


def test_hyperparameters_of_every_kind(capsys):
    """A pair, an integer, true and false, as in Python."""
    arguments = ["run", "beale", "--method", "online_sfn", "--start", "1", "1", "--steps", "5"]
    given = ["--prior", "2,0.5", "--dimension", "2", "--shifted", "false", "--row-sums", "true"]
    status, out, _ = run(capsys, *arguments, *given, "--json")
    assert status == 0
    expected = refimpl.minimize(
        "beale", [1, 1], method="online_sfn", steps=5, seed=0, prior=(2.0, 0.5), dimension=2,
        shifted=False, row_sums=True,
    )  # fmt: skip
    np.testing.assert_array_equal(json.loads(out)["path"], expected.path)
    status, _, err = run(capsys, *arguments, "--shifted", "no")
    assert status == 2
    assert "expected True or False for shifted, got 'no'" in err
    status, _, err = run(capsys, *arguments, "--prior", "1,x")
    assert status == 2
    assert "expected a number or a pair of numbers for prior" in err


def test_functions_lists_every_function(capsys):
    status, out, _ = run(capsys, "functions")
    assert status == 0
    for name in (*refimpl.functions.all(), "least_squares", "minibatch"):
        assert name in out
    assert "unbounded below" in out
    status, out, _ = run(capsys, "functions", "beale", "--json")
    assert json.loads(out)["beale"]["minima"] == [[3.0, 0.5]]


def test_functions_json_of_unbounded_functions_is_strict(capsys):
    """JSON has no infinity: strict parsers must read what is printed."""
    _, out, _ = run(capsys, "functions", "--json")

    def refuse(constant):
        raise AssertionError(constant)

    json.loads(out, parse_constant=refuse)


def test_run_is_minimize(capsys):
    arguments = ["run", "beale", "--start", "-2", "1", "--noise", "0.1", "--seed", "3"]
    status, out, _ = run(capsys, *arguments, "--steps", "5", "--beta", "0.4", "--json")
    expected = refimpl.minimize("beale", [-2, 1], steps=5, noise=0.1, seed=3, beta=0.4)
    assert status == 0
    np.testing.assert_array_equal(json.loads(out)["path"], expected.path)


def test_run_says_where_it_ended(capsys):
    """The readme's first run ends at Beale's minimum; a function without one has none to name."""
    given = ["--start", "1", "1", "--noise", "0.1"]
    status, out, _ = run(capsys, "run", "beale", *given)
    assert status == 0
    *_, table, message, last = out.splitlines()
    assert message == "All steps were made."
    end = [float(number) for number in re.search(r"\((.*)\)", table)[1].split(", ")]
    told = re.fullmatch(r"The nearest known minimum, 0 at \(3, 0\.5\), is (\S+) away\.", last)
    # Ten digits of the position were printed, and three of the distance.
    assert float(told[1]) == pytest.approx(math.dist(end, (3.0, 0.5)), rel=5e-3)
    assert float(told[1]) < 0.3
    _, out, _ = run(capsys, "run", "monkey_saddle", *given, "--steps", "3")
    assert out.splitlines()[-1] == "All steps were made."


def test_run_that_diverges_fell_short(capsys):
    arguments = ["run", "beale", "--method", "momentum", "--alpha", "1", "--start", "4", "4"]
    status, out, _ = run(capsys, *arguments)
    assert status == 1
    assert "diverged" in out


def test_lattice_counts_what_diverged(capsys):
    arguments = ["lattice", "beale", "--method", "momentum", "--alpha", "0.1", "--seeds", "2"]
    status, out, _ = run(capsys, *arguments, "--json")
    summary = json.loads(out)
    final = refimpl.lattice(
        refimpl.functions.beale, "momentum", radius=2, steps=30, seeds=range(2), alpha=0.1
    )
    assert status == 1
    assert summary["diverged"] == np.isinf(final).sum() > 0
    assert summary["deciles"][-1] == "inf"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "beal", "--start", "0", "0"], "did you mean 'beale'"),
        (["run", "beale", "--method", "fog", "--start", "0", "0"], "did you mean 'fogr'"),
        (["run", "beale", "--start", "0"], "expected a start of shape (2,)"),
        (["run", "beale", "--start", "nan", "0"], "finite"),
        (["run", "beale", "--start", "0", "0", "--beta", "2"], "beta in (0, 1]"),
        (
            ["run", "beale", "--method", "fogr", "--start", "0", "0", "--alpha", "2"],
            "known: beta, cut, div, gamma",
        ),
        (["run", "beale", "--start", "0", "0", "--steps", "0"], "steps >= 1"),
        (["methods", "adm"], "did you mean 'adam'"),
        (["figures", "no_such", "--folder", "x"], "figure"),
        (["run", "beale", "--start", "0", "0", "--plot", "x.jpg"], "did you mean 'png'"),
        (["playground", "no/such/folder/page.html"], "No such file or directory"),
        (["no-such-command"], "invalid choice"),
    ],
)
def test_wrong_usage(capsys, arguments, words):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert words in err
    assert out == ""


def test_unwritable_figure_folder(capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")
    status, _, err = run(capsys, "figures", "noisy_line", "--folder", str(tmp_path / "file" / "x"))
    assert status == 2
    assert "give another folder" in err


def test_figures_are_drawn(capsys, tmp_path):
    status, out, _ = run(capsys, "figures", "noisy_line", "--folder", str(tmp_path))
    assert status == 0
    assert str(tmp_path / "noisy_line.svg") in out
    assert (tmp_path / "noisy_line.svg").stat().st_size > 1000


def test_a_run_is_drawn_beside_its_table(capsys, tmp_path):
    """JSON stays alone on standard output."""
    path = tmp_path / "run.png"
    given = ["run", "beale", "--start", "-2", "1", "--steps", "5", "--noise", "0.1"]
    status, out, err = run(capsys, *given, "--json", "--plot", str(path))
    assert status == 0
    assert len(json.loads(out)["path"]) == 6
    assert str(path) in err
    assert path.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_the_playground_is_written(capsys, tmp_path, monkeypatch):
    path, opened = tmp_path / "page.html", []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert run(capsys, "playground", str(path)) == (0, f"{path}\n", "")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert opened == []
    assert run(capsys, "playground", str(path), "--open")[0] == 0
    assert opened == [path.as_uri()]


def test_python_dash_m():
    done = subprocess.run(
        [sys.executable, "-m", "refimpl", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"refimpl {refimpl.__version__}"


@pytest.mark.parametrize("number", ["-1", "-0.5", "-1e-3", "-.5E2"])
def test_negative_numbers_of_every_form(capsys, number):
    """None is taken for an option; one that is out of range says so."""
    status, out, _ = run(
        capsys, "run", "beale", "--start", number, number, "--steps", "1", "--json"
    )
    assert status == 0
    assert json.loads(out)["path"][0] == [float(number)] * 2
    for name, given in (("alpha", number), ("prior", f"{number},1")):
        method = "sgd" if name == "alpha" else "fogr"
        status, _, err = run(
            capsys, "run", "beale", "--start", "1", "1", "--method", method, f"--{name}", given
        )
        assert status == 2
        assert f"{method}: expected {name} in [0, inf)" in err


def test_start_that_is_minus_infinity(capsys):
    status, _, err = run(capsys, "run", "beale", "--start", "1", "-inf")
    assert status == 2
    assert "expected a finite start" in err


def test_control_c_is_a_status_of_its_own(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "list_methods", interrupted)
    assert cli.main(["methods"]) == 130
    assert capsys.readouterr().err == "refimpl: interrupted\n"
