"""Logistic regression as a finite sum: against mpmath, scikit-learn and SciPy's definitions."""

import mpmath as mp
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import refimpl
from refimpl import _compile, noise
from refimpl.errors import NoMinimumError, NotFiniteError, RangeError, ShapeError
from refimpl.functions import logistic_regression

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps
EXAMPLES = settings(deadline=None, derandomize=True, max_examples=40 if _compile.JIT else 15)


def sample(seed, n=40, D=3):
    """Records whose labels follow the model, so that they overlap."""
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((n, D))
    chance = scipy.special.expit(features @ np.linspace(1.0, -1.0, D))
    return features, (generator.uniform(size=n) < chance).astype(float)


def definition(features, labels, ridge):
    """The penalised negative mean log-likelihood, for numbers of any precision."""

    def loss(*x):
        total = mp.mpf(0)
        for row, label in zip(features, labels, strict=True):
            z = mp.fsum(mp.mpf(float(a)) * c for a, c in zip(row, x, strict=True))
            p = 1 / (1 + mp.exp(-z))
            total -= mp.log(p if label == 1 else 1 - p)
        return total / len(labels) + mp.mpf(ridge) / 2 * mp.fsum(c * c for c in x)

    return loss


@pytest.mark.parametrize("ridge", [0.0, 0.25])
def test_value_gradient_and_hessian_are_those_of_the_likelihood(ridge):
    features, labels = sample(0, n=7, D=2)
    features[3] = features[2]  # and one that keeps them from being separable
    labels[2:4] = 0.0, 1.0
    f = logistic_regression(features, labels, ridge)
    with mp.workdps(40):
        loss = definition(features, labels, ridge)
        for x in np.random.default_rng(1).standard_normal((4, 2)):
            at = tuple(map(mp.mpf, map(float, x)))
            g = [float(mp.diff(loss, at, orders)) for orders in ((1, 0), (0, 1))]
            h = [float(mp.diff(loss, at, orders)) for orders in ((2, 0), (1, 1), (0, 2))]
            # Means of seven terms of order 1, of some ten roundings each.
            assert f.value(x) == pytest.approx(float(loss(*at)), rel=20 * EPS)
            np.testing.assert_allclose(f.gradient(x), g, rtol=0, atol=50 * EPS)
            H = f.hessian(x)
            np.testing.assert_allclose(H, [[h[0], h[1]], [h[1], h[2]]], rtol=0, atol=50 * EPS)
            np.testing.assert_array_equal(H, H.T)


@EXAMPLES
@given(st.floats(-700.0, 700.0), st.sampled_from([0.0, 1.0]))
def test_one_record_by_scipys_definitions(z, label):
    """Also for the small loss of a record that fits well; SciPy's expit vanishes below -709."""
    f = logistic_regression([[1.0], [1.0]], [0.0, 1.0])
    record = np.array([1.0, label, 0.0])
    sign = 1.0 - 2.0 * label
    x = np.array([z])
    # SciPy's own log_expit and expit are good to a few roundings.
    found = f.value.kernel(x, record)
    assert found == pytest.approx(-scipy.special.log_expit(-sign * z), rel=8 * EPS, abs=0.0)
    found = f.gradient.kernel(x, record)[0]
    assert found == pytest.approx(sign * scipy.special.expit(sign * z), rel=8 * EPS, abs=0.0)
    curvature = scipy.special.expit(z) * scipy.special.expit(-z)
    assert f.hessian.kernel(x, record)[0, 0] == pytest.approx(curvature, rel=8 * EPS, abs=0.0)


@pytest.mark.parametrize("ridge", [1.0, 0.01])
def test_minimum_is_scikit_learns(ridge):
    features, labels = sample(2)
    f = logistic_regression(features, labels, ridge)
    oracle = LogisticRegression(
        C=1.0 / (ridge * len(labels)), fit_intercept=False, tol=1e-12, max_iter=10_000
    ).fit(features, labels)
    # Its gradient is 1e-12 in sum; the curvature here is at least the ridge.
    np.testing.assert_allclose(f.minima[0], oracle.coef_[0], rtol=0, atol=1e-8 / ridge)


@EXAMPLES
@given(st.integers(0, 2**32), st.sampled_from([0.0, 1e-6, 0.1, 10.0]), st.floats(-3.0, 3.0))
def test_the_gradient_vanishes_at_the_minimum(seed, ridge, decade):
    """To rounding, for features of any scale; and every other point lies higher."""
    features, labels = sample(seed % 1000)
    features = 10.0**decade * features
    f = logistic_regression(features, labels, ridge)
    x = f.minima[0]
    H = np.linalg.norm(f.hessian(x), 2)
    # Forty terms at most |a_r| in length and each of some ten roundings; and that of x itself.
    length = np.linalg.norm(features, axis=1).mean()
    assert np.linalg.norm(f.gradient(x)) <= 64 * EPS * (length + H * np.linalg.norm(x))
    assert f.value(x) == pytest.approx(f.minimum_value, rel=20 * EPS)
    for step in np.random.default_rng(seed).standard_normal((5, 3)):
        assert f.value(x + step) > f.minimum_value


def test_intercept_alone_is_the_logarithm_of_the_odds():
    f = logistic_regression(np.ones((10, 1)), [1] * 7 + [0] * 3)
    assert f.minima[0, 0] == pytest.approx(np.log(7 / 3), rel=4 * EPS)


def test_features_that_determine_nothing_give_the_shortest_minimum():
    """A column twice: the coefficient is shared; a column of zeros gets none."""
    features, labels = sample(3)
    alone = logistic_regression(features[:, :1], labels).minima[0, 0]
    doubled = np.column_stack([features[:, 0], features[:, 0], np.zeros(len(labels))])
    found = logistic_regression(doubled, labels).minima[0]
    np.testing.assert_allclose(found, [alone / 2, alone / 2, 0.0], rtol=0, atol=100 * EPS)


def test_minibatches_are_means_over_their_records():
    """The mean over the batches of an epoch is the whole, and a part carries the whole ridge."""
    features, labels = sample(4, n=12)
    ridge, x = 0.3, np.array([0.5, -1.0, 2.0])
    f = logistic_regression(features, labels, ridge)
    assert f.records.shape == (12, 5)
    picks = noise.minibatch(4).pick(np.random.default_rng(0), 3, 12)
    parts = np.array([f.gradient.kernel(x, f.records[some].ravel()) for some in picks])
    np.testing.assert_allclose(parts.mean(axis=0), f.gradient(x), rtol=0, atol=20 * EPS)
    for some, part in zip(picks, parts, strict=True):
        residual = scipy.special.expit(features[some] @ x) - labels[some]
        expected = features[some].T @ residual / 4 + ridge * x
        np.testing.assert_allclose(part, expected, rtol=0, atol=20 * EPS)


def test_minibatch_in_a_run_is_the_gradient_of_the_part():
    features, labels = sample(5, n=12)
    f, model = logistic_regression(features, labels, 0.1), noise.minibatch(3)
    x = np.array([2.0, -1.0, 0.0])
    path = [x]
    for some in model.pick(np.random.default_rng(14), 6, 12):
        A, y = features[some], labels[some]
        residual = scipy.special.expit(A @ path[-1]) - y
        path.append(path[-1] - 0.1 * (A.T @ residual / 3 + 0.1 * path[-1]))
    result = refimpl.minimize(f, x, method="sgd", steps=6, alpha=0.1, noise=model, seed=14)
    # Six steps of sums of three terms of order 1.
    np.testing.assert_allclose(result.path, path, rtol=0, atol=50 * EPS)


@pytest.mark.parametrize("z", [-1e4, -800.0, 800.0, 1e4])
def test_nothing_overflows(z):
    """Where ``exp(z)`` is infinite the loss is ``z`` or 0, and the gradient 1 or 0."""
    f = logistic_regression([[1.0], [1.0]], [0.0, 1.0])
    record, x = np.array([1.0, 0.0, 0.0]), np.array([z])
    assert f.value.kernel(x, record) == max(z, 0.0)
    assert f.gradient.kernel(x, record)[0] == float(z > 0.0)
    assert f.hessian.kernel(x, record)[0, 0] == 0.0


SEPARABLE = {
    "by an intercept": (np.ones((3, 1)), [1, 1, 1]),
    "by a plane": ([[1.0, 2.0], [1.0, 3.0], [1.0, -1.0]], [1, 1, 0]),
    # All records of one group have one label, the others overlap.
    "partly": ([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]], [0, 1, 1, 1]),
    "of tiny scale": ([[1e-9], [-2e-9]], [1, 0]),
}


@pytest.mark.parametrize("case", SEPARABLE)
def test_separable_records_have_no_minimum_without_a_ridge(case):
    features, labels = SEPARABLE[case]
    with pytest.raises(NoMinimumError, match=r"separates the labels.*give a ridge"):
        logistic_regression(features, labels)
    f = logistic_regression(features, labels, 1e-3)
    assert np.isfinite(f.minima).all()


def test_overlapping_records_have_a_minimum():
    """Negative control of the separability: one record on the other side is enough."""
    f = logistic_regression([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]], [0, 1, 1, 0])
    np.testing.assert_allclose(f.minima[0], 0.0, atol=10 * EPS)


def test_a_minimum_that_is_not_reached_is_not_listed():
    """Two records all but separable by a plane that the program cannot tell from one."""
    features = [[1.0, 0.0], [1.0, 0.0], [1e-15, 1.0], [0.0, 1.0]]
    with pytest.raises(NoMinimumError):
        logistic_regression(features, [0, 1, 1, 1])


@pytest.mark.parametrize(
    ("features", "labels", "ridge", "error", "says"),
    [
        (np.ones((3, 1)), [0, 1], 0.0, ShapeError, r"got \(3, 1\) and \(2,\)"),
        (np.ones(3), [0, 1, 1], 0.0, ShapeError, r"shape \(n, D\)"),
        (np.ones((0, 2)), [], 0.0, ShapeError, r"\(0, 2\)"),
        (np.ones((2, 0)), [0, 1], 0.0, ShapeError, r"\(2, 0\)"),
        ([[1.0], [np.nan]], [0, 1], 0.0, NotFiniteError, "NaN"),
        ([[1.0], [2.0]], [0, np.inf], 0.0, NotFiniteError, "infinity"),
        ([[1.0], [2.0]], [-1, 1], 0.0, RangeError, r"labels 0 and 1, got \[-1.0, 1.0\]"),
        ([[1.0], [2.0]], [0.2, 1], 0.0, RangeError, "labels"),
        ([[1.0], [2.0]], [0, 1], -0.1, RangeError, "ridge >= 0, got -0.1"),
        ([[1.0], [2.0]], [0, 1], np.nan, RangeError, "ridge"),
        ([[1.0], [2.0]], [0, 1], np.inf, RangeError, "ridge"),
    ],
)
def test_wrong_input(features, labels, ridge, error, says):
    with pytest.raises(error, match=says):
        logistic_regression(features, labels, ridge)


def test_labels_may_be_booleans():
    features, labels = sample(6)
    x = logistic_regression(features, labels == 1.0, 0.1).minima[0]
    np.testing.assert_array_equal(x, logistic_regression(features, labels, 0.1).minima[0])
