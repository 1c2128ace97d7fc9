"""Drift: where it grows, and that it is held."""

import numpy as np
import pytest

from refimpl.optimizers.streamed import drift

from .replay import at_random

pytestmark = pytest.mark.numerics


def test_the_inverse_root():
    A = np.random.default_rng(0).standard_normal((4, 30))
    T = drift.inverse_root(A @ A.T)
    np.testing.assert_allclose(T @ A @ A.T @ T, np.eye(4), rtol=0, atol=1e-13)
    assert drift.drift(np.eye(3)) == 0.0


def worn(every, steps, dtype, monkeypatch):
    """Long gradients from twelve directions, at D = 100 and d = 10: largest drift, corrections."""
    monkeypatch.setattr(drift, "EVERY", every)
    monkeypatch.setattr(drift, "WEAR", np.inf if every > steps else drift.WEAR)
    rng = np.random.default_rng(1)
    few = rng.standard_normal((12, 100)) / 30.0
    stepper = at_random("csogr", 100, 10, dtype, turn=1e3, eta=1e-9)
    largest = 0.0
    for _ in range(steps):
        stepper.step((rng.standard_normal(12) @ few).astype(dtype))
        largest = max(largest, stepper.drift)
    corrections = stepper.corrections
    stepper.straighten()
    return max(largest, stepper.drift), corrections


@pytest.mark.slow
def test_what_grows_is_held(monkeypatch, size):
    """Where hardly anything is outside the rows; uncorrected it grows far beyond the bound."""
    steps = size(1000, 130)
    held, corrections = worn(64, steps, np.float64, monkeypatch)
    # Between two measures it grows by less than a thousand, as wear is estimated from above.
    bound = 1e3 * drift.ALLOWED[np.dtype(np.float64)]
    assert held <= bound
    if steps == 1000:
        assert corrections > 0
        # A hundred to a thousand times the bound, by the kernel: what grows is a rounding.
        assert worn(10**9, 2 * steps, np.float64, monkeypatch)[0] >= 10.0 * bound


@pytest.mark.slow
def test_what_grows_is_held_in_binary32(monkeypatch, size):
    held, _ = worn(64, size(500, 130), np.float32, monkeypatch)
    # One turn alone may multiply what one rounding leaves by the lean of 1e3.
    assert held <= 1e3 * drift.ALLOWED[np.dtype(np.float32)]
