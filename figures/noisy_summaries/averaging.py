"""Averages of a number that drifts and is seen with noise: bias against variance, the best weight.

A slope along a fixed direction on a quadratic is such a number: the position drifts by `v` a step,
the slope by ``c = u.Hv``, and each summary sees it with noise of deviation `sigma`. All depends on
the ratio ``c / sigma`` alone.
"""

from typing import NamedTuple

import numpy as np
import scipy.optimize

from refimpl.regression import weighted_mean

from .. import style

SPECTRUM = np.array([1.0, 4.0])
DIRECTION = np.array([0.6, 0.8])


class Averaging(NamedTuple):
    """Mean squared errors in units of the noise's variance."""

    ratios: np.ndarray  # (r,), drift of the slope a step / deviation of its noise
    betas: np.ndarray  # (b,)
    theory: np.ndarray  # (r, b), of fading weights
    measured: np.ndarray  # (r, b)
    errors: np.ndarray  # (r, b), standard errors of what is measured
    best: np.ndarray  # (r,), best weights
    still: np.ndarray  # (b,), measured of the curvature, which does not drift
    wide: np.ndarray  # ratios of the second panel
    fading: np.ndarray  # least error there, fading weights
    window: np.ndarray  # of equal ones


def fading_error(ratio, beta):
    """Of fading weights: squared lag and variance.

    Book: {eq}`eq-average-error`.
    """
    return (ratio * (1.0 - beta) / beta) ** 2 + beta / (2.0 - beta)


def window_error(ratio, n):
    """Of `n` equal weights."""
    return (ratio * (n - 1.0) / 2.0) ** 2 + 1.0 / n


def best_weight(ratio):
    """The weight of least error, the root of ``ratio^2 (1 - beta) (2 - beta)^2 = beta^3``.

    Book: {eq}`eq-best-weight`.
    """
    return scipy.optimize.brentq(
        lambda beta: ratio**2 * (1.0 - beta) * (2.0 - beta) ** 2 - beta**3, 1e-12, 1.0, xtol=1e-14
    )


def best_window(ratio):
    """The window of least error."""
    near = int((2.0 / ratio**2) ** (1.0 / 3.0))
    return min(range(max(near - 2, 1), near + 4), key=lambda n: window_error(ratio, n))


def walked(rng, runs, steps, ratio):
    """Slopes and curvatures that summaries see along a fixed direction, (steps, runs), and truths.

    The position drifts so that the slope changes by `ratio` a step, in units of the noise.
    """
    v = ratio * DIRECTION / (DIRECTION @ (SPECTRUM * DIRECTION))
    theta = np.arange(steps)[:, None] * v
    slope = theta @ (SPECTRUM * DIRECTION)
    curvature = DIRECTION @ (SPECTRUM * DIRECTION)
    noise = rng.standard_normal((2, steps, runs))
    return slope[:, None] + noise[0], curvature + noise[1], slope[-1], curvature


def faded(seen, beta):
    """The mean of each run by the package's own recursion."""
    weight, mean = 0.0, np.zeros(seen.shape[1])
    for row in seen:
        weight, _, _, mean = weighted_mean(weight, mean, row, beta)
    return mean


def compute(ratios=(0.02, 0.1, 0.5), betas=None, runs=2000, seed=0):
    """Formulas and Monte Carlo.

    Parameters
    ----------
    ratios : sequence of float
    betas : sequence of float, optional
    runs : int
    seed : int

    Returns
    -------
    Averaging
    """
    betas = np.geomspace(0.02, 1.0, 9) if betas is None else np.array(betas)
    ratios = np.array(ratios)
    rng = np.random.default_rng(seed)
    measured, errors = np.empty((2, len(ratios), len(betas)))
    still = np.zeros(len(betas))
    for k, ratio in enumerate(ratios):
        for j, beta in enumerate(betas):
            # So long that nothing of the start is left.
            steps = int(np.ceil(12.0 / beta))
            slopes, curvatures, slope, curvature = walked(rng, runs, steps, ratio)
            squares = (faded(slopes, beta) - slope) ** 2
            measured[k, j] = squares.mean()
            errors[k, j] = squares.std() / np.sqrt(runs)
            still[j] += np.mean((faded(curvatures, beta) - curvature) ** 2) / len(ratios)
    wide = np.geomspace(1e-3, 3.0, 40)
    return Averaging(
        ratios,
        betas,
        fading_error(ratios[:, None], betas),
        measured,
        errors,
        np.array([best_weight(ratio) for ratio in ratios]),
        still,
        wide,
        np.array([fading_error(ratio, best_weight(ratio)) for ratio in wide]),
        np.array([window_error(ratio, best_window(ratio)) for ratio in wide]),
    )


@style.use()
def draw(data):
    """Errors over the weight for some ratios; the least error over the ratio."""
    figure, (left, right) = style.subplots(1, 2, height=3.8)
    betas = np.geomspace(data.betas[0], 1.0, 200)
    looks = zip(data.ratios, (style.BLUE, style.AMBER, style.RED), ("o", "s", "^"), strict=False)
    for k, (ratio, color, marker) in enumerate(looks):
        left.plot(betas, fading_error(ratio, betas), color=color, label=f"drift {ratio:g}")
        left.plot(data.betas, data.measured[k], marker, color=color, linestyle="none")
        least = fading_error(ratio, data.best[k])
        left.plot(data.best[k], least, "*", color=color, markersize=13)
    left.plot(
        betas, fading_error(0.0, betas), color=style.GREY, linestyle=style.SPARSE, label="no drift"
    )
    left.plot(data.betas, data.still, "x", color=style.GREY)
    left.set(xscale="log", yscale="log", xlabel="weight of the newest", ylim=(5e-3, 1e2))
    left.set_title("mean squared error / variance")
    left.legend()
    right.plot(data.wide, data.fading, color=style.BLUE, label="best weight")
    right.plot(
        data.wide, data.window, color=style.AMBER, linestyle=style.BROKEN, label="best window"
    )
    right.axhline(1.0, color=style.GREY, linewidth=0.8)
    right.set(xscale="log", yscale="log", xlabel="drift a step / noise")
    right.set_title("the least error")
    right.legend()
    return figure


def alt(data):
    """What the picture shows, in words."""
    parts = [
        f"for a drift of {ratio:g} the least error is {fading_error(ratio, best):.2g} times the "
        f"noise's variance, at weight {best:.2g}"
        for ratio, best in zip(data.ratios, data.best, strict=True)
    ]
    off = np.max(np.abs(data.measured - data.theory) / data.errors)
    return (
        "Left, mean squared errors of a fading average over the weight of the newest observation, "
        f"lines by formula and points measured, none off by more than {off:.1f} standard errors: "
        f"{'; '.join(parts)}. Without drift the error falls with the weight throughout. Right, the "
        "least error over the drift, both axes logarithmic: two nearly equal rising lines for the "
        "best weight and the best window, which approach 1, that of the newest, beyond a drift "
        "of 1."
    )
