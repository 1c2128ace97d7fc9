import numpy as np
import pytest

from refimpl import functions
from refimpl.errors import NotFiniteError, NotOrthogonalError, ShapeError
from refimpl.functions import bounded_saddle, quadratic, random_rotation
from refimpl.functions.rotation import TOLERANCE

pytestmark = pytest.mark.numerics

EPS = np.finfo(np.float64).eps


@pytest.mark.parametrize("D", [1, 2, 7, 60])
def test_orthogonal(D):
    R = random_rotation(np.random.default_rng(D), D)
    # Householder: D reflections, each within a few eps.
    np.testing.assert_allclose(R @ R.T, np.eye(D), atol=8 * D * EPS)
    np.testing.assert_array_equal(R, random_rotation(np.random.default_rng(D), D))


def largest_deviation(matrices):
    """Largest deviation of a first or second moment from Haar's, in standard errors.

    ``E q_ij = 0``, ``E q_ij q_kl = delta_ik delta_jl / D``. Every product has at most the variance
    ``E q_ij^4 = 3 / (D (D + 2))``, by the inequality of Cauchy and Schwarz.
    """
    n, D, _ = matrices.shape
    q = matrices.reshape(n, D * D)
    first = q.mean(axis=0) * np.sqrt(n * D)
    second = (q.T @ q / n - np.eye(D * D) / D) / np.sqrt(3 / (D * (D + 2)) / n)
    return max(abs(first).max(), abs(second).max())


def test_uniform():
    """54 moments of 3 x 3 matrices, all within 5 standard errors: false alarms below 4e-5."""
    rng = np.random.default_rng(11)
    assert largest_deviation(np.array([random_rotation(rng, 3) for _ in range(4000)])) < 5


def test_uniform_needs_the_signs():
    """Negative control: the orthogonal factor as LAPACK returns it is far from uniform."""
    rng = np.random.default_rng(11)
    plain = np.array([np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(4000)])
    assert largest_deviation(plain) > 20


def test_both_orientations():
    """Half of the orthogonal matrices are reflections: 100 of 400 off 200 is 10 deviations."""
    rng = np.random.default_rng(5)
    signs = [np.linalg.det(random_rotation(rng, 2)) for _ in range(400)]
    assert 100 < np.sum(np.array(signs) > 0) < 300


def test_no_dimension():
    with pytest.raises(ShapeError, match="at least 1"):
        random_rotation(np.random.default_rng(0), 0)


@pytest.mark.parametrize("factory", [quadratic, bounded_saddle])
class TestBadFrames:
    @pytest.mark.parametrize("spectrum", [[], 3.0, [[1.0, 2.0]]])
    def test_spectrum_of_no_vector(self, factory, spectrum):
        with pytest.raises(ShapeError, match=factory.__name__ + r": expected a spectrum .* \(D,\)"):
            factory(spectrum)

    @pytest.mark.parametrize("spectrum", [[1.0], [1.0, 2.0, 3.0]])
    def test_spectrum_of_the_wrong_length(self, factory, spectrum):
        with pytest.raises(ShapeError, match=r"for the \d numbers of the spectrum, got \(2, 2\)"):
            factory(spectrum, rotation=np.eye(2))

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_not_finite(self, factory, bad):
        with pytest.raises(NotFiniteError, match="finite spectrum"):
            factory([1.0, bad])
        with pytest.raises(NotFiniteError, match="finite rotation"):
            factory([1.0, 2.0], rotation=[[1.0, 0.0], [bad, 1.0]])

    def test_not_orthogonal(self, factory):
        shear = [[1.0, 0.5], [0.0, 1.0]]
        with pytest.raises(NotOrthogonalError, match=r"differs .* by 0\.5"):
            factory([1.0, 2.0], rotation=shear)
        with pytest.raises(NotOrthogonalError):
            factory([1.0, 2.0], rotation=2.0 * np.eye(2))

    def test_orthogonal_to_rounding(self, factory):
        """Thousands of multiplied rotations pass; ten times the tolerance does not."""
        R = product = random_rotation(np.random.default_rng(3), 4)
        for _ in range(3000):
            product = product @ R
        factory(np.ones(4), rotation=product)
        with pytest.raises(NotOrthogonalError):
            factory(np.ones(4), rotation=R * np.sqrt(1 + 10 * TOLERANCE))


@pytest.mark.parametrize("D", [1, 3, 12])
@pytest.mark.parametrize("factory", [quadratic, bounded_saddle])
def test_frame(factory, D):
    """The rotated function at `x` is the plain one at ``R x``, with its derivatives turned back."""
    rng = np.random.default_rng(D)
    spectrum, x, R = rng.standard_normal(D), rng.standard_normal(D), random_rotation(rng, D)
    plain, rotated = factory(spectrum), factory(spectrum, rotation=R)
    y = R @ x
    # Sums of D terms of modulus at most a few, each sensitive to the rounding of y.
    tolerance = 100 * D * EPS
    assert rotated.value(x) == pytest.approx(plain.value(y), abs=tolerance)
    np.testing.assert_allclose(rotated.gradient(x), R.T @ plain.gradient(y), atol=tolerance)
    np.testing.assert_allclose(rotated.hessian(x), R.T @ plain.hessian(y) @ R, atol=10 * tolerance)
    np.testing.assert_array_equal(rotated.hessian(x), rotated.hessian(x).T)


def test_unit_rotation_is_none():
    spectrum, x = [2.0, -3.0], [0.3, 0.7]
    plain, rotated = functions.quadratic(spectrum), functions.quadratic(spectrum, np.eye(2))
    assert plain.data.size == 2
    assert rotated.data.size == 6
    np.testing.assert_array_equal(plain.gradient(x), rotated.gradient(x))
