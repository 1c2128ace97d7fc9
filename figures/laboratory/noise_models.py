"""Every noise model: what a step sees of one and the same gradient."""

from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from refimpl import noise
from refimpl.functions.least_squares import least_squares

from .. import style

RECORDS, BATCH, POINT = 12, 3, np.array([2.0, -1.0])
DEVIATION, FREEDOM, RELATIVE = 0.6, 3.0, 0.6
TAIL = np.linspace(0.0, 10.0, 101)  # in standard deviations
LAPS, ROUND = 4, 24  # the recorded noise runs so often around a circle of so many steps


class Seen(NamedTuple):
    """Gradients that steps see at one point under each model."""

    models: tuple
    truth: np.ndarray  # (2,), the gradient without noise
    gradient: tuple  # for each model: (n, 2)
    covariance: np.ndarray  # (models, 2, 2), by the formula of the model
    beyond: np.ndarray  # (models, len(TAIL)), share of errors longer than so many deviations
    picks: np.ndarray  # (steps, BATCH), records of the first steps of the minibatch


def problem(seed=0):
    """A linear model of two parameters: a finite sum over `RECORDS` records."""
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((RECORDS, 2))
    return least_squares(features, features @ [0.5, 0.5] + 0.5 * generator.standard_normal(RECORDS))


def models():
    """The five models by name, set to comparable strength."""
    angle = 2.0 * np.pi * np.arange(LAPS * ROUND) / ROUND
    circle = DEVIATION * np.sqrt(2.0) * np.column_stack([np.cos(angle), np.sin(angle)])
    return {
        "gaussian": noise.gaussian(DEVIATION),
        "student": noise.student(DEVIATION, FREEDOM),
        "multiplicative": noise.multiplicative(RELATIVE),
        "minibatch": noise.minibatch(BATCH),
        "data": noise.as_noise(circle),
    }


def seen(function, theta, model, generator, n):
    """The gradients that `n` steps of the driver would see if they all stood at `theta`.

    Returns
    -------
    ndarray of shape (n, D)
    """
    z = model.draw(generator, n, theta.size)
    picks = model.pick(generator, n, len(function.records))
    if model.batch(len(function.records)) == 0:
        true = function.gradient(theta)
        return np.array([model.perturb.kernel(true, row) for row in z])
    parts = (function.records[some].ravel() for some in picks)
    return np.array([function.gradient.kernel(theta, part) for part in parts])


def covariances(function, theta):
    """Covariance of the gradient seen at `theta` under each of `models`, by formula."""
    g, unit = function.gradient(theta), np.eye(theta.size)
    single = np.array([function.gradient.kernel(theta, record) for record in function.records])
    spread = np.cov(single.T, bias=True)
    return np.array(
        [
            DEVIATION**2 * unit,
            DEVIATION**2 * unit,
            RELATIVE**2 * np.diag(g**2),
            spread / BATCH * (RECORDS - BATCH) / (RECORDS - 1),
            DEVIATION**2 * unit,
        ]
    )


def compute(seed=0, n=20_000):
    """Gradients at one point of one function under every model.

    Parameters
    ----------
    seed : int
        Of the noise.
    n : int
        Gradients for each model; the recorded noise has its own length.

    Returns
    -------
    Seen
    """
    function = problem()
    truth, covariance = function.gradient(POINT), covariances(function, POINT)
    gradient, beyond = [], []
    for model, generator, C in zip(
        models().values(), np.random.default_rng(seed).spawn(5), covariance, strict=True
    ):
        length = LAPS * ROUND if isinstance(model, noise.Recorded) else n
        gradient.append(seen(function, POINT, model, generator, length))
        z = np.abs(gradient[-1][:, 0] - truth[0]) / np.sqrt(C[0, 0])
        beyond.append(1.0 - np.searchsorted(np.sort(z), TAIL, side="right") / length)
    picks = noise.minibatch(BATCH).pick(np.random.default_rng(seed), 16, RECORDS)
    return Seen(tuple(models()), truth, tuple(gradient), covariance, np.array(beyond), picks)


def _cloud(ax, name, points, truth, covariance):
    drawn = points[:600]
    ax.annotate(
        "",
        truth,
        (0.0, 0.0),
        arrowprops={
            "arrowstyle": "-|>",
            "color": style.GREY,
            "lw": 1.6,
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=4,
    )
    alone = len(np.unique(points, axis=0)) < 500
    ax.plot(
        *drawn.T, color=style.BLUE, marker=".", ls="none", ms=5 if alone else 3.5, mew=0, alpha=0.55
    )
    angle = np.linspace(0.0, 2.0 * np.pi, 121)
    values, vectors = np.linalg.eigh(covariance)
    ring = vectors @ (np.sqrt(np.maximum(values, 0.0))[:, None] * [np.cos(angle), np.sin(angle)])
    for size, dashes in ((1.0, "-"), (2.0, style.LONG)):
        ax.plot(*(truth[:, None] + size * ring), color=style.RED, lw=1.4, ls=dashes)
    window = truth[:, None] + [-2.2, 2.2]
    ax.set(xlim=window[0], ylim=window[1], aspect="equal", title=name)


@style.use()
def draw(data):
    """Five clouds, their tails, and the records that the first minibatches see."""
    with style.use():
        figure = Figure(figsize=(9.0, 8.4))
    axes = figure.subplot_mosaic(
        [[*data.models[:3]], [*data.models[3:], "tail"], ["epochs"] * 3],
        height_ratios=(1.0, 1.0, 0.62),
    )
    for name, points, C in zip(data.models, data.gradient, data.covariance, strict=True):
        _cloud(axes[name], name, points, data.truth, C)
    for name in ("gaussian", "minibatch"):
        axes[name].set_ylabel("second component")
    for name in ("minibatch", "data"):
        axes[name].set_xlabel("first component")
    tail = axes["tail"]
    looks = (
        (style.BLUE, "-"),
        (style.RED, "-"),
        (style.AMBER, style.SPARSE),
        (style.GREY, style.LONG),
        (style.GREY, style.SPARSE),
    )
    for name, share, (color, dashes) in zip(data.models, data.beyond, looks, strict=True):
        shown = share > 0.0
        tail.plot(TAIL[shown], share[shown], color=color, ls=dashes, label=name)
    tail.set(yscale="log", xlim=(0, 10), xlabel="standard deviations", title="share beyond")
    tail.legend(loc="upper right", fontsize=7.5, borderaxespad=0.1)
    epochs = axes["epochs"]
    steps, batch = data.picks.shape
    per_epoch = RECORDS // batch
    step = np.repeat(np.arange(steps), batch)
    epoch = step // per_epoch
    for k, (color, marker) in enumerate(((style.BLUE, "s"), (style.AMBER, "o")) * 2):
        inside = epoch == k
        epochs.plot(
            step[inside] + 1,
            data.picks.ravel()[inside],
            color=color,
            marker=marker,
            ls="none",
            ms=7,
        )
    for k in range(1, steps // per_epoch):
        epochs.axvline(k * per_epoch + 0.5, color=style.GREY, lw=1.0)
    epochs.set(xlabel="step", ylabel="record", xticks=range(1, steps + 1), yticks=range(0, 12, 2))
    epochs.set_title(
        f"minibatches of {batch} out of {RECORDS} records: each record once in an epoch"
    )
    return figure


def alt(data):
    """What the picture shows, in words."""
    at = int(np.searchsorted(TAIL, 5.0))
    shares = ", ".join(
        f"{share[at]:.1g} for {name}" for name, share in zip(data.models, data.beyond, strict=True)
    )
    distinct = len(np.unique(data.gradient[data.models.index("minibatch")].round(9), axis=0))
    return (
        "Seven panels. Five clouds of the gradients seen at one point under the models "
        f"{', '.join(data.models)}, around the true gradient ({data.truth[0]:.2f}, "
        f"{data.truth[1]:.2f}), with the ellipses of one and two standard deviations. The "
        f"minibatch has only {distinct} different gradients, the data lie on a circle. Sixth: "
        f"shares of first components beyond so many deviations; beyond 5: {shares}. Seventh: "
        f"the records that the first {len(data.picks)} minibatches of {data.picks.shape[1]} see, "
        "each record once in every epoch."
    )
