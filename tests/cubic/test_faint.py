"""Faint gradients next to a pole, down to where floats end, as the oracle answers."""

import numpy as np
import pytest

from refimpl.cubic import minimize_cubic
from tests.cubic import faint
from tests.cubic.test_minimize import EPS, RESIDUAL

pytestmark = pytest.mark.numerics

KEPT = faint.kept()


@pytest.mark.parametrize("model", faint.MODELS)
@pytest.mark.parametrize("power", faint.POWERS)
def test_faint_gradients(model, power):
    for problem, (outcome, rates) in zip(
        faint.problems(model, power), KEPT[f"{model}, {power}"], strict=True
    ):
        with np.errstate(all="raise", under="ignore"):
            found = minimize_cubic(*problem)
        want = np.array([float.fromhex(rate) for rate in rates])
        assert found.outcome == outcome
        # Where floats end, a rate has no more digits than its last one.
        assert (np.abs(found.rates - want) < 20 * EPS * np.abs(want) + 20 * 2.0**-1074).all()
        if power > -1000:
            assert found.residual < RESIDUAL


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.parametrize(("model", "power"), [("two alike", -1060), ("apart", -701)])
def test_sample_made_again(model, power):
    assert [faint.wanted(one) for one in faint.problems(model, power)] == KEPT[f"{model}, {power}"]


def test_every_case_is_kept():
    assert set(KEPT) == {f"{model}, {power}" for model in faint.MODELS for power in faint.POWERS}
