"""The figure of grouped Newton's runs: their values and costs by another route, its words."""

import re

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.cubic import grouped_newton
from refimpl import functions, minimize, summary

pytestmark = [pytest.mark.numerics, pytest.mark.once]

STEPS = 4


@pytest.fixture(scope="module")
def data():
    return grouped_newton.compute(steps=STEPS)


@pytest.mark.slow
def test_drawn_and_said(data):
    figure = grouped_newton.draw(data)
    assert len(figure.axes) == 6
    assert all(len(ax.lines) == 4 for ax in figure.axes)
    said = grouped_newton.alt(data)
    assert not re.search(r"\b(nan|inf)\b", said)
    for name in ("Rosenbrock in 2 dimensions", "Rosenbrock in 10", "rotated saddle in 10"):
        assert name in said
    for problem, runs in zip(data.problems, data.runs, strict=True):
        assert f"{problem.groups} groups" in said
        for found in runs.values():
            assert f"ends at {found.excess[-1]:.1g}," in said
            assert f"cost {found.cost[-1]:.0f} gradients" in said


@pytest.mark.slow
def test_values_of_the_runs(data):
    for problem, runs in zip(data.problems, data.runs, strict=True):
        assert problem.function.minima.shape[1] == problem.start.size
        for method, run in runs.items():
            given = {"groups": problem.groups} if "grouped" in method else {}
            found = minimize(problem.function, problem.start, method=method, steps=STEPS, **given)
            np.testing.assert_array_equal(run.excess, found.values - problem.function.minimum_value)
        assert (np.diff(runs["grouped_newton_safeguarded"].excess) <= 0.0).all()
    # The leap from the top of the saddle is the point of the third panel.
    assert data.runs[2]["grouped_newton"].excess.max() > 1e3


@pytest.mark.parametrize("groups", [1, 2, 5])
def test_pushes_are_counted(groups):
    """The polynomials that the definition makes, and the products in them."""
    orders = []

    def loss(x):
        orders.append(x.order)
        return functions.rosenbrock(5).value.text(x, None)

    parts = np.array_split(np.arange(5), groups)
    summary.summarize(loss, np.zeros(5), np.ones(5), parts)
    # Coefficients i and j of the factors meet where i + j is at most the order.
    products = [sum(1 for i in range(k + 1) for j in range(k + 1) if i + j <= k) for k in orders]
    expected = 1.0 + sum(products) / 3.0
    for method in ("grouped_newton", "grouped_newton_safeguarded"):
        assert grouped_newton.price(method, 5, groups) == pytest.approx(expected, rel=1e-12)
    assert grouped_newton.price("sfn", 5, groups) == 6.0
    assert grouped_newton.price("fogr", 5, groups) == 1.0


@pytest.mark.slow
def test_costs_add_up(data):
    """Two values for a step that the safeguard leaves alone, more for one that it halves."""
    for problem, runs in zip(data.problems, data.runs, strict=True):
        D = problem.function.dimension
        for method, run in runs.items():
            each = np.diff(run.cost) - grouped_newton.price(method, D, problem.groups)
            assert run.cost[0] == 0.0
            if method == "grouped_newton_safeguarded":
                assert (each > 0.6).all()
            else:
                np.testing.assert_allclose(each, 0.0, atol=1e-9)
    at_rest, halved = (data.runs[k]["grouped_newton_safeguarded"] for k in (0, 2))
    assert np.diff(at_rest.cost)[0] == pytest.approx(1.0 + 26.0 / 3.0 + 2.0 / 3.0, rel=1e-12)
    assert np.diff(halved.cost).max() > 1.0 + 76.0 / 3.0 + 1.0
