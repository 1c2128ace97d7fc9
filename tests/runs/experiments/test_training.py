"""Training on minibatches: runs by hand, grouped Newton by the definition, its cost counted."""

import numpy as np
import pytest

from refimpl import layered_summary, optimizers, partitions, summary
from refimpl.cubic import minimize_cubic
from refimpl.errors import (
    PartitionError,
    RangeError,
    ShapeError,
    UnknownNameError,
    UnsupportedOperationError,
)
from refimpl.network import Batch, Data, Model, Network, minibatches
from refimpl.optimizers.grouped_newton import Slice
from refimpl.optimizers.momentum import momentum
from refimpl.runs.experiments.training import gradient_products, summary_cost, train, value_cost
from tests.network.products import counting

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps


def small(widths=(3, 4, 2), records=30, seed=0, activation="tanh"):
    """A model on random records."""
    rng = np.random.default_rng(seed)
    parts = [
        Batch(rng.standard_normal((n, widths[0])), rng.integers(0, widths[-1], n))
        for n in (records, 10)
    ]
    return Model(Network(widths, activation), Data(*parts))


def streams(seed):
    """Start, minibatches and directions of a run with this seed."""
    return np.random.default_rng(seed).spawn(3)


def tensors(model):
    return tuple(tuple(map(int, g)) for g in partitions.by_tensor(model.network.shapes))


def test_momentum_by_hand():
    model, alpha, gamma = small(), 0.3, 0.4
    run = train(
        model, "momentum", steps=7, batch=5, rng=np.random.default_rng(3), every=3,
        alpha=alpha, gamma=gamma,
    )  # fmt: skip
    start, batches, _ = streams(3)
    theta = model.network.initial(start)
    batches, m, path = minibatches(30, 5, batches), 0.0, [theta]
    for _ in range(7):
        m = (1.0 - gamma) * m + gamma * model.gradient(theta, next(batches))
        theta = theta - alpha * m
        path.append(theta)
    assert run.step.tolist() == run.equivalents.tolist() == [0, 3, 6, 7]
    # Seven steps of some ten roundings each, of numbers of size 1.
    np.testing.assert_allclose(run.theta, theta, rtol=0, atol=200 * EPS)
    np.testing.assert_allclose(run.loss, [model.value(path[k]) for k in run.step], rtol=200 * EPS)
    assert run.accuracy.tolist() == [model.accuracy(path[k]) for k in run.step]
    assert run.rates is None
    assert not run.diverged


def test_grouped_newton_by_the_definition_of_the_summary():
    """Each step with the slice by Taylor polynomials, which knows nothing of layers."""
    model = small()
    given = {"groups": tensors(model), "damping": 0.5, "direction": "adam"}
    run = train(model, "grouped_newton", steps=4, batch=10, rng=np.random.default_rng(1), **given)
    start, batches, _ = streams(1)
    theta, batches = model.network.initial(start), minibatches(30, 10, batches)
    method = optimizers.get("grouped_newton")
    parameters = optimizers.bind(method, given)
    state = method.start(theta, np.empty((0, theta.size)), parameters)
    for k in range(4):
        seen = model.data.train.take(next(batches))

        def loss(p, seen=seen):
            return model.network.value(p, seen)

        along = Slice(lambda *place, loss=loss: summary.summarize(loss, *place), loss)
        gradient = model.network.gradient(theta, seen)
        theta, state = method.step(state, theta, gradient, along, parameters)
        # Two routes to the same derivatives; the solution of the model has a condition of its own.
        np.testing.assert_allclose(run.rates[k], state.rates, rtol=1e-8)
    np.testing.assert_allclose(run.theta, theta, rtol=0, atol=1e-8)


def test_without_cross_terms_the_hessian_is_its_diagonal():
    model, u = small(), None
    groups = tensors(model)
    start, batches, _ = streams(2)
    theta = model.network.initial(start)
    seen = model.data.train.take(next(minibatches(30, 10, batches)))
    u = model.network.gradient(theta, seen)
    found = layered_summary.summarize(model.network, seen, theta, u, groups)
    d = np.cbrt(np.abs(found.third))
    expected = {
        True: minimize_cubic(found.hessian, found.gradient, d, 1.0).rates,
        False: minimize_cubic(np.diag(np.diag(found.hessian)), found.gradient, d, 1.0).rates,
    }
    assert not np.allclose(expected[True], expected[False], rtol=0.01)
    for cross, rates in expected.items():
        run = train(
            model, "grouped_newton", steps=1, batch=10, rng=np.random.default_rng(2), groups=groups,
            diagonal=not cross,
        )  # fmt: skip
        np.testing.assert_allclose(run.rates[0], rates, rtol=1e-8)


def test_a_minibatch_of_its_own_for_the_summary(monkeypatch):
    """Of another size and draw, while gradients stay those of the same minibatches as without."""
    asked, gradients = [], []
    real = layered_summary.summarize_with_noise

    def noted(network, batch, *place):
        asked.append(batch.inputs)
        return real(network, batch, *place)

    monkeypatch.setattr(layered_summary, "summarize_with_noise", noted)
    model = small()
    given = {"groups": tensors(model), "damping": 1e-9}
    for size in (None, 20, 10):
        run = train(
            model, "grouped_newton", steps=3, batch=10, rng=np.random.default_rng(4),
            summary_batch=size, every=1, **given,
        )  # fmt: skip
        gradients.append(run.equivalents)
    shared, larger, other = asked[:3], asked[3:6], asked[6:]
    assert [len(one) for one in larger] == [20, 20, 20]
    # The same size, and yet other records: the draw is its own.
    assert not any(np.array_equal(a, b) for a, b in zip(shared, other, strict=True))
    prices = np.array([one[-1] / 3.0 - 1.0 for one in gradients])
    np.testing.assert_allclose(prices, prices[0] * np.array([1.0, 2.0, 1.0]), rtol=1e-12)
    # The gradients' minibatches are drawn as if there were no others.
    first = next(minibatches(30, 10, streams(4)[1]))
    np.testing.assert_array_equal(shared[0], model.data.train.take(first).inputs)


def test_wrong_minibatches_of_summaries():
    model = small()
    options = {"steps": 1, "batch": 5, "rng": np.random.default_rng(0)}
    for size in (0, 31):
        with pytest.raises(RangeError):
            train(model, "grouped_newton", summary_batch=size, **options)
    with pytest.raises(UnsupportedOperationError, match="adam makes no summary"):
        train(model, "adam", summary_batch=5, **options)
    with pytest.raises(RangeError, match="expected window <= 1"):
        train(model, "grouped_newton", window=2, **options)


def test_all_methods_see_the_same_start_and_minibatches():
    """Also one that draws directions; noted by a method of one's own that never moves."""
    seen = []

    def step(state, theta, gradient, parameters):
        seen[-1].append(gradient)
        return theta, state

    for directions in (False, True):
        seen.append([])
        still = optimizers.get("online_sfn" if directions else "momentum")
        train(small(), still._replace(step=step), steps=5, batch=4, rng=np.random.default_rng(9))
    np.testing.assert_array_equal(seen[0], seen[1])
    assert len(np.unique(seen[0], axis=0)) == 5


def multiplications(monkeypatch, network, what):
    """Of all matrix products in ``what(batch, theta)``, counted as they happen, for one record."""
    rng = np.random.default_rng(0)
    records = 5
    n, m = network.widths[0], network.widths[-1]
    batch = Batch(rng.standard_normal((records, n)), rng.integers(0, m, records))
    theta = network.initial(rng)
    count = 0

    def add(a, b):
        nonlocal count
        count += a.size * (b.shape[-1] if b.ndim > 1 else 1)

    def counted(found):
        floats = isinstance(found, np.ndarray) and found.dtype.kind == "f"
        return found.view(kind) if floats else found

    kind = counting(add, counted)
    real, empty, where = partitions.tensors, np.empty, np.where
    with monkeypatch.context() as patch:
        patch.setattr(
            layered_summary.partitions,
            "tensors",
            lambda *given: {name: counted(part) for name, part in real(*given).items()},
        )
        patch.setattr(np, "empty", lambda *given: counted(empty(*given)))
        patch.setattr(np, "where", lambda *given: counted(where(*given)))
        what(batch, theta)
    return count / records


def test_price_of_a_gradient_is_that_of_its_products(monkeypatch):
    network = Network((7, 5, 4, 3))

    def gradient(batch, theta):
        network.gradient(theta, batch)

    def value(batch, theta):
        network.value(theta, batch)

    assert gradient_products(network) == multiplications(monkeypatch, network, gradient)
    counted = multiplications(monkeypatch, network, value) / gradient_products(network)
    assert value_cost(network) == pytest.approx(counted)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("name", ["by_tensor", "whole", "weights_and_biases", "mixed"])
def test_cost_of_a_summary_is_that_of_its_products(name, activation, monkeypatch):
    """Every multiplication of a matrix product, in the units of the three products a layer."""
    network = Network((7, 5, 4, 3), activation)
    if name == "mixed":
        groups = np.array_split(np.random.default_rng(1).permutation(network.size), 3)
    else:
        groups = getattr(partitions, name)(network.shapes)
    assigned = layered_summary.assign(network, groups)
    direction = np.random.default_rng(2).standard_normal(network.size)

    def summarize(batch, theta):
        layered_summary.summarize(network, batch, theta, direction, assigned)

    counted = multiplications(monkeypatch, network, summarize) / (3 * (35 + 20 + 12) - 35)
    assert summary_cost(network, groups) == pytest.approx(counted)


def test_spent_is_what_was_asked():
    """A summary every third step; and of the safeguarded method each value that it asked for."""
    model = small()
    groups = tensors(model)
    price = summary_cost(model.network, groups)
    given = {"groups": groups, "period": 3}
    run = train(
        model, "grouped_newton", steps=5, batch=6, rng=np.random.default_rng(0), every=1, **given
    )
    np.testing.assert_allclose(np.diff(run.equivalents), 1.0 + price * np.array([1, 0, 0, 1, 0]))

    asked, method = [0], optimizers.get("grouped_newton_safeguarded")

    def step(state, theta, gradient, curvature, parameters):
        def value(theta):
            asked[0] += 1
            return curvature.value(theta)

        return method.step(state, theta, gradient, curvature._replace(value=value), parameters)

    run = train(
        model, method._replace(step=step), steps=5, batch=6, rng=np.random.default_rng(0), **given
    )
    assert asked[0] >= 10
    expected = 5.0 + 2.0 * price + asked[0] * value_cost(model.network)
    assert run.equivalents[-1] == pytest.approx(expected)


def test_a_diverged_run_says_so_and_goes_nowhere():
    run = train(small(), "sgd", steps=6, batch=5, rng=np.random.default_rng(0), every=1, alpha=1e12)
    assert run.diverged
    assert run.loss[0] < np.inf
    assert np.isposinf(run.loss[1:]).all()
    assert (run.accuracy[1:] == 0.0).all()
    assert len(run.step) == 7


@pytest.mark.parametrize(
    ("error", "method", "given"),
    [
        (UnknownNameError, "adamm", {}),
        (UnknownNameError, "adam", {"gamma": 0.1}),
        (UnsupportedOperationError, "newton", {}),
        (UnsupportedOperationError, "krylov_sfn", {}),
        (UnsupportedOperationError, "bfgs", {}),
        (RangeError, "adam", {"steps": 0}),
        (RangeError, "adam", {"every": 0}),
        (RangeError, "adam", {"batch": 31}),
        (RangeError, "online_sfn", {"dimension": 27}),
        (PartitionError, "grouped_newton", {"groups": ((0, 1), (1, 2))}),
    ],
)
def test_what_does_not_fit_is_refused(error, method, given):
    given = {"steps": 2, "batch": 5} | given
    with pytest.raises(error):
        train(small(), method, rng=np.random.default_rng(0), **given)


def test_a_model_of_other_widths_is_refused():
    model = small()
    with pytest.raises(ShapeError):
        train(
            model._replace(network=Network((2, 2))), momentum, steps=1, batch=5,
            rng=np.random.default_rng(0),
        )  # fmt: skip
