import numpy as np
import pytest

import refimpl
from refimpl import functions, minimize, noise, optimizers
from refimpl.errors import NotFiniteError, RangeError, ShapeError
from refimpl.runs import execute
from refimpl.runs.problem import as_problem

pytestmark = pytest.mark.numerics


def test_gaussian_is_a_scaled_row_a_step():
    """What a program draws that asks for ``standard_normal(D)`` before each step."""
    drawn = noise.gaussian(0.25).draw(np.random.default_rng(3), 7, 3)
    generator = np.random.default_rng(3)
    rows = [0.25 * generator.standard_normal(3) for _ in range(7)]
    np.testing.assert_array_equal(drawn, rows)


def test_gaussian_of_deviation_zero_takes_its_draws_all_the_same():
    """So that the noise of the next start does not depend on the deviation of this one."""
    generator, other = np.random.default_rng(4), np.random.default_rng(4)
    np.testing.assert_array_equal(noise.gaussian(0.0).draw(generator, 5, 2), 0.0)
    other.standard_normal((5, 2))
    assert generator.standard_normal() == other.standard_normal()


def moments_fit(sample, deviation):
    """Mean and mean square of normal numbers, each within 5 of its standard deviations.

    The mean varies by deviation / sqrt(n), the mean square by deviation^2 sqrt(2 / n): a false
    alarm in 900 000 draws.
    """
    n = sample.size
    mean_fits = abs(sample.mean()) <= 5 * deviation / np.sqrt(n)
    square_fits = abs(np.mean(sample**2) - deviation**2) <= 5 * deviation**2 * np.sqrt(2 / n)
    return mean_fits and square_fits


def test_gaussian_has_its_deviation():
    """Negative controls: 3 % more deviation, or a mean of a fiftieth of it, is noticed."""
    sample = noise.gaussian(0.1).draw(np.random.default_rng(5), 50_000, 2)
    assert moments_fit(sample, 0.1)
    assert not moments_fit(sample, 0.103)
    assert not moments_fit(sample + 0.002, 0.1)


def test_as_noise_takes_numbers_models_and_data():
    model = noise.gaussian(0.3)
    assert noise.as_noise(model) is model
    for number in (0.3, np.float64(0.3), np.array(0.3)):
        assert noise.as_noise(number) == model
    assert noise.as_noise(2) == noise.gaussian(2.0)


def test_data_are_taken_as_they_are():
    """Integers and slices are converted; the generator is not touched."""
    data = np.arange(24).reshape(4, 6)[:, ::2]
    generator, other = np.random.default_rng(6), np.random.default_rng(6)
    np.testing.assert_array_equal(noise.as_noise(data).draw(generator, 4, 3), data)
    assert generator.standard_normal() == other.standard_normal()


def test_data_of_another_shape():
    recorded = noise.as_noise(np.zeros((4, 3)))
    for steps, D in ((5, 3), (4, 2), (3, 4)):
        with pytest.raises(ShapeError, match=rf"\({steps}, {D}\), got \(4, 3\)"):
            recorded.draw(np.random.default_rng(0), steps, D)
    for shape in (3, (2, 3, 4)):
        with pytest.raises(ShapeError, match="number or of shape"):
            noise.as_noise(np.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_not_finite(bad):
    with pytest.raises(NotFiniteError, match="finite noise"):
        noise.as_noise([[0.0, bad]])


@pytest.mark.parametrize("deviation", [-0.1, np.nan, np.inf])
def test_deviation_out_of_range(deviation):
    for make in (noise.gaussian, noise.as_noise):
        with pytest.raises(RangeError, match="deviation >= 0"):
            make(deviation)


# Models beyond Gaussian noise: mean and covariance, each with a negative control.


def covariance_fits(sample, covariance, kurtosis):
    """Mean 0 and this covariance, each entry within 5 of its standard deviations.

    For independent coordinates of fourth moment `kurtosis` (3 if normal) the mean of ``x_i x_j``
    over n rows varies by ``s_i s_j sqrt((kurtosis - 1) / n)`` at ``i = j`` and by less elsewhere.
    """
    n = len(sample)
    spread = np.sqrt(np.diag(covariance))
    mean_fits = np.abs(sample.mean(axis=0)) <= 5 * spread / np.sqrt(n)
    found = sample.T @ sample / n
    slack = 5 * np.outer(spread, spread) * np.sqrt((kurtosis - 1) / n)
    return bool(mean_fits.all() and (np.abs(found - covariance) <= slack).all())


def test_student_has_its_deviation_and_heavier_tails():
    """Kurtosis of t with `f` degrees of freedom is ``3 + 6 / (f - 4)``, for 10 it is 4."""
    sample = noise.student(0.1, 10.0).draw(np.random.default_rng(7), 100_000, 2)
    assert covariance_fits(sample, 0.01 * np.eye(2), 4.0)
    # Negative controls: the deviation of an unscaled t, and dependent coordinates.
    assert not covariance_fits(sample * np.sqrt(10 / 8), 0.01 * np.eye(2), 4.0)
    assert not covariance_fits(sample @ np.array([[1, 0.1], [0, 1]]), 0.01 * np.eye(2), 4.0)
    found = np.mean(sample**4) / np.mean(sample**2) ** 2
    assert 3.5 < found < 4.6


@pytest.mark.parametrize("freedom", [2.0, 1.0, 0.0, -1.0, np.nan, np.inf])
def test_student_without_a_variance(freedom):
    with pytest.raises(RangeError, match="degrees of freedom"):
        noise.student(0.1, freedom)


@pytest.mark.parametrize(
    "model", [noise.gaussian, noise.multiplicative, lambda d: noise.student(d, 5)]
)
@pytest.mark.parametrize("deviation", [-0.1, np.nan, np.inf])
def test_deviation_of_other_models_out_of_range(model, deviation):
    with pytest.raises(RangeError, match="deviation"):
        model(deviation)


def test_multiplicative_is_proportional_to_the_gradient():
    """Covariance ``deviation^2 diag(g^2)``; no noise where the gradient is 0."""
    model, g = noise.multiplicative(0.3), np.array([2.0, -0.5, 0.0])
    drawn = model.draw(np.random.default_rng(8), 50_000, 3)
    sample = np.array([model.perturb.text(g, z) - g for z in drawn])
    np.testing.assert_array_equal(sample[:, 2], 0.0)
    assert covariance_fits(sample[:, :2], 0.09 * np.diag(g[:2] ** 2), 3.0)
    assert not covariance_fits(sample[:, :2], 0.09 * np.eye(2), 3.0)


def finite_sum(seed, n=12, D=2):
    generator = np.random.default_rng(seed)
    return functions.least_squares(generator.standard_normal((n, D)), generator.standard_normal(n))


def test_minibatch_sees_no_record_twice_within_an_epoch():
    picks = noise.minibatch(5).pick(np.random.default_rng(9), 7, 12)
    assert picks.shape == (7, 5)
    for first in range(0, 6, 2):
        epoch = picks[first : first + 2].ravel()
        assert len(set(epoch)) == 10
        assert set(epoch) <= set(range(12))
    # Negative control: two epochs together do repeat.
    assert len(set(picks[:4].ravel())) < 20


def test_minibatch_of_all_records_is_the_whole_function():
    f = finite_sum(10)
    exact = refimpl.minimize(f, [1.0, 1.0], method="sgd", steps=5, alpha=0.1)
    seen = refimpl.minimize(
        f, [1.0, 1.0], method="sgd", steps=5, alpha=0.1, noise=noise.minibatch(12), seed=0
    )
    # The records come in another order: sums of 12 terms of order 1.
    np.testing.assert_allclose(seen.path, exact.path, rtol=0, atol=5 * 12 * np.finfo(float).eps)


def test_minibatch_mean_and_covariance():
    """Noise of mean 0 and covariance ``S / b (n - b) / (n - 1)``, for draws without replacement."""
    f, x, n, b = finite_sum(11), np.array([0.5, -1.0]), 12, 4
    features, targets = f.records[:, :-1], f.records[:, -1]
    each = (features @ x - targets)[:, None] * features
    S = np.cov(each.T, bias=True)
    expected = S / b * (n - b) / (n - 1)
    # Only the first batch of each epoch: batches of one epoch depend on each other.
    picks = noise.minibatch(b).pick(np.random.default_rng(12), 3 * 20_000, n)[::3]
    sample = each[picks].mean(axis=1) - f.gradient(x)
    # A mean of four is nearly normal; kurtosis at most that of the records.
    white = np.linalg.inv(np.linalg.cholesky(expected))
    kurtosis = max(3.0, np.mean((sample @ white.T) ** 4, axis=0).max())
    assert covariance_fits(sample @ white.T, np.eye(2), kurtosis)
    # Negative control: the covariance of draws with replacement is larger by 11 / 8.
    assert not covariance_fits(sample @ white.T * np.sqrt(11 / 8), np.eye(2), kurtosis)


def test_minibatch_in_a_run_is_the_gradient_of_the_part():
    f, model = finite_sum(13), noise.minibatch(3)
    picks = model.pick(np.random.default_rng(14), 6, 12)
    features, targets = f.records[:, :-1], f.records[:, -1]
    x = np.array([2.0, -1.0])
    path = [x]
    for batch in picks:
        A, b = features[batch], targets[batch]
        path.append(path[-1] - 0.1 * A.T @ (A @ path[-1] - b) / 3)
    result = refimpl.minimize(f, x, method="sgd", steps=6, alpha=0.1, noise=model, seed=14)
    # Six steps of sums of three terms of order 10.
    np.testing.assert_allclose(result.path, path, rtol=0, atol=100 * np.finfo(float).eps)


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_empty_minibatch(size):
    with pytest.raises(RangeError, match="minibatch"):
        noise.minibatch(size)


def test_minibatch_where_there_is_none():
    with pytest.raises(RangeError, match="at most 12"):
        refimpl.minimize(finite_sum(15), [0.0, 0.0], steps=3, noise=noise.minibatch(13))
    with pytest.raises(RangeError, match="finite sum"):
        refimpl.minimize(functions.beale, [0.0, 0.0], steps=3, noise=noise.minibatch(2))


def test_noise_of_every_model_enters_lattices_as_it_enters_runs():
    for model in (noise.student(0.1, 3.0), noise.multiplicative(0.2)):
        final = refimpl.lattice(
            functions.beale, "ogr", starts=[[1.0, 1.0]], steps=10, noise=model, seeds=[3]
        )
        alone = refimpl.minimize(functions.beale, [1.0, 1.0], steps=10, noise=model, seed=3)
        assert final[0, 0] == alone.fun


SILENT = [
    noise.gaussian(0.0),
    noise.student(0.0, 3.0),
    noise.multiplicative(0.0),
    noise.minibatch(2),
]


@pytest.mark.parametrize("model", SILENT, ids=lambda model: type(model).__name__)
def test_where_nothing_is_added_nothing_is_kept(model):
    """The run is that of zeros given as data; the first directions are drawn as ever."""
    f = functions.least_squares([[1.0, 2.0], [3.0, 1.0], [0.5, 1.0]], [1.0, 2.0, 3.0])
    method = optimizers.get("online_sfn")
    parameters = optimizers.bind(method, {"dimension": 1})
    found = execute.draw(method, parameters, model, as_problem(f), [5, 6], 3, 4, 2)
    assert found.noise.shape == (2, 3, 4, 0)
    for s, seed in enumerate([5, 6]):
        generator = np.random.default_rng(seed)
        for i in range(3):
            directions = generator.uniform(0.0, execute.DIRECTIONS, (1, 2))
            np.testing.assert_array_equal(found.directions[s, i], directions)
            model.draw(generator, 4, 2)
            np.testing.assert_array_equal(found.picks[s, i], model.pick(generator, 4, 3))
    if not isinstance(model, noise.Minibatch):
        for name in ("fogr", "online_sfn", "bfgs"):
            given = {"method": name, "steps": 4, "seed": 5}
            if name == "online_sfn":
                given["dimension"] = 1
            run = minimize(f, [1.0, 1.0], noise=model, **given)
            of_zeros = minimize(f, [1.0, 1.0], noise=np.zeros((4, 2)), **given)
            np.testing.assert_array_equal(run.path, of_zeros.path)


def test_a_generator_moves_on_without_noise_too():
    generator, other = np.random.default_rng(4), np.random.default_rng(4)
    minimize(functions.beale, [1.0, 1.0], method="sgd", alpha=1e-3, steps=7, seed=generator)
    other.standard_normal((7, 2))
    assert generator.standard_normal() == other.standard_normal()
