"""The files of reference outputs: read strictly, refused with file and line, shown and exported."""

import csv
import json
import types

import numpy as np
import pytest

from refimpl import cli, vectors
from refimpl.errors import UnknownNameError, VectorError
from refimpl.vectors import lint
from tests.verify import verify_family as small

pytestmark = pytest.mark.once


@pytest.fixture
def folder(tmp_path):
    small.write(tmp_path)
    return tmp_path


def refused(path, line, match):
    """Reading fails with the file, the line and these words."""
    with pytest.raises(VectorError, match=match) as caught:
        vectors.read(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def line_of(path, text):
    """Number of the first line that holds the text."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def replace(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_a_family_as_it_was_written(folder):
    family = vectors.load("small", folder)
    whole = small.document()
    assert vectors.families(folder) == ["small"]
    assert family.sealed
    assert [case.id for case in family.cases] == [case["id"] for case in whole["cases"]]
    for case, written in zip(family.cases, whole["cases"], strict=True):
        assert (case.params, case.inputs, case.out) == (
            written["params"],
            written["in"],
            written["out"],
        )
        assert case.line == line_of(family.path, f'"id": "{case.id}"')
    # The order of computation survives, although "sum" comes after "result" in the alphabet.
    assert list(family.cases[0].out) == ["sum", "result"]


def test_selection(folder):
    ids = [case.id for case in vectors.cases("small", flags=["bad-input"], folder=folder)]
    assert ids == ["small-0003", "small-0005"]
    assert [c.id for c in vectors.cases(ids=["small-0002"], folder=folder)] == ["small-0002"]
    with pytest.raises(UnknownNameError, match="did you mean 'small-0002'"):
        vectors.cases(ids=["small-002"], folder=folder)
    with pytest.raises(UnknownNameError, match="unknown flag 'badinput'"):
        vectors.cases(flags=["badinput"], folder=folder)
    with pytest.raises(UnknownNameError, match="unknown family 'mall'"):
        vectors.load("mall", folder)
    with pytest.raises(VectorError, match="no such folder"):
        vectors.families(folder / "nowhere")


def test_one_changed_digit_is_noticed(folder):
    """In an input, an output, an amplification, a flag: the case's line is named."""
    path = folder / "small.json"
    whole = path.read_text(encoding="utf-8")
    number = line_of(path, '"id": "small-0002"')
    for old, new in (
        ('"0x1.4000000000000p+2"', '"0x1.4000000000001p+2"'),
        ('"11.875"', '"11.876"'),
        (
            '"result": 1.5}, "binary32": true, "compare"',
            '"result": 9.5}, "binary32": true, "compare"',
        ),
    ):
        lines = whole.splitlines(keepends=True)
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new)
        path.write_text("".join(lines), encoding="utf-8")
        refused(path, number, "does not agree with its digest")


def test_a_changed_header_and_a_deleted_case_are_noticed(folder):
    path = folder / "small.json"
    whole = path.read_text(encoding="utf-8")
    replace(path, "a NaN goes in", "a NaN comes in")
    refused(path, line_of(path, ' "sha256"'), "header or the list of ids")
    lines = whole.splitlines(keepends=True)
    del lines[line_of(path, '"id": "small-0002"') - 1]
    path.write_text("".join(lines), encoding="utf-8")
    refused(path, line_of(path, ' "sha256"'), "header or the list of ids")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated(folder, share):
    path = folder / "small.json"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(VectorError, match=r"small\.json:\d+: not JSON: "):
        vectors.read(path)


def test_truncated_at_the_end_says_so(folder):
    path = folder / "small.json"
    path.write_bytes(path.read_bytes().rstrip()[:-1])
    refused(path, len(path.read_text().splitlines()), "the file ends too early")


def test_empty_binary_and_foreign_files(folder):
    path = folder / "small.json"
    path.write_bytes(b"")
    refused(path, 1, "the file ends too early")
    path.write_bytes(b'{\n"schema": "\xff"}')
    refused(path, 2, "not UTF-8")
    path.write_text("[]")
    refused(path, 1, "expected a JSON object, got a list")
    # A pickle is no more than bytes that are not JSON.
    path.write_bytes(b"cos\nsystem\n(S'echo'\ntR.")
    refused(path, 1, "not JSON")
    path.write_text("[" * 100_000)
    refused(path, 1, "nested too deeply|not JSON")


def test_unknown_schema_version(folder):
    path = folder / "small.json"
    replace(path, '"refimpl-vectors/1"', '"refimpl-vectors/2"')
    refused(path, line_of(path, '"schema"'), "unknown schema 'refimpl-vectors/2'")


def test_duplicate_ids(tmp_path):
    whole = small.document()
    whole["cases"].append(whole["cases"][1])
    path = small.write(tmp_path, whole)
    last = max(n for n, t in enumerate(path.read_text().splitlines(), 1) if '"small-0002"' in t)
    refused(path, last, "duplicate id 'small-0002', seen before: line")
    whole = small.document()
    whole["withdrawn"][0]["id"] = "small-0004"
    path = small.write(tmp_path, whole)
    refused(path, line_of(path, '"method"'), "duplicate id 'small-0004', seen before: withdrawn")


def test_duplicate_keys_and_bare_constants(folder):
    path = folder / "small.json"
    whole = path.read_text(encoding="utf-8")
    replace(path, '"op": "replay"', '"op": "other", "op": "replay"')
    refused(path, line_of(path, '"small-0004"'), "'op' stands twice")
    path.write_text(whole, encoding="utf-8")
    replace(path, '"sum": "12"', '"sum": NaN')
    refused(path, line_of(path, "NaN,"), "NaN is not JSON")


def test_two_cases_on_a_line(tmp_path):
    path = small.write(tmp_path)
    lines = path.read_text(encoding="utf-8").splitlines()
    k = line_of(path, '"id": "small-0002"') - 1
    lines[k : k + 2] = [lines[k] + lines[k + 1]]
    path.write_text("\n".join(lines), encoding="utf-8")
    refused(path, k + 1, "expected one whole case on this line")


MISTAKES = {
    "a float as an input": (lambda c: c["in"].update(x=[0.5]), "expected a hexadecimal float"),
    "a decimal as an input": (lambda c: c["in"].update(x=["0.5"]), "expected a hexadecimal float"),
    "a ragged input": (lambda c: c["in"].update(x=[["nan"], []]), "rows of different shapes"),
    "a float as an output": (lambda c: c["out"].update(sum=0.5), "decimal numbers as strings"),
    "a word as an output": (lambda c: c["out"].update(sum="much"), "expected a decimal number"),
    "a flag without a note": (lambda c: c["flags"].append("odd"), "'odd' is not described"),
    "no flag": (lambda c: c["flags"].clear(), "has no flag"),
    "an unknown comparator": (lambda c: c["compare"].update(sum="near"), "unknown comparator"),
    "a field that is not compared": (lambda c: c["compare"].pop("sum"), "the same fields"),
    "a K below 1": (lambda c: c["K"].update(sum=0.5), "at least 1, got 0.5"),
    "a K that is a list": (lambda c: c["K"].update(sum=[1.0]), "K is one number a field"),
    "a missing key": (lambda c: c.pop("params"), "the key 'params' is missing"),
    "a foreign key": (lambda c: c.update(params2={}), "unknown key 'params2'"),
    "an object for a list": (lambda c: c.update(flags={}), "'flags' is an object"),
    "a method without a replay": (lambda c: c.update(method="adam"), "names its method"),
    "a strange id": (lambda c: c.update(id="Small 1"), "expected lower-case letters"),
    "a scale of nothing": (lambda c: c.update(scale={"who": 1.0}), "scale must give positive"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_of_a_case_are_named_with_their_line(tmp_path, mistake):
    change, words = MISTAKES[mistake]
    whole = small.document()
    change(whole["cases"][1])
    path = small.write(tmp_path, whole)
    refused(path, line_of(path, '"small-0001"') + 1, words)


def test_a_replay_needs_a_step_for_each_gradient(tmp_path):
    whole = small.document()
    whole["cases"][3]["in"]["stream"].pop()
    path = small.write(tmp_path, whole)
    refused(path, line_of(path, '"method"'), "as many steps as the stream")


IN_CLOSED_LOOP = {
    "no function": (5, lambda c: c["in"].pop("function"), "must name its function"),
    "a strange name": (5, lambda c: c["in"].update(function="Beale 2"), "must name its function"),
    "no noise": (5, lambda c: c["in"].pop("noise"), "in needs 'noise', a list"),
    "no step": (5, lambda c: c["in"].update(noise=[]), "there is no step"),
    "a row too few": (5, lambda c: c["in"]["noise"].pop(), "as many steps as the noise has rows"),
    "a word among the data": (5, lambda c: c["in"]["data"].update(c="beale"), "hexadecimal float"),
    "no method": (5, lambda c: c.pop("method"), "names its method"),
    "a K for all": (5, lambda c: c["K"].update(theta=1.0), "a list over the steps"),
    "a distribution of steps": (
        5, lambda c: c["compare"].update(theta="distribution"), "are those of an ensemble",
    ),
    "starts": (6, lambda c: c["in"].update(start=c["in"].pop("starts")), "in needs 'starts'"),
    "single values": (6, lambda c: c["compare"].update(value="relative"), "those of an ensemble"),
    "another number": (6, lambda c: c["out"]["value"].pop(), "one number for each of the starts"),
    "few runs": (
        6,
        lambda c: [part.__delitem__(slice(9)) for part in (c["out"]["value"], c["in"]["starts"])],
        "at least 458 runs, got 451",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", IN_CLOSED_LOOP)
def test_mistakes_of_closed_loops_are_named(tmp_path, mistake):
    k, change, words = IN_CLOSED_LOOP[mistake]
    whole = small.with_closed_loops()
    change(whole["cases"][k])
    path = small.write(tmp_path, whole)
    refused(path, line_of(path, f'"small-000{k + 2}"'), words)


def test_closed_loops_are_shown_and_exported(tmp_path, capsys):
    small.write(tmp_path, small.with_closed_loops())
    folder = ["--folder", str(tmp_path)]
    for name, op in (("small-0007", "trajectory"), ("small-0008", "ensemble")):
        assert cli.main(["vectors", "show", name, *folder]) == 0
        shown = capsys.readouterr().out
        assert f"{name}: {op} small" in shown
        assert "in/function = quadratic" in shown
        assert "in/data/spectrum = [0.75]" in shown
    for form in ("npz", "csv"):
        assert cli.main(["vectors", "export", str(tmp_path), "--format", form, *folder]) == 0
    with np.load(tmp_path / "small.npz", allow_pickle=False) as arrays:
        assert arrays["small-0007/in/function"] == "quadratic"
        assert arrays["small-0007/in/noise"].shape == (5, 1)
        assert arrays["small-0007/out/steps/4/theta"].shape == (1,)
        assert arrays["small-0008/out/value"].shape == (460,)
    capsys.readouterr()


def test_list_and_show(folder, capsys):
    assert cli.main(["vectors", "list", "--folder", str(folder)]) == 0
    assert "small, version 1: 5 cases" in capsys.readouterr().out
    assert cli.main(["vectors", "list", "small", "--json", "--folder", str(folder)]) == 0
    assert [entry["id"] for entry in json.loads(capsys.readouterr().out)][3] == "small-0004"
    assert cli.main(["vectors", "show", "small-0004", "--folder", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "replay small" in out
    assert "Catches: gamma and 1 - gamma exchanged" in out
    assert "in/stream/0/gradient = [-0.5]" in out
    assert cli.main(["vectors", "show", "small-0002", "--json", "--folder", str(folder)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {key: shown[key] for key in shown if key != "sha256"} == small.document()["cases"][1]
    assert cli.main(["vectors", "show", "small-2", "--folder", str(folder)]) == 2
    assert "unknown case 'small-2'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        cli.main(["vectors"])
    assert stop.value.code == 2


def test_a_refused_file_is_wrong_usage(folder, capsys):
    replace(folder / "small.json", '"11.875"', '"11.876"')
    assert cli.main(["vectors", "list", "--folder", str(folder)]) == 2
    assert "does not agree with its digest" in capsys.readouterr().err
    assert cli.main(["verify", "--folder", str(folder), "--exec", "true"]) == 2


def test_export(folder, capsys):
    to = folder / "other"
    assert cli.main(["vectors", "export", str(to), "--folder", str(folder)]) == 0
    with np.load(to / "small.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["small-0001/in/x"], [0.25, 0.5, 3.0])
        np.testing.assert_array_equal(arrays["small-0001/out/result"], [0.375, 0.75, 4.5])
        assert np.isnan(arrays["small-0003/in/x"][0])
        assert arrays["small-0003/out/error"] == "NotFiniteError"
        assert arrays["small-0004/out/steps/3/theta"].shape == (1,)
    assert cli.main(
        ["vectors", "export", str(to), "--format", "csv", "--folder", str(folder)]
    ) == 0  # fmt: skip
    with (to / "small.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["id"] == "small-0001"]
    [row] = [row for row in rows if row["part"] == "out/result" and row["index"] == "2"]
    assert float(row["value"]) == float(row["text"]) == 4.5
    assert float.fromhex(rows[0]["text"]) == float(rows[0]["value"]) == 1.5
    capsys.readouterr()


def findings(folder):
    pytest.importorskip("jsonschema")
    (folder / "schema.json").write_text(small.SCHEMA, encoding="utf-8")
    return lint.check(folder)


def test_the_linter_finds_nothing_in_a_clean_family(folder):
    assert findings(folder) == []


def test_the_linter_finds(tmp_path):
    whole = small.document()
    whole["notes"]["unused"] = {"kind": "odd", "description": "", "catches": ""}
    whole["cases"][0]["params"]["factor"] = (0.1).hex()
    whole["cases"][1]["op"] = "Double"
    whole["cases"][4]["id"] = "large-0005"
    path = small.write(tmp_path, whole)
    found = "\n".join(findings(tmp_path))
    for line, words in (
        (1, "'unused': kind must be one of"),
        (1, "'unused' has no description"),
        (1, "'unused' does not say which mistake"),
        (1, "'unused' is described, but no case has it"),
        (line_of(path, '"small-0001"'), "inputs that binary32 cannot hold"),
        (line_of(path, '"small-0002"'), "cases/1/op: 'Double' does not match"),
        (line_of(path, '"large-0005"'), "must begin with 'small'"),
    ):
        assert f"{path}:{line}: " in found
        assert words in found
    whole = small.document()
    small.write(tmp_path, whole, sealed=False)
    (without,) = findings(tmp_path)
    assert "has no digest" in without
    path.write_text(path.read_text(encoding="utf-8").replace('"family"', ' "family"'))
    assert any("not written as vectors.text" in finding for finding in findings(tmp_path))


def test_the_linter_reads_closed_loops(tmp_path):
    """A name is no number that binary32 could not hold."""
    small.write(tmp_path, small.with_closed_loops())
    assert findings(tmp_path) == []


def test_the_linter_misses_ids(tmp_path):
    """A case that is gone without a word; numbers out of order; a replacement that is none."""
    whole = small.document()
    del whole["cases"][1]
    path = small.write(tmp_path, whole)
    assert findings(tmp_path) == [
        f"{path}:1: small-0002 is neither a case nor withdrawn; an id is never given up without a "
        "reason"
    ]
    whole["withdrawn"].append({"id": "small-0002", "reason": "no", "replaced_by": "small-0005"})
    small.write(tmp_path, whole)
    assert findings(tmp_path) == []
    whole["withdrawn"][-1]["replaced_by"] = "small-0006"
    small.write(tmp_path, whole)
    assert "replaced by small-0006, which is no case" in findings(tmp_path)[0]
    whole = small.document()
    whole["cases"][0], whole["cases"][1] = whole["cases"][1], whole["cases"][0]
    small.write(tmp_path, whole)
    assert "small-0001 stands after small-0002" in findings(tmp_path)[0]


def test_the_linter_knows_what_the_oracle_withdrew(folder):
    """A withdrawn id that is still a case, and a numbering that is refused."""
    path = folder / "small.json"
    line = line_of(path, '"small-0002"')
    (folder / "schema.json").write_text(small.SCHEMA, encoding="utf-8")
    gone = [{"id": "small-0002", "reason": "a wrong sign"}, *small.document()["withdrawn"]]
    fresh = {case["id"]: case for case in small.document()["cases"]}
    stand_in = oracle_of(lambda family, ids=None: fresh, lambda family: gone)
    assert lint.check(folder, oracle=stand_in) == [
        f"{path}:{line}: small-0002 is a case again, but was withdrawn: a wrong sign",
        f"{path}:1: the file lists other withdrawn cases than the oracle",
    ]

    def refuse(family, ids=None):
        raise VectorError("small: of the withdrawn one has never been")

    stand_in.regenerate = refuse
    assert (
        lint.check(folder, oracle=stand_in)[-1]
        == f"{path}:1: small: of the withdrawn one has never been"
    )


def oracle_of(regenerate, withdrawn_cases):
    """Another oracle in place of ours."""
    pytest.importorskip("jsonschema")
    return types.SimpleNamespace(regenerate=regenerate, withdrawn_cases=withdrawn_cases)


def test_the_linter_compares_with_the_oracle(folder):
    """An oracle that gives one case differently, and lacks another."""
    (folder / "schema.json").write_text(small.SCHEMA, encoding="utf-8")
    whole = small.document()
    fresh = {case["id"]: case for case in whole["cases"]}
    stand_in = oracle_of(lambda family, ids=None: fresh, lambda family: whole["withdrawn"])
    assert lint.check(folder, everything=True, oracle=stand_in) == []
    fresh["small-0001"]["out"]["sum"] = "4"
    del fresh["small-0005"]
    found = lint.check(folder, everything=True, oracle=stand_in)
    assert [text.partition(".json:")[2].partition(": ")[2] for text in found] == [
        "the oracle gives other ids, or in another order",
        "the oracle now gives another small-0001",
        "the oracle has no case 'small-0005'",
    ]


def test_the_linter_says_which_package_it_needs(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(VectorError, match="needs the package jsonschema"):
        lint.check(folder)
