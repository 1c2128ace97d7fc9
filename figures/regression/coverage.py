"""Do the standard errors of the line hold? Measured coverage of ``+-1.96 se``."""

import math
from typing import NamedTuple

import numpy as np

from refimpl import regression

from .. import style

SETTINGS = ("independent positions", "closed loop, at rest")
QUANTITIES = ("curvature", "extremum")
Z = 1.959963984540054  # the normal distribution's 0.975 quantile


class Coverage(NamedTuple):
    """Share of runs whose interval holds the truth, arrays (settings, quantities, betas)."""

    beta: np.ndarray  # (betas,)
    runs: int
    share: np.ndarray
    low: np.ndarray  # Wilson's 95 % interval of the share
    high: np.ndarray
    median_curvature: np.ndarray  # (settings, betas), as a multiple of the true curvature


def compute(
    seed=0, runs=4000, betas=(0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6), gamma=0.6, div=1.5, cut=0.5
):
    """Coverage over `runs` runs, each one coordinate of a diagonal state.

    The truth is a gradient ``theta + noise`` with unit noise: curvature 1, extremum 0. Independent
    positions are standard normal. In closed loop the next position is the saddle-free step from the
    estimate itself, ``theta -= m / max(div |curvature|, cut)`` with the momentum `m` of rate
    `gamma`, after a time of ``24 / beta`` steps at the minimum.

    Parameters
    ----------
    seed : int
    runs : int
    betas : sequence of float
    gamma, div, cut : float
        Of the closed loop.

    Returns
    -------
    Coverage
    """
    shape = len(SETTINGS), len(QUANTITIES), len(betas)
    share, median = np.empty(shape), np.empty((len(SETTINGS), len(betas)))
    streams = np.random.default_rng(seed).spawn(len(betas))
    for k, (beta, rng) in enumerate(zip(betas, streams, strict=True)):
        for s, run in enumerate((independent, closed_loop)):
            line = run(rng, runs, beta, gamma, div, cut)
            hits = (
                np.abs(line.curvature - 1.0) <= Z * line.curvature_error,
                np.abs(line.extremum) <= Z * line.extremum_error,
            )
            share[s, :, k] = np.mean(hits, axis=1)
            median[s, k] = np.median(line.curvature)
    low, high = wilson(share, runs)
    return Coverage(np.array(betas, dtype=float), runs, share, low, high, median)


def independent(rng, runs, beta, *_):
    """The fitted lines where positions do not depend on the noise."""
    state = regression.start_diagonal(runs)
    for _ in range(math.ceil(12 / beta)):
        theta = rng.standard_normal(runs)
        state = regression.update(state, theta, theta + rng.standard_normal(runs), beta)
    return regression.slope(state)


def closed_loop(rng, runs, beta, gamma, div, cut):
    """The fitted lines where each position follows from the earlier noise."""
    state = regression.start_diagonal(runs, (1.0, 0.0))
    theta, momentum = np.zeros(runs), np.zeros(runs)
    for _ in range(math.ceil(24 / beta)):
        gradient = theta + rng.standard_normal(runs)
        state = regression.update(state, theta, gradient, beta)
        momentum = momentum + gamma * (gradient - momentum)
        theta = theta - momentum / np.maximum(div * np.abs(regression.slope(state).curvature), cut)
    return regression.slope(state)


def wilson(share, n, z=Z):
    """Wilson's score interval of a share measured `n` times: (low, high)."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return centre - half, centre + half


@style.use()
def draw(data):
    """Left the coverage over beta, right the median of the estimated curvature."""
    figure, (left, right) = style.subplots(
        1, 2, height=3.5, gridspec_kw={"width_ratios": (1.5, 1.0)}
    )
    colors = style.BLUE, style.RED
    left.axhline(0.95, color=style.GREY, linestyle="--", linewidth=1.2)
    for s, setting in enumerate(SETTINGS):
        for q, quantity in enumerate(QUANTITIES):
            share = data.share[s, q]
            left.errorbar(
                data.beta + (0.004, -0.004)[q],
                share,
                # At a share of 0 or 1 rounding can put the end of the interval beyond the share.
                yerr=np.maximum((share - data.low[s, q], data.high[s, q] - share), 0.0),
                color=colors[s],
                linestyle=("-", ":")[q],
                marker=("o", "^")[q],
                capsize=2,
                label=f"{quantity}, {setting}",
            )
        right.plot(
            data.beta,
            data.median_curvature[s],
            color=colors[s],
            marker="o",
            linestyle=("-", style.LONG)[s],
            label=setting,
        )
    left.set(xlabel=r"$\beta$", ylabel="share of runs", title=r"coverage of $\pm 1.96$ se")
    left.set_ylim(min(0.6, data.low.min() - 0.02), 1.0)
    left.legend(loc="lower left", fontsize=7.5)
    right.axhline(1.0, color=style.GREY, linestyle="--", linewidth=1.2)
    right.set(xlabel=r"$\beta$", title="median estimate / true curvature", ylim=(0.0, None))
    right.legend(loc="upper left")
    return figure


def alt(data):
    """What the picture shows, in words."""
    free, loop = data.share
    return (
        f"Two panels over beta from {data.beta[0]:g} to {data.beta[-1]:g}, {data.runs} runs at "
        "each point. Left: share of runs whose interval of plus or minus 1.96 standard errors "
        "holds the truth. For independent positions it is "
        f"{free[0].min():.3f} to {free[0].max():.3f} for the curvature "
        f"and {free[1].min():.3f} to {free[1].max():.3f} for the extremum. In closed "
        f"loop, at rest, it is {loop[0].min():.3f} to {loop[0].max():.3f} for the curvature, but "
        f"only {loop[1].min():.3f} to {loop[1].max():.3f} for the extremum. Right: the median "
        "estimate of the curvature is right for independent positions and too large in closed "
        f"loop, by a factor of {data.median_curvature[1, 0]:.2f} to "
        f"{data.median_curvature[1, -1]:.2f}."
    )
