"""The first step of fOGR, by {eq}`eq-first-slope` written out."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.family import first_step
from refimpl import optimizers

pytestmark = [pytest.mark.numerics, pytest.mark.once]


def test_length_is_that_of_the_first_slope():
    data = first_step.compute(starts=(0.5, 2.0), gradients=(0.2, 30.0, 1e6))
    p = optimizers.get("fogr").parameters()
    weight = p.beta * (1.0 - p.beta)
    for theta, lengths in zip(data.starts, data.lengths, strict=True):
        slope = weight * data.gradients * theta / (p.prior[0] + weight * theta**2)
        expected = p.gamma * data.gradients / np.maximum(p.div * slope, p.cut)
        # A few operations on each side.
        assert np.allclose(lengths, expected, rtol=1e-13)
    assert np.allclose(data.from_point, p.gamma * data.gradients / p.cut, rtol=1e-13)


def test_far_starts_step_in_proportion_to_their_distance():
    data = first_step.compute(starts=(100.0,), gradients=(1e6,))
    p = optimizers.get("fogr").parameters()
    assert data.lengths[0, 0] == pytest.approx(data.limits[0], rel=1e-13)
    # The prior of 1 is left out here: one part in beta (1 - beta) theta^2 = 2500.
    assert data.limits[0] == pytest.approx(p.gamma * 100.0 / p.div, rel=1e-3)
