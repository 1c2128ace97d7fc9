"""Drift: where it grows, and that it is held."""

import numpy as np
import pytest

from refimpl.streamed import drift

from .replay import at_random

pytestmark = pytest.mark.numerics


def test_the_inverse_root():
    A = np.random.default_rng(0).standard_normal((4, 30))
    T = drift.inverse_root(A @ A.T)
    np.testing.assert_allclose(T @ A @ A.T @ T, np.eye(4), rtol=0, atol=1e-13)
    assert drift.drift(np.eye(3)) == 0.0


def turned_again_and_again(every, steps, monkeypatch, dtype=np.float64):
    """Long gradients that turn in a plane, at D = 100 and d = 10; the largest drift measured."""
    monkeypatch.setattr(drift, "EVERY", every)
    stepper = at_random("csogr", 100, 10, dtype, turn=10.0, eta=1e-9)
    plane = np.linalg.qr(np.random.default_rng(1).standard_normal((100, 2)))[0]
    largest = 0.0
    for k in range(steps):
        stepper.step((plane @ [np.cos(0.1 * k), np.sin(0.1 * k)]).astype(dtype))
        largest = max(largest, stepper.drift)
    measured = stepper.corrections
    stepper.straighten()
    return max(largest, stepper.drift), measured


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_grows_is_held(monkeypatch, dtype, size):
    steps = size(1500, 130)
    largest, corrections = turned_again_and_again(64, steps, monkeypatch, dtype)
    free, none = turned_again_and_again(10**9, steps, monkeypatch, dtype)
    allowed = drift.ALLOWED[np.dtype(dtype)]
    assert none == 0
    # Within one interval it grows by less than a hundred.
    assert largest <= 100.0 * allowed
    print(largest, corrections, free)
