"""The figure on derivatives of high order: its numbers by another route, its words."""

import math
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import itertools

from figures.taylor import taylor
from refimpl.taylor import expand, series
from tests.figures.saying import assert_drawn_and_said

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps


@pytest.fixture(scope="module")
def data():
    return taylor.compute(orders=(1, 2, 3, 4, 5, 6), nested_orders=range(1, 7), repeats=1, rows=30)


def test_drawn_and_said(data):
    said = assert_drawn_and_said(taylor, data, axes=2)
    assert f"{data.ratio[-1]:.0f} times" in said
    assert "no digit is right" in said


def test_both_ways_give_the_derivatives(data):
    """Polynomials, nested pairs, and differences of the loss itself agree."""
    assert data.agreement < 1e-10
    loss = taylor.network(1)
    found = expand(loss, 0.0, 1.0, 4)
    for k in range(5):
        assert taylor.nested(loss, k) == pytest.approx(math.factorial(k) * found[k], rel=1e-12)
    # A sixth-order central difference: h^6 against eps / h.
    h, weights = 0.01, np.array([-1, 9, -45, 0, 45, -9, 1]) / 60.0
    slope = sum(w * loss(h * j) for w, j in zip(weights, range(-3, 4), strict=True)) / h
    assert slope == pytest.approx(found[1], rel=1e-6)


def test_nested_pairs_by_hand():
    """(3 - x)^2 x at 2: value 2, slope -3, curvature 2 and third derivative 6."""

    def function(x):
        return (3.0 - x) * (-x + 3.0) * x

    assert [taylor.nested(function, k, 2.0) for k in range(5)] == [2.0, -3.0, 0.0, 6.0, 0.0]


def test_work_grows_as_said(monkeypatch):
    """Each order more than doubles the nested pairs made; the sums of polynomials grow evenly.

    Counted, not timed: times are of a busy machine.
    """
    made, summed = [], []
    init, plain_sum = taylor.Nested.__init__, series._sum
    monkeypatch.setattr(
        taylor.Nested, "__init__", lambda self, *parts: made.append(0) or init(self, *parts)
    )
    monkeypatch.setattr(series, "_sum", lambda *terms: summed.append(0) or plain_sum(*terms))
    loss = taylor.network(0)
    pairs, sums = [], []
    for order in range(1, 8):
        made.clear()
        taylor.nested(loss, order)
        pairs.append(len(made))
        summed.clear()
        expand(loss, 0.0, 1.0, order)
        sums.append(len(summed))
    assert min(b / a for a, b in itertools.pairwise(pairs)) > 2.0
    assert set(np.diff(sums)) == {4}


def test_times_are_of_the_orders(data):
    assert (data.taylor > 0.0).all()
    assert (data.nested > 0.0).all()
    assert data.taylor.shape == data.nested.shape == data.ratio.shape == (6,)
    np.testing.assert_array_equal(data.shared, range(1, 7))
    np.testing.assert_array_equal(data.ratio, data.nested / data.taylor)


def test_errors_of_products(data):
    """Against exact fractions: sums keep each coefficient, transforms only the first."""
    exact = [Fraction(2**k, math.factorial(k)) for k in range(30)]
    e = np.array([1.0 / math.factorial(k) for k in range(30)])
    sums = np.array([float(math.fsum(e[: k + 1] * e[k::-1])) for k in range(30)])
    off = np.array([float(abs(Fraction(s) / x - 1)) for s, x in zip(sums, exact, strict=True)])
    assert (off < 4 * EPS).all()
    assert (data.sums < 30 * EPS).all()
    assert data.transform[0] < 1e-14
    assert data.transform[-1] > 1.0
