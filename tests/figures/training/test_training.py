"""The kept training runs: complete, consistent, a sample made again; their picture and tables."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

from figures.training import training, training_rates
from refimpl import optimizers
from refimpl.errors import StateError
from refimpl.runs.experiments.training import summary_cost
from tests.figures.saying import drawn

pytestmark = [pytest.mark.numerics, pytest.mark.once]

KEYS = [(data, row) for data in training.TASKS for row in training.ROWS]
# Steps up to the early look: few enough that rounding has not yet grown.
SAMPLE = ("Adam", "cdOGR", "ogr", "grouped", "grouped, Adam, no cross terms")


@pytest.fixture(scope="module")
def data():
    return training.compute()


@pytest.fixture(scope="module")
def invented():
    """Three seeds, one of which diverges; the kept fields as `record` writes them."""
    curve = {
        "step": [0, 4, 8],
        "equivalents": [0.0, 4.0, 8.0],
        "loss low": [1.0, 0.5, 0.1],
        "loss middle": [1.0, 0.6, 0.2],
        "loss high": [1.0, 0.7, "inf"],
        "accuracy low": [0.5, 0.6, 0.0],
        "accuracy middle": [0.5, 0.7, 0.8],
        "accuracy high": [0.5, 0.8, 0.9],
        "last loss": [0.1, 0.2, "inf"],
        "last accuracy": [0.9, 0.8, 0.0],
        "equal loss": [0.3, 0.2, 0.4],
        "equal accuracy": [0.9, 0.8, 0.7],
        "edges": ["alpha"],
        "diverged": 1,
    }
    adam = {"chosen": {"alpha": 0.001, "beta1": 0.9, "beta2": 0.999}}
    other = {"last loss": [0.2, 0.1, 0.3], "diverged": 0, "chosen": {}, "edges": []}
    return [
        {"data": "digits", "row": "Adam"} | curve | adam,
        {"data": "digits", "row": "ogr"} | curve | other,
    ]


# ---------------------------------------------------------------------------------- what is kept


def test_every_row_on_every_data_set_is_kept_once(data):
    assert list(data.records) == KEYS
    assert set(training.TUNING).isdisjoint(training.SEEDS)
    assert len(training.SEEDS) >= 5
    for row in training.ROWS.values():
        assert row.method == "ogr" or len(row.grid) >= 6


@pytest.mark.parametrize("key", KEYS, ids=", ".join)
def test_records_agree_with_themselves(key, data):
    one, row = data.records[key], training.ROWS[key[1]]
    scores = training.numbers(one["scores"])
    assert len(scores) == len(row.grid)
    assert scores[row.grid.index(one["chosen"])] == scores.min() < np.inf
    assert one["edges"] == training.edges(row.grid, one["chosen"])
    curve = data.curves[key]
    assert curve.step.tolist() == list(range(0, training.STEPS + 1, training.EVERY))
    for field, ranges in (("loss", curve.loss), ("accuracy", curve.accuracy)):
        assert (np.diff(ranges, axis=0) >= 0.0).all()
        last = training.numbers(one[f"last {field}"])
        assert len(last) == len(training.SEEDS)
        ends = [last.min(), training.middle(one, f"last {field}"), last.max()]
        # Five digits are kept of the curves.
        np.testing.assert_allclose(ends, ranges[:, -1], rtol=1e-4)
    diverged = np.isinf(training.numbers(one["last loss"])).sum()
    assert one["diverged"] == diverged
    # What cost no more cannot be later in the run.
    if one["equivalents"][-1] == training.STEPS:
        assert one["equal loss"] == one["last loss"]


@pytest.mark.parametrize("key", KEYS, ids=", ".join)
def test_prices_are_those_of_the_method(key, data):
    """1 for a gradient, a summary more in each period; more where values are asked for."""
    task, row = training.TASKS[key[0]], training.ROWS[key[1]]
    spent = np.array(data.records[key]["equivalents"])
    price = np.zeros(training.STEPS)
    if row.groups:
        network = training.Network(task.widths)
        price[:: dict(row.fixed).get("period", 1)] = summary_cost(
            network, training.partition(row.groups, network.shapes)
        )
    expected = np.concatenate([[0.0], np.cumsum(1.0 + price)])[:: training.EVERY]
    if row.method == training.SAFE:
        assert (spent[1:] > expected[1:]).all()
    else:
        # Six digits are kept.
        np.testing.assert_allclose(spent, expected, rtol=1e-5)


@pytest.mark.parametrize("name", SAMPLE)
@pytest.mark.parametrize("which", training.TASKS)
def test_sample_made_again(which, name, data):
    """The first steps of two seeds: nine digits are kept, of which rounding may take some."""
    one = data.records[which, name]
    task, row = training.TASKS[which], training.ROWS[name]
    for seed in (0, 7):
        again = training.run(task, row, one["chosen"], seed, training.EARLY, training.EARLY)
        assert again.loss[-1] == pytest.approx(one["early loss"][seed], rel=1e-5)
    # Negative control: other minibatches give another loss.
    assert one["early loss"][0] != pytest.approx(one["early loss"][7], rel=1e-3)


def test_a_record_is_made_as_it_is_kept(tmp_path, monkeypatch):
    """Tuned on the seeds of the tuning, run on the others; few and short here."""
    monkeypatch.setitem(
        training.ROWS, "momentum", training.Row("momentum", ({"alpha": 0.01}, {"alpha": 0.5}))
    )
    given = {"tuning": range(100, 102), "seeds": range(3), "steps": 8, "every": 4}
    one = training.record("two moons", "momentum", **given)
    task, row = training.TASKS["two moons"], training.ROWS["momentum"]
    last = [[training.run(task, row, p, s, 8, 8).loss[-1] for s in (100, 101)] for p in row.grid]
    scores = np.sqrt(np.prod(last, axis=1))
    np.testing.assert_allclose(one["scores"], scores, rtol=1e-5)
    assert one["chosen"] == row.grid[np.argmin(scores)]
    found = [training.run(task, row, one["chosen"], s, 8, 4).loss for s in range(3)]
    np.testing.assert_allclose(one["loss middle"], np.median(found, axis=0), rtol=1e-4)
    np.testing.assert_allclose(one["last loss"], np.array(found)[:, -1], rtol=1e-5)
    path = tmp_path / "new" / "training.json"
    training.write([one], path)
    assert training.read(path) == [one]
    with pytest.raises(StateError, match="regenerate training"):
        training.read(tmp_path / "missing.json")


def test_finished_rows_are_kept(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(training, "record", lambda *key: made.append(key) or {"key": list(key)})
    first = training.compute_results(cache=tmp_path, jobs=1, progress=False)
    assert training.compute_results(cache=tmp_path, jobs=1, progress=False) == first
    assert made == KEYS
    assert len({training.stamp(*key) for key in KEYS}) == len(KEYS)


def test_edges_are_named():
    grid = training.product(a=(1, 2, 3), b=(0.1, 0.2, 0.3), c=(1, 2))
    assert len(grid) == 18
    assert training.edges(grid, {"a": 3, "b": 0.2, "c": 1}) == ["a"]
    assert training.product(x__y=((1, 2), (3, 4))) == ({"x": 1, "y": 2}, {"x": 3, "y": 4})


def test_rows_are_of_methods_and_hyperparameters_that_exist():
    for row in training.ROWS.values():
        method = optimizers.get(row.method)
        for chosen in row.grid:
            optimizers.bind(method, dict(row.fixed) | chosen)


# ------------------------------------------------------------------------- what the chapter says


def ten(data, name, better, worse, field="last loss"):
    """Whether one row is better in ten or more of the eleven seeds."""
    assert len(training.SEEDS) == 11
    return training.wins(data, name, better, worse, field) >= 10


def test_where_adam_wins_and_loses(data):
    clear = {"digits": {"cdOGR", "online SFN", "grouped"}, "two moons": {"online SFN"}}
    for name, expected in clear.items():
        others = [row for row in training.RIVALS if row != "Adam"]
        assert {row for row in others if ten(data, name, "Adam", row)} == expected
        for_price = {row for row in others if ten(data, name, "Adam", row, "equal loss")}
        assert for_price == expected | {"grouped", "grouped, Adam"}
        lost = {row for row in others if ten(data, name, row, "Adam")}
        assert lost == (set() if name == "digits" else {"grouped, Adam"})
        accurate = {row for row in others if ten(data, name, "Adam", row, "last accuracy")}
        assert accurate == ({"online SFN"} if name == "digits" else set())
        assert not any(ten(data, name, row, "Adam", "last accuracy") for row in others)
    # Which is no difference.
    assert training.wins(data, "digits", "Adam", "ogr") == 9
    assert training.wins(data, "two moons", "ogr", "Adam") == 9
    assert training.wins(data, "digits", "grouped, Adam", "Adam") == 8
    # Which is one, and the same in the other direction.
    assert training.wins(data, "digits", "momentum", "ogr") == 10
    assert training.wins(data, "digits", "ogr", "momentum", "last accuracy") == 10
    assert training.wins(data, "two moons", "grouped, Adam", "Adam") == 10


def test_what_the_parts_of_grouped_newton_do(data):
    bare = "grouped, no cross terms"
    assert training.wins(data, "digits", "grouped", bare, "equal loss") == 11
    assert training.wins(data, "digits", bare, "grouped") == 9
    for field in ("last loss", "equal loss"):
        assert training.wins(data, "digits", "grouped, one group", "grouped", field) == 11
        for row in ("one group", "no cross terms"):
            for name, whole in (("digits", "grouped, Adam"), *2 * (("two moons", "grouped"),)):
                part = f"{whole}, {row}"
                assert not ten(data, name, whole, part, field)
                assert not ten(data, name, part, whole, field)
    kinds = training.numbers(data.records["digits", "grouped, weights and biases"]["last loss"])
    assert np.sort(kinds)[-1] > 1000.0 * np.sort(kinds)[-2]
    assert np.sort(kinds)[-2] < 0.1
    for name in training.TASKS:
        for whole in ("grouped", "grouped, Adam"):
            one, other = (
                training.numbers(data.records[name, row]["last loss"])
                for row in (whole, f"{whole}, safeguarded")
            )
            assert np.sum(one == other) >= 6
            prices = [
                data.records[name, row]["equivalents"][-1]
                for row in (whole, f"{whole}, safeguarded")
            ]
            assert prices[0] < prices[1]


def test_a_summary_every_ten_steps_is_cheap_and_a_catastrophe(data):
    seldom = "grouped, Adam, every 10 steps"
    medians = {
        row: training.middle(data.records["digits", row], "equal loss") for row in training.ROWS
    }
    grouped = [row for row in medians if row.startswith("grouped")]
    assert min(grouped, key=medians.get) == seldom
    assert medians["Adam"] < medians[seldom]
    assert training.middle(data.records["two moons", seldom], "last loss") > 1000.0
    assert data.records["two moons", seldom]["diverged"] > 0


def test_online_sfn_stops_early(data):
    middle = data.curves["digits", "online SFN"].loss[1]
    early = middle[data.curves["digits", "online SFN"].step == 48]
    assert middle[-1] > 0.9 * early


# -------------------------------------------------------------------------------- what is shown


@pytest.mark.parametrize("whose", ["kept", "invented"])
def test_drawn_and_said(whose, data, invented):
    shown = data if whose == "kept" else training.compute(invented)
    # That of the kept records repeats in tests/figures/test_figures.py.
    figure = drawn(training, shown, twice=whose == "invented")
    assert len(figure.axes) == (8 if whose == "kept" else 4)
    said = training.alt(shown)
    assert "ogr" in said
    if whose == "kept":
        assert not re.search(r"\b(nan|inf)\b", said)


def test_tables_hold_what_the_records_say(invented):
    shown = training.compute(json.loads(json.dumps(invented)))
    rows = ("Adam", "ogr")
    found = training.table(shown, "digits", rows)["Adam"]
    assert found["loss, 200 steps"] == "0.2 (0.1 to inf)"
    assert found["accuracy"] == "0.800 (0.000 to 0.900)"
    assert found["loss at the price of 200 gradients"] == "0.3 (0.2 to 0.4)"
    assert found["price of a step"] == "1.00"
    assert found["diverged"] == 1
    tried = training.tuned(shown, "digits", rows)
    assert tried["Adam"]["at an edge"] == "alpha"
    assert tried["Adam"]["chosen"] == "alpha 0.001, beta1 0.9, beta2 0.999"
    assert tried["Adam"]["grid"].startswith("alpha: 0.001, 0.003, ")
    assert tried["ogr"]["grid"] == "not tuned"
    assert training.wins(shown, "digits", "Adam", "ogr") == 1
    assert training.wins(shown, "digits", "ogr", "Adam") == 2
    assert training.wins(shown, "digits", "Adam", "ogr", "last accuracy") == 0


def test_rates_are_those_of_the_run():
    found = training_rates.compute("two moons", steps=12, seed=1)
    row = training.ROWS["grouped, Adam"]
    chosen = {"damping": 0.3, "strength": 1.0}
    run = training.run(training.TASKS["two moons"], row, chosen, 1, 12, 12)
    np.testing.assert_array_equal(found.rates[1], run.rates)
    assert found.loss[1] == run.loss[-1]
    assert found.names == ("W1", "b1", "W2", "b2", "W3", "b3")
    middle = training_rates.smooth(found.rates[1])
    np.testing.assert_array_equal(middle[2], np.median(run.rates[2:11], axis=0))
    assert "negative" in training_rates.alt(found)
    assert len(training_rates.draw(found).axes) == 2
