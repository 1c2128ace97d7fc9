"""Scaling by powers of two, and quotients that stay floats."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refimpl.linear_algebra.scaling import quotient

pytestmark = pytest.mark.numerics

LONGEST = 0.5 * np.finfo(np.float64).max
finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite.filter(bool))
def test_quotient_is_the_cut_one(a, b):
    """Against rational numbers; where it is not cut, it is the quotient of floats to the bit."""
    exact = Fraction(a) / Fraction(b)
    found = quotient(a, b, LONGEST)
    if abs(exact) >= Fraction(LONGEST):
        # The product of the bound with what is below 1 is rounded, and the quotient again.
        np.testing.assert_allclose(found, LONGEST if exact > 0 else -LONGEST, rtol=2.0**-51)
    else:
        assert found == a / b
