import numpy as np
import pytest

from refimpl import noise
from refimpl.errors import NotFiniteError, RangeError, ShapeError


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
