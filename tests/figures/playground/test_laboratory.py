"""The playground's module: the reference outputs, and the package's own runs to the last digit."""

import collections

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import refimpl
from figures.regression import regression_line
from refimpl import functions, optimizers, regression, vectors
from refimpl.verify import runner
from tests.figures.playground import node

pytestmark = [
    pytest.mark.numerics,
    pytest.mark.once,
    pytest.mark.skipif(node.NODE is None, reason=node.MISSING),
]

METHODS = ("momentum", "adam", "fogr", "dogr", "cdogr", "online_sfn", "ogr")
# They multiply no matrices by NumPy, whose kernels may round otherwise: the same to the last bit.
SAME_BITS = {"momentum", "adam", "fogr", "dogr", "cdogr"}
PLAIN = (
    *("beale", "booth", "goldstein_price", "himmelblau", "matyas", "monkey_saddle"),
    *("rosenbrock", "styblinski_tang"),
)
RUN = """
return given.map((one) => {
  const { value, gradient } = laboratory.functionOf(one.function, one.data);
  const run = laboratory.run({ ...one, value, gradient });
  const seen = run.states.map((state) => laboratory.inside(one.method, state, one.parameters));
  return { ...run, seen };
});
"""


@pytest.fixture(scope="module")
def families():
    return [vectors.load(name) for name in ("optimizers", "trajectories")]


def verified(families, cases, module=node.MODULE):
    """The report on the module, or on a copy of it, for these cases."""
    command = [node.NODE, str(node.VERIFY), str(module)]
    # What may explain a failure is sought in the package's own text, and is not asked for here.
    return runner.verify(command, families, cases, known={}, timeout=60.0, explained=0)


@pytest.mark.within
def test_the_reference_outputs_hold(families):
    """Every case of the seven methods passes, and all the others are skipped."""
    cases = [case for family in families for case in family.cases]
    found = verified(families, cases)
    assert found.held
    assert found.remarks == ()
    held = [outcome for outcome in found.outcomes if outcome.case.method in METHODS]
    assert {outcome.verdict for outcome in held} <= {"pass", "acceptable"}
    assert {outcome.case.method for outcome in held} == set(METHODS)
    assert len(held) >= 60


PIECES = {"regression": 204, "online_pca": 145, "qr_step": 104, "repulsion": 293}


def test_the_reference_outputs_of_the_pieces_hold():
    """Every case of each piece that a page computes with, refusals among them."""
    offered = set(node.evaluate("return Object.keys(laboratory.pieces);"))
    found = [vectors.load(name) for name in PIECES]
    cases = [case for family in found for case in family.cases if case.op in offered]
    report = verified(found, cases)
    assert {outcome.verdict for outcome in report.outcomes} <= {"pass", "acceptable"}
    count = collections.Counter(case.family for case in cases)
    assert count == PIECES
    assert {case.op for case in cases} == offered


# A text of the module, a wrong one, and the methods that must then fail.
MISTAKES = {
    "a step up the hill": ("-p.alpha, momentum)", "p.alpha, momentum)", {"momentum"}),
    "no bias correction": ("sqrt(square[i] / (1 - decay2))", "sqrt(square[i])", {"adam"}),
    "the old mean": ("0 : x - mean_theta[i]", "0 : offTheta[i]", {"fogr", "dogr", "cdogr"}),
    "no modulus": ("min(abs(lambda), LARGEST", "min(lambda, LARGEST", {"fogr", "online_sfn"}),
    "no root": ("sqrt(quotient(c,", "(quotient(c,", {"cdogr"}),
    "no transport": ("if (p.transport)", "if (!p.transport)", {"online_sfn"}),
    "no shift": ("const mu = shifted ?", "const mu = !shifted ?", {"online_sfn", "ogr"}),
    "no bound": ("if (long > longest)", "if (long > 2 * longest)", {"ogr"}),
    "a row sum with its sign": ("total + abs(h), 0);", "total + h, 0);", {"online_sfn"}),
    "scales where none are asked for": ("(begun && p.scaled)", "(begun && !p.scaled)", {"ogr"}),
    "no move is taken back": ("if (kept < 1) move", "if (kept < 0) move", {"ogr"}),
    "the whole ridge": ("sqrt(unforeseen(state)) * spread", "spread", {"ogr"}),
    "no surprise": ("/ (1 + surprises / p.patience)", "/ 1", {"ogr"}),
}  # fmt: skip


@pytest.mark.within
@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_module_is_caught(mistake, families, tmp_path):
    """Negative controls: one text of a method is wrong, and its cases fail."""
    right, wrong, broken = MISTAKES[mistake]
    text = node.MODULE.read_text(encoding="utf-8")
    assert text.count(right) == 1
    source = tmp_path / "laboratory.js"
    source.write_text(text.replace(right, wrong), encoding="utf-8")
    cases = [case for case in families[0].cases if case.method in METHODS]
    found = verified(families, cases, source)
    assert {o.case.method for o in found.outcomes if o.verdict == "fail"} == broken


@pytest.mark.parametrize("seed", [0, 3, 2**32, 123456789012345678901234567890])
def test_the_noise_is_numpys(seed):
    """Every number of `default_rng`, a few in the tail among them, to the last bit."""
    n = 20_000
    body = """
    const { normal } = laboratory.generator(given), { uniform } = laboratory.generator(given);
    return [Array.from({ length: 20000 }, normal), Array.from({ length: 20000 }, uniform)];
    """
    normal, uniform = node.array(node.evaluate(body, str(seed)))
    expected = np.random.default_rng(seed).standard_normal(n)
    assert np.any(np.abs(expected) > 3.6541528853610088)  # where the ziggurat has its tail
    np.testing.assert_array_equal(normal, expected)
    np.testing.assert_array_equal(uniform, np.random.default_rng(seed).uniform(size=n))


def test_the_layers_are_those_of_the_ziggurat():
    """256 layers of one area: each width follows from the one outside it."""
    mpmath = pytest.importorskip("mpmath")
    text = node.MODULE.read_text(encoding="utf-8").split("WIDTH = `")[1].split("`")[0]
    width = [mpmath.mpf(w) * 2**52 for w in text.split()]
    r = mpmath.mpf("3.6541528853610088")
    area = r * mpmath.exp(-r * r / 2) + mpmath.sqrt(mpmath.pi / 2) * mpmath.erfc(r / mpmath.sqrt(2))
    expected = [r]
    for _ in range(254):
        x = expected[0]
        expected.insert(0, mpmath.sqrt(-2 * mpmath.log(area / x + mpmath.exp(-x * x / 2))))
    expected.insert(0, area / mpmath.exp(-r * r / 2))
    assert len(width) == 256
    # The recursion in binary64, which NumPy's table comes from, has lost a digit and a half.
    assert max(abs(w / e - 1) for w, e in zip(width, expected, strict=True)) < 1e-13


def test_the_functions_are_the_laboratorys():
    """Value, gradient and Hessian at random places; sums of a few terms, so a few roundings."""
    rng = np.random.default_rng(0)
    turned = functions.random_rotation(rng, 2)
    known = {name: (functions.get(name), None) for name in PLAIN}
    for name in ("quadratic", "bounded_saddle"):
        for rotation in (None, turned):
            data = {"spectrum": [-1.5, 2.0]} | ({} if rotation is None else {"rotation": rotation})
            made = getattr(functions, name)([-1.5, 2.0], rotation=rotation)
            known[f"{name} {rotation is None}"] = made, data
    places = rng.uniform(-3.0, 3.0, (5, 2))
    given = [[name.split()[0], data, places] for name, (_, data) in known.items()]
    body = """
    return given.map(([name, data, places]) => {
      const f = laboratory.functionOf(name, data ?? undefined);
      return places.map((x) => [f.value(x), f.gradient(x), f.hessian(x), f.twin && f.twin(x)]);
    });
    """
    twins = 0
    for (f, _), found in zip(known.values(), node.evaluate(body, given), strict=True):
        for x, (value, gradient, hessian, twin) in zip(places, found, strict=True):
            np.testing.assert_allclose(value, f.value(x), rtol=1e-12)
            scale = np.abs(f.gradient(x)).max()
            np.testing.assert_allclose(gradient, f.gradient(x), rtol=1e-12, atol=1e-13 * scale)
            scale = np.abs(f.hessian(x)).max()
            np.testing.assert_allclose(hessian, f.hessian(x), rtol=1e-12, atol=1e-13 * scale)
            if twin:
                twins += 1
                np.testing.assert_allclose(twin, gradient, rtol=1e-11)
    assert twins == 2 * len(places)


def one_run(function, method, start=(-1.5, 0.75), steps=40, seed=3, **hyperparameters):
    """What the module is given for a run, as the package would make it."""
    parameters = optimizers.bind(optimizers.get(method), hyperparameters)._asdict()
    d = parameters.get("dimension", 0) if optimizers.get(method).directions else 0
    return {
        "function": function,
        "method": method,
        "parameters": parameters,
        "start": list(start),
        "noise": 0.1 * np.random.default_rng(seed).standard_normal((steps, len(start))),
        "directions": np.random.default_rng(seed).uniform(0.0, 1e-3, (d, len(start))),
    }


@pytest.mark.slow
def test_the_runs_are_the_packages():
    """Every method on every function, diverged runs among them, under the same noise."""
    given = [one_run(name, method) for name in PLAIN for method in METHODS]
    diverged = 0
    for one, found in zip(given, node.evaluate(RUN, given), strict=True):
        expected = refimpl.minimize(
            one["function"],
            one["start"],
            method=one["method"],
            steps=len(one["noise"]),
            noise=one["noise"],
            seed=3,
        )
        assert found["diverged"] == expected.diverged
        diverged += expected.diverged
        path, values = node.array(found["path"]), node.array(found["values"])
        if one["method"] in SAME_BITS:
            np.testing.assert_array_equal(path, expected.path)
            np.testing.assert_array_equal(values, expected.values)
        else:
            # Far out, on the way to divergence, rounding grows with everything else.
            near = np.maximum.accumulate(np.abs(expected.path).max(axis=1)) < 1e3
            assert near.sum() > 10
            np.testing.assert_allclose(path[near], expected.path[near], rtol=1e-8, atol=1e-9)
    assert diverged >= 3


REPLAY = """
return given.map(({ start, pairs, parameters }) => {
  const { start: begin, step } = laboratory.methods.ogr;
  let state = begin(start, [], parameters);
  return pairs.map(([theta, gradient]) => {
    const [next, after] = step(state, theta, gradient, parameters);
    state = after;
    return next;
  });
});
"""
LEAPS = 10  # of 20 gradients; every third from this one on is that of a cliff


def ogr_by_hand(D, **hyperparameters):
    """What the package sees and does where gradients are noisy and jump: pairs, next positions."""
    method, rng = optimizers.get("ogr"), np.random.default_rng(D)
    parameters = optimizers.bind(method, hyperparameters)
    start, sizes = rng.standard_normal(D), np.geomspace(0.1, 10.0, D)
    theta, state = start, method.start(start, np.empty((0, D)), parameters)
    pairs, path, back = [], [], 0
    for t in range(20):
        g = sizes * theta + 0.1 * rng.standard_normal(D)
        if t >= LEAPS and t % 3 == 1:
            g = g + 100.0 * state.move / np.linalg.norm(state.move)
        pairs.append([theta, g])
        momentum = state.momentum
        theta, state = method.step(state, theta, g, parameters)
        path.append(theta)
        back += np.array_equal(momentum, state.momentum)
    given = {"start": start, "pairs": pairs, "parameters": parameters._asdict()}
    return given, np.array(path), back


def test_ogr_is_the_packages_where_gradients_jump():
    """In a subspace or not, with scales or none, its axes turning or not; moves are taken back.

    The first cliff is higher than three times any gradient before, which counts as a jump here.
    The same operations but for the order of sums, so that both differ by roundings. A line through
    a few pairs, which may nearly lie in a plane, makes these 1e5 times as large.
    """
    settings = ({}, {"dimension": 1}, {"scaled": False}, {"turning": False}, {"jump": np.inf})
    made = [ogr_by_hand(D, **{"jump": 3.0} | one) for D in (1, 2, 3) for one in settings]
    made.append(ogr_by_hand(3, dimension=2, jump=3.0))
    found = node.evaluate(REPLAY, [given for given, _, _ in made])
    for (given, path, back), its_path in zip(made, found, strict=True):
        np.testing.assert_allclose(its_path, path, rtol=1e-10, atol=1e-10)
        assert (back > 0) == np.isfinite(given["parameters"]["jump"])


def keeping(states):
    """A callback that keeps the state after each step."""

    def keep(intermediate_result):
        states.append(intermediate_result.state)

    return keep


@pytest.mark.slow
def test_what_is_seen_inside_is_the_pieces():
    """Fitted curvatures, standard errors and the zero of the line, by the package's own readers."""
    given = [one_run("beale", m, steps=12, **h) for m, h in (
        ("fogr", {"beta": 0.3}), ("dogr", {"beta": 0.3}), ("cdogr", {}), ("ogr", {}),
    )]  # fmt: skip
    fogr, dogr, cdogr, ogr = (
        (one, found["seen"][-1])
        for one, found in zip(given, node.evaluate(RUN, given), strict=True)
    )
    last = {}
    for one, _ in (fogr, dogr, cdogr, ogr):
        states = []
        refimpl.minimize(
            "beale",
            one["start"],
            method=one["method"],
            steps=12,
            noise=one["noise"],
            callback=keeping(states),
            **one["parameters"],
        )
        last[one["method"]] = states[-1]

    line = last["fogr"].line
    H = regression.symmetric_hessian(line)
    np.testing.assert_allclose(fogr[1]["values"], np.linalg.eigvalsh(H), rtol=1e-10)
    axes = node.array(fogr[1]["axes"])
    np.testing.assert_allclose(axes @ H @ axes.T, np.diag(fogr[1]["values"]), atol=1e-8)
    centre = line.mean_theta - np.linalg.solve(H, line.mean_gradient)
    np.testing.assert_allclose(fogr[1]["centre"], centre, rtol=1e-9)
    assert fogr[1]["bound"] == pytest.approx(np.linalg.norm(last["fogr"].momentum) / 10.0)
    turned = line._replace(
        mean_theta=axes @ line.mean_theta,
        mean_gradient=axes @ line.mean_gradient,
        C_thetatheta=axes @ line.C_thetatheta @ axes.T,
        C_gtheta=axes @ line.C_gtheta @ axes.T,
        C_gg=axes @ line.C_gg @ axes.T,
    )
    errors = regression.slope(turned).curvature_error
    np.testing.assert_allclose(fogr[1]["errors"], errors, rtol=1e-8)

    told = regression.slope(last["dogr"].line)
    np.testing.assert_allclose(dogr[1]["values"], told.curvature, rtol=1e-12)
    np.testing.assert_allclose(dogr[1]["errors"], told.curvature_error, rtol=1e-10)
    np.testing.assert_allclose(dogr[1]["centre"], told.extremum, rtol=1e-10)

    line = last["cdogr"].line
    np.testing.assert_allclose(cdogr[1]["values"], np.sqrt(line.C_gg / line.C_thetatheta))
    assert cdogr[1]["errors"] == ["Infinity", "Infinity"]
    assert "bound" not in cdogr[1]

    state = last["ogr"]
    told = refimpl.diagnostics("ogr", state)
    np.testing.assert_allclose(ogr[1]["values"], told.curvature, rtol=1e-7)
    np.testing.assert_allclose(ogr[1]["errors"], told.curvature_error, rtol=1e-6)
    axes = node.array(ogr[1]["axes"])
    np.testing.assert_allclose(np.abs(np.sum(axes * told.directions, axis=1)), 1.0, rtol=1e-8)
    offset = -state.unit * state.mean_gradient @ axes.T / told.curvature
    np.testing.assert_allclose(ogr[1]["centre"], state.mean_theta + offset @ axes, rtol=1e-7)
    assert np.linalg.norm(state.move) <= ogr[1]["bound"] * (1.0 + 1e-9)


def test_the_line_of_the_first_figure_is_the_packages():
    """All of its 120 fits for three weights; the figure's words have two decimals of them alone.

    Each is a sum of at most 120 terms, and the extremum divides by a curvature that may be small.
    """
    shown = regression_line.compute()
    body = """
    const { pieces } = laboratory;
    return given.beta.map((beta) => {
      let state = pieces["regression.start_diagonal"]({ D: 1, prior: null });
      return given.theta.map((x, t) => {
        const gradient = [given.gradient[t]];
        state = pieces["regression.update"]({ state, theta: [x], gradient, beta });
        return Object.values(pieces["regression.slope"]({ state })).map(([v]) => v);
      });
    });
    """
    given = {name: getattr(shown, name) for name in ("beta", "theta", "gradient")}
    found = node.array(node.evaluate(body, given))
    kept = (shown.curvature, shown.extremum, shown.curvature_error, shown.extremum_error)
    for k, expected in enumerate(kept):
        # Of the first step, which has no line, each language has an infinity of its own.
        np.testing.assert_allclose(found[:, 1:, k], expected[:, 1:], rtol=1e-11)
