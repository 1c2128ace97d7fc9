"""The step from two spreads beside the step from the fitted slope, as noise drowns the line."""

from typing import NamedTuple

import numpy as np

from refimpl import regression

from .. import style

RATIOS = tuple(np.geomspace(0.03, 30.0, 25))
LEVELS = (0.1, 0.5, 0.9)


class Scale(NamedTuple):
    """Step lengths along one axis, in units of the Newton step ``1 / |lambda|`` of the truth."""

    ratio: np.ndarray  # (n,), noise over lambda times the spread of the positions
    spreads: np.ndarray  # (3, n): 10, 50, 90 % of lambda sqrt(C_thetatheta / C_gg)
    slope: np.ndarray  # (3, n): of lambda / |fitted lambda|
    predicted: np.ndarray  # (n,): 1 / sqrt(1 + ratio^2)
    beta: float
    runs: int


def compute(seed=0, ratios=RATIOS, runs=4000, pairs=40, beta=0.25):
    """Fit many lines of slope 1 through pairs with independent positions, one for each run.

    Parameters
    ----------
    seed : int
    ratios : sequence of float
        Noise, the positions having spread 1.
    runs, pairs : int
    beta : float

    Returns
    -------
    Scale
    """
    rng = np.random.default_rng(seed)
    spreads, slope = np.empty((2, len(LEVELS), len(ratios)))
    for n, ratio in enumerate(ratios):
        state = regression.start_diagonal(runs)
        for _ in range(pairs):
            theta, z = rng.standard_normal((2, runs))
            state = regression.update(state, theta, theta + ratio * z, beta)
        spreads[:, n] = np.quantile(np.sqrt(state.C_thetatheta / state.C_gg), LEVELS)
        slope[:, n] = np.quantile(1.0 / np.abs(regression.slope(state).curvature), LEVELS)
    ratio = np.array(ratios)
    return Scale(ratio, spreads, slope, 1.0 / np.sqrt(1.0 + ratio**2), beta, runs)


@style.use()
def draw(data):
    """Medians and deciles of both steps over the noise."""
    figure, ax = style.subplots(height=3.5)
    looks = (
        ("from the fitted slope", data.slope, style.RED, "o"),
        ("from the two spreads", data.spreads, style.BLUE, "s"),
    )
    for label, (low, middle, high), color, marker in looks:
        ax.fill_between(data.ratio, low, high, color=color, alpha=0.16, linewidth=0)
        ax.plot(data.ratio, middle, color=color, marker=marker, markevery=3, label=label)
    ax.plot(
        data.ratio,
        data.predicted,
        color=style.GREY,
        linestyle="--",
        label=r"$1/\sqrt{1 + x^2}$ for noise ratio $x$",
    )
    ax.set(
        xscale="log",
        yscale="log",
        xlabel=r"noise ratio $\sigma_g / (|\lambda| \sigma_\theta)$",
        ylabel="step over true Newton step",
    )
    figure.legend(loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    k = int(np.argmin(np.abs(data.ratio - 3.0)))
    return (
        f"Step lengths over the true Newton step, against the noise, from {data.runs} fitted "
        f"lines with beta {data.beta:g}. At noise ratio {data.ratio[0]:.2g} both are near 1. At "
        f"{data.ratio[k]:.2g} the step from the spreads has the median "
        f"{data.spreads[1, k]:.2g} and the 90 per cent point {data.spreads[2, k]:.2g}, the step "
        f"from the fitted slope {data.slope[1, k]:.2g} and {data.slope[2, k]:.2g}. The median "
        "from the spreads follows the curve 1 over the root of 1 + x squared down to "
        f"{data.spreads[1, -1]:.2g} at {data.ratio[-1]:.2g}."
    )
