"""The two amplifications of a case, on problems whose amplification is known."""

import pytest
from mpmath import mpf

from refimpl.oracle import measure

pytestmark = pytest.mark.once

# A difference of neighbours: both terms are relative errors of up to 1/2 in the last place, and
# the difference is 2^-20 of either.
NEIGHBOURS = {"x": 1.0, "y": 1.0 - 2.0**-20}
RELATIVE = {"result": "relative"}


def difference(x, y):
    return {"result": x - y}


def of_squares(x, y):
    return {"result": x * x - y * y}


def factored(x, y):
    return {"result": (x - y) * (x + y)}


def certified(function):
    return {
        field: measure.value_of(value)
        for field, value in measure.certified(function, NEIGHBOURS).items()
    }


def test_condition_of_a_difference():
    """Two changes of up to u each become a relative change of up to 2^21 u, rarely below 2 %."""
    want = certified(difference)
    kappa = measure.condition("neighbours", difference, NEIGHBOURS, want, RELATIVE, {})["result"]
    assert 0.02 * 2**21 < kappa <= 2**21


def test_condition_of_a_product_is_small():
    def product(x, y):
        return {"result": x * y}

    want = certified(product)
    assert measure.condition("p", product, NEIGHBOURS, want, RELATIVE, {})["result"] <= 2.01


def test_amplification_is_that_of_the_formula_not_of_the_problem():
    """Squares are rounded before they cancel; the factored form rounds nothing that matters."""
    want = certified(of_squares)
    naive, good = (
        measure.amplification(formula, NEIGHBOURS, want, RELATIVE, {}, True)["result"]
        for formula in (of_squares, factored)
    )
    assert good <= 3.0
    # y^2 = 1 - 2^-19 + 2^-40 needs 40 bits: with 24 its rounding, up to 2^-25, is compared with
    # the difference of 2^-19.
    assert 2.0 < naive <= 2**20


def test_size_of_a_zero_is_the_scale():
    assert measure.error("relative", mpf(2), mpf(0), scale=4) == mpf("0.5")
