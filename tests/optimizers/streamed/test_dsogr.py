"""What a streamed stepper keeps of single coordinates: the lines of `dsogr` and `cdsogr`."""

import numpy as np
import pytest

from refimpl import errors, optimizers
from refimpl.optimizers import streamed

from .replay import assert_noticed, at_random, noisy_quadratic, parts, replay
from .test_stepper import MOST, ROUNDINGS

pytestmark = pytest.mark.numerics

LINED = [pytest.param(name, marks=pytest.mark.slow) for name in ("dsogr", "cdsogr")]
WRONG_LINES = {
    "statistics that lag": lambda stepper: stepper._lines.C_gtheta.__imul__(1.0 + 1e-6),
    "a distance without the coordinates' step": lambda stepper: stepper._small.off_theta.__iadd__(
        1e-6 * stepper._lines.along
    ),
    "a step of another length": lambda stepper: stepper._vectors.theta.__isub__(
        1e-6 * stepper._lines.u
    ),
}


@pytest.mark.parametrize("method", LINED)
@pytest.mark.parametrize("wrong", WRONG_LINES)
def test_a_wrong_line_is_caught(method, wrong):
    """Negative controls: what is kept of the coordinates, or made of it, is off by a millionth."""
    assert_noticed(method, WRONG_LINES[wrong], True, (ROUNDINGS, MOST))


@pytest.mark.parametrize("method", LINED)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lines_in_another_unit(method, dtype):
    """Squares that leave the range of the tiles' precision are none of the lines' own."""
    stepper, gradient = at_random(method, 260, 3, dtype), noisy_quadratic(260)
    eps = np.finfo(dtype).eps
    small, large = (1e-30, 1e20) if dtype is np.float32 else (1e-140, 1e120)
    for unit in (1.0, small, 1.0, large):
        for error, sensitivity in replay(stepper, lambda x, u=unit: u * gradient(x), 1):
            assert np.all(error <= ROUNDINGS * eps * (sensitivity + 1.0))
    assert stepper._small.numbers[0] not in (1.0, 0.0)


@pytest.mark.parametrize("method", LINED)
def test_gradients_whose_squares_no_line_holds(method):
    """They are refused as by the readable step, and nothing is done."""
    stepper, g = at_random(method, 150, 2), np.ones(150)
    for _ in range(2):
        stepper.step(g)
    before = parts(stepper.theta.copy(), stepper.state)
    longer = 2e153 * np.eye(150)[149]
    for step in (
        stepper.step,
        lambda g: optimizers.get(method).step(stepper.state, stepper.theta, g, stepper.parameters),
    ):
        with pytest.raises(errors.NotFiniteError, match="squares of theta and gradient overflow"):
            step(longer)
    after = parts(stepper.theta, stepper.state)
    assert all(map(np.array_equal, before, after))


@pytest.mark.slow
def test_a_coordinate_that_stands_still_is_told_by_the_precision():
    """Its variance fades below what rounding of these positions makes: then it gets no step."""
    found = {}
    for dtype in (np.float64, np.float32):
        stepper = streamed.start(np.full(150, 1.0 / 3.0), "cdsogr", dtype=dtype, w=0.0)
        gradient = noisy_quadratic(150)
        # In the end 0.3^30 of the prior variance is left: more than eps^2 in binary64 alone.
        for k in range(30):
            g = gradient(stepper.theta).astype(dtype)
            g[0] = k == 29
            stepper.step(g)
        found[dtype] = stepper._lines.u[0]
    assert found[np.float64] > 0.0
    assert found[np.float32] == 0.0


@pytest.mark.parametrize("method", LINED)
def test_lines_go_on_from_what_was_kept(method):
    steppers, gradient = [at_random(method, 260, 3, seed=s) for s in (0, 1)], noisy_quadratic(260)
    for k in range(8):
        if k in (0, 4):
            steppers[1].refill(steppers[0].kept())
        g = gradient(steppers[0].theta)
        for stepper in steppers:
            stepper.step(g)
        assert all(map(np.array_equal, *(parts(s.theta, s.state) for s in steppers)))
