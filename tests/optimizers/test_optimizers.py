import functools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.linalg

import refimpl
from refimpl import functions, optimizers, regression
from tests.rounding import EPS, assert_agree

pytestmark = pytest.mark.numerics

# Those that learn from gradients alone; the others are tested with what they need besides.
SIMPLE = {
    name: method
    for name, method in optimizers.METHODS.items()
    if not (method.curvature or method.solver)
}
METHODS = pytest.mark.parametrize("method", SIMPLE.values(), ids=SIMPLE.keys())


def directions(method, D):
    """First directions as the driver draws them, where the method has any."""
    d = method.parameters().dimension if method.directions else 0
    return np.random.default_rng(5).uniform(0.0, 1e-3, (d, D))


def run(name, theta, gradients, order=slice(None), **hyperparameters):
    """Positions of a method that meets these gradients, whatever its positions are."""
    method = optimizers.get(name)
    parameters = optimizers.bind(method, hyperparameters)
    theta = np.array(theta, dtype=float)
    V = np.ascontiguousarray(directions(method, theta.size)[:, order])
    state = method.start(theta, V, parameters)
    path = [theta]
    for gradient in np.array(gradients, dtype=float):
        theta, state = method.step(state, theta, gradient, parameters)
        path.append(theta)
    return np.array(path)


def descend(name, theta, gradient, steps, **hyperparameters):
    """Positions of a method on a function without noise."""
    method = optimizers.get(name)
    parameters = optimizers.bind(method, hyperparameters)
    theta = np.array(theta, dtype=float)
    state = method.start(theta, np.empty((0, theta.size)), parameters)
    path = [theta]
    for _ in range(steps):
        theta, state = method.step(state, theta, gradient(theta), parameters)
        path.append(theta)
    return np.array(path)


GRADIENTS = np.random.default_rng(0).standard_normal((12, 3))


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


def test_fogr_first_step_by_hand():
    """One dimension, exact fractions: averages from zero, new means, prior variance 1."""
    beta, gamma, div = Fraction(1, 2), Fraction(3, 4), Fraction(2)
    theta, g = Fraction(2), Fraction(8)
    mean_theta, mean_g, m = beta * theta, beta * g, gamma * g
    C = 1 + beta * ((theta - mean_theta) ** 2 - 1)
    B = beta * (g - mean_g) * (theta - mean_theta)
    assert (C, B, m) == (1, 2, 6)
    expected = theta - m / (div * abs(B / C))
    path = run("fogr", [2.0], [[8.0]], beta=0.5, gamma=0.75, div=2.0, cut=0.0)
    np.testing.assert_allclose(path[-1], [float(expected)], rtol=4 * EPS)
    assert expected == Fraction(1, 2)


def fogr_defined(p, theta, g, mean_theta, mean_g, C, B, m):
    """A step of [D]'s program in SciPy: Lyapunov's equation, then LAPACK's eigenvectors."""
    mean_theta = (1 - p.beta) * mean_theta + p.beta * theta
    mean_g = (1 - p.beta) * mean_g + p.beta * g
    m = (1 - p.gamma) * m + p.gamma * g
    C = (1 - p.beta) * C + p.beta * np.outer(theta - mean_theta, theta - mean_theta)
    B = (1 - p.beta) * B + p.beta * np.outer(g - mean_g, theta - mean_theta)
    H = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
    values, E = np.linalg.eigh(0.5 * (H + H.T))
    bounds = np.maximum(p.div * abs(values), p.cut)
    return theta - E @ ((E.T @ m) / bounds), mean_theta, mean_g, C, B, m


@pytest.mark.parametrize("D", [1, 2, 3, 5])
@pytest.mark.parametrize("cut", [0.5, 10.0])
def test_fogr_is_its_definition(D, cut):
    """Twelve noisy steps on an indefinite quadratic, each from where the method is.

    In closed loop two programs part, by up to the condition of C times the curvature over the cut
    in a single step.
    """
    rng = np.random.default_rng(D)
    H = rng.standard_normal((D, D))
    H = H + H.T
    noise = 0.1 * rng.standard_normal((12, D))
    theta = rng.standard_normal(D)
    method = optimizers.get("fogr")
    given = {"beta": 0.4, "gamma": 0.6, "div": 1.5, "cut": cut}
    parameters = optimizers.bind(method, given)
    state = method.start(theta, np.empty((0, D)), parameters)
    for z in noise:
        before = fogr_state(theta, H @ theta + z, state)
        theta, state = method.step(state, theta, before[1], parameters)
        found = fogr_state(theta, None, state)
        one = functools.partial(fogr_defined, parameters)
        # Some eight operations in turn on either side, with sums of up to five products.
        bounds = assert_agree((found[0], *found[2:]), one, before, 2 * 8 * 5)
        # Otherwise this would test little: the positions run far off.
        assert bounds[0] < 1e-9 * np.abs(theta).max()


def fogr_state(theta, g, state):
    line = state.line
    averages = line.mean_theta, line.mean_gradient, line.C_thetatheta, line.C_gtheta
    return theta, g, *averages, state.momentum


def test_fogr_starts_from_zero_means_and_unit_variance():
    """Not from the first point: on this every published value depends."""
    method = optimizers.get("fogr")
    state = method.start(np.array([5.0, -3.0]), np.empty((0, 2)), method.parameters())
    np.testing.assert_array_equal(state.line.mean_theta, 0.0)
    np.testing.assert_array_equal(state.line.mean_gradient, 0.0)
    np.testing.assert_array_equal(state.line.C_thetatheta, np.eye(2))
    np.testing.assert_array_equal(state.line.C_gtheta, 0.0)
    np.testing.assert_array_equal(state.momentum, 0.0)


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


def test_fogr_with_a_large_cut_is_momentum():
    """``max(div |lambda|, cut) = cut``: the curvature is learned and not used."""
    path = run("fogr", np.ones(3), GRADIENTS, cut=1e6, gamma=0.7)
    momentum = run("momentum", np.ones(3), GRADIENTS, alpha=1e-6, gamma=0.7)
    # The steps are of size 1e-6; the eigenbasis costs a few eps of them.
    np.testing.assert_allclose(path - 1.0, momentum - 1.0, atol=4 * 12 * EPS)


def test_fogr_finds_the_curvature_of_a_quadratic():
    """On a quadratic without noise the learned matrix tends to the true one, signs included.

    The start's unit variance fades by ``1 - beta`` a step, while the positions spread along the
    unstable direction.
    """
    H = np.array([[2.0, 1.0], [1.0, -3.0]])
    method = optimizers.get("fogr")
    parameters = optimizers.bind(method, {"cut": 0.0})
    theta = np.array([1.0, 0.5])
    state = method.start(theta, np.empty((0, 2)), parameters)
    rng = np.random.default_rng(1)
    for _ in range(60):
        _, state = method.step(state, theta, H @ theta, parameters)
        theta = rng.standard_normal(2)
    learned = regression.symmetric_hessian(state.line, 0.0)
    # 0.5^60 of the prior is left.
    np.testing.assert_allclose(learned, H, atol=1e-12)


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
