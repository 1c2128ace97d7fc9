"""The numbers in the figures of the chapter on the optimizer, by another route."""

import functools

import numpy as np
import pytest
import scipy.linalg

import refimpl
from figures.optimizer import inside_a_run, optimizer_values, options
from refimpl import functions
from tests.figures.figure_settings import SMALL
from tests.figures.saying import assert_drawn_and_said

pytestmark = [pytest.mark.numerics, pytest.mark.once]

EPS = np.finfo(np.float64).eps
MODULES = (inside_a_run, options, optimizer_values)


@pytest.fixture(scope="module")
def data():
    """The data of each figure with small settings, computed once."""
    return functools.cache(
        lambda module: module.compute(**SMALL[module.__name__.rpartition(".")[2]])
    )


# The figure of a run of the default compiles all of it.
@pytest.mark.parametrize(
    "module",
    [pytest.param(m, marks=pytest.mark.slow if m is inside_a_run else ()) for m in MODULES],
    ids=lambda m: m.__name__,
)
def test_drawn_and_said(module, data):
    assert_drawn_and_said(module, data(module))


# Inside a run.


def test_the_saddle_is_what_the_page_says():
    """Three curvatures downward, 0.5 to 10 upward, by differences of the gradient."""
    function, start, downhill = inside_a_run.saddle()
    D, h = inside_a_run.D, 1e-5
    H = np.array([function.gradient(h * e) - function.gradient(-h * e) for e in np.eye(D)]) / (
        2 * h
    )
    found = np.linalg.eigvalsh(0.5 * (H + H.T))
    # The third derivative vanishes at the origin: differences err by h^2 and by eps / h.
    np.testing.assert_allclose(found[:3], np.sort(inside_a_run.DOWNHILL), atol=1e-8)
    np.testing.assert_allclose(found[[3, -1]], [0.5, 10.0], atol=1e-8)
    np.testing.assert_allclose(
        downhill @ H, np.array(inside_a_run.DOWNHILL)[:, None] * downhill, atol=1e-8
    )
    assert 0.0 < np.linalg.norm(start) < 0.01


def test_inside_is_the_run_that_minimize_makes():
    """Values by the lattice's driver; angles and energies by SciPy and by least squares."""
    steps = 6
    found = inside_a_run.compute(seed=3, steps=steps)
    function, start, downhill = inside_a_run.saddle()
    final = refimpl.lattice(
        function,
        "online_sfn",
        starts=[start],
        steps=steps,
        noise=inside_a_run.NOISE,
        seeds=3,
        **inside_a_run.SETTING,
    )
    assert found.excess[-1] == final[0, 0] - function.minimum_value
    states = []
    run = refimpl.minimize(
        function,
        start,
        method="online_sfn",
        steps=steps,
        noise=inside_a_run.NOISE,
        seed=3,
        callback=lambda intermediate_result: states.append(intermediate_result.state),
        **inside_a_run.SETTING,
    )
    for t, state in enumerate(states):
        V = state.model.V
        angles = np.degrees(scipy.linalg.subspace_angles(V.T, downhill.T))
        # Cosines near 1 cost half of the digits; here no angle is below ten degrees.
        np.testing.assert_allclose(found.angles[t], np.sort(angles), atol=1e-10)
        g = function.gradient(run.path[t + 1])
        left = np.linalg.lstsq(V.T, g, rcond=None)[1][0]
        assert found.energy[t] == pytest.approx(1.0 - left / (g @ g), abs=1e-12)
        C, B = state.model.line.C_thetatheta, state.model.line.C_gtheta
        fitted = scipy.linalg.eigvals(scipy.linalg.solve_continuous_lyapunov(C, B + B.T)).real
        # In six steps of thousandths the covariance stays near its prior, which fades by half each.
        np.testing.assert_allclose(found.model[t], np.sort(fitted), rtol=1e-9, atol=1e-12)
        H = function.hessian(run.path[t])
        true = np.linalg.svd(V @ H @ V.T, compute_uv=False)
        np.testing.assert_allclose(np.sort(np.abs(found.true[t])), np.sort(true), rtol=1e-10)
        assert found.stiffest[t] == pytest.approx(np.linalg.norm(H, 2), rel=1e-12)


def test_the_three_phases():
    """What the page reads off: fitted curvatures too small, then right, then too large."""
    found = inside_a_run.compute()
    ratio = inside_a_run.phases(found)
    assert np.median(ratio[:5]) < 0.5
    assert 0.5 < np.median(ratio[14:30]) < 2.0
    assert np.median(ratio[59:]) > 5.0
    assert found.excess[-1] < 1e-2 * found.excess[0]
    assert found.angles[:, -1].min() > 45.0


# The options.


def test_row_sums_of_one_modulus(data):
    """Between 1 and sqrt(d); the plain step leaves them, the shifted one brings them to 1."""
    found = data(options)
    for size, (plain, shifted) in zip(options.SIZES, found.excess, strict=True):
        # Each step multiplies by orthogonal factors: d roundings a step and entry.
        np.testing.assert_allclose(plain, plain[0], rtol=size * len(plain) * 8 * EPS)
        assert 1.0 <= plain[0] <= np.sqrt(size)
        assert plain[0] == shifted[0]
        assert shifted[-1] == pytest.approx(1.0, abs=0.05)


def test_model_error_of_a_fixed_basis_is_that_of_the_batch():
    """Without turning and rotation the model is the weighted symmetric fit along the first axes."""
    beta, steps, seed, d = 0.1, 100, 2, 4
    rng = np.random.default_rng(seed)
    R = options.random_rotation(rng, 4)
    H = R.T @ np.diag(np.linspace(-2.0, 4.0, 4)) @ R
    rng.uniform(0.0, 1e-3, (d, 4))
    theta, gradient = [np.zeros(4)], [np.zeros(4)]
    for _ in range(steps):
        theta.append(rng.standard_normal(4))
        gradient.append(H @ theta[-1] + 0.1 * rng.standard_normal(4))
    weight = beta * (1 - beta) ** np.arange(steps, -1, -1)
    # The prior is one observation of an infinite past, at 0, with its variance 1.
    weight[0] = (1 - beta) ** steps
    theta, gradient = np.array(theta), np.array(gradient)
    x, y = theta - weight @ theta, gradient - weight @ gradient
    C = (x.T * weight) @ x + weight[0] * np.eye(4)
    B = (y.T * weight) @ x
    fitted = scipy.linalg.solve_continuous_lyapunov(C, B + B.T)
    expected = np.linalg.norm(fitted - H) / np.linalg.norm(H)
    for turn in (0.0, 0.5):
        # In all directions transport loses nothing, so neither turn nor axes matter.
        found = options.model_error(turn, d, True, seed, steps=steps)
        assert found == pytest.approx(expected, rel=1e-9)
    # Negative control: without transport the turn matters.
    assert options.model_error(0.5, d, False, seed, steps=steps) > 3.0 * expected


@pytest.mark.slow
def test_what_the_page_says_of_the_options():
    """Shares of diverged runs in a thousand each: differences of ten standard errors and more."""
    share = {name: np.isinf(values).mean() for name, values in options.variants().items()}
    assert share["default"] < 0.06
    assert share["without shift"] > 0.1
    assert share["eigenvalues"] > 0.2
    assert abs(share["without transport"] - share["default"]) < 0.03


# Against the rivals.


def test_the_chosen_value_is_the_best_of_the_five(data):
    found = data(optimizer_values)
    settings = SMALL["optimizer_values"]
    label = "momentum"
    case = optimizer_values.BEALE[label]
    means = []
    for value in case[3]:
        final = refimpl.lattice(
            functions.beale3,
            "momentum",
            radius=settings["radius"],
            steps=optimizer_values.STEPS,
            noise=0.1,
            seeds=range(1000, 1000 + settings["tuning"][0]),
            alpha=value,
        )
        means.append(np.mean(np.log10(np.minimum(final, 1e6))))
    assert found.chosen[0][label] == case[3][int(np.argmin(means))]


@pytest.mark.slow
def test_no_value_is_chosen_at_an_end():
    """Beyond an end there might be a better one, and the comparison would be unfair."""
    found = optimizer_values.compute(seeds=1, saddle_seeds=1)
    for cases, chosen in zip(
        (optimizer_values.BEALE, optimizer_values.SADDLE), found.chosen, strict=True
    ):
        for label, case in cases.items():
            assert case[3][0] < chosen[label] < case[3][-1], label


def test_excess_over_the_steps_is_that_of_the_lattice(data):
    found = data(optimizer_values)
    function, start, _ = inside_a_run.saddle()
    for label, (method, given, name, _) in optimizer_values.SADDLE.items():
        final = refimpl.lattice(
            function,
            method,
            starts=[start],
            steps=SMALL["optimizer_values"]["steps"],
            noise=inside_a_run.NOISE,
            seeds=range(SMALL["optimizer_values"]["saddle_seeds"]),
            **given,
            **{name: found.chosen[1][label]},
        )
        np.testing.assert_array_equal(
            found.excess[label][:, -1], final[:, 0] - function.minimum_value
        )


def test_a_diverged_run_is_infinite_to_the_end():
    """A learning rate beyond 2 over the largest curvature, and the deciles of what is left."""
    case = ("sgd", {}, "alpha", ())
    excess = optimizer_values.saddle(case, 20.0, range(2))
    assert np.isfinite(excess[:, 0]).all()
    assert np.isinf(excess[:, -1]).all()
    low, middle, high = optimizer_values.low_middle_high(np.array([[1.0], [np.inf], [np.inf]]))
    assert (low[0], middle[0], high[0]) == (1.0, np.inf, np.inf)


def test_momentum_needs_44_steps_along_the_steepest_descent():
    """Chapter "One step of the optimizer": 17 % a step, 44 steps from a thousandth to one."""
    factors = []
    for curvature in inside_a_run.DOWNHILL:
        x, m, path = 1e-3, 0.0, [1e-3]
        for _ in range(200):
            m = 0.5 * m + 0.5 * curvature * x
            x -= 0.4 * m
            path.append(x)
        factors.append(path[-1] / path[-2])
    fastest = max(factors)
    assert round(100 * (fastest - 1)) == 17
    assert np.ceil(np.log(1000) / np.log(1.17)) == np.ceil(np.log(1000) / np.log(fastest)) == 44
