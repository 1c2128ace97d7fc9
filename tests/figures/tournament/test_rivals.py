"""The kept results of the tournament: complete, consistent, and a sample of them made again."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.tournament import rivals
from refimpl import optimizers
from refimpl.runs.experiments import tournament

pytestmark = [pytest.mark.numerics, pytest.mark.once]

NAMES = ("tournament", "ablation")
# Two rows that are quick to run: no run on a quadratic is chaotic, Himmelblau's are a little.
SAMPLE = ("matyas, noise 0.1, 50 steps", "himmelblau, noise 1, 50 steps")


@pytest.fixture(scope="module")
def kept():
    return {name: rivals.read(name) for name in (*NAMES, "escape")}


def every():
    return rivals.rows(rivals.experiments()) + rivals.rows(rivals.held_out(), noises=(0.1,))


def test_every_row_and_rival_of_the_tournament_is_kept(kept):
    """In their order, with the facts of the rows of today."""
    found = [(record["row"], record["rival"]) for record in kept["tournament"]]
    assert found == [(row.name, rival.name) for row in every() for rival in rivals.RIVALS]
    rows = {row.name: row for row in every()}
    for record in kept["tournament"]:
        row = rows[record["row"]]
        assert record["function"] == row.function.name
        assert record["dimension"] == row.function.dimension
        assert (record["noise"], record["steps"]) == (row.noise, row.steps)
        assert record["starts"] == len(row.starts)
        assert record["minimum_value"] == row.function.minimum_value


def test_every_row_and_rival_of_the_ablation_is_kept(kept):
    records = kept["ablation"]
    rows = list(dict.fromkeys(record["row"] for record in records))
    found = [(record["row"], record["rival"]) for record in records]
    assert found == [(row, rival.name) for row in rows for rival in rivals.ABLATION]
    assert set(rows) <= {row.name for row in rivals.rows(rivals.experiments())}


@pytest.mark.parametrize("name", NAMES)
def test_records_agree_with_themselves(kept, name):
    """Choice, grid, profile and deciles of each record, as their definitions demand."""
    grids = {rival.name: rival for rival in (*rivals.RIVALS, *rivals.ABLATION)}
    for record in kept[name]:
        rival = grids[record["rival"]]
        if record["left_out"] is not None:
            assert record["dimension"] > rival.largest
            continue
        assert [one["value"] for one in record["grid"]] == list(rival.grid)
        for key, value in dict(rival.fixed).items():
            assert record["hyperparameters"][key] in (value, "inf" if value == np.inf else value)
        if rival.tuned:
            means = [one["geometric_mean"] for one in record["grid"]]
            assert record["geometric_mean"] == min(means)
            chosen = record["hyperparameters"][rival.tuned]
            assert chosen in [
                one["value"] for one in record["grid"] if one["geometric_mean"] == min(means)
            ]
            assert record["at_edge"] == (chosen in (rival.grid[0], rival.grid[-1]))
        assert np.all(np.diff(record["profile"]) >= 0.0)
        assert np.all(np.sort(record["deciles"]) == record["deciles"])
        low, high = record["diverged_interval"]
        assert low <= record["diverged"] / record["runs"] <= high
        assert record["deciles"][0] <= record["geometric_mean"] <= min(record["maximum"], 1e300)


def test_setting_of_the_default_is_the_one_of_the_package(kept):
    """The tournament was run with the defaults of today."""
    defaults = optimizers.get("ogr").defaults
    for record in kept["tournament"]:
        if record["rival"] == "ogr":
            assert record["hyperparameters"] == defaults


def test_best_of_each_run_is_somebodys(kept):
    """In every row the shares of runs in which a rival is the best sum to at least 1.

    BFGS has fewer seeds: its share is of these.
    """
    rows = dict.fromkeys(record["row"] for record in kept["tournament"])
    for row in rows:
        played = [
            record
            for record in kept["tournament"]
            if record["row"] == row and record["left_out"] is None
        ]
        runs = max(record["runs"] for record in played)
        best = sum(record["profile"][0] * record["runs"] for record in played)
        # Six digits are kept of each share.
        assert best >= runs * (1.0 - 1e-5 * len(played))


def test_escapes_are_those_of_the_saddles(kept):
    """Each rival that plays, at each noise; as many runs as seeds, none beyond the budget."""
    for one in kept["escape"]:
        assert one["dimension"] in (100, 1000)
        assert one["noise"] in rivals.NOISES
        assert len(one["steps"]) == len(rivals.FEWER_SEEDS)
        assert all(0 < n <= rivals.ESCAPE_BUDGET for n in one["steps"] if n is not None)
    found = {(one["dimension"], one["noise"]) for one in kept["escape"] if one["rival"] == "ogr"}
    assert found == {(D, noise) for D in (100, 1000) for noise in rivals.NOISES}


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_sample_made_again(kept, name):
    """`ogr`, and Adam with its grid, from all starts with a fifth of the seeds.

    Another machine may round a chaotic run to another end, and these are a fifth of the kept runs,
    each start and seed with noise of its own: the standard error of a mean of decimal logarithms,
    whose deciles lie `w` apart, is about ``w / 2.56 / sqrt(runs)``, and less, since the starts are
    the same. Five such errors of the difference; a false alarm in a million. Negative control: the
    two rivals are told apart.
    """
    row = next(row for row in rivals.rows(rivals.experiments()) if row.name == name)
    fewer = row._replace(seeds=tuple(row.seeds)[::5])
    wanted = ("Adam", "ogr")
    pair = [rival for rival in rivals.RIVALS if rival.name in wanted]
    again = {record["rival"]: record for record in tournament.tournament([fewer], pair)}
    records = {
        record["rival"]: record
        for record in kept["tournament"]
        if record["row"] == name and record["rival"] in wanted
    }
    log = {who: np.log10(records[who]["geometric_mean"]) for who in wanted}
    for rival in pair:
        old, new = records[rival.name], again[rival.name]
        low, high = np.log10(old["deciles"][1]), np.log10(old["deciles"][9])
        error = (high - low) / 2.56 * np.sqrt(1.0 / old["runs"] + 1.0 / new["runs"])
        assert abs(np.log10(new["geometric_mean"]) - log[rival.name]) < 5.0 * error
        assert abs(log["Adam"] - log["ogr"]) > 5.0 * error
    assert records["ogr"]["hyperparameters"] == again["ogr"]["hyperparameters"]
