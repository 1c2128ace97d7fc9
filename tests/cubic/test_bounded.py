"""Directions without a cubic term: held from below, and nothing else changed."""

import numpy as np
import pytest

from refimpl.cubic.bounded import hold
from refimpl.cubic.units import Model
from tests.rounding import EPS

pytestmark = pytest.mark.numerics


def test_free_directions_are_held():
    """Positive definite on the groups without a cubic term, and nothing else is changed."""
    H = np.array([[1.0, 1.0, 0.5], [1.0, 1.0, 0.5], [0.5, 0.5, -1.0]])
    found = hold(Model(H, np.array([1.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0]), 1.0))
    assert found.bounded
    assert np.linalg.eigvalsh(found.held[:2, :2]).min() > 0.5
    np.testing.assert_array_equal(found.held[2], H[2])
    v = np.array([1.0, -1.0])
    np.testing.assert_allclose((found.held - H)[:2, :2] @ np.ones(2), 0.0, atol=4 * EPS)
    assert abs(v @ (found.held - H)[:2, :2] @ v) > 0.5
