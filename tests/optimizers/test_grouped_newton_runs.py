"""Grouped Newton in runs, lattices, training loops and at the prompt; its hyperparameters."""

import json
import math

import numba
import numpy as np
import pytest
import scipy.optimize

import refimpl
from refimpl import cli, functions, layered_summary, optimizers, partitions, summary
from refimpl.errors import (
    EvaluationError,
    PartitionError,
    RangeError,
    UnknownNameError,
    UnsupportedOperationError,
)
from refimpl.network import Batch, Network
from refimpl.optimizers.grouped_newton import Slice, grouped_newton, partition
from refimpl.runs.experiments import cells
from tests.optimizers.grouped_steps import BOTH, slice_of

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps


# Runs.


@BOTH
def test_noise_of_the_gradient_is_that_of_the_slope(method):
    """Directions and slopes are noisy, curvature is exact: Newton's step for the noisy gradient."""
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    noise = np.array([[0.3, -0.2]])
    theta = np.array([1.0, -2.0])
    found = refimpl.minimize(
        lambda x: 0.5 * x @ H @ x,
        theta,
        jac=lambda x: H @ x,
        method=method.name,
        steps=1,
        noise=noise,
        groups=2,
    )
    expected = theta - np.linalg.solve(H, H @ theta + noise[0])
    np.testing.assert_allclose(found.x, expected, rtol=0, atol=1e3 * EPS)


def test_rounding_is_no_third_derivative():
    """Along a common shift the first part is flat, but only its sum cancels, not its terms."""

    def loss(x):
        return np.log(np.sum(np.exp(x))) - np.mean(x) + 0.5 * np.sum(x) ** 2

    def gradient(x):
        return np.exp(x) / np.sum(np.exp(x)) - 1.0 / x.size + np.sum(x)

    start, seen = np.full(7, 0.3), []
    third = summary.summarize(loss, start, gradient(start), [range(7)]).third
    # The second derivatives are 49 times the square of a gradient of 2.1.
    assert 0.0 < abs(third[0]) < 1e-12
    refimpl.minimize(
        loss,
        start,
        jac=gradient,
        method="grouped_newton",
        steps=1,
        groups=1,
        callback=lambda intermediate_result: seen.append(intermediate_result.state.outcome),
    )
    assert seen == ["quadratic"]


def rosenbrock(x, weight=100.0):
    return weight * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def rosenbrock_gradient(x, weight=100.0):
    bend = weight * (x[1] - x[0] ** 2)
    return np.array([-4.0 * x[0] * bend - 2.0 * (1.0 - x[0]), 2.0 * bend])


@BOTH
def test_own_functions(method):
    """Plain or compiled, in a run or a lattice: the laboratory's path."""
    start, options = [-1.2, 1.0], {"method": method.name, "steps": 4}
    expected = refimpl.minimize("rosenbrock", start, **options).path
    runs = [
        refimpl.minimize(rosenbrock, start, jac=rosenbrock_gradient, **options),
        refimpl.minimize(
            numba.njit(rosenbrock), start, jac=numba.njit(rosenbrock_gradient), **options
        ),
    ]
    for found in runs:
        # Other orders of operations, through four steps in a valley of condition 2500.
        np.testing.assert_allclose(found.path, expected, rtol=1e-9)
    final = refimpl.lattice(
        rosenbrock, method.name, starts=[start], steps=4, seeds=[0], jac=rosenbrock_gradient
    )
    assert final[0, 0] == pytest.approx(rosenbrock(expected[-1]), rel=1e-9)


@BOTH
def test_arguments_are_handed_on(method):
    start, options = [-1.2, 1.0], {"method": method.name, "steps": 3}
    found = refimpl.minimize(rosenbrock, start, jac=rosenbrock_gradient, args=(2.0,), **options)
    expected = refimpl.minimize(
        lambda x: rosenbrock(x, 2.0), start, jac=lambda x: rosenbrock_gradient(x, 2.0), **options
    )
    np.testing.assert_array_equal(found.path, expected.path)


def test_value_and_gradient_together():
    """Both are run on polynomials, so both have to be able to."""
    options = {"jac": True, "method": "grouped_newton", "steps": 1}
    found = refimpl.minimize(lambda x: (x @ x, 2.0 * x), [3.0, -2.0], **options)
    np.testing.assert_allclose(found.x, 0.0, atol=16 * EPS)
    with pytest.raises(UnsupportedOperationError, match="give jac as a function of its own"):
        refimpl.minimize(lambda x: (x @ x, np.array([2.0 * x[0]])), [3.0], **options)


def test_what_cannot_be_run_on_polynomials():
    def writes(x):
        y = np.zeros(2)
        y[0] = x[0]
        return y @ y

    def by_float(x):
        return math.exp(x[0])

    def unknown(x):
        return np.sum(np.linalg.inv(np.diag(x)))

    start, options = [1.0, 2.0], {"jac": lambda x: x, "method": "grouped_newton", "steps": 1}
    for fun, word in ((writes, "array"), (by_float, "float"), (unknown, "inv")):
        with pytest.raises(UnsupportedOperationError, match=f"runs fun on Taylor .*{word}"):
            refimpl.minimize(fun, start, **options)


def test_what_has_no_derivatives():
    """With the step and the path: a run that cannot go on."""

    def hidden_kink(x):
        return 0.5 * x[0] ** 2 + 0.0 * np.sqrt(x[0] ** 2)

    # The first step ends at 0, where momentum has a direction still.
    options = {"jac": lambda x: x, "method": "grouped_newton", "direction": "momentum", "steps": 3}
    with pytest.raises(
        EvaluationError, match=r"step 1: derivatives of fun: .*not finite"
    ) as caught:
        refimpl.minimize(hidden_kink, [1.0], **options)
    assert caught.value.step == 1
    np.testing.assert_array_equal(caught.value.path, [[1.0], [0.0]])


def test_a_training_loop():
    """A slice for each minibatch; the partition as a list of arrays, looked at once."""
    rng = np.random.default_rng(5)
    inputs = rng.standard_normal((40, 3))
    targets = np.tanh(inputs @ [1.0, -2.0, 0.5])

    def of(batch):
        def loss(theta):
            return np.mean((np.tanh(inputs[batch] @ theta) - targets[batch]) ** 2)

        def gradient(theta):
            z = np.tanh(inputs[batch] @ theta)
            return 2 * np.mean(
                ((z - targets[batch]) * (1 - z * z))[:, None] * inputs[batch], axis=0
            )

        return slice_of(loss), gradient

    parameters = grouped_newton.parameters(groups=[np.array([0, 2]), np.array([1])])
    theta = np.zeros(3)
    state = grouped_newton.start(theta, np.empty((0, 3)), parameters)
    for _ in range(30):
        along, gradient = of(rng.integers(0, 40, 10))
        theta, state = grouped_newton.step(state, theta, gradient(theta), along, parameters)
    # Without noise in the targets, all minibatches have the same minimum.
    np.testing.assert_allclose(theta, [1.0, -2.0, 0.5], atol=1e-6)


@BOTH
def test_the_fast_route_of_a_network(method):
    """The layered summary in place of the definition: the same steps on minibatches."""
    rng = np.random.default_rng(2)
    network = Network((3, 4, 4, 2))
    inputs, labels = rng.standard_normal((24, 3)), rng.integers(0, 2, 24)
    groups = partitions.by_tensor(network.shapes)
    assignment = layered_summary.assign(network, groups)
    parameters = method.parameters(groups=groups)

    def fast(batch):
        def summarize(theta, direction, groups):
            given = network, batch, theta, direction, assignment
            found, noise = layered_summary.summarize_with_noise(*given)
            return found._replace(third=summary.without_noise(found.third, noise))

        return Slice(summarize, lambda theta: network.value(theta, batch))

    def by_definition(batch):
        return slice_of(lambda theta: network.value(theta, batch))

    ends = []
    for route in (fast, by_definition):
        theta = network.initial(np.random.default_rng(3))
        state = method.start(theta, np.empty((0, theta.size)), parameters)
        for k in range(2):
            batch = Batch(inputs[12 * k : 12 * k + 12], labels[12 * k : 12 * k + 12])
            g = network.gradient(theta, batch)
            theta, state = method.step(state, theta, g, route(batch), parameters)
        ends.append(theta)
    assert np.linalg.norm(ends[0] - network.initial(np.random.default_rng(3))) > 0.1
    # Two steps through coupled systems of six groups, the second of condition 200.
    np.testing.assert_allclose(ends[0], ends[1], rtol=0, atol=1e-9)


# Hyperparameters.


def test_partitions():
    assert [list(index) for index in partition(2, 5)] == [[0, 1, 2], [3, 4]]
    assert [list(index) for index in partition(9, 2)] == [[0], [1]]
    bound = optimizers.bind(grouped_newton, {"groups": [np.array([2, 0]), [1]]})
    assert bound.groups == ((2, 0), (1,))
    assert optimizers.bind(grouped_newton, {"groups": np.array([[0, 1], [2, 3]])}).groups == (
        (0, 1),
        (2, 3),
    )


@pytest.mark.parametrize(
    ("given_", "error", "words"),
    [
        ({"groups": 0}, RangeError, r"groups in \[1, inf\)"),
        ({"groups": 1.5}, RangeError, "a number of blocks or lists of indices"),
        ({"groups": [[0.5], [1]]}, RangeError, "lists of indices"),
        ({"groups": "ab"}, RangeError, "lists of indices"),
        ({"groups": [[0]]}, PartitionError, "1 of 2 indices are in no group"),
        ({"groups": [[0, 1], [1]]}, PartitionError, "index 1 is in group 0 and in group 1"),
        ({"groups": [[0, 1], [2]]}, PartitionError, "index 2 in group 1 is outside 0 to 1"),
        ({"strength": 0.0}, RangeError, "strength"),
        ({"damping": 0.0}, RangeError, "damping"),
        ({"damping": 1.5}, RangeError, "damping"),
        ({"period": 0}, RangeError, "period"),
        ({"smoothing": 1.0}, RangeError, "smoothing"),
        ({"clip": 1}, RangeError, "True or False"),
        ({"direction": "gradients"}, UnknownNameError, "did you mean 'gradient'"),
    ],
)
def test_wrong_hyperparameters(given_, error, words):
    """Before any work: the function is never called."""
    options = {"method": "grouped_newton", "steps": 1} | given_
    with pytest.raises(error, match=words):
        refimpl.minimize(pytest.fail, [1.0, 2.0], jac=pytest.fail, **options)
    del options["method"]
    with pytest.raises(error, match=words):
        refimpl.lattice("beale", "grouped_newton", radius=1, seeds=[0], **options)
    with pytest.raises(error, match=words):
        scipy.optimize.minimize(
            pytest.fail,
            [1.0, 2.0],
            jac=pytest.fail,
            method=refimpl.scipy_method("grouped_newton", **given_),
        )


def test_listing():
    found = {name: refimpl.methods()[name] for name in refimpl.methods() if "grouped" in name}
    assert set(found) == {"grouped_newton", "grouped_newton_safeguarded"}
    for entry in found.values():
        assert "[W]" in entry["source"]
        assert "fun" in entry["needs"]
        assert entry["defaults"] == grouped_newton.defaults
    defaults = grouped_newton.defaults
    assert (defaults["strength"], defaults["damping"], defaults["clip"]) == (1.0, 1.0, False)
    first = {name: refimpl.methods()[name]["defaults"] for name in ("momentum", "adam")}
    assert defaults["gamma"] == first["momentum"]["gamma"]
    assert [defaults[k] for k in ("beta1", "beta2", "eps")] == [
        first["adam"][k] for k in ("beta1", "beta2", "eps")
    ]


def test_command_line(capsys):
    arguments = ["run", "beale3", "--method", "grouped_newton", "--start", "1", "1", "1"]
    given_ = ["--groups", "0,2/1", "--direction", "adam", "--clip", "true", "--steps", "2"]
    assert cli.main([*arguments, *given_, "--json"]) == 0
    expected = refimpl.minimize(
        "beale3",
        [1, 1, 1],
        method="grouped_newton",
        steps=2,
        groups=[[0, 2], [1]],
        direction="adam",
        clip=True,
    )
    np.testing.assert_array_equal(json.loads(capsys.readouterr().out)["path"], expected.path)
    assert cli.main([*arguments, "--groups", "0/1"]) == 2
    assert "1 of 3 indices are in no group" in capsys.readouterr().err


def test_cells():
    """A partition has a place in the name of a kept result, and crosses to another process."""
    cell = cells.Cell(
        functions.beale,
        "grouped_newton",
        [[1.0, 1.0]],
        steps=2,
        hyperparameters={"groups": [np.array([0]), np.array([1])]},
    )
    checked = cells.checked(cell)
    assert dict(checked.hyperparameters)["groups"] == ((0,), (1,))
    names = {
        cells.digest(cells.checked(cell._replace(hyperparameters={"groups": groups})))
        for groups in (2, 1, [[0], [1]], [[1], [0]])
    }
    assert len(names) == 4
    found = cells.compute([cell], jobs=1)[0]
    assert found == refimpl.lattice("beale", cell.method, starts=cell.starts, steps=2, seeds=[0])
