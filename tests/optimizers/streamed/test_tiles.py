"""Tiles: what is put in comes out, and the rest is zeros."""

import numpy as np
import pytest

from refimpl.optimizers.streamed.tiles import WIDTH, count, from_tiles, into_tiles, padded

pytestmark = pytest.mark.numerics


@pytest.mark.parametrize("D", [1, WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH + 5])
def test_there_and_back(D):
    V = np.arange(1.0, 2.0 * D + 1.0).reshape(2, D)
    tiles = into_tiles(V, np.float32)
    assert tiles.shape == (count(D), 2, WIDTH)
    assert tiles.dtype == np.float32
    np.testing.assert_array_equal(from_tiles(tiles, D), V)
    assert tiles.sum(dtype=float) == V.sum()
    x = padded(V[1], np.float64)
    assert x.size == count(D) * WIDTH
    np.testing.assert_array_equal(x[:D], V[1])
    assert not x[D:].any()


@pytest.mark.parametrize("D", [5, WIDTH, 3 * WIDTH + 5])
def test_what_is_given_of_the_first_columns_alone(D):
    few = np.arange(1.0, 11.0).reshape(2, 5)
    whole = np.hstack([few, np.zeros((2, D - 5))])
    np.testing.assert_array_equal(into_tiles(few, np.float64, D), into_tiles(whole, np.float64))
