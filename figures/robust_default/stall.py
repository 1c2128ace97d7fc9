"""How a first recipe for a robust method stalls: short steps, little spread, large curvatures."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import regression
from refimpl.linear_algebra.gram_schmidt import direction
from refimpl.qr_step import rotate_basis, shifted_qr_step
from refimpl.repulsion import row_sum_bound

from .. import style
from ..tournament.rivals import saddle

# Of the recipe.
BETA, GAMMA, FIRST, RIDGE, REACH = 0.6, 0.7, 0.1, 1e-3, 2.0
NAMES = ("first recipe", "ogr")


class Stall(NamedTuple):
    """Along the runs; medians over the seeds."""

    excess: np.ndarray  # (2, steps)
    spread: np.ndarray  # (2, steps), root of the summed variance of the positions
    over: np.ndarray  # (2, steps), curvature of the step over the true one, median of the axes
    noise: float
    dimension: int
    seeds: int
    escaped: np.ndarray  # (2,), runs below half the depth at the end


def true_over(function, theta, axes, used):
    """Median over the axes, of any length, of the curvature used over the modulus of the true."""
    true = np.abs(np.einsum("ij,jk,ik->i", axes, function.hessian(theta), axes))
    return np.median(used / np.maximum(true, 1e-12))


def recipe(function, start, noise, steps, rng):
    """The first recipe: all axes, row sums as curvature, a step of at most two spreads.

    Returns excess, spread and ratio of curvatures, each of shape (steps,).
    """
    D = start.size
    theta, V = start.copy(), np.eye(D)
    line = regression.start(D)
    m = np.zeros(D)
    told = np.full((3, steps), np.nan)
    for t in range(steps):
        g = function.gradient(theta) + noise * rng.standard_normal(D)
        m = g if t == 0 else m + GAMMA * (g - m)
        line = regression.update(line, theta, g, BETA)
        spread = np.sqrt(np.trace(line.C_thetatheta))
        if t == 0:
            theta = theta - FIRST * direction(g)[0]
        else:
            C, B = line.C_thetatheta, line.C_gtheta
            ridge = RIDGE * np.trace(C) / D
            slope = np.linalg.norm(B) / np.linalg.norm(C)
            # In the axes of the last step, turned on by one step.
            seen = line._replace(
                C_thetatheta=V @ (C + ridge * np.eye(D)) @ V.T,
                C_gtheta=V @ (B + ridge * slope * np.eye(D)) @ V.T,
            )
            rotation, H = shifted_qr_step(regression.symmetric_hessian(seen))
            V = rotate_basis(rotation, V)
            move = row_sum_bound(H, V @ m) @ V
            told[2, t] = true_over(function, theta, V, np.abs(H).sum(axis=1))
            length = np.linalg.norm(move)
            theta = theta + move * min(1.0, REACH * spread / length)
        told[0, t] = function.value(theta) - function.minimum_value
        told[1, t] = spread
    return told


def robust(function, start, noise, steps, seed):
    """The same of `ogr`, from its states."""
    states, positions = [], []

    def keep(intermediate_result):
        states.append(intermediate_result.state)
        positions.append(intermediate_result.x.copy())

    run = refimpl.minimize(
        function,
        start,
        method="ogr",
        steps=steps,
        noise=noise,
        seed=seed,
        callback=keep,
        progress=False,
    )
    told = np.full((3, steps), np.nan)
    told[0] = run.values[1:] - function.minimum_value
    told[1] = [np.sqrt(np.sum(state.variance_theta)) for state in states]
    before = [start, *positions]
    for t, state in enumerate(states):
        C, G = (np.diag(c) for c in (state.model.line.C_thetatheta, state.model.line.C_gg))
        if np.all(C > 0.0) and t > 0:
            used = state.unit * np.sqrt(G / C)
            # In units of its scales, as the statistics are.
            told[2, t] = true_over(function, before[t], state.scales * state.model.V, used)
    return told


def compute(seeds=range(10), dimension=20, steps=200, noise=0.1):
    """Both methods on the small bounded saddle of the held-out functions.

    Parameters
    ----------
    seeds : iterable of int
    dimension : int
    steps : int
    noise : float

    Returns
    -------
    Stall
    """
    function, starts = saddle(dimension, falling=2, stiff=4)
    start, seeds = starts[0], tuple(seeds)
    told = np.array(
        [
            [recipe(function, start, noise, steps, np.random.default_rng(s)) for s in seeds],
            [robust(function, start, noise, steps, s) for s in seeds],
        ]
    )
    middle = np.full((2, 3, steps), np.nan)
    seen = np.isfinite(told).all(axis=1)
    for k in range(2):
        for n in range(3):
            middle[k, n, seen[k, n]] = np.median(told[k, :, n][:, seen[k, n]], axis=0)
    return Stall(
        excess=middle[:, 0],
        spread=middle[:, 1],
        over=middle[:, 2],
        noise=noise,
        dimension=dimension,
        seeds=len(seeds),
        escaped=np.sum(told[:, :, 0, -1] < -0.5 * function.minimum_value, axis=1),
    )


@style.use()
def draw(data):
    """Excess, spread, and curvature over the truth, for both methods."""
    figure, axes = style.subplots(1, 3, height=3.3)
    step = 1 + np.arange(data.excess.shape[1])
    looks = ((style.GREY, "--"), style.look("ogr")[:2])
    titles = ("excess", "spread of the positions", "curvature used / true")
    for ax, title, values in zip(axes, titles, (data.excess, data.spread, data.over), strict=True):
        for name, one, (color, dashes) in zip(NAMES, values, looks, strict=True):
            shown = np.where(one > 0.0, one, np.nan)
            ax.plot(step, shown, color=color, linestyle=dashes, label=name)
        ax.set(xscale="log", yscale="log", xlabel="step")
        ax.set_title(title, fontsize=9.5)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def alt(data):
    """What the picture shows, in words."""
    words = [
        f"Three panels along {data.excess.shape[1]} steps at a saddle in {data.dimension} "
        f"dimensions with noise {data.noise:g}, medians of {data.seeds} runs."
    ]
    for k, name in enumerate(NAMES):
        spread = data.spread[k][np.isfinite(data.spread[k])]
        over = data.over[k][np.isfinite(data.over[k])]
        words.append(
            f"{name}: excess {data.excess[k, 0]:.3g} at first and {data.excess[k, -1]:.3g} at "
            f"last, largest spread {spread.max():.2g}, last {spread[-1]:.2g}, curvature over the "
            f"true one {over[0]:.2g} at first and {over[-1]:.2g} at last, "
            f"{data.escaped[k]} of {data.seeds} escaped."
        )
    return " ".join(words)
