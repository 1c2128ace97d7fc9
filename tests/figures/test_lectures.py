"""What the lectures' pages say will be seen on the slides, from the figures' own numbers."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.online_pca import turning_frame
from figures.repulsion import escaping_cloud

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def test_the_plane_that_is_exchanged():
    """Lecture 3: Oja's frame ends beside the new plane, the injected one far away."""
    data = turning_frame.compute()
    assert np.round(data.angle[:, -1]).tolist() in ([3.0, 84.0], [84.0, 3.0])


def test_sixty_runs_from_the_saddle():
    """Lecture 4, in per cent, by descent, Newton and the saddle-free step."""
    data = escaping_cloud.compute()
    assert data.positions.shape[2] == 60
    assert np.round(100 * data.arrived[:, 60]).tolist() == [83.0, 0.0, 100.0]
    assert np.round(100 * data.arrived[2, 15]) == 93.0
    assert np.round(100 * escaping_cloud.compute(cut=2.0).arrived[2, 15]) == 5.0
