"""The catch matrix: what the suite catches, and what is counted and drawn of the kept trials."""

import numpy as np
import pytest

pytest.importorskip("joblib")
pytest.importorskip("matplotlib")

from figures.verify import catch_matrix
from refimpl import vectors
from refimpl.verify import compare, ours
from refimpl.verify.mutants import MUTANTS, VARIANTS
from tests.figures.saying import drawn

pytestmark = [pytest.mark.numerics, pytest.mark.once]

CASES = "of it are among the 4 of 9 cases that are"


@pytest.fixture(scope="module")
def data():
    return catch_matrix.compute()


def cell(tiers, failures=None, flags=None):
    counts = {
        tier: {"judged": judged, "failed": failed, "largest": largest}
        for tier, (judged, failed, largest) in tiers.items()
    }
    return {
        "digest": "0",
        "tiers": counts,
        "failures": failures or {},
        "flags": flags or {},
        "operations": {},
    }


def told(field, sentences, **more):
    return {"id": "r-1", "field": field, "problem": "", "sentences": sentences, **more}


@pytest.fixture
def invented():
    """Two mutants of which one is caught, and a variant; an optimizers family of two tiers."""
    cause = ["C_thetatheta: wrong", f"all 4 failures {CASES} 'decay-order': The order."]
    steps = {"steps": 9, "wrong": 9, "first_step": 1, "fields": {"theta": 9}}
    return [
        {
            "name": "decay-before-adding",
            "families": {
                "regression": cell(
                    {"op": (10, 4, 1e5)},
                    {"op": told("C_thetatheta", cause)},
                    {"normal": [1, 8], "decay-order": [3, 4]},
                ),
                "optimizers": cell(
                    {"replay": (5, 1, 1e9), "trajectory": (3, 3, 1e9)},
                    {"replay": told("theta", ["theta: wrong"], single_steps=steps)},
                ),
            },
        },
        {
            "name": "averages-exchanged",
            "families": {
                "regression": cell({"op": (10, 0, 2.0)}),
                "optimizers": cell({"replay": (5, 0, 1.0), "trajectory": (3, 0, 1.0)}),
            },
        },
        {
            "name": "lapack",
            "families": {
                "regression": cell({"op": (10, 0, 3.0)}),
                "optimizers": cell({"replay": (5, 0, 7.5), "trajectory": (3, 0, 1.0)}),
            },
        },
    ]


# ------------------------------------------------------------------------- what the suite catches


def test_every_mistake_is_caught_where_it_belongs(data):
    """A mutant says itself why it is not; one that says so and is caught is told too."""
    uncaught = {
        mutant.name
        for mutant, caught in zip(data.mutants, data.caught, strict=True)
        if not mutant.harmless and not caught
    }
    assert uncaught == {mutant.name for mutant in MUTANTS if mutant.gap}
    assert data.caught.sum() >= 300


def test_every_harmless_variant_passes_every_case(data):
    harmless = data.failed[data.harmless]
    assert harmless.shape[0] == len(VARIANTS)
    assert not harmless.any()
    # All of them are judged by as many cases.
    assert np.unique(data.judged[data.harmless], axis=0).shape[0] == 1


def test_every_operation_and_every_method_is_tested_by_a_mutant(data):
    failing = {
        name
        for mutant, record in zip(data.mutants, data.records, strict=True)
        if not mutant.harmless
        for found in record["families"].values()
        for name in found["operations"]
    }
    implementation = ours.binary64()
    wanted = {
        f"{case.op} {case.method}".strip()
        for case in vectors.cases()
        if case.op in implementation or case.method in implementation["methods"]
    }
    untested = sorted(wanted - failing)
    assert untested == [], "give mutants, in refimpl/verify/mutants, and make the matrix anew"


@pytest.mark.slow
def test_the_margin_parts_right_from_wrong(data):
    found = catch_matrix.margin(data)
    assert found.accepted == compare.MARGIN
    assert found.largest_harmless < found.accepted < found.smallest_mistake


# ------------------------------------------------------------------------------- what is shown


def test_invented_records_are_counted_as_they_are(invented):
    data = catch_matrix.compute(invented)
    columns = ("regression", "op"), ("optimizers", "replay"), ("optimizers", "trajectory")
    assert data.columns == columns
    assert data.failed.tolist() == [[4, 1, 3], [0, 0, 0], [0, 0, 0]]
    assert data.judged[0].tolist() == [10, 5, 3]
    assert data.caught.tolist() == [True, False, False]
    assert data.harmless.tolist() == [False, False, True]
    assert [row["mutant"] for row in catch_matrix.gaps(data)] == ["averages-exchanged"]
    assert catch_matrix.margin(data) == (64.0, 7.5, "lapack", 1e5, "decay-before-adding")
    assert catch_matrix.diagnosis(data) == (1, 1, 0, 0, 1, 1, 1)
    caught, missed = catch_matrix.table(data)
    assert caught["caught in"] == (
        "regression op: 4 of 10; optimizers replay: 1 of 5; optimizers trajectory: 3 of 3"
    )
    assert caught["report"] == (
        "C_thetatheta: wrong. All 4 failures of it are among the 4 of 9 cases that are "
        "'decay-order': The order."
    )
    assert missed["caught in"].startswith("not caught: ")
    [variant] = catch_matrix.variants(data)
    assert (variant["passed"], variant["largest error"]) == (18, 7.5)


def test_a_wrong_cause_does_not_count(invented):
    """Negative control of the count of right diagnoses."""
    first = invented[0]["families"]["regression"]["failures"]["op"]
    first["sentences"] = [f"all 4 failures {CASES} 'far-mean': Something."]
    first["field"] = "C_gg"
    invented[0]["families"]["regression"]["flags"] = {
        name: [2, 2] for name in ("normal", "far-mean", "first-step")
    } | {"decay-order": [1, 2]}
    assert catch_matrix.diagnosis(catch_matrix.compute(invented)) == (0, 1, 0, 0, 0, 1, 0)


@pytest.mark.parametrize("whose", ["kept", "invented"])
def test_the_matrix_is_drawn_and_described(whose, data, invented):
    shown = data if whose == "kept" else catch_matrix.compute(invented)
    # That of the kept records repeats in tests/figures/test_figures.py.
    figure = drawn(catch_matrix, shown, twice=whose == "invented")
    rows = catch_matrix.grouped(shown)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == [f"{name} ({len(members)})" for name, members in rows.items()]
    assert sum(map(len, rows.values())) == len(shown.mutants)
    # A mark and its number wherever one of a row fails, and wherever a variant is judged.
    fail = np.array([(shown.failed[members] > 0).sum(axis=0) for members in rows.values()])
    numbers = [note.get_text() for note in figure.axes[0].texts]
    assert [int(text) for text in numbers if " of " not in text] == fail[fail > 0].tolist()
    words = catch_matrix.alt(shown)
    assert f"{int(shown.caught.sum())} are caught where they must be" in words
    assert all(row["mutant"] in words for row in catch_matrix.gaps(shown))
    assert f"a row for each of {len(rows) - 1} sources" in words
    assert words.endswith("pass every case.")
