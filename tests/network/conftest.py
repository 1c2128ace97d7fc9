"""Two moons, for the tests of the data and of the model."""

import numpy as np
import pytest

from refimpl.network import two_moons


@pytest.fixture(scope="session")
def moons():
    pytest.importorskip("sklearn")
    return two_moons(np.random.default_rng(0), n=200)
