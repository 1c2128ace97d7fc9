"""How a tall basis lies in memory: in tiles of 128 columns, so that both passes read it in order.

Tile ``b`` holds the columns ``128 b`` to ``128 b + 127`` of all `d` rows, one row after another: an
array ``(ceil(D / 128), d, 128)``, of which one tile stays in the fastest cache. The last one is
filled up with zeros, and so is every vector of the full space: zeros stay zeros in a step, and no
loop has a remainder.
"""

import numpy as np

WIDTH = 128


def count(D):
    """Number of tiles of vectors of `D` entries.

    Examples
    --------
    >>> count(128), count(129)
    (1, 2)
    """
    return -(-D // WIDTH)


def padded(x, dtype):
    """A vector, filled up with zeros to whole tiles.

    Examples
    --------
    >>> import numpy as np
    >>> padded(np.ones(129), np.float32).shape
    (256,)
    """
    filled = np.zeros(count(x.size) * WIDTH, dtype)
    filled[: x.size] = x
    return filled


def into_tiles(V, dtype, D=None):
    """The tiles of a basis in `D` dimensions, a new array; beyond the columns of `V` it is 0.

    Examples
    --------
    >>> import numpy as np
    >>> into_tiles(np.eye(2, 129), np.float64).shape, into_tiles(np.eye(2), np.float64, 129).shape
    ((2, 2, 128), (2, 2, 128))
    """
    d, columns = V.shape
    tiles = np.zeros((count(columns if D is None else D), d, WIDTH), dtype)
    for i in range(d):
        tiles[: count(columns), i] = padded(V[i], dtype).reshape(-1, WIDTH)
    return tiles


def from_tiles(tiles, D):
    """The basis in tiles as rows, a new array of binary64.

    Examples
    --------
    >>> import numpy as np
    >>> V = np.arange(258.0).reshape(2, 129)
    >>> np.array_equal(from_tiles(into_tiles(V, np.float64), 129), V)
    True
    """
    d = tiles.shape[1]
    V = np.empty((d, D))
    for i in range(d):
        V[i] = tiles[:, i].reshape(-1)[:D]
    return V
