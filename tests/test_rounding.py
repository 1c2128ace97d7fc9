"""The bound that is measured: it lets rounding pass, and nothing more."""

import numpy as np
import pytest

from tests.rounding import EPS, assert_agree, sensitivity

pytestmark = pytest.mark.numerics


def solved(A, b):
    return (np.linalg.solve(A, b),)


def problem(condition):
    rng = np.random.default_rng(0)
    Q, R = (np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(2))
    return (Q * np.geomspace(1.0, 1.0 / condition, 4)) @ R, rng.standard_normal(4)


@pytest.mark.parametrize("condition", [1.0, 1e4, 1e7])
def test_another_route_passes_and_a_slip_does_not(condition):
    """Ten times the bound is told apart, whatever the condition."""
    A, b = problem(condition)
    x = np.linalg.inv(A) @ b
    (bound,) = assert_agree((x,), solved, (A, b), 40)
    # Within a few of what the condition says.
    assert 0.02 < bound / (40 * EPS * condition * np.abs(x).max()) < 50.0
    for slip in (-10.0, 10.0):
        wrong = x + slip * (bound + 40 * EPS * np.abs(x).max())
        with pytest.raises(AssertionError):
            assert_agree((wrong,), solved, (A, b), 40)


def test_nothing_is_told_where_a_sign_is_open():
    def sign(x):
        return (np.sign(x),)

    assert sensitivity(sign, np.zeros(3))[0] == np.inf
    assert sensitivity(sign, np.ones(3))[0] == 0.0


def test_a_change_keeps_symmetry():
    """A covariance stays one; a form that holds for symmetric matrices alone is not broken."""

    def skew(C):
        return (C - C.T + 1.0,)

    assert sensitivity(skew, np.diag([1.0, 2.0]))[0] == 0.0
    assert sensitivity(skew, np.array([[1.0, 0.5], [0.0, 2.0]]))[0] > 0.1
