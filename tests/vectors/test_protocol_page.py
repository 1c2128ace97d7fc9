"""What a port reads in place of our sources: the page on the protocol, and the schema."""

import json
import re
from pathlib import Path

import pytest

from refimpl import vectors
from refimpl.optimizers import METHODS
from refimpl.vectors import signatures
from refimpl.verify import compare, protocol
from refimpl.verify.protocol import Fault

pytestmark = [pytest.mark.numerics, pytest.mark.once]

PAGE = (Path(__file__).parents[2] / "book" / "protocol.md").read_text("utf-8")


@pytest.fixture(scope="module")
def cases():
    return vectors.cases()


@pytest.fixture(scope="module")
def definitions():
    return json.loads((vectors.FOLDER / "schema.json").read_text("utf-8"))["$defs"]


def rows(heading):
    """First cell -> the others, of the first table below a heading."""
    lines = PAGE[PAGE.index(f"\n## {heading}\n") :].splitlines()[2:]
    begin = next(k for k, line in enumerate(lines) if line.startswith("| --- "))
    found = {}
    for line in lines[begin + 1 :]:
        if not line.startswith("|"):
            break
        name, *rest = (cell.strip() for cell in line.strip("|").split(" | "))
        found[name.strip("` ")] = [cell.strip("| ") for cell in rest]
    return found


def test_the_table_of_operations_is_that_of_the_cases(cases):
    wanted = signatures.operations(cases)
    assert rows("Operations") == {name: list(row.values()) for name, row in wanted.items()}


def test_the_table_of_methods_is_that_of_the_cases(cases):
    wanted, found = signatures.methods(cases), rows("Methods")
    assert found.keys() == wanted.keys()
    for name, row in wanted.items():
        told = {part.split(" ")[0] for part in found[name][0].split("; ")}
        assert told == METHODS[name].defaults.keys()
        assert told == {part.split(":")[0] for part in row["params"].split(", ")}
        assert found[name][1:] == [row["besides"], row["state"]]


def test_the_schema_says_the_same(cases, definitions):
    for kind, wanted in (
        ("operations", signatures.operations(cases)),
        ("methods", signatures.methods(cases)),
    ):
        told = {name: entry["description"] for name, entry in definitions[kind]["$defs"].items()}
        assert told == {
            name: "; ".join(f"{key}: {text}" for key, text in row.items() if text)
            for name, row in wanted.items()
        }


def test_frames_of_the_page_are_frames(definitions):
    jsonschema = pytest.importorskip("jsonschema")
    frames = [json.loads(text) for text in re.findall(r"`(\{\"(?:cmd|seq|protocol)\".*?\})`", PAGE)]
    kinds = {"cmd": "question", "seq": "answer", "protocol": "greeting"}
    seen = []
    for frame in frames:
        kind = kinds[next(iter(frame))]
        if frame.get("cmd") in ("start", "stop"):
            continue
        schema = {"$defs": definitions} | definitions[kind]
        jsonschema.Draft202012Validator(schema).validate(frame)
        seen.append(kind)
    assert seen == ["greeting", "question", "answer", "answer", "answer"]
    who = protocol.greeting(frames[1])
    assert (who.dtype, who.without) == ("binary64", ())


def test_every_word_of_the_suite_is_on_the_page(cases):
    """Functions, comparators, fields that may be left out."""
    words = {case.inputs["function"] for case in cases if "function" in case.inputs}
    words |= {one for case in cases for one in (case.compare or {}).values()}
    words |= set(protocol.OPTIONAL)
    assert [word for word in sorted(words) if f"`{word}`" not in PAGE] == []


def test_fields_that_a_program_does_not_keep_hide_nothing(cases):
    case = next(c for c in cases if c.method == "fogr" and c.op == "replay")
    steps = [
        {name: value for name, value in step.items() if not name.endswith("C_gg")}
        for step in case.out["steps"]
    ]

    def judged(answer, without=("C_gg",)):
        certified = json.loads(json.dumps(answer), parse_float=float)
        numbers = [{k: _floats(v) for k, v in step.items()} for step in certified]
        return compare.judge(case, {"steps": numbers}, compare.BINARY64, without)

    assert compare.verdict(judged(steps)) in ("pass", "acceptable")
    assert not any(one.field == "line.C_gg" for one in judged(steps))
    # Without the word it is missing; another field is missing in any case.
    assert compare.first_failure(judged(steps, ())).problem == "MissingField"
    fewer = [{k: v for k, v in step.items() if k != "momentum"} for step in steps]
    assert compare.first_failure(judged(fewer)).field == "momentum"
    # What is given all the same is judged.
    wrong = [dict(step) for step in case.out["steps"]]
    wrong[2]["line.C_gg"] = [["9", "9"], ["9", "9"]]
    assert compare.first_failure(judged(wrong)).field == "line.C_gg"


def _floats(value):
    return [_floats(part) for part in value] if isinstance(value, list) else float(value)


def test_positions_cannot_be_left_out():
    hello = {"protocol": 1, "name": "a", "version": "1", "language": "C", "dtype": "binary64"}
    with pytest.raises(Fault, match="'without' must be a list of names among weight"):
        protocol.greeting(hello | {"ops": ["replay"], "without": ["theta"]})


def test_fields_stand_in_the_order_of_computation(cases):
    for method in ("ogr", "online_sfn"):
        for case in cases:
            if (case.op, case.method) == ("replay", method):
                fields = list(case.out["steps"][0])
                assert fields.index("model.line.C_gg") < fields.index("model.V")
                assert fields[-1] == "theta"
                if method == "ogr":
                    assert fields.index("model.line.beta") < fields.index("mean_theta")


def test_families_stand_in_the_order_of_dependence():
    found = vectors.families()
    assert found.index("regression") < found.index("optimizers") < found.index("trajectories")
    assert found.index("cubic") < found.index("optimizers")


def test_what_need_not_be_kept_is_the_same_in_the_schema():
    schema = json.loads((vectors.FOLDER / "schema.json").read_text("utf-8"))
    kept = schema["$defs"]["greeting"]["properties"]["without"]["items"]["enum"]
    assert sorted(kept) == sorted(protocol.OPTIONAL)
