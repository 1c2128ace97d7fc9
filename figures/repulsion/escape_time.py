"""Time to leave a saddle: over the curvature, and over the noise that starts the escape."""

from typing import NamedTuple

import numpy as np

from refimpl import repulsion

from .. import style

DIVS = (1.0, 1.5, 4.0)
RULES = (*(f"saddle-free, div {div:g}" for div in DIVS), "gradient descent")
# The median of the modulus of a standard normal variable.
MEDIAN = 0.6744897501960817


class Escape(NamedTuple):
    """Steps until the unstable coordinate passes 1, measured and predicted."""

    alpha: float  # learning rate of gradient descent
    start: float  # distance from the saddle, where there is no noise
    curvature: np.ndarray  # (n,), |lambda|
    steps: np.ndarray  # (rules, n)
    predicted: np.ndarray  # (rules, n)
    noise: np.ndarray  # (m,), on the gradient, the start being the saddle itself
    median: np.ndarray  # (rules, m), over the runs
    predicted_median: np.ndarray  # (rules, m)
    runs: int


def growth(rule, curvature, alpha):
    """Factor of the unstable coordinate in a step, and the step that a unit of noise makes."""
    if rule == len(DIVS):
        return 1.0 + alpha * curvature, alpha
    return 1.0 + 1.0 / DIVS[rule], 1.0 / (DIVS[rule] * curvature)


def move(rule, curvature, alpha, g):
    """The step in one dimension, for the gradients of all runs, shape (runs,)."""
    if rule == len(DIVS):
        return -alpha * g
    # Linear in the gradient, so that one step tells all.
    return repulsion.saddle_free(np.array([[-curvature]]), np.ones(1), DIVS[rule])[0] * g


def escape(rule, curvature, alpha, x, noise, rng, limit=100_000):
    """Steps of each run until it passes distance 1."""
    x = x.copy()
    count = np.zeros(x.size, dtype=int)
    inside = np.flatnonzero(np.abs(x) < 1.0)
    while inside.size and count.max() < limit:
        g = -curvature * x[inside]
        if noise > 0.0:
            g = g + noise * rng.standard_normal(inside.size)
        x[inside] += move(rule, curvature, alpha, g)
        count[inside] += 1
        inside = inside[np.abs(x[inside]) < 1.0]
    return count


CURVATURES = tuple(np.geomspace(0.01, 10.0, 13))
NOISES = tuple(np.geomspace(1e-6, 0.1, 6))


def compute(seed=0, alpha=0.1, start=1e-4, curvatures=CURVATURES, noises=NOISES, at=1.0, runs=200):
    """Count steps from near the saddle, and from the saddle itself under noise.

    Without noise the coordinate grows by ``1 + 1/div`` or ``1 + alpha |lambda|`` a step. With noise
    of deviation `sigma` it is, after `t` steps, ``a^t`` times a normal variable of deviation
    ``b sigma / sqrt(a^2 - 1)``, with that factor `a` and the step `b` that a unit of noise makes.

    Parameters
    ----------
    seed : int
    alpha : float
    start : float
    curvatures, noises : sequence of float
    at : float
        The curvature of the runs under noise.
    runs : int

    Returns
    -------
    Escape
    """
    rng = np.random.default_rng(seed)
    curvature, noise = np.array(curvatures), np.array(noises)
    steps, predicted = np.empty((2, len(RULES), curvature.size))
    median, predicted_median = np.empty((2, len(RULES), noise.size))
    for rule in range(len(RULES)):
        for n, value in enumerate(curvature):
            steps[rule, n] = escape(rule, value, alpha, np.array([start]), 0.0, rng)[0]
            predicted[rule, n] = np.log(1.0 / start) / np.log(growth(rule, value, alpha)[0])
        a, b = growth(rule, at, alpha)
        for m, deviation in enumerate(noise):
            median[rule, m] = np.median(escape(rule, at, alpha, np.zeros(runs), deviation, rng))
            amplitude = MEDIAN * b * deviation / np.sqrt(a * a - 1.0)
            predicted_median[rule, m] = max(1.0, np.log(1.0 / amplitude) / np.log(a))
    return Escape(
        alpha=alpha,
        start=start,
        curvature=curvature,
        steps=steps,
        predicted=predicted,
        noise=noise,
        median=median,
        predicted_median=predicted_median,
        runs=runs,
    )


@style.use()
def draw(data):
    """Left over the curvature, right over the noise; lines predicted, markers measured."""
    figure, axes = style.subplots(1, 2, height=3.9, sharey=True)
    colors = ("#7466d6", "#0b8ea3", "#c75d48", "#bb7102")
    left = (data.curvature, data.predicted, data.steps)
    right = (data.noise, data.predicted_median, data.median)
    for ax, (x, predicted, measured) in zip(axes, (left, right), strict=True):
        for k, rule in enumerate(RULES):
            ax.plot(x, predicted[k], color=colors[k], linewidth=1.2)
            ax.plot(
                x,
                measured[k],
                color=colors[k],
                marker="os^D"[k],
                linestyle="none",
                label=rule,
            )
        ax.set(xscale="log", yscale="log")
    axes[0].set(
        xlabel=r"curvature $|\lambda|$",
        ylabel="steps until distance 1",
        title=f"from distance {data.start:g}, no noise",
    )
    axes[1].set(xlabel="noise on the gradient", title="from the saddle itself, under noise")
    axes[1].plot([], [], color=style.GREY, linewidth=1.2, label="predicted")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def alt(data):
    """What the picture shows, in words."""
    flat = ", ".join(f"{data.steps[k, 0]:.0f} for div {div:g}" for k, div in enumerate(DIVS))
    return (
        "Two panels of escape times on logarithmic axes, markers measured and lines predicted. "
        f"Left, from distance {data.start:g}: the saddle-free step takes the same number of steps "
        f"at every curvature, {flat}; gradient descent with rate {data.alpha:g} takes "
        f"{data.steps[-1, -1]:.0f} at curvature {data.curvature[-1]:g} and "
        f"{data.steps[-1, 0]:.0f} at {data.curvature[0]:g}. Right, medians of {data.runs} runs "
        "from the saddle itself: times fall with the logarithm of the noise, from "
        f"{data.median[1, 0]:.0f} to {data.median[1, -1]:.0f} steps for div 1.5 and from "
        f"{data.median[-1, 0]:.0f} to {data.median[-1, -1]:.0f} for gradient descent."
    )
