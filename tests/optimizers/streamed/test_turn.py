"""The turn as a rank-one update, against the readable injection in the full space."""

import numpy as np
import pytest

from refimpl import online_pca
from refimpl.optimizers.streamed import passes, turn
from refimpl.optimizers.streamed.tiles import into_tiles, padded
from tests.rounding import EPS

pytestmark = pytest.mark.numerics

D, d = 40, 3


def turned(V, frame, x, lean):
    """``frame_new``, ``V_new`` and whether it turns, in plain NumPy around `injected`."""
    p = V @ x
    rest = x - p @ V
    rest -= (V @ rest) @ V
    rho = np.linalg.norm(rest)
    if rho <= 4.0 * len(V) * EPS * np.linalg.norm(x):
        rho = 0.0
    orders = passes.Orders(np.zeros(len(V)), np.zeros(len(V)), np.zeros(len(V)), np.zeros(4))
    before = turn.extended(frame, len(V) + 1)
    rows, frame_new, turns = turn.injected(before, turn.with_rest(p, rho), lean, orders)
    V_new = V + np.outer(orders.uh, orders.e @ V + orders.numbers[0] * x)
    q = V @ np.ones(V.shape[1])
    turn.carry(q, x.sum(), orders)
    np.testing.assert_allclose(q, V_new.sum(axis=1), rtol=0, atol=1e-12 * (1.0 + lean))
    return rows, frame_new, V_new, turns


@pytest.fixture
def basis():
    rng = np.random.default_rng(0)
    V = np.linalg.qr(rng.standard_normal((D, d)))[0].T
    frame = np.linalg.qr(rng.standard_normal((d, d)))[0]
    return V, frame, rng.standard_normal(D)


@pytest.mark.parametrize("lean", [1e-9, 0.2, 3.0, 1e3])
@pytest.mark.parametrize("aside", [1.0, 1e-3, 1e-6])
def test_the_turn_is_the_readable_one(basis, lean, aside):
    """However much of the gradient is outside; rounding in it is amplified by the lean."""
    V, frame, x = basis
    inside = (V @ x) @ V
    x = inside + aside * (x - inside)
    x /= np.linalg.norm(x)
    rows, frame_new, V_new, turns = turned(V, frame, x, lean)
    assert turns
    bound = 50.0 * EPS * (1.0 + lean)
    np.testing.assert_allclose(
        frame_new @ V_new, online_pca.inject(frame @ V, x, lean), rtol=0, atol=bound
    )
    np.testing.assert_allclose(V_new @ V_new.T, np.eye(d), rtol=0, atol=bound)
    np.testing.assert_allclose(frame_new @ frame_new.T, np.eye(d), rtol=0, atol=50.0 * EPS)
    np.testing.assert_allclose(rows @ rows.T, np.eye(d), rtol=0, atol=50.0 * EPS)


def test_a_gradient_inside_the_span_turns_only_the_small_matrix(basis):
    V, frame, x = basis
    x = (V @ x) @ V
    _, frame_new, V_new, turns = turned(V, frame, x, 0.4)
    assert not turns
    np.testing.assert_array_equal(V_new, V)
    np.testing.assert_allclose(
        frame_new @ V, online_pca.inject(frame @ V, x, 0.4), rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("rows", [1, 3])
def test_a_row_that_collapses(basis, rows):
    """``p u = -1`` and nothing outside: the piece puts another row in its place."""
    V, _, x = basis
    V, frame = V[:rows], np.eye(rows)
    if rows > 1:
        # The rows' sum is then (1 + lean p 1) long along what they share.
        p = -np.ones(rows) / rows
    else:
        p = np.array([-1.0])
    x = p @ V
    _, frame_new, V_new, turns = turned(V, frame, x, 1.0)
    assert not turns
    found, expected = frame_new @ V_new, online_pca.inject(frame @ V, x, 1.0)
    np.testing.assert_allclose(found @ found.T, np.eye(rows), rtol=0, atol=1e-14)
    # Of the row that replaces the lost one only the line is known: its sign is that of rounding.
    np.testing.assert_allclose(found.T @ found, expected.T @ expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found[:-1], expected[:-1], rtol=0, atol=1e-13)


def test_no_gradient(basis):
    V, frame, _ = basis
    _, frame_new, V_new, turns = turned(V, frame, np.zeros(D), 0.5)
    assert not turns
    np.testing.assert_array_equal(V_new, V)
    np.testing.assert_allclose(frame_new, frame, rtol=0, atol=1e-15)


@pytest.mark.parametrize("aside", [1.0, 1e-2, 1e-6, 1e-17])
def test_what_is_outside(basis, aside):
    """Where the difference of squares has no digits, the remainder itself has."""
    V, _, x = basis
    inside = (V @ x) @ V
    x, right = inside + aside * (x - inside), aside * np.linalg.norm(x - inside)
    vectors = passes.Vectors(*(padded(np.zeros(D), np.float64) for _ in range(4)))
    seen, tiles, again = passes.Seen(np.zeros(d), np.zeros(8)), into_tiles(V, float), np.zeros(d)
    passes.project(tiles, x, vectors, 1.0, 0.5, False, seen)
    rho = turn.outside(tiles, x, vectors, 1.0, 0.5, False, False, seen, again)
    assert abs(rho - (right if aside > 1e-10 else 0.0)) <= 20.0 * EPS * np.linalg.norm(x)
    assert turn.outside(tiles, x, vectors, 1.0, 0.5, False, True, seen, again) == 0.0
