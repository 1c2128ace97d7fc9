"""Excesses, choices and records of a tournament, against SciPy and against plain loops."""

import json
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import functions
from refimpl.errors import NotFiniteError, RangeError, ShapeError, StateError, UnknownNameError
from refimpl.noise import student
from refimpl.runs.experiments import statistics, tournament
from refimpl.runs.experiments.tournament import Rival, Row, read, recompute, write
from refimpl.runs.lattice import lattice_points

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
STARTS = lattice_points(1, 2)
SEEDS = range(6)
STEPS = 30
# Steps of 0.05 throw SGD out of Beale's valley from one of these starts.
GRID = (0.001, 0.01, 0.05)

excesses = st.lists(
    st.one_of(st.floats(1e-16, 1e20), st.just(math.inf)), min_size=1, max_size=30
).map(np.array)


@pytest.fixture(scope="module")
def rows():
    return [
        Row("Beale", functions.beale, STARTS, 0.1, STEPS, SEEDS),
        Row("in five", functions.styblinski_tang(5), np.zeros((2, 5)), 0.5, STEPS, SEEDS),
    ]


@pytest.fixture(scope="module")
def rivals():
    return [
        Rival("SGD", "sgd", "alpha", GRID),
        Rival("Adam, quick", "adam", "alpha", (0.03, 0.1), {"beta2": 0.9}),
        Rival("fOGR", "fogr", largest=4),
    ]


@pytest.fixture(scope="module")
def records(rows, rivals):
    return tournament.tournament(rows, rivals)


def of(records, row, rival):
    (record,) = [r for r in records if (r["row"], r["rival"]) == (row, rival)]
    return record


def excess_of(row, method, **hyperparameters):
    """From `lattice` alone, one run at a time."""
    final = refimpl.lattice(
        row.function,
        method,
        starts=row.starts,
        steps=row.steps,
        noise=row.noise,
        seeds=row.seeds,
        **hyperparameters,
    )
    minimum = row.function.minimum_value
    return np.maximum(final - minimum, EPS * max(1.0, abs(minimum)))


# Statistics.


@settings(deadline=None, derandomize=True, max_examples=50)
@given(excesses)
def test_geometric_means(excess):
    """SciPy's, and in logarithms: the sum of n logarithms, at most 691, rounds n times."""
    log = np.log10(np.where(np.isinf(excess), 1e300, excess))
    tolerance = excess.size * 300 * EPS
    assert abs(math.log10(statistics.geometric_mean(excess)) - log.mean()) <= tolerance
    finite = excess[np.isfinite(excess)]
    if finite.size:
        expected = scipy.stats.gmean(finite)
        # An error of a logarithm, at most 47 here, is the relative error of the mean.
        np.testing.assert_allclose(
            statistics.finite_geometric_mean(excess), expected, rtol=excess.size * 100 * EPS
        )
    else:
        assert statistics.finite_geometric_mean(excess) is None


def test_geometric_mean_of_values_above_a_diverged_run():
    """A finite value of 1e305 counts no worse than a diverged run."""
    assert statistics.geometric_mean([1e305]) == statistics.geometric_mean([np.inf])


@pytest.mark.parametrize("runs", [1, 2, 7, 100, 12_100])
def test_wilson_interval(runs):
    """SciPy's, which solves for the same bounds; both to a few roundings of numbers up to 1."""
    for count in {0, 1, runs // 3, runs - 1, runs}:
        found = statistics.wilson_interval(count, runs)
        expected = scipy.stats.binomtest(count, runs).proportion_ci(0.95, method="wilson")
        np.testing.assert_allclose(found, expected, rtol=0, atol=10 * EPS)
        assert 0.0 <= found[0] <= count / runs <= found[1] <= 1.0


def test_deciles():
    excess = np.random.default_rng(0).permutation(np.arange(101.0))
    np.testing.assert_array_equal(statistics.deciles(excess), np.arange(0.0, 101.0, 10.0))
    assert statistics.deciles([2.0]).tolist() == [2.0] * 11
    # Half of them diverged: the sixth value is the last finite one or the first infinite one.
    assert statistics.deciles([1.0, 2.0, np.inf, np.inf])[[0, 5, 10]].tolist() == [1.0, 2.0, np.inf]


@settings(deadline=None, derandomize=True, max_examples=50)
@given(st.integers(1, 20), st.integers(0, 1000))
def test_profile(runs, seed):
    """Run by run from its definition, with factors that are exact powers of ten."""
    generator = np.random.default_rng(seed)
    excess = 10.0 ** generator.integers(-9, 9, (3, runs))
    excess[generator.random((3, runs)) < 0.2] = np.inf
    best = excess.min(axis=0)
    for one in excess:
        found = statistics.profile(one, best, [0.0, 0.5, 2.5, 40.0])
        # Between powers of ten, so that no rounding decides.
        for share, factor in zip(found, (1.5, 4.0, 400.0, 1e40), strict=True):
            within = [math.isfinite(e) and e <= factor * b for e, b in zip(one, best, strict=True)]
            assert share == sum(within) / runs
        assert np.all(np.diff(found) >= 0.0)


# The tournament.


def test_records_are_plain_and_complete(records, rows, rivals):
    assert [(r["row"], r["rival"]) for r in records] == [
        (row.name, rival.name) for row in rows for rival in rivals
    ]
    assert len({tuple(record) for record in records}) == 1
    assert "NaN" not in json.dumps(records)
    facts = of(records, "in five", "SGD")
    assert [facts[k] for k in ("function", "dimension", "noise", "steps")] == [
        "styblinski_tang(5)",
        5,
        0.5,
        STEPS,
    ]
    assert (facts["starts"], facts["seeds"], facts["runs"]) == (2, 6, 12)


def test_statistics_of_a_record(records, rows):
    """Of the runs that `lattice` makes, to the six digits that are kept."""
    row, record = rows[0], of(records, "Beale", "SGD")
    grid = [excess_of(row, "sgd", alpha=alpha) for alpha in GRID]
    # Half a unit of the sixth digit is at most 5e-6 of the number.
    near = {"rtol": 6e-6}
    means = [scipy.stats.gmean(np.where(np.isinf(e), 1e300, e).ravel()) for e in grid]
    np.testing.assert_allclose([g["geometric_mean"] for g in record["grid"]], means, **near)
    assert [g["value"] for g in record["grid"]] == list(GRID)
    assert [g["diverged"] for g in record["grid"]] == [int(np.isinf(e).sum()) for e in grid]
    assert record["grid"][2]["diverged"] > 0

    excess = grid[int(np.argmin(means))].ravel()
    assert record["hyperparameters"] == {"alpha": GRID[int(np.argmin(means))]}
    np.testing.assert_allclose(record["geometric_mean"], min(means), **near)
    assert record["diverged"] == np.isinf(excess).sum()
    np.testing.assert_allclose(record["maximum"], excess.max(), **near)
    np.testing.assert_allclose(record["median"], np.sort(excess)[(excess.size - 1) // 2], **near)


def test_profile_of_a_record(records, rows):
    """Against loops over runs and rivals, at each rival's best value."""
    row = rows[0]
    methods = {"SGD": "sgd", "Adam, quick": "adam", "fOGR": "fogr"}
    excess = {
        name: excess_of(row, method, **of(records, "Beale", name)["hyperparameters"]).ravel()
        for name, method in methods.items()
    }
    best = np.min(list(excess.values()), axis=0)
    for name, one in excess.items():
        expected = [np.mean(np.isfinite(one) & (one <= 10 ** (k / 4) * best)) for k in range(25)]
        found = of(records, "Beale", name)["profile"]
        np.testing.assert_allclose(found, expected, rtol=6e-6)
    at_best = [of(records, "Beale", name)["profile"][0] for name in excess]
    # Each run has a best rival; the shares are of six digits.
    assert sum(at_best) >= 1.0 - 3e-6


def test_diverged_runs_decide_the_choice():
    """A value of the grid that is better, but in a few runs diverges, loses to a worse one."""
    row = Row("Beale", functions.beale, STARTS, 0.1, STEPS, SEEDS)
    grid = (1e-6, 0.06)
    few = [excess_of(row, "sgd", alpha=alpha) for alpha in grid]
    finite = np.isfinite(few[1])
    assert 0 < finite.sum() < finite.size
    assert scipy.stats.gmean(few[1][finite]) < scipy.stats.gmean(few[0].ravel())
    (record,) = tournament.tournament([row], [Rival("SGD", "sgd", "alpha", grid)])
    assert record["hyperparameters"] == {"alpha": 1e-6}
    assert record["at_edge"]
    assert record["diverged"] == 0
    assert record["diverged_interval"][0] == 0.0


def test_all_diverged(rows):
    """No finite mean, infinite deciles, and within no factor of itself."""
    row = rows[0]._replace(starts=np.full((1, 2), 3.5))
    (record,) = tournament.tournament([row], [Rival("SGD", "sgd", "alpha", (1e3,))])
    assert record["finite_geometric_mean"] is None
    assert record["geometric_mean"] == 1e300
    assert record["deciles"] == [math.inf] * 11
    assert record["profile"] == [0.0] * 25
    assert record["diverged"] == record["runs"] == len(SEEDS)


def test_edge_of_the_grid(rows):
    def at_edge(grid):
        rival = Rival("SGD", "sgd", "alpha", grid)
        return tournament.tournament(rows[:1], [rival])[0]["at_edge"]

    assert at_edge((0.01, 0.001))
    assert not at_edge((0.0001, 0.01, 0.05))
    assert at_edge((0.01,))


def test_untuned_rival_is_at_no_edge(records):
    record = of(records, "Beale", "fOGR")
    assert (record["tuned"], record["grid"], record["at_edge"]) == (None, [], False)


def test_fixed_hyperparameters_are_bound_and_recorded(records):
    found = of(records, "Beale", "Adam, quick")["hyperparameters"]
    assert found["beta2"] == 0.9
    assert set(found) == {"alpha", "beta1", "beta2", "eps"}


def test_left_out_says_so(records):
    record = of(records, "in five", "fOGR")
    assert record["left_out"] == "dimension 5 is above 4"
    assert record["geometric_mean"] is record["profile"] is None
    assert all(r["left_out"] is None for r in records if r is not record)


def test_rounding_of_the_minimum():
    """A run that ends on the minimum has the excess of its rounding, not 0 or less."""
    bowl = functions.quadratic([1.0, 2.0])
    row = Row("bowl", bowl, [[0.0, 0.0]], 0.0, 5, [0])
    (record,) = tournament.tournament([row], [Rival("SGD", "sgd", "alpha", (0.1,))])
    assert record["geometric_mean"] == pytest.approx(EPS, rel=1e-5)
    found = tournament.excess_over_minimum(
        np.array([-100.0, -99.0]), functions.bounded_saddle([-20.0, 1.0])
    )
    np.testing.assert_allclose(found, [100 * EPS, 1.0])


def test_noise_model_is_described(rows):
    row = rows[0]._replace(noise=student(0.1, 3.0))
    (record,) = tournament.tournament([row], [Rival("fOGR", "fogr")])
    assert record["noise"] == "Student(deviation=0.1, freedom=3.0)"
    row = rows[0]._replace(noise=np.zeros((STEPS, 2)))
    assert tournament.tournament([row], [Rival("fOGR", "fogr")])[0]["noise"] == "data"


def test_seeds_from_an_iterator(rows, rivals, records):
    again = [row._replace(seeds=iter(SEEDS)) for row in rows]
    assert tournament.tournament(iter(again), iter(rivals)) == records


def test_unbounded_function_is_refused(rivals):
    row = Row("monkey", functions.monkey_saddle, [[1.0, 1.0]], 0.0, 5, [0])
    with pytest.raises(RangeError, match="'monkey': monkey_saddle has no finite minimum"):
        tournament.tournament([row], rivals)


def test_value_below_the_minimum_is_refused():
    with pytest.raises(RangeError, match="below its minimum_value"):
        tournament.excess_over_minimum(np.array([-1e-3]), functions.beale)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"name": "fOGR"}, RangeError, "two rivals are named 'fOGR'"),
        ({"grid": ()}, RangeError, "expected both"),
        ({"tuned": ""}, RangeError, "expected both"),
        ({"fixed": {"alpha": 1.0}}, RangeError, "alpha is both tuned and fixed"),
        ({"tuned": "alphas"}, UnknownNameError, "alpha"),
        ({"method": "sdg"}, UnknownNameError, "sgd"),
        ({"grid": (0.1, -1.0)}, RangeError, "alpha"),
    ],
)
def test_wrong_rival(rows, change, error, message):
    wrong = Rival("SGD", "sgd", "alpha", GRID)._replace(**change)
    with pytest.raises(error, match=message):
        tournament.tournament(rows, [wrong, Rival("fOGR", "fogr")])


def test_wrong_row(rows, rivals):
    with pytest.raises(RangeError, match="two rows are named 'Beale'"):
        tournament.tournament([rows[0], rows[0]], rivals)
    with pytest.raises(ShapeError, match="starts"):
        tournament.tournament([rows[0]._replace(starts=[[1.0, 2.0, 3.0]])], rivals)
    with pytest.raises(NotFiniteError, match="starts"):
        tournament.tournament([rows[0]._replace(starts=[[1.0, np.nan]])], rivals)


# Once more, and from a file.


@pytest.mark.parametrize(("row", "rival"), [(0, 0), (0, 2), (1, 1), (1, 2)])
def test_recomputed_record_is_the_kept_one(records, rows, rivals, row, rival):
    expected = of(records, rows[row].name, rivals[rival].name)
    assert recompute(records, rows[row], rivals[rival]) == expected


def test_recomputing_notices_another_experiment(records, rows, rivals):
    """Negative control: one seed more, and the record is another one."""
    fresh = recompute(records, rows[0]._replace(seeds=range(1, 7)), rivals[0])
    kept = of(records, "Beale", "SGD")
    assert {"grid", "deciles", "profile"} <= {name for name in kept if fresh[name] != kept[name]}


def test_recomputing_what_is_not_there(records, rows, rivals):
    with pytest.raises(UnknownNameError, match="unknown row 'Beales'; did you mean 'Beale'"):
        recompute(records, rows[0]._replace(name="Beales"), rivals[0])
    with pytest.raises(UnknownNameError, match="unknown rival"):
        recompute(records, rows[0], rivals[0]._replace(name="nobody"))


def test_file_keeps_the_records(records, rows, tmp_path):
    """What is read is what was written, infinities and gaps too, and it is valid JSON."""
    diverged = tournament.tournament(
        [rows[0]._replace(name="far", starts=np.full((1, 2), 3.5))],
        [Rival("SGD", "sgd", "alpha", (1e3,))],
    )
    path = tmp_path / "records.json"
    write([*records, *diverged], path, command="python somewhere.py")
    assert read(path) == [*records, *diverged]

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads(path.read_text(), parse_constant=refuse)
    assert document["records"][-1]["maximum"] == "inf"
    assert document["records"][-1]["finite_geometric_mean"] is None
    assert document["command"] == tournament.header(path)["command"] == "python somewhere.py"
    assert document["versions"]["refimpl"] == refimpl.__version__
    assert document["versions"]["numpy"] == np.__version__


def test_file_can_be_compared_by_eye(records, tmp_path):
    """One field a line in the order of their names, the same bytes each time."""
    paths = [tmp_path / name for name in ("a.json", "b.json")]
    for path in paths:
        write(records, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    lines = paths[0].read_text().splitlines()
    assert sum(line.startswith('  "median": ') for line in lines) == len(records)
    fields = [line.split('"')[1] for line in lines if line.startswith('  "')]
    first = fields[: len(records[0])]
    assert first == sorted(records[0])
    # A changed number is a changed line.
    changed = [dict(records[0], median=0.5), *records[1:]]
    write(changed, paths[1])
    other = paths[1].read_text().splitlines()
    assert sum(a != b for a, b in zip(lines, other, strict=True)) == 1


def test_statistics_have_six_digits(records):
    for number in of(records, "Beale", "SGD")["deciles"]:
        assert number == float(f"{number:.5e}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema": "refimpl.tournament/0", "records": []}', "got 'refimpl.tournament/0'"),
        ('{"records": []}', "got None"),
        ("[]", "got None"),
        ("", "no JSON"),
        ('{"schema": "refimpl.tourn', "no JSON"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "records.json"
    path.write_text(text)
    with pytest.raises(StateError, match=message):
        read(path)


def test_nan_is_never_written(records, tmp_path):
    wrong = [dict(records[0], geometric_mean=math.nan)]
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(wrong, tmp_path / "records.json")
