from fractions import Fraction

import mpmath
import numpy as np
import pytest

import refimpl
from refimpl import functions, optimizers
from tests.optimizers.paths import GRADIENTS, directions, run
from tests.rounding import EPS

pytestmark = pytest.mark.numerics

# Those that learn from gradients alone; the others are tested with what they need besides.
SIMPLE = {
    name: method
    for name, method in optimizers.METHODS.items()
    if not (method.curvature or method.solver)
}
METHODS = pytest.mark.parametrize("method", SIMPLE.values(), ids=SIMPLE.keys())


# First steps, written out.


def test_sgd_by_hand():
    """``1 - 1/8 * 3 = 5/8``, ``5/8 + 1/8 * 5 = 5/4``: no rounding in these numbers."""
    np.testing.assert_array_equal(
        run("sgd", [1.0], [[3.0], [-5.0]], alpha=0.125)[:, 0], [1.0, 0.625, 1.25]
    )


def test_momentum_by_hand():
    """Three steps in fractions whose denominators are powers of two."""
    alpha, gamma = Fraction(1, 4), Fraction(1, 2)
    theta, m, expected = Fraction(1), Fraction(0), [Fraction(1)]
    for g in (Fraction(3), Fraction(-5), Fraction(2)):
        m = m + gamma * (g - m)
        theta = theta - alpha * m
        expected.append(theta)
    assert expected[1:3] == [Fraction(5, 8), Fraction(17, 16)]
    path = run("momentum", [1.0], [[3.0], [-5.0], [2.0]], alpha=0.25, gamma=0.5)
    np.testing.assert_array_equal(path[:, 0], [float(x) for x in expected])


def test_adam_by_hand():
    """The printed formula with sums in place of recursions, and with 40 digits."""
    alpha, beta1, beta2, eps = 0.4, 0.8, 0.9, 1e-3
    gradients = [0.3, -0.2, 0.7, 0.1]
    with mpmath.workdps(40):
        a, b1, b2, e = (mpmath.mpf(x) for x in (alpha, beta1, beta2, eps))
        g = [mpmath.mpf(x) for x in gradients]
        theta, expected = mpmath.mpf(1), [1.0]
        for t in range(1, 5):
            m = (1 - b1) * sum(b1 ** (t - 1 - k) * g[k] for k in range(t))
            v = (1 - b2) * sum(b2 ** (t - 1 - k) * g[k] ** 2 for k in range(t))
            theta -= a * m / ((e + mpmath.sqrt(v / (1 - b2**t))) * (1 - b1**t))
            expected.append(float(theta))
    path = run(
        "adam", [1.0], np.array(gradients)[:, None], alpha=alpha, beta1=beta1, beta2=beta2, eps=eps
    )
    # 1 - beta^t loses a digit at the first steps; then a dozen roundings a step.
    np.testing.assert_allclose(path[:, 0], expected, atol=100 * EPS)


# Limits: one method is another.


def test_momentum_with_gamma_one_is_sgd():
    """``m + (g - m)`` is `g` to the rounding of two sums."""
    sgd = run("sgd", np.ones(3), GRADIENTS, alpha=0.1)
    momentum = run("momentum", np.ones(3), GRADIENTS, alpha=0.1, gamma=1.0)
    # Twelve steps, each of 0.1 times numbers below 4, and positions below 4.
    np.testing.assert_allclose(momentum, sgd, atol=12 * 4 * EPS)


def test_momentum_is_a_sum_over_the_past():
    """The batch formula: gradient k steps old weighs ``gamma (1 - gamma)^k``."""
    gamma, alpha = 0.3, 0.1
    m = [
        sum(gamma * (1 - gamma) ** (t - k) * GRADIENTS[k] for k in range(t + 1)) for t in range(12)
    ]
    expected = 1.0 - alpha * np.cumsum(m, axis=0)
    path = run("momentum", np.ones(3), GRADIENTS, alpha=alpha, gamma=gamma)
    np.testing.assert_allclose(path[1:], expected, atol=12 * 8 * EPS)


def test_adam_without_memory_is_the_sign():
    """``beta1 = beta2 = eps = 0``: a step of `alpha` down each coordinate."""
    path = run("adam", np.zeros(3), GRADIENTS, alpha=0.25, beta1=0.0, beta2=0.0, eps=0.0)
    np.testing.assert_allclose(np.diff(path, axis=0), -0.25 * np.sign(GRADIENTS), atol=12 * EPS)


def test_adam_with_a_large_eps_is_momentum_after_its_start():
    """``eps`` above all gradients: ``alpha m / (eps (1 - beta1^t))``."""
    beta1, eps = 0.8, 1e12
    path = run("adam", np.zeros(3), GRADIENTS, alpha=eps, beta1=beta1, beta2=0.9, eps=eps)
    averages = run("momentum", np.zeros(3), GRADIENTS, alpha=1.0, gamma=1 - beta1)
    corrections = 1 - beta1 ** np.arange(1, 13)[:, None]
    # sqrt(v) / eps is 1e-12.
    expected = np.diff(averages, axis=0) / corrections
    np.testing.assert_allclose(np.diff(path, axis=0), expected, rtol=1e-11, atol=1e-11)


def test_adam_does_not_see_the_scale_of_the_loss():
    """With ``eps = 0`` a power of two cancels exactly."""
    path = run("adam", np.ones(3), GRADIENTS, eps=0.0)
    np.testing.assert_array_equal(run("adam", np.ones(3), 1024.0 * GRADIENTS, eps=0.0), path)


def test_adam_where_nothing_happens():
    """A coordinate without gradient stays, even with ``eps = 0``."""
    path = run("adam", np.ones(2), [[1.0, 0.0], [2.0, 0.0]], eps=0.0)
    np.testing.assert_array_equal(path[:, 1], 1.0)
    assert np.isfinite(path).all()


# What holds for every method.


@METHODS
def test_step_is_pure(method):
    """State, position and gradient are as before, and the same step gives the same bits."""
    parameters = method.parameters()
    theta, gradient = np.array([1.0, -2.0]), np.array([0.3, 0.7])
    state = method.start(theta, directions(method, 2), parameters)
    _, state = method.step(state, theta, gradient, parameters)
    before = [np.copy(leaf) for leaf in leaves(state)]
    first, one = method.step(state, theta, gradient, parameters)
    second, other = method.step(state, theta, gradient, parameters)
    for old, new in zip(before, leaves(state), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(theta, [1.0, -2.0])
    np.testing.assert_array_equal(gradient, [0.3, 0.7])
    np.testing.assert_array_equal(first, second)
    for a, b in zip(leaves(one), leaves(other), strict=True):
        np.testing.assert_array_equal(a, b)


def leaves(state):
    for part in state:
        if isinstance(part, tuple):
            yield from leaves(part)
        else:
            yield part


@METHODS
def test_gradient_zero_at_rest(method):
    """At a stationary point, without noise and from the start on, no method moves."""
    path = run(method.name, [1.0, -2.0], np.zeros((3, 2)))
    np.testing.assert_array_equal(path, np.tile([1.0, -2.0], (4, 1)))


@METHODS
def test_coordinates_can_be_exchanged(method):
    """None of the methods knows which coordinate is the first, except ogr.

    Its axes are the coordinates in their order at the start, and the QR step keeps an order.
    """
    if method.name == "ogr":
        pytest.skip(
            "the axes of ogr begin in the order of the coordinates: tests/optimizers/test_ogr.py"
        )
    order = [2, 0, 1]
    path = run(method.name, [1.0, 0.5, -1.0], GRADIENTS)
    # Rows of their own: what is only strided would have every method compiled once more.
    gradients = np.ascontiguousarray(GRADIENTS[:, order])
    exchanged = run(method.name, np.array([1.0, 0.5, -1.0])[order], gradients, order)
    # Twelve steps of a method that may solve an equation of moderate condition.
    np.testing.assert_allclose(exchanged, path[:, order], rtol=1e-9, atol=1e-9)


def test_listing():
    """Every method by its name, its defaults as its parameters state them."""
    listing = optimizers.methods()
    assert {"sgd", "momentum", "adam", "fogr", "dogr", "sogr", "dsogr"} <= set(SIMPLE)
    assert {"cdogr", "cfogr", "csogr", "cdsogr", "pogr", "online_sfn"} <= set(SIMPLE)
    assert set(SIMPLE) <= set(listing)
    for name, entry in listing.items():
        method = optimizers.get(name)
        assert method.name == name
        assert optimizers.get(method) is method
        assert entry["defaults"] == method.parameters()._asdict()
        assert entry["source"]
        assert entry["summary"]


def test_published_settings_are_the_defaults():
    """Of Figure 1 for the baselines, of 4 for the plain methods, of 7 for the "c" variants."""
    defaults = {name: entry["defaults"] for name, entry in optimizers.methods().items()}
    assert defaults["momentum"] == {"alpha": 0.017, "gamma": 0.5}
    assert defaults["adam"] == {"alpha": 0.4, "beta1": 0.8, "beta2": 0.9, "eps": 1e-8}
    plain, c = {"prior": (1.0, 0.0)}, {"prior": (0.1, 0.1)}
    subspace = {"turn": 0.1, "dimension": 1}
    assert defaults["fogr"] == {"beta": 0.5, "gamma": 0.6, "div": 1.5, "cut": 10.0} | plain
    assert defaults["dogr"] == {"beta": 0.6, "gamma": 0.7, "div": 1.4, "cut": 5.0} | plain
    fast = {"beta": 0.6, "gamma": 0.7, "div": 1.5} | subspace | plain
    assert defaults["sogr"] == {"cut": 15.0, "alpha": 0.001} | fast
    assert defaults["dsogr"] == {"cut": 6.0, "w": 0.3} | fast
    uncut = {"div": 1.0, "cut": 0.0, "max_alpha": np.inf}
    assert defaults["cdogr"] == {"beta": 0.4, "gamma": 0.5, "eta": 0.6} | uncut | c
    faster = {"beta": 0.7, "gamma": 0.7} | c
    assert defaults["cfogr"] == {"eta": 1.0, "cut": 5.0} | faster
    assert defaults["csogr"] == {"eta": 0.9, "cut": 10.0} | subspace | faster
    last = {"eta": 1.0, "w": 0.5, "cut": 1e-4, "max_alpha": np.inf}
    assert defaults["cdsogr"] == last | subspace | faster
    assert defaults["pogr"] == {"beta": 0.3, "alpha": 2.0 / 3.0} | plain


def test_type_names_are_unique():
    """numba takes two named tuples of one name and shape for the same type, in one process."""
    types = set()
    for method in optimizers.METHODS.values():
        if not method.solver:
            parameters = method.parameters()
            # A class may serve several methods, but no name several classes.
            types |= {
                type(parameters),
                type(method.start(np.zeros(2), directions(method, 2), parameters)),
            }
    names = [kind.__name__ for kind in types]
    assert len(set(names)) == len(names)


def test_methods_of_like_shape_run_in_one_process():
    """Newton and SGD both have one number as hyperparameter and one count as state."""
    for first, second in (("newton", "sgd"), ("sgd", "newton")):
        for name in (first, second):
            final = refimpl.lattice(
                functions.booth, name, starts=[[1.0, 1.0]], steps=2, seeds=[0], alpha=0.01
            )
            assert final.shape == (1, 1)
