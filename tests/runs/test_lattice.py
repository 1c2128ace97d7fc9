import itertools
import time

import numba
import numpy as np
import pytest

import refimpl
from refimpl import functions, optimizers
from refimpl.runs.lattice import lattice_points

pytestmark = pytest.mark.numerics

STEPS = 12
METHODS = pytest.mark.parametrize("method", ["sgd", "momentum", "adam", "fogr"])


def plain_loop(
    function, name, starts, steps, noise, seeds, restart_noise=False, carry_state=False, **given
):
    """What `lattice` promises, as loops: seeds, starts, steps, one draw of a row a step."""
    method = optimizers.get(name)
    parameters = optimizers.bind(method, given)
    final = np.empty((len(seeds), len(starts)))
    for s, seed in enumerate(seeds):
        generator = np.random.default_rng(seed)
        state = None
        for i, x0 in enumerate(starts):
            if restart_noise:
                generator = np.random.default_rng(seed)
            theta = np.array(x0, dtype=float)
            if state is None or not carry_state:
                state = method.start(theta, np.empty((0, theta.size)), parameters)
            for _ in range(steps):
                z = noise * generator.standard_normal(theta.size)
                theta, state = method.step(state, theta, function.gradient(theta) + z, parameters)
            final[s, i] = function.value(theta)
    return final


def test_points():
    """First coordinate outermost."""
    expected = [
        [x, y, z] for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0) for z in (-1.0, 0.0, 1.0)
    ]
    np.testing.assert_array_equal(lattice_points(1, 3), expected)
    np.testing.assert_array_equal(lattice_points(0, 2), [[0.0, 0.0]])
    assert lattice_points(3, 2).shape == (49, 2)


@pytest.mark.parametrize(
    "method",
    ["rprop", *(pytest.param(name, marks=pytest.mark.slow) for name in ("sp_bfgs", "soap"))],
)
def test_a_cell_is_the_run_of_minimize(method):
    start = [1.0, 1.0]
    run = refimpl.minimize(functions.beale, start, method=method, steps=40)
    final = refimpl.lattice(functions.beale, method, starts=[start], steps=40, seeds=[0])
    assert final[0, 0] == functions.beale.value(run.path[-1])


@METHODS
@pytest.mark.parametrize("restart_noise", [False, True])
@pytest.mark.parametrize("carry_state", [False, True])
def test_is_the_plain_loop(method, restart_noise, carry_state):
    """The order of the noise, the order of the starts and the state, bit for bit."""
    given = {"alpha": 0.001} if method in ("sgd", "momentum") else {}
    final = refimpl.lattice(
        functions.beale,
        method,
        radius=1,
        steps=STEPS,
        noise=0.1,
        seeds=[3, 8],
        restart_noise=restart_noise,
        carry_state=carry_state,
        **given,
    )
    expected = plain_loop(
        functions.beale,
        method,
        list(itertools.product((-1, 0, 1), repeat=2)),
        STEPS,
        0.1,
        [3, 8],
        restart_noise,
        carry_state,
        **given,
    )
    np.testing.assert_array_equal(final, expected)


def test_options_matter():
    """Otherwise the test above could not tell them apart."""

    def run(**options):
        return refimpl.lattice(
            functions.beale, "fogr", radius=1, steps=STEPS, noise=0.1, seeds=[3], **options
        )

    plain, restarted, carried = run(), run(restart_noise=True), run(carry_state=True)
    for other in (restarted, carried):
        assert plain[0, 0] == other[0, 0]
        assert np.all(plain[0, 1:] != other[0, 1:])


def test_restarted_noise_is_the_same_for_equal_starts():
    final = refimpl.lattice(
        functions.beale,
        "fogr",
        starts=np.ones((5, 2)),
        steps=STEPS,
        noise=0.1,
        seeds=[3, 4],
        restart_noise=True,
    )
    np.testing.assert_array_equal(final, final[:, :1] * np.ones(5))
    assert final[0, 0] != final[1, 0]


def test_a_run_of_minimize():
    """The first start of a seed is `minimize` with it; the values are the ends of its path."""
    final = refimpl.lattice(
        functions.beale3, "fogr", starts=[[1.0, 0.5, -1.0]], steps=STEPS, noise=0.1, seeds=[5]
    )
    result = refimpl.minimize(
        functions.beale3, [1.0, 0.5, -1.0], method="fogr", steps=STEPS, noise=0.1, seed=5
    )
    assert final.shape == (1, 1)
    assert final[0, 0] == result.fun


def test_seeds_in_all_forms():
    def run(seeds):
        return refimpl.lattice(
            functions.beale, "momentum", radius=1, steps=STEPS, noise=0.1, seeds=seeds
        )

    three = run(range(3))
    assert three.shape == (3, 9)
    np.testing.assert_array_equal(run([0, 1, 2]), three)
    np.testing.assert_array_equal(run(np.arange(3)), three)
    np.testing.assert_array_equal(run(iter(range(3))), three)
    for one in (2, np.int64(2)):
        np.testing.assert_array_equal(run(one), three[2:])
    assert np.unique(three, axis=0).shape == three.shape


def test_many_seeds_are_cut_into_blocks(monkeypatch):
    """However the work is handed to the compiled driver, the values are the same."""
    from refimpl.runs import lattice as module

    def run():
        return refimpl.lattice(
            functions.beale, "momentum", radius=1, steps=STEPS, noise=0.1, seeds=range(7)
        )

    whole = run()
    monkeypatch.setattr(module, "STEPS_A_CALL", 2 * 9 * STEPS)
    np.testing.assert_array_equal(run(), whole)


@METHODS
def test_threads(method, monkeypatch):
    """Each seed has its own generator, so nothing depends on who comes first."""
    from refimpl.runs import lattice as module

    monkeypatch.setattr(module, "STEPS_A_CALL", 9 * STEPS)

    def run(threads):
        return refimpl.lattice(
            functions.beale,
            method,
            radius=1,
            steps=STEPS,
            noise=0.1,
            seeds=range(6),
            threads=threads,
        )

    np.testing.assert_array_equal(run(2), run(1))


def test_threads_of_plain_python_functions():
    def run(threads):
        return refimpl.lattice(
            lambda x: float(x @ x),
            "fogr",
            jac=lambda x: 2.0 * x,
            starts=[[1.0, 2.0], [0.0, 1.0]],
            steps=STEPS,
            noise=0.1,
            seeds=range(4),
            threads=threads,
        )

    np.testing.assert_array_equal(run(3), run(1))


# The laboratory's Beale again, as a reader would write it.


@numba.njit
def beale(x):
    u, v = x[0], x[1]
    a, b, c = 1.5 - u + u * v, 2.25 - u + u * v * v, 2.625 - u + u * v * v * v
    return a * a + b * b + c * c


@numba.njit
def beale_gradient(x):
    u, v = x[0], x[1]
    a, b, c = 1.5 - u + u * v, 2.25 - u + u * v * v, 2.625 - u + u * v * v * v
    g = np.empty(2)
    g[0] = 2.0 * (a * (v - 1.0) + b * (v * v - 1.0) + c * (v * v * v - 1.0))
    g[1] = 2.0 * u * (a + 2.0 * v * b + 3.0 * v * v * c)
    return g


def python_beale(x):
    return functions.beale.value(x)


def python_beale_gradient(x):
    return functions.beale.gradient(x)


@METHODS
def test_ones_own_function(method):
    """Plain Python, compiled, or the laboratory's: the same formula gives the same values.

    The plain functions call the laboratory's, so that all operations are the same: equal bits. The
    compiled ones are compiled anew, where a product and a sum may become one rounding: 1e-9 is
    eps amplified by twelve steps on a function whose curvature stays below 1e3 here.
    """
    given = {"alpha": 0.001} if method in ("sgd", "momentum") else {}
    starts = [[1.0, 0.5], [0.5, -0.5], [2.0, 0.0]]
    kwargs = {"starts": starts, "steps": STEPS, "noise": 0.1, "seeds": range(2), **given}
    expected = refimpl.lattice(functions.beale, method, **kwargs)
    plain = refimpl.lattice(python_beale, method, jac=python_beale_gradient, **kwargs)
    np.testing.assert_array_equal(plain, expected)
    compiled = refimpl.lattice(beale, method, jac=beale_gradient, **kwargs)
    np.testing.assert_allclose(compiled, expected, rtol=1e-9)


def test_gradient_of_ones_own_for_a_function_of_the_laboratory():
    final = refimpl.lattice(
        functions.beale, "sgd", jac=lambda x: np.zeros(2), radius=1, steps=3, seeds=0
    )
    expected = [functions.beale.value(x) for x in lattice_points(1, 2)]
    np.testing.assert_array_equal(final[0], expected)


def test_names_and_noise_data():
    """Noise as data is the same for every start and every seed."""
    noise = np.random.default_rng(2).normal(size=(STEPS, 2))
    final = refimpl.lattice("beale", "fogr", radius=1, steps=STEPS, noise=noise, seeds=[0, 1])
    expected = [
        refimpl.minimize("beale", x, method="fogr", steps=STEPS, noise=noise).fun
        for x in lattice_points(1, 2)
    ]
    np.testing.assert_array_equal(final, [expected, expected])


def test_carried_state_begins_anew_with_each_seed():
    """Without noise all seeds are the same run, which they are only if nothing is left over."""
    final = refimpl.lattice(
        functions.beale, "fogr", radius=1, steps=STEPS, seeds=range(3), carry_state=True
    )
    np.testing.assert_array_equal(final, final[:1] * np.ones((3, 1)))


def test_starts_are_not_changed():
    starts = lattice_points(1, 2)
    refimpl.lattice(functions.beale, "sgd", starts=starts, steps=3, noise=0.1, seeds=0)
    np.testing.assert_array_equal(starts, lattice_points(1, 2))


def test_diverged_runs_are_inf_and_the_others_go_on():
    """Far starts leave with this learning rate, near ones do not; no warning, no exception."""
    starts = [[3.0, 0.5], [50.0, 50.0], [3.0, 0.4]]
    final = refimpl.lattice(
        functions.beale, "sgd", starts=starts, steps=30, noise=0.01, seeds=range(2), alpha=0.01
    )
    np.testing.assert_array_equal(np.isinf(final), [[False, True, False]] * 2)
    plain = refimpl.lattice(
        python_value, "sgd", jac=python_gradient, starts=[[1.0, 1.0]], steps=99, seeds=0, alpha=9.0
    )
    np.testing.assert_array_equal(plain, np.inf)


def python_value(x):
    return float(np.sum(x**4))


def python_gradient(x):
    return 4.0 * x**3


def slow(x):
    time.sleep(0.075)
    return float(x @ x)


@pytest.mark.slow
def test_progress_on_standard_error(capsys):
    """Asked for, it shows; not asked for, nothing is written where there is no terminal.

    Thirty evaluations of 75 ms, since a bar waits two seconds for work that is over sooner.
    """
    kwargs = {"jac": lambda x: 2.0 * x, "starts": [[1.0]], "steps": 5, "seeds": range(5)}
    refimpl.lattice(slow, "sgd", progress=True, **kwargs)
    captured = capsys.readouterr()
    assert "25.0/25.0" in captured.err
    assert captured.out == ""
    refimpl.lattice(slow, "sgd", **(kwargs | {"seeds": 0}))
    refimpl.lattice(slow, "sgd", progress=False, **(kwargs | {"seeds": 0}))
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""
