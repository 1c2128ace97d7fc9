"""Runs in lockstep leave behind what the readable driver does, to the last bit.

Long: every twin beside its readable piece, with the same checks.
"""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import refimpl
from refimpl import _compile, functions, optimizers, regression, repulsion, symmetric_eigen
from refimpl.errors import EvaluationError, GradientError, NotFiniteError
from refimpl.lanes import LANES
from refimpl.lanes import congruence as lanes_congruence
from refimpl.lanes import fogr as lanes_fogr
from refimpl.lanes import regression as lanes_regression
from refimpl.lanes import repulsion as lanes_repulsion
from refimpl.lanes import sweep as lanes_sweep
from refimpl.lanes import symmetric_eigen as lanes_eigen
from refimpl.linear_algebra.symmetric_eigen import EPS
from refimpl.runs import execute

pytestmark = pytest.mark.numerics

EXAMPLES = settings(deadline=None, derandomize=True, max_examples=60 if _compile.JIT else 3)
FOGR = optimizers.get("fogr")
STEPS = 8


@pytest.fixture
def readable(monkeypatch):
    """``readable(call)``: what `call` returns or raises with the readable driver."""

    def run(call):
        with monkeypatch.context() as patch:
            patch.setattr(execute, "in_lanes", lambda *_: False)
            return call()

    return run


@pytest.fixture
def whole(monkeypatch):
    """A list that takes, for each call of the lockstep driver, whether it went through."""
    seen, in_lanes = [], lanes_sweep.in_lanes

    def watched(*args):
        seen.append(in_lanes(*args))
        return seen[-1]

    monkeypatch.setattr(execute, "in_lanes", watched)
    return seen


def matrices(seed, d):
    """A symmetric matrix a lane: random, repeated eigenvalues, zero, diagonal, all scales mixed."""
    rng = np.random.default_rng(seed)
    A = np.zeros((LANES, d, d))
    for lane in range(LANES):
        Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
        values = rng.standard_normal(d) * 10.0 ** -rng.uniform(0.0, 10.0, d)
        kind = rng.integers(6)
        if kind == 0:
            values = np.round(rng.uniform(-1.0, 1.0, d))
        A[lane] = (Q * values) @ Q.T
        A[lane] = 0.5 * (A[lane] + A[lane].T)
        if kind == 1:
            A[lane] = 0.0
        if kind == 2:
            A[lane] = np.diag(values)
        A[lane] *= 10.0 ** rng.uniform(-150.0, 150.0)
    return A


def decomposed(A):
    d = A.shape[1]
    values, E = np.full((d, LANES), np.nan), np.full((d, d, LANES), np.nan)
    upper = np.ascontiguousarray(np.triu(A).transpose(1, 2, 0))
    lanes_eigen.eigh(upper, values, E, lanes_eigen.scratch())
    return values, E


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_eigh_of_lapack(seed, d):
    """Eigenvalues within rounding of each matrix's own scale; orthonormal vectors that fit them.

    10 d eps of the norm is the backward error of some eight sweeps, as for the readable rotations.
    """
    A = matrices(seed, d)
    values, E = decomposed(A)
    for lane in range(LANES):
        v, V = values[:, lane], E[:, :, lane]
        scale = np.abs(A[lane]).max()
        atol = 10 * d * EPS * np.linalg.norm(A[lane] / (scale or 1.0)) * scale
        np.testing.assert_allclose(v, np.linalg.eigvalsh(A[lane]), rtol=0, atol=atol)
        np.testing.assert_allclose(V.T @ V, np.eye(d), rtol=0, atol=10 * d * EPS)
        np.testing.assert_allclose(A[lane] @ V, V * v, rtol=0, atol=atol)


@EXAMPLES
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_eigh_of_the_readable_piece(seed, d):
    """Bit for bit: the order of the eigenvectors too, where eigenvalues repeat."""
    A = matrices(seed, d)
    values, E = decomposed(A)
    for lane in range(LANES):
        v, V = symmetric_eigen.eigh(A[lane])
        np.testing.assert_array_equal(values[:, lane], v)
        np.testing.assert_array_equal(E[:, :, lane], V)


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 2.3e-308, 1.7e308])
def test_eigh_at_the_ends_of_the_range(scale):
    """Denormal and nearly overflowing entries, each beside lanes of another scale."""
    A = np.zeros((LANES, 2, 2))
    A[:] = [[0.25, 0.1], [0.1, -1.0]]
    A[::2] *= scale
    values, E = decomposed(A)
    for lane in range(LANES):
        v, V = symmetric_eigen.eigh(A[lane])
        np.testing.assert_array_equal(values[:, lane], v)
        np.testing.assert_array_equal(E[:, :, lane], V)


def test_congruence_of_matrix_products():
    """Sums of d products of numbers of order 1, twice: 4 d eps times their absolute sum, d^2."""
    rng = np.random.default_rng(0)
    for d in (1, 2, 5):
        A, E = rng.uniform(-1, 1, (2, LANES, d, d))
        A = A + A.transpose(0, 2, 1)
        upper = np.ascontiguousarray(np.triu(A).transpose(1, 2, 0))
        columns = np.ascontiguousarray(E.transpose(1, 2, 0))
        product, result = np.empty((2, d, d, LANES))
        for function, expected in (
            (lanes_congruence.into_basis, E.transpose(0, 2, 1) @ A @ E),
            (lanes_congruence.out_of_basis, E @ A @ E.transpose(0, 2, 1)),
        ):
            function(columns, upper, product, result)
            for i in range(d):
                for j in range(i, d):
                    np.testing.assert_allclose(
                        result[i, j], expected[:, i, j], rtol=0, atol=8 * d**3 * EPS
                    )


def both_steps(D, steps, parameters, seed, spread):
    """Positions of `LANES` runs on the same noisy gradients, in lanes and by the readable step."""
    rng = np.random.default_rng(seed)
    theta = spread * rng.standard_normal((D, LANES))
    gradients = rng.standard_normal((steps, D, LANES))
    # Lanes in which nothing varies, or only one coordinate: directions never visited.
    theta[:, 0] = gradients[:, :, 0] = 0.0
    theta[1:, 1] = gradients[:, 1:, 1] = 0.0
    positions = [theta[:, lane].copy() for lane in range(LANES)]
    states = [FOGR.start(x, np.empty((0, D)), parameters) for x in positions]
    state, flaw = lanes_fogr.allocate(D), np.zeros(LANES)
    for lane in range(LANES):
        lanes_fogr.start(state, lane)
    for g in gradients:
        lanes_fogr.step(state, theta, np.ascontiguousarray(g), parameters, flaw)
        for lane in range(LANES):
            positions[lane], states[lane] = FOGR.step(
                states[lane], positions[lane], g[:, lane].copy(), parameters
            )
    np.testing.assert_array_equal(flaw, 0.0)
    return theta, np.array(positions).T


@pytest.mark.parametrize("D", range(1, 9))
@pytest.mark.parametrize(
    "given",
    [{}, {"beta": 1.0, "cut": 0.0}, {"beta": 0.03, "gamma": 0.1, "div": 0.7, "cut": 0.5}],
)
def test_step_of_the_readable_method(D, given, size):
    """Bit for bit, also where the covariance has lost directions (`beta` 1 keeps one pair)."""
    parameters = optimizers.bind(FOGR, given)
    ours, expected = both_steps(D, size(60, 2), parameters, D, 10.0 ** (D - 3))
    np.testing.assert_array_equal(ours, expected)
    assert np.ptp(ours[0, 1:]) > 0.0


@pytest.mark.parametrize(
    ("theta_there", "gradient_there"),
    [(np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0), (1.0, -np.inf), (1e200, 1.0), (1e150, 1e160)],
)
def test_flaw_marks_what_the_pieces_refuse(theta_there, gradient_there):
    """A lane whose numbers are not finite, or whose products overflow, and no other."""
    state, flaw = lanes_fogr.allocate(2), np.zeros(LANES)
    for lane in range(LANES):
        lanes_fogr.start(state, lane)
    theta, gradient = np.ones((2, LANES)), np.ones((2, LANES))
    theta[1, 5], gradient[1, 5] = theta_there, gradient_there
    with np.errstate(all="ignore"):
        lanes_fogr.step(state, theta, gradient, FOGR.parameters(), flaw)
    others = np.arange(LANES) != 5
    np.testing.assert_array_equal(np.isnan(flaw), ~others)
    assert np.all(np.isfinite(theta[:, others]))


def test_hessian_and_step_of_the_pieces():
    """Each twin beside its piece, from the same state."""
    rng = np.random.default_rng(3)
    D, parameters = 3, FOGR.parameters()
    line, work = lanes_regression.allocate(D)
    states = [regression.start(D, (1.0, 0.0)) for _ in range(LANES)]
    for lane in range(LANES):
        lanes_regression.start(line, lane, 1.0)
    flaw, eigen = np.zeros(LANES), lanes_eigen.scratch()
    for _ in range(3):
        theta, g = rng.standard_normal((2, D, LANES))
        lanes_regression.update_new_mean(line, theta, g, parameters.beta, flaw)
        states = [
            regression.update_new_mean(s, theta[:, k].copy(), g[:, k].copy(), parameters.beta)
            for k, s in enumerate(states)
        ]
    H, step = np.empty((D, D, LANES)), np.empty((D, LANES))
    lanes_regression.symmetric_hessian(line, parameters.beta, H, work, eigen, flaw)
    expected = [regression.symmetric_hessian(s) for s in states]
    for lane in range(LANES):
        np.testing.assert_array_equal(np.triu(H[:, :, lane]), np.triu(expected[lane]))
    lanes_repulsion.saddle_free(H, g, 1.5, 0.3, step, lanes_repulsion.scratch(D), eigen, flaw)
    for lane in range(LANES):
        one = repulsion.saddle_free(expected[lane], g[:, lane].copy(), 1.5, 0.3)
        np.testing.assert_array_equal(step[:, lane], one)


def test_directions_never_visited():
    """Covariances of one direction only, up to rounding: what is not known stays 0, bit for bit."""
    rng = np.random.default_rng(5)
    D = 3
    line, work = lanes_regression.allocate(D)
    along = rng.standard_normal((LANES, D))
    C = along[:, :, None] * along[:, None, :]
    # Just below and above the limit of 1e-12.
    C[::3] += 1e-13 * np.eye(D)
    C[1::3] += 1e-11 * np.eye(D)
    B = rng.standard_normal((LANES, D, D))
    line.C_thetatheta[:], line.C_gtheta[:] = C.transpose(1, 2, 0), B.transpose(1, 2, 0)
    H = np.empty((D, D, LANES))
    flaw = np.zeros(LANES)
    lanes_regression.symmetric_hessian(line, 0.5, H, work, lanes_eigen.scratch(), flaw)
    start = regression.start(D, (1.0, 0.0))
    for lane in range(LANES):
        state = start._replace(C_thetatheta=C[lane], C_gtheta=B[lane])
        expected = regression.symmetric_hessian(state)
        np.testing.assert_array_equal(np.triu(H[:, :, lane]), np.triu(expected))


def test_directions_without_curvature():
    """No step along them if `cut` is 0: neither where rounding left something, nor for H = 0."""
    rng = np.random.default_rng(6)
    D = 3
    along, g = rng.standard_normal((LANES, D)), rng.standard_normal((D, LANES))
    H = along[:, :, None] * along[:, None, :]
    H[::4] = 0.0
    step = np.empty((D, LANES))
    upper = np.ascontiguousarray(H.transpose(1, 2, 0))
    scratch, eigen, flaw = lanes_repulsion.scratch(D), lanes_eigen.scratch(), np.zeros(LANES)
    lanes_repulsion.saddle_free(upper, g, 1.0, 0.0, step, scratch, eigen, flaw)
    for lane in range(LANES):
        expected = repulsion.saddle_free(H[lane], g[:, lane].copy(), 1.0, 0.0)
        np.testing.assert_array_equal(step[:, lane], expected)
    np.testing.assert_array_equal(step[:, ::4], 0.0)


# From here on the whole driver.
compiled = pytest.mark.compiled


@compiled
@pytest.mark.parametrize(
    ("function", "points"),
    [
        (functions.beale3, 5),
        (functions.beale, 9),
        (functions.quadratic([3.0]), 9),
        (functions.quadratic([4.0, 1.0, -0.5, 0.2]), 3),
        (functions.rosenbrock(8), 1),
    ],
    ids=["beale3", "beale", "quadratic1", "saddle4", "rosenbrock8"],
)
@pytest.mark.parametrize("restart_noise", [False, True])
def test_lattice_of_the_readable_driver(function, points, restart_noise, readable, whole):
    """Chaos amplifies any other rounding: over 50 steps only equal bits give equal values.

    The numbers of runs are no multiples of the lanes.
    """
    rng = np.random.default_rng(1)
    starts = rng.uniform(-2.0, 2.0, (points * 5 + 1, function.dimension))

    def run():
        return refimpl.lattice(
            function,
            "fogr",
            starts=starts,
            steps=50,
            noise=0.1,
            seeds=range(5),
            restart_noise=restart_noise,
        )

    ours = run()
    assert whole == [True]
    np.testing.assert_array_equal(ours, readable(run))
    assert np.unique(ours).size > ours.size / 6


@compiled
def test_minibatches_and_other_noise(readable, whole):
    """Each step sees its own records, or a gradient times its own numbers."""
    rng = np.random.default_rng(2)
    fit = functions.least_squares(rng.standard_normal((12, 2)), rng.standard_normal(12))
    for function, noise in (
        (fit, refimpl.noise.minibatch(3)),
        (functions.beale, refimpl.noise.multiplicative(0.3)),
        (functions.beale, refimpl.noise.student(0.1, 3.0)),
    ):

        def run(function=function, noise=noise):
            return refimpl.lattice(
                function, "fogr", radius=2, steps=30, noise=noise, seeds=range(3), cut=0.5
            )

        np.testing.assert_array_equal(run(), readable(run))
    assert whole == [True] * 3


def outcomes(problem, starts, steps, noise=0.0, seeds=2, **given):
    """All that the driver leaves behind and a lattice may be asked for."""
    parameters = optimizers.bind(FOGR, given)
    drawn = execute.draw(
        FOGR,
        parameters,
        refimpl.noise.gaussian(noise),
        problem,
        range(seeds),
        len(starts),
        steps,
        starts.shape[1],
    )
    runs = execute.begin(seeds, len(starts), steps, starts.shape[1])
    execute.execute(problem, FOGR, parameters, starts, [drawn], runs)
    return runs.final, runs.done, runs.outcome


@numba.njit
def cliff(x):
    """Falls for ever to one side; infinite far to the other; its gradient's square overflows."""
    if x[0] > 60.0:
        return np.inf
    return -np.exp(min(x[0], 50.0)) - x[1] ** 3


@numba.njit
def cliff_gradient(x):
    g = np.empty(2)
    g[0] = -np.exp(min(x[0], 50.0))
    g[1] = -3.0 * x[1] ** 2 if x[1] < 8.0 else 1e200
    return g


@compiled
def test_diverged_runs(readable, whole):
    """At the start, at once, later, out of the ball, by the gradient's square; or not at all."""
    from refimpl.runs.problem import as_problem

    problem = as_problem(cliff, cliff_gradient)
    rng = np.random.default_rng(4)
    starts = rng.uniform(-3.0, 9.0, (70, 2))
    starts[::7] += [60.0, 0.0]

    def run():
        return outcomes(problem, starts, STEPS, noise=0.1, cut=0.5)

    ours = run()
    assert whole == [True]
    for mine, theirs in zip(ours, readable(run), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    final, done, outcome = ours
    assert {0, 1, STEPS} < set(done.ravel().tolist())
    np.testing.assert_array_equal(outcome == 1, np.isinf(final))
    assert 0 < outcome.sum() < outcome.size


@numba.njit
def slope(x):
    return -1e7 * x[0]


@numba.njit
def slope_gradient(x):
    g = np.zeros(2)
    g[0] = -1e7
    return g


@compiled
def test_the_ball(readable, whole):
    """Two million a step: the ball of 1e8 ends the run, later the farther out it began."""
    from refimpl.runs.problem import as_problem

    problem = as_problem(slope, slope_gradient)
    starts = np.linspace([0.0, 0.0], [0.0, 2.0], 40)

    def run():
        return outcomes(problem, starts, 150, cut=5.0)

    ours = run()
    assert whole == [True]
    for mine, theirs in zip(ours, readable(run), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert np.unique(ours[1]).size > 10


@numba.njit
def bowl(x):
    return 0.5 * np.sum(x * x)


@numba.njit
def holed(x):
    """NaN near a point that some runs come to in some step."""
    g = x.copy()
    if 0.5 < x[0] < 0.6:
        g[1] = np.nan
    return g


@numba.njit
def short(x):
    if 0.5 < x[0] < 0.6:
        return np.zeros(3)
    return x.copy()


@numba.njit
def raising(x):
    if 0.5 < x[0] < 0.6:
        raise ValueError("never here")
    return x.copy()


@numba.njit
def identity(x):
    return x.copy()


@numba.njit
def raising_bowl(x):
    if 0.5 < x[0] < 0.6:
        raise ZeroDivisionError("nor here")
    return 0.5 * np.sum(x * x)


@compiled
@pytest.mark.parametrize(
    ("value", "gradient", "error"),
    [
        (bowl, holed, GradientError),
        (bowl, short, GradientError),
        (bowl, raising, EvaluationError),
        (raising_bowl, identity, EvaluationError),
    ],
    ids=["nan", "shape", "jac", "fun"],
)
def test_errors_of_the_first_run_that_has_one(value, gradient, error, readable, whole):
    """The same message, step and path, in the order of the runs and not of the steps."""

    def run():
        starts = np.linspace([2.0, 1.0], [9.0, -1.0], 80)
        with pytest.raises(error) as caught:
            refimpl.lattice(
                value, "fogr", jac=gradient, starts=starts, steps=40, noise=0.01, seeds=range(2)
            )
        return str(caught.value), caught.value.step, caught.value.path

    ours, expected = run(), readable(run)
    assert ours[:2] == expected[:2]
    np.testing.assert_array_equal(ours[2], expected[2])
    assert ours[1] > 0
    assert whole == [False]


@compiled
def test_noise_that_is_not_finite(readable):
    """Infinite, it ends a run as a number that grew too large; NaN is an error of its model."""

    class Broken(refimpl.noise.Whole):
        perturb = refimpl.noise.add

        def __init__(self, number):
            self.number = number

        def draw(self, generator, steps, D):
            z = np.zeros((steps, D))
            z[3, 0] = self.number
            return z

    def run(number):
        return refimpl.lattice(
            functions.beale, "fogr", radius=2, steps=5, noise=Broken(number), seeds=0
        )

    ours = run(np.inf)
    np.testing.assert_array_equal(ours, np.inf)
    np.testing.assert_array_equal(ours, readable(lambda: run(np.inf)))
    assert np.isfinite(run(0.1)).all()
    with pytest.raises(NotFiniteError, match="expected noise without NaN"):
        run(np.nan)


@compiled
def test_functions_that_write_into_their_argument(readable, whole):
    """They move the run, in both drivers alike.

    One seed: the readable driver hands out the starts themselves, so that a second seed would not
    begin where the first did.
    """

    @numba.njit
    def moving(x):
        g = x.copy()
        x[0] *= 0.5
        return g

    def run():
        starts = np.linspace([1.0, 2.0], [3.0, -4.0], 90)
        return refimpl.lattice(bowl, "fogr", jac=moving, starts=starts, steps=9, seeds=0)

    np.testing.assert_array_equal(run(), readable(run))
    assert whole == [True]


@compiled
def test_left_to_the_readable_driver(whole):
    """Few runs, many dimensions, other methods, a state that is carried on."""
    few = {"starts": np.ones((2, 2)), "steps": 3, "seeds": 0}
    refimpl.lattice(functions.beale, "fogr", **few)
    refimpl.lattice(functions.rosenbrock(9), "fogr", starts=np.ones((20, 9)), steps=3, seeds=0)
    refimpl.lattice(functions.beale, "sgd", radius=2, steps=3, seeds=0)
    assert whole == [False] * 3
    refimpl.lattice(functions.beale, "fogr", radius=2, steps=3, seeds=0, carry_state=True)
    assert len(whole) == 3
    refimpl.lattice(functions.beale, "fogr", radius=2, steps=3, seeds=0)
    assert whole[3:] == [True]
