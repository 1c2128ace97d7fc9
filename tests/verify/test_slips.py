"""Slips of the pen in a function's text: which are made, and that the text is the same again."""

import ast

import numpy as np
import pytest

from refimpl.verify import slips

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def made(text, **more):
    """What each slip of a text is called, and what the function gives with it for 3 and 2."""
    function = ast.parse(text).body[0]
    found = {}
    for slip in slips.slips(function, **more):
        space = {"np": np}
        exec(compile(ast.parse(text), "text", "exec"), space)
        call = space[function.name]
        call.__code__ = slip.code
        found[slip.words] = call
    assert ast.unparse(function) == ast.unparse(ast.parse(text))
    return found


@pytest.mark.parametrize(
    ("body", "words", "value"),
    [
        ("return a * b", "`a` in place of `a * b`", 3.0),
        ("return a * b", "`(1.0 - a) * b` in place of `a * b`", -4.0),
        ("return a * b", "`a * a * b` in place of `a * b`", 18.0),
        ("return a * b", "`(b + 1.0) * a` in place of `a * b`", None),
        ("return a / b", "`b / a` in place of `a / b`", 2.0 / 3.0),
        ("return a / b", "`(a + 1.0) / b` in place of `a / b`", 2.0),
        ("return a - b", "`a + b` in place of `a - b`", 5.0),
        ("return a - b", "`b - a` in place of `a - b`", -1.0),
        ("return a + abs(b)", "`abs(a + b)` in place of `a + abs(b)`", 5.0),
        ("return a * (b + 1.0)", "`a * b + 1.0` in place of `a * (b + 1.0)`", 7.0),
        ("return max(a, b)", "`min(a, b)` in place of `max(a, b)`", 2.0),
        ("return max(a, b)", "`b` in place of `max(a, b)`", 2.0),
        ("return abs(-a)", "`-a` in place of `abs(-a)`", -3.0),
        ("return a < b", "`a <= b` in place of `a < b`", False),
        ("return a < b", "`a > b` in place of `a < b`", True),
        ("return a if a > b else b", "`b` in place of `a if a > b else b`", 2.0),
        ("return a + 1", "`a + 2` in place of `a + 1`", 5.0),
        ("return -a", "`return a` in place of `return -a`", 3.0),
        ("return pow(a, b)", "`pow(b, a)` in place of `pow(a, b)`", 8.0),
        ("return a / b", "`np.sqrt(a / b)` in place of `a / b`", 1.5**0.5),
        ("return max(min(a, 1), -b)", "`a` in place of `max(min(a, 1), -b)`", 3.0),
        ("return round(a / b, 2)", "`round(a / b)` in place of `round(a / b, 2)`", 2),
    ],
)
def test_a_formula_is_written_wrongly(body, words, value):
    found = made(f"def f(a, b):\n    {body}\n", kind=lambda name: "number")
    if value is None:
        assert words not in found
    else:
        assert found[words](3.0, 2.0) == value


def test_of_a_condition_it_is_said_that_it_decides_otherwise():
    found = made("def f(a, b):\n    if abs(a) < b:\n        return 1.0\n    return 2.0\n")
    words = "`if abs(a) < b` decided otherwise, as by `a` in place of `abs(a)`"
    assert found[words](-3.0, 2.0) == 1.0


def test_an_array_of_a_formula_is_turned():
    found = made("def f(a, b):\n    return a @ b.T\n")
    assert "`a @ b` in place of `a @ b.T`" in found
    assert "`b.T @ a` in place of `a @ b.T`" in found
    found = made("def f(a, b):\n    return a @ b @ a.T + 1\n")
    assert "`b` in place of `a @ b @ a.T`" in found
    found = made("def f(a, b):\n    return np.mean(a) + 1\n")
    of_a_sample = found["`np.sum(a) / (np.size(a) - 1)` in place of `np.mean(a)`"]
    assert of_a_sample(np.array([1.0, 2.0]), 0.0) == 4.0
    found = made("def f(a, b):\n    return a[b, 0] + 1\n")
    assert "`a[0, b] + 1` in place of `a[b, 0] + 1`" in found


def test_two_of_one_function_become_one():
    found = made("def f(a, b):\n    return abs(a) * abs(b)\n")
    assert "`abs(a * b)` in place of `abs(a) * abs(b)`" in found


def test_the_value_of_the_step_after():
    text = "def f(state, b):\n    w = state.w * b\n    return b / w\n"
    assert "`b / (w * b)` in place of `b / w`" in made(text)


def test_a_neighbour_that_takes_as_much():
    found = made(
        "def f(a, b):\n    return fit(a, b)\n",
        neighbours=lambda name, given: [("plain", 1)] if (name, given) == ("fit", 2) else [],
    )
    assert "`plain(a)` in place of `fit(a, b)`" in found


def test_names_stand_for_others_of_their_kind_alone():
    text = "def f(state, V, g):\n    m = state.m + g\n    return m @ V\n"
    kinds = {"V": "matrix", "state.V": "matrix"} | dict.fromkeys(("g", "m", "state.m"), "vector")
    found = made(text, kind=kinds.get, of_names=True)
    assert "`m @ state.V` in place of `m @ V`" in found
    assert "`g @ V` in place of `m @ V`" in found
    assert not any("`m @ m`" in words for words in found)
    assert made(text, kind=lambda name: None, of_names=True) == {}


def test_a_hyperparameter_is_what_it_is_by_default():
    text = "def f(parameters, b):\n    return parameters.rate * b\n"
    found = made(text, default={"parameters.rate": 0.5}.get)
    assert "`0.5 * b` in place of `parameters.rate * b`" in found
    assert not any("0.5" in words for words in made(text))


def test_what_only_raises_or_says_is_no_formula():
    """Negative control."""
    assert made('def f(a, b):\n    "Twice 2."\n    raise ValueError(a + b)\n') == {}
