"""Every hyperparameter at work in some replay, and a rule that a new method cannot slip through."""

import collections

import pytest

from refimpl import vectors
from refimpl.optimizers import METHODS
from refimpl.optimizers.method import WORDS
from refimpl.vectors import settings

pytestmark = [pytest.mark.numerics, pytest.mark.once]


@pytest.fixture(scope="module")
def cases():
    return [
        case
        for name in ("optimizers", "trajectories")
        for case in vectors.load(name).cases
        if case.method
    ]


def test_no_method_is_half_covered(cases):
    assert settings.half_covered(cases, METHODS, WORDS) == []


def test_a_method_added_later_must_be_covered(cases):
    """Negative control: one without a case, and one that has lost a hyperparameter's values."""
    sgd = METHODS["sgd"]
    found = settings.half_covered(cases, {"sgd": sgd._replace(name="other"), "other": sgd}, WORDS)
    assert [sentence.partition(":")[0] for sentence in found] == ["other"]
    fewer = [
        case._replace(params={k: v for k, v in case.params.items() if k != "gamma"})
        if case.method == "fogr"
        else case
        for case in cases
    ]
    [found] = settings.half_covered(fewer, METHODS, WORDS)
    assert found.startswith("fogr: gamma has 0 telling values")


def test_a_value_where_two_readings_agree_does_not_count(cases):
    only_half = [
        case._replace(params=case.params | {"gamma": (0.5).hex()})
        if case.method == "momentum"
        else case
        for case in cases
    ]
    [found] = settings.half_covered(only_half, METHODS, WORDS)
    assert found.startswith("momentum: gamma has 0 telling values")


def test_defaults_do_not_count(cases):
    default = METHODS["ogr"].defaults["reach"]
    only_default = [
        case._replace(params=case.params | {"reach": default.hex()})
        if case.method == "ogr"
        else case
        for case in cases
    ]
    [found] = settings.half_covered(only_default, METHODS, WORDS)
    assert found.startswith("ogr: reach has 0 telling values besides its default 2.0")


def test_switches_and_words(cases):
    values = settings.seen(cases, "online_sfn")
    assert {"shifted", "transport", "row_sums"} <= values.keys()
    assert all({True, False} == values[name] for name in ("shifted", "transport", "row_sums"))
    assert settings.seen(cases, "grouped_newton")["direction"] == {"gradient", "momentum", "adam"}


def test_the_safeguarded_method_has_trajectories_in_the_place_of_replays(cases):
    ops = collections.Counter(c.op for c in cases if c.method == "grouped_newton_safeguarded")
    assert set(ops) == {"trajectory"}
    assert settings.seen(cases, "grouped_newton_safeguarded")["direction"] > {"gradient"}
