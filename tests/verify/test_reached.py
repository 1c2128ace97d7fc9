"""Lines of the readable text that cases execute, and the kept list of those that none does."""

import os
import subprocess
import sys

import pytest

from refimpl import vectors
from refimpl._compile import JIT, PACKAGE
from refimpl.errors import VerificationError
from refimpl.verify import reached
from refimpl.verify.untouched import UNTOUCHED

pytestmark = pytest.mark.once
PLAIN = os.environ | {"NUMBA_DISABLE_JIT": "1"}


def plain(code):
    """What a line of Python prints where the text itself runs."""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=PLAIN
    )
    return run.stdout


def test_every_line_is_executed_or_named():
    """Of the steps from curvature, by their cases alone; all of the text is a stage of CI."""
    code = (
        "from refimpl import vectors\n"
        "from refimpl.verify import reached\n"
        "from refimpl.verify.untouched import UNTOUCHED\n"
        "names = ['repulsion.py', 'qr_step.py', 'online_pca.py']\n"
        "families = ('repulsion', 'qr_step', 'online_pca')\n"
        "cases = [case for name in families for case in vectors.load(name).cases]\n"
        "mine = {k: why for k, why in UNTOUCHED.items() if k.split(' ')[0] in names}\n"
        "found = reached.unnamed(reached.untouched(names, cases), mine)\n"
        "print(*found, sep='\\n')"
    )
    assert plain(code).strip() == ""


def test_a_line_without_a_case_is_found():
    """Negative control: without the cases of the shifted step its lines are told."""
    code = (
        "from refimpl import vectors\n"
        "from refimpl.verify import reached\n"
        "cases = [c for c in vectors.load('qr_step').cases if 'shifted' not in c.op]\n"
        "for line in reached.unnamed(reached.untouched(['qr_step.py'], cases), {}):\n"
        "    print(line)"
    )
    assert "no case executes `shifted[i, i] += mu  # eq-shifted-qr-step` of" in plain(code)


def test_a_reason_names_lines_and_no_more():
    lines = [
        ("a.py", 3, "f", "return 1", False),
        ("a.py", 9, "g", "return 2", True),
        ("a.py", 11, "h", "raise ValueError", True),
    ]
    told = reached.unnamed(lines, {"a.py g": "why", "a.py h": "why"})
    assert told == ["a.py:3: no case executes `return 1` of f"]
    assert reached.unnamed(lines, {"a.py": "why"}) == told
    named = {"a.py f: return 1": "why", "a.py g": "why", "a.py h": "why"}
    assert reached.unnamed(lines, named) == []
    # A function that some case enters is not named as a whole.
    assert told[0] in reached.unnamed(lines, {"a.py f": "why", "a.py g": "why", "a.py h": "w"})
    assert reached.unnamed(lines, named | {"b.py": "why"}) == ["b.py: is executed, or is no more"]


def test_every_key_names_a_file_and_says_why():
    for key, why in UNTOUCHED.items():
        name, _, rest = key.partition(" ")
        text = (PACKAGE / name).read_text("utf-8")
        assert name in reached.sources()
        assert len(why) > 20
        function = rest.partition(":")[0]
        assert not function or function in reached.functions(text).values()


def test_the_readable_text_is_that_of_pieces_and_methods():
    found = reached.sources()
    assert {"regression.py", "optimizers/ogr.py", "taylor/series.py", "cubic/minimize.py"} <= set(
        found
    )
    assert not any("streamed" in name for name in found)


@pytest.mark.slow
def test_functions_that_a_case_enters():
    code = (
        "from refimpl import vectors\n"
        "from refimpl.verify import reached\n"
        "name = 'repulsion-0001'\n"
        "print(*reached.entered(vectors.cases(ids=[name]))[name])"
    )
    found = plain(code)
    assert "repulsion.py:" in found
    assert "symmetric_eigen.py:" in found
    assert "regression.py" not in found


@pytest.mark.skipif(not JIT, reason="the text itself runs")
def test_compiled_code_has_no_lines():
    with pytest.raises(VerificationError, match="NUMBA_DISABLE_JIT"):
        reached.executed(["repulsion.py"], vectors.load("repulsion").cases)
