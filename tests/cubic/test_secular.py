"""The secular equation against mpmath's root finder, and lengths at any scale."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.cubic.secular import length, root
from tests.rounding import EPS

pytestmark = pytest.mark.numerics


@settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 15)
@given(st.integers(0, 2**32), st.floats(-250.0, 3.0))
def test_secular_root(seed, decade):
    """Against mpmath's own root finder, however close to the pole."""
    rng = np.random.default_rng(seed)
    base = np.r_[0.0, rng.uniform(0.1, 1.0, 3)]
    rate = rng.uniform(0.5, 1.0, 4)
    c = rng.standard_normal(4)
    c[0] = 10.0**decade
    # At the pole the others are short of it, so that the first component decides.
    origin = 20.0
    low = 0.1 * c[0] / (rate[0] * (origin + c[0]))
    found = root(c, base, rate, origin, 1.0, low, 100.0 + c[0])
    with mpmath.workdps(300):
        c_, base_, rate_ = (list(map(mpmath.mpf, x)) for x in (c, base, rate))

        def f(t):
            z = [x / (b + v * t) for x, b, v in zip(c_, base_, rate_, strict=True)]
            return mpmath.sqrt(mpmath.fsum(x * x for x in z)) - origin - t

        near = mpmath.mpf(found)
        assert f(near * (1 - 50 * mpmath.mpf(EPS))) > 0 > f(near * (1 + 50 * mpmath.mpf(EPS)))


def test_length_neither_overflows_nor_vanishes():
    for scale in (1e-300, 1.0, 1e300):
        assert length(scale * np.array([3.0, -4.0])) == pytest.approx(5.0 * scale, rel=4 * EPS)
    assert length(np.zeros(2)) == 0.0
