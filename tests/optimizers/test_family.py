"""The methods of [D] and [P], beside the table of their steps in plain NumPy and SciPy.

Long: one table of steps, and every method of it against each of the same claims.
"""

import itertools
import math

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import _compile, functions, optimizers
from refimpl.errors import RangeError
from refimpl.optimizers import diagonal

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=25 if _compile.JIT else 3)
SUBSPACE = ("sogr", "dsogr", "csogr", "cdsogr")
FAMILY = ("fogr", "dogr", "cdogr", "cfogr", "pogr", *SUBSPACE)
STEPS = 15


def inverse(values, div, cut):
    """``eh``: one over the modulus of the curvature, bounded by the cut."""
    return 1.0 / np.maximum(div * np.abs(values), cut)


def saddle_free(H, div, cut):
    """``ma``: the same for a symmetric matrix, through LAPACK."""
    e, E = np.linalg.eigh(H)
    return E @ np.diag(inverse(e, div, cut)) @ E.T


def lyapunov(C, B):
    """Symmetric least squares by SciPy's solver of the Lyapunov equation."""
    H = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
    return 0.5 * (H + H.T)


def correlated(C, G):
    """The same for perfectly correlated positions and gradients."""
    return lyapunov(C, scipy.linalg.sqrtm(C).real @ scipy.linalg.sqrtm(G).real)


def orthonormal(W):
    """Gram-Schmidt in row order, as a QR factorisation with a positive diagonal."""
    Q, R = np.linalg.qr(W.T)
    return (Q * np.sign(np.diag(R))).T


class Averages:
    """Covariances of [D]'s programs, from distances to the new means."""

    def __init__(self, n, prior, slope=0.0):
        self.C, self.G, self.B = prior[0] * np.eye(n), prior[1] * np.eye(n), slope * np.eye(n)

    def take(self, x, y, beta):
        self.C = (1 - beta) * self.C + beta * np.outer(x, x)
        self.G = (1 - beta) * self.G + beta * np.outer(y, y)
        self.B = (1 - beta) * self.B + beta * np.outer(y, x)


def capped(step):
    return step * min(1.0, 1.0 / np.linalg.norm(step))


# What each method subtracts from theta: `a` the averages in all coordinates, `s` those along `V`.
TABLE = {
    "fogr": lambda p, m, g, a, V, s: saddle_free(lyapunov(a.C, a.B), p.div, p.cut) @ m,
    "dogr": lambda p, m, g, a, V, s: inverse(np.diag(a.B) / np.diag(a.C), p.div, p.cut) * m,
    "sogr": lambda p, m, g, a, V, s: (
        p.alpha * (m - V.T @ V @ m) + V.T @ saddle_free(lyapunov(s.C, s.B), p.div, p.cut) @ V @ m
    ),
    "dsogr": lambda p, m, g, a, V, s: corrected(
        inverse(np.diag(a.B) / np.diag(a.C), p.div, p.cut) * m,
        saddle_free(lyapunov(s.C, s.B), p.div, p.cut) @ V @ m,
        p.w,
        V,
    ),
    "cdogr": lambda p, m, g, a, V, s: p.eta * coordinates(p, m, a, p.div, p.cut),
    "cfogr": lambda p, m, g, a, V, s: p.eta * saddle_free(correlated(a.C, a.G), 1.0, p.cut) @ m,
    "csogr": lambda p, m, g, a, V, s: (
        p.eta * V.T @ saddle_free(correlated(s.C, s.G), 1.0, p.cut) @ V @ m
    ),
    "cdsogr": lambda p, m, g, a, V, s: corrected(
        p.eta * coordinates(p, m, a, 1.0, 0.0),
        p.eta * saddle_free(correlated(s.C, s.G), 1.0, p.cut) @ V @ m,
        p.w,
        V,
    ),
    "pogr": lambda p, m, g, a, V, s: capped(
        p.alpha * saddle_free(lyapunov(a.C + 1e-12 * np.eye(len(g)), a.B), 1.0, 0.0) @ g
    ),
}


def corrected(u, along, w, V):
    return u - w * (V.T @ V @ u - V.T @ along)


def coordinates(p, m, a, div, cut):
    return np.minimum(m * inverse(np.sqrt(np.diag(a.G) / np.diag(a.C)), div, cut), p.max_alpha)


def by_definition(name, theta, gradients, V, parameters):
    """Positions; `gradients` are functions of the position."""
    p, D = parameters, theta.size
    mean_theta, mean_g, m = np.zeros(D), np.zeros(D), np.zeros(D)
    everywhere = Averages(D, p.prior, slope=1.0 if name == "pogr" else 0.0)
    along = Averages(len(V), p.prior)
    gamma = getattr(p, "gamma", 1.0)
    path = [theta]
    for gradient in gradients:
        g = gradient(theta)
        mean_theta = (1 - p.beta) * mean_theta + p.beta * theta
        mean_g = (1 - p.beta) * mean_g + p.beta * g
        m = (1 - gamma) * m + gamma * g
        x, y = theta - mean_theta, g - mean_g
        everywhere.take(x, y, p.beta)
        if len(V):
            V = orthonormal(V + p.turn * np.outer(np.ones(len(V)), g))
            along.take(V @ x, V @ y, p.beta)
        theta = theta - TABLE[name](p, m, g, everywhere, V, along)
        path.append(theta)
    return np.array(path)


def follow(name, theta, gradients, V, parameters):
    """The same by the method under test."""
    method = optimizers.get(name)
    state, path = method.start(theta, V, parameters), [theta]
    for gradient in gradients:
        theta, state = method.step(state, theta, gradient(theta), parameters)
        path.append(theta)
    return np.array(path)


def drawn(name, D, seed, given, scale=1.0):
    """Parameters, first directions, a start and the noisy gradients of an indefinite quadratic."""
    rng = np.random.default_rng(seed)
    method = optimizers.get(name)
    parameters = optimizers.bind(method, given)
    d = parameters.dimension if method.directions else 0
    V, theta = rng.uniform(0.0, 1e-3, (d, D)), rng.standard_normal(D)
    H = rng.standard_normal((D, D))
    H = H + H.T
    gradients = [
        lambda x, z=z: scale * (H @ np.tanh(x) + z) for z in 0.5 * rng.standard_normal((STEPS, D))
    ]
    return parameters, V, theta, gradients


CASES = [
    (name, D, d)
    for name in FAMILY
    for D in (1, 2, 3, 6)
    for d in ((1, 2, 3) if name in SUBSPACE else (None,))
    if d is None or d <= D
]


@pytest.mark.parametrize(("name", "D", "d"), CASES)
@pytest.mark.parametrize("seed", [0, 1])
def test_is_the_table(name, D, d, seed):
    """Every method, its published settings, on noisy gradients of bounded slope.

    The steps are short enough that rounding grows a thousandfold in 15 of them, not more; the
    square roots and Lyapunov's equation cost the condition of C besides, up to 1e4 here.
    """
    given = {} if d is None else {"dimension": d}
    parameters, V, theta, gradients = drawn(name, D, seed, given)
    expected = by_definition(name, theta, gradients, V, parameters)
    path = follow(name, theta, gradients, V, parameters)
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e7 * EPS * np.abs(expected).max())
    assert np.abs(np.diff(path, axis=0)).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("fogr", {"prior": 0.3, "cut": 2.0}),
        ("dogr", {"prior": (0.2, 7.0), "cut": 2.0}),
        ("pogr", {"prior": 2.0, "alpha": 0.1}),
        ("cdogr", {"prior": (1.0, 0.0), "eta": 1.0, "div": 1.1, "cut": 0.1}),
        ("cdogr", {"max_alpha": 0.05, "cut": 0.1}),
        ("cfogr", {"prior": (1.0, 0.2), "eta": 0.7}),
        ("csogr", {"prior": (0.5, 2.0), "dimension": 2, "turn": 0.5}),
        ("dsogr", {"prior": 0.5, "dimension": 2, "turn": 3.0, "w": 1.0}),
        ("cdsogr", {"max_alpha": 0.1, "dimension": 2, "eta": 0.5, "w": 0.3, "cut": 1.0}),
        ("sogr", {"dimension": 2, "turn": 0.0, "alpha": 0.2, "prior": (2.0, 0.0)}),
    ],
)
def test_is_the_table_with_other_settings(name, given):
    """Each hyperparameter where the table has it; tolerance as above."""
    parameters, V, theta, gradients = drawn(name, 3, 5, given)
    expected = by_definition(name, theta, gradients, V, parameters)
    path = follow(name, theta, gradients, V, parameters)
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e7 * EPS * np.abs(expected).max())
    defaults, V, theta, gradients = drawn(name, 3, 5, {})
    if name not in SUBSPACE:
        assert np.abs(by_definition(name, theta, gradients, V, defaults) - expected).max() > 1e-3


@pytest.mark.parametrize("name", SUBSPACE)
def test_first_directions_stay_as_drawn(name):
    """Negative control: orthonormal from the start on, they give another path."""
    parameters, V, theta, gradients = drawn(name, 3, 2, {"dimension": 2})
    path = follow(name, theta, gradients, V, parameters)
    other = by_definition(name, theta, gradients, orthonormal(V), parameters)
    assert np.abs(path - other).max() > 1e-3


# First steps, written out.


def one_step(name, theta, g, V=(), **given):
    method = optimizers.get(name)
    parameters = optimizers.bind(method, given)
    theta = np.array(theta, dtype=float)
    V = np.array(V, dtype=float).reshape(len(V), theta.size)
    state = method.start(theta, V, parameters)
    return method.step(state, theta, np.array(g, dtype=float), parameters)[0]


def test_first_steps_by_hand():
    """``theta = 2, g = 8``: distances 1 and 4 from the new means, momentum 6.

    With the prior 1 the variance is ``(1 + 1)/2 = 1`` and the covariance ``4/2``: curvature 2. With
    the prior (3, 20) the variances are ``(3 + 1)/2`` and ``(20 + 16)/2``: curvature 3.
    """
    plain = {"beta": 0.5, "gamma": 0.75, "div": 2.0, "cut": 0.0}
    np.testing.assert_allclose(one_step("dogr", [2], [8], **plain), 2 - 6 / 4, rtol=4 * EPS)
    along = {**plain, "turn": 0.125, "alpha": 0.5}
    np.testing.assert_allclose(
        one_step("sogr", [2], [8], [[1e-3]], **along), 2 - 6 / 4, rtol=4 * EPS
    )
    c = {"beta": 0.5, "gamma": 0.75, "eta": 0.5, "prior": (3.0, 20.0)}
    np.testing.assert_allclose(one_step("cdogr", [2], [8], **c), 2 - 0.5 * 2, rtol=4 * EPS)
    np.testing.assert_allclose(one_step("cfogr", [2], [8], cut=0, **c), 2 - 0.5 * 2, rtol=4 * EPS)
    capped_step = one_step("cdogr", [2], [8], max_alpha=1.0, **c)
    np.testing.assert_allclose(capped_step, 2 - 0.5 * 1, rtol=4 * EPS)
    # The gradient's sign turned: as printed, the cap does not see the step of the same length.
    capped_step = one_step("cdogr", [2], [-8], max_alpha=1.0, **c)
    np.testing.assert_allclose(capped_step, 2 + 0.5 * 2, rtol=4 * EPS)


def test_pogr_first_step_by_hand():
    """``theta = 2, g = 6``: distances 1 and 3 from the new means, so the curvature is 2.

    It is ``(1 + 3)/2`` over ``(1 + 1)/2``. A step of 3 times 1/4 is below 1; the whole step is cut.
    """
    # The ridge shifts the last digits of the curvature by 1e-12.
    step = one_step("pogr", [2], [6], beta=0.5, alpha=0.25)
    np.testing.assert_allclose(step, 2 - 0.75, rtol=1e-11)
    np.testing.assert_allclose(one_step("pogr", [2], [6], beta=0.5, alpha=1.0), 1.0, rtol=4 * EPS)


def test_no_step_outside_in_csogr():
    """One step lies in the span of the turned directions, unlike that of sOGR."""
    g, V = np.array([1.0, 2.0, -1.0]), np.array([[1e-3, 2e-4, 5e-4]])
    turned = orthonormal(V + 0.1 * g)
    for name, lies_inside in (("csogr", True), ("sogr", False)):
        moved = one_step(name, [1, 1, 1], g, V, turn=0.1) - 1.0
        outside = moved - turned.T @ turned @ moved
        # The step comes as the difference of numbers of order 1.
        assert (np.abs(outside).max() < 8 * EPS) == lies_inside


# One method is another.


def agree(first, second, D=3):
    """Two methods with their settings, on the same noisy gradients."""
    paths = []
    for name, settings_ in (first, second):
        parameters, V, _, _ = drawn(name, D, 4, settings_)
        # The same start and gradients for both: without directions nothing else is drawn.
        _, _, theta, gradients = drawn("fogr", D, 4, {})
        paths.append(follow(name, theta, gradients, V, parameters))
    np.testing.assert_allclose(paths[0], paths[1], rtol=0, atol=1e7 * EPS * np.abs(paths[0]).max())


PLAIN = {"beta": 0.4, "gamma": 0.6, "div": 1.5, "cut": 3.0}
C = {"beta": 0.4, "gamma": 0.6, "eta": 0.8, "cut": 3.0}


def test_all_directions_without_turning_are_the_full_model():
    """The span is everything and the axes stay: the fit does not depend on the axes."""
    whole = {"dimension": 3, "turn": 0.0}
    agree(("sogr", PLAIN | whole), ("fogr", PLAIN))
    agree(("csogr", C | whole), ("cfogr", C))
    agree(("dsogr", PLAIN | whole | {"w": 1.0}), ("fogr", PLAIN))
    agree(("cdsogr", C | whole | {"w": 1.0}), ("cfogr", C))


def test_statistics_that_are_not_transported_go_stale():
    """Negative control: with turning axes the same span gives another path."""
    with pytest.raises(AssertionError):
        agree(("sogr", PLAIN | {"dimension": 3, "turn": 0.1}), ("fogr", PLAIN))


def test_one_dimension_knows_one_direction():
    """There the direction is the axis, however it is turned, and may point either way."""
    agree(("sogr", PLAIN | {"turn": 0.3}), ("fogr", PLAIN), D=1)
    agree(("dogr", PLAIN), ("fogr", PLAIN), D=1)
    agree(("dsogr", PLAIN | {"w": 0.7}), ("fogr", PLAIN), D=1)
    agree(("cfogr", C), ("cdogr", C), D=1)
    agree(("csogr", C | {"turn": 0.3}), ("cdogr", C), D=1)


def test_no_weight_on_the_subspace():
    agree(("dsogr", PLAIN | {"w": 0.0}), ("dogr", PLAIN))
    without_cut = {"beta": 0.4, "gamma": 0.6, "eta": 0.3}
    agree(("cdsogr", without_cut | {"w": 0.0, "cut": 1.0}), ("cdogr", without_cut))


def test_both_forms_of_the_start_of_cdogr():
    """``C_gg`` from 0 makes the first curvature smaller, so the first step longer."""
    small = one_step("cdogr", [1.0], [1.0], prior=(1.0, 0.0))
    large = one_step("cdogr", [1.0], [1.0], prior=(1.0, 1.0))
    assert abs(small - 1.0) > 1.5 * abs(large - 1.0) > 0.0


# Invariances.


@EXAMPLES
@given(st.integers(0, 2**32), st.sampled_from(["fogr", "cfogr", "pogr", "sogr", "csogr"]))
def test_no_axes(seed, name):
    """Start, gradients and first directions turned: the path turns with them."""
    given_ = {"dimension": 2} if name in SUBSPACE else {}
    parameters, V, theta, gradients = drawn(name, 3, seed, given_)
    Q = np.linalg.qr(np.random.default_rng(seed + 1).standard_normal((3, 3)))[0]
    path = follow(name, theta, gradients, V, parameters)
    turned = follow(
        name, Q @ theta, [lambda x, g=g: Q @ g(Q.T @ x) for g in gradients], V @ Q.T, parameters
    )
    np.testing.assert_allclose(turned, path @ Q.T, rtol=0, atol=1e8 * EPS * np.abs(path).max())


@pytest.mark.parametrize("name", ["dogr", "cdogr", "dsogr", "cdsogr"])
def test_coordinates_matter(name):
    """Negative control: the methods with lines for each coordinate know the axes."""
    parameters, V, theta, gradients = drawn(name, 3, 1, {})
    Q = np.linalg.qr(np.random.default_rng(2).standard_normal((3, 3)))[0]
    path = follow(name, theta, gradients, V, parameters)
    turned = follow(
        name, Q @ theta, [lambda x, g=g: Q @ g(Q.T @ x) for g in gradients], V @ Q.T, parameters
    )
    assert np.abs(turned - path @ Q.T).max() > 1e-3


SCALED = {"cut": 1, "turn": -1, "alpha": -1}


@pytest.mark.parametrize("name", FAMILY)
def test_scale_of_the_loss(name):
    """A loss times 64, with every hyperparameter in its units: the same path.

    pOGR starts with a curvature of 1 and has no hyperparameter for it: its path changes.
    """
    defaults = optimizers.get(name).defaults
    given = {key: defaults[key] * 64.0**power for key, power in SCALED.items() if key in defaults}
    given["prior"] = (defaults["prior"][0], defaults["prior"][1] * 64.0**2)
    if name == "pogr":
        given["alpha"] = defaults["alpha"]
    paths = []
    for scale, some in ((1.0, {}), (64.0, given)):
        parameters, V, theta, gradients = drawn(name, 3, 3, some, scale)
        paths.append(follow(name, theta, gradients, V, parameters))
    difference = np.abs(paths[1] - paths[0]).max()
    if name == "pogr":
        assert difference > 1e-3
    else:
        assert difference < 1e7 * EPS * np.abs(paths[0]).max()


# The driver.


@pytest.mark.parametrize("name", [*FAMILY, "online_sfn"])
@pytest.mark.parametrize("restart_noise", [False, True])
@pytest.mark.parametrize("carry_state", [False, True])
def test_lattice_is_the_plain_loop(name, restart_noise, carry_state):
    """Directions before the noise, anew for each start, from the seed's one stream, bit for bit."""
    method = optimizers.get(name)
    parameters = optimizers.bind(method, {"dimension": 2} if method.directions else {})
    f = functions.beale3
    starts = np.array([[1.0, 0.5, -1.0], [0.0, 1.0, 2.0]])
    found = refimpl.lattice(
        f,
        name,
        starts=starts,
        steps=9,
        noise=0.1,
        seeds=[3, 4],
        restart_noise=restart_noise,
        carry_state=carry_state,
        **parameters._asdict(),
    )
    expected = np.empty((2, 2))
    for s, seed in enumerate([3, 4]):
        generator = np.random.default_rng(seed)
        state = None
        for i, theta in enumerate(starts):
            if restart_noise:
                generator = np.random.default_rng(seed)
            d = parameters.dimension if method.directions else 0
            V = generator.uniform(0.0, 1e-3, (d, 3))
            if state is None or not carry_state:
                state = method.start(theta, V, parameters)
            for _ in range(9):
                g = f.gradient(theta) + 0.1 * generator.standard_normal(3)
                theta, state = method.step(state, theta, g, parameters)
            expected[s, i] = f.value(theta)
    np.testing.assert_array_equal(found, expected)
    assert np.unique(found).size == 4


def beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def beale_slopes(x, y):
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    return (
        2 * a * (y - 1) + 2 * b * (y**2 - 1) + 2 * c * (y**3 - 1),
        2 * a * x + 4 * b * x * y + 6 * c * x * y**2,
    )


def smallest_program(noise):
    """The 49 final values, in scalar Python, each new position off by a relative `noise()`."""
    beta, gamma, eta = 0.4, 0.5, 0.9
    mean, mean_g, m, C, G = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]
    final = []
    for start in itertools.product(range(-3, 4), repeat=2):
        theta = [float(start[0]), float(start[1])]
        for _ in range(50):
            g = beale_slopes(*theta)
            for i in range(2):
                mean[i] += beta * (theta[i] - mean[i])
                mean_g[i] += beta * (g[i] - mean_g[i])
                C[i] += beta * ((theta[i] - mean[i]) ** 2 - C[i])
                G[i] += beta * ((g[i] - mean_g[i]) ** 2 - G[i])
                m[i] += gamma * (g[i] - m[i])
                theta[i] -= eta * math.sqrt(C[i] / G[i]) * m[i]
                theta[i] *= 1.0 + noise()
        final.append(beale(*theta))
    return np.array(final)


def test_smallest_program():
    """[D]'s shortest program: no random number, the state carried from start to start.

    Where it is chaotic, two correct programs part. How far, the program itself tells when its
    positions are rounded at random: a run may lie ten times farther off than the farthest of ten
    such repetitions, since there are more roundings than one a step.
    """
    expected = smallest_program(lambda: 0.0)
    rng = np.random.default_rng(0)
    rounded = [smallest_program(lambda: EPS * rng.choice([-1.0, 1.0])) for _ in range(10)]
    found = refimpl.lattice(
        functions.beale,
        "cdogr",
        radius=3,
        steps=50,
        seeds=[0],
        carry_state=True,
        beta=0.4,
        gamma=0.5,
        eta=0.9,
        prior=(1.0, 1.0),
    )[0]
    spread = np.abs(np.log(rounded) - np.log(expected)).max(axis=0)
    off = np.abs(np.log(found) - np.log(expected))
    tame = spread < 1e-3
    assert np.all(off[tame] <= 10.0 * spread[tame])
    assert tame.sum() >= 30
    # The runs before the first chaotic one are tame to many digits.
    assert off[:14].max() < 1e-6
    # Negative control: the state not carried over.
    other = refimpl.lattice(
        functions.beale, "cdogr", radius=3, steps=50, seeds=[0], eta=0.9, prior=(1.0, 1.0)
    )[0]
    assert np.median(np.abs(np.log(other) - np.log(expected))) > 1.0


# Where there is nothing to divide by.


def test_curvature_zero_gives_no_step():
    """With ``C_gg = 0`` and no cut, as in the saddle-free step; with a cut, the step of the cut."""
    assert one_step("cdogr", [1.0], [0.0], prior=(1.0, 0.0)) == 1.0
    quotients = diagonal.divided(np.array([2.0, 2.0]), np.array([0.0, -4.0]), 2.0, 0.0)
    np.testing.assert_array_equal(quotients, [0.0, 0.25])
    quotients = diagonal.divided(np.array([2.0, -2.0]), np.array([0.0, 0.1]), 2.0, 0.5)
    np.testing.assert_array_equal(quotients, [4.0, -4.0])


@pytest.mark.parametrize("name", FAMILY)
def test_prior_of_zero(name):
    """From the origin, where then nothing has moved: no step, or that of the cut; no warning."""
    V = [[1e-4, 2e-4]] if name in SUBSPACE else ()
    moved = one_step(name, [0.0, 0.0], [1.0, -2.0], V, prior=0.0)
    assert np.isfinite(moved).all()
    assert (name == "cdogr") == np.array_equal(moved, [0.0, 0.0])


def test_quotients_that_no_float_can_hold():
    """Cut to the largest float, with their signs, and without a warning."""
    found = diagonal.divided(np.array([1e300, -1e300, 1.0]), np.array([1e-300, 1e-10, 1e308]), 3, 0)
    assert found[0] == -found[1] > 8e307
    assert 0.0 < found[2] < 1e-307


# Wrong input.


@pytest.mark.parametrize("prior", [-1.0, np.nan, np.inf, (1.0, -1.0), (0.0, np.inf)])
@pytest.mark.parametrize("name", [*FAMILY, "online_sfn"])
def test_prior_out_of_range(name, prior):
    with pytest.raises(RangeError, match=rf"{name}: expected prior in \[0, inf\), got"):
        optimizers.bind(optimizers.get(name), {"prior": prior})


@pytest.mark.parametrize("prior", [(1.0,), (1.0, 2.0, 3.0), "wide", None, ("a", "b"), [[1.0], 2.0]])
def test_prior_of_wrong_kind(prior):
    with pytest.raises(RangeError, match="expected a number or a pair of numbers for prior"):
        optimizers.bind(optimizers.get("dogr"), {"prior": prior})


@pytest.mark.parametrize(
    ("prior", "pair"), [(2, (2.0, 2.0)), ([1, 0], (1.0, 0.0)), (np.array([0.5, 3]), (0.5, 3.0))]
)
def test_prior_is_a_pair_of_floats(prior, pair):
    bound = optimizers.bind(optimizers.get("cfogr"), {"prior": prior}).prior
    assert bound == pair
    assert [type(number) for number in bound] == [float, float]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sogr", {"turn": -0.1}),
        ("cdogr", {"eta": -1.0}),
        ("dsogr", {"w": 1.5}),
        ("cdogr", {"max_alpha": -1.0}),
        ("cdogr", {"max_alpha": np.nan}),
        ("csogr", {"dimension": 0}),
        ("csogr", {"dimension": 1.0}),
    ],
)
def test_hyperparameter_out_of_range(name, given):
    with pytest.raises(RangeError, match=f"{name}: expected"):
        optimizers.bind(optimizers.get(name), given)
    assert optimizers.bind(optimizers.get("cdogr"), {"max_alpha": np.inf}).max_alpha == np.inf


@pytest.mark.compiled
@pytest.mark.parametrize("prior", [(1.0, 0.0), (0.3, 5.0), 0.0])
def test_lanes_with_any_prior(prior, monkeypatch):
    """Runs in lockstep and one after another, bit for bit; and the prior does something."""
    from refimpl.runs import execute

    def run(prior):
        return refimpl.lattice(
            functions.beale, "fogr", radius=4, steps=25, noise=0.1, seeds=[0, 1], prior=prior
        )

    ours = run(prior)
    assert np.abs(ours - run(0.7)).max() > 1e-3
    monkeypatch.setattr(execute, "in_lanes", lambda *_: False)
    np.testing.assert_array_equal(ours, run(prior))
