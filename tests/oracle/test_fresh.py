"""Fresh cases: new, certified, the same for the same seed, and held by the pieces."""

import json
import sys

import numpy as np
import pytest

from refimpl import cli, vectors
from refimpl.errors import RangeError, UnknownNameError, VectorError
from refimpl.oracle import fresh, generate
from refimpl.vectors import lint
from refimpl.verify import compare, ours, protocol, python_side

pytestmark = pytest.mark.once


def cases(text):
    """Of a file, without its first and last lines."""
    return json.loads(text)["cases"]


@pytest.mark.slow
def test_the_command_draws_what_can_be_verified(tmp_path, capsys):
    """Read strictly, checked by the linter, and passed by the pieces."""
    pytest.importorskip("jsonschema")
    to = tmp_path / "drawn"
    line = ["vectors", "fresh", "--family", "repulsion", "--family", "qr_step"]
    assert cli.main([*line, "--count", "12", "--seed", "7", "--to", str(to)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "seed 7"
    assert said[-1] == f"verify with: refimpl verify TARGET --folder {to}"
    assert vectors.families(to) == ["qr_step", "repulsion"]
    for name in vectors.families(to):
        family = vectors.load(name, to)
        assert [c.id for c in family.cases] == [f"{name}-s7-{k:04d}" for k in range(1, 13)]
        assert family.oracle["seed"] == 7
        stored = {json.dumps([c.op, c.params, c.inputs]) for c in vectors.cases(name)}
        drawn = {json.dumps([c.op, c.params, c.inputs]) for c in family.cases}
        assert len(drawn) == 12
        assert not drawn & stored
        assert {flag for c in family.cases for flag in c.flags} == set(family.notes)
        for case in family.cases:
            said = python_side.respond(ours.binary64(), protocol.question(1, case), np.float64)
            kind, answer = protocol.answer(protocol.parsed(protocol.line(said)), 1)
            if "error" in case.out:
                assert kind == "errored"
            else:
                judged = compare.judge(case, answer, compare.BINARY64)
                assert compare.verdict(judged) != "fail", case.id
    assert lint.check(to, oracle=None) == []


def test_a_seed_gives_the_same_cases_and_more_of_them():
    six, four = (cases(fresh("qr_step", count, 3)) for count in (6, 4))
    assert six[:4] == four
    other = cases(fresh("qr_step", 4, 4))
    assert not {str(case["in"]) for case in other} & {str(case["in"]) for case in six}


def test_without_a_seed_one_is_drawn_and_told(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["vectors", "fresh", "--family", "qr_step", "--count", "1"]) == 0
    seed = int(capsys.readouterr().out.splitlines()[0].removeprefix("seed "))
    (case,) = vectors.cases("qr_step", folder=tmp_path / f"fresh-{seed}")
    assert case.id == f"qr_step-s{seed}-0001"


def test_there_is_no_end_of_them(monkeypatch):
    """Beyond one round of the family; what cannot be certified is replaced, within reason."""
    few = generate.FAMILIES["qr_step"].cases

    class Few:
        @staticmethod
        def cases(draw=np.random.default_rng):
            return list(few(draw))[:2]

    monkeypatch.setitem(generate.FAMILIES, "qr_step", Few)
    drawn = cases(fresh("qr_step", 5, 1))
    assert len({str((case["op"], case["in"])) for case in drawn}) == 5
    right, refused = generate.certified_record, []

    def certified_record(item):
        if len(refused) < 3:
            refused.append(item)
            raise RuntimeError("60 and 100 digits differ")
        return right(item)

    monkeypatch.setattr(generate, "certified_record", certified_record)
    assert [case["id"][-1] for case in cases(fresh("qr_step", 2, 1))] == ["1", "2"]
    monkeypatch.setattr(
        generate, "certified_record", lambda item: certified_record(refused.clear())
    )
    with pytest.raises(VectorError, match="could not be certified, the last since 60 and 100"):
        fresh("qr_step", 2, 1)


def test_what_is_wrong_is_told(tmp_path, capsys, monkeypatch):
    with pytest.raises(UnknownNameError, match="did you mean 'repulsion'"):
        fresh("repulsoin", 1, 0)
    with pytest.raises(RangeError, match="count of at least 1, got 0"):
        fresh("qr_step", 0, 0)
    with pytest.raises(RangeError, match="seed of at least 0, got -1"):
        fresh("qr_step", 1, -1)
    line = ["vectors", "fresh", "--family", "qr_step", "--seed", "1", "--count", "1"]
    before = (vectors.FOLDER / "qr_step.json").read_bytes()
    assert cli.main([*line, "--to", str(vectors.FOLDER)]) == 2
    assert "holds the suite itself" in capsys.readouterr().err
    assert (vectors.FOLDER / "qr_step.json").read_bytes() == before
    for name in [name for name in sys.modules if name.startswith("refimpl.oracle")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("refimpl.oracle", raising=False)
    monkeypatch.setitem(sys.modules, "mpmath", None)
    assert cli.main([*line, "--to", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "needs the package mpmath: pip install 'refimpl[test]'" in said
