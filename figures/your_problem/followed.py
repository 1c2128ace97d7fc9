"""A run looked at from inside: value, fitted curvature and explained energy along its path."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl.noise import minibatch
from refimpl.runs.diagnostics import diagnostics

from .. import style

# The method of the page "Use it on your problem".
METHOD = "ogr"


class Followed(NamedTuple):
    """A run with what its method knew after each step; `k` axes of its model."""

    method: str
    path: np.ndarray  # (steps + 1, D)
    excess: np.ndarray  # (steps + 1,), value above the minimum
    curvature: np.ndarray  # (steps, k), fitted
    error: np.ndarray  # (steps, k), standard errors
    truth: np.ndarray  # (steps, k), of the exact Hessian at the same place along the same axes
    energy: np.ndarray  # (steps,), share of the exact gradient in the subspace; NaN without one


def follow(function, x0, method, *, steps, noise, seed, **hyperparameters):
    """One run with a look at its state after each step.

    Parameters
    ----------
    function : Function
        With a known minimum.
    x0 : array_like of shape (D,)
    method : str
        One whose state holds a fitted line.
    steps, noise, seed, **hyperparameters
        As for `refimpl.minimize`.

    Returns
    -------
    Followed
    """
    seen, truth = [], []

    def look(intermediate_result):
        x = intermediate_result.x
        known = diagnostics(method, intermediate_result.state, function.gradient(x))
        axes = known.directions if len(known.directions) else np.eye(x.size)
        seen.append(known)
        truth.append(np.einsum("ki,ij,kj->k", axes, function.hessian(x), axes))

    run = refimpl.minimize(
        function,
        x0,
        method=method,
        steps=steps,
        noise=noise,
        seed=seed,
        callback=look,
        **hyperparameters,
    )
    return Followed(
        method=method,
        path=run.path,
        excess=run.values - function.minimum_value,
        curvature=np.array([known.curvature for known in seen]),
        error=np.array([known.curvature_error for known in seen]),
        truth=np.array(truth),
        energy=np.array([known.explained_energy for known in seen]),
    )


def within(followed, errors=2.0):
    """Share of the axes, for each step, whose true curvature is within so many standard errors.

    NaN where no axis has a finite error.
    """
    known = np.isfinite(followed.error)
    hit = np.abs(followed.curvature - followed.truth) <= errors * followed.error
    count = known.sum(axis=1)
    return np.where(count > 0, (hit & known).sum(axis=1) / np.maximum(count, 1), np.nan)


def height(followed):
    """Largest fitted curvature over the largest true one, median over the second half of a run."""
    half = len(followed.curvature) // 2
    ratio = followed.curvature[half:].max(axis=1) / followed.truth[half:].max(axis=1)
    return float(np.median(ratio))


class Watched(NamedTuple):
    """One problem minimized from whole gradients and from minibatches."""

    whole: Followed
    part: Followed
    sgd: np.ndarray  # (steps + 1,), excess of gradient descent with the same minibatches
    rate: float  # its learning rate, 1 / the largest curvature at the minimum
    batch: int
    records: int


def watch(function, method=METHOD, *, steps=200, batch=32, seed=0, **hyperparameters):
    """The problem from the origin, followed, and gradient descent beside it.

    Parameters
    ----------
    function : Function
        A mean over records with a known minimum.
    method, steps, **hyperparameters
        As for `follow`.
    batch, seed : int
        Records in a minibatch, and the seed of the minibatches.

    Returns
    -------
    Watched
    """
    x0, noise = np.zeros(function.dimension), minibatch(batch)
    setting = {"steps": steps, "seed": seed, **hyperparameters}
    rate = 1.0 / np.linalg.eigvalsh(function.hessian(function.minima[0]))[-1]
    descent = refimpl.minimize(
        function, x0, method="sgd", alpha=rate, steps=steps, noise=noise, seed=seed
    )
    return Watched(
        whole=follow(function, x0, method, noise=0.0, **setting),
        part=follow(function, x0, method, noise=noise, **setting),
        sgd=descent.values - function.minimum_value,
        rate=float(rate),
        batch=batch,
        records=len(function.records),
    )


def panels(data):
    """A figure of three panels with the value in the left one, and the other two."""
    figure, (left, *others) = style.subplots(1, 3, width=9.0, height=3.5)
    draw_excess(left, data)
    return figure, others


def draw_excess(ax, data):
    """Values above the minimum along the paths."""
    look = style.look(data.part.method)
    # Below the rounding of the value itself there is nothing to see.
    floor = 1e-15 * data.part.excess[0]
    for excess, dashes, label in (
        (data.whole.excess, style.LONG, "all records"),
        (data.part.excess, "-", f"{data.batch} records a step"),
    ):
        ax.plot(np.maximum(excess, floor), color=look.color, ls=dashes, label=label)
    sgd = style.look("sgd")
    ax.plot(data.sgd, color=sgd.color, ls=sgd.dashes, label=f"SGD, {data.batch} records")
    ax.set(yscale="log", xlabel="step", xlim=(0, len(data.sgd) - 1))
    ax.set_title("value above the minimum")
    ax.legend(fontsize=7.5)


def draw_curvature(ax, followed, title, axes=3):
    """The fitted curvatures of the stiffest axes with their errors, beside the true ones."""
    steps = np.arange(1, len(followed.curvature) + 1)
    stiffest = np.argsort(followed.truth, axis=1)[:, ::-1][:, :axes]
    take = [
        np.take_along_axis(part, stiffest, axis=1)
        for part in (followed.curvature, followed.error, followed.truth)
    ]
    looks = ((style.RED, "o"), (style.BLUE, "s"), (style.AMBER, "^"))
    every, top = max(len(steps) // 40, 1), take[2].max()
    for k, (color, marker) in zip(range(take[0].shape[1]), looks, strict=False):
        fitted, error, truth = (part[:, k] for part in take)
        ax.plot(steps, truth, color=color, lw=1.0)
        shown = np.isfinite(error) & (fitted > 0.0) & (steps % every == 0)
        top = np.max(fitted[shown], initial=top)
        # On a logarithmic axis an error bar that reaches below 0 has no lower end.
        down = np.minimum(error, 0.999 * np.abs(fitted))
        ax.errorbar(
            steps[shown],
            fitted[shown],
            np.array([down, error])[:, shown],
            color=color,
            marker=marker,
            ms=2.5,
            ls="none",
            elinewidth=0.8,
            label=f"axis {k + 1}",
        )
    positive = take[2][take[2] > 0.0]
    ax.set(yscale="log", xlabel="step", xlim=(0, len(steps)), title=title)
    ax.set_ylim(0.03 * positive.min(), 10.0 * top)
    ax.legend(fontsize=7.5, loc="upper left")


def draw_energy(ax, data):
    """The share of the exact gradient inside the subspace, averaged over ten steps."""
    look = style.look(data.part.method)
    for followed, dashes, label in (
        (data.whole, style.LONG, "all records"),
        (data.part, "-", f"{data.batch} records a step"),
    ):
        energy = followed.energy
        n = min(10, len(energy))
        mean = np.convolve(energy, np.full(n, 1.0 / n), mode="valid")
        ax.plot(np.arange(n, len(energy) + 1), mean, color=look.color, ls=dashes, label=label)
    share = data.part.curvature.shape[1] / data.part.path.shape[1]
    ax.axhline(share, color=style.GREY, lw=1.0)
    across = ax.get_yaxis_transform()
    ax.text(
        0.98, share, "random directions", transform=across, ha="right", va="bottom", fontsize=7.5
    )
    ax.set(xlabel="step", ylim=(0.0, 1.05), xlim=(0, len(data.part.energy)))
    ax.set_title("explained energy")
    ax.legend(fontsize=7.5, loc="lower left")


def words(data):
    """What happened in both runs, in words."""
    k = len(data.sgd) // 5
    return (
        f"with all {data.records} records a step the excess falls from "
        f"{data.whole.excess[0]:.3g} to {max(data.whole.excess[-1], 0.0):.1g}; with {data.batch} "
        f"records a step it is {data.part.excess[k]:.2g} after {k} steps and "
        f"{data.part.excess[-1]:.2g} at the end, where gradient descent with rate {data.rate:.2g} "
        f"has {data.sgd[-1]:.2g}"
    )
