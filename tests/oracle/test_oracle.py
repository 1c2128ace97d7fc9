"""The oracle against other routes, and against itself at other precisions."""

import json

import mpmath
import numpy as np
import pytest
import scipy.linalg
from mpmath import mpf

from refimpl import functions, vectors
from refimpl.errors import VectorError
from refimpl.oracle import (
    arrays,
    cases,
    cases_trajectories,
    closed_loop,
    generate,
    grouped_newton,
    measure,
    methods,
    online_pca,
    operations,
    qr_step,
    regression,
    repulsion,
    summary,
    withdrawn,
)
from refimpl.oracle.functions import DEFINITIONS, FORMULAS
from refimpl.oracle.parts import definition, formula

pytestmark = pytest.mark.once

# Binary64 routines on moderate, well-conditioned matrices of a few rows lose a few bits of 2^-52.
ROUNDING = 1e-13


@pytest.fixture
def digits():
    """Work at 100 digits."""
    with mpmath.workdps(100):
        yield 100


def floats(value):
    return np.asarray(value, dtype=object).astype(float)


def apart(a, b):
    """The largest relative difference of two states."""
    return max(measure.error("relative", a[name], b[name]) for name in b)


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize(
    ("prior", "new_mean"), [(None, False), ((1.0, 0.5), False), ((1.0, 0.5), True)]
)
def test_recursion_mixture_and_batch_are_one_at_100_digits(digits, prior, new_mean, diagonal):
    rng = np.random.default_rng(3)
    thetas, gradients = map(list, arrays.exact(cases.history(rng, 12, 2)))
    beta, prior = mpf("0.3"), arrays.exact(prior)
    name = "update_new_mean" if new_mean else "update"
    shape = regression.start_diagonal if diagonal else regression.start
    by_mixture = by_recursion = shape(2, prior)
    for theta, gradient in zip(thetas, gradients, strict=True):
        by_mixture = getattr(regression, name)(by_mixture, theta, gradient, beta)
        by_recursion = getattr(regression, f"{name}_formula")(by_recursion, theta, gradient, beta)
    by_batch = regression.batch(thetas, gradients, beta, prior, new_mean, diagonal)
    # A dozen steps of a hundred operations each lose three digits of a hundred.
    assert apart(by_mixture, by_batch) < mpf("1e-96")
    assert apart(by_recursion, by_batch) < mpf("1e-96")


def test_a_wrong_recursion_is_far_from_the_definition(digits):
    """Negative control: the decay applied to the old part alone."""
    rng = np.random.default_rng(4)
    (theta, gradient), _ = arrays.exact(cases.history(rng, 2, 2))
    state = regression.start(2, (mpf(1), mpf(1)))
    right = regression.update(state, theta, gradient, mpf("0.3"))
    wrong = 0.7 * state["C_thetatheta"] + mpf("0.3") * np.outer(theta, theta)
    assert measure.error("relative", wrong, right["C_thetatheta"]) > 1e-3


def test_emulated_arithmetic_is_that_of_binary32():
    """24 bits in mpmath and NumPy's float32 give the same bits, operation by operation."""
    rng = np.random.default_rng(5)
    x, m, C, beta = (cases.dyadic(rng, 4, 20) for _ in range(4))
    with mpmath.workprec(24):
        a, b, c, gain = map(arrays.exact, (x, m, C, beta))
        emulated = (1 - gain) * (c + gain * ((a - b) * (a - b))) / gain
    x, m, C, beta = (np.float32(v) for v in (x, m, C, beta))
    single = (1 - beta) * (C + beta * ((x - m) * (x - m))) / beta
    assert single.dtype == np.float32
    assert np.array_equal(floats(emulated), single)


def test_symmetric_fit_solves_the_lyapunov_equation(digits):
    rng = np.random.default_rng(6)
    C, B = cases.reflected(rng, [1.0, 0.5, 0.25]), cases.dyadic(rng, (3, 3))
    H = floats(regression.lyapunov(*arrays.exact((C, B))))
    assert np.allclose(H, scipy.linalg.solve_continuous_lyapunov(C, B + B.T), atol=ROUNDING)


def test_undetermined_fits_have_the_least_norm(digits):
    rng = np.random.default_rng(7)
    a = np.array([[1.0, 2.0], [0.0, 1.0], [1.0, -1.0]])
    C, B = a @ a.T, cases.dyadic(rng, (3, 3))
    system = np.kron(np.eye(3), C) + np.kron(C, np.eye(3))
    H = np.linalg.lstsq(system, (B + B.T).ravel(), rcond=1e-10)[0].reshape(3, 3)
    assert np.allclose(floats(regression.lyapunov(*arrays.exact((C, B)))), H, atol=ROUNDING)
    covariances = {"C_thetatheta": arrays.exact(C), "C_gtheta": arrays.exact(B)}
    state = regression.start(3, None) | covariances
    right = B @ np.linalg.pinv(C, rcond=1e-10)
    assert np.allclose(floats(regression.hessian(state)["result"]), right, atol=ROUNDING)


# Of the largest eigenvalue 1e-12 is the limit, for the sum of two as well.
@pytest.mark.parametrize("share", [0.7, 1.4])
def test_an_eigenvalue_near_the_limit_of_visited_directions_is_refused(digits, share):
    for fit, small in ((regression.hessian, share), (regression.symmetric_hessian, share / 2)):
        state = regression.start(2, None) | {
            "C_thetatheta": arrays.exact(np.diag([1.0, small * 1e-12])),
            "C_gtheta": arrays.eye(2),
        }
        ridge = {"ridge": mpf(0)} if fit is regression.symmetric_hessian else {}
        with pytest.raises(regression.MarginError):
            fit(state, **ridge)
        for factor, visited in ((4.0, True), (0.25, False)):
            # The suite has both sides, a factor 2 away.
            state["C_thetatheta"] = arrays.exact(np.diag([1.0, factor * small * 1e-12]))
            assert (fit(state, **ridge)["result"][1, 1] != 0) == visited


def test_a_curvature_near_rounding_is_refused(digits):
    """Of two rows 2^-51 of the largest is rounding; eigenvectors off the axes bring more of it."""
    g = arrays.exact(np.ones(2))
    straight, turned = arrays.eye(2), arrays.exact(np.array([[3.0, 4.0], [4.0, -3.0]])) / 5

    def solved(small, axes):
        return repulsion.newton(axes @ arrays.exact(np.diag([1.0, small])) @ axes.T, g)

    for factor, axes in ((1.25, straight), (1.25, turned), (64.0, turned)):
        with pytest.raises(regression.MarginError):
            solved(factor * 2.0**-51, axes)
    assert solved(2.0**-50, straight)["result"][1] == -(mpf(2) ** 50)
    assert solved(2.0**-52, straight)["result"][1] == 0
    assert arrays.largest(solved(2.0**-43, turned)["result"]) > 2**40


def test_orthonormal_rows_are_those_of_a_triangular_factor(digits):
    W = cases.dyadic(np.random.default_rng(8), (3, 5))
    V = floats(online_pca.orthonormalize(arrays.exact(W))["result"])
    Q, R = np.linalg.qr(W.T)
    assert np.allclose(V, (Q * np.sign(np.diag(R))).T, atol=ROUNDING)


@pytest.mark.parametrize("name", ["qr_step", "shifted_qr_step"])
def test_qr_step_is_that_of_scipy_with_a_positive_diagonal(digits, name):
    H = cases.symmetric(np.random.default_rng(9), 4, size=2.0)
    mu = np.abs(H).sum(axis=1).max() if name == "shifted_qr_step" else 0.0
    Q, R = scipy.linalg.qr(H + mu * np.eye(4))
    Q = Q * np.sign(np.diag(R))
    step = getattr(qr_step, name)(arrays.exact(H))
    assert np.allclose(floats(step["rotation"]), Q, atol=ROUNDING)
    assert np.allclose(floats(step["rotated"]), Q.T @ H @ Q, atol=ROUNDING)


def test_saddle_free_step_is_that_of_the_root_of_the_square(digits):
    H = cases.reflected(np.random.default_rng(10), [1.0, -0.5, 2.0])
    g = np.array([1.0, 2.0, 3.0])
    modulus = scipy.linalg.sqrtm(H @ H).real
    for cut in (0.0, 1e-9):
        # A cut below all curvatures changes nothing but the route.
        step = repulsion.saddle_free(*arrays.exact((H, g, 1.0, cut)))["result"]
        assert np.allclose(floats(step), -np.linalg.solve(modulus, g), atol=ROUNDING)


@pytest.mark.parametrize(
    ("family", "every"),
    [
        *(("online_pca", 5), ("qr_step", 5), ("repulsion", 5), ("regression", 40)),
        pytest.param("regression", 5, marks=pytest.mark.slow),
        pytest.param("summary", 5, marks=pytest.mark.slow),
    ],
)
def test_60_and_120_digits_give_the_same_34(family, every, size):
    """On a sample; the generator compares 60 and 100 digits for every case."""
    items = [item for item in generate.numbered(family) if not item[1].error]
    for _, case in items[:: size(every, 20)]:
        definition = operations.OPERATIONS[case.op].definition
        measure.certified(definition, case.arguments, digits=(60, 120))


def test_values_that_differ_between_precisions_are_refused():
    third = lambda x: {"result": x / 3 + mpf(10) ** (-mpmath.mp.dps // 3)}  # noqa: E731
    with pytest.raises(measure.DisagreementError):
        measure.certified(third, {"x": 1.0})


def test_what_shrinks_with_the_precision_is_zero():
    nothing = lambda x: {"result": x / 3 * 3 - x + mpf(10) ** -mpmath.mp.dps}  # noqa: E731
    assert measure.certified(nothing, {"x": 1.0}) == {"result": "0.0"}


# The safeguarded method needs the loss itself: it is compared in closed loop, below.
@pytest.mark.parametrize("method", sorted(methods.METHODS.keys() - {"grouped_newton_safeguarded"}))
def test_both_kinds_of_parts_give_the_same_replay(method):
    """Weighted sums over all observations and recursions, over the first steps of each replay."""
    for _, case in generate.numbered("optimizers"):
        if case.method == method:
            break
    arguments = {
        "params": case.params,
        "start": case.start,
        "directions": case.directions,
        "stream": case.stream[:5],
    }
    with mpmath.workdps(60):
        steps = [
            methods.replay(parts, method, **arrays.exact(arguments))
            for parts in (definition, formula)
        ]
        # The subspace methods start from directions of 1e-3 and lose some digits there.
        assert all(apart(b, a) < mpf("1e-45") for a, b in zip(*steps, strict=True))


ROTATION = np.full((4, 4), 0.5) - np.eye(4)
SPECTRUM = np.array([1.0, -2.0, 3.0, 0.5])
PLACES = {
    "beale": ({}, functions.beale),
    "rosenbrock": ({}, functions.rosenbrock(4)),
    "quadratic": (
        {"spectrum": SPECTRUM, "rotation": ROTATION},
        functions.quadratic(SPECTRUM, ROTATION),
    ),
    "bounded_saddle": (
        {"spectrum": SPECTRUM, "c": 0.5, "rotation": ROTATION},
        functions.bounded_saddle(SPECTRUM, 0.5, ROTATION),
    ),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("part", ["value", "gradient", "hessian", "third"])
def test_a_function_is_that_of_the_laboratory_and_its_own_derivative(digits, name, part):
    data, laboratory = PLACES[name]
    at = cases.dyadic(np.random.default_rng(11), laboratory.dimension, 10, 1.5)
    x, given = (arrays.exact(at),), arrays.exact(data)
    if part == "third":
        x += (arrays.exact(cases.dyadic(np.random.default_rng(15), at.size, 10, 1.5)),)
    found = getattr(FORMULAS[name], part)(*x, **given)
    # mpmath's difference quotients keep the working precision but for a few digits.
    derived = getattr(DEFINITIONS[name], part)(*x, **given)
    assert measure.error("relative", found, derived) < mpf("1e-95")
    if part == "third":
        return
    np.testing.assert_allclose(floats(found), getattr(laboratory, part)(at), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", PLACES)
def test_a_summary_is_that_of_the_slice_and_of_the_derivatives(digits, name):
    """Difference quotients against polarisation; and the tensor's diagonal is the third."""
    data, laboratory = PLACES[name]
    rng = np.random.default_rng(16)
    at, u = (cases.dyadic(rng, laboratory.dimension, 10, 1.5) for _ in range(2))
    groups = [[1], [0]] if laboratory.dimension == 2 else [[3, 0], [1], [2]]
    given = arrays.exact(data), *arrays.exact((at, u)), groups, 3, True
    by_slice = summary.summarize(name, *given)
    by_formula = summary.summarize_formula(name, *given)
    assert list(by_slice) == ["value", "gradient", "hessian", "third", "tensor"]
    assert apart(by_formula, by_slice) < mpf("1e-95")
    S = len(groups)
    assert (by_formula["third"] == [by_formula["tensor"][s, s, s] for s in range(S)]).all()
    parts = floats(summary.parts_of(u, groups))
    np.testing.assert_allclose(
        floats(by_slice["hessian"]), parts @ laboratory.hessian(at) @ parts.T, rtol=1e-13
    )
    np.testing.assert_allclose(
        floats(by_slice["gradient"]), parts @ laboratory.gradient(at), rtol=1e-13
    )


def test_a_derivative_that_is_0_is_told_from_a_small_one(digits):
    assert summary.settled(mpf("1e-110"), mpf("1e-135")) == 0
    assert summary.settled(mpf("1e-90"), mpf("1e-90")) == mpf("1e-90")
    with pytest.raises(measure.DisagreementError):
        summary.settled(mpf("1e-90"), mpf("1.0000001e-90"))


@pytest.mark.parametrize("method", ["grouped_newton", "grouped_newton_safeguarded"])
def test_both_kinds_of_parts_give_the_same_closed_loop(digits, method):
    """Difference quotients and the secular equation by halving, against formulas throughout."""
    for _, case in generate.numbered("trajectories"):
        if case.method == method and case.given["function"] == "bounded_saddle":
            break
    given = case.given | {"noise": case.given["noise"][:3]}
    exact = arrays.exact((case.params, given))
    paths = [
        list(closed_loop.positions(parts, functions_of, method, *exact))
        for parts, functions_of in ((definition, DEFINITIONS), (formula, FORMULAS))
    ]
    assert max(map(lambda x, y: measure.error("relative", x, y), *paths)) < mpf("1e-80")


def test_a_halving_that_rounding_decides_is_refused(digits):
    near = mpf(1) + mpf(2) ** -50
    with pytest.raises(regression.MarginError):
        grouped_newton.low_enough(near, mpf(1), mpf(1))
    assert not grouped_newton.low_enough(near, mpf(1), mpf(2) ** -30)
    assert grouped_newton.low_enough(mpf("0.9"), mpf(1), mpf(1))


def momentum_at(steps, function="bounded_saddle"):
    """A cheap trajectory of some steps."""
    case = cases_trajectories.trajectory(
        np.random.default_rng(12), "momentum", cases_trajectories.SADDLE, steps
    )
    return case._replace(given=case.given | {"function": function})


def test_a_closed_loop_is_a_replay_of_its_own_positions(digits):
    """The position of each step is where the next gradient is taken, and noise is added there."""
    case = momentum_at(6)
    params, given = arrays.exact(case.params), arrays.exact(case.given)
    seen = list(closed_loop.positions(formula, FORMULAS, "momentum", params, given))
    before = [given["start"], *seen[:-1]]
    stream = [
        {"theta": x, "gradient": FORMULAS["bounded_saddle"].gradient(x, **given["data"]) + z}
        for x, z in zip(before, given["noise"], strict=True)
    ]
    empty = np.empty((0, 2))
    again = methods.replay(formula, "momentum", params, given["start"], empty, stream)
    for x, step in zip(seen, again, strict=True):
        assert measure.error("relative", x, step["theta"]) == 0


def test_a_trajectory_ends_at_its_horizon():
    """Chaos takes the digits before the last step; a rate that converges keeps them."""
    rng = np.random.default_rng(13)
    data = {"spectrum": np.array([-1.0, -0.875]), "c": 1.0}
    place = cases_trajectories.SADDLE._replace(data=data, start=(0.5, 0.25), noise=2.0**-6)
    case = cases_trajectories.trajectory(rng, "sgd", place._replace(rate=1.75), 90)
    record = generate.followed("trajectories-0000", case)
    steps = len(record["out"]["steps"])
    assert "horizon" in record["flags"]
    assert len(record["in"]["noise"]) == len(record["K"]["theta"]) == steps
    # Binary64 itself, in NumPy: near up to the horizon, elsewhere at the end.
    x, seen = case.given["start"], []
    for noise in case.given["noise"]:
        x = x - 1.75 * (data["spectrum"] * x + x**3 + noise)
        seen.append(x)
    with mpmath.workdps(100):
        exact = arrays.exact(case.given)
        true = list(closed_loop.positions(formula, FORMULAS, "sgd", {"alpha": mpf(1.75)}, exact))
        off = [
            measure.error("relative", arrays.exact(x), y) for x, y in zip(seen, true, strict=True)
        ]
    assert max(off[:steps]) < 1e-2 < max(off[steps:])
    case = cases_trajectories.trajectory(rng, "sgd", place._replace(rate=0.25), 90)
    record = generate.followed("trajectories-0000", case)
    assert "horizon" not in record["flags"]
    assert len(record["out"]["steps"]) == 90


def test_horizon_is_the_first_step_that_says_nothing():
    at_the_limit = 1e-2 / 64 * 2.0**53
    K = {"theta": [1.0, 2.0, 0.99 * at_the_limit, 1.01 * at_the_limit, 1.0]}
    ones = {"theta": [1.0] * 5}
    assert measure.horizon(K, ones) == measure.horizon(ones, K) == 3
    assert measure.horizon(ones, ones) == 5


def test_an_ensemble_that_can_be_followed_is_refused():
    case = cases_trajectories.ensemble(np.random.default_rng(14), "sgd", {"alpha": 0.0625})
    given = case.given | {"starts": case.given["starts"][:2], "noise": case.given["noise"][:4]}
    with pytest.raises(ValueError, match="belongs among the trajectories"):
        generate.gathered("trajectories-0000", case._replace(given=given))


def test_a_withdrawn_number_is_never_used_again(monkeypatch):
    few = [case for _, case in zip(range(4), generate.FAMILIES["qr_step"].cases(), strict=False)]
    monkeypatch.setattr(generate.FAMILIES["qr_step"], "cases", lambda: iter(few))

    def names(*gone):
        table = [withdrawn.Withdrawn(f"qr_step-{n:04d}", "a wrong sign") for n in gone]
        monkeypatch.setattr(withdrawn, "WITHDRAWN", table)
        return [int(name[-4:]) for name, _ in generate.numbered("qr_step")]

    assert names() == [1, 2, 3, 4]
    assert names(2) == [1, 3, 4, 5]
    assert names(5) == [1, 2, 3, 4]
    assert names(1, 3, 7) == [2, 4, 5, 6]
    for never in ((6,), (2, 2)):
        with pytest.raises(VectorError, match="one has never been, or stands twice"):
            names(*never)


def test_only_new_cases_are_computed(tmp_path, monkeypatch):
    """A file without its last case is made whole, byte for byte; what stands in it is taken."""
    whole = (vectors.FOLDER / "qr_step.json").read_bytes()
    document = json.loads(whole)
    last = document["cases"].pop()
    (tmp_path / "qr_step.json").write_text(json.dumps(document), "utf-8")
    computed = []
    monkeypatch.setattr(
        generate,
        "certified_record",
        lambda item: computed.append(item[0]) or _RECORD(item),
    )
    given = ["qr_step", "--new", "--workers", "0", "--out", str(tmp_path)]
    assert generate.main(given) == 0
    assert computed == [last["id"]]
    assert (tmp_path / "qr_step.json").read_bytes() == whole


_RECORD = generate.certified_record


LONG = ("regression", "cubic", "optimizers", "summary")


@pytest.mark.parametrize(
    ("family", "every"),
    [
        *(
            pytest.param(f, 40, marks=pytest.mark.slow if f in LONG else ())
            for f in generate.FAMILIES
        ),
        *(("regression", 200), ("cubic", 100)),
    ],
)
def test_regeneration_gives_the_stored_bytes(family, every, size):
    """On a sample; ``python -m refimpl.oracle --check`` compares all of them."""
    stored = (vectors.FOLDER / f"{family}.json").read_text(encoding="ascii").splitlines()
    lines = {json.loads(text.rstrip(","))["id"]: text for text in stored if text.startswith('{"K')}
    lines |= {json.loads(text.rstrip(","))["id"]: text for text in stored if text.startswith('{"b')}
    names = [name for name, _ in generate.numbered(family)]
    assert sorted(lines) == names
    # The first trajectory is one of the cheapest, and each of the others costs seconds.
    step = {"optimizers": 30, "trajectories": len(names)}.get(family, size(every, 160))
    again = vectors.sealed({"cases": list(generate.regenerate(family, names[::step]).values())})
    for case in again["cases"]:
        assert vectors.line(case) == lines[case["id"]].rstrip(",")
