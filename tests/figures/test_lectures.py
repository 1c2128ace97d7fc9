"""What the lectures' pages say will be seen on the slides, from the figures' own numbers."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.online_pca import turning_frame
from figures.regression import regression_line
from figures.repulsion import escaping_cloud

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def test_the_plane_that_is_exchanged():
    """Lecture 3: Oja's frame ends beside the new plane, the injected one far away."""
    data = turning_frame.compute()
    assert np.round(data.angle[:, -1]).tolist() in ([3.0, 84.0], [84.0, 3.0])
    # What the chapter's last line says of a rate that lags.
    assert np.round(turning_frame.compute(gamma=0.05).angle[0, -1]) == 27.0


def test_the_parabola_turns_over_at_step_81():
    """Welcome and lecture 1; the line follows sooner the larger beta is."""
    data = regression_line.compute()
    assert (data.true_curvature[:80] > 0.0).all()
    assert (data.true_curvature[80:] < 0.0).all()
    turned = [80 + np.argmax(slopes[80:] < 0.0) for slopes in data.curvature]
    assert turned == sorted(turned, reverse=True)
    assert len(set(turned)) == 3


def test_a_gradient_paired_with_the_next_position():
    """Lecture 5: along a clean descent the slope is too large, by 1 / (1 - alpha lambda)."""
    curvature, rate = 1.0, 0.1
    theta = (1.0 - rate * curvature) ** np.arange(31)
    slope = np.polyfit(theta[1:], curvature * theta[:-1], 1)[0]
    np.testing.assert_allclose(slope, curvature / (1.0 - rate * curvature), rtol=1e-12)


def test_sixty_runs_from_the_saddle():
    """Lecture 4, in per cent, by descent, Newton and the saddle-free step."""
    data = escaping_cloud.compute()
    assert data.positions.shape[2] == 60
    assert np.round(100 * data.arrived[:, 60]).tolist() == [83.0, 0.0, 100.0]
    assert np.round(100 * data.arrived[2, 15]) == 93.0
    assert np.round(100 * escaping_cloud.compute(cut=2.0).arrived[2, 15]) == 5.0
