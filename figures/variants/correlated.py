"""The "c" assumption from both sides: wrong without noise, robust with it."""

import math
from typing import NamedTuple

import numpy as np

from refimpl import regression

from .. import style

LEVELS = (0.05, 0.5, 0.95)
NOISE = tuple(np.geomspace(0.03, 10.0, 21))


class Correlated(NamedTuple):
    """Errors without noise in two dimensions, and estimates under noise in one."""

    error: np.ndarray  # (trials,), relative, in the Frobenius norm
    beta: float
    noise: np.ndarray  # (n,), relative to the gradients' own spread
    plain: np.ndarray  # (3, n), quantiles LEVELS of |slope| / true curvature
    correlated: np.ndarray  # (3, n), the same of sqrt(C_gg / C_thetatheta)
    wrong_sign: np.ndarray  # (n,), share of slopes with the wrong sign


def compute(seed=0, trials=3000, runs=4000, beta=0.3, noise=NOISE):
    """Random trials of the assumption that position and gradient are perfectly correlated.

    Without noise: ``H = A A^T`` and ``C_thetatheta = B B^T`` with independent standard normal 2 x 2
    matrices, so that ``C_gg = H C H``. With noise: positions standard normal, gradients
    ``theta + noise``, each run one coordinate of a diagonal state.

    Parameters
    ----------
    seed : int
    trials, runs : int
    beta : float
    noise : sequence of float
        Standard deviations.

    Returns
    -------
    Correlated
    """
    of_trials, of_runs = np.random.default_rng(seed).spawn(2)
    error = np.empty(trials)
    for k in range(trials):
        A, B = of_trials.standard_normal((2, 2, 2))
        H, C = A @ A.T, B @ B.T
        state = regression.start(2)._replace(C_thetatheta=C, C_gtheta=H @ C, C_gg=H @ C @ H)
        error[k] = np.linalg.norm(regression.correlated_hessian(state) - H) / np.linalg.norm(H)

    plain, correlated = np.empty((2, len(LEVELS), len(noise)))
    wrong_sign = np.empty(len(noise))
    for k, deviation in enumerate(noise):
        state = regression.start_diagonal(runs)
        for _ in range(math.ceil(12 / beta)):
            theta = of_runs.standard_normal(runs)
            gradient = theta + deviation * of_runs.standard_normal(runs)
            state = regression.update(state, theta, gradient, beta)
        slope = regression.slope(state).curvature
        plain[:, k] = np.quantile(np.abs(slope), LEVELS)
        correlated[:, k] = np.quantile(np.sqrt(state.C_gg / state.C_thetatheta), LEVELS)
        wrong_sign[k] = np.mean(slope < 0.0)
    return Correlated(error, beta, np.array(noise), plain, correlated, wrong_sign)


@style.use()
def draw(data):
    """Left the histogram of errors without noise, right the estimates as noise grows."""
    figure, (left, right) = style.subplots(1, 2, height=3.4)
    bins = np.geomspace(1e-4, 1e2, 37)
    # Errors beyond the axis are counted in its outermost bars.
    left.hist(
        np.clip(data.error, bins[0], bins[-1] * (1 - 1e-12)),
        bins,
        weights=np.full(data.error.size, 1.0 / data.error.size),
        color=style.RED,
        alpha=0.55,
        linewidth=0,
    )
    median = float(np.median(data.error))
    left.axvline(median, color=style.RED)
    left.text(
        median * 1.25,
        1.0,
        f"median {100 * median:.0f} %",
        transform=left.get_xaxis_transform(),
        va="top",
    )
    left.set(
        xscale="log",
        xlabel="relative error of the Hessian",
        ylabel="share of trials",
        title='the "c" assumption, without noise',
    )
    left.margins(y=0.15)

    right.axhline(1.0, color=style.GREY, linestyle="--", linewidth=1.2)
    for values, color, dashes, name in (
        (data.plain, style.BLUE, style.BROKEN, "|slope|"),
        (data.correlated, style.RED, "-", '"c" assumption'),
    ):
        low, middle, high = values
        right.fill_between(data.noise, low, high, color=color, alpha=0.22, linewidth=0)
        right.plot(data.noise, middle, color=color, linestyle=dashes, label=name)
    right.set(
        xscale="log",
        yscale="log",
        xlabel="noise / spread of the gradients",
        title="estimate / true curvature",
    )
    right.legend(loc="upper left")
    return figure


def alt(data):
    """What the picture shows, in words."""
    low, high = data.plain[0, -1], data.correlated[0, -1]
    return (
        "Two panels. Left: histogram of the relative error of the Hessian under the assumption of "
        f"perfect correlation, over {data.error.size} random two-dimensional trials without noise; "
        f"the median is {100 * np.median(data.error):.0f} per cent, and the errors spread over "
        "several powers of ten. Right: the estimated size of the curvature in one dimension as "
        f"noise grows to {data.noise[-1]:g} times the gradients' spread, with bands from the 5 to "
        "the 95 per cent quantile. Both medians rise. The band of the plain slope opens downward, "
        f"to {low:.2g} of the truth at the end, where {100 * data.wrong_sign[-1]:.0f} per cent of "
        f"the slopes have the wrong sign; that of the assumption stays narrow and above {high:.2g}."
    )
