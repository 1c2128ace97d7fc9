"""The picture of our own errors is what the judge finds, and tells of every case that fails."""

import numpy as np
import pytest

from figures.verify import verification_errors

pytestmark = [pytest.mark.numerics, pytest.mark.once]


@pytest.fixture(scope="module")
def data():
    """Of one family; each precision is judged in a process of its own."""
    return verification_errors.compute(families=("qr_step",))


@pytest.mark.slow
def test_errors_are_those_of_the_judge(data):
    """The largest error shown is the largest that the ordinary judge finds, in one process."""
    from refimpl import vectors
    from refimpl.verify import compare, ours, python_side

    implementation = ours.binary64()
    units = []
    for case in vectors.cases("qr_step"):
        if "error" in case.out:
            continue
        put = {"op": case.op, "params": case.params, "in": case.inputs}
        answer = python_side.answer(implementation, put, np.float64)
        judged = compare.judge(case, answer, compare.BINARY64)
        units.append(max(field.in_units for field in judged))
    shown = data.units["binary64", "qr_step"]
    assert shown.size == len(units)
    # Compiled code may fuse or reorder what plain Python does not: both are within the margin.
    assert 0.1 < shown.max() / max(units) < 10.0
    assert data.failed == {"binary64": 0, "binary32": 0}


@pytest.mark.slow
def test_failures_are_told(data):
    """A picture with a failed case does not say that all is well."""
    assert "all lie left" in verification_errors.alt(data)
    assert "2 cases fail" in verification_errors.alt(data._replace(failed={"binary64": 2}))


def test_tiers():
    assert verification_errors.tier("replay") == "replay"
    assert verification_errors.tier("qr_step.qr_step") == "op"
