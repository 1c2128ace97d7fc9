"""Reports for other programs: JUnit's XML, a badge, and several reports side by side."""

import json
import re
import shlex
from xml.etree import ElementTree

import pytest

from refimpl import cli
from refimpl.errors import VerificationError
from refimpl.vectors import Case
from refimpl.verify import forms, report, runner, side_by_side
from refimpl.verify.protocol import Greeting
from tests.verify import verify_family as small

pytestmark = pytest.mark.once

VERDICTS = ("pass", "acceptable", "fail", "uninformative", "skipped", "known failure")


def reported(verdicts, name="x", message="", left=0):
    """A report with one case for each of these verdicts."""
    outcomes = []
    for k, verdict in enumerate(verdicts, 1):
        made = Case("f", f"f-{k:04d}", "op.a", ("normal",), True, "", {}, {}, {}, {}, {}, {}, {}, k)
        problem = "Garbage" if verdict == "fail" else ""
        outcomes.append(runner.Outcome(made, verdict, problem=problem, message=message))
    who = Greeting(name, "1", "C", "binary64", ())
    return runner.Report(who, "binary64", tuple(outcomes), {"f": {}}, {}, ("a remark",), 1.5, left)


def test_junit():
    top = ElementTree.fromstring(forms.junit(reported((*VERDICTS, "unexpected pass"))))
    (suite,) = top.findall("testsuite")
    for element in (top, suite):
        counts = [element.get(key) for key in ("tests", "failures", "errors", "skipped")]
        assert counts == ["7", "1", "0", "3"]
    kinds = [[child.tag for child in case] for case in suite.findall("testcase")]
    assert kinds == [[], [], ["failure"], ["skipped"], ["skipped"], ["skipped"], []]
    case = suite.findall("testcase")[2]
    assert (case.get("classname"), case.get("name")) == ("op.a", "f-0003")
    assert case.find("failure").get("type") == "Garbage"
    assert suite.get("name") == "f"
    assert top.find("system-out").text.splitlines()[0] == "a remark"
    assert top.find("system-out").text.splitlines()[-1] == "3 passed, 1 failed"


def test_junit_of_whatever_a_program_says():
    """Characters that XML has no form for, and its own."""
    said = reported(("fail", "skipped"), message='<&"]]>\x00\x1b[0m\ud800\ufffe\nline')
    top = ElementTree.fromstring(forms.junit(said).encode("utf-8"))
    assert '<&"]]>' in top.find(".//failure").text
    assert "<&" in top.find(".//skipped").get("message")


@pytest.mark.parametrize(
    ("verdicts", "left", "message", "color"),
    [
        (("pass", "acceptable", "skipped"), 0, "2 passed", "brightgreen"),
        (("pass", "fail", "fail"), 0, "2 of 3 failed", "red"),
        (("skipped",), 0, "nothing compared", "lightgrey"),
        (("pass",), 4, "interrupted", "lightgrey"),
    ],
)
def test_badge(verdicts, left, message, color):
    assert json.loads(forms.badge(reported(verdicts, left=left))) == {
        "schemaVersion": 1,
        "label": "reference outputs",
        "message": message,
        "color": color,
    }


@pytest.fixture
def reports(tmp_path):
    """Files of three reports."""
    paths = []
    for name, verdicts in (
        ("one", ("pass", "fail", "fail", "skipped", "acceptable")),
        ("two", ("pass", "pass", "known failure", "uninformative", "skipped")),
        ("three", ("unexpected pass", "fail", "fail", "skipped")),
    ):
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(report.as_json(reported(verdicts, name))))
    return paths


def test_side_by_side(reports):
    found = side_by_side.compared(reports)
    assert [row.passed_by for row in found.rows] == ["all", "some", "none", "not compared", "all"]
    assert found.rows[4].verdicts == ("acceptable", "skipped", "-")
    assert not found.held
    lines = side_by_side.text(found)
    assert lines[0] == "one: one 1 (C), judged in binary64"
    assert [line.split()[0] for line in lines[4:-2]] == ["case", "f-0002", "f-0003"]
    assert re.split("  +", lines[5]) == ["f-0002", "op.a", "fail", "pass", "fail", "some"]
    assert lines[-1] == (
        "2 passed by all that compared them, 1 by some, 1 by none; 1 compared by nobody"
    )
    assert len(side_by_side.text(found, everything=True)) == len(lines) + 3
    page = side_by_side.markdown(found)
    assert "| f-0002 | op.a | fail | pass | fail | some |" in page
    counts = side_by_side.as_json(found)["counts"]
    assert counts == {"all": 2, "some": 1, "none": 1, "not_compared": 1}


def test_the_command_puts_reports_side_by_side(reports, tmp_path, capsys):
    one, two, _ = map(str, reports)
    assert cli.main(["verify", "compare", one, two]) == 1
    assert "passed by all that compared them" in capsys.readouterr().out
    assert cli.main(["verify", "compare", one, two, "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["cases"]) == 5
    assert cli.main(["verify", "--markdown", "--all", "compare", one, two]) == 1
    assert capsys.readouterr().out.count("| f-000") == 5
    right = tmp_path / "right.json"
    right.write_text(json.dumps(report.as_json(reported(("pass",)))))
    assert cli.main(["verify", "compare", str(right), str(right)]) == 0
    # Two files of one name are told apart by their paths.
    assert str(right) in capsys.readouterr().out
    other = tmp_path / "other.json"
    whole = report.as_json(reported(("pass",)))
    for content, words in (
        ("{", "is not JSON"),
        ("[]", "got 'list'"),
        ('{"report": "refimpl-verify/9"}', "got 'refimpl-verify/9'"),
        (json.dumps(whole | {"cases": [{"id": "a"}]}), "this is no whole report: KeyError"),
        (json.dumps(whole | {"cases": 3}), "this is no whole report"),
        (json.dumps(whole).replace('"pass"', '"good"'), "unknown verdict 'good'"),
    ):
        other.write_text(content)
        with pytest.raises(VerificationError, match=re.escape(words)):
            side_by_side.read(other)
    for given, words in (
        ((one,), "expected at least two reports, got 1"),
        ((one, str(tmp_path / "none.json")), "No such file"),
        ((one, two, "--jobs", "2", "--family", "x"), "it takes no --family, --jobs"),
    ):
        assert cli.main(["verify", "compare", *given]) == 2
        assert words in capsys.readouterr().err


def test_the_command_writes_them_all(tmp_path, capsys):
    """One run, read by three programs; the report of a right program compares with itself."""
    small.write(tmp_path)
    line = ["verify", "--exec", shlex.join(small.program(tmp_path)), "--folder", str(tmp_path)]
    beside = ["--junit", str(tmp_path / "a.xml"), "--badge", str(tmp_path / "badge.txt")]
    assert cli.main([*line, *beside, "--json"]) == 0
    (tmp_path / "a.txt").write_text(capsys.readouterr().out)
    top = ElementTree.parse(tmp_path / "a.xml").getroot()
    assert [case.get("name") for case in top.iter("testcase")] == [
        f"small-000{k}" for k in range(1, 6)
    ]
    assert top.find("testsuite/testcase[4]").get("classname") == "replay.small"
    assert json.loads((tmp_path / "badge.txt").read_text())["message"] == "5 passed"
    assert cli.main(["verify", "compare", str(tmp_path / "a.txt"), str(tmp_path / "a.txt")]) == 0
