"""Rivals that know matrices: their factors and bases, and what they cost; the contest's cells."""

import numpy as np
import pytest

from figures.training import contest
from figures.training.kfac import KFAC
from figures.training.matrix_soap import MatrixSOAP
from refimpl import optimizers, partitions
from refimpl._compile import readable
from refimpl.network import Batch, Network
from refimpl.runs.experiments.training import gradient_products, train
from tests.network.products import counting

pytestmark = pytest.mark.numerics


def test_factors_of_squared_errors_are_those_of_gauss_and_newton():
    """Targets are drawn so that ``G`` is the Hessian of the loss by an output, ``2/m``."""
    rng = np.random.default_rng(0)
    network = Network((2, 3), loss="mse")
    batch = Batch(rng.standard_normal((40_000, 2)), np.zeros((40_000, 3)))
    rival = KFAC(network, rng, alpha=1.0, damping=1e-3)
    ((_, (A, G)),) = rival.drawn(network.initial(rng), batch)
    inputs = np.hstack([batch.inputs, np.ones((40_000, 1))])
    np.testing.assert_allclose(A, inputs.T @ inputs / 40_000, rtol=1e-12)
    # The deviation of a mean of squares is sqrt(2/n) of it: four of them.
    np.testing.assert_allclose(G, 2.0 / 3.0 * np.eye(3), atol=4 * 0.0071 * 2.0 / 3.0)


def test_factors_of_a_classifier_are_those_of_its_predictions():
    """``diag(p) - p p^T``, where the targets themselves play no part."""
    rng = np.random.default_rng(1)
    network = Network((1, 3))
    theta = np.array([0.0, 0.0, 0.0, 1.0, 0.0, -1.0])
    batch = Batch(np.zeros((40_000, 1)), np.zeros(40_000, dtype=int))
    ((_, (_, G)),) = KFAC(network, rng, 1.0, 1e-3).drawn(theta, batch)
    p = np.exp(theta[3:]) / np.exp(theta[3:]).sum()
    np.testing.assert_allclose(G, np.diag(p) - np.outer(p, p), atol=0.01)
    # Negative control: by the targets it would be far off.
    d = p - np.array([1.0, 0.0, 0.0])
    assert np.abs(np.outer(d, d) - G).max() > 0.05


def test_a_step_of_kfac_solves_a_linear_problem():
    rng = np.random.default_rng(2)
    network = Network((3, 2), loss="mse")
    inputs, right = rng.standard_normal((5000, 3)), rng.standard_normal((4, 2))
    batch = Batch(inputs, inputs @ right[:3] + right[3])
    theta = network.initial(rng)
    before = network.value(theta, batch)
    end, _ = KFAC(network, rng, alpha=1.0, damping=1e-8, momentum=0.0).step(theta, batch)
    # But for the noise of the factor that is drawn.
    assert network.value(end, batch) < 0.02 * before


def turned(network, theta, Q):
    """The parameters of the same function of inputs ``x Q``."""
    theta = theta.copy()
    W = partitions.tensors(theta, network.shapes)["W1"]
    W[...] = Q.T @ W
    return theta


def test_soap_does_not_see_axes():
    """Turned inputs: the same losses. Adam alone, in the fixed axes, sees them."""
    # Of full rank, so that no basis of a null space is chosen by rounding.
    network, rng = Network((3, 3, 3), loss="mse"), np.random.default_rng(3)
    batch = Batch(rng.standard_normal((30, 3)), rng.standard_normal((30, 3)))
    Q = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    other = Batch(batch.inputs @ Q, batch.targets)
    start, losses = network.initial(rng), {}
    for name, eye in (("soap", False), ("adam", True)):
        for records, theta in ((batch, start), (other, turned(network, start, Q))):
            rival = MatrixSOAP(network, rng, alpha=0.05, period=3)
            for _ in range(8):
                theta, _ = rival.step(theta, records)
                if eye:
                    rival.bases = {
                        name: [np.eye(n) for n in network.shapes[name]] for name in rival.bases
                    }
            losses.setdefault(name, []).append(network.value(theta, records))
    assert losses["soap"][0] == pytest.approx(losses["soap"][1], rel=1e-9)
    assert abs(losses["adam"][0] / losses["adam"][1] - 1.0) > 1e-3


def test_prices():
    """Multiplications by hand of one layer, 3 to 2, in gradients of 5 records."""
    network = Network((3, 2))
    whole = gradient_products(network)
    assert whole == 12
    kfac = 4**2 + 2**2 + (4**3 + 2**3) / (10 * 5) + (4**2 * 2 + 4 * 2**2) / 5
    assert KFAC(network, None, 1.0, 1.0).cost(5) == pytest.approx(1.0 + kfac / whole)
    soap = (4.0 * (9 * 2 + 3 * 4) + 3.0 * (27 + 8) / 10) / 5
    assert MatrixSOAP(network, None, 1.0).cost(5) == pytest.approx(1.0 + soap / whole)
    # All 8 directions of 8 parameters; a matrix of two groups, every tenth step.
    products = contest.own_products("ogr", {}, network, 5)
    assert products == pytest.approx((3 * 8**2 + 14 * 8) * 8 / (5 * whole))
    given = {"groups": [[0, 1, 2], [3, 4, 5, 6, 7]], "period": 10}
    products = contest.own_products("grouped_newton", given, network, 5)
    assert products == pytest.approx(10 * 2**3 / (10 * 5 * whole))
    assert contest.own_products("adam", {}, network, 5) == 0.0


def multiplications(d, D):
    """Those of the matrix products in one late step of `ogr`, whose coordinates differ."""
    made = []

    def add(x, y):
        made.append(x.size * (y.shape[-1] if y.ndim == 2 else 1))

    def kept(found):
        return found.view(kind) if isinstance(found, np.ndarray) else found

    kind = counting(add, kept)
    method, rng = optimizers.get("ogr"), np.random.default_rng(0)
    # No move leads to the next position, so that none can be taken back.
    parameters = optimizers.bind(method, {"dimension": d, "jump": np.inf})
    begin, step = readable(method.start), readable(method.step)
    sizes = np.geomspace(0.01, 100.0, D)
    state = begin(np.zeros(D).view(kind), np.zeros((0, D)), parameters)
    for _ in range(8):
        made.clear()
        theta = rng.standard_normal(D)
        _, state = step(state, theta.view(kind), (sizes * theta).view(kind), parameters)
        model = state.model._replace(V=np.asarray(state.model.V).view(kind))
        state = state._replace(model=model)
    return sum(made)


def test_the_count_of_ogrs_products(monkeypatch):
    """Against matrices that count: what each coordinate costs, as the dimension grows."""
    monkeypatch.setattr(np, "ascontiguousarray", np.asanyarray)
    for d in (2, 5):
        for_each = (multiplications(d, 64) - multiplications(d, 32)) / 32
        # `outside`, four times, also scales each direction; lengths are of vectors alone.
        assert 0 <= for_each + 4 * d - (3 * d * d + 14 * d) <= 6


def test_a_rival_sees_the_same_start_and_minibatches():
    """A rival that makes steps of plain gradients ends where `sgd` ends."""

    class Plain:
        def __init__(self, network, rng, alpha):
            self.network, self.alpha = network, alpha

        def step(self, theta, batch):
            return theta - self.alpha * self.network.gradient(theta, batch), 1.0

    row = contest.Row(Plain, ({"alpha": 0.05},))
    found = contest.run("eight layers", 16, row, {"alpha": 0.05}, seed=4, steps=contest.SHORT)
    model = contest.model("eight layers", 4)
    run = train(
        model, "sgd", steps=contest.SHORT, batch=16, rng=np.random.default_rng([4, 1]), alpha=0.05,
        every=contest.LOOKS[contest.SHORT],
    )  # fmt: skip
    np.testing.assert_allclose(found.loss, run.loss, rtol=1e-10)
    np.testing.assert_array_equal(found.equivalents, run.equivalents)
    # A quarter of the way from the look at step 8 to that at step 12.
    between = found.loss[2] ** 0.75 * found.loss[3] ** 0.25
    assert contest.at_price(found, "loss", 9.0) == pytest.approx(between, rel=1e-12)
    share = 0.75 * found.accuracy[2] + 0.25 * found.accuracy[3]
    assert contest.at_price(found, "accuracy", 9.0) == pytest.approx(share, rel=1e-12)
    assert contest.at_price(found, "loss", 8.0) == pytest.approx(found.loss[2], rel=1e-12)


def test_a_run_that_has_diverged_has_no_loss_at_a_later_price():
    values = np.array([1.0, 0.5, np.inf, np.inf])
    found = contest.Seen(np.arange(4), np.array([0.0, 2.0, 4.0, 4.0]), values, 0.0 * values[:2])
    assert [contest.at_price(found, "loss", p) for p in (1.0, 2.0, 3.0, 9.0)] == [
        pytest.approx(0.5**0.5), *(0.5, np.inf, np.inf)
    ]  # fmt: skip


def test_an_autoencoder_explains_variance():
    model = contest.model("autoencoder", 0)
    theta = np.zeros(model.network.size)
    assert model.accuracy(theta) == 0.0
    assert model.data.train.inputs is model.data.train.targets


def test_cells_and_tables(tmp_path, monkeypatch):
    """A cell is tuned, kept, and not computed again; what is missing is left out of a table."""
    monkeypatch.setattr(contest, "SEEDS", range(2))
    monkeypatch.setattr(contest, "TUNING", range(100, 101))
    monkeypatch.setattr(contest, "SHORT", 4)
    monkeypatch.setattr(contest, "LOOKS", {4: 2})
    rows = {"Adam": contest.ROWS["Adam"]._replace(grid=({"alpha": 1e-3}, {"alpha": 3e-2}))}
    monkeypatch.setattr(contest, "ROWS", rows)
    monkeypatch.setattr(contest.tuned, "__defaults__", (range(100, 101), 4))
    monkeypatch.setattr(contest.reported, "__defaults__", (range(2),))
    first = contest._kept("autoencoder", 64, "Adam", 4, tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(contest, "train", pytest.fail)
    assert contest._kept("autoencoder", 64, "Adam", 4, tmp_path) == first
    path = tmp_path / "contest.json"
    contest.write([first], path)
    records = contest.read(path)
    assert contest.table(records, 4, "loss").keys() == {"Adam"}
    assert contest.best(records, 4, "loss") == {("autoencoder", 64): "Adam"}
    assert contest.best(records, 2000, "loss") == {}
    assert contest.price(records, "autoencoder", 64, "Adam") == 1.0
    assert contest.wins(records, (4, "autoencoder", 64), "Adam", "Adam", "loss") == 0
