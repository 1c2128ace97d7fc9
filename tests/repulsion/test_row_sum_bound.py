"""The step bounded by row sums: against its definition, its guarantee, and escape from a saddle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile
from refimpl.errors import NotFiniteError, NotSymmetricError, RangeError, ShapeError
from refimpl.qr_step import shifted_qr_step
from refimpl.repulsion import newton, row_sum_bound, saddle_free

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=100 if _compile.JIT else 25)
SEEDS = st.integers(0, 2**32)


def indefinite(seed, d):
    """Entries of one size, or half of them many orders smaller, or a low rank."""
    rng = np.random.default_rng(seed)
    H = rng.standard_normal((d, d))
    if seed % 3 == 1:
        H *= 10.0 ** (-12.0 * rng.random((d, d)))
    elif seed % 3 == 2:
        a = rng.standard_normal((d, 2))
        H = a[:, :1] @ a[:, :1].T - a[:, 1:] @ a[:, 1:].T
    return 0.5 * (H + H.T), rng.standard_normal(d)


def model(H, g, s):
    """Change of the quadratic model, and the rounding of its sums of d^2 products."""
    change = g @ s + 0.5 * s @ H @ s
    return change, 8 * g.size * EPS * (np.abs(g) @ np.abs(s) + np.abs(s) @ np.abs(H) @ np.abs(s))


@EXAMPLES
@given(SEEDS, st.integers(1, 40), st.floats(0.1, 5.0), st.floats(0.0, 5.0))
def test_definition(seed, d, div, cut):
    H, g = indefinite(seed, d)
    expected = -g / np.maximum(div * np.abs(H).sum(axis=1), cut)
    np.testing.assert_allclose(row_sum_bound(H, g, div, cut), expected, rtol=(d + 2) * EPS)


@EXAMPLES
@given(SEEDS, st.integers(1, 40))
def test_bound_dominates_the_curvature(seed, d):
    """``Delta - H`` and ``Delta + H`` are positive semidefinite: ``-Delta <= H <= Delta``."""
    H, _ = indefinite(seed, d)
    Delta = np.diag(np.abs(H).sum(axis=1))
    for sign in (-1.0, 1.0):
        assert np.linalg.eigvalsh(Delta + sign * H)[0] >= -4 * d * EPS * Delta.max()


@EXAMPLES
@given(SEEDS, st.integers(1, 40), st.floats(1.0, 5.0), st.floats(0.0, 5.0))
def test_at_least_half_the_linear_gain(seed, d, div, cut):
    """``g^T s + s^T H s / 2 <= g^T s / 2``, for indefinite H, any cut and ``div >= 1``."""
    H, g = indefinite(seed, d)
    s = row_sum_bound(H, g, div, cut)
    change, error = model(H, g, s)
    assert change <= 0.5 * g @ s + error
    assert g @ s < 0.0


def test_half_the_gain_is_attained_and_not_below():
    """Equality for equal entries; with ``div = 1/2``, the negative control, nothing is gained."""
    H, g = np.ones((3, 3)), np.ones(3)
    s = row_sum_bound(H, g)
    assert model(H, g, s)[0] == pytest.approx(0.5 * g @ s, rel=4 * EPS)
    s = row_sum_bound(H, g, 0.5)
    assert model(H, g, s)[0] == pytest.approx(0.0, abs=8 * EPS)


def test_the_diagonal_alone_overshoots():
    """The trap: after one QR step, ``diag(H)`` as curvature raises the model; the bound never does.

    Curvatures 1 to 100 in random axes, gradients of random directions.
    """
    raised = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
        H = (Q * np.array([100.0, 50.0, -20.0, 5.0, 1.0])) @ Q.T
        H = shifted_qr_step(0.5 * (H + H.T)).rotated
        g = rng.standard_normal(5)
        raised += model(H, g, -g / np.abs(np.diag(H)))[0] > 0.0
        assert model(H, g, row_sum_bound(H, g))[0] < 0.0
    assert raised > 20


@EXAMPLES
@given(SEEDS, st.integers(1, 8), st.floats(1.0, 5.0), st.floats(0.0, 1.0))
def test_diagonal_curvature_is_saddle_free(seed, d, div, cut):
    """Both divide by the modulus; the eigensolver goes to unit scale and back, two roundings."""
    rng = np.random.default_rng(seed)
    H = np.diag(rng.choice([-1.0, 1.0], d) * 10.0 ** -rng.uniform(0.0, 6.0, d))
    g = rng.standard_normal(d)
    np.testing.assert_allclose(
        row_sum_bound(H, g, div, cut), saddle_free(H, g, div, cut), rtol=8 * EPS
    )


def test_it_depends_on_the_axes():
    """Curvatures 2 and 1, turned by 45 degrees: both row sums are 2."""
    np.testing.assert_array_equal(row_sum_bound(np.diag([2.0, 1.0]), np.ones(2)), [-0.5, -1.0])
    turned = np.array([[1.5, 0.5], [0.5, 1.5]])
    np.testing.assert_array_equal(row_sum_bound(turned, np.ones(2)), [-0.5, -0.5])


def test_zero_row():
    """No step without a cut, ``-g / cut`` with one."""
    H, g = np.diag([2.0, 0.0]), np.ones(2)
    np.testing.assert_array_equal(row_sum_bound(H, g), [-0.5, 0.0])
    np.testing.assert_array_equal(row_sum_bound(H, g, 1.0, 4.0), [-0.25, -0.25])
    np.testing.assert_array_equal(row_sum_bound(np.zeros((2, 2)), g), [0.0, 0.0])


def test_beyond_the_largest_float():
    """A step that no float can hold is cut; a row sum that none can hold is an error."""
    step = row_sum_bound(np.array([[5e-324]]), np.array([1e300]))
    assert -np.finfo(np.float64).max <= step[0] < -1e307
    step = row_sum_bound(np.array([[1e300]]), np.array([1e300]), 1e300)
    assert -1e-6 < step[0] < 0.0
    with pytest.raises(NotFiniteError, match="overflow"):
        row_sum_bound(np.full((2, 2), 1e308), np.ones(2))


@pytest.mark.parametrize("curvature", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("div", [1.0, 1.5, 4.0])
def test_escape_time(curvature, div):
    """From 1e-6 to 1 in ``log(1e6) / log(1 + 1/div)`` steps, whatever the curvature.

    Gradient descent takes ``log(1 + 1/div) / log(1 + alpha |lambda|)`` times as long, and Newton
    never leaves.
    """
    H, alpha = np.array([[-curvature]]), 0.1 / curvature

    def steps(step):
        x, count = np.array([1e-6]), 0
        while abs(x[0]) < 1.0 and count < 1000:
            x, count = x + step(H @ x), count + 1
        return count

    predicted = np.log(1e6) / np.log(1.0 + 1.0 / div)
    # Rounding may carry the last step over the line where the prediction is a whole number.
    for rule in (saddle_free, row_sum_bound):
        assert steps(lambda g, rule=rule: rule(H, g, div)) - predicted == pytest.approx(
            0.5, abs=0.5 + 1e-9
        )
    descent = predicted * np.log(1.0 + 1.0 / div) / np.log(1.0 + alpha * curvature)
    assert steps(lambda g: -alpha * g) - descent == pytest.approx(0.5, abs=0.5 + 1e-9)
    assert steps(lambda g: newton(H, g)) == 1000


def test_wrong_input():
    H, g = np.eye(2), np.ones(2)
    for bad in (np.ones(2), np.ones((2, 3)), np.eye(3)):
        with pytest.raises(ShapeError, match="repulsion"):
            row_sum_bound(bad, g)
    for bad in (np.nan, np.inf):
        with pytest.raises(NotFiniteError, match="finite"):
            row_sum_bound(H, np.array([1.0, bad]))
        with pytest.raises(NotFiniteError, match="finite"):
            row_sum_bound(np.full((2, 2), bad), g)
    with pytest.raises(NotSymmetricError, match="symmetric"):
        row_sum_bound(np.triu(np.ones((2, 2))), g)
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(RangeError, match="div"):
            row_sum_bound(H, g, bad)
    for bad in (-1e-9, np.nan, np.inf):
        with pytest.raises(RangeError, match="cut"):
            row_sum_bound(H, g, 1.0, bad)
