"""Symmetries of grouped Newton, and nothing beyond them.

One scalar a group times an orthogonal map within it, translations, and the scale of the loss.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refimpl import _compile, functions
from refimpl.optimizers.grouped_newton import grouped_newton
from tests.optimizers.grouped_steps import walk

pytestmark = pytest.mark.numerics

EXAMPLES = settings(deadline=None, derandomize=True, max_examples=15 if _compile.JIT else 4)

EPS = np.finfo(np.float64).eps
GROUPS = ((0, 2), (1, 3, 4))
MIX = np.random.default_rng(3).standard_normal((4, 5)) / 2.0


def bowl(theta):
    return np.sum(theta**4) / 4 + np.sum(np.exp(MIX @ theta)) + theta[0] * theta[1]


def bowl_gradient(theta):
    swapped = np.array([theta[1], theta[0], 0.0, 0.0, 0.0])
    return theta**3 + np.exp(MIX @ theta) @ MIX + swapped


def mapped(A, b, start, scale=1.0, steps=3, method=grouped_newton, **options):
    """A run in coordinates `phi` with ``theta = A phi + b``, seen as positions `theta`."""
    path, _ = walk(
        method,
        lambda phi: scale * bowl(A @ phi + b),
        lambda phi: scale * A.T @ bowl_gradient(A @ phi + b),
        np.linalg.solve(A, start - b),
        steps,
        groups=GROUPS,
        **options,
    )
    return path @ A.T + b


def within(blocks):
    """A map that acts within each group."""
    A = np.zeros((5, 5))
    for index, block in zip(GROUPS, blocks, strict=True):
        A[np.ix_(index, index)] = block
    return A


START = np.array([0.5, -0.8, 1.1, 0.3, -0.6])
# Three steps through systems of condition below 1e3, of some hundred roundings each.
SYMMETRIC = 1e-9


@EXAMPLES
@given(st.integers(0, 2**32), st.sampled_from(["gradient", "momentum"]))
def test_true_group_of_symmetries(seed, direction):
    rng = np.random.default_rng(seed)
    scales = 10.0 ** rng.uniform(-3, 3, 2)
    A = within([a * functions.random_rotation(rng, n) for a, n in zip(scales, (2, 3), strict=True)])
    options = {"direction": direction}
    expected = mapped(np.eye(5), np.zeros(5), START, **options)
    assert np.linalg.norm(expected[-1] - START) > 0.1
    moved = mapped(A, rng.standard_normal(5), START, 10.0 ** rng.uniform(-9, 9), **options)
    np.testing.assert_allclose(moved, expected, rtol=0, atol=SYMMETRIC)


CBRT = np.cbrt


def cube_roots(x):
    """Those of ``8 x`` are exactly twice those of `x`."""
    part, exponent = np.frexp(x)
    return np.ldexp(CBRT(np.ldexp(part, exponent % 3)), exponent // 3)


@EXAMPLES
@given(st.integers(-100, 100), st.tuples(st.integers(-40, 40), st.integers(-40, 40)))
def test_powers_of_two_change_no_digit(loss, groups):
    """Even where the cube of a gradient would be no float; of the loss those with a cube root.

    The last digit of a cube root may depend on the exponent, as NumPy has it without AVX-512. It
    is the only operation that may: with one that is the same for all exponents, so is the path.
    """
    A = within([math.ldexp(1.0, n) * np.eye(k) for n, k in zip(groups, (2, 3), strict=True)])
    for roots in (CBRT, cube_roots):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(np, "cbrt", roots)
            expected = mapped(np.eye(5), np.zeros(5), START)
            scaled = mapped(A, np.zeros(5), START, 8.0**loss)
        # Three steps, as above; of all roundings only those of the cube root differ.
        atol = 3 * 1e3 * 2 * EPS if roots is CBRT else 0.0
        np.testing.assert_allclose(scaled, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("case", ["stretched", "adam turned"])
def test_no_symmetry_beyond_them(case):
    """A general linear map within a group, or a rotation of Adam's direction, changes the path."""
    options = {"direction": "adam" if case == "adam turned" else "gradient"}
    turn = functions.random_rotation(np.random.default_rng(0), 2)
    block = turn if case == "adam turned" else np.diag([1.0, 2.0])
    expected = mapped(np.eye(5), np.zeros(5), START, **options)
    other = mapped(within([block, np.eye(3)]), np.zeros(5), START, **options)
    assert np.linalg.norm(other[1] - expected[1]) > 1e-3


def test_a_scale_for_each_group_is_a_symmetry_for_adam_too():
    """Its directions have no scale; with `eps` 0 the scale of the loss goes too."""
    options = {"direction": "adam", "eps": 0.0}
    expected = mapped(np.eye(5), np.zeros(5), START, **options)
    scaled = mapped(within([0.1 * np.eye(2), 30.0 * np.eye(3)]), np.ones(5), START, 1e4, **options)
    np.testing.assert_allclose(scaled, expected, rtol=0, atol=SYMMETRIC)
