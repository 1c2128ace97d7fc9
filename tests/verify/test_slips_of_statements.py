"""Slips of whole statements: which are made, and what a function gives with them."""

import pytest

from .test_slips import made

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def test_statements_are_left_out_or_always_taken():
    found = made("def f(a, b):\n    if a < b:\n        a = a + b\n    a += 1\n    return a\n")
    assert found["a step without `a += 1`"](3.0, 2.0) == 3.0
    assert found["`if a < b` always taken"](3.0, 2.0) == 6.0
    assert found["`if a < b` never taken"](1.0, 2.0) == 2.0


def test_what_had_a_value_keeps_it_or_is_added_to():
    text = "def f(a, b):\n    c = 2 * a\n    a, b = b, c\n    a = b - 1\n    a += b\n    return a\n"
    found = made(text)
    assert made(text)["a step without `a, b = (b, c)`"](3.0, 2.0) == 2.0 - 1.0 + 2.0
    assert found["`a += b - 1` in place of `a = b - 1`"](3.0, 2.0) == 2.0 + 5.0 + 6.0
    assert found["`a = b` in place of `a += b`"](3.0, 2.0) == 6.0
    # What has none before cannot keep it.
    assert not any("a step without `c" in words or "`c +=" in words for words in found)


def test_a_factor_is_nowhere_or_on_the_other_side():
    text = "def f(a, b):\n    return (b * a, 5.0 / a)\n"
    found = made(text)
    before = "in place of `return (b * a, 5.0 / a)`"
    assert found[f"`return (b, 5.0)` {before}"](4.0, 2.0) == (2.0, 5.0)
    assert found[f"`return (b / a, 5.0 * a)` {before}"](4.0, 2.0) == (0.5, 20.0)
    # What stands once is a slip of its place.
    assert not any(words.startswith("`return (a, 5.0 / a)`") for words in found)


def test_a_name_is_another_in_a_whole_statement():
    text = "def f(a, b):\n    return a.x * 2 + a.y\n"
    found = made(text, kind={"a": "state", "b": "state"}.get, of_names=True)
    assert "`return b.x * 2 + b.y` in place of `return a.x * 2 + a.y`" not in found
    text = "def f(a, b):\n    return a.x * 2 + a.y + b.x\n"
    found = made(text, kind={"a": "state", "b": "state"}.get, of_names=True)
    assert "`return b.x * 2 + b.y + b.x` in place of `return a.x * 2 + a.y + b.x`" in found


def test_all_are_those_of_the_step_before():
    text = "def f(state, a, b, c):\n    return g(a, b, c)\n"
    kinds = dict.fromkeys(("a", "b", "c", "state.a", "state.b"), "number")
    found = made(text, kind=kinds.get, of_names=True)
    assert "`return g(state.a, state.b, c)` in place of `return g(a, b, c)`" in found
    # Negative control: what the state does not have, or has of another kind.
    assert not any("state.c" in words for words in found)
    found = made(text, kind=(kinds | {"state.b": "matrix"}).get, of_names=True)
    assert not any("state.b" in words for words in found)
