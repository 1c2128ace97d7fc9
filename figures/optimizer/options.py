"""The three options of the online saddle-free Newton method: shift, transport, row sums."""

from typing import NamedTuple

import numpy as np

import refimpl
from refimpl import functions, optimizers, qr_step, regression
from refimpl.functions import random_rotation

from .. import style

SIZES = (2, 8, 32)
SPACE, DIMENSIONS = 4, (4, 2)
TURNS = tuple(np.geomspace(0.01, 3.0, 6))
VARIANTS = {
    "default": {},
    "without shift": {"shifted": False},
    "without transport": {"transport": False},
    "eigenvalues": {"row_sums": False},
}
STEPS, NOISE = 50, 0.1
HIGH = 1e3  # no larger value is drawn to scale


class Options(NamedTuple):
    """What each option changes, each where it shows."""

    excess: np.ndarray  # (SIZES, 2, steps + 1), row sum over modulus: plain step, shifted
    turn: np.ndarray  # (n,)
    error: np.ndarray  # (DIMENSIONS, 2, n), median relative error of the model: with, without
    values: dict  # variant -> final values on 3-D Beale (seeds, starts), inf where diverged


def saddles_of_one_modulus(size, steps, trials, rng):
    """Mean row sum of random ``H`` with curvatures +1 and -1, half each, under repeated steps."""
    found = np.empty((trials, 2, steps + 1))
    for trial in range(trials):
        R = random_rotation(rng, size)
        start = (R.T * np.repeat([1.0, -1.0], size // 2)) @ R
        for k, step in enumerate((qr_step.qr_step, qr_step.shifted_qr_step)):
            H = 0.5 * (start + start.T)
            for t in range(steps + 1):
                found[trial, k, t] = np.abs(H).sum(axis=1).mean()
                H = step(H).rotated
    return found.mean(axis=0)


def model_error(turn, dimension, transport, seed, beta=0.1, noise=0.1, steps=100):
    """Relative error of the model after independent positions under a Hessian that is constant.

    The steps that the method proposes are not taken.
    """
    method = optimizers.get("online_sfn")
    parameters = optimizers.bind(
        method, {"beta": beta, "turn": turn, "dimension": dimension, "transport": transport}
    )
    rng = np.random.default_rng(seed)
    R = random_rotation(rng, SPACE)
    H = (R.T * np.linspace(-2.0, 4.0, SPACE)) @ R
    state = method.start(np.zeros(SPACE), rng.uniform(0.0, 1e-3, (dimension, SPACE)), parameters)
    for _ in range(steps):
        theta = rng.standard_normal(SPACE)
        gradient = H @ theta + noise * rng.standard_normal(SPACE)
        _, state = method.step(state, theta, gradient, parameters)
    truth = state.model.V @ H @ state.model.V.T
    fitted = regression.symmetric_hessian(state.model.line)
    return np.linalg.norm(fitted - truth) / np.linalg.norm(truth)


def variants(dimension=2, radius=2, seeds=range(8)):
    """Final values on 3-D Beale with each option turned off, by variant."""
    return {
        name: refimpl.lattice(
            functions.beale3,
            "online_sfn",
            radius=radius,
            steps=STEPS,
            noise=NOISE,
            seeds=seeds,
            progress=False,
            dimension=dimension,
            **given,
        )
        for name, given in VARIANTS.items()
    }


def compute(seed=0, trials=20, steps=15, runs=20, turns=TURNS, radius=2, seeds=range(8)):
    """Repeat the QR steps, feed the model, and run every variant.

    Parameters
    ----------
    seed : int
        Of the matrices.
    trials, steps : int
        Matrices of each size, and QR steps.
    runs : int
        Runs for each point of the middle panel.
    turns : sequence of float
    radius : int
        Of the lattice of starts.
    seeds : iterable of int
        Of the noise.

    Returns
    -------
    Options
    """
    rng = np.random.default_rng(seed)
    error = [
        [
            [np.median([model_error(turn, d, carried, k) for k in range(runs)]) for turn in turns]
            for carried in (True, False)
        ]
        for d in DIMENSIONS
    ]
    return Options(
        excess=np.array([saddles_of_one_modulus(k, steps, trials, rng) for k in SIZES]),
        turn=np.array(turns),
        error=np.array(error),
        values=variants(radius=radius, seeds=seeds),
    )


LOOKS = {
    "default": style.look("online_sfn"),
    "without shift": style.look("adam"),
    "without transport": style.look("dogr"),
    "eigenvalues": style.look("momentum"),
}


@style.use()
def draw(data):
    """A panel for each: row sums, errors of the model, sorted final values."""
    figure, (shift, carry, rows) = style.subplots(1, 3, width=9.0, height=3.7)
    for size, marker, values in zip(SIZES, "os^", data.excess, strict=True):
        for k, name in enumerate(("without shift", "default")):
            shift.plot(
                values[k],
                color=LOOKS[name].color,
                linestyle="--" if k == 0 else "-",
                marker=marker,
                markevery=4,
                label=f"d = {size}" if k == 1 else None,
            )
    shift.set(yscale="log", xlabel="QR steps", ylabel=r"row sum / $|\lambda|$")
    shift.set_title("curvatures $\\pm 1$:\nplain (dashed) and shifted")
    shift.set_yticks([1, 2, 4], ["1", "2", "4"])
    shift.minorticks_off()
    shift.legend(loc="upper right", bbox_to_anchor=(1.0, 0.93))
    for d, marker, values in zip(DIMENSIONS, "os", data.error, strict=True):
        for k, name in enumerate(("default", "without transport")):
            carry.plot(
                data.turn,
                values[k],
                color=LOOKS[name].color,
                linestyle="-" if k == 0 else "--",
                marker=marker,
                label=f"d = {d}" if k == 0 else None,
            )
    carry.set(xscale="log", yscale="log", xlabel=r"turn $\Gamma$", ylabel="relative error of $H$")
    carry.set_title(f"{SPACE} dimensions: with\ntransport and without (dashed)")
    carry.legend(loc="upper left")
    for name, values in data.values.items():
        look = LOOKS[name]
        ordered = np.sort(values.ravel())
        place = (np.arange(ordered.size) + 0.5) / ordered.size
        rows.plot(
            place,
            np.minimum(ordered, HIGH),
            color=look.color,
            linestyle=look.dashes,
            marker=look.marker,
            markevery=max(1, ordered.size // 9),
            label=f"{name} ({np.isinf(values).mean():.0%})",
        )
    rows.set(yscale="log", xlim=(0, 1), ylim=(None, HIGH), xlabel="share of runs")
    rows.set(ylabel="final value")
    rows.set_title("3-D Beale, d = 2\n(in brackets: diverged)")
    figure.legend(*rows.get_legend_handles_labels(), loc="outside lower right", ncols=4)
    return figure


def middle(values):
    """The median in words, which for most runs diverged is no number."""
    median = np.quantile(values, 0.5, method="inverted_cdf")
    return f"{median:.2g}" if np.isfinite(median) else "infinite"


def alt(data):
    """What the picture shows, in words."""
    sums = ", ".join(
        f"{size}: {values[0, -1]:.2g} and {values[1, -1]:.2g}"
        for size, values in zip(SIZES, data.excess, strict=True)
    )
    errors = "; ".join(
        f"{d} directions: from {carried.min():.2g} to {carried.max():.2g} with transport, from "
        f"{left.min():.2g} to {left.max():.2g} without"
        for d, (carried, left) in zip(DIMENSIONS, data.error, strict=True)
    )
    ends = "; ".join(
        f"{name} {middle(values)} with {np.isinf(values).mean():.1%} diverged"
        for name, values in data.values.items()
    )
    return (
        "Three panels. Left: mean row sum over modulus for matrices whose curvatures are +1 and "
        f"-1, over {data.excess.shape[2] - 1} QR steps; at the end, plain and shifted, by "
        f"dimension: {sums}. Middle: relative error of the fitted Hessian in {SPACE} dimensions "
        f"against the turn of the injection from {data.turn[0]:g} to {data.turn[-1]:g}; {errors}. "
        f"Right: sorted final values on 3-D Beale with two directions; their medians: {ends}."
    )
