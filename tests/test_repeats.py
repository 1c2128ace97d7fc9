"""Nothing is written twice that is not named as independent on purpose.

A repeat is a run of six lines of code that reads the same in another place once names are counted
in the order of their appearance and numbers are left out. Docstrings, comments, imports and items
of lists do not count; attributes, keywords, fields and strings stay as they are.
"""

import builtins
import collections
import io
import itertools
import keyword
import re
import tokenize
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
RUN = 6
KNOWN = {*keyword.kwlist, *dir(builtins), "np", "mp", "pytest", "st", "self"}
SKIPPED = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)
# Files that write the same on purpose, after the reason, which stands in the head of their folder.
ON_PURPOSE = {
    "a method is a file, which is read and copied whole": r"refimpl/optimizers/"
    r"(dogr|dsogr|fogr|krylov_sfn|newton|online_sfn|sfn|sgd|sogr)\.py",
}


def lines_of_code(text):
    """Number and tokens of each line, a token being its kind and text."""
    lines, statement = collections.defaultdict(list), []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in SKIPPED:
            continue
        if token.type != tokenize.NEWLINE:
            statement.append(token)
            continue
        # A string that stands alone is a docstring, whatever it says.
        words = statement[0].string
        if words not in ("import", "from") and any(t.type != tokenize.STRING for t in statement):
            for token in statement:
                lines[token.start[0]].append(token)
        statement = []
    return [(number, tokens) for number, tokens in sorted(lines.items()) if says(tokens)]


def says(tokens):
    """Whether a line is more than a bracket, an item of a list, or a named one of two words."""
    words = sum(token.type != tokenize.OP for token in tokens)
    return words > (2 if tokens[-1].string == "," else 1)


def reading(run):
    """How a run of lines reads with its names counted and its numbers left out."""
    counted, words = {}, []
    for _, tokens in run:
        for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
            kind, word = token.type, token.string
            outside = before is not None and before.string == "."
            field = after is not None and after.string == ":" and before is None
            # Of an assignment the sign has spaces around it.
            keyed = after is not None and after.string == "=" and after.start == token.end
            if kind == tokenize.NUMBER:
                word = "0"
            elif kind == tokenize.NAME and not (word in KNOWN or outside or field or keyed):
                word = counted.setdefault(word, f"name{len(counted)}")
            words.append(word)
        words.append("\n")
    return " ".join(words)


def repeats(texts):
    """Pairs of places, each a name and a line, that begin the same run."""
    places = collections.defaultdict(list)
    for name, text in texts.items():
        lines = lines_of_code(text)
        for k in range(len(lines) - RUN + 1):
            run = lines[k : k + RUN]
            places[reading(run)].append((name, k, run[0][0]))
    seen = {}
    for found in places.values():
        for (a, i, at), (b, j, there) in itertools.combinations(found, 2):
            if a != b or abs(i - j) >= RUN:
                seen[a, i, b, j] = (a, at, b, there)
    # Of a longer run, the first line.
    return [pair for (a, i, b, j), pair in seen.items() if (a, i - 1, b, j - 1) not in seen]


@pytest.fixture(scope="module")
def found():
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for top in ("refimpl", "figures", "tests")
        for path in sorted(Path(ROOT, top).rglob("*.py"))
    }
    assert len(texts) > 300
    return repeats(texts)


def reason(a, b):
    named = (
        why for why, names in ON_PURPOSE.items() if all(re.fullmatch(names, x) for x in (a, b))
    )
    return next(named, None)


@pytest.mark.slow
def test_nothing_is_written_twice(found):
    """A pair that fails is merged, or gets its reason above."""
    assert not [f"{a}:{i} ~ {b}:{j}" for a, i, b, j in found if not reason(a, b)]


@pytest.mark.slow
def test_what_is_named_is_still_written_twice(found):
    """A reason that has outlived its repeat is struck out."""
    assert set(ON_PURPOSE) == {reason(a, b) for a, _, b, _ in found} - {None}


ONE = """
def mean(values, weights):
    total, size = 0.0, 0.0
    for value, weight in zip(values, weights):
        total += weight * value
        size += weight
    if size == 0.0:
        return 0.0
    return total / size
"""
RENAMED = """
import math
def centre(x, w):
    \"\"\"In other words.\"\"\"
    sum_, n = 1.5, 0.25
    for a, b in zip(x, w):

        sum_ += b * a  # a comment
        n += b
    if n == 7:
        return 1
    return sum_ / n
"""


def test_a_planted_repeat_is_found():
    """Negative controls: with other names it is one, with two of them exchanged it is none."""
    assert repeats({"one": ONE, "two": RENAMED}) == [("one", 2, "two", 3)]
    assert not repeats({"one": ONE, "two": RENAMED.replace("b * a", "a * b")})
    assert not repeats({"one": "x = [\n" + "    1,\n" * 20 + "]\n"})
