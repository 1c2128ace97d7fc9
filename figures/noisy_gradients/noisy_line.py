"""The idea in one dimension: noisy gradients against positions lie along a line."""

from typing import NamedTuple

import numpy as np

from refimpl import regression

from .. import style


class NoisyLine(NamedTuple):
    """A descent on a parabola, and the line fitted to its noisy gradients."""

    theta: np.ndarray  # (steps,), positions
    gradient: np.ndarray  # (steps,), noisy gradients there
    weight: np.ndarray  # (steps,), of each pair in the fit, summing to 1
    true_curvature: float
    true_extremum: float
    curvature: float
    curvature_error: float
    extremum: float
    extremum_error: float
    grid: np.ndarray  # (n,), positions at which the line is drawn
    line: np.ndarray  # (n,)
    line_error: np.ndarray  # (n,), standard error of the line


def compute(
    seed=3, steps=14, beta=0.12, curvature=1.0, extremum=1.0, noise=0.8, alpha=0.15, start=-2.0
):
    """Gradient descent with noisy gradients, and the exponentially weighted line through them.

    Parameters
    ----------
    seed : int
        Of the noise.
    steps : int
    beta : float
        Weight of the newest pair in the regression, which has a zero-bias start.
    curvature, extremum : float
        Of the parabola ``curvature (theta - extremum)^2 / 2``.
    noise : float
        Standard deviation of the noise on the gradient.
    alpha : float
        Learning rate.
    start : float

    Returns
    -------
    NoisyLine
    """
    rng = np.random.default_rng(seed)
    theta, gradient = np.empty(steps), np.empty(steps)
    state = regression.start_diagonal(1)
    x = start
    for t in range(steps):
        g = curvature * (x - extremum) + noise * rng.standard_normal()
        theta[t], gradient[t] = x, g
        state = regression.update(state, np.array([x]), np.array([g]), beta)
        x -= alpha * g
    fit = regression.slope(state)
    weight = (1.0 - beta) ** np.arange(steps)[::-1]
    grid = np.linspace(start - 0.4, extremum + 1.6, 101)
    offset = grid - state.mean_theta[0]
    return NoisyLine(
        theta=theta,
        gradient=gradient,
        weight=weight / weight.sum(),
        true_curvature=curvature,
        true_extremum=extremum,
        curvature=float(fit.curvature[0]),
        curvature_error=float(fit.curvature_error[0]),
        extremum=float(fit.extremum[0]),
        extremum_error=float(fit.extremum_error[0]),
        grid=grid,
        line=state.mean_gradient[0] + fit.curvature[0] * offset,
        line_error=fit.curvature_error[0] * np.sqrt(state.C_thetatheta[0] + offset**2),
    )


@style.use()
def draw(data):
    """Left the parabola and the noisy slopes along the path, right the slopes as points."""
    figure, (left, right) = style.subplots(1, 2, height=3.4)
    points, truth, fitted, kept = style.GREY, style.BLUE, style.RED, style.AMBER
    fade = 0.45 + 0.55 * data.weight / data.weight.max()

    def parabola(x):
        return 0.5 * data.true_curvature * (x - data.true_extremum) ** 2

    left.plot(data.grid, parabola(data.grid), color=truth, linestyle="--", linewidth=1.4)
    width, tall = np.ptp(data.grid), parabola(data.grid[0])
    for x, g, alpha in zip(data.theta, data.gradient, fade, strict=True):
        half = 0.1 / np.hypot(1.0 / width, g / tall)  # strokes of one length, as seen
        left.plot(
            [x - half, x + half],
            [parabola(x) - half * g, parabola(x) + half * g],
            color=points,
            alpha=alpha,
            linewidth=1.6,
        )
    left.scatter(data.theta, parabola(data.theta), 14, color=points, alpha=fade)
    left.set(xlabel=r"position $\theta$", ylabel="function")
    left.set_title("what is seen: a noisy slope at each step")

    right.axhline(0.0, color=style.GREY, linewidth=0.9)
    right.plot(
        data.grid,
        data.true_curvature * (data.grid - data.true_extremum),
        color=truth,
        linestyle="--",
        linewidth=1.4,
        label="true gradient",
    )
    right.fill_between(
        data.grid,
        data.line - data.line_error,
        data.line + data.line_error,
        color=fitted,
        alpha=0.2,
        linewidth=0,
    )
    right.plot(data.grid, data.line, color=fitted, label=r"fitted line $\pm$ standard error")
    right.scatter(data.theta, data.gradient, 24, color=points, alpha=fade)
    right.scatter([], [], 24, color=points, label="noisy gradients, fading")
    right.errorbar(
        data.extremum,
        0.0,
        xerr=data.extremum_error,
        color=fitted,
        marker="o",
        markersize=7,
        capsize=4,
        zorder=5,
        label=f"its zero: ${data.extremum:.2f} \\pm {data.extremum_error:.2f}$",
    )
    right.scatter(
        data.theta[-1:],
        data.gradient[-1:],
        110,
        facecolor="none",
        edgecolor=kept,
        linewidth=2,
        zorder=6,
        label=f"all that SGD keeps: ${data.gradient[-1]:.2f}$",
    )
    right.set(xlabel=r"position $\theta$", ylabel="gradient")
    right.set_title("the same, as points: a line")
    right.legend(loc="upper left", borderaxespad=0.2)
    low = min(data.gradient.min(), data.line[0])
    right.set_ylim(low - 0.4, max(data.gradient.max(), data.line[-1]) + 0.75 * abs(low))
    return figure


def alt(data):
    """What the picture shows, in words."""
    return (
        f"Two panels. Left: a descent of {data.theta.size} steps on a parabola with its minimum at "
        f"{data.true_extremum:g}, a short tilted stroke at each position showing the noisy slope "
        "measured there. Right: the same slopes as points over their positions. They scatter about "
        f"a rising line; the line fitted to them has slope {data.curvature:.2f} plus or minus "
        f"{data.curvature_error:.2f} (true {data.true_curvature:.2f}) and crosses zero at "
        f"{data.extremum:.2f} plus or minus {data.extremum_error:.2f}. A ring marks the last "
        f"point, the single number {data.gradient[-1]:.2f} that plain SGD would keep."
    )
