"""How long the first step of fOGR is, over the size of the gradient: an accidental trust region."""

from typing import NamedTuple

import numpy as np

from refimpl import optimizers, regression, repulsion

from .. import style


class FirstSteps(NamedTuple):
    """Lengths of first steps from each start, over the gradient met there."""

    starts: tuple
    gradients: np.ndarray  # (n,)
    lengths: np.ndarray  # (starts, n), means at 0 as the programs begin
    from_point: np.ndarray  # (n,), means at the first point: the same from every start
    limits: np.ndarray  # (starts,), of large gradients; gamma |theta| / div from far away


GRADIENTS = tuple(np.geomspace(0.1, 1e5, 61))


def compute(starts=(1.0, 3.0, 10.0), gradients=GRADIENTS):
    """Make first steps of fOGR in one dimension, with its defaults.

    Parameters
    ----------
    starts : sequence of float
        Positions, not 0.
    gradients : sequence of float
        Positive.

    Returns
    -------
    FirstSteps
    """
    fogr = optimizers.get("fogr")
    p = fogr.parameters()
    lengths = np.empty((len(starts), len(gradients)))
    for i, theta in enumerate(np.array(starts)[:, None]):
        for k, g in enumerate(np.array(gradients)[:, None]):
            after, _ = fogr.step(fogr.start(theta, np.empty((0, 1)), p), theta, g, p)
            lengths[i, k] = abs(after[0] - theta[0])
    weight = p.beta * (1.0 - p.beta)
    theta, from_point = np.ones(1), []
    for g in np.array(gradients)[:, None]:
        known = regression.start(1, p.prior)._replace(mean_theta=theta, mean_gradient=g)
        H = regression.symmetric_hessian(regression.update_new_mean(known, theta, g, p.beta))
        from_point.append(abs(repulsion.saddle_free(H, p.gamma * g, p.div, p.cut)[0]))
    return FirstSteps(
        tuple(starts),
        np.array(gradients, dtype=float),
        lengths,
        np.array(from_point),
        p.gamma / p.div * (np.abs(starts) + p.prior[0] / (weight * np.abs(starts))),
    )


@style.use()
def draw(data):
    """Lengths on two logarithmic axes, and the limits as dotted lines."""
    figure, axes = style.subplots(1, 1, height=3.4)
    colors = (style.BLUE, style.RED, style.AMBER)
    for k, (start, length, limit) in enumerate(
        zip(data.starts, data.lengths, data.limits, strict=True)
    ):
        axes.plot(
            data.gradients,
            length,
            color=colors[k % 3],
            marker="o^s"[k % 3],
            markevery=8,
            label=rf"means at 0, start at $\theta = {start:g}$",
        )
        axes.axhline(limit, color=colors[k % 3], linestyle=":", linewidth=1.0)
    axes.plot(
        data.gradients,
        data.from_point,
        color=style.GREY,
        linestyle="--",
        label="means at the first point",
    )
    axes.set(
        xscale="log",
        yscale="log",
        ylim=(1e-3, 1e2),
        xlabel="size of the first gradient",
        ylabel="length of the first step",
    )
    axes.legend(loc="upper left")
    return figure


def alt(data):
    """What the picture shows, in words."""
    ends = ", ".join(
        f"{length[-1]:.2g} from {start:g}"
        for start, length in zip(data.starts, data.lengths, strict=True)
    )
    return (
        "Length of the first step of fOGR over the size of the first gradient, both logarithmic. "
        f"With all means at 0 the curves rise and then level off: {ends}, at gradients of "
        f"{data.gradients[-1]:.0e}. With the means at the first point the length grows in "
        f"proportion to the gradient without end, to {data.from_point[-1]:.2g}."
    )
