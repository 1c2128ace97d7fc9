"""The matrix of the cubic model: its curvature, bent by the cubic term."""

import numpy as np
import pytest

from refimpl.cubic.matrix import bent, combined

pytestmark = pytest.mark.numerics


def test_bent_adds_to_the_diagonal_alone():
    """``H + curvature D^2`` in whole numbers, and what was given stays as it was."""
    H, d = np.array([[2.0, -1.0], [-1.0, 3.0]]), np.array([1.0, 4.0])
    np.testing.assert_array_equal(bent(H, d, 0.5), [[2.5, -1.0], [-1.0, 11.0]])
    np.testing.assert_array_equal(H, [[2.0, -1.0], [-1.0, 3.0]])


def test_combined_is_a_product():
    Y = np.array([[1.0, 2.0], [3.0, 5.0]])
    np.testing.assert_array_equal(combined(Y, np.array([2.0, -1.0])), [0.0, 1.0])
