"""The counts behind the roof: by numbers that count, and against a kept run that no piece beats."""

import json

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from figures.cost import roofline
from refimpl import optimizers
from refimpl.optimizers.momentum import MomentumState

pytestmark = [pytest.mark.numerics, pytest.mark.once]

# What a clock of the processor may miss, and a cache may save of the memory's traffic.
LEAST_OVER_ROOF = 0.7


class Counting:
    """A number that counts what is done with it."""

    made = 0

    def _count(self, *_):
        Counting.made += 1
        return Counting()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _count
    sqrt = _count


def counted(call):
    """Operations for each entry."""
    Counting.made = 0
    call()
    return Counting.made


def vector():
    return np.array([Counting()], dtype=object)


def test_momentum_is_counted_by_numbers_that_count():
    method = optimizers.get("momentum")
    step = getattr(method.step, "py_func", method.step)
    parameters = optimizers.bind(method, {})
    made = counted(lambda: step(MomentumState(vector()), vector(), vector(), parameters))
    assert roofline.PIECES["momentum"](1, 0).operations == made == 5


def test_adam_is_counted_by_numbers_that_count():
    """Its formula, since its text also asks whether it divides by 0."""

    def step():
        theta, g, mean, square = (vector() for _ in range(4))
        mean = 0.8 * mean + (1.0 - 0.8) * g
        square = 0.9 * square + (1.0 - 0.9) * g * g
        scale = (1e-8 + np.sqrt(square / 0.19)) * 0.36
        return theta - 0.4 * (mean / scale)

    assert roofline.PIECES["adam"](1, 0).operations == counted(step) == 14


@pytest.mark.parametrize("piece", ["projection", "injection", "transport", "rotation", "streamed"])
def test_counts_grow_as_the_text_says(piece):
    """In proportion to D; with d as its first or its second power."""
    count, power = (
        roofline.PIECES[piece],
        2 if piece in ("injection", "transport", "rotation") else 1,
    )
    assert count(2000, 4).operations == 2 * count(1000, 4).operations
    assert count(2000, 4).numbers == 2 * count(1000, 4).numbers
    growth = count(10, 4000).operations / count(10, 2000).operations
    assert growth == pytest.approx(2**power, rel=2e-3)


def test_no_piece_of_the_kept_run_beats_its_roof():
    """A count that is too large would make one do so."""
    costs = roofline.compute()
    assert set(costs.intensity) == set(roofline.PIECES)
    for piece, reached in costs.reached.items():
        assert 0.0 < reached * LEAST_OVER_ROOF <= costs.roof[piece] <= 1.0


def test_the_kept_run_has_every_room_and_says_where_and_when():
    kept = json.loads(roofline.RESULTS.read_text("utf-8"))
    assert {row["room"] for row in kept["rows"]} >= {
        "first-use",
        "many-dimensions",
        "memory",
        "roofline",
        "against-c",
        "scaling",
        "solvers",
    }
    assert kept["date"].count("-") == 2
    assert kept["machine"]["kernels"]


def test_the_picture_is_drawn_from_ratios_alone(tmp_path):
    """By hand: below the ridge the roof is the share of it, above it is 1."""
    rows = [
        {"room": "roofline", "name": roofline.RIDGE, "ratio": 2.0},
        {"room": "roofline", "name": "momentum / its roof, d = 10, D = 1e+06", "ratio": 2.0},
        {"room": "roofline", "name": "injection / its roof, d = 10, D = 1e+06", "ratio": 4.0},
    ]
    kept = {"machine": {}, "date": "2026-01-01", "rows": rows, "left out": []}
    path = tmp_path / "run.json"
    path.write_text(json.dumps(kept), encoding="utf-8")
    costs = roofline.compute(path)
    assert costs.roof == {"momentum": 0.0625, "injection": 1.0}
    assert costs.reached == {"momentum": 0.03125, "injection": 0.25}
    drawn = roofline.draw(costs)
    assert "momentum reaches 0.031 of 0.062" in roofline.alt(costs)
    assert len(drawn.axes) == 1
