"""The streamed steps against the readable ones, and what a stepper takes and refuses."""

import tracemalloc

import numpy as np
import pytest

from refimpl import errors, optimizers
from refimpl.optimizers import streamed
from refimpl.optimizers.streamed import drift
from refimpl.optimizers.streamed.small import DESCENT
from refimpl.optimizers.streamed.stepper import STEPPERS

from .replay import (
    EPS,
    JUMP,
    assert_noticed,
    assert_replays,
    at_random,
    noisy_quadratic,
    parts,
    replay,
    with_jumps,
)

pytestmark = pytest.mark.numerics

# The compilation of each takes some ten seconds: the default's every time.
METHODS = [
    pytest.param(name, marks=() if name == "ogr" else pytest.mark.slow) for name in sorted(STEPPERS)
]
PAIR = [pytest.param("online_sfn", marks=pytest.mark.slow), "ogr"]
# Of the sums of a step in another order; measured are up to 80, over four kernels.
ROUNDINGS = 300
# A step's sensitivity is measured at every tenth; it reaches 1e6, where eigenvalues nearly meet.
MOST = 1e-8
# With the default the closed loop of `cdsogr` leaves for infinity under one kernel; its statistics
# then span fourteen decades, and rounding decides. With these it stays near the minimum.
STEADY = {"dsogr": {"cut": 10.0}, "cdsogr": {"cut": 10.0}}


@pytest.mark.parametrize(
    ("method", "full"),
    [
        ("ogr", 300),
        *(
            pytest.param(*long, marks=pytest.mark.slow)
            for long in (
                ("online_sfn", 2000),
                ("ogr", 2000),
                ("sogr", 300),
                ("csogr", 300),
                ("dsogr", 2000),
                ("cdsogr", 2000),
            )
        ),
    ],
)
def test_each_step_is_the_readable_one(method, full, size):
    D, d = size(1000, 260), size(10, 3)
    stepper = at_random(method, D, d, **STEADY.get(method, {}))
    assert_replays(stepper, noisy_quadratic(D), size(full, 12), ROUNDINGS, MOST)
    assert stepper.drift <= 1e-12


@pytest.mark.parametrize("full", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_moves_that_are_taken_back(full, size):
    """The axes and the momentum stay, and the position is the readable one."""
    D, d, steps = size(1000, 260), size(10, 3), size(full, 40)
    stepper = at_random("ogr", D, d, jump=JUMP)
    jumps = {steps // 4, steps // 2, 3 * steps // 4}
    gradient = with_jumps(stepper, noisy_quadratic(D), jumps)
    stayed = set()
    advance = stepper._advance

    def watched(g):
        before, tiles = stepper.state.momentum, stepper._tiles.copy()
        done = advance(g)
        if np.array_equal(stepper.state.momentum, before):
            stayed.add(stepper._steps)
            np.testing.assert_array_equal(stepper._tiles, tiles)
        return done

    stepper._advance = watched
    assert_replays(stepper, gradient, steps, ROUNDINGS, MOST, every=1 if full == 150 else 10)
    assert stayed == jumps


@pytest.mark.parametrize("wrong", ["f", "descent"])
def test_a_wrong_last_move_is_caught(wrong):
    """Negative control: what the move back is made of is off by a millionth."""
    stepper = at_random("ogr", 260, 3, jump=JUMP)
    gradient = with_jumps(stepper, noisy_quadratic(260), {10})
    right = stepper._advance

    def advance(g):
        kept = stepper._orders.f if wrong == "f" else stepper._small.numbers[DESCENT : DESCENT + 1]
        kept *= 1.0 + 1e-6
        return right(g)

    for _ in range(10):
        stepper.step(gradient(stepper.theta))
    stepper._advance = advance
    with pytest.raises(AssertionError):
        assert_replays(stepper, gradient, 1, ROUNDINGS, MOST)


def test_a_move_is_taken_back_by_a_stepper_that_took_up_what_was_kept():
    steppers = [at_random("ogr", 260, 3, seed=seed, jump=JUMP) for seed in (0, 1)]
    gradient = with_jumps(steppers[0], noisy_quadratic(260), {10})
    for k in range(14):
        if k == 10:
            steppers[1].refill(steppers[0].kept())
        momentum, g = steppers[0].state.momentum, gradient(steppers[0].theta)
        for stepper in steppers:
            stepper.step(g)
        assert np.array_equal(steppers[0].state.momentum, momentum) == (k == 10)
        assert np.array_equal(steppers[0].theta, steppers[1].theta) == (k >= 10)


def test_the_last_move_stays_when_rows_are_straightened():
    """Known by its coordinates along the rows, it must not turn with them."""
    stepper, gradient = at_random("ogr", 260, 3), noisy_quadratic(260)
    for _ in range(10):
        stepper.step(gradient(stepper.theta))
    stepper._tiles[:, 0] += 1e-3 * stepper._tiles[:, 1]
    before, corrections = stepper.state.move, stepper.corrections
    stepper.straighten()
    assert stepper.corrections == corrections + 1
    scale = np.abs(stepper._orders.f).max()
    np.testing.assert_allclose(stepper.state.move, before, rtol=0, atol=100.0 * EPS * scale)


WRONG = {
    "a momentum that does not turn": lambda kept: kept.m.__imul__(1.0 + 1e-6),
    "a mean that lags": lambda kept: kept.slow.__imul__(1.0 + 1e-6),
    "a distance without its step": lambda kept: kept.off_theta.__imul__(1.0 - 1e-6),
    "the order of the axes": lambda kept: kept.frame.__setitem__([0, 1], kept.frame[[1, 0]]),
}


@pytest.mark.parametrize("method", PAIR)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_twin_is_caught(method, wrong):
    """Negative controls: what is carried along is off by a millionth, or two axes exchanged."""
    assert_noticed(method, lambda stepper: WRONG[wrong](stepper._small), False, (ROUNDINGS, MOST))


@pytest.mark.parametrize("method", PAIR)
def test_the_closed_loop_parts_as_after_one_rounding(method, size):
    """Growth: the twin stays as near to the readable run as one from a start a rounding away."""
    D, d, steps = size(1000, 260), size(10, 3), size(50, 8)
    stepper, described = at_random(method, D, d), optimizers.get(method)
    x0, state = stepper.theta.copy(), stepper.state
    near = x0 * (1.0 + 4.0 * EPS * np.random.default_rng(3).uniform(-1.0, 1.0, D))
    runs = [[x0, state], [near, described.start(near, state.model.V, stepper.parameters)]]
    gradients = [noisy_quadratic(D) for _ in range(3)]
    largest = 0.0
    for _ in range(steps):
        stepper.step(gradients[2](stepper.theta))
        for run, gradient in zip(runs, gradients, strict=False):
            run[:] = described.step(run[1], run[0], gradient(run[0]), stepper.parameters)
        largest = max(largest, np.abs(runs[1][0] - runs[0][0]).max())
        apart = np.abs(stepper.theta - runs[0][0]).max()
        assert apart <= 100.0 * largest + 1e-14


@pytest.mark.slow
def test_what_is_carried_along_is_what_a_projection_gives(size):
    """Without the measure at intervals: what rounding leaves fades, it does not add up."""
    D, steps = size(1000, 260), size(600, 10)
    stepper, gradient = at_random("online_sfn", D, 3), noisy_quadratic(D)
    for _ in range(steps):
        stepper._steps = 0
        stepper.step(gradient(stepper.theta))
    kept, state = stepper._small, stepper.state
    carried = np.array([kept.off_theta, kept.slow, kept.m])
    full = stepper.theta - state.mean_theta, state.mean_gradient, state.momentum
    projected = np.array([state.model.V @ x for x in full])
    bounds = [20.0 * EPS * np.linalg.norm(x) / 0.5 for x in (stepper.theta, *full[1:])]
    assert np.all(np.abs(carried @ kept.frame.T - projected).max(axis=1) <= bounds)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_in_binary32(method, size):
    D, d, steps = size(1000, 260), size(10, 3), size(300, 6)
    stepper = at_random(method, D, d, np.float32)
    start = np.abs(stepper.theta).max()
    for error, sensitivity in replay(stepper, noisy_quadratic(D), steps):
        if sensitivity is not None:
            bound = ROUNDINGS * np.finfo(np.float32).eps * (sensitivity + 1.0)
            assert np.all(error <= bound)
    assert stepper.theta.dtype == np.float32
    if steps == 300:
        assert np.abs(stepper.theta).max() <= start
    assert stepper.drift <= 1e-5


@pytest.mark.slow
def test_a_move_is_taken_back_in_binary32():
    stepper = at_random("ogr", 260, 3, np.float32, jump=JUMP)
    gradient = with_jumps(stepper, noisy_quadratic(260), {12})
    for _ in range(12):
        stepper.step(gradient(stepper.theta.astype(np.float64)).astype(np.float32))
    momentum = stepper.state.momentum
    ((error, sensitivity),) = replay(stepper, gradient, 1)
    assert np.all(error <= ROUNDINGS * np.finfo(np.float32).eps * (sensitivity + 1.0))
    np.testing.assert_array_equal(stepper.state.momentum, momentum)


@pytest.mark.parametrize("method", METHODS)
def test_where_the_rows_span_everything(method, size):
    """``d = D``: the rows stay, and all that turns is `frame`."""
    stepper = at_random(method, 4, 4)
    assert_replays(stepper, noisy_quadratic(4), size(40, 8), 1000, 1e-6)
    tiles = stepper._tiles.copy()
    stepper.step(np.ones(4))
    np.testing.assert_array_equal(stepper._tiles, tiles)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_of_zero(method):
    """Before the first gradient, between two, and for ever."""
    given = iter([0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0] + [0.0] * 20)
    direction = np.linspace(-1.0, 1.0, 150)
    stepper = at_random(method, 150, 2)
    assert_replays(stepper, lambda theta: next(given) * direction, 27, 1000, 1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_inside_the_span(method):
    """Three directions, two gradients: after a few steps nothing is outside the rows."""
    pair = np.random.default_rng(2).standard_normal((2, 150))
    rng = np.random.default_rng(4)
    stepper = at_random(method, 150, 3)
    for error, sensitivity in replay(stepper, lambda _: rng.standard_normal(2) @ pair, 30, 1):
        # The third row is what rounding makes of it: theta, means and momentum are not, nor the
        # lines of coordinates, nor, of `ogr`, means, sums of variances, and momentum.
        known = np.array([0, -3, -2, -1])
        if method == "ogr":
            known = np.arange(12, 17)
        elif method.endswith("dsogr"):
            known = np.r_[:11, -1]
        assert np.all(error[known] <= 1e-9 * (1.0 + np.minimum(sensitivity[known], 1e3)))
    stepper.straighten()
    assert stepper.drift <= 1e-12


@pytest.mark.slow
def test_nothing_turns_without_turn():
    """``u = 0``: the injection of nothing leaves the rows."""
    stepper = at_random("online_sfn", 200, 2, turn=0.0)
    tiles = stepper._tiles.copy()
    assert_replays(stepper, noisy_quadratic(200), 10, ROUNDINGS, MOST)
    np.testing.assert_array_equal(stepper._tiles, tiles)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [1e-140, 1e-30, 1e30, 1e120])
def test_the_unit_of_the_gradients_is_free(unit):
    """Squares that leave the floats are taken in another unit; `ogr` has no constant with one."""
    found = []
    for factor in (1.0, unit):
        stepper, gradient = at_random("ogr", 260, 3), noisy_quadratic(260)
        for _ in range(20):
            stepper.step(factor * gradient(stepper.theta))
        found.append(stepper.theta.copy())
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-9)
    stepper = at_random("online_sfn", 260, 3)
    scaled = noisy_quadratic(260)
    # After one step of this length the next gradient would be no float any more.
    steps = 4 if unit < 1e100 else 1
    assert_replays(stepper, lambda theta: unit * scaled(theta), steps, ROUNDINGS, MOST)


def test_a_gradient_far_longer_than_the_first_is_cut():
    stepper, g = at_random("ogr", 150, 2), np.linspace(1.0, 2.0, 150)
    given = iter([g, 1e160 * g, g])
    assert_replays(stepper, lambda theta: next(given), 3, 1e6, 1e-6)
    assert stepper.state.unit == 4.0


@pytest.mark.slow
def test_drift_is_measured_and_corrected():
    """Rows that were bent are taken back, and the run goes on with what is near them."""
    stepper, gradient = at_random("online_sfn", 300, 3), noisy_quadratic(300)
    for _ in range(20):
        stepper.step(gradient(stepper.theta))
    stepper._tiles[:, 0] += 1e-9 * stepper._tiles[:, 1]
    for _ in range(drift.EVERY):
        stepper.step(gradient(stepper.theta))
    assert stepper.corrections == 1
    assert stepper.drift > drift.ALLOWED[stepper.dtype]
    stepper.straighten()
    assert stepper.corrections == 1
    assert stepper.drift <= 1e-14
    assert_replays(stepper, gradient, 11, ROUNDINGS, MOST)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_large_is_allocated(method, size):
    D = size(20_000, 16_000)
    stepper, g = at_random(method, D, 3), np.linspace(1.0, 2.0, D)
    for _ in range(3):
        stepper.step(g)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        stepper.step(g)
        # Bytes: an eighth of one vector, which the (d, d) arrays and some tiles take.
        assert tracemalloc.get_traced_memory()[1] - before < size(D, 8 * D)
    finally:
        tracemalloc.stop()


def test_a_start_holds_its_rows_once():
    """Beside them and the four vectors, what the readable start of one row is for a moment."""
    D, d = 100_000, 15
    x0 = np.ones(D)
    streamed.start(x0[:200], "ogr", scaled=False)
    tracemalloc.start()
    try:
        stepper = streamed.start(x0, "ogr")
        assert tracemalloc.get_traced_memory()[1] < (d + 10) * D * 8
    finally:
        tracemalloc.stop()
    assert stepper.parameters.dimension == d


def test_gradients_in_other_forms():
    """Lists, other dtypes, strides, byte orders, what cannot be written: a copy, and the same."""
    D = 150
    g = np.arange(D, dtype=float) - 70.0
    frozen = g.copy()
    frozen.flags.writeable = False
    forms = [g, g.tolist(), g.astype(np.int64), g.astype(np.float32), np.repeat(g, 2)[::2]]
    forms += [g.astype(">f8"), frozen, np.asfortranarray(g), g.reshape(1, D)[0]]
    steppers = [at_random("ogr", D, 2) for _ in forms]
    for stepper, form in zip(steppers, forms, strict=True):
        for _ in range(3):
            theta = stepper.step(form)
        assert theta is stepper.theta
        np.testing.assert_array_equal(theta, steppers[0].theta)


def test_a_gradient_that_is_the_position():
    first, second = at_random("ogr", 150, 2), at_random("ogr", 150, 2)
    for _ in range(5):
        first.step(first.theta)
        second.step(second.theta.copy())
    np.testing.assert_array_equal(first.theta, second.theta)
    with pytest.raises(ValueError, match="read-only"):
        first.theta[0] = 1.0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("gradient", "error", "message"),
    [
        (np.ones(151), errors.ShapeError, r"shape \(150,\), got \(151,\)"),
        (np.ones((1, 150)), errors.ShapeError, "gradient of shape"),
        (np.full(150, 1j), errors.DtypeError, "real numbers"),
        (["a"] * 150, errors.DtypeError, "real numbers"),
        (np.r_[np.ones(149), np.nan], errors.NotFiniteError, "finite"),
        (np.r_[np.inf, np.ones(149)], errors.NotFiniteError, "finite"),
    ],
)
def test_gradients_that_are_refused(method, gradient, error, message):
    """By name, at the first step and later; the state is as before."""
    stepper = at_random(method, 150, 2)
    for _ in range(2):
        before = parts(stepper.theta.copy(), stepper.state)
        with pytest.raises(error, match=message):
            stepper.step(gradient)
        after = parts(stepper.theta, stepper.state)
        assert all(map(np.array_equal, before, after))
        stepper.step(np.ones(150))


@pytest.mark.parametrize(
    ("arguments", "named", "error"),
    [
        ((np.ones(5), "adam"), {}, errors.UnknownNameError),
        ((np.ones(5), "ogr"), {"turn": 1.0}, errors.UnknownNameError),
        ((np.ones(5), "ogr"), {"patience": -1.0, "scaled": False}, errors.RangeError),
        ((np.ones(5), "ogr"), {"dtype": np.float16}, errors.DtypeError),
        ((np.ones((5, 1)), "ogr"), {}, errors.ShapeError),
        ((np.ones(0), "ogr"), {}, errors.ShapeError),
        ((np.array([np.nan]), "ogr"), {}, errors.NotFiniteError),
        ((["x"], "ogr"), {}, errors.DtypeError),
        ((np.ones(5), "ogr"), {"directions": np.eye(2, 5)}, errors.RangeError),
        ((np.ones(5), "sogr"), {"directions": np.eye(2, 4)}, errors.ShapeError),
        ((np.ones(5), "sogr"), {"directions": np.eye(2, 5), "dimension": 3}, errors.ShapeError),
        ((np.ones(5), "sogr"), {"dimension": 6}, errors.RangeError),
    ],
)
def test_starts_that_are_refused(arguments, named, error):
    with pytest.raises(error):
        streamed.start(*arguments, **named)


def test_scales_of_coordinates_are_refused_by_name():
    """By default `ogr` has some: nobody is given another method in silence."""
    for given in ({}, {"scaled": True}):
        with pytest.raises(errors.RangeError, match="give scaled=False"):
            streamed.start(np.ones(5), "ogr", **given)
    assert not streamed.start(np.ones(5), "ogr", scaled=False).parameters.scaled


@pytest.mark.parametrize("method", METHODS)
def test_the_start_is_the_readable_one(method):
    x0, described = np.linspace(1.0, 2.0, 150), optimizers.get(method)
    drawn = np.random.default_rng(8).uniform(0.0, 1e-3, (3, 150))
    given = {"directions": drawn} if described.directions else {"dimension": 3, "scaled": False}
    stepper = streamed.start(x0, method, **given)
    expected = described.start(x0, drawn, stepper.parameters)
    assert all(map(np.array_equal, parts(x0, expected), parts(stepper.theta, stepper.state)))
    assert streamed.start(x0.astype(np.float32), method, **given).dtype == np.float32


def test_where_it_suits():
    assert streamed.suits("ogr", 10**6, 15, scaled=True)
    assert streamed.suits(optimizers.get("ogr"), 10**6, 15)
    assert streamed.suits("ogr", 99_999, 15)
    assert not streamed.suits("ogr", 99_999, 15, scaled=True)
    assert not streamed.suits("ogr", 10**6, 10**5)
    assert not streamed.suits("ogr", 4_000, 15)
    assert streamed.suits("dsogr", 10**6, 1)
    assert not streamed.suits("dogr", 10**6, 1)
    assert not streamed.suits(optimizers.get("ogr")._replace(summary=""), 10**6, 15)
